//! Figures of the broker, not verdicts: `cargo bench --bench broker`, with `LIENTHONG_TEST_AMQP` and `LIENTHONG_TEST_AMQP_ADMIN` set
//! (`tests/run services` starts a private RabbitMQ and prints them).

#[path = "../broker/stage.rs"]
#[expect(
    dead_code,
    reason = "the stage of the broker's tests; a measurement needs a part of it"
)]
mod stage;

use std::time::Instant;

use lienthong::broker::topology::{QueueLimits, QueueReader};
use lienthong::broker::{Acknowledgement, Envelope, PublishOutcome, Topology, settle_all};

use stage::{Stage, rabbit, take};

fn main() {
    // `cargo test --all-targets` starts it too, and has no figures to ask for.
    if std::env::args().any(|argument| argument == "--bench") {
        measure_declaring_the_whole_city();
        measure_publishing_and_consuming();
    }
}

fn measure_declaring_the_whole_city() {
    rabbit(&QueueLimits::default(), async |stage: Stage| {
        let agencies = (0..145).map(|n| (format!("{}-{n}", stage.agency).parse().unwrap(), QueueReader::Hub));
        let city = Topology::for_agencies(agencies);
        for time in ["first", "second"] {
            let start = Instant::now();
            stage.broker.declare(&city).await.unwrap();
            println!("declaring 145 agencies, {time} time: {:?}", start.elapsed());
        }
    });
}

fn measure_publishing_and_consuming() {
    rabbit(&QueueLimits::default(), async |stage: Stage| {
        const MESSAGES: usize = 20_000;
        let batch = |from: usize, n: usize| -> Vec<Envelope> {
            let body: std::sync::Arc<[u8]> = vec![b'x'; 2048].into();
            (from..from + n)
                .map(|n| Envelope {
                    body: body.clone(),
                    ..stage.envelope(n)
                })
                .collect()
        };
        for size in [1, 16, 256, MESSAGES] {
            let n = if size == 1 { 1000 } else { MESSAGES };
            let batches: Vec<_> = (0..n / size).map(|b| batch(b * size, size)).collect();
            let start = Instant::now();
            for batch in &batches {
                assert!(
                    stage
                        .broker
                        .publish(batch)
                        .await
                        .iter()
                        .all(|outcome| *outcome == PublishOutcome::Confirmed)
                );
            }
            let rate = (batches.len() * size) as f64 / start.elapsed().as_secs_f64();
            println!("publish, batches of {size}: {rate:.0} messages per second");

            let mut consumer = stage.consumer(200).await;
            let start = Instant::now();
            for _ in 0..batches.len() * size / 20 {
                let mut hand = Vec::with_capacity(20);
                for _ in 0..20 {
                    hand.push((take(&mut consumer).await, Acknowledgement::Ack));
                }
                settle_all(hand).await.unwrap();
            }
            let rate = (batches.len() * size) as f64 / start.elapsed().as_secs_f64();
            println!("consume, acknowledged by 20: {rate:.0} messages per second");
            drop(consumer);
            let mut rest = stage.consumer(200).await;
            assert_eq!(stage.drain(&mut rest).await.len(), (batches.len() * size) % 20);
        }
    });
}
