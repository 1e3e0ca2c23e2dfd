//! Where agencies want their messages, messages on their way there, and what is done about any delivery.

use std::time::Duration;

use super::carrying::{Carried, LeasedDelivery};
use super::request::{Request, Sender};
use crate::domain::failure::Failure;
use crate::domain::rejection::Problem;
use crate::domain::tenant::Actor;
use crate::domain::time::Timestamp;
use crate::store::kept::SealedEndpoint;

/// An agency's endpoint, new or changed. What failed there before is forgotten. Answers whether it was set: it is not when the present one
/// was set at the same moment or later; it is looked up again, then.
pub struct SetEndpoint(pub SealedEndpoint);

/// An agency has no endpoint any more. Answers whether it had one.
pub struct RemoveEndpoint {
    /// Key of the agency.
    pub agency: String,
}

/// Messages to push to an agency now, at most one a dossier; they are the caller's until the lease ends.
pub struct LeasePushes {
    /// Key of the agency.
    pub agency: String,
    /// At most so many.
    pub max: i64,
    /// How long.
    pub lease: Duration,
    /// Whether those go first that were tried least: the endpoint is being probed, and it is the endpoint that is asked about.
    pub least_tried_first: bool,
}

/// What became of leased messages, and how their endpoint stands since.
pub struct SettlePushes {
    /// Key of the agency.
    pub agency: String,
    /// The messages.
    pub settlements: Vec<PushSettlement>,
    /// When the endpoint that was called was set.
    pub set_at: Timestamp,
    /// How it stands, where that changed.
    pub standing: Option<EndpointStanding>,
}

/// A message left its agency's queue for the dead letters. Answers whether it is parked for that.
pub struct Died {
    /// Key of the agency.
    pub agency: String,
    /// The delivery.
    pub delivery: String,
    /// What that says of it.
    pub failure: Failure,
    /// The broker's word for why.
    pub reason: String,
}

/// What became of one pushed message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushSettlement {
    /// The delivery.
    pub delivery: String,
    /// Which attempt this was.
    pub attempt: i32,
    /// What became of it.
    pub carried: Carried,
}

/// How an endpoint as a whole stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointStanding {
    /// It answers.
    Answers,
    /// It is spared until the next probe.
    Spared {
        /// What fails.
        failure: Failure,
        /// When the next probe goes.
        next_probe: Timestamp,
    },
}

/// What an operator does about a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intervention {
    /// The delivery.
    pub delivery: String,
    /// Whether its agency reads a queue of its own now.
    pub own_queue: bool,
    /// What to do.
    pub action: Intervene,
    /// Why.
    pub reason: String,
    /// Who says so.
    pub actor: Actor,
}

/// What to do about a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intervene {
    /// Try it again, from the first attempt.
    Retry {
        /// Although it was handed over, or went into a queue, already. The receiver deduplicates by event id.
        again: bool,
    },
    /// Try it no more.
    Park,
}

/// Sends again what an agency's queue has lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resend {
    /// The agency.
    pub agency: String,
    /// How many messages its queue holds.
    pub in_queue: i64,
    /// When that was looked at: what was confirmed later may be in the queue beside them.
    pub seen_at: Timestamp,
    /// How long a message may be confirmed and not settled before it counts as lost; twice as long each time it was sent again.
    pub patience: Duration,
    /// Since when nobody has read the queue, and how long a message confirmed after that may be missing from it.
    pub unread: Option<(Timestamp, Duration)>,
    /// The operator who says so, and why.
    pub by: Option<(Actor, String)>,
}

/// What [`Resend`] came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resent {
    /// Confirmed and not settled.
    pub unsettled: i64,
    /// Of them, sent again now.
    pub resent: usize,
    /// Whether there may be more: as many were sent again as fit into one commit.
    pub more: bool,
}

impl Request for SetEndpoint {
    type Answer = bool;

    fn sender(&self) -> Option<Sender<'_>> {
        Some(Sender::named(&self.0.row.set_by))
    }

    fn unstorable(&self) -> Option<&'static str> {
        self.0.row.unstorable()
    }
}

impl Request for RemoveEndpoint {
    type Answer = bool;
}

impl Request for LeasePushes {
    type Answer = Vec<LeasedDelivery>;

    fn may_be_audited(&self) -> bool {
        false
    }
}

impl Request for SettlePushes {
    type Answer = ();

    fn may_be_audited(&self) -> bool {
        false
    }
}

/// Done, or why not.
impl Request for Intervention {
    type Answer = Result<(), Problem>;

    fn sender(&self) -> Option<Sender<'_>> {
        Some(Sender::actor(&self.actor))
    }
}

impl Request for Resend {
    type Answer = Resent;

    fn may_be_audited(&self) -> bool {
        self.by.is_some()
    }
}

impl Request for Died {
    type Answer = bool;

    fn may_be_audited(&self) -> bool {
        false
    }
}
