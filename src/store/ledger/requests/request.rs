//! What every request says of itself.

use std::collections::BTreeSet;

use crate::domain::sha256::Sha256;
use crate::domain::tenant::{Actor, TenantKind};
use crate::domain::time::Timestamp;
use crate::store::columns::Column;
use crate::store::moment::At;

/// Something that can be asked of the ledger. A refusal is an answer, not an error.
pub trait Request: Send + 'static {
    /// What comes of it, once it is committed.
    type Answer: Send + 'static;

    /// Whose request it is; none for what the hub does by itself, or for many at once.
    fn sender(&self) -> Option<Sender<'_>> {
        None
    }

    /// A column for which it has a value that no database holds: it is refused before there is any SQL.
    fn unstorable(&self) -> Option<&'static str> {
        None
    }

    /// Whether it may append to the audit: whatever is not known to leave it alone. What is asked for with every filing does.
    fn may_be_audited(&self) -> bool {
        true
    }

    /// Whether it only tries: that it succeeds says nothing of the writes of others.
    fn is_trial(&self) -> bool {
        false
    }

    /// Names what has to be loaded for it.
    fn names<'a>(&'a self, _names: &mut Names<'a>) {}
}

/// What a batch has to know before its commands are played.
#[derive(Default)]
pub struct Names<'a> {
    /// Idempotency keys.
    pub keys: BTreeSet<&'a str>,
    /// Values of natural keys.
    pub natural: BTreeSet<&'a str>,
    /// Tracking ids of dossiers.
    pub dossiers: BTreeSet<&'a str>,
    /// Blind indexes of likenesses that are filed.
    pub likenesses: BTreeSet<&'a [u8]>,
    /// Digests of files that are named.
    pub files: BTreeSet<Sha256>,
    /// Files that were uploaded: index of the digest, and whose.
    pub uploads: BTreeSet<(&'a [u8], &'a str)>,
    /// Tracking ids of dossiers that name other files than before.
    pub changed: BTreeSet<&'a str>,
}

/// Who sent a request.
pub struct Sender<'a> {
    /// The key of its tenant.
    pub tenant: &'a str,
    /// An operator mends, and is not slowed.
    pub may_be_slowed: bool,
}

impl<'a> Sender<'a> {
    /// A tenant, by its key.
    pub fn named(tenant: &'a str) -> Self {
        Sender {
            tenant,
            may_be_slowed: !tenant.starts_with("operator."),
        }
    }

    /// A tenant, as it acts.
    pub fn actor(actor: &'a Actor) -> Self {
        Sender {
            tenant: actor.tenant.as_str(),
            may_be_slowed: actor.tenant.kind() != TenantKind::Operator,
        }
    }
}

/// Whether both databases hold a moment.
pub(super) fn is_moment(at: Timestamp) -> bool {
    At(at).is_storable()
}
