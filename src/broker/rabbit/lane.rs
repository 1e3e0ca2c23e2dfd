//! Consuming: a channel, what it handed out, and settling that.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::StreamExt;
use lapin::Channel;
use lapin::options::{BasicAckOptions, BasicNackOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use parking_lot::{Mutex, MutexGuard};
use tokio::time::timeout;

use super::amqp1;
use crate::broker::message::{Hold as AnyHold, Receipt};
use crate::broker::{BrokerError, Death, Delivery, Settlement};

/// Nothing was wrong (AMQP 0-9-1, reply-success).
const REPLY_SUCCESS: u16 = 200;

/// A channel that consumes. While the consumer lives it is open; deliveries hold it weakly.
struct Lane {
    channel: Channel,
    patience: Duration,
    /// Tags handed out and not settled, so that one frame can acknowledge all before a tag.
    unsettled: Mutex<BTreeSet<u64>>,
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lane({})", self.channel.id())
    }
}

impl Lane {
    fn unsettled(&self) -> MutexGuard<'_, BTreeSet<u64>> {
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

    async fn settle(&self, tag: u64, settlement: &Settlement) -> Result<(), BrokerError> {
        let result = match settlement {
            Settlement::Ack => self.ack(tag, false).await,
            Settlement::Retry => self.nack(tag, true).await,
            Settlement::Dead(_) => self.nack(tag, false).await,
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

/// A channel that is about to consume. Where nobody waits for it any more (the broker answers too late, the caller has gone), it is
/// closed: a consumer that begins all the same would hold messages for nobody as long as the connection lives.
pub(super) struct Untaken {
    channel: Channel,
    taken: bool,
}

impl Untaken {
    pub(super) fn new(channel: Channel) -> Self {
        Untaken {
            channel,
            taken: false,
        }
    }

    pub(super) fn channel(&self) -> &Channel {
        &self.channel
    }

    pub(super) fn take(mut self) -> Channel {
        self.taken = true;
        self.channel.clone()
    }
}

impl Drop for Untaken {
    fn drop(&mut self) {
        let runtime = tokio::runtime::Handle::try_current().ok();
        if let Some(runtime) = runtime.filter(|_| !self.taken) {
            let channel = self.channel.clone();
            runtime.spawn(async move {
                let closed = channel.close(REPLY_SUCCESS, "nobody waits for it".into()).await;
                if let Err(error) = closed {
                    tracing::debug!(%error, "a channel nobody waits for could not be closed");
                }
            });
        }
    }
}

/// The right to settle one message.
#[derive(Debug)]
pub(in crate::broker) struct Hold {
    lane: Weak<Lane>,
    tag: u64,
}

impl Hold {
    pub(in crate::broker) async fn settle(self, settlement: &Settlement) -> Result<(), BrokerError> {
        let lane = self.lane.upgrade().ok_or(BrokerError::Gone)?;
        lane.settle(self.tag, settlement).await
    }

    /// Back to the queue. Where no runtime is left to say so, the closing connection says it.
    pub(in crate::broker) fn give_back(self) {
        if let (Some(lane), Ok(runtime)) = (self.lane.upgrade(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move { lane.settle(self.tag, &Settlement::Retry).await });
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

/// Takes messages from one queue.
#[derive(Debug)]
pub struct Consumer {
    stream: lapin::Consumer,
    lane: Arc<Lane>,
}

impl Consumer {
    pub(super) fn new(stream: lapin::Consumer, channel: Channel, patience: Duration) -> Self {
        Consumer {
            stream,
            lane: Arc::new(Lane {
                channel,
                patience,
                unsettled: Mutex::default(),
            }),
        }
    }

    pub(in crate::broker) async fn next(&mut self) -> Option<Delivery> {
        let message = match self.stream.next().await? {
            Ok(message) => message,
            Err(error) => {
                tracing::warn!(queue = %self.stream.queue(), %error, "consumer ended");
                return None;
            }
        };
        self.lane.unsettled().insert(message.delivery_tag);
        let hold = Hold {
            lane: Arc::downgrade(&self.lane),
            tag: message.delivery_tag,
        };
        Some(delivery(message, hold))
    }
}

/// The first entry of `x-death`, which the broker itself writes in front when a message dies.
fn death(headers: Option<&FieldTable>) -> Option<Death> {
    let deaths = headers?.inner().get(&ShortString::from("x-death"))?;
    let AMQPValue::FieldTable(last) = deaths.as_array()?.as_slice().first()? else {
        return None;
    };
    let text = |name: &str| match last.inner().get(&ShortString::from(name))? {
        AMQPValue::LongString(text) => String::from_utf8(text.as_bytes().to_vec()).ok(),
        AMQPValue::ShortString(text) => Some(text.to_string()),
        _ => None,
    };
    Some(Death {
        queue: text("queue")?,
        reason: text("reason")?,
    })
}

fn delivery(message: lapin::message::Delivery, hold: Hold) -> Delivery {
    let properties = &message.properties;
    let text = |value: &Option<ShortString>| value.as_ref().map(ShortString::to_string);
    let headers: Vec<(String, String)> = properties
        .headers()
        .iter()
        .flat_map(|table| table.inner())
        .filter_map(|(name, value)| match value {
            AMQPValue::LongString(text) => Some((
                name.to_string(),
                String::from_utf8(text.as_bytes().to_vec()).ok()?,
            )),
            AMQPValue::ShortString(text) => Some((name.to_string(), text.to_string())),
            _ => None,
        })
        .collect();
    // The AMQP binding of CloudEvents puts these in headers alone, and lets libraries write either separator.
    let attribute = |name: &str| {
        let found = headers.iter().find(|(header, _)| {
            header
                .strip_prefix("cloudEvents")
                .is_some_and(|rest| rest[..].strip_prefix([':', '_']) == Some(name))
        });
        found.map(|(_, value)| value.clone())
    };
    let kind = text(properties.kind());
    let (body, unread) = if kind.as_deref() == Some(amqp1::TYPE) {
        match amqp1::body(&message.data) {
            Ok(body) => (body, None),
            Err(why) => (message.data, Some(why)),
        }
    } else {
        (message.data, None)
    };
    let kind = kind.filter(|kind| kind != amqp1::TYPE);
    Delivery {
        message_id: text(properties.message_id())
            .or_else(|| attribute("id"))
            .unwrap_or_default(),
        kind: kind.or_else(|| attribute("type")).unwrap_or_default(),
        unread,
        death: death(properties.headers().as_ref()),
        user_id: text(properties.user_id()),
        routing_key: message.routing_key.to_string(),
        content_type: text(properties.content_type()).unwrap_or_default(),
        redelivered: message.redelivered,
        body: body.into(),
        headers,
        receipt: Receipt::new(AnyHold::Rabbit(hold)),
    }
}
