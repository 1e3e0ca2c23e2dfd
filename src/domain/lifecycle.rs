//! The life of a dossier: what may happen to it, and what each happening makes of it.
//!
//! [`decide`] may refuse; [`evolve`] may not fail. The table is `schema/lifecycle.csv`: from × to × who × guard. Agencies decide
//! and the hub mirrors, so a broken rule is applied and flagged where the office would have to live with it
//! ([`Verdict::AppliedIrregular`]); only what cannot be true is rejected (out of a final status, by the wrong party).

mod beside;
pub mod entry;
mod matters;
mod table;

use std::collections::{BTreeMap, VecDeque};

pub use beside::{Correction, LONGEST_POSTPONEMENT_DAYS, correct};
pub use matters::judge;
pub use table::{Guard, Role, Step, table};

use super::clocks::DueReason;
use super::codes::DossierCode;
use super::details::Details;
use super::event::{Back, Happening, Verdict, When};
use super::matter::Open;
use super::rejection::{Label, Problem};
use super::status::Status;
use super::tenant::TenantKey;
use super::time::Timestamp;

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

    /// The moment from which limits count a step: see [`When::counted`], and not before the step the dossier is in.
    pub fn counts(&self, when: When<'_>) -> Timestamp {
        when.counted().max(self.since)
    }
}

/// What an event makes of a state. Never fails; the first event must be [`Happening::Filed`], which needs no state.
pub fn evolve(state: Option<State>, what: &Happening, when: When<'_>) -> State {
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
        due: None,
        promise: None,
    });
    next.events += 1;
    next.accepted |= what.accepts();
    match what {
        Happening::Filed { status, .. } => {
            next.phase = Phase::entering(*status, *status);
            next.since = when.counted();
        }
        Happening::Amended { version, .. } => next.version = *version,
        Happening::CodeClaimed { code } => next.claimed = Some(code.clone()),
        Happening::CodeAssigned { code } => {
            next.code = Some(code.clone());
            next.claimed = None;
        }
        Happening::StatusChanged { from, to, .. } => {
            next.phase = Phase::entering(*to, *from);
            next.since = next.counts(when);
            if let Some(sender) = when.stated_by {
                let newest = next.spoken.entry(sender.clone()).or_insert(when.occurred_at);
                *newest = when.occurred_at.max(*newest);
            }
            next.supplements += i32::from(*to == Status::SupplementRequested);
        }
        Happening::Beside(matter) => next.open.follow(matter),
        Happening::DueSet(change) => match change.reason {
            DueReason::Promised => {
                next.promise = Some(Promise {
                    to: change.to,
                    holds: true,
                });
            }
            reason => {
                next.due = Some(change.to);
                // Acceptance is what the receipt was printed for.
                next.supersede(reason != DueReason::Accepted);
            }
        },
        Happening::Postponed { to, .. } => {
            next.due = Some(*to);
            next.supersede(true);
            next.postponements += 1;
        }
        Happening::StatusRecorded { .. }
        | Happening::StatusRejected { .. }
        | Happening::CodeContested { .. }
        | Happening::Assigned { .. }
        | Happening::Supplemented { .. }
        | Happening::ResultCorrected { .. }
        | Happening::HandedOver(_)
        | Happening::LimitNear(_)
        | Happening::LimitPassed(_)
        | Happening::AttachmentsComplete => {}
    }
    next
}

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
    /// It is older than a step the same reporter has already told of ([`State::is_late`]).
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
    /// Whether the time to tell of a later due date has passed.
    pub postponement_late: bool,
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
            postponement_late: false,
            postponements: 1,
        }
    }

    fn has_reason(&self) -> bool {
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
    pub happenings: Vec<Happening>,
}

/// Decides about a report. Pure: the same state and report give the same decision.
pub fn decide(state: &State, report: &Report) -> Decision {
    let decision = step(state, report);
    match report.new_due {
        Some(new_due) if decision.verdict != Verdict::Rejected => {
            beside::postponed_too(state, report, new_due, decision)
        }
        _ => decision,
    }
}

