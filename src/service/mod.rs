//! The verbs: what the hub does for those who may ask.
//!
//! A [`Hub`] holds the store, the adapters, the directory and the gate, and each file of this room is one resource of it. A verb
//! takes an authenticated [`Access`], checks one permission, reads through the scope that permission opens, does its work off
//! the ledger's thread, hands the ledger one prepared command, and says what came of it. Nothing here knows HTTP, AMQP or SQL.
//!
//! Start with [`intake`]: the longest way through the house.

mod acts;
mod assignment;
mod attachments;
pub mod batch;
mod broker_port;
mod deliveries;
mod directory;
mod dossiers;
mod endpoints;
mod fault;
mod inbox;
mod intake;
mod irregular;
mod matters;
mod messages;
mod notifier;
mod onboarding;
mod public;
mod rate;
mod refusals;
mod statuses;
mod subscriptions;
mod tenants;
mod texts;
mod turns;
mod watching;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use parking_lot::Mutex;
use rand::Rng;
use rand::rngs::StdRng;

pub use acts::Call;
pub use attachments::{FileDownload, Given, Incoming as IncomingFile, UploadLimits, Wanted};
pub use broker_port::{BrokerPort, InQueue, LostAfter};
pub use deliveries::DeliveryQuery;
pub use directory::{FAULTS_TOLD, PLANNED_DOSSIERS};
pub use dossiers::DossierQuery;
pub use fault::ServiceError;
pub use intake::{Answered, Incoming, Mode};
pub use messages::OutboundMessage;
pub use notifier::{Left, Wait};
pub use onboarding::Loaded;
pub use refusals::{RefusalCursor, RefusalQuery};
pub use statuses::{Reported, Reports};
pub use subscriptions::{ActiveSubscription, News, SECRET_OVERLAP, TEST_TYPE};
pub use tenants::{AuditQuery, TenantQuery};
pub use watching::LIMITS_AT_ONCE;

use crate::adapt::Registry;
use crate::blobs::Blobs;
use crate::clock::{Clock, Entropy};
use crate::domain::rejection::{Label, Rejection};
use crate::domain::routing::Directory;
use crate::domain::tenant::Register;
use crate::domain::view::TokenAnswer;
use crate::identity::peer::{ConnectionPeer, Trust};
use crate::identity::secret::LookupSecrets;
use crate::identity::sign::ReceiptSigner;
use crate::identity::token::{Issuer, TokenRules};
use crate::identity::token_request::{OAuthError, TokenRequest};
use crate::identity::{Access, Gate, authenticate};
use crate::net::outbound::Caller;
use crate::store::Store;
use crate::store::kept::KeptEndpoint;

/// How many verified tokens are remembered.
const REMEMBERED_TOKENS: usize = 10_000;

/// What a hub is made of.
pub struct HubParts {
    /// The memory.
    pub store: Store,
    /// The bytes of attachments.
    pub blobs: Blobs,
    /// How much may be uploaded.
    pub uploads: UploadLimits,
    /// The formats.
    pub adapters: Registry,
    /// Who is responsible for what; replaced when the database holds another.
    pub directory: Directory,
    /// Roots whose certificates may call.
    pub trust: Trust,
    /// Who mints tokens.
    pub issuer: Issuer,
    /// Who signs receipts.
    pub receipts: ReceiptSigner,
    /// Makes the citizen's secrets.
    pub lookup: LookupSecrets,
    /// Base URL of the partner listener.
    pub mtls_base: String,
    /// Whether agencies may consume queues of their own; without a broker that stands outside, they pull.
    pub own_queues: bool,
    /// Calls partners' endpoints.
    pub caller: Caller,
    /// Whether a directory may hold rows that are marked provisional.
    pub provisional: bool,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub entropy: Entropy,
}

/// The hub's verbs and what they need.
pub struct Hub {
    store: Store,
    blobs: Blobs,
    uploads: UploadLimits,
    in_flight_bytes: Arc<attachments::InFlight>,
    adapters: Registry,
    directory: ArcSwap<Directory>,
    endpoints: ArcSwap<BTreeMap<String, Arc<KeptEndpoint>>>,
    /// One at a time takes up what the database has, so that nobody puts back what he read before another one's news.
    refreshing: tokio::sync::Mutex<()>,
    gate: Gate,
    receipts: ArcSwap<ReceiptSigner>,
    lookup: LookupSecrets,
    mtls_base: String,
    own_queues: bool,
    provisional: bool,
    caller: Caller,
    broker: ArcSwapOption<Arc<dyn BrokerPort>>,
    clock: Clock,
    entropy: Entropy,
    rng: Mutex<StdRng>,
    /// What this hub is known by to the others of its database, from its start to its end.
    holder: String,
    in_flight: Mutex<HashSet<(String, String)>>,
    notifier: notifier::Notifier,
    refusals: rate::Rate,
    /// Places of batch items in the ledger's queue: half of it.
    batches: tokio::sync::Semaphore,
}

