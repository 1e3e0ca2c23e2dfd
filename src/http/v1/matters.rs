//! What is recorded of a dossier beside its status.

use crate::http::extract::Authed;
use crate::http::reply::{Outcome, Reply};

pub(super) async fn change(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    let done = authed
        .hub()
        .request_change(authed.access(), id, call, request)
        .await?;
    Reply::json(&done)
}

pub(super) async fn ask_opinion(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    let done = authed
        .hub()
        .ask_opinion(authed.access(), id, call, request)
        .await?;
    Reply::json(&done)
}

pub(super) async fn answer_opinion(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    let done = authed
        .hub()
        .answer_opinion(authed.access(), id, call, request)
        .await?;
    Reply::json(&done)
}

pub(super) async fn early_result(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    let done = authed
        .hub()
        .early_result(authed.access(), id, call, request)
        .await?;
    Reply::json(&done)
}

pub(super) async fn lost(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    let done = authed.hub().lost(authed.access(), id, call, request).await?;
    Reply::json(&done)
}

pub(super) async fn paid(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    let done = authed.hub().paid(authed.access(), id, call, request).await?;
    Reply::json(&done)
}
