//! The laws any sequence of reports keeps.

use proptest::prelude::*;

use super::*;
use crate::domain::calendar::Span;
use crate::domain::clocks::{DueChange, DueReason};

/// Something that is asked of a dossier.
#[derive(Clone, Debug)]
enum Asked {
    Report(Report),
    Correct(Correction),
}

prop_compose! {
    fn asked()(
        to in 1u8..=10, role in 0usize..5, moment in 0i64..50, back in 0u8..8, reason: bool, direct: bool, overdue: bool,
        correct in 0u8..6, new_due in proptest::option::weighted(0.2, 0i64..400), late: bool, behind in 0u8..8,
    ) -> Asked {
        let occurred_at = Timestamp::from_micros(moment * 500_000);
        let text = reason.then(|| "vì thiếu giấy tờ".to_owned());
        if correct == 0 {
            let (results, late) = (Vec::new(), overdue.then_some(Span::Hours(24)));
            return Asked::Correct(Correction { results, refusal: direct, text, occurred_at, role: Role::ALL[role], late });
        }
        Asked::Report(Report {
            text,
            back: match back { 0 => Some(Back::Returned), 1 => Some(Back::Recalled), _ => None },
            new_due: new_due.map(|d| Timestamp::from_micros(d * 86_400_000_000)),
            postponement_late: late.then_some(Span::Hours(24)),
            direct,
            supplement_overdue: overdue,
            late: behind == 0,
            ..Report::new(Status::from_code(to).unwrap(), Role::ALL[role], occurred_at)
        })
    }
}

proptest! {
    /// Whatever is asked, in whatever order: a final status stays, every change is a row of the table, what is rejected changes
    /// nothing, and the history replayed is the state.
    #[test]
    fn any_sequence_of_acts_keeps_the_laws(all in proptest::collection::vec(asked(), 0..40)) {
        let filed = EventKind::StatusRecorded { to: Status::Registered, text: None, details: None };
        let start = Timestamp::from_micros(0);
        let mut history = vec![(filed.clone(), start)];
        let mut now = evolve(None, &filed, When::of_hub(start));
        let due = EventKind::DueSet(DueChange { from: None, to: Timestamp::from_micros(86_400_000_000), reason: DueReason::Accepted });
        now = evolve(Some(now), &due, When::of_hub(start));
        history.push((due, start));
        for asked in all {
            let before = now.clone();
            let (decision, occurred_at, to) = match &asked {
                Asked::Report(report) => (decide(&now, report), report.occurred_at, report.to),
                Asked::Correct(correction) => (correct(&now, correction), correction.occurred_at, now.status()),
            };
            prop_assert!(!decision.events.is_empty());
            for h in &decision.events {
                if let EventKind::StatusChanged { from, to, back, .. } = h {
                    prop_assert_eq!(*from, now.status());
                    let rows: Vec<_> = table().iter().filter(|s| s.from == Some(*from) && s.to == *to).collect();
                    prop_assert!(!rows.is_empty());
                    prop_assert!(back.is_none() || rows.iter().any(|s| s.guards.contains(&Guard::Back)));
                }
                now = evolve(Some(now), h, When::of_hub(occurred_at));
                history.push((h.clone(), occurred_at));
            }
            prop_assert_eq!(now.events, before.events + decision.events.len() as i32);
            match decision.verdict {
                Verdict::Applied | Verdict::AppliedInferred | Verdict::AppliedIrregular => {
                    let postponed = decision.events.iter().any(|h| matches!(h, EventKind::Postponed { .. }));
                    prop_assert!(now.status() == to || postponed);
                }
                _ => prop_assert_eq!(now.phase, before.phase),
            }
            prop_assert!(decision.verdict != Verdict::Rejected || decision.problem.is_some());
            prop_assert!(!before.status().is_final() || now.phase == before.phase);
            prop_assert!(now.since >= before.since);
            prop_assert!(now.postponements >= before.postponements && now.supplements >= before.supplements);
        }
        let replayed = history.iter().fold(None, |s, (h, at)| Some(evolve(s, h, When::of_hub(*at))));
        prop_assert_eq!(replayed, Some(now));
    }
}
