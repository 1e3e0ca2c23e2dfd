//! Random directories as rows of numbers, the CSV files of such a city, and random cases.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::Date;
use crate::domain::dossier::{Catalogue, Place};
use crate::domain::routing::Divided;

/// A day as its number after 2025-01-01.
pub(super) type Day = i32;

/// 2025-07-01.
pub(super) const TODAYS_CATALOGUE: Day = 181;
/// The last day of anything.
const END: Day = 1_000;

/// The lists that are nothing to a route.
const EMPTY: [&str; 7] = [
    "agents.csv",
    "branches.csv",
    "points.csv",
    "procedure_limits.csv",
    "one_stop_units.csv",
    "requirements.csv",
    "tasks.csv",
];

/// First and last day; `None` is open.
pub(super) type Span = (Option<Day>, Option<Day>);

pub(super) fn date(day: Day) -> Date {
    Date::constant(2025, 1, 1)
        .checked_add(jiff::Span::new().days(day))
        .unwrap()
}

/// A commune of the 2025 catalogue in one of its periods.
#[derive(Clone, Debug)]
pub(super) struct CommuneRow {
    pub(super) code: u32,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) struct AgencyRow {
    pub(super) key: String,
    pub(super) commune: Option<u32>,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) struct RuleRow {
    pub(super) procedure: u32,
    /// 0 in the whole city, 1 in each commune, else a code.
    pub(super) place: u32,
    /// None is the office of the commune.
    pub(super) agency: Option<String>,
    pub(super) span: Span,
}

/// A commune became another, or an agency did.
#[derive(Clone, Debug)]
pub(super) struct Turn<K> {
    pub(super) old: K,
    pub(super) new: K,
    pub(super) day: Day,
    pub(super) procedure: Option<u32>,
    pub(super) default: bool,
    pub(super) kind: &'static str,
}

#[derive(Clone, Debug, Default)]
pub(super) struct City {
    pub(super) communes: Vec<CommuneRow>,
    pub(super) legacy: Vec<u32>,
    pub(super) succession: Vec<(u32, u32, bool)>,
    pub(super) agencies: Vec<AgencyRow>,
    /// Code, version, period.
    pub(super) procedures: Vec<(u32, u32, Span)>,
    pub(super) aliases: Vec<(String, u32)>,
    pub(super) rules: Vec<RuleRow>,
    pub(super) commune_turns: Vec<Turn<u32>>,
    pub(super) agency_turns: Vec<Turn<String>>,
}

const COMMUNES: u32 = 8;
const LEGACY: u32 = 14;
const PROCEDURES: u32 = 7;
const DEPARTMENTS: usize = 5;

impl City {
    pub(super) fn random(rng: &mut StdRng) -> City {
        let mut city = City::default();
        city.draw_communes(rng);
        city.draw_offices(rng);
        city.draw_legacy(rng);
        city.draw_departments(rng);
        city.draw_procedures(rng);
        city
    }

