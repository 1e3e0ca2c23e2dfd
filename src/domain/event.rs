//! What happened to a dossier. Events are the history; the state of a dossier is what [`super::lifecycle::evolve`] makes of them.

use serde::{Deserialize, Serialize};

use super::attachment::{self, FileKind, NamedFile};
use super::clocks::{DueChange, Watched};
use super::codes::{DossierCode, Key};
use super::details::{Details, ResultPaper};
use super::dossier::{Component, ForeignValue};
use super::ids::{DossierId, EventId, SubmissionId};
use super::lifecycle::Role;
use super::matter::Matter;
use super::rejection::Label;
use super::status::Status;
use super::tenant::{Actor, TenantKey};
use super::time::Timestamp;

/// How a reported status was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The table allows it; done.
    Applied,
    /// Lawful steps between were skipped and are written too, marked inferred.
    AppliedInferred,
    /// Done although a rule was broken (a second supplement, a late notice); flagged to the operator and the quality index.
    AppliedIrregular,
    /// Older than the last applied one: kept as history, changes nothing.
    Recorded,
    /// The same report again: answered as before, changes nothing.
    Repeated,
    /// Not allowed: kept, answered with its label, listed for both parties.
    Rejected,
}

/// How a step went back to an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Back {
    /// Trả lại: sent back by whom it was at.
    Returned,
    /// Thu hồi: taken back by who had sent it.
    Recalled,
}

/// The receipt of a result by the applicant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct HandOver {
    /// Who received it.
    pub receiver: String,
    /// When.
    pub received_at: Timestamp,
    /// Proof: a signed slip's number, a waybill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
}

/// A limit that is near or has passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LimitTold {
    /// Which.
    pub limit: Watched,
    /// When it ends, or ended.
    pub due_at: Timestamp,
    /// Who must keep it.
    pub party: Role,
    /// Whose task it is, of several agencies'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<Key>,
    /// Which task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<i32>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum EventKind {
    /// A tenant filed it.
    Filed {
        /// The submission that did.
        submission: SubmissionId,
        /// The status it began with: 1 online, 2 at a counter or by post.
        status: Status,
        /// Key of the responsible agency; none when parked for the operator.
        agency: Option<Key>,
        /// Why it is parked.
        parked: Option<Label>,
    },
    /// The same reference with other content, before acceptance.
    Amended {
        /// The submission that did.
        submission: SubmissionId,
        /// Counts from 2.
        version: i32,
        /// Key of the responsible agency by the new content.
        agency: Option<Key>,
        /// Why it is parked.
        parked: Option<Label>,
    },
    /// Its submitter, or its receiving unit, says that it has this official code. A claim is nobody's code until the agency
    /// confirms it.
    CodeClaimed {
        /// The code.
        code: DossierCode,
    },
    /// The responsible agency gave it its official code, or confirmed the one that was claimed; or the hub gave it, whose event it
    /// is then.
    CodeAssigned {
        /// The code.
        code: DossierCode,
    },
    /// Another dossier claims, or has, the official code of this one.
    CodeContested {
        /// The code.
        code: DossierCode,
    },
    /// Its status changed.
    StatusChanged {
        /// From.
        from: Status,
        /// To.
        to: Status,
        /// How the report was taken; inferred steps carry [`Verdict::AppliedInferred`].
        verdict: Verdict,
        /// A step nobody reported, written because a later one implies it.
        inferred: bool,
        /// Reason, list of missing papers, note: what the applicant must read.
        text: Option<String>,
        /// Which rule was broken, for an irregular one.
        irregular: Option<Label>,
        /// The papers asked for, the fees claimed, the decision.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        details: Option<Details>,
        /// The step went back to an earlier one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        back: Option<Back>,
    },
    /// A report that changed nothing: older than what is known.
    StatusRecorded {
        /// The status it named.
        to: Status,
        /// Its note.
        text: Option<String>,
        /// What it brought; of the status the dossier is in, it completes what was told before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        details: Option<Details>,
    },
    /// A report that was not allowed.
    StatusRejected {
        /// The status it named.
        to: Status,
        /// Why not.
        label: Label,
        /// Its note.
        text: Option<String>,
    },
    /// An operator named the agency, where the rules named none, several, or the wrong one; or another agency took over by a
    /// reorganisation, and the hub acted.
    Assigned {
        /// The agency from now on.
        agency: Key,
        /// The agency before; none when it was parked.
        instead: Option<Key>,
        /// Why it was parked.
        parked: Option<Label>,
        /// Why this agency: in the operator's words, or the rows of the reorganisation.
        text: String,
    },
    /// Its agency ended, and nobody knows yet which one took over: it waits for an operator.
    Unassigned {
        /// The agency before.
        instead: Key,
        /// Why it is parked.
        parked: Label,
        /// Why, in words.
        text: String,
    },
    /// The submitter completed what was asked for.
    Supplemented {
        /// The note that goes with the papers.
        text: Option<String>,
        /// The papers brought.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        papers: Vec<Component>,
    },
    /// The agency moved the due date (Decree 118/2025 art. 19.6).
    Postponed {
        /// The due date before.
        from: Timestamp,
        /// The due date now.
        to: Timestamp,
        /// Why; what the applicant must read.
        text: Option<String>,
        /// Which rule was broken: it was the second time, or too late.
        irregular: Option<Label>,
    },
    /// The agency put a result right (Decree 118/2025 art. 23.1).
    ResultCorrected {
        /// The results as they are right; all of them.
        results: Vec<ResultPaper>,
        /// The result is a refusal.
        refusal: bool,
        /// What was wrong.
        text: Option<String>,
        /// Which rule was broken: it was too late.
        irregular: Option<Label>,
    },
    /// Something to be recorded beside the status.
    Beside(Matter),
    /// The applicant has the result.
    HandedOver(HandOver),
    /// The due date was set, or set anew.
    DueSet(DueChange),
    /// A limit will soon end.
    LimitNear(LimitTold),
    /// A limit has ended and was not kept.
    LimitPassed(LimitTold),
    /// The last of the files the dossier names, and that had not come yet, is here.
    AttachmentsComplete,
}

