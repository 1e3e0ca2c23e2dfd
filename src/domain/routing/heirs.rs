//! Who takes over: the agency a rule's competence has passed to, the agency an open dossier goes to, the commune another became.

use std::collections::BTreeSet;

use super::directory::Directory;
use super::reason::{RouteReason, SuccessionReason};
use super::reorganisation::{OpenDossiers, Reorganisation, Units};
use super::rows::{Agency, Commune, Rule};
use super::table::in_force;
use super::{Divided, Route};
use crate::domain::codes::{CommuneCode, Key, ProcedureCode};
use crate::domain::dossier::Catalogue;
use crate::domain::rejection::problems;
use crate::domain::rejection::{Language, Problem};
use crate::domain::task::AgencyTask;
use crate::domain::time::Date;

/// What becomes of an open dossier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heir {
    /// It stays where it is.
    Stays,
    /// It goes to the agency that took over.
    Passes {
        /// That agency.
        to: Key,
        /// The rows by which it does, in order of time: name and legal document.
        by: Vec<String>,
    },
    /// Its agency has ended, and several took over or nobody: a person decides.
    Undecided {
        /// The agencies it may be, by key.
        candidates: Vec<Key>,
        /// The rows that name them.
        by: Vec<String>,
    },
}

/// An open dossier as its agency holds it.
#[derive(Clone, Copy, Debug)]
pub struct HeldDossier<'a> {
    /// The agency.
    pub agency: &'a Key,
    /// The national code of its procedure.
    pub procedure: &'a ProcedureCode,
    /// The day the agency got it.
    pub since: Date,
    /// Why it did.
    pub reason: &'a RouteReason,
}

impl Directory {
    /// The rows by which competence passes from an agency after one day and until another: those of the earliest such day, and of
    /// these the rows about the procedure before the others. Only rows that count.
    fn passed(
        &self,
        old: &Key,
        procedure: &ProcedureCode,
        (after, on): (Date, Date),
        counts: impl Fn(&Reorganisation) -> bool,
    ) -> Vec<&Reorganisation> {
        let about = |row: &&Reorganisation| {
            counts(row)
                && after < row.date
                && row.date <= on
                && row.procedure.as_ref().is_none_or(|only| only == procedure)
        };
        let rows: Vec<&Reorganisation> = self.reorganised_agency(old).filter(about).collect();
        let Some(first) = rows.iter().map(|row| row.date).min() else {
            return Vec::new();
        };
        let of_first = || rows.iter().copied().filter(|row| row.date == first);
        let special: Vec<&Reorganisation> = of_first().filter(|row| row.procedure.is_some()).collect();
        if special.is_empty() {
            of_first().collect()
        } else {
            special
        }
    }