    /// Communes begin with the catalogue; up to three times some of them are divided, joined, or given another code or name.
    fn draw_communes(&mut self, rng: &mut StdRng) {
        let mut live: Vec<(u32, Day)> = (0..COMMUNES).map(|n| (100 + n, TODAYS_CATALOGUE)).collect();
        let mut fresh = 200;
        let mut day = TODAYS_CATALOGUE;
        for _ in 0..rng.random_range(0..=3) {
            day += rng.random_range(40..200);
            let mut new = || {
                fresh += 1;
                fresh
            };
            let end = |city: &mut City, at: usize, live: &mut Vec<(u32, Day)>| {
                let (code, from) = live.remove(at);
                let span = (Some(from), Some(day - 1));
                city.communes.push(CommuneRow { code, span });
                code
            };
            let turn = |old, new, default, kind| Turn {
                old,
                new,
                day,
                procedure: None,
                default,
                kind,
            };
            let at = rng.random_range(0..live.len());
            let old = end(self, at, &mut live);
            match rng.random_range(0..4) {
                // Divided; sometimes one part keeps the code.
                0 => {
                    let first = if rng.random_bool(0.5) { old } else { new() };
                    let second = new();
                    let default = rng.random_bool(0.5);
                    self.commune_turns.push(turn(old, first, default, "split"));
                    self.commune_turns.push(turn(old, second, !default, "split"));
                    live.extend([(first, day), (second, day)]);
                }
                // Joined; sometimes under the code of one of them.
                1 => {
                    let at = rng.random_range(0..live.len());
                    let other = end(self, at, &mut live);
                    let joined = if rng.random_bool(0.5) { old } else { new() };
                    self.commune_turns.push(turn(old, joined, true, "merge"));
                    self.commune_turns.push(turn(other, joined, true, "merge"));
                    live.push((joined, day));
                }
                // Another code.
                2 => {
                    let code = new();
                    self.commune_turns.push(turn(old, code, true, "rename"));
                    live.push((code, day));
                }
                // The same code goes on, and no row says so.
                _ => live.push((old, day)),
            }
        }
        let rest = live.into_iter().map(|(code, from)| CommuneRow {
            code,
            span: (Some(from), None),
        });
        self.communes.extend(rest);
    }

    /// Each period of a commune has its office, under a key of its own; some have none.
    fn draw_offices(&mut self, rng: &mut StdRng) {
        for row in &self.communes {
            if rng.random_bool(0.95) {
                let key = format!("ubnd-{:05}-{}", row.code, row.span.0.unwrap_or(0));
                self.agencies.push(AgencyRow {
                    key,
                    commune: Some(row.code),
                    span: row.span,
                });
            }
        }
    }

    fn draw_legacy(&mut self, rng: &mut StdRng) {
        for n in 0..LEGACY {
            let old = 100 + n;
            self.legacy.push(old);
            let mut parts: Vec<u32> = (0..rng.random_range(1..=3))
                .map(|_| 100 + rng.random_range(0..COMMUNES))
                .collect();
            parts.sort_unstable();
            parts.dedup();
            let default = rng.random_range(0..parts.len());
            for (at, new) in parts.into_iter().enumerate() {
                self.succession.push((old, new, at == default));
            }
        }
    }

    /// Departments, some of which end and are taken over, and some of which hand a procedure over.
    fn draw_departments(&mut self, rng: &mut StdRng) {
        let mut live: Vec<(String, Option<Day>)> =
            (0..DEPARTMENTS).map(|n| (format!("so-{n}"), None)).collect();
        let mut day = 60;
        for round in 0..rng.random_range(0..=4) {
            day += rng.random_range(30..220);
            let at = rng.random_range(0..live.len());
            let (old, from) = live[at].clone();
            let new = format!("so-moi-{round}");
            let turn = |new: &str, procedure, kind| Turn {
                old: old.clone(),
                new: new.to_owned(),
                day,
                procedure,
                default: false,
                kind,
            };
            if rng.random_bool(0.3) {
                let to = live[(at + 1) % live.len()].0.clone();
                let procedure = rng.random_bool(0.7).then(|| rng.random_range(0..PROCEDURES));
                self.agency_turns.push(turn(&to, procedure, "hand-over"));
                continue;
            }
            live.remove(at);
            self.agencies.push(AgencyRow {
                key: old.clone(),
                commune: None,
                span: (from, Some(day - 1)),
            });
            match rng.random_range(0..4) {
                0 => {
                    let other = live[rng.random_range(0..live.len())].0.clone();
                    let special = rng.random_bool(0.5).then(|| rng.random_range(0..PROCEDURES));
                    self.agency_turns.push(turn(&new, None, "split"));
                    self.agency_turns.push(turn(&other, special, "split"));
                    live.push((new, Some(day)));
                }
                1 => {
                    let other = live[rng.random_range(0..live.len())].0.clone();
                    self.agency_turns.push(turn(&other, None, "merge"));
                }
                2 => {
                    self.agency_turns.push(turn(&new, None, "rename"));
                    live.push((new, Some(day)));
                }
                // It ends, and nobody takes over.
                _ => live.push((new, Some(day))),
            }
        }
        let rest = live.into_iter().map(|(key, from)| AgencyRow {
            key,
            commune: None,
            span: (from, None),
        });
        self.agencies.extend(rest);
    }