impl EventKind {
    /// Whether it is, or implies, that the agency accepts the dossier. The first such event is its acceptance.
    pub fn accepts(&self) -> bool {
        match self {
            EventKind::Filed { status, .. } => *status != Status::Registered,
            EventKind::StatusChanged { to, .. } => matches!(to, Status::Accepted | Status::Processing),
            _ => false,
        }
    }

    /// The rule that was broken, where it was done all the same.
    pub const fn irregular(&self) -> Option<Label> {
        match self {
            EventKind::StatusChanged { irregular, .. }
            | EventKind::Postponed { irregular, .. }
            | EventKind::ResultCorrected { irregular, .. } => *irregular,
            _ => None,
        }
    }

    /// The files it names by digest, and as what. Those of a filing stand in the filing. Where they stand in the sender's document
    /// an event does not say.
    pub fn files(&self) -> Option<(FileKind, Vec<NamedFile>)> {
        match self {
            EventKind::StatusChanged {
                details: Some(Details::Decision { results, .. }),
                ..
            }
            | EventKind::StatusRecorded {
                details: Some(Details::Decision { results, .. }),
                ..
            }
            | EventKind::ResultCorrected { results, .. } => {
                Some((FileKind::Result, attachment::of_results(results, |_| None)))
            }
            EventKind::Beside(matter) if !matter.papers().is_empty() => Some((
                FileKind::Supplement,
                attachment::of_papers(matter.papers(), |_| None),
            )),
            EventKind::Beside(matter) if !matter.results().is_empty() => {
                Some((FileKind::Task, attachment::of_results(matter.results(), |_| None)))
            }
            EventKind::Supplemented { papers, .. } => {
                Some((FileKind::Supplement, attachment::of_papers(papers, |_| None)))
            }
            _ => None,
        }
    }

