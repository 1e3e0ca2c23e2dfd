//! Working time of the offices, and when a time limit ends (domain.md 4.5).
//!
//! Offices work 08:00–12:00 and 13:00–17:00, Monday to Friday, except as `holidays.csv` says. A half day is its morning. Start
//! with [`Calendar::due`]. It knows nothing of supplements or postponements: who restarts a limit calls it again.

use jiff::civil::{Time, Weekday, time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::routing::table::{self, DirectoryFault, Rows};
use super::time::{Date, Timestamp};

/// The half days of an office, in order; both ends are instants at which the office is open.
const MORNING: (Time, Time) = (time(8, 0, 0, 0), time(12, 0, 0, 0));
const AFTERNOON: (Time, Time) = (time(13, 0, 0, 0), time(17, 0, 0, 0));
const HOUR_MICROS: i64 = 3_600_000_000;

/// How long an agency has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// `giờ`: hours of opening, counted from the moment of receipt.
    WorkingHours(u32),
    /// `ngày làm việc`: days the office opens, the day of receipt not counted, ending when the last one closes.
    WorkingDays(u32),
    /// `ngày`: days of the calendar, the day of receipt not counted, never ending on a day the office is shut.
    CalendarDays(u32),
}

/// Why a day differs from its day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DayKind {
    /// A public holiday.
    Holiday,
    /// Shut: a holiday made up, or swapped with a day of work.
    MakeupOff,
    /// Open on a weekend, in exchange for another day.
    MakeupWork,
    /// Open in the morning only.
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

/// The working time of the city's offices.
#[derive(Clone, Debug)]
pub struct Calendar {
    days: Rows<Date, SpecialDay>,
}

impl Calendar {
    /// The file it is read from.
    pub const FILE: &'static str = "holidays.csv";

    /// Reads `holidays.csv`; all faults at once.
    pub fn read(csv: &str) -> Result<Calendar, Vec<DirectoryFault>> {
        let mut faults = Vec::new();
        let calendar = Self::read_into(csv, &mut faults);
        if faults.is_empty() {
            Ok(calendar)
        } else {
            Err(faults)
        }
    }

    pub(super) fn read_into(csv: &str, faults: &mut Vec<DirectoryFault>) -> Calendar {
        let columns = ["date", "kind", "source", "provisional"];
        let kinds = [
            ("holiday", DayKind::Holiday),
            ("makeup-off", DayKind::MakeupOff),
            ("makeup-work", DayKind::MakeupWork),
            ("half-day", DayKind::HalfDay),
        ];
        let days = table::read(Self::FILE, csv, &columns, faults, |row| {
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
        });
        Calendar { days }
    }

    /// The days that differ, in the file's order.
    pub fn special_days(&self) -> impl Iterator<Item = &SpecialDay> {
        self.days.iter()
    }

    /// Whether the office opens at all that day.
    pub fn is_working_day(&self, date: Date) -> bool {
        !self.hours(date).is_empty()
    }