fn step(state: &State, report: &Report) -> Decision {
    let from = state.status();
    if report.late || report.to == from {
        // Older than what its sender has said since, or the same status with another note: history, not a change.
        return Decision {
            verdict: Verdict::Recorded,
            problem: None,
            happenings: vec![Happening::StatusRecorded {
                to: report.to,
                text: report.text.clone(),
                details: report.details.clone(),
            }],
        };
    }
    if from.is_final() {
        return rejected(report, Problem::new(Label::StatusFinal).with("status", from));
    }
    let Some(path) = path(state.phase, report) else {
        return rejected(report, refusal(state.phase, report));
    };
    let last = &path[path.len() - 1];
    let refuses = report.details.as_ref().is_some_and(Details::is_refusal);
    if (refuses || last.guards.contains(&Guard::Reason)) && !report.has_reason() {
        return rejected(report, Problem::new(Label::ReasonRequired).with("to", report.to));
    }
    let irregular = last.guards.iter().find_map(|g| match g {
        Guard::FirstSupplement if state.supplements.cast_unsigned() >= report.supplement_requests => {
            Some(Label::SupplementRepeated)
        }
        Guard::FirstSupplement if report.supplement_late => Some(Label::SupplementLate),
        Guard::SupplementOverdue if !report.supplement_overdue => Some(Label::SupplementNotOverdue),
        _ => None,
    });
    let verdict = match (irregular, path.len()) {
        (Some(_), _) => Verdict::AppliedIrregular,
        (None, 1) => Verdict::Applied,
        (None, _) => Verdict::AppliedInferred,
    };
    let mut at = from;
    let happenings = path
        .iter()
        .enumerate()
        .map(|(i, step)| {
            let inferred = i + 1 < path.len();
            let change = Happening::StatusChanged {
                from: at,
                to: step.to,
                verdict: if inferred {
                    Verdict::AppliedInferred
                } else {
                    verdict
                },
                inferred,
                text: if inferred { None } else { report.text.clone() },
                irregular: if inferred { None } else { irregular },
                details: if inferred { None } else { report.details.clone() },
                back: if inferred { None } else { back(step, report) },
            };
            at = step.to;
            change
        })
        .collect();
    let problem = irregular.map(Problem::new);
    Decision {
        verdict,
        problem,
        happenings,
    }
}

/// Whether a step was returned or recalled: by its reporter's word, else by its part. Who received sends back; who sent takes back.
fn back(step: &Step, report: &Report) -> Option<Back> {
    if !step.guards.contains(&Guard::Back) {
        return None;
    }
    report.back.or(Some(match report.role {
        Role::ReceivingUnit => Back::Recalled,
        _ => Back::Returned,
    }))
}

fn rejected(report: &Report, problem: Problem) -> Decision {
    Decision {
        verdict: Verdict::Rejected,
        happenings: vec![Happening::StatusRejected {
            to: report.to,
            label: problem.label,
            text: report.text.clone(),
        }],
        problem: Some(problem),
    }
}

/// Why no path exists: another party's step, or no step at all.
fn refusal(phase: Phase, report: &Report) -> Problem {
    let (from, to) = (phase.status(), report.to);
    if (from, to) == (Status::Finished, Status::Withdrawn) {
        return Problem::new(Label::WithdrawalTooLate);
    }
    let others: Vec<&str> = table()
        .iter()
        .filter(|s| s.from == Some(from) && s.to == to && !s.roles.contains(&report.role))
        .flat_map(|s| s.roles.iter().map(|r| r.word()))
        .collect();
    let label = if others.is_empty() {
        Label::TransitionNotAllowed
    } else {
        Label::ActorNotAllowed
    };
    let problem = Problem::new(label).with("from", from).with("to", to);
    if others.is_empty() {
        problem.with("allowed", allowed(from, report.role))
    } else {
        problem.with("actors", others.join(", "))
    }
}

/// The statuses a part may take a dossier to from this one, for a sentence.
pub fn allowed(from: Status, role: Role) -> String {
    let steps = table()
        .iter()
        .filter(|s| s.from == Some(from) && s.roles.contains(&role));
    let mut to: Vec<u8> = steps.map(|s| s.to as u8).collect();
    to.sort_unstable();
    to.dedup();
    if to.is_empty() {
        return "—".to_owned();
    }
    to.iter().map(u8::to_string).collect::<Vec<_>>().join(", ")
}

/// The shortest way to the reported status: its last step must be the reporter's own, the steps before it such as the hub may
/// infer. Only the word of the deciding side's system implies steps: a submitter, a person at a counter and a step back infer nothing.
fn path(phase: Phase, report: &Report) -> Option<Vec<&'static Step>> {
    let infers = report.role != Role::Submitter && !report.direct && report.back.is_none();
    let mut queue: VecDeque<(Phase, Vec<&'static Step>)> = VecDeque::from([(phase, Vec::new())]);
    let mut seen = vec![phase.status()];
    while let Some((at, steps)) = queue.pop_front() {
        for step in table()
            .iter()
            .filter(|s| s.from == Some(at.status()) && passable(s, at))
        {
            let mut longer = steps.clone();
            longer.push(step);
            let goes_back = report.back.is_none() || step.guards.contains(&Guard::Back);
            if step.to == report.to && step.roles.contains(&report.role) && goes_back {
                return Some(longer);
            }
            let its_own = !report.own || step.roles.contains(&report.role);
            let may_infer = step.infer && infers && its_own && !step.to.is_final();
            if may_infer && !seen.contains(&step.to) {
                seen.push(step.to);
                queue.push_back((Phase::entering(step.to, at.status()), longer));
            }
        }
    }
    None
}

fn passable(step: &Step, at: Phase) -> bool {
    match at {
        Phase::SupplementRequested { resume } if step.guards.contains(&Guard::BackTo) => {
            step.to == resume.status()
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests;
