//! One connection to either database, and the macro that writes one body for both.

use std::path::{Path, PathBuf};
use std::time::Duration;

use diesel::Connection;
use diesel::connection::SimpleConnection;
use diesel::result::Error;
use diesel::sqlite::SqliteConnection;

use super::StoreError;
use super::cause::{self, Cause};
use super::postgres::Session;
pub use super::postgres::{CONNECT_TIME, Postgres, Purpose, REPLY_TIME};

/// A connection to one of the two databases.
pub enum Conn {
    /// PostgreSQL.
    Pg(Box<Session>),
    /// SQLite.
    Sqlite(SqliteConnection),
}

impl Conn {
    /// Whether the session has not ended by itself meanwhile. An idle connection whose server went away is found out here, before
    /// somebody's work is lost on it.
    pub fn is_alive(&mut self) -> bool {
        match self {
            Conn::Pg(session) => session.is_alive(),
            Conn::Sqlite(_) => true,
        }
    }

    /// Does some work, each statement of which has to be answered within `limit`. A server that does not answer (stopped, not dead: its machine still
    /// acknowledges every packet) is given up then: the session ends, and whoever waits on it is told so. SQLite has its own limit,
    /// `busy_timeout`.
    pub fn within<T>(&mut self, limit: Duration, work: impl FnOnce(&mut Conn) -> T) -> T {
        self.limit(Some(limit));
        let done = work(self);
        self.limit(None);
        done
    }

    fn limit(&mut self, limit: Option<Duration>) {
        if let Conn::Pg(session) = self {
            session.limit(limit);
        }
    }

    /// Why the last statement on this connection failed, where it was the database's.
    pub fn cause_of(&self, error: &StoreError) -> Cause {
        match error {
            StoreError::Database(error) => self.cause(error),
            StoreError::Unavailable(_) => Cause::Lost,
            _ => Cause::Refused,
        }
    }

    /// By the SQLSTATE of PostgreSQL, by the result of SQLite.
    fn cause(&self, error: &Error) -> Cause {
        match (self, error) {
            (_, Error::BrokenTransactionManager | Error::RollbackErrorOnCommit { .. }) => Cause::Lost,
            (Conn::Pg(session), Error::DatabaseError(..)) => session.cause(),
            (Conn::Sqlite(_), Error::DatabaseError(_, said)) => cause::of_sqlite(said.message()),
            _ => Cause::Refused,
        }
    }
}

/// Runs one body against whichever database the connection is to; the body is type-checked against both.
macro_rules! on_backend {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::store::conn::Conn::Pg(session) => {
                let $c = &mut **session;
                $body
            }
            $crate::store::conn::Conn::Sqlite($c) => $body,
        }
    };
}
pub(crate) use on_backend;

/// Where the database is.
#[derive(Clone)]
pub enum Backend {
    /// A file of the machine's own, one hub only.
    Sqlite {
        /// The database file; its folder must exist.
        path: PathBuf,
    },
    /// A server, shared by any number of hubs.
    Postgres(Box<Postgres>),
}

/// Opens a file of SQLite.
pub(super) fn sqlite(path: &Path, purpose: Purpose) -> Result<SqliteConnection, StoreError> {
    let path = path
        .to_str()
        .ok_or_else(|| StoreError::Url("the path is not UTF-8".to_owned()))?;
    let mut conn = SqliteConnection::establish(path).map_err(|e| StoreError::Unavailable(e.to_string()))?;
    // FULL: a commit that was answered survives a power cut.
    conn.batch_execute(
        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
         PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000;",
    )?;
    if purpose == Purpose::Reader {
        conn.batch_execute("PRAGMA query_only = ON;")?;
    }
    Ok(conn)
}

/// Opens connections to one database. Cheap to clone.
#[derive(Clone)]
pub struct Connector {
    backend: Backend,
}

impl Connector {
    /// For this database. Nothing is opened yet.
    pub fn new(backend: Backend) -> Self {
        Connector { backend }
    }

    /// Whether this is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self.backend, Backend::Postgres(_))
    }

    /// Whether the hub's own leg of the connection is encrypted; none for a file.
    pub fn is_encrypted(&self) -> Option<bool> {
        match &self.backend {
            Backend::Postgres(postgres) => Some(postgres.is_encrypted()),
            Backend::Sqlite { .. } => None,
        }
    }

    /// Opens a connection. Must be called on a thread of the store's own, never inside an async task.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Url`] for a path that is not UTF-8.
    pub fn open(&self, purpose: Purpose) -> Result<Conn, StoreError> {
        match &self.backend {
            Backend::Postgres(pg) => pg.connect(purpose).map(|c| Conn::Pg(Box::new(c))),
            Backend::Sqlite { path } => sqlite(path, purpose).map(Conn::Sqlite),
        }
    }
}
