//! The listeners: sockets that are already bound, TLS that is already configured, workers that serve the table.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::{Extensions, ServerHandle};
use actix_web::rt::net::TcpStream;
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{App, HttpRequest, HttpServer};

use crate::identity::peer::ConnectionPeer;
use crate::service::Hub;

use super::door::{self, State};
use super::extract::Pages;
use super::limits;
use super::metrics::Metrics;
use super::routes::{Act, Listener, Method, TABLE};
use super::seats::{Attempts, Seats};

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
    pub tls: Option<rustls::ServerConfig>,
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
}

/// Asks everything the hub depends on, and names what is missing.
pub type Probe = dyn Fn() -> Pin<Box<dyn Future<Output = Vec<String>> + Send>> + Send + Sync;

/// Whether the hub has all it needs, as the composition root knows it.
#[derive(Clone)]
pub struct Readiness(Arc<Probe>);

impl Readiness {
    /// Readiness by a question. What it names is shown to everybody: stable words, no addresses.
    pub fn new(probe: Arc<Probe>) -> Self {
        Readiness(probe)
    }

    pub(super) async fn missing(&self) -> Vec<String> {
        (self.0)().await
    }
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
        seats: Arc::new(Seats::new(limits::IN_FLIGHT_PER_TENANT)),
        batches: Arc::new(Seats::new(limits::BATCHES_PER_TENANT)),
        attempts: Arc::default(),
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
    let Secured { socket, tls } = listeners.partner;
    let one = open(Listener::Partner, cores, make.clone(), socket, tls).map_err(|source| HttpError {
        listener: "partner",
        source,
    })?;
    let Secured { socket, tls } = listeners.web;
    let two = open(Listener::Web, cores.min(2), make.clone(), socket, tls).map_err(|source| HttpError {
        listener: "web",
        source,
    })?;
    let three =
        open(Listener::Operations, 1, make, listeners.operations, None).map_err(|source| HttpError {
            listener: "operations",
            source,
        })?;
    let servers = [one, two, three];
    let handles = servers.iter().map(actix_web::dev::Server::handle).collect();
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
    seats: Arc<Seats>,
    batches: Arc<Seats>,
    attempts: Arc<Attempts>,
    readiness: Readiness,
    metrics: Arc<Metrics>,
    pages: Pages,
}

impl Make {
    fn state(self) -> Rc<State> {
        Rc::new(State {
            rng: RefCell::new(self.hub.entropy().generator()),
            hub: self.hub,
            seats: self.seats,
            batches: self.batches,
            attempts: self.attempts,
            readiness: self.readiness,
            metrics: self.metrics,
            pages: self.pages,
        })
    }
}

fn open(
    listener: Listener,
    workers: usize,
    make: Make,
    socket: TcpListener,
    tls: Option<rustls::ServerConfig>,
) -> io::Result<actix_web::dev::Server> {
    let metrics = Arc::clone(&make.metrics);
    // Its connections inherit it: the kernel gives up a line whose other end takes nothing any more, and no worker has to watch.
    socket2::SockRef::from(&socket).set_tcp_user_timeout(Some(limits::UNREAD_TIME))?;
    let server = HttpServer::new(move || {
        let state = make.clone().state();
        let stray = Rc::clone(&state);
        App::new()
            .configure(|app| mount(listener, &state, app))
            .default_service(web::to(move |request: HttpRequest| {
                door::stray(listener, None, Rc::clone(&stray), request)
            }))
    })
    .workers(workers)
    .keep_alive(limits::KEEP_ALIVE)
    .client_request_timeout(limits::HEAD_TIME)
    .client_disconnect_timeout(limits::DISCONNECT_TIME)
    .tls_handshake_timeout(limits::HANDSHAKE_TIME)
    .max_connections(limits::CONNECTIONS_PER_WORKER)
    // A client that has closed its side waits for nothing more: a long poll of its ends at once and leases nothing to nobody.
    .h1_allow_half_closed(false)
    .shutdown_timeout(limits::SHUTDOWN_SECONDS)
    .disable_signals()
    .on_connect(move |io, facts| opened(listener, &metrics, io, facts));
    let server = match tls {
        Some(tls) => server.listen_rustls_0_23(socket, tls)?,
        None => server.listen(socket)?,
    };
    Ok(server.run())
}

/// Mounts the rows of a listener, and nothing else.
fn mount(listener: Listener, state: &Rc<State>, app: &mut ServiceConfig) {
    let rows: Vec<_> = TABLE.iter().filter(|r| r.listener == listener).collect();
    let paths: BTreeSet<&'static str> = rows.iter().map(|r| r.path).collect();
    for path in paths {
        let mut resource = web::resource(path);
        for route in rows.iter().copied().filter(|r| r.path == path) {
            // A GET of a verb may lease messages, so a HEAD of it is not the same without its body.
            let headed = route.method == Method::Get && !matches!(route.act, Act::Verb(..));
            let methods = [
                Some(door::method(route.method)),
                headed.then_some(actix_web::http::Method::HEAD),
            ];
            for method in methods.into_iter().flatten() {
                let state = Rc::clone(state);
                resource = resource.route(web::method(method).to(
                    move |request: HttpRequest, payload: Payload| {
                        door::enter(route, Rc::clone(&state), request, payload)
                    },
                ));
            }
        }
        let state = Rc::clone(state);
        app.service(resource.default_service(web::to(move |request: HttpRequest| {
            door::stray(listener, Some(path), Rc::clone(&state), request)
        })));
    }
}

/// Reads what the client showed, once a connection.
fn opened(listener: Listener, metrics: &Metrics, io: &dyn Any, facts: &mut Extensions) {
    let Some(stream) = io.downcast_ref::<TlsStream<TcpStream>>() else {
        return;
    };
    let (_, session) = stream.get_ref();
    let chain: Vec<_> = session
        .peer_certificates()
        .unwrap_or_default()
        .iter()
        .map(|c| c.clone().into_owned())
        .collect();
    let word = if listener == Listener::Partner {
        "partner"
    } else {
        "web"
    };
    metrics.opened(word, !chain.is_empty());
    facts.insert(ConnectionPeer::new(chain));
}

/// What the connection of a request showed.
pub(super) fn peer(request: &HttpRequest) -> Option<&ConnectionPeer> {
    request.conn_data::<ConnectionPeer>()
}
