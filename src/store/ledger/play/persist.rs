//! Writing a batch: one statement a table, one block over its events, one step of the chain, the commit.

use std::collections::BTreeMap;

use diesel::prelude::*;
use rand::Rng;

use super::committed::Committed;
use crate::domain::attachment::FileKind;
use crate::domain::clocks::Watched;
use crate::domain::event::Event;
use crate::domain::failure::Failure;
use crate::domain::seal::{self, ChainEnd};
use crate::domain::sha256::Sha256;
use crate::domain::view::DeliveryState;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::ledger::batch::{AnsweredBy, Batch};
use crate::store::ledger::carry::sends;
use crate::store::ledger::{audit, refuse};
use crate::store::limits;
use crate::store::moment::At;
use crate::store::of_row;
use crate::store::rows::*;
use crate::store::script::{Clash, Script};
use crate::store::seals::{HEAD, KeptEvent, RowSeal, left_by};
use crate::store::state::is_with;
use crate::store::tables::*;
use crate::store::under_way::UNDER_WAY;
use crate::store::word::Word;

/// Events as they are kept, and the same as they were, each with its length.
type Encrypted = (Vec<EventRow>, Vec<(i64, Event, usize)>);

impl Batch<'_> {
    /// Writes everything, seals it, commits.
    pub(super) fn commit(mut self, conn: &mut Conn) -> Result<Committed, StoreError> {
        if let Some(column) = self.unstorable() {
            return Err(StoreError::Unstorable(column.to_owned()));
        }
        self.set_clocks()?;
        self.keep_at_hand();
        let reads = self.number_reads()?;
        let told = std::mem::take(&mut self.writes.told);
        let (rows, events) = self.encrypt(told)?;
        let w = &self.writes;
        for (dossier, tenant, role) in &w.left {
            on_backend!(conn, c => diesel::update(dossier_parties::table
                    .filter(dossier_parties::dossier.eq(dossier)).filter(dossier_parties::role.eq(Word(*role)))
                    .filter(dossier_parties::tenant.eq(tenant)).filter(dossier_parties::until.is_null()))
                .set(dossier_parties::until.eq(Some(At(self.now)))).execute(c))?;
            if !self.is_still_with(dossier, tenant)? {
                withdraw(conn, self.now.into(), dossier, tenant)?;
            }
        }
        for (actor, action) in &w.actions {
            // The reason may name a person; it is in the event, encrypted.
            audit::append(conn, self.now, actor, None, [action])?;
        }
        refuse::persist(conn, &w.refusals)?;
        let acts = if self.audited || !w.actions.is_empty() {
            audit::end(conn)?
        } else {
            ChainEnd {
                number: self.head.acts,
                hash: of_row::sha256(&self.head.acts_hash)?,
            }
        };
        let mut script = Script::on(conn);
        script.write(&w.submissions, Clash::Fails)?;
        script.write(&w.contents, Clash::Fails)?;
        let touched = w.touched.iter().filter_map(|id| self.dossiers.get(id));
        script.write(touched, DOSSIER_CHANGES)?;
        script.write(&w.parties, Clash::Fails)?;
        script.write(&w.natural, Clash::Fails)?;
        script.write(&self.numbers.rows(), COUNTER_CHANGES)?;
        script.write(&w.keys, Clash::Fails)?;
        script.write(&w.feed, Clash::Fails)?;
        script.write(&w.deliveries, Clash::Fails)?;
        write_watches(&mut script, &w.watches)?;
        script.write(&w.alarms, Clash::Fails)?;
        script.write(&w.irregularities, Clash::Fails)?;
        count_irregular(&mut script, &w.irregularities)?;
        mark_answered(&mut script, self.now.into(), &w.answered)?;
        self.persist_files(&mut script)?;
        self.seal(&mut script, rows, acts, reads)?;
        script.commit()?;
        let issuing = self.numbers.settled();
        Ok(Committed::of(&mut self.writes, &self.dossiers, events, issuing))
    }

    /// Puts the limits that run into the rows of their dossiers.
    fn set_clocks(&mut self) -> Result<(), StoreError> {
        let mut limits: BTreeMap<&str, Vec<&WatchRow>> = BTreeMap::new();
        for row in self.watches.values() {
            if self.writes.clocked.contains(&row.dossier) {
                limits.entry(&row.dossier).or_default().push(row);
            }
        }
        for id in &self.writes.clocked {
            if let Some(row) = self.dossiers.get_mut(id) {
                let of_dossier = limits.remove(id.as_str()).unwrap_or_default();
                (row.running, row.look_at) = limits::packed(&of_dossier)?;
                self.writes.touched.insert(id.clone());
            }
        }
        Ok(())
    }

    /// A later command of the batch may have changed what a message says, or whom it is for: it waits in the outbox like others.
    fn keep_at_hand(&mut self) {
        let (dossiers, deliveries) = (&self.dossiers, &mut self.writes.deliveries);
        self.writes.at_hand.retain(|one| {
            let dossier = dossiers.get(&one.delivery.dossier);
            let stands = dossier.is_some_and(|row| {
                row.version == one.version && row.agency.as_ref() == Some(&one.delivery.agency)
            });
            if let Some(row) = deliveries
                .iter_mut()
                .find(|row| !stands && row.id == one.delivery.id)
            {
                (row.send_leased_until, row.send_attempts) = (None, 0);
            }
            stands
        });
    }

    /// Gives the batch's reads their places in the log of reads, and says how far it has come with them.
    fn number_reads(&mut self) -> Result<ChainEnd, StoreError> {
        let mut end = ChainEnd {
            number: self.head.reads,
            hash: of_row::sha256(&self.head.reads_hash)?,
        };
        for row in &mut self.writes.reads {
            end.number += 1;
            row.number = end.number;
            end.hash = seal::link(&end.hash, &row.digest());
        }
        Ok(end)
    }

    /// Whether a tenant whose part has ended has the dossier in another part all the same.
    fn is_still_with(&self, dossier: &str, tenant: &str) -> Result<bool, StoreError> {
        match (self.dossiers.get(dossier), tenant.strip_prefix("agency.")) {
            (Some(row), Some(agency)) => is_with(row.agency.as_deref(), row.tasks.as_deref(), agency),
            _ => Ok(false),
        }
    }

    /// What the last event of each dossier seals of the rows beside it.
    fn row_seals(&self, told: &[(i64, Event)]) -> BTreeMap<i64, RowSeal> {
        let mut last: BTreeMap<String, i64> = BTreeMap::new();
        for (seq, event) in told {
            last.insert(event.dossier.to_string(), *seq);
        }
        let mut seals: BTreeMap<i64, RowSeal> = BTreeMap::new();
        for (id, seq) in &last {
            let row = self.dossiers.get(id).map(DossierRow::digest);
            seals.entry(*seq).or_default().dossier.0.extend(row);
        }
        let w = &self.writes;
        let added = (w.submissions.iter().map(|row| (&row.dossier, row.digest())))
            .chain(w.contents.iter().map(|row| (&row.dossier, row.digest())))
            .chain(w.parties.iter().map(|row| (&row.dossier, row.digest())))
            .chain(w.natural.iter().map(|row| (&row.dossier, row.digest())))
            .chain(w.attachments.iter().map(|row| (&row.dossier, row.digest())))
            .chain(w.deliveries.iter().map(|row| (&row.dossier, row.digest())));
        for (dossier, digest) in added {
            if let Some(seq) = last.get(dossier) {
                seals.entry(*seq).or_default().rows.0.push(digest);
            }
        }
        for (dossier, tenant, role) in &w.left {
            if let Some(seq) = last.get(dossier) {
                seals.entry(*seq).or_default().left.push(left_by(tenant, *role));
            }
        }
        seals
    }

    /// Encodes, salts, hashes and encrypts the batch's events, and gives them back with their lengths. The block's number is filled in when
    /// the block is made.
    fn encrypt(&mut self, told: Vec<(i64, Event)>) -> Result<Encrypted, StoreError> {
        let mut seals = self.row_seals(&told);
        let mut rows = Vec::with_capacity(told.len());
        let mut events = Vec::with_capacity(told.len());
        for (seq, event) in told {
            let (id, at) = (event.id.to_string(), event.at);
            let (dossier, number) = (event.dossier.to_string(), event.number);
            let kept = KeptEvent {
                event,
                seal: seals.remove(&seq),
            };
            let bytes = serde_json::to_vec(&kept).map_err(|e| StoreError::Corrupt(e.to_string()))?;
            let mut salt = [0u8; 32];
            self.rng.fill_bytes(&mut salt);
            let sealed = self.cipher.seal(&id, &bytes, self.rng)?;
            rows.push(EventRow {
                seq,
                at: At(at),
                id,
                dossier,
                number,
                block: 0,
                salt: salt.to_vec(),
                leaf: seal::leaf(&salt, &bytes).as_bytes().to_vec(),
                key_id: sealed.key_id,
                nonce: sealed.nonce,
                ciphertext: sealed.ciphertext,
            });
            events.push((seq, kept.event, bytes.len()));
        }
        Ok((rows, events))
    }

    /// A column for which the batch has computed a value that no database holds, as a limit beyond the calendar. What came in was
    /// looked at before.
    fn unstorable(&self) -> Option<&'static str> {
        let w = &self.writes;
        let mut dossiers = w.touched.iter().filter_map(|id| self.dossiers.get(id));
        let mut limits = self
            .watches
            .values()
            .filter(|row| w.clocked.contains(&row.dossier));
        dossiers
            .find_map(DossierRow::unstorable)
            .or_else(|| limits.find_map(WatchRow::unstorable))
            .or_else(|| w.natural.iter().find_map(NaturalKeyRow::unstorable))
            .or_else(|| w.alarms.iter().find_map(AlarmRow::unstorable))
    }

    /// Writes what the batch made of the files.
    fn persist_files(&self, script: &mut Script<'_>) -> Result<(), StoreError> {
        let w = &self.writes;
        let shelved = w.shelved.iter().filter_map(|place| self.files.blobs.get(place));
        script.write(shelved, BLOB_CHANGES)?;
        script.write(&w.attachments, Clash::Fails)?;
        for (dossier, blind, tenant) in &w.arrived {
            script.run(
                diesel::update(
                    attachments::table
                        .filter(attachments::dossier.eq(dossier))
                        .filter(attachments::blind.eq(blind))
                        .filter(attachments::tenant.eq(tenant))
                        .filter(attachments::arrived_at.is_null()),
                )
                .set(attachments::arrived_at.eq(Some(At(self.now)))),
            )?;
        }
        for (dossier, number) in &w.superseded {
            script.run(
                diesel::update(
                    attachments::table
                        .filter(attachments::dossier.eq(dossier))
                        .filter(attachments::number.lt(number))
                        .filter(attachments::kind.eq(Word(FileKind::Filing))),
                )
                .set(attachments::superseded.eq(true)),
            )?;
        }
        script.write(&w.wraps, Clash::Stays)?;
        script.write(&w.reads, Clash::Fails)
    }

    /// Seals the commit: its events, and how far the acts of operators and the log of reads have come.
    fn seal(
        &self,
        script: &mut Script<'_>,
        mut events: Vec<EventRow>,
        acts: ChainEnd,
        reads: ChainEnd,
    ) -> Result<(), StoreError> {
        let before = (self.head.acts, self.head.reads);
        if events.is_empty() && before == (acts.number, reads.number) {
            return Ok(());
        }
        let leaves: Vec<Sha256> = events
            .iter()
            .map(|e| of_row::sha256(&e.leaf))
            .collect::<Result<_, _>>()?;
        let block = seal::Block {
            number: self.head.block + 1,
            first_seq: self.head.seq + 1,
            count: events.len() as i64,
            at_micros: self.now.as_micros(),
            root: seal::root(&leaves),
            acts,
            reads,
        };
        let previous = of_row::sha256(&self.head.hash)?;
        let sealed = block.hash(&previous);
        for event in &mut events {
            event.block = block.number;
        }
        script.write(&events, Clash::Fails)?;
        let row = BlockRow {
            number: block.number,
            first_seq: block.first_seq,
            count: block.count,
            at: At(self.now),
            root: block.root.as_bytes().to_vec(),
            acts: acts.number,
            acts_hash: acts.hash.as_bytes().to_vec(),
            reads: reads.number,
            reads_hash: reads.hash.as_bytes().to_vec(),
            previous: previous.as_bytes().to_vec(),
            hash: sealed.as_bytes().to_vec(),
        };
        script.write([&row], Clash::Fails)?;
        let head = HeadRow {
            id: self.head.id,
            block: block.number,
            seq: self.head.seq + block.count,
            hash: sealed.as_bytes().to_vec(),
            at: At(self.now),
            acts: acts.number,
            acts_hash: acts.hash.as_bytes().to_vec(),
            reads: reads.number,
            reads_hash: reads.hash.as_bytes().to_vec(),
            seal: Some(self.cipher.blind(HEAD, sealed.as_bytes()).to_vec()),
        };
        script.run(diesel::delete(
            head::table.filter(head::block.eq(self.head.block)),
        ))?;
        script.write([&head], Clash::Fails)
    }
}

