//! An agency with an endpoint of its own: signed messages in order, everything an endpoint can do wrong, and what operators do about it.

mod set_up;

use lienthong::broker::Broker;
use lienthong::delivery::outbound::{LEASE, agencies::CALLS_OF_ONE};
use lienthong::delivery::retry::{self, BREAKS_AFTER};
use lienthong::domain::failure::{Failure, Owner};
use lienthong::domain::ids::{DeliveryId, DossierId};
use lienthong::domain::rejection::Label;
use lienthong::domain::status::Status;
use lienthong::domain::view::{
    DeliveryItem, DeliveryState, DeliveryView, EndpointAnswer, EndpointRequest, RetryRequest,
};
use lienthong::identity::webhook::{WebhookSecret, verify};
use lienthong::net::dev_ca::DevCa;
use lienthong::service::{DeliveryQuery, ServiceError};
use serde_json::Value;

use super::office::report;
use super::{TestVhost, embedded, moving};
use crate::backends::{Stage, eventually, on_both};
use crate::city::{COMMUNE, City, for_the_commune};
use crate::endpoint::{Got, Reaction, Server};

const FINE: Reaction = Reaction::Answers(204, "");

/// The commune says where it is.
async fn set(city: &City, url: &str) -> EndpointAnswer {
    let request = EndpointRequest {
        url: url.to_owned(),
        new_secret: false,
    };
    let agency = city.access(&format!("agency.{COMMUNE}"));
    city.hub.endpoints.set(&agency, request).await.unwrap()
}

/// Files a dossier for the commune.
async fn file(stage: &Stage, city: &City, reference: &str) -> DossierId {
    let branch = city.access("branch.ba-dinh");
    city.file(&branch, &for_the_commune(stage, reference))
        .await
        .tracking_id
}

/// Files it anew with other content, which is a second message about it.
async fn amend(stage: &Stage, city: &City, reference: &str) {
    let mut filing: Value = for_the_commune(stage, reference);
    filing["summary"] = "Hồ sơ thử, sửa".into();
    let branch = city.access("branch.ba-dinh");
    let incoming = crate::city::incoming(&filing, &format!("amend-{reference}"));
    city.hub.intake.submit(&branch, incoming).await.unwrap();
}

async fn deliveries(city: &City, id: DossierId) -> Vec<DeliveryView> {
    let operator = city.access("operator.truc-ban");
    city.hub.dossiers.route(&operator, id).await.unwrap().deliveries
}

/// Waits until the nth message of a dossier stands so; gives it.
async fn stands(city: &City, id: DossierId, n: usize, state: DeliveryState) -> DeliveryView {
    eventually(&format!("message {n} is {state:?}"), async || {
        let all = deliveries(city, id).await;
        all.get(n).filter(|d| d.state == state).cloned()
    })
    .await
}

/// Waits until the nth message of a dossier has failed so often; gives it.
async fn failed(city: &City, id: DossierId, n: usize, attempts: usize) -> DeliveryView {
    eventually("it has failed", async || {
        let all = deliveries(city, id).await;
        let count = |d: &DeliveryView| d.attempts.iter().filter(|a| a.failure.is_some()).count();
        all.get(n)
            .filter(|d| d.failure.is_some() && count(d) == attempts)
            .cloned()
    })
    .await
}

fn references(got: &[Got]) -> Vec<String> {
    got.iter().map(|g| g.about().0).collect()
}

