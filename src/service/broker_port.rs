//! What the hub asks of the broker beside sending through it.

use futures_util::future::BoxFuture;

use crate::domain::codes::Key;

/// What lies in the queue of an agency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InQueue {
    /// Messages that wait; those in a consumer's hands are not counted.
    pub messages: u64,
    /// Who reads it.
    pub readers: u64,
}

/// The broker, as far as it answers.
pub trait BrokerPort: Send + Sync {
    /// What lies in the queue of an agency; nothing where there is no queue.
    ///
    /// # Errors
    /// The broker's own words, when it does not answer.
    fn level<'a>(&'a self, agency: &'a Key) -> BoxFuture<'a, Result<InQueue, String>>;
}
