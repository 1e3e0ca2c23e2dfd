//! The part of an address after the question mark. Every parameter is known, comes once and is well-formed, or the request is
//! refused with its name.

use std::str::FromStr;

use actix_web::web::Query;
use percent_encoding::percent_decode_str;

use crate::domain::rejection::problems::{self, Bilingual, Fill};
use crate::domain::rejection::{Problem, Rejection};
use crate::domain::time::Timestamp;

/// The parameters of a request.
pub struct Parameters {
    pairs: Vec<Pair>,
}

struct Pair {
    name: String,
    value: String,
    /// The value with each `+` as itself, where it was sent with one. Forms write a space so, and many write a plus so.
    plus: Option<String>,
}

/// The pairs of a query or a form; `None` when it is not percent-encoded UTF-8.
pub(in crate::http) fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    // The parser puts U+FFFD in place of what is not UTF-8, instead of saying so. A broken escape is what it looks like, to both.
    percent_decode_str(text).decode_utf8().ok()?;
    Query::<Vec<(String, String)>>::from_query(text)
        .ok()
        .map(Query::into_inner)
}

/// A parameter that nobody reads at this address.
fn unknown(parameter: &str, known: &[&str]) -> Problem {
    if known.is_empty() {
        let none = Bilingual {
            vi: "không tham số nào",
            en: "none",
        };
        return refused(parameter, &none);
    }
    refused(parameter, &known.join(", "))
}

fn malformed(parameter: &str, expected: &str) -> Rejection {
    refused(parameter, &expected).into()
}

fn refused(parameter: &str, expected: &dyn Fill) -> Problem {
    // The name is the caller's own; what is not a plain word is not repeated.
    let plain = !parameter.is_empty()
        && parameter.len() <= 40
        && parameter
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    let name = if plain { parameter } else { "…" };
    problems::QueryMalformed {
        parameter: &name,
        expected,
    }
    .into()
}

