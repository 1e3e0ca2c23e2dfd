//! What the hub publishes about itself: keys, metadata, health, the interface's own description, the metrics.

use actix_web::HttpRequest;
use actix_web::http::header;

use super::call::text;
use super::reply::{Outcome, Reply};
use super::routes::PublishedDocument;
use super::state::State;
use super::{asyncapi, negotiate, openapi};

/// Answers with a document.
pub(super) fn answer(document: PublishedDocument, state: &State, request: &HttpRequest) -> Outcome {
    match document {
        PublishedDocument::Metadata => Ok(keep(Reply::json(&state.hub.credentials.metadata())?)),
        PublishedDocument::Keys => Ok(keep(Reply::json(&state.hub.credentials.jwks())?)),
        PublishedDocument::Live => Reply::json(&serde_json::json!({ "live": true })),
        PublishedDocument::Ready => health("ready", &state.readiness.health().intake),
        PublishedDocument::Delivery => health("delivering", &state.readiness.health().delivery),
        PublishedDocument::OpenApi => Ok(keep(Reply::new(200, "application/json", openapi::text()))),
        PublishedDocument::AsyncApi => Ok(keep(Reply::new(200, "application/json", asyncapi::text()))),
        PublishedDocument::Metrics => Ok(metrics(state, request)),
    }
}

/// Keys and descriptions change seldom: five minutes are soon enough for a rolled key, which is published ahead of its use.
fn keep(reply: Reply) -> Reply {
    reply.with("Cache-Control", "public, max-age=300")
}

/// 200 where nothing is missing, else 503.
fn health(word: &str, missing: &[&str]) -> Outcome {
    let well = missing.is_empty();
    let mut reply = Reply::json(&serde_json::json!({ word: well, "missing": missing }))?;
    if !well {
        reply.status = 503;
    }
    Ok(reply)
}

/// The forms of metrics, what is sent when nothing is said first.
const METRICS: [&str; 2] = ["text/plain", "application/openmetrics-text"];

/// The figures in the form that is asked for, under the name of what is written.
fn metrics(state: &State, request: &HttpRequest) -> Reply {
    state.metrics.room(state.hub.vitals.room());
    let counts = state.hub.vitals.ledger_counts();
    let all = [counts.commits, counts.rollbacks, counts.connections];
    state.metrics.ledger(all, &counts.faults);
    match negotiate::media(text(request, &header::ACCEPT), &METRICS) {
        Some("application/openmetrics-text") => Reply::new(
            200,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            state.metrics.text(),
        ),
        // Whoever asks for neither gets what everything reads.
        _ => Reply::new(
            200,
            "text/plain; version=0.0.4; charset=utf-8",
            state.metrics.plain_text(),
        ),
    }
}
