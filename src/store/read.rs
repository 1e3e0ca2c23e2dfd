//! Reading. Every question about a dossier takes a [`Scope`](crate::identity::Scope); what the scope does not reach is absent, exactly
//! as if it did not exist.

mod ahead;
mod audit;
mod carried;
mod cursors;
mod dossiers;
mod endpoints;
mod files;
mod formats;
mod history;
mod notices;
mod operated;
mod overview;
mod proven;
mod reach;
mod refusals;
mod register;
mod search;
mod walked;
mod watches;

pub use ahead::{Noticed, SubscriptionLag, Untold, active_ways, event_ids, has_agents, says, told, untold};
pub use audit::{verify, verify_here};
pub use carried::{
    Carriage, DeliveryFilter, deliveries, deliveries_of, delivery, inbox_waits, messages, oldest_unsent,
    outbox_depth, push_waits, queued_agencies,
};
pub use cursors::{CursorStanding, alarm_cursor, feed_cursor, place_in_feed};
pub use dossiers::{
    ByCode, answered, by_code, by_reference, code_known, content, dossier, dossiers_by_id, first_alike,
    of_code, report_known, submission,
};
pub use endpoints::endpoints;
pub use files::{
    Attachment, Held, KeptRead, attachments, held, known_objects, overdue_files, reads, unused_bytes,
    uploaded, uploaded_of,
};
pub use formats::{
    FormatDrift, KeptFormat, KeptFormatUse, KeptFormats, OfFormat, documents, drifts, formats, formats_of,
    newest_of_format, read_by,
};
pub use history::{feed, history, lost_key};
pub use notices::{
    KeptNoticeAttempt, NoticeCounts, SubscriptionCounts, TenantQueue, notice_attempts, notices_due, queues,
    secrets, ways,
};
pub use operated::{AuditFilter, OpenDossier, entries, held_by, open_dossiers, taken_over_from};
pub use overview::{OverviewCounts, backlog, overview, supervised};
pub use refusals::{RefusalFilter, refusal, refusals, refused};
pub use register::{
    DirectoryStanding, KeptDirectory, directory, directory_in_use, directory_of, directory_standing,
    has_directory, register,
};
pub use search::{Filter, LONGEST_WALK, Listed, list};
pub use walked::{AuditReport, IntegrityFinding};
pub use watches::{
    IrregularFilter, KeptAlarm, KeptIrregularCount, KeptIrregularity, alarms, irregular_counts,
    irregularities, limits_told, limits_wait, overdue,
};

pub use super::file_keys::file_blind;
pub use super::fresh::FeedItem;
pub use super::message::{Content, Message, content_row};

use reach::seen;

use super::StoreError;
use super::cipher::{Cipher, Sealed};
use super::rows::EventRow;
use crate::domain::event::Event;

fn corrupt(what: impl Into<String>) -> StoreError {
    StoreError::Corrupt(what.into())
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
