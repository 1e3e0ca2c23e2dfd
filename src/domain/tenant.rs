//! Tenants: who may speak to the hub at all.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::codes::{Key, NotACode};
use super::issuing::CodeGiver;
use super::sha256::Sha256;
use super::text::Text;
use super::time::Timestamp;

/// What kind of body a tenant is. Decides its role, and with it what it may do.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum TenantKind {
    /// A postal enterprise; sees what its agents filed.
    Enterprise,
    /// An agent (đại lý dịch vụ công) of an enterprise; sees only its own.
    Agent,
    /// A regional branch of the Center, with its receiving points.
    Branch,
    /// A department, board or commune that decides dossiers.
    Agency,
    /// The people who run the hub.
    Operator,
}

impl TenantKind {
    /// Every kind, in the order of the role matrix.
    pub const ALL: [TenantKind; 5] = [
        TenantKind::Enterprise,
        TenantKind::Agent,
        TenantKind::Branch,
        TenantKind::Agency,
        TenantKind::Operator,
    ];

    /// The first half of a tenant's key.
    pub const fn word(self) -> &'static str {
        match self {
            TenantKind::Enterprise => "enterprise",
            TenantKind::Agent => "agent",
            TenantKind::Branch => "branch",
            TenantKind::Agency => "agency",
            TenantKind::Operator => "operator",
        }
    }
}

/// The stable name of a tenant: its kind and its key, `branch.tay-ho`, `agency.ubnd-00004`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantKey {
    text: Box<str>,
    kind: TenantKind,
}

impl TenantKey {
    /// The form, as a regular expression.
    pub const PATTERN: &'static str =
        "^(enterprise|agent|branch|agency|operator)\\.[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?$";

    /// Names a tenant of `kind` by its own key.
    pub fn new(kind: TenantKind, key: &Key) -> Self {
        TenantKey {
            text: format!("{}.{key}", kind.word()).into(),
            kind,
        }
    }

    /// The kind, which is part of the name.
    pub fn kind(&self) -> TenantKind {
        self.kind
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The key within its kind.
    pub fn key(&self) -> &str {
        &self.text[self.kind.word().len() + 1..]
    }
}

impl FromStr for TenantKey {
    type Err = NotACode;
    fn from_str(s: &str) -> Result<Self, NotACode> {
        let (word, key) = s.split_once('.').ok_or(NotACode::Form)?;
        let kind = TenantKind::ALL
            .into_iter()
            .find(|k| k.word() == word)
            .ok_or(NotACode::Form)?;
        Ok(TenantKey::new(kind, &key.parse::<Key>()?))
    }
}

impl TryFrom<String> for TenantKey {
    type Error = NotACode;
    fn try_from(s: String) -> Result<Self, NotACode> {
        s.parse()
    }
}

impl From<TenantKey> for String {
    fn from(k: TenantKey) -> String {
        k.text.into()
    }
}

impl fmt::Display for TenantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for TenantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl schemars::JsonSchema for TenantKey {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TenantKey".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": TenantKey::PATTERN})
    }
}

/// A registered tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Its stable name.
    pub key: TenantKey,
    /// The name shown to people.
    pub name: Text<200>,
    /// The enterprise an agent belongs to.
    pub parent: Option<TenantKey>,
    /// Formats it may file or report in, `name/version`. Where several take a media type, the sender names one.
    pub formats: Vec<String>,
    /// Whether it may speak now.
    pub standing: Standing,
    /// What becomes of a filing whose commune was divided.
    pub successor_policy: SuccessorPolicy,
    /// Of an agency: who gives the official codes of its dossiers.
    pub codes: CodeGiver,
}

/// What the hub does when a tenant's filing names a former commune whose parts lead to different agencies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SuccessorPolicy {
    /// Somebody must say which part is meant: the filing is refused with the candidates, or, in a batch, parked.
    #[default]
    Ask,
    /// The default successor is taken, marked in the route's reason and told as a warning.
    Default,
}

impl SuccessorPolicy {
    /// Every policy.
    pub const ALL: [SuccessorPolicy; 2] = [SuccessorPolicy::Ask, SuccessorPolicy::Default];

    /// The stable word.
    pub const fn word(self) -> &'static str {
        match self {
            SuccessorPolicy::Ask => "ask",
            SuccessorPolicy::Default => "default",
        }
    }

    /// The policy of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.word() == word)
    }
}

/// Whether a tenant may speak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Active,
    /// Not now; what it filed stays and statuses still come back for it.
    Suspended {
        /// Since when.
        since: Timestamp,
    },
    /// Never again.
    Closed {
        /// Since when.
        since: Timestamp,
    },
}

/// A person of a tenant, named on each act (a rule of this hub, derived from Decree 118/2025 arts. 5.3 and 7.4: staff
/// act under assignment and answer for what they do).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staff {
    /// The tenant's own number for the person, as sent in `Acting-Staff`.
    pub id: Key,
    /// The tenant it belongs to.
    pub tenant: TenantKey,
    /// The name shown to the parties of a dossier.
    pub name: Text<200>,
    /// When the person was taken off the register; the number stays theirs.
    pub until: Option<Timestamp>,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Actor {
    /// The tenant; the hub itself is `operator.hub`.
    pub tenant: TenantKey,
    /// The named person, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<Key>,
    /// The receiving point it acted at, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<Key>,
}

