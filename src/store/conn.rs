//! One connection to either database, and the macro that writes one body for both.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::sqlite::SqliteConnection;
use diesel::{Connection, ConnectionError};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use rustls::pki_types::CertificateDer;
use tokio::runtime::Runtime;

use super::StoreError;

/// A synchronous diesel connection over tokio-postgres: no libpq, no OpenSSL. It blocks, so only the store's own threads use it.
pub type PgConn = AsyncConnectionWrapper<AsyncPgConnection>;

/// A connection to one of the two databases.
pub enum Conn {
    /// PostgreSQL.
    Pg(Box<Session>),
    /// SQLite.
    Sqlite(SqliteConnection),
}

/// A session of PostgreSQL.
pub struct Session {
    conn: PgConn,
    /// Until the line or the server ended it.
    alive: Arc<AtomicBool>,
}

impl Session {
    /// What diesel speaks through.
    pub fn connection(&mut self) -> &mut PgConn {
        &mut self.conn
    }
}

impl Conn {
    /// Whether the session has not ended by itself meanwhile. An idle connection whose server went away is found out here, before
    /// somebody's work is lost on it.
    pub fn is_alive(&self) -> bool {
        match self {
            Conn::Pg(session) => session.alive.load(Ordering::Acquire),
            Conn::Sqlite(_) => true,
        }
    }
}

/// Runs one body against whichever database the connection is to; the body is type-checked against both.
macro_rules! on_backend {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::store::conn::Conn::Pg($c) => {
                let $c = $c.connection();
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

/// A PostgreSQL server and how to reach it.
#[derive(Clone)]
pub struct Postgres {
    config: tokio_postgres::Config,
    tls: Option<rustls::ClientConfig>,
}

/// How long a stopped hub may hold the chain's head before the server ends its session.
const IDLE_IN_TRANSACTION: &str = "1500";
/// Longest statement of the ledger, milliseconds.
const STATEMENT_TIMEOUT: &str = "5000";
/// Longest wait for a lock, milliseconds.
const LOCK_TIMEOUT: &str = "2000";

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The one that writes.
    Ledger,
    /// One of those that only read.
    Reader,
    /// Migrations: no time limits, since a migration may rewrite a table.
    Migration,
}

impl Postgres {
    /// From a `postgres://user:password@host:port/database` URL. With `roots`, TLS is required and the server's certificate must
    /// lead to one of them and name the host.
    pub fn new(url: &str, roots: &[CertificateDer<'static>]) -> Result<Self, StoreError> {
        let mut config: tokio_postgres::Config = url
            .parse()
            .map_err(|e: tokio_postgres::Error| StoreError::Url(e.to_string()))?;
        config
            .application_name("lienthong")
            .connect_timeout(Duration::from_secs(5))
            .keepalives(true)
            .keepalives_idle(Duration::from_secs(5))
            .keepalives_interval(Duration::from_secs(2))
            .tcp_user_timeout(Duration::from_secs(3));
        let tls = if roots.is_empty() {
            None
        } else {
            config.ssl_mode(tokio_postgres::config::SslMode::Require);
            let mut store = rustls::RootCertStore::empty();
            for root in roots {
                store
                    .add(root.clone())
                    .map_err(|e| StoreError::Url(format!("root certificate: {e}")))?;
            }
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            Some(
                rustls::ClientConfig::builder_with_provider(provider)
                    .with_safe_default_protocol_versions()
                    .map_err(|e| StoreError::Url(e.to_string()))?
                    .with_root_certificates(store)
                    .with_no_client_auth(),
            )
        };
        Ok(Postgres { config, tls })
    }

    fn connect(&self, runtime: &Runtime, purpose: Purpose) -> Result<Session, StoreError> {
        let mut config = self.config.clone();
        let options = match purpose {
            Purpose::Ledger => format!(
                "-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION} -c statement_timeout={STATEMENT_TIMEOUT} -c lock_timeout={LOCK_TIMEOUT}"
            ),
            Purpose::Reader => {
                format!("-c statement_timeout={STATEMENT_TIMEOUT} -c default_transaction_read_only=on")
            }
            Purpose::Migration => "-c lock_timeout=10000".to_owned(),
        };
        config.options(options);
        let tls = self.tls.clone();
        let alive = Arc::new(AtomicBool::new(true));
        let until_lost = Arc::clone(&alive);
        runtime
            .block_on(async move {
                match tls {
                    Some(tls) => {
                        let tls = tokio_postgres_rustls::MakeRustlsConnect::new(tls);
                        let (client, connection) = config.connect(tls).await?;
                        tokio::spawn(watched(connection, until_lost));
                        Ok(client)
                    }
                    None => {
                        let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
                        tokio::spawn(watched(connection, until_lost));
                        Ok(client)
                    }
                }
            })
            .map_err(|e: tokio_postgres::Error| StoreError::Unavailable(chain(&e)))
            .and_then(|client| {
                runtime
                    .block_on(AsyncPgConnection::try_from(client))
                    .map_err(|e: ConnectionError| StoreError::Unavailable(e.to_string()))
            })
            .map(|conn| Session {
                conn: PgConn::from(conn),
                alive,
            })
    }
}

/// Runs a connection and notes its end.
async fn watched(
    connection: impl Future<Output = Result<(), tokio_postgres::Error>>,
    alive: Arc<AtomicBool>,
) {
    if let Err(error) = connection.await {
        tracing::debug!(error = %chain(&error), "a session of the database ended");
    }
    alive.store(false, Ordering::Release);
}

/// An error with its causes, since tokio-postgres shows only the outermost.
fn chain(e: &dyn std::error::Error) -> String {
    let mut text = e.to_string();
    let mut cause = e.source();
    while let Some(c) = cause {
        text.push_str(": ");
        text.push_str(&c.to_string());
        cause = c.source();
    }
    text
}

/// Opens connections to one database. Cheap to clone.
#[derive(Clone)]
pub struct Connector {
    backend: Backend,
    /// Where tokio-postgres' own connection tasks run; the blocking threads of the store must not be it.
    runtime: Arc<Runtime>,
}

impl Connector {
    /// For this database. Nothing is opened yet.
    pub fn new(backend: Backend) -> Result<Self, StoreError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("store-net")
            .enable_all()
            .build()
            .map_err(|e| StoreError::Unavailable(e.to_string()))?;
        Ok(Connector {
            backend,
            runtime: Arc::new(runtime),
        })
    }

    /// Whether this is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self.backend, Backend::Postgres(_))
    }

    /// Opens a connection. Must be called on a thread of the store's own, never inside an async task.
    pub fn open(&self, purpose: Purpose) -> Result<Conn, StoreError> {
        match &self.backend {
            Backend::Postgres(pg) => pg.connect(&self.runtime, purpose).map(|c| Conn::Pg(Box::new(c))),
            Backend::Sqlite { path } => {
                let path = path
                    .to_str()
                    .ok_or_else(|| StoreError::Url("the path is not UTF-8".to_owned()))?;
                let mut conn =
                    SqliteConnection::establish(path).map_err(|e| StoreError::Unavailable(e.to_string()))?;
                // FULL: a commit that was answered survives a power cut.
                conn.batch_execute(
                    "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                     PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000;",
                )?;
                if purpose == Purpose::Reader {
                    conn.batch_execute("PRAGMA query_only = ON;")?;
                }
                Ok(Conn::Sqlite(conn))
            }
        }
    }
}
