//! The snapshot: every file's rows, and the indexes that make a look-up one step.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::files;
use super::joint::{self, OneStopUnit, ProcedureTask, TaskName};
use super::reorganisation::{self, Reorganisation, Units};
use super::rows::{
    Agency, Agent, Alias, Branch, Commune, Enterprise, Point, PointKind, Procedure, Rule, RulePlace,
    Succession,
};
use super::table::{DirectoryFault, Period, Rows, in_force};
use crate::domain::calendar::Offices;
use crate::domain::checks::Requirements;
use crate::domain::clocks::Clockwork;
use crate::domain::codes::{CommuneCode, Key, ProcedureCode};
use crate::domain::dossier::Catalogue;
use crate::domain::legal::TimeLimits;
use crate::domain::seal::sha256;
use crate::domain::time::Date;

/// The rules of one procedure, by where they apply.
#[derive(Clone, Debug, Default)]
pub(super) struct RuleIndex {
    pub(super) city: Vec<Rule>,
    pub(super) each_commune: Vec<Rule>,
    pub(super) by_commune: HashMap<CommuneCode, Vec<Rule>>,
    /// The distinct periods of the rules that need a place: so that asking for one need not look at every commune.
    pub(super) placed: Vec<(Option<Date>, Option<Date>)>,
}

/// The directory at one version. Immutable; replaced whole.
#[derive(Clone, Debug)]
pub struct Directory {
    version: String,
    agencies: Rows<Key, Agency>,
    branches: Rows<Key, Branch>,
    points: Rows<Key, Point>,
    communes: Rows<CommuneCode, Commune>,
    legacy: Rows<CommuneCode, Commune>,
    pub(super) succession: Rows<(CommuneCode, CommuneCode), Succession>,
    procedures: Rows<(ProcedureCode, u32), Procedure>,
    pub(super) aliases: Rows<String, Alias>,
    rules: Rows<String, Rule>,
    enterprises: Rows<Key, Enterprise>,
    agents: Rows<Key, Agent>,
    reorganisations: Rows<String, Reorganisation>,
    pub(super) tasks: Rows<TaskName, ProcedureTask>,
    pub(super) units: Rows<Key, OneStopUnit>,
    pub(super) requirements: Requirements,
    offices: Offices,
    time_limits: Arc<TimeLimits>,
    pub(super) tasks_by: HashMap<ProcedureCode, Vec<ProcedureTask>>,
    rules_of: HashMap<ProcedureCode, RuleIndex>,
    agencies_of: HashMap<CommuneCode, Vec<Key>>,
    /// The versions of a procedure, the newest first.
    versions_of: HashMap<ProcedureCode, Vec<u32>>,
    /// The default successor first.
    successors_of: HashMap<CommuneCode, Vec<CommuneCode>>,
    /// Names of rows, in the file's order.
    reorganised_agencies: HashMap<Key, Vec<String>>,
    reorganised_communes: HashMap<CommuneCode, Vec<String>>,
}