/// What a dossier was filed as stays as it was filed.
const DOSSIER_CHANGES: Clash = Clash::Changes {
    key: &["id"],
    but: &[
        "tenant",
        "reference",
        "point",
        "receiving_unit",
        "channel",
        "assisted",
        "received_at",
    ],
};

const BLOB_CHANGES: Clash = Clash::Changes {
    key: &["blind", "tenant"],
    but: &[],
};

const COUNTER_CHANGES: Clash = Clash::Changes {
    key: &["day", "unit"],
    but: &[],
};

const WATCH_CHANGES: Clash = Clash::Changes {
    key: &["dossier", "kind"],
    but: &[],
};

fn write_watches(
    script: &mut Script<'_>,
    changed: &BTreeMap<(String, Watched), Option<WatchRow>>,
) -> Result<(), StoreError> {
    script.write(changed.values().flatten(), WATCH_CHANGES)?;
    for limit in Watched::ALL {
        let ended = changed
            .iter()
            .filter(|((_, l), row)| *l == limit && row.is_none());
        let ended: Vec<&str> = ended.map(|((dossier, _), _)| dossier.as_str()).collect();
        if !ended.is_empty() {
            script.run(diesel::delete(
                watches::table
                    .filter(watches::kind.eq(limit.word()))
                    .filter(watches::dossier.eq_any(ended)),
            ))?;
        }
    }
    Ok(())
}

