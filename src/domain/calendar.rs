//! Working time of an office, and when a time limit ends (Decree 118/2025; Civil Code 2015 arts. 147–148).
//!
//! A [`Calendar`] is the working time of one office: its opening hours ([`offices`]) with the holidays and swapped days of the
//! city. Start with [`Calendar::due`]. It knows nothing of supplements or postponements: who restarts a limit calls it again
//! ([`super::clocks`] does).
//!
//! Within a window of years the open time before each day is summed once, when the directory is read: a question is two
//! searches in a table, whatever the length of the limit. Outside it, day by day.

mod cut_off;
mod hours;
mod limit;
pub mod offices;
mod walk;

use std::collections::{BTreeSet, HashMap};

use jiff::civil::Weekday;

use super::time::{Date, Timestamp};

pub use cut_off::CutOff;
pub use hours::{OfficeKey, OpeningHours};
pub use limit::{DayEnd, Limit, Span};
pub use offices::Offices;

const HOUR_MICROS: i64 = 3_600_000_000;

/// Why a day differs from its day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DayKind {
    /// A public holiday.
    Holiday,
    /// Shut: a holiday made up, or swapped with a day of work.
    MakeupOff,
    /// Open, in exchange for another day: with Monday's hours.
    MakeupWork,
    /// Open in the morning only: until the first closing.
    HalfDay,
}

/// One row of `holidays.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecialDay {
    /// The day.
    pub date: Date,
    /// What is special.
    pub kind: DayKind,
    /// Assumed, not published.
    pub provisional: bool,
}

/// A time the office is open, in microseconds since midnight; both ends are instants at which it is open.
type Session = (i64, i64);

/// What the hours of a day follow from.
#[derive(Clone, Debug, Default)]
struct Rules {
    special: HashMap<Date, DayKind>,
    /// Those of them that are assumed, not published.
    assumed: BTreeSet<Date>,
    /// From the most special to the most general; the first level in force on a day decides.
    levels: Vec<Vec<OpeningHours>>,
}

impl Rules {
    fn sessions(&self, date: Date) -> Vec<Session> {
        let ordinary = |weekday| self.ordinary(date, weekday);
        match self.special.get(&date) {
            None => ordinary(date.weekday()),
            Some(DayKind::Holiday | DayKind::MakeupOff) => Vec::new(),
            Some(DayKind::MakeupWork) => ordinary(Weekday::Monday),
            Some(DayKind::HalfDay) => {
                let mut sessions = ordinary(date.weekday());
                if sessions.is_empty() {
                    sessions = ordinary(Weekday::Monday);
                }
                sessions.truncate(1);
                sessions
            }
        }
    }

    fn ordinary(&self, date: Date, weekday: Weekday) -> Vec<Session> {
        let in_force = |level: &&Vec<OpeningHours>| level.iter().any(|h| h.in_force(date));
        let rows = self.levels.iter().find(in_force).into_iter().flatten();
        rows.filter(|h| h.in_force(date) && h.weekdays.contains(&weekday))
            .flat_map(|h| h.sessions.iter())
            .map(|&(opens, closes)| (of_day(opens), of_day(closes)))
            .collect()
    }
}

/// A time of day in microseconds since midnight.
fn of_day(time: jiff::civil::Time) -> i64 {
    let seconds = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    seconds * 1_000_000
}

/// A day of the window.
#[derive(Clone, Copy, Debug)]
struct Day {
    /// Open time before it, in microseconds.
    opened: i64,
    /// Working days before it.
    worked: u32,
    /// Its sessions, in `shapes`.
    shape: u16,
}

/// The years whose days are summed once. Limits of dossiers end within; what lies outside is found day by day.
const WINDOW: (Date, Date) = (jiff::civil::date(2020, 1, 1), jiff::civil::date(2049, 12, 31));

/// The working time of one office.
#[derive(Clone, Debug)]
pub struct Calendar {
    rules: Rules,
    shapes: Vec<Vec<Session>>,
    /// A day each of the window, and one after the last.
    days: Vec<Day>,
}

impl Calendar {
    fn new(rules: Rules) -> Calendar {
        let mut calendar = Calendar {
            rules,
            shapes: Vec::new(),
            days: Vec::new(),
        };
        let (mut opened, mut worked) = (0, 0);
        let (mut date, last) = WINDOW;
        loop {
            let sessions = calendar.rules.sessions(date);
            let length: i64 = sessions.iter().map(|(opens, closes)| closes - opens).sum();
            let open = u32::from(!sessions.is_empty());
            let known = calendar.shapes.iter().position(|s| *s == sessions);
            let shape = known.unwrap_or_else(|| {
                calendar.shapes.push(sessions);
                calendar.shapes.len() - 1
            });
            let shape = u16::try_from(shape).unwrap_or(u16::MAX);
            calendar.days.push(Day {
                opened,
                worked,
                shape,
            });
            if date > last {
                break;
            }
            opened += length;
            worked += open;
            date = next(date);
        }
        calendar
    }

    /// Whether the office opens at all that day.
    pub fn is_working_day(&self, date: Date) -> bool {
        self.with_sessions(date, |sessions| !sessions.is_empty())
    }

    /// The first day between two moments that is only assumed to be special: what was counted across it may change when the calendar is
    /// published.
    pub fn assumed_between(&self, from: Timestamp, until: Timestamp) -> Option<Date> {
        let (first, last) = (from.date(), until.date());
        (first <= last).then(|| self.rules.assumed.range(first..=last).next().copied())?
    }

