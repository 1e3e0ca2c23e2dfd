//! The directory as operators change it: a plan of what another one would do, and putting it into use.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AgencyView, ProblemView};
use crate::domain::audit::Entry;
use crate::domain::codes::Key;
use crate::domain::dossier::Place;
use crate::domain::ids::DossierId;
use crate::domain::rejection::{Label, Language, Rejection};
use crate::domain::routing::{CompetenceSpot, Directory, FileChange, Route, RouteReason};
use crate::domain::sha256::Sha256;
use crate::domain::text::{SAYS_SOMETHING, Text, limits};
use crate::domain::time::Date;

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
    /// All its files, name to text: `agencies.csv` and the others. Left out where `version` names a directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "files")]
    pub files: Option<BTreeMap<String, String>>,
    /// A version that was in use before, instead of files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The day from which it is to be in use, `YYYY-MM-DD` in Vietnam, after today: what becomes of open dossiers is told as of that
    /// day. Left out, it is today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub effective: Option<Date>,
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
    /// The agency is reorganised, so the hub itself moves or parks them on the day. Else they stay: assign them where that is right.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub moves: bool,
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
    /// Gaps and overlaps that the other has and the one in use has not: procedure, place and period. At most 500.
    #[serde(default)]
    pub brought: Vec<CompetenceSpot>,
    /// How many of them there are.
    #[serde(default)]
    pub brought_total: usize,
    /// Open dossiers that were routed anew, newest first.
    pub examined: u64,
    /// Whether there were more open dossiers than are examined.
    pub more: bool,
    /// Those that would go elsewhere.
    pub routes: Vec<RouteChange>,
}

/// Putting a directory into use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DirectoryImportRequest {
    /// All its files, as they were planned. Left out where `version` names a directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "files")]
    pub files: Option<BTreeMap<String, String>>,
    /// A version that was in use before, instead of files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The day from which it is in use, `YYYY-MM-DD` in Vietnam, after today. Left out, it is in use at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub effective: Option<Date>,
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
    /// The day from which it is in use, where that is still to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub effective: Option<Date>,
}

/// Going back: cancelling the directory that waits for its day, or, where none waits, putting the one before into use again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DirectoryRollbackRequest {
    /// The digest of the plan of the version before that was reviewed. Not needed to cancel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Sha256>,
    /// Why. At most 500 characters.
    #[schemars(length(min = 1, max = limits::REASON), regex(pattern = SAYS_SOMETHING))]
    pub reason: String,
}

/// A directory that waits for its day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScheduledDirectory {
    /// Its version.
    pub version: String,
    /// The first day it is in use, in Vietnam.
    #[schemars(with = "String", extend("format" = "date"))]
    pub effective: Date,
}

/// Which directory is in use, and which were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DirectoryHistoryView {
    /// Version in use; null when there is none.
    pub in_use: Option<String>,
    /// The one before, to which a rollback returns; null when there is none.
    pub before: Option<String>,
    /// The one that waits for its day.
    pub scheduled: Option<ScheduledDirectory>,
    /// What was done with directories, newest first: the entries of the audit about them, at most 100.
    pub acts: Vec<Entry>,
}

/// Asking whom a filing would go to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteRequest {
    /// The procedure: its national code or a local form of it.
    pub procedure: Text<50>,
    /// The place that decides, as a filing has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The day of filing, `YYYY-MM-DD` in Vietnam. Left out, it is today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub at: Option<Date>,
    /// Nobody is there to be asked, as in a batch: a place that may be several parks the filing instead of refusing it.
    #[serde(default)]
    pub batch: bool,
}

/// Whom a filing would go to, and why; nothing was filed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RouteAnswer {
    /// The responsible agency; null when the filing would wait for the operator or be refused.
    pub agency: Option<AgencyView>,
    /// Why it would wait for the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parked: Option<Label>,
    /// The reason: procedure, place, rules and both sentences. Null when the filing would be refused.
    pub reason: Option<RouteReason>,
    /// Why the filing would be refused; empty when it would be taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<ProblemView>,
    /// What the submitter would be warned of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<ProblemView>,
}

impl RouteAnswer {
    /// Of a decision, with agencies as they are shown.
    pub fn of(decided: Result<Route, Rejection>, shown: impl Fn(&Key) -> AgencyView) -> Self {
        let told = |problem| ProblemView::of(problem, Language::Vietnamese);
        match decided {
            Ok(route) => RouteAnswer {
                agency: route.agency.as_ref().map(shown),
                parked: route.parked,
                warnings: route.warnings.iter().map(told).collect(),
                reason: Some(route.reason),
                refused: Vec::new(),
            },
            Err(rejection) => RouteAnswer {
                agency: None,
                parked: None,
                reason: None,
                refused: rejection.problems().iter().map(told).collect(),
                warnings: Vec::new(),
            },
        }
    }
}
