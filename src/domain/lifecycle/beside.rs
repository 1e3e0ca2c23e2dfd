//! What happens beside the ten statuses: the due date is moved, a result is corrected.

use super::report::{Decision, Report, rejected};
use super::role::Role;
use super::state::{State, evolve};
use crate::domain::calendar::Span;
use crate::domain::details::ResultPaper;
use crate::domain::event::{EventKind, Verdict, When};
use crate::domain::rejection::problems::Bilingual;
use crate::domain::rejection::{Problem, problems};
use crate::domain::status::Status;
use crate::domain::time::Timestamp;

/// What an agency beside the one that leads says of a status: that it works on its task is kept; the dossier stays where it is. Its
/// task is settled by [`judge`](super::judge), and no other status is its to report (Decree 118/2025 art. 20.2).
pub(super) fn of_co_agency(report: &Report) -> Decision {
    let works = matches!(report.to, Status::Accepted | Status::Processing);
    if !works || report.back.is_some() || report.new_due.is_some() {
        let status = &report.to;
        return rejected(report, problems::CoAgencyStatus { status }.into());
    }
    Decision {
        verdict: Verdict::Recorded,
        problem: None,
        events: vec![EventKind::StatusRecorded {
            to: report.to,
            text: report.text.clone(),
            details: None,
        }],
    }
}

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
    if decision.verdict == Verdict::Recorded || moved.verdict == Verdict::AppliedIrregular {
        decision.verdict = moved.verdict;
    }
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
        return refuse(
            problems::ClockNotRunning {
                status: &state.status(),
            }
            .into(),
        );
    };
    if !report.has_reason() {
        return refuse(problems::ReasonRequired { to: &state.status() }.into());
    }
    let longest = std::time::Duration::from_secs(LONGEST_POSTPONEMENT_DAYS.unsigned_abs() * 86_400);
    if new_due <= due || new_due > due.plus(longest) {
        let problem = problems::DueOutOfRange {
            due: &due.on_paper(),
            limit: &LONGEST_POSTPONEMENT_DAYS,
        };
        return refuse(problem.at("/new_due"));
    }
    let problem = if state.postponements.cast_unsigned() >= report.postponements {
        Some(problems::PostponementRepeated.into())
    } else {
        report
            .postponement_late
            .map(|limit| told(limit, |limit| problems::PostponementLate { limit }.into()))
    };
    let postponed = EventKind::Postponed {
        from: due,
        to: new_due,
        text: report.text.clone(),
        irregular: problem.as_ref().map(|problem| problem.label),
    };
    applied(problem, postponed)
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
    /// The limit for corrections, where it had passed (the caller knows the calendar).
    pub late: Option<Span>,
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
        return refuse(
            problems::ResultMissing {
                status: &state.status(),
            }
            .into(),
        );
    }
    if !report.has_reason() {
        return refuse(problems::ReasonRequired { to: &state.status() }.into());
    }
    let late = correction.late;
    let problem = late.map(|limit| told(limit, |limit| problems::CorrectionLate { limit }.into()));
    let corrected = EventKind::ResultCorrected {
        results: correction.results.clone(),
        refusal: correction.refusal,
        text: correction.text.clone(),
        irregular: problem.as_ref().map(|problem| problem.label),
    };
    applied(problem, corrected)
}

/// What is said of a limit that has passed: how long it is, for no number of the law stands in a sentence.
fn told(limit: Span, said: impl FnOnce(&Bilingual<'_>) -> Problem) -> Problem {
    let (vi, en) = limit.words();
    said(&Bilingual { vi: &vi, en: &en })
}

fn applied(irregular: Option<Problem>, what: EventKind) -> Decision {
    Decision {
        verdict: match irregular {
            Some(_) => Verdict::AppliedIrregular,
            None => Verdict::Applied,
        },
        problem: irregular,
        events: vec![what],
    }
}

fn actor(state: &State, report: &Report) -> Problem {
    problems::ActorNotAllowed {
        from: &state.status(),
        to: &report.to,
        actors: &Role::Agency.word(),
    }
    .into()
}
