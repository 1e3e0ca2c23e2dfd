//! Reading a body: never more than its limit, never longer than its time.

use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::web::Payload;
use futures_util::StreamExt as _;

use crate::domain::rejection::{Label, Problem, Rejection};
use crate::http::call::text;
use crate::http::limits::{BODY_TIME, UPLOAD_PORTION, UPLOAD_TIME};
use crate::service::ServiceError;

/// The media type of the body, lower-case and without parameters.
pub(in crate::http) fn media_type(request: &HttpRequest, expected: &str) -> Result<String, Rejection> {
    let encoding = text(request, &header::CONTENT_ENCODING).unwrap_or("identity");
    let plain = encoding.eq_ignore_ascii_case("identity");
    let media = text(request, &header::CONTENT_TYPE)
        .and_then(|t| t.split(';').next())
        .map(str::trim);
    match media.filter(|m| plain && m.contains('/')) {
        Some(media) => Ok(media.to_ascii_lowercase()),
        None => Err(unsupported(expected)),
    }
}

/// The refusal of a body that is none of `expected`.
pub(in crate::http) fn unsupported(expected: &str) -> Rejection {
    Problem::new(Label::MediaTypeUnsupported)
        .with("expected", expected)
        .into()
}

/// The whole body, at most `limit` bytes. A declared length over the limit is refused before a byte is read.
pub(in crate::http) async fn read(
    request: &HttpRequest,
    payload: &mut Payload,
    limit: usize,
) -> Result<Vec<u8>, Rejection> {
    let declared = declared_within(request, limit)?;
    let whole = async {
        let mut bytes = Vec::with_capacity(declared as usize);
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|error| broken(&error, bytes.len()))?;
            if bytes.len() + chunk.len() > limit {
                return Err(too_large(limit));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    };
    match tokio::time::timeout(BODY_TIME, whole).await {
        Ok(read) => read,
        Err(_) => Err(Label::RequestTimeout.into()),
    }
}

/// The declared length of a body, 0 without one; refused when it is over the limit.
pub(super) fn declared_within(request: &HttpRequest, limit: usize) -> Result<u64, Rejection> {
    let declared = text(request, &header::CONTENT_LENGTH)
        .and_then(|l| l.parse::<u64>().ok())
        .unwrap_or(0);
    if declared > limit as u64 {
        return Err(too_large(limit));
    }
    Ok(declared)
}

fn too_large(limit: usize) -> Rejection {
    Problem::new(Label::BodyTooLarge).with("limit", limit).into()
}

/// Hands a body of any length on, piece by piece. Each portion has to come in its time, so that a slow client is cut.
pub(in crate::http) async fn pour(
    payload: &mut Payload,
    mut take: impl AsyncFnMut(&[u8]) -> Result<(), ServiceError>,
) -> Result<(), ServiceError> {
    let (mut whole, mut portion, mut waited) = (0, 0, Duration::ZERO);
    loop {
        let asked = Instant::now();
        let next = tokio::time::timeout(UPLOAD_TIME.saturating_sub(waited), payload.next()).await;
        waited += asked.elapsed();
        let Ok(next) = next else {
            return Err(Label::RequestTimeout.into());
        };
        let Some(chunk) = next else { return Ok(()) };
        let chunk = chunk.map_err(|error| broken(&error, whole))?;
        take(&chunk).await?;
        whole += chunk.len();
        portion += chunk.len();
        if portion >= UPLOAD_PORTION {
            (portion, waited) = (0, Duration::ZERO);
        }
    }
}

/// A body that broke off or is framed wrongly.
fn broken(_: &PayloadError, at: usize) -> Rejection {
    Problem::new(Label::SyntaxInvalid)
        .with("offset", at)
        .with("expected", "Content-Length, chunked")
        .into()
}
