//! The event feed.

use crate::domain::view::Cursor;
use crate::http::extract::Authed;
use crate::http::limits::FEED_PAGE;
use crate::http::reply::{Outcome, Reply};

pub(super) async fn list(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let after = query.get("after", "next")?.unwrap_or(Cursor::START);
    let limit = query.number("limit", 1, FEED_PAGE.0)?.unwrap_or(FEED_PAGE.1);
    let wait = authed.wait(&query)?;
    Reply::json(&authed.hub().events(authed.access(), after, wait, limit).await?)
}
