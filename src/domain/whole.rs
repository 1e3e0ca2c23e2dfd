//! Whole numbers, by one rule for every number of every format: what JSON Schema (2020-12, validation 6.1.1) calls an integer is one.
//! `150000.0` and `1.5e5` are 150000, since programs whose numbers are all floating write them so, and `-0` is 0.
//!
//! A number is between -[`MAX`] and [`MAX`]: beyond, programs that read JSON no longer agree which number it is (RFC 8259, 6;
//! RFC 7493, 2.2). A number written as a text, in XML or in quotation marks, follows the same rule; white space around it does not
//! count, and it may have a plus and zeros before it, as numbers of XML may.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{Error, Visitor};

use super::rejection::Problem;
use super::rejection::problems::{self, Fill};

/// The largest whole number that is exact wherever it is read: 2^53 - 1.
pub const MAX: i64 = 9_007_199_254_740_991;

/// Why something is no whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotWhole {
    /// Not a number, or one with separators of thousands.
    #[error("not a number")]
    Form,
    /// A number with a fraction.
    #[error("a number with a fraction")]
    Fraction,
    /// Beyond what is exact.
    #[error("a number beyond what is exact")]
    Range,
}

impl NotWhole {
    /// The problem of the number in `field`, which is to be one of so many; `unit` is said behind them.
    pub fn problem(self, field: &dyn Fill, (min, max): (i64, i64), unit: &str) -> Problem {
        let (min, max, unit) = (&min, &max, &unit);
        match self {
            NotWhole::Form => problems::NumberMalformed {
                field,
                min,
                max,
                unit,
            }
            .into(),
            NotWhole::Fraction => problems::NumberFraction {
                field,
                min,
                max,
                unit,
            }
            .into(),
            NotWhole::Range => problems::NumberRange {
                field,
                min,
                max,
                unit,
            }
            .into(),
        }
    }
}

/// A number written as a text. Three digits behind the only dot are refused where they may be thousands: `150.000` is 150 to a
/// program and 150000 to a person.
///
/// # Errors
/// What is no number, has a fraction or separators, or is not exact.
pub fn parse(text: &str) -> Result<i64, NotWhole> {
    let text = text.trim();
    let plain = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match plain.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (plain, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let power = |s: &str| digits(s.strip_prefix(['-', '+']).unwrap_or(s));
    if !digits(whole) || !fraction.is_none_or(digits) || !exponent.is_none_or(power) {
        return Err(NotWhole::Form);
    }
    match (fraction, exponent) {
        (None, None) => exact(text.parse().map_err(|_| NotWhole::Range)?),
        (Some(fraction), None) if fraction.len() == 3 && whole.len() <= 3 && !whole.starts_with('0') => {
            Err(NotWhole::Form)
        }
        // Of this form it is one of Rust's too.
        _ => floating(text.parse().map_err(|_| NotWhole::Form)?),
    }
}

/// A number that a program keeps as a floating one.
///
/// # Errors
/// As [`parse`].
pub fn floating(number: f64) -> Result<i64, NotWhole> {
    if number.fract() != 0.0 {
        // Infinity has no fraction to speak of.
        return Err(if number.is_finite() {
            NotWhole::Fraction
        } else {
            NotWhole::Range
        });
    }
    // By way of its digits: exact, and beyond the bounds is no number at all.
    exact(format!("{number:.0}").parse().map_err(|_| NotWhole::Range)?)
}

/// A number within what is exact.
///
/// # Errors
/// [`NotWhole::Range`].
pub fn exact(number: i64) -> Result<i64, NotWhole> {
    if (-MAX..=MAX).contains(&number) {
        Ok(number)
    } else {
        Err(NotWhole::Range)
    }
}

/// Reads a whole number that fits `T`.
///
/// # Errors
/// What is no number, has a fraction or does not fit.
pub fn number<'de, D: Deserializer<'de>, T: TryFrom<i64>>(from: D) -> Result<T, D::Error> {
    from.deserialize_any(Whole(PhantomData))
}

/// The same, or null.
///
/// # Errors
/// As [`number`].
pub fn optional<'de, D: Deserializer<'de>, T: TryFrom<i64>>(from: D) -> Result<Option<T>, D::Error> {
    from.deserialize_option(Maybe(PhantomData))
}

/// The same, of what can be counted: a size, never below zero.
///
/// # Errors
/// As [`number`].
pub fn optional_natural<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    let number: Option<u64> = optional(from)?;
    Ok(number.and_then(|number| i64::try_from(number).ok()))
}

/// The same, and null is what it is when it is left out.
///
/// # Errors
/// As [`number`].
pub fn or_default<'de, D: Deserializer<'de>, T: TryFrom<i64> + Default>(from: D) -> Result<T, D::Error> {
    optional(from).map(Option::unwrap_or_default)
}

struct Whole<T>(PhantomData<T>);

impl<T: TryFrom<i64>> Visitor<'_> for Whole<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number within its bounds")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        let fits = exact(number).ok().and_then(|number| T::try_from(number).ok());
        fits.ok_or_else(|| E::custom("a whole number beyond its bounds"))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        let number = i64::try_from(number).map_err(|_| E::custom(NotWhole::Range))?;
        self.visit_i64(number)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        self.visit_i64(floating(number).map_err(E::custom)?)
    }
}

struct Maybe<T>(PhantomData<T>);

