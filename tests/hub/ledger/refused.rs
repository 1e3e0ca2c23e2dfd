//! What the database refuses costs its sender and nobody else: no connection, few rollbacks, and the rest of the commit is written.

use lienthong::domain::ids::RefusalId;
use lienthong::domain::status::Status;
use lienthong::domain::time::Timestamp;
use lienthong::domain::view::RefusedKind;
use lienthong::store::kept::NewRefusal;
use lienthong::store::ledger::faults::{FAULTS_ALLOWED, FAULTS_REMEMBERED, FIRST_PAUSE};
use lienthong::store::ledger::{Refuse, Submit, SubmitOutcome};
use lienthong::store::{Store, StoreError, StoreSizes};

use crate::backends::{Stage, number, on_both, run};
use crate::papers::*;

/// Conditions PostgreSQL raises for a row it cannot take, by their code: text it cannot encode, a value too long, a number or a
/// moment out of range, a text that is none of the type, a null, a check, an exclusion, a limit of the program, a trigger, itself.
const CONDITIONS: [&str; 13] = [
    "22021", "22P05", "22001", "22003", "22008", "22007", "22P02", "23502", "23514", "23P01", "54000",
    "P0001", "XX000",
];

/// Makes PostgreSQL raise the condition that a reference names, and refuse one by a check. The words of the error are those of errors
/// that are nobody's fault: the code alone says which it is.
fn make_particular(stage: &Stage) {
    stage.execute(
        "CREATE FUNCTION particular() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
           IF NEW.value LIKE 'raise-%' THEN RAISE EXCEPTION 'connection closed, timeout, deadlock detected, No space left' USING ERRCODE = substr(NEW.value, 7, 5); END IF; \
           RETURN NEW; END $$; \
         CREATE TRIGGER particular BEFORE INSERT ON natural_keys FOR EACH ROW EXECUTE FUNCTION particular(); \
         ALTER TABLE dossiers ADD CONSTRAINT particular CHECK (reference <> 'checked')",
    );
}

/// A text that no compression brings below what an index of PostgreSQL holds (2,704 bytes).
fn unindexable(stage: &Stage) -> String {
    use rand::Rng;
    let mut bytes = vec![0u8; 6_000];
    stage.rng().fill_bytes(&mut bytes);
    hex::encode(bytes)
}

/// Sends all of them so that they are one commit: the head is held until they wait.
async fn together(stage: &Stage, store: &Store, all: Vec<Submit>) -> Vec<Result<SubmitOutcome, StoreError>> {
    let runtime = tokio::runtime::Handle::current();
    let wanted = all.len() - 1;
    let mut calls = all.into_iter();
    let (first, rest) = (calls.next().unwrap(), calls);
    let running = stage.behind(|conn| {
        run(conn, "BEGIN; SELECT * FROM writer FOR UPDATE").unwrap();
        let call = |submit| {
            let ledger = store.ledger.clone();
            runtime.spawn(async move { ledger.ask(submit).await })
        };
        let mut running = vec![call(first)];
        let waits = "SELECT count(*) AS n FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
                     WHERE NOT l.granted AND a.datname = current_database()";
        while number(conn, waits) == 0 && !running[0].is_finished() {
            std::thread::yield_now();
        }
        running.extend(rest.map(call));
        while store.ledger.capacity() - store.ledger.room() < wanted && !running[0].is_finished() {
            std::thread::yield_now();
        }
        run(conn, "ROLLBACK").unwrap();
        running
    });
    let mut outcomes = Vec::new();
    for call in running {
        outcomes.push(call.await.unwrap());
    }
    outcomes
}

fn wide(stage: &Stage) -> Store {
    stage.open_with(StoreSizes {
        readers: 1,
        batch: 128,
        ..StoreSizes::default()
    })
}

#[test]
fn each_kind_of_value_postgresql_refuses_is_found_by_halving_on_the_same_connection() {
    Stage::postgres().play(async |stage| {
        let store = wide(stage);
        make_particular(stage);
        let mut kinds: Vec<(String, Submit)> = CONDITIONS
            .iter()
            .map(|code| {
                let tenant = format!("branch.x{}", code.to_lowercase());
                (
                    (*code).to_owned(),
                    filing_by(stage, &tenant, &format!("raise-{code}")),
                )
            })
            .collect();
        kinds.push(("check".to_owned(), filing_by(stage, "branch.checked", "checked")));
        let long = unindexable(stage);
        kinds.push(("index".to_owned(), filing_by(stage, "branch.long", &long)));
        let (earlier, mut twice) = (
            filing(stage, "earlier"),
            filing_by(stage, "branch.twice", "twice"),
        );
        twice.submission.id = earlier.submission.id;
        store.ledger.ask(earlier).await.unwrap();
        kinds.push(("unique".to_owned(), twice));

        for (n, (kind, bad)) in kinds.into_iter().enumerate() {
            let sender = bad.dossier.submitter.to_string();
            let before = store.ledger.counts();
            let mut all: Vec<Submit> = (0..100)
                .map(|i| filing(stage, &format!("good-{n}-{i}")))
                .collect();
            all.insert(57, bad);
            let outcomes = together(stage, &store, all).await;
            for (place, outcome) in outcomes.iter().enumerate() {
                match outcome {
                    Err(StoreError::Unstorable(_)) if place == 57 => {}
                    Ok(SubmitOutcome::Committed) if place != 57 => {}
                    other => panic!("{kind}, {place}: {other:?}"),
                }
            }
            let after = store.ledger.counts();
            let (rollbacks, commits) = (after.rollbacks - before.rollbacks, after.commits - before.commits);
            // One of a hundred is alone after seven halvings; on the way each other half is one commit.
            assert!((1..=8).contains(&rollbacks), "{kind}: {rollbacks} rollbacks");
            assert!(commits <= 9, "{kind}: {commits} commits");
            assert_eq!(after.connections, 1, "{kind}");
            assert_eq!(after.faults.get(&sender), Some(&1), "{kind}: {after:?}");
        }
        assert_eq!(stage.audit().findings, []);
    });
}