    /// The word after the dot in the CloudEvents type `vn.lienthong.dossier.<word>`.
    pub const fn word(&self) -> &'static str {
        match self {
            EventKind::Filed { .. } => "filed",
            EventKind::Amended { .. } => "amended",
            EventKind::CodeClaimed { .. } => "code-claimed",
            EventKind::CodeAssigned { .. } => "code-assigned",
            EventKind::CodeContested { .. } => "code-contested",
            EventKind::StatusChanged { .. } => "status-changed",
            EventKind::StatusRecorded { .. } => "status-recorded",
            EventKind::StatusRejected { .. } => "status-rejected",
            EventKind::Assigned { .. } => "assigned",
            EventKind::Unassigned { .. } => "unassigned",
            EventKind::Supplemented { .. } => "supplemented",
            EventKind::Postponed { .. } => "postponed",
            EventKind::ResultCorrected { .. } => "result-corrected",
            EventKind::Beside(matter) => matter.word(),
            EventKind::HandedOver(_) => "handed-over",
            EventKind::DueSet(_) => "due-set",
            EventKind::LimitNear(_) => "limit-near",
            EventKind::LimitPassed(_) => "limit-passed",
            EventKind::AttachmentsComplete => "attachments-complete",
        }
    }
}

/// One event. Its JSON bytes are what a block seals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Unique name; receivers deduplicate by it.
    pub id: EventId,
    /// Which dossier.
    pub dossier: DossierId,
    /// Its place in the dossier's history, from 1 without gaps.
    pub number: i32,
    /// When the hub wrote it.
    pub at: Timestamp,
    /// When it happened, by the actor's word.
    pub occurred_at: Timestamp,
    /// `occurred_at` was read from the actor's own clock, by its system: it orders what this actor reports, and nothing else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stated: bool,
    /// Who did it.
    pub actor: Actor,
    /// The officer, as the actor's system names them: no reason for anything, and nothing an applicant is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<String>,
    /// What the actor's format said beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_values: Vec<ForeignValue>,
    /// The number of the version of a format that it was read with, where the hub read it from a message and knew the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format_version: Option<i64>,
    /// What happened.
    #[serde(flatten)]
    pub what: EventKind,
}

impl Event {
    /// When it happened, and by whose clock.
    pub fn when(&self) -> When<'_> {
        When {
            occurred_at: self.occurred_at,
            at: self.at,
            stated_by: self.stated.then_some(&self.actor.tenant),
        }
    }
}

/// When something happened, and by whose clock.
///
/// The clocks of a dossier's parties differ by minutes. So a moment somebody states is compared with what the same sender stated
/// before, and with nothing else: between senders, and against the hub's own acts, what arrived first came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When<'a> {
    /// By the actor's word.
    pub occurred_at: Timestamp,
    /// When the hub wrote it.
    pub at: Timestamp,
    /// The sender whose system named the moment by its own clock; none where a person acted or the hub filled it in.
    pub stated_by: Option<&'a TenantKey>,
}

impl When<'static> {
    /// A moment of the hub's own clock.
    pub const fn of_hub(at: Timestamp) -> Self {
        When {
            occurred_at: at,
            at,
            stated_by: None,
        }
    }
}

impl When<'_> {
    /// The moment limits are counted from: the actor's word, in so far as it can be true. Nothing happens after the hub has heard
    /// of it; that it does not happen before the step it follows is for whoever knows that step.
    pub fn counted(&self) -> Timestamp {
        self.occurred_at.min(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_stored_before_there_were_details_is_read() {
        let stored = r#"{"id":"evt_019aaf3c1e0070008000000000000001","dossier":"dos_019aaf3c1e00700080000000000000a1","number":2,
            "at":"2026-11-20T03:41:00.000000Z","occurred_at":"2026-11-20T03:41:00.000000Z","actor":{"tenant":"agency.so-tu-phap"},
            "kind":"status-changed","from":4,"to":5,"verdict":"applied","inferred":false,"text":"thiếu bản sao","irregular":null}"#;
        let event: Event = serde_json::from_str(stored).unwrap();
        assert!(matches!(
            event.what,
            EventKind::StatusChanged {
                to: Status::SupplementRequested,
                details: None,
                ..
            }
        ));
        // And one without details is written as it always was.
        assert!(!serde_json::to_string(&event).unwrap().contains("details"));
    }
}
