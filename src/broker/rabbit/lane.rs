//! Consuming: a channel, and what it hands out.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use lapin::Channel;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use parking_lot::Mutex;

use super::amqp1;
use super::hold::{Hold, Lane};
use crate::broker::delivery::{Death, Delivery, Hold as AnyHold, Receipt};

/// Nothing was wrong (AMQP 0-9-1, reply-success).
const REPLY_SUCCESS: u16 = 200;

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
