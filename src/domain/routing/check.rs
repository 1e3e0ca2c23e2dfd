//! What is wrong with a directory as a whole: references to nothing, and places and days for which the rules name no agency or
//! more than one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::directory::Directory;
use super::in_force;
use super::rows::{Commune, Level, Procedure, RuleAgency, RulePlace};
use crate::domain::codes::{CommuneCode, Key};
use crate::domain::dossier::Catalogue;
use crate::domain::legal::TimeLimits;
use crate::domain::rejection::Language;
use crate::domain::time::Date;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The directory must not be used.
    Error,
    /// It can be used; some dossiers will be parked for the operator.
    Warning,
}

/// One thing wrong with the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// A stable word: `reference-dangling`, `successor-default`, `rule-outside-commune`, `competence-gap`,
    /// `competence-overlap`, `rows-provisional`, `agent-without-branch`, `procedure-versions-overlap`,
    /// `procedure-closed-out-of-area`.
    pub code: &'static str,
    /// What and where, with the remedy, in Vietnamese.
    pub message_vi: String,
    /// The same in English.
    pub message_en: String,
}

impl Finding {
    /// The sentence in one language.
    pub fn message(&self, language: Language) -> &str {
        match language {
            Language::Vietnamese => &self.message_vi,
            Language::English => &self.message_en,
        }
    }
}

impl fmt::Display for Finding {
    /// `error competence-gap: Vietnamese | English`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(
            f,
            "{severity} {}: {} | {}",
            self.code, self.message_vi, self.message_en
        )
    }
}

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

/// How many examples a grouped finding shows.
const EXAMPLES: usize = 3;

impl Directory {
    /// Everything wrong, errors first. Gaps and overlaps are one finding a procedure, looked for on every day on which anything
    /// changes. With `production`, rows marked provisional are errors too, one finding a file.
    pub fn check(&self, production: bool) -> Vec<Finding> {
        let mut findings = Vec::new();
        self.check_bodies(&mut findings);
        self.check_references(&mut findings);
        self.check_succession(&mut findings);
        self.check_procedures(&mut findings);
        self.check_rules(&mut findings);
        self.check_competence(&mut findings);
        if production {
            self.check_provisional(&mut findings);
        }
        findings.sort_by_key(|f| f.severity);
        findings
    }

