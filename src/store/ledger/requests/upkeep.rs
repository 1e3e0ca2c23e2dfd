//! What the hub asks of itself: looking at limits, sweeping, trying whether what is written is kept.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::request::Request;
use crate::domain::clocks::{Clockwork, Watched};
use crate::domain::legal::LegalLimits;
use crate::domain::tenant::Actor;
use crate::domain::time::Timestamp;

/// Looks at limits whose time has come, and tells of each once.
pub struct Watch {
    /// What the next limit of a task is computed with: the hours of the city.
    pub clockwork: Clockwork,
    /// At most so many limits.
    pub max: i64,
    /// In whose name: the hub's own.
    pub actor: Actor,
    /// Keys of the agencies that read their own queues: what lies there they may or may not have seen.
    pub own_queues: BTreeSet<String>,
    /// The limits of the law today.
    pub law: Arc<LegalLimits>,
}

/// A limit that was told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitFired {
    /// Which.
    pub limit: Watched,
    /// Whether it has passed; else it is near.
    pub passed: bool,
    /// When it ends.
    pub due_at: Timestamp,
    /// Tracking id; none for the hub's own clock.
    pub dossier: Option<String>,
    /// The submitter of the dossier.
    pub submitter: Option<String>,
}

/// What came of looking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WatchOutcome {
    /// What was told, in order.
    pub fired: Vec<LimitFired>,
    /// Limits looked at; as many as asked for when more may wait.
    pub looked: usize,
}

/// Removes answers, attempts and refusals that are no longer promised. Answers how many it removed, 0 when none is left.
pub struct Sweep;

/// Tries whether what is written is kept; leaves nothing behind.
pub struct Prove;

impl Request for Watch {
    type Answer = WatchOutcome;

    fn may_be_audited(&self) -> bool {
        false
    }
}

impl Request for Sweep {
    type Answer = usize;

    fn may_be_audited(&self) -> bool {
        false
    }
}

impl Request for Prove {
    type Answer = ();

    fn may_be_audited(&self) -> bool {
        false
    }

    fn is_trial(&self) -> bool {
        true
    }
}
