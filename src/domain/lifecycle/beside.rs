//! What happens beside the ten statuses: the due date is moved, a result is corrected.

use super::report::{Decision, Report, rejected};
use super::role::Role;
use super::state::{State, evolve};
use crate::domain::details::ResultPaper;
use crate::domain::event::{EventKind, Verdict, When};
use crate::domain::rejection::{Label, Problem};
use crate::domain::status::Status;
use crate::domain::time::Timestamp;

/// How far a due date may be moved at once, in days: a year; more is a slip of the pen.
pub const LONGEST_POSTPONEMENT_DAYS: i64 = 366;

/// A report that also moves the due date: both or neither. The postponement is judged on what the status makes of the dossier.
pub(super) fn postponed_too(
    state: &State,
    report: &Report,
    new_due: Timestamp,
    mut decision: Decision,
) -> Decision {
    let after = decision.events.iter().fold(state.clone(), |s, what| {
        evolve(Some(s), what, When::of_hub(report.occurred_at))
    });
    let moved = postpone(&after, report, new_due);
    if moved.verdict == Verdict::Rejected {
        return moved;
    }
    if report.to == state.status() && report.details.is_none() {
        // The status is no news; the postponement carries the note.
        decision.events.clear();
    }
    decision.verdict = match (decision.verdict, moved.verdict) {
        (Verdict::Recorded, verdict) | (_, verdict @ Verdict::AppliedIrregular) => verdict,
        (verdict, _) => verdict,
    };
    decision.problem = decision.problem.or(moved.problem);
    decision.events.extend(moved.events);
    decision
}

/// The agency moves the due date, once, at the latest the day before it (Decree 118/2025 art. 19.6). What comes later or again is
/// applied, because the office has to live with it, and flagged.
fn postpone(state: &State, report: &Report, new_due: Timestamp) -> Decision {
    let refuse = |problem| rejected(report, problem);
    if report.role != Role::Agency {
        return refuse(actor(state, report));
    }
    let runs = matches!(state.status(), Status::Accepted | Status::Processing);
    let Some(due) = state.due.filter(|_| runs) else {
        return refuse(Problem::new(Label::ClockNotRunning).with("status", state.status()));
    };
    if !report.has_reason() {
        return refuse(Problem::new(Label::ReasonRequired).with("to", state.status()));
    }
    let longest = std::time::Duration::from_secs(LONGEST_POSTPONEMENT_DAYS.unsigned_abs() * 86_400);
    if new_due <= due || new_due > due.plus(longest) {
        let problem = Problem::new(Label::DueOutOfRange)
            .with("due", due.on_paper())
            .with("limit", LONGEST_POSTPONEMENT_DAYS);
        return refuse(problem.at("/new_due"));
    }
    let irregular = if state.postponements.cast_unsigned() >= report.postponements {
        Some(Label::PostponementRepeated)
    } else if report.postponement_late {
        Some(Label::PostponementLate)
    } else {
        None
    };
    let postponed = EventKind::Postponed {
        from: due,
        to: new_due,
        text: report.text.clone(),
        irregular,
    };
    applied(irregular, postponed)
}

/// An agency puts a result right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The results as they are right; all of them.
    pub results: Vec<ResultPaper>,
    /// The result is a refusal.
    pub refusal: bool,
    /// What was wrong.
    pub text: Option<String>,
    /// When, by the agency's word.
    pub occurred_at: Timestamp,
    /// In which part it speaks.
    pub role: Role,
    /// Whether the limit for corrections had passed (the caller knows the calendar).
    pub late: bool,
}

/// Decides about a correction: of a result that exists, also when it was handed over; the status stays (Decree 118/2025 art. 23.1).
pub fn correct(state: &State, correction: &Correction) -> Decision {
    let report = Report {
        text: correction.text.clone(),
        ..Report::new(state.status(), correction.role, correction.occurred_at)
    };
    let refuse = |problem| rejected(&report, problem);
    if correction.role != Role::Agency {
        return refuse(actor(state, &report));
    }
    if !matches!(state.status(), Status::Finished | Status::HandedOver) {
        return refuse(Problem::new(Label::ResultMissing).with("status", state.status()));
    }
    if !report.has_reason() {
        return refuse(Problem::new(Label::ReasonRequired).with("to", state.status()));
    }
    let irregular = correction.late.then_some(Label::CorrectionLate);
    let corrected = EventKind::ResultCorrected {
        results: correction.results.clone(),
        refusal: correction.refusal,
        text: correction.text.clone(),
        irregular,
    };
    applied(irregular, corrected)
}

fn applied(irregular: Option<Label>, what: EventKind) -> Decision {
    Decision {
        verdict: match irregular {
            Some(_) => Verdict::AppliedIrregular,
            None => Verdict::Applied,
        },
        problem: irregular.map(Problem::new),
        events: vec![what],
    }
}

fn actor(state: &State, report: &Report) -> Problem {
    Problem::new(Label::ActorNotAllowed)
        .with("from", state.status())
        .with("to", report.to)
        .with("actors", Role::Agency.word())
}
