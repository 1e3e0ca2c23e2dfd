//! What is sent, where it goes, and what becomes of it.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::codes::Key;
use crate::domain::tenant::TenantKey;

use super::topology;

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
pub enum PublishOutcome {
    /// The broker answers for it now.
    Confirmed,
    /// It does not, or it is unknown whether it does: send again. The text begins with `connection` where the connection failed.
    Refused(String),
    /// No queue takes it: the topology lacks one.
    Unroutable,
}

/// What a consumer says of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acknowledgement {
    /// Done, and committed.
    Ack,
    /// Not now: again later, marked redelivered, up to the queue's delivery limit.
    Retry,
    /// Never: to the dead letters, with the reason in the hub's log. The reason holds no personal data.
    Dead(String),
}
