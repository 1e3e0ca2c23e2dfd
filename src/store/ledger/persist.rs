//! Writing a batch: one multi-row statement a table, one block over its events, one step of the chain.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::upsert::excluded;
use rand::Rng;

use super::batch::Batch;
use super::refuse;
use crate::domain::audit::Deed;
use crate::domain::clocks::Watched;
use crate::domain::event::Event;
use crate::domain::failure::Failure;
use crate::domain::seal;
use crate::domain::tenant::Actor;
use crate::store::StoreError;
use crate::store::cipher::Cipher;
use crate::store::conn::{Conn, on_backend};
use crate::store::moment::At;
use crate::store::rows::*;
use crate::store::tables::*;

/// Rows a batch will write.
#[derive(Default)]
pub(super) struct Writes {
    pub submissions: Vec<SubmissionRow>,
    pub contents: Vec<ContentRow>,
    pub parties: Vec<PartyRow>,
    /// Parts that end: dossier and tenant.
    pub left: Vec<(String, String)>,
    pub natural: Vec<NaturalKeyRow>,
    /// By dossier: one row each, whatever a batch does to it.
    pub likenesses: BTreeMap<String, LikenessRow>,
    /// By name: the same document refused twice in one batch is counted here.
    pub refusals: BTreeMap<String, RefusalRow>,
    pub keys: Vec<IdempotencyRow>,
    pub events: Vec<EventRow>,
    pub feed: Vec<FeedRow>,
    pub deliveries: Vec<DeliveryRow>,
    pub outbox: Vec<OutboxRow>,
    pub attachments: Vec<AttachmentRow>,
    pub wraps: Vec<WrapRow>,
    /// Files whose row changed: index and tenant.
    pub shelved: std::collections::BTreeSet<(Vec<u8>, String)>,
    /// Awaited files that are here: dossier, index, tenant.
    pub arrived: Vec<(String, Vec<u8>, String)>,
    /// Amended dossiers: files named before this event are no longer the filing's.
    pub superseded: Vec<(String, i32)>,
    pub reads: Vec<ReadRow>,
    /// What operators did, and who; the audit's.
    pub deeds: Vec<(Actor, Deed)>,
    /// Dossiers whose agency has answered, by whether it reads its own queue.
    pub answered: Vec<(String, bool)>,
    /// Limits that run as written, or no longer.
    pub watches: BTreeMap<(String, Watched), Option<WatchRow>>,
    pub alarms: Vec<AlarmRow>,
    /// Dossiers whose state row must be written.
    pub touched: BTreeSet<String>,
}

impl Writes {
    /// Encodes, salts, hashes and seals an event. The block number is filled in when the block is made.
    pub(super) fn push_event(
        &mut self,
        seq: i64,
        event: &Event,
        cipher: &Cipher,
        rng: &mut impl Rng,
    ) -> Result<(), StoreError> {
        let bytes = serde_json::to_vec(event).map_err(|e| StoreError::Corrupt(e.to_string()))?;
        let mut salt = [0u8; 32];
        rng.fill_bytes(&mut salt);
        let leaf = seal::leaf(&salt, &bytes);
        let id = event.id.to_string();
        let sealed = cipher.seal(&id, &bytes, rng)?;
        self.events.push(EventRow {
            seq,
            at: At(event.at),
            id,
            dossier: event.dossier.to_string(),
            number: event.number,
            block: 0,
            salt: salt.to_vec(),
            leaf: leaf.to_vec(),
            key_id: sealed.key_id,
            nonce: sealed.nonce,
            ciphertext: sealed.ciphertext,
        });
        Ok(())
    }
}

/// PostgreSQL binds at most 65,535 values a statement and SQLite 32,766: rows are written in pieces below both.
pub(super) const BINDS: usize = 30_000;

macro_rules! insert_all {
    ($conn:expr, $table:ident, $rows:expr, $columns:expr) => {
        for piece in $rows.chunks(BINDS / $columns) {
            on_backend!($conn, c => diesel::insert_into($table::table).values(piece).execute(c))?;
        }
    };
}

