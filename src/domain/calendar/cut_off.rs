//! The time of day until which a receipt counts for that day.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Time;
use serde::{Deserialize, Serialize};

use crate::domain::time::{Date, Timestamp};

/// A time of day in whole minutes, written `15:00`; the instant itself is still in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CutOff(Time);

impl CutOff {
    /// Its instant on a day, in Vietnam.
    pub fn on(self, date: Date) -> Timestamp {
        Timestamp::from_vietnam(date.to_datetime(self.0))
    }
}

/// What is not written `HH:MM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time of day is written HH:MM")]
pub struct NotATimeOfDay;

impl FromStr for CutOff {
    type Err = NotATimeOfDay;

    fn from_str(text: &str) -> Result<Self, NotATimeOfDay> {
        minute(text).map(CutOff).ok_or(NotATimeOfDay)
    }
}

impl TryFrom<String> for CutOff {
    type Error = NotATimeOfDay;

    fn try_from(text: String) -> Result<Self, NotATimeOfDay> {
        text.parse()
    }
}

impl From<CutOff> for String {
    fn from(cut_off: CutOff) -> String {
        cut_off.to_string()
    }
}

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

impl schemars::JsonSchema for CutOff {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CutOff".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"})
    }
}

/// A time of day as `HH:MM`.
pub(in crate::domain) fn minute(text: &str) -> Option<Time> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |part: &str| {
        let whole = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        whole.then(|| part.parse::<i8>().ok()).flatten()
    };
    Time::new(two(hours)?, two(minutes)?, 0, 0).ok()
}
