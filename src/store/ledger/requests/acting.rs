//! Acting on a dossier, and naming its agency.

use super::filing::key_unstorable;
use super::request::{Names, Request, Sender, is_moment};
use crate::domain::attachment::{self, NamedFile};
use crate::domain::clocks::{Clockwork, Deadline};
use crate::domain::codes::{DossierCode, Key};
use crate::domain::details::{Details, ResultPaper};
use crate::domain::dossier::{Component, ForeignValue};
use crate::domain::event::{Back, HandOver, Verdict};
use crate::domain::lifecycle::Role;
use crate::domain::matter::Matter;
use crate::domain::rejection::{Label, Problem};
use crate::domain::status::Status;
use crate::domain::task::TaskOutcome;
use crate::domain::tasks::Tasks;
use crate::domain::tenant::Actor;
use crate::domain::time::Timestamp;
use crate::store::answers::KeyUse;
use crate::store::columns::Column;

/// What somebody does.
#[derive(Clone, Debug)]
pub enum DossierAction {
    /// Names a status.
    Report {
        /// The status.
        to: Status,
        /// Reason or note.
        text: Option<String>,
        /// The papers asked for, the fees claimed, the decision.
        details: Option<Details>,
        /// The step goes back to an earlier one.
        back: Option<Back>,
        /// The due date moves to this moment.
        new_due: Option<Timestamp>,
        /// How the reporter's own task ended, of one of several agencies.
        task: Option<TaskOutcome>,
    },
    /// Takes one step, by a person: refuses, asks for papers, recalls, withdraws.
    Step {
        /// The status it leads to.
        to: Status,
        /// Why.
        text: String,
        /// The papers asked for.
        details: Option<Details>,
        /// The step takes the dossier back, and is none of those that lead to the same status forward.
        back: Option<Back>,
    },
    /// Accepts what was filed online.
    Accept {
        /// A note.
        text: Option<String>,
    },
    /// Completes what was asked for; the dossier goes back to where it was.
    Supplement {
        /// What was added.
        text: Option<String>,
        /// The papers brought.
        papers: Vec<Component>,
    },
    /// Moves the due date.
    Postpone {
        /// To this moment.
        new_due: Timestamp,
        /// Why.
        text: String,
    },
    /// Puts a result right.
    Correct {
        /// The results as they are right.
        results: Vec<ResultPaper>,
        /// The result is a refusal.
        refusal: bool,
        /// What was wrong.
        text: Option<String>,
    },
    /// Records something beside the status.
    Beside(Matter),
    /// Gives the result to the applicant.
    HandOver(HandOver),
    /// Tells a status that changes nothing: it is kept in the history.
    Keep {
        /// The status.
        to: Status,
    },
    /// Names the date on the receipt the applicant holds.
    Promise {
        /// The date.
        to: Timestamp,
    },
}

impl DossierAction {
    /// The moments it names.
    fn moments(&self) -> impl Iterator<Item = Timestamp> {
        match self {
            DossierAction::Report { new_due, .. } => *new_due,
            DossierAction::Postpone { new_due, .. } => Some(*new_due),
            DossierAction::HandOver(receipt) => Some(receipt.received_at),
            _ => None,
        }
        .into_iter()
    }

    /// The files it names by digest: those its events will name, should it be taken. `locate` finds a canonical pointer in the
    /// actor's own document.
    pub fn files(&self, locate: impl Fn(&str) -> Option<String>) -> Vec<NamedFile> {
        match self {
            DossierAction::Report {
                details: Some(Details::Decision { results, .. }),
                ..
            }
            | DossierAction::Step {
                details: Some(Details::Decision { results, .. }),
                ..
            }
            | DossierAction::Correct { results, .. } => attachment::of_results(results, locate),
            DossierAction::Supplement { papers, .. } => attachment::of_papers(papers, locate),
            DossierAction::Beside(matter) if !matter.results().is_empty() => {
                attachment::of_results(matter.results(), locate)
            }
            DossierAction::Beside(matter) => attachment::of_papers(matter.papers(), locate),
            DossierAction::Report { .. }
            | DossierAction::Step { .. }
            | DossierAction::Accept { .. }
            | DossierAction::Postpone { .. }
            | DossierAction::Promise { .. }
            | DossierAction::Keep { .. }
            | DossierAction::HandOver(_) => Vec::new(),
        }
    }
}

/// Somebody acts on a dossier.
pub struct Act {
    /// Its idempotency key, where the call has one.
    pub key: Option<KeyUse>,
    /// Tracking id.
    pub dossier: String,
    /// Who.
    pub actor: Actor,
    /// In which part.
    pub role: Role,
    /// What.
    pub action: DossierAction,
    /// Where each file it names by digest stands in the actor's own document, in their order.
    pub paths: Vec<String>,
    /// When, by the actor's word.
    pub occurred_at: Timestamp,
    /// The moment was read from the actor's own clock, by its system: it orders what this actor reports.
    pub stated: bool,
    /// The official code it brings.
    pub assigned_code: Option<DossierCode>,
    /// The officer, as the actor's system names them.
    pub officer: Option<String>,
    /// What the actor's format says beside it.
    pub foreign_values: Vec<ForeignValue>,
    /// The number of the version of a format that it was read with.
    pub format_version: Option<i64>,
    /// Blind index of the report, so that the same report again is known.
    pub report_key: Option<String>,
    /// What the dossier's clocks are computed with.
    pub clockwork: Clockwork,
    /// The same by the hours of the agencies whose turn has not come, of several.
    pub turns: Vec<(Key, Clockwork)>,
    /// Whether the actor is an agency that reads its own queue.
    pub own_queue: bool,
    /// W3C trace context of the call.
    pub traceparent: Option<String>,
}

