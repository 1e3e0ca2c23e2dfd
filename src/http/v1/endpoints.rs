//! Where agencies' messages are pushed.

use crate::domain::view::{EndpointAnswer, EndpointList, EndpointRequest, EndpointView};
use crate::http::extract::Authed;
use crate::http::reply::{Outcome, Reply};
use crate::http::routes::row::{Gives, Takes, shape};
use crate::http::v1::served::{Served, served};

/// Its routes.
pub(super) const ROUTES: &[Served] = served! {
    Get "/v1/endpoint" "endpoint"
        EndpointManage read, &[], Takes::Nothing => Gives::Json(shape::<EndpointView>());
        "Địa chỉ nhận bản tin của cơ quan" "Read where one's messages are pushed, and how the endpoint fares"
    Put "/v1/endpoint" "setEndpoint"
        EndpointManage set, &[], Takes::Json(shape::<EndpointRequest>()) => Gives::Json(shape::<EndpointAnswer>());
        "Đặt địa chỉ nhận bản tin" "Say where one's messages are pushed; a new secret is shown once"
    Delete "/v1/endpoint" "removeEndpoint"
        EndpointManage remove, &[], Takes::Nothing => Gives::Json(shape::<EndpointView>());
        "Bỏ địa chỉ nhận, chuyển sang lấy từ hộp thư" "Have nothing pushed any more; what waits is pulled from the inbox"
    Get "/v1/endpoints" "endpoints"
        DeliveryManage list, &[], Takes::Nothing => Gives::Json(shape::<EndpointList>());
        "Địa chỉ nhận của mọi cơ quan" "Read every agency's endpoint, and which are spared"
};

async fn read(authed: Authed) -> Outcome {
    Reply::json(&authed.hub().endpoints.show(authed.access())?)
}

async fn set(authed: Authed) -> Outcome {
    let (request, _, authed) = authed.json().await?;
    Reply::json(&authed.hub().endpoints.set(authed.access(), request).await?)
}

async fn remove(authed: Authed) -> Outcome {
    Reply::json(&authed.hub().endpoints.remove(authed.access()).await?)
}

async fn list(authed: Authed) -> Outcome {
    Reply::json(&authed.hub().endpoints.list(authed.access()).await?)
}
