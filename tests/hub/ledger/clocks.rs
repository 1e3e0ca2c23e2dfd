//! Limits: each told once, at its end and not a second before, to whom it concerns, however many hubs look.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use lienthong::domain::clocks::{Clockwork, DueReason, Watched};
use lienthong::domain::event::EventKind;
use lienthong::domain::legal::TimeLimits;
use lienthong::domain::rejection::Label;
use lienthong::domain::status::Status;
use lienthong::domain::tenant::Actor;
use lienthong::domain::time::Timestamp;
use lienthong::store::kept::KeptDossier;
use lienthong::store::ledger::{
    Act, Carried, DossierAction, LeaseOutbox, LimitFired, OutboxSettlement, SettleOutbox, Watch,
};
use lienthong::store::{Store, read};

use super::{everything, history, row};
use crate::backends::{Stage, on_both};
use crate::papers::*;

fn look(stage: &Stage, limits: &str, own_queue: bool) -> Watch {
    Watch {
        clockwork: clockwork(),
        max: 100,
        actor: Actor::of("operator.hub".parse().unwrap()),
        own_queues: BTreeSet::from_iter(own_queue.then(|| AGENCY.to_owned())),
        law: Arc::clone(TimeLimits::read(limits).unwrap().at(stage.clock.now().date())),
    }
}

fn told(fired: &[LimitFired]) -> Vec<(Watched, bool)> {
    fired.iter().map(|f| (f.limit, f.passed)).collect()
}

/// What is told now.
async fn looked(stage: &Stage, store: &Store) -> Vec<(Watched, bool)> {
    told(
        &store
            .ledger
            .ask(look(stage, &limits(), false))
            .await
            .unwrap()
            .fired,
    )
}

/// Moves the clock to an instant.
fn until(stage: &Stage, at: Timestamp) {
    stage.clock.advance(at.since(stage.clock.now()));
}

fn before(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.as_micros() - 1_000_000)
}

fn after(at: Timestamp) -> Timestamp {
    at.plus(Duration::from_secs(1))
}

fn at(local: &str) -> Timestamp {
    format!("{local}:00+07:00").parse().unwrap()
}

/// Files a dossier that its agency has in hand, so that nothing but its own limits runs out.
async fn in_hand(stage: &Stage, store: &Store, reference: &str) -> String {
    let id = filed(stage, store, reference).await;
    stage.execute("UPDATE deliveries SET state = 'handed'");
    id
}

async fn in_process(stage: &Stage, store: &Store, reference: &str) -> (String, KeptDossier) {
    let id = in_hand(stage, store, reference).await;
    stage.later(60);
    acted(store, report(stage, &id, Status::Processing)).await;
    let row = row(store, &id).await.unwrap();
    (id, row)
}

fn kinds(stage: &Stage) -> Vec<String> {
    stage.texts("SELECT kind AS t FROM deliveries ORDER BY id")
}

/// What the hub told of limits in the history of a dossier, in order.
async fn in_history(store: &Store, id: &str) -> Vec<(Watched, bool)> {
    let all = history(store, id).await;
    let limits = all.into_iter().filter_map(|(_, what)| match what {
        EventKind::LimitNear(told) => Some((told.limit, false)),
        EventKind::LimitPassed(told) => Some((told.limit, true)),
        _ => None,
    });
    limits.collect()
}

