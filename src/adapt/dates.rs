//! How partners write dates: a pattern of digits (`yyyyMMddHHmmss`), RFC 3339, the same with or without a zone, or the
//! milliseconds that some writers of JSON put into a text.

use jiff::civil::{self, DateTime};
use jiff::tz::{Offset, TimeZone};

use crate::domain::plausible::Dated;
use crate::domain::time::{Date, Timestamp};

/// How a date or an instant is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DateForm {
    /// `2026-11-23T08:30:00+07:00`; for a day `2026-11-23`.
    Rfc3339,
    /// As RFC 3339, with a zone or without one: `2026-11-23T08:30:00`, `2026-11-23 08:30`, `2026-11-23`.
    Iso { zone: Offset },
    /// `/Date(1764064800000+0700)/`: milliseconds since 1970 in UTC; a zone behind them changes nothing.
    JsonDate { zone: Offset },
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
    /// Of two digits, or of one or two where the letter stands alone.
    Part(Part, bool),
    Milli,
    Literal(char),
}

/// What two digits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

/// Why something is no form of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoForm {
    /// RFC 3339 always has a zone.
    ZoneOfRfc3339,
    Zone,
    Pattern,
    /// Digits of a number behind which other digits follow.
    Unbounded,
}

impl NoForm {
    /// What is wrong and what to write, in Vietnamese and English.
    pub fn said(self, pattern: &str) -> (String, String) {
        match self {
            NoForm::ZoneOfRfc3339 => (
                "rfc3339 luôn có múi giờ; bỏ zone, hoặc dùng date = \"iso\" nếu múi giờ có thể thiếu"
                    .to_owned(),
                "rfc3339 always has a zone; remove zone, or use date = \"iso\" where the zone may be missing"
                    .to_owned(),
            ),
            NoForm::Zone => (
                "zone viết như +07:00".to_owned(),
                "zone is written like +07:00".to_owned(),
            ),
            NoForm::Pattern => (
                format!(
                    "date = \"{pattern}\" sai; viết rfc3339, iso, json-date, hoặc mẫu có đủ năm, tháng, ngày như yyyyMMddHHmmss, d/M/yyyy HH:mm"
                ),
                format!(
                    "date = \"{pattern}\" is malformed; write rfc3339, iso, json-date, or a pattern with year, month and day like yyyyMMddHHmmss, d/M/yyyy HH:mm"
                ),
            ),
            NoForm::Unbounded => (
                format!(
                    "date = \"{pattern}\": sau d, M, H, m, s đứng một mình phải là một dấu, không phải chữ số"
                ),
                format!(
                    "date = \"{pattern}\": a single d, M, H, m or s must be followed by a sign that is no digit"
                ),
            ),
        }
    }
}

/// Digits of milliseconds at most: more are no date that the model holds.
const LONGEST_EPOCH: usize = 15;

impl DateForm {
    /// Reads a pattern.
    pub fn parse(pattern: &str, zone: Option<&str>) -> Result<DateForm, NoForm> {
        if pattern == "rfc3339" {
            return match zone {
                None => Ok(DateForm::Rfc3339),
                Some(_) => Err(NoForm::ZoneOfRfc3339),
            };
        }
        let zone = zone_offset(zone.unwrap_or("+07:00")).ok_or(NoForm::Zone)?;
        match pattern {
            "iso" => return Ok(DateForm::Iso { zone }),
            "json-date" => return Ok(DateForm::JsonDate { zone }),
            _ => {}
        }
        let pieces = pieces(pattern)?;
        Ok(DateForm::Pattern {
            pieces,
            zone,
            text: pattern.into(),
        })
    }

    /// What a message tells the sender to write.
    pub fn shown(&self, day: bool) -> &str {
        match self {
            DateForm::Rfc3339 | DateForm::Iso { .. } if day => "2026-11-23",
            DateForm::Rfc3339 => "2026-11-23T08:30:00+07:00",
            DateForm::Iso { .. } => "2026-11-23T08:30:00",
            DateForm::JsonDate { .. } => "/Date(1764064800000+0700)/",
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
            DateForm::Iso { .. } => iso(text).map(|(local, _)| local.date()),
            DateForm::JsonDate { zone } => epoch(text).map(|at| zone.to_datetime(at.to_jiff()).date()),
            DateForm::Pattern { pieces, .. } => read(pieces, text).map(DateTime::date),
        };
        let days = rfc3339().or_else(own).into_iter().chain(moment);
        zeros || days.into_iter().any(|day| dated.is_unset(day))
    }