/// Adds what this batch did although a rule was broken to the figures of its day.
fn count_irregular(script: &mut Script<'_>, rows: &[IrregularityRow]) -> Result<(), StoreError> {
    let mut counts: BTreeMap<(String, String, String), i64> = BTreeMap::new();
    for row in rows {
        let agency = row.agency.clone().unwrap_or_default();
        let name = (row.at.0.date().to_string(), agency, row.label.clone());
        *counts.entry(name).or_default() += 1;
    }
    for ((day, agency, label), count) in counts {
        let row = IrregularCountRow {
            day,
            agency,
            label,
            count,
        };
        script.run(
            diesel::insert_into(irregular_counts::table)
                .values(&row)
                .on_conflict((
                    irregular_counts::day,
                    irregular_counts::agency,
                    irregular_counts::label,
                ))
                .do_update()
                .set(irregular_counts::count.eq(irregular_counts::count + row.count)),
        )?;
    }
    Ok(())
}

/// An agency whose part ended gets nothing more: what has not reached it is for the operator to know, not for it to read.
fn withdraw(conn: &mut Conn, now: At, dossier: &str, tenant: &str) -> Result<(), StoreError> {
    let Some(agency) = tenant.strip_prefix("agency.") else {
        return Ok(());
    };
    // By the dossier alone: an agency that ends may have much on its way, and is left by one dossier after the other.
    let of_dossier: Vec<(String, String, Word<DeliveryState>)> = on_backend!(conn, c => deliveries::table
        .filter(deliveries::dossier.eq(dossier))
        .select((deliveries::id, deliveries::agency, deliveries::state))
        .load(c))?;
    let on_its_way: Vec<String> = of_dossier
        .into_iter()
        .filter(|(_, to, state)| to == agency && UNDER_WAY.contains(state))
        .map(|(id, _, _)| id)
        .collect();
    on_backend!(conn, c => diesel::update(deliveries::table.filter(deliveries::id.eq_any(&on_its_way)))
        .set((
            deliveries::state.eq(Word(DeliveryState::Parked)),
            deliveries::since.eq(now),
            deliveries::failure.eq(Some(Word(Failure::Withdrawn))),
            sends(None),
        ))
        .execute(c))?;
    Ok(())
}