on_both! {
    async fn a_warning_and_an_alarm_come_at_their_time_and_once(stage) {
        let store = stage.open();
        let id = in_hand(stage, &store, "r1").await;
        let row = row(&store, &id).await.unwrap();
        let (warn, due) = (at("2026-11-23T15:00"), at("2026-11-23T17:00"));
        assert_eq!(row.acceptance_due, Some(due));
        until(stage, before(warn));
        assert_eq!(looked(stage, &store).await, []);
        until(stage, warn);
        assert_eq!(looked(stage, &store).await, [(Watched::Acceptance, false)]);
        until(stage, after(warn));
        assert_eq!(looked(stage, &store).await, [], "a warning is told once");
        until(stage, before(due));
        assert_eq!(looked(stage, &store).await, []);
        until(stage, due);
        assert_eq!(looked(stage, &store).await, [], "at its end a limit is still kept");
        until(stage, after(due));
        assert_eq!(looked(stage, &store).await, [(Watched::Acceptance, true)]);
        stage.later(86_400);
        assert_eq!(looked(stage, &store).await, [], "an alarm is told once");
        assert_eq!(in_history(&store, &id).await, [(Watched::Acceptance, false), (Watched::Acceptance, true)]);
        assert_eq!(kinds(stage), ["filed", "limit-near", "limit-passed"]);
        // The submitter hears both; the state is what the events say.
        assert_eq!(stage.rows("feed"), 3);
        assert_eq!(stage.audit().findings, []);
    }

    async fn what_is_done_in_time_is_not_told(stage) {
        let store = stage.open();
        let id = in_hand(stage, &store, "r1").await;
        until(stage, at("2026-11-23T14:00"));
        acted(&store, report(stage, &id, Status::Accepted)).await;
        until(stage, at("2026-11-24T08:00"));
        assert_eq!(looked(stage, &store).await, []);
        assert_eq!(stage.limit_words(), ["due", "late-notice", "supplement-notice"]);
        acted(&store, report(stage, &id, Status::Finished)).await;
        assert_eq!(stage.limit_words(), Vec::<String>::new());
        until(stage, at("2026-12-24T08:00"));
        assert_eq!(looked(stage, &store).await, []);
        assert_eq!(stage.rows("alarms"), 0);
    }

    async fn two_hubs_tell_it_once(stage) {
        let hubs = [stage.open(), stage.open()];
        for n in 0..20 {
            in_hand(stage, &hubs[0], &format!("r{n}")).await;
        }
        until(stage, at("2026-11-23T17:01"));
        let looks = (0..8).map(|n| hubs[n % 2].ledger.ask(look(stage, &limits(), false)));
        let outcomes = futures_util::future::join_all(looks).await;
        let told: Vec<LimitFired> = outcomes.into_iter().flat_map(|o| o.unwrap().fired).collect();
        assert_eq!(told.len(), 20);
        assert_eq!((stage.rows("alarms"), stage.number("SELECT max(number) AS n FROM alarms")), (20, 20));
        assert_eq!(stage.number("SELECT count(*) AS n FROM deliveries WHERE kind = 'limit-passed'"), 20);
        assert_eq!(stage.audit().findings, []);
    }

    async fn a_hub_that_was_off_tells_only_what_has_passed(stage) {
        let store = stage.open();
        in_hand(stage, &store, "r1").await;
        until(stage, at("2026-11-25T10:00"));
        assert_eq!(looked(stage, &store).await, [(Watched::Acceptance, true)]);
        let limits = stage.limits();
        let stands: Vec<_> = limits.iter().map(|(kind, stage, _)| (kind.as_str(), stage.as_str())).collect();
        assert_eq!(stands, [("acceptance", "passed")]);
    }

    async fn a_limit_set_again_to_the_same_end_is_not_told_twice(stage) {
        let store = stage.open();
        let (id, dossier) = in_process(stage, &store, "r1").await;
        let due = dossier.state.due.unwrap();
        until(stage, after(due));
        assert_eq!(looked(stage, &store).await, [(Watched::Due, true)]);
        for status in [Status::Finished, Status::Processing] {
            stage.later(60);
            acted(&store, report(stage, &id, status)).await;
        }
        assert_eq!(row(&store, &id).await.unwrap().state.due, Some(due));
        stage.later(60);
        assert_eq!(looked(stage, &store).await, []);
        let due: Vec<String> = stage.limits().into_iter().filter(|l| l.0 == "due").map(|l| l.1).collect();
        assert_eq!(due, ["passed"]);
    }

    async fn the_due_date_stands_still_and_goes_on(stage) {
        let store = stage.open();
        let (id, dossier) = in_process(stage, &store, "r1").await;
        let first = dossier.state.due.unwrap();
        assert_eq!(first, at("2026-11-26T17:00"));
        until(stage, at("2026-11-24T10:00"));
        acted(&store, report(stage, &id, Status::PaymentRequested)).await;
        until(stage, at("2026-11-27T10:00"));
        assert_eq!(looked(stage, &store).await, [], "nothing runs while a payment is awaited");
        acted(&store, report(stage, &id, Status::Processing)).await;
        let second = at("2026-12-01T17:00");
        assert_eq!(row(&store, &id).await.unwrap().state.due, Some(second));
        let set: Vec<_> = history(&store, &id).await.into_iter().filter_map(|(_, what)| match what {
            EventKind::DueSet(change) => Some((change.from, change.to, change.reason)),
            _ => None,
        }).collect();
        assert_eq!(set, [(None, first, DueReason::Accepted), (Some(first), second, DueReason::Paid)]);
        until(stage, at("2026-11-30T17:00"));
        assert_eq!(looked(stage, &store).await, [(Watched::LateNotice, false), (Watched::Due, false)]);
        until(stage, after(second));
        assert_eq!(looked(stage, &store).await, [(Watched::Due, true)]);
        assert_eq!(stage.audit().findings, []);
    }

    async fn a_right_that_ends_is_warned_of_and_never_an_alarm(stage) {
        let store = stage.open();
        let (id, _) = in_process(stage, &store, "r1").await;
        until(stage, at("2026-11-25T12:00"));
        let near = looked(stage, &store).await;
        assert_eq!(near, [(Watched::LateNotice, false)], "half a day is left to tell of a later date");
        until(stage, at("2026-11-25T17:01"));
        assert_eq!(looked(stage, &store).await, [(Watched::Due, false)]);
        until(stage, at("2026-11-26T12:00"));
        assert_eq!(looked(stage, &store).await, [(Watched::SupplementNotice, false)]);
        until(stage, at("2026-11-26T17:01"));
        assert_eq!(looked(stage, &store).await, [(Watched::Due, true)]);
        // Asking after the time is done all the same, and flagged.
        let late = acted(&store, report(stage, &id, Status::SupplementRequested)).await;
        assert_eq!(late.problem.map(|p| p.label), Some(Label::SupplementLate));
    }

    async fn a_supplement_that_does_not_come_is_the_agencys_to_close(stage) {
        let store = stage.open();
        let (id, _) = in_process(stage, &store, "r1").await;
        acted(&store, report(stage, &id, Status::SupplementRequested)).await;
        until(stage, at("2026-12-04T17:00"));
        assert_eq!(looked(stage, &store).await, [(Watched::Supplement, false)]);
        until(stage, at("2026-12-08T17:00"));
        assert_eq!(looked(stage, &store).await, []);
        until(stage, after(at("2026-12-08T17:00")));
        assert_eq!(looked(stage, &store).await, [(Watched::Supplement, true)]);
        // The applicant hears the warning, the agency the end.
        assert_eq!(kinds(stage), ["filed", "limit-passed"]);
        assert_eq!(row(&store, &id).await.unwrap().status().code(), 5);
        assert_eq!(acted(&store, report(stage, &id, Status::Refused)).await.problem, None);
    }

    async fn a_supplement_that_does_not_come_closes_the_dossier_where_the_setting_says_so(stage) {
        let store = stage.open();
        for (word, status) in [("3", 3), ("8", 8)] {
            let (id, _) = in_process(stage, &store, word).await;
            acted(&store, report(stage, &id, Status::SupplementRequested)).await;
            stage.later(30 * 86_400);
            let closing = limits()
                .replace("supplement-closing,alarm", "supplement-closing,close")
                .replace("supplement-closed-as,3", &format!("supplement-closed-as,{word}"));
            let outcome = store.ledger.ask(look(stage, &closing, false)).await.unwrap();
            assert_eq!(told(&outcome.fired), [(Watched::Supplement, true)]);
            assert_eq!(row(&store, &id).await.unwrap().status().code(), status);
            assert_eq!(stage.limit_words(), [""; 0]);
            assert!(kinds(stage).contains(&"status-changed".to_owned()), "the agency hears of it");
        }
        assert_eq!(stage.audit().findings, []);
    }

    async fn the_officer_has_heard_when_the_agency_has_the_message(stage) {
        let store = stage.open();
        filed(stage, &store, "r1").await;
        let (near, due) = (at("2026-11-23T09:00"), at("2026-11-23T10:00"));
        until(stage, near);
        assert_eq!(looked(stage, &store).await, [(Watched::OfficerNotice, false)]);
        until(stage, after(due));
        assert_eq!(looked(stage, &store).await, [(Watched::OfficerNotice, true)]);
        assert_eq!(kinds(stage), ["filed"], "who has not read the first message is not sent another");
        // In the queue an agency reads by itself it has arrived; in one the hub reads for it, it has not.
        let fresh = filed(stage, &store, "r2").await;
        let leased = store.ledger.ask(LeaseOutbox { max: 9, lease: Duration::from_secs(9), since: None }).await.unwrap();
        let settled = leased.iter().map(|i| OutboxSettlement { delivery: i.delivery.clone(), attempt: 1, own_queue: true, carried: Carried::Done });
        store.ledger.ask(SettleOutbox(settled.collect())).await.unwrap();
        stage.later(3 * 3600);
        let own = store.ledger.ask(look(stage, &limits(), true)).await.unwrap();
        assert!(own.fired.iter().all(|f| f.limit != Watched::OfficerNotice), "{own:?}");
        assert!(!stage.limits().iter().any(|(kind, _, dossier)| kind == "officer-notice" && fresh == *dossier));
    }

    async fn an_agency_that_is_silent_is_told_to_the_operator(stage) {
        let store = stage.open();
        let heard = filed(stage, &store, "r1").await;
        let silent = filed(stage, &store, "r2").await;
        stage.execute("UPDATE deliveries SET state = 'queued'");
        acted(&store, Act { own_queue: true, ..report(stage, &heard, Status::Accepted) }).await;
        acted(&store, Act { own_queue: true, ..report(stage, &silent, Status::Accepted) }).await;
        // The submitter adds something: the agency must answer that.
        let papers = || DossierAction::Supplement { text: Some("bản sao".to_owned()), papers: Vec::new() };
        for id in [&heard, &silent] {
            stage.later(1);
            acted(&store, Act { own_queue: true, ..report(stage, id, Status::SupplementRequested) }).await;
            acted(&store, action(stage, id, papers())).await;
        }
        stage.execute("UPDATE deliveries SET state = 'queued' WHERE state = 'waiting'");
        stage.later(1);
        acted(&store, Act { own_queue: true, ..report(stage, &heard, Status::Processing) }).await;
        until(stage, at("2026-11-24T08:01"));
        let sent = stage.rows("deliveries");
        let own = store.ledger.ask(look(stage, &limits(), true)).await.unwrap();
        let of_silence: Vec<_> = own.fired.iter().filter(|f| f.limit == Watched::AgencySilent).collect();
        assert_eq!(of_silence.len(), 1);
        assert_eq!(of_silence[0].dossier.as_ref(), Some(&silent));
        assert_eq!(stage.rows("deliveries"), sent, "whoever says nothing is not sent another message");
    }

    async fn what_a_puller_has_taken_needs_no_answer(stage) {
        let store = stage.open();
        in_hand(stage, &store, "r1").await;
        until(stage, at("2026-11-23T17:01"));
        assert_eq!(looked(stage, &store).await, [(Watched::Acceptance, true)]);
        assert_eq!(stage.limit_words(), ["acceptance"]);
    }

    async fn a_clock_that_is_behind_the_chain_is_told_once(stage) {
        let store = stage.open();
        in_hand(stage, &store, "r1").await;
        let ahead = |seconds: u64| stage.clock.now().plus(Duration::from_secs(seconds));
        let set = |at: Timestamp| stage.execute(&format!("UPDATE head SET at = '{at}'"));
        let waits = async || {
            let now = stage.clock.now();
            store.readers.run(move |conn| read::limits_wait(conn, now, Duration::from_secs(30))).await.unwrap()
        };
        set(ahead(30));
        assert!(!waits().await);
        assert_eq!(looked(stage, &store).await, []);
        set(ahead(31));
        assert!(waits().await);
        assert_eq!(looked(stage, &store).await, [(Watched::ClockAhead, true)]);
        assert!(!waits().await, "it was told");
        assert_eq!(looked(stage, &store).await, []);
        assert_eq!(stage.texts("SELECT COALESCE(dossier, '-') AS t FROM alarms"), ["-"]);
    }

    async fn the_operator_reads_alarms_by_a_cursor_and_counts_what_is_overdue(stage) {
        let store = stage.open();
        for n in 0..3 {
            in_hand(stage, &store, &format!("r{n}")).await;
        }
        until(stage, at("2026-11-23T15:00"));
        assert_eq!(looked(stage, &store).await.len(), 3);
        until(stage, at("2026-11-23T17:01"));
        assert_eq!(looked(stage, &store).await.len(), 3);
        let (id, dossier) = in_process(stage, &store, "late").await;
        until(stage, after(dossier.state.due.unwrap()));
        looked(stage, &store).await;
        let page = |after: i64, near: bool, limit: i64| {
            let scope = everything();
            store.readers.run(move |conn| read::alarms(conn, &scope, after, near, limit))
        };
        let numbers = |alarms: &[read::KeptAlarm]| alarms.iter().map(|r| r.number).collect::<Vec<_>>();
        let passed = page(0, false, 9).await.unwrap();
        assert_eq!(numbers(&passed), [4, 5, 6, 7]);
        assert_eq!(passed[3].dossier.map(|dossier| dossier.to_string()), Some(id));
        assert_eq!(numbers(&page(0, true, 9).await.unwrap()), [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(numbers(&page(4, false, 2).await.unwrap()), [5, 6]);
        let counts = store.readers.run(read::limits_told).await.unwrap();
        let mut counts: Vec<_> = counts.into_iter().filter(|c| matches!(c.0, Watched::Acceptance | Watched::Due)).collect();
        counts.sort_unstable();
        assert_eq!(counts, [(Watched::Acceptance, true, 3), (Watched::Due, true, 1)]);
        let scope = everything();
        let overdue = store.readers.run(move |conn| read::overdue(conn, &scope)).await.unwrap();
        assert_eq!(overdue, [(Some(AGENCY.to_owned()), 1)]);
    }

    async fn limits_are_told_in_pieces(stage) {
        let store = stage.open();
        for n in 0..5 {
            in_hand(stage, &store, &format!("r{n}")).await;
        }
        until(stage, at("2026-11-23T17:01"));
        let mut pieces = Vec::new();
        loop {
            // Officer and silence come first: both are kept.
            let outcome = store.ledger.ask(Watch { max: 4, ..look(stage, &limits(), false) }).await.unwrap();
            if outcome.looked == 0 {
                break;
            }
            assert!(outcome.looked <= 4);
            pieces.extend(told(&outcome.fired));
        }
        assert_eq!(pieces, [(Watched::Acceptance, true); 5]);
    }
}

/// An act by the hours of another office ends by those.
#[test]
fn a_dossier_runs_by_the_hours_of_its_agency() {
    use lienthong::domain::calendar::Offices;
    let hours = "hours,whose,weekdays,sessions,valid_from,valid_to,provisional,source\n\
        c,*,mon tue wed thu fri sat,07:30-11:30,,,false,x\n";
    let days = "date,kind,source,provisional\n";
    let offices = Offices::read(days, hours, &[]).unwrap();
    let clockwork = Clockwork::new(
        Arc::clone(offices.city()),
        Arc::new(TimeLimits::read(&limits()).unwrap()),
    );
    Stage::sqlite().play(async |stage| {
        let store = stage.open();
        let id = filed(stage, &store, "r1").await;
        let act = Act {
            clockwork: clockwork.clone(),
            ..report(stage, &id, Status::Accepted)
        };
        acted(&store, act).await;
        let due = row(&store, &id).await.unwrap().state.due;
        assert_eq!(due, Some(at("2026-11-26T11:30")));
        until(stage, at("2026-11-27T10:00"));
        assert!(looked(stage, &store).await.contains(&(Watched::Due, true)));
    });
}
