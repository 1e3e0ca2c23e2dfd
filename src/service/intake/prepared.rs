//! What came in, and what is known of it once it has been read and routed.

use std::sync::Arc;

use crate::adapt::Provenance;
use crate::domain::attachment::{InlineFile, NamedFile};
use crate::domain::codes::DossierCode;
use crate::domain::dossier::{Filing, ForeignValue};
use crate::domain::ids::SubmissionId;
use crate::domain::rejection::Problem;
use crate::domain::rejection::problems::{self, Fill};
use crate::domain::routing::Route;
use crate::domain::seal::sha256;
use crate::domain::sha256::Sha256;
use crate::domain::submission::IdempotencyKey;
use crate::domain::time::Timestamp;
use crate::identity::Access;
use crate::service::ServiceError;
use crate::store::ledger::{KeyUse, SubmitOutcome};

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

/// A document that was read, judged and routed.
pub(super) struct Understood {
    pub filing: Filing,
    pub warnings: Vec<Problem>,
    pub provenance: Provenance,
    /// The files whose content stood in it.
    pub contents: Vec<InlineFile>,
    /// The files it names by digest.
    pub files: Vec<NamedFile>,
    pub route: Route,
    /// When the complete dossier was received, as limits count it.
    pub complete_at: Timestamp,
    /// The date on the receipt the applicant holds, where it can be one.
    pub promised: Option<Timestamp>,
}

/// A filing that has been read and routed.
#[derive(Clone)]
pub(in crate::service) struct Prepared {
    pub(in crate::service) filing: Filing,
    pub(in crate::service) warnings: Vec<Problem>,
    pub(super) route: Route,
    pub(super) format: String,
    /// The number of its version, where it is kept.
    pub(super) format_version: Option<i64>,
    pub(super) received_at: Timestamp,
    pub(super) submission: SubmissionId,
    pub(super) digest: Sha256,
    /// The official code it claims, if it can be one.
    pub(super) claimed: Option<DossierCode>,
    /// Where the code stands in its document.
    pub(super) code_path: String,
    /// The files it names by digest.
    pub(super) files: Vec<NamedFile>,
    /// Those of them whose content stood in the document.
    pub(super) contents: Arc<[InlineFile]>,
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

/// A call that files.
#[derive(Clone, Copy)]
pub(super) struct Filed<'a> {
    pub access: &'a Access,
    pub incoming: &'a Incoming,
    pub key: &'a KeyUse,
    pub prepared: &'a Prepared,
    /// Values beside the content that were not there when it was accepted, where they are all that differs.
    pub other_values: Option<&'a [ForeignValue]>,
}

/// What an attempt to file came to, and the answer that holds where it is committed.
pub(super) type Attempted = Result<(SubmitOutcome, Vec<u8>), ServiceError>;

/// When the complete dossier was received as limits count it, the date the receipt promises, and what is wrong with either.
type Dates = (Timestamp, Option<Timestamp>, Vec<Problem>);

/// The dates of a filing that arrived at `now`. Limits count from the receipt of the complete dossier (`NĐ 118/2025` Điều 17.3), by
/// the word of whoever received it: not before it was filed, nor after the hub had it.
pub(super) fn dates(filing: &Filing, now: Timestamp) -> Dates {
    let mut warnings = Vec::new();
    let filed = filing.filed_at.min(now);
    if filing.received_at.is_some_and(|received| received < filed) {
        warnings.push(
            problems::ReceiptEarly {
                field: &"/received_at",
            }
            .at("/received_at"),
        );
    }
    let complete_at = filing
        .received_at
        .map_or(filed, |received| received.min(now).max(filed));
    let promised = filing.promised_due.filter(|promised| *promised >= complete_at);
    if promised != filing.promised_due {
        warnings.push(
            problems::PromiseEarly {
                field: &"/promised_due",
            }
            .at("/promised_due"),
        );
    }
    (complete_at, promised, warnings)
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
