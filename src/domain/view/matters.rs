//! What is recorded of a dossier beside its status: as it is asked for, and as a reader sees it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::dossier::{self, Component};
use crate::domain::event::{Event, EventKind};
use crate::domain::matter::Matter;
use crate::domain::text::{PRINTABLE, SAYS_SOMETHING, limits};
use crate::domain::time::Timestamp;
use crate::domain::whole;

/// An opinion of another body, as a reader sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Opinion {
    /// Which of the dossier's opinions, from 1.
    pub number: i32,
    /// Whose opinion.
    pub of: String,
    /// What was asked.
    pub question: String,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Until when it was to be given.
    pub due_at: Timestamp,
    /// What it says; null while it has not come.
    pub answer: Option<String>,
    /// When it came.
    pub answered_at: Option<Timestamp>,
}

/// The opinions a history tells of, in order.
pub(super) fn opinions(history: &[Event]) -> Vec<Opinion> {
    let mut opinions: Vec<Opinion> = Vec::new();
    for event in history {
        match &event.what {
            EventKind::Beside(Matter::OpinionAsked {
                number,
                of,
                question,
                due_at,
            }) => opinions.push(Opinion {
                number: *number,
                of: of.clone(),
                question: question.clone(),
                asked_at: event.occurred_at,
                due_at: *due_at,
                answer: None,
                answered_at: None,
            }),
            EventKind::Beside(Matter::OpinionAnswered { number, answer }) => {
                if let Some(open) = opinions.iter_mut().find(|o| o.number == *number) {
                    open.answer = Some(answer.clone());
                    open.answered_at = Some(event.occurred_at);
                }
            }
            _ => {}
        }
    }
    opinions
}

/// The applicant asks for a change before the decision (art. 21).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRequest {
    /// When; left out, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// What is to be changed, and how it is right. At most 2,000 characters.
    #[schemars(length(min = 1, max = limits::NOTE), regex(pattern = SAYS_SOMETHING))]
    pub text: String,
    /// The papers that show it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = dossier::limits::COMPONENTS))]
    pub papers: Vec<Component>,
}

/// The agency asks another body for its opinion (art. 19.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpinionRequest {
    /// When; left out, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// Whose opinion: the body's name. At most 500 characters.
    #[schemars(length(min = 1, max = limits::RECEIVER), regex(pattern = SAYS_SOMETHING))]
    pub of: String,
    /// What is asked. At most 2,000 characters.
    #[schemars(length(min = 1, max = limits::NOTE), regex(pattern = SAYS_SOMETHING))]
    pub question: String,
    /// Until when it is to be given: after now, within a year.
    pub due_at: Timestamp,
}

/// The opinion is here (art. 19.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpinionAnswerRequest {
    /// When; left out, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// Which opinion, as its event and the dossier number it.
    #[serde(deserialize_with = "whole::number")]
    #[schemars(range(min = 1))]
    pub number: i32,
    /// What it says. At most 2,000 characters.
    #[schemars(length(min = 1, max = limits::NOTE), regex(pattern = SAYS_SOMETHING))]
    pub answer: String,
}

/// The agency tells that the result comes before its due date (art. 22.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EarlyResultRequest {
    /// When it will be there: before the due date.
    pub expected_at: Timestamp,
    /// What the applicant must read. At most 2,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::NOTE), regex(pattern = PRINTABLE))]
    pub text: Option<String>,
}

/// Papers of the applicant were lost or damaged (art. 23.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LossRequest {
    /// When it was noticed; left out, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// Which papers, where they were lost, and what is done about it. At most 2,000 characters.
    #[schemars(length(min = 1, max = limits::NOTE), regex(pattern = SAYS_SOMETHING))]
    pub text: String,
}

/// Which way money went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PaymentKind {
    /// The applicant paid it.
    Collected,
    /// It was paid in to the budget.
    PaidIn,
}

/// A fee that was collected, or paid in to the budget (art. 24.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentRequest {
    /// When; left out, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// Which way it went.
    pub kind: PaymentKind,
    /// How much, in đồng.
    #[serde(deserialize_with = "whole::number")]
    #[schemars(range(min = 1, max = dossier::limits::AMOUNT_VND))]
    pub amount_vnd: i64,
    /// Number of the receipt or the payment order. At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::PROOF), regex(pattern = PRINTABLE))]
    pub receipt: Option<String>,
}
