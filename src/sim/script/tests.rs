//! A plan is the same each time, and the lifecycle takes every report of it.

use std::collections::BTreeMap;

use super::*;
use crate::domain::event::{EventKind, Verdict, When};
use crate::domain::lifecycle::{Phase, Report, Role, State, decide, evolve};
use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;

const SITUATIONS: [Situation; 4] = [
    Situation {
        status: Status::Registered,
        by_branch: false,
    },
    Situation {
        status: Status::Registered,
        by_branch: true,
    },
    Situation {
        status: Status::Accepted,
        by_branch: true,
    },
    Situation {
        status: Status::Accepted,
        by_branch: false,
    },
];

fn dossiers(count: usize) -> Vec<DossierId> {
    let mut rng = StdRng::seed_from_u64(3);
    (0..count)
        .map(|_| DossierId::new(Timestamp::from_micros(1_000_000), &mut rng))
        .collect()
}

#[test]
fn a_plan_is_the_same_each_time_and_every_behaviour_occurs() {
    let mut seen: BTreeMap<Behaviour, u32> = BTreeMap::new();
    for dossier in dossiers(1_000) {
        let script = Script::new(9, dossier, SITUATIONS[0]);
        assert_eq!(script, Script::new(9, dossier, SITUATIONS[0]));
        *seen.entry(script.behaviour).or_default() += 1;
    }
    for (behaviour, weight) in Behaviour::WEIGHTS {
        let count = seen[&behaviour];
        assert!(
            count > 10 * weight / 2 && count < 10 * weight * 2,
            "{behaviour:?} {count}"
        );
    }
    assert!(
        dossiers(50)
            .iter()
            .any(|d| Script::new(9, *d, SITUATIONS[0]) != Script::new(8, *d, SITUATIONS[0]))
    );
}

/// Plays a script against the lifecycle, the submitter completing what is asked for, and says where it ends.
fn play(script: &Script, situation: Situation) -> (Status, Vec<Verdict>) {
    let filed = EventKind::StatusRecorded {
        to: situation.status,
        text: None,
        details: None,
    };
    let mut state: State = evolve(None, &filed, When::of_hub(Timestamp::from_micros(0)));
    let agency: TenantKey = "agency.so-tu-phap".parse().unwrap();
    state.phase = Phase::entering(situation.status, situation.status);
    let (mut now, mut verdicts) = (0, Vec::new());
    for step in &script.steps {
        now += 10_000_000;
        let mut say = |to, role, at| {
            let (text, at) = (step.text.map(str::to_owned), Timestamp::from_micros(at));
            let report = Report {
                text,
                late: role == Role::Agency && state.is_late(&agency, at),
                ..Report::new(to, role, at)
            };
            let when = When {
                stated_by: (role == Role::Agency).then_some(&agency),
                ..When::of_hub(at)
            };
            let decision = decide(&state, &report);
            for h in &decision.events {
                state = evolve(Some(state.clone()), h, when);
            }
            decision.verdict
        };
        if step.wait == StepWait::Acceptance {
            let accepted = say(Status::Accepted, Role::ReceivingUnit, now - 5_000_000);
            assert_eq!(accepted, Verdict::Applied);
        }
        if step.wait == StepWait::Supplement {
            assert_eq!(
                say(Status::Processing, Role::Submitter, now - 5_000_000),
                Verdict::Applied
            );
        }
        if let ReportWord::Status(status) = step.word {
            let at = if step.before_last { now - 15_000_000 } else { now };
            verdicts.push(say(status, Role::Agency, at));
        }
    }
    (state.status(), verdicts)
}

#[test]
fn every_story_ends_and_the_lifecycle_takes_every_report() {
    for situation in SITUATIONS {
        for (behaviour, _) in Behaviour::WEIGHTS {
            let script = Script::of(behaviour, situation, 1.0);
            let (end, verdicts) = play(&script, situation);
            let what = format!("{behaviour:?} in {situation:?}: {verdicts:?}");
            assert!(matches!(end, Status::Finished | Status::Refused), "{what}");
            assert!(!verdicts.contains(&Verdict::Rejected), "{what}");
            let recorded = verdicts.iter().filter(|v| **v == Verdict::Recorded).count();
            // Played here as bare statuses, a postponement and a correction are no change either.
            let still = matches!(
                behaviour,
                Behaviour::OutOfOrder | Behaviour::Postpone | Behaviour::Correct
            );
            assert_eq!(recorded, usize::from(still), "{what}");
            let codes = script.steps.iter().filter(|s| s.assigns_code).count();
            assert_eq!(codes, usize::from(end == Status::Finished), "{what}");
        }
    }
}

#[test]
fn what_was_begun_is_finished_from_anywhere() {
    for status in Status::ALL {
        let situation = Situation {
            status,
            by_branch: false,
        };
        let (end, verdicts) = play(&Script::finishing(status), situation);
        assert!(
            end.is_final() || end == Status::Finished,
            "{status:?} {verdicts:?}"
        );
        assert!(!verdicts.contains(&Verdict::Rejected), "{status:?} {verdicts:?}");
    }
}
