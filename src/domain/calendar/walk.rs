//! Counting open time and working days: by the sums of the window, and day by day outside it.

use super::{Calendar, Session, WINDOW, midnight, next};
use crate::domain::time::{Date, Timestamp};

impl Calendar {
    /// The place of a day in the window.
    fn index(date: Date) -> Option<usize> {
        let (first, last) = WINDOW;
        if date < first || date > last {
            return None;
        }
        let days = (date.duration_since(first).as_hours()) / 24;
        usize::try_from(days).ok()
    }

    /// The day at a place of the window; the place after the last is the day after it.
    fn date(index: usize) -> Date {
        let days = i64::try_from(index).unwrap_or(i64::MAX);
        WINDOW
            .0
            .saturating_add(jiff::SignedDuration::from_hours(24 * days))
    }

    /// The place after the window's last day.
    fn end(&self) -> usize {
        self.days.len() - 1
    }

    pub(super) fn with_sessions<T>(&self, date: Date, read: impl FnOnce(&[Session]) -> T) -> T {
        match Self::index(date) {
            Some(i) => read(&self.shapes[usize::from(self.days[i].shape)]),
            None => read(&self.rules.sessions(date)),
        }
    }

    /// Open time of a day up to an instant.
    fn open_within(&self, date: Date, until: Timestamp) -> i64 {
        let until = until.as_micros() - midnight(date);
        self.with_sessions(date, |sessions| {
            let open = sessions
                .iter()
                .map(|(opens, closes)| (until.min(*closes) - opens).max(0));
            open.sum()
        })
    }

    /// The earliest instant of a day before which the office was open for so long that day.
    fn instant_within(&self, date: Date, mut open: i64) -> Timestamp {
        let at = self.with_sessions(date, |sessions| {
            for (opens, closes) in sessions {
                if open <= closes - opens {
                    return opens + open;
                }
                open -= closes - opens;
            }
            sessions.last().map_or(0, |s| s.1)
        });
        Timestamp::from_micros(midnight(date) + at)
    }

    /// The instant after `from` at which the office will have been open for so long.
    pub(super) fn open_after(&self, from: Timestamp, mut left: i64) -> Timestamp {
        if left == 0 {
            return self.opening_from(from);
        }
        let mut date = from.date();
        let mut gone = self.open_within(date, from);
        loop {
            let (skipped, after) = match Self::index(date) {
                Some(i) => {
                    // The first place before which it was open at least so long: the day before it is the day.
                    let target = self.days[i].opened + gone + left;
                    let place = self.days.partition_point(|day| day.opened < target);
                    if place <= self.end() {
                        let day = place.saturating_sub(1);
                        return self.instant_within(Self::date(day), target - self.days[day].opened);
                    }
                    let end = self.end();
                    (self.days[end].opened - self.days[i].opened, Self::date(end))
                }
                None => {
                    let whole = self.open_within(date, Timestamp::from_micros(i64::MAX));
                    if left <= whole - gone {
                        return self.instant_within(date, gone + left);
                    }
                    (whole, next(date))
                }
            };
            if date == Date::MAX {
                return self.closing(date);
            }
            left -= skipped - gone;
            gone = 0;
            date = after;
        }
    }

    /// The earliest instant from which to `end` the office is open for so long; nothing when that is not in the window.
    pub(super) fn open_before(&self, end: Timestamp, open: i64) -> Option<Timestamp> {
        let i = Self::index(end.date())?;
        let target = (self.days[i].opened + self.open_within(end.date(), end)).checked_sub(open)?;
        let place = self.days.partition_point(|day| day.opened < target);
        let day = place.checked_sub(1)?;
        Some(self.instant_within(Self::date(day), target - self.days[day].opened))
    }

    /// How long the office is open between two instants.
    pub(super) fn open_between(&self, from: Timestamp, to: Timestamp) -> i64 {
        if to <= from {
            return 0;
        }
        let (first, last) = (from.date(), to.date());
        let edges = self.open_within(last, to) - self.open_within(first, from);
        if let (Some(i), Some(j)) = (Self::index(first), Self::index(last)) {
            return self.days[j].opened - self.days[i].opened + edges;
        }
        let mut open = edges;
        let mut date = first;
        while date < last {
            open += self.open_within(date, Timestamp::from_micros(i64::MAX));
            date = next(date);
        }
        open
    }

    /// The working day so many after `date`; of none, `date` itself.
    pub(super) fn working_days_after(&self, mut date: Date, mut left: u32) -> Date {
        while left > 0 && date < Date::MAX {
            date = next(date);
            if let Some(i) = Self::index(date) {
                let target = self.days[i].worked.saturating_add(left);
                let place = self.days.partition_point(|day| day.worked < target);
                if place <= self.end() {
                    return Self::date(place - 1);
                }
                let end = self.end();
                left -= self.days[end].worked - self.days[i].worked;
                date = Self::date(end - 1);
            } else if self.is_working_day(date) {
                left -= 1;
            }
        }
        date
    }

    /// The working day so many before `date`; nothing when that is not in the window.
    pub(super) fn working_days_before(&self, date: Date, days: u32) -> Option<Date> {
        let i = Self::index(date)?;
        if days == 0 {
            return Some(date);
        }
        // The day before which there were so many fewer is the last such: it is the one that opens.
        let target = self.days[i].worked.checked_sub(days)?;
        let place = self.days.partition_point(|day| day.worked <= target);
        Some(Self::date(place.checked_sub(1)?))
    }

    /// Working days after `from` up to and with `to`.
    pub(super) fn working_days_between(&self, from: Date, to: Date) -> u32 {
        if to <= from {
            return 0;
        }
        if let (Some(i), Some(j)) = (Self::index(from), Self::index(to)) {
            return self.days[j + 1].worked - self.days[i + 1].worked;
        }
        let (mut days, mut date) = (0, from);
        while date < to {
            date = next(date);
            days += u32::from(self.is_working_day(date));
        }
        days
    }

    /// The first day from `date` on at which the office opens.
    pub(super) fn working_day_from(&self, mut date: Date) -> Date {
        while !self.is_working_day(date) && date < Date::MAX {
            date = next(date);
        }
        date
    }
}
