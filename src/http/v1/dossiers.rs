//! Dossiers, and the acts on one.

use crate::domain::status::Status;
use crate::domain::view::{
    AcceptanceRequest, AssignmentRequest, CorrectionRequest, DossierPage, DossierSummary, DossierView,
    HandOverRequest, HistoryView, PapersRequest, PostponementRequest, ReasonRequest, RouteView,
    SupplementRequest,
};
use crate::http::extract::Authed;
use crate::http::limits::{DOSSIER_PAGE, REFERENCE_CHARACTERS};
use crate::http::reply::{Outcome, Reply};
use crate::http::routes::parameters::{ACT, LIST, ONE};
use crate::http::routes::row::{Gives, Takes, shape};
use crate::http::v1::served::{Served, served};
use crate::service::DossierQuery;

/// Its routes.
pub(super) const ROUTES: &[Served] = served! {
    Get "/v1/dossiers" "dossiers"
        DossierRead list, LIST, Takes::Nothing => Gives::Json(shape::<DossierPage>());
        "Danh sách hồ sơ" "List dossiers"
    Get "/v1/dossiers/{id}" "dossier"
        DossierRead read, ONE, Takes::Nothing => Gives::Json(shape::<DossierView>());
        "Xem một hồ sơ" "Read a dossier"
    Get "/v1/dossiers/{id}/history" "history"
        DossierRead history, ONE, Takes::Nothing => Gives::Json(shape::<HistoryView>());
        "Quá trình giải quyết" "Read a dossier's history"
    Get "/v1/dossiers/{id}/route" "route"
        DossierRead route, ONE, Takes::Nothing => Gives::Json(shape::<RouteView>());
        "Cơ quan giải quyết, căn cứ và việc chuyển hồ sơ" "Read the responsible agency, the reason and the deliveries"
    Get "/v1/dossiers/{id}/submission" "submission"
        DossierRead submission, ONE, Takes::Nothing => Gives::Bytes("*/*");
        "Nguyên văn đã gửi" "Read the exact bytes that were filed"
    Get "/v1/dossiers/{id}/receipt" "receipt"
        DossierRead receipt, ONE, Takes::Nothing => Gives::Bytes("application/jose");
        "Biên nhận số" "Read the signed receipt"
    Post "/v1/dossiers/{id}/acceptance" "accept"
        DossierAccept accept, ACT, Takes::Json(shape::<AcceptanceRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Tiếp nhận hồ sơ trực tuyến" "Accept a dossier filed online"
    Post "/v1/dossiers/{id}/refusal" "refuse"
        DossierRefuse refuse, ACT, Takes::Json(shape::<ReasonRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Từ chối tiếp nhận hồ sơ trực tuyến" "Refuse a dossier filed online, before acceptance"
    Post "/v1/dossiers/{id}/supplement-request" "askSupplement"
        DossierAsk ask, ACT, Takes::Json(shape::<PapersRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Yêu cầu bổ sung giấy tờ" "Ask for papers"
    Post "/v1/dossiers/{id}/recall" "recall"
        DossierRecall recall, ACT, Takes::Json(shape::<ReasonRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Thu hồi hồ sơ đã chuyển" "Take a forwarded dossier back"
    Post "/v1/dossiers/{id}/postponement" "postpone"
        DossierPostpone postpone, ACT, Takes::Json(shape::<PostponementRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Gia hạn giải quyết" "Move the due date"
    Post "/v1/dossiers/{id}/corrections" "correct"
        DossierCorrect correct, ACT, Takes::Json(shape::<CorrectionRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Đính chính kết quả có sai sót" "Put a result right"
    Post "/v1/dossiers/{id}/withdrawal" "withdraw"
        DossierWithdraw withdraw, ACT, Takes::Json(shape::<ReasonRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Rút hồ sơ theo yêu cầu của người nộp" "Withdraw a dossier on the applicant's request"
    Post "/v1/dossiers/{id}/supplements" "supplement"
        DossierSupplement supplement, ACT, Takes::Json(shape::<SupplementRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Bổ sung hồ sơ" "Complete what was asked for"
    Post "/v1/dossiers/{id}/hand-over" "handOver"
        DossierHandOver hand_over, ACT, Takes::Json(shape::<HandOverRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Trả kết quả cho người nộp" "Record that the applicant has the result"
    Post "/v1/dossiers/{id}/assignment" "assign"
        DossierAssign assign, ACT, Takes::Json(shape::<AssignmentRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Phân công cơ quan giải quyết" "Name the responsible agency, with a reason"
};

async fn list(authed: Authed) -> Outcome {
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
    Reply::json(&authed.hub().dossiers.list(authed.access(), asked).await?)
}

async fn read(authed: Authed) -> Outcome {
    Reply::json(
        &authed
            .hub()
            .dossiers
            .show(authed.access(), authed.dossier()?)
            .await?,
    )
}

async fn history(authed: Authed) -> Outcome {
    Reply::json(
        &authed
            .hub()
            .dossiers
            .history(authed.access(), authed.dossier()?)
            .await?,
    )
}

async fn route(authed: Authed) -> Outcome {
    Reply::json(
        &authed
            .hub()
            .dossiers
            .route(authed.access(), authed.dossier()?)
            .await?,
    )
}

async fn submission(authed: Authed) -> Outcome {
    let id = authed.dossier()?;
    let (media, bytes) = authed.hub().dossiers.submission(authed.access(), id).await?;
    // The bytes are somebody else's: a browser is to save them, never to show them.
    let disposition = format!("attachment; filename=\"{id}\"");
    Ok(Reply::new(200, media, bytes).with("Content-Disposition", disposition))
}

async fn receipt(authed: Authed) -> Outcome {
    let receipt = authed
        .hub()
        .dossiers
        .receipt(authed.access(), authed.dossier()?)
        .await?;
    Ok(Reply::new(200, "application/jose", receipt))
}

async fn accept(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    Reply::json(
        &authed
            .hub()
            .acts
            .accept(authed.access(), id, call, request)
            .await?,
    )
}

async fn supplement(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    Reply::json(
        &authed
            .hub()
            .acts
            .supplement(authed.access(), id, call, request)
            .await?,
    )
}

async fn hand_over(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    Reply::json(
        &authed
            .hub()
            .acts
            .hand_over(authed.access(), id, call, request)
            .await?,
    )
}

async fn refuse(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    Reply::json(
        &authed
            .hub()
            .acts
            .refuse(authed.access(), id, call, request)
            .await?,
    )
}

async fn ask(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    Reply::json(&authed.hub().acts.ask(authed.access(), id, call, request).await?)
}

async fn recall(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    Reply::json(
        &authed
            .hub()
            .acts
            .recall(authed.access(), id, call, request)
            .await?,
    )
}

async fn postpone(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    Reply::json(
        &authed
            .hub()
            .acts
            .postpone(authed.access(), id, call, request)
            .await?,
    )
}

async fn correct(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    Reply::json(
        &authed
            .hub()
            .acts
            .correct(authed.access(), id, call, request)
            .await?,
    )
}

async fn withdraw(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    Reply::json(
        &authed
            .hub()
            .acts
            .withdraw(authed.access(), id, call, request)
            .await?,
    )
}

async fn assign(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    Reply::json(
        &authed
            .hub()
            .acts
            .assign(authed.access(), id, call, request)
            .await?,
    )
}
