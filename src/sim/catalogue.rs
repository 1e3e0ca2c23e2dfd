//! What may be filed, and where: as much of the directory as a partner knows.

use std::collections::BTreeMap;

use crate::domain::codes::{CommuneCode, DistrictCode, Key, ProcedureCode};
use crate::domain::dossier::Catalogue;
use crate::domain::routing::{AgencyKind, Directory, Level, PlaceRule};
use crate::domain::time::Date;

/// The two procedures that no agency, or two, are responsible for on purpose: a filing of them waits for the operator.
const DEMONSTRATIONS: [&str; 2] = ["9.990001", "9.990002"];

/// A procedure that may be filed.
#[derive(Clone, Debug)]
pub struct FilingProcedure {
    /// National code.
    pub code: ProcedureCode,
    /// Name.
    pub name: String,
    /// Field code (`MaLinhVuc`).
    pub field_code: String,
    /// Field name.
    pub field_name: String,
    /// Decided by a commune, not by a department.
    pub by_commune: bool,
    /// Whether a place decides who is responsible.
    pub by_place: bool,
    /// Fee in đồng.
    pub fee_vnd: i64,
}

/// A commune of today.
#[derive(Clone, Debug)]
pub struct FilingCommune {
    /// Code in the catalogue of 2025.
    pub code: CommuneCode,
    /// Name with its kind, `Phường Ba Đình`.
    pub name: String,
    /// The agency that governs it.
    pub agency: Option<Key>,
    /// The communes of before 2025-07-01 that are wholly in it.
    pub former: Vec<Former>,
}

/// A commune of before 2025-07-01.
#[derive(Clone, Debug)]
pub struct Former {
    /// Code in the old catalogue.
    pub code: CommuneCode,
    /// Name with its kind.
    pub name: String,
    /// Its district.
    pub district: Option<DistrictCode>,
}

/// What may be filed.
#[derive(Clone, Debug)]
pub struct FilingCatalogue {
    procedures: Vec<FilingProcedure>,
    communes: Vec<FilingCommune>,
    agency_kinds: BTreeMap<Key, String>,
}

/// There is nothing to file, or nowhere to file it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the directory has no procedure in force, or no commune")]
pub struct NothingToFile;

impl FilingCatalogue {
    /// Of these procedures in force, without the two demonstrations of a gap and an overlap. `agency_kinds` names the kind of
    /// each agency for the report (`commune`, `department`, …).
    ///
    /// # Errors
    /// Where nothing is left to file.
    pub fn new(
        mut procedures: Vec<FilingProcedure>,
        communes: Vec<FilingCommune>,
        agency_kinds: BTreeMap<Key, String>,
    ) -> Result<Self, NothingToFile> {
        procedures.retain(|p| !DEMONSTRATIONS.contains(&p.code.as_str()));
        if procedures.is_empty() || communes.is_empty() {
            return Err(NothingToFile);
        }
        Ok(FilingCatalogue {
            procedures,
            communes,
            agency_kinds,
        })
    }

    /// Of what is in force in `directory` on that day.
    ///
    /// # Errors
    /// Where nothing is left to file.
    pub fn of(directory: &Directory, on: Date) -> Result<Self, NothingToFile> {
        let in_force =
            |from: Option<Date>, to: Option<Date>| from.is_none_or(|d| d <= on) && to.is_none_or(|d| on <= d);
        let procedures = directory
            .procedures()
            .filter(|p| in_force(p.valid_from, p.valid_to));
        let communes = directory
            .communes(Catalogue::Since2025)
            .filter(|c| in_force(c.valid_from, c.valid_to));
        let mut former: BTreeMap<CommuneCode, Vec<Former>> = BTreeMap::new();
        for old in directory.communes(Catalogue::Legacy) {
            if let [only] = directory.successors(&old.code) {
                former.entry(only.clone()).or_default().push(Former {
                    code: old.code.clone(),
                    name: old.name.clone(),
                    district: old.district.as_ref().map(|d| d.code.clone()),
                });
            }
        }
        FilingCatalogue::new(
            procedures
                .map(|p| FilingProcedure {
                    code: p.code.clone(),
                    name: p.name.clone(),
                    field_code: p.field_code.clone(),
                    field_name: p.field_name.clone(),
                    by_commune: p.level == Level::Commune,
                    by_place: p.place_rule != PlaceRule::None,
                    fee_vnd: p.fee_vnd,
                })
                .collect(),
            communes
                .map(|c| FilingCommune {
                    code: c.code.clone(),
                    name: c.name.clone(),
                    agency: directory
                        .agencies()
                        .find(|a| a.commune.as_ref() == Some(&c.code) && in_force(a.valid_from, a.valid_to))
                        .map(|a| a.key.clone()),
                    former: former.remove(&c.code).unwrap_or_default(),
                })
                .collect(),
            directory
                .agencies()
                .map(|a| (a.key.clone(), kind_word(a.kind).to_owned()))
                .collect(),
        )
    }

