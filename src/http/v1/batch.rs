//! Filing many: results go out while items come in.

use std::rc::Rc;
use std::time::Instant;

use futures_util::stream::{Stream, StreamExt as _, iter};
use serde_json::value::RawValue;

use super::submissions::ACCEPTED;
use crate::domain::encoding::essence;
use crate::domain::rejection::{Problem, Rejection, problems};
use crate::domain::view::{BatchEnd, BatchItemLine, BatchLine, ProblemDocument};
use crate::http::answers::{Answers, answers};
use crate::http::extract::{Authed, BatchRest};
use crate::http::limits::{ANSWERS_OF_ONE, ANSWERS_TIME};
use crate::http::problem;
use crate::http::reply::{NDJSON, Outcome, Reply, holding};
use crate::http::routes::parameters::FILE;
use crate::http::routes::row::{Gives, Takes, shape};
use crate::http::v1::served::{Served, served};
use crate::service::batch::{BatchCall, BatchResult};
use crate::service::{Answered, ServiceError};

/// Its routes.
pub(super) const ROUTES: &[Served] = served! {
    Post "/v1/submissions/batch" "submitBatch"
        SubmissionCreate create, FILE, Takes::Documents => Gives::Lines(shape::<BatchLine>());
        "Gửi nhiều hồ sơ trong một lần gọi" "File many dossiers in one call, each for itself"
};

async fn create(authed: Authed) -> Outcome {
    let media_type = authed.media_type()?;
    let mut call = BatchCall {
        key: authed.key()?,
        media_type,
        format: authed.format()?,
        traceparent: Some(authed.traceparent()),
    };
    let in_lines = essence(&call.media_type).as_deref() == Some(NDJSON);
    let (rest, items) = if in_lines {
        "application/json".clone_into(&mut call.media_type);
        let (rest, lines) = authed.lines()?;
        (rest, lines.boxed_local())
    } else {
        let (document, rest) = authed.listed().await?;
        let items = rest.hub().intake.listed(rest.access(), &call, &document)?;
        (rest, iter(items).boxed_local())
    };
    let results = rest.hub().intake.submit_batch(rest.access(), call, items)?;
    let rest = Rc::new(rest);
    let (put, taken) = answers(rest.untaken());
    let answer = Answer {
        rest: Rc::clone(&rest),
        end: BatchEnd::default(),
        begun: Instant::now(),
        in_lines,
    };
    actix_web::rt::spawn(answer.run(results, put));
    // The batch keeps its places until its last answer is taken.
    Ok(Reply::lines(holding(taken.boxed_local(), rest)))
}

/// The answer to a batch on its way.
struct Answer {
    rest: Rc<BatchRest>,
    end: BatchEnd,
    begun: Instant,
    /// Whether it may end before its last item: what a document lists is few enough to be kept.
    in_lines: bool,
}

impl Answer {
    /// Goes through the batch, whether or not its answers are being taken: a client that sends everything before it reads is not
    /// kept from sending. Ends when nobody is there to take them.
    async fn run(mut self, results: impl Stream<Item = BatchResult>, put: Answers) {
        let mut results = std::pin::pin!(results);
        let mut ended = false;
        loop {
            let result = tokio::select! {
                biased;
                () = put.gone() => return,
                result = results.next() => result,
            };
            let Some(result) = result else { break };
            put.put(self.line(result));
            if ended || !self.in_lines {
                continue;
            }
            while put.full() {
                let before = put.taken();
                let waited = tokio::time::timeout(ANSWERS_TIME, put.room()).await;
                if waited.is_err() && put.taken() == before {
                    self.rest.ending().because(Self::untaken().into());
                    ended = true;
                    break;
                }
            }
        }
        put.put(self.last());
    }

    /// Why no more of a batch is begun whose answers nobody takes.
    fn untaken() -> Problem {
        problems::AnswersNotTaken {
            limit: &ANSWERS_OF_ONE,
        }
        .into()
    }

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
            &self.rest.hub().credentials.issuer_url(),
            self.rest.language(),
            self.rest.request_id(),
        )
    }
}

/// A stored answer as it is, not read and written anew.
fn raw(answered: Answered) -> Result<(u16, bool, Box<RawValue>), ServiceError> {
    let (body, is_replayed) = match answered {
        Answered::New(body) => (body, false),
        Answered::Replayed(body) => (body, true),
    };
    let text = String::from_utf8(body).map_err(|e| ServiceError::Internal(e.to_string()))?;
    let answer = RawValue::from_string(text).map_err(|e| ServiceError::Internal(e.to_string()))?;
    Ok((ACCEPTED, is_replayed, answer))
}

fn written(line: &BatchLine<Box<RawValue>>) -> Vec<u8> {
    // A line of the contract always has a text.
    let mut text = serde_json::to_vec(line).unwrap_or_default();
    text.push(b'\n');
    text
}
