//! Files: one that was uploaded, those nobody names, and who reads one.

use super::request::{Names, Request, Sender};
use crate::domain::attachment::DataKey;
use crate::domain::ids::BlobId;
use crate::domain::tenant::Actor;
use crate::domain::time::Timestamp;

/// An upload is committed within this time after its bytes were durable, or not at all: what is older without a row is nobody's,
/// and may be removed.
pub const COMMITTED_WITHIN: std::time::Duration = std::time::Duration::from_secs(1800);

/// A file is here: durable, and not yet anybody's.
pub struct AddBlob {
    /// Who uploaded it.
    pub actor: Actor,
    /// Index of its digest.
    pub blind: Vec<u8>,
    /// The object that holds it.
    pub object: BlobId,
    /// Plain bytes.
    pub size: i64,
    /// Its key.
    pub key: DataKey,
    /// When it became durable, by this hub's clock.
    pub finished_at: Timestamp,
    /// W3C trace context of the call.
    pub traceparent: Option<String>,
}

/// What an upload came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlobOutcome {
    /// The object is the tenant's file now.
    Added(Complete),
    /// The tenant has this file already; the object is not needed.
    Known(Complete),
    /// Too long after its bytes were there; the object may be gone.
    Late,
}

/// Whom an upload was news for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Complete {
    /// The submitter of each dossier that has all its files now.
    pub submitters: Vec<String>,
    /// Whether more dossiers wait for the file than one commit tells.
    pub more: bool,
}

/// Somebody reads something of a dossier.
#[derive(Clone, Debug)]
pub struct NoteRead {
    /// Tracking id.
    pub dossier: String,
    /// Who.
    pub actor: Actor,
    /// Number of the attachment.
    pub attachment: i32,
    /// First and last byte; none of an empty file.
    pub bytes: Option<(i64, i64)>,
}

/// Forgets uploads that nobody has named since a moment. Answers the names of the objects whose bytes may go; none when no more are left.
pub struct ForgetUploads {
    /// The moment.
    pub before: Timestamp,
}

impl Request for AddBlob {
    type Answer = BlobOutcome;

    fn sender(&self) -> Option<Sender<'_>> {
        Some(Sender::actor(&self.actor))
    }

    fn may_be_audited(&self) -> bool {
        false
    }

    fn names<'a>(&'a self, names: &mut Names<'a>) {
        names.uploads.insert((&self.blind, self.actor.tenant.as_str()));
    }
}

impl Request for NoteRead {
    type Answer = ();

    fn sender(&self) -> Option<Sender<'_>> {
        Some(Sender::actor(&self.actor))
    }

    fn may_be_audited(&self) -> bool {
        false
    }
}

impl Request for ForgetUploads {
    type Answer = Vec<String>;

    fn may_be_audited(&self) -> bool {
        false
    }
}