impl Parameters {
    /// Reads a query that may hold `known` and nothing else.
    ///
    /// # Errors
    /// `query-malformed` for an unknown or repeated parameter.
    pub(super) fn read(query: &str, known: &[&str]) -> Result<Self, Rejection> {
        let encoding = || malformed("…", "UTF-8, percent-encoded");
        let plain = self::pairs(query).ok_or_else(encoding)?;
        let literal = self::pairs(&query.replace('+', "%2B")).ok_or_else(encoding)?;
        let pair = |((name, value), (_, plus)): ((String, String), (String, String))| Pair {
            plus: (plus != value).then_some(plus),
            name,
            value,
        };
        let pairs: Vec<Pair> = plain.into_iter().zip(literal).map(pair).collect();
        for (at, Pair { name, .. }) in pairs.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                return Err(unknown(name, known).into());
            }
            if pairs[..at].iter().any(|p| p.name == *name) {
                return Err(malformed(name, "1×"));
            }
        }
        Ok(Parameters { pairs })
    }

    fn pair(&self, name: &str) -> Option<&Pair> {
        self.pairs.iter().find(|p| p.name == name)
    }

    fn raw(&self, name: &str) -> Option<&str> {
        self.pair(name).map(|p| p.value.as_str())
    }

    /// A moment (RFC 3339). A `+` before its offset is one: no moment has a space there.
    ///
    /// # Errors
    /// `query-malformed`.
    pub fn moment(&self, name: &str) -> Result<Option<Timestamp>, Rejection> {
        let read = |p: &Pair| p.plus.as_ref().unwrap_or(&p.value).parse();
        self.pair(name)
            .map(|p| read(p).map_err(|_| malformed(name, "RFC 3339: 2026-11-20T08:00:00+07:00 (+ = %2B)")))
            .transpose()
    }

    /// The texts a parameter may mean, each of 1 to `limit` characters without control characters: `+` stands for a space, as in
    /// forms, or for itself. `%20` and `%2B` mean one thing only.
    ///
    /// # Errors
    /// `query-malformed` with the limit.
    pub fn texts(&self, name: &str, limit: usize) -> Result<Vec<String>, Rejection> {
        let first = self.text(name, limit)?;
        let also = self.pair(name).and_then(|p| p.plus.clone());
        Ok(first.into_iter().chain(also).collect())
    }

    /// A value with a parser of its own.
    ///
    /// # Errors
    /// `query-malformed` with `expected`.
    pub fn get<T: FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>, Rejection> {
        self.raw(name)
            .map(|v| v.parse().map_err(|_| malformed(name, expected)))
            .transpose()
    }

    /// One of a closed list of words.
    ///
    /// # Errors
    /// `query-malformed` with the words.
    pub fn word<T: Copy, const N: usize>(
        &self,
        name: &str,
        words: [(&str, T); N],
    ) -> Result<Option<T>, Rejection> {
        let Some(raw) = self.raw(name) else {
            return Ok(None);
        };
        let found = words
            .iter()
            .find(|(word, _)| *word == raw)
            .map(|(_, value)| *value);
        let all = words.map(|(word, _)| word).join(", ");
        found.map(Some).ok_or_else(|| malformed(name, &all))
    }

    /// A whole number from `min` to `max`.
    ///
    /// # Errors
    /// `query-malformed` with the bounds.
    pub fn number<T>(&self, name: &str, min: T, max: T) -> Result<Option<T>, Rejection>
    where
        T: FromStr + PartialOrd + std::fmt::Display + Copy,
    {
        let Some(raw) = self.raw(name) else {
            return Ok(None);
        };
        let digits = !raw.is_empty() && raw.bytes().all(|b| b.is_ascii_digit());
        let number = digits
            .then(|| raw.parse::<T>().ok())
            .flatten()
            .filter(|n| (min..=max).contains(n));
        number
            .map(Some)
            .ok_or_else(|| malformed(name, &format!("{min}–{max}")))
    }

    /// A text of 1 to `limit` characters without control characters.
    ///
    /// # Errors
    /// `query-malformed` with the limit.
    pub fn text(&self, name: &str, limit: usize) -> Result<Option<String>, Rejection> {
        let Some(raw) = self.raw(name) else {
            return Ok(None);
        };
        if raw.is_empty() || raw.chars().count() > limit || raw.contains(char::is_control) {
            return Err(malformed(name, &format!("1–{limit} char")));
        }
        Ok(Some(raw.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rejection::Label;

    fn read(query: &str) -> Result<Parameters, Rejection> {
        Parameters::read(query, &["after", "limit", "name"])
    }

    #[test]
    fn each_parameter_is_known_comes_once_and_is_well_formed() {
        let p = read("limit=200&name=a%20b").unwrap();
        assert_eq!(p.number("limit", 1u32, 200), Ok(Some(200)));
        assert_eq!(p.text("name", 3), Ok(Some("a b".to_owned())));
        assert_eq!(p.number("after", 0i64, 9), Ok(None));
        for bad in [
            "limit=1&limit=2",
            "other=1",
            "name=%ff",
            "name=%c3",
            "%ff=1",
            "%zz=1&<script>=1",
            "limit",
        ] {
            let refused = read(bad).and_then(|p| p.number("limit", 1u32, 200));
            assert_eq!(refused.unwrap_err().label(), Label::QueryMalformed, "{bad}");
        }
        for bad in ["0", "201", "-1", "+5", "", "1.0", "99999999999999999999"] {
            let p = read(&format!("limit={bad}")).unwrap();
            assert_eq!(
                p.number("limit", 1u32, 200).unwrap_err().label(),
                Label::QueryMalformed,
                "{bad}"
            );
        }
        let p = read("name=A+B%2B").unwrap();
        assert_eq!(p.texts("name", 4), Ok(vec!["A B+".to_owned(), "A+B+".to_owned()]));
        assert_eq!(
            read("name=A%20B").unwrap().texts("name", 4),
            Ok(vec!["A B".to_owned()])
        );
        assert_eq!(read("limit=1").unwrap().texts("name", 4), Ok(Vec::new()));
        assert!(read("name=+").unwrap().texts("name", 0).is_err());
        for moment in [
            "2026-11-20T08:00:00+07:00",
            "2026-11-20T08:00:00%2B07:00",
            "2026-11-20T01:00:00Z",
        ] {
            let p = read(&format!("after={moment}")).unwrap();
            assert_eq!(
                p.moment("after"),
                Ok(Some("2026-11-20T01:00:00Z".parse().unwrap())),
                "{moment}"
            );
        }
        for bad in [
            "",
            "2026-11-20",
            "2026-11-20T08:00:00%2007:00",
            "2026-11-20+08:00:00Z",
        ] {
            let p = read(&format!("after={bad}")).unwrap();
            assert_eq!(
                p.moment("after").unwrap_err().label(),
                Label::QueryMalformed,
                "{bad}"
            );
        }
        for bad in ["abcd", "", "a%00b"] {
            let p = read(&format!("name={bad}")).unwrap();
            assert!(p.text("name", 3).is_err(), "{bad}");
        }
    }
}
