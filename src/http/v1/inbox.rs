//! An agency's inbox.

use crate::http::extract::Authed;
use crate::http::limits::INBOX_PAGE;
use crate::http::reply::{Outcome, Reply};

pub(super) async fn take(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let max = query.number("max", 1, INBOX_PAGE.0)?.unwrap_or(INBOX_PAGE.1);
    let wait = authed.wait(&query)?;
    Reply::json(&authed.hub().inbox(authed.access(), max, wait).await?)
}

pub(super) async fn settle(authed: Authed) -> Outcome {
    let (request, _, authed) = authed.json().await?;
    Reply::json(&authed.hub().settle(authed.access(), request).await?)
}
