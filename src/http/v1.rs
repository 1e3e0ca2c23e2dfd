//! The verbs over HTTP, one file a resource. A handler takes the request apart, calls one verb and puts the answer together;
//! whatever takes thought is in the service.

mod alarms;
mod attachments;
mod batch;
mod deliveries;
mod directory;
mod dossiers;
mod endpoints;
mod events;
mod formats;
mod inbox;
mod matters;
mod overview;
mod refusals;
pub(super) mod served;
mod statuses;
mod submissions;
mod subscriptions;
mod tenants;

use self::served::Served;
use super::routes::row::HttpRoute;

/// The routes of every file, as they are shown.
const FILES: [&[Served]; 17] = [
    submissions::ROUTES,
    batch::ROUTES,
    refusals::ROUTES,
    dossiers::ROUTES,
    attachments::ROUTES,
    matters::ROUTES,
    events::ROUTES,
    inbox::ROUTES,
    statuses::ROUTES,
    overview::ROUTES,
    tenants::ROUTES,
    directory::ROUTES,
    formats::ROUTES,
    alarms::ROUTES,
    endpoints::ROUTES,
    deliveries::ROUTES,
    subscriptions::ROUTES,
];

/// Every route that leads to a verb.
pub(super) fn routes() -> impl Iterator<Item = &'static Served> {
    FILES.into_iter().flatten()
}

/// How many there are.
pub(super) const COUNT: usize = {
    let (mut count, mut file) = (0, 0);
    while file < FILES.len() {
        count += FILES[file].len();
        file += 1;
    }
    count
};

/// The same without their handlers.
pub(super) const ROUTES: [HttpRoute; COUNT] = {
    let mut rows = [FILES[0][0].route; COUNT];
    let (mut at, mut file) = (0, 0);
    while file < FILES.len() {
        let mut row = 0;
        while row < FILES[file].len() {
            rows[at] = FILES[file][row].route;
            (at, row) = (at + 1, row + 1);
        }
        file += 1;
    }
    rows
};
