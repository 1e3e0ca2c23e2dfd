//! Dossiers, and the acts on one.

use crate::domain::status::Status;
use crate::http::extract::Authed;
use crate::http::limits::{DOSSIER_PAGE, REFERENCE_CHARACTERS};
use crate::http::reply::{Outcome, Reply};
use crate::service::DossierQuery;

pub(super) async fn list(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let asked = DossierQuery {
        status: query.number("status", 1, 10)?.and_then(Status::from_code),
        agency: query.get("agency", "[a-z0-9-]{1,60}")?,
        references: query.texts("reference", REFERENCE_CHARACTERS)?,
        code: query.get("code", "H26…-YYMMDD-NNNN")?,
        parked: query.get("parked", "true, false")?.unwrap_or(false),
        after: query.get("after", "dos_…")?,
        limit: query
            .number("limit", 1, DOSSIER_PAGE.0)?
            .unwrap_or(DOSSIER_PAGE.1),
    };
    Reply::json(&authed.hub().dossiers(authed.access(), asked).await?)
}

pub(super) async fn read(authed: Authed) -> Outcome {
    Reply::json(&authed.hub().dossier(authed.access(), authed.dossier()?).await?)
}

pub(super) async fn history(authed: Authed) -> Outcome {
    Reply::json(&authed.hub().history(authed.access(), authed.dossier()?).await?)
}

pub(super) async fn route(authed: Authed) -> Outcome {
    Reply::json(&authed.hub().route(authed.access(), authed.dossier()?).await?)
}

pub(super) async fn submission(authed: Authed) -> Outcome {
    let id = authed.dossier()?;
    let (media, bytes) = authed.hub().submission(authed.access(), id).await?;
    // The bytes are somebody else's: a browser is to save them, never to show them.
    let disposition = format!("attachment; filename=\"{id}\"");
    Ok(Reply::new(200, media, bytes).with("Content-Disposition", disposition))
}

pub(super) async fn receipt(authed: Authed) -> Outcome {
    let receipt = authed.hub().receipt(authed.access(), authed.dossier()?).await?;
    Ok(Reply::new(200, "application/jose", receipt))
}

pub(super) async fn accept(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    Reply::json(&authed.hub().accept(authed.access(), id, call, request).await?)
}

pub(super) async fn supplement(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    Reply::json(
        &authed
            .hub()
            .supplement(authed.access(), id, call, request)
            .await?,
    )
}

pub(super) async fn hand_over(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    Reply::json(&authed.hub().hand_over(authed.access(), id, call, request).await?)
}

pub(super) async fn refuse(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    Reply::json(&authed.hub().refuse(authed.access(), id, call, request).await?)
}

pub(super) async fn ask(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    Reply::json(&authed.hub().ask(authed.access(), id, call, request).await?)
}

pub(super) async fn recall(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    Reply::json(&authed.hub().recall(authed.access(), id, call, request).await?)
}

pub(super) async fn postpone(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    Reply::json(&authed.hub().postpone(authed.access(), id, call, request).await?)
}

pub(super) async fn correct(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    Reply::json(&authed.hub().correct(authed.access(), id, call, request).await?)
}

pub(super) async fn withdraw(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    Reply::json(&authed.hub().withdraw(authed.access(), id, call, request).await?)
}

pub(super) async fn assign(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    Reply::json(&authed.hub().assign(authed.access(), id, call, request).await?)
}
