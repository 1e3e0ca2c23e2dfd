//! One queue of the broker inside the process: what waits in it, and who has what in hand.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{Notify, oneshot};

use crate::broker::error::BrokerError;
use crate::broker::message::{Acknowledgement, Envelope, PublishOutcome};
use crate::broker::topology;

#[derive(Debug)]
pub(super) struct Queue {
    pub(super) returns: u32,
    pub(super) messages: usize,
    pub(super) bytes: usize,
    pub(super) state: Mutex<State>,
    /// Something a waiting consumer may take has changed.
    pub(super) changed: Notify,
    /// The last consumer left.
    pub(super) deserted: Notify,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) waiting: VecDeque<Entry>,
    /// What each living consumer has in hand, by tag.
    pub(super) handed: HashMap<u64, BTreeMap<u64, Entry>>,
    pub(super) bytes: usize,
    pub(super) last_number: u64,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) ticket: u64,
    pub(super) envelope: Envelope,
    pub(super) returns: u32,
    pub(super) answer: oneshot::Sender<PublishOutcome>,
}

impl State {
    /// A number used once in this queue, growing.
    pub(super) fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    pub(super) fn messages(&self) -> usize {
        self.waiting.len() + self.handed.values().map(BTreeMap::len).sum::<usize>()
    }

    /// Ends the life of a message.
    pub(super) fn finish(&mut self, entry: Entry, outcome: PublishOutcome) {
        self.bytes -= entry.envelope.body.len();
        // A sender that no longer waits learns it from a duplicate.
        drop(entry.answer.send(outcome));
    }
}

impl Queue {
    pub(super) fn new(plan: &topology::Queue) -> Self {
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

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    pub(super) fn offer(self: Arc<Self>, envelope: &Envelope) -> Result<Offer, PublishOutcome> {
        let (answer, outcome) = oneshot::channel();
        let ticket = {
            let mut state = self.state();
            if state.messages() >= self.messages
                || state.bytes.saturating_add(envelope.body.len()) > self.bytes
            {
                return Err(PublishOutcome::Refused("queue full".to_owned()));
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

    pub(super) fn is_deserted(&self) -> bool {
        self.state().handed.is_empty()
    }

    /// Takes back what nobody has taken yet. False: somebody has it, or had it.
    pub(super) fn withdraw(&self, ticket: u64, only_if_deserted: bool) -> bool {
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

    pub(super) fn settle(
        &self,
        consumer: u64,
        tag: u64,
        settlement: Acknowledgement,
    ) -> Result<(), BrokerError> {
        {
            let mut state = self.state();
            let hand = state.handed.get_mut(&consumer).ok_or(BrokerError::Gone)?;
            let entry = hand.remove(&tag).ok_or(BrokerError::Gone)?;
            match settlement {
                Acknowledgement::Ack => state.finish(entry, PublishOutcome::Confirmed),
                Acknowledgement::Dead(reason) => state.finish(entry, PublishOutcome::Refused(reason)),
                Acknowledgement::Retry => {
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
    pub(super) fn returned(&self, state: &mut State, mut entry: Entry) -> Option<Entry> {
        entry.returns += 1;
        if entry.returns > self.returns {
            state.finish(
                entry,
                PublishOutcome::Refused("delivery limit reached".to_owned()),
            );
            return None;
        }
        Some(entry)
    }

    pub(super) fn take(&self, consumer: u64, prefetch: usize) -> Option<(u64, Envelope, bool)> {
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
    pub(super) fn leave(&self, consumer: u64) {
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
pub(super) struct Offer {
    queue: Arc<Queue>,
    ticket: u64,
    outcome: Option<oneshot::Receiver<PublishOutcome>>,
}

impl Offer {
    pub(super) async fn outcome(mut self, patience: Duration) -> PublishOutcome {
        let lost = || PublishOutcome::Refused("the queue is gone".to_owned());
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
                        break PublishOutcome::Refused("no consumer".to_owned());
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
pub(in crate::broker) struct Hold {
    pub(super) queue: Arc<Queue>,
    pub(super) consumer: u64,
    pub(super) tag: u64,
}

impl Hold {
    pub(in crate::broker) fn settle(self, settlement: Acknowledgement) -> Result<(), BrokerError> {
        self.queue.settle(self.consumer, self.tag, settlement)
    }
}
