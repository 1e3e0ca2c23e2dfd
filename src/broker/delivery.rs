//! What arrives, and the right to settle it.

use std::sync::Arc;

use super::embedded::queue;
use super::error::BrokerError;
use super::message::Acknowledgement;
use super::rabbit::hold;
use super::topology;
use crate::domain::codes::Key;

/// Where a message died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Death {
    /// The queue.
    pub queue: String,
    /// `rejected`, `expired`, `delivery_limit`.
    pub reason: String,
}

/// A message in the hands of a consumer. Dropped unsettled, it comes again.
#[derive(Debug)]
pub struct Delivery {
    /// Its id; empty when the sender gave none, and then it must not be accepted.
    pub message_id: String,
    /// Its CloudEvents type; empty when the sender gave none.
    pub kind: String,
    /// Headers that are text.
    pub headers: Vec<(String, String)>,
    /// Who sent it, as RabbitMQ verified; none when the sender did not say, or when no broker stood between.
    pub user_id: Option<String>,
    /// `agency.<key>`, or `tenant.<key>`.
    pub routing_key: String,
    /// Media type of the body; empty when the sender gave none.
    pub content_type: String,
    /// The body.
    pub body: Arc<[u8]>,
    /// Why the body cannot be read as it came, where that is known before anybody looks: it was sent by another protocol, in a
    /// form that has no bytes of its own.
    pub unread: Option<&'static str>,
    /// In the queue of dead letters: where it died last, and of what, by the broker's own word.
    pub death: Option<Death>,
    /// It may have been seen before. Only a hint: a message sent twice is not marked.
    pub redelivered: bool,
    pub(super) receipt: Receipt,
}

impl Delivery {
    /// Tells the broker what became of it.
    ///
    /// # Errors
    /// [`BrokerError::Gone`] when it went back to the queue before: it comes again, and deduplication answers it.
    pub async fn settle(mut self, settlement: Acknowledgement) -> Result<(), BrokerError> {
        if let Acknowledgement::Dead(reason) = &settlement {
            tracing::warn!(message_id = %self.message_id, routing_key = %self.routing_key, %reason, "a message is dead-lettered");
        }
        match self.receipt.0.take() {
            Some(Hold::Rabbit(hold)) => hold.settle(&settlement).await,
            Some(Hold::Embedded(hold)) => hold.settle(settlement),
            None => Err(BrokerError::Gone),
        }
    }

    /// The agency it is for or from, by its routing key.
    pub fn agency(&self) -> Option<Key> {
        self.routing_key
            .strip_prefix(topology::AGENCY_PREFIX)?
            .parse()
            .ok()
    }

    /// Whether the broker vouches that it was sent by the agency its routing key names: an agency's user bears the name of its
    /// routing key. A status that is not vouched for must be rejected.
    pub fn is_vouched(&self) -> bool {
        self.user_id.as_deref() == Some(&*self.routing_key)
    }
}

/// Settles many at once; consecutive acknowledgements of one RabbitMQ consumer travel as one frame, which is up to twice as
/// fast. All are tried; the first error is returned.
///
/// # Errors
/// As [`Delivery::settle`].
pub async fn settle_all(deliveries: Vec<(Delivery, Acknowledgement)>) -> Result<(), BrokerError> {
    let mut acks = Vec::new();
    let mut result = Ok(());
    for (mut delivery, settlement) in deliveries {
        if settlement == Acknowledgement::Ack && matches!(delivery.receipt.0, Some(Hold::Rabbit(_))) {
            if let Some(Hold::Rabbit(hold)) = delivery.receipt.0.take() {
                acks.push(hold);
            }
        } else {
            result = result.and(delivery.settle(settlement).await);
        }
    }
    result.and(hold::ack_all(acks).await)
}

/// The right to settle a message, which is used up by settling and gives the message back when dropped.
#[derive(Debug)]
pub(super) struct Receipt(Option<Hold>);

#[derive(Debug)]
pub(super) enum Hold {
    Rabbit(hold::Hold),
    Embedded(queue::Hold),
}

impl Receipt {
    pub(super) fn new(hold: Hold) -> Self {
        Receipt(Some(hold))
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        match self.0.take() {
            Some(Hold::Rabbit(hold)) => hold.give_back(),
            // The consumer may be gone, and the message with it: then there is nothing to give back.
            Some(Hold::Embedded(hold)) => drop(hold.settle(Acknowledgement::Retry)),
            None => {}
        }
    }
}
