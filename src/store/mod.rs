//! The memory of the hub, and the only room that knows diesel.
//!
//! One thread, the [`ledger`], writes; [`reader`] threads read. Both databases run the same code through [`conn::Conn`]. Nothing
//! here decides: `domain::lifecycle` does, on the state the ledger has loaded. Nothing here is async: callers await a oneshot.
//! Every read takes a `Scope`, so a query that crosses tenants does not compile without an operator's permission.
//!
//! Start with [`ledger::Request`], the whole write API, then `read`. What both need lies in files of its own beside them; neither knows the
//! other.

mod answers;
mod cause;
pub mod cipher;
mod columns;
pub mod condition;
pub mod conn;
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
mod state;
mod tables;
mod telling;
mod under_way;
mod word;

use std::sync::Arc;

pub use cipher::{Cipher, Sealed};
pub use conn::{Backend, Postgres};
pub use moment::TICK;
pub use word::{Outcome, PartyRole, Worded};

use crate::clock::{Clock, Entropy};
use crate::domain::time::Timestamp;

/// Why the store could not do something. Never a tenant's fault.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address is not usable.
    #[error("database address: {0}")]
    Url(String),
    /// The database does not answer, or a session was lost: the outcome of a write is not known.
    #[error("database not available: {0}")]
    Unavailable(String),
    /// Too many are waiting already.
    #[error("the store's queue is full")]
    Busy,
    /// A statement failed.
    #[error("database: {0}")]
    Database(diesel::result::Error),
    /// Its sessions are not the hub's own.
    #[error(
        "database sessions: {0}; set `pool_mode = session` for this database, or let the hub reach PostgreSQL itself"
    )]
    Sessions(String),
    /// A migration failed.
    #[error("migration: {0}")]
    Migration(String),
    /// An encryption key is missing or malformed.
    #[error(
        "encryption key {0} is not in the settings, or malformed; data is sealed with it: name it under [keys.encryption]"
    )]
    Key(String),
    /// A value does not open with its key: it was changed or moved.
    #[error("{0} cannot be decrypted: changed, moved, or of another key")]
    Unreadable(String),
    /// A stored value does not parse.
    #[error("stored value: {0}")]
    Corrupt(String),
    /// A value of a command that no database holds, or that this one refused. Its sender's matter; nothing of it was written.
    #[error("not storable: {0}")]
    Unstorable(String),
    /// The sender's commands were refused by the database too often: it may come again after so many seconds.
    #[error("slowed for {0} s after faults of its own")]
    Slowed(u64),
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
}

impl From<diesel::result::Error> for StoreError {
    fn from(error: diesel::result::Error) -> Self {
        match error {
            // The statement was taken; what a row holds is nothing that the hub writes.
            diesel::result::Error::DeserializationError(error) => StoreError::Corrupt(error.to_string()),
            error => StoreError::Database(error),
        }
    }
}

/// Limits and sizes of the store (docs/LIMITS.md).
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Commands in one commit at most.
    pub batch: usize,
    /// Commands that may wait for the ledger.
    pub ledger_queue: usize,
    /// Reader threads.
    pub readers: usize,
    /// Reads that may wait.
    pub read_queue: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Sizes {
            batch: 128,
            ledger_queue: 1024,
            readers: 4,
            read_queue: 1024,
        }
    }
}

fn told(kept: &partitions::Kept) {
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
    pub fn open(
        backend: Backend,
        cipher: Arc<Cipher>,
        sizes: Sizes,
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
    pub async fn keep_partitions(&self, now: Timestamp) -> Result<partitions::Kept, StoreError> {
        let connector = self.connector.clone();
        let kept = tokio::task::spawn_blocking(move || partitions::keep(&connector, now));
        let kept = kept.await.map_err(|_| StoreError::Closed)??;
        told(&kept);
        Ok(kept)
    }
}
