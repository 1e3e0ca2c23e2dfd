//! The hub in numbers.

use crate::http::extract::Authed;
use crate::http::reply::{Outcome, Reply};

pub(super) async fn read(authed: Authed) -> Outcome {
    Reply::json(&authed.hub().overview(authed.access()).await?)
}
