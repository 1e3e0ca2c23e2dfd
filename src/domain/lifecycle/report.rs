//! What is asked of a dossier, and what becomes of it.

use super::role::Role;
use crate::domain::calendar::Span;
use crate::domain::details::Details;
use crate::domain::event::{Back, EventKind, Verdict};
use crate::domain::rejection::Problem;
use crate::domain::status::Status;
use crate::domain::time::Timestamp;

/// A status somebody reports or asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The status.
    pub to: Status,
    /// Reason or note.
    pub text: Option<String>,
    /// The papers asked for, the fees claimed, the decision.
    pub details: Option<Details>,
    /// The step goes back to an earlier one; said of any other step, it is rejected.
    pub back: Option<Back>,
    /// The due date moves to this moment.
    pub new_due: Option<Timestamp>,
    /// When it happened, by the reporter's word.
    pub occurred_at: Timestamp,
    /// It is older than a step the same reporter has already told of ([`State::is_late`](super::State::is_late)).
    pub late: bool,
    /// In which part it speaks.
    pub role: Role,
    /// Takes one step of the table or none: a person does one thing, and implies no other.
    pub direct: bool,
    /// Implies only steps that are its own to take: who synchronises a dossier may imply its acceptance, and no decision of the agency.
    pub own: bool,
    /// Whether the limit of an open supplement has passed (the caller knows the calendar).
    pub supplement_overdue: bool,
    /// Whether the time to ask for a supplement has passed.
    pub supplement_late: bool,
    /// How often a supplement may be asked for.
    pub supplement_requests: u32,
    /// How long before it a later due date has to be told, where it is too late for that.
    pub postponement_late: Option<Span>,
    /// How often a due date may be moved.
    pub postponements: u32,
}

impl Report {
    /// A report of nothing but a status, with no limit passed.
    pub const fn new(to: Status, role: Role, occurred_at: Timestamp) -> Self {
        Report {
            to,
            text: None,
            details: None,
            back: None,
            new_due: None,
            occurred_at,
            late: false,
            role,
            direct: false,
            own: false,
            supplement_overdue: false,
            supplement_late: false,
            supplement_requests: 1,
            postponement_late: None,
            postponements: 1,
        }
    }

    pub(super) fn has_reason(&self) -> bool {
        let said = self.text.as_deref().is_some_and(|t| !t.trim().is_empty());
        // A list of what is missing says why.
        said || matches!(self.details, Some(Details::Papers(_)))
    }
}

/// What becomes of a report: what to write, and how it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// How it was taken.
    pub verdict: Verdict,
    /// Why it was rejected or is irregular.
    pub problem: Option<Problem>,
    /// What to write, in order.
    pub events: Vec<EventKind>,
}

pub(super) fn rejected(report: &Report, problem: Problem) -> Decision {
    Decision {
        verdict: Verdict::Rejected,
        events: vec![EventKind::StatusRejected {
            to: report.to,
            label: problem.label,
            text: report.text.clone(),
        }],
        problem: Some(problem),
    }
}
