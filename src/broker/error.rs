//! What goes wrong with the broker as a whole, and what lies in a queue.

/// What goes wrong with the broker as a whole. What goes wrong with one message is an [`PublishOutcome`](super::PublishOutcome).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokerError {
    /// The address of the broker cannot be used; the text never holds the password.
    #[error("the broker's address cannot be used: {0}")]
    Address(String),
    /// No connection, or it was lost on the way. Calling again connects again.
    #[error("connection to the broker: {0}")]
    Connection(String),
    /// The broker answered no: missing queue, other arguments than declared, no permission.
    #[error("the broker refused {what}: {reason}")]
    Refused {
        /// What was asked.
        what: String,
        /// The broker's own words.
        reason: String,
    },
    /// The message is no longer in this consumer's hands: its connection or the consumer ended. It comes again.
    #[error("the message went back to its queue, because its consumer ended")]
    Gone,
}

/// What lies in a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueDepth {
    /// Messages that wait. What consumers have in hand is not counted.
    pub messages: u64,
    /// Consumers.
    pub readers: u64,
}
