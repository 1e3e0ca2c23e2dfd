//! The time limits of the law as dated settings: `time_limits.csv`.
//!
//! Decree 118/2025 was amended twice in its first thirteen months, so no number of it stands in the code: each is a row with
//! the article it is from and the days on which it holds. [`TimeLimits::at`] answers with everything that holds on one day.

use std::collections::HashMap;
use std::sync::Arc;

use super::calendar::{CutOff, DayEnd, Limit, Span};
use super::clocks::watched::Watched;
use super::codes::ProcedureCode;
use super::routing::table::{self, DirectoryFault, Row};
use super::status::Status;
use super::time::Date;

/// How a time limit goes on after something made it wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Restart {
    /// It is counted again from the start.
    FromStart,
    /// It goes on where it was: the due date moves by the time that passed.
    GoesOn,
}

/// What the hub does when an applicant does not complete a dossier in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Closing {
    /// It tells the agency, whose act the closing is.
    Alarm,
    /// It closes the dossier in the clock's name.
    Close,
}

/// What one cell of the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Span(Span),
    Time(CutOff),
    Count(u32),
    DayEnd(DayEnd),
    Restart(Restart),
    Closing(Closing),
    Status(Status),
    Date(Date),
}

/// What kind of value a key has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Span,
    Time,
    Count(&'static str),
    DayEnd,
    Restart,
    Closing,
    Status,
    Date,
}

/// Every key of the file.
const KEYS: [(&str, Kind); 27] = [
    ("acceptance", Kind::Span),
    ("acceptance-warning", Kind::Span),
    ("after-standstill", Kind::Restart),
    ("after-supplement", Kind::Restart),
    ("agency-silent", Kind::Span),
    ("clock-ahead", Kind::Count("seconds")),
    ("due-warning", Kind::Span),
    ("fee-to-budget", Kind::Span),
    ("late-notice", Kind::Span),
    ("late-notice-warning", Kind::Span),
    ("officer-notice", Kind::Span),
    ("officer-notice-warning", Kind::Span),
    ("out-of-area-by", Kind::Date),
    ("paper-cut-off", Kind::Time),
    ("paper-next-morning", Kind::Span),
    ("paper-out-of-area", Kind::Span),
    ("paper-warning", Kind::Span),
    ("postponements", Kind::Count("times")),
    ("result-correction", Kind::Span),
    ("supplement", Kind::Span),
    ("supplement-closed-as", Kind::Status),
    ("supplement-closing", Kind::Closing),
    ("supplement-notice", Kind::Span),
    ("supplement-notice-warning", Kind::Span),
    ("supplement-requests", Kind::Count("times")),
    ("supplement-warning", Kind::Span),
    ("working-day-end", Kind::DayEnd),
];

/// Longest stretch of time a row may set, in its own unit: ten years of days. More is a slip of the pen.
const LONGEST: i64 = 3_650;

/// Everything that holds on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegalLimits {
    /// An online dossier must have been told to the officer (art. 17.2).
    pub officer_notice: Span,
    /// An online dossier must have been accepted, or a supplement asked for (art. 17.2).
    pub acceptance: Span,
    /// Papers received until this time of day go to the agency the same day (art. 18.2).
    pub paper_cut_off: CutOff,
    /// How long after opening the start of the next working day lasts.
    pub paper_next_morning: Span,
    /// Papers for an agency of another area (art. 20.1a).
    pub paper_out_of_area: Span,
    /// A supplement may be asked for so long after the agency has the dossier (art. 19.5).
    pub supplement_notice: Span,
    /// The applicant must have completed the dossier (art. 19.5).
    pub supplement: Span,
    /// How the due date goes on after a supplement (art. 19.5: from the start).
    pub after_supplement: Restart,
    /// How it goes on after payment, a stop, or a return from either.
    pub after_standstill: Restart,
    /// A later date must be told so long before the due date (art. 19.6).
    pub late_notice: Span,
    /// How often the due date may be postponed (art. 19.6).
    pub postponements: u32,
    /// How often a supplement may be asked for (art. 16.3).
    pub supplement_requests: u32,
    /// A result that is wrong must be corrected (art. 23.1).
    pub result_correction: Span,
    /// Every procedure of the city is received out of area from the day after on (art. 40.4).
    pub out_of_area_by: Date,
    /// Fees must have been paid in (art. 24.3).
    pub fee_to_budget: Span,
    /// When a limit of working days ends on its last day.
    pub working_day_end: DayEnd,
    /// What happens when a supplement does not come.
    pub supplement_closing: Closing,
    /// The status a dossier is closed with that was not completed: 3 or 8.
    pub supplement_closed_as: Status,
    /// An agency must have taken, or answered, a message.
    pub agency_silent: Span,
    /// How far the chain's time may be ahead of a hub's clock, in seconds.
    pub clock_ahead: u32,
    warnings: HashMap<Watched, Span>,
}

