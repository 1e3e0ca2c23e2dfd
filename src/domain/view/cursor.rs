//! Places in what the hub tells in order: the feed, the alarms.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::time::Timestamp;

/// A place in the feed or among the alarms: what comes after it is asked for.
///
/// It belongs to one history. Beside the number it has the moment at which what stands there was committed; after a database was
/// restored from a backup the number is given to something else, at another moment, and the cursor is known not to be of this
/// history. Written as `48213-6449a1b2c3d4e`: the number, and the moment in microseconds since 1970 in hexadecimal. To whoever keeps
/// it, it is a text without meaning. A bare number has no moment: `0` is the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor {
    /// The number of the last event or alarm before it; 0 is before the first.
    pub number: i64,
    /// When that was committed.
    pub at: Option<Timestamp>,
}

impl Cursor {
    /// Before everything.
    pub const START: Cursor = Cursor { number: 0, at: None };

    /// Its form, as the interface says it.
    pub const PATTERN: &'static str = "^[0-9]{1,18}(-[0-9a-f]{1,14})?$";

    /// After what has this number and was committed at this moment.
    pub const fn after(number: i64, at: Timestamp) -> Self {
        Cursor { number, at: Some(at) }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "{}-{:x}", self.number, at.as_micros()),
            None => write!(f, "{}", self.number),
        }
    }
}

/// Why a text is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor")]
pub struct NotACursor;

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let (number, at) = match text.split_once('-') {
            Some((number, at)) => (number, Some(at)),
            None => (text, None),
        };
        let digits = (1..=18).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
        let number = number.parse().ok().filter(|_| digits).ok_or(NotACursor)?;
        let at = at.map(|at| {
            let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
            let hex = (1..=14).contains(&at.len()) && at.bytes().all(lower);
            let micros = i64::from_str_radix(at, 16).ok().filter(|_| hex);
            micros.map(Timestamp::from_micros).ok_or(NotACursor)
        });
        Ok(Cursor {
            number,
            at: at.transpose()?,
        })
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cursor {
    /// From its text, or from a bare number as JSON has them.
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(i64),
            Text(String),
        }
        let text = match Written::deserialize(d) {
            Ok(Written::Number(number)) => number.to_string(),
            Ok(Written::Text(text)) => text,
            Err(_) => String::new(),
        };
        text.parse().map_err(|_| serde::de::Error::custom("not a cursor"))
    }
}

impl JsonSchema for Cursor {
    fn schema_name() -> Cow<'static, str> {
        "Cursor".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": Cursor::PATTERN,
            "description": "A place in the order of things, to be given back as it was got. `0` is before everything.",
            "examples": ["48213-6449a1b2c3d4e"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_taken_exactly_as_the_interface_says_and_comes_back_as_it_was() {
        let told = jsonschema::validator_for(&serde_json::json!({ "pattern": Cursor::PATTERN })).unwrap();
        for text in [
            "0",
            "48213",
            "48213-6449a1b2c3d4e",
            "999999999999999999-ffffffffffffff",
            "1-0",
            "9999999999999999999",
            "-1",
            "+1",
            "1-",
            "1-F",
            "1-fffffffffffffff",
            "1-+1",
            "1--1",
            "-",
            "",
            " 1",
            "1.5",
        ] {
            let read = text.parse::<Cursor>();
            assert_eq!(read.is_ok(), told.is_valid(&serde_json::json!(text)), "{text}");
            if let Ok(cursor) = read {
                assert_eq!(cursor.to_string(), text);
                assert_eq!(serde_json::to_value(cursor).unwrap(), text);
                assert_eq!(
                    serde_json::from_value::<Cursor>(serde_json::json!(text)).unwrap(),
                    cursor
                );
            }
        }
        assert_eq!(serde_json::from_str::<Cursor>("7").unwrap().to_string(), "7");
        for wrong in ["-7", "1.5", "null", "[1]", "\"x\""] {
            assert!(serde_json::from_str::<Cursor>(wrong).is_err(), "{wrong}");
        }
    }
}
