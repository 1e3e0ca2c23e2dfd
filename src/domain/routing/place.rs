//! Where a place is: the catalogue its code is from, and the communes in force it stands for.
//!
//! A code alone means nothing: all 126 codes of today also existed before 2025-07-01, mostly for another area. The stated
//! catalogue counts; else a district means the old one; else a paper dated before that day does; else the day of filing
//! decides. A later paper is no sign: many still name the old place. The name, where given, must agree.

use super::directory::Directory;
use super::reason::{CatalogueBy, ResolvedBy};
use super::rows::Commune;
use super::table::in_force;
use crate::domain::dossier::{Catalogue, Place};
use crate::domain::rejection::Problem;
use crate::domain::rejection::problems;
use crate::domain::text::fold_name;
use crate::domain::time::Date;

/// The first day of the catalogue of 126 communes (QĐ 19/2025/QĐ-TTg).
pub(super) const CATALOGUE_2025_FROM: Date = Date::constant(2025, 7, 1);

/// A place that was understood.
pub(super) struct Located<'a> {
    pub(super) given_catalogue: Option<Catalogue>,
    pub(super) catalogue_by: CatalogueBy,
    /// The commune of the catalogue the code was read in.
    pub(super) commune: &'a Commune,
    /// The communes in force it stands for, at least one; several when it was divided.
    pub(super) targets: Vec<&'a Commune>,
    pub(super) by: ResolvedBy,
    /// The first of several is the default.
    pub(super) default: bool,
    /// The day whose meaning of the code was taken, where it has had several.
    pub(super) as_of: Option<Date>,
}

impl Directory {
    /// Finds a place; all of its problems at once.
    pub(super) fn locate(&self, place: &Place, on: Date) -> Result<Located<'_>, Vec<Problem>> {
        let (catalogue, catalogue_by) = match (place.catalogue, &place.district) {
            (Some(stated), _) => (stated, CatalogueBy::Stated),
            (None, Some(_)) => (Catalogue::Legacy, CatalogueBy::District),
            (None, None) if place.document_date.is_some_and(|day| day < CATALOGUE_2025_FROM) => {
                (Catalogue::Legacy, CatalogueBy::DocumentDate)
            }
            (None, None) if on < CATALOGUE_2025_FROM => (Catalogue::Legacy, CatalogueBy::FilingDate),
            (None, None) => (Catalogue::Since2025, CatalogueBy::FilingDate),
        };
        let unknown = || {
            let problem = problems::PlaceUnknown {
                commune: &place.commune,
                catalogue: &catalogue.word(),
                date: &on,
            };
            vec![problem.at("/place/commune")]
        };
        // A code of today's catalogue may have had another meaning when the paper was written, or have ended since.
        let written = place
            .document_date
            .filter(|day| *day >= CATALOGUE_2025_FROM && *day < on);
        let meant = match catalogue {
            Catalogue::Since2025 => written.unwrap_or(on),
            Catalogue::Legacy => on,
        };
        let commune = self
            .commune_as_of(catalogue, &place.commune, meant)
            .ok_or_else(unknown)?;
        let problems = disagreements(place, commune);
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut default = false;
        let (targets, by) = if in_force(commune.valid_from, commune.valid_to, on) {
            (vec![commune], ResolvedBy::Direct)
        } else {
            let targets = self.successors_on(commune, on);
            let by = if targets.len() > 1 {
                ResolvedBy::SameAgency
            } else {
                ResolvedBy::SoleSuccessor
            };
            default = targets.first().is_some_and(|(_, default)| *default);
            (targets.into_iter().map(|(target, _)| target).collect(), by)
        };
        if targets.is_empty() {
            return Err(unknown());
        }
        Ok(Located {
            given_catalogue: place.catalogue,
            catalogue_by,
            commune,
            targets,
            by,
            default,
            as_of: self.is_reused(catalogue, &place.commune).then_some(meant),
        })
    }

    /// The communes in force on a day that a former one is now part of, its default first, each with whether it is the default.
    pub(super) fn successors_on<'a>(&'a self, former: &Commune, on: Date) -> Vec<(&'a Commune, bool)> {
        let mut found: Vec<(&Commune, bool)> = Vec::new();
        let mut add = |commune: &'a Commune, default: bool| match found
            .iter_mut()
            .find(|(known, _)| std::ptr::eq(*known, commune))
        {
            Some(known) => known.1 |= default,
            None => found.push((commune, default)),
        };
        match former.catalogue {
            Catalogue::Legacy => {
                let Some(born) = former.valid_to.and_then(|last| last.tomorrow().ok()) else {
                    return Vec::new();
                };
                for (code, default) in self.succeeded(&former.code, on) {
                    match self.commune_as_of(Catalogue::Since2025, code, born) {
                        Some(commune) if in_force(commune.valid_from, commune.valid_to, on) => {
                            add(commune, default);
                        }
                        Some(ended) => {
                            for (commune, further) in self.communes_after(ended, on) {
                                add(commune, default && further);
                            }
                        }
                        None => {}
                    }
                }
            }
            Catalogue::Since2025 => {
                for (commune, default) in self.communes_after(former, on) {
                    add(commune, default);
                }
            }
        }
        found.sort_by_key(|(_, default)| !default);
        found
    }
}

/// Where the name or the district contradicts the code.
fn disagreements(place: &Place, commune: &Commune) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut mismatch = |path: &str| {
        let name = match &commune.district {
            Some(district) => format!("{}, {}", commune.name, district.name),
            None => commune.name.clone(),
        };
        let mismatch = problems::PlaceNameMismatch {
            commune: &commune.code,
            name: &name,
        };
        problems.push(mismatch.at(path));
    };
    if place
        .name
        .as_ref()
        .is_some_and(|name| !same_name(name.as_str(), &commune.name))
    {
        mismatch("/place/name");
    }
    if place.district.is_some() && place.district.as_ref() != commune.district.as_ref().map(|d| &d.code) {
        mismatch("/place/district");
    }
    problems
}

/// Whether a sender's name is the commune's. The word for its kind may be left out or shortened, but not be another one.
fn same_name(given: &str, ours: &str) -> bool {
    let (given, ours) = (fold_name(given), fold_name(ours));
    if given == ours {
        return true;
    }
    const KINDS: [(&str, &[&str]); 3] = [
        ("Phường ", &["p. ", "p."]),
        ("Xã ", &["x. ", "x."]),
        ("Thị trấn ", &["tt. ", "tt."]),
    ];
    KINDS.iter().any(|(kind, short)| {
        let kind = format!("{} ", fold_name(kind));
        ours.strip_prefix(&kind).is_some_and(|bare| {
            given == bare
                || short
                    .iter()
                    .any(|s| given.strip_prefix(s).is_some_and(|rest| rest == bare))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::same_name;

    #[test]
    fn the_kind_of_commune_may_be_left_out_but_not_be_wrong() {
        for good in [
            "Phường Ba Đình",
            "ba đình",
            "P. Ba Đình",
            "P.Ba Đình",
            "PHƯỜNG  BA ĐÌNH",
        ] {
            assert!(same_name(good, "Phường Ba Đình"), "{good}");
        }
        for bad in ["Xã Ba Đình", "Phường Trúc Bạch", "Phường", "P."] {
            assert!(!same_name(bad, "Phường Ba Đình"), "{bad}");
        }
        assert!(same_name("Xã Ứng Hoà", "Xã Ứng Hòa"));
    }
}
