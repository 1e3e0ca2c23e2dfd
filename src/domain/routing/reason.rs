//! The reason of a route: every fact it was decided by, and one sentence a clerk can read out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decide::Match;
use super::place::{CATALOGUE_2025_FROM, Located};
use super::rows::{PlaceRule, Procedure};
use crate::domain::codes::{CommuneCode, Key, ProcedureCode};
use crate::domain::dossier::Catalogue;
use crate::domain::rejection::Label;
use crate::domain::tenant::TenantKey;
use crate::domain::time::{Date, Timestamp};

/// Why a dossier goes to one agency, or to none. Kept with the dossier; holds no person's data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RouteReason {
    /// Version of the directory.
    pub directory: String,
    /// The day whose rules were used, `YYYY-MM-DD` in Vietnam.
    pub date: String,
    /// The procedure, and how its code was understood.
    pub procedure: ProcedureReason,
    /// The place, and how it was understood; null when none was given.
    pub place: Option<PlaceReason>,
    /// The rules that apply to that procedure, place and day.
    pub rules: Vec<RuleReason>,
    /// Stable key of the agency by the rules; null when they name none, or several.
    pub chosen: Option<String>,
    /// What an operator decided instead; the reason is in the history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned: Option<AssignedReason>,
    /// One sentence in Vietnamese.
    pub vi: String,
    /// One sentence in English.
    pub en: String,
}

/// That an operator named the agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AssignedReason {
    /// Stable key of the agency.
    pub agency: Key,
    /// Who decided.
    pub by: TenantKey,
    /// When.
    pub at: Timestamp,
}

/// How a procedure code was understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProcedureReason {
    /// As received.
    pub received: String,
    /// National code.
    pub code: ProcedureCode,
    /// Name in the directory.
    pub name: String,
    /// The version it was received under: that of the day of filing.
    pub version: u32,
    /// How one led to the other.
    pub matched: Matched,
}

/// How a received code led to a national one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Matched {
    /// It is the national code.
    Exact,
    /// By the table of aliases.
    Alias,
    /// By dropping a known suffix of the city.
    Suffix,
}

/// How a place was understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlaceReason {
    /// The catalogue the sender stated, if any.
    pub given_catalogue: Option<Catalogue>,
    /// The commune code as given.
    pub given_code: CommuneCode,
    /// The catalogue it was read in.
    pub catalogue: Catalogue,
    /// Why that one.
    pub catalogue_by: CatalogueBy,
    /// The commune's name in that catalogue.
    pub name: String,
    /// The one commune it is; null when a divided commune's successors all lead to the same agency.
    pub resolved: Option<NamedCommune>,
    /// The communes it may be, when it was divided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<NamedCommune>,
    /// How one led to the other.
    pub by: ResolvedBy,
}

/// A commune by its code and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NamedCommune {
    /// Five digits.
    pub code: CommuneCode,
    /// Name.
    pub name: String,
}

/// Why a code was read in its catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CatalogueBy {
    /// The sender stated it.
    Stated,
    /// A former district was given.
    District,
    /// The paper it was taken from is older than the catalogue of 2025.
    DocumentDate,
    /// The catalogue of the day of filing.
    FilingDate,
}

/// How a given place led to a commune in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ResolvedBy {
    /// It is in force that day.
    Direct,
    /// The former commune went into this one as a whole.
    SoleSuccessor,
    /// The former commune was divided, but every part leads to the same agency.
    SameAgency,
    /// The former commune was divided, and the sender's policy takes the default successor.
    DefaultSuccessor,
    /// The former commune was divided, its parts lead to different agencies, and nobody has said which part is meant.
    Undecided,
}

/// A rule that applies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleReason {
    /// Its name, `R0123`.
    pub rule: String,
    /// `*`, `@commune` or a commune code.
    pub place: String,
    /// Stable key of the agency it names.
    pub agency: String,
}

impl RouteReason {
    /// Whether the rules say the same of two filings, so that what a person decided on the one holds for the other.
    pub fn same_case(&self, other: &RouteReason) -> bool {
        let place = |reason: &RouteReason| reason.place.clone();
        self.procedure.code == other.procedure.code
            && place(self) == place(other)
            && self.rules == other.rules
            && self.chosen == other.chosen
    }
}

