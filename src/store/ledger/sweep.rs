//! What time takes away row by row: answers whose keys are no longer promised, old refusals, and attempts to tell submitters where no
//! partition holds them ([`crate::store::partitions`]).

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::batch::Batch;
use super::command::Command;
use super::refuse;
use super::requests::Sweep;
use crate::domain::submission::IdempotencyKey;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::moment::{At, Moment};
use crate::store::partitions::{NOTICE_ATTEMPTS_KEPT_DAYS, kept_since};
use crate::store::tables::{code_counters, idempotency_keys, notice_attempts, refusals};

/// Rows one commit removes at most, so that nobody waits long behind a sweep; of attempts, those that share the oldest moment.
const AT_ONCE: i64 = 1000;

fn days_before(now: Timestamp, days: u32) -> At {
    let kept = std::time::Duration::from_secs(u64::from(days) * 24 * 3600);
    At(now.minus(kept))
}

/// Removes attempts older than they are kept, oldest first; says how many. On PostgreSQL they go with their day's partition; here goes
/// what lies in none.
fn forget_attempts(conn: &mut Conn, now: Timestamp) -> Result<usize, StoreError> {
    let before = At(kept_since(now, NOTICE_ATTEMPTS_KEPT_DAYS));
    let conn = match conn {
        Conn::Pg(session) => {
            let oldest = "SELECT ctid FROM notice_attempts_rest WHERE at < $1 ORDER BY at LIMIT $2";
            let forget = format!("DELETE FROM notice_attempts_rest WHERE ctid = ANY(ARRAY({oldest}))");
            let forget = diesel::sql_query(forget).bind::<Moment, _>(before);
            return Ok(forget.bind::<BigInt, _>(AT_ONCE).execute(&mut **session)?);
        }
        Conn::Sqlite(conn) => conn,
    };
    let edge: Option<At> = notice_attempts::table
        .filter(notice_attempts::at.lt(before))
        .order(notice_attempts::at)
        .offset(AT_ONCE)
        .select(notice_attempts::at)
        .first(conn)
        .optional()?;
    // Those of one commit share their moment: where the edge falls among them, they stay for the next time.
    let older = edge.unwrap_or(before);
    let forgotten =
        diesel::delete(notice_attempts::table.filter(notice_attempts::at.lt(older))).execute(conn)?;
    match edge {
        // All before the edge are of its own moment: it goes whole, or would stand in the way for ever.
        Some(moment) if forgotten == 0 => Ok(diesel::delete(
            notice_attempts::table.filter(notice_attempts::at.eq(moment)),
        )
        .execute(conn)?),
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

/// Days that the counters of codes are kept. A code of an earlier day is numbered from the first number that no dossier has.
pub const COUNTERS_KEPT_DAYS: u32 = 400;

/// Removes the counters of the oldest day that is over for so long; says how many.
fn forget_counters(conn: &mut Conn, now: Timestamp) -> Result<usize, StoreError> {
    let before = days_before(now, COUNTERS_KEPT_DAYS).0.date().to_string();
    let oldest: Option<String> = on_backend!(conn, c => code_counters::table
        .filter(code_counters::day.lt(&before)).order(code_counters::day)
        .select(code_counters::day).first(c).optional())?;
    let Some(day) = oldest else {
        return Ok(0);
    };
    Ok(
        on_backend!(conn, c => diesel::delete(code_counters::table.filter(code_counters::day.eq(&day))).execute(c))?,
    )
}

impl Command for Sweep {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<usize, StoreError> {
        sweep(conn, batch.clock)
    }
}

/// Removes answers older than their promise, oldest first; says how many.
fn sweep(conn: &mut Conn, now: Timestamp) -> Result<usize, StoreError> {
    let before = days_before(now, IdempotencyKey::KEPT_DAYS);
    let old: Vec<String> = on_backend!(conn, c => idempotency_keys::table
        .filter(idempotency_keys::at.lt(before))
        .order(idempotency_keys::at)
        .limit(AT_ONCE)
        .select(idempotency_keys::key)
        .load(c))?;
    // Another tenant may have used the same key; it goes where it is as old.
    let forget = idempotency_keys::table
        .filter(idempotency_keys::key.eq_any(&old))
        .filter(idempotency_keys::at.lt(before));
    let answers = on_backend!(conn, c => diesel::delete(forget).execute(c))?;
    let attempts = forget_attempts(conn, now)?;
    Ok(answers + attempts + forget_refusals(conn, now)? + forget_counters(conn, now)?)
}
