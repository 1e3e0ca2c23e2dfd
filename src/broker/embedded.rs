//! A broker inside the process, for the sandbox and the small single machine.
//!
//! It has no disk. So that nothing is lost in a crash all the same, it confirms a message only when its consumer has settled it:
//! until then the sender's outbox keeps the row. A queue nobody consumes gives a message back after a patience. What RabbitMQ
//! would dead-letter, this refuses with the reason; the sender's record of it is the dead letter, and the queue of dead letters
//! stays empty. There are no users: nothing that comes this way is vouched for.

pub(super) mod queue;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use parking_lot::RwLock;

use queue::{Hold, Offer, Queue};

use super::delivery::{Hold as AnyHold, Receipt};
use super::{
    BrokerError, Delivery, Envelope, PublishOutcome, QueueDepth, Source, Target, Topology, topology,
};

/// The broker inside the process.
#[derive(Clone, Debug)]
pub struct Embedded {
    queues: Arc<RwLock<HashMap<String, Arc<Queue>>>>,
    patience: Duration,
}

impl Embedded {
    /// Without queues, until they are declared. A message waits for `patience` in a queue that nobody consumes.
    pub fn new(patience: Duration) -> Self {
        Embedded {
            queues: Arc::default(),
            patience,
        }
    }

    /// See [`super::Broker::declare`]. The limits of a queue that exists stay as they are.
    pub fn declare(&self, topology: &Topology) {
        let mut queues = self.queues.write();
        for queue in &topology.queues {
            queues
                .entry(queue.name.clone())
                .or_insert_with(|| Arc::new(Queue::new(queue)));
        }
    }

    fn queue(&self, name: &str) -> Option<Arc<Queue>> {
        self.queues.read().get(name).cloned()
    }

    /// See [`super::Broker::publish`].
    pub async fn publish(&self, batch: &[Envelope]) -> Vec<PublishOutcome> {
        let offers: Vec<Result<Offer, PublishOutcome>> =
            batch.iter().map(|envelope| self.offer(envelope)).collect();
        join_all(offers.into_iter().map(async |offer| match offer {
            Ok(offer) => offer.outcome(self.patience).await,
            Err(outcome) => outcome,
        }))
        .await
    }

    fn offer(&self, envelope: &Envelope) -> Result<Offer, PublishOutcome> {
        if let Some(reason) = envelope.unfit() {
            return Err(PublishOutcome::Refused(reason));
        }
        let name = match &envelope.to {
            Target::Agency(_) | Target::Tenant(_) => envelope.to.routing_key(),
            Target::Status(_) => topology::STATUS_QUEUE.to_owned(),
        };
        self.queue(&name)
            .ok_or(PublishOutcome::Unroutable)?
            .offer(envelope)
    }

    /// See [`super::Broker::consume`].
    ///
    /// # Errors
    /// [`BrokerError::Refused`] where the queue was never declared.
    pub fn consume(&self, source: &Source, prefetch: u16) -> Result<Consumer, BrokerError> {
        let name = source.queue();
        let queue = self.queue(&name).ok_or_else(|| BrokerError::Refused {
            what: format!("consuming {name}"),
            reason: "no such queue".to_owned(),
        })?;
        let number = {
            let mut state = queue.state();
            let number = state.number();
            state.handed.insert(number, BTreeMap::new());
            number
        };
        Ok(Consumer {
            queue,
            number,
            prefetch: if prefetch == 0 {
                usize::MAX
            } else {
                prefetch.into()
            },
        })
    }

    /// See [`super::Broker::remove_drained`].
    pub fn remove_drained(&self, name: &str) -> bool {
        let mut queues = self.queues.write();
        let drained = queues.get(name).is_none_or(|queue| {
            let state = queue.state();
            state.messages() == 0 && state.handed.is_empty()
        });
        if drained {
            queues.remove(name);
        }
        drained
    }

    /// See [`super::Broker::level`].
    pub fn level(&self, name: &str) -> Option<QueueDepth> {
        let queue = self.queue(name)?;
        let state = queue.state();
        Some(QueueDepth {
            messages: state.waiting.len() as u64,
            readers: state.handed.len() as u64,
        })
    }

    /// How many messages each queue holds, waiting and handed out.
    pub fn depths(&self) -> BTreeMap<String, usize> {
        let queues = self.queues.read();
        queues
            .iter()
            .map(|(name, queue)| (name.clone(), queue.state().messages()))
            .collect()
    }
}

/// Takes messages from one queue.
#[derive(Debug)]
pub struct Consumer {
    queue: Arc<Queue>,
    number: u64,
    prefetch: usize,
}

impl Consumer {
    pub(super) async fn next(&mut self) -> Delivery {
        loop {
            let changed = self.queue.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some((tag, envelope, redelivered)) = self.queue.take(self.number, self.prefetch) {
                return Delivery {
                    routing_key: envelope.to.routing_key(),
                    message_id: envelope.message_id,
                    kind: envelope.kind,
                    headers: envelope.headers,
                    user_id: None,
                    content_type: envelope.content_type,
                    body: envelope.body,
                    unread: None,
                    death: None,
                    redelivered,
                    receipt: Receipt::new(AnyHold::Embedded(Hold {
                        queue: self.queue.clone(),
                        consumer: self.number,
                        tag,
                    })),
                };
            }
            changed.await;
        }
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.queue.leave(self.number);
    }
}
