//! Why the store could not do something.

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
