//! The store's limits, each tried at the limit.

use futures_util::FutureExt;
use lienthong::store::ledger::SubmitOutcome;
use lienthong::store::{StoreError, StoreSizes};

use crate::backends::{Stage, eventually, on_both, run};
use crate::papers::*;

const SMALL: StoreSizes = StoreSizes {
    batch: 4,
    ledger_queue: 8,
    readers: 1,
    read_queue: 2,
};

/// Takes what the ledger needs first, so that it stands still with whatever it has in hand.
pub fn stop_the_ledger(stage: &Stage) -> (std::sync::mpsc::Sender<()>, std::thread::JoinHandle<()>) {
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let (held, is_held) = std::sync::mpsc::channel();
    let (connector, postgres) = (stage.connector(), stage.is_postgres());
    let holder = std::thread::spawn(move || {
        let mut conn = connector
            .open(lienthong::store::conn::Purpose::Migration)
            .unwrap();
        let lock = if postgres {
            "BEGIN; SELECT 1 FROM writer FOR UPDATE"
        } else {
            "BEGIN IMMEDIATE"
        };
        run(&mut conn, lock).unwrap();
        held.send(()).unwrap();
        let _ = wait.recv();
        run(&mut conn, "ROLLBACK").unwrap();
    });
    is_held.recv().unwrap();
    (go_on, holder)
}

on_both! {
    async fn a_full_ledger_says_so_and_takes_again_when_there_is_room(stage) {
        let store = stage.open_with(SMALL);
        filed(stage, &store, "r0").await;
        assert_eq!(store.ledger.room(), 8);
        let (go_on, holder) = stop_the_ledger(stage);
        let submit = |reference: &str| {
            let (store, filing) = (store.clone(), filing(stage, reference));
            Box::pin(async move { store.ledger.ask(filing).await })
        };
        // One is in the ledger's hand, eight wait, the next is refused.
        let mut taken = vec![submit("in hand")];
        assert!((&mut taken[0]).now_or_never().is_none());
        eventually("the ledger has one in hand", async || (store.ledger.room() == 8).then_some(())).await;
        for n in 0..8 {
            let mut waiting = submit(&format!("waiting {n}"));
            assert!((&mut waiting).now_or_never().is_none());
            assert_eq!(store.ledger.room(), 7 - n);
            taken.push(waiting);
        }
        assert!(matches!(submit("too many").now_or_never(), Some(Err(StoreError::Busy))));
        go_on.send(()).unwrap();
        for outcome in futures_util::future::join_all(taken).await {
            assert_eq!(outcome.unwrap(), SubmitOutcome::Committed);
        }
        holder.join().unwrap();
        assert_eq!(submit("too many").await.unwrap(), SubmitOutcome::Committed);
        assert_eq!((stage.rows("dossiers"), store.ledger.room(), stage.audit().findings), (11, 8, vec![]));
    }

    async fn full_readers_say_so(stage) {
        let store = stage.open_with(SMALL);
        let (go_on, wait) = std::sync::mpsc::channel::<()>();
        let (begun, is_begun) = std::sync::mpsc::channel();
        let readers = store.readers.clone();
        let long = tokio::spawn(async move {
            readers.run(move |_| {
                begun.send(()).unwrap();
                let _ = wait.recv();
                Ok(())
            }).await
        });
        tokio::task::spawn_blocking(move || is_begun.recv().unwrap()).await.unwrap();
        let outcomes = {
            let calls: Vec<_> = (0..5).map(|_| store.readers.run(|_| Ok(()))).collect();
            let mut all = futures_util::future::join_all(calls);
            // Each is asked once: the first two wait, the others are refused. Then the reader goes on.
            assert!((&mut all).now_or_never().is_none());
            go_on.send(()).unwrap();
            all.await
        };
        let refused = outcomes.iter().filter(|o| matches!(o, Err(StoreError::Busy))).count();
        assert_eq!((refused, outcomes.iter().filter(|o| o.is_ok()).count()), (3, 2));
        long.await.unwrap().unwrap();
    }

    async fn more_than_a_batch_is_many_commits(stage) {
        let store = stage.open_with(StoreSizes { ledger_queue: 64, ..SMALL });
        let all = (0..33).map(|n| store.ledger.ask(filing(stage, &format!("r{n}"))));
        for outcome in futures_util::future::join_all(all).await {
            assert_eq!(outcome.unwrap(), SubmitOutcome::Committed);
        }
        assert!(stage.number("SELECT max(count) AS n FROM blocks") <= 4);
        assert!(stage.rows("blocks") >= 9);
    }
}