impl Hub {
    /// A hub of these parts, with an empty register until [`Hub::refresh`] loads it.
    pub fn new(parts: HubParts) -> Self {
        Hub {
            gate: Gate::new(Register::default(), parts.trust, parts.issuer, REMEMBERED_TOKENS),
            rng: Mutex::new(parts.entropy.generator()),
            holder: format!("{:016x}", parts.entropy.generator().next_u64()),
            batches: tokio::sync::Semaphore::new((parts.store.ledger.capacity() / 2).max(1)),
            store: parts.store,
            blobs: parts.blobs,
            uploads: parts.uploads,
            in_flight_bytes: Arc::default(),
            adapters: parts.adapters,
            directory: ArcSwap::from_pointee(parts.directory),
            endpoints: ArcSwap::default(),
            refreshing: tokio::sync::Mutex::default(),
            receipts: ArcSwap::from_pointee(parts.receipts),
            lookup: parts.lookup,
            mtls_base: parts.mtls_base,
            own_queues: parts.own_queues,
            provisional: parts.provisional,
            caller: parts.caller,
            broker: ArcSwapOption::empty(),
            clock: parts.clock,
            entropy: parts.entropy,
            in_flight: Mutex::new(HashSet::new()),
            notifier: notifier::Notifier::default(),
            refusals: rate::Rate::default(),
        }
    }

    /// The time.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Chance.
    pub fn entropy(&self) -> &Entropy {
        &self.entropy
    }

    /// The hub's name in tokens, receipts and events: the base URL of its web listener.
    pub fn issuer_url(&self) -> String {
        self.gate.tokens().issuer().rules().issuer.clone()
    }

    /// The directory in use.
    pub fn directory(&self) -> Arc<Directory> {
        self.directory.load_full()
    }

    /// The formats.
    pub fn adapters(&self) -> &Registry {
        &self.adapters
    }

    /// Who may speak, now.
    pub fn register(&self) -> Arc<Register> {
        self.gate.register()
    }

    /// The memory, for the rooms that carry.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Whether agencies may consume queues of their own.
    pub fn own_queues(&self) -> bool {
        self.own_queues
    }

    /// Calls partners' endpoints; its guard says which.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// What the ledger has counted since the hub started.
    pub fn ledger_counts(&self) -> crate::store::ledger::Counts {
        self.store.ledger.counts()
    }

    /// Free places in the ledger's queue.
    pub fn room(&self) -> usize {
        self.store.ledger.room()
    }

    /// Judges callers by other roots from their next request on.
    pub fn replace_trust(&self, trust: Trust) {
        self.gate.replace_trust(trust);
    }

    /// Signs tokens and receipts with other keys from the next on; tokens are accepted by what the new issuer accepts.
    pub fn replace_keys(&self, issuer: Issuer, receipts: ReceiptSigner) {
        // Published first: a receipt's key can be looked up as soon as there is a receipt.
        self.gate.replace_issuer(issuer);
        self.receipts.store(Arc::new(receipts));
    }

    /// How tokens are made: by whom, for whom, for how long.
    pub fn token_rules(&self) -> TokenRules {
        self.gate.tokens().issuer().rules().clone()
    }

    /// Judges a request's certificate, token, staff and point. See [`authenticate`].
    pub fn authenticate(
        &self,
        connection: Option<&ConnectionPeer>,
        authorization: Option<&str>,
        acting_staff: Option<&str>,
        receiving_point: Option<&str>,
    ) -> Result<Access, Rejection> {
        authenticate(
            &self.gate,
            connection,
            authorization,
            acting_staff,
            receiving_point,
            self.clock.now(),
        )
    }

    /// A token for a tenant's certificate.
    pub fn token(&self, connection: Option<&ConnectionPeer>, form: &[u8]) -> Result<TokenAnswer, OAuthError> {
        let now = self.clock.now();
        let peer = self
            .gate
            .peer(connection, now)
            .map_err(|r| OAuthError::from(&r))?;
        let request = TokenRequest::parse(form)?;
        let jti = self.with_rng(|rng| {
            let mut jti = [0u8; 16];
            rng.fill_bytes(&mut jti);
            jti
        });
        request.answer(self.gate.tokens().issuer(), &peer, now, jti)
    }

    /// The public keys of tokens and receipts.
    pub fn jwks(&self) -> serde_json::Value {
        self.gate.tokens().issuer().jwks(self.receipts.load().published())
    }

    /// Authorization server metadata (RFC 8414).
    pub fn metadata(&self) -> serde_json::Value {
        self.gate.tokens().issuer().metadata(&self.mtls_base)
    }

    /// Runs with the hub's generator; the lock is held for the closure only.
    fn with_rng<T>(&self, draw: impl FnOnce(&mut StdRng) -> T) -> T {
        let mut rng = self.rng.lock();
        self.entropy.stir(&mut rng);
        draw(&mut rng)
    }

    /// Marks a key as being worked on; a second call with it meanwhile is `idempotency-in-flight`.
    fn claim_key(&self, tenant: &str, key: &str) -> Result<InFlight<'_>, Rejection> {
        let name = (tenant.to_owned(), key.to_owned());
        let mut keys = self.in_flight.lock();
        if !keys.insert(name.clone()) {
            return Err(Label::IdempotencyInFlight.into());
        }
        drop(keys);
        Ok(InFlight { hub: self, name })
    }
}

/// A key being worked on; free again when dropped, whatever happened.
struct InFlight<'a> {
    hub: &'a Hub,
    name: (String, String),
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.hub.in_flight.lock().remove(&self.name);
    }
}

/// The files of a directory as the database keeps them.
pub(crate) fn directory_bytes(files: &BTreeMap<String, String>) -> Vec<u8> {
    serde_json::to_vec(files).unwrap_or_default()
}
