//! Rows as diesel reads and writes them. Values of the domain go in and come out in `ledger` and `read`.

use std::sync::OnceLock;

use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::Array;

use super::columns::Column;
use super::moment::At;
use super::postgres::Binds;
use super::script::{RowValues, Stored, Written};
use super::seals::is_loose;
use super::tables::*;
use super::word::{AttemptOutcome, Code, NaturalKind, NoticeState, PartyRole, Stage, TenantStanding, Word};
use crate::domain::attachment::FileKind;
use crate::domain::clocks::Watched;
use crate::domain::failure::Failure;
use crate::domain::seal;
use crate::domain::sha256::Sha256;
use crate::domain::view::{DeliveryState, NoticeOutcome, RefusedKind, SubscriptionState, Transport};

macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident in $table:ident { $($field:ident: $type:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Queryable, Selectable, Insertable)]
        #[diesel(table_name = $table, treat_none_as_default_value = false)]
        pub struct $name { $(pub $field: $type,)* }

        impl Stored for $name {
            const TABLE: &'static str = stringify!($table);
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),*];

            fn bind_arrays(rows: &[&Self], binds: &mut Binds) -> QueryResult<()> {
                $(
                    let column: Vec<&$type> = rows.iter().map(|row| &row.$field).collect();
                    binds.push::<Array<<$type as Written>::Sql>, _>(&column)?;
                )*
                Ok(())
            }

            fn bind_row(&self, binds: &mut Binds) -> QueryResult<()> {
                $(binds.push::<<$type as Written>::Sql, $type>(&self.$field)?;)*
                Ok(())
            }

            fn bind_values<'b>(&'b self, out: &mut RowValues<'_, 'b>) -> QueryResult<()> {
                $(out.push::<<$type as Written>::Sql, $type>(&self.$field)?;)*
                Ok(())
            }
        }

        impl $name {
            /// The first column whose value no database holds.
            pub fn unstorable(&self) -> Option<&'static str> {
                $(if !self.$field.is_storable() {
                    return Some(concat!(stringify!($table), ".", stringify!($field)));
                })*
                None
            }

            /// SHA-256 of the row's table and sealed columns; those that are loose ([`super::seals::LOOSE`]) are left out.
            pub fn digest(&self) -> Sha256 {
                self.digest_without(&[])
            }

            /// The name an encrypted value of the row is sealed under: it opens only in a row whose other columns, as far as they are
            /// not loose, are what they were.
            pub fn bound_name(&self) -> String {
                let digest = self.digest_without(&["key_id", "nonce", "ciphertext"]);
                format!("{}:{digest}", stringify!($table))
            }

            fn digest_without(&self, left_out: &[&str]) -> Sha256 {
                static SEALED: OnceLock<Vec<bool>> = OnceLock::new();
                let (table, columns) = (<Self as Stored>::TABLE, <Self as Stored>::COLUMNS);
                let sealed = SEALED.get_or_init(|| columns.iter().map(|c| !is_loose(table, c)).collect());
                let mut sealed = sealed.iter();
                seal::digest_of(|row| {
                    table.digest("", row);
                    $(if sealed.next() == Some(&true) && !left_out.contains(&stringify!($field)) {
                        self.$field.digest(stringify!($field), row);
                    })*
                })
            }
        }
    )*};
}

