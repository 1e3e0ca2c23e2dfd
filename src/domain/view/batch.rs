//! The answer to a batch: a line for each item, in order, and a last line that says that this was all.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answers::{ProblemDocument, SubmissionAnswer};

/// One line of the answer to a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum BatchLine<A = SubmissionAnswer> {
    /// What became of an item.
    Item(BatchItemLine<A>),
    /// The last line. An answer without it broke off: what it holds is committed, and the batch is to be sent again.
    End {
        /// The whole in numbers.
        end: BatchEnd,
    },
}

/// What became of an item: an answer, or a problem document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BatchItemLine<A = SubmissionAnswer> {
    /// Which: the number of its line, or its place in the list, from 1.
    pub item: u64,
    /// The HTTP status it would have had by itself.
    pub status: u16,
    /// Whether this is the stored answer of an earlier call.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
    /// The answer of a filing that was taken: it is committed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<A>,
    /// Why it was not taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemDocument>,
}

/// A batch in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BatchEnd {
    /// Items that were answered.
    pub items: u64,
    /// Of these, taken now or before.
    pub taken: u64,
    /// Of these, not taken.
    pub refused: u64,
    /// Why the rest of the batch was not read, where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemDocument>,
}
