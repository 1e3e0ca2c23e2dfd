//! How the hub is: whether it reads and writes, and what waits.

use std::sync::Arc;

use crate::clock::Clock;
use crate::domain::time::Timestamp;
use crate::domain::view::Backlog;
use crate::service::ServiceError;
use crate::service::parts::Base;
use crate::store::conn::Conn;
use crate::store::{Store, StoreError, read};

/// Whether the database reads and writes, and what waits.
pub struct Vitals {
    store: Arc<Store>,
    clock: Clock,
}

impl Vitals {
    pub(super) fn new(base: &Base) -> Self {
        Vitals {
            store: Arc::clone(&base.store),
            clock: base.clock.clone(),
        }
    }

    /// Whether the hub can take anything: its memory is read, and a write is kept. A queue that is full is busy, not away.
    ///
    /// # Errors
    /// What the database says.
    pub async fn can_read(&self) -> Result<(), ServiceError> {
        match self.store.readers.run(read::has_directory).await {
            Ok(_) | Err(StoreError::Busy) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// See [`Vitals::can_read`].
    ///
    /// # Errors
    /// What the database says.
    pub async fn can_write(&self) -> Result<(), ServiceError> {
        match self.store.ledger.prove().await {
            Ok(()) | Err(StoreError::Busy) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// How many committed messages the broker has not confirmed.
    ///
    /// # Errors
    /// What the database says.
    pub async fn outbox_depth(&self) -> Result<i64, ServiceError> {
        let since = self.store.fresh.unsent_since();
        let read = move |conn: &mut Conn| read::outbox_depth(conn, since);
        Ok(self.store.readers.run(read).await?)
    }

    /// When the oldest message that waits for the broker, of those that were to be sent at this moment or later, was to be sent; now
    /// where none waits.
    ///
    /// # Errors
    /// What the database says.
    pub async fn oldest_unsent(&self, since: Timestamp) -> Result<Timestamp, ServiceError> {
        let now = self.clock.now();
        let read = move |conn: &mut Conn| read::oldest_unsent(conn, since);
        Ok(self.store.readers.run(read).await?.unwrap_or(now))
    }

    /// What the ledger has counted since the hub started.
    pub fn ledger_counts(&self) -> crate::store::ledger::Counts {
        self.store.ledger.counts()
    }

    /// Free places in the ledger's queue.
    pub fn room(&self) -> usize {
        self.store.ledger.room()
    }

    /// What is on its way and what has stopped there, for the metrics.
    ///
    /// # Errors
    /// The database is away.
    pub async fn backlog(&self) -> Result<Backlog, ServiceError> {
        Ok(self.store.readers.run(read::backlog).await?)
    }
}
