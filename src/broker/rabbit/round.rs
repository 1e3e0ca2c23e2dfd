//! Publishing: one batch on its way, and what became of each message.

use std::collections::{HashSet, VecDeque};

use lapin::options::BasicPublishOptions;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Confirmation, PublisherConfirm};

use super::options::{Options, within};
use crate::broker::{BrokerError, Envelope, PublishOutcome};

/// One batch on its way.
pub(super) struct Round<'a> {
    channel: &'a Channel,
    batch: &'a [Envelope],
    options: &'a Options,
    flying: VecDeque<(usize, PublisherConfirm)>,
    outcomes: Vec<Option<PublishOutcome>>,
    /// Exchange, routing key and message id of what came back. lapin pairs a returned message with whichever confirm comes
    /// next, which need not be its own, so the pairing is made here, by what the returned message says of itself.
    returned: HashSet<(String, String, String)>,
}

impl<'a> Round<'a> {
    pub(super) fn new(channel: &'a Channel, batch: &'a [Envelope], options: &'a Options) -> Self {
        Round {
            channel,
            batch,
            options,
            flying: VecDeque::new(),
            outcomes: vec![None; batch.len()],
            returned: HashSet::new(),
        }
    }

    pub(super) async fn run(&mut self, user: Option<&ShortString>) -> Result<(), BrokerError> {
        for (i, envelope) in self.batch.iter().enumerate() {
            if let Some(reason) = envelope.unfit() {
                self.outcomes[i] = Some(PublishOutcome::Refused(reason));
                continue;
            }
            if self.flying.len() >= self.options.window.max(1) {
                self.land().await?;
            }
            let publish = self.channel.basic_publish(
                envelope.to.exchange().into(),
                envelope.to.routing_key().into(),
                BasicPublishOptions {
                    mandatory: true,
                    immediate: false,
                },
                &envelope.body,
                properties(envelope, user),
            );
            let confirm = within(self.options.patience, "publishing", publish).await?;
            self.flying.push_back((i, confirm));
        }
        while !self.flying.is_empty() {
            self.land().await?;
        }
        Ok(())
    }

    /// Waits for the confirm of the oldest.
    async fn land(&mut self) -> Result<(), BrokerError> {
        let Some((i, confirm)) = self.flying.pop_front() else {
            return Ok(());
        };
        let confirmation = within(self.options.patience, "waiting for a confirm", confirm).await?;
        self.outcomes[i] = Some(match &confirmation {
            Confirmation::Ack(_) => PublishOutcome::Confirmed,
            Confirmation::Nack(_) => {
                PublishOutcome::Refused("the queue is full, or its majority is away".to_owned())
            }
            Confirmation::NotRequested => PublishOutcome::Refused("the channel does not confirm".to_owned()),
        });
        if let Some(message) = confirmation.take_message() {
            let id = message
                .delivery
                .properties
                .message_id()
                .as_ref()
                .map(ShortString::to_string);
            self.returned.insert((
                message.delivery.exchange.to_string(),
                message.delivery.routing_key.to_string(),
                id.unwrap_or_default(),
            ));
        }
        Ok(())
    }

    /// What is unanswered when a round broke off is refused; what was answered before that stands.
    pub(super) fn outcomes(&mut self, result: &Result<(), BrokerError>) -> Vec<PublishOutcome> {
        let broken = result
            .as_ref()
            .err()
            .map(BrokerError::to_string)
            .unwrap_or_default();
        let envelopes = self.batch.iter();
        let outcomes = std::mem::take(&mut self.outcomes).into_iter().zip(envelopes);
        let returned = &self.returned;
        outcomes
            .map(|(outcome, envelope)| match outcome {
                Some(PublishOutcome::Confirmed) if !returned.is_empty() => {
                    let to = &envelope.to;
                    let name = (
                        to.exchange().to_owned(),
                        to.routing_key(),
                        envelope.message_id.clone(),
                    );
                    if returned.contains(&name) {
                        PublishOutcome::Unroutable
                    } else {
                        PublishOutcome::Confirmed
                    }
                }
                Some(outcome) => outcome,
                None => PublishOutcome::Refused(broken.clone()),
            })
            .collect()
    }
}

/// `user-id` goes with every message: RabbitMQ refuses one that is not the user of the connection, so receivers can believe it.
fn properties(envelope: &Envelope, user: Option<&ShortString>) -> BasicProperties {
    const PERSISTENT: u8 = 2;
    let mut headers = FieldTable::default();
    for (name, value) in &envelope.headers {
        headers.insert(name.as_str().into(), AMQPValue::LongString(value.as_str().into()));
    }
    let mut properties = BasicProperties::default()
        .with_message_id(envelope.message_id.as_str().into())
        .with_type(envelope.kind.as_str().into())
        .with_content_type(envelope.content_type.as_str().into())
        .with_delivery_mode(PERSISTENT)
        .with_headers(headers);
    if let Some(user) = user {
        properties = properties.with_user_id(user.clone());
    }
    if let Some(expires) = envelope.expires {
        let millis = u32::try_from(expires.as_millis()).unwrap_or(u32::MAX);
        properties = properties.with_expiration(millis.to_string().into());
    }
    properties
}