impl Batch<'_> {
    pub(super) fn persist(mut self, conn: &mut Conn) -> Result<(), StoreError> {
        let events = std::mem::take(&mut self.writes.events);
        let w = &self.writes;
        insert_all!(conn, submissions, w.submissions, 13);
        insert_all!(conn, contents, w.contents, 5);
        let rows: Vec<DossierRow> = w
            .touched
            .iter()
            .filter_map(|id| self.dossiers.get(id))
            .cloned()
            .collect();
        upsert_dossiers(conn, &rows)?;
        for (dossier, tenant) in &w.left {
            on_backend!(conn, c => diesel::update(dossier_parties::table
                    .filter(dossier_parties::dossier.eq(dossier)).filter(dossier_parties::tenant.eq(tenant)))
                .set(dossier_parties::until.eq(Some(At(self.now)))).execute(c))?;
            withdraw(conn, self.now.into(), dossier, tenant)?;
        }
        insert_all!(conn, dossier_parties, w.parties, 6);
        insert_all!(conn, natural_keys, w.natural, 4);
        upsert_likenesses(conn, &w.likenesses)?;
        insert_all!(conn, idempotency_keys, w.keys, 9);
        insert_all!(conn, feed, w.feed, 3);
        insert_all!(conn, deliveries, w.deliveries, 14);
        insert_all!(conn, outbox, w.outbox, 5);
        write_watches(conn, &w.watches)?;
        insert_all!(conn, alarms, w.alarms, 8);
        for (actor, deed) in &w.deeds {
            // The reason may name a person; it is in the event, encrypted.
            super::audit::append(conn, self.now, actor, None, [deed])?;
        }
        mark_answered(conn, self.now.into(), &w.answered)?;
        refuse::persist(conn, &w.refusals)?;
        self.persist_files(conn)?;
        self.seal(conn, events)
    }

    fn seal(self, conn: &mut Conn, mut events: Vec<EventRow>) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        let leaves: Vec<seal::Hash> = events.iter().map(|e| hash(&e.leaf)).collect::<Result<_, _>>()?;
        let (number, first_seq, count) = (self.head.block + 1, self.head.seq + 1, events.len() as i64);
        let root = seal::root(&leaves);
        let previous = hash(&self.head.hash)?;
        let sealed = seal::block_hash(&previous, number, first_seq, count, self.now.as_micros(), &root);
        for event in &mut events {
            event.block = number;
        }
        insert_all!(conn, events, events, 11);
        let block = BlockRow {
            number,
            first_seq,
            count,
            at: At(self.now),
            root: root.to_vec(),
            previous: previous.to_vec(),
            hash: sealed.to_vec(),
        };
        on_backend!(conn, c => diesel::insert_into(blocks::table).values(&block).execute(c))?;
        on_backend!(conn, c => diesel::update(head::table).set((
            head::block.eq(number),
            head::seq.eq(self.head.seq + count),
            head::hash.eq(sealed.to_vec()),
            head::at.eq(At(self.now)),
        )).execute(c))?;
        Ok(())
    }
}

/// A stored hash as 32 bytes.
pub(crate) fn hash(bytes: &[u8]) -> Result<seal::Hash, StoreError> {
    bytes
        .try_into()
        .map_err(|_| StoreError::Corrupt("a hash is not 32 bytes".to_owned()))
}

fn upsert_dossiers(conn: &mut Conn, rows: &[DossierRow]) -> Result<(), StoreError> {
    for piece in rows.chunks(BINDS / 29) {
        on_backend!(conn, c => diesel::insert_into(dossiers::table)
            .values(piece)
            .on_conflict(dossiers::id)
            .do_update()
            .set((
                dossiers::agency.eq(excluded(dossiers::agency)),
                dossiers::parked.eq(excluded(dossiers::parked)),
                dossiers::procedure.eq(excluded(dossiers::procedure)),
                dossiers::status.eq(excluded(dossiers::status)),
                dossiers::resume.eq(excluded(dossiers::resume)),
                dossiers::since.eq(excluded(dossiers::since)),
                dossiers::events.eq(excluded(dossiers::events)),
                dossiers::version.eq(excluded(dossiers::version)),
                dossiers::supplements.eq(excluded(dossiers::supplements)),
                dossiers::postponements.eq(excluded(dossiers::postponements)),
                dossiers::accepted.eq(excluded(dossiers::accepted)),
                dossiers::code.eq(excluded(dossiers::code)),
                dossiers::claimed_code.eq(excluded(dossiers::claimed_code)),
                dossiers::time_limit.eq(excluded(dossiers::time_limit)),
                dossiers::acceptance_due.eq(excluded(dossiers::acceptance_due)),
                dossiers::forecast_due.eq(excluded(dossiers::forecast_due)),
                dossiers::due.eq(excluded(dossiers::due)),
                dossiers::answered_seq.eq(excluded(dossiers::answered_seq)),
                dossiers::content_blind.eq(excluded(dossiers::content_blind)),
                dossiers::route.eq(excluded(dossiers::route)),
                dossiers::submission.eq(excluded(dossiers::submission)),
                dossiers::updated_at.eq(excluded(dossiers::updated_at)),
            ))
            .execute(c))?;
    }
    Ok(())
}

