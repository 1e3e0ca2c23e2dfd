//! What names nothing: every row of a directory that refers to another.

use std::collections::BTreeSet;
use std::fmt;

use super::finding::{Finding, Severity};
use crate::domain::checks::Requirements;
use crate::domain::codes::CommuneCode;
use crate::domain::dossier::Catalogue;
use crate::domain::legal::TimeLimits;
use crate::domain::routing::directory::Directory;
use crate::domain::routing::reorganisation::Reorganisation;
use crate::domain::routing::rows::{RuleAgency, RulePlace};

/// Notes every name that names nothing.
struct Names<'a> {
    findings: &'a mut Vec<Finding>,
}

impl Names<'_> {
    fn check(
        &mut self,
        known: bool,
        file: &str,
        row: &dyn fmt::Display,
        column: &str,
        name: &dyn fmt::Display,
    ) {
        if known {
            return;
        }
        self.findings.push(Finding {
            severity: Severity::Error,
            code: "reference-dangling",
            message_vi: format!(
                "{file}, dòng {row}: {column} “{name}” không có trong danh mục; thêm hoặc sửa"
            ),
            message_en: format!("{file}, row {row}: {column} “{name}” names nothing; add it or correct it"),
        });
    }
}

impl Directory {
    /// People and places: what each row belongs to, and where it stands.
    pub(super) fn check_bodies(&self, findings: &mut Vec<Finding>) {
        let mut names = Names { findings };
        let today = |code: &CommuneCode| self.commune(Catalogue::Since2025, code).is_some();
        let (branches, points, agents) = self.receiving_rows();
        for a in self.agency_rows() {
            if let Some(code) = &a.commune {
                names.check(today(code), "agencies.csv", &a.key, "commune_code", code);
            }
            if let Some(parent) = &a.parent {
                names.check(
                    self.agency(parent).is_some(),
                    "agencies.csv",
                    &a.key,
                    "parent",
                    parent,
                );
            }
        }
        let districts: BTreeSet<_> = self
            .communes(Catalogue::Legacy)
            .filter_map(|c| c.district.as_ref().map(|d| &d.code))
            .collect();
        for b in branches {
            for code in &b.former_districts {
                names.check(
                    districts.contains(code),
                    "branches.csv",
                    &b.key,
                    "former_district_codes",
                    code,
                );
            }
        }
        for p in points {
            names.check(
                self.branch(&p.branch).is_some(),
                "points.csv",
                &p.key,
                "branch",
                &p.branch,
            );
            if let Some(code) = &p.commune {
                names.check(today(code), "points.csv", &p.key, "commune_code", code);
            }
        }
        for a in agents {
            let known = self.enterprise(&a.enterprise).is_some();
            names.check(known, "agents.csv", &a.key, "enterprise", &a.enterprise);
            names.check(
                today(&a.commune),
                "agents.csv",
                &a.key,
                "commune_code",
                &a.commune,
            );
            if let Some(branch) = &a.branch {
                names.check(
                    self.branch(branch).is_some(),
                    "agents.csv",
                    &a.key,
                    "branch",
                    branch,
                );
            }
        }
    }

    /// What the aliases, the rules and the succession name.
    pub(super) fn check_references(&self, findings: &mut Vec<Finding>) {
        let mut names = Names { findings };
        let today = |code: &CommuneCode| self.commune(Catalogue::Since2025, code).is_some();
        for alias in self.aliases.iter() {
            let known = self.procedure(&alias.code).is_some();
            names.check(
                known,
                "procedure_aliases.csv",
                &alias.received,
                "national_code",
                &alias.code,
            );
        }
        for r in self.rules() {
            let known = self.procedure(&r.procedure).is_some();
            names.check(known, "competence.csv", &r.rule, "procedure", &r.procedure);
            if let RulePlace::Commune(code) = &r.place {
                names.check(today(code), "competence.csv", &r.rule, "place", code);
            }
            if let RuleAgency::Named(key) = &r.agency {
                names.check(
                    self.agency(key).is_some(),
                    "competence.csv",
                    &r.rule,
                    "agency",
                    key,
                );
            }
        }
        for row in self.reorganisations() {
            if let Some(code) = &row.procedure {
                let known = self.procedure(code).is_some();
                names.check(known, Reorganisation::FILE, &row.row, "procedure", code);
            }
        }
        for row in self.requirements().iter() {
            if let Some(code) = &row.procedure {
                let known = self.procedure(code).is_some();
                names.check(known, Requirements::FILE, &row.name, "procedure", code);
            }
        }
        for code in self.time_limits().with_own() {
            let known = self.procedure(code).is_some();
            names.check(known, TimeLimits::OWN_FILE, code, "procedure", code);
        }
        for s in self.succession.iter() {
            let known = self.commune(Catalogue::Legacy, &s.old).is_some();
            names.check(known, "succession.csv", &s.new, "old_code", &s.old);
            names.check(today(&s.new), "succession.csv", &s.old, "new_code", &s.new);
        }
    }
}
