//! What a person does to a dossier, as it is asked for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::absent;
use crate::domain::codes::{DossierCode, Key};
use crate::domain::details::{self, PaperAsked, ResultPaper};
use crate::domain::dossier::{self, Component};
use crate::domain::text::{PRINTABLE, SAYS_SOMETHING, limits};
use crate::domain::time::Timestamp;

/// Acceptance of an online dossier by the receiving unit or the agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptanceRequest {
    /// When; left out, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// The official code, if one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_code: Option<DossierCode>,
    /// A note. At most 2,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::NOTE), regex(pattern = PRINTABLE))]
    pub text: Option<String>,
}

/// The submitter completes what was asked for: a note, the papers brought, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("anyOf" = [
    { "required": ["text"], "properties": { "text": { "type": "string" } } },
    { "required": ["papers"], "properties": { "papers": { "type": "array", "minItems": 1 } } },
]))]
pub struct SupplementRequest {
    /// When; left out, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// What was added. At most 2,000 characters; may be left out where papers are named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = limits::NOTE), regex(pattern = SAYS_SOMETHING))]
    pub text: Option<String>,
    /// The papers brought, by the code and name they were asked for, with their files.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "absent::or_default"
    )]
    #[schemars(with = "Option<Vec<Component>>", length(max = dossier::limits::COMPONENTS))]
    pub papers: Vec<Component>,
}

/// A step that needs nothing but its reason: a refusal before acceptance, a recall, a withdrawal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonRequest {
    /// When; left out, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// Why: what the other side must read. At most 2,000 characters.
    #[schemars(length(min = 1, max = limits::NOTE), regex(pattern = SAYS_SOMETHING))]
    pub reason: String,
}

/// The receiving unit or the agency asks for papers: once, and for all of them (Decree 118/2025 art. 16.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PapersRequest {
    /// When; left out, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// Why. At most 2,000 characters.
    #[schemars(length(min = 1, max = limits::NOTE), regex(pattern = SAYS_SOMETHING))]
    pub reason: String,
    /// The papers asked for.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "absent::or_default"
    )]
    #[schemars(with = "Option<Vec<PaperAsked>>", length(max = details::limits::PAPERS))]
    pub papers: Vec<PaperAsked>,
}

/// The agency moves the due date, once (Decree 118/2025 art. 19.6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostponementRequest {
    /// When; left out, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// The due date from now on.
    pub new_due: Timestamp,
    /// Why, with the apology the applicant reads. At most 2,000 characters.
    #[schemars(length(min = 1, max = limits::NOTE), regex(pattern = SAYS_SOMETHING))]
    pub reason: String,
}

/// The agency puts a result right (Decree 118/2025 art. 23.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectionRequest {
    /// When; left out, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// The results as they are right; all of them, at least one.
    #[schemars(length(min = 1, max = details::limits::RESULTS))]
    pub results: Vec<ResultPaper>,
    /// The result is a refusal.
    #[serde(
        default,
        skip_serializing_if = "std::ops::Not::not",
        deserialize_with = "absent::or_default"
    )]
    #[schemars(with = "Option<bool>")]
    pub refusal: bool,
    /// What was wrong. At most 2,000 characters.
    #[schemars(length(min = 1, max = limits::NOTE), regex(pattern = SAYS_SOMETHING))]
    pub reason: String,
}

/// An operator names the agency of a dossier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignmentRequest {
    /// Stable key of an agency that is in force today.
    pub agency: Key,
    /// Why; the history keeps it, the submitter and the agency read it. At most 500 characters.
    #[schemars(length(min = 1, max = limits::REASON), regex(pattern = SAYS_SOMETHING))]
    pub reason: String,
}

/// The applicant has received the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOverRequest {
    /// Who received it. At most 500 characters.
    #[schemars(length(min = 1, max = limits::RECEIVER), regex(pattern = SAYS_SOMETHING))]
    pub receiver: String,
    /// When; left out, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<Timestamp>,
    /// Proof: a signed slip's number, a waybill. At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::PROOF), regex(pattern = PRINTABLE))]
    pub proof: Option<String>,
}
