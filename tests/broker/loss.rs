//! RabbitMQ goes away: silent, closed, never there. What was under way is refused at once, and the next call connects again.

use std::time::Duration;

use lienthong::broker::rabbit::Options;
use lienthong::broker::topology::QueueLimits;
use lienthong::broker::{Acknowledgement, BrokerError, PublishOutcome, Rabbit, Target};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::stage::{Stage, envelope, rabbit, take};

/// The broker holds the line but says nothing: the network swallows, or the machine is stopped.
#[test]
fn a_silent_broker_is_a_refusal_and_is_left_for_a_new_connection() {
    rabbit(&QueueLimits::default(), async |stage: Stage| {
        let props = stage.rabbit.clone().unwrap();
        let proxy = Proxy::before(&props.url).await;
        let options = Options {
            patience: Duration::from_millis(500),
            ..Options::default()
        };
        let broker = Rabbit::new(&proxy.url, options).unwrap();
        assert_eq!(
            broker.publish(&[stage.envelope("a")]).await,
            [PublishOutcome::Confirmed]
        );
        proxy.swallow.send_replace(true);
        let outcomes = broker.publish(&[stage.envelope("b"), stage.envelope("c")]).await;
        let unanswered = |outcome: &PublishOutcome| matches!(outcome, PublishOutcome::Refused(why) if why.starts_with("connection") && why.contains("no answer"));
        assert!(
            outcomes.len() == 2 && outcomes.iter().all(unanswered),
            "{outcomes:?}"
        );
        // What was swallowed stays swallowed; only a new connection gets through.
        proxy.swallow.send_replace(false);
        loop {
            let outcomes = broker.publish(&[stage.envelope("d")]).await;
            if outcomes == [PublishOutcome::Confirmed] {
                break;
            }
            assert!(outcomes.iter().all(unanswered), "{outcomes:?}");
        }
    });
}

/// Stands before RabbitMQ and passes bytes on, or swallows them for the rest of that connection.
struct Proxy {
    url: String,
    swallow: watch::Sender<bool>,
}

impl Proxy {
    async fn before(url: &str) -> Self {
        let mut url = reqwest::Url::parse(url).unwrap();
        let behind = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let (swallow, swallowing) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(&behind).await.unwrap();
                let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
                tokio::spawn(pass(near_in, far_out, swallowing.clone()));
                tokio::spawn(pass(far_in, near_out, swallowing.clone()));
            }
        });
        Proxy {
            url: url.to_string(),
            swallow,
        }
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, swallowing: watch::Receiver<bool>) {
    let mut buffer = vec![0; 1 << 16];
    let mut swallow = false;
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        swallow |= *swallowing.borrow();
        if !swallow && to.write_all(&buffer[..n]).await.is_err() {
            break;
        }
    }
}

#[test]
fn a_closed_connection_ends_consumers_and_publishing_recovers() {
    rabbit(&QueueLimits::default(), async |stage: Stage| {
        let props = stage.rabbit.clone().unwrap();
        assert_eq!(
            stage.broker.publish(&[stage.envelope("evt_1")]).await,
            [PublishOutcome::Confirmed]
        );
        let mut consumer = stage.consumer(1).await;
        let held = take(&mut consumer).await;
        // The list of connections lags behind; until both are closed, consumers live.
        let mut closed = 0;
        while closed < 2 {
            closed += props.admin.connections_close().await.unwrap();
        }
        assert!(consumer.next().await.is_none());
        assert_eq!(held.settle(Acknowledgement::Ack).await, Err(BrokerError::Gone));
        let mut refusals = Vec::new();
        loop {
            match stage.broker.publish(&[stage.envelope("evt_2")]).await.remove(0) {
                PublishOutcome::Confirmed => break,
                PublishOutcome::Refused(reason) => refusals.push(reason),
                PublishOutcome::Unroutable => panic!("unroutable"),
            }
            assert!(refusals.len() < 10, "{refusals:?}");
        }
        assert!(
            refusals.iter().all(|reason| reason.starts_with("connection")),
            "{refusals:?}"
        );
        let mut consumer = stage.consumer(2).await;
        let (again, new) = (take(&mut consumer).await, take(&mut consumer).await);
        assert_eq!((&*again.message_id, again.redelivered), ("evt_1", true));
        assert_eq!((&*new.message_id, new.redelivered), ("evt_2", false));
    });
}

#[test]
fn a_broker_that_is_not_there_is_a_refusal_of_all() {
    // Taken and not accepted on: connecting fails in its own way, not by a refused port.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let broker = Rabbit::new(&format!("amqp://a:b@127.0.0.1:{port}/x"), Default::default()).unwrap();
        assert_eq!(
            format!("{broker:?}"),
            format!("Rabbit(127.0.0.1:{port}, vhost x)"),
            "no password"
        );
        let target = Target::Agency("so-tu-phap".parse().unwrap());
        for _ in 0..3 {
            let outcomes = broker
                .publish(&[envelope(target.clone(), 1), envelope(target.clone(), 2)])
                .await;
            let down =
                |outcome: &PublishOutcome| matches!(outcome, PublishOutcome::Refused(why) if why.starts_with("connection"));
            assert!(outcomes.len() == 2 && outcomes.iter().all(down), "{outcomes:?}");
        }
    });
}
