//! What readers and the ledger both say of telling submitters: whose way it is, what is new for it, and the states of a notice.

use super::word::{NoticeState, Word};
use crate::domain::view::Way;

/// Notices of one subscription that may wait at once; the rest stays in the feed until there is room.
pub const WINDOW: i64 = 1000;

/// The states of a notice.
pub(super) const WAITING: Word<NoticeState> = Word(NoticeState::Waiting);
pub(super) const PARKED: Word<NoticeState> = Word(NoticeState::Parked);
pub(super) const HELD: Word<NoticeState> = Word(NoticeState::Held);

/// A notice that may go now: its time has come, and nobody has it in hand.
macro_rules! may_go {
    ($now:expr) => {
        notices::state
            .eq($crate::store::telling::WAITING)
            .and(notices::not_before.le(At($now)))
            .and(
                notices::leased_until
                    .is_null()
                    .or(notices::leased_until.lt(At($now)).assume_not_null()),
            )
    };
}
pub(in crate::store) use may_go;

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
