//! What came in, and what is known of it once it has been read and routed.

use crate::domain::attachment::NamedFile;
use crate::domain::codes::DossierCode;
use crate::domain::dossier::Filing;
use crate::domain::ids::SubmissionId;
use crate::domain::rejection::Problem;
use crate::domain::rejection::problems::{self, Fill};
use crate::domain::routing::Route;
use crate::domain::seal::sha256;
use crate::domain::sha256::Sha256;
use crate::domain::submission::IdempotencyKey;
use crate::domain::time::Timestamp;

/// What came in.
pub struct Incoming {
    /// The exact bytes.
    pub bytes: Vec<u8>,
    /// Media type without parameters, lower case.
    pub media_type: String,
    /// `Submission-Format`, where it was sent.
    pub format: Option<String>,
    /// `Idempotency-Key`.
    pub key: IdempotencyKey,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// Whether somebody is there to be asked.
    pub mode: Mode,
}

/// Whether somebody is there to be asked when a filing leaves a question open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A clerk waits for the answer: which part of a divided commune is meant, is asked by refusing.
    Interactive,
    /// Nobody waits: such a filing is taken, and parked for confirmation.
    Batch,
}

impl Incoming {
    /// What makes two calls the same call.
    pub(in crate::service) fn digest(&self) -> Sha256 {
        request_digest(&self.media_type, self.format.as_deref(), &self.bytes)
    }
}

/// A filing that has been read and routed.
#[derive(Clone)]
pub(in crate::service) struct Prepared {
    pub(in crate::service) filing: Filing,
    pub(in crate::service) warnings: Vec<Problem>,
    pub(super) route: Route,
    pub(super) format: String,
    pub(super) received_at: Timestamp,
    pub(super) submission: SubmissionId,
    pub(super) digest: Sha256,
    /// The official code it claims, if it can be one.
    pub(super) claimed: Option<DossierCode>,
    /// Where the code stands in its document.
    pub(super) code_path: String,
    /// The files it names by digest.
    pub(super) files: Vec<NamedFile>,
    pub(super) likeness: Vec<u8>,
    /// When the complete dossier was received, as limits count it: by its sender's word, not before it was filed, nor after the
    /// hub had it.
    pub(super) complete_at: Timestamp,
    /// The date on the receipt the applicant holds, where it can be one.
    pub(super) promised: Option<Timestamp>,
    /// Where in the sender's document the status stands.
    pub(super) status_path: String,
    /// Where its reason would.
    pub(super) text_path: String,
}

/// What else there is.
pub(super) struct Beside {
    pub(super) twin: Option<Twin>,
    pub(super) contested: bool,
}

/// Another dossier of the same likeness.
pub(super) struct Twin {
    pub(super) id: String,
    /// Whether the caller may see it.
    pub(super) seen: bool,
}

impl Twin {
    /// What the submitter is told: that there is another, and which only where it may see it.
    pub(super) fn warning(&self) -> Problem {
        let dossier = self.seen.then_some(&self.id as &dyn Fill);
        problems::PossibleDuplicate { dossier }.into()
    }
}

/// What makes two calls the same call: the bytes, and what selects their meaning.
pub(in crate::service) fn request_digest(media_type: &str, format: Option<&str>, bytes: &[u8]) -> Sha256 {
    let mut input = Vec::with_capacity(bytes.len() + 128);
    for part in [media_type.as_bytes(), format.unwrap_or("").as_bytes()] {
        input.extend_from_slice(part);
        input.push(0);
    }
    input.extend_from_slice(bytes);
    sha256(&input)
}
