//! Events in a submitter's own queue on RabbitMQ. Read here with the hub's own user; what the submitter's may do is the broker's
//! own test, because a user belongs to all virtual hosts.

use std::collections::HashMap;

use lienthong::broker::{Acknowledgement, Broker, Consumer, Delivery, Source};
use lienthong::domain::rejection::Label;
use lienthong::domain::status::Status;
use lienthong::domain::tenant::TenantKey;
use lienthong::domain::view::{CloudEvent, Cursor, FeedData, SubscriptionRequest, Transport};
use lienthong::identity::Access;
use lienthong::service::ServiceError;

use super::office::{feed, report};
use super::{TestVhost, moving};
use crate::backends::{Stage, eventually};
use crate::city::{COMMUNE, City, for_the_commune};

async fn subscribe(city: &City, access: &Access, from: Option<Cursor>) -> Result<(), ServiceError> {
    let request = SubscriptionRequest {
        way: Transport::Queue,
        url: None,
        from,
    };
    city.hub.subscriptions.subscribe(access, request).await.map(drop)
}

async fn consumer(broker: &Broker, key: &TenantKey) -> Consumer {
    let source = Source::Tenant(key.clone());
    eventually("the queue is there", async || {
        broker.consume(&source, 10).await.ok()
    })
    .await
}

async fn next(consumer: &mut Consumer) -> Delivery {
    consumer.next().await.expect("the consumer ended")
}

fn play(stage: Stage) {
    stage.now().play(async |stage| {
        TestVhost::play(stage, async |_, city, broker| {
            let branch = city.access("branch.ba-dinh");
            let key = branch.key().clone();
            city.file(&branch, &for_the_commune(stage, "before")).await;
            subscribe(city, &branch, Some(Cursor::START)).await.unwrap();
            moving(city, broker.clone(), async || {
                let mut queue = consumer(&broker, &key).await;
                five_are_filed_and_finished(stage, city, &branch).await;
                let feed = feed(city, &branch).await;
                what_is_in_the_feed_is_in_the_queue(&mut queue, &feed).await;
                ended_it_is_drained_and_removed(stage, city, &branch, queue).await;
                begun_again_it_gets_what_is_new(stage, city, &branch, &broker).await;
            })
            .await;
        })
        .await;
    });
}

async fn five_are_filed_and_finished(stage: &Stage, city: &City, branch: &Access) {
    let agency = city.access(&format!("agency.{COMMUNE}"));
    for n in 0..5 {
        let filed = city.file(branch, &for_the_commune(stage, &format!("r{n}"))).await;
        let steps = [Status::Accepted, Status::Finished];
        city.report(&agency, steps.map(|s| report(filed.tracking_id, s, "")).to_vec())
            .await;
    }
}

/// Each event once, those of a dossier in order.
async fn what_is_in_the_feed_is_in_the_queue(queue: &mut Consumer, feed: &[CloudEvent<FeedData>]) {
    let mut numbers: HashMap<String, i32> = HashMap::new();
    let mut ids = Vec::new();
    while ids.len() < feed.len() {
        let got = next(queue).await;
        let named = |name: &str| {
            let found = got.headers.iter().find(|(n, _)| n == name);
            found.map(|(_, v)| v.clone()).unwrap_or_default()
        };
        let told = feed.iter().find(|e| e.id == got.message_id).unwrap();
        assert_eq!(
            (named("cloudEvents:id"), &got.kind),
            (told.id.clone(), &told.kind)
        );
        assert_eq!(
            (named("cloudEvents:specversion"), named("cloudEvents:subject")),
            ("1.0".to_owned(), told.subject.clone())
        );
        let data: FeedData = serde_json::from_slice(&got.body).unwrap();
        assert_eq!(data, told.data);
        let before = numbers
            .insert(told.subject.clone(), data.event.number)
            .unwrap_or(0);
        assert_eq!(data.event.number, before + 1, "in order, each once");
        ids.push(got.message_id.clone());
        got.settle(Acknowledgement::Ack).await.unwrap();
    }
}

/// Ended with a message in it: it is drained first, and nothing new comes.
async fn ended_it_is_drained_and_removed(stage: &Stage, city: &City, branch: &Access, mut queue: Consumer) {
    city.file(branch, &for_the_commune(stage, "last")).await;
    let last = next(&mut queue).await;
    city.hub
        .subscriptions
        .unsubscribe(branch, Transport::Queue)
        .await
        .unwrap();
    city.file(branch, &for_the_commune(stage, "after")).await;
    match subscribe(city, branch, None).await {
        Err(ServiceError::Rejected(r)) => assert_eq!(r.label(), Label::SubscriptionEnding),
        other => panic!("{other:?}"),
    }
    last.settle(Acknowledgement::Ack).await.unwrap();
    drop(queue);
    eventually("the queue is removed", async || {
        city.hub
            .subscriptions
            .show(branch)
            .await
            .unwrap()
            .queue
            .is_none()
            .then_some(())
    })
    .await;
}

async fn begun_again_it_gets_what_is_new(stage: &Stage, city: &City, branch: &Access, broker: &Broker) {
    subscribe(city, branch, None).await.unwrap();
    let mut queue = consumer(broker, branch.key()).await;
    city.file(branch, &for_the_commune(stage, "again")).await;
    let got = next(&mut queue).await;
    let data: FeedData = serde_json::from_slice(&got.body).unwrap();
    assert_eq!(data.reference, "again");
    got.settle(Acknowledgement::Ack).await.unwrap();
}

#[test]
fn a_submitter_reads_its_own_queue_on_sqlite() {
    play(Stage::sqlite());
}

#[test]
fn a_submitter_reads_its_own_queue_on_postgresql() {
    play(Stage::postgres());
}
