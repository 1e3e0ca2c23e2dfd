//! What a column can hold, on both databases alike.
//!
//! SQLite takes nearly anything; PostgreSQL refuses U+0000 in a text and moments beyond its calendar, and a refused row takes its
//! whole commit along. So the narrower of the two is the rule of both, and it is asked before there is any SQL.

use aws_lc_rs::digest::Context;

use super::moment::At;
use super::word::{Code, Word, Worded};

/// The first moment a column holds, 0001-01-01T00:00:00Z, in microseconds: before it RFC 3339 has no year, and SQLite's text order
/// is no longer time order.
pub const FIRST_MOMENT: i64 = -62_135_596_800_000_000;

/// The last moment a column holds, 9999-12-30T22:00:00.999999Z, in microseconds: the last that the calendar of the hub has.
pub const LAST_MOMENT: i64 = 253_402_207_200_999_999;

/// A value of a column.
pub trait Column {
    /// Whether both databases hold it.
    fn is_storable(&self) -> bool {
        true
    }

    /// Takes the value into the digest of its row, under the name of its column. An absent value is left out, so that a column
    /// that is added later, and may be null, changes no digest of before.
    fn digest(&self, name: &str, row: &mut Context);
}

/// A value in the digest of its row: lengths as 8 bytes big-endian, so that nothing runs into what stands beside it.
fn put(name: &str, value: &[u8], row: &mut Context) {
    for part in [name.as_bytes(), value] {
        row.update(&(part.len() as u64).to_be_bytes());
        row.update(part);
    }
}

macro_rules! numbers {
    ($($of:ty),*) => {$(
        impl Column for $of {
            fn digest(&self, name: &str, row: &mut Context) {
                put(name, &i64::from(*self).to_be_bytes(), row);
            }
        }
    )*};
}

numbers!(i16, i32, i64, bool);

impl Column for Vec<u8> {
    fn digest(&self, name: &str, row: &mut Context) {
        put(name, self, row);
    }
}

impl Column for str {
    fn is_storable(&self) -> bool {
        !self.as_bytes().contains(&0)
    }

    fn digest(&self, name: &str, row: &mut Context) {
        put(name, self.as_bytes(), row);
    }
}

impl Column for String {
    fn is_storable(&self) -> bool {
        self.as_str().is_storable()
    }

    fn digest(&self, name: &str, row: &mut Context) {
        self.as_str().digest(name, row);
    }
}

impl Column for At {
    fn is_storable(&self) -> bool {
        (FIRST_MOMENT..=LAST_MOMENT).contains(&self.0.as_micros())
    }

    fn digest(&self, name: &str, row: &mut Context) {
        put(name, &self.0.as_micros().to_be_bytes(), row);
    }
}

impl<T: Worded> Column for Word<T> {
    fn digest(&self, name: &str, row: &mut Context) {
        self.0.word().digest(name, row);
    }
}

impl Column for Code {
    fn digest(&self, name: &str, row: &mut Context) {
        self.number().digest(name, row);
    }
}

impl<T: Column> Column for Option<T> {
    fn is_storable(&self) -> bool {
        self.as_ref().is_none_or(Column::is_storable)
    }

    fn digest(&self, name: &str, row: &mut Context) {
        if let Some(value) = self {
            value.digest(name, row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::seal;
    use crate::domain::time::Timestamp;
    use crate::domain::view::Transport;

    #[test]
    fn a_text_without_nul_and_a_moment_of_the_calendar_are_held() {
        let at = |micros| At(Timestamp::from_micros(micros));
        for (moment, held) in [
            (at(FIRST_MOMENT), true),
            (at(FIRST_MOMENT - 1), false),
            (at(LAST_MOMENT), true),
            (at(LAST_MOMENT + 1), false),
            (at(i64::MIN), false),
            (at(i64::MAX), false),
        ] {
            assert_eq!(moment.is_storable(), held, "{moment:?}");
        }
        assert_eq!(at(FIRST_MOMENT).0.to_string(), "0001-01-01T00:00:00.000000Z");
        assert_eq!(
            at(LAST_MOMENT).0.as_micros(),
            jiff::Timestamp::MAX.as_microsecond()
        );
        assert!("Phường Đại Mỗ".to_owned().is_storable() && String::new().is_storable());
        assert!(!"BD-9\0".to_owned().is_storable() && !Some("\0".to_owned()).is_storable());
        assert!(None::<String>.is_storable() && vec![0u8].is_storable());
    }

    #[test]
    fn a_word_has_the_digest_of_its_text() {
        let digest = |value: &dyn Fn(&mut Context)| seal::digest_of(|row| value(row));
        let of_word = digest(&|row| Word(Transport::Webhook).digest("way", row));
        assert_eq!(of_word, digest(&|row| "webhook".to_owned().digest("way", row)));
    }
}
