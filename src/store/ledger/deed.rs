//! What a deed comes to: the domain's decision, and what is told beside it. Pure.

use super::act::{Act, Deed};
use crate::domain::event::{Happening, Verdict};
use crate::domain::lifecycle::{self, Correction, Decision, Phase, Report, State};
use crate::domain::rejection::{Label, Problem};
use crate::domain::status::Status;
use crate::domain::time::Timestamp;

/// A deed, judged.
pub(super) struct Judged {
    /// When it counts as done.
    pub occurred_at: Timestamp,
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
        Deed::HandOver(_) => "handed-over",
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

/// Judges a deed. `asked_late` says whether the time to ask for a supplement has passed.
pub(super) fn judge(act: &Act, state: &State, asked_late: bool) -> Judged {
    // A report may be old news; what a person does is done now, whatever their watch says.
    let occurred_at = match act.deed {
        Deed::Report { .. } => act.occurred_at,
        _ => act.occurred_at.max(state.since),
    };
    let to = target(&act.deed, state);
    let decision = if let Deed::Correct {
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
            late: act.clockwork.correction_passed(state.since, occurred_at),
        };
        lifecycle::correct(state, &correction)
    } else if fits(&act.deed, state) {
        let facts = Report {
            supplement_late: asked_late,
            ..report(act, state, to, occurred_at)
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
        };
        refused(problem, to)
    };
    Judged {
        occurred_at,
        beside: beside(&act.deed),
        decision,
    }
}

/// The status a deed leads to.
fn target(deed: &Deed, state: &State) -> Status {
    match deed {
        Deed::Report { to, .. } | Deed::Step { to, .. } => *to,
        Deed::Accept { .. } => Status::Accepted,
        Deed::Supplement { .. } => match state.phase {
            Phase::SupplementRequested { resume } => resume.status(),
            _ => Status::Accepted,
        },
        Deed::HandOver(_) => Status::HandedOver,
        Deed::Postpone { .. } | Deed::Correct { .. } => state.status(),
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

fn report(act: &Act, state: &State, to: Status, occurred_at: Timestamp) -> Report {
    let clocks = &act.clockwork;
    let mut report = Report {
        direct: true,
        supplement_overdue: clocks.supplement_overdue(state.since, occurred_at),
        supplement_requests: clocks.supplement_requests(occurred_at),
        postponement_late: state
            .due
            .is_some_and(|due| clocks.late_notice_passed(due, occurred_at)),
        postponements: clocks.postponements(occurred_at),
        ..Report::new(to, act.role, occurred_at)
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
        }
        Deed::Step { text, details, .. } => {
            report.text = Some(text.clone());
            report.details.clone_from(details);
        }
        Deed::Accept { text } => report.text.clone_from(text),
        Deed::Postpone { new_due, text } => {
            report.text = Some(text.clone());
            report.new_due = Some(*new_due);
        }
        Deed::Supplement { .. } | Deed::HandOver(_) | Deed::Correct { .. } => {}
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