    /// When the office is open that day, in order; nothing when it is shut.
    pub fn hours(&self, date: Date) -> &'static [(Time, Time)] {
        const FULL: &[(Time, Time)] = &[MORNING, AFTERNOON];
        const HALF: &[(Time, Time)] = &[MORNING];
        match self.days.get(&date).map(|d| d.kind) {
            Some(DayKind::Holiday | DayKind::MakeupOff) => &[],
            Some(DayKind::MakeupWork) => FULL,
            Some(DayKind::HalfDay) => HALF,
            None if matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) => &[],
            None => FULL,
        }
    }

    /// When a limit ends that begins with a receipt at `received`.
    ///
    /// A receipt after closing time, or on a day the office is shut, counts as made when it next opens. Days end at closing
    /// time; hours are carried to the second. Beyond year 9999 it is the end of that year.
    pub fn due(&self, received: Timestamp, limit: Limit) -> Timestamp {
        match limit {
            Limit::WorkingHours(hours) => {
                self.after_hours(received, i64::from(hours).saturating_mul(HOUR_MICROS))
            }
            Limit::WorkingDays(days) => {
                let mut last = self.day_of_receipt(received);
                for _ in 0..days {
                    if last == Date::MAX {
                        break;
                    }
                    last = self.working_day_from(next(last));
                }
                self.closing(last)
            }
            Limit::CalendarDays(days) => {
                let first = self.day_of_receipt(received);
                let last = first.saturating_add(jiff::SignedDuration::from_hours(24 * i64::from(days)));
                self.closing(self.working_day_from(last))
            }
        }
    }

    fn after_hours(&self, received: Timestamp, mut left: i64) -> Timestamp {
        let mut date = received.date();
        loop {
            for &(opens, closes) in self.hours(date) {
                let from = Timestamp::from_vietnam(date.to_datetime(opens)).max(received);
                let until = Timestamp::from_vietnam(date.to_datetime(closes));
                let open = until.as_micros() - from.as_micros();
                if open >= 0 && left <= open {
                    return Timestamp::from_micros(from.as_micros() + left);
                }
                left -= open.max(0);
            }
            if date == Date::MAX {
                return self.closing(date);
            }
            date = next(date);
        }
    }

    /// The day that counts as the day of receipt.
    fn day_of_receipt(&self, received: Timestamp) -> Date {
        let date = received.date();
        let shut = !self.is_working_day(date) || received > self.closing(date);
        self.working_day_from(if shut { next(date) } else { date })
    }

    /// The first day from `date` on at which the office opens.
    fn working_day_from(&self, mut date: Date) -> Date {
        while !self.is_working_day(date) && date < Date::MAX {
            date = next(date);
        }
        date
    }

    /// When the office closes that day; a day it is shut counts like a full one.
    fn closing(&self, date: Date) -> Timestamp {
        let (_, closes) = self.hours(date).last().copied().unwrap_or(AFTERNOON);
        Timestamp::from_vietnam(date.to_datetime(closes))
    }
}

