//! Filing many in one call: results are handed over as they come, and a broken line is mended by sending the batch again.

use std::time::Duration;

use reqwest::header::RETRY_AFTER;

use super::call::{Call, Partner, Repeat, may_repeat};
use super::error::ClientError;
use super::retry::retry_after;
use crate::domain::contract::BATCH_TIME;
use crate::domain::submission::IdempotencyKey;
use crate::domain::view::{BatchEnd, BatchItemLine, BatchLine};

/// Many documents, one a line.
#[derive(Clone, Debug)]
pub struct FilingBatch {
    /// The lines (NDJSON), each a document in JSON.
    pub lines: Vec<u8>,
    /// `name/version`; needed where the tenant has several formats in JSON.
    pub format: Option<String>,
    /// One value for the batch. Kept the same when the batch is sent again, also with some of its lines corrected.
    pub key: IdempotencyKey,
}

impl Partner {
    /// Files many dossiers in one call. `each` gets the result of each line, once and in order, as soon as it is there. When the line
    /// breaks, the batch is sent again: what was taken is answered as before.
    ///
    /// # Errors
    /// When the batch as a whole was refused or could not be ended; what `each` was told holds.
    pub async fn submit_batch(
        &self,
        batch: &FilingBatch,
        mut each: impl FnMut(BatchItemLine),
    ) -> Result<BatchEnd, ClientError> {
        let repeat = Repeat::Keyed(&batch.key);
        let media_type = "application/x-ndjson";
        let call = Call::post("/v1/submissions/batch", media_type, batch.lines.clone(), repeat)
            .header("accept", Some(media_type))
            .header("submission-format", batch.format.as_deref())
            .header("receiving-point", self.settings().point.as_ref())
            .waiting(BATCH_TIME);
        let begun = tokio::time::Instant::now();
        let (mut told, mut failures) = (0, 0);
        loop {
            let before = told;
            let (error, asked) = match self.batch_once(&call, &mut told, &mut each).await {
                Ok(end) => return Ok(end),
                Err(failed) => failed,
            };
            if !may_repeat(repeat, &error) {
                return Err(error);
            }
            // A try that came further begins the patience anew.
            let since = if told > before {
                Duration::ZERO
            } else {
                begun.elapsed()
            };
            failures = if told > before { 1 } else { failures + 1 };
            match self.pause(failures, since, asked) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            }
        }
    }

    /// One try, from the first line on; `told` counts up to which item `each` knows.
    async fn batch_once(
        &self,
        call: &Call<'_>,
        told: &mut u64,
        each: &mut impl FnMut(BatchItemLine),
    ) -> Result<BatchEnd, (ClientError, Option<Duration>)> {
        let failed = |error: ClientError| (error, None);
        let bearer = self.bearer().await.map_err(failed)?;
        let sent = self.begin(call, Some(&bearer), &self.traceparent()).await;
        let mut answer = sent.map_err(failed)?;
        if answer.status() != 200 {
            let answer = Self::whole(answer).await.map_err(failed)?;
            let asked = answer.headers.get(RETRY_AFTER).and_then(|v| v.to_str().ok());
            return Err((answer.problem(), retry_after(asked)));
        }
        let mut waiting = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(|e| failed(e.into()))? {
            waiting.extend_from_slice(&piece);
            while let Some(end) = waiting.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = waiting.drain(..=end).collect();
                let line =
                    serde_json::from_slice(&line).map_err(|e| failed(ClientError::not_the_shape(200, &e)))?;
                match line {
                    BatchLine::End { end } => return Ok(end),
                    BatchLine::Item(item) if item.item > *told => {
                        *told = item.item;
                        each(item);
                    }
                    BatchLine::Item(_) => {}
                }
            }
        }
        Err(failed(ClientError::BrokenOff))
    }
}
