//! Filing many: results go out while items come in.

use std::time::Instant;

use futures_util::StreamExt as _;
use futures_util::stream::{iter, unfold};
use serde_json::value::RawValue;

use crate::domain::rejection::Rejection;
use crate::domain::view::{BatchEnd, BatchItemLine, BatchLine, ProblemDocument};
use crate::http::extract::{Authed, BatchRest};
use crate::http::problem;
use crate::http::reply::{NDJSON, Outcome, Reply};
use crate::service::batch::{BatchCall, BatchResult};
use crate::service::{Answered, ServiceError};

pub(super) async fn create(authed: Authed) -> Outcome {
    let media_type = authed.media_type()?;
    let mut call = BatchCall {
        key: authed.key()?,
        media_type,
        format: authed.format()?,
        traceparent: authed.traceparent(),
    };
    let (rest, items) = if call.media_type == NDJSON {
        "application/json".clone_into(&mut call.media_type);
        let (rest, lines) = authed.lines()?;
        (rest, lines.boxed_local())
    } else {
        let (document, rest) = authed.listed().await?;
        let items = rest.hub().listed(rest.access(), &call, &document)?;
        (rest, iter(items).boxed_local())
    };
    let results = rest.hub().submit_batch(rest.access(), call, items)?;
    let answer = Answer {
        rest,
        end: BatchEnd::default(),
        begun: Instant::now(),
    };
    let lines = unfold(Some((answer, Box::pin(results))), async |running| {
        let (mut answer, mut results) = running?;
        Some(match results.next().await {
            Some(result) => (answer.line(result), Some((answer, results))),
            None => (answer.last(), None),
        })
    });
    Ok(Reply::lines(lines))
}

/// The answer to a batch on its way.
struct Answer {
    rest: BatchRest,
    end: BatchEnd,
    begun: Instant,
}

impl Answer {
    fn line(&mut self, result: BatchResult) -> Vec<u8> {
        self.end.items += 1;
        let mut line = BatchItemLine {
            item: result.item,
            status: 0,
            replayed: false,
            answer: None,
            problem: None,
        };
        match result.outcome.and_then(raw) {
            Ok((status, replayed, answer)) => {
                self.end.taken += 1;
                (line.status, line.replayed, line.answer) = (status, replayed, Some(answer));
            }
            Err(error) => {
                self.end.refused += 1;
                let problem = self.problem(&error);
                (line.status, line.problem) = (problem.status, Some(problem));
            }
        }
        written(&BatchLine::Item(line))
    }

    /// The last line: that this was all, or why no more was read.
    fn last(&mut self) -> Vec<u8> {
        let reason: Option<Rejection> = self.rest.ending().reason();
        self.end.problem = reason.map(|rejection| self.problem(&rejection.into()));
        let (request, ms) = (self.rest.request_id(), self.begun.elapsed().as_millis());
        let (items, taken, refused) = (self.end.items, self.end.taken, self.end.refused);
        let tenant = self.rest.access().key();
        tracing::info!(%request, %tenant, items, taken, refused, ms, "a batch was answered");
        written(&BatchLine::<Box<RawValue>>::End {
            end: self.end.clone(),
        })
    }

    fn problem(&self, error: &ServiceError) -> ProblemDocument {
        if let ServiceError::Internal(cause) = error {
            tracing::error!(request = %self.rest.request_id(), cause, "an item of a batch failed");
        }
        let rejection = problem::rejection(error);
        self.rest.refused(rejection.label());
        problem::document(
            &rejection,
            &self.rest.hub().issuer_url(),
            self.rest.language(),
            self.rest.request_id(),
        )
    }
}

/// A stored answer as it is, not read and written anew.
fn raw(answered: Answered) -> Result<(u16, bool, Box<RawValue>), ServiceError> {
    let text = String::from_utf8(answered.body).map_err(|e| ServiceError::Internal(e.to_string()))?;
    let answer = RawValue::from_string(text).map_err(|e| ServiceError::Internal(e.to_string()))?;
    Ok((answered.status, answered.replayed, answer))
}

fn written(line: &BatchLine<Box<RawValue>>) -> Vec<u8> {
    // A line of the contract always has a text.
    let mut text = serde_json::to_vec(line).unwrap_or_default();
    text.push(b'\n');
    text
}
