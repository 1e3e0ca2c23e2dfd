//! What time takes away: answers whose keys are no longer promised, old attempts to tell submitters, old refusals; and what
//! it needs ahead: the coming months' partitions.

use diesel::prelude::*;

use super::batch::Batch;
use super::command::Command;
use super::refuse;
use super::requests::Sweep;
use crate::domain::submission::IdempotencyKey;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::migrate;
use crate::store::moment::At;
use crate::store::tables::{idempotency_keys, notice_attempts, refusals};

/// Rows one commit removes at most, so that nobody waits long behind a sweep; of attempts, those that share the oldest moment.
const AT_ONCE: i64 = 1000;

/// How long attempts to tell a submitter are kept, in days.
pub const NOTICE_ATTEMPTS_KEPT_DAYS: u32 = 30;

fn days_before(now: Timestamp, days: u32) -> At {
    let kept = std::time::Duration::from_secs(u64::from(days) * 24 * 3600);
    At(Timestamp::from_micros(now.as_micros() - kept.as_micros() as i64))
}

/// Removes attempts older than they are kept, oldest first; says how many.
fn forget_attempts(conn: &mut Conn, now: Timestamp) -> Result<usize, StoreError> {
    let before = days_before(now, NOTICE_ATTEMPTS_KEPT_DAYS);
    let edge: Option<At> = on_backend!(conn, c => notice_attempts::table
        .filter(notice_attempts::at.lt(before))
        .order(notice_attempts::at)
        .offset(AT_ONCE)
        .select(notice_attempts::at)
        .first(c)
        .optional())?;
    // Those of one commit share their moment: where the edge falls among them, they stay for the next time.
    let older = edge.unwrap_or(before);
    let forgotten = on_backend!(conn, c => diesel::delete(notice_attempts::table.filter(notice_attempts::at.lt(older))).execute(c))?;
    match edge {
        // All before the edge are of its own moment: it goes whole, or would stand in the way for ever.
        Some(moment) if forgotten == 0 => Ok(
            on_backend!(conn, c => diesel::delete(notice_attempts::table.filter(notice_attempts::at.eq(moment))).execute(c))?,
        ),
        _ => Ok(forgotten),
    }
}

/// Removes documents that were refused long ago, oldest first; says how many.
fn forget_refusals(conn: &mut Conn, now: Timestamp) -> Result<usize, StoreError> {
    let refused: Vec<String> = on_backend!(conn, c => refusals::table
        .filter(refusals::last_at.lt(days_before(now, refuse::KEPT_DAYS)))
        .order((refusals::last_at, refusals::id))
        .limit(AT_ONCE)
        .select(refusals::id)
        .load(c))?;
    Ok(
        on_backend!(conn, c => diesel::delete(refusals::table.filter(refusals::id.eq_any(&refused))).execute(c))?,
    )
}

impl Command for Sweep {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<usize, StoreError> {
        sweep(conn, batch.clock)
    }
}

/// Removes answers older than their promise, oldest first; says how many. Makes the partitions of the coming months.
fn sweep(conn: &mut Conn, now: Timestamp) -> Result<usize, StoreError> {
    migrate::partitions(conn, now)?;
    let before = days_before(now, IdempotencyKey::KEPT_DAYS);
    let old: Vec<(String, String, String)> = on_backend!(conn, c => idempotency_keys::table
        .filter(idempotency_keys::at.lt(before))
        .order(idempotency_keys::at)
        .limit(AT_ONCE)
        .select((idempotency_keys::key, idempotency_keys::tenant, idempotency_keys::route))
        .load(c))?;
    for (key, tenant, route) in &old {
        on_backend!(conn, c => diesel::delete(idempotency_keys::table.find((key, tenant, route))).execute(c))?;
    }
    Ok(old.len() + forget_attempts(conn, now)? + forget_refusals(conn, now)?)
}
