//! Which days a date of a dossier can name, and which are no dates but what a program writes where it has none.
//!
//! One table for every document, act and status, whatever the format; the database can hold every value of it. What depends on
//! today (a filing of tomorrow) is judged where there is a clock: [`Dated::check_now`].

use jiff::tz::Offset;

use super::rejection::Problem;
use super::rejection::problems;
use super::time::{Date, Timestamp};

/// How far ahead of the hub a sender's clock may be.
pub const CLOCK_SKEW: std::time::Duration = std::time::Duration::from_secs(300);

/// A date or a moment that somebody states of a dossier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dated {
    /// When the applicant filed.
    FiledAt,
    /// When the receiving unit had the complete dossier, or the applicant the result.
    ReceivedAt,
    /// The date of the result on the receipt.
    PromisedDue,
    /// When what is reported happened.
    OccurredAt,
    /// The date a due date moves to.
    NewDue,
    /// When a result was issued.
    IssuedOn,
    /// When a person was born.
    BirthDate,
    /// Of the paper a place was taken from.
    DocumentDate,
}

/// One row of the table.
struct Range {
    dated: Dated,
    /// Its canonical name.
    field: &'static str,
    /// First and last day it can name.
    days: (Date, Date),
    /// Whether it cannot lie after the day it is told.
    past: bool,
}

const fn day(year: i16, month: i8, day: i8) -> Date {
    Date::constant(year, month, day)
}

/// Before 2000 no office of one stop had a system to remember it (the first rule for all of them is QĐ 181/2003/QĐ-TTg).
const OFFICE: Date = day(2000, 1, 1);
/// Nobody who files is older.
const OLDEST: Date = day(1890, 1, 1);
/// Papers of today's state begin with it.
const PAPERS: Date = day(1945, 9, 2);
/// No time limit reaches further.
const FAR: Date = day(2099, 12, 31);

#[rustfmt::skip]
const RANGES: [Range; 8] = [
    Range { dated: Dated::FiledAt,      field: "filed_at",      days: (OFFICE, FAR), past: true },
    Range { dated: Dated::ReceivedAt,   field: "received_at",   days: (OFFICE, FAR), past: true },
    Range { dated: Dated::PromisedDue,  field: "promised_due",  days: (OFFICE, FAR), past: false },
    Range { dated: Dated::OccurredAt,   field: "occurred_at",   days: (OFFICE, FAR), past: true },
    Range { dated: Dated::NewDue,       field: "new_due",       days: (OFFICE, FAR), past: false },
    Range { dated: Dated::IssuedOn,     field: "issued_on",     days: (PAPERS, FAR), past: false },
    Range { dated: Dated::BirthDate,    field: "birth_date",    days: (OLDEST, FAR), past: true },
    Range { dated: Dated::DocumentDate, field: "document_date", days: (PAPERS, FAR), past: true },
];

/// Days that programs write for "none", with whose they are. Years 1 and 9999 are so as a whole: .NET, Go and Java begin with the
/// one, and everybody ends with the other, in any zone.
const UNSET: [(Date, &str); 7] = [
    (day(1601, 1, 1), "Windows FILETIME"),
    (day(1753, 1, 1), "SQL Server datetime"),
    (day(1899, 12, 30), "OLE, Delphi"),
    (day(1899, 12, 31), "Excel"),
    (day(1900, 1, 1), "SQL Server 0, Excel 1"),
    (day(1970, 1, 1), "Unix 0"),
    (day(2079, 6, 6), "SQL Server smalldatetime"),
];

/// Why a day is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Implausible {
    /// It stands for no date.
    Unset,
    /// It lies before the first or after the last day this date can name.
    Outside(Date, Date),
    /// It lies after the day it is told.
    Future,
}

impl Implausible {
    /// The problem, or the warning, of the date in `field`; the caller adds the place.
    pub fn problem(self, field: &str) -> Problem {
        match self {
            Implausible::Unset => problems::DateUnset { field: &field }.into(),
            Implausible::Future => problems::DateInFuture { field: &field }.into(),
            Implausible::Outside(earliest, latest) => problems::DateImplausible {
                field: &field,
                earliest: &earliest,
                latest: &latest,
            }
            .into(),
        }
    }
}

impl Dated {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Dated> {
        RANGES.iter().map(|row| row.dated)
    }

    /// The one of this canonical name.
    pub fn of(field: &str) -> Option<Dated> {
        RANGES.iter().find(|row| row.field == field).map(|row| row.dated)
    }

