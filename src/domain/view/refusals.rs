//! Refused documents.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answers::ProblemView;
use crate::domain::ids::RefusalId;
use crate::domain::rejection::Label;
use crate::domain::sha256::Sha256;
use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;

/// What was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RefusedKind {
    /// A filing.
    Submission,
    /// A message of statuses, refused whole.
    Statuses,
}

impl RefusedKind {
    /// The stable word.
    pub const fn word(self) -> &'static str {
        match self {
            RefusedKind::Submission => "submission",
            RefusedKind::Statuses => "statuses",
        }
    }

    /// The kind of this word.
    pub fn parse(word: &str) -> Option<Self> {
        [RefusedKind::Submission, RefusedKind::Statuses]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

/// A refused document, as in lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefusalSummary {
    /// Its name, as the problem document gave it.
    pub id: RefusalId,
    /// Who sent it.
    pub tenant: TenantKey,
    /// What it was sent as.
    pub kind: RefusedKind,
    /// What decided.
    pub label: Label,
    /// `Submission-Format`, where it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Media type.
    pub media_type: String,
    /// Digest of its bytes.
    pub sha256: Sha256,
    /// How many bytes.
    pub size: i64,
    /// How often these bytes were refused.
    pub count: i32,
    /// When first.
    pub first_at: Timestamp,
    /// When last.
    pub last_at: Timestamp,
}

/// A refused document with everything that was wrong with it when it was refused last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefusalView {
    /// What is in lists.
    #[serde(flatten)]
    pub summary: RefusalSummary,
    /// Every problem, the deciding one first, each with its path in the document.
    pub problems: Vec<ProblemView>,
}

/// A page of refusals, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefusalPage {
    /// The refusals.
    pub refusals: Vec<RefusalSummary>,
    /// The cursor of the next page; null on the last.
    pub next: Option<String>,
}
