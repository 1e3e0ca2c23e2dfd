//! One connection to either database, and the macro that writes one body for both.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

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
    pulse: Arc<Pulse>,
}

/// What a session and the task that carries it know of each other.
struct Pulse {
    /// Until the line or the server ended it.
    alive: AtomicBool,
    /// Milliseconds a statement has; 0 while nothing is in hand.
    limit: AtomicU64,
    /// Milliseconds since `began` at which the statement in hand has to be answered; 0 while nothing is in hand.
    due: AtomicU64,
    began: Instant,
}

impl Pulse {
    fn new() -> Self {
        Pulse {
            alive: AtomicBool::new(true),
            limit: AtomicU64::new(0),
            due: AtomicU64::new(0),
            began: Instant::now(),
        }
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The next statement begins.
    fn next(&self) {
        let limit = self.limit.load(Ordering::Acquire);
        if limit != 0 {
            let due = self.elapsed().saturating_add(limit);
            self.due.store(due, Ordering::Release);
        }
    }

    fn overdue(&self) -> bool {
        let due = self.due.load(Ordering::Acquire);
        due != 0 && due <= self.elapsed()
    }
}

impl Session {
    /// What diesel speaks through.
    pub fn connection(&mut self) -> &mut PgConn {
        self.pulse.next();
        &mut self.conn
    }
}

impl Conn {
    /// Whether the session has not ended by itself meanwhile. An idle connection whose server went away is found out here, before
    /// somebody's work is lost on it.
    pub fn is_alive(&self) -> bool {
        match self {
            Conn::Pg(session) => session.pulse.alive.load(Ordering::Acquire),
            Conn::Sqlite(_) => true,
        }
    }

    /// Does some work, each statement of which has to be answered within `limit`. A server that does not answer (stopped, not dead: its machine still
    /// acknowledges every packet) is given up then: the session ends, and whoever waits on it is told so. SQLite has its own limit,
    /// `busy_timeout`.
    pub fn within<T>(&mut self, limit: Duration, work: impl FnOnce(&mut Conn) -> T) -> T {
        let pulse = match self {
            Conn::Pg(session) => Some(Arc::clone(&session.pulse)),
            Conn::Sqlite(_) => None,
        };
        if let Some(pulse) = &pulse {
            let limit = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
            pulse.limit.store(limit, Ordering::Release);
        }
        let done = work(self);
        if let Some(pulse) = &pulse {
            pulse.limit.store(0, Ordering::Release);
            pulse.due.store(0, Ordering::Release);
        }
        done
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

/// How long a stopped hub may hold the chain's head before the server ends its session, in milliseconds.
const IDLE_IN_TRANSACTION: (&str, &str) = ("idle_in_transaction_session_timeout", "1500");
/// Longest statement, in milliseconds.
const STATEMENT_TIMEOUT: (&str, &str) = ("statement_timeout", "5000");
/// Longest wait of the ledger for a lock, in milliseconds.
const LOCK_TIMEOUT: (&str, &str) = ("lock_timeout", "2000");
/// Who only reads cannot write by mistake.
const READ_ONLY: (&str, &str) = ("default_transaction_read_only", "on");
const WRITES: (&str, &str) = ("default_transaction_read_only", "off");

/// A session has to be open in this time: address, TCP, TLS and login together.
pub const CONNECT_TIME: Duration = Duration::from_secs(5);
/// A statement has to be answered in this time. The server ends it by itself before (`statement_timeout`); what takes longer is a
/// server or a line that hangs.
pub const REPLY_TIME: Duration = Duration::from_secs(7);
/// How often a session looks whether the statement in hand has taken too long.
const LOOK: Duration = Duration::from_millis(250);

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

impl Purpose {
    /// What is set on a session of PostgreSQL, by its name there, as `pg_settings` shows it. It is set by statements, not in the
    /// packet that opens the session: a pooler between drops what it does not know of that. Each purpose sets every one of them, because
    /// such a pooler may hand over a session that another purpose has set before.
    pub const fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Purpose::Ledger => &[IDLE_IN_TRANSACTION, STATEMENT_TIMEOUT, LOCK_TIMEOUT, WRITES],
            Purpose::Reader => &[
                ("idle_in_transaction_session_timeout", "0"),
                STATEMENT_TIMEOUT,
                ("lock_timeout", "0"),
                READ_ONLY,
            ],
            Purpose::Migration => &[
                ("idle_in_transaction_session_timeout", "0"),
                ("statement_timeout", "0"),
                ("lock_timeout", "10000"),
                WRITES,
            ],
        }
    }
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
            .connect_timeout(CONNECT_TIME)
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

