//! What becomes of attempts to carry a delivery: how each is kept, and from when it is sent again.

use diesel::prelude::*;

use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::conn::Conn;
use crate::store::ledger::requests::Carried;
use crate::store::moment::At;
use crate::store::rows::AttemptRow;
use crate::store::script::{self, Clash};
use crate::store::tables::deliveries;
use crate::store::word::{AttemptOutcome, Word};

impl Carried {
    /// The attempt as it is kept; `done` is the word for one that arrived.
    pub(in crate::store::ledger) fn tried(
        &self,
        delivery: &str,
        number: i32,
        now: Timestamp,
        done: AttemptOutcome,
    ) -> AttemptRow {
        let outcome = match self {
            Carried::Done => done,
            Carried::Retry { .. } => AttemptOutcome::Retry,
            Carried::Park { .. } => AttemptOutcome::Parked,
        };
        let failed = self.failed();
        AttemptRow {
            delivery: delivery.to_owned(),
            at: At(now),
            number,
            outcome: Word(outcome),
            reason: failed.map(|(_, reason)| reason.to_owned()),
            failure: failed.map(|(failure, _)| Word(failure)),
            actor: None,
        }
    }
}

/// From when a delivery waits for the broker, as if never tried; none when it waits no more.
#[diesel::dsl::auto_type]
pub(in crate::store::ledger) fn sends(from: Option<Timestamp>) -> _ {
    let (at, nobody): (Option<At>, Option<At>) = (from.map(At), None);
    (
        deliveries::send_at.eq(at),
        deliveries::send_leased_until.eq(nobody),
        deliveries::send_attempts.eq(0_i32),
    )
}

/// Keeps attempts; one that is kept already stays as it is.
pub(in crate::store::ledger) fn record(conn: &mut Conn, tried: &[AttemptRow]) -> Result<(), StoreError> {
    script::write(conn, tried, Clash::Stays)
}
