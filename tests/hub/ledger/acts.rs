//! Acts on a dossier: how each verdict is kept, what is not done twice, and what the clocks do.

use std::time::Duration;

use lienthong::domain::event::{EventKind, HandOver, Verdict};
use lienthong::domain::lifecycle::{Phase, Resume};
use lienthong::domain::rejection::Label;
use lienthong::domain::status::Status;
use lienthong::domain::time::Timestamp;
use lienthong::store::Store;
use lienthong::store::ledger::{Act, ActOutcome, Acted, DossierAction, KeyUse};

use super::{history, row};
use crate::backends::{Stage, on_both};
use crate::papers::*;

fn days(stage: &Stage, n: u64) -> Timestamp {
    stage.clock.now().plus(Duration::from_secs(n * 86_400))
}

/// When a dossier accepted now is due.
fn due(stage: &Stage) -> Timestamp {
    clockwork().due(stage.clock.now(), LIMIT)
}

/// The steps a dossier went: to, verdict, inferred.
async fn steps(store: &Store, id: &str) -> Vec<(u8, Verdict, bool)> {
    let all = history(store, id).await;
    let steps = all.into_iter().filter_map(|(_, what)| match what {
        EventKind::StatusChanged {
            to,
            verdict,
            inferred,
            ..
        } => Some((to.code(), verdict, inferred)),
        _ => None,
    });
    steps.collect()
}

fn verdict(acted: &Acted) -> (Verdict, Status, Option<Label>) {
    (
        acted.verdict,
        acted.status,
        acted.problem.as_ref().map(|p| p.label),
    )
}