    /// Its canonical name.
    pub fn field(self) -> &'static str {
        self.row().field
    }

    /// First and last day it can name.
    pub fn days(self) -> (Date, Date) {
        self.row().days
    }

    fn row(self) -> &'static Range {
        &RANGES[self as usize]
    }

    /// Whether a day stands for no date. People are born on 1 January 1970.
    pub fn is_unset(self, day: Date) -> bool {
        let birth = self == Dated::BirthDate && day == Date::constant(1970, 1, 1);
        day.year() <= 1 || day.year() >= 9999 || !birth && UNSET.iter().any(|(unset, _)| *unset == day)
    }

    /// A day this date can name.
    ///
    /// # Errors
    /// It is unset or outside the range.
    pub fn check_day(self, day: Date) -> Result<Date, Implausible> {
        let (earliest, latest) = self.days();
        if self.is_unset(day) {
            return Err(Implausible::Unset);
        }
        if day < earliest || latest < day {
            return Err(Implausible::Outside(earliest, latest));
        }
        Ok(day)
    }

    /// A moment whose day in Vietnam this date can name; unset in Vietnam or in UTC is unset.
    ///
    /// # Errors
    /// It is unset or outside the range.
    pub fn check(self, at: Timestamp) -> Result<Timestamp, Implausible> {
        if self.is_unset(Offset::UTC.to_datetime(at.to_jiff()).date()) {
            return Err(Implausible::Unset);
        }
        self.check_day(at.date()).map(|_| at)
    }

    /// The same by a clock: what has happened cannot lie ahead by more than clocks differ ([`CLOCK_SKEW`]).
    ///
    /// # Errors
    /// As [`Dated::check`], or it has not come yet.
    pub fn check_now(self, at: Timestamp, now: Timestamp) -> Result<Timestamp, Implausible> {
        if self.row().past && at > now.plus(CLOCK_SKEW) {
            return Err(Implausible::Future);
        }
        self.check(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_row() {
        for (n, row) in RANGES.iter().enumerate() {
            assert_eq!(row.dated as usize, n, "{}", row.field);
            assert_eq!(Dated::of(row.field), Some(row.dated));
            assert!(row.days.0 < row.days.1);
        }
        assert_eq!(Dated::of("due"), None);
    }

    #[test]
    fn unset_dates_of_other_systems_are_none() {
        for day in [
            "0001-01-01",
            "0001-01-02",
            "1753-01-01",
            "1899-12-30",
            "1900-01-01",
            "1970-01-01",
            "9999-12-31",
        ] {
            for dated in Dated::all() {
                let wanted = if (dated, day) == (Dated::BirthDate, "1970-01-01") {
                    Ok(day.parse().unwrap())
                } else {
                    Err(Implausible::Unset)
                };
                assert_eq!(dated.check_day(day.parse().unwrap()), wanted, "{dated:?} {day}");
            }
        }
        for at in [
            "0001-01-01T00:00:00Z",
            "1752-12-31T17:00:00Z",
            "1970-01-01T00:00:00+07:00",
            "1970-01-01T23:00:00Z",
        ] {
            assert_eq!(
                Dated::OccurredAt.check(at.parse().unwrap()),
                Err(Implausible::Unset),
                "{at}"
            );
        }
    }

    #[test]
    fn a_range_holds_both_its_ends() {
        for dated in Dated::all() {
            let (earliest, latest) = dated.days();
            assert_eq!(dated.check_day(earliest), Ok(earliest));
            assert_eq!(dated.check_day(latest), Ok(latest));
            let outside = Implausible::Outside(earliest, latest);
            assert_eq!(dated.check_day(earliest.yesterday().unwrap()), Err(outside));
            assert_eq!(dated.check_day(latest.tomorrow().unwrap()), Err(outside));
            // By Vietnam's day.
            let first = Timestamp::from_vietnam(earliest.at(0, 0, 0, 0));
            assert_eq!(dated.check(first), Ok(first));
            assert_eq!(
                dated.check(Timestamp::from_micros(first.as_micros() - 1)),
                Err(outside)
            );
        }
    }

    #[test]
    fn what_has_happened_is_not_ahead_of_the_clock_by_more_than_clocks_differ() {
        let now: Timestamp = "2026-11-20T02:00:00Z".parse().unwrap();
        let ahead = now.plus(CLOCK_SKEW);
        assert_eq!(Dated::FiledAt.check_now(ahead, now), Ok(ahead));
        let more = Timestamp::from_micros(ahead.as_micros() + 1);
        assert_eq!(Dated::FiledAt.check_now(more, now), Err(Implausible::Future));
        assert_eq!(Dated::NewDue.check_now(more, now), Ok(more));
    }
}
