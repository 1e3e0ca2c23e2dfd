//! The event feed.

use crate::http::extract::Authed;
use crate::http::limits::FEED_PAGE;
use crate::http::reply::{Outcome, Reply};

pub(super) async fn list(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let after = query.number("after", 0, i64::MAX)?.unwrap_or(0);
    let limit = query.number("limit", 1, FEED_PAGE.0)?.unwrap_or(FEED_PAGE.1);
    let wait = authed.wait(&query)?;
    Reply::json(&authed.hub().events(authed.access(), after, wait, limit).await?)
}