impl Act {
    /// Whether its moment orders what its actor says: a system reports what happened, perhaps late. What a person does is done now.
    pub(in crate::store::ledger) fn states_moment(&self) -> bool {
        self.stated && matches!(self.action, DossierAction::Report { .. })
    }
}

/// How an act was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acted {
    /// The verdict.
    pub verdict: Verdict,
    /// Where the dossier now stands.
    pub status: Status,
    /// Why it was rejected or is irregular.
    pub problem: Option<Problem>,
    /// What is worth a look beside it: a code that could not be given.
    pub warnings: Vec<Problem>,
    /// The official code that the hub has given it with this act.
    pub code: Option<DossierCode>,
}

/// What an act came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActOutcome {
    /// Taken, in one way or another.
    Done(Acted),
    /// The key was used for another call.
    KeyReused,
    /// There is no such dossier.
    Absent,
}

/// An operator names the agency of a dossier.
pub struct Assign {
    /// Its idempotency key.
    pub key: KeyUse,
    /// Tracking id.
    pub dossier: String,
    /// Who decides.
    pub actor: Actor,
    /// The agency from now on.
    pub agency: Key,
    /// The agency when the operator's call was prepared.
    pub instead: Option<String>,
    /// Why.
    pub text: String,
    /// The unit that supervises from now on.
    pub supervisor: Option<String>,
    /// What each of several agencies has to do, where nobody was told yet; empty where it decides alone.
    pub tasks: Tasks,
    /// The reason of the route as it will be, as JSON.
    pub route: String,
    /// How long the agency may be silent, and until when the first task is to be done.
    pub watches: Vec<Deadline>,
    /// W3C trace context of the call.
    pub traceparent: Option<String>,
}

/// What an assignment came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssignOutcome {
    /// Done now, or by the same call before.
    Done,
    /// The key was used for another call.
    KeyReused,
    /// There is no such dossier.
    Absent,
    /// Another agency is responsible than when the call was prepared; look again.
    Raced,
    /// Not allowed.
    Refused(Problem),
}

/// A dossier's agency was taken over by another, or has ended without a successor that is known.
pub struct Succeed {
    /// Tracking id.
    pub dossier: String,
    /// Who acts: the hub.
    pub actor: Actor,
    /// The agency that had it when this was prepared.
    pub from: Key,
    /// The agency from now on, with how long it may be silent; or why a person must name it.
    pub to: Result<(Key, Deadline), Label>,
    /// Why: the rows of the reorganisation.
    pub text: String,
    /// The unit that supervises from now on.
    pub supervisor: Option<String>,
    /// The reason of the route as it will be, as JSON.
    pub route: String,
}

/// What a succession came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SucceedOutcome {
    /// The dossier is with the successor, or waits for the operator.
    Done,
    /// It has ended, or another agency has it by now: nothing was left to do.
    Nothing,
}

impl Request for Succeed {
    type Answer = SucceedOutcome;

    fn names<'a>(&'a self, names: &mut Names<'a>) {
        names.dossiers.insert(&self.dossier);
    }
}

impl Request for Act {
    type Answer = ActOutcome;

    fn sender(&self) -> Option<Sender<'_>> {
        Some(Sender::actor(&self.actor))
    }

    fn unstorable(&self) -> Option<&'static str> {
        if !is_moment(self.occurred_at) || !self.action.moments().all(is_moment) {
            return Some("events.occurred_at");
        }
        if !self.report_key.is_storable() {
            return Some("natural_keys.value");
        }
        if !self.dossier.is_storable() {
            return Some("events.dossier");
        }
        self.key.as_ref().and_then(key_unstorable)
    }

    fn may_be_audited(&self) -> bool {
        self.role == Role::Operator
    }

    fn names<'a>(&'a self, names: &mut Names<'a>) {
        names.keys.extend(self.key.as_ref().map(|k| k.key.as_str()));
        names.natural.extend(self.report_key.as_deref());
        names
            .natural
            .extend(self.assigned_code.as_ref().map(DossierCode::as_str));
        names.dossiers.insert(&self.dossier);
        let files = self.action.files(|_| None);
        if !files.is_empty() {
            names.files.extend(files.iter().map(|file| file.sha256));
            names.changed.insert(&self.dossier);
        }
    }
}

impl Request for Assign {
    type Answer = AssignOutcome;

    fn sender(&self) -> Option<Sender<'_>> {
        Some(Sender::actor(&self.actor))
    }

    fn unstorable(&self) -> Option<&'static str> {
        key_unstorable(&self.key).or_else(|| (!self.route.is_storable()).then_some("dossiers.route"))
    }

    fn names<'a>(&'a self, names: &mut Names<'a>) {
        names.keys.insert(&self.key.key);
        names.dossiers.insert(&self.dossier);
    }
}
