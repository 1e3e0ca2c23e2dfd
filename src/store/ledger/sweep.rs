//! What time takes away: answers whose keys are no longer promised; and what it needs ahead: the coming months' partitions.

use diesel::prelude::*;

use crate::domain::submission::IdempotencyKey;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::migrate;
use crate::store::moment::At;
use crate::store::tables::idempotency_keys;

/// Rows one commit removes at most, so that nobody waits long behind a sweep.
const AT_ONCE: i64 = 1000;

/// Removes answers older than their promise, oldest first; says how many. Makes the partitions of the coming months.
pub(super) fn sweep(conn: &mut Conn, now: Timestamp) -> Result<usize, StoreError> {
    migrate::partitions(conn, now)?;
    let kept = std::time::Duration::from_secs(u64::from(IdempotencyKey::KEPT_DAYS) * 24 * 3600);
    let before = At(Timestamp::from_micros(now.as_micros() - kept.as_micros() as i64));
    let old: Vec<(String, String, String)> = on_backend!(conn, c => idempotency_keys::table
        .filter(idempotency_keys::at.lt(before))
        .order(idempotency_keys::at)
        .limit(AT_ONCE)
        .select((idempotency_keys::key, idempotency_keys::tenant, idempotency_keys::route))
        .load(c))?;
    for (key, tenant, route) in &old {
        on_backend!(conn, c => diesel::delete(idempotency_keys::table.find((key, tenant, route))).execute(c))?;
    }
    Ok(old.len())
}
