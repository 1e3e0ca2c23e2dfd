//! Which checks hold for one document.

use super::check::Check;
use super::list::{Requirements, shipped};
use super::words::{CheckSeverity, CheckedDocument};
use crate::domain::codes::ProcedureCode;
use crate::domain::time::Date;

/// A check that holds for one document, with the weight that the most particular list gives it.
#[derive(Clone, Copy, Debug)]
pub struct CheckInForce<'a> {
    /// The check.
    pub check: &'a Check,
    /// How much it weighs here.
    pub severity: CheckSeverity,
}

/// The checks that hold for one document on a day: those for every dossier, those of its format, and those a directory has for every
/// procedure and for this one. Of one name the last of these counts, which may also do nothing but weigh another one anew.
pub fn in_force<'a>(
    document: CheckedDocument,
    format: &'a [Check],
    directory: Option<(&'a Requirements, Option<&ProcedureCode>, Date)>,
) -> Vec<CheckInForce<'a>> {
    let mut all: Vec<CheckInForce<'a>> = Vec::new();
    let for_every = shipped().every(document).filter_map(|row| row.check.as_ref());
    for check in for_every.chain(format.iter().filter(|check| check.document == document)) {
        put(&mut all, check);
    }
    let rows = directory
        .into_iter()
        .flat_map(|(list, procedure, on)| list.on(document, procedure, on));
    for row in rows {
        match &row.check {
            Some(check) => put(&mut all, check),
            None => {
                if let Some(known) = all.iter_mut().find(|known| known.check.name == row.name) {
                    known.severity = row.severity;
                }
            }
        }
    }
    all
}

/// Puts a check in the place of the one that has its name so far.
fn put<'a>(all: &mut Vec<CheckInForce<'a>>, check: &'a Check) {
    let severity = check.severity;
    match all.iter_mut().find(|known| known.check.name == check.name) {
        Some(known) => *known = CheckInForce { check, severity },
        None => all.push(CheckInForce { check, severity }),
    }
}
