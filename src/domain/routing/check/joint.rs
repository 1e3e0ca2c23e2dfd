//! What is wrong with the tasks of several agencies, and with the one-stop units.

use std::collections::BTreeSet;

use super::finding::{Finding, Severity};
use crate::domain::routing::directory::Directory;
use crate::domain::routing::joint::{TASKS_FILE, TaskAgency, UNITS_FILE};

impl Directory {
    /// Names that name nothing, a procedure whose tasks have no lead, and a co-agency of another level: the decree speaks of
    /// agencies of one level (art. 20.2).
    pub(super) fn check_joint(&self, findings: &mut Vec<Finding>) {
        let mut error = |code, vi: String, en: String| {
            findings.push(Finding {
                severity: Severity::Error,
                code,
                message_vi: vi,
                message_en: en,
            });
        };
        let mut dangling = |file: &str, row: String, column: &str, name: String| {
            error(
                "reference-dangling",
                format!("{file}, dòng {row}: {column} “{name}” không có trong danh mục; thêm hoặc sửa"),
                format!("{file}, row {row}: {column} “{name}” names nothing; add it or correct it"),
            );
        };
        for task in self.procedure_tasks() {
            let row = || format!("{} v{} {}", task.procedure, task.version, task.number);
            if !self.versions(&task.procedure).any(|p| p.version == task.version) {
                dangling(
                    TASKS_FILE,
                    row(),
                    "procedure",
                    format!("{} v{}", task.procedure, task.version),
                );
            }
            if let TaskAgency::Named(key) = &task.agency
                && self.agency(key).is_none()
            {
                dangling(TASKS_FILE, row(), "agency", key.to_string());
            }
        }
        for unit in self.one_stop_units() {
            if self.agency(&unit.agency).is_none() {
                dangling(
                    UNITS_FILE,
                    unit.agency.to_string(),
                    "agency",
                    unit.agency.to_string(),
                );
            }
            if self.branch(&unit.unit).is_none() {
                dangling(UNITS_FILE, unit.agency.to_string(), "unit", unit.unit.to_string());
            }
        }
        self.check_lead(findings);
        self.check_level(findings);
    }

    fn check_lead(&self, findings: &mut Vec<Finding>) {
        let versions: BTreeSet<_> = self
            .procedure_tasks()
            .map(|t| (&t.procedure, t.version))
            .collect();
        for (procedure, version) in versions {
            let of_version = || {
                self.procedure_tasks()
                    .filter(move |t| (&t.procedure, t.version) == (procedure, version))
            };
            if of_version().any(|t| t.agency == TaskAgency::Competent) {
                continue;
            }
            findings.push(Finding {
                severity: Severity::Error,
                code: "tasks-without-lead",
                message_vi: format!(
                    "{TASKS_FILE}: {procedure} phiên bản {version} chưa có nhiệm vụ của cơ quan chủ trì; thêm dòng có agency là @competent"
                ),
                message_en: format!(
                    "{TASKS_FILE}: {procedure} version {version} has no task of the lead agency; add a row whose agency is @competent"
                ),
            });
        }
    }

    fn check_level(&self, findings: &mut Vec<Finding>) {
        for task in self.procedure_tasks() {
            let TaskAgency::Named(key) = &task.agency else {
                continue;
            };
            let procedure = self.versions(&task.procedure).find(|p| p.version == task.version);
            let (Some(procedure), Some(agency)) = (procedure, self.agency(key)) else {
                continue;
            };
            if agency.level == procedure.level {
                continue;
            }
            let code = &task.procedure;
            findings.push(Finding {
                severity: Severity::Warning,
                code: "task-of-another-level",
                message_vi: format!(
                    "{TASKS_FILE}: {code} giao nhiệm vụ cho {key} thuộc cấp khác; khoản 2 Điều 20 nói về các cơ quan cùng cấp"
                ),
                message_en: format!(
                    "{TASKS_FILE}: {code} has a task for {key}, an agency of another level; art. 20.2 is about agencies of one level"
                ),
            });
        }
    }
}
