//! Batches: each item for itself, in order, sent again without harm, and never in anybody's way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{FutureExt, StreamExt, stream};
use lienthong::domain::rejection::{Label, problems};
use lienthong::domain::submission::IdempotencyKey;
use lienthong::domain::view::SubmissionAnswer;
use lienthong::identity::Access;
use lienthong::service::batch::{BatchCall, BatchItem, BatchResult, ITEMS_IN_WORK, ItemPlace};
use lienthong::service::{Answered, ServiceError};
use lienthong::store::StoreSizes;
use lienthong::store::ledger::SubmitOutcome;
use serde_json::{Value, json};

use crate::backends::{Stage, eventually, on_both};
use crate::city::{City, for_the_commune};
use crate::limits::stop_the_ledger;
use crate::papers::filing;

fn call(key: &str) -> BatchCall {
    BatchCall {
        key: IdempotencyKey::parse(key).unwrap(),
        media_type: "application/json".to_owned(),
        format: None,
        traceparent: None,
    }
}

fn line((at, document): (usize, Vec<u8>)) -> BatchItem {
    BatchItem {
        place: ItemPlace::Line(at as u64 + 1),
        document: Ok(document),
    }
}

/// A matter of its own for each reference.
fn matter(stage: &Stage, reference: &str) -> Value {
    let mut filing = for_the_commune(stage, reference);
    filing["summary"] = json!(format!("Hồ sơ thử {reference}"));
    filing
}

async fn send(city: &City, access: &Access, key: &str, lines: &[Vec<u8>]) -> Vec<BatchResult> {
    let items = stream::iter(lines.iter().cloned().enumerate().map(line));
    let results = city.hub.intake.submit_batch(access, call(key), items).unwrap();
    results.collect().await
}

fn taken(result: &BatchResult) -> (SubmissionAnswer, bool) {
    let answered = result
        .outcome
        .as_ref()
        .unwrap_or_else(|e| panic!("{}: {e}", result.item));
    let is_replayed = matches!(answered, Answered::Replayed(_));
    (serde_json::from_slice(answered.body()).unwrap(), is_replayed)
}

fn refused(result: &BatchResult) -> Vec<(Label, String)> {
    match &result.outcome {
        Err(ServiceError::Rejected(rejection)) => rejection
            .problems()
            .iter()
            .map(|p| (p.label, p.path.clone().unwrap_or_default()))
            .collect(),
        other => panic!("{}: {other:?}", result.item),
    }
}

fn bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

