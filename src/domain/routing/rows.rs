//! One type a file of the directory: what a row of it says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::{Dated, Period};
use crate::domain::calendar::Limit;
use crate::domain::codes::{AgencyCode, CommuneCode, DistrictCode, Key, ProcedureCode};
use crate::domain::dossier::Catalogue;
use crate::domain::time::Date;

/// What kind of body an agency is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AgencyKind {
    /// A department of the city (sở, thanh tra).
    Department,
    /// The People's Committee of a commune.
    Commune,
    /// A management board.
    Board,
    /// The land registration office.
    LandRegistry,
    /// The office of the city's People's Committee.
    Office,
}

impl AgencyKind {
    /// Every kind.
    pub const ALL: [AgencyKind; 5] = [
        AgencyKind::Department,
        AgencyKind::Commune,
        AgencyKind::Board,
        AgencyKind::LandRegistry,
        AgencyKind::Office,
    ];

    /// The word in the files.
    pub const fn word(self) -> &'static str {
        match self {
            AgencyKind::Department => "department",
            AgencyKind::Commune => "commune",
            AgencyKind::Board => "board",
            AgencyKind::LandRegistry => "land-registry",
            AgencyKind::Office => "office",
        }
    }
}

/// At which level something is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The city.
    Province,
    /// The commune.
    Commune,
}

/// How an agency takes its dossiers; each has exactly one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AgencyChannel {
    /// It fetches its inbox over HTTPS.
    Pull,
    /// It consumes its queue itself.
    Amqp,
    /// The hub calls its endpoint.
    Push,
}

impl AgencyChannel {
    /// The stable word.
    pub const fn word(self) -> &'static str {
        match self {
            AgencyChannel::Pull => "pull",
            AgencyChannel::Amqp => "amqp",
            AgencyChannel::Push => "push",
        }
    }
}

/// An agency that decides dossiers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agency {
    /// Stable key; names queues.
    pub key: Key,
    /// Official identifier, which may change.
    pub code: AgencyCode,
    /// Identifiers it had before, or has beside it in the older form: dossier codes carry them for years.
    pub former_codes: Vec<AgencyCode>,
    /// Name.
    pub name: String,
    /// What kind of body.
    pub kind: AgencyKind,
    /// At which level it decides.
    pub level: Level,
    /// The commune it governs (2025 catalogue).
    pub commune: Option<CommuneCode>,
    /// The agency it belongs to.
    pub parent: Option<Key>,
    /// How it takes dossiers.
    pub channel: AgencyChannel,
    /// The format it reads and reports in, `name/version`.
    pub format: String,
    /// First day; `None` is open.
    pub valid_from: Option<Date>,
    /// Last day; `None` is open.
    pub valid_to: Option<Date>,
    /// Assumed, not published.
    pub provisional: bool,
}

/// A branch of the Center.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Stable key.
    pub key: Key,
    /// Official number, once known.
    pub official_number: Option<u32>,
    /// Name.
    pub name: String,
    /// The former districts it serves.
    pub former_districts: Vec<DistrictCode>,
    /// First day; `None` is open.
    pub valid_from: Option<Date>,
    /// Last day; `None` is open.
    pub valid_to: Option<Date>,
    /// Assumed, not published.
    pub provisional: bool,
}

/// What kind of receiving point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PointKind {
    /// The office of a branch.
    BranchOffice,
    /// The point of a commune.
    CommunePoint,
}

/// A place that receives dossiers. It never decides who is responsible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Stable key.
    pub key: Key,
    /// The branch it belongs to.
    pub branch: Key,
    /// Name.
    pub name: String,
    /// The commune it stands in, where known.
    pub commune: Option<CommuneCode>,
    /// What kind.
    pub kind: PointKind,
    /// First day; `None` is open.
    pub valid_from: Option<Date>,
    /// Last day; `None` is open.
    pub valid_to: Option<Date>,
    /// Assumed, not published.
    pub provisional: bool,
}

/// The district of a legacy commune.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct District {
    /// Three digits.
    pub code: DistrictCode,
    /// Name.
    pub name: String,
}