    /// People and places: what each row belongs to, and where it stands.
    fn check_bodies(&self, findings: &mut Vec<Finding>) {
        let mut names = Names { findings };
        let today = |code: &CommuneCode| self.commune(Catalogue::Since2025, code).is_some();
        for a in self.agencies() {
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
        for b in self.branches() {
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
        for p in self.points() {
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
        for a in self.agents() {
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
        self.check_receiving_units(findings);
    }

    /// Every dossier has a receiving unit: an agent's is its branch.
    fn check_receiving_units(&self, findings: &mut Vec<Finding>) {
        let without: Vec<String> = self
            .agents()
            .filter(|a| a.branch.is_none())
            .map(|a| a.key.to_string())
            .collect();
        if !without.is_empty() {
            let (n, first) = (without.len(), examples(&without));
            findings.push(Finding {
                severity: Severity::Warning,
                code: "agent-without-branch",
                message_vi: format!(
                    "agents.csv: {n} đại lý chưa gắn với chi nhánh ({first}); hồ sơ họ nộp không có bộ phận một cửa tiếp nhận; điền branch"
                ),
                message_en: format!(
                    "agents.csv: {n} agents have no branch ({first}); what they file has no one-stop unit that receives it; fill in branch"
                ),
            });
        }
    }

    /// Versions of one procedure do not overlap, and every procedure of the city is open out of area once the law says so
    /// (`NĐ 118/2025` Điều 40.4).
    fn check_procedures(&self, findings: &mut Vec<Finding>) {
        let mut closed = Vec::new();
        for p in self.procedures() {
            let meets = |other: &&Procedure| {
                other.version > p.version
                    && p.valid_to
                        .is_none_or(|to| other.valid_from.is_none_or(|from| from <= to))
                    && other
                        .valid_to
                        .is_none_or(|to| p.valid_from.is_none_or(|from| from <= to))
            };
            if let Some(other) = self.versions(&p.code).find(meets) {
                let (code, one, two) = (&p.code, p.version, other.version);
                findings.push(Finding {
                    severity: Severity::Error,
                    code: "procedure-versions-overlap",
                    message_vi: format!(
                        "procedures.csv: {code} có phiên bản {one} và {two} cùng hiệu lực; sửa valid_from, valid_to"
                    ),
                    message_en: format!(
                        "procedures.csv: versions {one} and {two} of {code} are in force on one day; correct valid_from, valid_to"
                    ),
                });
            }
            let by = self
                .time_limits()
                .at(p.valid_to.unwrap_or(Date::MAX))
                .out_of_area_by;
            let goes_on = p.valid_to.is_none_or(|to| to > by);
            if p.level == Level::Province && !p.out_of_area && goes_on {
                closed.push(format!("{} {}", p.code, p.name));
            }
        }
        if !closed.is_empty() {
            let (n, first) = (closed.len(), examples(&closed));
            findings.push(Finding {
                severity: Severity::Warning,
                code: "procedure-closed-out-of-area",
                message_vi: format!(
                    "procedures.csv: {n} thủ tục cấp tỉnh chưa tiếp nhận ngoài địa bàn ({first}); NĐ 118/2025 Điều 40.4 đã đến hạn; mở hoặc chấm dứt hiệu lực"
                ),
                message_en: format!(
                    "procedures.csv: {n} procedures of the city are not received out of area ({first}); Decree 118/2025 art. 40.4 has fallen due; open or end them"
                ),
            });
        }
    }

    /// What the aliases, the rules and the succession name.
    fn check_references(&self, findings: &mut Vec<Finding>) {
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

    /// Each former commune has exactly one default successor.
    fn check_succession(&self, findings: &mut Vec<Finding>) {
        let mut defaults: BTreeMap<&CommuneCode, usize> =
            self.communes(Catalogue::Legacy).map(|c| (&c.code, 0)).collect();
        for s in self.succession.iter().filter(|s| s.is_default) {
            *defaults.entry(&s.old).or_default() += 1;
        }
        for (code, n) in defaults.into_iter().filter(|(_, n)| *n != 1) {
            findings.push(Finding {
                severity: Severity::Error,
                code: "successor-default",
                message_vi: format!("succession.csv: xã cũ {code} có {n} dòng is_default=true; cần đúng một"),
                message_en: format!(
                    "succession.csv: {code} has {n} rows with is_default=true; exactly one is needed"
                ),
            });
        }
    }

    /// The same digits meant another place before, so a rule for a commune may not begin before the commune does.
    fn check_rules(&self, findings: &mut Vec<Finding>) {
        for r in self.rules() {
            let RulePlace::Commune(code) = &r.place else {
                continue;
            };
            let begins = self
                .commune(Catalogue::Since2025, code)
                .and_then(|c| c.valid_from);
            if begins.is_some_and(|first| r.valid_from.is_none_or(|from| from < first)) {
                let rule = &r.rule;
                findings.push(Finding {
                    severity: Severity::Error,
                    code: "rule-outside-commune",
                    message_vi: format!("competence.csv, dòng {rule}: bắt đầu trước khi có xã {code}; sửa valid_from"),
                    message_en: format!(
                        "competence.csv, row {rule}: begins before the commune {code} does; correct valid_from"
                    ),
                });
            }
        }
    }

    fn check_competence(&self, findings: &mut Vec<Finding>) {
        let mut shared = BTreeSet::new();
        for (from, to) in (self
            .communes(Catalogue::Since2025)
            .map(|c| (c.valid_from, c.valid_to)))
        .chain(self.agencies().map(|a| (a.valid_from, a.valid_to)))
        {
            add_boundaries(&mut shared, from, to);
        }
        let mut own: BTreeMap<_, BTreeSet<Date>> = BTreeMap::new();
        for rule in self.rules() {
            add_boundaries(
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
                match super::decide::agencies(&matching).len() {
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

    fn check_provisional(&self, findings: &mut Vec<Finding>) {
        fn key(provisional: bool, key: &Key) -> Option<String> {
            provisional.then(|| key.to_string())
        }
        let days = self
            .offices()
            .special_days()
            .filter(|d| d.provisional)
            .map(|d| d.date.to_string());
        let files: [(&str, Vec<String>); 11] = [
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
            (
                "competence.csv",
                self.rules()
                    .filter(|r| r.provisional)
                    .map(|r| r.rule.clone())
                    .collect(),
            ),
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
            (
                "time_limits.csv",
                self.time_limits().provisional().map(str::to_owned).collect(),
            ),
            (TimeLimits::OWN_FILE, self.time_limits().own_provisional()),
        ];
        for (file, rows) in files.into_iter().filter(|(_, rows)| !rows.is_empty()) {
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
}

/// The days on which a period changes what is in force.
fn add_boundaries(days: &mut BTreeSet<Date>, from: Option<Date>, to: Option<Date>) {
    days.extend(from);
    days.extend(to.and_then(|to| to.tomorrow().ok()));
}

fn said(day: Date) -> String {
    if day == Date::MIN {
        "…".to_owned()
    } else {
        day.to_string()
    }
}

fn examples(all: &[String]) -> String {
    let more = if all.len() > EXAMPLES { "; …" } else { "" };
    format!("{}{more}", all[..all.len().min(EXAMPLES)].join("; "))
}
