//! Whether what is written is kept: tried by a write of its own, and remembered of the writes of others.

use std::time::{Duration, Instant};

use diesel::prelude::*;
use parking_lot::{Mutex, MutexGuard};
use rand::Rng as _;

use super::batch::Batch;
use super::command::Command;
use super::requests::Prove;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::moment::At;
use crate::store::rows::IdempotencyRow;
use crate::store::tables::idempotency_keys;

/// How long a write that failed for want of space speaks against the ones after it: until one succeeds, or this is over and it may
/// be tried again.
const REMEMBERED: Duration = Duration::from_secs(30);

/// Bytes a trial writes: as many as a usual filing.
const BYTES: usize = 16_384;

/// What the ledger's last writes came to.
#[derive(Default)]
pub(super) struct Kept(Mutex<Option<Instant>>);

impl Kept {
    /// A write of somebody's was committed.
    pub(super) fn committed(&self) {
        *self.last() = None;
    }

    /// A write failed because the storage did.
    pub(super) fn failed(&self) {
        *self.last() = Some(Instant::now());
    }

    /// Whether a write failed for want of space, not long ago and none has succeeded since.
    pub(super) fn in_doubt(&self) -> bool {
        self.last().is_some_and(|at| at.elapsed() < REMEMBERED)
    }

    fn last(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock()
    }
}

impl Command for Prove {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<(), StoreError> {
        prove(batch, conn)
    }
}

/// Writes as much as a filing does, and takes it away again in the same commit.
fn prove(batch: &mut Batch<'_>, conn: &mut Conn) -> Result<(), StoreError> {
    // What is all alike would be made small.
    let mut filling = vec![0; BYTES];
    batch.rng.fill_bytes(&mut filling);
    let row = IdempotencyRow {
        tenant: String::new(),
        route: "trial".to_owned(),
        key: "trial".to_owned(),
        request: Vec::new(),
        status: 0,
        at: At(batch.clock),
        key_id: String::new(),
        nonce: Vec::new(),
        ciphertext: filling,
    };
    on_backend!(conn, c => {
        diesel::insert_into(idempotency_keys::table).values(&row).execute(c)?;
        diesel::delete(idempotency_keys::table.find((&row.key, &row.tenant, &row.route))).execute(c)
    })?;
    Ok(())
}
