//! The lists of procedures of several agencies and of the one-stop units of agencies: who decides together with whom, each with its
//! task and its time (Decree 118/2025 art. 20.2), and who supervises what was received out of area (art. 20.1). Looked up in
//! [`super::shared`].
//!
//! Both lists may be absent: then no procedure has co-agencies, and the unit of an agency is the one whose point serves its commune.

use super::files::limit;
use super::table::{self, Dated, DirectoryFault, Period, Rows};
use crate::domain::calendar::Limit;
use crate::domain::codes::{Key, ProcedureCode};
use crate::domain::task::TASKS_AT_MOST;
use crate::domain::time::Date;

/// The file of the tasks.
pub(super) const TASKS_FILE: &str = "tasks.csv";

/// The file of the units.
pub(super) const UNITS_FILE: &str = "one_stop_units.csv";

/// Whose a task is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskAgency {
    /// The agency the rules of competence name, which leads.
    Competent,
    /// This one, beside it.
    Named(Key),
}

/// A task of a version of a procedure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcedureTask {
    /// The procedure.
    pub procedure: ProcedureCode,
    /// Its version.
    pub version: u32,
    /// From 1; in sequence, the order of the turns behind the lead.
    pub number: i32,
    /// Whose.
    pub agency: TaskAgency,
    /// What is to be done.
    pub text: String,
    /// How long the agency has, from when it gets the dossier.
    pub limit: Limit,
    /// First day.
    pub valid_from: Option<Date>,
    /// Last day.
    pub valid_to: Option<Date>,
    /// Assumed, not known.
    pub provisional: bool,
}

impl Dated for ProcedureTask {
    fn period(&self) -> Period {
        (self.valid_from, self.valid_to)
    }
}

/// The one-stop unit of an agency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneStopUnit {
    /// The agency.
    pub agency: Key,
    /// The branch whose unit it is.
    pub unit: Key,
    /// First day.
    pub valid_from: Option<Date>,
    /// Last day.
    pub valid_to: Option<Date>,
    /// Assumed, not known.
    pub provisional: bool,
}

impl Dated for OneStopUnit {
    fn period(&self) -> Period {
        (self.valid_from, self.valid_to)
    }
}

/// What names a task: procedure, version and number.
pub(super) type TaskName = (ProcedureCode, u32, i32);

pub(super) fn tasks(text: &str, faults: &mut Vec<DirectoryFault>) -> Rows<TaskName, ProcedureTask> {
    let columns = [
        "procedure",
        "version",
        "number",
        "agency",
        "task",
        "limit_value",
        "limit_unit",
        "valid_from",
        "valid_to",
        "provisional",
        "source",
    ];
    table::read_dated(TASKS_FILE, text, &columns, faults, |row| {
        let procedure = row.value::<ProcedureCode>("procedure", "N.NNNNNN");
        let version = row.number("version", 1, 9_999);
        let number = row.number("number", 1, TASKS_AT_MOST as i64);
        let agency = match row.cell("agency") {
            "@competent" => Some(TaskAgency::Competent),
            _ => row
                .value("agency", "@competent | [a-z0-9-]")
                .map(TaskAgency::Named),
        };
        let (text, limit) = (row.text("task"), limit(row));
        let (period, provisional) = (row.period(), row.flag("provisional"));
        let ((valid_from, valid_to), procedure) = (period?, procedure?);
        let version = u32::try_from(version?).ok()?;
        let number = i32::try_from(number?).ok()?;
        let task = ProcedureTask {
            procedure: procedure.clone(),
            version,
            number,
            agency: agency?,
            text: text?,
            limit: limit?,
            valid_from,
            valid_to,
            provisional: provisional?,
        };
        Some(((procedure, version, number), task))
    })
}

pub(super) fn units(text: &str, faults: &mut Vec<DirectoryFault>) -> Rows<Key, OneStopUnit> {
    let columns = [
        "agency",
        "unit",
        "valid_from",
        "valid_to",
        "provisional",
        "source",
    ];
    table::read_dated(UNITS_FILE, text, &columns, faults, |row| {
        let agency = row.value::<Key>("agency", "[a-z0-9-]");
        let unit = row.value::<Key>("unit", "[a-z0-9-]");
        let (period, provisional) = (row.period(), row.flag("provisional"));
        let ((valid_from, valid_to), agency) = (period?, agency?);
        let unit = OneStopUnit {
            agency: agency.clone(),
            unit: unit?,
            valid_from,
            valid_to,
            provisional: provisional?,
        };
        Some((agency, unit))
    })
}
