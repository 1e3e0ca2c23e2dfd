//! A due date that is set, and why.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// Why a due date was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DueReason {
    /// The dossier was accepted: the limit begins.
    Accepted,
    /// A supplement is complete: the limit begins again (art. 19.5).
    SupplementCompleted,
    /// What was claimed is paid: the limit goes on.
    Paid,
    /// It is no longer stopped: the limit goes on.
    Resumed,
    /// It was returned to an earlier step while it stood still: the limit goes on.
    Returned,
    /// The agency named a later date (art. 19.6).
    Postponed,
    /// The receipt the applicant holds names this date (art. 17.3). Towards the applicant it holds; limits run as they are counted.
    Promised,
}

/// A due date that is set, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DueChange {
    /// The date before; none the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// The date now.
    pub to: Timestamp,
    /// Why.
    pub reason: DueReason,
}
