//! Statuses an agency reports, in its own format.

use crate::http::extract::Authed;
use crate::http::reply::{Outcome, Reply};
use crate::service::Reported;

pub(super) async fn report(authed: Authed) -> Outcome {
    let (key, format, media_type) = (authed.key_if_any()?, authed.format()?, authed.media_type()?);
    let (bytes, authed) = authed.document().await?;
    let reported = Reported {
        bytes,
        media_type,
        format,
        key,
        traceparent: authed.traceparent(),
    };
    let answer = authed.hub().report(authed.access(), reported).await?;
    Reply::formed(200, &answer, authed.form())
}
