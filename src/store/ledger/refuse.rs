//! Refused documents, kept so that "why?" has an answer: each once, within the quota of its tenant, the oldest going first.

use std::collections::{BTreeMap, BTreeSet};

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::upsert::excluded;

use super::batch::Batch;
use super::command::Command;
use super::requests::Refuse;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::rows::RefusalRow;
use crate::store::tables::refusals;

/// Days a refused document is kept after it was last refused.
pub const KEPT_DAYS: u32 = 30;

/// Refused documents kept of one tenant.
pub const OF_A_TENANT: i64 = 1_000;

/// Bytes of refused documents kept of one tenant: 32 MiB.
pub const BYTES_OF_A_TENANT: i64 = 33_554_432;

/// Rows looked at at once when a tenant is over its quota.
const ROWS_AT_ONCE: i64 = 256;

impl Command for Refuse {
    fn play(&self, batch: &mut Batch<'_>, _: &mut Conn) -> Result<(), StoreError> {
        let row = &self.0.row;
        // As on disk: the bytes that were kept first stay, sealed with the moment they first came.
        let merged = match batch.writes.refusals.get(&row.id) {
            Some(kept) => RefusalRow {
                count: kept.count.saturating_add(row.count),
                last_at: row.last_at,
                problems: row.problems.clone(),
                ..kept.clone()
            },
            None => row.clone(),
        };
        batch.writes.refusals.insert(row.id.clone(), merged);
        Ok(())
    }
}

/// Rows a statement, far below what either database binds.
const ROWS: usize = 1000;

/// Writes the batch's refused documents, and holds their tenants to their quota.
pub(super) fn persist(conn: &mut Conn, rows: &BTreeMap<String, RefusalRow>) -> Result<(), StoreError> {
    let rows: Vec<RefusalRow> = rows.values().cloned().collect();
    for piece in rows.chunks(ROWS) {
        // Known bytes stay as they are; what is told of them is what they were refused for last.
        on_backend!(conn, c => diesel::insert_into(refusals::table)
            .values(piece)
            .on_conflict(refusals::id)
            .do_update()
            .set((
                refusals::count.eq(refusals::count + excluded(refusals::count)),
                refusals::last_at.eq(excluded(refusals::last_at)),
                refusals::problems.eq(excluded(refusals::problems)),
            ))
            .execute(c))?;
    }
    let tenants: BTreeSet<&str> = rows.iter().map(|row| row.tenant.as_str()).collect();
    tenants
        .into_iter()
        .try_for_each(|tenant| hold_to_quota(conn, tenant))
}

fn hold_to_quota(conn: &mut Conn, tenant: &str) -> Result<(), StoreError> {
    let (mut count, mut bytes): (i64, i64) = on_backend!(conn, c => refusals::table
        .filter(refusals::tenant.eq(tenant))
        .select((sql::<BigInt>("count(*)"), sql::<BigInt>("CAST(COALESCE(SUM(size), 0) AS BIGINT)")))
        .first(c))?;
    while count > OF_A_TENANT || bytes > BYTES_OF_A_TENANT {
        let oldest: Vec<(String, i64)> = on_backend!(conn, c => refusals::table
            .filter(refusals::tenant.eq(tenant))
            .order((refusals::last_at, refusals::id))
            .limit(ROWS_AT_ONCE)
            .select((refusals::id, refusals::size))
            .load(c))?;
        let mut gone = Vec::new();
        for (id, size) in oldest {
            if count <= OF_A_TENANT && bytes <= BYTES_OF_A_TENANT {
                break;
            }
            (count, bytes) = (count - 1, bytes - size);
            gone.push(id);
        }
        on_backend!(conn, c => diesel::delete(refusals::table.filter(refusals::id.eq_any(&gone))).execute(c))?;
    }
    Ok(())
}
