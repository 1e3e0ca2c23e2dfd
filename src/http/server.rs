//! The listeners: sockets that are already bound, TLS that is already configured, workers that serve the table.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_http::HttpService;
use actix_http::error::DispatchError;
use actix_service::{ServiceFactoryExt as _, fn_service, map_config};
use actix_web::dev::{AppConfig, Extensions, ServerHandle};
use actix_web::rt::net::TcpStream;
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{App, HttpRequest};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use crate::domain::tenant::TenantKey;
use crate::identity::peer::ConnectionPeer;
use crate::service::Hub;

use super::admission::{Admission, Balancers, Closed};
use super::answers::Untaken;
use super::concurrency::{Attempts, ConcurrencyLimiter};
use super::dispatch;
use super::extract::Pages;
use super::limits;
use super::line::{Carrier, Line};
use super::metrics::Metrics;
use super::routes::{Listener, Method, Operation, TABLE};
pub use super::state::{Health, Probe, Readiness};
use super::state::{LookUps, State};
use super::v1;

/// Why the interface could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("the {listener} listener could not be opened: {source}")]
pub struct HttpError {
    listener: &'static str,
    source: io::Error,
}

/// A bound socket and the TLS to speak on it.
pub struct Secured {
    /// The socket.
    pub socket: TcpListener,
    /// Its TLS. Only the web listener of a sandbox, on loopback, may go without.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Balancers before it that say whom they speak for.
    pub balancers: Balancers,
}

/// How many connections the listeners keep, and how long.
#[derive(Clone, Copy, Debug)]
pub struct Connections {
    /// Of one worker and listener; the next ones wait to be accepted.
    pub per_worker: usize,
    /// Of one address (IPv6: of a /64) and listener; the next one is closed.
    pub per_address: usize,
    /// How long one is kept that asks nothing.
    pub keep_alive: Duration,
}

impl Default for Connections {
    fn default() -> Self {
        Connections {
            per_worker: limits::CONNECTIONS_PER_WORKER,
            per_address: limits::CONNECTIONS_PER_ADDRESS,
            keep_alive: limits::KEEP_ALIVE,
        }
    }
}

/// Where the hub listens, and who draws its pages.
pub struct Listeners {
    /// Tenants.
    pub partner: Secured,
    /// Everybody.
    pub web: Secured,
    /// The machine itself.
    pub operations: TcpListener,
    /// Draws the pages of the web listener.
    pub pages: Pages,
    /// How many connections, and how long.
    pub connections: Connections,
}

/// The running interface.
pub struct Server {
    handles: Vec<ServerHandle>,
    running: Vec<Pin<Box<dyn Future<Output = io::Result<()>> + Send>>>,
    /// Where the partner listener is.
    pub partner: SocketAddr,
    /// Where the web listener is.
    pub web: SocketAddr,
    /// Where the operations listener is.
    pub operations: SocketAddr,
}

/// Stops a running interface from elsewhere.
#[derive(Clone)]
pub struct Stop(Vec<ServerHandle>);

impl Stop {
    /// Takes no new connections, lets running requests end within their time, then returns.
    pub async fn stop(&self) {
        futures_util::future::join_all(self.0.iter().map(|handle| handle.stop(true))).await;
    }
}

impl Server {
    /// What stops it.
    pub fn stopper(&self) -> Stop {
        Stop(self.handles.clone())
    }

    /// Serves until it is stopped.
    ///
    /// # Errors
    /// When a listener fails.
    pub async fn run(self) -> io::Result<()> {
        futures_util::future::try_join_all(self.running).await.map(|_| ())
    }
}

