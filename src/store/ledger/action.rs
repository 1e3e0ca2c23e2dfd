//! What an action comes to: the domain's decision, and what is told beside it. Pure.

use super::requests::{Act, DossierAction};
use crate::domain::clocks::{DueChange, DueReason};
use crate::domain::codes::Key;
use crate::domain::event::{EventKind, Verdict, When};
use crate::domain::lifecycle::{self, Correction, Decision, Phase, Report, Role, State};
use crate::domain::matter::Matter;
use crate::domain::rejection::{Problem, problems};
use crate::domain::status::Status;
use crate::domain::task::TaskOutcome;
use crate::domain::time::Timestamp;

/// An action, judged.
pub(super) struct Judged {
    /// When it was done, by the actor's word.
    pub occurred_at: Timestamp,
    /// From when limits count it.
    pub counted: Timestamp,
    /// Told before the change of status, when the action is done.
    pub beside: Option<EventKind>,
    /// What becomes of it.
    pub decision: Decision,
}

/// The event that says what was done, by its word.
pub(super) const fn kind(action: &DossierAction) -> &'static str {
    match action {
        DossierAction::Report { .. } | DossierAction::Step { .. } | DossierAction::Accept { .. } => {
            "status-changed"
        }
        DossierAction::Supplement { .. } => "supplemented",
        DossierAction::Postpone { .. } => "postponed",
        DossierAction::Correct { .. } => "result-corrected",
        DossierAction::Beside(matter) => matter.word(),
        DossierAction::HandOver(_) => "handed-over",
        DossierAction::Promise { .. } => "due-set",
        DossierAction::Keep { .. } => "status-recorded",
    }
}

/// A refusal that is kept in the history, for both parties to see.
fn refused(problem: Problem, to: Status) -> Decision {
    Decision {
        verdict: Verdict::Rejected,
        events: vec![EventKind::StatusRejected {
            to,
            label: problem.label,
            text: None,
        }],
        problem: Some(problem),
    }
}

/// Judges an action that arrived at `now`. `ask_until` is the last moment to ask for a supplement, while it runs or has passed.
pub(super) fn judge(act: &Act, state: &State, now: Timestamp, ask_until: Option<Timestamp>) -> Judged {
    // A report may be old news; what a person does is done now, whatever their watch says.
    let occurred_at = match act.action {
        DossierAction::Report { .. } => act.occurred_at,
        DossierAction::Beside(Matter::TaskReported { .. }) if act.stated => act.occurred_at,
        _ => act.occurred_at.max(state.since),
    };
    let counted = state.counts(When {
        occurred_at,
        at: now,
        stated_by: None,
    });
    let to = target(&act.action, state);
    let decided = |verdict, events| Decision {
        verdict,
        problem: None,
        events,
    };
    let decision = if let DossierAction::Beside(told) = &act.action {
        match lifecycle::judge(state, act.role, told) {
            Ok(told) => decided(Verdict::Applied, vec![EventKind::Beside(told)]),
            Err(problem) => refused_saying(problem, to, told),
        }
    } else if matches!(act.action, DossierAction::Supplement { .. }) && state.status() == Status::Stopped {
        // The applicant brings what a stopped dossier waits for; the agency resumes it.
        decided(Verdict::Applied, Vec::new())
    } else if let DossierAction::Correct {
        results,
        refusal,
        text,
    } = &act.action
    {
        let correction = Correction {
            results: results.clone(),
            refusal: *refusal,
            text: text.clone(),
            occurred_at,
            role: act.role,
            late: act
                .clockwork
                .correction_passed(state.since, counted)
                .then(|| act.clockwork.result_correction_limit(act.occurred_at)),
        };
        lifecycle::correct(state, &correction)
    } else if let DossierAction::Promise { to } = act.action {
        promised(state, to)
    } else if let DossierAction::Keep { to } = act.action {
        decided(Verdict::Recorded, vec![kept(to)])
    } else if fits(&act.action, state) {
        let facts = Report {
            late: act.states_moment() && state.is_late(&act.actor.tenant, occurred_at),
            supplement_late: ask_until.is_some_and(|last| counted > last),
            occurred_at,
            ..report(act, state, to, counted)
        };
        own_task(act, state, lifecycle::decide(state, &facts))
    } else {
        refused(pointless(state, to, act.role), to)
    };
    Judged {
        occurred_at,
        counted,
        beside: beside(&act.action),
        decision,
    }
}

/// A status that is told and changes nothing.
const fn kept(to: Status) -> EventKind {
    EventKind::StatusRecorded {
        to,
        text: None,
        details: None,
    }
}

/// The same of something beside the status: what an agency said of its task is kept with it.
fn refused_saying(problem: Problem, to: Status, told: &Matter) -> Decision {
    let said = match told {
        Matter::TaskReported { text, .. } => text.clone(),
        _ => None,
    };
    let mut refused = refused(problem, to);
    if let Some(EventKind::StatusRejected { text, .. }) = refused.events.first_mut() {
        *text = said;
    }
    refused
}

