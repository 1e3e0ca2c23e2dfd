//! `audit verify`: is the history whole and unchanged, and are the rows beside it what it says?
//!
//! Here the chain: blocks, their events, what operators did, who read what. [`super::proven`] holds the rows against it.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::walked::{AuditReport, Told, Walked};
use super::{event_bytes, proven};
use crate::domain::event::EventKind;
use crate::domain::lifecycle;
use crate::domain::seal::{self, ChainEnd, GENESIS};
use crate::domain::sha256::Sha256;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::cipher::Cipher;
use crate::store::conn::{Conn, on_backend};
use crate::store::rows::*;
use crate::store::seals::{HEAD, KeptEvent, newest_head};
use crate::store::tables::*;

/// Blocks looked at in one query.
const PAGE: i64 = 200;

/// Walks the whole chain: every leaf, root and link, every event replayed, every act and read; then every row is compared with what
/// was sealed of it. Memory grows with the rows that stand, 32 bytes each, not with the events. Everything is read as it stood at one
/// moment, so a hub at work is no finding. With `kept`, a hash of a head that was copied elsewhere, it says whether that is part of
/// this history.
///
/// # Errors
/// What the database says. What is wrong with the history is no error: the report has it.
pub fn verify(conn: &mut Conn, cipher: &Cipher, kept: Option<&Sha256>) -> Result<AuditReport, StoreError> {
    let begin = match conn {
        Conn::Pg(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        Conn::Sqlite(_) => "BEGIN",
    };
    on_backend!(conn, c => c.batch_execute(begin))?;
    let report = verify_here(conn, cipher, kept);
    let ended = on_backend!(conn, c => c.batch_execute("ROLLBACK"));
    let report = report?;
    ended?;
    Ok(report)
}

/// As [`verify`], inside a transaction of the caller's.
///
/// # Errors
/// As [`verify`].
pub fn verify_here(
    conn: &mut Conn,
    cipher: &Cipher,
    kept: Option<&Sha256>,
) -> Result<AuditReport, StoreError> {
    let head: HeadRow = on_backend!(conn, c => newest_head!().select(HeadRow::as_select()).get_result(c))?;
    let mut walk = Walk {
        report: AuditReport {
            head: hex::encode(&head.hash),
            kept_head_found: kept.map(|_| false),
            ..AuditReport::default()
        },
        walked: Walked::default(),
        acts: BEGIN,
        reads: BEGIN,
    };
    walk.chain(conn, cipher, &head, kept)?;
    let Walk {
        mut report,
        mut walked,
        ..
    } = walk;
    proven::compare(conn, cipher, &mut walked, &mut report)?;
    Ok(report)
}

const BEGIN: ChainEnd = ChainEnd {
    number: 0,
    hash: GENESIS,
};

struct Walk {
    report: AuditReport,
    walked: Walked,
    acts: ChainEnd,
    reads: ChainEnd,
}

impl Walk {
    fn chain(
        &mut self,
        conn: &mut Conn,
        cipher: &Cipher,
        head: &HeadRow,
        kept: Option<&Sha256>,
    ) -> Result<(), StoreError> {
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
                if block.number != number || block.first_seq != seq + 1 {
                    self.report
                        .wrong(format!("block {}", block.number), "is not the next one");
                    number = block.number;
                }
                let mut of_block = Vec::new();
                while rows.peek().is_some_and(|r| r.seq < block.first_seq + block.count) {
                    of_block.extend(rows.next());
                }
                self.block(block, &of_block, &previous);
                self.acts_until(conn, block)?;
                self.reads_until(conn, block)?;
                previous = hash(&block.hash);
                if kept == Some(&previous) {
                    self.report.kept_head_found = Some(true);
                }
                seq = block.first_seq + block.count - 1;
                self.report.blocks += 1;
                self.report.events += of_block.len() as i64;
                for row in of_block {
                    self.replay(cipher, row, block.number);
                }
            }
        }
        self.end(conn, cipher, head, (number, seq, previous))
    }

    fn block(&mut self, block: &BlockRow, events: &[EventRow], previous: &Sha256) {
        let place = format!("block {}", block.number);
        let leaves: Vec<Sha256> = events.iter().map(|e| hash(&e.leaf)).collect();
        if events.len() as i64 != block.count || block.root != seal::root(&leaves).as_bytes() {
            self.report.wrong(&place, "its events are not those it sealed");
        }
        if block.previous != previous.as_bytes() {
            self.report.wrong(&place, "does not follow the one before");
        }
        let sealed = seal::Block {
            number: block.number,
            first_seq: block.first_seq,
            count: block.count,
            at_micros: block.at.0.as_micros(),
            root: hash(&block.root),
            acts: ChainEnd {
                number: block.acts,
                hash: hash(&block.acts_hash),
            },
            reads: ChainEnd {
                number: block.reads,
                hash: hash(&block.reads_hash),
            },
        };
        if block.hash != sealed.hash(previous).as_bytes() {
            self.report.wrong(&place, "its seal is broken");
        }
    }

    /// Holds what operators did up to a block against what it sealed.
    fn acts_until(&mut self, conn: &mut Conn, block: &BlockRow) -> Result<(), StoreError> {
        while self.acts.number < block.acts {
            let rows: Vec<AuditRow> = on_backend!(conn, c => audit::table
                .filter(audit::number.gt(self.acts.number)).filter(audit::number.le(block.acts))
                .order(audit::number).limit(1000).select(AuditRow::as_select()).load(c))?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                let link = seal::link(&self.acts.hash, &row.digest());
                if row.number != self.acts.number + 1 || row.hash != link.as_bytes() {
                    let place = format!("act {}", row.number);
                    self.report
                        .wrong(place, "was changed, or one before it is missing");
                }
                self.report.acts += 1;
                self.acts = ChainEnd {
                    number: row.number,
                    hash: hash(&row.hash),
                };
                let changed = row
                    .rows
                    .as_deref()
                    .map(serde_json::from_str::<BTreeMap<String, Sha256>>);
                match changed.transpose() {
                    Ok(changed) => self.walked.register.extend(changed.unwrap_or_default()),
                    Err(_) => self.report.wrong(format!("act {}", row.number), "cannot be read"),
                }
            }
        }
        if (self.acts.number, self.acts.hash.as_bytes().as_slice())
            != (block.acts, block.acts_hash.as_slice())
        {
            let place = format!("block {}", block.number);
            self.report
                .wrong(place, "what operators did is not what it sealed");
            self.acts = ChainEnd {
                number: block.acts,
                hash: hash(&block.acts_hash),
            };
        }
        Ok(())
    }

    /// Holds the log of reads up to a block against what it sealed.
    fn reads_until(&mut self, conn: &mut Conn, block: &BlockRow) -> Result<(), StoreError> {
        while self.reads.number < block.reads {
            let rows: Vec<ReadRow> = on_backend!(conn, c => reads::table
                .filter(reads::number.gt(self.reads.number)).filter(reads::number.le(block.reads))
                .order(reads::number).limit(1000).select(ReadRow::as_select()).load(c))?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                self.report.reads += 1;
                self.reads = ChainEnd {
                    number: row.number,
                    hash: seal::link(&self.reads.hash, &row.digest()),
                };
            }
        }
        if (self.reads.number, self.reads.hash.as_bytes().as_slice())
            != (block.reads, block.reads_hash.as_slice())
        {
            let place = format!("block {}", block.number);
            self.report.wrong(place, "the log of reads is not what it sealed");
            self.reads = ChainEnd {
                number: block.reads,
                hash: hash(&block.reads_hash),
            };
        }
        Ok(())
    }

    fn replay(&mut self, cipher: &Cipher, row: EventRow, block: i64) {
        let place = format!("event {}", row.seq);
        let salt = row.salt.as_slice().try_into().unwrap_or_default();
        let (leaf, at) = (row.leaf.clone(), row.at);
        let (id, dossier, number) = (row.id.clone(), row.dossier.clone(), row.number);
        if row.block != block {
            self.report.wrong(&place, "names another block than its own");
        }
        let Ok(bytes) = event_bytes(cipher, row) else {
            self.report.wrong(&place, "cannot be decrypted");
            return;
        };
        if leaf != seal::leaf(&salt, &bytes).as_bytes() {
            self.report.wrong(&place, "was changed");
        }
        let Ok(KeptEvent { event, seal }) = serde_json::from_slice::<KeptEvent>(&bytes) else {
            self.report.wrong(&place, "cannot be read");
            return;
        };
        let before = self.walked.dossiers.remove(&dossier);
        if event.dossier.to_string() != dossier
            || event.number != number
            || event.at != at.0
            || event.id.to_string() != id
            || number != before.as_ref().map_or(1, |told| told.state.events + 1)
        {
            self.report.wrong(&place, "is out of order in its dossier");
        }
        let (state, mut told) = match before {
            Some(Told {
                state,
                row,
                rows,
                left,
                amended,
            }) => (Some(state), (row, rows, left, amended)),
            None => (None, (None, Vec::new(), Vec::new(), 0)),
        };
        if let Some(seal) = seal {
            told.0 = seal.dossier.0.first().copied();
            told.1.extend(seal.rows.0);
            told.2
                .extend(seal.left.into_iter().map(|tenant| (tenant, event.at)));
        }
        if matches!(event.what, EventKind::Amended { .. }) {
            told.3 = event.number;
        }
        let told = Told {
            state: lifecycle::evolve(state, &event.what, event.when()),
            row: told.0,
            rows: told.1,
            left: told.2,
            amended: told.3,
        };
        self.walked.dossiers.insert(dossier, told);
    }

    /// Holds the head against the last block, and looks for what lies beyond it.
    fn end(
        &mut self,
        conn: &mut Conn,
        cipher: &Cipher,
        head: &HeadRow,
        (number, seq, previous): (i64, i64, Sha256),
    ) -> Result<(), StoreError> {
        let last: Option<BlockRow> = on_backend!(conn, c => blocks::table
            .order(blocks::number.desc()).select(BlockRow::as_select()).first(c).optional())?;
        let at = last
            .as_ref()
            .map_or(Timestamp::from_micros(0), |block| block.at.0);
        let beyond = last.is_some_and(|block| block.number != number);
        if (head.block, head.seq, head.hash.as_slice()) != (number, seq, previous.as_bytes().as_slice())
            || (head.acts, head.acts_hash.as_slice())
                != (self.acts.number, self.acts.hash.as_bytes().as_slice())
            || (head.reads, head.reads_hash.as_slice())
                != (self.reads.number, self.reads.hash.as_bytes().as_slice())
            || head.at.0 != at
            || head.id != 1
            || beyond
        {
            self.report.wrong("head", "is not the last block");
        }
        let sealed = cipher.blind(HEAD, previous.as_bytes());
        if head.block > 0 && head.seal.as_deref() != Some(sealed.as_slice()) {
            self.report
                .wrong("head", "its seal was not made by a hub of these keys");
        }
        let counts: [(&str, i64, i64); 3] = [
            (
                "events",
                self.report.events,
                on_backend!(conn, c => events::table.count().get_result(c))?,
            ),
            (
                "audit",
                self.acts.number,
                on_backend!(conn, c => audit::table.count().get_result(c))?,
            ),
            (
                "reads",
                self.reads.number,
                on_backend!(conn, c => reads::table.count().get_result(c))?,
            ),
        ];
        for (table, sealed, there) in counts {
            if there > sealed {
                self.report.wrong(table, "there are rows that no block sealed");
            }
        }
        Ok(())
    }
}

/// What is not 32 bytes long is no hash, and becomes one that matches nothing.
fn hash(bytes: &[u8]) -> Sha256 {
    bytes.try_into().unwrap_or(GENESIS)
}
