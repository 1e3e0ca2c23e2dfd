//! The composition root: puts the rooms together, starts them, stops them.
//!
//! [`Assembly`] is everything a hub needs, as values; [`Running`] is a hub at work. `serve` makes an assembly of a configuration,
//! [`sandbox`] makes one of a folder. Nothing is decided here.

pub mod desk;
mod health;
mod renewal;
pub mod sandbox;
pub mod serve;

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use tokio::task::JoinHandle;

use crate::adapt::Registry;
use crate::blobs::Blobs;
use crate::broker::topology::{DEAD_QUEUE, QueueLimits, STATUS_QUEUE};
use crate::broker::{Broker, Source};
use crate::clock::{Clock, Entropy};
use crate::delivery::Workers;
use crate::domain::routing::{Directory, DirectoryFault};
use crate::http::server::Stop;
use crate::http::{Balancers, Connections, Listeners, Metrics, Secured};
use crate::identity::Access;
use crate::identity::keys::{SigningKey, VerifyingKey};
use crate::identity::peer::Trust;
use crate::identity::secret::LookupSecrets;
use crate::identity::sign::ReceiptSigner;
use crate::identity::token::{Issuer, TokenRules};
use crate::net::guard::Network;
use crate::net::outbound::Caller;
use crate::net::tls::{Callers, ServerIdentity, partner_config, web_config};
use crate::service::{Hub, HubParts, UploadLimits};
use crate::store::{Backend, Cipher, Store, StoreSizes};

