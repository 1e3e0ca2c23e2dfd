//! What readers and the ledger both say of telling submitters: whose way it is, what is new for it, and the words of its states.

use crate::domain::view::{SubscriptionState, Way};

/// Notices of one subscription that may wait at once; the rest stays in the feed until there is room.
pub const WINDOW: i64 = 1000;

/// The states of a notice.
pub(super) const WAITING: &str = "waiting";
pub(super) const PARKED: &str = "parked";
pub(super) const HELD: &str = "held";

/// One way of one tenant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subscription {
    /// Whose.
    pub tenant: String,
    /// Which way.
    pub way: Way,
}

/// Rows of the feed that a subscription has not taken yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// For which way.
    pub subscription: Subscription,
    /// Its cursor when they were looked up: where it has moved since, they are not taken.
    pub after: i64,
    /// Sequence number, dossier and id of each event, in order, without a gap.
    pub events: Vec<(i64, String, String)>,
}

/// The stored word of a state.
pub(super) const fn state_word(state: SubscriptionState) -> &'static str {
    match state {
        SubscriptionState::Active => "active",
        SubscriptionState::Disabled => "disabled",
        SubscriptionState::Ended => "ended",
    }
}
