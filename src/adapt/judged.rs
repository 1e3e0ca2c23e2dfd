//! What checks say of a document, and which checks those are.

use super::apply::Canon;
use super::provenance::last_name;
use crate::domain::checks::{
    Broken, BrokenPlace, Check, CheckInForce, CheckSeverity, CheckedDocument, FactNode, FactValue, in_force,
};
use crate::domain::rejection::Problem;
use crate::domain::routing::Directory;
use crate::domain::time::Date;

/// What the checks that a document breaks say of it; paths are the sender's.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// For these it is refused.
    pub refused: Vec<Problem>,
    /// Worth a look.
    pub warnings: Vec<Problem>,
}

impl Judged {
    /// What was prepared, or everything for which it is refused.
    ///
    /// # Errors
    /// What kept it from being prepared, and what the checks say.
    pub fn unless_refused<T>(&self, prepared: Result<T, Problem>) -> Result<T, Vec<Problem>> {
        match prepared {
            Ok(prepared) if self.refused.is_empty() => Ok(prepared),
            wrong => Err(wrong
                .err()
                .into_iter()
                .chain(self.refused.iter().cloned())
                .collect()),
        }
    }

    /// What broken checks say. `locate` knows the sender's place of a canonical pointer, and `told` tells a problem there.
    pub(super) fn of(
        broken: Vec<Broken>,
        locate: impl Fn(&str) -> String,
        told: impl Fn(String, Problem) -> Problem,
    ) -> Self {
        let mut judged = Judged::default();
        for broken in broken {
            let problem = broken.problem(&|pointer| last_name(&locate(pointer)).to_owned());
            let problem = match broken.place {
                BrokenPlace::Canonical(pointer) => told(pointer, problem),
                BrokenPlace::Sender(path) => problem.named(last_name(&path), &*path),
            };
            match broken.severity {
                CheckSeverity::Error => judged.refused.push(problem),
                CheckSeverity::Warning => judged.warnings.push(problem),
            }
        }
        judged
    }
}

/// The directory by whose checks a filing is judged, beside those of every dossier and those of its format.
#[derive(Clone, Copy)]
pub(super) struct ByDirectory<'a> {
    pub directory: &'a Directory,
    /// The day in Vietnam, for a filing that does not say when it was filed.
    pub today: Date,
}

/// What a filing says that decides which checks hold, also where the rest cannot be read.
#[derive(Clone, Copy)]
pub(super) struct Stated<'a> {
    procedure: Option<&'a str>,
    filed_on: Option<Date>,
}

impl<'a> Stated<'a> {
    pub fn of(canon: &'a Canon<'_>) -> Self {
        let code = canon
            .member("procedure")
            .and_then(|procedure| procedure.member("code"));
        Stated {
            procedure: match code.map(FactNode::value) {
                Some(FactValue::Text(code)) => Some(code.trim()),
                _ => None,
            },
            filed_on: match canon.member("filed_at").map(FactNode::value) {
                Some(FactValue::Moment(at)) => Some(at.date()),
                _ => None,
            },
        }
    }
}

/// The checks of a filing.
pub(super) fn checks_of<'a>(
    format: &'a [Check],
    by: Option<ByDirectory<'a>>,
    stated: Stated<'_>,
) -> Vec<CheckInForce<'a>> {
    let Some(ByDirectory { directory, today }) = by else {
        return in_force(CheckedDocument::Dossier, format, None);
    };
    let on = stated.filed_on.unwrap_or(today);
    let procedure = stated
        .procedure
        .and_then(|received| directory.procedure_code(received, on));
    let requirements = (directory.requirements(), procedure, on);
    in_force(CheckedDocument::Dossier, format, Some(requirements))
}
