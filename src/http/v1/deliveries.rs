//! Deliveries to agencies, as an operator sees them and intervenes.

use crate::domain::view::{
    DeliveryItem, DeliveryPage, ParkRequest, ResendAnswer, ResendRequest, RetryRequest,
};
use crate::http::extract::Authed;
use crate::http::limits::DELIVERY_PAGE;
use crate::http::reply::{Outcome, Reply};
use crate::http::routes::parameters::{CARRIED, DELIVERY};
use crate::http::routes::row::{Gives, Takes, shape};
use crate::http::v1::served::{Served, served};
use crate::service::DeliveryQuery;

/// Its routes.
pub(super) const ROUTES: &[Served] = served! {
    Get "/v1/deliveries" "deliveries"
        DeliveryManage list, CARRIED, Takes::Nothing => Gives::Json(shape::<DeliveryPage>());
        "Bản tin gửi cơ quan chưa đến, mặc định là bản tin đã dừng" "List deliveries that failed, with every attempt; the parked ones, when nothing is said"
    Post "/v1/deliveries/resend" "resendDeliveries"
        DeliveryManage resend, &[], Takes::Json(shape::<ResendRequest>()) => Gives::Json(shape::<ResendAnswer>());
        "Gửi lại những bản tin mà bộ chuyển bản tin đã làm mất" "Send again what the broker has lost"
    Post "/v1/deliveries/{id}/retry" "retryDelivery"
        DeliveryManage retry, DELIVERY, Takes::Json(shape::<RetryRequest>()) => Gives::Json(shape::<DeliveryItem>());
        "Gửi lại một bản tin" "Have a delivery tried again"
    Post "/v1/deliveries/{id}/park" "parkDelivery"
        DeliveryManage park, DELIVERY, Takes::Json(shape::<ParkRequest>()) => Gives::Json(shape::<DeliveryItem>());
        "Dừng một bản tin" "Park a delivery"
};

async fn list(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let asked = DeliveryQuery {
        state: query.get("state", "waiting, queued, handed, acknowledged, parked")?,
        agency: query.get("agency", "[a-z0-9-]{1,60}")?,
        failure: query.get("failure", "unreachable, slow, denied …")?,
        after: query.get("after", "dlv_…")?,
        limit: query
            .number("limit", 1, DELIVERY_PAGE.0)?
            .unwrap_or(DELIVERY_PAGE.1),
    };
    Reply::json(&authed.hub().deliveries.list(authed.access(), asked).await?)
}

async fn retry(authed: Authed) -> Outcome {
    let id = authed.delivery()?;
    let (request, _, authed) = authed.json().await?;
    Reply::json(
        &authed
            .hub()
            .deliveries
            .retry(authed.access(), id, request)
            .await?,
    )
}

async fn park(authed: Authed) -> Outcome {
    let id = authed.delivery()?;
    let (request, _, authed) = authed.json().await?;
    Reply::json(&authed.hub().deliveries.park(authed.access(), id, request).await?)
}

async fn resend(authed: Authed) -> Outcome {
    let (request, _, authed) = authed.json().await?;
    Reply::json(&authed.hub().deliveries.resend(authed.access(), request).await?)
}
