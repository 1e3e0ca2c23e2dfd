//! A broker inside the process, for the sandbox and the small single machine.
//!
//! It has no disk. So that nothing is lost in a crash all the same, it confirms a message only when its consumer has settled it:
//! until then the sender's outbox keeps the row. A queue nobody consumes gives a message back after a patience. What RabbitMQ
//! would dead-letter, this refuses with the reason; the sender's record of it is the dead letter, and the queue of dead letters
//! stays empty. There are no users: nothing that comes this way is vouched for.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use parking_lot::{Mutex, MutexGuard, RwLock};
use tokio::sync::{Notify, oneshot};

use super::message::{Hold as AnyHold, Receipt};
use super::{
    BrokerError, Delivery, Envelope, Level, Outcome, Settlement, Source, Target, Topology, topology,
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
    pub async fn publish(&self, batch: &[Envelope]) -> Vec<Outcome> {
        let offers: Vec<Result<Offer, Outcome>> = batch.iter().map(|envelope| self.offer(envelope)).collect();
        join_all(offers.into_iter().map(async |offer| match offer {
            Ok(offer) => offer.outcome(self.patience).await,
            Err(outcome) => outcome,
        }))
        .await
    }

    fn offer(&self, envelope: &Envelope) -> Result<Offer, Outcome> {
        if let Some(reason) = envelope.unfit() {
            return Err(Outcome::Refused(reason));
        }
        let name = match &envelope.to {
            Target::Agency(_) | Target::Tenant(_) => envelope.to.routing_key(),
            Target::Status(_) => topology::STATUS_QUEUE.to_owned(),
        };
        self.queue(&name).ok_or(Outcome::Unroutable)?.offer(envelope)
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
    pub fn level(&self, name: &str) -> Option<Level> {
        let queue = self.queue(name)?;
        let state = queue.state();
        Some(Level {
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

#[derive(Debug)]
struct Queue {
    returns: u32,
    messages: usize,
    bytes: usize,
    state: Mutex<State>,
    /// Something a waiting consumer may take has changed.
    changed: Notify,
    /// The last consumer left.
    deserted: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Entry>,
    /// What each living consumer has in hand, by tag.
    handed: HashMap<u64, BTreeMap<u64, Entry>>,
    bytes: usize,
    last_number: u64,
}

#[derive(Debug)]
struct Entry {
    ticket: u64,
    envelope: Envelope,
    returns: u32,
    answer: oneshot::Sender<Outcome>,
}

impl State {
    /// A number used once in this queue, growing.
    fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    fn messages(&self) -> usize {
        self.waiting.len() + self.handed.values().map(BTreeMap::len).sum::<usize>()
    }

    /// Ends the life of a message.
    fn finish(&mut self, entry: Entry, outcome: Outcome) {
        self.bytes -= entry.envelope.body.len();
        // A sender that no longer waits learns it from a duplicate.
        drop(entry.answer.send(outcome));
    }
}

impl Queue {
    fn new(plan: &topology::Queue) -> Self {
        let limit = |name| {
            plan.number(name)
                .and_then(|n| usize::try_from(n).ok())
                .unwrap_or(usize::MAX)
        };
        Queue {
            returns: u32::try_from(limit("x-delivery-limit")).unwrap_or(u32::MAX),
            messages: limit("x-max-length"),
            bytes: limit("x-max-length-bytes"),
            state: Mutex::default(),
            changed: Notify::new(),
            deserted: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    fn offer(self: Arc<Self>, envelope: &Envelope) -> Result<Offer, Outcome> {
        let (answer, outcome) = oneshot::channel();
        let ticket = {
            let mut state = self.state();
            if state.messages() >= self.messages
                || state.bytes.saturating_add(envelope.body.len()) > self.bytes
            {
                return Err(Outcome::Refused("queue full".to_owned()));
            }
            let ticket = state.number();
            state.bytes += envelope.body.len();
            state.waiting.push_back(Entry {
                ticket,
                envelope: envelope.clone(),
                returns: 0,
                answer,
            });
            ticket
        };
        self.changed.notify_waiters();
        Ok(Offer {
            queue: self,
            ticket,
            outcome: Some(outcome),
        })
    }

    fn is_deserted(&self) -> bool {
        self.state().handed.is_empty()
    }

    /// Takes back what nobody has taken yet. False: somebody has it, or had it.
    fn withdraw(&self, ticket: u64, only_if_deserted: bool) -> bool {
        let mut state = self.state();
        if only_if_deserted && !state.handed.is_empty() {
            return false;
        }
        let Some(at) = state.waiting.iter().position(|entry| entry.ticket == ticket) else {
            return false;
        };
        if let Some(entry) = state.waiting.remove(at) {
            state.bytes -= entry.envelope.body.len();
        }
        true
    }

    fn settle(&self, consumer: u64, tag: u64, settlement: Settlement) -> Result<(), BrokerError> {
        {
            let mut state = self.state();
            let hand = state.handed.get_mut(&consumer).ok_or(BrokerError::Gone)?;
            let entry = hand.remove(&tag).ok_or(BrokerError::Gone)?;
            match settlement {
                Settlement::Ack => state.finish(entry, Outcome::Confirmed),
                Settlement::Dead(reason) => state.finish(entry, Outcome::Refused(reason)),
                Settlement::Retry => {
                    if let Some(entry) = self.returned(&mut state, entry) {
                        state.waiting.push_back(entry);
                    }
                }
            }
        }
        self.changed.notify_waiters();
        Ok(())
    }

    /// Counts a return; none when it was one too many.
    fn returned(&self, state: &mut State, mut entry: Entry) -> Option<Entry> {
        entry.returns += 1;
        if entry.returns > self.returns {
            state.finish(entry, Outcome::Refused("delivery limit reached".to_owned()));
            return None;
        }
        Some(entry)
    }

    fn take(&self, consumer: u64, prefetch: usize) -> Option<(u64, Envelope, bool)> {
        let mut state = self.state();
        if state.handed.get(&consumer)?.len() >= prefetch {
            return None;
        }
        let entry = state.waiting.pop_front()?;
        let (envelope, redelivered) = (entry.envelope.clone(), entry.returns > 0);
        let tag = state.number();
        state.handed.get_mut(&consumer)?.insert(tag, entry);
        Some((tag, envelope, redelivered))
    }

    /// What the consumer had in hand goes back to the front, in its old order.
    fn leave(&self, consumer: u64) {
        let deserted = {
            let mut state = self.state();
            for entry in state
                .handed
                .remove(&consumer)
                .unwrap_or_default()
                .into_values()
                .rev()
            {
                if let Some(entry) = self.returned(&mut state, entry) {
                    state.waiting.push_front(entry);
                }
            }
            state.handed.is_empty()
        };
        self.changed.notify_waiters();
        if deserted {
            self.deserted.notify_waiters();
        }
    }
}

/// A published message of which the outcome is not known yet. Dropped, it is withdrawn if nobody has taken it.
struct Offer {
    queue: Arc<Queue>,
    ticket: u64,
    outcome: Option<oneshot::Receiver<Outcome>>,
}

impl Offer {
    async fn outcome(mut self, patience: Duration) -> Outcome {
        let lost = || Outcome::Refused("the queue is gone".to_owned());
        let Some(mut outcome) = self.outcome.take() else {
            return lost();
        };
        let result = loop {
            let deserted = self.queue.deserted.notified();
            tokio::pin!(deserted);
            // From here on no departure is missed.
            deserted.as_mut().enable();
            if self.queue.is_deserted() {
                match tokio::time::timeout(patience, &mut outcome).await {
                    Ok(answer) => break answer.unwrap_or_else(|_| lost()),
                    Err(_) if self.queue.withdraw(self.ticket, true) => {
                        break Outcome::Refused("no consumer".to_owned());
                    }
                    Err(_) => {}
                }
            } else {
                tokio::select! {
                    answer = &mut outcome => break answer.unwrap_or_else(|_| lost()),
                    () = deserted => {}
                }
            }
        };
        self.ticket = 0;
        result
    }
}

impl Drop for Offer {
    fn drop(&mut self) {
        if self.ticket != 0 {
            self.queue.withdraw(self.ticket, false);
        }
    }
}

/// The right to settle one message.
#[derive(Debug)]
pub(super) struct Hold {
    queue: Arc<Queue>,
    consumer: u64,
    tag: u64,
}

impl Hold {
    pub(super) fn settle(self, settlement: Settlement) -> Result<(), BrokerError> {
        self.queue.settle(self.consumer, self.tag, settlement)
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