/// A commune of one catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commune {
    /// Five digits; means something only with the catalogue.
    pub code: CommuneCode,
    /// Name with its kind: `Phường Ba Đình`.
    pub name: String,
    /// Which list it is from.
    pub catalogue: Catalogue,
    /// Its district, in the legacy catalogue.
    pub district: Option<District>,
    /// First day; `None` is open.
    pub valid_from: Option<Date>,
    /// Last day; `None` is open.
    pub valid_to: Option<Date>,
}

/// One legacy commune, or part of it, that went into a new one.
#[derive(Clone, Debug)]
pub(super) struct Succession {
    pub(super) old: CommuneCode,
    pub(super) new: CommuneCode,
    pub(super) is_default: bool,
    pub(super) valid_from: Option<Date>,
    pub(super) valid_to: Option<Date>,
}

/// Which place decides who is responsible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PlaceRule {
    /// Where the owner of the matter lives.
    OwnerResidence,
    /// Where its object is: the land, the business seat.
    ObjectPlace,
    /// None: the whole city has one agency.
    None,
}

/// An administrative procedure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Procedure {
    /// National code.
    pub code: ProcedureCode,
    /// Which version of it: a number that only grows.
    pub version: u32,
    /// Name.
    pub name: String,
    /// Field code `MaLinhVuc`.
    pub field_code: String,
    /// Field name.
    pub field_name: String,
    /// The level that decides today.
    pub level: Level,
    /// The place that decides.
    pub place_rule: PlaceRule,
    /// How long the agency has.
    pub limit: Limit,
    /// Fee in đồng.
    pub fee_vnd: i64,
    /// Whether it is received regardless of the boundaries of areas.
    pub out_of_area: bool,
    /// First day; `None` is open.
    pub valid_from: Option<Date>,
    /// Last day; `None` is open.
    pub valid_to: Option<Date>,
    /// Assumed, not published.
    pub provisional: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Alias {
    pub(super) received: String,
    pub(super) code: ProcedureCode,
    pub(super) valid_from: Option<Date>,
    pub(super) valid_to: Option<Date>,
}

/// Where a rule of competence applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RulePlace {
    /// `*`: in the whole city.
    City,
    /// One commune of the 2025 catalogue.
    Commune(CommuneCode),
    /// `@commune`: in each commune.
    EachCommune,
}

/// Whom a rule of competence names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleAgency {
    /// This agency.
    Named(Key),
    /// `@place`: the People's Committee of the commune.
    OfThePlace,
}

/// A rule of competence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, `R0123`.
    pub rule: String,
    /// For which procedure.
    pub procedure: ProcedureCode,
    /// Where.
    pub place: RulePlace,
    /// Who decides.
    pub agency: RuleAgency,
    /// First day; `None` is open.
    pub valid_from: Option<Date>,
    /// Last day; `None` is open.
    pub valid_to: Option<Date>,
    /// Assumed, not published.
    pub provisional: bool,
}

/// A postal enterprise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enterprise {
    /// Stable key.
    pub key: Key,
    /// Name.
    pub name: String,
    /// First day; `None` is open.
    pub valid_from: Option<Date>,
    /// Last day; `None` is open.
    pub valid_to: Option<Date>,
    /// Assumed, not published.
    pub provisional: bool,
}

/// An agent of a postal enterprise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Stable key.
    pub key: Key,
    /// The enterprise it belongs to.
    pub enterprise: Key,
    /// Name.
    pub name: String,
    /// The commune it stands in (2025 catalogue).
    pub commune: CommuneCode,
    /// The branch whose one-stop unit receives what it files, where known.
    pub branch: Option<Key>,
    /// First day; `None` is open.
    pub valid_from: Option<Date>,
    /// Last day; `None` is open.
    pub valid_to: Option<Date>,
    /// Assumed, not published.
    pub provisional: bool,
}

macro_rules! dated {
    ($($row:ty),+) => {
        $(impl Dated for $row {
            fn period(&self) -> Period {
                (self.valid_from, self.valid_to)
            }
        })+
    };
}

dated!(
    Agency, Branch, Point, Commune, Succession, Alias, Rule, Enterprise, Agent
);