rows! {
    /// What the hubs of one database agree on.
    SettingRow in settings { name: String, value: String }
    /// The head of the chain.
    HeadRow in head {
        id: i16, block: i64, seq: i64, hash: Vec<u8>, at: At, acts: i64, acts_hash: Vec<u8>, reads: i64, reads_hash: Vec<u8>, seal: Option<Vec<u8>>,
    }
    /// A sealed batch.
    BlockRow in blocks {
        number: i64, first_seq: i64, count: i64, at: At, root: Vec<u8>, acts: i64, acts_hash: Vec<u8>, reads: i64, reads_hash: Vec<u8>,
        previous: Vec<u8>, hash: Vec<u8>,
    }
    /// A tenant.
    TenantRow in tenants { key: String, name: String, parent: Option<String>, formats: String, standing: Word<TenantStanding>, standing_since: Option<At>, successor_policy: String, codes: Option<String> }
    /// A pinned certificate.
    CertificateRow in certificates { thumbprint: Vec<u8>, tenant: String, not_after: At, revoked_at: Option<At>, added_at: At, warned: Option<i16> }
    /// A named person.
    StaffRow in staff { tenant: String, id: String, name: String, until: Option<At> }
    /// A receiving point.
    PointRow in points { key: String, tenant: String, name: String, until: Option<At> }
    /// An imported directory.
    DirectoryRow in directories { version: String, imported_at: At, files: Vec<u8> }
    /// A version of a format.
    FormatRow in formats { number: i64, name: String, version: i32, sha256: Vec<u8>, kept_at: At, text: String }
    /// Which version of a format stands in for all of them.
    FormatUseRow in format_uses {
        name: String, turn: i64, format: Option<i64>, below: Option<i64>, at: At, tenant: String, staff: Option<String>,
    }
    /// A file that differs from the text in use under its name.
    FormatDriftRow in format_drifts { format: i64, sha256: Vec<u8>, since: At, seen_at: At }
    /// What an operator did.
    AuditRow in audit {
        number: i64, at: At, tenant: String, staff: Option<String>, action: String, subject: String, reason: Option<String>,
        detail: String, rows: Option<String>, hash: Vec<u8>,
    }
    /// The exact bytes of a submission.
    SubmissionRow in submissions {
        id: String, received_at: At, tenant: String, dossier: String, version: i32, format: String, media_type: String,
        sha256: Vec<u8>, size: i64, receipt: String, key_id: String, nonce: Vec<u8>, ciphertext: Vec<u8>, format_version: Option<i64>,
    }
    /// The current state of a dossier.
    DossierRow in dossiers {
        id: String, tenant: String, reference: String, point: Option<String>, receiving_unit: Option<String>,
        supervisor: Option<String>, agency: Option<String>, parked: Option<String>,
        procedure: String, channel: i16, assisted: bool, status: Code, resume: Option<Code>, since: At, spoken: String, events: i32, version: i32,
        supplements: i32, postponements: i32, accepted: bool, code: Option<String>, claimed_code: Option<String>, open_matters: Option<String>, tasks: Option<String>, time_limit: String, acceptance_due: Option<At>,
        forecast_due: Option<At>, due: Option<At>, promised_due: Option<At>, promise_holds: bool, answered_seq: Option<i64>, content_blind: Vec<u8>, route: String,
        submission: String, received_at: At, updated_at: At,
        likeness: Option<Vec<u8>>, twin: Option<String>, running: Option<String>, look_at: Option<At>,
    }
    /// The canonical content of one version of a dossier.
    ContentRow in contents { dossier: String, version: i32, key_id: String, nonce: Vec<u8>, ciphertext: Vec<u8> }
    /// A part in a dossier.
    PartyRow in dossier_parties { dossier: String, tenant: String, role: Word<PartyRole>, point: Option<String>, since: At, until: Option<At> }
    /// What must name one dossier only.
    NaturalKeyRow in natural_keys { kind: Word<NaturalKind>, tenant: String, value: String, dossier: String }
    /// A key with the answer it got.
    IdempotencyRow in idempotency_keys {
        tenant: String, route: String, key: String, request: Vec<u8>, at: At, status: i16, key_id: String, nonce: Vec<u8>, ciphertext: Vec<u8>,
    }
    /// An event.
    EventRow in events {
        seq: i64, at: At, id: String, dossier: String, number: i32, block: i64, salt: Vec<u8>, leaf: Vec<u8>, key_id: String, nonce: Vec<u8>, ciphertext: Vec<u8>,
    }
    /// Who is told.
    FeedRow in feed { tenant: String, seq: i64, dossier: String }
    /// A message to an agency.
    DeliveryRow in deliveries {
        id: String, dossier: String, agency: String, event_seq: i64, event: String, kind: String, state: Word<DeliveryState>, since: At,
        ready: bool, attempt: i32, not_before: At, leased_until: Option<At>, traceparent: Option<String>, failure: Option<Word<Failure>>,
        send_at: Option<At>, send_leased_until: Option<At>, send_attempts: i32, format_version: Option<i64>,
    }
    /// A document that was refused.
    RefusalRow in refusals {
        id: String, tenant: String, kind: Word<RefusedKind>, format: Option<String>, media_type: String, sha256: Vec<u8>, size: i64, count: i32,
        first_at: At, last_at: At, problems: String, key_id: String, nonce: Vec<u8>, ciphertext: Vec<u8>,
    }
    /// The same without what was refused.
    RefusalHeadRow in refusals {
        id: String, tenant: String, kind: Word<RefusedKind>, format: Option<String>, media_type: String, sha256: Vec<u8>, size: i64, count: i32,
        first_at: At, last_at: At, problems: String,
    }
    /// Something done although a rule was broken.
    IrregularityRow in irregularities {
        seq: i64, at: At, dossier: String, agency: Option<String>, tenant: String, label: String, status: Code,
    }
    /// How many of them.
    IrregularCountRow in irregular_counts { day: String, agency: String, label: String, count: i64 }
    /// An attempt.
    AttemptRow in attempts {
        delivery: String, at: At, number: i32, outcome: Word<AttemptOutcome>, reason: Option<String>, failure: Option<Word<Failure>>, actor: Option<String>,
    }
    /// Where an agency wants its messages pushed.
    EndpointRow in endpoints {
        agency: String, url: String, set_at: At, set_by: String, failure: Option<Word<Failure>>, failing_since: Option<At>,
        next_probe: Option<At>, key_id: String, nonce: Vec<u8>, ciphertext: Vec<u8>,
    }
    /// How a submitter wants to be told.
    SubscriptionRow in subscriptions {
        tenant: String, way: Word<Transport>, state: Word<SubscriptionState>, since: At, reason: Option<String>, url: Option<String>,
    }
    /// How far a way has been told, and who tells it.
    WayPositionRow in way_positions {
        tenant: String, way: Word<Transport>, number: i64, cursor: i64, held_by: Option<String>, held_until: Option<At>,
    }
    /// A secret of a webhook.
    SecretRow in subscription_secrets {
        tenant: String, id: String, since: At, until: Option<At>, key_id: String, nonce: Vec<u8>, ciphertext: Vec<u8>,
    }
    /// An event that a submitter could not be told of yet, or that waits behind such.
    NoticeRow in notices {
        tenant: String, way: Word<Transport>, seq: i64, dossier: String, event: String, state: Word<NoticeState>, since: At, not_before: At,
        leased_until: Option<At>, attempts: i32,
    }
    /// An attempt to send one.
    NoticeAttemptRow in notice_attempts {
        tenant: String, way: Word<Transport>, seq: i64, number: i32, at: At, event: String, dossier: String, outcome: Word<NoticeOutcome>,
        class: Option<Word<Failure>>, reason: Option<String>,
    }
    /// The last running number taken of a day, of the codes under a unit that the hub gives.
    CodeCounterRow in code_counters { day: String, unit: String, last: i32 }
    /// A limit that runs; one that is near or has passed has a row of its own.
    WatchRow in watches { dossier: String, kind: String, due_at: At, warn_at: Option<At>, stage: Word<Stage>, next_at: Option<At> }
    /// What was told of a limit.
    AlarmRow in alarms {
        number: i64, cause: String, at: At, kind: Word<Watched>, passed: bool, due_at: At, dossier: Option<String>, agency: Option<String>,
    }
    /// A file a tenant has uploaded.
    BlobRow in blobs {
        tenant: String, blind: Vec<u8>, object: String, size: i64, uploaded_at: At, unused_since: Option<At>,
        key_id: Option<String>, nonce: Option<Vec<u8>>, ciphertext: Option<Vec<u8>>,
    }
    /// A file a dossier names.
    AttachmentRow in attachments {
        dossier: String, number: i32, position: i32, kind: Word<FileKind>, tenant: String, blind: Vec<u8>, named_at: At,
        arrived_at: Option<At>, superseded: bool, key_id: String, nonce: Vec<u8>, ciphertext: Vec<u8>,
    }
    /// A file's data key, wrapped for a dossier.
    WrapRow in wraps { dossier: String, tenant: String, blind: Vec<u8>, object: String, key_id: String, nonce: Vec<u8>, ciphertext: Vec<u8> }
    /// Somebody read something of a dossier.
    ReadRow in reads {
        id: String, at: At, number: i64, dossier: String, tenant: String, staff: Option<String>, point: Option<String>, what: String,
        attachment: Option<i32>, first_byte: Option<i64>, last_byte: Option<i64>,
    }
}

