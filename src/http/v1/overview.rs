//! The hub in numbers.

use crate::domain::view::OverviewView;
use crate::http::extract::Authed;
use crate::http::reply::{Outcome, Reply};
use crate::http::routes::row::{Gives, Takes, shape};
use crate::http::v1::served::{Served, served};

/// Its routes.
pub(super) const ROUTES: &[Served] = served! {
    Get "/v1/overview" "overview"
        HubRead read, &[], Takes::Nothing => Gives::Json(shape::<OverviewView>());
        "Số liệu toàn cổng" "Read the hub in numbers"
};

async fn read(authed: Authed) -> Outcome {
    Reply::json(&authed.hub().overview.show(authed.access()).await?)
}
