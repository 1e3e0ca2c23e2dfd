//! How long an agency has: a limit of an office, or of the clock on the wall.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cut_off::CutOff;

/// How long an agency has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// `giờ`: hours of opening, counted from the moment of receipt.
    WorkingHours(u32),
    /// `ngày làm việc`: days the office opens, the day of receipt not counted. On the last one it ends as [`DayEnd`] says.
    WorkingDays(u32),
    /// `ngày`: days of the calendar, the day of receipt not counted, never ending on a day the office is shut.
    CalendarDays(u32),
    /// `ngay trong ngày`: what was received until the cut-off ends when the office closes that day; what was received later, when
    /// it closes on the next working day.
    SameDay(CutOff),
}

/// A stretch of time of the law: of an office, or of the clock on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Span {
    /// Hours, day and night.
    Hours(u32),
    /// Time of an office.
    Office(Limit),
}

impl Span {
    /// How long, in Vietnamese and in English, for a sentence.
    pub fn words(self) -> (String, String) {
        let (n, vi, en) = match self {
            Span::Hours(n) => (n, "giờ", "hour"),
            Span::Office(Limit::WorkingHours(n)) => (n, "giờ làm việc", "working hour"),
            Span::Office(Limit::WorkingDays(n)) => (n, "ngày làm việc", "working day"),
            Span::Office(Limit::CalendarDays(n)) => (n, "ngày", "day"),
            Span::Office(Limit::SameDay(_)) => {
                return (
                    "ngay trong ngày làm việc".to_owned(),
                    "the same working day".to_owned(),
                );
            }
        };
        let plural = if n == 1 { "" } else { "s" };
        (format!("{n} {vi}"), format!("{n} {en}{plural}"))
    }
}

/// When the last working day of a limit ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DayEnd {
    /// When the office closes.
    Closing,
    /// At the time of day of the receipt, while the office is open: hours are carried.
    Carried,
}