/// A business status is the best acknowledgement: what the agency has in hand counts as understood. What a puller has not taken
/// stays to be taken; what lies in the own queue of an AMQP agency it has read, since it answers.
fn mark_answered(script: &mut Script<'_>, now: At, answered: &[AnsweredBy]) -> Result<(), StoreError> {
    let (handed, queued) = (Word(DeliveryState::Handed), Word(DeliveryState::Queued));
    for (own_queue, states) in [(false, vec![handed]), (true, vec![handed, queued])] {
        let ids: Vec<&str> = answered
            .iter()
            .filter(|a| a.own_queue == own_queue && a.agency.is_none())
            .map(|a| a.dossier.as_str())
            .collect();
        if ids.is_empty() {
            continue;
        }
        let in_hand = deliveries::table
            .filter(deliveries::dossier.eq_any(ids))
            .filter(deliveries::state.eq_any(states));
        let acknowledged = (
            deliveries::state.eq(Word(DeliveryState::Acknowledged)),
            deliveries::since.eq(now),
        );
        script.run(diesel::update(in_hand).set(acknowledged))?;
    }
    for answer in answered {
        let Some(agency) = &answer.agency else { continue };
        let states = match answer.own_queue {
            false => vec![handed],
            true => vec![handed, queued],
        };
        let in_hand = deliveries::table
            .filter(deliveries::dossier.eq(&answer.dossier))
            .filter(deliveries::agency.eq(agency))
            .filter(deliveries::state.eq_any(states));
        let acknowledged = (
            deliveries::state.eq(Word(DeliveryState::Acknowledged)),
            deliveries::since.eq(now),
        );
        script.run(diesel::update(in_hand).set(acknowledged))?;
    }
    Ok(())
}
