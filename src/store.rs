//! The memory of the hub, and the only room that knows diesel.
//!
//! One thread, the [`ledger`], writes; [`reader`] threads read. Both databases run the same code through [`conn::Conn`]. Nothing
//! here decides: `domain::lifecycle` does, on the state the ledger has loaded. Nothing here is async: callers await a oneshot.
//! Every read takes a `Scope`, so a query that crosses tenants does not compile without an operator's permission.
//!
//! Start with [`ledger::Request`], the whole write API, then `read`. What both need lies in files of its own beside them; neither knows the
//! other.

mod agency_writers;
mod answers;
mod cause;
pub mod cipher;
mod columns;
pub mod condition;
pub mod conn;
mod error;
mod file_keys;
pub mod fresh;
pub mod kept;
pub mod ledger;
mod limits;
pub mod message;
pub mod migrate;
mod moment;
mod of_row;
pub mod partitions;
mod postgres;
pub mod raw;
pub mod read;
mod reader;
mod rows;
mod script;
pub mod seals;
mod sizes;
pub mod standing;
mod state;
mod tables;
mod telling;
mod under_way;
mod word;

use std::sync::Arc;

pub use cipher::{Cipher, Sealed};
pub use conn::{Backend, Postgres};
pub use error::StoreError;
pub use moment::TICK;
pub use sizes::StoreSizes;
pub use word::{AttemptOutcome, PartyRole, Worded};

use crate::clock::{Clock, Entropy};
use crate::domain::time::Timestamp;

fn told(kept: &partitions::PartitionChanges) {
    for (partition, why) in &kept.later {
        tracing::warn!(partition, why, "a partition has to wait");
    }
    for partition in &kept.dropped {
        tracing::info!(
            partition,
            "a partition is dropped: what is in it is no longer kept"
        );
    }
}

/// The store: a ledger and its readers.
#[derive(Clone)]
pub struct Store {
    /// The write side.
    pub ledger: ledger::Ledger,
    /// The read side.
    pub readers: reader::Readers,
    /// What this hub has committed just now.
    pub fresh: Arc<fresh::Fresh>,
    /// The keys.
    pub cipher: Arc<Cipher>,
    connector: conn::Connector,
}

impl Store {
    /// Opens the database, applies pending migrations when `migrate` says so, and starts the threads. Blocks; call it outside
    /// async code.
    ///
    /// # Errors
    /// [`StoreError::Sessions`] where a pooler stands between; [`StoreError::Migration`] for one that fails, or waits and is
    /// not to be applied; [`StoreError::Key`] for a key of the history that is not held; what the database says.
    pub fn open(
        backend: Backend,
        cipher: Arc<Cipher>,
        sizes: StoreSizes,
        migrate: bool,
        clock: &Clock,
        entropy: &Entropy,
    ) -> Result<Self, StoreError> {
        let connector = conn::Connector::new(backend);
        if let Some(fault) = condition::sessions(&connector)?.fault() {
            return Err(StoreError::Sessions(fault));
        }
        let mut conn = connector.open(conn::Purpose::Migration)?;
        if migrate {
            migrate::up(&mut conn)?;
        } else {
            let pending = migrate::pending(&mut conn)?;
            if !pending.is_empty() {
                return Err(StoreError::Migration(format!(
                    "not applied: {}; run `lienthong migrate`",
                    pending.join(", ")
                )));
            }
        }
        if let Some(key) = read::lost_key(&mut conn, |key| cipher.holds(key))? {
            return Err(StoreError::Key(key));
        }
        drop(conn);
        told(&partitions::keep(&connector, clock.now())?);
        let fresh = Arc::new(fresh::Fresh::default());
        Ok(Store {
            ledger: ledger::Ledger::start(
                connector.clone(),
                Arc::clone(&cipher),
                Arc::clone(&fresh),
                sizes,
                clock.clone(),
                entropy,
            )?,
            readers: reader::Readers::start(&connector, sizes)?,
            fresh,
            cipher,
            connector,
        })
    }

    /// Makes the partitions of the coming time, and drops those whose rows are no longer kept. What has to wait is tried the next time.
    ///
    /// # Errors
    /// What the database says.
    pub async fn keep_partitions(&self, now: Timestamp) -> Result<partitions::PartitionChanges, StoreError> {
        let connector = self.connector.clone();
        let kept = tokio::task::spawn_blocking(move || partitions::keep(&connector, now));
        let kept = kept.await.map_err(|_| StoreError::Closed)??;
        told(&kept);
        Ok(kept)
    }
}
