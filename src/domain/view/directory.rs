//! The directory as operators change it: a plan of what another one would do, and putting it into use.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::codes::Key;
use crate::domain::ids::DossierId;
use crate::domain::rejection::Label;
use crate::domain::routing::{Directory, FileChange};
use crate::domain::sha256::Sha256;
use crate::domain::text::{SAYS_SOMETHING, limits};

/// The files of a directory in CSV: each of them must be there, but for those that it may be without.
fn files(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let required: Vec<&str> = (Directory::FILES.iter().copied())
        .filter(|name| !Directory::MAY_BE_ABSENT.contains(name))
        .collect();
    schemars::json_schema!({
        "type": "object", "required": required, "additionalProperties": { "type": "string" },
    })
}

/// Asking what another directory would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DirectoryPlanRequest {
    /// All its files, name to text: `agencies.csv` and the others.
    #[schemars(schema_with = "files")]
    pub files: BTreeMap<String, String>,
}

/// Something to look at before the directory is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingView {
    /// `competence-gap`, `competence-overlap`, …
    pub code: String,
    /// In Vietnamese.
    pub vi: String,
    /// In English.
    pub en: String,
}

/// Open dossiers that the rules would send elsewhere than where they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RouteChange {
    /// The agency now; null when parked.
    pub from: Option<Key>,
    /// The agency by the other directory; null when it would be parked or refused.
    pub to: Option<Key>,
    /// Why it would be parked or refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
    /// How many.
    pub dossiers: u64,
    /// Some of them.
    pub examples: Vec<DossierId>,
}

/// What another directory would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DirectoryPlanView {
    /// Version in use; null when there is none.
    pub from: Option<String>,
    /// Version of the other.
    pub to: String,
    /// Names this plan: sent back to put it into use.
    pub digest: Sha256,
    /// What changes, file by file; empty when nothing does.
    pub files: Vec<FileChange>,
    /// Gaps and overlaps of the other.
    pub warnings: Vec<FindingView>,
    /// Open dossiers that were routed anew, newest first.
    pub examined: u64,
    /// Whether there were more open dossiers than are examined.
    pub more: bool,
    /// Those that would go elsewhere. An import moves none of them: assign them where that is right.
    pub routes: Vec<RouteChange>,
}

/// Putting a directory into use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DirectoryImportRequest {
    /// All its files, as they were planned.
    #[schemars(schema_with = "files")]
    pub files: BTreeMap<String, String>,
    /// The digest of the plan that was reviewed.
    pub plan: Sha256,
    /// Why. At most 500 characters.
    #[schemars(length(min = 1, max = limits::REASON), regex(pattern = SAYS_SOMETHING))]
    pub reason: String,
}

/// A directory that is in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DirectoryImportAnswer {
    /// Its version.
    pub version: String,
}
