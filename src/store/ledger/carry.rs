//! Carrying messages to agencies: outbox rows on their way to the broker, inbox messages on their way to a puller. What both have in
//! common with whatever else is done about a delivery is in `attempts`.

mod answered;
mod attempts;
mod inbox;
mod outbox;

pub(super) use answered::answered;
pub(super) use attempts::{record, sends};
pub use inbox::HANDED_OUT_AT_MOST;
pub(super) use inbox::{Of, lease_in_order};
