//! The reason of a route: every fact it was decided by.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::codes::{CommuneCode, Key, ProcedureCode};
use crate::domain::dossier::{Catalogue, Place};
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
    /// What became of that agency by a reorganisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succession: Option<SuccessionReason>,
    /// What an operator decided instead; the reason is in the history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned: Option<AssignedReason>,
    /// Where it was received, seen from its agency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reception: Option<ReceptionReason>,
    /// One sentence in Vietnamese.
    pub vi: String,
    /// One sentence in English.
    pub en: String,
}

/// Where a dossier was received, seen from its agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReceptionReason {
    /// The branch whose one-stop unit received it, where the directory knows it.
    pub unit: Option<TenantKey>,
    /// It is known to have been received in another area than the agency's (Decree 118/2025 art. 20.1a).
    pub out_of_area: bool,
}

/// That a dossier's agency was taken over by another, or has ended without a successor that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SuccessionReason {
    /// Stable key of the agency before.
    pub from: Key,
    /// Stable key of the agency that took over; null when a person must say which.
    pub agency: Option<Key>,
    /// The rows of `reorganisations.csv`, each with its legal document.
    pub by: Vec<String>,
    /// The day it was found, `YYYY-MM-DD` in Vietnam.
    pub on: String,
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
    /// The day whose meaning of the code was taken, `YYYY-MM-DD`, where the code has had several in its catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
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
    /// Stable key of the agency it names, or of the one that took over from it.
    pub agency: String,
    /// The rows of `reorganisations.csv` by which that agency took over, in order of time; none where the rule names it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken_over: Vec<String>,
}

impl RouteReason {
    /// The place as it was understood, to be looked up again.
    pub fn given_place(&self) -> Option<Place> {
        self.place.as_ref().map(|place| Place {
            catalogue: Some(place.catalogue),
            commune: place.given_code.clone(),
            name: None,
            district: None,
            // A code that means another commune today was read as on that day.
            document_date: place.as_of.as_deref().and_then(|day| day.parse().ok()),
        })
    }

    /// The day since which its agency has the dossier: of filing, unless it came to it later. None of a text that is no day.
    pub fn held_since(&self) -> Option<Date> {
        let days = [
            self.date.parse().ok(),
            self.succession.as_ref().and_then(|taken| taken.on.parse().ok()),
            self.assigned.as_ref().map(|assigned| assigned.at.date()),
        ];
        days.into_iter().flatten().max()
    }

    /// Adds what became of the agency, to the sentences too.
    pub fn take_over(&mut self, succession: SuccessionReason) {
        self.vi = format!("{} {}", self.vi, succession.vi);
        self.en = format!("{} {}", self.en, succession.en);
        self.succession = Some(succession);
    }

    /// Whether the rules say the same of two filings, so that what a person decided on the one holds for the other.
    pub fn same_case(&self, other: &RouteReason) -> bool {
        let place = |reason: &RouteReason| reason.place.clone();
        self.procedure.code == other.procedure.code
            && place(self) == place(other)
            && self.rules == other.rules
            && self.chosen == other.chosen
    }
}