/// Why a hub could not be put together or started.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The database.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    /// The broker.
    #[error(transparent)]
    Broker(#[from] crate::broker::BrokerError),
    /// The broker's management interface.
    #[error("broker management: {0}")]
    Admin(#[from] crate::broker::admin::AdminError),
    /// Certificates and keys.
    #[error(transparent)]
    Net(#[from] crate::net::NetError),
    /// A signing key.
    #[error(transparent)]
    Key(#[from] crate::identity::keys::KeyError),
    /// A listener or a file.
    #[error("{what}: {error}")]
    Io {
        /// Which.
        what: String,
        /// Why.
        error: std::io::Error,
    },
    /// A file of the configuration.
    #[error(transparent)]
    Material(#[from] crate::material::MaterialError),
    /// A verb of the hub.
    #[error(transparent)]
    Service(#[from] crate::service::ServiceError),
    /// The HTTP server.
    #[error(transparent)]
    Http(#[from] crate::http::HttpError),
    /// What the operator gave cannot be used as it is; the sentence says why and what to do.
    #[error("{0}")]
    Unusable(String),
}

impl AppError {
    /// An IO error that says what it was about.
    pub fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> AppError {
        let what = what.into();
        move |error| AppError::Io { what, error }
    }
}

/// Everything a hub is made of, as values.
pub struct Assembly {
    /// Where the database is.
    pub backend: Backend,
    /// Keys of the store.
    pub cipher: Arc<Cipher>,
    /// Limits of the store.
    pub sizes: StoreSizes,
    /// Whether pending migrations are applied at start.
    pub migrate: bool,
    /// The bytes of attachments.
    pub blobs: Blobs,
    /// How much may be uploaded.
    pub uploads: UploadLimits,
    /// The broker.
    pub broker: Broker,
    /// Whether agencies may consume queues of their own; a broker inside this process has none for them.
    pub own_queues: bool,
    /// Calls partners' endpoints.
    pub caller: Caller,
    /// Whether a directory may hold rows that are marked provisional.
    pub provisional: bool,
    /// The directory to begin with, when the database holds none.
    pub directory: BTreeMap<String, String>,
    /// The formats.
    pub adapters: Registry,
    /// Roots whose certificates may call.
    pub trust: Vec<CertificateDer<'static>>,
    /// Whether a wrong certificate is refused in the handshake already.
    pub strict_handshake: bool,
    /// The hub's own certificate on the partner listener.
    pub partner: ServerIdentity,
    /// The same on the web listener; only a sandbox on loopback speaks without TLS there.
    pub web: Option<ServerIdentity>,
    /// Bound sockets.
    pub sockets: Sockets,
    /// Balancers that say whom they speak for.
    pub balancers: BalancersOf,
    /// How many connections the listeners keep.
    pub connections: Connections,
    /// Base URL of the partner listener, as partners see it.
    pub partner_url: String,
    /// Base URL of the web listener, which is the hub's name in tokens and receipts.
    pub web_url: String,
    /// How long tokens live.
    pub token_life: Duration,
    /// Signs tokens.
    pub token_key: Arc<SigningKey>,
    /// Keys that still verify tokens, or soon will.
    pub token_keys_also: Vec<VerifyingKey>,
    /// Signs receipts.
    pub receipt_key: Arc<SigningKey>,
    /// Keys that signed receipts before.
    pub retired_keys: Vec<VerifyingKey>,
    /// Makes the citizen's secrets.
    pub lookup: LookupSecrets,
    /// Shows the pages that need no sign-in, because everything in them is made up.
    pub sandbox: bool,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub entropy: Entropy,
}

/// The balancers before each listener that has any.
pub struct BalancersOf {
    /// Before the partner listener.
    pub partner: Balancers,
    /// Before the web listener.
    pub web: Balancers,
}

impl BalancersOf {
    /// Of these networks.
    pub fn in_networks(partner: Vec<Network>, web: Vec<Network>) -> Self {
        let of = |networks: Vec<Network>| -> Balancers {
            Arc::new(move |address| networks.iter().any(|network| network.holds(address)))
        };
        BalancersOf {
            partner: of(partner),
            web: of(web),
        }
    }
}

/// The three listeners, bound.
pub struct Sockets {
    /// For partners, with client certificates.
    pub partner: TcpListener,
    /// For everybody.
    pub web: TcpListener,
    /// For the operator, on loopback.
    pub operations: TcpListener,
}

impl Sockets {
    /// Binds all three.
    ///
    /// # Errors
    /// Names the address that could not be bound.
    pub fn bind(partner: SocketAddr, web: SocketAddr, operations: SocketAddr) -> Result<Self, AppError> {
        let bind = |name: &str, address: SocketAddr| {
            TcpListener::bind(address).map_err(AppError::io(format!("{name} listener on {address}")))
        };
        Ok(Sockets {
            partner: bind("partner", partner)?,
            web: bind("web", web)?,
            operations: bind("operations", operations)?,
        })
    }
}

/// What the listeners show and whom they let in; each can be replaced while they listen.
#[derive(Clone)]
pub struct ListenerTls {
    /// The certificate of the partner listener.
    pub partner: ServerIdentity,
    /// The certificate of the web listener.
    pub web: Option<ServerIdentity>,
    /// Who may finish a handshake with the partner listener.
    pub callers: Callers,
}

/// The first hub of a database brings its directory; the next ones find it there and never put theirs in its place.
async fn bring_directory(hub: &Hub, files: &BTreeMap<String, String>) -> Result<(), AppError> {
    if !hub.refresher.has_directory().await? {
        hub.directory_plans.import(&Access::system(), files).await?;
    }
    Ok(())
}

/// The store blocks while it opens and owns its threads.
async fn open_store(
    backend: Backend,
    cipher: Arc<Cipher>,
    sizes: StoreSizes,
    migrate: bool,
    clock: &Clock,
    entropy: &Entropy,
) -> Result<Store, AppError> {
    let (clock, entropy) = (clock.clone(), entropy.clone());
    let opening = move || Store::open(backend, cipher, sizes, migrate, &clock, &entropy);
    let opened = tokio::task::spawn_blocking(opening).await;
    Ok(opened.map_err(|e| AppError::Unusable(e.to_string()))??)
}

/// Who may finish a handshake with the partner listener.
fn callers(strict: bool, trust: &[CertificateDer<'static>]) -> Result<Callers, AppError> {
    match strict {
        true => Ok(Callers::only(trust)?),
        false => Ok(Callers::anybody()),
    }
}

fn partner_listener(
    socket: TcpListener,
    balancers: Balancers,
    shown: &ListenerTls,
) -> Result<Secured, AppError> {
    Ok(Secured {
        socket,
        tls: Some(partner_config(&shown.partner, &shown.callers)?),
        balancers,
    })
}

fn web_listener(socket: TcpListener, balancers: Balancers, shown: &ListenerTls) -> Result<Secured, AppError> {
    Ok(Secured {
        socket,
        tls: shown.web.as_ref().map(web_config).transpose()?,
        balancers,
    })
}

/// A hub at work.
pub struct Running {
    hub: Arc<Hub>,
    store: Arc<Store>,
    shown: ListenerTls,
    workers: Workers,
    stop: Stop,
    serving: JoinHandle<std::io::Result<()>>,
    measuring: JoinHandle<((), ())>,
    looking: JoinHandle<()>,
}

impl Running {
    /// Opens the store, loads the register and the directory, starts what moves and what listens.
    ///
    /// # Errors
    /// What cannot be had: the database, an unusable directory, a broker that refuses what is declared.
    pub async fn start(assembly: Assembly) -> Result<Self, AppError> {
        let Assembly {
            backend,
            cipher,
            sizes,
            migrate,
            clock,
            entropy,
            ..
        } = assembly;
        let store = Arc::new(open_store(backend, cipher, sizes, migrate, &clock, &entropy).await?);
        let directory = Directory::read(&assembly.directory).map_err(|faults| unreadable(&faults))?;
        let hub = Arc::new(Hub::new(HubParts {
            store: Arc::clone(&store),
            blobs: assembly.blobs,
            uploads: assembly.uploads,
            adapters: assembly.adapters,
            directory,
            trust: Trust::new(&assembly.trust).map_err(|e| AppError::Unusable(e.to_string()))?,
            issuer: Issuer::new(
                token_rules(&assembly.web_url, &assembly.partner_url, assembly.token_life),
                assembly.token_key,
                assembly.token_keys_also,
            ),
            receipts: ReceiptSigner::after(assembly.receipt_key, assembly.retired_keys),
            lookup: assembly.lookup,
            mtls_base: assembly.partner_url,
            own_queues: assembly.own_queues,
            provisional: assembly.provisional,
            caller: assembly.caller,
            clock,
            entropy,
        }));
        hub.refresher.refresh().await?;
        bring_directory(&hub, &assembly.directory).await?;
        hub.formats.keep_own().await?;
        let workers = Workers::start(Arc::clone(&hub), Arc::clone(&store), assembly.broker.clone()).await?;
        let shown = ListenerTls {
            partner: assembly.partner,
            web: assembly.web,
            callers: callers(assembly.strict_handshake, &assembly.trust)?,
        };
        let listeners = Listeners {
            partner: partner_listener(assembly.sockets.partner, assembly.balancers.partner, &shown)?,
            web: web_listener(assembly.sockets.web, assembly.balancers.web, &shown)?,
            operations: assembly.sockets.operations,
            pages: crate::console::pages(assembly.sandbox),
            connections: assembly.connections,
        };
        let (readiness, looking) = health::begin(Arc::clone(&hub), assembly.broker.clone()).await;
        let metrics = Arc::new(Metrics::new());
        metrics.capacity(sizes.ledger_queue);
        let measuring = tokio::spawn(futures_util::future::join(
            measure(Arc::clone(&hub), Arc::clone(&metrics)),
            measure_queues(assembly.broker, Arc::clone(&metrics)),
        ));
        let server = crate::http::serve(listeners, Arc::clone(&hub), readiness, metrics)?;
        let stop = server.stopper();
        let serving = tokio::spawn(server.run());
        Ok(Running {
            shown,
            hub,
            store,
            workers,
            stop,
            serving,
            measuring,
            looking,
        })
    }

    /// The hub's verbs.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// The database, for tests that look behind the verbs.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// What the listeners show.
    pub fn shown(&self) -> &ListenerTls {
        &self.shown
    }

    /// Lets requests in progress finish, then stops what moves.
    pub async fn stop(self) {
        self.measuring.abort();
        self.looking.abort();
        self.stop.stop().await;
        if let Ok(Err(error)) = self.serving.await {
            tracing::error!(%error, "a listener failed");
        }
        self.workers.stop().await;
    }
}

/// How tokens of a hub at these addresses are made.
fn token_rules(web_url: &str, partner_url: &str, life: Duration) -> TokenRules {
    TokenRules {
        issuer: web_url.to_owned(),
        audience: partner_url.to_owned(),
        token_endpoint: format!("{partner_url}/oauth2/token"),
        life,
    }
}

/// How long a message may lie in the embedded broker before the outbox takes it back.
const EMBEDDED_PATIENCE: Duration = Duration::from_secs(20);

/// How often figures that must be looked up are.
const MEASURE: Duration = Duration::from_secs(5);

/// Keeps the figures that no request changes.
async fn measure(hub: Arc<Hub>, metrics: Arc<Metrics>) {
    loop {
        // A database that is away is told by readiness; the last figure stands.
        if let Ok(messages) = hub.vitals.outbox_depth().await {
            metrics.outbox(messages);
        }
        metrics.ending_certificates(&hub.tenants.ending_certificates());
        if let Ok(backlog) = hub.vitals.backlog().await {
            metrics.backlog(&backlog, hub.clock.now());
        }
        if let Ok(counts) = hub.limits.limits_told().await {
            metrics.limits(&counts);
        }
        if let Ok(counts) = hub.irregularities.of_late().await {
            metrics.irregular(&counts);
        }
        if let Ok(files) = hub.files.overdue().await {
            metrics.overdue_files(files);
        }
        drop(hub.formats.tell_drift().await);
        if let Ok(drifts) = hub.formats.drifts().await {
            metrics.format_drift(drifts.len());
        }
        tokio::time::sleep(MEASURE).await;
    }
}

/// How often the queues of the hub's own are looked at.
const MEASURE_QUEUES: Duration = Duration::from_secs(15);

/// Keeps the figures of the two queues that all share: what agencies report, and what no consumer could take. Both are emptied as
/// they fill; one that grows says that nobody does.
async fn measure_queues(broker: Broker, metrics: Arc<Metrics>) {
    loop {
        for (name, source) in [
            (STATUS_QUEUE, Source::Statuses),
            (DEAD_QUEUE, Source::DeadLetters),
        ] {
            if let Ok(Some(level)) = broker.level(&source).await {
                metrics.queue(name, level.messages, QueueLimits::default().messages);
            }
        }
        tokio::time::sleep(MEASURE_QUEUES).await;
    }
}

/// How much may be uploaded, by these settings.
fn uploads(blobs: &crate::config::BlobSettings) -> UploadLimits {
    UploadLimits {
        file: blobs.largest_bytes,
        in_flight: blobs.in_flight_bytes,
        unused: blobs.unnamed_bytes,
        kept: Duration::from_secs(u64::from(blobs.unnamed_hours) * 3600),
    }
}

fn unreadable(faults: &[DirectoryFault]) -> AppError {
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    AppError::Unusable(lines.join("\n"))
}

/// Returns when the process is asked to end: SIGTERM, or Ctrl-C.
pub async fn until_told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        // Without a handler the default action ends the process, which loses nothing.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
