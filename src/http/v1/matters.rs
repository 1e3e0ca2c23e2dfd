//! What is recorded of a dossier beside its status.

use crate::domain::view::{
    ChangeRequest, DossierSummary, EarlyResultRequest, LossRequest, OpinionAnswerRequest, OpinionRequest,
    PaymentRequest, TaskHandOverRequest, TaskReportRequest,
};
use crate::http::extract::Authed;
use crate::http::reply::{Outcome, Reply};
use crate::http::routes::parameters::ACT;
use crate::http::routes::row::{Gives, Takes, shape};
use crate::http::v1::served::{Served, served};

/// Its routes.
pub(super) const ROUTES: &[Served] = served! {
    Post "/v1/dossiers/{id}/changes" "change"
        DossierChange change, ACT, Takes::Json(shape::<ChangeRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Đề nghị sửa đổi hồ sơ trước khi có quyết định" "Ask for a change before the decision"
    Post "/v1/dossiers/{id}/opinions" "askOpinion"
        DossierOpinion ask_opinion, ACT, Takes::Json(shape::<OpinionRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Lấy ý kiến cơ quan khác" "Record that another body was asked for its opinion"
    Post "/v1/dossiers/{id}/opinion-answers" "answerOpinion"
        DossierOpinion answer_opinion, ACT, Takes::Json(shape::<OpinionAnswerRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Ghi ý kiến của cơ quan khác" "Record the opinion of another body"
    Post "/v1/dossiers/{id}/early-result" "earlyResult"
        DossierEarlyResult early_result, ACT, Takes::Json(shape::<EarlyResultRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Báo trước việc trả kết quả sớm" "Tell that the result comes before its due date"
    Post "/v1/dossiers/{id}/losses" "lost"
        DossierLoss lost, ACT, Takes::Json(shape::<LossRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Ghi nhận việc mất, hỏng giấy tờ" "Record that papers were lost"
    Post "/v1/dossiers/{id}/payments" "paid"
        DossierPayment paid, ACT, Takes::Json(shape::<PaymentRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Ghi nhận thu và nộp phí, lệ phí" "Record a fee that was collected, or paid in"
    Post "/v1/dossiers/{id}/task-reports" "reportTask"
        DossierTask report_task, ACT, Takes::Json(shape::<TaskReportRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Báo kết quả nhiệm vụ của cơ quan chủ trì, phối hợp" "Report the agency's own task in a dossier of several agencies"
    Post "/v1/dossiers/{id}/task-hand-over" "handTaskOver"
        DossierAssign hand_task_over, ACT, Takes::Json(shape::<TaskHandOverRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Giao nhiệm vụ phối hợp cho cơ quan khác" "Give the task of a co-agency to another agency"
};

async fn change(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    let done = authed
        .hub()
        .acts
        .request_change(authed.access(), id, call, request)
        .await?;
    Reply::json(&done)
}

async fn ask_opinion(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    let done = authed
        .hub()
        .acts
        .ask_opinion(authed.access(), id, call, request)
        .await?;
    Reply::json(&done)
}

async fn answer_opinion(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    let done = authed
        .hub()
        .acts
        .answer_opinion(authed.access(), id, call, request)
        .await?;
    Reply::json(&done)
}

async fn early_result(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    let done = authed
        .hub()
        .acts
        .early_result(authed.access(), id, call, request)
        .await?;
    Reply::json(&done)
}

async fn lost(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    let done = authed.hub().acts.lost(authed.access(), id, call, request).await?;
    Reply::json(&done)
}

async fn paid(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    let done = authed.hub().acts.paid(authed.access(), id, call, request).await?;
    Reply::json(&done)
}

async fn report_task(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    let done = authed
        .hub()
        .acts
        .report_task(authed.access(), id, call, request)
        .await?;
    Reply::json(&done)
}

async fn hand_task_over(authed: Authed) -> Outcome {
    let (id, call, request, authed) = authed.act().await?;
    let done = authed
        .hub()
        .acts
        .hand_task_over(authed.access(), id, call, request)
        .await?;
    Reply::json(&done)
}
