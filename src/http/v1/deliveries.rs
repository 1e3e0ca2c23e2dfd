//! Deliveries to agencies, as an operator sees them and intervenes.

use crate::http::extract::Authed;
use crate::http::limits::DELIVERY_PAGE;
use crate::http::reply::{Outcome, Reply};
use crate::service::DeliveryQuery;

pub(super) async fn list(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let asked = DeliveryQuery {
        state: query.get("state", "waiting, queued, handed, acknowledged, parked")?,
        agency: query.get("agency", "[a-z0-9-]{1,60}")?,
        failure: query.get("failure", "unreachable, slow, denied …")?,
        after: query.get("after", "dlv_…")?,
        limit: query
            .number("limit", 1, DELIVERY_PAGE.0)?
            .unwrap_or(DELIVERY_PAGE.1),
    };
    Reply::json(&authed.hub().deliveries(authed.access(), asked).await?)
}

pub(super) async fn retry(authed: Authed) -> Outcome {
    let id = authed.delivery()?;
    let (request, _, authed) = authed.json().await?;
    Reply::json(&authed.hub().retry_delivery(authed.access(), id, request).await?)
}

pub(super) async fn park(authed: Authed) -> Outcome {
    let id = authed.delivery()?;
    let (request, _, authed) = authed.json().await?;
    Reply::json(&authed.hub().park_delivery(authed.access(), id, request).await?)
}

pub(super) async fn resend(authed: Authed) -> Outcome {
    let (request, _, authed) = authed.json().await?;
    Reply::json(&authed.hub().resend(authed.access(), request).await?)
}