/// Opens the three listeners. Must be called within a tokio runtime; requests are served on threads of the listeners' own.
///
/// # Errors
/// When a socket cannot be listened on.
pub fn serve(
    listeners: Listeners,
    hub: Arc<Hub>,
    readiness: Readiness,
    metrics: Arc<Metrics>,
) -> Result<Server, HttpError> {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let make = Make {
        hub,
        in_flight: Arc::new(ConcurrencyLimiter::new(limits::IN_FLIGHT_PER_TENANT)),
        batches: Arc::new(ConcurrencyLimiter::new(limits::BATCHES_PER_TENANT)),
        attempts: Arc::default(),
        look_ups: Arc::default(),
        untaken: Untaken::default(),
        readiness,
        metrics,
        pages: listeners.pages,
    };
    let address = |socket: &TcpListener, listener| {
        socket
            .local_addr()
            .map_err(|source| HttpError { listener, source })
    };
    let partner = address(&listeners.partner.socket, "partner")?;
    let web = address(&listeners.web.socket, "web")?;
    let operations = address(&listeners.operations, "operations")?;
    let connections = listeners.connections;
    let alone: Balancers = Arc::new(|_| false);
    let operations_only = Secured {
        socket: listeners.operations,
        tls: None,
        balancers: alone,
    };
    let start = |listener, workers, secured, make| {
        open(listener, workers, connections, make, secured).map_err(|source| HttpError {
            listener: word(listener),
            source,
        })
    };
    let servers = [
        start(Listener::Partner, cores, listeners.partner, make.clone())?,
        start(Listener::Web, cores.min(2), listeners.web, make.clone())?,
        start(Listener::Operations, 1, operations_only, make)?,
    ];
    let handles = servers.iter().map(actix_server::Server::handle).collect();
    let running = servers.into_iter().map(|s| Box::pin(s) as Pin<Box<_>>).collect();
    Ok(Server {
        handles,
        running,
        partner,
        web,
        operations,
    })
}

/// What each worker makes its state of.
#[derive(Clone)]
struct Make {
    hub: Arc<Hub>,
    in_flight: Arc<ConcurrencyLimiter<TenantKey>>,
    batches: Arc<ConcurrencyLimiter<TenantKey>>,
    attempts: Arc<Attempts>,
    look_ups: Arc<LookUps>,
    untaken: Untaken,
    readiness: Readiness,
    metrics: Arc<Metrics>,
    pages: Pages,
}

impl Make {
    fn state(self, secure: bool) -> Rc<State> {
        Rc::new(State {
            rng: RefCell::new(self.hub.entropy.generator()),
            hub: self.hub,
            in_flight: self.in_flight,
            batches: self.batches,
            attempts: self.attempts,
            look_ups: self.look_ups,
            untaken: self.untaken,
            readiness: self.readiness,
            metrics: self.metrics,
            pages: self.pages,
            secure,
        })
    }
}

fn open(
    listener: Listener,
    workers: usize,
    connections: Connections,
    make: Make,
    secured: Secured,
) -> io::Result<actix_server::Server> {
    let Secured {
        socket,
        tls,
        balancers,
    } = secured;
    // Its connections inherit it: the kernel gives up a line whose other end takes nothing any more, and no worker has to watch.
    socket2::SockRef::from(&socket).set_tcp_user_timeout(Some(limits::UNREAD_TIME))?;
    let places = Arc::new(ConcurrencyLimiter::new(connections.per_address));
    let server = actix_server::Server::build()
        .workers(workers)
        .max_concurrent_connections(connections.per_worker)
        .shutdown_timeout(limits::SHUTDOWN_SECONDS)
        .disable_signals();
    let stopping = server.graceful_shutdown_signal();
    let server = server.listen(word(listener), socket, move || {
        let state = make.clone().state(tls.is_some());
        let (stray, metrics) = (Rc::clone(&state), Arc::clone(&make.metrics));
        let app = App::new()
            .configure(|app| mount(listener, &state, app))
            .default_service(web::to(move |request: HttpRequest| {
                dispatch::stray(listener, None, Rc::clone(&stray), request)
            }));
        let (opening, stopping) = (Arc::clone(&metrics), stopping.clone());
        let http = HttpService::build()
            .keep_alive(connections.keep_alive)
            .client_request_timeout(limits::HEAD_TIME)
            .client_disconnect_timeout(limits::DISCONNECT_TIME)
            // A client may close its half as soon as it has sent everything; `line` says what that means.
            .h1_allow_half_closed(true)
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .on_connect_ext(move |line: &Line, facts: &mut Extensions| opened(listener, &opening, line, facts))
            .finish(map_config(app, |()| AppConfig::default()))
            .map_err(|error| ended(&error));
        let admission = Rc::new(Admission {
            tls: tls.clone().map(TlsAcceptor::from),
            balancers: Arc::clone(&balancers),
            places: Arc::clone(&places),
            handshakes: Semaphore::new(limits::HANDSHAKES_PER_WORKER),
        });
        fn_service(move |socket: TcpStream| Rc::clone(&admission).admit(socket))
            .and_then(http)
            .map_err(move |closed: Closed| told(listener, &metrics, &closed))
    })?;
    Ok(server.run())
}

