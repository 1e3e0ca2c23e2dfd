//! How a route is explained: the place as it was understood, and the two sentences a clerk can read out.

use super::matched::Match;
use super::place::{CATALOGUE_2025_FROM, Located};
use super::reason::{CatalogueBy, NamedCommune, PlaceReason, ResolvedBy};
use super::rows::{PlaceRule, Procedure};
use crate::domain::rejection::Label;
use crate::domain::time::Date;

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
            as_of: located.as_of.map(|day| day.to_string()),
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
            let by: Vec<String> = first.by.iter().map(|row| row.named()).collect();
            if !by.is_empty() {
                let by = by.join(", ");
                vi.push_str(&format!(" và được kế thừa theo {by}"));
                en.push_str(&format!(", which it took over by {by}"));
            }
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