on_both! {
    async fn each_item_is_taken_or_refused_for_itself_and_answered_in_its_place(stage) {
        let city = City::open(stage).await;
        let agent = city.access("agent.a-001");
        let mut wrong = matter(stage, "wrong");
        wrong["applicant"]["identity_number"] = json!("12");
        let lines = [
            bytes(&matter(stage, "r1")), b"{ not json".to_vec(), bytes(&wrong), b"{\"a\":\"\xff\"}".to_vec(), bytes(&matter(stage, "r5")),
        ];
        let results = send(&city, &agent, "b1", &lines).await;
        assert_eq!(results.iter().map(|r| r.item).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        taken(&results[0]);
        assert_eq!(refused(&results[1]), [(Label::SyntaxInvalid, String::new())]);
        assert!(refused(&results[2]).contains(&(Label::CodeMalformed, "3:/applicant/identity_number".to_owned())), "{:?}", refused(&results[2]));
        assert_eq!(refused(&results[3])[0].0, Label::EncodingInvalid);
        taken(&results[4]);
        assert_eq!((stage.rows("dossiers"), stage.rows("refusals"), stage.audit().findings), (2, 3, vec![]));

        // An item that never was a document is told in its place, and the next one is taken.
        let overlong = BatchItem { place: ItemPlace::Line(1), document: Err(problems::BodyTooLarge { limit: &1 }.into()) };
        let items = stream::iter([overlong, line((1, bytes(&matter(stage, "r6"))))]);
        let results: Vec<_> = city.hub.intake.submit_batch(&agent, call("b2"), items).unwrap().collect().await;
        assert_eq!(refused(&results[0]), [(Label::BodyTooLarge, "1:".to_owned())]);
        taken(&results[1]);
    }

    async fn a_batch_sent_again_is_answered_again_and_a_corrected_item_is_filed(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        let mut wrong = matter(stage, "r2");
        wrong["channel"] = json!("pigeon");
        let first = [bytes(&matter(stage, "r1")), bytes(&wrong), bytes(&matter(stage, "r3"))];
        let before = send(&city, &branch, "b1", &first).await;
        stage.later(5);
        // One corrected, one new before it, one changed: positions have moved, and nothing is doubled.
        let mut changed = matter(stage, "r3");
        changed["summary"] = json!("Đã sửa");
        let second = [bytes(&matter(stage, "r0")), first[0].clone(), bytes(&matter(stage, "r2")), bytes(&changed)];
        let after = send(&city, &branch, "b1", &second).await;
        assert!(!taken(&after[0]).1);
        assert_eq!(taken(&after[1]), (taken(&before[0]).0, true));
        assert!(!taken(&after[2]).1);
        let (amended, replayed) = taken(&after[3]);
        assert_eq!((amended.tracking_id, amended.version, replayed), (taken(&before[2]).0.tracking_id, 2, false));
        assert_eq!(stage.rows("dossiers"), 4);
        // Again as it was: the stored answers.
        for (again, before) in send(&city, &branch, "b1", &second).await.iter().zip(&after) {
            assert_eq!(taken(again), (taken(before).0, true));
        }
        // Under another key an item is looked at anew, and is the dossier that is there.
        let anew = taken(&send(&city, &branch, "b2", &second[..1]).await[0]).0;
        assert_eq!((anew.existing, anew.tracking_id), (true, taken(&after[0]).0.tracking_id));
        assert_eq!((stage.rows("dossiers"), stage.audit().findings), (4, vec![]));
    }

    async fn what_a_batch_says_twice_of_one_dossier_happens_in_its_order(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        let mut lines = Vec::new();
        for version in 1..=5 {
            for reference in ["r1", "r2", "r3"] {
                let mut filing = matter(stage, reference);
                filing["summary"] = json!(format!("{reference} lần {version}"));
                lines.push(bytes(&filing));
            }
        }
        // The same line twice in a batch is one filing.
        lines.push(lines[14].clone());
        let results = send(&city, &branch, "b1", &lines).await;
        let versions: Vec<i32> = results.iter().map(|r| taken(r).0.version).collect();
        assert_eq!(versions, [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 5]);
        assert_eq!(taken(&results[15]), (taken(&results[14]).0, true));
        for reference in ["r1", "r2", "r3"] {
            let query = lienthong::service::DossierQuery { references: vec![reference.to_owned()], limit: 2, ..Default::default() };
            let page = city.hub.dossiers.list(&branch, query).await.unwrap();
            let dossier = city.hub.dossiers.show(&branch, page.dossiers[0].tracking_id).await.unwrap();
            assert_eq!(dossier.content.summary.unwrap().as_str(), format!("{reference} lần 5"));
        }
    }

    async fn no_more_is_read_than_is_in_work(stage) {
        let city = City::open(stage).await;
        let agent = city.access("agent.a-001");
        let read = Arc::new(AtomicUsize::new(0));
        let (count, lines) = (Arc::clone(&read), (0..300).map(|n| bytes(&matter(stage, &format!("r{n}")))).collect::<Vec<_>>());
        let items = stream::iter(lines.into_iter().enumerate().map(move |item| {
            count.fetch_add(1, Ordering::Relaxed);
            line(item)
        }));
        let mut results = Box::pin(city.hub.intake.submit_batch(&agent, call("b1"), items).unwrap());
        let mut given = 0;
        while let Some(result) = results.next().await {
            given += 1;
            taken(&result);
            assert!(read.load(Ordering::Relaxed) <= given + ITEMS_IN_WORK, "{given}");
        }
        assert_eq!((given, stage.rows("dossiers")), (300, 300));
        // Many to a commit.
        assert!(stage.rows("blocks") < 150, "{}", stage.rows("blocks"));
    }

    async fn a_batch_nobody_listens_to_begins_nothing_more_and_sent_again_it_is_whole(stage) {
        let city = City::open(stage).await;
        let agent = city.access("agent.a-001");
        let lines: Vec<_> = (0..200).map(|n| bytes(&matter(stage, &format!("r{n}")))).collect();
        let items = stream::iter(lines.clone().into_iter().enumerate().map(line));
        let mut results = Box::pin(city.hub.intake.submit_batch(&agent, call("b1"), items).unwrap());
        let mut answered = Vec::new();
        for _ in 0..10 {
            answered.push(taken(&results.next().await.unwrap()).0);
        }
        drop(results);
        let there = stage.rows("dossiers");
        assert!((10..=10 + ITEMS_IN_WORK as i64).contains(&there), "{there}");
        let again = send(&city, &agent, "b1", &lines).await;
        for (again, before) in again.iter().zip(&answered) {
            assert_eq!(taken(again), (before.clone(), true));
        }
        assert_eq!((again.len(), stage.rows("dossiers"), stage.audit().findings), (200, 200, vec![]));
    }

    async fn a_batch_leaves_half_of_the_ledger_to_others_and_waits_for_room(stage) {
        let store = stage.open_with(StoreSizes { batch: 4, ledger_queue: 8, readers: 2, read_queue: 64 });
        let city = City::on(stage, store.clone()).await;
        let (agent, branch) = (city.access("agent.a-001"), city.access("branch.ba-dinh"));
        let lines: Vec<_> = (0..40).map(|n| bytes(&matter(stage, &format!("r{n}")))).collect();
        let (go_on, holder) = stop_the_ledger(stage);
        // One is in the ledger's hand, so that what comes after it waits.
        let mut first = Box::pin(store.ledger.ask(filing(stage, "in hand")));
        assert!((&mut first).now_or_never().is_none());
        eventually("the ledger has one in hand", async || (store.ledger.room() == 8).then_some(())).await;
        let hub = Arc::clone(&city.hub);
        let items = stream::iter(lines.into_iter().enumerate().map(line));
        let batch = tokio::spawn(async move {
            let results = hub.intake.submit_batch(&agent, call("b1"), items).unwrap();
            results.collect::<Vec<_>>().await
        });
        // Four of the batch wait: four places are free, for whoever files by himself.
        eventually("the batch has its share", async || (store.ledger.room() == 4).then_some(())).await;
        let others = (0..4).map(|n| {
            let filing = matter(stage, &format!("other{n}"));
            let (city, branch) = (&city, &branch);
            Box::pin(async move { city.submit(branch, &filing).await })
        });
        let mut others = futures_util::future::join_all(others);
        eventually("four others wait beside it", async || {
            assert!((&mut others).now_or_never().is_none());
            (store.ledger.room() == 0).then_some(())
        })
        .await;
        go_on.send(()).unwrap();
        for answered in others.await {
            assert!(matches!(answered.unwrap(), Answered::New(_)));
        }
        assert_eq!(first.await.unwrap(), SubmitOutcome::Committed);
        let results = batch.await.unwrap();
        holder.join().unwrap();
        results.iter().for_each(|r| drop(taken(r)));
        assert_eq!((results.len(), stage.rows("dossiers")), (40, 45));
    }

    async fn who_may_not_file_sends_no_batch(stage) {
        let city = City::open(stage).await;
        let none = || stream::iter(Vec::<BatchItem>::new());
        let agency = city.access("agency.ubnd-00004");
        assert!(city.hub.intake.submit_batch(&agency, call("b1"), none()).is_err());
        let other = BatchCall { format: Some("dvcqg-mc/v1".to_owned()), ..call("b1") };
        assert!(city.hub.intake.submit_batch(&city.access("branch.ba-dinh"), other, none()).is_err());
    }
}
