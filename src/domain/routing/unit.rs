//! The unit in an official dossier code: who gives codes under it (Decree 118/2025 art. 28.2a).

use super::directory::Directory;
use super::rows::Agency;
use super::table::in_force;
use crate::domain::codes::{DossierCode, Key};
use crate::domain::rejection::Problem;
use crate::domain::rejection::problems;
use crate::domain::time::Date;

/// What a dossier code is worth that somebody brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeLook {
    /// It may be the dossier's code; what is worth a look, if anything.
    Usable(Option<Problem>),
    /// It names a day that has not come, so nobody can have given it.
    NotYet(Problem),
}

impl Directory {
    /// The agency whose identifier, today's or a former one, a unit is or stands under, on a day; the most special one.
    pub fn issuer(&self, unit: &str, on: Date) -> Option<&Agency> {
        let in_force = self
            .agency_rows()
            .filter(|a| in_force(a.valid_from, a.valid_to, on));
        let covering = in_force.filter_map(|agency| {
            let codes = std::iter::once(&agency.code).chain(&agency.former_codes);
            let length = codes.map(|code| code.as_str()).filter_map(|code| {
                let rest = unit.strip_prefix(code)?;
                (rest.is_empty() || rest.starts_with('.')).then_some(code.len())
            });
            Some((length.max()?, agency))
        });
        covering
            .max_by_key(|(length, _)| *length)
            .map(|(_, agency)| agency)
    }

    /// Looks at a code that is brought for a dossier of `agency` on the day `today`: its day has come, its unit is in the catalogue
    /// on that day, and is the agency's own (Decree 118/2025 art. 28.2a).
    pub fn look_at_code(&self, code: &DossierCode, agency: Option<&Key>, today: Date) -> CodeLook {
        let Some(day) = code.day().filter(|day| *day <= today) else {
            let date = code.day().map_or_else(String::new, |day| day.to_string());
            let problem = problems::DossierCodeDay {
                code,
                date: &date,
                today: &today,
            };
            return CodeLook::NotYet(problem.into());
        };
        let unit = code.unit();
        CodeLook::Usable(match (self.issuer(code.unit(), day), agency) {
            (None, _) => {
                let unknown = problems::DossierCodeUnitUnknown {
                    unit: &unit,
                    code,
                    date: &day,
                };
                Some(unknown.into())
            }
            (Some(issuer), Some(own)) if issuer.key != *own => {
                let other = problems::DossierCodeUnitOther {
                    code,
                    unit: &unit,
                    name: &issuer.name,
                };
                Some(other.into())
            }
            (Some(_), _) => None,
        })
    }
}
