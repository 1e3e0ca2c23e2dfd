//! Moments and dates.
//!
//! A [`Timestamp`] is an instant, truncated to microseconds where it is made because that is what PostgreSQL keeps. A date is a
//! day in Vietnam (UTC+7, no summer time since 1975), which is what every paper of the office means by a date.

use std::fmt;
use std::str::FromStr;

use jiff::civil;
use jiff::fmt::temporal::Pieces;
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};

/// The offset of Vietnam. A constant, so that no time zone database is needed.
pub const VIETNAM: Offset = Offset::constant(7);

/// The civil date of an office day in Vietnam.
pub type Date = civil::Date;

/// An instant in microseconds since the Unix epoch. Written as RFC 3339 in UTC with six decimals, so text order is time order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Timestamp(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Seconds since the Unix epoch, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// From jiff's instant, dropping what is finer than a microsecond.
    pub fn from_jiff(at: jiff::Timestamp) -> Self {
        Timestamp(at.as_microsecond())
    }

    /// As jiff's instant, for calendar work. Instants outside jiff's range (years -9999..9999) become its nearest bound.
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
    }

    /// The wall-clock reading in Vietnam.
    pub fn in_vietnam(self) -> civil::DateTime {
        VIETNAM.to_datetime(self.to_jiff())
    }

    /// As people write it in Vietnam, to the minute: `2026-12-07 17:00`. For sentences; everything else has RFC 3339.
    pub fn on_paper(self) -> String {
        let local = self.in_vietnam();
        format!("{} {:02}:{:02}", local.date(), local.hour(), local.minute())
    }

    /// The day in Vietnam.
    pub fn date(self) -> Date {
        self.in_vietnam().date()
    }

    /// The instant of a wall-clock reading in Vietnam.
    pub fn from_vietnam(local: civil::DateTime) -> Self {
        local
            .to_zoned(TimeZone::fixed(VIETNAM))
            .map_or(Timestamp(i64::MAX), |z| Self::from_jiff(z.timestamp()))
    }

    /// This instant moved forward; saturating.
    #[must_use]
    pub fn plus(self, by: std::time::Duration) -> Self {
        Timestamp(
            self.0
                .saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// This instant moved back; saturating.
    #[must_use]
    pub fn minus(self, by: std::time::Duration) -> Self {
        Timestamp(
            self.0
                .saturating_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// How long after `earlier` this instant is; zero when it is not after.
    pub fn since(self, earlier: Timestamp) -> std::time::Duration {
        std::time::Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.to_jiff())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is not an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 instant with its zone, of the years 1 to 9999 and at most 14 hours from UTC")]
pub struct NotATimestamp;

/// The farthest a zone lies from UTC, in seconds: ±14:00, as in W3C XML Schema.
const FARTHEST_ZONE: i32 = 14 * 3600;

impl FromStr for Timestamp {
    type Err = NotATimestamp;

    /// RFC 3339 with a zone (`2026-11-23T08:30:00+07:00`), of the years that RFC has: every such instant has a place in either
    /// database.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let read = || {
            let pieces = Pieces::parse(s).ok()?;
            let local = pieces.date().to_datetime(pieces.time()?);
            let offset = pieces.to_numeric_offset()?;
            let sound = offset.seconds().abs() <= FARTHEST_ZONE && (1..=9999).contains(&local.year());
            let at = offset.to_timestamp(local).ok()?;
            (sound && (1..=9999).contains(&Offset::UTC.to_datetime(at).year())).then_some(at)
        };
        read().map(Self::from_jiff).ok_or(NotATimestamp)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "date-time", "description": "RFC 3339 with its zone"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_order_is_time_order_and_round_trips() {
        let at: Timestamp = "2026-11-23T08:30:00.1234567+07:00".parse().unwrap();
        assert_eq!(at.to_string(), "2026-11-23T01:30:00.123456Z");
        assert_eq!(at.to_string().parse::<Timestamp>().unwrap(), at);
        assert_eq!(at.date().to_string(), "2026-11-23");
    }

    #[test]
    fn the_day_is_vietnams_day() {
        let late: Timestamp = "2026-11-22T17:30:00Z".parse().unwrap();
        assert_eq!(late.date().to_string(), "2026-11-23");
        assert_eq!(Timestamp::from_vietnam(late.in_vietnam()), late);
    }

    #[test]
    fn an_instant_has_a_zone_of_this_earth_and_a_year_that_databases_know() {
        for bad in [
            "2026-11-23T08:30:00",
            "2026-11-23",
            "2026-11-23T08:30:00+14:01",
            "2026-11-23T08:30:00-25:00",
            "2026-11-23T08:30:00+25:59",
            "-009999-01-01T00:00:00Z",
            "0000-12-31T00:00:00Z",
            "0001-01-01T00:00:00+07:00",
            "+010000-01-01T00:00:00Z",
        ] {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad}");
        }
        for good in [
            "2026-11-23T08:30:00+14:00",
            "2026-11-23T08:30:00-14:00",
            "0001-01-01T00:00:00Z",
            "9999-12-30T21:59:59Z",
        ] {
            assert!(good.parse::<Timestamp>().is_ok(), "{good}");
        }
    }
}
