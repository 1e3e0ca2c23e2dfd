//! A drawn template as an answer.

use crate::http::extract::{PageOutcome, PageReply};
use crate::service::ServiceError;

/// A drawn template as an answer.
pub(super) fn html(status: u16, page: &impl askama::Template) -> PageOutcome {
    let body = page
        .render()
        .map_err(|e| ServiceError::Internal(format!("a page could not be drawn: {e}")))?;
    Ok(PageReply {
        status,
        media: "text/html; charset=utf-8",
        body: body.into_bytes(),
        keep: false,
    })
}
