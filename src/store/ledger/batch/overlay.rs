//! What a batch works on, and what it notes of limits and names.

use std::collections::{BTreeMap, HashMap};

use rand::rngs::StdRng;

use super::batch_files::BatchFiles;
use super::numbers::Numbers;
use super::writes::Writes;
use crate::domain::clocks::{Deadline, Watched};
use crate::domain::time::Timestamp;
use crate::store::cipher::Cipher;
use crate::store::fresh::Fresh;
use crate::store::limits;
use crate::store::rows::*;
use crate::store::word::{NaturalKind, Word};

/// What a batch works on.
pub struct Batch<'a> {
    /// The time of the chain: never runs backwards.
    pub now: Timestamp,
    /// The time of this hub: what work waits for.
    pub clock: Timestamp,
    pub cipher: &'a Cipher,
    pub rng: &'a mut StdRng,
    pub head: HeadRow,
    pub keys: HashMap<(String, String, String), IdempotencyRow>,
    pub natural: HashMap<(NaturalKind, String, String), String>,
    pub dossiers: BTreeMap<String, DossierRow>,
    /// What runs on the dossiers acted on, as it stands after the commands so far.
    pub watches: HashMap<(String, Watched), WatchRow>,
    /// The first dossier of each likeness the commands name.
    pub firsts: HashMap<Vec<u8>, String>,
    pub files: BatchFiles,
    pub numbers: Numbers,
    /// Who takes what is committed without reading it back.
    pub fresh: &'a Fresh,
    pub writes: Writes,
    /// Whether a command may have appended to the audit.
    pub audited: bool,
}

impl Batch<'_> {
    /// A limit that runs on a dossier.
    pub fn watched(&self, dossier: &str, limit: Watched) -> Option<&WatchRow> {
        self.watches.get(&(dossier.to_owned(), limit))
    }

    /// A limit begins on a dossier, or begins anew.
    pub fn begin(&mut self, dossier: &str, deadline: Deadline) {
        let name = (dossier.to_owned(), deadline.limit);
        let before = self.watches.insert(name.clone(), limits::row(dossier, deadline));
        self.ended(name, before.as_ref());
    }

    /// A limit no longer runs on a dossier.
    pub fn end(&mut self, dossier: &str, limit: Watched) {
        let name = (dossier.to_owned(), limit);
        if let Some(before) = self.watches.remove(&name) {
            self.ended(name, Some(&before));
        }
    }

    /// What was told of a limit is over.
    fn ended(&mut self, name: (String, Watched), before: Option<&WatchRow>) {
        self.writes.clocked.insert(name.0.clone());
        if before.is_some_and(limits::is_told) || self.writes.watches.contains_key(&name) {
            self.writes.watches.insert(name, None);
        }
    }

    /// Something is told of a limit.
    pub fn told_of(&mut self, limit: Watched, row: WatchRow) {
        let name = (row.dossier.clone(), limit);
        self.writes.clocked.insert(row.dossier.clone());
        self.watches.insert(name.clone(), row.clone());
        self.writes.watches.insert(name, Some(row));
    }

    /// Claims a name for a dossier; false when another dossier has it.
    pub fn claim(&mut self, kind: NaturalKind, tenant: &str, value: &str, dossier: &str) -> bool {
        let key = (kind, tenant.to_owned(), value.to_owned());
        match self.natural.get(&key) {
            Some(holder) => holder == dossier,
            None => {
                self.writes.natural.push(NaturalKeyRow {
                    kind: Word(kind),
                    tenant: tenant.to_owned(),
                    value: value.to_owned(),
                    dossier: dossier.to_owned(),
                });
                self.natural.insert(key, dossier.to_owned());
                true
            }
        }
    }
}
