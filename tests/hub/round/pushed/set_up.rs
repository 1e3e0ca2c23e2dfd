//! Where an agency is pushed to: how that is set and changed, and what operators do about what is under way.

use lienthong::domain::failure::Failure;
use lienthong::domain::rejection::Label;
use lienthong::domain::view::{DeliveryState, EndpointRequest, ParkRequest};
use lienthong::identity::Access;
use lienthong::identity::webhook::{WebhookSecret, verify};

use super::{FINE, deliveries, file, label, retried, set, stands};
use crate::backends::on_both;
use crate::city::{COMMUNE, City, NEIGHBOUR};
use crate::endpoint::{Got, Server};
use crate::round::{embedded, moving};

on_both! {
    async fn where_an_agency_is_pushed_to_is_judged_at_the_door(stage) {
        let city = City::pushing(stage).await;
        let agency = city.access(&format!("agency.{COMMUNE}"));
        let asked = async |access: &Access, url: &str| {
            let request = EndpointRequest { url: url.to_owned(), new_secret: false };
            city.hub.endpoints.set(access, request).await
        };
        for url in ["https://10.0.0.1/", "https://[::1]:8443/", "https://2130706433/"] {
            assert_eq!(label(asked(&agency, url).await), Label::EndpointForbidden, "{url}");
        }
        for url in ["http://hook.example.vn/", "https://a:b@hook.example.vn/", "hook"] {
            assert_eq!(label(asked(&agency, url).await), Label::CodeMalformed, "{url}");
        }
        let neighbour = city.access(&format!("agency.{NEIGHBOUR}"));
        assert_eq!(label(asked(&neighbour, "https://hook.example.vn/").await), Label::NotPushed);
        let branch = city.access("branch.ba-dinh");
        assert_eq!(label(asked(&branch, "https://hook.example.vn/").await), Label::PermissionMissing);
        assert_eq!(label(city.hub.endpoints.show(&agency)), Label::NotFound);
        let answer = asked(&agency, "https://hook.example.vn/").await.unwrap();
        assert_eq!(city.hub.endpoints.show(&agency).unwrap(), answer.endpoint);
        assert_eq!(label(city.hub.endpoints.show(&neighbour)), Label::NotFound);
        // Without an endpoint it pulls.
        assert_eq!(city.hub.endpoints.remove(&agency).await.unwrap(), answer.endpoint);
        assert_eq!(label(city.hub.endpoints.remove(&agency).await), Label::NotFound);
        moving(&city, embedded(), async || {
            file(stage, &city, "r1").await;
            let page = city.hub.messages.inbox(&agency, 1, std::time::Duration::from_secs(20)).await.unwrap();
            assert_eq!(page.messages.len(), 1);
        })
        .await;
    }

    async fn what_was_just_set_is_not_taken_back_by_who_read_before(stage) {
        let city = City::pushing(stage).await;
        let agency = city.access(&format!("agency.{COMMUNE}"));
        // Every hub takes up what the database has every few seconds, and at each change of its own.
        let read_again = futures_util::future::join_all((0..4).map(async |_| {
            for _ in 0..60 {
                city.hub.refresher.refresh().await.unwrap();
            }
        }));
        let set_and_removed = async {
            for _ in 0..20 {
                set(&city, "https://hook.example.vn/").await;
                city.hub.endpoints.remove(&agency).await.unwrap();
            }
        };
        futures_util::join!(read_again, set_and_removed);
    }

    async fn an_operator_parks_what_is_under_way_and_nobody_else_does(stage) {
        let city = City::pushing(stage).await;
        let id = file(stage, &city, "r1").await;
        let delivery = deliveries(&city, id).await.remove(0).id;
        let operator = city.access("operator.truc-ban");
        let request = |reason: &str| ParkRequest { reason: reason.to_owned() };
        for tenant in ["branch.ba-dinh", "agent.a-001", "enterprise.buu-chinh-mau-a", "agency.ubnd-00004"] {
            let refused = city.hub.deliveries.park(&city.access(tenant), delivery, request("x")).await;
            assert_eq!(label(refused), Label::PermissionMissing, "{tenant}");
        }
        assert_eq!(label(city.hub.deliveries.park(&operator, delivery, request(" ")).await), Label::TextEmpty);
        let long = "x".repeat(1001);
        assert_eq!(label(city.hub.deliveries.park(&operator, delivery, request(&long)).await), Label::TextLength);
        let absent = "dlv_0190b1a0000070008000000000000001".parse().unwrap();
        assert_eq!(label(city.hub.deliveries.park(&operator, absent, request("x")).await), Label::NotFound);
        assert_eq!(label(retried(&city, delivery, true).await), Label::DeliveryUnderWay);
        let parked = city.hub.deliveries.park(&operator, delivery, request("chờ thống nhất")).await.unwrap();
        assert_eq!(parked.delivery.state, DeliveryState::Parked);
        assert_eq!(parked.delivery.failure.unwrap().failure, Failure::HeldByOperator);
        assert_eq!(stage.unsent(), 0);
        let server = Server::open(&city.endpoints, |_, _| FINE);
        set(&city, &server.url).await;
        retried(&city, delivery, false).await.unwrap();
        moving(&city, embedded(), async || {
            let handed = stands(&city, id, 0, DeliveryState::Handed).await;
            let words: Vec<&str> = handed.attempts.iter().map(|a| a.outcome.as_str()).collect();
            assert_eq!(words.len(), 4);
            assert!(["parked", "retried", "confirmed", "handed"].iter().all(|w| words.contains(w)), "{words:?}");
        })
        .await;
    }

    async fn a_new_secret_signs_beside_the_old_one_for_a_day(stage) {
        let city = City::pushing(stage).await;
        let server = Server::open(&city.endpoints, |_, _| FINE);
        let old = WebhookSecret::parse(&set(&city, &server.url).await.secret.unwrap()).unwrap();
        assert_eq!(set(&city, &server.url).await.secret, None, "it is shown once");
        let agency = city.access(&format!("agency.{COMMUNE}"));
        let request = EndpointRequest { url: server.url.clone(), new_secret: true };
        let answer = city.hub.endpoints.set(&agency, request).await.unwrap();
        assert!(answer.endpoint.older_secret_until.is_some());
        let new = WebhookSecret::parse(&answer.secret.unwrap()).unwrap();
        let holds = |got: &Got, secret| {
            let [id, at, signature] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|h| got.header(h));
            verify(secret, id, at, signature, &got.body, stage.clock.now())
        };
        moving(&city, embedded(), async || {
            let id = file(stage, &city, "r1").await;
            stands(&city, id, 0, DeliveryState::Handed).await;
            assert!(holds(&server.got()[0], &old) && holds(&server.got()[0], &new));
            stage.later(24 * 3600);
            let id = file(stage, &city, "r2").await;
            stands(&city, id, 0, DeliveryState::Handed).await;
            assert!(!holds(&server.got()[1], &old) && holds(&server.got()[1], &new));
        })
        .await;
    }
}