impl LegalLimits {
    /// How long before the end of a limit its party is warned; nothing where nobody is.
    pub fn warning(&self, limit: Watched) -> Option<Span> {
        self.warnings.get(&limit).copied()
    }

    fn of(value: impl Fn(&'static str) -> Option<Value>) -> Option<LegalLimits> {
        let span = |key| match value(key) {
            Some(Value::Span(span)) => Some(span),
            _ => None,
        };
        let count = |key| match value(key) {
            Some(Value::Count(count)) => Some(count),
            _ => None,
        };
        let restart = |key| match value(key) {
            Some(Value::Restart(restart)) => Some(restart),
            _ => None,
        };
        let warnings = Watched::ALL
            .into_iter()
            .filter_map(|limit| Some((limit, span(limit.warning_key()?)?)));
        Some(LegalLimits {
            officer_notice: span("officer-notice")?,
            acceptance: span("acceptance")?,
            paper_cut_off: match value("paper-cut-off")? {
                Value::Time(time) => time,
                _ => return None,
            },
            paper_next_morning: span("paper-next-morning")?,
            paper_out_of_area: span("paper-out-of-area")?,
            supplement_notice: span("supplement-notice")?,
            supplement: span("supplement")?,
            after_supplement: restart("after-supplement")?,
            after_standstill: restart("after-standstill")?,
            late_notice: span("late-notice")?,
            postponements: count("postponements")?,
            supplement_requests: count("supplement-requests")?,
            result_correction: span("result-correction")?,
            out_of_area_by: match value("out-of-area-by")? {
                Value::Date(date) => date,
                _ => return None,
            },
            fee_to_budget: span("fee-to-budget")?,
            working_day_end: match value("working-day-end")? {
                Value::DayEnd(end) => end,
                _ => return None,
            },
            supplement_closing: match value("supplement-closing")? {
                Value::Closing(closing) => closing,
                _ => return None,
            },
            supplement_closed_as: match value("supplement-closed-as")? {
                Value::Status(status) => status,
                _ => return None,
            },
            agency_silent: span("agency-silent")?,
            clock_ahead: count("clock-ahead")?,
            warnings: warnings.collect(),
        })
    }
}

/// One row of `time_limits.csv`.
#[derive(Clone, Debug)]
struct Setting {
    key: &'static str,
    value: Value,
    valid_from: Option<Date>,
    valid_to: Option<Date>,
    provisional: bool,
}

impl Setting {
    fn holds(&self, day: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day <= to)
    }
}

/// The time limits of the law, on every day.
#[derive(Clone, Debug, Default)]
pub struct TimeLimits {
    settings: Vec<Setting>,
    /// From which day, in order; the first holds before it too.
    periods: Vec<(Date, Arc<LegalLimits>)>,
    /// Of the procedures for which the law of their sector sets other limits.
    own: HashMap<ProcedureCode, Own>,
}

/// What holds for one procedure, where the law of its sector says otherwise.
#[derive(Clone, Debug)]
struct Own {
    limits: Arc<TimeLimits>,
    /// Keys of the rows that are assumed.
    provisional: Vec<&'static str>,
}

/// The keys a procedure may have limits of its own of: where the decree leaves the last word to the law of the sector (art. 19.5).
const OWN_KEYS: [(&str, (&str, Kind)); 2] = [
    ("supplement", ("supplement", Kind::Span)),
    ("supplement-notice", ("supplement-notice", Kind::Span)),
];

impl TimeLimits {
    /// The file they are read from.
    pub const FILE: &'static str = "time_limits.csv";
    /// The file of the procedures' own limits.
    pub const OWN_FILE: &'static str = "procedure_limits.csv";

    /// Reads `time_limits.csv`.
    ///
    /// # Errors
    /// All faults at once: unknown keys and units, overlaps, gaps, keys that are missing.
    pub fn read(csv: &str) -> Result<TimeLimits, Vec<DirectoryFault>> {
        let mut faults = Vec::new();
        Self::read_into(csv, &mut faults).ok_or(faults)
    }

