//! Versions of formats: what is in use, putting another into use, going back, trying one on what was filed.

use crate::domain::view::{
    FormatActivationRequest, FormatPlanRequest, FormatPlanView, FormatRollbackRequest, FormatUseAnswer,
    FormatVersionsView, ShadowRequest, ShadowView,
};
use crate::http::extract::Authed;
use crate::http::limits::FORMAT_JSON_BYTES;
use crate::http::reply::{Outcome, Reply};
use crate::http::routes::row::{Gives, Takes, shape};
use crate::http::v1::served::{Served, served};

/// Its routes.
pub(super) const ROUTES: &[Served] = served! {
    Get "/v1/formats" "formats"
        FormatManage versions, &[], Takes::Nothing => Gives::Json(shape::<FormatVersionsView>());
        "Các phiên bản định dạng đang dùng" "Which versions of formats are in use"
    Post "/v1/formats/plan" "formatPlan"
        FormatManage plan, &[], Takes::Json(shape::<FormatPlanRequest>()) => Gives::Json(shape::<FormatPlanView>());
        "Xem trước việc đổi phiên bản định dạng" "What putting a version of a format into use would change"
    Post "/v1/formats" "formatActivate"
        FormatManage activate, &[], Takes::Json(shape::<FormatActivationRequest>()) => Gives::Json(shape::<FormatUseAnswer>());
        "Đưa phiên bản định dạng đã xem trước vào sử dụng" "Put a version of a format into use whose plan was reviewed"
    Post "/v1/formats/rollback" "formatRollback"
        FormatManage roll_back, &[], Takes::Json(shape::<FormatRollbackRequest>()) => Gives::Json(shape::<FormatUseAnswer>());
        "Quay lại phiên bản định dạng trước" "Go back to the version of a format that was in use before"
    Post "/v1/formats/shadow" "formatShadow"
        FormatManage shadow, &[], Takes::Json(shape::<ShadowRequest>()) => Gives::Json(shape::<ShadowView>());
        "Đọc thử hồ sơ đã nộp bằng một phiên bản định dạng khác" "How another version of a format reads what was filed"
};

async fn versions(authed: Authed) -> Outcome {
    Reply::json(&authed.hub().formats.versions(authed.access()).await?)
}

async fn plan(authed: Authed) -> Outcome {
    let (request, _, authed) = authed.json_within(FORMAT_JSON_BYTES).await?;
    Reply::json(&authed.hub().formats.plan(authed.access(), request).await?)
}

async fn activate(authed: Authed) -> Outcome {
    let (request, _, authed) = authed.json_within(FORMAT_JSON_BYTES).await?;
    Reply::json(&authed.hub().formats.activate(authed.access(), request).await?)
}

async fn roll_back(authed: Authed) -> Outcome {
    let (request, _, authed) = authed.json().await?;
    Reply::json(&authed.hub().formats.roll_back(authed.access(), request).await?)
}

async fn shadow(authed: Authed) -> Outcome {
    let (request, _, authed) = authed.json_within(FORMAT_JSON_BYTES).await?;
    Reply::json(&authed.hub().formats.shadow(authed.access(), request).await?)
}
