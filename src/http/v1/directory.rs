//! The directory: what another one would change, and putting it into use.

use crate::http::extract::Authed;
use crate::http::limits::LARGE_JSON_BYTES;
use crate::http::reply::{Outcome, Reply};

pub(super) async fn plan(authed: Authed) -> Outcome {
    let (request, _, authed) = authed.json_within(LARGE_JSON_BYTES).await?;
    Reply::json(&authed.hub().plan_directory(authed.access(), request).await?)
}

pub(super) async fn import(authed: Authed) -> Outcome {
    let (request, _, authed) = authed.json_within(LARGE_JSON_BYTES).await?;
    Reply::json(&authed.hub().replace_directory(authed.access(), request).await?)
}