fn write_watches(
    conn: &mut Conn,
    changed: &BTreeMap<(String, Watched), Option<WatchRow>>,
) -> Result<(), StoreError> {
    let rows: Vec<&WatchRow> = changed.values().flatten().collect();
    for piece in rows.chunks(BINDS / 6) {
        on_backend!(conn, c => diesel::insert_into(watches::table)
            .values(piece.to_vec())
            .on_conflict((watches::dossier, watches::kind))
            .do_update()
            .set((
                watches::due_at.eq(excluded(watches::due_at)),
                watches::warn_at.eq(excluded(watches::warn_at)),
                watches::stage.eq(excluded(watches::stage)),
                watches::next_at.eq(excluded(watches::next_at)),
            ))
            .execute(c))?;
    }
    for limit in Watched::ALL {
        let ended = changed
            .iter()
            .filter(|((_, l), row)| *l == limit && row.is_none());
        let ended: Vec<&str> = ended.map(|((dossier, _), _)| dossier.as_str()).collect();
        if !ended.is_empty() {
            on_backend!(conn, c => diesel::delete(watches::table
                    .filter(watches::kind.eq(limit.word())).filter(watches::dossier.eq_any(&ended)))
                .execute(c))?;
        }
    }
    Ok(())
}

fn upsert_likenesses(conn: &mut Conn, rows: &BTreeMap<String, LikenessRow>) -> Result<(), StoreError> {
    let rows: Vec<LikenessRow> = rows.values().cloned().collect();
    for piece in rows.chunks(BINDS / 3) {
        on_backend!(conn, c => diesel::insert_into(likenesses::table)
            .values(piece)
            .on_conflict(likenesses::dossier)
            .do_update()
            .set((likenesses::blind.eq(excluded(likenesses::blind)), likenesses::twin.eq(excluded(likenesses::twin))))
            .execute(c))?;
    }
    Ok(())
}

/// An agency whose part ended gets nothing more: what has not reached it is for the operator to know, not for it to read.
fn withdraw(conn: &mut Conn, now: At, dossier: &str, tenant: &str) -> Result<(), StoreError> {
    let Some(agency) = tenant.strip_prefix("agency.") else {
        return Ok(());
    };
    let on_its_way: Vec<String> = on_backend!(conn, c => deliveries::table
        .filter(deliveries::dossier.eq(dossier))
        .filter(deliveries::agency.eq(agency))
        .filter(deliveries::state.eq_any(["waiting", "queued"]))
        .select(deliveries::id)
        .load(c))?;
    on_backend!(conn, c => diesel::delete(outbox::table.filter(outbox::delivery.eq_any(&on_its_way))).execute(c))?;
    on_backend!(conn, c => diesel::update(deliveries::table.filter(deliveries::id.eq_any(&on_its_way)))
        .set((
            deliveries::state.eq("parked"),
            deliveries::since.eq(now),
            deliveries::failure.eq(Some(Failure::Withdrawn.word())),
        ))
        .execute(c))?;
    Ok(())
}

/// A business status is the best acknowledgement: what the agency has in hand counts as understood. What a puller has not taken
/// stays to be taken; what lies in the own queue of an AMQP agency it has read, since it answers.
fn mark_answered(conn: &mut Conn, now: At, answered: &[(String, bool)]) -> Result<(), StoreError> {
    for (own_queue, states) in [(false, vec!["handed"]), (true, vec!["handed", "queued"])] {
        let ids: Vec<&str> = answered
            .iter()
            .filter(|a| a.1 == own_queue)
            .map(|a| a.0.as_str())
            .collect();
        if ids.is_empty() {
            continue;
        }
        on_backend!(conn, c => diesel::update(
                deliveries::table.filter(deliveries::dossier.eq_any(&ids)).filter(deliveries::state.eq_any(&states))
            )
            .set((deliveries::state.eq("acknowledged"), deliveries::since.eq(now)))
            .execute(c))?;
    }
    Ok(())
}
