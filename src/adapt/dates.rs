//! How partners write dates: a pattern of fixed-width digits (`yyyyMMddHHmmss`), or RFC 3339.

use jiff::civil::{self, DateTime};
use jiff::tz::{Offset, TimeZone};

use crate::domain::plausible::Dated;
use crate::domain::time::{Date, Timestamp};

/// How a date or an instant is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DateForm {
    /// `2026-11-23T08:30:00+07:00`; for a day `2026-11-23`.
    Rfc3339,
    /// Letters stand for digits, everything else for itself.
    Pattern {
        pieces: Vec<Piece>,
        zone: Offset,
        text: Box<str>,
    },
}

/// A piece of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Milli,
    Literal(char),
}

impl Piece {
    const fn width(self) -> usize {
        match self {
            Piece::Year => 4,
            Piece::Milli => 3,
            Piece::Literal(_) => 1,
            _ => 2,
        }
    }
}

impl DateForm {
    /// Reads a pattern. `None` when it misses year, month or day, names one twice, or the zone is not `±HH:MM`.
    pub fn parse(pattern: &str, zone: Option<&str>) -> Option<DateForm> {
        if pattern == "rfc3339" {
            return zone.is_none().then_some(DateForm::Rfc3339);
        }
        let mut pieces: Vec<Piece> = Vec::new();
        let mut rest = pattern;
        while let Some(first) = rest.chars().next() {
            let run = rest.len() - rest.trim_start_matches(first).len();
            let piece = match (first, run) {
                ('y', 4) => Piece::Year,
                ('M', 2) => Piece::Month,
                ('d', 2) => Piece::Day,
                ('H', 2) => Piece::Hour,
                ('m', 2) => Piece::Minute,
                ('s', 2) => Piece::Second,
                ('S', 3) => Piece::Milli,
                (c, _) if c.is_ascii_alphanumeric() && c != 'T' && c != 'Z' => return None,
                (c, _) => Piece::Literal(c),
            };
            let used = if let Piece::Literal(c) = piece {
                c.len_utf8()
            } else {
                run
            };
            if !matches!(piece, Piece::Literal(_)) && pieces.contains(&piece) {
                return None;
            }
            pieces.push(piece);
            rest = &rest[used..];
        }
        let whole = [Piece::Year, Piece::Month, Piece::Day]
            .iter()
            .all(|p| pieces.contains(p));
        let zone = zone_offset(zone.unwrap_or("+07:00"))?;
        whole.then(|| DateForm::Pattern {
            pieces,
            zone,
            text: pattern.into(),
        })
    }

    /// What a message tells the sender to write.
    pub fn shown(&self, day: bool) -> &str {
        match self {
            DateForm::Rfc3339 if day => "2026-11-23",
            DateForm::Rfc3339 => "2026-11-23T08:30:00+07:00",
            DateForm::Pattern { text, .. } => text,
        }
    }

    /// Whether a text is the day that programs write where they have no date, in this form or as RFC 3339 begins: nothing but
    /// zeros, or a day that `dated` knows for one.
    pub fn is_unset(&self, text: &str, dated: Dated) -> bool {
        let day = text.split(['T', ' ']).next().unwrap_or(text);
        let zeros = day.contains('0') && !day.contains(|c: char| c != '0' && c.is_ascii_alphanumeric());
        let rfc3339 = || text.get(..10)?.parse::<Date>().ok();
        // A moment of another zone is that day in Vietnam's.
        let moment = text.parse::<Timestamp>().ok().map(|at| at.date());
        let own = || match self {
            DateForm::Rfc3339 => None,
            DateForm::Pattern { pieces, .. } => read(pieces, text).map(DateTime::date),
        };
        let days = rfc3339().or_else(own).into_iter().chain(moment);
        zeros || days.into_iter().any(|day| dated.is_unset(day))
    }

    pub fn read_instant(&self, text: &str) -> Option<Timestamp> {
        match self {
            DateForm::Rfc3339 => text.parse().ok(),
            DateForm::Pattern { pieces, zone, .. } => {
                let local = read(pieces, text)?;
                let zoned = local.to_zoned(TimeZone::fixed(*zone)).ok()?;
                Some(Timestamp::from_jiff(zoned.timestamp()))
            }
        }
    }

    pub fn read_day(&self, text: &str) -> Option<Date> {
        match self {
            // jiff also takes week dates and instants for a date; the model's form is one.
            DateForm::Rfc3339 => (text.len() == 10).then(|| text.parse().ok()).flatten(),
            DateForm::Pattern { pieces, .. } => Some(read(pieces, text)?.date()),
        }
    }

    pub fn write_instant(&self, at: Timestamp) -> String {
        match self {
            DateForm::Rfc3339 => at.to_string(),
            DateForm::Pattern { pieces, zone, .. } => write(pieces, zone.to_datetime(at.to_jiff())),
        }
    }

    pub fn write_day(&self, day: Date) -> String {
        match self {
            DateForm::Rfc3339 => day.to_string(),
            DateForm::Pattern { pieces, .. } => write(pieces, day.at(0, 0, 0, 0)),
        }
    }
}

