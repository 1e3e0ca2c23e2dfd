//! What the operator is told of limits, and of rules that were broken.

use crate::domain::view::Cursor;
use crate::http::extract::Authed;
use crate::http::limits::ALARM_PAGE;
use crate::http::reply::{Outcome, Reply};

pub(super) async fn list(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let after = query.get("after", "next")?.unwrap_or(Cursor::START);
    let near = query.get("near", "true, false")?.unwrap_or(false);
    let limit = query.number("limit", 1, ALARM_PAGE.0)?.unwrap_or(ALARM_PAGE.1);
    Reply::json(&authed.hub().alarms(authed.access(), after, near, limit).await?)
}

pub(super) async fn irregularities(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let after = query.get("after", "next")?.unwrap_or(Cursor::START);
    let agency = query.get("agency", "[a-z0-9-]")?;
    let limit = query.number("limit", 1, ALARM_PAGE.0)?.unwrap_or(ALARM_PAGE.1);
    let page = authed.hub().irregularities(authed.access(), after, agency, limit);
    Reply::json(&page.await?)
}

pub(super) async fn irregular_counts(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let (from, to) = (query.get("from", DAY)?, query.get("to", DAY)?);
    Reply::json(&authed.hub().irregular_counts(authed.access(), from, to).await?)
}

/// How a day is written.
const DAY: &str = "YYYY-MM-DD";
