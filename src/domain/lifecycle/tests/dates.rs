//! Dates that are moved and results that are corrected.

use super::*;
use crate::domain::calendar::Span;

/// A postponement of a dossier due on 1 December at 17:00, told at `when`.
fn postpones(phase: Phase, before: i32, when: &str, new_due: &str) -> (Verdict, Option<Label>) {
    let mut state = state(phase);
    state.postponements = before;
    state.due = Some(at("2026-12-01T17:00:00+07:00"));
    let report = Report {
        new_due: Some(at(new_due)),
        occurred_at: at(when),
        postponement_late: (at(when) >= at("2026-12-01T00:00:00+07:00")).then_some(Span::Hours(24)),
        ..report(phase.status(), Role::Agency)
    };
    let decision = decide(&state, &report);
    if decision.verdict != Verdict::Rejected {
        assert!(matches!(decision.events[..], [EventKind::Postponed { .. }]));
    }
    (decision.verdict, decision.problem.map(|p| p.label))
}

#[test]
fn a_due_date_is_moved_once_and_the_day_before_at_the_latest() {
    let later = "2026-12-08T17:00:00+07:00";
    let (day_before, on_the_day) = ("2026-11-30T23:59:00+07:00", "2026-12-01T00:00:00+07:00");
    for phase in [Phase::Accepted, Phase::Processing] {
        assert_eq!(postpones(phase, 0, day_before, later), (Verdict::Applied, None));
        assert_eq!(
            postpones(phase, 0, on_the_day, later),
            (Verdict::AppliedIrregular, Some(Label::PostponementLate))
        );
        assert_eq!(
            postpones(phase, 1, day_before, later),
            (Verdict::AppliedIrregular, Some(Label::PostponementRepeated))
        );
    }
    for phase in phases()
        .into_iter()
        .filter(|p| !matches!(p, Phase::Accepted | Phase::Processing))
    {
        let (verdict, label) = postpones(phase, 0, day_before, later);
        assert_eq!(
            (verdict, label),
            (Verdict::Rejected, Some(Label::ClockNotRunning)),
            "{phase:?}"
        );
    }
    // After the due date, and by a year at most.
    for (new_due, verdict) in [
        ("2026-12-01T17:00:00+07:00", Verdict::Rejected),
        ("2026-12-01T17:00:01+07:00", Verdict::Applied),
        ("2027-12-02T17:00:00+07:00", Verdict::Applied),
        ("2027-12-02T17:00:01+07:00", Verdict::Rejected),
    ] {
        assert_eq!(
            postpones(Phase::Processing, 0, day_before, new_due).0,
            verdict,
            "{new_due}"
        );
    }
}

#[test]
fn a_status_that_moves_the_due_date_does_both_or_neither() {
    let moves = |role, due: Option<&str>| {
        let mut state = state(Phase::Accepted);
        state.due = due.map(at);
        let report = Report {
            new_due: Some(at("2026-12-08T17:00:00+07:00")),
            occurred_at: at("2026-11-20T10:00:00+07:00"),
            ..report(Status::Processing, role)
        };
        decide(&state, &report)
    };
    let due = Some("2026-12-01T17:00:00+07:00");
    let both = moves(Role::Agency, due);
    assert_eq!((both.verdict, both.events.len()), (Verdict::Applied, 2));
    let neither = moves(Role::Agency, None);
    assert_eq!(neither.problem.map(|p| p.label), Some(Label::ClockNotRunning));
    assert!(matches!(neither.events[..], [EventKind::StatusRejected { .. }]));
    let other = moves(Role::ReceivingUnit, due);
    assert_eq!(other.problem.map(|p| p.label), Some(Label::ActorNotAllowed));
}

#[test]
fn a_result_is_corrected_where_there_is_one_and_keeps_its_status() {
    let correction = |role, late: bool| Correction {
        results: Vec::new(),
        refusal: false,
        text: Some("sai ngày sinh".to_owned()),
        occurred_at: Timestamp::from_micros(200_000_000),
        role,
        late: late.then_some(Span::Hours(24)),
    };
    for phase in phases() {
        let decision = correct(&state(phase), &correction(Role::Agency, false));
        let may = matches!(phase, Phase::Finished | Phase::HandedOver);
        assert_eq!(decision.verdict == Verdict::Applied, may, "{phase:?}");
        let when = When::of_hub(Timestamp::from_micros(200_000_000));
        let after = evolve(Some(state(phase)), &decision.events[0], when);
        assert_eq!(after.phase, phase);
    }
    let label = |d: Decision| d.problem.map(|p| p.label);
    let late = correct(&state(Phase::HandedOver), &correction(Role::Agency, true));
    assert_eq!(
        (late.verdict, label(late)),
        (Verdict::AppliedIrregular, Some(Label::CorrectionLate))
    );
    for role in Role::ALL.into_iter().filter(|r| *r != Role::Agency) {
        let other = correct(&state(Phase::Finished), &correction(role, false));
        assert_eq!(label(other), Some(Label::ActorNotAllowed));
    }
    let silent = Correction {
        text: None,
        ..correction(Role::Agency, false)
    };
    assert_eq!(
        label(correct(&state(Phase::Finished), &silent)),
        Some(Label::ReasonRequired)
    );
}
