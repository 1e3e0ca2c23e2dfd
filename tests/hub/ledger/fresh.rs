//! What a commit hands over to the relay, and what it leaves in the outbox; the events that need not be read back.

use std::time::Duration;

use futures_util::FutureExt;
use lienthong::domain::status::Status;
use lienthong::store::Store;
use lienthong::store::fresh::{CONTENT_BYTES, MESSAGES};
use lienthong::store::ledger::{LeaseOutbox, Submit, SubmitOutcome};
use lienthong::store::message::Content;
use lienthong::store::read::{FeedItem, messages, says, untold};

use super::telling::webhook;
use crate::backends::{Stage, on_both};
use crate::papers::*;

const LEASE: Duration = Duration::from_secs(30);

/// What lies in the outbox and is nobody's: for each the number of the attempt.
async fn left(store: &Store) -> Vec<i32> {
    let lease = LeaseOutbox {
        max: 1_000,
        lease: LEASE,
        since: None,
    };
    let leased = store.ledger.ask(lease).await.unwrap();
    leased.iter().map(|item| item.attempt).collect()
}

fn rang(store: &Store) -> bool {
    store.fresh.left().now_or_never().is_some()
}

fn long(stage: &Stage, reference: &str, bytes: usize) -> Submit {
    let said = Content::of(vec![b' '; bytes]);
    Submit {
        said,
        ..filing(stage, reference)
    }
}

on_both! {
    async fn what_is_committed_is_handed_over_as_it_would_be_read(stage) {
        let store = stage.open();
        let mut handed = store.fresh.messages();
        let id = filed(stage, &store, "r1").await;
        let message = handed.try_recv().unwrap();
        assert_eq!((left(&store).await, rang(&store)), (vec![], false), "it is leased by its own commit");
        let (cipher, asked) = (store.cipher.clone(), vec![message.delivery.clone()]);
        let mut read = store.readers.run(move |conn| messages(conn, &cipher, &asked)).await.unwrap();
        let read = read.remove(0);
        assert_eq!(read.dossier.id.to_string(), id);
        assert_eq!(message, read);
        // Whoever had it is gone: it goes again, as a second attempt.
        stage.later(31);
        assert_eq!(left(&store).await, [2]);
    }

    async fn an_accepted_dossier_says_since_when(stage) {
        let store = stage.open();
        let mut handed = store.fresh.messages();
        let mut submit = filing(stage, "r1");
        submit.entry = Status::Accepted;
        submit.watches = Vec::new();
        let filed_at = submit.filed_at;
        store.ledger.ask(submit).await.unwrap();
        let message = handed.try_recv().unwrap();
        let (cipher, asked) = (store.cipher.clone(), vec![message.delivery.clone()]);
        let read = store.readers.run(move |conn| messages(conn, &cipher, &asked)).await.unwrap();
        assert_eq!((message.accepted_at, read[0].accepted_at), (Some(filed_at), Some(filed_at)));
        assert_eq!(message, read[0]);
    }

    async fn what_nobody_takes_waits_in_the_outbox(stage) {
        let store = stage.open();
        filed(stage, &store, "r1").await;
        assert_eq!((left(&store).await, rang(&store)), (vec![1], true), "no relay");
        let handed = store.fresh.messages();
        drop(handed);
        filed(stage, &store, "r2").await;
        assert_eq!((left(&store).await, rang(&store)), (vec![1], true), "a relay that has stopped");
        let mut handed = store.fresh.messages();
        store.ledger.ask(long(stage, "r3", CONTENT_BYTES)).await.unwrap();
        assert!(handed.try_recv().is_ok() && !rang(&store));
        store.ledger.ask(long(stage, "r4", CONTENT_BYTES + 1)).await.unwrap();
        assert_eq!((handed.try_recv().is_ok(), left(&store).await, rang(&store)), (false, vec![1], true));
        for n in 0..=MESSAGES {
            filed(stage, &store, &format!("s{n}")).await;
        }
        assert_eq!((left(&store).await, rang(&store)), (vec![1], true), "the relay has as many as it takes");
        // An earlier relay gets nothing more.
        let mut later = store.fresh.messages();
        filed(stage, &store, "t1").await;
        assert!(later.try_recv().is_ok() && !rang(&store));
    }

    async fn what_the_same_commit_changed_is_not_handed_over(stage) {
        let store = stage.open();
        let mut handed = store.fresh.messages();
        let first = filing(stage, "r1");
        let second = amendment(stage, &first.dossier.id.to_string(), "r1", 1, "more");
        let (id, rows) = (first.dossier.id.to_string(), || stage.rows("blocks"));
        let before = rows();
        let (one, two) = tokio::join!(biased; store.ledger.ask(first), store.ledger.ask(second));
        assert_eq!((one.unwrap(), two.unwrap()), (SubmitOutcome::Committed, SubmitOutcome::Committed));
        let shared_a_commit = rows() == before + 1;
        let mut told = Vec::new();
        while let Ok(message) = handed.try_recv() {
            assert_eq!(message.dossier.id.to_string(), id);
            told.push((message.dossier.state.version, message.content.json().to_vec()));
        }
        let waits = left(&store).await;
        match shared_a_commit {
            true => assert_eq!((told, waits), (vec![(2, b"more".to_vec())], vec![1])),
            false => assert_eq!((told, waits), (vec![(1, b"r1".to_vec()), (2, b"more".to_vec())], vec![])),
        }
    }

    async fn a_feed_is_known_as_it_would_be_read(stage) {
        let store = stage.open();
        let id = filed(stage, &store, "r1").await;
        acted(&store, report(stage, &id, Status::Accepted)).await;
        filed(stage, &store, "r2").await;
        let known = store.fresh.after(BRANCH, 0, 99).unwrap();
        let cipher = store.cipher.clone();
        let read = store.readers.run(move |conn| {
            let untold = untold(conn, &webhook(BRANCH), 0, 99, false)?;
            let seqs: Vec<i64> = untold.iter().map(|one| one.seq).collect();
            Ok((seqs, says(conn, &cipher, &untold, Vec::new())?))
        });
        let (seqs, read) = read.await.unwrap();
        assert!(seqs.len() > 2);
        assert_eq!(known.iter().map(|item| item.seq).collect::<Vec<_>>(), seqs);
        for item in &known {
            assert_eq!(as_text(item), as_text(&read[&item.seq]));
        }
        // What another hub writes in between is not passed over.
        let other = stage.open();
        filed(stage, &other, "r3").await;
        filed(stage, &store, "r4").await;
        assert!(store.fresh.after(BRANCH, seqs[seqs.len() - 1], 99).is_none());
    }
}

fn as_text(item: &FeedItem) -> String {
    let FeedItem {
        seq,
        event,
        reference,
        code,
        submitter,
        receiving_unit,
        supervisor,
    } = item;
    format!("{seq} {event:?} {reference} {code:?} {submitter} {receiving_unit:?} {supervisor:?}")
}
