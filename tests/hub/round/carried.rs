//! An agency with a queue of its own on RabbitMQ: it takes messages and publishes statuses without a call to the hub.

use lienthong::broker::{Broker, Consumer, Delivery, Envelope, Outcome, Settlement, Source, Target};
use lienthong::domain::status::Status;
use lienthong::domain::view::{AgencyData, DeliveryState, StatusReport, StatusRequest};

use super::office::{feed, report};
use super::{Road, moving, word};
use crate::backends::{Stage, eventually};
use crate::city::{City, for_the_department};

pub fn message(city: &City, id: &str, reports: Vec<StatusReport>) -> Envelope {
    Envelope {
        message_id: id.to_owned(),
        to: Target::Status(city.department.clone()),
        kind: "vn.lienthong.status".to_owned(),
        headers: Vec::new(),
        content_type: "application/json".to_owned(),
        body: serde_json::to_vec(&StatusRequest { reports }).unwrap().into(),
        expires: None,
    }
}

async fn next(consumer: &mut Consumer) -> Delivery {
    consumer.next().await.expect("the consumer ended")
}

async fn statuses(city: &City) -> Vec<u8> {
    let events = feed(city, &city.access("branch.ba-dinh")).await;
    events
        .iter()
        .filter_map(|e| e.data.event.status.as_ref().map(|s| s.code.code()))
        .collect()
}

async fn dead(broker: &Broker) -> Consumer {
    broker.consume(&Source::DeadLetters, 1).await.unwrap()
}

#[test]
fn it_takes_from_its_queue_and_reports_into_the_hub() {
    Stage::postgres().now().play(async |stage| {
        Road::play(stage, async |road, city, broker| {
            let branch = city.access("branch.ba-dinh");
            moving(city, broker, async || {
                let department = road.department(city).await;
                let id = city
                    .file(&branch, &for_the_department(stage, "r1"))
                    .await
                    .tracking_id;
                let mut queue = department
                    .consume(&Source::Agency(city.department.clone()), 1)
                    .await
                    .unwrap();
                let got = next(&mut queue).await;
                assert_eq!(got.kind, "vn.lienthong.dossier.filed");
                let data: AgencyData = serde_json::from_slice(&got.body).unwrap();
                assert_eq!(
                    (data.tracking_id, &data.document["reference"]),
                    (id, &serde_json::json!("r1"))
                );
                let named = |name: &str| {
                    got.headers
                        .iter()
                        .find(|(n, _)| n == name)
                        .map(|(_, v)| v.clone())
                };
                assert_eq!(named("cloudEvents:subject"), Some(id.to_string()));
                assert!(named("traceparent").is_some());
                got.settle(Settlement::Ack).await.unwrap();

                // Once the confirm is written down, an answer acknowledges the message.
                eventually("the message is queued", async || {
                    let operator = city.access("operator.truc-ban");
                    let route = city.hub.route(&operator, id).await.unwrap();
                    (route.deliveries[0].state == DeliveryState::Queued).then_some(())
                })
                .await;
                let accepted = message(city, "st-1", vec![report(id, Status::Accepted, "")]);
                let finished = message(city, "st-2", vec![report(id, Status::Finished, "")]);
                assert_eq!(
                    department.publish(&[accepted, finished]).await,
                    [Outcome::Confirmed, Outcome::Confirmed]
                );
                eventually("the branch hears of the result", async || {
                    (statuses(city).await.len() == 3).then_some(())
                })
                .await;
                assert_eq!(statuses(city).await, [1, 2, 9]);
                let route = city.hub.route(&branch, id).await.unwrap();
                assert_eq!(route.deliveries[0].state, DeliveryState::Acknowledged);
            })
            .await;
            assert_eq!((stage.rows("outbox"), stage.audit().findings), (0, vec![]));
        })
        .await;
    });
}

#[test]
fn a_status_nobody_vouches_for_changes_nothing_and_is_kept_apart() {
    Stage::postgres().now().play(async |stage| {
        Road::play(stage, async |road, city, broker| {
            let branch = city.access("branch.ba-dinh");
            moving(city, broker.clone(), async || {
                let department = road.department(city).await;
                let id = city
                    .file(&branch, &for_the_department(stage, "r1"))
                    .await
                    .tracking_id;
                // The hub's own user writes in the department's name: RabbitMQ lets it, and does not vouch for it.
                let forged = message(city, "forged", vec![report(id, Status::Refused, "giả mạo")]);
                assert_eq!(broker.publish(&[forged]).await, [Outcome::Confirmed]);
                let mut dead = dead(&broker).await;
                let found = next(&mut dead).await;
                assert_eq!(found.message_id, "forged");
                found.settle(Settlement::Ack).await.unwrap();
                // What cannot be read at all goes the same way; what is behind it does not wait.
                let mut garbage = message(city, "garbage", Vec::new());
                garbage.body = (*b"{").into();
                let fine = message(city, "fine", vec![report(id, Status::Accepted, "")]);
                department.publish(&[garbage, fine]).await;
                assert_eq!(next(&mut dead).await.message_id, "garbage");
                eventually("the branch hears of the acceptance", async || {
                    (statuses(city).await.len() == 2).then_some(())
                })
                .await;
                assert_eq!(statuses(city).await, [1, 2]);
                let words: Vec<String> = feed(city, &branch)
                    .await
                    .iter()
                    .map(|e| word(e).to_owned())
                    .collect();
                assert_eq!(words, ["filed", "status-changed", "due-set"]);
            })
            .await;
        })
        .await;
    });
}
