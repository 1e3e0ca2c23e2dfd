//! What a verification saw: its report, and what the events say of every dossier and row.

use std::collections::BTreeMap;

use crate::domain::lifecycle::State;
use crate::domain::sha256::Sha256;
use crate::domain::time::Timestamp;

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegrityFinding {
    /// Where: a block, an event, a dossier, a row.
    pub place: String,
    /// What is wrong with it.
    pub what: String,
}

/// What the verification saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// Blocks.
    pub blocks: i64,
    /// Events.
    pub events: i64,
    /// Dossiers.
    pub dossiers: i64,
    /// Acts of operators.
    pub acts: i64,
    /// Entries of the log of reads.
    pub reads: i64,
    /// The head's hash, in hexadecimal; a copy of it proves all history before.
    pub head: String,
    /// Whether the hash that was asked for is that of a block of this chain; none when none was.
    pub kept_head_found: Option<bool>,
    /// What is wrong; empty when all is well.
    pub findings: Vec<IntegrityFinding>,
}

impl AuditReport {
    pub(super) fn wrong(&mut self, place: impl Into<String>, what: &str) {
        self.findings.push(IntegrityFinding {
            place: place.into(),
            what: what.to_owned(),
        });
    }
}

/// What the events say of a dossier.
pub(super) struct Told {
    pub state: State,
    /// Digest of its row after the last event that carries one.
    pub row: Option<Sha256>,
    /// Digests of rows beside it that were not met yet.
    pub rows: Vec<Sha256>,
    /// Tenants whose part ended, and when.
    pub left: Vec<(String, Timestamp)>,
    /// Number of the event that amended it last.
    pub amended: i32,
}

/// What was walked, for those who hold the rows against it.
#[derive(Default)]
pub(super) struct Walked {
    pub dossiers: BTreeMap<String, Told>,
    /// Digest of each row of the register and the directory, by its name.
    pub register: BTreeMap<String, Sha256>,
}
