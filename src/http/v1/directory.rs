//! The directory: what another one would change, and putting it into use.

use crate::domain::view::{
    DirectoryHistoryView, DirectoryImportAnswer, DirectoryImportRequest, DirectoryPlanRequest,
    DirectoryPlanView, DirectoryRollbackRequest, RouteAnswer, RouteRequest,
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
    Get "/v1/directory" "directoryHistory"
        DirectoryManage history, &[], Takes::Nothing => Gives::Json(shape::<DirectoryHistoryView>());
        "Danh mục đang dùng, các phiên bản trước và phiên bản hẹn ngày" "The directory in use, those before, and the one that waits for its day"
    Post "/v1/directory/rollback" "directoryRollback"
        DirectoryManage rollback, &[], Takes::Json(shape::<DirectoryRollbackRequest>()) => Gives::Json(shape::<DirectoryImportAnswer>());
        "Quay lại danh mục trước, hoặc hủy danh mục hẹn ngày" "Go back to the directory before, or cancel the one that waits for its day"
    Post "/v1/route" "routeOf"
        DossierRead route, &[], Takes::Json(shape::<RouteRequest>()) => Gives::Json(shape::<RouteAnswer>());
        "Hồ sơ như vậy sẽ thuộc cơ quan nào (không gửi hồ sơ)" "Whom such a filing would go to (nothing is filed)"
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

async fn history(authed: Authed) -> Outcome {
    Reply::json(&authed.hub().directory_plans.history(authed.access()).await?)
}

async fn rollback(authed: Authed) -> Outcome {
    let (request, _, authed) = authed.json().await?;
    Reply::json(
        &authed
            .hub()
            .directory_plans
            .rollback(authed.access(), request)
            .await?,
    )
}

async fn route(authed: Authed) -> Outcome {
    let (request, _, authed) = authed.json().await?;
    Reply::json(&authed.hub().intake.route_of(authed.access(), &request)?)
}
