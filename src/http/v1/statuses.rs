//! Statuses an agency reports, in its own format.

use crate::domain::view::StatusAnswer;
use crate::http::extract::Authed;
use crate::http::reply::{Outcome, Reply};
use crate::http::routes::parameters::REPORT;
use crate::http::routes::row::{Gives, Takes, shape};
use crate::http::v1::served::{Served, served};
use crate::service::Reported;

/// Its routes.
pub(super) const ROUTES: &[Served] = served! {
    Post "/v1/statuses" "report"
        StatusReport report, REPORT, Takes::Document => Gives::Chosen(200, shape::<StatusAnswer>());
        "Báo trạng thái hồ sơ" "Report statuses"
};

async fn report(authed: Authed) -> Outcome {
    let (key, format, media_type) = (authed.key_if_any()?, authed.format()?, authed.media_type()?);
    let (bytes, authed) = authed.document().await?;
    let reported = Reported {
        bytes,
        media_type,
        format,
        key,
        traceparent: Some(authed.traceparent()),
    };
    let answer = authed.hub().statuses.report(authed.access(), reported).await?;
    Reply::formed(200, &answer, authed.form())
}
