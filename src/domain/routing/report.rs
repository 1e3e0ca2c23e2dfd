//! Gaps and overlaps of competence, found by trying every procedure at every place on the days on which anything changes.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::directory::Directory;
use super::matched::agencies;
use super::reason::NamedCommune;
use super::rows::{Commune, Procedure};
use super::table::in_force;
use crate::domain::codes::{Key, ProcedureCode};
use crate::domain::dossier::Catalogue;
use crate::domain::time::Date;

/// What is wrong with a place and a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CompetenceFault {
    /// No rule names an agency.
    Gap,
    /// Rules name several.
    Overlap,
}

/// One procedure at one place, from a day to a day, without exactly one agency.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct CompetenceSpot {
    /// What is wrong.
    pub fault: CompetenceFault,
    /// National code.
    pub procedure: ProcedureCode,
    /// The commune; null where the procedure does not depend on the place.
    pub commune: Option<NamedCommune>,
    /// The first day of it that was looked at, `YYYY-MM-DD`; null for always.
    pub from: Option<String>,
    /// The last day; null while no later day was looked at that is otherwise.
    pub to: Option<String>,
    /// The rules that apply.
    pub rules: Vec<String>,
    /// The agencies they lead to.
    pub agencies: Vec<Key>,
}

/// Gaps and overlaps, and how much was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompetenceReport {
    /// Routes that were decided.
    pub decided: u64,
    /// What is wrong, by procedure, commune and day.
    pub spots: Vec<CompetenceSpot>,
}

/// A fault that may go on.
struct Going<'a> {
    commune: Option<&'a Commune>,
    from: Date,
    rules: Vec<&'a str>,
    agencies: Vec<&'a Key>,
}

impl Directory {
    /// The days on which the competence for any procedure may change: those on which an agency, a commune or a reorganisation
    /// begins or ends.
    fn shared_days(&self) -> BTreeSet<Date> {
        let mut days = BTreeSet::new();
        for commune in self.communes(Catalogue::Since2025) {
            add(&mut days, commune.valid_from, commune.valid_to);
        }
        for agency in self.agency_rows() {
            add(&mut days, agency.valid_from, agency.valid_to);
        }
        days.extend(self.reorganisations().map(|row| row.date));
        days
    }

    /// Every gap and overlap on the days on which anything changes, each with its period.
    pub fn competence(&self) -> CompetenceReport {
        let mut report = CompetenceReport::default();
        let shared = self.shared_days();
        for (code, rules) in self.codes() {
            let mut days = shared.clone();
            for (from, to) in rules {
                add(&mut days, from, to);
            }
            for version in self.versions(code) {
                add(&mut days, version.valid_from, version.valid_to);
            }
            days.insert(Date::MIN);
            self.look(code, &days, &mut report);
        }
        report.spots.sort();
        report
    }

    /// Every gap and overlap on some days.
    pub fn competence_on(&self, days: &BTreeSet<Date>) -> CompetenceReport {
        let mut report = CompetenceReport::default();
        for (code, _) in self.codes() {
            self.look(code, days, &mut report);
        }
        report.spots.sort();
        report
    }

    fn look(&self, code: &ProcedureCode, days: &BTreeSet<Date>, report: &mut CompetenceReport) {
        let mut going: Vec<Going<'_>> = Vec::new();
        for &day in days {
            let found = match self.procedure_on(code, day) {
                Some(procedure) => self.faults_on(procedure, day, report),
                None => Vec::new(),
            };
            let same = |one: &Going<'_>, other: &Going<'_>| {
                (one.commune.map(|c| &c.code), &one.rules, &one.agencies)
                    == (other.commune.map(|c| &c.code), &other.rules, &other.agencies)
            };
            let (goes_on, ended): (Vec<_>, Vec<_>) = std::mem::take(&mut going)
                .into_iter()
                .partition(|known| found.iter().any(|new| same(known, new)));
            let last = day.yesterday().ok();
            report
                .spots
                .extend(ended.into_iter().map(|known| known.told(code, last)));
            let begun = found
                .into_iter()
                .filter(|new| !goes_on.iter().any(|known| same(known, new)))
                .collect::<Vec<_>>();
            going = goes_on;
            going.extend(begun);
        }
        report
            .spots
            .extend(going.into_iter().map(|known| known.told(code, None)));
    }

    /// What is wrong with a procedure on a day, place by place.
    fn faults_on<'a>(
        &'a self,
        procedure: &Procedure,
        day: Date,
        report: &mut CompetenceReport,
    ) -> Vec<Going<'a>> {
        let needs_place = self
            .rules_of(&procedure.code)
            .is_some_and(|rules| rules.needs_place(day));
        let mut targets: Vec<Option<&Commune>> = if needs_place {
            self.communes(Catalogue::Since2025)
                .filter(|c| in_force(c.valid_from, c.valid_to, day))
                .map(Some)
                .collect()
        } else {
            Vec::new()
        };
        if targets.is_empty() {
            targets.push(None);
        }
        report.decided += targets.len() as u64;
        let mut faults = Vec::new();
        for commune in targets {
            let matches = self.matching(&procedure.code, commune, day);
            let agencies = agencies(&matches);
            if agencies.len() != 1 {
                faults.push(Going {
                    commune,
                    from: day,
                    rules: matches.iter().map(|found| found.rule.rule.as_str()).collect(),
                    agencies,
                });
            }
        }
        faults
    }
}

impl Going<'_> {
    fn told(self, code: &ProcedureCode, last: Option<Date>) -> CompetenceSpot {
        CompetenceSpot {
            fault: if self.agencies.is_empty() {
                CompetenceFault::Gap
            } else {
                CompetenceFault::Overlap
            },
            procedure: code.clone(),
            commune: self.commune.map(|commune| NamedCommune {
                code: commune.code.clone(),
                name: commune.name.clone(),
            }),
            from: (self.from != Date::MIN).then(|| self.from.to_string()),
            to: last.map(|day| day.to_string()),
            rules: self.rules.into_iter().map(str::to_owned).collect(),
            agencies: self.agencies.into_iter().cloned().collect(),
        }
    }
}

/// The days on which a period changes what is in force.
pub(super) fn add(days: &mut BTreeSet<Date>, from: Option<Date>, to: Option<Date>) {
    days.extend(from);
    days.extend(to.and_then(|to| to.tomorrow().ok()));
}
