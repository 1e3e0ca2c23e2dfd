//! What the operator is told of limits.

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