impl DossierRow {
    /// Who is told of what happens to it, by a feed: who filed it, its receiving unit, and the unit that supervises. Each once.
    pub fn told(&self) -> impl Iterator<Item = &str> {
        let (tenant, unit) = (self.tenant.as_str(), self.receiving_unit.as_deref());
        let supervisor = self.supervisor.as_deref();
        std::iter::once(tenant)
            .chain(unit.filter(|unit| *unit != tenant))
            .chain(supervisor.filter(|other| *other != tenant && Some(*other) != unit))
    }
}

/// The names under which the audit has the digests of rows.
macro_rules! names_in_chain {
    ($($name:ident of $table:literal: $row:ident => $key:expr;)*) => {$(
        impl $name {
            /// Table and key.
            pub fn name_in_chain(&self) -> String {
                let $row = self;
                format!("{}:{}", $table, $key)
            }
        }
    )*};
}

names_in_chain! {
    SettingRow of "settings": row => row.name;
    TenantRow of "tenants": row => row.key;
    CertificateRow of "certificates": row => hex::encode(&row.thumbprint);
    StaffRow of "staff": row => format!("{}/{}", row.tenant, row.id);
    PointRow of "points": row => row.key;
    DirectoryRow of "directories": row => row.version;
    FormatRow of "formats": row => row.number;
    FormatUseRow of "format_uses": row => format!("{}/{}", row.name, row.turn);
}