impl Actor {
    /// The hub itself, or whoever holds its machine: `operator.hub`.
    pub fn hub() -> Self {
        Actor::of("operator.hub".parse().expect("a constant of the right form"))
    }

    /// A tenant as a whole.
    pub fn of(tenant: TenantKey) -> Self {
        Actor {
            tenant,
            staff: None,
            point: None,
        }
    }
}

/// The SHA-256 of a certificate's DER, by which it is pinned. A type of its own, so that no file's digest names a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Thumbprint(Sha256);

impl Thumbprint {
    /// The thumbprint with this digest.
    pub const fn new(digest: Sha256) -> Self {
        Thumbprint(digest)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl FromStr for Thumbprint {
    type Err = NotACode;
    fn from_str(text: &str) -> Result<Self, NotACode> {
        text.parse().map(Thumbprint)
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl schemars::JsonSchema for Thumbprint {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Thumbprint".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Sha256::json_schema(generator)
    }
}

/// A certificate registered for a tenant. A tenant may have several, so that keys roll over without a stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Its thumbprint.
    pub thumbprint: Thumbprint,
    /// Whose it is.
    pub tenant: TenantKey,
    /// When it ends by itself.
    pub not_after: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A receiving point of a branch, where papers are handed in and results handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Its stable key.
    pub key: Key,
    /// The tenant it belongs to.
    pub tenant: TenantKey,
    /// The name shown to people.
    pub name: Text<200>,
    /// Since when nothing is received there any more.
    pub until: Option<Timestamp>,
}

/// Everybody who may speak, as one snapshot that is replaced whole.
#[derive(Clone, Debug, Default)]
pub struct Register {
    /// Counts up with every change in the database; a hub reloads when it sees a higher one.
    pub version: i64,
    tenants: HashMap<TenantKey, Arc<Tenant>>,
    certificates: HashMap<Thumbprint, Certificate>,
    staff: HashMap<(TenantKey, Key), Staff>,
    points: HashMap<Key, Point>,
}

impl Register {
    /// A snapshot of these.
    pub fn new(
        version: i64,
        tenants: Vec<Tenant>,
        certificates: Vec<Certificate>,
        staff: Vec<Staff>,
        points: Vec<Point>,
    ) -> Self {
        Register {
            version,
            tenants: tenants
                .into_iter()
                .map(|t| (t.key.clone(), Arc::new(t)))
                .collect(),
            certificates: certificates.into_iter().map(|c| (c.thumbprint, c)).collect(),
            staff: staff
                .into_iter()
                .map(|s| ((s.tenant.clone(), s.id.clone()), s))
                .collect(),
            points: points.into_iter().map(|p| (p.key.clone(), p)).collect(),
        }
    }

    /// A tenant by its name.
    pub fn tenant(&self, key: &TenantKey) -> Option<&Arc<Tenant>> {
        self.tenants.get(key)
    }

    /// Every tenant, in no order.
    pub fn tenants(&self) -> impl Iterator<Item = &Arc<Tenant>> {
        self.tenants.values()
    }

    /// A certificate by its thumbprint.
    pub fn certificate(&self, thumbprint: &Thumbprint) -> Option<&Certificate> {
        self.certificates.get(thumbprint)
    }

    /// Every certificate, in no order.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.certificates.values()
    }

    /// A person of a tenant, who may act now.
    pub fn staff(&self, tenant: &TenantKey, id: &Key) -> Option<&Staff> {
        self.staff
            .get(&(tenant.clone(), id.clone()))
            .filter(|person| person.until.is_none())
    }

    /// Everybody a tenant ever named, in no order.
    pub fn staff_of(&self, tenant: &TenantKey) -> impl Iterator<Item = &Staff> {
        self.staff.values().filter(move |s| s.tenant == *tenant)
    }

    /// Every receiving point a tenant ever had, in no order.
    pub fn points_of(&self, tenant: &TenantKey) -> impl Iterator<Item = &Point> {
        self.points.values().filter(move |p| p.tenant == *tenant)
    }

    /// A receiving point of a tenant where something may be received now; another tenant's point is absent.
    pub fn point(&self, tenant: &TenantKey, key: &Key) -> Option<&Point> {
        self.points
            .get(key)
            .filter(|p| p.tenant == *tenant && p.until.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_key_carries_its_kind() {
        let key: TenantKey = "agency.ubnd-00004".parse().unwrap();
        assert_eq!((key.kind(), key.key()), (TenantKind::Agency, "ubnd-00004"));
        for bad in [
            "agency",
            "agency.",
            "mayor.x",
            "agency.UBND",
            "agency.a.b",
            "branch.a-",
            "branch.-a",
        ] {
            assert!(bad.parse::<TenantKey>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_form_the_interface_says_is_every_kind_with_a_key() {
        let kinds = TenantKind::ALL.map(TenantKind::word).join("|");
        let key = Key::PATTERN.trim_start_matches('^');
        assert_eq!(TenantKey::PATTERN, format!("^({kinds})\\.{key}"));
    }
}