    /// The agencies in force on a day to which has come what a rule gives to `named`. A rule that begins on the day of a
    /// reorganisation, or later, was written by somebody who knew of it and is taken at its word.
    pub(super) fn heirs<'a>(
        &'a self,
        rule: &Rule,
        named: &Key,
        on: Date,
    ) -> Vec<(&'a Agency, Vec<&'a Reorganisation>)> {
        let mut heirs: Vec<(&Agency, Vec<&Reorganisation>)> = Vec::new();
        let since = rule.valid_from.unwrap_or(Date::MIN);
        let mut open = vec![(named.clone(), since, Vec::new())];
        while let Some((key, since, by)) = open.pop() {
            let rows = self.passed(&key, &rule.procedure, (since, on), |_| true);
            if rows.is_empty() {
                let known = |agency: &Agency| heirs.iter().any(|(other, _)| other.key == agency.key);
                if let Some(agency) = self.agency_on(&key, on).filter(|agency| !known(agency)) {
                    heirs.push((agency, by));
                }
                continue;
            }
            for row in rows.into_iter().rev() {
                if let Units::Agencies { new, .. } = &row.units {
                    let by = by.iter().copied().chain([row]).collect();
                    open.push((new.clone(), row.date, by));
                }
            }
        }
        heirs
    }

    /// What becomes of an open dossier by a day.
    pub fn heir(&self, held: HeldDossier<'_>, on: Date) -> Heir {
        let (mut key, mut since) = (held.agency.clone(), held.since);
        let mut by: Vec<String> = Vec::new();
        loop {
            // What an agency got after its own end, from a hub that did not know of it yet, goes the same way.
            if let Some(last) = self.ended(&key, on) {
                since = since.min(last);
            }
            let moves = |row: &Reorganisation| row.open == OpenDossiers::Move;
            let moving = self.passed(&key, held.procedure, (since, on), moves);
            by.extend(moving.iter().map(|row| row.named()));
            let mut candidates: Vec<&Key> = moving
                .iter()
                .filter_map(|row| match &row.units {
                    Units::Agencies { new, .. } => Some(new),
                    Units::Communes { .. } => None,
                })
                .collect();
            candidates.sort();
            candidates.dedup();
            match (candidates.as_slice(), moving.first()) {
                ([only], Some(row)) => (key, since) = ((*only).clone(), row.date),
                ([], _) | (_, None) => break,
                (several, _) => {
                    let heirs: Vec<Key> = several.iter().map(|key| (*key).clone()).collect();
                    return match self
                        .decided_today(held.reason, on)
                        .filter(|to| heirs.contains(to))
                    {
                        Some(to) if to == *held.agency => Heir::Stays,
                        Some(to) => Heir::Passes { to, by },
                        None => Heir::Undecided {
                            candidates: heirs,
                            by,
                        },
                    };
                }
            }
        }
        if self.ended(&key, on).is_some() {
            return Heir::Undecided {
                candidates: Vec::new(),
                by,
            };
        }
        if key == *held.agency {
            Heir::Stays
        } else {
            Heir::Passes { to: key, by }
        }
    }

    /// A route by the rules of the day of filing, once what has become of its agency by `today` is known: a filing may arrive after
    /// the agency it was meant for has ended.
    #[must_use]
    pub fn settle(&self, mut route: Route, filed_on: Date, today: Date) -> Route {
        let Some(agency) = route.agency.clone() else {
            return route;
        };
        let held = HeldDossier {
            agency: &agency,
            procedure: &route.procedure.code,
            since: filed_on,
            reason: &route.reason,
        };
        match self.heir(held, today) {
            Heir::Stays => {}
            heir => {
                let (reason, problem) = self.succession(&agency, &heir, today);
                route.agency.clone_from(&reason.agency);
                route.parked = problem.as_ref().map(|problem| problem.label);
                route.warnings.extend(problem);
                route.reason.take_over(reason);
            }
        }
        route.tasks = match &route.agency {
            Some(lead) => {
                let held = HeldDossier {
                    agency: lead,
                    procedure: &route.procedure.code,
                    since: filed_on,
                    reason: &route.reason,
                };
                self.settled_tasks(route.tasks, held, today)
            }
            // As long as nobody leads there is none.
            None => Vec::new(),
        };
        route
    }

    /// Tasks once their agencies are those of `today`: the lead's is that of the agency that holds the dossier, a co-agency's of the
    /// one that took it over. A task stays where it is named where its agency was divided: an operator hands it over.
    pub fn settled_tasks(
        &self,
        mut tasks: Vec<AgencyTask>,
        held: HeldDossier<'_>,
        today: Date,
    ) -> Vec<AgencyTask> {
        for task in &mut tasks {
            if task.lead {
                task.agency.clone_from(held.agency);
                continue;
            }
            let named = HeldDossier {
                agency: &task.agency,
                ..held
            };
            if let Heir::Passes { to, .. } = self.heir(named, today) {
                task.agency = to;
            }
        }
        tasks
    }

    /// The reason to keep with a dossier whose agency was taken over, and why it waits, if it does.
    pub fn succession(&self, from: &Key, heir: &Heir, on: Date) -> (SuccessionReason, Option<Problem>) {
        let name = |key: &Key| {
            self.agency_at(key, on)
                .map_or_else(|| key.to_string(), |a| a.name.clone())
        };
        let former = name(from);
        let (agency, by, vi, en, problem) = match heir {
            Heir::Stays => (Some(from.clone()), &[][..], String::new(), String::new(), None),
            Heir::Passes { to, by } => {
                let (heir, rows) = (name(to), by.join(", "));
                (
                    Some(to.clone()),
                    by.as_slice(),
                    format!("Từ ngày {on}, {heir} kế thừa hồ sơ của {former} theo {rows}."),
                    format!("Since {on}, {heir} has taken over the dossiers of {former} by {rows}."),
                    None,
                )
            }
            Heir::Undecided { candidates, by } => {
                let names: Vec<String> = candidates
                    .iter()
                    .map(|key| format!("{key} {}", name(key)))
                    .collect();
                let names = if names.is_empty() {
                    "–".to_owned()
                } else {
                    names.join(", ")
                };
                let problem: Problem = problems::SuccessorUndecided {
                    agency: &former,
                    candidates: &names,
                }
                .into();
                let (vi, en) = (
                    problem.advice(Language::Vietnamese),
                    problem.advice(Language::English),
                );
                (None, by.as_slice(), vi, en, Some(problem))
            }
        };
        let reason = SuccessionReason {
            from: from.clone(),
            agency,
            by: by.to_vec(),
            on: on.to_string(),
            vi,
            en,
        };
        (reason, problem)
    }

    /// The agencies whose open dossiers may have to go elsewhere by a day: those that have ended, and those that were reorganised.
    pub fn departed(&self, on: Date) -> BTreeSet<&Key> {
        let reorganised = self
            .reorganisations()
            .filter(|row| row.date <= on && row.open == OpenDossiers::Move)
            .filter(|row| !matches!(&row.units, Units::Agencies { old, new } if old == new))
            .filter_map(Reorganisation::old_agency);
        let ended = self.agencies().map(|agency| &agency.key);
        ended
            .filter(|key| self.ended(key, on).is_some())
            .chain(reorganised)
            .collect()
    }

    /// The last day of an agency that has ended by a day; none while it is in force, has not begun, or is not known.
    fn ended(&self, key: &Key, on: Date) -> Option<Date> {
        if self.agency_on(key, on).is_some() {
            return None;
        }
        let ends = self.rows_of_agency(key).filter_map(|row| row.valid_to);
        ends.filter(|last| *last < on).max()
    }

    /// Whom the rules of a day name for a case that was routed before.
    fn decided_today(&self, reason: &RouteReason, on: Date) -> Option<Key> {
        let place = reason.given_place();
        self.route_by(&reason.procedure.received, place.as_ref(), on, Divided::Park)
            .ok()?
            .agency
    }

    /// The communes in force on a day that a commune of the 2025 catalogue, which ended, is now part of; each with whether it is
    /// the default.
    pub(super) fn communes_after(&self, ended: &Commune, on: Date) -> Vec<(&Commune, bool)> {
        let mut found: Vec<(&Commune, bool)> = Vec::new();
        let mut open = vec![(ended.code.clone(), ended.valid_to, true)];
        while let Some((code, last, is_default)) = open.pop() {
            let Some(next) = last
                .and_then(|last| last.tomorrow().ok())
                .filter(|next| *next <= on)
            else {
                continue;
            };
            let rows = self.reorganised_commune(&code).filter(|row| row.date == next);
            let mut successors: Vec<(&CommuneCode, bool)> = rows
                .filter_map(|row| match &row.units {
                    Units::Communes { new, .. } => Some((new, row.is_default)),
                    Units::Agencies { .. } => None,
                })
                .collect();
            // Rows of one code that follow one another are one commune under a new name, unless a row says otherwise.
            if successors.is_empty() {
                successors.push((&code, true));
            }
            let only = successors.len() == 1;
            for (new, default) in successors {
                let Some(commune) = self.commune_on(Catalogue::Since2025, new, next) else {
                    continue;
                };
                let default = is_default && (only || default);
                if !in_force(commune.valid_from, commune.valid_to, on) {
                    open.push((commune.code.clone(), commune.valid_to, default));
                } else if let Some(known) = found.iter_mut().find(|(other, _)| other.code == commune.code) {
                    known.1 |= default;
                } else {
                    found.push((commune, default));
                }
            }
        }
        found
    }
}
