//! Carrying messages to agencies: to the broker, and into the hands of those that pull.

use std::time::Duration;

use super::request::Request;
use crate::domain::failure::Failure;
use crate::domain::time::Timestamp;
use crate::domain::view::{SettleItem, SettleResult};
use crate::store::message::Message;

/// Outbox rows to publish now; they are the caller's until the lease ends.
pub struct LeaseOutbox {
    /// At most so many.
    pub max: i64,
    /// How long.
    pub lease: Duration,
    /// Only those that wait since then, where it is said: while somebody holds an old snapshot, what was sent long ago still stands before
    /// them in their index.
    pub since: Option<Timestamp>,
}

/// What the broker said of leased rows.
pub struct SettleOutbox(pub Vec<OutboxSettlement>);

/// Messages that came out of the broker for agencies that pull: they may now be handed out. By their deliveries; one that is not
/// known is passed over.
pub struct Arrive(pub Vec<String>);

/// Messages for an agency that asks; they are its own until the lease ends.
pub struct LeaseInbox {
    /// Key of the agency.
    pub agency: String,
    /// At most so many.
    pub max: i64,
    /// How long.
    pub lease: Duration,
}

/// How an agency settled its messages; a result for each, in their order.
pub struct SettleInbox {
    /// Key of the agency; another agency's message is absent.
    pub agency: String,
    /// The messages.
    pub items: Vec<SettleItem>,
}

/// An outbox row leased to the relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxItem {
    /// The delivery.
    pub delivery: String,
    /// Key of the agency.
    pub agency: String,
    /// How often it was tried, this time included.
    pub attempt: i32,
}

impl OutboxItem {
    /// A message that a commit has leased to the relay.
    pub fn at_hand(message: &Message) -> Self {
        OutboxItem {
            delivery: message.delivery.clone(),
            agency: message.agency.clone(),
            attempt: message.send_attempt,
        }
    }
}

/// What the broker said of one outbox row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxSettlement {
    /// The delivery.
    pub delivery: String,
    /// Which attempt this was.
    pub attempt: i32,
    /// Whether the agency reads the queue itself: it may have answered before the broker's word was heard.
    pub own_queue: bool,
    /// What became of it.
    pub carried: Carried,
}

/// What became of an attempt to carry a delivery, to the broker or to an agency's endpoint, or a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// The other side has it for good: the broker confirmed it, or the receiver answered 2xx.
    Done,
    /// Not this time.
    Retry {
        /// What kind of failure it is.
        failure: Failure,
        /// Why, in a few words; nothing of what a receiver answered beside its status.
        reason: String,
        /// When to try again.
        not_before: Timestamp,
        /// Whether the attempt counts; one that says nothing of the message does not.
        counts: bool,
    },
    /// Never: somebody must look.
    Park {
        /// What kind of failure it is.
        failure: Failure,
        /// Why, in a few words.
        reason: String,
    },
}

impl Carried {
    /// What kind of failure it was; none when it arrived.
    pub fn failure(&self) -> Option<Failure> {
        self.failed().map(|(failure, _)| failure)
    }

    /// What kind of failure it was, and why, in a few words; none when it arrived.
    pub fn failed(&self) -> Option<(Failure, &str)> {
        match self {
            Carried::Done => None,
            Carried::Retry { failure, reason, .. } | Carried::Park { failure, reason } => {
                Some((*failure, reason))
            }
        }
    }
}

/// A message leased to an agency that pulls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeasedDelivery {
    /// The delivery.
    pub delivery: String,
    /// Its dossier.
    pub dossier: String,
    /// The event it tells.
    pub event_seq: i64,
    /// How often it was handed out, this time included.
    pub attempt: i32,
    /// Until when it is the caller's.
    pub leased_until: Timestamp,
    /// W3C trace context of what caused it.
    pub traceparent: Option<String>,
}

impl Request for LeaseOutbox {
    type Answer = Vec<OutboxItem>;

    fn may_be_audited(&self) -> bool {
        false
    }
}

impl Request for SettleOutbox {
    type Answer = ();

    fn may_be_audited(&self) -> bool {
        false
    }
}

impl Request for Arrive {
    type Answer = ();

    fn may_be_audited(&self) -> bool {
        false
    }
}

impl Request for LeaseInbox {
    type Answer = Vec<LeasedDelivery>;

    fn may_be_audited(&self) -> bool {
        false
    }
}

impl Request for SettleInbox {
    type Answer = Vec<SettleResult>;

    fn may_be_audited(&self) -> bool {
        false
    }
}
