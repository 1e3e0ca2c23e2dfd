//! Whole numbers as JSON and its schemas know them: `9062.0` and `9.062e3` are 9062. Programs whose numbers are all floating
//! write them so, and JSON Schema (2020-12, validation 6.1.1) counts them as integers.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{Error, Visitor};

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

struct Whole<T>(PhantomData<T>);

impl<T: TryFrom<i64>> Visitor<'_> for Whole<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number within its bounds")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        T::try_from(number).map_err(|_| E::custom("a whole number beyond its bounds"))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        let number = i64::try_from(number).map_err(|_| E::custom("a whole number beyond its bounds"))?;
        self.visit_i64(number)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        // By way of its digits: exact, and beyond the bounds is no number at all.
        let digits = format!("{number:.0}").parse().ok();
        let whole = digits.filter(|_| number.fract() == 0.0);
        self.visit_i64(whole.ok_or_else(|| E::custom("not a whole number"))?)
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
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Counted {
        #[serde(deserialize_with = "super::number")]
        copies: u16,
        #[serde(default, deserialize_with = "super::optional")]
        size: Option<i64>,
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
        assert_eq!(
            read("65535", "9223372036854775807"),
            Some((65_535, Some(i64::MAX)))
        );
        let left_out: Counted = serde_json::from_str("{\"copies\":1}").unwrap();
        assert_eq!(left_out.size, None);
    }

    #[test]
    fn what_is_none_or_does_not_fit_is_refused() {
        for bad in ["1.5", "65536", "-1", "\"2\"", "true", "null", "[]", "1e400"] {
            assert_eq!(read(bad, "1"), None, "{bad}");
        }
        for bad in [
            "0.5",
            "9223372036854775808",
            "9223372036854775808.0",
            "-1e300",
            "\"1\"",
            "{}",
        ] {
            assert_eq!(read("1", bad), None, "{bad}");
        }
    }
}
