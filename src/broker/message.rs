//! What is sent, what arrives, and what becomes of it.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::codes::Key;
use crate::domain::tenant::TenantKey;

use super::{BrokerError, embedded, rabbit, topology};

/// The largest body that is carried, in bytes. RabbitMQ 4 closes the channel at 16 MiB; attachments travel by reference, so a
/// body near this is a mistake.
pub const MAX_BODY: usize = 8 * 1024 * 1024;

/// AMQP's short strings hold at most 255 bytes.
const MAX_SHORT: usize = 255;

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// From the hub to the queue of an agency.
    Agency(Key),
    /// From an agency to the hub.
    Status(Key),
    /// From the hub to the queue of a submitter.
    Tenant(TenantKey),
}

impl Target {
    /// The routing key: `agency.<key>`, whichever way it goes, or `tenant.<key>`.
    pub fn routing_key(&self) -> String {
        match self {
            Target::Agency(key) | Target::Status(key) => topology::agency_name(key),
            Target::Tenant(key) => topology::tenant_name(key),
        }
    }

    /// The exchange it is published to.
    pub const fn exchange(&self) -> &'static str {
        match self {
            Target::Agency(_) => topology::DOSSIERS,
            Target::Status(_) => topology::STATUSES,
            Target::Tenant(_) => topology::EVENTS,
        }
    }
}

/// Where messages are taken from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The queue of an agency.
    Agency(Key),
    /// The queue of a submitter.
    Tenant(TenantKey),
    /// What agencies report.
    Statuses,
    /// What no consumer could take; for the operator.
    DeadLetters,
}

impl Source {
    /// The name of the queue.
    pub fn queue(&self) -> String {
        match self {
            Source::Agency(key) => topology::agency_name(key),
            Source::Tenant(key) => topology::tenant_name(key),
            Source::Statuses => topology::STATUS_QUEUE.to_owned(),
            Source::DeadLetters => topology::DEAD_QUEUE.to_owned(),
        }
    }
}

/// A message to send.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The event or delivery id; receivers deduplicate by it. 1 to 255 bytes.
    pub message_id: String,
    /// Where it goes.
    pub to: Target,
    /// The CloudEvents type, at most 255 bytes.
    pub kind: String,
    /// `cloudEvents:*` attributes, `traceparent`.
    pub headers: Vec<(String, String)>,
    /// Media type of the body.
    pub content_type: String,
    /// The body, at most [`MAX_BODY`] bytes.
    pub body: Arc<[u8]>,
    /// How long it may wait in the queue before it goes to the dead letters; the queue's own limit holds beside it. The
    /// embedded broker, which gives a message back after its patience, pays no heed to it.
    pub expires: Option<Duration>,
}

impl Envelope {
    /// Why no broker could carry it; none if it is fit.
    pub(super) fn unfit(&self) -> Option<String> {
        let names = self.headers.iter().map(|(name, _)| name.as_str());
        if self.message_id.is_empty() {
            Some("the message id is empty".to_owned())
        } else if [&*self.message_id, &*self.kind, &*self.content_type]
            .into_iter()
            .chain(names)
            .any(|s| s.len() > MAX_SHORT)
        {
            Some(format!(
                "id, kind, media type or a header's name is longer than {MAX_SHORT} bytes"
            ))
        } else if self.body.len() > MAX_BODY {
            Some(format!(
                "the body has {} bytes, more than {MAX_BODY}",
                self.body.len()
            ))
        } else {
            None
        }
    }
}

/// What became of a published message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The broker answers for it now.
    Confirmed,
    /// It does not, or it is unknown whether it does: send again. The text begins with `connection` where the connection failed.
    Refused(String),
    /// No queue takes it: the topology lacks one.
    Unroutable,
}

/// What a consumer says of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Done, and committed.
    Ack,
    /// Not now: again later, marked redelivered, up to the queue's delivery limit.
    Retry,
    /// Never: to the dead letters, with the reason in the hub's log. The reason holds no personal data.
    Dead(String),
}

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
    pub async fn settle(mut self, settlement: Settlement) -> Result<(), BrokerError> {
        if let Settlement::Dead(reason) = &settlement {
            tracing::warn!(message_id = %self.message_id, routing_key = %self.routing_key, %reason, "message is dead");
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
pub async fn settle_all(deliveries: Vec<(Delivery, Settlement)>) -> Result<(), BrokerError> {
    let mut acks = Vec::new();
    let mut result = Ok(());
    for (mut delivery, settlement) in deliveries {
        if settlement == Settlement::Ack && matches!(delivery.receipt.0, Some(Hold::Rabbit(_))) {
            if let Some(Hold::Rabbit(hold)) = delivery.receipt.0.take() {
                acks.push(hold);
            }
        } else {
            result = result.and(delivery.settle(settlement).await);
        }
    }
    result.and(rabbit::ack_all(acks).await)
}

/// The right to settle a message, which is used up by settling and gives the message back when dropped.
#[derive(Debug)]
pub(super) struct Receipt(Option<Hold>);

#[derive(Debug)]
pub(super) enum Hold {
    Rabbit(rabbit::Hold),
    Embedded(embedded::Hold),
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
            Some(Hold::Embedded(hold)) => drop(hold.settle(Settlement::Retry)),
            None => {}
        }
    }
}
