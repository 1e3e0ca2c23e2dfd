//! An agency with a queue of its own on RabbitMQ: it takes messages and publishes statuses without a call to the hub.

use lienthong::broker::{
    Acknowledgement, Broker, Consumer, Delivery, Envelope, PublishOutcome, Source, Target,
};
use lienthong::delivery::missing;
use lienthong::domain::failure::Failure;
use lienthong::domain::rejection::Label;
use lienthong::domain::status::Status;
use lienthong::domain::view::{AgencyData, DeliveryState, ResendRequest, StatusReport, StatusRequest};
use lienthong::service::RefusalQuery;

use super::office::{feed, report};
use super::{TestVhost, moving, word};
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

/// The labels by which reports from the department's queue were refused, as it reads them itself, oldest first.
async fn refused(city: &City) -> Vec<(String, Vec<u8>)> {
    let department = city.access(&format!("agency.{}", city.department));
    let query = RefusalQuery {
        limit: 50,
        ..RefusalQuery::default()
    };
    let page = city.hub.refusals.list(&department, query).await.unwrap();
    let mut refused = Vec::new();
    for refusal in page.refusals.into_iter().rev() {
        let (_, bytes) = city.hub.refusals.bytes(&department, refusal.id).await.unwrap();
        refused.push((refusal.label.to_string(), bytes));
    }
    refused
}

/// What waits in the queue of dead letters.
async fn letters(broker: &Broker) -> u64 {
    broker
        .level(&Source::DeadLetters)
        .await
        .unwrap()
        .unwrap()
        .messages
}

/// Takes so many messages out of the department's queue for good, and gives the references they are about.
async fn drain(broker: &Broker, city: &City, messages: usize) -> Vec<String> {
    let source = Source::Agency(city.department.clone());
    // A queue that was taken away is there again when the hub has looked.
    let mut queue = eventually("the queue is there", async || {
        broker.consume(&source, 0).await.ok()
    })
    .await;
    let mut references = Vec::new();
    for _ in 0..messages {
        let got = next(&mut queue).await;
        let data: AgencyData = serde_json::from_slice(&got.body).unwrap();
        references.push(data.document.value()["reference"].as_str().unwrap().to_owned());
        got.settle(Acknowledgement::Ack).await.unwrap();
    }
    references
}

/// Waits until the department's queue holds so many messages and everything is written down.
async fn lies(stage: &Stage, city: &City, broker: &Broker, messages: u64) {
    let source = Source::Agency(city.department.clone());
    eventually("the queue holds what it must", async || {
        let level = broker.level(&source).await.unwrap().unwrap_or_default();
        // What found no queue goes again when its time has come.
        stage.later(u64::from(stage.unsent() > 0));
        (level.messages == messages && stage.unsent() == 0).then_some(())
    })
    .await;
}

async fn resend(city: &City) -> (i64, i64, i64) {
    let operator = city.access("operator.truc-ban");
    let request = ResendRequest {
        reason: "RabbitMQ mất hàng đợi".to_owned(),
        agency: Some(city.department.clone()),
    };
    let answer = city.hub.deliveries.resend(&operator, request).await.unwrap();
    let of = &answer.agencies[0];
    (of.unsettled, of.in_queue, of.resent)
}

fn numbered(from: usize, to: usize) -> Vec<String> {
    (from..to).map(|n| format!("r{n:02}")).collect()
}

#[test]
fn it_takes_from_its_queue_and_reports_into_the_hub() {
    Stage::postgres().now().play(async |stage| {
        TestVhost::play(stage, async |vhost, city, broker| {
            let branch = city.access("branch.ba-dinh");
            moving(city, broker, async || {
                let department = vhost.department(city).await;
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
                    (data.tracking_id, &data.document.value()["reference"]),
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
                got.settle(Acknowledgement::Ack).await.unwrap();

                // Once the confirm is written down, an answer acknowledges the message.
                eventually("the message is queued", async || {
                    let operator = city.access("operator.truc-ban");
                    let route = city.hub.dossiers.route(&operator, id).await.unwrap();
                    (route.deliveries[0].state == DeliveryState::Queued).then_some(())
                })
                .await;
                let accepted = message(city, "st-1", vec![report(id, Status::Accepted, "")]);
                let finished = message(city, "st-2", vec![report(id, Status::Finished, "")]);
                assert_eq!(
                    department.publish(&[accepted, finished]).await,
                    [PublishOutcome::Confirmed, PublishOutcome::Confirmed]
                );
                eventually("the branch hears of the result", async || {
                    (statuses(city).await.len() == 3).then_some(())
                })
                .await;
                assert_eq!(statuses(city).await, [1, 2, 9]);
                let route = city.hub.dossiers.route(&branch, id).await.unwrap();
                assert_eq!(route.deliveries[0].state, DeliveryState::Acknowledged);
            })
            .await;
            assert_eq!((stage.unsent(), stage.audit().findings), (0, vec![]));
        })
        .await;
    });
}

