//! What readers and the ledger both say of telling submitters: whose way it is, and the states of a notice.

use super::word::{NoticeState, Word};
use crate::domain::view::Transport;

/// Notices of one way that may wait with a row at once, and events that may be told beyond the first that is not; the rest stays in the
/// feed until there is room. What waits is counted up to here.
pub const WINDOW: u16 = 1000;

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
    pub way: Transport,
}