/// A statement that takes too long is ended by the server. The session is as good as before, and the others of the commit are written.
#[test]
fn a_statement_that_takes_too_long_costs_its_sender_alone() {
    Stage::postgres().play(async |stage| {
        let store = wide(stage);
        stage.execute(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
               IF NEW.value = 'slow' THEN PERFORM pg_sleep(60); END IF; RETURN NEW; END $$; \
             CREATE TRIGGER slow BEFORE INSERT ON natural_keys FOR EACH ROW EXECUTE FUNCTION slow()",
        );
        filed(stage, &store, "first").await;
        let before = store.ledger.counts();
        let all = vec![
            filing(stage, "before"),
            filing_by(stage, "branch.slow", "slow"),
            filing(stage, "after"),
        ];
        let outcomes = together(stage, &store, all).await;
        assert!(
            matches!(
                &outcomes[..],
                [
                    Ok(SubmitOutcome::Committed),
                    Err(StoreError::Unstorable(_)),
                    Ok(SubmitOutcome::Committed)
                ]
            ),
            "{outcomes:?}"
        );
        let after = store.ledger.counts();
        assert_eq!(after.connections, before.connections, "the session is kept");
        assert_eq!(after.faults.get("branch.slow"), Some(&1));
    });
}

#[test]
fn who_had_a_fault_is_played_apart_then_slowed_and_comes_back() {
    Stage::postgres().play(async |stage| {
        let store = wide(stage);
        make_particular(stage);
        let bad = |n: u32| filing_by(stage, "branch.bad", &format!("raise-22003-{n}"));
        let refused = store.ledger.ask(bad(0)).await;
        assert!(matches!(refused, Err(StoreError::Unstorable(_))), "{refused:?}");
        // From now on its faults roll back nobody else's work.
        let before = store.ledger.counts();
        let mut all: Vec<Submit> = (0..60).map(|i| filing(stage, &format!("good-{i}"))).collect();
        all.insert(30, bad(1));
        let outcomes = together(stage, &store, all).await;
        assert_eq!(outcomes.iter().filter(|o| o.is_err()).count(), 1);
        assert_eq!(store.ledger.counts().rollbacks - before.rollbacks, 1);

        for n in 2..FAULTS_ALLOWED {
            let refused = store.ledger.ask(bad(n)).await;
            assert!(
                matches!(refused, Err(StoreError::Unstorable(_))),
                "{n}: {refused:?}"
            );
        }
        let before = store.ledger.counts();
        let fine = || filing_by(stage, "branch.bad", "fine");
        match store.ledger.ask(fine()).await {
            Err(StoreError::Slowed(seconds)) => assert_eq!(seconds, FIRST_PAUSE.as_secs()),
            other => panic!("{other:?}"),
        }
        assert_eq!(store.ledger.counts(), before, "it costs the database nothing");
        let other = store.ledger.ask(filing(stage, "another's")).await;
        assert_eq!(other.unwrap(), SubmitOutcome::Committed);
        stage.later(FIRST_PAUSE.as_secs());
        assert_eq!(store.ledger.ask(fine()).await.unwrap(), SubmitOutcome::Committed);
        // The next fault slows it at once, and for longer; ten minutes without one forget them all.
        assert!(store.ledger.ask(bad(9)).await.is_err());
        match store.ledger.ask(bad(10)).await {
            Err(StoreError::Slowed(seconds)) => assert_eq!(seconds, FIRST_PAUSE.as_secs() * 2),
            other => panic!("{other:?}"),
        }
        stage.later(FAULTS_REMEMBERED.as_secs() + 1);
        let refused = store.ledger.ask(bad(11)).await;
        assert!(matches!(refused, Err(StoreError::Unstorable(_))), "{refused:?}");
        let again = filing_by(stage, "branch.bad", "fine again");
        assert_eq!(store.ledger.ask(again).await.unwrap(), SubmitOutcome::Committed);
        assert_eq!(store.ledger.counts().connections, 1);
    });
}

