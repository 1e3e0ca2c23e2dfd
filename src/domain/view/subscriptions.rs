//! How a submitter is told of its events beside the feed: by a webhook, or in a queue of its own.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::carriage::FeedData;
use super::cursor::Cursor;
use crate::domain::endpoint::EndpointUrl;
use crate::domain::failure::{Failure, Owner};
use crate::domain::ids::{DossierId, EventId};
use crate::domain::tenant::TenantKey;
use crate::domain::text::{SAYS_SOMETHING, limits};
use crate::domain::time::Timestamp;

/// A way to a submitter. The feed is open to all beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Way", rename_all = "kebab-case")]
pub enum Transport {
    /// The hub calls the submitter's own address.
    Webhook,
    /// The submitter reads a queue of its own on the broker.
    Queue,
}

impl Transport {
    /// Both, in the order they are shown.
    pub const ALL: [Transport; 2] = [Transport::Webhook, Transport::Queue];

    /// The stable word.
    pub const fn word(self) -> &'static str {
        match self {
            Transport::Webhook => "webhook",
            Transport::Queue => "queue",
        }
    }

    /// The way of this word.
    pub fn parse(word: &str) -> Option<Transport> {
        Transport::ALL.into_iter().find(|w| w.word() == word)
    }
}

impl FromStr for Transport {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        Transport::parse(s).ok_or(())
    }
}

/// Setting a way up, or changing it. Sent again, it changes nothing more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    { "required": ["url"], "properties": { "way": { "const": "webhook" }, "url": { "type": "string" } } },
    { "properties": { "way": { "const": "queue" }, "url": { "type": "null" } } },
]))]
pub struct SubscriptionRequest {
    /// Which.
    pub way: Transport,
    /// Where to call, for a webhook and for it alone: an https URL of at most 2,048 bytes, without user, password or fragment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<EndpointUrl>")]
    pub url: Option<String>,
    /// The cursor of the feed to go on from: the events after it are sent, also those sent before. Left out, a new way begins
    /// with the next event and one that exists goes on where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Cursor>,
}

/// Which way an act is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "WayRequest", deny_unknown_fields)]
pub struct TransportRequest {
    /// Which.
    pub way: Transport,
}

/// Which way of a tenant the operator sends again, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoticeRetryRequest {
    /// Whose.
    pub tenant: TenantKey,
    /// Which.
    pub way: Transport,
    /// Why, at most 1,000 characters; kept in the audit.
    #[schemars(length(min = 1, max = limits::CARRIAGE), regex(pattern = SAYS_SOMETHING))]
    pub reason: String,
}

/// Whether a way is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SubscriptionState {
    /// It is.
    Active,
    /// The receiver said that it is gone (410); nothing is sent until the way is set up again, and nothing is lost meanwhile.
    Disabled,
    /// The subscriber ended it; its queue is removed when it is empty and nobody reads it.
    Ended,
}

/// A secret that signs now, without the secret itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecretView {
    /// Since when.
    pub since: Timestamp,
    /// Until when; the newest has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// One way and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "WayView")]
pub struct TransportView {
    /// Whether it is used.
    pub state: SubscriptionState,
    /// Since when it stands so, or has this address.
    pub since: Timestamp,
    /// Why it is disabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where a webhook goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Name of the queue, and of the user that reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Up to where the feed has been taken to be sent.
    pub cursor: Cursor,
    /// How many events are being sent, or wait for their next attempt.
    pub waiting: i64,
    /// How many are given up, and wait for somebody to send them again.
    pub parked: i64,
    /// How many wait behind a parked event of their own dossier.
    pub held: i64,
    /// Since when the longest waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest: Option<Timestamp>,
    /// Secrets that sign now, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretView>,
}

/// How a submitter is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionView {
    /// Its webhook.
    pub webhook: Option<TransportView>,
    /// Its queue.
    pub queue: Option<TransportView>,
}

/// A way as it now is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionAnswer {
    /// How the caller is told now.
    pub subscription: SubscriptionView,
    /// The first secret of a new webhook: shown this once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// A new secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecretAnswer {
    /// The secret, `whsec_…`: shown this once.
    pub secret: String,
    /// Until when the one before it signs too.
    pub older_until: Timestamp,
}

