//! A message to an agency, how far it has come, and what was tried.

use crate::domain::codes::Key;
use crate::domain::failure::Failure;
use crate::domain::ids::{DeliveryId, DossierId, EventId};
use crate::domain::time::Timestamp;
use crate::domain::view::DeliveryState;
use crate::store::StoreError;
use crate::store::rows::{AttemptRow, DeliveryRow};
use crate::store::word::AttemptOutcome;

/// A message to an agency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptDelivery {
    /// Its name.
    pub id: DeliveryId,
    /// Its dossier.
    pub dossier: DossierId,
    /// To whom.
    pub agency: Key,
    /// The event it tells.
    pub event: EventId,
    /// What kind of event that is, as events name it.
    pub kind: String,
    /// How far it has come.
    pub state: DeliveryState,
    /// Since when.
    pub since: Timestamp,
    /// Whether it lies where its agency can take it from the hub.
    pub ready: bool,
    /// The next moment it may be handed out.
    pub not_before: Timestamp,
    /// Why the last attempt failed.
    pub failure: Option<Failure>,
    /// While it is in the outbox: when it is tried next.
    pub send_at: Option<Timestamp>,
    /// The number of the version of a format that it is written with.
    pub format_version: Option<i64>,
}

impl KeptDelivery {
    pub(in crate::store) fn of(row: DeliveryRow) -> Result<Self, StoreError> {
        let corrupt = |what: &str| StoreError::Corrupt(format!("delivery: {what}"));
        Ok(KeptDelivery {
            id: row.id.parse().map_err(|_| corrupt("id"))?,
            dossier: row.dossier.parse().map_err(|_| corrupt("dossier"))?,
            agency: row.agency.parse().map_err(|_| corrupt("agency"))?,
            event: row.event.parse().map_err(|_| corrupt("event"))?,
            kind: row.kind,
            state: row.state.0,
            since: row.since.0,
            ready: row.ready,
            not_before: row.not_before.0,
            failure: row.failure.map(|failure| failure.0),
            send_at: row.send_at.map(|at| at.0),
            format_version: row.format_version,
        })
    }
}

/// An attempt to carry one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAttempt {
    /// When.
    pub at: Timestamp,
    /// The number of the attempt, from 1.
    pub number: i32,
    /// What it came to.
    pub outcome: AttemptOutcome,
    /// Why, in a few words.
    pub reason: Option<String>,
    /// Of which kind that is.
    pub failure: Option<Failure>,
    /// Who intervened.
    pub actor: Option<String>,
}

impl From<AttemptRow> for KeptAttempt {
    fn from(row: AttemptRow) -> Self {
        KeptAttempt {
            at: row.at.0,
            number: row.number,
            outcome: row.outcome.0,
            reason: row.reason,
            failure: row.failure.map(|failure| failure.0),
            actor: row.actor,
        }
    }
}
