//! Places and days for which the rules name no agency, or more than one.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Finding, Severity, examples};
use crate::domain::dossier::Catalogue;
use crate::domain::routing::directory::Directory;
use crate::domain::routing::matched::agencies;
use crate::domain::routing::report::add;
use crate::domain::routing::rows::{Commune, Procedure};
use crate::domain::routing::table::in_force;
use crate::domain::time::Date;

impl Directory {
    pub(super) fn check_competence(&self, findings: &mut Vec<Finding>) {
        let mut shared = BTreeSet::new();
        for (from, to) in (self
            .communes(Catalogue::Since2025)
            .map(|c| (c.valid_from, c.valid_to)))
        .chain(self.agency_rows().map(|a| (a.valid_from, a.valid_to)))
        {
            add(&mut shared, from, to);
        }
        shared.extend(self.reorganisations().map(|row| row.date));
        let mut own: BTreeMap<_, BTreeSet<Date>> = BTreeMap::new();
        for rule in self.rules() {
            add(
                own.entry(&rule.procedure).or_default(),
                rule.valid_from,
                rule.valid_to,
            );
        }
        for procedure in self.procedures() {
            let mut days = shared.clone();
            days.extend(own.get(&procedure.code).into_iter().flatten());
            days.insert(procedure.valid_from.unwrap_or(Date::MIN));
            days.retain(|&day| in_force(procedure.valid_from, procedure.valid_to, day));
            self.check_procedure(procedure, &days, findings);
        }
    }

    fn check_procedure(&self, procedure: &Procedure, days: &BTreeSet<Date>, findings: &mut Vec<Finding>) {
        let (mut gaps, mut overlaps) = (Vec::new(), Vec::new());
        for &day in days {
            let needs_place = self
                .rules_of(&procedure.code)
                .is_some_and(|rules| rules.needs_place(day));
            let mut targets: Vec<Option<&Commune>> = self
                .communes(Catalogue::Since2025)
                .filter(|c| needs_place && in_force(c.valid_from, c.valid_to, day))
                .map(Some)
                .collect();
            if targets.is_empty() {
                targets.push(None);
            }
            for target in targets {
                let matching = self.matching(&procedure.code, target, day);
                let spot = match target {
                    Some(commune) => format!("{} {}, {}", commune.code, commune.name, said(day)),
                    None => format!("*, {}", said(day)),
                };
                match agencies(&matching).len() {
                    0 => gaps.push(spot),
                    1 => {}
                    _ => {
                        let rules: Vec<&str> = matching.iter().map(|f| f.rule.rule.as_str()).collect();
                        overlaps.push(format!("{spot}: {}", rules.join(" + ")));
                    }
                }
            }
        }
        let (code, name) = (&procedure.code, &procedure.name);
        if !gaps.is_empty() {
            let (n, first) = (gaps.len(), examples(&gaps));
            findings.push(Finding {
                severity: Severity::Warning,
                code: "competence-gap",
                message_vi: format!(
                    "{code} {name}: {n} nơi và ngày không có cơ quan ({first}); thêm quy tắc"
                ),
                message_en: format!(
                    "{code} {name}: {n} places and days have no agency ({first}); add a rule"
                ),
            });
        }
        if !overlaps.is_empty() {
            let (n, first) = (overlaps.len(), examples(&overlaps));
            findings.push(Finding {
                severity: Severity::Warning,
                code: "competence-overlap",
                message_vi: format!(
                    "{code} {name}: {n} nơi và ngày có nhiều cơ quan ({first}); bỏ bớt quy tắc"
                ),
                message_en: format!(
                    "{code} {name}: {n} places and days have several agencies ({first}); end a rule"
                ),
            });
        }
    }
}

fn said(day: Date) -> String {
    if day == Date::MIN {
        "…".to_owned()
    } else {
        day.to_string()
    }
}
