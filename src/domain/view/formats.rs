//! Versions of formats as operators see them: what is in use, what another one would change, how it reads what was filed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::codes::Key;
use crate::domain::ids::DossierId;
use crate::domain::rejection::Label;
use crate::domain::sha256::Sha256;
use crate::domain::tenant::{Actor, TenantKey};
use crate::domain::text::{PRINTABLE, SAYS_SOMETHING, limits};
use crate::domain::time::Timestamp;

/// Name and version of a format.
pub const FORMAT_PATTERN: &str = "^[a-z0-9-]+/v[1-9][0-9]{0,4}$";

/// Name of a format, without a version.
pub const FORMAT_NAME_PATTERN: &str = "^[a-z0-9-]+$";

/// The longest text of a version, in bytes: 256 KiB.
pub const FORMAT_BYTES: usize = 262_144;

/// Submissions that a version is tried on at once.
pub const SHADOWED_SUBMISSIONS: u32 = 10_000;

/// How a version of a format is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FormatStanding {
    /// It was put into use: it stands in for every version of its format.
    Activated,
    /// No version of its format was put into use: it is used by whoever has it.
    Listed,
    /// Another version stands in for it; it reads only what names it.
    Replaced,
}

/// A version of a format that a message was read or written with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FormatRef {
    /// Name and version: `dvcqg-mc/v1`.
    pub format: String,
    /// The number it is kept under; null for what came before versions were kept.
    pub number: Option<i64>,
    /// The digest of its text; null likewise.
    pub sha256: Option<Sha256>,
}

/// A hub began with a file that is not the text in use under its name and version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FormatDriftView {
    /// Name and version.
    pub format: String,
    /// The digest of the text in use.
    pub in_use: Sha256,
    /// The digest of the file.
    pub file: Sha256,
    /// When a hub saw it first.
    pub since: Timestamp,
    /// When a hub saw it last.
    pub seen_at: Timestamp,
}

/// A version of a format that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FormatVersionView {
    /// Name and version: `dvcqg-mc/v1`.
    pub format: String,
    /// What messages refer to it by.
    pub number: i64,
    /// The digest of its text.
    pub sha256: Sha256,
    /// Since when it is kept; from then on it never changes.
    pub kept_at: Timestamp,
    /// How it is used.
    pub standing: FormatStanding,
    /// Since when it is in use for all who have the format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Who put it into use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Actor>,
    /// Whether this hub can read with it; a version that another release wrote may not compile.
    pub usable: bool,
    /// Files under its name that differ from it, as hubs saw them within the last hour.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<FormatDriftView>,
}

/// Every version of every format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FormatVersionsView {
    /// By name and version.
    pub formats: Vec<FormatVersionView>,
}

/// A version of a format as it is written, with samples where there are any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FormatPlanRequest {
    /// Name and version, which its text says too.
    #[schemars(regex(pattern = FORMAT_PATTERN))]
    pub format: String,
    /// The `adapter.toml`, at most 262,144 bytes.
    #[schemars(regex(pattern = PRINTABLE))]
    pub text: String,
    /// Documents by file name: `minimal.json`, `refused-1.xml`, `statuses.json`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub samples: BTreeMap<String, String>,
    /// The expected result of each, as JSON: `minimal.json.json`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub expected: BTreeMap<String, String>,
}

/// What putting a version into use would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FormatPlanView {
    /// Name and version.
    pub format: String,
    /// The digest of its text.
    pub sha256: Sha256,
    /// Names this plan: sent back to put the version into use.
    pub digest: Sha256,
    /// The version that was put into use; null where each is used by whoever has it.
    pub from: Option<String>,
    /// Whether anything changes.
    pub changes: bool,
    /// Samples that were sent along and give what is expected of them.
    pub samples: u32,
    /// Tenants that have a version of the format: what they send without naming one is read by this.
    pub tenants: Vec<TenantKey>,
    /// Agencies that have a version of the format by the directory: what they are sent is written by this.
    pub agencies: Vec<Key>,
    /// What a version could do for which it stands in, and it cannot: `dossiers-in`, `statuses-in`, `dossiers-out`, `progress-out`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<String>,
}

