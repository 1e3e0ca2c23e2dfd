//! Filing: a new dossier, a new version of one, an answer to keep, a document that was refused.

use super::request::{Names, Request, Sender, is_moment};
use crate::domain::attachment::NamedFile;
use crate::domain::clocks::Deadline;
use crate::domain::codes::DossierCode;
use crate::domain::status::Status;
use crate::domain::tasks::Tasks;
use crate::domain::tenant::{Actor, TenantKey};
use crate::domain::time::Timestamp;
use crate::store::answers::{KeptAnswer, KeyUse, SubmitOutcome};
use crate::store::cipher::Sealed;
use crate::store::columns::Column;
use crate::store::kept::SealedRefusal;
use crate::store::kept::{NewDossier, NewSubmission, Part};
use crate::store::message::Content;

/// What the caller found when it prepared the submission. The ledger checks that it still holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// No dossier has this reference.
    New,
    /// The dossier exists, at this version, and may be amended.
    Amend {
        /// Its tracking id.
        dossier: String,
        /// The version now.
        version: i32,
        /// The agency now: an operator may have named another one since.
        agency: Option<String>,
    },
}

/// A filing, prepared: parsed, routed, sealed and answered, off the ledger's thread.
pub struct Submit {
    /// Its idempotency key.
    pub key: KeyUse,
    /// What the caller found.
    pub expect: Expect,
    /// The dossier as it is filed; of an amendment, what changes.
    pub dossier: NewDossier,
    /// The status it begins with.
    pub entry: Status,
    /// The bytes received.
    pub submission: NewSubmission,
    /// The canonical content.
    pub content: Sealed,
    /// The same, as it is told to the agency without being read back.
    pub said: Content,
    /// Whether another dossier has the code this one claims, or claims it too, as the caller found. The ledger checks that it
    /// still is so.
    pub contested: bool,
    /// Where in the sender's document the official code stands that it claims.
    pub code_path: String,
    /// Files it names, as the caller found them.
    pub files: Vec<Naming>,
    /// Parts in the dossier, for a new one.
    pub parties: Vec<Part>,
    /// What each of several agencies has to do; empty where one decides alone.
    pub tasks: Tasks,
    /// It was received out of area, and this unit is to be notified: none where the directory names none; and whether it can be.
    pub out_of_area: Option<(Option<TenantKey>, bool)>,
    /// What it is about.
    pub likeness: Likeness,
    /// Who filed.
    pub actor: Actor,
    /// When, by the sender's word; of one that begins accepted, when the complete dossier was received.
    pub filed_at: Timestamp,
    /// The date on the receipt the applicant holds.
    pub promised: Option<Timestamp>,
    /// Blind index of the status its sender said it stands at, so that it is news once.
    pub told: Option<String>,
    /// The limits that begin.
    pub watches: Vec<Deadline>,
    /// The answer to give and keep: HTTP status and body. Without, more follows under the same key.
    pub answer: Option<KeptAnswer>,
    /// W3C trace context of the call.
    pub traceparent: Option<String>,
}

/// What a dossier is about, so that the same matter filed twice is noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Likeness {
    /// Blind index of procedure, day and content.
    pub blind: Vec<u8>,
    /// The dossier of this likeness that the caller found there first. The ledger checks that it still is.
    pub twin: Option<String>,
}

/// An answer to keep where no event is written.
pub struct Remember {
    /// Its idempotency key.
    pub key: KeyUse,
    /// The answer.
    pub answer: KeptAnswer,
}

/// A file a filing names, as its caller found it.
#[derive(Clone, Debug)]
pub struct Naming {
    /// The file.
    pub file: NamedFile,
    /// Whether it had been uploaded.
    pub present: bool,
}

/// A document that was refused, to keep with why; counted where it is kept already.
pub struct Refuse(pub SealedRefusal);

impl Request for Submit {
    type Answer = SubmitOutcome;

    fn sender(&self) -> Option<Sender<'_>> {
        Some(Sender::actor(&self.actor))
    }

    fn unstorable(&self) -> Option<&'static str> {
        if !is_moment(self.filed_at) {
            return Some("events.occurred_at");
        }
        let kept = |limit: &Deadline| is_moment(limit.due_at) && limit.warn_at.is_none_or(is_moment);
        if !self.watches.iter().all(kept) {
            return Some("watches.due_at");
        }
        key_unstorable(&self.key)
            .or_else(|| self.dossier.unstorable())
            .or_else(|| self.submission.unstorable())
    }

    fn may_be_audited(&self) -> bool {
        false
    }

    fn names<'a>(&'a self, names: &mut Names<'a>) {
        names.keys.insert(&self.key.key);
        names.natural.insert(&self.dossier.reference);
        names
            .natural
            .extend(self.dossier.claimed_code.as_ref().map(DossierCode::as_str));
        names.natural.extend(self.told.as_deref());
        names.likenesses.insert(&self.likeness.blind);
        names.files.extend(self.files.iter().map(|n| n.file.sha256));
        if let Expect::Amend { dossier, .. } = &self.expect {
            names.dossiers.insert(dossier);
            names.changed.insert(dossier);
        }
    }
}

impl Request for Remember {
    type Answer = SubmitOutcome;

    fn sender(&self) -> Option<Sender<'_>> {
        Some(Sender::named(&self.key.tenant))
    }

    fn unstorable(&self) -> Option<&'static str> {
        key_unstorable(&self.key)
    }

    fn may_be_audited(&self) -> bool {
        false
    }

    fn names<'a>(&'a self, names: &mut Names<'a>) {
        names.keys.insert(&self.key.key);
    }
}

impl Request for Refuse {
    type Answer = ();

    fn sender(&self) -> Option<Sender<'_>> {
        Some(Sender::named(&self.0.row.tenant))
    }

    fn unstorable(&self) -> Option<&'static str> {
        self.0.row.unstorable()
    }

    fn may_be_audited(&self) -> bool {
        false
    }
}

/// The column of an idempotency key that no database holds.
pub(super) fn key_unstorable(key: &KeyUse) -> Option<&'static str> {
    (!key.key.is_storable()).then_some("idempotency_keys.key")
}
