//! Filing.

use crate::domain::view::SubmissionAnswer;
use crate::http::extract::Authed;
use crate::http::reply::{Outcome, Reply};
use crate::http::routes::parameters::FILE;
use crate::http::routes::row::{Gives, Takes, shape};
use crate::http::v1::served::{Served, served};
use crate::service::{Answered, Incoming, Mode};

/// What a filing that was taken is answered with: it is committed, and its agency is yet to answer (RFC 9110, 15.3.3).
pub(super) const ACCEPTED: u16 = 202;

/// Its routes.
pub(super) const ROUTES: &[Served] = served! {
    Post "/v1/submissions" "submit"
        SubmissionCreate create, FILE, Takes::Document => Gives::Chosen(ACCEPTED, shape::<SubmissionAnswer>());
        "Gửi hồ sơ" "File a dossier"
};

async fn create(authed: Authed) -> Outcome {
    let (key, format, media_type) = (authed.key()?, authed.format()?, authed.media_type()?);
    let (bytes, authed) = authed.document().await?;
    let incoming = Incoming {
        bytes,
        media_type,
        format,
        key,
        traceparent: Some(authed.traceparent()),
        mode: Mode::Interactive,
    };
    let answered = authed.hub().intake.submit(authed.access(), incoming).await?;
    let reply = |body| Reply::translated(ACCEPTED, body, authed.form());
    match answered {
        Answered::New(body) => reply(body),
        Answered::Replayed(body) => Ok(reply(body)?.with("Idempotent-Replayed", "true")),
    }
}
