//! Events to a submitter's webhook: complete, signed, in order; and everything a receiver may do instead of taking them.

use lienthong::domain::rejection::Label;
use lienthong::domain::status::Status;
use lienthong::domain::view::{
    NoticeOutcome, NoticeRetryRequest, SubscriptionRequest, SubscriptionState, Transport,
};
use lienthong::net::dev_ca::DevCa;
use lienthong::service::{SECRET_OVERLAP, ServiceError, TEST_TYPE};
use lienthong::sim::receiver::ReceiverResponse;

use super::hooks::{
    Does, Hook, as_time_goes_by, complete_and_in_order, drained, event, failures, left, says,
};
use super::office::{feed, report};
use super::{embedded, moving};
use crate::backends::{Stage, eventually, on_both};
use crate::city::{COMMUNE, City, for_the_commune};

fn label<T: std::fmt::Debug>(outcome: Result<T, ServiceError>) -> Label {
    match outcome {
        Err(ServiceError::Rejected(rejection)) => rejection.label(),
        other => panic!("{other:?}"),
    }
}

on_both! {
    async fn everything_reaches_the_webhook_signed_and_in_order(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        let agency = city.access(&format!("agency.{COMMUNE}"));
        // Before the subscription; it begins with the whole feed.
        city.file(&branch, &for_the_commune(stage, "before")).await;
        let hook = Hook::open(&city, |_, _| says(204)).await;
        let secret = hook.subscribe(&city, &branch, Some(lienthong::domain::view::Cursor::START)).await.unwrap();
        assert_eq!(hook.subscribe(&city, &branch, None).await, None, "it is shown once");
        moving(&city, embedded(), async || {
            for n in 0..12 {
                let id = city.file(&branch, &for_the_commune(stage, &format!("r{n}"))).await.tracking_id;
                let steps = [Status::Accepted, Status::Processing, Status::Finished];
                city.report(&agency, steps.map(|s| report(id, s, "")).to_vec()).await;
            }
            drained(&city, &branch).await;
        }).await;
        let feed = feed(&city, &branch).await;
        let asked = hook.asked();
        assert_eq!((asked.len(), feed.len()), (61, 61));
        complete_and_in_order(&asked, &feed);
        assert!(asked.iter().all(|a| a.path == "/hook" && a.is_signed(&secret, stage.clock.now())));
        assert_eq!(failures(&city, &branch).await, vec!["-"; 61]);
    }

    async fn an_enterprise_hears_of_its_agents_and_an_agent_of_itself(stage) {
        let city = City::open(stage).await;
        let (one, two) = (city.access("agent.a-001"), city.access("agent.a-002"));
        let enterprise = city.access("enterprise.buu-chinh-mau-a");
        let (whole, own) = (Hook::open(&city, |_, _| says(200)).await, Hook::open(&city, |_, _| says(200)).await);
        whole.subscribe(&city, &enterprise, None).await.unwrap();
        own.subscribe(&city, &one, None).await.unwrap();
        moving(&city, embedded(), async || {
            for access in [&one, &two] {
                let mut filing = for_the_commune(stage, &format!("r-{}", access.key().key()));
                filing["assisted_by_agent"] = true.into();
                city.file(access, &filing).await;
            }
            whole.asked_times(2).await;
            drained(&city, &enterprise).await;
            drained(&city, &one).await;
        }).await;
        complete_and_in_order(&whole.asked(), &feed(&city, &enterprise).await);
        complete_and_in_order(&own.asked(), &feed(&city, &one).await);
        assert_eq!((whole.asked().len(), own.asked().len()), (2, 1));
    }

    async fn two_secrets_sign_while_one_is_replaced(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        let hook = Hook::open(&city, |_, _| says(204)).await;
        assert_eq!(label(city.hub.subscriptions.rotate_secret(&branch).await), Label::SubscriptionMissing);
        let old = hook.subscribe(&city, &branch, None).await.unwrap();
        let answer = city.hub.subscriptions.rotate_secret(&branch).await.unwrap();
        assert_eq!(answer.older_until.since(stage.clock.now()), SECRET_OVERLAP);
        moving(&city, embedded(), async || {
            city.file(&branch, &for_the_commune(stage, "r1")).await;
            let asked = hook.asked_times(1).await;
            assert!([&old, &answer.secret].iter().all(|s| asked[0].is_signed(s, stage.clock.now())));
            drained(&city, &branch).await;
            stage.clock.advance(SECRET_OVERLAP);
            let branch = city.access("branch.ba-dinh");
            city.file(&branch, &for_the_commune(stage, "r2")).await;
            let asked = hook.asked_times(2).await;
            let signed = [&old, &answer.secret].map(|s| asked[1].is_signed(s, stage.clock.now()));
            assert_eq!(signed, [false, true]);
        }).await;
    }

    async fn a_failing_receiver_gets_everything_later_and_no_dossier_out_of_order(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        let agency = city.access(&format!("agency.{COMMUNE}"));
        let hook = Hook::open(&city, |nth, _| match nth {
            0 => says(500),
            1 => Does::HangsUp,
            2 => Does::Says(ReceiverResponse { status: 429, headers: vec![("retry-after", "7".to_owned())] }),
            _ => says(200),
        }).await;
        hook.subscribe(&city, &branch, None).await;
        moving(&city, embedded(), async || {
            let id = city.file(&branch, &for_the_commune(stage, "r1")).await.tracking_id;
            city.report(&agency, vec![report(id, Status::Accepted, "")]).await;
            as_time_goes_by(stage, "all arrive", async || (hook.asked().len() == 6).then_some(())).await;
            drained(&city, &branch).await;
        }).await;
        let asked = hook.asked();
        let ids: Vec<String> = asked.iter().map(|a| event(a).id).collect();
        assert!(ids[..4].iter().all(|id| *id == ids[0]) && ids[4] != ids[0], "{ids:?}");
        let times: Vec<i64> = asked.iter().map(|a| a.header("webhook-timestamp").parse().unwrap()).collect();
        assert!(times[3] - times[2] >= 7, "it asked for seven seconds: {times:?}");
        assert_eq!(failures(&city, &branch).await, ["-", "-", "-", "busy", "cut", "failing"]);
        complete_and_in_order(&asked, &feed(&city, &branch).await);
    }

    async fn a_refused_event_is_parked_with_its_reason_and_sent_again_when_somebody_says_so(stage) {
        let city = City::open(stage).await;
        let (branch, operator) = (city.access("branch.ba-dinh"), city.access("operator.truc-ban"));
        let agency = city.access(&format!("agency.{COMMUNE}"));
        let refusing = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
        let says_no = std::sync::Arc::clone(&refusing);
        let hook = Hook::open(&city, move |_, asked| {
            let no = event(asked).data.reference == "r1" && says_no.load(std::sync::atomic::Ordering::SeqCst);
            says(if no { 422 } else { 200 })
        }).await;
        hook.subscribe(&city, &branch, None).await;
        let webhook = async || city.hub.subscriptions.show(&branch).await.unwrap().webhook.unwrap();
        moving(&city, embedded(), async || {
            city.file(&branch, &for_the_commune(stage, "r0")).await;
            hook.asked_times(1).await;
            let id = city.file(&branch, &for_the_commune(stage, "r1")).await.tracking_id;
            let of = |reference: &str| hook.asked().iter().filter(|a| event(a).data.reference == reference).count();
            for n in 1..=3 {
                as_time_goes_by(stage, "it is refused", async || (of("r1") == n).then_some(())).await;
                // It takes others meanwhile: that is what makes it the event's fault.
                let other = format!("other-{n}");
                city.file(&branch, &for_the_commune(stage, &other)).await;
                eventually("the other is taken", async || (of(&other) == 1).then_some(())).await;
            }
            as_time_goes_by(stage, "it is given up", async || (webhook().await.parked == 1).then_some(())).await;
            city.report(&agency, vec![report(id, Status::Accepted, "")]).await;
            city.file(&branch, &for_the_commune(stage, "r2")).await;
            drained(&city, &branch).await;
            let stands = webhook().await;
            assert_eq!((stands.parked, stands.held, stands.waiting), (1, 2, 0), "r2 went past it");
            let page = city.hub.subscriptions.own_notice_attempts(&branch, Some(Transport::Webhook), None, 200).await.unwrap();
            let given_up = page.attempts.iter().find(|a| a.outcome == NoticeOutcome::Parked).unwrap();
            assert_eq!((given_up.tracking_id, given_up.number, given_up.reason.as_deref()), (Some(id), 3, Some("HTTP 422")));
            assert!(given_up.owner.is_some() && given_up.vi.is_some() && given_up.en.is_some());
            let theirs = city.hub.subscriptions.notice_attempts_of(&operator, branch.key(), None, 200).await.unwrap();
            assert_eq!(theirs.attempts, page.attempts);

            assert_eq!(city.hub.subscriptions.retry_own_notices(&city.access("branch.ha-dong"), Transport::Webhook).await.unwrap().retried, 0);
            refusing.store(false, std::sync::atomic::Ordering::SeqCst);
            let asks = |reason: &str| NoticeRetryRequest {
                tenant: branch.key().clone(),
                way: Transport::Webhook,
                reason: reason.to_owned(),
            };
            assert_eq!(label(city.hub.subscriptions.retry_notices_of(&operator, asks(" ")).await), Label::TextEmpty);
            assert_eq!(label(city.hub.subscriptions.retry_notices_of(&branch, asks("đã sửa")).await), Label::PermissionMissing);
            assert_eq!(city.hub.subscriptions.retry_notices_of(&operator, asks("đã sửa")).await.unwrap().retried, 1);
            let audited = stage.texts("SELECT action || ' ' || subject AS t FROM audit WHERE action = 'notices-retried'");
            assert_eq!(audited, ["notices-retried branch.ba-dinh"]);
            drained(&city, &branch).await;
            assert_eq!((webhook().await.parked, webhook().await.held), (0, 0));
        }).await;
        let asked: Vec<_> = hook.asked();
        let ids: std::collections::BTreeSet<String> = asked.iter().map(|a| event(a).id).collect();
        assert_eq!(ids.len(), feed(&city, &branch).await.len());
    }

    async fn a_webhook_that_refuses_everything_ends_no_event_and_another_address_begins_afresh(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        let webhook = async || city.hub.subscriptions.show(&branch).await.unwrap().webhook.unwrap();
        for (n, status) in [400, 402, 412, 421, 431, 451, 495, 499].into_iter().enumerate() {
            let takes = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
            let is_back = std::sync::Arc::clone(&takes);
            let hook = Hook::open(&city, move |_, _| {
                says(if is_back.load(std::sync::atomic::Ordering::SeqCst) { 204 } else { status })
            }).await;
            hook.subscribe(&city, &branch, None).await;
            moving(&city, embedded(), async || {
                for dossier in 0..8 {
                    city.file(&branch, &for_the_commune(stage, &format!("r{n}-{dossier}"))).await;
                }
                for _ in 0..4 {
                    let before = hook.asked().len();
                    // The hours go on while the probe before is still being written down.
                    eventually("it is probed", async || {
                        stage.later(300);
                        (hook.asked().len() > before).then_some(())
                    })
                    .await;
                }
                let stands = webhook().await;
                // The eight, and what became due for the unit that receives while the hours went by.
                assert_eq!((stands.parked, stands.held), (0, 0), "{status}");
                assert!(stands.waiting >= 8, "{status}: {stands:?}");
                eventually("it is known that it refuses everything", async || {
                    stage.later(60);
                    let told = failures(&city, &branch).await;
                    told.contains(&"refuses-everything".to_owned()).then_some(())
                })
                .await;
                if n % 2 == 0 {
                    takes.store(true, std::sync::atomic::Ordering::SeqCst);
                    // The next probe finds it back, and then everything goes at once.
                    eventually("nothing waits", async || {
                        stage.later(60);
                        (webhook().await.waiting == 0).then_some(())
                    })
                    .await;
                } else {
                    // What was known of the old address ends with it: nothing waits for a probe.
                    let new = Hook::open(&city, |_, _| says(204)).await;
                    new.subscribe(&city, &branch, None).await;
                    drained(&city, &branch).await;
                    assert!(new.asked().len() >= 8);
                }
            }).await;
        }
    }

    async fn a_call_that_hangs_holds_up_no_other_event(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        let hook = Hook::open(&city, |_, asked| match event(asked).data.reference.as_str() {
            "hangs" => Does::Sleeps,
            _ => says(204),
        }).await;
        hook.subscribe(&city, &branch, None).await;
        moving(&city, embedded(), async || {
            city.file(&branch, &for_the_commune(stage, "hangs")).await;
            hook.asked_times(1).await;
            for n in 0..20 {
                city.file(&branch, &for_the_commune(stage, &format!("r{n}"))).await;
            }
            eventually("the others are settled while it hangs", async || {
                left(&city, &branch, 1).await
            }).await;
        }).await;
        assert_eq!(failures(&city, &branch).await.iter().filter(|f| *f == "-").count(), 20);
    }

    async fn a_receiver_that_is_gone_is_left_alone_until_it_is_set_up_again(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        let gone = Hook::open(&city, |_, _| says(410)).await;
        gone.subscribe(&city, &branch, None).await;
        moving(&city, embedded(), async || {
            city.file(&branch, &for_the_commune(stage, "r1")).await;
            eventually("it is disabled", async || {
                let webhook = city.hub.subscriptions.show(&branch).await.unwrap().webhook.unwrap();
                (webhook.state == SubscriptionState::Disabled && webhook.reason.as_deref() == Some("receiver-gone")).then_some(())
            }).await;
            city.file(&branch, &for_the_commune(stage, "r2")).await;
            assert_eq!(label(city.hub.subscriptions.test(&branch, Transport::Webhook).await), Label::SubscriptionMissing);
            let back = Hook::open(&city, |_, _| says(200)).await;
            assert_eq!(back.subscribe(&city, &branch, None).await, None, "its secret is the same");
            back.asked_times(2).await;
            drained(&city, &branch).await;
            complete_and_in_order(&back.asked(), &feed(&city, &branch).await);
        }).await;
        assert_eq!(gone.asked().len(), 1);
    }

    async fn a_hub_that_dies_between_sending_and_recording_sends_again_with_the_same_id(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        let hook = Hook::open(&city, |nth, _| if nth == 0 { Does::Sleeps } else { says(204) }).await;
        hook.subscribe(&city, &branch, None).await;
        city.file(&branch, &for_the_commune(stage, "r1")).await;
        moving(&city, embedded(), async || { hook.asked_times(1).await; }).await;
        moving(&city, embedded(), async || {
            // The lease of the dead one holds for its time.
            let again = as_time_goes_by(stage, "it is sent again", async || hook.asked().get(1).cloned()).await;
            assert_eq!(event(&again).id, event(&hook.asked()[0]).id);
            drained(&city, &branch).await;
        }).await;
        assert_eq!(hook.asked().len(), 2);
        assert_eq!(failures(&city, &branch).await, ["-"], "of the first nobody knows");
    }
}