impl Directory {
    /// Files a directory may be without: as if they had no row.
    pub const MAY_BE_ABSENT: &'static [&'static str] =
        &[joint::UNITS_FILE, joint::TASKS_FILE, Reorganisation::FILE];

    /// The files a directory is made of. Other names are not looked at.
    pub const FILES: &'static [&'static str] = &[
        "agencies.csv",
        "agents.csv",
        "branches.csv",
        "communes.csv",
        "competence.csv",
        "enterprises.csv",
        Offices::DAYS_FILE,
        Offices::HOURS_FILE,
        "legacy_communes.csv",
        joint::UNITS_FILE,
        "points.csv",
        "procedure_aliases.csv",
        TimeLimits::OWN_FILE,
        "procedures.csv",
        Reorganisation::FILE,
        Requirements::FILE,
        "succession.csv",
        joint::TASKS_FILE,
        TimeLimits::FILE,
    ];

    /// Reads the files (name to text). What contradicts itself across files, such as a key that names nothing, is left to
    /// [`Directory::check`].
    ///
    /// # Errors
    /// All faults of all files at once.
    pub fn read(files: &BTreeMap<String, String>) -> Result<Directory, Vec<DirectoryFault>> {
        let mut faults: Vec<DirectoryFault> = Vec::new();
        for name in Self::FILES {
            if !files.contains_key(*name) && !Self::MAY_BE_ABSENT.contains(name) {
                faults.push(DirectoryFault {
                    file: (*name).to_owned(),
                    line: 0,
                    message_vi: "thiếu tệp này trong danh mục".to_owned(),
                    message_en: "this file of the directory is missing; add it".to_owned(),
                });
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let there = |name: &str| files.get(name).map(String::as_str);
        let text = |name: &str| there(name).unwrap_or_default();
        let f = &mut faults;
        let agencies = files::agencies(text("agencies.csv"), f);
        let (days, hours) = (text(Offices::DAYS_FILE), text(Offices::HOURS_FILE));
        let offices = Offices::read_into(days, hours, agencies.iter(), f);
        let mut time_limits = TimeLimits::read_into(text(TimeLimits::FILE), f).unwrap_or_default();
        time_limits.read_own(text(TimeLimits::OWN_FILE), f);
        let mut directory = Directory {
            version: version(files),
            agencies,
            branches: files::branches(text("branches.csv"), f),
            points: files::points(text("points.csv"), f),
            communes: files::communes(text("communes.csv"), f),
            legacy: files::legacy_communes(text("legacy_communes.csv"), f),
            succession: files::succession(text("succession.csv"), f),
            procedures: files::procedures(text("procedures.csv"), f),
            aliases: files::aliases(text("procedure_aliases.csv"), f),
            rules: files::rules(text("competence.csv"), f),
            enterprises: files::enterprises(text("enterprises.csv"), f),
            agents: files::agents(text("agents.csv"), f),
            reorganisations: there(Reorganisation::FILE)
                .map(|text| reorganisation::read(text, f))
                .unwrap_or_default(),
            tasks: there(joint::TASKS_FILE)
                .map(|text| joint::tasks(text, f))
                .unwrap_or_default(),
            units: there(joint::UNITS_FILE)
                .map(|text| joint::units(text, f))
                .unwrap_or_default(),
            requirements: there(Requirements::FILE)
                .map(|text| Requirements::read(Requirements::FILE, text, f))
                .unwrap_or_default(),
            offices,
            time_limits: Arc::new(time_limits),
            tasks_by: HashMap::new(),
            rules_of: HashMap::new(),
            agencies_of: HashMap::new(),
            versions_of: HashMap::new(),
            successors_of: HashMap::new(),
            reorganised_agencies: HashMap::new(),
            reorganised_communes: HashMap::new(),
        };
        if !faults.is_empty() {
            return Err(faults);
        }
        directory.index();
        Ok(directory)
    }

    fn index(&mut self) {
        for rule in self.rules.iter() {
            let index = self.rules_of.entry(rule.procedure.clone()).or_default();
            let at = match &rule.place {
                RulePlace::City => &mut index.city,
                RulePlace::EachCommune => &mut index.each_commune,
                RulePlace::Commune(code) => index.by_commune.entry(code.clone()).or_default(),
            };
            at.push(rule.clone());
            let period = (rule.valid_from, rule.valid_to);
            if rule.place != RulePlace::City && !index.placed.contains(&period) {
                index.placed.push(period);
            }
        }
        for procedure in self.procedures.iter() {
            let versions = self.versions_of.entry(procedure.code.clone()).or_default();
            versions.push(procedure.version);
            versions.sort_unstable_by(|a, b| b.cmp(a));
        }
        for agency in self.agencies.iter() {
            let Some(commune) = &agency.commune else { continue };
            let keys = self.agencies_of.entry(commune.clone()).or_default();
            if !keys.contains(&agency.key) {
                keys.push(agency.key.clone());
            }
        }
        for task in self.tasks.iter() {
            let tasks = self.tasks_by.entry(task.procedure.clone()).or_default();
            tasks.push(task.clone());
        }
        for row in self.succession.iter() {
            let successors = self.successors_of.entry(row.old.clone()).or_default();
            let at = if row.is_default { 0 } else { successors.len() };
            if !successors.contains(&row.new) {
                successors.insert(at, row.new.clone());
            }
        }
        for row in self.reorganisations.iter() {
            let rows = match &row.units {
                Units::Agencies { old, .. } => self.reorganised_agencies.entry(old.clone()).or_default(),
                Units::Communes { old, .. } => self.reorganised_communes.entry(old.clone()).or_default(),
            };
            rows.push(row.row.clone());
        }
    }

    /// The first 12 hexadecimal digits of a SHA-256 over the names and bytes of the files: the same data, the same version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// When its offices are open.
    pub fn offices(&self) -> &Offices {
        &self.offices
    }

    /// The time limits of the law.
    pub fn time_limits(&self) -> &TimeLimits {
        &self.time_limits
    }

    /// What the clocks of a dossier are computed with: the hours of its agency, or of the city where it has none, and the limits of
    /// its procedure.
    pub fn clockwork(&self, agency: Option<&Key>, procedure: &ProcedureCode) -> Clockwork {
        let office = agency.and_then(|key| self.agencies.get(key));
        let calendar = office.map_or(self.offices.city(), |agency| self.offices.of(agency));
        let limits = self.time_limits.own(procedure).unwrap_or(&self.time_limits);
        Clockwork::new(Arc::clone(calendar), Arc::clone(limits))
    }

    /// The same with the hours of the city and the limits of the decree.
    pub fn city_clockwork(&self) -> Clockwork {
        Clockwork::new(Arc::clone(self.offices.city()), Arc::clone(&self.time_limits))
    }

    /// An agency by its stable key, in force or not; its newest row.
    pub fn agency(&self, key: &Key) -> Option<&Agency> {
        self.agencies.get(key)
    }

    /// An agency by its stable key, when it is in force that day.
    pub fn agency_on(&self, key: &Key, on: Date) -> Option<&Agency> {
        self.agencies.on(key, on)
    }

    /// An agency as it is, or was last, or will be first, on a day.
    pub fn agency_at(&self, key: &Key, on: Date) -> Option<&Agency> {
        let begun = |a: &&Agency| a.valid_from.is_none_or(|from| from <= on);
        self.agencies
            .of(key)
            .rfind(begun)
            .or_else(|| self.agencies.of(key).next())
    }

    /// Every agency once, by its newest row, in the file's order.
    pub fn agencies(&self) -> impl Iterator<Item = &Agency> {
        self.agencies.newest()
    }

    /// Every agency once, as it is, was last, or will be first, on a day.
    pub fn agencies_at(&self, on: Date) -> impl Iterator<Item = &Agency> {
        self.agencies()
            .filter_map(move |agency| self.agency_at(&agency.key, on))
    }

    /// Every row of every agency, in the file's order.
    pub fn agency_rows(&self) -> impl Iterator<Item = &Agency> {
        self.agencies.iter()
    }

    /// The rows of one agency in order of time.
    pub(super) fn rows_of_agency(&self, key: &Key) -> impl Iterator<Item = &Agency> {
        self.agencies.of(key)
    }

    /// Every row of every reorganisation, in the file's order.
    pub fn reorganisations(&self) -> impl Iterator<Item = &Reorganisation> {
        self.reorganisations.iter()
    }

    /// The rows by which an agency was reorganised, in the file's order.
    pub(super) fn reorganised_agency(&self, old: &Key) -> impl Iterator<Item = &Reorganisation> {
        let rows = self.reorganised_agencies.get(old).map_or(&[][..], Vec::as_slice);
        rows.iter().filter_map(|row| self.reorganisations.get(row))
    }

    /// The rows by which a commune of the 2025 catalogue was reorganised, in the file's order.
    pub(super) fn reorganised_commune(&self, old: &CommuneCode) -> impl Iterator<Item = &Reorganisation> {
        let rows = self.reorganised_communes.get(old).map_or(&[][..], Vec::as_slice);
        rows.iter().filter_map(|row| self.reorganisations.get(row))
    }

    /// A branch by its stable key.
    pub fn branch(&self, key: &Key) -> Option<&Branch> {
        self.branches.get(key)
    }

    /// Every branch once, by its newest row, in the file's order.
    pub fn branches(&self) -> impl Iterator<Item = &Branch> {
        self.branches.newest()
    }

    /// A receiving point by its stable key.
    pub fn point(&self, key: &Key) -> Option<&Point> {
        self.points.get(key)
    }

    /// Every receiving point once, by its newest row, in the file's order.
    pub fn points(&self) -> impl Iterator<Item = &Point> {
        self.points.newest()
    }

    /// A postal enterprise by its stable key.
    pub fn enterprise(&self, key: &Key) -> Option<&Enterprise> {
        self.enterprises.get(key)
    }

    /// Every postal enterprise once, by its newest row, in the file's order.
    pub fn enterprises(&self) -> impl Iterator<Item = &Enterprise> {
        self.enterprises.newest()
    }

    /// An agent by its stable key.
    pub fn agent(&self, key: &Key) -> Option<&Agent> {
        self.agents.get(key)
    }

    /// Every agent once, by its newest row, in the file's order.
    pub fn agents(&self) -> impl Iterator<Item = &Agent> {
        self.agents.iter()
    }

    /// A branch as it is on a day.
    pub fn branch_on(&self, key: &Key, on: Date) -> Option<&Branch> {
        self.branches.on(key, on)
    }

    /// A receiving point as it is on a day.
    pub fn point_on(&self, key: &Key, on: Date) -> Option<&Point> {
        self.points.on(key, on)
    }

    /// An agent as it is on a day.
    pub fn agent_on(&self, key: &Key, on: Date) -> Option<&Agent> {
        self.agents.on(key, on)
    }

    /// Every row of every branch, point and agent, in the files' order.
    pub(super) fn receiving_rows(
        &self,
    ) -> (
        std::slice::Iter<'_, Branch>,
        std::slice::Iter<'_, Point>,
        std::slice::Iter<'_, Agent>,
    ) {
        (self.branches.iter(), self.points.iter(), self.agents.iter())
    }

    /// The version of a procedure that is in force on a day, by its national code.
    pub fn procedure_on(&self, code: &ProcedureCode, on: Date) -> Option<&Procedure> {
        self.versions(code)
            .find(|p| in_force(p.valid_from, p.valid_to, on))
    }

    /// The newest version of a procedure by its national code, in force or not.
    pub fn procedure(&self, code: &ProcedureCode) -> Option<&Procedure> {
        self.versions(code).next()
    }

    /// The versions of a procedure, the newest first.
    pub fn versions(&self, code: &ProcedureCode) -> impl Iterator<Item = &Procedure> {
        let versions = self.versions_of.get(code).map_or(&[][..], Vec::as_slice);
        let code = code.clone();
        versions
            .iter()
            .filter_map(move |version| self.procedures.get(&(code.clone(), *version)))
    }

    /// Every version of every procedure, in the file's order.
    pub fn procedures(&self) -> impl Iterator<Item = &Procedure> {
        self.procedures.iter()
    }

    /// A commune of one catalogue, in force or not.
    pub fn commune(&self, catalogue: Catalogue, code: &CommuneCode) -> Option<&Commune> {
        self.catalogue(catalogue).get(code)
    }

    /// A commune of one catalogue as it is on a day.
    pub(super) fn commune_on(&self, catalogue: Catalogue, code: &CommuneCode, on: Date) -> Option<&Commune> {
        self.catalogue(catalogue).on(code, on)
    }

    /// What a code meant on a day: the commune that had it, or had it last before.
    pub(super) fn commune_as_of(
        &self,
        catalogue: Catalogue,
        code: &CommuneCode,
        on: Date,
    ) -> Option<&Commune> {
        let begun = |c: &&Commune| c.valid_from.is_none_or(|from| from <= on);
        let rows = self.catalogue(catalogue);
        rows.of(code).rfind(begun).or_else(|| rows.of(code).next())
    }

    /// Whether a code has meant several communes in its catalogue.
    pub(super) fn is_reused(&self, catalogue: Catalogue, code: &CommuneCode) -> bool {
        self.catalogue(catalogue).of(code).nth(1).is_some()
    }

    /// Every commune of one catalogue, in the file's order; one that changed has a row a period.
    pub fn communes(&self, catalogue: Catalogue) -> impl Iterator<Item = &Commune> {
        self.catalogue(catalogue).iter()
    }

    /// Every rule of competence, in the file's order.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// Every procedure once, with the periods of its rules, in order of code.
    pub(super) fn codes(&self) -> BTreeMap<&ProcedureCode, Vec<Period>> {
        let mut codes: BTreeMap<&ProcedureCode, Vec<Period>> =
            self.versions_of.keys().map(|code| (code, Vec::new())).collect();
        for rule in self.rules.iter() {
            if let Some(periods) = codes.get_mut(&rule.procedure) {
                periods.push((rule.valid_from, rule.valid_to));
            }
        }
        codes
    }

    /// Today's communes a legacy commune went into, the default one first.
    pub fn successors(&self, old: &CommuneCode) -> &[CommuneCode] {
        self.successors_of.get(old).map_or(&[], Vec::as_slice)
    }

    /// The communes of the 2025 catalogue that a legacy one went into, by the rows that hold on a day, each with whether it is the
    /// default.
    pub(super) fn succeeded(&self, old: &CommuneCode, on: Date) -> Vec<(&CommuneCode, bool)> {
        let rows = self.successors(old).iter().filter_map(|new| {
            let row = self.succession.on(&(old.clone(), new.clone()), on)?;
            Some((&row.new, row.is_default))
        });
        rows.collect()
    }

    /// The branch whose point serves a commune that day.
    pub(super) fn branch_of(&self, commune: &CommuneCode, on: Date) -> Option<&Key> {
        let serves = |p: &&Point| {
            p.kind == PointKind::CommunePoint
                && p.commune.as_ref() == Some(commune)
                && in_force(p.valid_from, p.valid_to, on)
        };
        self.points.iter().find(serves).map(|p| &p.branch)
    }

    pub(super) fn rules_of(&self, procedure: &ProcedureCode) -> Option<&RuleIndex> {
        self.rules_of.get(procedure)
    }

    /// The agencies that govern a commune that day: one, if the data are right.
    pub(super) fn agencies_of(&self, commune: &CommuneCode, on: Date) -> impl Iterator<Item = &Agency> {
        let keys = self.agencies_of.get(commune).map_or(&[][..], Vec::as_slice);
        let governs = {
            let commune = commune.clone();
            move |a: &&Agency| a.commune.as_ref() == Some(&commune)
        };
        keys.iter()
            .filter_map(move |key| self.agencies.on(key, on))
            .filter(governs)
    }

    fn catalogue(&self, catalogue: Catalogue) -> &Rows<CommuneCode, Commune> {
        match catalogue {
            Catalogue::Since2025 => &self.communes,
            Catalogue::Legacy => &self.legacy,
        }
    }
}

/// Each name and text goes in with its length, so that no two sets of files look alike. A file that may be absent and is leaves
/// the version as it was before there was such a file.
fn version(files: &BTreeMap<String, String>) -> String {
    let mut bytes = Vec::new();
    let present = |name: &&&str| files.contains_key(**name) || !Directory::MAY_BE_ABSENT.contains(*name);
    for name in Directory::FILES.iter().filter(present) {
        let text = files.get(*name).map_or("", String::as_str);
        for part in [name.as_bytes(), text.as_bytes()] {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part);
        }
    }
    format!("{:.12}", sha256(&bytes))
}
