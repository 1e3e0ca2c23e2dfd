//! What RabbitMQ does without the hub: publisher confirms on one queue, as fast as they come.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use lapin::BasicProperties;
use lapin::options::{BasicPublishOptions, QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Confirmation, PublisherConfirm};

use super::Rabbit;
use super::options::{PATIENCE, within};
use crate::broker::BrokerError;

/// The queue, which is there only while it is measured.
const QUEUE: &str = "raw.confirms";

impl Rabbit {
    /// Publishes persistent messages to one durable quorum queue, at most `window` of them unconfirmed, for so long; how many were
    /// confirmed, and in which time. Nobody consumes. Bodies are taken in turn; the queue is deleted afterwards, and a broker that
    /// was asked in vain for a while is an error.
    ///
    /// # Errors
    /// [`BrokerError`]; a refused message too.
    pub async fn raw_confirms(
        &self,
        bodies: &[Vec<u8>],
        window: usize,
        time: Duration,
    ) -> Result<(u64, Duration), BrokerError> {
        let channel = self.publisher().await?;
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
        let options = QueueDeclareOptions {
            durable: true,
            ..Default::default()
        };
        let declare = channel.queue_declare(QUEUE.into(), options, arguments);
        within(PATIENCE, "declaring a queue", declare).await?;
        let properties = BasicProperties::default().with_delivery_mode(2);
        let mut flying: VecDeque<PublisherConfirm> = VecDeque::with_capacity(window);
        let (mut confirmed, mut bodies) = (0, bodies.iter().cycle());
        let begun = Instant::now();
        while begun.elapsed() < time {
            if flying.len() >= window.max(1) {
                confirmed += landed(&mut flying).await?;
            }
            let Some(body) = bodies.next() else { break };
            let publish = channel.basic_publish(
                "".into(),
                QUEUE.into(),
                BasicPublishOptions::default(),
                body,
                properties.clone(),
            );
            flying.push_back(within(PATIENCE, "publishing", publish).await?);
        }
        while !flying.is_empty() {
            confirmed += landed(&mut flying).await?;
        }
        let took = begun.elapsed();
        let delete = channel.queue_delete(QUEUE.into(), QueueDeleteOptions::default());
        within(PATIENCE, "deleting a queue", delete).await?;
        Ok((confirmed, took))
    }
}

/// Waits for the confirm of the oldest.
async fn landed(flying: &mut VecDeque<PublisherConfirm>) -> Result<u64, BrokerError> {
    let Some(confirm) = flying.pop_front() else {
        return Ok(0);
    };
    match within(PATIENCE, "waiting for a confirm", confirm).await? {
        Confirmation::Ack(_) => Ok(1),
        _ => Err(BrokerError::Refused {
            what: "a message of a measurement".to_owned(),
            reason: "not confirmed".to_owned(),
        }),
    }
}
