//! What both brokers promise: one body per test, run on both.

use std::collections::{BTreeMap, HashSet};

use lienthong::broker::topology::QueueLimits;
use lienthong::broker::{
    Acknowledgement, BrokerError, MAX_BODY, PublishOutcome, Source, Target, Topology, settle_all,
};

use crate::stage::{Stage, envelope, take};

/// Every test once per broker: `contract::embedded::name`, `contract::rabbit::name`.
macro_rules! contract {
    ($($(#[doc = $doc:literal])* async fn $name:ident($stage:ident: Stage, $limits:expr) $body:block)*) => {
        $($(#[doc = $doc])* async fn $name($stage: Stage) $body)*
        mod embedded {
            use super::*;
            $(#[test] fn $name() { crate::stage::embedded(crate::stage::PATIENCE, &$limits, super::$name) })*
        }
        mod rabbit {
            use super::*;
            $(#[test] fn $name() { crate::stage::rabbit(&$limits, super::$name) })*
        }
    };
}

contract! {
    async fn what_is_published_arrives_whole_and_is_confirmed(stage: Stage, QueueLimits::default()) {
        let sent = stage.envelope("evt_1");
        let mut consumer = stage.consumer(1).await;
        let publish = stage.publish(vec![sent.clone()]);
        let got = take(&mut consumer).await;
        assert_eq!((&got.message_id, &got.kind, &got.content_type), (&sent.message_id, &sent.kind, &sent.content_type));
        assert_eq!(got.headers, sent.headers);
        assert_eq!((&got.body, got.redelivered), (&sent.body, false));
        assert_eq!(got.agency(), Some(stage.agency.clone()));
        got.settle(Acknowledgement::Ack).await.unwrap();
        assert_eq!(publish.await.unwrap(), [PublishOutcome::Confirmed]);
        assert_eq!(stage.drain(&mut consumer).await, [""; 0], "acknowledged, it never comes again");
    }

    async fn a_queue_keeps_its_order(stage: Stage, QueueLimits::default()) {
        let batch = (0..300).map(|n| stage.envelope(n)).collect();
        let publish = stage.publish(batch);
        let mut consumer = stage.consumer(7).await;
        for n in 0..300 {
            let got = take(&mut consumer).await;
            assert_eq!(got.message_id, n.to_string());
            got.settle(Acknowledgement::Ack).await.unwrap();
        }
        assert_eq!(publish.await.unwrap(), vec![PublishOutcome::Confirmed; 300]);
    }

    async fn prefetch_bounds_what_is_in_hand(stage: Stage, QueueLimits::default()) {
        let publish = stage.publish((0..3).map(|n| stage.envelope(n)).collect());
        let mut one = stage.consumer(2).await;
        let (a, b) = (take(&mut one).await, take(&mut one).await);
        let mut two = stage.consumer(2).await;
        let c = take(&mut two).await;
        assert_eq!([&*a.message_id, &*b.message_id, &*c.message_id], ["0", "1", "2"]);
        settle_all(vec![(a, Acknowledgement::Ack), (b, Acknowledgement::Ack), (c, Acknowledgement::Ack)]).await.unwrap();
        assert_eq!(publish.await.unwrap(), vec![PublishOutcome::Confirmed; 3]);
    }

    async fn a_retry_comes_again_marked(stage: Stage, QueueLimits::default()) {
        let mut consumer = stage.consumer(1).await;
        let publish = stage.publish(vec![stage.envelope("evt_1")]);
        let first = take(&mut consumer).await;
        assert!(!first.redelivered);
        first.settle(Acknowledgement::Retry).await.unwrap();
        let second = take(&mut consumer).await;
        assert_eq!((&*second.message_id, second.redelivered), ("evt_1", true));
        second.settle(Acknowledgement::Ack).await.unwrap();
        assert_eq!(publish.await.unwrap(), [PublishOutcome::Confirmed]);
    }

    /// RabbitMQ keeps it among the dead letters; the embedded broker leaves it with its sender.
    async fn what_is_dead_never_comes_again(stage: Stage, QueueLimits::default()) {
        let mut consumer = stage.consumer(1).await;
        let publish = stage.publish(vec![stage.envelope("evt_1")]);
        take(&mut consumer).await.settle(Acknowledgement::Dead("cannot be rendered".to_owned())).await.unwrap();
        let outcome = publish.await.unwrap().remove(0);
        if stage.rabbit.is_some() {
            assert_eq!(outcome, PublishOutcome::Confirmed);
            let mut dead = stage.broker.consume(&Source::DeadLetters, 1).await.unwrap();
            let letter = take(&mut dead).await;
            assert_eq!((&*letter.message_id, letter.agency()), ("evt_1", Some(stage.agency.clone())));
            letter.settle(Acknowledgement::Ack).await.unwrap();
        } else {
            assert_eq!(outcome, PublishOutcome::Refused("cannot be rendered".to_owned()));
        }
        assert_eq!(stage.drain(&mut consumer).await, [""; 0]);
    }

    /// Limit 3: handed out once and three times again, then no more. It is not lost: dead letter, or refusal.
    async fn a_message_that_is_always_returned_ends_at_the_limit(stage: Stage, QueueLimits { returns: 3, ..QueueLimits::default() }) {
        let mut consumer = stage.consumer(1).await;
        let publish = stage.publish(vec![stage.envelope("evt_1")]);
        for redelivered in [false, true, true, true] {
            let got = take(&mut consumer).await;
            assert_eq!((&*got.message_id, got.redelivered), ("evt_1", redelivered));
            got.settle(Acknowledgement::Retry).await.unwrap();
        }
        let outcome = publish.await.unwrap().remove(0);
        if stage.rabbit.is_some() {
            assert_eq!(outcome, PublishOutcome::Confirmed);
            let mut dead = stage.broker.consume(&Source::DeadLetters, 1).await.unwrap();
            assert_eq!(take(&mut dead).await.message_id, "evt_1");
        } else {
            assert_eq!(outcome, PublishOutcome::Refused("delivery limit reached".to_owned()));
        }
        assert_eq!(stage.drain(&mut consumer).await, [""; 0]);
    }

    /// A submitter's queue lives beside those of the agencies, and goes when it is empty and nobody reads it.
    async fn a_submitters_queue_is_removed_when_it_is_drained(stage: Stage, QueueLimits::default()) {
        let tenant: lienthong::domain::tenant::TenantKey = format!("branch.{}", stage.agency).parse().unwrap();
        stage.broker.declare(&Topology::for_agencies([]).with_tenants([&tenant])).await.unwrap();
        let to = Target::Tenant(tenant.clone());
        let publish = stage.publish(vec![envelope(to.clone(), "evt_1")]);
        let mut consumer = stage.broker.consume(&Source::Tenant(tenant.clone()), 1).await.unwrap();
        let got = take(&mut consumer).await;
        assert_eq!((got.message_id.as_str(), got.routing_key.as_str()), ("evt_1", to.routing_key().as_str()));
        assert!(!stage.broker.remove_drained(&tenant).await.unwrap(), "it is in somebody's hands");
        got.settle(Acknowledgement::Ack).await.unwrap();
        assert_eq!(publish.await.unwrap(), [PublishOutcome::Confirmed]);
        assert!(!stage.broker.remove_drained(&tenant).await.unwrap(), "somebody reads it");
        drop(consumer);
        crate::stage::removed(&stage.broker, &tenant).await;
        assert!(stage.broker.remove_drained(&tenant).await.unwrap(), "what is gone is gone");
        assert_eq!(stage.publish(vec![envelope(to, "evt_2")]).await.unwrap(), [PublishOutcome::Unroutable]);
    }

    /// The others of the batch are not harmed, and each answer stands at the place of its message.
    async fn what_no_queue_takes_is_unroutable(stage: Stage, QueueLimits::default()) {
        let nobody = Target::Agency("no-such-agency".parse().unwrap());
        let batch: Vec<_> = (0..2000)
            .map(|n| if n % 3 == 1 { envelope(nobody.clone(), n) } else { stage.envelope(n) })
            .collect();
        let expected: Vec<_> = (0..2000)
            .map(|n| if n % 3 == 1 { PublishOutcome::Unroutable } else { PublishOutcome::Confirmed })
            .collect();
        let publish = stage.publish(batch);
        let mut consumer = stage.consumer(0).await;
        for _ in expected.iter().filter(|outcome| **outcome == PublishOutcome::Confirmed) {
            take(&mut consumer).await.settle(Acknowledgement::Ack).await.unwrap();
        }
        assert_eq!(publish.await.unwrap(), expected);
    }

    async fn a_queue_that_does_not_exist_cannot_be_consumed(stage: Stage, QueueLimits::default()) {
        let source = Source::Agency("no-such-agency".parse().unwrap());
        let error = stage.broker.consume(&source, 1).await.unwrap_err();
        assert!(matches!(error, BrokerError::Refused { .. }), "{error}");
        stage.broker.ready().await.unwrap();
    }

    async fn a_thousand_in_windows_are_confirmed_once_each(stage: Stage, QueueLimits::default()) {
        let publish = stage.publish((0..1000).map(|n| stage.envelope(n)).collect());
        let mut consumer = stage.consumer(100).await;
        let mut seen = HashSet::new();
        let mut hand = Vec::new();
        while seen.len() < 1000 {
            let got = take(&mut consumer).await;
            assert!(!got.redelivered && seen.insert(got.message_id.clone()), "{} came twice", got.message_id);
            hand.push((got, Acknowledgement::Ack));
            if hand.len() == 20 {
                settle_all(std::mem::take(&mut hand)).await.unwrap();
            }
        }
        assert_eq!(publish.await.unwrap(), vec![PublishOutcome::Confirmed; 1000]);
        assert_eq!(stage.drain(&mut consumer).await, [""; 0]);
    }

    async fn many_publishers_at_once(stage: Stage, QueueLimits::default()) {
        let publishers: Vec<_> = (0..8)
            .map(|p| stage.publish((0..50).map(|n| stage.envelope(p * 50 + n)).collect()))
            .collect();
        let mut consumer = stage.consumer(50).await;
        let mut seen = HashSet::new();
        while seen.len() < 400 {
            let got = take(&mut consumer).await;
            assert!(seen.insert(got.message_id.clone()));
            got.settle(Acknowledgement::Ack).await.unwrap();
        }
        for publisher in publishers {
            assert_eq!(publisher.await.unwrap(), vec![PublishOutcome::Confirmed; 50]);
        }
    }

    async fn a_dropped_consumer_gives_back_what_it_held(stage: Stage, QueueLimits::default()) {
        let publish = stage.publish((0..3).map(|n| stage.envelope(n)).collect());
        let mut first = stage.consumer(3).await;
        let held = [take(&mut first).await, take(&mut first).await, take(&mut first).await];
        drop(first);
        let mut second = stage.consumer(3).await;
        let mut again = BTreeMap::new();
        while again.len() < 3 {
            let got = take(&mut second).await;
            assert!(got.redelivered);
            again.insert(got.message_id.clone(), got);
        }
        for late in held {
            assert_eq!(late.settle(Acknowledgement::Ack).await, Err(BrokerError::Gone));
        }
        settle_all(again.into_values().map(|got| (got, Acknowledgement::Ack)).collect()).await.unwrap();
        assert_eq!(publish.await.unwrap(), vec![PublishOutcome::Confirmed; 3]);
        assert_eq!(stage.drain(&mut second).await, [""; 0]);
    }

    async fn a_dropped_delivery_comes_again(stage: Stage, QueueLimits::default()) {
        let publish = stage.publish(vec![stage.envelope("evt_1")]);
        let mut consumer = stage.consumer(1).await;
        drop(take(&mut consumer).await);
        let again = take(&mut consumer).await;
        assert_eq!((&*again.message_id, again.redelivered), ("evt_1", true));
        again.settle(Acknowledgement::Ack).await.unwrap();
        assert_eq!(publish.await.unwrap(), [PublishOutcome::Confirmed]);
    }

    async fn two_consumers_share(stage: Stage, QueueLimits::default()) {
        let (mut one, mut two) = (stage.consumer(1).await, stage.consumer(1).await);
        let publish = stage.publish((0..2).map(|n| stage.envelope(n)).collect());
        // Each holds one and has room for no more, so the other's comes from nowhere else.
        let (a, b) = (take(&mut one).await, take(&mut two).await);
        let ids = HashSet::from([a.message_id.clone(), b.message_id.clone()]);
        assert_eq!(ids, HashSet::from(["0".to_owned(), "1".to_owned()]));
        settle_all(vec![(a, Acknowledgement::Ack), (b, Acknowledgement::Ack)]).await.unwrap();
        assert_eq!(publish.await.unwrap(), vec![PublishOutcome::Confirmed; 2]);
    }

    /// An acknowledgement of many never covers one that somebody else still holds.
    async fn settling_many_leaves_the_others_alone(stage: Stage, QueueLimits::default()) {
        let publish = stage.publish((0..5).map(|n| stage.envelope(n)).collect());
        let mut consumer = stage.consumer(5).await;
        let mut hand = Vec::new();
        for _ in 0..5 {
            hand.push(take(&mut consumer).await);
        }
        let kept = hand.remove(2);
        let retried = hand.remove(2);
        let mut settled: Vec<_> = hand.into_iter().map(|got| (got, Acknowledgement::Ack)).collect();
        settled.push((retried, Acknowledgement::Retry));
        settle_all(settled).await.unwrap();
        let again = take(&mut consumer).await;
        assert_eq!(again.message_id, "3");
        again.settle(Acknowledgement::Ack).await.unwrap();
        kept.settle(Acknowledgement::Retry).await.unwrap();
        let again = take(&mut consumer).await;
        assert_eq!((&*again.message_id, again.redelivered), ("2", true));
        again.settle(Acknowledgement::Ack).await.unwrap();
        assert_eq!(publish.await.unwrap(), vec![PublishOutcome::Confirmed; 5]);
    }

    async fn what_cannot_be_carried_is_refused_alone(stage: Stage, QueueLimits::default()) {
        let mut batch = vec![stage.envelope("a"), stage.envelope("b"), stage.envelope(""), stage.envelope("x".repeat(256))];
        batch[0].body = vec![b' '; MAX_BODY].into();
        batch[1].body = vec![b' '; MAX_BODY + 1].into();
        let publish = stage.publish(batch);
        let mut consumer = stage.consumer(1).await;
        let got = take(&mut consumer).await;
        assert_eq!(got.body.len(), MAX_BODY);
        got.settle(Acknowledgement::Ack).await.unwrap();
        let outcomes = publish.await.unwrap();
        assert_eq!(outcomes[0], PublishOutcome::Confirmed);
        for outcome in &outcomes[1..] {
            assert!(matches!(outcome, PublishOutcome::Refused(_)), "{outcome:?}");
        }
    }

    async fn a_full_queue_refuses_and_takes_again_when_emptied(stage: Stage, QueueLimits { messages: 5, ..QueueLimits::default() }) {
        // RabbitMQ stops a little after the limit, so both are filled one by one until they say no.
        let mut waiting = Vec::new();
        for n in 0.. {
            assert!(n < 100, "the limit does not limit");
            let mut publish = stage.publish(vec![stage.envelope(n)]);
            let refused = match &stage.rabbit {
                Some(_) => (&mut publish).await.unwrap() != [PublishOutcome::Confirmed],
                None if n < 5 => false,
                None => {
                    assert_eq!((&mut publish).await.unwrap(), [PublishOutcome::Refused("queue full".to_owned())]);
                    true
                }
            };
            if refused {
                break;
            }
            waiting.push(publish);
            tokio::task::yield_now().await;
            if let lienthong::broker::Broker::Embedded(embedded) = &stage.broker {
                while embedded.depths()[&stage.source().queue()] < waiting.len() {
                    tokio::task::yield_now().await;
                }
            }
        }
        let mut consumer = stage.consumer(1).await;
        for _ in 0..waiting.len() {
            take(&mut consumer).await.settle(Acknowledgement::Ack).await.unwrap();
        }
        loop {
            let publish = stage.publish(vec![stage.envelope("again")]);
            let room = tokio::select! {
                outcome = publish => outcome.unwrap() == [PublishOutcome::Confirmed],
                got = consumer.next() => {
                    got.unwrap().settle(Acknowledgement::Ack).await.unwrap();
                    true
                }
            };
            if room {
                break;
            }
        }
    }

    async fn declaring_again_changes_nothing(stage: Stage, QueueLimits::default()) {
        let publish = stage.publish(vec![stage.envelope("evt_1")]);
        stage.broker.declare(&stage.topology).await.unwrap();
        let mut consumer = stage.consumer(1).await;
        take(&mut consumer).await.settle(Acknowledgement::Ack).await.unwrap();
        assert_eq!(publish.await.unwrap(), [PublishOutcome::Confirmed]);
    }

    async fn an_empty_batch_has_no_outcomes(stage: Stage, QueueLimits::default()) {
        assert_eq!(stage.broker.publish(&[]).await, []);
    }
}

mod embedded_alone {
    use std::time::Duration;

    use super::*;
    use crate::stage::embedded;

    #[test]
    fn a_queue_nobody_consumes_gives_the_message_back() {
        embedded(Duration::ZERO, &QueueLimits::default(), async |stage: Stage| {
            let refused = [
                PublishOutcome::Refused("no consumer".to_owned()),
                PublishOutcome::Refused("no consumer".to_owned()),
            ];
            let outcomes = stage
                .broker
                .publish(&[stage.envelope("a"), stage.envelope("b")])
                .await;
            assert_eq!(outcomes, refused);
            let mut consumer = stage.consumer(1).await;
            assert_eq!(stage.drain(&mut consumer).await, [""; 0], "withdrawn");
        });
    }

    #[test]
    fn so_does_one_whose_consumer_left() {
        embedded(Duration::ZERO, &QueueLimits::default(), async |stage: Stage| {
            let mut consumer = stage.consumer(1).await;
            let publish = stage.publish(vec![stage.envelope("a")]);
            let held = take(&mut consumer).await;
            drop(consumer);
            assert_eq!(
                publish.await.unwrap(),
                [PublishOutcome::Refused("no consumer".to_owned())]
            );
            assert_eq!(held.settle(Acknowledgement::Ack).await, Err(BrokerError::Gone));
        });
    }

    #[test]
    fn a_publisher_that_goes_takes_back_what_nobody_took() {
        embedded(
            crate::stage::PATIENCE,
            &QueueLimits::default(),
            async |stage: Stage| {
                let mut consumer = stage.consumer(1).await;
                let publish = stage.publish(vec![stage.envelope("a"), stage.envelope("b")]);
                let taken = take(&mut consumer).await;
                publish.abort();
                assert!(publish.await.unwrap_err().is_cancelled());
                taken.settle(Acknowledgement::Ack).await.unwrap();
                assert_eq!(stage.drain(&mut consumer).await, [""; 0]);
            },
        );
    }
}
