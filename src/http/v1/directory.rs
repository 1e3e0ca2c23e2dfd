//! The directory: what another one would change, and putting it into use.

use crate::domain::view::{
    DirectoryImportAnswer, DirectoryImportRequest, DirectoryPlanRequest, DirectoryPlanView,
};
use crate::http::extract::Authed;
use crate::http::limits::LARGE_JSON_BYTES;
use crate::http::reply::{Outcome, Reply};
use crate::http::routes::row::{Gives, Takes, shape};
use crate::http::v1::served::{Served, served};

/// Its routes.
pub(super) const ROUTES: &[Served] = served! {
    Post "/v1/directory/plan" "directoryPlan"
        DirectoryManage plan, &[], Takes::Json(shape::<DirectoryPlanRequest>()) => Gives::Json(shape::<DirectoryPlanView>());
        "Xem trước thay đổi của danh mục" "What another directory would change"
    Post "/v1/directory" "directoryImport"
        DirectoryManage import, &[], Takes::Json(shape::<DirectoryImportRequest>()) => Gives::Json(shape::<DirectoryImportAnswer>());
        "Đưa danh mục đã xem trước vào sử dụng" "Put a directory into use whose plan was reviewed"
};

async fn plan(authed: Authed) -> Outcome {
    let (request, _, authed) = authed.json_within(LARGE_JSON_BYTES).await?;
    Reply::json(
        &authed
            .hub()
            .directory_plans
            .plan(authed.access(), request)
            .await?,
    )
}

async fn import(authed: Authed) -> Outcome {
    let (request, _, authed) = authed.json_within(LARGE_JSON_BYTES).await?;
    Reply::json(
        &authed
            .hub()
            .directory_plans
            .replace(authed.access(), request)
            .await?,
    )
}
