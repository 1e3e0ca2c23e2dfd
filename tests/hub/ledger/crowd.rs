//! Many at once, two hubs at once, and a session that dies in the middle: every command is answered, once, and the chain holds.

use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt;
use lienthong::domain::event::Verdict;
use lienthong::domain::status::Status;
use lienthong::store::conn::{Connector, Purpose};
use lienthong::store::ledger::SubmitOutcome;
use lienthong::store::{Store, StoreError};

use crate::backends::{Stage, eventually, number, on_both, run};
use crate::papers::*;

/// What the tables must say, whoever wrote them: no gap in the sequence, none in any dossier, a clean audit.
fn whole(stage: &Stage, dossiers: i64, events: i64) {
    assert_eq!(stage.rows("dossiers"), dossiers);
    assert_eq!(stage.rows("events"), events);
    assert_eq!(
        stage.number("SELECT max(seq) - min(seq) + 1 AS n FROM events"),
        events
    );
    let broken = "SELECT count(*) AS n FROM (SELECT dossier FROM events GROUP BY dossier \
                  HAVING min(number) <> 1 OR max(number) <> count(*) OR count(DISTINCT number) <> count(*)) AS b";
    assert_eq!(stage.number(broken), 0);
    assert_eq!(stage.rows("feed"), events);
    let report = stage.audit();
    assert_eq!(
        (report.findings, report.events, report.dossiers),
        (vec![], events, dossiers)
    );
}

/// Files until it is known to be filed, as a caller does that repeats with the same key.
async fn file_surely(stage: &Stage, store: &Store, reference: &str) -> usize {
    let key = filing(stage, reference).key;
    let mut unknown = 0;
    eventually("the database is back", async || {
        let mut attempt = filing(stage, reference);
        attempt.key.clone_from(&key);
        match store.ledger.ask(attempt).await {
            Ok(SubmitOutcome::Committed | SubmitOutcome::Replayed(_)) => Some(()),
            Err(StoreError::Unavailable(_)) => {
                unknown += 1;
                None
            }
            other => panic!("{other:?}"),
        }
    })
    .await;
    unknown
}

