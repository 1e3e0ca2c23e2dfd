//! The life of a dossier: what may happen to it, and what each happening makes of it.
//!
//! [`decide`] may refuse; [`evolve`] may not fail. The table is `schema/lifecycle.csv`: from × to × who × guard. Agencies decide
//! and the hub mirrors, so a broken rule is applied and flagged where the office would have to live with it
//! ([`Verdict::AppliedIrregular`]); only what cannot be true is rejected (out of a final status, by the wrong party).

use std::collections::VecDeque;
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes::DossierCode;
use super::details::Details;
use super::event::{Happening, Verdict};
use super::rejection::{Label, Problem};
use super::status::Status;
use super::time::Timestamp;

/// In which part somebody acts on a dossier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Who filed it.
    Submitter,
    /// The one-stop unit that receives for the agency.
    ReceivingUnit,
    /// The competent agency.
    Agency,
    /// A legal limit that passed.
    Clock,
    /// The operator of the hub.
    Operator,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 5] = [
        Role::Submitter,
        Role::ReceivingUnit,
        Role::Agency,
        Role::Clock,
        Role::Operator,
    ];

    /// The word in the table.
    pub const fn word(self) -> &'static str {
        match self {
            Role::Submitter => "submitter",
            Role::ReceivingUnit => "receiving-unit",
            Role::Agency => "agency",
            Role::Clock => "clock",
            Role::Operator => "operator",
        }
    }
}

/// What a step needs beside the right party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Guard {
    /// Only a dossier filed online begins here.
    Online,
    /// Only a dossier received at a counter or by post begins here.
    CounterOrPost,
    /// A reason must be given; without it the step is rejected.
    Reason,
    /// A supplement may be asked for once, and in time; a second or a late request is applied as irregular.
    FirstSupplement,
    /// Only back to where the supplement was asked from.
    BackTo,
    /// The supplement's limit has passed; before that the step is irregular.
    SupplementOverdue,
}

/// One row of the table.
#[derive(Clone, Debug)]
pub struct Step {
    /// From; none for a new dossier.
    pub from: Option<Status>,
    /// To.
    pub to: Status,
    /// Who may take it.
    pub roles: Vec<Role>,
    /// What it needs.
    pub guards: Vec<Guard>,
    /// Whether the hub may write it by itself when a later report implies it.
    pub infer: bool,
    /// Where the rule stands.
    pub ground: String,
}

static TABLE: LazyLock<Vec<Step>> = LazyLock::new(|| {
    read_table(include_str!("../../schema/lifecycle.csv"))
        .unwrap_or_else(|e| panic!("schema/lifecycle.csv: {e}"))
});

/// The table of steps.
pub fn table() -> &'static [Step] {
    &TABLE
}

fn read_table(csv: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    for (i, row) in csv::Reader::from_reader(csv.as_bytes()).records().enumerate() {
        let row = row.map_err(|e| e.to_string())?;
        let bad = |what: &str| format!("row {}: {what}", i + 2);
        let status = |s: &str| s.parse::<u8>().map_err(|_| bad("status"));
        let from = status(&row[0])?;
        steps.push(Step {
            from: if from == 0 {
                None
            } else {
                Some(Status::from_code(from).ok_or_else(|| bad("from"))?)
            },
            to: Status::from_code(status(&row[1])?).ok_or_else(|| bad("to"))?,
            roles: row[2]
                .split('|')
                .map(|w| {
                    Role::ALL
                        .into_iter()
                        .find(|r| r.word() == w)
                        .ok_or_else(|| bad("actor"))
                })
                .collect::<Result<_, _>>()?,
            guards: row[3]
                .split('+')
                .filter(|w| !w.is_empty())
                .map(|w| guard(w).ok_or_else(|| bad("guard")))
                .collect::<Result<_, _>>()?,
            infer: &row[4] == "yes",
            ground: row[5].to_owned(),
        });
    }
    Ok(steps)
}

