//! The event feed.

use crate::domain::view::{Cursor, FeedPage};
use crate::http::extract::Authed;
use crate::http::limits::FEED_PAGE;
use crate::http::reply::{Outcome, Reply};
use crate::http::routes::parameters::FEED;
use crate::http::routes::row::{Gives, Takes, shape};
use crate::http::v1::served::{Served, served};

/// Its routes.
pub(super) const ROUTES: &[Served] = served! {
    Get "/v1/events" "events"
        EventRead list, FEED, Takes::Nothing => Gives::Json(shape::<FeedPage>());
        "Theo dõi sự kiện của hồ sơ mình" "Follow the events of one's own dossiers"
};

async fn list(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let after = query.get("after", "next")?.unwrap_or(Cursor::START);
    let limit = query.number("limit", 1, FEED_PAGE.0)?.unwrap_or(FEED_PAGE.1);
    let wait = authed.wait(&query)?;
    Reply::json(
        &authed
            .hub()
            .feed
            .events(authed.access(), after, wait, limit)
            .await?,
    )
}
