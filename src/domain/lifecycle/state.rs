//! The state of a dossier: what its events add up to.

use std::collections::BTreeMap;

use crate::domain::clocks::{DueChange, DueReason};
use crate::domain::codes::DossierCode;
use crate::domain::event::{EventKind, When};
use crate::domain::matter::Open;
use crate::domain::status::Status;
use crate::domain::tasks::Tasks;
use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;

/// Where a dossier may return to when its supplement is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resume {
    /// It was never accepted.
    Registered,
    /// It was accepted and not yet at the agency.
    Accepted,
    /// It was at the agency.
    Processing,
}

impl Resume {
    /// The status it names.
    pub const fn status(self) -> Status {
        match self {
            Resume::Registered => Status::Registered,
            Resume::Accepted => Status::Accepted,
            Resume::Processing => Status::Processing,
        }
    }

    /// The place to resume from a status that may ask for a supplement; at the agency for any other.
    pub const fn from_status(status: Status) -> Resume {
        match status {
            Status::Registered => Resume::Registered,
            Status::Accepted => Resume::Accepted,
            _ => Resume::Processing,
        }
    }
}

/// Where a dossier stands, with what is true only there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// 1.
    Registered,
    /// 2.
    Accepted,
    /// 3.
    Refused,
    /// 4.
    Processing,
    /// 5: waits for papers, then goes back.
    SupplementRequested {
        /// Where it goes back to.
        resume: Resume,
    },
    /// 6.
    PaymentRequested,
    /// 7.
    Withdrawn,
    /// 8.
    Stopped,
    /// 9.
    Finished,
    /// 10.
    HandedOver,
}

impl Phase {
    /// Its status.
    pub const fn status(self) -> Status {
        match self {
            Phase::Registered => Status::Registered,
            Phase::Accepted => Status::Accepted,
            Phase::Refused => Status::Refused,
            Phase::Processing => Status::Processing,
            Phase::SupplementRequested { .. } => Status::SupplementRequested,
            Phase::PaymentRequested => Status::PaymentRequested,
            Phase::Withdrawn => Status::Withdrawn,
            Phase::Stopped => Status::Stopped,
            Phase::Finished => Status::Finished,
            Phase::HandedOver => Status::HandedOver,
        }
    }

    /// The phase of a status reached from `from`.
    pub const fn entering(status: Status, from: Status) -> Phase {
        match status {
            Status::Registered => Phase::Registered,
            Status::Accepted => Phase::Accepted,
            Status::Refused => Phase::Refused,
            Status::Processing => Phase::Processing,
            Status::SupplementRequested => Phase::SupplementRequested {
                resume: Resume::from_status(from),
            },
            Status::PaymentRequested => Phase::PaymentRequested,
            Status::Withdrawn => Phase::Withdrawn,
            Status::Stopped => Phase::Stopped,
            Status::Finished => Phase::Finished,
            Status::HandedOver => Phase::HandedOver,
        }
    }
}

/// The current state of a dossier: what its events add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Where it stands.
    pub phase: Phase,
    /// Since when limits count it: by the actor's word, neither before the step it followed nor after the hub heard of it.
    pub since: Timestamp,
    /// The moment each sender's system last stated for a step of its own, by its own clock. Orders what that sender says.
    pub spoken: BTreeMap<TenantKey, Timestamp>,
    /// How many events it has.
    pub events: i32,
    /// How many submissions it has (1, then one more per amendment).
    pub version: i32,
    /// How often a supplement was asked for.
    pub supplements: i32,
    /// How often the due date was moved.
    pub postponements: i32,
    /// Whether it was ever accepted.
    pub accepted: bool,
    /// Its official code: confirmed by the agency.
    pub code: Option<DossierCode>,
    /// The official code its submitter says it has, while no code is confirmed.
    pub claimed: Option<DossierCode>,
    /// What is open beside the status.
    pub open: Open,
    /// What each of several agencies has to do.
    pub tasks: Tasks,
    /// When the result is due; it stays as it was while the dossier stands still, and after its end.
    pub due: Option<Timestamp>,
    /// The date on the receipt the applicant holds, where its sender named one.
    pub promise: Option<Promise>,
}

