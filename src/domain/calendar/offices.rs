//! Which office opens when: `hours.csv` with `holidays.csv`, and one [`Calendar`] for all offices with the same hours.
//!
//! Hours are given for the whole city, for a kind of agency, or for one agency. On each day the most special rows in force
//! decide alone: an agency with rows of its own opens as they say and not otherwise.

use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;
use std::sync::Arc;

use jiff::civil::{Time, Weekday};

use super::cut_off::minute;
pub use super::hours::{OfficeKey, OpeningHours};
use super::{Calendar, DayKind, Rules, SpecialDay};
use crate::domain::codes::Key;
use crate::domain::routing::table::{self, DirectoryFault, Rows};
use crate::domain::routing::{Agency, AgencyKind};
use crate::domain::time::Date;

/// Sessions of one day at most: a morning, an afternoon, an evening, and one to spare.
const SESSIONS: usize = 4;

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// The working time of the city's offices.
#[derive(Clone, Debug)]
pub struct Offices {
    days: Rows<Date, SpecialDay>,
    hours: Rows<String, OpeningHours>,
    city: Arc<Calendar>,
    kinds: HashMap<AgencyKind, Arc<Calendar>>,
    agencies: HashMap<Key, Arc<Calendar>>,
}

impl Offices {
    /// The file of days unlike their day of the week.
    pub const DAYS_FILE: &'static str = "holidays.csv";
    /// The file of opening hours.
    pub const HOURS_FILE: &'static str = "hours.csv";

    /// Reads `holidays.csv` and `hours.csv`. `agencies` are those that may have rows of their own.
    ///
    /// # Errors
    /// All faults of both files at once.
    pub fn read(days: &str, hours: &str, agencies: &[Agency]) -> Result<Offices, Vec<DirectoryFault>> {
        let mut faults = Vec::new();
        let offices = Self::read_into(days, hours, agencies.iter(), &mut faults);
        if faults.is_empty() {
            Ok(offices)
        } else {
            Err(faults)
        }
    }

    pub(in crate::domain) fn read_into<'a>(
        days: &str,
        hours: &str,
        agencies: impl Iterator<Item = &'a Agency>,
        faults: &mut Vec<DirectoryFault>,
    ) -> Offices {
        let days = special_days(days, faults);
        let hours = opening_hours(hours, faults);
        let special: HashMap<Date, DayKind> = days.iter().map(|d| (d.date, d.kind)).collect();
        let assumed: BTreeSet<Date> = days.iter().filter(|d| d.provisional).map(|d| d.date).collect();
        let of = |whose: &OfficeKey| -> Vec<OpeningHours> {
            hours.iter().filter(|h| h.whose == *whose).cloned().collect()
        };
        let calendar = |levels: Vec<Vec<OpeningHours>>| {
            let (special, assumed) = (special.clone(), assumed.clone());
            Arc::new(Calendar::new(Rules {
                special,
                assumed,
                levels,
            }))
        };
        let mut offices = Offices {
            city: calendar(vec![of(&OfficeKey::City)]),
            kinds: HashMap::new(),
            agencies: HashMap::new(),
            days: Rows::default(),
            hours: Rows::default(),
        };
        for agency in agencies {
            let own = of(&OfficeKey::Agency(agency.key.clone()));
            let kind = of(&OfficeKey::Kind(agency.kind));
            if !kind.is_empty() {
                offices
                    .kinds
                    .entry(agency.kind)
                    .or_insert_with(|| calendar(vec![kind.clone(), of(&OfficeKey::City)]));
            }
            if !own.is_empty() {
                let levels = vec![own, kind, of(&OfficeKey::City)];
                offices.agencies.insert(agency.key.clone(), calendar(levels));
            }
        }
        (offices.days, offices.hours) = (days, hours);
        offices
    }

    /// The hours that hold where nothing else is said.
    pub fn city(&self) -> &Arc<Calendar> {
        &self.city
    }

    /// The working time of an agency.
    pub fn of(&self, agency: &Agency) -> &Arc<Calendar> {
        self.agencies
            .get(&agency.key)
            .or_else(|| self.kinds.get(&agency.kind))
            .unwrap_or(&self.city)
    }

    /// The days that differ, in the file's order.
    pub fn special_days(&self) -> impl Iterator<Item = &SpecialDay> {
        self.days.iter()
    }

    /// The opening hours, in the file's order.
    pub fn hours(&self) -> impl Iterator<Item = &OpeningHours> {
        self.hours.iter()
    }
}

