//! Who decides a procedure together with the competent agency, and which one-stop unit is an agency's own.

use super::directory::Directory;
use super::in_force;
use super::joint::{OneStopUnit, ProcedureTask, TaskAgency};
use crate::domain::codes::{Key, ProcedureCode};
use crate::domain::task::{AgencyTask, TaskState};
use crate::domain::time::Date;

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
        self.units.on(agency, on).map(|row| &row.unit)
    }
}
