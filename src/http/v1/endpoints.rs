//! Where agencies' messages are pushed.

use crate::http::extract::Authed;
use crate::http::reply::{Outcome, Reply};

pub(super) fn read(authed: &Authed) -> Outcome {
    Reply::json(&authed.hub().endpoint(authed.access())?)
}

pub(super) async fn set(authed: Authed) -> Outcome {
    let (request, _, authed) = authed.json().await?;
    Reply::json(&authed.hub().set_endpoint(authed.access(), request).await?)
}

pub(super) async fn remove(authed: Authed) -> Outcome {
    Reply::json(&authed.hub().remove_endpoint(authed.access()).await?)
}

pub(super) async fn list(authed: Authed) -> Outcome {
    Reply::json(&authed.hub().endpoints(authed.access()).await?)
}