fn next(date: Date) -> Date {
    date.tomorrow().unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn calendar() -> Calendar {
        Calendar::read(include_str!("../../schema/directory/hanoi/holidays.csv")).unwrap()
    }

    fn at(local: &str) -> Timestamp {
        format!("{local}:00+07:00").parse().unwrap()
    }

    #[track_caller]
    fn ends(received: &str, limit: Limit, due: &str) {
        assert_eq!(calendar().due(at(received), limit), at(due));
    }

    #[test]
    fn case_1_a_whole_day_ends_at_closing_time() {
        ends("2026-11-20T16:50", Limit::WorkingDays(1), "2026-11-23T17:00");
        ends("2026-11-20T17:00", Limit::WorkingDays(1), "2026-11-23T17:00");
        ends("2026-11-20T17:01", Limit::WorkingDays(1), "2026-11-24T17:00");
        ends("2026-11-21T09:00", Limit::WorkingDays(1), "2026-11-24T17:00");
        ends("2026-11-20T06:00", Limit::WorkingDays(1), "2026-11-23T17:00");
    }

    #[test]
    fn case_2_hours_are_carried_on_both_sides_of_the_cut_off() {
        ends("2026-11-23T14:59", Limit::WorkingHours(8), "2026-11-24T14:59");
        ends("2026-11-23T15:01", Limit::WorkingHours(8), "2026-11-24T15:01");
        ends("2026-11-23T15:01", Limit::WorkingHours(1), "2026-11-23T16:01");
    }

    #[test]
    fn case_3_a_limit_jumps_over_tet() {
        ends("2026-02-13T10:00", Limit::WorkingDays(3), "2026-02-25T17:00");
        ends("2026-02-13T16:00", Limit::WorkingHours(2), "2026-02-23T09:00");
        ends("2026-02-13T10:00", Limit::CalendarDays(3), "2026-02-23T17:00");
        ends("2026-02-13T10:00", Limit::CalendarDays(11), "2026-02-24T17:00");
    }

    #[test]
    fn case_5_hours_skip_lunch_and_the_weekend() {
        ends("2026-11-20T15:00", Limit::WorkingHours(8), "2026-11-23T15:00");
        ends("2026-11-20T12:30", Limit::WorkingHours(4), "2026-11-20T17:00");
        ends("2026-11-20T17:00", Limit::WorkingHours(0), "2026-11-20T17:00");
        ends("2026-11-20T17:01", Limit::WorkingHours(0), "2026-11-23T08:00");
    }

    #[test]
    fn case_6_a_makeup_saturday_is_a_working_day_and_a_half_day_ends_at_noon() {
        ends("2025-04-25T10:00", Limit::WorkingDays(1), "2025-04-26T17:00");
        let text = "date,kind,source,provisional\n2026-12-05,makeup-work,test,false\n2026-12-07,half-day,test,false\n";
        let calendar = Calendar::read(text).unwrap();
        let due = |limit| calendar.due(at("2026-12-04T16:00"), limit);
        assert_eq!(due(Limit::WorkingDays(1)), at("2026-12-05T17:00"));
        assert_eq!(due(Limit::WorkingDays(2)), at("2026-12-07T12:00"));
        assert_eq!(due(Limit::WorkingHours(14)), at("2026-12-08T09:00"));
    }

    #[test]
    fn absurd_limits_end_with_the_calendar() {
        let all = [
            Limit::WorkingHours(u32::MAX),
            Limit::WorkingDays(u32::MAX),
            Limit::CalendarDays(u32::MAX),
        ];
        for limit in all {
            assert_eq!(calendar().due(at("9999-01-04T10:00"), limit).date(), Date::MAX);
        }
    }

    #[test]
    fn a_broken_file_names_its_lines() {
        let text = "date,kind,source,provisional\n2026-02-30,holiday,x,false\n2026-01-01,feast,x,maybe\n";
        let faults = Calendar::read(text).unwrap_err();
        let lines: Vec<(&str, u64)> = faults.iter().map(|f| (f.file.as_str(), f.line)).collect();
        assert_eq!(
            lines,
            [("holidays.csv", 2), ("holidays.csv", 3), ("holidays.csv", 3)]
        );
    }

    /// Whether the minute that begins here is worked: written apart from the code under test, from the rule's own words.
    fn worked(calendar: &Calendar, minute: i64) -> bool {
        let local = Timestamp::from_micros(minute * 60_000_000).in_vietnam();
        let weekend = matches!(local.date().weekday(), Weekday::Saturday | Weekday::Sunday);
        let open = match calendar
            .special_days()
            .find(|d| d.date == local.date())
            .map(|d| d.kind)
        {
            Some(DayKind::Holiday | DayKind::MakeupOff) => false,
            Some(DayKind::MakeupWork) => true,
            Some(DayKind::HalfDay) => local.hour() < 12,
            None => !weekend,
        };
        open && matches!(local.hour(), 8..=11 | 13..=16)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn working_hours_equal_counting_minutes(start in 0i64..1_500_000, hours in 1u32..90) {
            let calendar = calendar();
            let first = at("2025-01-01T00:00").as_micros() / 60_000_000 + start;
            let mut minute = first;
            let mut left = hours * 60;
            while left > 0 {
                left -= u32::from(worked(&calendar, minute));
                minute += 1;
            }
            let due = calendar.due(Timestamp::from_micros(first * 60_000_000), Limit::WorkingHours(hours));
            prop_assert_eq!(due, Timestamp::from_micros(minute * 60_000_000));
        }

        #[test]
        fn day_limits_end_when_an_office_closes_and_never_shrink(start in 0i64..1_500_000, days in 0u32..60) {
            let calendar = calendar();
            let received = Timestamp::from_micros(at("2025-01-01T00:00").as_micros() + start * 60_000_000);
            for make in [Limit::WorkingDays, Limit::CalendarDays] {
                let due = calendar.due(received, make(days));
                prop_assert!(due >= received && calendar.is_working_day(due.date()));
                prop_assert!(calendar.due(received, make(days + 1)) >= due);
            }
        }
    }
}