fn special_days(csv: &str, faults: &mut Vec<DirectoryFault>) -> Rows<Date, SpecialDay> {
    let columns = ["date", "kind", "source", "provisional"];
    let kinds = [
        ("holiday", DayKind::Holiday),
        ("makeup-off", DayKind::MakeupOff),
        ("makeup-work", DayKind::MakeupWork),
        ("half-day", DayKind::HalfDay),
    ];
    table::read(Offices::DAYS_FILE, csv, &columns, faults, |row| {
        let date = row.value::<Date>("date", "YYYY-MM-DD");
        let kind = row.word("kind", &kinds);
        let provisional = row.flag("provisional");
        let source = row.text("source");
        let (date, kind, provisional) = (date?, kind?, provisional?);
        source?;
        Some((
            date,
            SpecialDay {
                date,
                kind,
                provisional,
            },
        ))
    })
}

/// A cell of sessions: `08:00-12:00 13:00-17:00`.
struct Sessions(Vec<(Time, Time)>);

impl FromStr for Sessions {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut sessions: Vec<(Time, Time)> = Vec::new();
        for part in text.split_whitespace() {
            let (opens, closes) = part.split_once('-').ok_or(())?;
            let opens: Time = minute(opens).ok_or(())?;
            let closes: Time = minute(closes).ok_or(())?;
            if opens >= closes || sessions.last().is_some_and(|before| before.1 >= opens) {
                return Err(());
            }
            sessions.push((opens, closes));
        }
        if sessions.is_empty() || sessions.len() > SESSIONS {
            return Err(());
        }
        Ok(Sessions(sessions))
    }
}

/// A cell of days of the week: `mon tue wed thu fri`.
struct Weekdays(Vec<Weekday>);

impl FromStr for Weekdays {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let named = |word: &str| WEEKDAYS.iter().find(|(w, _)| *w == word).map(|(_, day)| *day);
        let days: Option<Vec<Weekday>> = text.split_whitespace().map(named).collect();
        days.filter(|d| !d.is_empty()).map(Weekdays).ok_or(())
    }
}

fn opening_hours(csv: &str, faults: &mut Vec<DirectoryFault>) -> Rows<String, OpeningHours> {
    let columns = [
        "hours",
        "whose",
        "weekdays",
        "sessions",
        "valid_from",
        "valid_to",
        "provisional",
        "source",
    ];
    let mut earlier: Vec<OpeningHours> = Vec::new();
    let rows = table::read(Offices::HOURS_FILE, csv, &columns, faults, |row| {
        let name = row.text("hours");
        let whose = whose(row);
        let weekdays = row.value::<Weekdays>("weekdays", "mon tue wed thu fri sat sun");
        let sessions = row.value::<Sessions>("sessions", "HH:MM-HH:MM HH:MM-HH:MM");
        let (period, provisional) = (row.period(), row.flag("provisional"));
        let source = row.text("source");
        let (name, (valid_from, valid_to)) = (name?, period?);
        source?;
        let hours = OpeningHours {
            name: name.clone(),
            whose: whose?,
            weekdays: weekdays?.0,
            sessions: sessions?.0,
            valid_from,
            valid_to,
            provisional: provisional?,
        };
        if let Some(other) = earlier.iter().find(|e| e.overlaps(&hours)) {
            let other = &other.name;
            row.fault(
                format!("cùng cơ quan, cùng thứ, cùng ngày với dòng {other}; kết thúc một dòng"),
                format!("speaks of the same office, weekday and date as row {other}; end one of them"),
            );
            return None;
        }
        earlier.push(hours.clone());
        Some((name, hours))
    });
    let periods = earlier
        .iter()
        .filter(|h| h.whose == OfficeKey::City)
        .map(|h| (h.valid_from, h.valid_to));
    if let Some(day) = first_gap(periods) {
        faults.push(DirectoryFault {
            file: Offices::HOURS_FILE.to_owned(),
            line: 0,
            message_vi: format!("ngày {day} không có giờ làm việc chung (*); thêm một dòng"),
            message_en: format!("on {day} no hours of the whole city (*) are in force; add a row"),
        });
    }
    rows
}

fn whose(row: &mut table::Row<'_>) -> Option<OfficeKey> {
    let kind = row
        .cell("whose")
        .strip_prefix('@')
        .map(|word| AgencyKind::ALL.into_iter().find(|k| k.word() == word));
    match (row.cell("whose"), kind) {
        ("*", _) => Some(OfficeKey::City),
        (_, Some(Some(kind))) => Some(OfficeKey::Kind(kind)),
        _ => row
            .value::<Key>("whose", "* | @department … | [a-z0-9-]")
            .map(OfficeKey::Agency),
    }
}

/// The first day no period covers.
pub(in crate::domain) fn first_gap(
    periods: impl Iterator<Item = (Option<Date>, Option<Date>)>,
) -> Option<Date> {
    let mut periods: Vec<_> = periods.collect();
    periods.sort();
    // `None` sorts first: an open beginning.
    let mut free = Some(Date::MIN);
    for (from, to) in periods {
        let begins = from.unwrap_or(Date::MIN);
        match free {
            Some(day) if begins > day => return Some(day),
            Some(day) => free = to.map(|to| day.max(to.tomorrow().unwrap_or(Date::MAX))),
            None => return None,
        }
    }
    free
}