    pub fn read_instant(&self, text: &str) -> Option<Timestamp> {
        match self {
            DateForm::Rfc3339 => text.parse().ok(),
            DateForm::Iso { zone } => {
                let (local, own) = iso(text)?;
                let zoned = local.to_zoned(TimeZone::fixed(own.unwrap_or(*zone))).ok()?;
                Some(Timestamp::from_jiff(zoned.timestamp()))
            }
            DateForm::JsonDate { .. } => epoch(text),
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
            DateForm::Iso { .. } => Some(iso(text)?.0.date()),
            DateForm::JsonDate { zone } => Some(zone.to_datetime(epoch(text)?.to_jiff()).date()),
            DateForm::Pattern { pieces, .. } => Some(read(pieces, text)?.date()),
        }
    }

    pub fn write_instant(&self, at: Timestamp) -> String {
        match self {
            DateForm::Rfc3339 => at.to_string(),
            DateForm::Iso { zone } => zone
                .to_datetime(at.to_jiff())
                .strftime("%Y-%m-%dT%H:%M:%S")
                .to_string(),
            DateForm::JsonDate { zone } => {
                let sign = if zone.seconds() < 0 { '-' } else { '+' };
                let minutes = zone.seconds().abs() / 60;
                let millis = at.to_jiff().as_millisecond();
                format!("/Date({millis}{sign}{:02}{:02})/", minutes / 60, minutes % 60)
            }
            DateForm::Pattern { pieces, zone, .. } => write(pieces, zone.to_datetime(at.to_jiff())),
        }
    }

    pub fn write_day(&self, day: Date) -> String {
        match self {
            DateForm::Rfc3339 | DateForm::Iso { .. } => day.to_string(),
            DateForm::JsonDate { zone } => match day.at(0, 0, 0, 0).to_zoned(TimeZone::fixed(*zone)) {
                Ok(midnight) => self.write_instant(Timestamp::from_jiff(midnight.timestamp())),
                Err(_) => day.to_string(),
            },
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

/// The pieces of a pattern.
fn pieces(pattern: &str) -> Result<Vec<Piece>, NoForm> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let run = rest.len() - rest.trim_start_matches(first).len();
        let part = match first {
            'M' => Some(Part::Month),
            'd' => Some(Part::Day),
            'H' => Some(Part::Hour),
            'm' => Some(Part::Minute),
            's' => Some(Part::Second),
            _ => None,
        };
        let piece = match (first, part, run) {
            ('y', _, 4) => Piece::Year,
            ('S', _, 3) => Piece::Milli,
            (_, Some(part), 1 | 2) => Piece::Part(part, run == 1),
            (c, ..) if c.is_ascii_alphanumeric() && c != 'T' && c != 'Z' => return Err(NoForm::Pattern),
            (c, ..) => Piece::Literal(c),
        };
        let used = if let Piece::Literal(c) = piece {
            c.len_utf8()
        } else {
            run
        };
        if pieces.iter().any(|known| known.is_of(piece)) {
            return Err(NoForm::Pattern);
        }
        pieces.push(piece);
        rest = &rest[used..];
    }
    let is_open = |piece: &Piece| matches!(piece, Piece::Part(_, true));
    let bounded = |next: &Piece| matches!(next, Piece::Literal(c) if !c.is_ascii_digit());
    if pieces.windows(2).any(|two| is_open(&two[0]) && !bounded(&two[1])) {
        return Err(NoForm::Unbounded);
    }
    let has = |part| {
        pieces
            .iter()
            .any(|p| matches!(p, Piece::Part(own, _) if *own == part))
    };
    if pieces.contains(&Piece::Year) && has(Part::Month) && has(Part::Day) {
        Ok(pieces)
    } else {
        Err(NoForm::Pattern)
    }
}

impl Piece {
    /// Whether both are digits of the same thing.
    fn is_of(self, other: Piece) -> bool {
        match (self, other) {
            (Piece::Part(own, _), Piece::Part(others, _)) => own == others,
            (Piece::Literal(_), _) => false,
            (own, other) => own == other,
        }
    }