async fn handed_signed_and_answered(stage: &Stage, city: &City, broker: Broker) {
    let server = Server::open(&city.endpoints, |_, _| FINE);
    let answer = set(city, &server.url).await;
    let secret = WebhookSecret::parse(&answer.secret.unwrap()).unwrap();
    assert_eq!(answer.endpoint.set_by.as_str(), format!("agency.{COMMUNE}"));
    moving(city, broker, async || {
        let id = file(stage, city, "r1").await;
        stands(city, id, 0, DeliveryState::Handed).await;
        let got = server.got().remove(0);
        assert_eq!(got.about(), ("r1".to_owned(), "filed".to_owned()));
        let event = got.event();
        assert_eq!(
            (&event["specversion"], &event["subject"]),
            (&"1.0".into(), &id.to_string().into())
        );
        assert_eq!(
            got.header("content-type"),
            "application/cloudevents+json; charset=utf-8"
        );
        assert!(
            got.header("traceparent")
                .contains("0af7651916cd43dd8448eb211c80319c")
        );
        assert_eq!(got.header("webhook-id"), event["id"].as_str().unwrap());
        let (at, signature) = (got.header("webhook-timestamp"), got.header("webhook-signature"));
        let holds = |body: &[u8]| {
            verify(
                &secret,
                got.header("webhook-id"),
                at,
                signature,
                body,
                stage.clock.now(),
            )
        };
        assert!(holds(&got.body) && !holds(b"{}"));

        let agency = city.access(&format!("agency.{COMMUNE}"));
        city.report(&agency, vec![report(id, Status::Accepted, "")]).await;
        stands(city, id, 0, DeliveryState::Acknowledged).await;
    })
    .await;
    assert_eq!((stage.unsent(), stage.audit().findings), (0, vec![]));
}

#[test]
fn handed_over_through_rabbitmq() {
    Stage::postgres().now().play(async |stage| {
        TestVhost::play_pushing(stage, async |city, broker| {
            handed_signed_and_answered(stage, city, broker).await;
        })
        .await;
    });
}

