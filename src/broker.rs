//! The broker between the hub and the agencies: RabbitMQ, or one inside the process. The only room that names lapin.
//!
//! It carries messages at least once, in the order of each queue, and says of every published message what became of it. It
//! never decides what to send, never remembers what was sent (that is the outbox) and never reads a body. A lost confirm is a
//! refusal here; the sender sends again, and receivers deduplicate by [`Delivery::message_id`].
//!
//! Start with [`Broker`]. [`topology`] is what it must have, as data; [`rabbit`] and [`embedded`] are the two brokers,
//! held to one contract by `tests/broker`; [`admin`] speaks to RabbitMQ's management interface for what AMQP cannot do, and
//! [`check`] compares what lives there with the plan.

pub mod admin;
pub mod check;
mod delivery;
pub mod embedded;
mod error;
mod message;
pub mod rabbit;
pub mod topology;

pub use delivery::{Death, Delivery, settle_all};
pub use embedded::Embedded;
pub use error::{BrokerError, QueueDepth};
pub use message::{Acknowledgement, Envelope, MAX_BODY, PublishOutcome, Source, Target};
pub use rabbit::Rabbit;
pub use topology::Topology;

use crate::domain::tenant::TenantKey;

/// Directives for the log filter that must hold wherever this room is used: lapin logs returned messages with their bodies at
/// `WARN`, and frames with their payloads at `TRACE`, and bodies are personal data.
pub const LOG_DIRECTIVES: [&str; 2] = ["lapin=warn", "lapin::returned_messages=off"];

/// The broker in use. Cheap to clone; clones share connections and queues.
#[derive(Clone, Debug)]
pub enum Broker {
    /// RabbitMQ 3.10 or later.
    Rabbit(Rabbit),
    /// Inside this process.
    Embedded(Embedded),
}

impl Broker {
    /// Sends a batch and says of each message, in the order of the batch, what became of it. Messages to one queue keep their
    /// order, except those that are refused.
    ///
    /// RabbitMQ confirms when a majority of the queue's replicas has written the message to disk. The embedded broker has no
    /// disk: it confirms when the consumer has settled the message, so one slow queue holds up its batch; callers send a batch
    /// per queue. Dropping the future leaves the fate of unsettled messages unknown.
    pub async fn publish(&self, batch: &[Envelope]) -> Vec<PublishOutcome> {
        match self {
            Broker::Rabbit(rabbit) => rabbit.publish(batch).await,
            Broker::Embedded(embedded) => embedded.publish(batch).await,
        }
    }

    /// Begins to consume; at most `prefetch` messages are in the consumer's hands unsettled (0: no limit).
    ///
    /// # Errors
    /// [`BrokerError::Refused`] where the queue does not exist or may not be read, [`BrokerError::Connection`].
    pub async fn consume(&self, source: &Source, prefetch: u16) -> Result<Consumer, BrokerError> {
        Ok(match self {
            Broker::Rabbit(rabbit) => Consumer(Inner::Rabbit(rabbit.consume(source, prefetch).await?)),
            Broker::Embedded(embedded) => Consumer(Inner::Embedded(embedded.consume(source, prefetch)?)),
        })
    }

    /// Whether messages can be sent now.
    ///
    /// # Errors
    /// [`BrokerError::Connection`] where the broker does not answer, or has blocked publishers (memory or disk alarm).
    pub async fn ready(&self) -> Result<(), BrokerError> {
        match self {
            Broker::Rabbit(rabbit) => rabbit.ready().await,
            Broker::Embedded(_) => Ok(()),
        }
    }

    /// Creates what is missing of `topology`; what exists as planned stays as it is, nothing is deleted.
    ///
    /// # Errors
    /// [`BrokerError::Refused`] where something exists with other arguments, [`BrokerError::Connection`].
    pub async fn declare(&self, topology: &Topology) -> Result<(), BrokerError> {
        match self {
            Broker::Rabbit(rabbit) => rabbit.declare(topology).await,
            Broker::Embedded(embedded) => {
                embedded.declare(topology);
                Ok(())
            }
        }
    }

    /// What lies in a queue; none where there is no such queue.
    ///
    /// # Errors
    /// As [`Broker::declare`].
    pub async fn level(&self, source: &Source) -> Result<Option<QueueDepth>, BrokerError> {
        match self {
            Broker::Rabbit(rabbit) => rabbit.level(&source.queue()).await,
            Broker::Embedded(embedded) => Ok(embedded.level(&source.queue())),
        }
    }

    /// A number that changes when what was declared may be gone: the connection was made anew, or a queue was not where it
    /// should be.
    pub fn epoch(&self) -> u64 {
        match self {
            Broker::Rabbit(rabbit) => rabbit.epoch(),
            Broker::Embedded(_) => 0,
        }
    }

    /// Deletes the queue of a submitter when it is empty and nobody reads it, and says whether it is gone. Nothing may be
    /// published to it any more: what comes between the look and the deletion would go with the queue.
    ///
    /// # Errors
    /// As [`Broker::declare`].
    pub async fn remove_drained(&self, tenant: &TenantKey) -> Result<bool, BrokerError> {
        let name = topology::tenant_name(tenant);
        match self {
            Broker::Rabbit(rabbit) => rabbit.remove_drained(&name).await,
            Broker::Embedded(embedded) => Ok(embedded.remove_drained(&name)),
        }
    }
}

/// Takes messages from one queue. Dropping it gives back what is unsettled.
#[derive(Debug)]
pub struct Consumer(Inner);

#[derive(Debug)]
enum Inner {
    Rabbit(rabbit::Consumer),
    Embedded(embedded::Consumer),
}

impl Consumer {
    /// The next message; waits for one. None when the connection or the queue is gone: consume again. Safe to cancel: a message
    /// is returned or stays in the queue.
    pub async fn next(&mut self) -> Option<Delivery> {
        match &mut self.0 {
            Inner::Rabbit(consumer) => consumer.next().await,
            Inner::Embedded(consumer) => Some(consumer.next().await),
        }
    }
}
