//! What is known of a document when it is judged, also where parts of it could not be read.

use serde_json::Value;

use super::words::CheckName;
use crate::domain::codes::IdentityNumber;
use crate::domain::dossier::Sex;
use crate::domain::time::{Date, Timestamp};

/// A value of a canonical tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FactValue<'a> {
    /// Something is there that could not be read.
    Bad,
    /// Named values.
    Object,
    /// Values in order.
    List,
    /// A text; a moment or a day may be one.
    Text(&'a str),
    /// A number.
    Whole(i64),
    /// Yes or no.
    Flag(bool),
    /// A moment.
    Moment(Timestamp),
    /// A day.
    Day(Date),
}

/// A node of a canonical tree. What is not said has none.
pub trait FactNode: Sized {
    /// The member of an object; none where nothing is said.
    fn member(&self, name: &str) -> Option<&Self>;
    /// The items of a list; none of anything else.
    fn items(&self) -> &[Self];
    /// What it is.
    fn value(&self) -> FactValue<'_>;
}

impl FactNode for Value {
    fn member(&self, name: &str) -> Option<&Value> {
        self.get(name).filter(|member| !member.is_null())
    }

    fn items(&self) -> &[Value] {
        self.as_array().map_or(&[], Vec::as_slice)
    }

    fn value(&self) -> FactValue<'_> {
        match self {
            Value::Object(_) => FactValue::Object,
            Value::Array(_) => FactValue::List,
            Value::String(text) => FactValue::Text(text),
            Value::Bool(flag) => FactValue::Flag(*flag),
            Value::Number(number) => number.as_i64().map_or(FactValue::Bad, FactValue::Whole),
            Value::Null => FactValue::Bad,
        }
    }
}

/// A person of a filing whose identity number was read, with what else is said of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identified {
    /// The canonical pointer of the party: `/applicant`.
    pub party: String,
    /// Their number.
    pub number: IdentityNumber,
    /// Their date of birth.
    pub birth_date: Option<Date>,
    /// Their sex.
    pub sex: Option<Sex>,
}

/// A total that a format gives beside the fees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedTotal {
    /// The check that compares it.
    pub check: CheckName,
    /// In đồng.
    pub amount_vnd: i64,
    /// Where it stands in the sender's document.
    pub path: String,
}

/// What is known of a document.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a, N> {
    /// Its canonical tree.
    pub root: &'a N,
    /// Canonical pointers at which something was wrong. No rule speaks of what is there.
    pub bad: &'a [String],
    /// Its persons.
    pub identities: &'a [Identified],
    /// Its totals.
    pub totals: &'a [StatedTotal],
}

impl<'a, N: FactNode> Facts<'a, N> {
    /// Of a tree in which nothing is wrong.
    pub fn sound(root: &'a N) -> Self {
        Facts {
            root,
            bad: &[],
            identities: &[],
            totals: &[],
        }
    }

    /// Whether what stands at a pointer, something inside it, or something around it, was wrong.
    pub(super) fn is_bad(&self, pointer: &str) -> bool {
        let inside = |whole: &str, part: &str| {
            part.strip_prefix(whole)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.bad
            .iter()
            .any(|bad| inside(bad, pointer) || inside(pointer, bad))
    }
}
