//! What one worker of one listener knows, and what the connection of a request showed.

use std::cell::RefCell;
use std::sync::Arc;

use actix_web::HttpRequest;
use rand::rngs::StdRng;
use tokio::sync::Semaphore;

use crate::domain::tenant::TenantKey;
use crate::identity::peer::ConnectionPeer;
use crate::service::Hub;

use super::answers::Untaken;
use super::concurrency::{Attempts, ConcurrencyLimiter};
use super::extract::page::Pages;
use super::limits;
use super::metrics::Metrics;

/// What one worker of one listener knows.
pub(super) struct State {
    pub(super) hub: Arc<Hub>,
    pub(super) in_flight: Arc<ConcurrencyLimiter<TenantKey>>,
    pub(super) batches: Arc<ConcurrencyLimiter<TenantKey>>,
    pub(super) untaken: Untaken,
    pub(super) attempts: Arc<Attempts>,
    pub(super) look_ups: Arc<LookUps>,
    pub(super) readiness: Readiness,
    pub(super) metrics: Arc<Metrics>,
    pub(super) pages: Pages,
    /// Whether it speaks TLS.
    pub(super) secure: bool,
    /// Makes request ids and spans. Each worker is one thread and has its own.
    pub(super) rng: RefCell<StdRng>,
}

/// Places of look-ups, of all listeners' workers.
pub(super) struct LookUps {
    pub(super) of_all: Semaphore,
    pub(super) of_exhausted: Semaphore,
}

impl Default for LookUps {
    fn default() -> Self {
        LookUps {
            of_all: Semaphore::new(limits::LOOKUPS_AT_ONCE),
            of_exhausted: Semaphore::new(limits::LOOKUPS_OF_EXHAUSTED),
        }
    }
}

/// What is missing, in stable words without addresses: everybody may read them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// For taking what is filed and reported, and for reading.
    pub intake: Vec<&'static str>,
    /// For carrying it on.
    pub delivery: Vec<&'static str>,
}

/// Says what is known. Never waits.
pub type Probe = dyn Fn() -> Health + Send + Sync;

/// Whether the hub has all it needs, as the composition root knows it.
#[derive(Clone)]
pub struct Readiness(Arc<Probe>);

impl Readiness {
    /// Readiness by what is known.
    pub fn new(probe: Arc<Probe>) -> Self {
        Readiness(probe)
    }

    pub(super) fn health(&self) -> Health {
        (self.0)()
    }
}

/// What the connection of a request showed.
pub(super) fn peer(request: &HttpRequest) -> Option<&ConnectionPeer> {
    request.conn_data::<ConnectionPeer>()
}
