//! Carrying messages to agencies: outbox rows on their way to the broker, inbox messages on their way to a puller. What both have in
//! common with whatever else is done about a delivery is here.

mod inbox;
mod outbox;

use diesel::prelude::*;

pub use inbox::HANDED_OUT_AT_MOST;
pub(super) use inbox::{Of, lease_in_order};

use super::requests::Carried;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::conn::Conn;
use crate::store::moment::At;
use crate::store::rows::AttemptRow;
use crate::store::script::{self, Clash};
use crate::store::tables::deliveries;

impl Carried {
    /// The attempt as it is kept; `done` is the word for one that arrived.
    pub(super) fn tried(&self, delivery: &str, number: i32, now: Timestamp, done: &str) -> AttemptRow {
        let (outcome, failed) = match self {
            Carried::Done => (done, None),
            Carried::Retry { failure, reason, .. } => ("retry", Some((failure, reason))),
            Carried::Park { failure, reason } => ("parked", Some((failure, reason))),
        };
        AttemptRow {
            delivery: delivery.to_owned(),
            at: At(now),
            number,
            outcome: outcome.to_owned(),
            reason: failed.map(|(_, reason)| reason.clone()),
            failure: failed.map(|(failure, _)| failure.word().to_owned()),
            actor: None,
        }
    }
}

/// From when a delivery waits for the broker, as if never tried; none when it waits no more.
#[diesel::dsl::auto_type]
pub(super) fn sends(from: Option<Timestamp>) -> _ {
    let (at, nobody): (Option<At>, Option<At>) = (from.map(At), None);
    (
        deliveries::send_at.eq(at),
        deliveries::send_leased_until.eq(nobody),
        deliveries::send_attempts.eq(0_i32),
    )
}

/// Keeps attempts; one that is kept already stays as it is.
pub(super) fn record(conn: &mut Conn, tried: &[AttemptRow]) -> Result<(), StoreError> {
    script::write(conn, tried, Clash::Stays)
}
