//! `audit verify`: is the history whole, unchanged, and what the state rows say?

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::{event_bytes, operated, state_of};
use crate::domain::event::Event;
use crate::domain::lifecycle::{self, State};
use crate::domain::seal::{self, GENESIS};
use crate::store::StoreError;
use crate::store::cipher::Cipher;
use crate::store::conn::{Conn, on_backend};
use crate::store::rows::*;
use crate::store::tables::*;

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where: a block, an event, a dossier.
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
    /// The head's hash, in hexadecimal; a copy of it proves all history before.
    pub head: String,
    /// Accepted dossiers whose due date no event says: it was set before due dates were kept as events, and nothing proves it.
    pub unproven_due_dates: i64,
    /// What is wrong; empty when all is well.
    pub findings: Vec<Finding>,
}

/// Blocks looked at in one query.
const PAGE: i64 = 200;

/// Walks the whole chain: every leaf, root and link, every event replayed, every state row compared. Memory grows with the number
/// of dossiers, not of events. Everything is read as it stood at one moment, so a hub at work is no finding.
pub fn verify(conn: &mut Conn, cipher: &Cipher) -> Result<AuditReport, StoreError> {
    let begin = match conn {
        Conn::Pg(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        Conn::Sqlite(_) => "BEGIN",
    };
    on_backend!(conn, c => c.batch_execute(begin))?;
    let report = walk(conn, cipher);
    let ended = on_backend!(conn, c => c.batch_execute("ROLLBACK"));
    let report = report?;
    ended?;
    Ok(report)
}

fn walk(conn: &mut Conn, cipher: &Cipher) -> Result<AuditReport, StoreError> {
    let head: HeadRow = on_backend!(conn, c => head::table.select(HeadRow::as_select()).first(c))?;
    let mut report = AuditReport {
        head: hex::encode(&head.hash),
        ..AuditReport::default()
    };
    let mut states: BTreeMap<String, State> = BTreeMap::new();
    let (mut previous, mut number, mut seq) = (GENESIS, 0i64, 0i64);
    loop {
        let blocks: Vec<BlockRow> = on_backend!(conn, c => blocks::table
            .filter(blocks::number.gt(number)).filter(blocks::number.le(head.block))
            .order(blocks::number).limit(PAGE).select(BlockRow::as_select()).load(c))?;
        let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else {
            break;
        };
        let rows: Vec<EventRow> = on_backend!(conn, c => events::table
            .filter(events::seq.ge(first.first_seq)).filter(events::seq.lt(last.first_seq + last.count))
            .order(events::seq).select(EventRow::as_select()).load(c))?;
        let mut rows = rows.into_iter().peekable();
        for block in &blocks {
            number += 1;
            let place = format!("block {}", block.number);
            let mut wrong = |what: &str| {
                report.findings.push(Finding {
                    place: place.clone(),
                    what: what.to_owned(),
                });
            };
            if block.number != number || block.first_seq != seq + 1 {
                wrong("is not the next one");
                number = block.number;
            }
            let mut of_block = Vec::new();
            while rows.peek().is_some_and(|r| r.seq < block.first_seq + block.count) {
                of_block.extend(rows.next());
            }
            let leaves: Vec<seal::Hash> = of_block.iter().map(|e| hash(&e.leaf)).collect();
            let root = seal::root(&leaves);
            if of_block.len() as i64 != block.count || root.as_slice() != block.root {
                wrong("its events are not those it sealed");
            }
            if block.previous != previous {
                wrong("does not follow the one before");
            }
            let sealed = seal::block_hash(
                &previous,
                block.number,
                block.first_seq,
                block.count,
                block.at.0.as_micros(),
                &hash(&block.root),
            );
            if sealed.as_slice() != block.hash {
                wrong("its seal is broken");
            }
            previous = hash(&block.hash);
            seq = block.first_seq + block.count - 1;
            report.blocks += 1;
            report.events += of_block.len() as i64;
            for row in of_block {
                replay(cipher, row, &mut states, &mut report.findings)?;
            }
        }
    }
    if head.block != number || head.seq != seq || previous.as_slice() != head.hash {
        report.findings.push(Finding {
            place: "head".to_owned(),
            what: "is not the last block".to_owned(),
        });
    }
    compare(conn, &states, &mut report)?;
    walk_acts(conn, &mut report)?;
    Ok(report)
}

/// Holds every act of an operator against the one before it.
fn walk_acts(conn: &mut Conn, report: &mut AuditReport) -> Result<(), StoreError> {
    let (mut previous, mut number) = (GENESIS, 0i64);
    loop {
        let rows: Vec<AuditRow> = on_backend!(conn, c => audit::table
            .filter(audit::number.gt(number)).order(audit::number).limit(1000).select(AuditRow::as_select()).load(c))?;
        if rows.is_empty() {
            return Ok(());
        }
        for row in rows {
            number += 1;
            report.acts += 1;
            let (found, kept) = (row.number, hash(&row.hash));
            let sealed = operated::entry(row)
                .ok()
                .and_then(|entry| entry.hash(&previous).ok());
            if found != number || sealed != Some(kept) {
                report.findings.push(Finding {
                    place: format!("act {found}"),
                    what: "was changed, or one before it is missing".to_owned(),
                });
                number = found;
            }
            previous = kept;
        }
    }
}

/// What is not 32 bytes long is no hash, and becomes one that matches nothing.
fn hash(bytes: &[u8]) -> seal::Hash {
    bytes.try_into().unwrap_or_default()
}

fn replay(
    cipher: &Cipher,
    row: EventRow,
    states: &mut BTreeMap<String, State>,
    findings: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    let place = format!("event {}", row.seq);
    let mut wrong = |what: &str| {
        findings.push(Finding {
            place: place.clone(),
            what: what.to_owned(),
        });
    };
    let (salt, leaf, dossier, number) = (hash(&row.salt), row.leaf.clone(), row.dossier.clone(), row.number);
    let Ok(bytes) = event_bytes(cipher, row) else {
        wrong("cannot be decrypted");
        return Ok(());
    };
    if seal::leaf(&salt, &bytes).as_slice() != leaf {
        wrong("was changed");
    }
    let Ok(event) = serde_json::from_slice::<Event>(&bytes) else {
        wrong("cannot be read");
        return Ok(());
    };
    let before = states.remove(&dossier);
    if event.dossier.to_string() != dossier
        || event.number != number
        || number != before.as_ref().map_or(1, |s| s.events + 1)
    {
        wrong("is out of order in its dossier");
    }
    states.insert(dossier, lifecycle::evolve(before, &event.what, event.occurred_at));
    Ok(())
}

/// Whether a row differs from its events only by a due date none of them speaks of. Since acceptance writes `due-set`, this can be
/// so only of a dossier accepted before that; of any other, an edited date contradicts an event.
fn only_due_unsaid(said: &State, kept: &State) -> bool {
    let dated = State {
        due: kept.due,
        ..said.clone()
    };
    said.accepted && said.due.is_none() && dated == *kept
}

/// Holds every state row against what the events add up to, so that an edit of a row is found too.
fn compare(
    conn: &mut Conn,
    states: &BTreeMap<String, State>,
    report: &mut AuditReport,
) -> Result<(), StoreError> {
    let mut after = String::new();
    loop {
        let rows: Vec<DossierRow> = on_backend!(conn, c => dossiers::table
            .filter(dossiers::id.gt(&after)).order(dossiers::id).limit(1000).select(DossierRow::as_select()).load(c))?;
        let Some(last) = rows.last() else { break };
        after.clone_from(&last.id);
        for row in &rows {
            report.dossiers += 1;
            let what = match (states.get(&row.id), state_of(row).ok()) {
                (None, _) => "has no events",
                (Some(said), Some(kept)) if *said == kept => continue,
                (Some(said), Some(kept)) if only_due_unsaid(said, &kept) => {
                    report.unproven_due_dates += 1;
                    continue;
                }
                (Some(_), _) => "its state is not what its events say",
            };
            report.findings.push(Finding {
                place: format!("dossier {}", row.id),
                what: what.to_owned(),
            });
        }
    }
    if report.dossiers != states.len() as i64 {
        report.findings.push(Finding {
            place: "dossiers".to_owned(),
            what: "some are missing".to_owned(),
        });
    }
    Ok(())
}