/// A test event on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestAnswer {
    /// Its id; how it goes is in the attempts.
    pub event: EventId,
}

/// How many parked events are being sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoticeRetryAnswer {
    /// How many.
    pub retried: u64,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeOutcome {
    /// The receiver has it: 2xx, or confirmed by the broker.
    Delivered,
    /// Not this time; it is tried again.
    Retry,
    /// Given up; somebody must look.
    Parked,
    /// The receiver said that it is gone; the webhook is disabled.
    Gone,
}

impl NoticeOutcome {
    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            NoticeOutcome::Delivered => "delivered",
            NoticeOutcome::Retry => "retry",
            NoticeOutcome::Parked => "parked",
            NoticeOutcome::Gone => "gone",
        }
    }

    /// The outcome of a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        let all = [Self::Delivered, Self::Retry, Self::Parked, Self::Gone];
        all.into_iter().find(|o| o.word() == word)
    }
}

/// One attempt to send an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoticeAttemptView {
    /// Which way.
    pub way: Transport,
    /// The event's place in the feed; 0 for a test event.
    pub seq: i64,
    /// The event.
    pub event: EventId,
    /// Its dossier; none for a test event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_id: Option<DossierId>,
    /// When.
    pub at: Timestamp,
    /// Counts from 1, anew after the event was sent again by hand.
    pub number: i32,
    /// How it ended.
    pub outcome: NoticeOutcome,
    /// Why it did not arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Whose matter that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// What to do about it, in Vietnamese.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vi: Option<String>,
    /// What to do about it, in English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
    /// What the receiver, or the broker, said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Attempts, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoticeAttemptPage {
    /// The attempts.
    pub attempts: Vec<NoticeAttemptView>,
    /// `before` of the next page, with older ones; none when there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A place among attempts, as a page names it: `<microseconds>.<number in the feed>.<way>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptCursor {
    /// When the attempt was.
    pub at: Timestamp,
    /// Of which event.
    pub seq: i64,
    /// By which way.
    pub way: Transport,
}

impl AttemptCursor {
    /// Its form, as the interface says it.
    pub const PATTERN: &'static str = "^[0-9]{1,18}[.][0-9]{1,18}[.](webhook|queue)$";
}

impl fmt::Display for AttemptCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.at.as_micros(), self.seq, self.way.word())
    }
}

impl FromStr for AttemptCursor {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, '.');
        let number = |part: Option<&str>| {
            let digits =
                part.filter(|p| (1..=18).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()));
            digits.and_then(|p| p.parse().ok()).ok_or(())
        };
        let (at, seq) = (
            Timestamp::from_micros(number(parts.next())?),
            number(parts.next())?,
        );
        let way = parts.next().and_then(Transport::parse).ok_or(())?;
        Ok(AttemptCursor { at, seq, way })
    }
}

/// What a test event carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestData {
    /// Whose subscription it tests.
    pub tenant: TenantKey,
}

/// What an event that is sent carries: that of the feed, or of a test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum NoticeData {
    /// As in the feed.
    Event(Box<FeedData>),
    /// Of `vn.lienthong.subscription.test`.
    Test(TestData),
}

/// One tenant's ways, for the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriberView {
    /// Whose.
    pub tenant: TenantKey,
    /// How it is told.
    pub subscription: SubscriptionView,
}

/// Every subscriber.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubscribersView {
    /// In the order of their keys.
    pub subscribers: Vec<SubscriberView>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_among_attempts_is_taken_exactly_as_the_interface_says() {
        let schema = serde_json::json!({ "pattern": AttemptCursor::PATTERN });
        let told = jsonschema::validator_for(&schema).unwrap();
        for text in [
            "1763600000000000.7.webhook",
            "0.0.queue",
            "999999999999999999.999999999999999999.queue",
            "1000000000000000000.7.queue",
            "4.1000000000000000000.queue",
            "-4.7.queue",
            "+4.7.queue",
            "4..queue",
            "4.7.post",
            "4.7.queue.",
            "4.7",
            "",
        ] {
            let read = text.parse::<AttemptCursor>();
            assert_eq!(read.is_ok(), told.is_valid(&serde_json::json!(text)), "{text}");
            if let Ok(cursor) = read {
                assert_eq!(cursor.to_string(), text);
            }
        }
    }
}