/// What a report of the agency that leads makes of its own task: what it says of it, or that it is done with the decision.
fn own_task(act: &Act, state: &State, mut decision: Decision) -> Decision {
    let DossierAction::Report { to, task, .. } = &act.action else {
        return decision;
    };
    let Ok(agency) = act.actor.tenant.key().parse::<Key>() else {
        return decision;
    };
    let moved = !matches!(decision.verdict, Verdict::Rejected | Verdict::Recorded);
    let outcome = match task {
        Some(outcome) => *outcome,
        None if act.role == Role::Agency && moved && *to == Status::Finished => TaskOutcome::Done,
        None => return decision,
    };
    let lead_task = state.tasks.of(&agency).find(|task| task.lead);
    if decision.verdict == Verdict::Rejected || (task.is_none() && lead_task.is_none_or(|t| t.is_settled())) {
        return decision;
    }
    // What it says stands beside the status.
    let told = Matter::TaskReported {
        task: lead_task.map_or(0, |task| task.number),
        agency,
        outcome,
        text: None,
        results: Vec::new(),
    };
    match lifecycle::judge(state, act.role, &told) {
        Ok(told) => {
            decision.events.push(EventKind::Beside(told));
            if decision.verdict == Verdict::Recorded {
                decision.verdict = Verdict::Applied;
            }
            decision
        }
        Err(problem) => refused(problem, *to),
    }
}

/// Nothing was asked for, or it was done long ago: say so, rather than let the verb move the dossier elsewhere.
fn pointless(state: &State, to: Status, role: Role) -> Problem {
    let from = state.status();
    if from.is_final() {
        return problems::StatusFinal { status: &from }.into();
    }
    problems::TransitionNotAllowed {
        from: &from,
        to: &to,
        allowed: &lifecycle::allowed(from, role),
    }
    .into()
}

/// The date on the receipt the applicant holds, beside the one the limit gives; after the end nothing is promised.
fn promised(state: &State, to: Timestamp) -> Decision {
    if state.status().is_final() {
        return refused(
            problems::StatusFinal {
                status: &state.status(),
            }
            .into(),
            state.status(),
        );
    }
    let change = DueChange {
        from: state.due,
        to,
        reason: DueReason::Promised,
    };
    Decision {
        verdict: Verdict::Applied,
        problem: None,
        events: vec![EventKind::DueSet(change)],
    }
}

/// The status an action leads to.
fn target(action: &DossierAction, state: &State) -> Status {
    match action {
        DossierAction::Report { to, .. } | DossierAction::Step { to, .. } | DossierAction::Keep { to } => *to,
        DossierAction::Accept { .. } => Status::Accepted,
        DossierAction::Supplement { .. } => match state.phase {
            Phase::SupplementRequested { resume } => resume.status(),
            _ => Status::Accepted,
        },
        DossierAction::HandOver(_) => Status::HandedOver,
        DossierAction::Postpone { .. }
        | DossierAction::Correct { .. }
        | DossierAction::Promise { .. }
        | DossierAction::Beside(_) => state.status(),
    }
}

/// Whether an action has its place where the dossier stands.
fn fits(action: &DossierAction, state: &State) -> bool {
    match action {
        DossierAction::Supplement { .. } => matches!(state.phase, Phase::SupplementRequested { .. }),
        DossierAction::Accept { .. } => !state.accepted || state.status() == Status::Accepted,
        // A report of the status a dossier has is a note; a person who takes the step again has not seen that it was taken.
        DossierAction::Step { to, .. } => *to != state.status(),
        _ => true,
    }
}

/// The facts a report is judged by, at the moment limits count it from.
fn report(act: &Act, state: &State, to: Status, counted: Timestamp) -> Report {
    let clocks = &act.clockwork;
    let mut report = Report {
        direct: true,
        supplement_overdue: clocks.supplement_overdue(state.since, counted),
        supplement_requests: clocks.supplement_requests(counted),
        postponement_late: state
            .due
            .is_some_and(|due| clocks.late_notice_passed(due, counted))
            .then(|| clocks.late_notice_limit(act.occurred_at)),
        postponements: clocks.postponements(counted),
        ..Report::new(to, act.role, counted)
    };
    match &act.action {
        DossierAction::Report {
            text,
            details,
            back,
            new_due,
            ..
        } => {
            report.text.clone_from(text);
            report.details.clone_from(details);
            report.back = *back;
            report.new_due = *new_due;
            report.direct = false;
            report.own = act.role != Role::Agency;
        }
        DossierAction::Step {
            text, details, back, ..
        } => {
            report.text = Some(text.clone());
            report.details.clone_from(details);
            report.back = *back;
        }
        DossierAction::Accept { text } => report.text.clone_from(text),
        DossierAction::Postpone { new_due, text } => {
            report.text = Some(text.clone());
            report.new_due = Some(*new_due);
        }
        DossierAction::Supplement { .. }
        | DossierAction::HandOver(_)
        | DossierAction::Correct { .. }
        | DossierAction::Promise { .. }
        | DossierAction::Keep { .. }
        | DossierAction::Beside(_) => {}
    }
    report
}

fn beside(action: &DossierAction) -> Option<EventKind> {
    match action {
        DossierAction::Supplement { text, papers } => Some(EventKind::Supplemented {
            text: text.clone(),
            papers: papers.clone(),
        }),
        DossierAction::HandOver(hand_over) => Some(EventKind::HandedOver(hand_over.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