on_both! {
    async fn five_hundred_commands_of_sixty_four_tasks(stage) {
        let store = stage.open();
        let pairs: Vec<_> = (0..250).map(|n| {
            let submit = filing(stage, &format!("r{n}"));
            let act = report(stage, &submit.dossier.id.to_string(), Status::Accepted);
            (submit, act)
        }).collect();
        let pairs = Arc::new(Mutex::new(pairs));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..64 {
            let (pairs, store) = (Arc::clone(&pairs), store.clone());
            tasks.spawn(async move {
                while let Some((submit, act)) = { pairs.lock().pop() } {
                    assert_eq!(store.ledger.ask(submit).await.unwrap(), SubmitOutcome::Committed);
                    assert_eq!(acted(&store, act).await.verdict, Verdict::Applied);
                }
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
        whole(stage, 250, 750);
        assert!(stage.rows("blocks") < 500, "commands share commits");
    }

    async fn many_calls_for_one_dossier_keep_their_order(stage) {
        let store = stage.open();
        let id = filed(stage, &store, "r1").await;
        stage.later(60);
        let back_and_forth = (0..60).map(|n| {
            let to = if n % 2 == 0 { Status::Processing } else { Status::Accepted };
            store.ledger.ask(report(stage, &id, to))
        });
        let outcomes = futures_util::future::join_all(back_and_forth).await;
        assert!(outcomes.iter().all(Result::is_ok));
        // The first is inferred and sets the due date (three events); each of the others is one step.
        whole(stage, 1, 63);
    }
}

/// Two hubs of one database take turns at the head of its chain.
#[test]
fn two_hubs_share_one_chain() {
    Stage::postgres().play(async |stage| {
        let hubs = [stage.open(), stage.open()];
        let all: Vec<_> = (0..120).map(|n| (n, filing(stage, &format!("r{n}")))).collect();
        let mut tasks = tokio::task::JoinSet::new();
        for (n, submit) in all {
            let store = hubs[n % 2].clone();
            tasks.spawn(async move { store.ledger.ask(submit).await });
        }
        while let Some(outcome) = tasks.join_next().await {
            assert_eq!(outcome.unwrap().unwrap(), SubmitOutcome::Committed);
        }
        // The same call at both hubs at once is filed at one of them.
        let (first, mut second) = (filing(stage, "twice"), filing(stage, "twice"));
        second.key = first.key.clone();
        let (a, b) = tokio::join!(hubs[0].ledger.ask(first), hubs[1].ledger.ask(second));
        let committed = [a.unwrap(), b.unwrap()]
            .iter()
            .filter(|o| **o == SubmitOutcome::Committed)
            .count();
        assert_eq!(committed, 1);
        whole(stage, 121, 121);
    });
}

/// The ledger's sessions die again and again while it works: whoever does not know the outcome asks with the same key.
#[test]
fn sessions_that_die_leave_nothing_doubled_and_nothing_lost() {
    Stage::postgres().play(async |stage| {
        let store = stage.open();
        let done = Arc::new(AtomicBool::new(false));
        let killer = {
            let (connector, done) = (stage.connector(), Arc::clone(&done));
            std::thread::spawn(move || kill_at_every_third_block(&connector, &done))
        };
        let unknown: usize = futures_util::stream::iter(0..400)
            .map(|n| {
                let store = &store;
                async move { file_surely(stage, store, &format!("r{n}")).await }
            })
            .buffer_unordered(8)
            .fold(0, async |all, n| all + n)
            .await;
        done.store(true, Ordering::Relaxed);
        killer.join().unwrap();
        assert!(unknown > 0, "nothing was killed at work");
        whole(stage, 400, 400);
    });
}

/// In step with the work, so that it goes on between two deaths however slow the machine is.
fn kill_at_every_third_block(connector: &Connector, done: &AtomicBool) {
    let mut conn = connector.open(Purpose::Migration).unwrap();
    let mut killed_at = 0;
    while !done.load(Ordering::Relaxed) {
        let block = number(&mut conn, "SELECT block AS n FROM head");
        if block >= killed_at + 3 {
            killed_at = block;
            number(
                &mut conn,
                "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            );
        }
    }
}

/// Written, not committed, and gone: the answer says that it is not known, and the same key finds that nothing was done.
#[test]
fn a_crash_between_writing_and_committing_is_as_if_nothing_had_been() {
    Stage::postgres().play(async |stage| {
        let store = stage.open();
        filed(stage, &store, "r0").await;
        let lost = filing(stage, "r1");
        let mut again = filing(stage, "r1");
        again.key = lost.key.clone();
        let (ledger, runtime) = (store.ledger.clone(), tokio::runtime::Handle::current());
        let waiting = stage.behind(|conn| {
            // The ledger writes its block last: when it waits for this lock, all else is written and nothing committed.
            run(conn, "BEGIN; LOCK TABLE blocks IN ACCESS EXCLUSIVE MODE").unwrap();
            let waiting = runtime.spawn(async move { ledger.ask(lost).await });
            let kill = "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_locks \
                        WHERE NOT granted AND relation = 'blocks'::regclass";
            while number(conn, kill) == 0 && !waiting.is_finished() {
                std::thread::yield_now();
            }
            run(conn, "ROLLBACK").unwrap();
            waiting
        });
        let outcome = waiting.await.unwrap();
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
        whole(stage, 1, 1);
        assert_eq!(store.ledger.ask(again).await.unwrap(), SubmitOutcome::Committed);
        whole(stage, 2, 2);
    });
}

/// Committed, and gone before the answer: the same key gets the stored answer.
#[test]
fn a_crash_after_the_commit_is_answered_by_the_key() {
    Stage::postgres().play(async |stage| {
        let store = stage.open();
        let first = filing(stage, "r1");
        let mut again = filing(stage, "r1");
        again.key = first.key.clone();
        // The caller goes away at once; its command does not.
        drop(tokio::time::timeout(std::time::Duration::ZERO, store.ledger.ask(first)).await);
        let outcome = store.ledger.ask(again).await.unwrap();
        assert_eq!(outcome, SubmitOutcome::Replayed(answer("r1")));
        whole(stage, 1, 1);
    });
}
