//! What an agency reports, and how each report was taken.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answers::ProblemView;
use crate::domain::codes::DossierCode;
use crate::domain::event::Verdict;
use crate::domain::status::Status;
use crate::domain::time::Timestamp;

/// One status an agency reports, in canonical form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusReport {
    /// The dossier: tracking id (`dos_…`) or official dossier code.
    pub dossier: String,
    /// `TrangThaiHoSo`, 1 to 10.
    pub status: Status,
    /// When it happened; left out, when the hub received it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// Reason, list of missing papers, note. At most 2,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The official dossier code, when the agency's system has assigned one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_code: Option<DossierCode>,
    /// The officer, as text. At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<String>,
}

/// Statuses in canonical form, at most 100.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusRequest {
    /// The reports, in the order they happened.
    pub reports: Vec<StatusReport>,
}

/// How one report was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusResult {
    /// The dossier as the report named it.
    pub dossier: String,
    /// How it was taken; null when the dossier was not found or the report was malformed.
    pub verdict: Option<Verdict>,
    /// Where the dossier now stands.
    pub status: Option<Status>,
    /// Why it was rejected, or is irregular.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemView>,
}

/// One line a report, in the order sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusAnswer {
    /// The results.
    pub results: Vec<StatusResult>,
}
