//! What the hub publishes about itself: keys, metadata, health, the interface's own description, the metrics.

use super::door::State;
use super::reply::{Outcome, Reply};
use super::routes::Document;
use super::{asyncapi, openapi};

/// Answers with a document.
pub(super) async fn answer(document: Document, state: &State) -> Outcome {
    match document {
        Document::Metadata => keep(Reply::json(&state.hub.metadata())?),
        Document::Keys => keep(Reply::json(&state.hub.jwks())?),
        Document::Live => Reply::json(&serde_json::json!({ "live": true })),
        Document::Ready => ready(state).await,
        Document::OpenApi => keep(Reply::new(200, "application/json", openapi::text())),
        Document::AsyncApi => keep(Reply::new(200, "application/json", asyncapi::text())),
        Document::Metrics => {
            state.metrics.room(state.hub.room());
            Ok(Reply::new(
                200,
                "text/plain; version=0.0.4; charset=utf-8",
                state.metrics.text(),
            ))
        }
    }
}

/// Keys and descriptions change seldom: five minutes are soon enough for a rolled key, which is published ahead of its use.
fn keep(reply: Reply) -> Outcome {
    Ok(reply.with("Cache-Control", "public, max-age=300"))
}

async fn ready(state: &State) -> Outcome {
    let missing = state.readiness.missing().await;
    let mut reply = Reply::json(&serde_json::json!({ "ready": missing.is_empty(), "missing": missing }))?;
    if !missing.is_empty() {
        reply.status = 503;
    }
    Ok(reply)
}
