//! What a deed comes to: the domain's decision, and what is told beside it. Pure.

use super::requests::{Act, Deed};
use crate::domain::clocks::{DueChange, DueReason};
use crate::domain::event::{Happening, Verdict, When};
use crate::domain::lifecycle::{self, Correction, Decision, Phase, Report, State};
use crate::domain::rejection::{Label, Problem};
use crate::domain::status::Status;
use crate::domain::time::Timestamp;

/// A deed, judged.
pub(super) struct Judged {
    /// When it was done, by the actor's word.
    pub occurred_at: Timestamp,
    /// From when limits count it.
    pub counted: Timestamp,
    /// Told before the change of status, when the deed is done.
    pub beside: Option<Happening>,
    /// What becomes of it.
    pub decision: Decision,
}

/// The event that says what was done, by its word.
pub(super) const fn kind(deed: &Deed) -> &'static str {
    match deed {
        Deed::Report { .. } | Deed::Step { .. } | Deed::Accept { .. } => "status-changed",
        Deed::Supplement { .. } => "supplemented",
        Deed::Postpone { .. } => "postponed",
        Deed::Correct { .. } => "result-corrected",
        Deed::Beside(matter) => matter.word(),
        Deed::HandOver(_) => "handed-over",
        Deed::Promise { .. } => "due-set",
        Deed::Keep { .. } => "status-recorded",
    }
}

/// A refusal that is kept in the history, for both parties to see.
fn refused(problem: Problem, to: Status) -> Decision {
    Decision {
        verdict: Verdict::Rejected,
        happenings: vec![Happening::StatusRejected {
            to,
            label: problem.label,
            text: None,
        }],
        problem: Some(problem),
    }
}

/// Judges a deed that arrived at `now`. `ask_until` is the last moment to ask for a supplement, while it runs or has passed.
pub(super) fn judge(act: &Act, state: &State, now: Timestamp, ask_until: Option<Timestamp>) -> Judged {
    // A report may be old news; what a person does is done now, whatever their watch says.
    let occurred_at = match act.deed {
        Deed::Report { .. } => act.occurred_at,
        _ => act.occurred_at.max(state.since),
    };
    let counted = state.counts(When {
        occurred_at,
        at: now,
        stated_by: None,
    });
    let to = target(&act.deed, state);
    let decision = if let Deed::Beside(told) = &act.deed {
        match lifecycle::judge(state, act.role, told) {
            Ok(told) => Decision {
                verdict: Verdict::Applied,
                problem: None,
                happenings: vec![Happening::Beside(told)],
            },
            Err(problem) => refused(problem, to),
        }
    } else if matches!(act.deed, Deed::Supplement { .. }) && state.status() == Status::Stopped {
        // The applicant brings what a stopped dossier waits for; the agency resumes it.
        Decision {
            verdict: Verdict::Applied,
            problem: None,
            happenings: Vec::new(),
        }
    } else if let Deed::Correct {
        results,
        refusal,
        text,
    } = &act.deed
    {
        let correction = Correction {
            results: results.clone(),
            refusal: *refusal,
            text: text.clone(),
            occurred_at,
            role: act.role,
            late: act.clockwork.correction_passed(state.since, counted),
        };
        lifecycle::correct(state, &correction)
    } else if let Deed::Promise { to } = act.deed {
        promised(state, to)
    } else if let Deed::Keep { to } = act.deed {
        Decision {
            verdict: Verdict::Recorded,
            problem: None,
            happenings: vec![Happening::StatusRecorded {
                to,
                text: None,
                details: None,
            }],
        }
    } else if fits(&act.deed, state) {
        let facts = Report {
            late: act.states_moment() && state.is_late(&act.actor.tenant, occurred_at),
            supplement_late: ask_until.is_some_and(|last| counted > last),
            occurred_at,
            ..report(act, state, to, counted)
        };
        lifecycle::decide(state, &facts)
    } else {
        // Nothing was asked for, or it was done long ago: say so, rather than let the verb move the dossier elsewhere.
        let from = state.status();
        let problem = if from.is_final() {
            Problem::new(Label::StatusFinal).with("status", from)
        } else {
            Problem::new(Label::TransitionNotAllowed)
                .with("from", from)
                .with("to", to)
                .with("allowed", lifecycle::allowed(from, act.role))
        };
        refused(problem, to)
    };
    Judged {
        occurred_at,
        counted,
        beside: beside(&act.deed),
        decision,
    }
}

/// The date on the receipt the applicant holds, beside the one the limit gives; after the end nothing is promised.
fn promised(state: &State, to: Timestamp) -> Decision {
    if state.status().is_final() {
        return refused(
            Problem::new(Label::StatusFinal).with("status", state.status()),
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
        happenings: vec![Happening::DueSet(change)],
    }
}

/// The status a deed leads to.
fn target(deed: &Deed, state: &State) -> Status {
    match deed {
        Deed::Report { to, .. } | Deed::Step { to, .. } | Deed::Keep { to } => *to,
        Deed::Accept { .. } => Status::Accepted,
        Deed::Supplement { .. } => match state.phase {
            Phase::SupplementRequested { resume } => resume.status(),
            _ => Status::Accepted,
        },
        Deed::HandOver(_) => Status::HandedOver,
        Deed::Postpone { .. } | Deed::Correct { .. } | Deed::Promise { .. } | Deed::Beside(_) => {
            state.status()
        }
    }
}

/// Whether a deed has its place where the dossier stands.
fn fits(deed: &Deed, state: &State) -> bool {
    match deed {
        Deed::Supplement { .. } => matches!(state.phase, Phase::SupplementRequested { .. }),
        Deed::Accept { .. } => !state.accepted || state.status() == Status::Accepted,
        // A report of the status a dossier has is a note; a person who takes the step again has not seen that it was taken.
        Deed::Step { to, .. } => *to != state.status(),
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
            .is_some_and(|due| clocks.late_notice_passed(due, counted)),
        postponements: clocks.postponements(counted),
        ..Report::new(to, act.role, counted)
    };
    match &act.deed {
        Deed::Report {
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
            report.own = act.role != lifecycle::Role::Agency;
        }
        Deed::Step {
            text, details, back, ..
        } => {
            report.text = Some(text.clone());
            report.details.clone_from(details);
            report.back = *back;
        }
        Deed::Accept { text } => report.text.clone_from(text),
        Deed::Postpone { new_due, text } => {
            report.text = Some(text.clone());
            report.new_due = Some(*new_due);
        }
        Deed::Supplement { .. }
        | Deed::HandOver(_)
        | Deed::Correct { .. }
        | Deed::Promise { .. }
        | Deed::Keep { .. }
        | Deed::Beside(_) => {}
    }
    report
}

fn beside(deed: &Deed) -> Option<Happening> {
    match deed {
        Deed::Supplement { text, papers } => Some(Happening::Supplemented {
            text: text.clone(),
            papers: papers.clone(),
        }),
        Deed::HandOver(hand_over) => Some(Happening::HandedOver(hand_over.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
