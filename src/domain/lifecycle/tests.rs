//! The table, cell by cell, and the laws any sequence of reports keeps.

use super::*;
use proptest::prelude::*;

fn state(phase: Phase) -> State {
    State {
        phase,
        since: Timestamp::from_micros(100_000_000),
        events: 1,
        version: 1,
        supplements: 0,
        accepted: true,
        code: None,
        due: None,
    }
}

fn report(to: Status, role: Role) -> Report {
    Report {
        to,
        text: Some("lý do".into()),
        details: None,
        occurred_at: Timestamp::from_micros(200_000_000),
        role,
        supplement_overdue: true,
        supplement_late: false,
        supplement_requests: 1,
    }
}

fn phases() -> Vec<Phase> {
    Status::ALL
        .iter()
        .flat_map(|s| match s {
            Status::SupplementRequested => [Resume::Registered, Resume::Accepted, Resume::Processing]
                .into_iter()
                .map(|resume| Phase::SupplementRequested { resume })
                .collect(),
            s => vec![Phase::entering(*s, *s)],
        })
        .collect()
}

/// Every cell of from × to × role, held against an independent reading of the table.
#[test]
fn every_cell_of_the_table() {
    for phase in phases() {
        for to in Status::ALL {
            for role in Role::ALL {
                let decision = decide(&state(phase), &report(to, role));
                let direct = table().iter().any(|s| {
                    s.from == Some(phase.status())
                        && s.to == to
                        && s.roles.contains(&role)
                        && match phase {
                            Phase::SupplementRequested { resume } if s.guards.contains(&Guard::BackTo) => {
                                resume.status() == to
                            }
                            _ => true,
                        }
                });
                let cell = format!("{phase:?} -> {to:?} by {role:?}: {:?}", decision.verdict);
                if to == phase.status() {
                    assert_eq!(decision.verdict, Verdict::Recorded, "{cell}");
                } else if phase.status().is_final() {
                    assert_eq!(decision.verdict, Verdict::Rejected, "{cell}");
                } else if direct {
                    assert_eq!(decision.verdict, Verdict::Applied, "{cell}");
                } else {
                    assert!(
                        matches!(decision.verdict, Verdict::AppliedInferred | Verdict::Rejected),
                        "{cell}"
                    );
                }
            }
        }
    }
}

#[test]
fn skipped_steps_are_written_and_marked() {
    let d = decide(
        &state(Phase::Registered),
        &report(Status::HandedOver, Role::Agency),
    );
    assert_eq!(d.verdict, Verdict::AppliedInferred);
    let tos: Vec<u8> = d
        .happenings
        .iter()
        .map(|h| match h {
            Happening::StatusChanged { to, .. } => to.code(),
            _ => 0,
        })
        .collect();
    assert_eq!(tos, [2, 4, 9, 10]);
}

#[test]
fn a_second_supplement_is_irregular_and_a_missing_reason_is_refused() {
    let mut once = state(Phase::Processing);
    once.supplements = 1;
    assert_eq!(
        decide(&once, &report(Status::SupplementRequested, Role::Agency)).verdict,
        Verdict::AppliedIrregular
    );
    let mut bare = report(Status::SupplementRequested, Role::Agency);
    bare.text = None;
    let d = decide(&state(Phase::Processing), &bare);
    assert_eq!(d.problem.map(|p| p.label), Some(Label::ReasonRequired));
}

#[test]
fn an_older_report_is_history_only() {
    let mut old = report(Status::Finished, Role::Agency);
    old.occurred_at = Timestamp::from_micros(99_000_000);
    assert_eq!(decide(&state(Phase::Processing), &old).verdict, Verdict::Recorded);
}

#[test]
fn the_wrong_party_is_told_whose_step_it_is() {
    let d = decide(
        &state(Phase::Processing),
        &report(Status::Finished, Role::Submitter),
    );
    let problem = d.problem.unwrap();
    assert_eq!(problem.label, Label::ActorNotAllowed);
    assert_eq!(problem.args["actors"], "agency");
}

proptest! {
    /// Whatever is reported, in whatever order: a final status stays, history has no gaps, evolve agrees with decide.
    #[test]
    fn any_sequence_of_reports_keeps_the_laws(reports in proptest::collection::vec((1u8..=10, 0usize..5, 0i64..50, any::<bool>(), any::<bool>()), 0..40)) {
        let filed = Happening::StatusRecorded { to: Status::Registered, text: None, details: None };
        let mut now = evolve(None, &filed, Timestamp::from_micros(0));
        for (to, role, at, reason, overdue) in reports {
            let report = Report {
                to: Status::from_code(to).unwrap(),
                text: reason.then(|| "vì thiếu giấy tờ".to_owned()),
                details: None,
                occurred_at: Timestamp::from_micros(at * 500_000),
                role: Role::ALL[role],
                supplement_overdue: overdue,
                supplement_late: false,
                supplement_requests: 1,
            };
            let before = now.clone();
            let decision = decide(&now, &report);
            prop_assert!(!decision.happenings.is_empty());
            for h in &decision.happenings {
                if let Happening::StatusChanged { from, to, .. } = h {
                    prop_assert_eq!(*from, now.status());
                    prop_assert!(table().iter().any(|s| s.from == Some(*from) && s.to == *to));
                }
                now = evolve(Some(now), h, report.occurred_at);
            }
            prop_assert_eq!(now.events, before.events + decision.happenings.len() as i32);
            match decision.verdict {
                Verdict::Applied | Verdict::AppliedInferred | Verdict::AppliedIrregular => prop_assert_eq!(now.status(), report.to),
                _ => prop_assert_eq!(now.phase, before.phase),
            }
            prop_assert!(!before.status().is_final() || now.phase == before.phase);
            prop_assert!(now.since >= before.since);
        }
    }
}
