//! Filing.

use crate::domain::rejection::Label;
use crate::domain::view::{ProblemDocument, SubmissionAnswer};
use crate::http::extract::Authed;
use crate::http::reply::{Outcome, Reply};
use crate::http::routes::parameters::FILE;
use crate::http::routes::row::{Gives, Takes, shape};
use crate::http::v1::served::{Served, served};
use crate::service::{Answered, Incoming, Mode};

/// Its routes.
pub(super) const ROUTES: &[Served] = served! {
    Post "/v1/submissions" "submit"
        SubmissionCreate create, FILE, Takes::Document => Gives::Chosen(202, shape::<SubmissionAnswer>());
        "Nộp hồ sơ" "File a dossier"
};

async fn create(authed: Authed) -> Outcome {
    let (key, format, media_type) = (authed.key()?, authed.format()?, authed.media_type()?);
    let (bytes, authed) = authed.document().await?;
    let incoming = Incoming {
        bytes,
        media_type,
        format,
        key,
        traceparent: authed.traceparent(),
        mode: Mode::Interactive,
    };
    let Answered {
        status,
        body,
        replayed,
    } = authed.hub().submit(authed.access(), incoming).await?;
    let label = refusal(status, &body);
    let mut reply = Reply::translated(status, body, authed.form())?;
    reply.label = label;
    Ok(if replayed {
        reply.with("Idempotent-Replayed", "true")
    } else {
        reply
    })
}

/// The label of a stored refusal, for the log and the count.
fn refusal(status: u16, body: &[u8]) -> Option<Label> {
    let told = (status >= 400).then(|| serde_json::from_slice::<ProblemDocument>(body).ok())?;
    told.map(|document| document.label)
}