on_both! {
    async fn a_step_is_applied_and_the_clock_starts_with_acceptance(stage) {
        let store = stage.open();
        let id = filed(stage, &store, "r1").await;
        stage.later(60);
        let due = due(stage);
        assert_eq!(verdict(&acted(&store, report(stage, &id, Status::Accepted)).await), (Verdict::Applied, Status::Accepted, None));
        let now = row(&store, &id).await.unwrap();
        assert_eq!((now.state.accepted, now.state.due), (true, Some(due)));
        assert_eq!((now.acceptance_due, now.forecast_due), (None, None));
        assert_eq!(stage.number("SELECT answered_seq AS n FROM dossiers"), 2);
        // A later step leaves the due date alone.
        stage.later(86_400);
        acted(&store, report(stage, &id, Status::Processing)).await;
        assert_eq!(row(&store, &id).await.unwrap().state.due, Some(due));
        // What the agency does is told to the submitter, not back to the agency.
        assert_eq!((stage.rows("feed"), stage.rows("deliveries")), (4, 1));
    }

    async fn a_skipped_step_is_written_and_marked(stage) {
        let store = stage.open();
        let id = filed(stage, &store, "r1").await;
        stage.later(60);
        let acted = acted(&store, report(stage, &id, Status::Processing)).await;
        assert_eq!(verdict(&acted), (Verdict::AppliedInferred, Status::Processing, None));
        let expected = [(2, Verdict::AppliedInferred, true), (4, Verdict::AppliedInferred, false)];
        assert_eq!(steps(&store, &id).await, expected);
        assert_eq!((stage.rows("events"), stage.rows("feed"), stage.rows("blocks")), (4, 4, 2));
        assert!(row(&store, &id).await.unwrap().state.due.is_some());
    }

    async fn a_broken_rule_is_applied_and_flagged(stage) {
        let store = stage.open();
        let id = filed(stage, &store, "r1").await;
        for status in [Status::SupplementRequested, Status::Registered, Status::SupplementRequested] {
            stage.later(60);
            acted(&store, report(stage, &id, status)).await;
        }
        let repeated = Some(Label::SupplementRepeated);
        let last = history(&store, &id).await.pop().unwrap();
        assert!(matches!(last, (4, EventKind::StatusChanged { verdict: Verdict::AppliedIrregular, irregular, .. }) if irregular == repeated));
        assert_eq!(row(&store, &id).await.unwrap().state.supplements, 2);
        assert_eq!(stage.audit().findings, []);
    }

    async fn what_is_not_allowed_is_kept_with_its_label_and_changes_nothing(stage) {
        let store = stage.open();
        let id = filed(stage, &store, "r1").await;
        let hand_over = DossierAction::HandOver(HandOver { receiver: "x".to_owned(), received_at: stage.clock.now(), proof: None });
        let acted_on = acted(&store, action(stage, &id, hand_over)).await;
        assert_eq!(verdict(&acted_on), (Verdict::Rejected, Status::Registered, Some(Label::TransitionNotAllowed)));
        acted(&store, Act { occurred_at: days(stage, 0), ..report(stage, &id, Status::Withdrawn) }).await;
        stage.later(60);
        let after_the_end = acted(&store, report(stage, &id, Status::Processing)).await;
        assert_eq!(verdict(&after_the_end), (Verdict::Rejected, Status::Withdrawn, Some(Label::StatusFinal)));
        let labels: Vec<Label> = history(&store, &id).await.into_iter().filter_map(|(_, what)| match what {
            EventKind::StatusRejected { label, .. } => Some(label),
            _ => None,
        }).collect();
        assert_eq!(labels, [Label::TransitionNotAllowed, Label::StatusFinal]);
        // Both parties hear of it: the submitter by its feed; only what was applied goes to the agency.
        assert_eq!((stage.rows("feed"), stage.rows("deliveries")), (4, 1));
        assert_eq!(stage.audit().findings, []);
    }

    async fn an_older_report_is_history_only(stage) {
        let store = stage.open();
        let id = filed(stage, &store, "r1").await;
        stage.later(3600);
        acted(&store, report(stage, &id, Status::Processing)).await;
        let late = Act { occurred_at: stage.clock.now(), ..report(stage, &id, Status::Finished) };
        stage.later(3600);
        acted(&store, report(stage, &id, Status::Stopped)).await;
        assert_eq!(verdict(&acted(&store, late).await), (Verdict::Recorded, Status::Stopped, None));
        let last = history(&store, &id).await.pop().unwrap();
        assert!(matches!(last, (6, EventKind::StatusRecorded { to: Status::Finished, .. })));
    }

    async fn the_same_report_is_taken_once(stage) {
        let store = stage.open();
        let id = filed(stage, &store, "r1").await;
        stage.later(60);
        let named = |key: &str| Act { report_key: Some(key.to_owned()), ..report(stage, &id, Status::Accepted) };
        let (a, b) = tokio::join!(store.ledger.ask(named("k")), store.ledger.ask(named("k")));
        let (ActOutcome::Done(a), ActOutcome::Done(b)) = (a.unwrap(), b.unwrap()) else { panic!() };
        assert_eq!((a.verdict, b.verdict), (Verdict::Applied, Verdict::Repeated));
        assert_eq!(acted(&store, named("k")).await.verdict, Verdict::Repeated);
        assert_eq!(stage.rows("events"), 3);
        // An agency that has no part in the dossier finds nothing, even when it looked before it lost its part.
        let other = Act { actor: lienthong::domain::tenant::Actor::of("agency.so-xay-dung".parse().unwrap()), ..named("k2") };
        assert_eq!(store.ledger.ask(other).await.unwrap(), ActOutcome::Absent);
        assert_eq!(stage.rows("events"), 3);
    }

    async fn a_refused_report_is_refused_each_time(stage) {
        let store = stage.open();
        let id = filed(stage, &store, "r1").await;
        stage.later(60);
        acted(&store, report(stage, &id, Status::Refused)).await;
        stage.later(60);
        let again = || Act { report_key: Some("k".to_owned()), ..report(stage, &id, Status::Processing) };
        for _ in 0..2 {
            assert_eq!(verdict(&acted(&store, again()).await), (Verdict::Rejected, Status::Refused, Some(Label::StatusFinal)));
        }
    }

    async fn what_a_person_does_is_done_now_whatever_their_watch_says(stage) {
        let store = stage.open();
        let id = filed(stage, &store, "r1").await;
        stage.later(60);
        acted(&store, report(stage, &id, Status::Finished)).await;
        // The clerk writes the minute, the agency's clock was ahead: the result is handed over all the same, with its proof.
        let said = Timestamp::from_micros(stage.clock.now().as_micros() - 45_000_000);
        let hand_over = HandOver { receiver: "Người Thử".to_owned(), received_at: said, proof: Some("P-1".to_owned()) };
        let early = Act { occurred_at: said, ..action(stage, &id, DossierAction::HandOver(hand_over.clone())) };
        assert_eq!(verdict(&acted(&store, early).await), (Verdict::Applied, Status::HandedOver, None));
        let told = history(&store, &id).await.into_iter().any(|(_, what)| what == EventKind::HandedOver(hand_over.clone()));
        assert!(told, "the proof is kept, with the moment the clerk wrote");
        assert_eq!(stage.audit().findings, []);
    }

    async fn a_key_makes_an_act_once_and_belongs_to_its_call(stage) {
        let store = stage.open();
        let id = filed(stage, &store, "r1").await;
        stage.later(60);
        let with = |bytes: &[u8]| Act {
            key: Some(KeyUse { route: "acceptance", ..key(BRANCH, "k", bytes) }),
            ..report(stage, &id, Status::Accepted)
        };
        assert_eq!(acted(&store, with(b"one")).await.verdict, Verdict::Applied);
        assert_eq!(acted(&store, with(b"one")).await.verdict, Verdict::Repeated);
        assert_eq!(store.ledger.ask(with(b"two")).await.unwrap(), ActOutcome::KeyReused);
        assert_eq!(stage.rows("events"), 3);
        let nobody = report(stage, "dos_00000000000000000000000000000000", Status::Accepted);
        assert_eq!(store.ledger.ask(nobody).await.unwrap(), ActOutcome::Absent);
    }

    async fn a_supplement_goes_back_and_starts_the_clock_again(stage) {
        let store = stage.open();
        let id = filed(stage, &store, "r1").await;
        let supplement = || action(stage, &id, DossierAction::Supplement { text: Some("bản sao".to_owned()), papers: Vec::new() });
        let early = acted(&store, supplement()).await;
        assert_eq!(verdict(&early), (Verdict::Rejected, Status::Registered, Some(Label::TransitionNotAllowed)));
        for status in [Status::Processing, Status::SupplementRequested] {
            stage.later(60);
            acted(&store, report(stage, &id, status)).await;
        }
        let before = row(&store, &id).await.unwrap();
        assert_eq!(before.state.phase, Phase::SupplementRequested { resume: Resume::Processing });
        stage.later(86_400);
        let due = due(stage);
        let acted_on = acted(&store, supplement()).await;
        assert_eq!(verdict(&acted_on), (Verdict::Applied, Status::Processing, None));
        let after = row(&store, &id).await.unwrap();
        assert_eq!((after.status(), after.state.due), (Status::Processing, Some(due)));
        let all = history(&store, &id).await;
        assert!(matches!(&all[all.len() - 3].1, EventKind::Supplemented { text: Some(t), .. } if t == "bản sao"));
        assert_eq!(stage.texts("SELECT kind AS t FROM deliveries ORDER BY id"), ["filed", "supplemented"]);
        assert_eq!(stage.audit().findings, []);
    }

    async fn an_end_out_of_an_open_supplement_starts_no_clock(stage) {
        let store = stage.open();
        let id = filed(stage, &store, "r1").await;
        let due = due(stage);
        acted(&store, report(stage, &id, Status::Accepted)).await;
        for status in [Status::SupplementRequested, Status::Withdrawn] {
            stage.later(86_400);
            acted(&store, report(stage, &id, status)).await;
        }
        let ended = row(&store, &id).await.unwrap();
        assert_eq!((ended.status(), ended.state.due), (Status::Withdrawn, Some(due)));
    }

    async fn a_result_is_handed_over(stage) {
        let store = stage.open();
        let id = filed(stage, &store, "r1").await;
        stage.later(60);
        acted(&store, report(stage, &id, Status::Finished)).await;
        stage.later(60);
        let given = HandOver { receiver: "người nhận".to_owned(), received_at: stage.clock.now(), proof: Some("P1".to_owned()) };
        let acted_on = acted(&store, action(stage, &id, DossierAction::HandOver(given.clone()))).await;
        assert_eq!(verdict(&acted_on), (Verdict::Applied, Status::HandedOver, None));
        let all: Vec<EventKind> = history(&store, &id).await.into_iter().map(|h| h.1).collect();
        assert_eq!(all[all.len() - 2], EventKind::HandedOver(given));
        assert_eq!(stage.texts("SELECT kind AS t FROM deliveries ORDER BY id"), ["filed", "handed-over"]);
        assert_eq!(stage.audit().findings, []);
    }

    async fn an_agency_brings_the_official_code_once(stage) {
        let store = stage.open();
        let (a, b) = (filed(stage, &store, "r1").await, filed(stage, &store, "r2").await);
        stage.later(60);
        let code = "H26.P09-261123-0007";
        let bring = |id: &str, status| Act { assigned_code: Some(code.parse().unwrap()), ..report(stage, id, status) };
        assert_eq!(acted(&store, bring(&a, Status::Accepted)).await.verdict, Verdict::Applied);
        stage.later(60);
        assert_eq!(acted(&store, bring(&a, Status::Processing)).await.verdict, Verdict::Applied);
        let taken = acted(&store, bring(&b, Status::Accepted)).await;
        // The status is taken, the code is not, and that is said.
        assert_eq!(verdict(&taken), (Verdict::Applied, Status::Accepted, None));
        assert_eq!(taken.warnings.iter().map(|w| w.label).collect::<Vec<_>>(), [Label::DossierCodeTaken]);
        let codes = history(&store, &a).await.into_iter().filter(|h| matches!(h.1, EventKind::CodeAssigned { .. }));
        assert_eq!(codes.count(), 1);
        assert_eq!(row(&store, &a).await.unwrap().state.code, Some(code.parse().unwrap()));
        assert_eq!(row(&store, &b).await.unwrap().state.code, None);
        assert_eq!(stage.texts("SELECT kind AS t FROM alarms"), ["code-contested"]);
        assert_eq!(stage.audit().findings, []);
    }
}