/// Each case once; the store plays no part in it.
#[test]
fn what_is_no_webhook_is_not_spoken_to() {
    Stage::sqlite().play(async |stage| {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        let elsewhere = Hook::open(&city, |_, _| says(200)).await;
        let location = elsewhere.url();
        let redirecting = Hook::open(&city, move |_, _| {
            Does::Says(ReceiverResponse {
                status: 307,
                headers: vec![("location", location.clone())],
            })
        })
        .await;
        let slow = Hook::open(&city, |_, _| Does::Sleeps).await;
        let private = format!("https://127.0.0.1:{}/hook", elsewhere.port);
        let unnamed = format!("https://[::1]:{}/hook", elsewhere.port);
        let stranger = DevCa::create("2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
        let strange = Hook::under(&stranger, |_, _| says(200)).await;
        for (url, failure) in [
            (redirecting.url(), "redirected"),
            (slow.url(), "slow"),
            (private, "address-forbidden"),
            (unnamed, "address-forbidden"),
            (strange.url(), "certificate-refused"),
            ("https://localhost:1/".to_owned(), "unreachable"),
        ] {
            let request = SubscriptionRequest {
                way: Transport::Webhook,
                url: Some(url.clone()),
                from: None,
            };
            city.hub.subscriptions.subscribe(&branch, request).await.unwrap();
            stage.later(1);
            let test = city
                .hub
                .subscriptions
                .test(&branch, Transport::Webhook)
                .await
                .unwrap();
            moving(&city, embedded(), async || {
                eventually("it is tried", async || {
                    let page = city
                        .hub
                        .subscriptions
                        .own_notice_attempts(&branch, None, None, 1)
                        .await
                        .unwrap();
                    let tried = page.attempts.into_iter().find(|a| a.event == test.event)?;
                    assert_eq!(
                        tried.failure.map(|f| f.word()),
                        Some(failure),
                        "{url}: {:?}",
                        tried.reason
                    );
                    Some(())
                })
                .await;
            })
            .await;
        }
        assert!(elsewhere.asked().is_empty() && strange.asked().is_empty());
    });
}

#[test]
fn a_test_event_goes_the_whole_way() {
    Stage::sqlite().play(async |stage| {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        let hook = Hook::open(&city, |_, _| says(200)).await;
        assert_eq!(
            label(city.hub.subscriptions.test(&branch, Transport::Webhook).await),
            Label::SubscriptionMissing
        );
        let secret = hook.subscribe(&city, &branch, None).await.unwrap();
        let test = city
            .hub
            .subscriptions
            .test(&branch, Transport::Webhook)
            .await
            .unwrap();
        moving(&city, embedded(), async || {
            let asked = hook.asked_times(1).await;
            let sent: serde_json::Value = serde_json::from_slice(&asked[0].body).unwrap();
            assert_eq!(
                (sent["id"].as_str(), sent["type"].as_str()),
                (Some(test.event.to_string().as_str()), Some(TEST_TYPE))
            );
            assert!(asked[0].is_signed(&secret, stage.clock.now()));
            drained(&city, &branch).await;
        })
        .await;
    });
}

#[test]
fn what_cannot_be_subscribed_to_is_refused_with_what_to_do() {
    Stage::sqlite().play(async |stage| {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        let ask = async |way, url: Option<&str>, from| {
            let request = SubscriptionRequest {
                way,
                url: url.map(str::to_owned),
                from,
            };
            label(city.hub.subscriptions.subscribe(&branch, request).await)
        };
        assert_eq!(
            ask(Transport::Webhook, Some("http://hook.example.vn/"), None).await,
            Label::WebhookUrlRefused
        );
        assert_eq!(ask(Transport::Webhook, None, None).await, Label::FieldMissing);
        assert_eq!(
            ask(Transport::Queue, Some("https://hook.example.vn/"), None).await,
            Label::FieldUnknown
        );
        let agency = city.access(&format!("agency.{COMMUNE}"));
        assert_eq!(
            label(city.hub.subscriptions.show(&agency).await),
            Label::PermissionMissing
        );
        assert_eq!(
            label(
                city.hub
                    .subscriptions
                    .unsubscribe(&branch, Transport::Webhook)
                    .await
            ),
            Label::SubscriptionMissing
        );
    });
}