on_both! {
    async fn a_message_is_handed_over_signed(stage) {
        let city = City::pushing(stage).await;
        handed_signed_and_answered(stage, &city, embedded()).await;
    }

    async fn a_dossier_is_told_in_order_and_holds_up_no_other(stage) {
        let city = City::pushing(stage).await;
        let server = Server::open(&city.endpoints, |got, _| {
            if got.about() == ("r1".to_owned(), "filed".to_owned()) {
                Reaction::Answers(500, "")
            } else {
                FINE
            }
        });
        set(&city, &server.url).await;
        moving(&city, embedded(), async || {
            let first = file(stage, &city, "r1").await;
            failed(&city, first, 0, 1).await;
            amend(stage, &city, "r1").await;
            let other = file(stage, &city, "r2").await;
            stands(&city, other, 0, DeliveryState::Handed).await;
            let waiting = stands(&city, first, 1, DeliveryState::Queued).await;
            assert_eq!(waiting.attempts.iter().map(|a| a.outcome.as_str()).collect::<Vec<_>>(), ["confirmed"]);
            server.now(|_, _| FINE);
            stage.later(2);
            stands(&city, first, 1, DeliveryState::Handed).await;
            let words: Vec<String> =
                server.got().iter().map(Got::about).filter(|(r, _)| r == "r1").map(|(_, w)| w).collect();
            assert_eq!(words, ["filed", "filed", "amended"]);
            let ids: Vec<String> = server.got().iter().map(|g| g.header("webhook-id").to_owned()).collect();
            assert_eq!(ids[0], *ids.iter().rev().nth(1).unwrap(), "the same event has the same id");
        })
        .await;
    }

    async fn a_refused_document_is_parked_with_its_owner_and_sent_again_on_the_operators_word(stage) {
        let city = City::pushing(stage).await;
        let server = Server::open(&city.endpoints, |got, _| match got.about().0.as_str() {
            "r1" => Reaction::Answers(422, ""),
            _ => FINE,
        });
        set(&city, &server.url).await;
        moving(&city, embedded(), async || {
            let before = file(stage, &city, "r0").await;
            stands(&city, before, 0, DeliveryState::Handed).await;
            let id = file(stage, &city, "r1").await;
            for attempt in 1..=retry::WRONG.most.unwrap() {
                failed(&city, id, 0, attempt as usize).await;
                // It takes others meanwhile: that is what makes it the document's fault.
                let other = file(stage, &city, &format!("other-{attempt}")).await;
                stands(&city, other, 0, DeliveryState::Handed).await;
                stage.later(20);
            }
            let parked = stands(&city, id, 0, DeliveryState::Parked).await;
            let failure = parked.failure.clone().unwrap();
            assert_eq!((failure.failure, failure.owner), (Failure::DocumentRefused, Owner::Sender));
            assert!(!failure.advice_vi.is_empty() && !failure.advice_en.is_empty());
            assert_eq!(parked.attempts.last().unwrap().reason.as_deref(), Some("422"));

            let operator = city.access("operator.truc-ban");
            let page = city.hub.deliveries.list(&operator, DeliveryQuery { limit: 10, ..DeliveryQuery::default() }).await.unwrap();
            assert_eq!(page.deliveries, [DeliveryItem { tracking_id: id, delivery: parked.clone() }]);
            assert_eq!(page.next, None);

            server.now(|_, _| FINE);
            retried(&city, parked.id, false).await.unwrap();
            let handed = stands(&city, id, 0, DeliveryState::Handed).await;
            let word = handed.attempts.iter().find(|a| a.outcome == "retried").unwrap();
            assert_eq!((word.actor.as_deref(), word.reason.as_deref()), (Some("operator.truc-ban"), Some("đã thống nhất")));
            assert_eq!(handed.failure, None);

            // What the agency has is not sent again by mistake, only on purpose.
            assert_eq!(label(retried(&city, parked.id, false).await), Label::DeliveryHanded);
            let before = server.got().len();
            retried(&city, parked.id, true).await.unwrap();
            eventually("it is sent again", async || (server.got().len() == before + 1).then_some(())).await;
            let got = server.got();
            let about: Vec<&Got> = got.iter().filter(|g| g.about().0 == "r1").collect();
            assert!(about.iter().all(|g| g.header("webhook-id") == about[0].header("webhook-id")));
            stands(&city, id, 0, DeliveryState::Handed).await;
        })
        .await;
    }

    async fn an_endpoint_that_fails_is_spared_and_nothing_is_used_up(stage) {
        let city = City::pushing(stage).await;
        let server = Server::open(&city.endpoints, |_, _| Reaction::Closes);
        set(&city, &server.url).await;
        moving(&city, embedded(), async || {
            let mut ids = Vec::new();
            for n in 0..30 {
                ids.push(file(stage, &city, &format!("r{n:02}")).await);
            }
            let operator = city.access("operator.truc-ban");
            let spared = eventually("the endpoint is spared", async || {
                city.hub.endpoints.list(&operator).await.unwrap().endpoints.remove(0).spared
            })
            .await;
            assert_eq!(spared.failure.failure, Failure::Cut);
            assert!(spared.next_probe > stage.clock.now());
            // As many as were under way, and not one more while it is spared; what says nothing of a message is not counted to it.
            let tried = eventually("what was under way has ended", async || {
                let under_way = stage.number("SELECT count(*) AS n FROM deliveries WHERE leased_until IS NOT NULL");
                (under_way == 0).then(|| stage.number("SELECT count(*) AS n FROM attempts WHERE failure = 'cut'"))
            })
            .await;
            let never_tried = stage.number(
                "SELECT count(*) AS n FROM deliveries WHERE id NOT IN (SELECT delivery FROM attempts WHERE failure = 'cut')",
            );
            assert_eq!(never_tried, 30 - tried);
            assert!((i64::from(BREAKS_AFTER)..=i64::from(BREAKS_AFTER) + CALLS_OF_ONE as i64).contains(&tried), "{tried}");
            server.now(|_, _| FINE);
            stage.later(10);
            for id in ids {
                stands(&city, id, 0, DeliveryState::Handed).await;
            }
            let back = city.hub.endpoints.list(&operator).await.unwrap().endpoints.remove(0);
            assert_eq!(back.spared, None);
        })
        .await;
    }

    async fn an_endpoint_that_refuses_everything_is_spared_and_ends_no_message(stage) {
        let city = City::pushing(stage).await;
        let operator = city.access("operator.truc-ban");
        for (n, status) in [400, 402, 409, 412, 413, 421, 422, 431, 451, 495, 499].into_iter().enumerate() {
            let server = Server::open(&city.endpoints, move |_, _| Reaction::Answers(status, ""));
            set(&city, &server.url).await;
            moving(&city, embedded(), async || {
                let mut ids = Vec::new();
                for dossier in 0..=BREAKS_AFTER {
                    ids.push(file(stage, &city, &format!("r{n}-{dossier}")).await);
                }
                let spared = eventually("the endpoint is spared", async || {
                    city.hub.endpoints.list(&operator).await.unwrap().endpoints.remove(0).spared
                })
                .await;
                assert_eq!(
                    (spared.failure.failure, spared.failure.owner),
                    (Failure::RefusesEverything, Owner::Receiver),
                    "{status}"
                );
                // Half a night long it is asked by one message at a time, and none is given up.
                for _ in 0..4 {
                    let before = server.got().len();
                    // The hours go on while the probe before is still being written down.
                    eventually("it is probed", async || {
                        stage.later(300);
                        (server.got().len() > before).then_some(())
                    })
                    .await;
                }
                let page = city.hub.deliveries.list(&operator, DeliveryQuery { limit: 10, ..DeliveryQuery::default() });
                assert_eq!(page.await.unwrap().deliveries, [], "{status}");
                server.now(|_, _| FINE);
                // The next probe finds it back, and then everything goes at once.
                eventually("it is back", async || {
                    stage.later(60);
                    let stands = city.hub.endpoints.list(&operator).await.unwrap().endpoints.remove(0);
                    stands.spared.is_none().then_some(())
                })
                .await;
                for id in ids {
                    stands(&city, id, 0, DeliveryState::Handed).await;
                }
            })
            .await;
        }
    }

    async fn the_only_message_of_a_quiet_agency_is_not_ended_by_its_proxy(stage) {
        let city = City::pushing(stage).await;
        let server = Server::open(&city.endpoints, |_, _| Reaction::Answers(400, ""));
        set(&city, &server.url).await;
        moving(&city, embedded(), async || {
            let id = file(stage, &city, "r1").await;
            for times in 1..=2 * retry::WRONG.most.unwrap() {
                let told = failed(&city, id, 0, times as usize).await;
                assert_eq!((told.state, told.failure.unwrap().failure), (DeliveryState::Queued, Failure::FormatRefused));
                stage.later(15 * 60);
            }
            server.now(|_, _| FINE);
            stage.later(15 * 60);
            stands(&city, id, 0, DeliveryState::Handed).await;
        })
        .await;
    }

    async fn an_endpoint_that_is_set_anew_is_tried_at_once(stage) {
        let city = City::pushing(stage).await;
        let old = Server::open(&city.endpoints, |_, _| Reaction::Closes);
        set(&city, &old.url).await;
        moving(&city, embedded(), async || {
            let mut ids = Vec::new();
            for n in 0..2 * BREAKS_AFTER {
                ids.push(file(stage, &city, &format!("r{n}")).await);
            }
            let operator = city.access("operator.truc-ban");
            eventually("the endpoint is spared", async || {
                city.hub.endpoints.list(&operator).await.unwrap().endpoints.remove(0).spared
            })
            .await;
            let new = Server::open(&city.endpoints, |_, _| FINE);
            set(&city, &new.url).await;
            for id in ids {
                stands(&city, id, 0, DeliveryState::Handed).await;
            }
            assert_eq!(city.hub.endpoints.list(&operator).await.unwrap().endpoints.remove(0).spared, None);
        })
        .await;
    }

    async fn a_receiver_that_asks_for_time_gets_it(stage) {
        let city = City::pushing(stage).await;
        let server = Server::open(&city.endpoints, |_, n| if n == 0 { Reaction::Answers(429, "retry-after: 60\r\n") } else { FINE });
        set(&city, &server.url).await;
        moving(&city, embedded(), async || {
            let first = file(stage, &city, "r1").await;
            let busy = failed(&city, first, 0, 1).await;
            assert_eq!(busy.failure.unwrap().failure, Failure::Busy);
            assert!(busy.next_try.unwrap() >= stage.clock.now().plus(std::time::Duration::from_secs(60)));
            let second = file(stage, &city, "r2").await;
            stage.later(59);
            eventually("the second has arrived", async || {
                (stage.number("SELECT count(*) AS n FROM deliveries WHERE ready") == 2).then_some(())
            })
            .await;
            assert_eq!(references(&server.got()), ["r1"]);
            stage.later(2);
            stands(&city, second, 0, DeliveryState::Handed).await;
            stands(&city, first, 0, DeliveryState::Handed).await;
        })
        .await;
    }

    async fn what_an_endpoint_does_wrong_is_told_by_its_kind(stage) {
        let city = City::pushing(stage).await;
        let kinds = [
            (Reaction::Answers(302, "location: https://127.0.0.1:1/\r\n"), Failure::Redirected, Owner::Receiver),
            (Reaction::Answers(401, ""), Failure::Denied, Owner::Receiver),
            (Reaction::Answers(404, ""), Failure::NotThere, Owner::Receiver),
            (Reaction::Answers(400, ""), Failure::FormatRefused, Owner::Mapping),
            (Reaction::Answers(500, ""), Failure::Failing, Owner::Receiver),
            (Reaction::Floods(500), Failure::Failing, Owner::Receiver),
            (Reaction::Closes, Failure::Cut, Owner::Receiver),
            (Reaction::Sleeps, Failure::Slow, Owner::Receiver),
        ];
        moving(&city, embedded(), async || {
            for (n, (reaction, failure, owner)) in kinds.into_iter().enumerate() {
                let server = Server::open(&city.endpoints, move |_, _| reaction.clone());
                set(&city, &server.url).await;
                let id = file(stage, &city, &format!("r{n}")).await;
                let told = failed(&city, id, 0, 1).await.failure.unwrap();
                assert_eq!((told.failure, told.owner), (failure, owner));
                server.now(|_, _| FINE);
                stage.later(20);
                stands(&city, id, 0, DeliveryState::Handed).await;
            }
            let server = Server::open(&city.endpoints, |_, _| Reaction::Floods(200));
            set(&city, &server.url).await;
            let id = file(stage, &city, "flood").await;
            stands(&city, id, 0, DeliveryState::Handed).await;
            // A certificate of somebody else's authority: nothing is said to it.
            let stranger = Server::open(&DevCa::create(stage.clock.now()).unwrap(), |_, _| FINE);
            set(&city, &stranger.url).await;
            let id = file(stage, &city, "stranger").await;
            let told = failed(&city, id, 0, 1).await;
            assert_eq!(told.failure.unwrap().failure, Failure::CertificateRefused);
            assert_eq!(stranger.got().len(), 0);
        })
        .await;
    }

    async fn a_call_that_hangs_holds_up_no_other_dossier(stage) {
        let city = City::pushing(stage).await;
        let server = Server::open(&city.endpoints, |got, _| match got.about().0.as_str() {
            "hangs" => Reaction::Sleeps,
            _ => FINE,
        });
        set(&city, &server.url).await;
        moving(&city, embedded(), async || {
            let hanging = file(stage, &city, "hangs").await;
            eventually("the endpoint has it", async || (server.got().len() == 1).then_some(())).await;
            for reference in ["r1", "r2"] {
                let other = file(stage, &city, reference).await;
                stands(&city, other, 0, DeliveryState::Handed).await;
            }
            let still = deliveries(&city, hanging).await.remove(0);
            assert_eq!((still.state, still.failure), (DeliveryState::Queued, None), "its call is not over");
        })
        .await;
    }

    /// The workers end while the endpoint has the message and has not answered: as after a kill, nothing is recorded.
    async fn what_was_not_recorded_goes_again_under_the_same_id(stage) {
        let city = City::pushing(stage).await;
        let server = Server::open(&city.endpoints, |_, _| Reaction::Sleeps);
        set(&city, &server.url).await;
        let id = file(stage, &city, "r1").await;
        moving(&city, embedded(), async || {
            eventually("the endpoint has it", async || (server.got().len() == 1).then_some(())).await;
        })
        .await;
        assert_eq!(stage.number("SELECT count(*) AS n FROM attempts WHERE outcome <> 'confirmed'"), 0);
        server.now(|_, _| FINE);
        stage.later(LEASE.as_secs() + 1);
        moving(&city, embedded(), async || {
            stands(&city, id, 0, DeliveryState::Handed).await;
        })
        .await;
        let ids: Vec<String> = server.got().iter().map(|g| g.header("webhook-id").to_owned()).collect();
        assert_eq!((ids.len(), &ids[0]), (2, &ids[1]));
    }
}

async fn retried(city: &City, id: DeliveryId, again: bool) -> Result<DeliveryItem, ServiceError> {
    let request = RetryRequest {
        reason: "đã thống nhất".to_owned(),
        again,
    };
    let operator = city.access("operator.truc-ban");
    city.hub.deliveries.retry(&operator, id, request).await
}

fn label<T>(outcome: Result<T, ServiceError>) -> Label {
    match outcome {
        Err(ServiceError::Rejected(rejection)) => rejection.label(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was taken"),
    }
}
