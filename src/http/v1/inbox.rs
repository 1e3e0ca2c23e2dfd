//! An agency's inbox.

use crate::domain::view::{InboxPage, SettleAnswer, SettleRequest};
use crate::http::extract::Authed;
use crate::http::limits::INBOX_PAGE;
use crate::http::reply::{Outcome, Reply};
use crate::http::routes::parameters::TAKE;
use crate::http::routes::row::{Gives, Takes, shape};
use crate::http::v1::served::{Served, served};

/// Its routes.
pub(super) const ROUTES: &[Served] = served! {
    Get "/v1/inbox" "inbox"
        InboxTake take, TAKE, Takes::Nothing => Gives::Json(shape::<InboxPage>());
        "Nhận bản tin được chuyển đến" "Take what waits for the agency, on a lease"
    Post "/v1/inbox/settle" "settle"
        InboxTake settle, &[], Takes::Json(shape::<SettleRequest>()) => Gives::Json(shape::<SettleAnswer>());
        "Xác nhận đã nhận bản tin" "Settle leased messages"
};

async fn take(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let max = query.number("max", 1, INBOX_PAGE.0)?.unwrap_or(INBOX_PAGE.1);
    let wait = authed.wait(&query)?;
    Reply::json(&authed.hub().messages.inbox(authed.access(), max, wait).await?)
}

async fn settle(authed: Authed) -> Outcome {
    let (request, _, authed) = authed.json().await?;
    Reply::json(&authed.hub().messages.settle(authed.access(), request).await?)
}