fn zone_offset(zone: &str) -> Option<Offset> {
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = zone[1..].split_once(':')?;
    let two = |s: &str| (s.len() == 2).then(|| s.parse::<u8>().ok()).flatten();
    let (hours, minutes) = (i32::from(two(hours)?), i32::from(two(minutes)?));
    if hours > 14 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

fn read(pieces: &[Piece], text: &str) -> Option<DateTime> {
    let (mut year, mut month, mut day) = (0i16, 0i8, 0i8);
    let (mut hour, mut minute, mut second, mut milli) = (0i8, 0i8, 0i8, 0i32);
    let mut rest = text;
    for piece in pieces {
        if let Piece::Literal(c) = piece {
            rest = rest.strip_prefix(*c)?;
            continue;
        }
        let digits = rest.get(..piece.width())?;
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        rest = &rest[piece.width()..];
        match piece {
            Piece::Year => year = digits.parse().ok()?,
            Piece::Month => month = digits.parse().ok()?,
            Piece::Day => day = digits.parse().ok()?,
            Piece::Hour => hour = digits.parse().ok()?,
            Piece::Minute => minute = digits.parse().ok()?,
            Piece::Second => second = digits.parse().ok()?,
            Piece::Milli => milli = digits.parse().ok()?,
            Piece::Literal(_) => {}
        }
    }
    if !rest.is_empty() {
        return None;
    }
    civil::DateTime::new(year, month, day, hour, minute, second, milli * 1_000_000).ok()
}

fn write(pieces: &[Piece], at: DateTime) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(20);
    for piece in pieces {
        // Writing to a String cannot fail.
        let _ = match piece {
            Piece::Year => write!(text, "{:04}", at.year()),
            Piece::Month => write!(text, "{:02}", at.month()),
            Piece::Day => write!(text, "{:02}", at.day()),
            Piece::Hour => write!(text, "{:02}", at.hour()),
            Piece::Minute => write!(text, "{:02}", at.minute()),
            Piece::Second => write!(text, "{:02}", at.second()),
            Piece::Milli => write!(text, "{:03}", at.millisecond()),
            Piece::Literal(c) => write!(text, "{c}"),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_portals_dates_are_vietnams() {
        let form = DateForm::parse("yyyyMMddHHmmss", Some("+07:00")).unwrap();
        let at = form.read_instant("20261120083000").unwrap();
        assert_eq!(at.to_string(), "2026-11-20T01:30:00.000000Z");
        assert_eq!(form.write_instant(at), "20261120083000");
        for bad in [
            "2026112008300",
            "202611200830000",
            "20261320083000",
            "2026112008300x",
            "20260230083000",
            "",
        ] {
            assert!(form.read_instant(bad).is_none(), "{bad}");
        }
        assert_eq!(form.read_day("20261120083000").unwrap().to_string(), "2026-11-20");
    }

    #[test]
    fn what_programs_write_for_no_date_is_none_in_every_form() {
        let rfc3339 = DateForm::parse("rfc3339", None).unwrap();
        let portal = DateForm::parse("yyyyMMddHHmmss", None).unwrap();
        let short = DateForm::parse("dd/MM/yyyy", None).unwrap();
        for (form, texts) in [
            (
                &rfc3339,
                &[
                    "0001-01-01T00:00:00Z",
                    "0001-01-01T00:00:00+07:00",
                    "0001-01-01",
                    "0000-00-00",
                    "0000-00-00T00:00:00+07:00",
                    "1753-01-01T00:00:00",
                    "1899-12-30T00:00:00+07:00",
                    "1970-01-01T07:00:00+07:00",
                    "9999-12-31T23:59:59.9999999Z",
                ][..],
            ),
            (
                &portal,
                &[
                    "00010101000000",
                    "00000000000000",
                    "99991231235959",
                    "19700101080000",
                    "0",
                    "0001-01-01T00:00:00",
                ],
            ),
            (&short, &["01/01/0001", "00/00/0000", "31/12/9999", "30/12/1899"]),
        ] {
            for text in texts {
                assert!(form.is_unset(text, Dated::ReceivedAt), "{text}");
            }
        }
        for (form, text) in [
            (&rfc3339, "2026-11-20T00:00:00Z"),
            (&portal, "20261120000000"),
            (&short, "20/11/2026"),
            (&portal, ""),
            (&portal, "x"),
        ] {
            assert!(!form.is_unset(text, Dated::ReceivedAt), "{text}");
        }
        assert!(
            !short.is_unset("01/01/1970", Dated::BirthDate) && short.is_unset("01/01/1900", Dated::BirthDate)
        );
    }

    #[test]
    fn a_pattern_needs_a_day_and_a_sane_zone() {
        for bad in ["HHmmss", "yyyyMM", "yyyyMMddyyyy", "yyMMdd", "yyyy-MM-dd hh"] {
            assert!(DateForm::parse(bad, None).is_none(), "{bad}");
        }
        assert!(DateForm::parse("yyyyMMdd", Some("7")).is_none());
        assert!(DateForm::parse("yyyyMMdd", Some("+7:00")).is_none());
        let form = DateForm::parse("dd/MM/yyyy", None).unwrap();
        assert_eq!(form.write_day(form.read_day("09/05/2026").unwrap()), "09/05/2026");
    }
}
