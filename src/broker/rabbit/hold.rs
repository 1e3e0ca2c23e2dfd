//! A channel that consumes, and the right to settle what it handed out.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Weak;
use std::time::Duration;

use lapin::Channel;
use lapin::options::{BasicAckOptions, BasicNackOptions};
use parking_lot::{Mutex, MutexGuard};
use tokio::time::timeout;

use crate::broker::error::BrokerError;
use crate::broker::message::Acknowledgement;

/// A channel that consumes. While the consumer lives it is open; deliveries hold it weakly.
pub(super) struct Lane {
    pub(super) channel: Channel,
    pub(super) patience: Duration,
    /// Tags handed out and not settled, so that one frame can acknowledge all before a tag.
    pub(super) unsettled: Mutex<BTreeSet<u64>>,
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lane({})", self.channel.id())
    }
}

impl Lane {
    pub(super) fn unsettled(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.unsettled.lock()
    }

    async fn ack(&self, tag: u64, multiple: bool) -> Result<(), BrokerError> {
        let ack = self.channel.basic_ack(tag, BasicAckOptions { multiple });
        timeout(self.patience, ack)
            .await
            .ok()
            .and_then(Result::ok)
            .ok_or(BrokerError::Gone)
    }

    async fn nack(&self, tag: u64, requeue: bool) -> Result<(), BrokerError> {
        let nack = self.channel.basic_nack(
            tag,
            BasicNackOptions {
                multiple: false,
                requeue,
            },
        );
        timeout(self.patience, nack)
            .await
            .ok()
            .and_then(Result::ok)
            .ok_or(BrokerError::Gone)
    }

    async fn settle(&self, tag: u64, settlement: &Acknowledgement) -> Result<(), BrokerError> {
        let result = match settlement {
            Acknowledgement::Ack => self.ack(tag, false).await,
            Acknowledgement::Retry => self.nack(tag, true).await,
            Acknowledgement::Dead(_) => self.nack(tag, false).await,
        };
        // Only after the frame is out: until then a tag counts as in somebody's hands, so that nobody acknowledges across it.
        self.unsettled().remove(&tag);
        result
    }

    /// Acknowledges these, as many as possible with one frame: up to the last before which nothing else is unsettled.
    async fn ack_all(&self, tags: &BTreeSet<u64>) -> Result<(), BrokerError> {
        let up_to = {
            let unsettled = self.unsettled();
            unsettled
                .iter()
                .take_while(|tag| tags.contains(tag))
                .last()
                .copied()
        };
        let mut result = Ok(());
        if let Some(tag) = up_to {
            result = self.ack(tag, true).await;
        }
        for tag in tags.iter().filter(|tag| up_to.is_none_or(|last| **tag > last)) {
            result = result.and(self.ack(*tag, false).await);
        }
        self.unsettled().retain(|tag| !tags.contains(tag));
        result
    }
}

/// The right to settle one message.
#[derive(Debug)]
pub(in crate::broker) struct Hold {
    pub(super) lane: Weak<Lane>,
    pub(super) tag: u64,
}

impl Hold {
    pub(in crate::broker) async fn settle(self, settlement: &Acknowledgement) -> Result<(), BrokerError> {
        let lane = self.lane.upgrade().ok_or(BrokerError::Gone)?;
        lane.settle(self.tag, settlement).await
    }

    /// Back to the queue. Where no runtime is left to say so, the closing connection says it.
    pub(in crate::broker) fn give_back(self) {
        if let (Some(lane), Ok(runtime)) = (self.lane.upgrade(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move { lane.settle(self.tag, &Acknowledgement::Retry).await });
        }
    }
}

pub(in crate::broker) async fn ack_all(holds: Vec<Hold>) -> Result<(), BrokerError> {
    let mut lanes: Vec<(Weak<Lane>, BTreeSet<u64>)> = Vec::new();
    for Hold { lane, tag } in holds {
        match lanes.iter_mut().find(|(other, _)| other.ptr_eq(&lane)) {
            Some((_, tags)) => drop(tags.insert(tag)),
            None => lanes.push((lane, BTreeSet::from([tag]))),
        }
    }
    let mut result = Ok(());
    for (lane, tags) in lanes {
        let lane = lane.upgrade();
        result = result.and(match lane {
            Some(lane) => lane.ack_all(&tags).await,
            None => Err(BrokerError::Gone),
        });
    }
    result
}
