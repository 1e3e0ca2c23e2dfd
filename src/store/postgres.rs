//! PostgreSQL: how a session is opened, spoken through, and why a statement failed.

mod cause;
mod query;
mod row;
mod session;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use rustls::pki_types::CertificateDer;
use tokio_postgres::Client;

pub(in crate::store) use cause::chain;
pub use query::Binds;
pub(in crate::store) use query::Query;
use session::Line;
pub use session::Session;

use super::StoreError;

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
/// A statement that is prepared while its table is nearly empty keeps its plan until the table is analysed: it goes by an index from
/// the start, for whatever the hub looks for there is one.
const BY_INDEX: (&str, &str) = ("enable_seqscan", "off");
/// And in the order of its index, so that a page ends the reading. A table that has grown and was not analysed yet looks small: to have
/// everything somebody has in a bitmap and sort it looks as cheap as to take the newest.
const IN_ORDER: (&str, &str) = ("enable_bitmapscan", "off");
/// Compiling a plan takes longer than any of the hub's statements; and a plan that is discouraged is priced as if it were long.
const NO_JIT: (&str, &str) = ("jit", "off");
/// A kept statement has one plan, whatever it is bound to. Left to itself the server makes one for each call as often as it takes that for
/// cheaper, and making it costs more than most of the hub's statements.
const ONE_PLAN: (&str, &str) = ("plan_cache_mode", "force_generic_plan");

/// A session has to be open in this time: address, TCP, TLS and login together.
pub const CONNECT_TIME: Duration = Duration::from_secs(5);
/// A statement has to be answered in this time. The server ends it by itself before (`statement_timeout`); what takes longer is a
/// server or a line that hangs.
pub const REPLY_TIME: Duration = Duration::from_secs(7);
/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The one that writes.
    Ledger,
    /// One of those that only read.
    Reader,
    /// Migrations: no time limits, since a migration may rewrite a table.
    Migration,
    /// Partitions, in work beside the hub's own: whoever uses a table is not kept waiting for one.
    Upkeep,
}

impl Purpose {
    /// What is set on a session of PostgreSQL, by its name there, as `pg_settings` shows it. It is set by statements, not in the
    /// packet that opens the session: a pooler between drops what it does not know of that. Each purpose sets every one of them, because
    /// such a pooler may hand over a session that another purpose has set before.
    pub const fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Purpose::Ledger => &[
                IDLE_IN_TRANSACTION,
                STATEMENT_TIMEOUT,
                LOCK_TIMEOUT,
                WRITES,
                BY_INDEX,
                IN_ORDER,
                NO_JIT,
                ONE_PLAN,
            ],
            Purpose::Reader => &[
                ("idle_in_transaction_session_timeout", "0"),
                STATEMENT_TIMEOUT,
                ("lock_timeout", "0"),
                READ_ONLY,
                BY_INDEX,
                IN_ORDER,
                NO_JIT,
                ONE_PLAN,
            ],
            Purpose::Upkeep => &[
                ("idle_in_transaction_session_timeout", "0"),
                ("statement_timeout", "0"),
                ("lock_timeout", "100"),
                WRITES,
                ("enable_seqscan", "on"),
                ("enable_bitmapscan", "on"),
                NO_JIT,
                ("plan_cache_mode", "auto"),
            ],
            Purpose::Migration => &[
                ("idle_in_transaction_session_timeout", "0"),
                ("statement_timeout", "0"),
                ("lock_timeout", "10000"),
                WRITES,
                ("enable_seqscan", "on"),
                ("enable_bitmapscan", "on"),
                NO_JIT,
                ("plan_cache_mode", "auto"),
            ],
        }
    }
}

impl Postgres {
    /// From a `postgres://user:password@host:port/database` URL. With `roots`, TLS is required and the server's certificate must
    /// lead to one of them and name the host.
    ///
    /// # Errors
    /// [`StoreError::Url`] for an address or a root that cannot be used.
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

    /// Whether the hub's own leg of the connection is encrypted.
    pub(in crate::store) fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// A session, and the line that has to be carried for it.
    async fn begin(&self) -> Result<(Client, Line), tokio_postgres::Error> {
        Ok(match &self.tls {
            Some(tls) => {
                let tls = tokio_postgres_rustls::MakeRustlsConnect::new(tls.clone());
                let (client, line) = self.config.connect(tls).await?;
                (client, Box::pin(line))
            }
            None => {
                let (client, line) = self.config.connect(tokio_postgres::NoTls).await?;
                (client, Box::pin(line))
            }
        })
    }

    /// A session without the hub's settings and time limits, carried by a task of the runtime it is asked in; for
    /// [`raw`](super::raw).
    pub(in crate::store) async fn bare(&self) -> Result<Client, StoreError> {
        let away = |why: String| StoreError::Unavailable(why);
        let opened = tokio::time::timeout(CONNECT_TIME, self.begin()).await;
        let (client, line) = opened
            .map_err(|_| away("no session in time".to_owned()))?
            .map_err(|e| away(chain(&e)))?;
        tokio::spawn(line);
        Ok(client)
    }

    /// Opens a session. Blocks.
    pub(in crate::store) fn connect(&self, purpose: Purpose) -> Result<Session, StoreError> {
        let away = |why: String| StoreError::Unavailable(why);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| away(e.to_string()))?;
        let settings: String = (purpose.settings().iter())
            .map(|(name, value)| format!("SET {name} = {value};"))
            .collect();
        let opening = async {
            let (client, mut line) = self.begin().await?;
            let told = {
                let set = pin!(client.batch_execute(&settings));
                match select(set, &mut line).await {
                    Either::Left((told, _)) => told,
                    Either::Right((_, set)) => set.await,
                }
            };
            told.map(|()| (client, line))
        };
        let opened = runtime.block_on(async { tokio::time::timeout(CONNECT_TIME, opening).await });
        let (client, line) = opened
            .map_err(|_| {
                away(format!(
                    "no session within {} s: the server takes connections and does not answer",
                    CONNECT_TIME.as_secs()
                ))
            })?
            .map_err(|e: tokio_postgres::Error| away(chain(&e)))?;
        Ok(Session::new(client, line, runtime))
    }
}
