//! Procedures of several agencies, and the one-stop unit of an agency: who decides together with whom, each with its task and its
//! time (Decree 118/2025 art. 20.2), and who supervises what was received out of area (art. 20.1).
//!
//! Both lists may be absent: then no procedure has co-agencies, and the unit of an agency is the one whose point serves its commune.

use super::directory::Directory;
use super::files::limit;
use super::in_force;
use super::table::{self, DirectoryFault, Rows};
use crate::domain::calendar::Limit;
use crate::domain::codes::{Key, ProcedureCode};
use crate::domain::task::{AgencyTask, TASKS_AT_MOST, TaskState};
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

/// What names a task: procedure, version, number and the first day.
pub(super) type TaskName = (ProcedureCode, u32, i32, Option<Date>);

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
    if text.is_empty() {
        return Rows::default();
    }
    table::read(TASKS_FILE, text, &columns, faults, |row| {
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
        Some(((procedure, version, number, valid_from), task))
    })
}

pub(super) fn units(text: &str, faults: &mut Vec<DirectoryFault>) -> Rows<(Key, Option<Date>), OneStopUnit> {
    let columns = [
        "agency",
        "unit",
        "valid_from",
        "valid_to",
        "provisional",
        "source",
    ];
    if text.is_empty() {
        return Rows::default();
    }
    table::read(UNITS_FILE, text, &columns, faults, |row| {
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
        Some(((agency, valid_from), unit))
    })
}

impl Directory {
    /// Every task of every procedure, in the file's order.
    pub fn procedure_tasks(&self) -> impl Iterator<Item = &ProcedureTask> {
        self.tasks.iter()
    }

    /// Every one-stop unit that is written down, in the file's order.
    pub fn one_stop_units(&self) -> impl Iterator<Item = &OneStopUnit> {
        self.units.iter()
    }

    /// The tasks of a version of a procedure that `lead` is competent for on a day, none sent yet; empty where `lead` decides alone.
    /// A task of the lead that the list gives to it by name stays with it.
    pub fn tasks_of(&self, procedure: &ProcedureCode, version: u32, lead: &Key, on: Date) -> Vec<AgencyTask> {
        let rows = self.tasks_by.get(procedure).map_or(&[][..], Vec::as_slice);
        let given = rows
            .iter()
            .filter(|row| row.version == version && in_force(row.valid_from, row.valid_to, on));
        let mut tasks: Vec<AgencyTask> = given
            .map(|row| {
                let (agency, is_lead) = match &row.agency {
                    TaskAgency::Competent => (lead, true),
                    TaskAgency::Named(key) => (key, false),
                };
                AgencyTask {
                    number: row.number,
                    agency: agency.clone(),
                    lead: is_lead,
                    text: row.text.clone(),
                    limit: row.limit,
                    state: TaskState::Waiting,
                    due_at: None,
                }
            })
            .collect();
        tasks.sort_by_key(|task| (!task.lead, task.number));
        if tasks.iter().all(|task| task.lead) {
            tasks.clear();
        }
        tasks
    }

    /// The one-stop unit that is written down for an agency on a day.
    pub(super) fn own_unit(&self, agency: &Key, on: Date) -> Option<&Key> {
        let of_agency = self.units.iter().filter(|row| row.agency == *agency);
        let mut in_force = of_agency.filter(|row| in_force(row.valid_from, row.valid_to, on));
        in_force.next().map(|row| &row.unit)
    }
}
