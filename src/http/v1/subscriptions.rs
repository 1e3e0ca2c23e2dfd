//! How a submitter is told beside its feed.

use crate::domain::rejection::{Label, Problem};
use crate::domain::view::{Way, WayRequest};
use crate::http::extract::Authed;
use crate::http::limits::ATTEMPT_PAGE;
use crate::http::reply::{Outcome, Reply};

const WAYS: &str = "webhook, queue";

pub(super) async fn read(authed: Authed) -> Outcome {
    Reply::json(&authed.hub().subscription(authed.access()).await?)
}

pub(super) async fn subscribe(authed: Authed) -> Outcome {
    let (request, _, authed) = authed.json().await?;
    Reply::json(&authed.hub().subscribe(authed.access(), request).await?)
}

pub(super) async fn unsubscribe(authed: Authed) -> Outcome {
    let way: Option<Way> = authed.query()?.get("way", WAYS)?;
    let missing = || {
        Problem::new(Label::QueryMalformed)
            .with("parameter", "way")
            .with("expected", WAYS)
    };
    let way = way.ok_or_else(missing)?;
    Reply::json(&authed.hub().unsubscribe(authed.access(), way).await?)
}

pub(super) async fn secret(authed: Authed) -> Outcome {
    Reply::json(&authed.hub().rotate_secret(authed.access()).await?)
}

pub(super) async fn test(authed: Authed) -> Outcome {
    let (WayRequest { way }, _, authed) = authed.json().await?;
    Reply::json(&authed.hub().test_subscription(authed.access(), way).await?)
}

pub(super) async fn retry(authed: Authed) -> Outcome {
    let (WayRequest { way }, _, authed) = authed.json().await?;
    Reply::json(&authed.hub().retry_own_notices(authed.access(), way).await?)
}

pub(super) async fn attempts(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let way = query.get("way", WAYS)?;
    let before = query.get("before", "next")?;
    let limit = query
        .number("limit", 1, ATTEMPT_PAGE.0)?
        .unwrap_or(ATTEMPT_PAGE.1);
    let page = authed
        .hub()
        .own_notice_attempts(authed.access(), way, before, limit)
        .await?;
    Reply::json(&page)
}

pub(super) async fn subscribers(authed: Authed) -> Outcome {
    Reply::json(&authed.hub().subscribers(authed.access()).await?)
}

pub(super) async fn attempts_of(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let tenant = query.get("tenant", "branch.tay-ho")?.ok_or_else(|| {
        Problem::new(Label::QueryMalformed)
            .with("parameter", "tenant")
            .with("expected", "branch.tay-ho")
    })?;
    let before = query.get("before", "next")?;
    let limit = query
        .number("limit", 1, ATTEMPT_PAGE.0)?
        .unwrap_or(ATTEMPT_PAGE.1);
    let page = authed
        .hub()
        .notice_attempts_of(authed.access(), &tenant, before, limit)
        .await?;
    Reply::json(&page)
}

pub(super) async fn retry_of(authed: Authed) -> Outcome {
    let (request, _, authed) = authed.json().await?;
    Reply::json(&authed.hub().retry_notices_of(authed.access(), request).await?)
}
