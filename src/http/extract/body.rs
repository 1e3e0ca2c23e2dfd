//! Reading a body: never more than its limit, never slower than its pace.

use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::web::{Bytes, Payload};
use futures_util::StreamExt as _;

use crate::domain::encoding;
use crate::domain::rejection::{Rejection, problems};
use crate::http::call::text;
use crate::http::limits::{
    BODY_LONGEST, BODY_PORTION, BODY_TIME, LET_BY_BYTES, LET_BY_TIME, UPLOAD_PORTION, UPLOAD_TIME,
};
use crate::http::line::Other;
use crate::service::ServiceError;

/// The media type of the body, lower-case and without parameters.
pub(in crate::http) fn media_type(request: &HttpRequest, expected: &str) -> Result<String, Rejection> {
    uncompressed(request)?;
    let media = text(request, &header::CONTENT_TYPE).and_then(encoding::essence);
    media.ok_or_else(|| unsupported(expected))
}

/// The same, with its `charset` where that says something.
pub(super) fn content_type(request: &HttpRequest, expected: &str) -> Result<String, Rejection> {
    uncompressed(request)?;
    let media = text(request, &header::CONTENT_TYPE).and_then(encoding::content_type);
    media.ok_or_else(|| unsupported(expected))
}

/// Refuses a body that is compressed: its digest, its limits and its pace are of the bytes that travel.
pub(super) fn uncompressed(request: &HttpRequest) -> Result<(), Rejection> {
    let codings = request.headers().get_all(&header::CONTENT_ENCODING);
    let codings = codings.flat_map(|value| value.to_str().unwrap_or("?").split(','));
    let mut compressed = codings
        .map(str::trim)
        .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity"));
    let Some(coding) = compressed.next() else {
        return Ok(());
    };
    let word = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let named: String = coding.chars().filter(word).take(20).collect();
    Err(problems::ContentCodingUnsupported { coding: &named }.into())
}

/// The refusal of a body that is none of `expected`.
pub(in crate::http) fn unsupported(expected: &str) -> Rejection {
    problems::MediaTypeUnsupported { expected: &expected }.into()
}

/// How a body comes along.
pub(super) struct Pace {
    portion: usize,
    time: Duration,
    came: usize,
    waited: Duration,
    until: Option<Instant>,
}

impl Pace {
    /// Each portion of so many bytes, or the end, within this time; and all of it within `longest`, where there is one.
    pub(super) fn new(portion: usize, time: Duration, longest: Option<Duration>) -> Self {
        Pace {
            portion,
            time,
            came: 0,
            waited: Duration::ZERO,
            until: longest.map(|longest| Instant::now() + longest),
        }
    }

    /// The pace of a document.
    pub(super) fn of_documents(longest: Duration) -> Self {
        Pace::new(BODY_PORTION, BODY_TIME, Some(longest))
    }

    /// The next piece, `None` at the end. Only waiting for it counts, not what is done with it.
    ///
    /// # Errors
    /// `request-timeout`.
    pub(super) async fn next(
        &mut self,
        payload: &mut Payload,
        other: Option<&Other>,
    ) -> Result<Option<Result<Bytes, PayloadError>>, problems::RequestTimeout> {
        let asked = Instant::now();
        let mut patience = self.time.saturating_sub(self.waited);
        if let Some(until) = self.until {
            patience = patience.min(until.saturating_duration_since(asked));
        }
        let Ok(piece) = tokio::time::timeout(patience, piece(payload, other)).await else {
            return Err(problems::RequestTimeout);
        };
        self.waited += asked.elapsed();
        if let Some(Ok(bytes)) = &piece {
            self.came += bytes.len();
            if self.came >= self.portion {
                (self.came, self.waited) = (0, Duration::ZERO);
            }
        }
        Ok(piece)
    }
}

/// The next piece. A client that has closed its half has sent all it will: what has come of it is taken first, and then the end is
/// asked for, which is either the body's or its breaking off.
async fn piece(payload: &mut Payload, other: Option<&Other>) -> Option<Result<Bytes, PayloadError>> {
    if let Some(other) = other {
        tokio::select! {
            biased;
            piece = payload.next() => return piece,
            () = other.half_closed() => other.release(),
        }
    }
    payload.next().await
}

/// The whole body, at most `limit` bytes. A declared length over the limit is refused before a byte is read.
pub(in crate::http) async fn read(
    request: &HttpRequest,
    payload: &mut Payload,
    limit: usize,
) -> Result<Vec<u8>, Rejection> {
    let declared = declared_within(request, limit)?;
    let (other, mut pace) = (Other::of(request), Pace::of_documents(BODY_LONGEST));
    let mut bytes = Vec::with_capacity(declared);
    while let Some(chunk) = pace.next(payload, other.as_deref()).await? {
        let chunk = chunk.map_err(|error| broken(&error, bytes.len()))?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Takes a body that nobody reads from the line, where it is short and comes at once. Whoever is refused before its body was read would
/// otherwise lose its connection with it (the rest of the body stands where its next request is to begin), and connecting anew costs
/// both sides more than the refusal.
pub(super) async fn let_by(request: &HttpRequest, payload: &mut Payload) {
    let length = text(request, &header::CONTENT_LENGTH).and_then(|l| l.parse::<usize>().ok());
    if length.is_none_or(|length| length > LET_BY_BYTES) {
        return;
    }
    let rest = async { while let Some(Ok(_)) = payload.next().await {} };
    drop(tokio::time::timeout(LET_BY_TIME, rest).await);
}

/// The declared length of a body, 0 without one; refused when it is over the limit.
pub(super) fn declared_within(request: &HttpRequest, limit: usize) -> Result<usize, Rejection> {
    let declared = text(request, &header::CONTENT_LENGTH)
        .and_then(|l| l.parse::<u64>().ok())
        .unwrap_or(0);
    let declared = usize::try_from(declared).ok();
    let within = declared.filter(|declared| *declared <= limit);
    within.ok_or_else(|| too_large(limit))
}

fn too_large(limit: usize) -> Rejection {
    problems::BodyTooLarge { limit: &limit }.into()
}

/// Hands a body of any length on, piece by piece. Each portion has to come in its time, so that a slow client is cut.
pub(in crate::http) async fn pour(
    request: &HttpRequest,
    payload: &mut Payload,
    mut take: impl AsyncFnMut(&[u8]) -> Result<(), ServiceError>,
) -> Result<(), ServiceError> {
    let (other, mut whole) = (Other::of(request), 0);
    let mut pace = Pace::new(UPLOAD_PORTION, UPLOAD_TIME, None);
    while let Some(chunk) = pace.next(payload, other.as_deref()).await? {
        let chunk = chunk.map_err(|error| broken(&error, whole))?;
        take(&chunk).await?;
        whole += chunk.len();
    }
    Ok(())
}

/// A body that broke off or is framed wrongly.
fn broken(_: &PayloadError, received: usize) -> Rejection {
    problems::BodyBroken { received: &received }.into()
}