/// A batch of nothing but refused commands is no reason to ask the database for each of them.
#[test]
fn a_database_that_refuses_everything_is_asked_a_bounded_number_of_times() {
    Stage::postgres().play(async |stage| {
        let store = wide(stage);
        make_particular(stage);
        let all: Vec<Submit> = (0..100)
            .map(|n| filing_by(stage, &format!("branch.t{n}"), &format!("raise-53100-{n}")))
            .collect();
        let outcomes = together(stage, &store, all).await;
        let away = |o: &Result<_, StoreError>| matches!(o, Err(StoreError::Unavailable(_)));
        let refused = |o: &Result<_, StoreError>| matches!(o, Err(StoreError::Unstorable(_)));
        assert!(outcomes.iter().all(|o| away(o) || refused(o)));
        assert!(outcomes.iter().filter(|o| away(o)).count() >= 80);
        let counts = store.ledger.counts();
        assert!(counts.rollbacks <= 24 && counts.connections == 1, "{counts:?}");
        let after = store.ledger.ask(filing(stage, "r1")).await;
        assert_eq!(after.unwrap(), SubmitOutcome::Committed);
    });
}

/// A number that no longer fits where PostgreSQL adds to it.
#[test]
fn a_sum_that_overflows_in_the_database_is_its_senders_fault() {
    Stage::postgres().play(async |stage| {
        let store = wide(stage);
        let refusal = NewRefusal {
            id: RefusalId::derived(&[0; 32]),
            tenant: &"branch.bad".parse().unwrap(),
            kind: RefusedKind::Submission,
            format: None,
            media_type: "application/json",
            bytes: b"{",
            problems: &[],
            at: stage.clock.now(),
        };
        let refusal = refusal.sealed(&stage.cipher, &mut *stage.rng()).unwrap();
        store.ledger.ask(Refuse(refusal.clone())).await.unwrap();
        stage.execute(&format!("UPDATE refusals SET count = {}", i32::MAX));
        let (again, filed) = tokio::join!(
            store.ledger.ask(Refuse(refusal)),
            store.ledger.ask(filing(stage, "r1"))
        );
        assert!(matches!(again, Err(StoreError::Unstorable(_))), "{again:?}");
        assert_eq!(filed.unwrap(), SubmitOutcome::Committed);
        assert_eq!(store.ledger.counts().faults.get("branch.bad"), Some(&1));
    });
}

/// Puts something into a command that no text gives.
type Wrong = fn(&mut Submit, Timestamp);

on_both! {
    async fn what_no_database_holds_is_refused_before_there_is_any_sql(stage) {
        let store = stage.open();
        let id = filed(stage, &store, "r1").await;
        let before = store.ledger.counts();
        let last = "9999-12-30T22:00:00.999999999Z";
        // No text gives it, and no document: a moment before the year 1.
        let too_early = Timestamp::from_micros(-62_135_596_800_000_001);
        let wrongs: [(&str, Wrong); 8] = [
            ("filed_at", |s, at| s.filed_at = at),
            ("received_at", |s, at| s.submission.received_at = at),
            ("forecast", |s, at| s.dossier.forecast_due = Some(at)),
            ("watch", |s, at| s.watches[0].due_at = at),
            ("warning", |s, at| s.watches[0].warn_at = Some(at)),
            ("reference", |s, _| s.dossier.reference = "BD\0-9".to_owned()),
            ("key", |s, _| s.key.key = "k\0".to_owned()),
            ("media type", |s, _| s.submission.media_type = "text/\0".to_owned()),
        ];
        for (what, wrong) in wrongs {
            let mut submit = filing(stage, "bad");
            wrong(&mut submit, too_early);
            let outcome = store.ledger.ask(submit).await;
            assert!(matches!(outcome, Err(StoreError::Unstorable(_))), "{what}: {outcome:?}");
        }
        let mut act = report(stage, &id, Status::Accepted);
        act.occurred_at = too_early;
        let outcome = store.ledger.ask(act).await;
        assert!(matches!(outcome, Err(StoreError::Unstorable(_))), "{outcome:?}");
        let mut act = report(stage, &id, Status::Accepted);
        act.report_key = Some("\0".to_owned());
        assert!(store.ledger.ask(act).await.is_err());
        assert_eq!(store.ledger.counts(), before, "nothing of it reached the database, and nobody is blamed");
        // The bounds themselves are held, and come back as they went in.
        for (reference, at) in [("early", "0001-01-01T00:00:00Z"), ("late", last)] {
            let mut submit = filing(stage, reference);
            let at: Timestamp = at.parse().unwrap();
            submit.dossier.forecast_due = Some(at);
            let id = submit.dossier.id.to_string();
            assert_eq!(store.ledger.ask(submit).await.unwrap(), SubmitOutcome::Committed);
            assert_eq!(crate::ledger::row(&store, &id).await.unwrap().forecast_due, Some(at));
        }
    }
}