    /// The same with some of its procedures only.
    ///
    /// # Errors
    /// Where nothing is left to file.
    pub fn only(mut self, procedures: impl Fn(&ProcedureCode) -> bool) -> Result<Self, NothingToFile> {
        self.procedures.retain(|p| procedures(&p.code));
        FilingCatalogue::new(self.procedures, self.communes, self.agency_kinds)
    }

    /// The procedure and the commune of the `index`th filing: every third one is a department's where there are departments;
    /// procedures take turns, and each meets every commune before it meets one again.
    pub fn turn(&self, index: usize) -> (&FilingProcedure, &FilingCommune) {
        let by_commune = index % 3 != 2;
        let fitting: Vec<&FilingProcedure> = self
            .procedures
            .iter()
            .filter(|p| p.by_commune == by_commune)
            .collect();
        let (fitting, turn) = match (fitting.is_empty(), by_commune) {
            (true, _) => (self.procedures.iter().collect(), index),
            (false, true) => (fitting, index - index / 3),
            (false, false) => (fitting, index / 3),
        };
        let (round, place, communes) = (turn / fitting.len(), turn % fitting.len(), self.communes.len());
        // A step without a common divisor visits all; one as long as the list of procedures visits new ones soonest.
        let step = (fitting.len()..)
            .find(|step| divisor(*step, communes) == 1)
            .unwrap_or(1);
        (fitting[place], &self.communes[(place + round * step) % communes])
    }

    /// What kind of agency `key` is; `other` where the directory did not say.
    pub fn agency_kind(&self, key: &Key) -> &str {
        self.agency_kinds.get(key).map_or("other", String::as_str)
    }
}

fn kind_word(kind: AgencyKind) -> &'static str {
    match kind {
        AgencyKind::Department => "department",
        AgencyKind::Commune => "commune",
        AgencyKind::Board => "board",
        AgencyKind::LandRegistry => "land-registry",
        AgencyKind::Office => "office",
    }
}

/// The greatest common divisor.
pub(super) fn divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { divisor(b, a % b) }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn small() -> FilingCatalogue {
        let procedure = |code: &str, by_commune, by_place| FilingProcedure {
            code: code.parse().unwrap(),
            name: format!("Thủ tục {code} & <phụ lục>"),
            field_code: "P-HTI".into(),
            field_name: "Hộ tịch".into(),
            by_commune,
            by_place,
            fee_vnd: 15_000,
        };
        let procedures = vec![
            procedure("1.004873", true, true),
            procedure("2.000635", true, true),
            procedure("9.901001", false, false),
            procedure("9.940001", false, true),
            procedure("9.990001", false, false),
            procedure("9.990002", false, true),
        ];
        let commune = |code: &str, name: &str| FilingCommune {
            code: code.parse().unwrap(),
            name: name.into(),
            agency: format!("ubnd-{code}").parse().ok(),
            former: Vec::new(),
        };
        let communes = vec![commune("00004", "Phường Ba Đình"), commune("00376", "Xã Sóc Sơn")];
        FilingCatalogue::new(procedures, communes, BTreeMap::new()).unwrap()
    }

    #[test]
    fn every_procedure_and_commune_has_its_turn_but_the_demonstrations() {
        let catalogue = small();
        let turns: Vec<_> = (0..12).map(|i| catalogue.turn(i)).collect();
        let codes: std::collections::BTreeSet<_> = turns.iter().map(|(p, _)| p.code.as_str()).collect();
        assert_eq!(codes, ["1.004873", "2.000635", "9.901001", "9.940001"].into());
        let pairs: std::collections::BTreeSet<_> = turns
            .iter()
            .map(|(p, c)| (p.code.as_str(), c.code.as_str()))
            .collect();
        assert_eq!(pairs.len(), 8);
    }
}