impl<'de, T: TryFrom<i64>> Visitor<'de> for Maybe<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number within its bounds, or null")
    }

    fn visit_none<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Option<T>, D::Error> {
        number(from).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::json;

    use super::{MAX, NotWhole, parse};

    #[derive(Deserialize)]
    struct Counted {
        #[serde(deserialize_with = "super::number")]
        copies: u16,
        #[serde(default, deserialize_with = "super::optional")]
        size: Option<i64>,
        #[serde(default, deserialize_with = "super::or_default")]
        pages: u16,
    }

    fn read(copies: &str, size: &str) -> Option<(u16, Option<i64>)> {
        let text = format!("{{\"copies\":{copies},\"size\":{size}}}");
        let counted: Counted = serde_json::from_str(&text).ok()?;
        Some((counted.copies, counted.size))
    }

    #[test]
    fn a_whole_number_is_one_however_it_is_written() {
        assert_eq!(read("2", "9062"), Some((2, Some(9062))));
        assert_eq!(read("2.0", "9.062e3"), Some((2, Some(9062))));
        assert_eq!(read("-0.0", "null"), Some((0, None)));
        assert_eq!(read("-0", "-0"), Some((0, Some(0))));
        assert_eq!(read("65535", &MAX.to_string()), Some((65_535, Some(MAX))));
        let left_out: Counted = serde_json::from_str("{\"copies\":1}").unwrap();
        assert_eq!((left_out.size, left_out.pages), (None, 0));
        let null: Counted = serde_json::from_str("{\"copies\":1,\"pages\":null}").unwrap();
        assert_eq!(null.pages, 0);
    }

    #[test]
    fn what_is_none_or_does_not_fit_is_refused() {
        for bad in ["1.5", "65536", "-1", "\"2\"", "true", "null", "[]", "1e400"] {
            assert_eq!(read(bad, "1"), None, "{bad}");
        }
        for bad in [
            "0.5",
            "9007199254740992",
            "9007199254740993.0",
            "9223372036854775808",
            "9223372036854775808.0",
            "-1e300",
            "\"1\"",
            "{}",
        ] {
            assert_eq!(read("1", bad), None, "{bad}");
        }
    }

    #[test]
    fn a_text_is_a_number_by_the_same_rule() {
        for (text, number) in [
            ("150000", 150_000),
            (" 150000\u{a0}\n", 150_000),
            ("150000.0", 150_000),
            ("150000.00", 150_000),
            ("1500.000", 1500),
            ("1.5e5", 150_000),
            ("1.5E+5", 150_000),
            ("1500e-2", 15),
            ("-0", 0),
            ("-0.0", 0),
            ("+5", 5),
            ("007", 7),
            ("0.000", 0),
            ("-12", -12),
            ("9007199254740991", MAX),
        ] {
            assert_eq!(parse(text), Ok(number), "{text}");
        }
        for (text, why) in [
            ("150000.5", NotWhole::Fraction),
            ("1.55e1", NotWhole::Fraction),
            ("1e-1", NotWhole::Fraction),
            ("0.500", NotWhole::Fraction),
            ("9007199254740992", NotWhole::Range),
            ("1e300", NotWhole::Range),
            ("1e999", NotWhole::Range),
            ("99999999999999999999", NotWhole::Range),
            ("", NotWhole::Form),
            ("-", NotWhole::Form),
            ("5.", NotWhole::Form),
            (".5", NotWhole::Form),
            ("1e", NotWhole::Form),
            ("0x10", NotWhole::Form),
            ("NaN", NotWhole::Form),
            ("inf", NotWhole::Form),
            ("15 000", NotWhole::Form),
            ("15,000", NotWhole::Form),
            ("15,000.00", NotWhole::Form),
            ("150.000", NotWhole::Form),
            ("1.500.000", NotWhole::Form),
            ("--1", NotWhole::Form),
            ("15000 đ", NotWhole::Form),
            ("１５", NotWhole::Form),
        ] {
            assert_eq!(parse(text), Err(why), "{text}");
        }
    }

    /// Numerals as programs write them, and near misses.
    fn numerals() -> impl Strategy<Value = String> {
        let exponent = proptest::option::of(("[eE][+-]?", 0..12u8).prop_map(|(e, n)| format!("{e}{n}")));
        let fraction = proptest::option::of("\\.(0{1,5}|[0-9]{1,5})");
        ("-?", prop_oneof!["0", "[1-9][0-9]{0,11}"], fraction, exponent).prop_map(
            |(sign, whole, fraction, exponent)| {
                format!(
                    "{sign}{whole}{}{}",
                    fraction.unwrap_or_default(),
                    exponent.unwrap_or_default()
                )
            },
        )
    }

    proptest! {
        #[test]
        fn schema_typed_reader_and_text_agree(numeral in numerals()) {
            let schema = json!({"type": "integer", "minimum": 0, "maximum": 65535});
            let validator = jsonschema::validator_for(&schema).unwrap();
            let typed: serde_json::Value = serde_json::from_str(&numeral).unwrap();
            let valid = validator.is_valid(&typed);
            let read = read(&numeral, "null").map(|(copies, _)| copies);
            prop_assert_eq!(read.is_some(), valid, "{}", numeral);
            let text = parse(&numeral);
            match text {
                Ok(n) => prop_assert_eq!(u16::try_from(n).ok(), read, "{}", numeral),
                // What a person may have meant as thousands is the one thing a text cannot say and a number can.
                Err(NotWhole::Form) => prop_assert!(numeral.contains('.') && !numeral.contains(['e', 'E'])),
                Err(_) => prop_assert_eq!(read, None, "{}", numeral),
            }
            for spaced in [format!(" {numeral}"), format!("{numeral}\t\n"), format!("\u{a0}{numeral} ")] {
                prop_assert_eq!(parse(&spaced), text);
            }
        }
    }
}