/// The name of a listener in metrics, logs and errors.
fn word(listener: Listener) -> &'static str {
    match listener {
        Listener::Partner => "partner",
        Listener::Web => "web",
        Listener::Operations => "operations",
    }
}

/// What the end of a connection was.
fn ended(error: &DispatchError) -> Closed {
    match error {
        DispatchError::Parse(_) => Closed::Malformed,
        DispatchError::Service(_) | DispatchError::InternalError | DispatchError::Upgrade => {
            Closed::Fault(error.to_string())
        }
        // A body of ours that broke off was told where it broke.
        _ => Closed::Ended,
    }
}

/// Counts a connection that came to nothing. What strangers send is no event of ours; what we do wrong is.
fn told(listener: Listener, metrics: &Metrics, closed: &Closed) {
    let listener = word(listener);
    if let Some(reason) = closed.word() {
        metrics.closed(listener, reason);
    }
    match closed {
        Closed::Fault(error) => tracing::error!(listener, error, "a connection failed"),
        other => tracing::debug!(listener, reason = other.word(), "a connection ended"),
    }
}

/// Mounts the rows of a listener, and nothing else.
fn mount(listener: Listener, state: &Rc<State>, app: &mut ServiceConfig) {
    let rows: Vec<_> = TABLE.iter().filter(|r| r.listener == listener).collect();
    // Paths are tried one after the other. A fixed one is compared, one with parameters is searched by a pattern: it comes later.
    let paths: BTreeSet<(bool, &'static str)> = rows.iter().map(|r| (r.path.contains('{'), r.path)).collect();
    for (_, path) in paths {
        let mut resource = web::resource(path);
        for route in rows.iter().copied().filter(|r| r.path == path) {
            let served = v1::routes().find(|served| served.route.id == route.id);
            let handler = served.map(|served| served.handler);
            // A GET of a verb may lease messages, so a HEAD of it is not the same without its body.
            let headed = route.method == Method::Get && !matches!(route.operation, Operation::Verb(..));
            let methods = [
                Some(dispatch::method(route.method)),
                headed.then_some(actix_web::http::Method::HEAD),
            ];
            for method in methods.into_iter().flatten() {
                let state = Rc::clone(state);
                resource = resource.route(web::method(method).to(
                    move |request: HttpRequest, payload: Payload| {
                        dispatch::enter(route, handler, Rc::clone(&state), request, payload)
                    },
                ));
            }
        }
        let state = Rc::clone(state);
        app.service(resource.default_service(web::to(move |request: HttpRequest| {
            dispatch::stray(listener, Some(path), Rc::clone(&state), request)
        })));
    }
}

/// Reads what the client showed, once a connection.
fn opened(listener: Listener, metrics: &Metrics, line: &Line, facts: &mut Extensions) {
    facts.insert(line.other());
    let Carrier::Tls(stream) = line.carrier() else {
        return;
    };
    let (_, session) = stream.get_ref();
    let chain: Vec<_> = session
        .peer_certificates()
        .unwrap_or_default()
        .iter()
        .map(|c| c.clone().into_owned())
        .collect();
    metrics.opened(word(listener), !chain.is_empty());
    facts.insert(ConnectionPeer::new(chain));
}