    /// When a limit ends that begins with a receipt at `received`.
    ///
    /// A receipt after closing time, or on a day the office is shut, counts as made when it next opens. Hours are carried to the
    /// microsecond; days of the calendar end at closing time. Beyond year 9999 it is the end of that year.
    pub fn due(&self, received: Timestamp, limit: Limit, end: DayEnd) -> Timestamp {
        match limit {
            Limit::WorkingHours(hours) => self.open_after(received, hours_of(hours)),
            Limit::WorkingDays(days) => {
                let receipt = self.opening_from(received);
                let last = self.working_days_after(receipt.date(), days);
                match end {
                    DayEnd::Closing => self.closing(last),
                    DayEnd::Carried => self.carried_to(last, receipt),
                }
            }
            Limit::CalendarDays(days) => {
                let first = self.opening_from(received).date();
                let last = first.saturating_add(jiff::SignedDuration::from_hours(24 * i64::from(days)));
                self.closing(self.working_day_from(last))
            }
            Limit::SameDay(cut_off) => {
                let receipt = self.opening_from(received);
                let day = receipt.date();
                let next_day = u32::from(receipt > cut_off.on(day));
                self.closing(self.working_days_after(day, next_day))
            }
        }
    }

    /// When a stretch of time ends that begins at `from`.
    pub fn ends(&self, from: Timestamp, span: Span, end: DayEnd) -> Timestamp {
        match span {
            Span::Hours(hours) => Timestamp::from_micros(from.as_micros().saturating_add(hours_of(hours))),
            Span::Office(limit) => self.due(from, limit, end),
        }
    }

    /// The last instant that is a stretch of time before `end`: of days, when the office closes on the day that many before, or
    /// on the last working day before that. Nothing outside the window, and of the same day: what is to be done at once leaves no time
    /// before.
    pub fn before(&self, end: Timestamp, span: Span) -> Option<Timestamp> {
        match span {
            Span::Hours(hours) => Some(Timestamp::from_micros(
                end.as_micros().saturating_sub(hours_of(hours)),
            )),
            Span::Office(Limit::WorkingHours(hours)) => self.open_before(end, hours_of(hours)),
            Span::Office(Limit::WorkingDays(days)) => self
                .working_days_before(end.date(), days)
                .map(|d| self.closing(d)),
            Span::Office(Limit::SameDay(_)) => None,
            Span::Office(Limit::CalendarDays(days)) => {
                let day = end
                    .date()
                    .saturating_sub(jiff::SignedDuration::from_hours(24 * i64::from(days)));
                self.working_days_before(next(day), 1)
                    .map(|day| self.closing(day))
            }
        }
    }

    /// `due` moved on by a standstill from `stopped` to `resumed`, measured as its limit is: open hours, working days begun, or
    /// days of the calendar. A due date that had passed already moves by the same.
    pub fn moved_on(
        &self,
        due: Timestamp,
        limit: Limit,
        end: DayEnd,
        stopped: Timestamp,
        resumed: Timestamp,
    ) -> Timestamp {
        let carried = |this: &Self| this.open_after(due, this.open_between(stopped, resumed));
        match (limit, end) {
            (Limit::WorkingHours(_), _) | (Limit::WorkingDays(_), DayEnd::Carried) => carried(self),
            (Limit::WorkingDays(_), DayEnd::Closing) | (Limit::SameDay(_), _) => {
                let days = self.working_days_between(stopped.date(), resumed.date());
                self.closing(self.working_days_after(due.date(), days))
            }
            (Limit::CalendarDays(_), _) => {
                let days = stopped.date().duration_until(resumed.date());
                let last = due.date().saturating_add(days.max(jiff::SignedDuration::ZERO));
                self.closing(self.working_day_from(last))
            }
        }
    }

    /// When the office closes that day; a day it is shut counts as closing at its midnight.
    pub fn closing(&self, date: Date) -> Timestamp {
        let at = self.with_sessions(date, |sessions| sessions.last().map_or(0, |s| s.1));
        Timestamp::from_micros(midnight(date) + at)
    }

    /// The first instant at or after `from` at which the office is open.
    pub fn opening_from(&self, from: Timestamp) -> Timestamp {
        let mut date = from.date();
        loop {
            let since = from.as_micros() - midnight(date);
            let found = self.with_sessions(date, |sessions| {
                let session = sessions.iter().find(|(_, closes)| *closes >= since);
                session.map(|(opens, _)| since.max(*opens))
            });
            match found {
                Some(at) => return Timestamp::from_micros(midnight(date) + at),
                None if date == Date::MAX => return self.closing(date),
                None => date = next(date),
            }
        }
    }

    /// The same time of day as `receipt` on another day, or when the office is next open that day, or its closing.
    fn carried_to(&self, date: Date, receipt: Timestamp) -> Timestamp {
        let time = receipt.as_micros() - midnight(receipt.date());
        let at = self.with_sessions(date, |sessions| {
            let session = sessions.iter().find(|(_, closes)| *closes >= time);
            session.map(|(opens, _)| time.max(*opens))
        });
        at.map_or_else(
            || self.closing(date),
            |at| Timestamp::from_micros(midnight(date) + at),
        )
    }
}

fn hours_of(hours: u32) -> i64 {
    i64::from(hours).saturating_mul(HOUR_MICROS)
}

/// Midnight in Vietnam, in microseconds since the Unix epoch.
fn midnight(date: Date) -> i64 {
    Timestamp::from_vietnam(date.at(0, 0, 0, 0)).as_micros()
}

fn next(date: Date) -> Date {
    date.tomorrow().unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests;