/// Putting a version into use whose plan was reviewed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FormatActivationRequest {
    /// Name and version, which its text says too.
    #[schemars(regex(pattern = FORMAT_PATTERN))]
    pub format: String,
    /// The `adapter.toml`, as it was planned.
    #[schemars(regex(pattern = PRINTABLE))]
    pub text: String,
    /// Samples, as they were planned.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub samples: BTreeMap<String, String>,
    /// Their expected results.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub expected: BTreeMap<String, String>,
    /// The digest of the plan that was reviewed.
    pub plan: Sha256,
    /// Why. At most 500 characters.
    #[schemars(length(min = 1, max = limits::REASON), regex(pattern = SAYS_SOMETHING))]
    pub reason: String,
}

/// Going back to what was in use before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FormatRollbackRequest {
    /// The name of the format, without a version.
    #[schemars(regex(pattern = FORMAT_NAME_PATTERN))]
    pub name: String,
    /// The version that is to be left: nothing is done when another is in use by now.
    #[schemars(regex(pattern = FORMAT_PATTERN))]
    pub from: String,
    /// Why. At most 500 characters.
    #[schemars(length(min = 1, max = limits::REASON), regex(pattern = SAYS_SOMETHING))]
    pub reason: String,
}

/// What is in use of a format since a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FormatUseAnswer {
    /// The name of the format, without a version.
    pub name: String,
    /// The version that stands in for all of them; null where each is used by whoever has it.
    pub in_use: Option<String>,
}

/// Trying a version on what was filed. Nothing is written but an entry of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShadowRequest {
    /// Name and version, which its text says too.
    #[schemars(regex(pattern = FORMAT_PATTERN))]
    pub format: String,
    /// The `adapter.toml`, at most 262,144 bytes.
    #[schemars(regex(pattern = PRINTABLE))]
    pub text: String,
    /// How many submissions of any version of the format, newest first: at most 10,000.
    #[schemars(range(min = 1, max = SHADOWED_SUBMISSIONS))]
    pub last: u32,
    /// Only those of this tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantKey>,
    /// Show what was read, too. It may be personal; the audit says that it was shown.
    #[serde(default)]
    pub values: bool,
}

/// How two readings of a document differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ShadowKind {
    /// The document would be refused, for this reason.
    Refused,
    /// The document would be accepted, which is refused for this reason now.
    Accepted,
    /// The field has another value.
    Changes,
    /// The field would be there.
    Appears,
    /// The field would be missing.
    Disappears,
    /// A warning would be given.
    WarningNew,
    /// A warning would no longer be given.
    WarningGone,
}

/// What one reading says and the other does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShadowValue {
    /// The dossier.
    pub dossier: DossierId,
    /// By the version in use; null when it is not there.
    pub now: Option<serde_json::Value>,
    /// By the version that is tried; null when it is not there.
    pub then: Option<serde_json::Value>,
}

/// One difference, and how many documents have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShadowDifference {
    /// Of which kind.
    pub kind: ShadowKind,
    /// The canonical field, as a JSON Pointer with `*` for each place in a list; of a refusal or a warning, the place in the sender's
    /// document.
    pub field: String,
    /// Why it would be refused, is refused now, or what the warning is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
    /// Submissions that have it.
    pub submissions: u32,
    /// Some of their dossiers, newest first.
    pub examples: Vec<DossierId>,
    /// What both read of these; only where it was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<ShadowValue>,
}

/// How a version reads what was filed, compared with what is in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShadowView {
    /// The version that was tried.
    pub format: String,
    /// The digest of its text.
    pub sha256: Sha256,
    /// The versions that it was compared with, each with how many submissions it reads.
    pub against: BTreeMap<String, u32>,
    /// Submissions that both read.
    pub examined: u32,
    /// Of those, how many both read alike, warnings included.
    pub same: u32,
    /// How many both accept and read differently.
    pub differ: u32,
    /// How many would be refused that are accepted now.
    pub refused: u32,
    /// How many would be accepted that are refused now.
    pub accepted: u32,
    /// How many both refuse.
    pub refused_by_both: u32,
    /// Whether there are more submissions of the format than were examined.
    pub more: bool,
    /// The differences: refusals first, then fields, then warnings; each most frequent first.
    pub differences: Vec<ShadowDifference>,
    /// Whether there were more kinds of differences than are told apart.
    #[serde(default)]
    pub cut: bool,
}