    /// Reads the file; nothing when a fault was noted.
    pub(super) fn read_into(csv: &str, faults: &mut Vec<DirectoryFault>) -> Option<TimeLimits> {
        let before = faults.len();
        let settings = settings(csv, faults);
        if faults.len() > before {
            return None;
        }
        for (key, _) in KEYS {
            gaps(key, &settings, faults);
        }
        if faults.len() > before {
            return None;
        }
        Self::of(settings, &[])
    }

    /// Adds the limits that single procedures have of their own, by the law of their sector.
    pub(super) fn read_own(&mut self, csv: &str, faults: &mut Vec<DirectoryFault>) {
        let mut rows: HashMap<ProcedureCode, Vec<Setting>> = HashMap::new();
        let columns = [
            "procedure",
            "key",
            "value",
            "unit",
            "article",
            "valid_from",
            "valid_to",
            "provisional",
        ];
        table::read(Self::OWN_FILE, csv, &columns, faults, |row| {
            let (procedure, key) = (
                row.value::<ProcedureCode>("procedure", "N.NNNNNN"),
                row.word("key", &OWN_KEYS),
            );
            let own = procedure.as_ref().and_then(|code| rows.get(code));
            let setting = setting(row, key, own.map_or(&[], Vec::as_slice))?;
            let procedure = procedure?;
            let name = (procedure.clone(), setting.key, setting.valid_from);
            rows.entry(procedure).or_default().push(setting);
            Some((name, ()))
        });
        for (procedure, own) in rows {
            let provisional = own.iter().filter(|s| s.provisional).map(|s| s.key).collect();
            if let Some(limits) = Self::of(self.settings.clone(), &own) {
                let limits = Arc::new(limits);
                self.own.insert(procedure, Own { limits, provisional });
            }
        }
    }

    /// What the rows say on each day; a row of a procedure's own goes before.
    fn of(settings: Vec<Setting>, own: &[Setting]) -> Option<TimeLimits> {
        let begins = |s: &Setting| s.valid_from.unwrap_or(Date::MIN);
        let mut days: Vec<Date> = settings.iter().chain(own).map(begins).collect();
        days.extend(own.iter().filter_map(|s| s.valid_to?.tomorrow().ok()));
        days.sort();
        days.dedup();
        let periods = days
            .into_iter()
            .map(|day| {
                let limits = LegalLimits::of(|key| {
                    let own = own.iter().find(|s| s.key == key && s.holds(day));
                    let of = || settings.iter().filter(|s| s.key == key);
                    let now = of().rfind(|s| s.valid_from.is_none_or(|from| from <= day));
                    own.or(now).or_else(|| of().next()).map(|s| s.value)
                })?;
                Some((day, Arc::new(limits)))
            })
            .collect::<Option<Vec<_>>>()?;
        Some(TimeLimits {
            settings,
            periods,
            own: HashMap::new(),
        })
    }

    /// The limits of a procedure's own, where the law of its sector sets any.
    pub fn own(&self, procedure: &ProcedureCode) -> Option<&Arc<TimeLimits>> {
        self.own.get(procedure).map(|own| &own.limits)
    }

    /// The procedures that have limits of their own.
    pub fn with_own(&self) -> impl Iterator<Item = &ProcedureCode> {
        self.own.keys()
    }

    /// What holds on a day. Before the first day of a row, that row: there was no hub before it.
    pub fn at(&self, date: Date) -> &Arc<LegalLimits> {
        let place = self.periods.partition_point(|(from, _)| *from <= date);
        &self.periods[place.saturating_sub(1)].1
    }

    /// The keys whose rows are assumed, in the file's order.
    pub fn provisional(&self) -> impl Iterator<Item = &'static str> {
        self.settings.iter().filter(|s| s.provisional).map(|s| s.key)
    }

    /// The procedures' own rows that are assumed, as procedure and key.
    pub fn own_provisional(&self) -> Vec<String> {
        let own = self.own.iter();
        let named =
            own.flat_map(|(code, own)| own.provisional.iter().map(move |key| format!("{code} {key}")));
        let mut named: Vec<String> = named.collect();
        named.sort();
        named
    }
}

/// The rows, in the file's order; those of a key by date.
fn settings(csv: &str, faults: &mut Vec<DirectoryFault>) -> Vec<Setting> {
    let columns = [
        "key",
        "value",
        "unit",
        "article",
        "valid_from",
        "valid_to",
        "provisional",
    ];
    let keys = KEYS.map(|(key, kind)| (key, (key, kind)));
    let mut settings: Vec<Setting> = Vec::new();
    table::read(TimeLimits::FILE, csv, &columns, faults, |row| {
        let key = row.word("key", &keys);
        let setting = setting(row, key, &settings)?;
        let name = (setting.key, setting.valid_from);
        settings.push(setting);
        Some((name, ()))
    });
    settings
}