/// The date of the result on the receipt that was printed for the applicant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Promise {
    /// The date.
    pub to: Timestamp,
    /// Whether it holds towards the applicant: no other date has been set since by a supplement, a standstill or a postponement.
    pub holds: bool,
}

impl State {
    /// Its status.
    pub fn status(&self) -> Status {
        self.phase.status()
    }

    /// Whether a sender's report of `stated` is older than a step it has already told of: it comes late. Whole seconds, because
    /// partners' formats carry nothing finer: within one second the order of arrival counts.
    pub fn is_late(&self, sender: &TenantKey, stated: Timestamp) -> bool {
        let newest = self.spoken.get(sender);
        newest.is_some_and(|newest| stated.as_seconds() < newest.as_seconds())
    }

    /// The date that holds towards the applicant where it is another than `due`: the one on its receipt.
    pub fn promised(&self) -> Option<Timestamp> {
        self.promise
            .filter(|promise| promise.holds)
            .map(|promise| promise.to)
    }

    /// Another date was set: the receipt no longer says when the result is due.
    fn supersede(&mut self, superseded: bool) {
        if let Some(promise) = self.promise.as_mut().filter(|_| superseded) {
            promise.holds = false;
        }
    }

    /// A date was set: the one that is counted, or the one on the receipt.
    fn set_due(&mut self, change: &DueChange) {
        match change.reason {
            DueReason::Promised => {
                self.promise = Some(Promise {
                    to: change.to,
                    holds: true,
                });
            }
            reason => {
                self.due = Some(change.to);
                // Acceptance is what the receipt was printed for.
                self.supersede(reason != DueReason::Accepted);
            }
        }
    }

    /// The moment from which limits count a step: see [`When::counted`], and not before the step the dossier is in.
    pub fn counts(&self, when: When<'_>) -> Timestamp {
        when.counted().max(self.since)
    }
}

/// What an event makes of a state. Never fails; the first event must be [`EventKind::Filed`], which needs no state.
pub fn evolve(state: Option<State>, what: &EventKind, when: When<'_>) -> State {
    let mut next = state.unwrap_or(State {
        phase: Phase::Registered,
        since: when.counted(),
        spoken: BTreeMap::new(),
        events: 0,
        version: 1,
        supplements: 0,
        postponements: 0,
        accepted: false,
        code: None,
        claimed: None,
        open: Open::default(),
        tasks: Tasks::default(),
        due: None,
        promise: None,
    });
    next.events += 1;
    next.accepted |= what.accepts();
    match what {
        EventKind::Filed { status, .. } => {
            next.phase = Phase::entering(*status, *status);
            next.since = when.counted();
        }
        EventKind::Amended { version, agency, .. } => {
            next.version = *version;
            agency.iter().for_each(|agency| next.tasks.lead_is(agency));
        }
        EventKind::Assigned { agency, .. } => next.tasks.lead_is(agency),
        EventKind::CodeClaimed { code } => next.claimed = Some(code.clone()),
        EventKind::CodeAssigned { code } => {
            next.code = Some(code.clone());
            next.claimed = None;
        }
        EventKind::StatusChanged { from, to, .. } => {
            next.phase = Phase::entering(*to, *from);
            next.since = next.counts(when);
            if let Some(sender) = when.stated_by {
                let newest = next.spoken.entry(sender.clone()).or_insert(when.occurred_at);
                *newest = when.occurred_at.max(*newest);
            }
            next.supplements += i32::from(*to == Status::SupplementRequested);
        }
        EventKind::Beside(matter) => {
            next.open.follow(matter);
            next.tasks.follow(matter);
        }
        EventKind::DueSet(change) => next.set_due(change),
        EventKind::Postponed { to, .. } => {
            next.due = Some(*to);
            next.supersede(true);
            next.postponements += 1;
        }
        EventKind::StatusRecorded { .. }
        | EventKind::StatusRejected { .. }
        | EventKind::CodeContested { .. }
        | EventKind::Unassigned { .. }
        | EventKind::Supplemented { .. }
        | EventKind::ResultCorrected { .. }
        | EventKind::HandedOver(_)
        | EventKind::LimitNear(_)
        | EventKind::LimitPassed(_)
        | EventKind::AttachmentsComplete => {}
    }
    next
}
