//! Who may speak, as operators see it and change it; and what they did.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ProblemView;
use crate::domain::absent;
use crate::domain::audit::Entry;
use crate::domain::codes::Key;
use crate::domain::issuing::CodeGiver;
use crate::domain::register::{PARTS_OF_A_TENANT, TENANTS_AT_ONCE};
use crate::domain::tenant::{SuccessorPolicy, TenantKey, Thumbprint};
use crate::domain::text::{SAYS_SOMETHING, Text, limits};
use crate::domain::time::Timestamp;

/// Whether a tenant may speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StandingWord {
    /// It may.
    Active,
    /// Not now; what it filed is kept and goes on.
    Suspended,
    /// Never again; what it filed is kept and goes on.
    Closed,
}

/// A tenant in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TenantSummary {
    /// Its stable name.
    pub key: TenantKey,
    /// The name shown to people.
    pub name: Text<200>,
    /// The enterprise an agent belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<TenantKey>,
    /// Whether it may speak.
    pub standing: StandingWord,
    /// Since when, where it may not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Certificates it may call with now.
    pub certificates: u32,
    /// When the first of them ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_end: Option<Timestamp>,
}

/// A page of tenants, by key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TenantPage {
    /// The tenants.
    pub tenants: Vec<TenantSummary>,
    /// Value of `after` for the next page; null on the last.
    pub next: Option<TenantKey>,
}

/// A certificate of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CertificateView {
    /// SHA-256 of its DER, by which it is pinned.
    pub thumbprint: Thumbprint,
    /// Its last moment.
    pub not_after: Timestamp,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// It ends within so many days: 60, 30, 14, 7 or 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_within_days: Option<i16>,
}

/// A person of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StaffView {
    /// The tenant's own number for the person, as sent in `Acting-Staff`.
    pub id: Key,
    /// The name.
    pub name: Text<200>,
    /// When the person was taken off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// A receiving point of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PointView {
    /// Its stable key, as sent in `Receiving-Point`.
    pub key: Key,
    /// The name.
    pub name: Text<200>,
    /// When it was ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Everything the register holds of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TenantView {
    /// As in lists.
    #[serde(flatten)]
    pub summary: TenantSummary,
    /// Formats it may file or report in.
    pub formats: Vec<String>,
    /// What becomes of a filing whose commune was divided.
    pub successor_policy: SuccessorPolicy,
    /// Of an agency: who gives the official codes of its dossiers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<CodeGiver>,
    /// Its certificates, the one that ends last first.
    pub pinned: Vec<CertificateView>,
    /// Its people.
    pub staff: Vec<StaffView>,
    /// Its receiving points.
    pub points: Vec<PointView>,
    /// What to look at before it calls: a certificate that leads to no authority this hub trusts today.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<ProblemView>,
}

/// A person to name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStaff {
    /// The tenant's own number for the person.
    pub id: Key,
    /// The name.
    pub name: Text<200>,
}

/// A receiving point to add.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPoint {
    /// Its stable key.
    pub key: Key,
    /// The name.
    pub name: Text<200>,
}

/// A tenant to register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTenant {
    /// Its stable name.
    pub key: TenantKey,
    /// The name shown to people; of an agency, left out, the directory's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text<200>>,
    /// The enterprise an agent belongs to; only agents have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<TenantKey>,
    /// Formats, `name/version`. Left out: `canonical/v1` for who files; of an agency, that and the directory's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formats: Option<Vec<String>>,
    /// What becomes of a filing whose commune was divided.
    #[serde(default, deserialize_with = "absent::or_default")]
    #[schemars(with = "Option<SuccessorPolicy>")]
    pub successor_policy: SuccessorPolicy,
    /// Certificates, one PEM text each.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "absent::or_default"
    )]
    #[schemars(with = "Option<Vec<String>>", length(max = PARTS_OF_A_TENANT))]
    pub certificates: Vec<String>,
    /// People who may act for it.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "absent::or_default"
    )]
    #[schemars(with = "Option<Vec<NewStaff>>", length(max = PARTS_OF_A_TENANT))]
    pub staff: Vec<NewStaff>,
    /// Its receiving points.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "absent::or_default"
    )]
    #[schemars(with = "Option<Vec<NewPoint>>", length(max = PARTS_OF_A_TENANT))]
    pub points: Vec<NewPoint>,
}

/// Registering tenants, all or none; at most 10,000.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterRequest {
    /// Why; the audit keeps it. At most 500 characters.
    #[schemars(length(min = 1, max = limits::REASON), regex(pattern = SAYS_SOMETHING))]
    pub reason: String,
    /// The tenants. An agent's enterprise stands before it.
    #[schemars(length(max = TENANTS_AT_ONCE))]
    pub tenants: Vec<NewTenant>,
}

/// What a registration came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RegisterAnswer {
    /// Version of the register, which holds on every hub within two seconds.
    pub version: i64,
    /// Entries the audit has of it; 0 when everything already was as asked.
    pub changes: u32,
    /// What to look at before it calls: a certificate that leads to no authority this hub trusts today.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<ProblemView>,
}

/// Changing a tenant; what is left out stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantRequest {
    /// Why. At most 500 characters.
    #[schemars(length(min = 1, max = limits::REASON), regex(pattern = SAYS_SOMETHING))]
    pub reason: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text<200>>,
    /// Its formats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formats: Option<Vec<String>>,
    /// What becomes of a filing whose commune was divided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor_policy: Option<SuccessorPolicy>,
    /// Of an agency: who gives the official codes of its dossiers from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<CodeGiver>,
}

/// Suspending, resuming or closing a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StandingRequest {
    /// Why. At most 500 characters.
    #[schemars(length(min = 1, max = limits::REASON), regex(pattern = SAYS_SOMETHING))]
    pub reason: String,
    /// To what. `closed` is for ever, and closes an enterprise's agents too.
    pub standing: StandingWord,
}

/// Adding a certificate, or revoking one: exactly one of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CertificateRequest {
    /// Why. At most 500 characters.
    #[schemars(length(min = 1, max = limits::REASON), regex(pattern = SAYS_SOMETHING))]
    pub reason: String,
    /// A certificate as PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add: Option<String>,
    /// A thumbprint that is accepted no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoke: Option<Thumbprint>,
}

/// Naming a person, or taking one off: exactly one of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffRequest {
    /// Why. At most 500 characters.
    #[schemars(length(min = 1, max = limits::REASON), regex(pattern = SAYS_SOMETHING))]
    pub reason: String,
    /// A person, or another name for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add: Option<NewStaff>,
    /// A number whose person acts no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove: Option<Key>,
}

/// Adding a receiving point, or ending one: exactly one of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PointRequest {
    /// Why. At most 500 characters.
    #[schemars(length(min = 1, max = limits::REASON), regex(pattern = SAYS_SOMETHING))]
    pub reason: String,
    /// A point, or another name for one; one that was ended begins again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add: Option<NewPoint>,
    /// A point where nothing is received any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Key>,
}

/// What operators did, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Value of `before` for the next page; null on the last.
    pub next: Option<i64>,
}