#[test]
fn a_report_that_is_refused_is_its_agencys_to_read_and_no_dead_letter() {
    Stage::postgres().now().play(async |stage| {
        TestVhost::play(stage, async |vhost, city, broker| {
            let branch = city.access("branch.ba-dinh");
            moving(city, broker.clone(), async || {
                let department = vhost.department(city).await;
                let id = city
                    .file(&branch, &for_the_department(stage, "r1"))
                    .await
                    .tracking_id;
                // The hub's own user writes in the department's name: RabbitMQ lets it, and does not vouch for it.
                let forged = message(city, "forged", vec![report(id, Status::Refused, "giả mạo")]);
                assert_eq!(
                    broker.publish(std::slice::from_ref(&forged)).await,
                    [PublishOutcome::Confirmed]
                );
                // What cannot be read at all goes the same way; what is behind it does not wait.
                let mut garbage = message(city, "garbage", Vec::new());
                garbage.body = (*b"{").into();
                // As RabbitMQ hands on what an AMQP 1.0 client sent as a sequence, and as text.
                let mut sequence = message(city, "sequence", Vec::new());
                (sequence.kind, sequence.body) = ("amqp-1.0".to_owned(), [0x00, 0x53, 0x76, 0x45].into());
                let mut text = message(city, "text", vec![report(id, Status::Accepted, "")]);
                let length = u32::try_from(text.body.len()).unwrap().to_be_bytes();
                text.kind = "amqp-1.0".to_owned();
                text.body = [&[0x00, 0x53, 0x77, 0xb1][..], &length, &text.body]
                    .concat()
                    .into();
                department.publish(&[garbage, sequence, text]).await;
                eventually("the branch hears of the acceptance", async || {
                    (statuses(city).await.len() == 2).then_some(())
                })
                .await;
                assert_eq!(statuses(city).await, [1, 2]);
                let kept = eventually("all three are kept", async || {
                    let kept = refused(city).await;
                    (kept.len() == 3).then_some(kept)
                })
                .await;
                let mut labels: Vec<&str> = kept.iter().map(|(label, _)| label.as_str()).collect();
                labels.sort_unstable();
                assert_eq!(labels, ["body-unreadable", "sender-unvouched", "syntax-invalid"]);
                let by = |label: &str| kept.iter().find(|(l, _)| l == label).unwrap().1.clone();
                assert_eq!(by("sender-unvouched"), *forged.body);
                assert_eq!(by("syntax-invalid"), b"{");
                assert_eq!(letters(&broker).await, 0);
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

#[test]
fn what_an_agency_sends_back_is_parked_and_the_dead_letters_stay_empty() {
    Stage::postgres().now().play(async |stage| {
        TestVhost::play(stage, async |vhost, city, broker| {
            let (branch, operator) = (city.access("branch.ba-dinh"), city.access("operator.truc-ban"));
            moving(city, broker.clone(), async || {
                let department = vhost.department(city).await;
                let id = city
                    .file(&branch, &for_the_department(stage, "r1"))
                    .await
                    .tracking_id;
                lies(stage, city, &broker, 1).await;
                let source = Source::Agency(city.department.clone());
                let mut queue = department.consume(&source, 1).await.unwrap();
                let got = next(&mut queue).await;
                got.settle(Acknowledgement::Dead("cannot read it".to_owned()))
                    .await
                    .unwrap();
                let delivery = eventually("it is parked", async || {
                    let route = city.hub.dossiers.route(&operator, id).await.unwrap();
                    let delivery = route.deliveries.into_iter().next().unwrap();
                    (delivery.state == DeliveryState::Parked).then_some(delivery)
                })
                .await;
                assert_eq!(delivery.failure.unwrap().failure, Failure::SentBack);
                let end = delivery.attempts.iter().find(|a| a.outcome == "parked").unwrap();
                assert_eq!(end.reason.as_deref(), Some("rejected"));
                // A letter nobody sent is kept as well: a full queue of letters would hold up everybody.
                let mut astray = message(city, "astray", Vec::new());
                astray.to = Target::Agency(city.department.clone());
                astray.expires = Some(std::time::Duration::ZERO);
                drop(queue);
                assert_eq!(broker.publish(&[astray]).await, [PublishOutcome::Confirmed]);
                eventually("it is kept for the operator", async || {
                    let query = RefusalQuery {
                        limit: 50,
                        ..RefusalQuery::default()
                    };
                    let page = city.hub.refusals.list(&operator, query).await.unwrap();
                    page.refusals
                        .iter()
                        .any(|r| r.label == Label::MessageAstray)
                        .then_some(())
                })
                .await;
                eventually("the letters are taken out", async || {
                    (letters(&broker).await == 0).then_some(())
                })
                .await;
            })
            .await;
        })
        .await;
    });
}

#[test]
fn what_a_broker_has_lost_is_sent_again_in_order_and_what_is_there_is_not_doubled() {
    Stage::postgres().play(async |stage| {
        TestVhost::play(stage, async |vhost, city, broker| {
            let branch = city.access("branch.ba-dinh");
            let file = async |from: usize, to: usize| {
                for reference in numbered(from, to) {
                    stage.later(1);
                    city.file(&branch, &for_the_department(stage, &reference)).await;
                }
            };
            moving(city, broker.clone(), async || {
                file(0, 8).await;
                lies(stage, city, &broker, 8).await;
                stage.later(1);
                assert_eq!(resend(city).await, (8, 8, 0), "nothing is lost");
                // Three are taken by nobody the hub knows of; more come behind.
                assert_eq!(drain(&broker, city, 3).await, numbered(0, 3));
                file(8, 10).await;
                lies(stage, city, &broker, 7).await;
                stage.later(1);
                assert_eq!(resend(city).await, (10, 7, 3));
                lies(stage, city, &broker, 10).await;
                stage.later(1);
                let again = drain(&broker, city, 10).await;
                assert_eq!(again, [numbered(3, 10), numbered(0, 3)].concat());
                // The queue itself is gone: the hub makes it anew, and sends what it held.
                let name = Source::Agency(city.department.clone()).queue();
                vhost.admin.queue_delete(&name).await.unwrap();
                assert_eq!(resend(city).await, (10, 0, 10));
                lies(stage, city, &broker, 10).await;
                assert_eq!(drain(&broker, city, 10).await, numbered(0, 10));
            })
            .await;
            // Nobody says anything: without an answer they go by themselves, at the first look after their time. It is a day, and
            // twice as long each time they were sent again.
            stage.later(4 * missing::UNANSWERED.as_secs() + 1);
            // In that time each dossier has passed a limit, which its agency is told as well.
            moving(city, broker.clone(), async || {
                lies(stage, city, &broker, 20).await;
            })
            .await;
            let resent = "SELECT count(*) AS n FROM attempts WHERE outcome = 'resent' AND actor IS NULL";
            assert_eq!(stage.number(resent), 10);
            assert_eq!(stage.audit().findings, vec![]);
        })
        .await;
    });
}

/// A hub is stopped a thousand times in its life: what it has accepted by then is on its way, and not in hand until a lease ends.
#[test]
fn a_hub_that_is_told_to_stop_leaves_nothing_in_hand() {
    Stage::postgres().now().play(async |stage| {
        TestVhost::play(stage, async |_, city, broker| {
            let branch = city.access("branch.ba-dinh");
            let again = broker.clone();
            moving(city, broker, async || {
                let filed = (0..20).map(async |n| {
                    let filing = for_the_department(stage, &format!("HS-{n}"));
                    city.submit(&branch, &filing).await.unwrap();
                });
                futures_util::future::join_all(filed).await;
            })
            .await;
            let in_hand = "deliveries WHERE send_leased_until IS NOT NULL AND send_at IS NOT NULL";
            assert_eq!(
                (stage.rows(in_hand), stage.unsent(), stage.rows("deliveries")),
                (0, 0, 20)
            );
            // What lay in the outbox before it began goes too.
            for n in 20..23 {
                let filing = for_the_department(stage, &format!("HS-{n}"));
                city.submit(&branch, &filing).await.unwrap();
            }
            assert_eq!(stage.unsent(), 3);
            moving(city, again, async || {}).await;
            assert_eq!((stage.rows(in_hand), stage.unsent()), (0, 0));
        })
        .await;
    });
}
