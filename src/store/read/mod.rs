//! Reading. Every question about a dossier takes a [`Scope`]; what the scope does not reach is absent, exactly as if it did not
//! exist.

mod audit;
mod carried;
mod cursors;
mod dossiers;
mod endpoints;
mod files;
mod history;
mod notices;
mod operated;
mod overview;
mod proven;
mod refusals;
mod register;
mod watches;

pub use audit::{AuditReport, Finding, verify, verify_here};
pub use carried::{
    Carriage, DeliveryFilter, Message, deliveries, deliveries_of, delivery, inbox_waits, messages,
    outbox_depth, push_waits, queued_agencies,
};
pub(in crate::store) use carried::{is_first_of_its_dossier, is_in_a_queue, is_to_be_handed_out};
pub use cursors::{Standing as CursorStanding, alarm_cursor, feed_cursor, place_in_feed};
pub use dossiers::{
    ByCode, Filter, answered, by_code, by_reference, code_known, content, content_row, dossier, first_alike,
    list, of_code, report_known, submission,
};
use endpoints::open_secrets;
pub use endpoints::{Endpoint, Secrets, endpoints, seal_secrets};
pub use files::{
    Attachment, Held, attachments, file_blind, held, known_objects, overdue_files, reads, unused_bytes,
    uploaded, uploaded_of,
};
pub(super) use files::{attachment_row, data_key, upload_row};
pub use history::{FeedItem, feed, history, lost_key};
pub use notices::{
    Standing, TenantQueue, WayRow, Work, notice_attempts, queues, secret_row, secrets, subscription_state,
    told, way, ways,
};
pub use operated::{AuditFilter, OpenDossier, entries, open_dossiers};
pub use overview::{Overview, backlog, overview};
pub use refusals::{RefusalFilter, refusal, refusals, refused};
pub use register::{KeptDirectory, directory, directory_in_use, has_directory, register};
pub use watches::{
    IrregularFilter, alarms, irregular_counts, irregularities, limits_told, limits_wait, overdue,
};

/// Rows of the register as values.
pub(super) mod of_row {
    pub(in crate::store) use super::register::{certificate, person, point, tenant};
}

use diesel::prelude::*;

use super::StoreError;
use super::cipher::{Cipher, Sealed};
use super::conn::{Conn, on_backend};
use super::moment::At;
use super::rows::{DossierRow, EventRow};
use super::tables::tenants;
use crate::domain::event::Event;
use crate::domain::lifecycle::{Phase, Promise, Resume, State};
use crate::domain::matter::Open;
use crate::domain::status::Status;
use crate::identity::{Reach, Scope};

fn corrupt(what: impl Into<String>) -> StoreError {
    StoreError::Corrupt(what.into())
}

/// The tenants whose part in a dossier a scope may use; `None` for everything.
fn seen(conn: &mut Conn, scope: &Scope) -> Result<Option<Vec<String>>, StoreError> {
    Ok(match scope.reach() {
        Reach::Everything => None,
        Reach::Tenant(tenant) | Reach::Agency(tenant) => Some(vec![tenant.to_string()]),
        Reach::Enterprise(enterprise) => {
            let key = enterprise.as_str();
            let mut keys: Vec<String> = on_backend!(conn, c => tenants::table
                .filter(tenants::parent.eq(key)).select(tenants::key).load(c))?;
            keys.push(key.to_owned());
            Some(keys)
        }
    })
}

fn status(code: i16) -> Result<Status, StoreError> {
    u8::try_from(code)
        .ok()
        .and_then(Status::from_code)
        .ok_or_else(|| corrupt(format!("status {code}")))
}

/// The state a row holds.
pub fn state_of(row: &DossierRow) -> Result<State, StoreError> {
    let status = status(row.status)?;
    let phase = match (status, row.resume) {
        (Status::SupplementRequested, Some(code)) => Phase::SupplementRequested {
            resume: Resume::from_status(self::status(code)?),
        },
        (Status::SupplementRequested, None) => {
            return Err(corrupt("a supplement without its earlier status"));
        }
        (status, _) => Phase::entering(status, status),
    };
    Ok(State {
        phase,
        since: row.since.0,
        spoken: serde_json::from_str(&row.spoken).map_err(|_| corrupt("stated moments"))?,
        events: row.events,
        version: row.version,
        supplements: row.supplements,
        postponements: row.postponements,
        accepted: row.accepted,
        code: row
            .code
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|_| corrupt("dossier code"))?,
        claimed: row
            .claimed_code
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|_| corrupt("claimed dossier code"))?,
        open: match &row.open_matters {
            None => Open::default(),
            Some(open) => serde_json::from_str(open).map_err(|_| corrupt("open matters"))?,
        },
        due: row.due.map(|at| at.0),
        promise: row.promised_due.map(|at| Promise {
            to: at.0,
            holds: row.promise_holds,
        }),
    })
}

/// Writes a state into its row.
pub(super) fn put_state(row: &mut DossierRow, state: &State) {
    row.status = i16::from(state.status().code());
    row.resume = match state.phase {
        Phase::SupplementRequested { resume } => Some(i16::from(resume.status().code())),
        _ => None,
    };
    row.since = At(state.since);
    // Keys of tenants and moments: writing them to memory cannot fail.
    row.spoken = serde_json::to_string(&state.spoken).unwrap_or_default();
    row.events = state.events;
    row.version = state.version;
    row.supplements = state.supplements;
    row.postponements = state.postponements;
    row.accepted = state.accepted;
    row.code = state.code.as_ref().map(ToString::to_string);
    row.claimed_code = state.claimed.as_ref().map(ToString::to_string);
    // Numbers and moments: writing them to memory cannot fail.
    row.open_matters =
        (state.open != Open::default()).then(|| serde_json::to_string(&state.open).unwrap_or_default());
    row.due = state.due.map(At);
    row.promised_due = state.promise.map(|promise| At(promise.to));
    row.promise_holds = state.promise.is_some_and(|promise| promise.holds);
}

/// Decrypts and parses an event.
fn event_of(cipher: &Cipher, row: EventRow) -> Result<Event, StoreError> {
    let bytes = event_bytes(cipher, row)?;
    serde_json::from_slice(&bytes).map_err(|e| corrupt(format!("event: {e}")))
}

fn event_bytes(cipher: &Cipher, row: EventRow) -> Result<Vec<u8>, StoreError> {
    cipher.open(
        &row.id,
        Sealed {
            key_id: row.key_id,
            nonce: row.nonce,
            ciphertext: row.ciphertext,
        },
    )
}
