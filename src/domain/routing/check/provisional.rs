//! Rows that are only assumed, with which no production may run.

use super::finding::{Finding, Severity, examples};
use crate::domain::checks::{Requirement, Requirements};
use crate::domain::codes::Key;
use crate::domain::legal::TimeLimits;
use crate::domain::routing::directory::Directory;
use crate::domain::routing::joint::{TASKS_FILE, UNITS_FILE};
use crate::domain::routing::reorganisation::Reorganisation;

impl Directory {
    pub(super) fn check_provisional(&self, findings: &mut Vec<Finding>) {
        let files = self
            .provisional_rows()
            .into_iter()
            .chain(self.provisional_joint());
        for (file, rows) in files.filter(|(_, rows)| !rows.is_empty()) {
            let (n, first) = (rows.len(), examples(&rows));
            findings.push(Finding {
                severity: Severity::Error,
                code: "rows-provisional",
                message_vi: format!("{file}: {n} dòng tạm ({first}); thay bằng số liệu chính thức"),
                message_en: format!(
                    "{file}: {n} provisional rows ({first}); replace them with the city's own data"
                ),
            });
        }
    }

    /// The provisional rows of each file, by what names them.
    fn provisional_rows(&self) -> [(&'static str, Vec<String>); 13] {
        fn key(provisional: bool, key: &Key) -> Option<String> {
            provisional.then(|| key.to_string())
        }
        let days = self
            .offices()
            .special_days()
            .filter(|d| d.provisional)
            .map(|d| d.date.to_string());
        let rules = self.rules().filter(|r| r.provisional).map(|r| r.rule.clone());
        let reorganised = self
            .reorganisations()
            .filter(|r| r.provisional)
            .map(|r| r.row.clone());
        let required = self.requirements().iter().filter(|r| r.provisional);
        let required = required.map(Requirement::named);
        [
            (
                "agencies.csv",
                self.agencies()
                    .filter_map(|r| key(r.provisional, &r.key))
                    .collect(),
            ),
            (
                "agents.csv",
                self.agents().filter_map(|r| key(r.provisional, &r.key)).collect(),
            ),
            (
                "branches.csv",
                self.branches()
                    .filter_map(|r| key(r.provisional, &r.key))
                    .collect(),
            ),
            ("competence.csv", rules.collect()),
            (
                "enterprises.csv",
                self.enterprises()
                    .filter_map(|r| key(r.provisional, &r.key))
                    .collect(),
            ),
            ("holidays.csv", days.collect()),
            (
                "hours.csv",
                self.offices()
                    .hours()
                    .filter(|h| h.provisional)
                    .map(|h| h.name.clone())
                    .collect(),
            ),
            (
                "points.csv",
                self.points().filter_map(|r| key(r.provisional, &r.key)).collect(),
            ),
            (
                "procedures.csv",
                self.procedures()
                    .filter(|r| r.provisional)
                    .map(|r| r.code.to_string())
                    .collect(),
            ),
            (Reorganisation::FILE, reorganised.collect()),
            (Requirements::FILE, required.collect()),
            (
                "time_limits.csv",
                self.time_limits().provisional().map(str::to_owned).collect(),
            ),
            (TimeLimits::OWN_FILE, self.time_limits().own_provisional()),
        ]
    }

    /// The same of the lists about several agencies.
    fn provisional_joint(&self) -> [(&'static str, Vec<String>); 2] {
        let units = self.one_stop_units().filter(|r| r.provisional);
        let tasks = self.procedure_tasks().filter(|r| r.provisional);
        [
            (UNITS_FILE, units.map(|r| r.agency.to_string()).collect()),
            (TASKS_FILE, tasks.map(|r| r.procedure.to_string()).collect()),
        ]
    }
}
