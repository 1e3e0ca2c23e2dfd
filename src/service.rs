//! The verbs: what the hub does for those who may ask.
//!
//! A [`Hub`] is its parts, one for each resource: each holds only what it needs, has a file of this room (a large one a folder),
//! and reaches another part only where its fields name one. A verb takes an authenticated [`Access`], checks one permission, reads
//! through the scope that permission opens, does its work off the ledger's thread, hands the ledger one prepared command, and says
//! what came of it. Nothing here knows HTTP, AMQP or SQL.
//!
//! Start with [`intake`]: the longest way through the house.
//!
//! [`Access`]: crate::identity::Access

mod acts;
mod broker_port;
mod credentials;
mod deliveries;
mod directory;
mod directory_plans;
mod dossiers;
mod draws;
mod endpoints;
mod fault;
mod feed;
mod files;
mod formats;
mod formats_in_use;
mod intake;
mod irregularities;
mod limits;
mod lookup;
mod messages;
mod notifier;
mod overview;
mod parts;
mod refresher;
mod refusals;
mod statuses;
mod subscriptions;
mod successions;
mod tenants;
mod texts;
mod vitals;

use std::sync::Arc;

use rand::Rng as _;

pub use acts::{Acts, Call};
pub use broker_port::{BrokerPort, InQueue};
pub use credentials::Credentials;
pub use deliveries::{Deliveries, DeliveryQuery, LostAfter};
pub use directory::DirectoryInUse;
pub use directory_plans::{DirectoryPlans, FAULTS_TOLD, PLANNED_DOSSIERS};
pub use dossiers::{DossierQuery, Dossiers};
pub use endpoints::Endpoints;
pub use fault::ServiceError;
pub use feed::Feed;
pub use files::{FileDownload, Files, Given, Incoming as IncomingFile, UploadLimits, Wanted};
pub use formats::{Formats, LOOKED_AT};
pub use formats_in_use::{DRIFT_TOLD, FormatSet, FormatsInUse};
pub use intake::{Answered, Incoming, Intake, Mode, batch};
pub use irregularities::Irregularities;
pub use limits::{LIMITS_AT_ONCE, Limits};
pub use lookup::Lookup;
pub use messages::{Messages, OutboundMessage};
pub use notifier::{Left, Notifier, Wait};
pub use overview::Overview;
pub use parts::HubParts;
pub use refresher::{Loaded, Refresher};
pub use refusals::{RefusalCursor, RefusalQuery, Refusals};
pub use statuses::{Reported, Reports, Statuses};
pub use subscriptions::{ActiveSubscription, News, SECRET_OVERLAP, Subscriptions, TEST_TYPE};
pub use successions::{Successions, Taken};
pub use tenants::{AuditQuery, TenantQuery, Tenants};
pub use vitals::Vitals;

use crate::clock::{Clock, Entropy};
use crate::net::outbound::Caller;

/// The hub: its parts, each of which holds only what it needs. What a part may do is what its fields let it do.
pub struct Hub {
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub entropy: Entropy,
    /// The formats in use.
    pub formats_in_use: Arc<FormatsInUse>,
    /// Calls partners' endpoints; its guard says which.
    pub caller: Caller,
    /// Who may speak, and the keys the hub signs with.
    pub credentials: Arc<Credentials>,
    /// Who is responsible for what, now.
    pub directory: Arc<DirectoryInUse>,
    /// Who waits for news.
    pub notifier: Arc<Notifier>,
    /// Whether the hub works, and what waits.
    pub vitals: Arc<Vitals>,
    /// Takes up what another hub has changed.
    pub refresher: Arc<Refresher>,
    /// Filing.
    pub intake: Arc<Intake>,
    /// Reading dossiers.
    pub dossiers: Arc<Dossiers>,
    /// Acting on dossiers.
    pub acts: Arc<Acts>,
    /// Files of dossiers.
    pub files: Arc<Files>,
    /// Reports of agencies.
    pub statuses: Statuses,
    /// What agencies are told, and their inboxes.
    pub messages: Messages,
    /// Messages on their way, for whoever looks after them.
    pub deliveries: Deliveries,
    /// Where agencies are pushed to.
    pub endpoints: Arc<Endpoints>,
    /// The feeds of tenants.
    pub feed: Arc<Feed>,
    /// The webhooks and queues of submitters.
    pub subscriptions: Subscriptions,
    /// Documents that were refused.
    pub refusals: Arc<Refusals>,
    /// The register of tenants, and the audit.
    pub tenants: Tenants,
    /// Planning another directory and putting it into use.
    pub directory_plans: DirectoryPlans,
    /// Versions of formats: what is in use, putting another into use, trying one.
    pub formats: Formats,
    /// Open dossiers of agencies that were reorganised.
    pub successions: Successions,
    /// The time limits that run.
    pub limits: Arc<Limits>,
    /// Rules that were broken.
    pub irregularities: Irregularities,
    /// What the holder of a receipt sees.
    pub lookup: Lookup,
    /// The hub in numbers.
    pub overview: Overview,
}

impl Hub {
    /// A hub of these parts, with an empty register until [`Refresher::refresh`] loads it.
    pub fn new(given: HubParts) -> Self {
        let (base, rest) = given.split();
        // By what the other hubs of this database know it, from its start to its end.
        let holder = format!("{:016x}", rest.entropy.generator().next_u64());
        let vitals = Arc::new(Vitals::new(&base));
        let limits = Arc::new(Limits::new(&base));
        let feed = Arc::new(Feed::new(&base));
        let refusals = Arc::new(Refusals::new(&base));
        let files = Arc::new(Files::new(&base, rest.blobs, rest.uploads));
        let endpoints = Arc::new(Endpoints::new(&base, rest.caller.clone()));
        let refresher = Arc::new(Refresher::new(&base, &endpoints));
        let dossiers = Arc::new(Dossiers::new(&base, &endpoints, &files));
        let acts = Arc::new(Acts::new(&base, &dossiers));
        Hub {
            statuses: Statuses::new(&base, &acts, &refusals),
            messages: Messages::new(&base),
            deliveries: Deliveries::new(&base, &endpoints),
            subscriptions: Subscriptions::new(&base, &feed, holder),
            tenants: Tenants::new(&base, &refresher),
            directory_plans: DirectoryPlans::new(&base, &refresher, rest.provisional),
            formats: Formats::new(&base, &refresher),
            successions: Successions::new(&base),
            irregularities: Irregularities::new(&base),
            lookup: Lookup::new(&base, &dossiers),
            overview: Overview::new(&base, &limits, &vitals),
            intake: Arc::new(Intake::new(&base, &dossiers, &acts, &refusals, &files)),
            clock: base.clock,
            entropy: rest.entropy,
            formats_in_use: base.formats,
            caller: rest.caller,
            credentials: base.credentials,
            directory: base.directory,
            notifier: base.notifier,
            vitals,
            limits,
            feed,
            refusals,
            files,
            endpoints,
            refresher,
            dossiers,
            acts,
        }
    }
}
