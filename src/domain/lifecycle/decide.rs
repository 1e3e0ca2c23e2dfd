//! Decides about a report: the way through the table, or why there is none.

use std::collections::VecDeque;

use super::beside;
use super::report::{Decision, Report, rejected};
use super::role::Role;
use super::state::{Phase, State};
use super::table::{Guard, Transition, table};
use crate::domain::details::Details;
use crate::domain::event::{Back, EventKind, Verdict};
use crate::domain::rejection::{Problem, problems};
use crate::domain::status::Status;

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
    if report.role == Role::CoAgency {
        return beside::of_co_agency(report);
    }
    if report.late || report.to == from {
        // Older than what its sender has said since, or the same status with another note: history, not a change.
        return Decision {
            verdict: Verdict::Recorded,
            problem: None,
            events: vec![EventKind::StatusRecorded {
                to: report.to,
                text: report.text.clone(),
                details: report.details.clone(),
            }],
        };
    }
    if from.is_final() {
        return rejected(report, problems::StatusFinal { status: &from }.into());
    }
    let Some(path) = path(state.phase, report) else {
        return rejected(report, refusal(state.phase, report));
    };
    let last = &path[path.len() - 1];
    let refuses = report.details.as_ref().is_some_and(Details::is_refusal);
    if (refuses || last.guards.contains(&Guard::Reason)) && !report.has_reason() {
        return rejected(report, problems::ReasonRequired { to: &report.to }.into());
    }
    let problem = irregularity(state, report, last);
    let irregular = problem.as_ref().map(|problem| problem.label);
    let verdict = match (irregular, path.len()) {
        (Some(_), _) => Verdict::AppliedIrregular,
        (None, 1) => Verdict::Applied,
        (None, _) => Verdict::AppliedInferred,
    };
    let mut at = from;
    let events = path
        .iter()
        .enumerate()
        .map(|(i, step)| {
            let inferred = i + 1 < path.len();
            let change = EventKind::StatusChanged {
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
    Decision {
        verdict,
        problem,
        events,
    }
}

/// The rule a step breaks that is taken all the same.
fn irregularity(state: &State, report: &Report, step: &Transition) -> Option<Problem> {
    step.guards.iter().find_map(|guard| match guard {
        Guard::FirstSupplement if state.supplements.cast_unsigned() >= report.supplement_requests => {
            Some(problems::SupplementRepeated.into())
        }
        Guard::FirstSupplement if report.supplement_late => Some(problems::SupplementLate.into()),
        Guard::SupplementOverdue if !report.supplement_overdue => Some(problems::SupplementNotOverdue.into()),
        _ => None,
    })
}

/// Whether a step was returned or recalled: by its reporter's word, else by its part. Who received sends back; who sent takes back.
fn back(step: &Transition, report: &Report) -> Option<Back> {
    if !step.guards.contains(&Guard::Back) {
        return None;
    }
    report.back.or(Some(match report.role {
        Role::ReceivingUnit => Back::Recalled,
        _ => Back::Returned,
    }))
}

/// Why no path exists: another party's step, or no step at all.
fn refusal(phase: Phase, report: &Report) -> Problem {
    let (from, to) = (phase.status(), report.to);
    if (from, to) == (Status::Finished, Status::Withdrawn) {
        return problems::WithdrawalTooLate.into();
    }
    let others: Vec<&str> = table()
        .iter()
        .filter(|s| s.from == Some(from) && s.to == to && !s.roles.contains(&report.role))
        .flat_map(|s| s.roles.iter().map(|r| r.word()))
        .collect();
    let (from, to) = (&from, &to);
    if others.is_empty() {
        let allowed = &allowed(*from, report.role);
        problems::TransitionNotAllowed { from, to, allowed }.into()
    } else {
        let actors = &others.join(", ");
        problems::ActorNotAllowed { from, to, actors }.into()
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
fn path(phase: Phase, report: &Report) -> Option<Vec<&'static Transition>> {
    let infers = report.role != Role::Submitter && !report.direct && report.back.is_none();
    let mut queue: VecDeque<(Phase, Vec<&'static Transition>)> = VecDeque::from([(phase, Vec::new())]);
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

fn passable(step: &Transition, at: Phase) -> bool {
    match at {
        Phase::SupplementRequested { resume } if step.guards.contains(&Guard::BackTo) => {
            step.to == resume.status()
        }
        _ => true,
    }
}
