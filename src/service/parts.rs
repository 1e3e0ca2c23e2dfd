//! What a hub is made of.

use std::sync::Arc;

use super::credentials::{CredentialParts, Credentials};
use super::directory::DirectoryInUse;
use super::draws::Draws;
use super::files::quota::UploadLimits;
use super::formats_in_use::FormatsInUse;
use super::notifier::Notifier;
use crate::adapt::Registry;
use crate::blobs::Blobs;
use crate::clock::{Clock, Entropy};
use crate::domain::routing::Directory;
use crate::identity::peer::Trust;
use crate::identity::secret::LookupSecrets;
use crate::identity::sign::ReceiptSigner;
use crate::identity::token::Issuer;
use crate::net::outbound::Caller;
use crate::store::Store;

/// What a hub is made of.
pub struct HubParts {
    /// The memory.
    pub store: Arc<Store>,
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

/// What more than one part holds; each takes of it what it needs.
pub(super) struct Base {
    pub store: Arc<Store>,
    pub clock: Clock,
    pub draws: Arc<Draws>,
    pub formats: Arc<FormatsInUse>,
    pub credentials: Arc<Credentials>,
    pub directory: Arc<DirectoryInUse>,
    pub notifier: Arc<Notifier>,
    pub lookup: Arc<LookupSecrets>,
}

/// What one part alone holds.
pub(super) struct Rest {
    pub blobs: Blobs,
    pub uploads: UploadLimits,
    pub caller: Caller,
    pub provisional: bool,
    pub entropy: Entropy,
}

impl HubParts {
    /// What is shared, and the rest.
    pub(super) fn split(self) -> (Base, Rest) {
        let draws = Arc::new(Draws::new(self.entropy.clone()));
        let credentials = Arc::new(Credentials::new(CredentialParts {
            trust: self.trust,
            issuer: self.issuer,
            receipts: self.receipts,
            mtls_base: self.mtls_base,
            clock: self.clock.clone(),
            draws: Arc::clone(&draws),
        }));
        let base = Base {
            store: self.store,
            directory: Arc::new(DirectoryInUse::new(
                self.directory,
                self.own_queues,
                self.clock.clone(),
            )),
            clock: self.clock,
            draws,
            formats: Arc::new(FormatsInUse::new(self.adapters)),
            notifier: Arc::new(Notifier::new(Arc::clone(&credentials))),
            credentials,
            lookup: Arc::new(self.lookup),
        };
        let rest = Rest {
            blobs: self.blobs,
            uploads: self.uploads,
            caller: self.caller,
            provisional: self.provisional,
            entropy: self.entropy,
        };
        (base, rest)
    }
}