    fn draw_procedures(&mut self, rng: &mut StdRng) {
        let named: Vec<String> = self
            .agencies
            .iter()
            .filter(|agency| agency.commune.is_none())
            .map(|agency| agency.key.clone())
            .collect();
        for code in 0..PROCEDURES {
            let change = rng.random_range(100..800);
            let ends = rng.random_bool(0.3).then(|| change + rng.random_range(1..200));
            self.procedures.push((code, 1, (None, Some(change - 1))));
            self.procedures.push((code, 2, (Some(change), ends)));
            self.aliases.push((format!("DP-{code}"), code));
            for _ in 0..rng.random_range(0..=3) {
                let agency = rng
                    .random_bool(0.6)
                    .then(|| named[rng.random_range(0..named.len())].clone());
                let commune = &self.communes[rng.random_range(0..self.communes.len())];
                let place = match (rng.random_range(0..4), &agency) {
                    (0, Some(_)) => 0,
                    (1, _) => commune.code,
                    (_, Some(_)) if rng.random_bool(0.5) => 0,
                    _ => 1,
                };
                // A rule of a commune begins with the commune's first period, at the earliest.
                let earliest = self
                    .communes
                    .iter()
                    .filter(|row| row.code == place)
                    .filter_map(|row| row.span.0)
                    .max();
                let from = match earliest {
                    Some(first) => Some(first + rng.random_range(0..60)),
                    None => rng.random_bool(0.5).then(|| rng.random_range(0..700)),
                };
                let to = rng
                    .random_bool(0.4)
                    .then(|| from.unwrap_or(0) + rng.random_range(0..400));
                self.rules.push(RuleRow {
                    procedure: code,
                    place,
                    agency,
                    span: (from, to),
                });
            }
        }
    }

    /// The same as files.
    pub(super) fn files(&self) -> BTreeMap<String, String> {
        let mut files = super::files();
        let mut put = |name: &str, rows: String| {
            let file = files.get_mut(name).unwrap();
            *file = format!("{}\n{rows}", file.lines().next().unwrap());
        };
        let cell = |day: Option<Day>| day.map_or_else(String::new, |day| date(day).to_string());
        let span = |(from, to): Span| format!("{},{}", cell(from), cell(to));
        let mut rows = String::new();
        for row in &self.communes {
            writeln!(rows, "{:05},Xã {},xa,{},2025", row.code, row.code, span(row.span)).unwrap();
        }
        put("communes.csv", std::mem::take(&mut rows));
        for code in &self.legacy {
            writeln!(rows, "{code:05},Xã {code} cũ,001,Huyện mẫu,,2025-06-30,legacy").unwrap();
        }
        put("legacy_communes.csv", std::mem::take(&mut rows));
        for (old, new, default) in &self.succession {
            writeln!(rows, "{old:05},{new:05},{default}").unwrap();
        }
        put("succession.csv", std::mem::take(&mut rows));
        for (n, row) in self.agencies.iter().enumerate() {
            let (kind, level, commune) = match row.commune {
                Some(code) => ("commune", "commune", format!("{code:05}")),
                None => ("department", "province", String::new()),
            };
            let (key, code, span) = (&row.key, 100 + n, span(row.span));
            writeln!(
                rows,
                "{key},H26.{code},,Cơ quan {key},{kind},{level},{commune},,pull,canonical/v1,{span},true,mẫu"
            )
            .unwrap();
        }
        put("agencies.csv", std::mem::take(&mut rows));
        for (code, version, period) in &self.procedures {
            let span = span(*period);
            writeln!(
                rows,
                "9.{code:06},{version},Thủ tục {code},P-X,Mẫu,province,none,3,working-days,0,true,{span},true,mẫu"
            )
            .unwrap();
        }
        put("procedures.csv", std::mem::take(&mut rows));
        for (received, code) in &self.aliases {
            writeln!(rows, "{received},9.{code:06},mẫu").unwrap();
        }
        put("procedure_aliases.csv", std::mem::take(&mut rows));
        for (n, rule) in self.rules.iter().enumerate() {
            let place = match rule.place {
                0 => "*".to_owned(),
                1 => "@commune".to_owned(),
                code => format!("{code:05}"),
            };
            let agency = rule.agency.as_deref().unwrap_or("@place");
            let (code, span) = (rule.procedure, span(rule.span));
            writeln!(rows, "R{n:04},9.{code:06},{place},{agency},{span},true,mẫu").unwrap();
        }
        put("competence.csv", std::mem::take(&mut rows));
        self.write_turns(&mut rows);
        put("reorganisations.csv", std::mem::take(&mut rows));
        EMPTY.iter().for_each(|name| put(name, String::new()));
        files
    }