    /// Its digits at the beginning of a text.
    fn digits(self, text: &str) -> Option<&str> {
        let width = match self {
            Piece::Year => 4,
            Piece::Milli => 3,
            Piece::Part(_, true) if !text.as_bytes().get(1).is_some_and(u8::is_ascii_digit) => 1,
            Piece::Part(..) => 2,
            Piece::Literal(_) => return None,
        };
        let digits = text.get(..width)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then_some(digits)
    }
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
        let digits = piece.digits(rest)?;
        rest = &rest[digits.len()..];
        match piece {
            Piece::Year => year = digits.parse().ok()?,
            Piece::Part(Part::Month, _) => month = digits.parse().ok()?,
            Piece::Part(Part::Day, _) => day = digits.parse().ok()?,
            Piece::Part(Part::Hour, _) => hour = digits.parse().ok()?,
            Piece::Part(Part::Minute, _) => minute = digits.parse().ok()?,
            Piece::Part(Part::Second, _) => second = digits.parse().ok()?,
            Piece::Milli => milli = digits.parse().ok()?,
            Piece::Literal(_) => {}
        }
    }
    if !rest.is_empty() {
        return None;
    }
    civil::DateTime::new(year, month, day, hour, minute, second, milli * 1_000_000).ok()
}

/// A date with a time or without one, with a zone or without one.
fn iso(text: &str) -> Option<(DateTime, Option<Offset>)> {
    let day: Date = text.get(..10)?.parse().ok()?;
    let Some(rest) = text[10..].strip_prefix(['T', 't', ' ']) else {
        return text[10..].is_empty().then(|| (day.at(0, 0, 0, 0), None));
    };
    let end = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (time, zone) = rest.split_at(end);
    let zone = match zone {
        "" => None,
        "Z" | "z" => Some(Offset::UTC),
        zone => Some(zone_offset(zone)?),
    };
    // jiff also takes other forms of a time than this one.
    let sound = time.len() >= 5
        && time
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.'));
    let time: civil::Time = sound.then(|| time.parse().ok()).flatten()?;
    Some((day.to_datetime(time), zone))
}

/// The milliseconds of `/Date(…)/`.
fn epoch(text: &str) -> Option<Timestamp> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let (sign, digits) = match inner.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, inner),
    };
    let end = digits.find(['+', '-']).unwrap_or(digits.len());
    let (millis, zone) = digits.split_at(end);
    let zone_is_sound = zone.is_empty() || zone.len() == 5 && zone[1..].bytes().all(|b| b.is_ascii_digit());
    if !zone_is_sound || millis.len() > LONGEST_EPOCH || !millis.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let millis: i64 = millis.parse().ok()?;
    let at = jiff::Timestamp::from_millisecond(sign * millis).ok()?;
    Some(Timestamp::from_jiff(at))
}

fn write(pieces: &[Piece], at: DateTime) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(20);
    for piece in pieces {
        let part = |part: &Part| match part {
            Part::Month => at.month(),
            Part::Day => at.day(),
            Part::Hour => at.hour(),
            Part::Minute => at.minute(),
            Part::Second => at.second(),
        };
        // Writing to a String cannot fail.
        let _ = match piece {
            Piece::Year => write!(text, "{:04}", at.year()),
            Piece::Part(of, false) => write!(text, "{:02}", part(of)),
            Piece::Part(of, true) => write!(text, "{}", part(of)),
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
            assert!(DateForm::parse(bad, None).is_err(), "{bad}");
        }
        assert!(DateForm::parse("yyyyMMdd", Some("7")).is_err());
        assert!(DateForm::parse("yyyyMMdd", Some("+7:00")).is_err());
        let form = DateForm::parse("dd/MM/yyyy", None).unwrap();
        assert_eq!(form.write_day(form.read_day("09/05/2026").unwrap()), "09/05/2026");
    }
}
