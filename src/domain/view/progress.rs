//! What a dossier's history adds to it for a reader: supplements asked for, fees claimed, the decision as it now stands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::clocks::{DueChange, DueReason};
use crate::domain::details::{Details, FeeClaim, PaperAsked, ResultPaper};
use crate::domain::dossier::Component;
use crate::domain::event::{Event, EventKind};
use crate::domain::ids::EventId;
use crate::domain::rejection::Label;
use crate::domain::status::Status;
use crate::domain::tenant::Actor;
use crate::domain::time::Timestamp;

/// A supplement that was asked for, or a stop for what was missing: both wait for the applicant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SupplementView {
    /// The event that asked.
    pub event: EventId,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Why.
    pub text: Option<String>,
    /// The papers asked for.
    pub papers: Vec<PaperAsked>,
    /// Which rule the request broke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
    /// What the submitter said when completing it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The papers the submitter brought.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brought: Vec<Component>,
    /// When the dossier left this status: completed, closed or withdrawn; null while it waits.
    pub ended_at: Option<Timestamp>,
}

/// Fees that were claimed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimView {
    /// The event that claimed them.
    pub event: EventId,
    /// When.
    pub asked_at: Timestamp,
    /// The note.
    pub text: Option<String>,
    /// The fees.
    pub fees: Vec<FeeClaim>,
    /// When the dossier left this status; null while it waits for payment.
    pub ended_at: Option<Timestamp>,
}

/// A due date that was set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DueView {
    /// The event that set it.
    pub event: EventId,
    /// When, by the actor's word.
    pub at: Timestamp,
    /// Who set it.
    pub actor: Actor,
    /// From which date to which, and why.
    #[serde(flatten)]
    pub change: DueChange,
}

/// What a history adds up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Supplements that were asked for, and stops, oldest first.
    pub supplements: Vec<SupplementView>,
    /// Fees that were claimed, oldest first.
    pub claims: Vec<ClaimView>,
    /// Due dates that were set, oldest first.
    pub due_history: Vec<DueView>,
    /// The results as they now stand.
    pub results: Vec<ResultPaper>,
    /// The result is a refusal.
    pub refusal: bool,
    /// The note that came with the status the dossier is in.
    pub note: Option<String>,
    /// The status it stands at, once one was reported.
    pub status: Option<Status>,
}

impl Progress {
    /// Of all events of one dossier, oldest first.
    pub fn of(history: &[Event]) -> Self {
        let mut progress = Progress::default();
        for event in history {
            progress.follow(event);
        }
        progress
    }

    fn follow(&mut self, event: &Event) {
        match &event.what {
            EventKind::StatusChanged {
                to,
                text,
                irregular,
                details,
                ..
            } => {
                self.leave(event.occurred_at);
                self.enter(event, *to, text.as_ref(), *irregular);
                self.complete(details.as_ref());
                self.note.clone_from(text);
                self.status = Some(*to);
            }
            // The same status told again may bring what the first report lacked.
            EventKind::StatusRecorded { to, details, .. } if self.status == Some(*to) => {
                self.complete(details.as_ref());
            }
            EventKind::DueSet(change) => self.due_set(event, change.clone()),
            EventKind::Postponed { from, to, .. } => self.due_set(
                event,
                DueChange {
                    from: Some(*from),
                    to: *to,
                    reason: DueReason::Postponed,
                },
            ),
            EventKind::Supplemented { text, papers } => {
                if let Some(open) = self.supplements.last_mut().filter(|s| s.ended_at.is_none()) {
                    open.answer.clone_from(text);
                    open.brought.clone_from(papers);
                }
            }
            EventKind::ResultCorrected { results, refusal, .. } => {
                self.results.clone_from(results);
                self.refusal = *refusal;
            }
            _ => {}
        }
    }

    fn due_set(&mut self, event: &Event, change: DueChange) {
        self.due_history.push(DueView {
            event: event.id,
            at: event.occurred_at,
            actor: event.actor.clone(),
            change,
        });
    }

    fn leave(&mut self, at: Timestamp) {
        match self.status {
            // A stop that ends is recorded as a supplement (8 → 4), as in a running provincial system.
            Some(Status::SupplementRequested | Status::Stopped) => {
                if let Some(open) = self.supplements.last_mut() {
                    open.ended_at = Some(at);
                }
            }
            Some(Status::PaymentRequested) => {
                if let Some(open) = self.claims.last_mut() {
                    open.ended_at = Some(at);
                }
            }
            _ => {}
        }
    }

    fn enter(&mut self, event: &Event, to: Status, text: Option<&String>, irregular: Option<Label>) {
        match to {
            Status::SupplementRequested | Status::Stopped => self.supplements.push(SupplementView {
                event: event.id,
                asked_at: event.occurred_at,
                text: text.cloned(),
                papers: Vec::new(),
                label: irregular,
                answer: None,
                brought: Vec::new(),
                ended_at: None,
            }),
            Status::PaymentRequested => self.claims.push(ClaimView {
                event: event.id,
                asked_at: event.occurred_at,
                text: text.cloned(),
                fees: Vec::new(),
                ended_at: None,
            }),
            // A result that was taken back is none; handing over keeps it.
            Status::HandedOver => {}
            _ => {
                self.results.clear();
                self.refusal = false;
            }
        }
    }

    fn complete(&mut self, details: Option<&Details>) {
        match details {
            Some(Details::Papers(papers)) => {
                if let Some(open) = self.supplements.last_mut() {
                    open.papers.clone_from(papers);
                }
            }
            Some(Details::Fees(fees)) => {
                if let Some(open) = self.claims.last_mut() {
                    open.fees.clone_from(fees);
                }
            }
            Some(Details::Decision { results, refusal }) => {
                self.results.clone_from(results);
                self.refusal = *refusal;
            }
            None => {}
        }
    }
}