    fn write_turns(&self, rows: &mut String) {
        for (n, turn) in self.commune_turns.iter().enumerate() {
            let (old, new, day) = (turn.old, turn.new, date(turn.day));
            let (kind, default) = (turn.kind, turn.default);
            writeln!(
                rows,
                "C{n},{kind},commune,{old:05},{new:05},{day},,{default},move,true,mẫu"
            )
            .unwrap();
        }
        for (n, turn) in self.agency_turns.iter().enumerate() {
            let (old, new, day, kind) = (&turn.old, &turn.new, date(turn.day), turn.kind);
            let procedure = turn
                .procedure
                .map_or_else(String::new, |code| format!("9.{code:06}"));
            writeln!(
                rows,
                "A{n},{kind},agency,{old},{new},{day},{procedure},false,move,true,mẫu"
            )
            .unwrap();
        }
    }
}

/// One filing to be routed.
#[derive(Clone, Debug)]
pub(super) struct Case {
    /// None is a code nobody knows.
    pub(super) procedure: Option<u32>,
    /// 0 the national code, 1 an alias, 2 with the city's suffix.
    pub(super) form: u32,
    pub(super) place: Option<(Option<Catalogue>, u32, Option<Day>)>,
    pub(super) on: Day,
    /// 0 refuse, 1 park, 2 take the default.
    pub(super) divided: u32,
}

impl Case {
    pub(super) fn random(city: &City, rng: &mut StdRng) -> Case {
        let known = rng.random_bool(0.98);
        let place = rng.random_bool(0.85).then(|| {
            let catalogue = match rng.random_range(0..3) {
                0 => None,
                1 => Some(Catalogue::Since2025),
                _ => Some(Catalogue::Legacy),
            };
            let code = if rng.random_bool(0.6) {
                city.communes[rng.random_range(0..city.communes.len())].code
            } else {
                100 + rng.random_range(0..LEGACY + 2)
            };
            let paper = rng.random_bool(0.4).then(|| rng.random_range(0..END));
            (catalogue, code, paper)
        });
        Case {
            procedure: known.then(|| rng.random_range(0..PROCEDURES)),
            form: rng.random_range(0..3),
            place,
            on: rng.random_range(100..END),
            divided: rng.random_range(0..3),
        }
    }

    pub(super) fn received(&self) -> String {
        match (self.procedure, self.form) {
            (None, _) => "9.999999".to_owned(),
            (Some(code), 0) => format!("9.{code:06}"),
            (Some(code), 1) => format!("DP-{code}"),
            (Some(code), _) => format!("9.{code:06}.000.00.00.H26"),
        }
    }

    pub(super) fn place(&self) -> Option<Place> {
        self.place.map(|(catalogue, code, paper)| Place {
            catalogue,
            commune: format!("{code:05}").parse().unwrap(),
            name: None,
            district: None,
            document_date: paper.map(date),
        })
    }

    pub(super) fn on(&self) -> Date {
        date(self.on)
    }

    pub(super) fn divided(&self) -> Divided {
        match self.divided {
            0 => Divided::Refuse,
            1 => Divided::Park,
            _ => Divided::TakeDefault,
        }
    }
}