fn guard(word: &str) -> Option<Guard> {
    Some(match word {
        "online" => Guard::Online,
        "counter-or-post" => Guard::CounterOrPost,
        "reason" => Guard::Reason,
        "first-supplement" => Guard::FirstSupplement,
        "back-to" => Guard::BackTo,
        "supplement-overdue" => Guard::SupplementOverdue,
        _ => return None,
    })
}

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
    /// Since when, by the actor's word.
    pub since: Timestamp,
    /// How many events it has.
    pub events: i32,
    /// How many submissions it has (1, then one more per amendment).
    pub version: i32,
    /// How often a supplement was asked for.
    pub supplements: i32,
    /// Whether it was ever accepted.
    pub accepted: bool,
    /// Its official code.
    pub code: Option<DossierCode>,
    /// When the result is due; it stays as it was while the dossier stands still, and after its end.
    pub due: Option<Timestamp>,
}

impl State {
    /// Its status.
    pub fn status(&self) -> Status {
        self.phase.status()
    }
}

/// What an event makes of a state. Never fails; the first event must be [`Happening::Filed`], which needs no state.
pub fn evolve(state: Option<State>, what: &Happening, occurred_at: Timestamp) -> State {
    let mut next = state.unwrap_or(State {
        phase: Phase::Registered,
        since: occurred_at,
        events: 0,
        version: 1,
        supplements: 0,
        accepted: false,
        code: None,
        due: None,
    });
    next.events += 1;
    match what {
        Happening::Filed { status, .. } => {
            next.phase = Phase::entering(*status, *status);
            next.since = occurred_at;
            next.accepted = *status != Status::Registered;
        }
        Happening::Amended { version, .. } => next.version = *version,
        Happening::CodeAssigned { code } => next.code = Some(code.clone()),
        Happening::StatusChanged { from, to, .. } => {
            next.phase = Phase::entering(*to, *from);
            next.since = next.since.max(occurred_at);
            next.supplements += i32::from(*to == Status::SupplementRequested);
            next.accepted |= matches!(to, Status::Accepted | Status::Processing);
        }
        Happening::DueSet(change) => next.due = Some(change.to),
        Happening::StatusRecorded { .. }
        | Happening::StatusRejected { .. }
        | Happening::Supplemented { .. }
        | Happening::HandedOver(_)
        | Happening::LimitNear(_)
        | Happening::LimitPassed(_) => {}
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
    /// When it happened, by the reporter's word.
    pub occurred_at: Timestamp,
    /// In which part it speaks.
    pub role: Role,
    /// Whether the limit of an open supplement has passed (the caller knows the calendar).
    pub supplement_overdue: bool,
    /// Whether the time to ask for a supplement has passed.
    pub supplement_late: bool,
    /// How often a supplement may be asked for.
    pub supplement_requests: u32,
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
    let from = state.status();
    // Whole seconds, because partners' formats carry nothing finer: within one second the order of arrival counts.
    if report.occurred_at.as_seconds() < state.since.as_seconds() || report.to == from {
        // Older than what is known, or the same status with another note: history, not a change.
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
    if (refuses || last.guards.contains(&Guard::Reason))
        && report.text.as_deref().is_none_or(|t| t.trim().is_empty())
    {
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
        problem
    } else {
        problem.with("actors", others.join(", "))
    }
}

/// The shortest way to the reported status: its last step must be the reporter's own, the steps before it such as the hub may
/// infer. A submitter infers nothing: only the deciding side's word implies steps.
fn path(phase: Phase, report: &Report) -> Option<Vec<&'static Step>> {
    let mut queue: VecDeque<(Phase, Vec<&'static Step>)> = VecDeque::from([(phase, Vec::new())]);
    let mut seen = vec![phase.status()];
    while let Some((at, steps)) = queue.pop_front() {
        for step in table()
            .iter()
            .filter(|s| s.from == Some(at.status()) && passable(s, at))
        {
            let mut longer = steps.clone();
            longer.push(step);
            if step.to == report.to && step.roles.contains(&report.role) {
                return Some(longer);
            }
            let may_infer = step.infer && report.role != Role::Submitter && !step.to.is_final();
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