    /// A session without the hub's settings and time limits, for [`super::raw`].
    pub(super) async fn bare(&self) -> Result<tokio_postgres::Client, StoreError> {
        let opening = client(&self.config, self.tls.clone(), Arc::new(Pulse::new()));
        match tokio::time::timeout(CONNECT_TIME, opening).await {
            Ok(opened) => opened.map_err(|e| StoreError::Unavailable(chain(&e))),
            Err(_) => Err(StoreError::Unavailable("no session in time".to_owned())),
        }
    }

    fn connect(&self, runtime: &Runtime, purpose: Purpose) -> Result<Session, StoreError> {
        let config = self.config.clone();
        let settings: String = (purpose.settings().iter())
            .map(|(name, value)| format!("SET {name} = {value};"))
            .collect();
        let tls = self.tls.clone();
        let pulse = Arc::new(Pulse::new());
        let carried = Arc::clone(&pulse);
        let opening = async move {
            let client = client(&config, tls, carried).await?;
            client.batch_execute(&settings).await?;
            Ok(AsyncPgConnection::try_from(client).await)
        };
        let opened = runtime.block_on(async { tokio::time::timeout(CONNECT_TIME, opening).await });
        let away = |why: String| StoreError::Unavailable(why);
        let conn = opened
            .map_err(|_| {
                away(format!(
                    "no session within {} s: the server takes connections and does not answer",
                    CONNECT_TIME.as_secs()
                ))
            })?
            .map_err(|e: tokio_postgres::Error| away(chain(&e)))?
            .map_err(|e: ConnectionError| away(e.to_string()))?;
        Ok(Session {
            conn: PgConn::from(conn),
            pulse,
        })
    }
}

/// A session, as fast or slow as any of the hub's; the task that carries it begins here.
async fn client(
    config: &tokio_postgres::Config,
    tls: Option<rustls::ClientConfig>,
    pulse: Arc<Pulse>,
) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
    Ok(match tls {
        Some(tls) => {
            let tls = tokio_postgres_rustls::MakeRustlsConnect::new(tls);
            let (client, connection) = config.connect(tls).await?;
            tokio::spawn(watched(connection, pulse));
            client
        }
        None => {
            let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
            tokio::spawn(watched(connection, pulse));
            client
        }
    })
}

/// Runs a connection until it ends, or until a statement in hand on it has taken too long.
async fn watched(connection: impl Future<Output = Result<(), tokio_postgres::Error>>, pulse: Arc<Pulse>) {
    tokio::pin!(connection);
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            ended = &mut connection => {
                if let Err(error) = ended {
                    tracing::debug!(error = %chain(&error), "a session of the database ended");
                }
                break;
            }
            _ = look.tick() => {
                if pulse.overdue() {
                    tracing::warn!("the database does not answer; its session is given up");
                    break;
                }
            }
        }
    }
    pulse.alive.store(false, Ordering::Release);
}

/// An error with its causes, since tokio-postgres shows only the outermost.
pub(super) fn chain(e: &dyn std::error::Error) -> String {
    let mut text = e.to_string();
    let mut cause = e.source();
    while let Some(c) = cause {
        text.push_str(": ");
        text.push_str(&c.to_string());
        cause = c.source();
    }
    text
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

    /// Whether the hub's own leg of the connection is encrypted; none for a file.
    pub fn is_encrypted(&self) -> Option<bool> {
        match &self.backend {
            Backend::Postgres(postgres) => Some(postgres.tls.is_some()),
            Backend::Sqlite { .. } => None,
        }
    }

    /// Opens a connection. Must be called on a thread of the store's own, never inside an async task.
    pub fn open(&self, purpose: Purpose) -> Result<Conn, StoreError> {
        match &self.backend {
            Backend::Postgres(pg) => pg.connect(&self.runtime, purpose).map(|c| Conn::Pg(Box::new(c))),
            Backend::Sqlite { path } => sqlite(path, purpose).map(Conn::Sqlite),
        }
    }
}