/// What a row sets, beside those before it. Rows of a key follow one another, so the one before tells of an overlap.
fn setting(row: &mut Row<'_>, key: Option<(&'static str, Kind)>, before: &[Setting]) -> Option<Setting> {
    let value = key.and_then(|(_, kind)| value(row, kind));
    let (period, provisional) = (row.period(), row.flag("provisional"));
    row.text("article")?;
    let ((key, _), (valid_from, valid_to)) = (key?, period?);
    let before = before.iter().rfind(|s| s.key == key);
    if before.is_some_and(|b| b.valid_to.is_none() || b.valid_to >= valid_from) {
        row.fault(
            format!("{key}: trùng hoặc trước khoảng ngày của dòng trước; sửa valid_from, valid_to"),
            format!("{key}: overlaps or precedes the row before; correct valid_from, valid_to"),
        );
        return None;
    }
    Some(Setting {
        key,
        value: value?,
        valid_from,
        valid_to,
        provisional: provisional?,
    })
}

fn value(row: &mut Row<'_>, kind: Kind) -> Option<Value> {
    type Of = fn(u32) -> Span;
    let spans: [(&str, Of); 4] = [
        ("hours", Span::Hours),
        ("working-hours", |n| Span::Office(Limit::WorkingHours(n))),
        ("working-days", |n| Span::Office(Limit::WorkingDays(n))),
        ("calendar-days", |n| Span::Office(Limit::CalendarDays(n))),
    ];
    let number = |row: &mut Row<'_>| u32::try_from(row.number("value", 0, LONGEST)?).ok();
    let choice = |row: &mut Row<'_>| row.word("unit", &[("choice", ())]);
    Some(match kind {
        Kind::Span => {
            let (unit, length) = (row.word("unit", &spans), number(row));
            Value::Span(unit?(length?))
        }
        Kind::Count(unit) => {
            let (unit, count) = (row.word("unit", &[(unit, ())]), number(row));
            unit?;
            Value::Count(count?)
        }
        Kind::Time => {
            row.word("unit", &[("time-of-day", ())])?;
            Value::Time(row.value("value", "HH:MM")?)
        }
        Kind::Date => {
            row.word("unit", &[("date", ())])?;
            Value::Date(row.value("value", "YYYY-MM-DD")?)
        }
        Kind::Status => {
            row.word("unit", &[("status", ())])?;
            Value::Status(row.word("value", &[("3", Status::Refused), ("8", Status::Stopped)])?)
        }
        Kind::DayEnd => {
            choice(row)?;
            let words = [("closing", DayEnd::Closing), ("carried", DayEnd::Carried)];
            Value::DayEnd(row.word("value", &words)?)
        }
        Kind::Restart => {
            choice(row)?;
            let words = [("from-start", Restart::FromStart), ("goes-on", Restart::GoesOn)];
            Value::Restart(row.word("value", &words)?)
        }
        Kind::Closing => {
            choice(row)?;
            let words = [("alarm", Closing::Alarm), ("close", Closing::Close)];
            Value::Closing(row.word("value", &words)?)
        }
    })
}

/// Notes a key that is missing, ends, or has a day without a row between two.
fn gaps(key: &'static str, settings: &[Setting], faults: &mut Vec<DirectoryFault>) {
    let mut fault = |message_vi, message_en| {
        faults.push(DirectoryFault {
            file: TimeLimits::FILE.to_owned(),
            line: 0,
            message_vi,
            message_en,
        });
    };
    let mut of = settings.iter().filter(|s| s.key == key);
    let Some(mut before) = of.next() else {
        fault(
            format!("thiếu dòng {key}; thêm vào"),
            format!("there is no row {key}; add it"),
        );
        return;
    };
    for setting in of {
        let follows = before.valid_to.and_then(|to| to.tomorrow().ok());
        if follows != setting.valid_from {
            let day = follows.map_or_else(String::new, |day| day.to_string());
            fault(
                format!("{key}: ngày {day} không có dòng nào; nối liền các khoảng ngày"),
                format!("{key}: no row holds on {day}; let the periods follow one another"),
            );
        }
        before = setting;
    }
    if let Some(last) = before.valid_to {
        fault(
            format!("{key}: không có dòng nào sau {last}; để trống valid_to của dòng cuối"),
            format!("{key}: no row holds after {last}; leave valid_to of the last row empty"),
        );
    }
}

#[cfg(test)]
mod tests;
