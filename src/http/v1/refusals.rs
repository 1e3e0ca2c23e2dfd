//! Refused documents.

use crate::domain::ids::RefusalId;
use crate::domain::rejection::{Rejection, problems};
use crate::domain::view::{RefusalPage, RefusalView};
use crate::http::extract::Authed;
use crate::http::limits::DOSSIER_PAGE;
use crate::http::reply::{Outcome, Reply};
use crate::http::routes::parameters::{REFUSAL, REFUSED};
use crate::http::routes::row::{Gives, Takes, shape};
use crate::http::v1::served::{Served, served};
use crate::service::RefusalQuery;

/// Its routes.
pub(super) const ROUTES: &[Served] = served! {
    Get "/v1/refusals" "refusals"
        DossierRead list, REFUSED, Takes::Nothing => Gives::Json(shape::<RefusalPage>());
        "Danh sách tài liệu bị từ chối" "List refused documents"
    Get "/v1/refusals/{refusal}" "refusal"
        DossierRead read, REFUSAL, Takes::Nothing => Gives::Json(shape::<RefusalView>());
        "Vì sao một tài liệu bị từ chối" "Read why a document was refused"
    Get "/v1/refusals/{refusal}/submission" "refused"
        DossierRead submission, REFUSAL, Takes::Nothing => Gives::Bytes("*/*");
        "Nguyên văn bị từ chối" "Read the exact bytes that were refused"
};

async fn list(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let asked = RefusalQuery {
        tenant: query.get("tenant", "branch.…, agent.…")?,
        since: query.moment("since")?,
        until: query.moment("until")?,
        after: query.get("after", "next")?,
        limit: query
            .number("limit", 1, DOSSIER_PAGE.0)?
            .unwrap_or(DOSSIER_PAGE.1),
    };
    Reply::json(&authed.hub().refusals.list(authed.access(), asked).await?)
}

async fn read(authed: Authed) -> Outcome {
    let id = named(&authed)?;
    Reply::json(&authed.hub().refusals.show(authed.access(), id).await?)
}

async fn submission(authed: Authed) -> Outcome {
    let id = named(&authed)?;
    let (media, bytes) = authed.hub().refusals.bytes(authed.access(), id).await?;
    // The bytes are somebody else's: a browser is to save them, never to show them.
    let disposition = format!("attachment; filename=\"{id}\"");
    Ok(Reply::new(200, media, bytes).with("Content-Disposition", disposition))
}

/// The refusal of the path. What is no such name names none.
fn named(authed: &Authed) -> Result<RefusalId, Rejection> {
    authed
        .segment("refusal")
        .parse()
        .map_err(|_| problems::NotFound.into())
}