impl PlaceReason {
    pub(super) fn of(located: &Located<'_>) -> Self {
        let named: Vec<NamedCommune> = located
            .targets
            .iter()
            .map(|c| NamedCommune {
                code: c.code.clone(),
                name: c.name.clone(),
            })
            .collect();
        let (resolved, candidates) = match <[NamedCommune; 1]>::try_from(named) {
            Ok([one]) => (Some(one), Vec::new()),
            Err(several) => (None, several),
        };
        PlaceReason {
            given_catalogue: located.given_catalogue,
            given_code: located.commune.code.clone(),
            catalogue: located.commune.catalogue,
            catalogue_by: located.catalogue_by,
            name: located.commune.name.clone(),
            resolved,
            candidates,
            by: located.by,
        }
    }

    /// The place as a person says it, in Vietnamese and English.
    fn spoken(&self) -> (String, String) {
        let (vi, en) = self.named();
        match self.catalogue_by {
            CatalogueBy::DocumentDate => (
                format!("{vi} (theo danh mục trước ngày {CATALOGUE_2025_FROM}, vì giấy tờ đề ngày trước đó)"),
                format!("{en} (in the catalogue before {CATALOGUE_2025_FROM}, as its paper is older)"),
            ),
            CatalogueBy::Stated | CatalogueBy::District | CatalogueBy::FilingDate => (vi, en),
        }
    }

    fn named(&self) -> (String, String) {
        let (name, today) = (&self.name, self.resolved.as_slice());
        match self.by {
            ResolvedBy::Direct => (name.clone(), name.clone()),
            ResolvedBy::SoleSuccessor
            | ResolvedBy::SameAgency
            | ResolvedBy::DefaultSuccessor
            | ResolvedBy::Undecided => {
                let names: Vec<&str> = today
                    .iter()
                    .chain(&self.candidates)
                    .map(|c| c.name.as_str())
                    .collect();
                (
                    format!("{name} trước đây (nay là {})", names.join(" hoặc ")),
                    format!("the former {name} (today {})", names.join(" or ")),
                )
            }
        }
    }
}

/// The two sentences: who decides by which rule, or why nobody does yet.
pub(super) fn sentences(
    procedure: &Procedure,
    place: Option<&PlaceReason>,
    matches: &[Match<'_>],
    parked: Option<Label>,
    version: &str,
    on: Date,
) -> (String, String) {
    let name = format!("{} ({}", procedure.name, procedure.code);
    let (mut vi, mut en) = (
        format!("{name}, phiên bản {})", procedure.version),
        format!("{name}, version {})", procedure.version),
    );
    if let Some(place) = place {
        let (in_vi, in_en) = place.spoken();
        let (of_vi, of_en) = match procedure.place_rule {
            PlaceRule::OwnerResidence => ("của người cư trú ở", "of a resident of"),
            PlaceRule::ObjectPlace => ("cho đối tượng ở", "about an object in"),
            PlaceRule::None => ("với địa danh", "with the place"),
        };
        vi.push_str(&format!(" {of_vi} {in_vi}"));
        en.push_str(&format!(" {of_en} {in_en}"));
    }
    let names: Vec<&str> = matches.iter().map(|f| f.rule.rule.as_str()).collect();
    let rules = names.join(", ");
    if place.is_some_and(|place| place.by == ResolvedBy::DefaultSuccessor) {
        vi.push_str(" (đơn vị kế thừa mặc định)");
        en.push_str(" (the default successor)");
    }
    match (parked, matches.first()) {
        (None, Some(first)) => {
            let agency = &first.agency.name;
            vi.push_str(&format!(" thuộc {agency} theo quy tắc {rules}"));
            en.push_str(&format!(" belongs to {agency} by rule {rules}"));
        }
        (Some(Label::PlaceAmbiguous), _) => {
            vi.push_str(" chưa rõ thuộc nơi nào trong các nơi đó, chờ xác nhận");
            en.push_str(" may belong to either of them and waits to be confirmed");
        }
        (_, None) => {
            vi.push_str(" chưa có quy tắc thẩm quyền nào áp dụng, chờ người vận hành phân công");
            en.push_str(" has no rule that names an agency and waits for the operator");
        }
        (Some(_), Some(_)) => {
            let said: Vec<String> = matches
                .iter()
                .map(|f| format!("{} ({})", f.rule.rule, f.agency.name))
                .collect();
            let said = said.join(", ");
            vi.push_str(&format!(
                " có nhiều quy tắc cùng áp dụng: {said}; chờ người vận hành phân công"
            ));
            en.push_str(&format!(
                " falls under several rules: {said}; it waits for the operator"
            ));
        }
    }
    vi.push_str(&format!(", danh mục {version}, ngày {on}."));
    en.push_str(&format!(", directory {version}, on {on}."));
    (vi, en)
}
