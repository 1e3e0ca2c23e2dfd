//! A canonical value, and what a text among them looks like.

use std::borrow::Cow;
use std::sync::Arc;

use crate::adapt::plan::Fixed;
use crate::adapt::spec::Form;
use crate::domain::checks::{FactNode, FactValue};
use crate::domain::codes::{DossierCode, Email, IdentityNumber, Phone, TaxCode};
use crate::domain::text::{Lines, clean};
use crate::domain::time::{Date, Timestamp};

/// A canonical value, typed but not yet checked against its own parser.
#[derive(Clone, Debug)]
pub(in crate::adapt) enum Canon<'t> {
    Object(Vec<(&'t str, Canon<'t>)>),
    List(Vec<Canon<'t>>),
    Text(Cow<'t, str>),
    Whole(i64),
    Flag(bool),
    Instant(Timestamp),
    Day(Date),
    /// Of a file.
    Content(Arc<Vec<u8>>),
    /// Something is there and wrong, which has been said already.
    Bad,
}

impl Canon<'_> {
    /// The same value, which holds on to nothing.
    pub fn detached<'t>(self) -> Canon<'t> {
        match self {
            Canon::Text(text) => Canon::Text(Cow::Owned(text.into_owned())),
            Canon::Whole(n) => Canon::Whole(n),
            Canon::Flag(b) => Canon::Flag(b),
            Canon::Instant(at) => Canon::Instant(at),
            Canon::Day(day) => Canon::Day(day),
            Canon::Content(bytes) => Canon::Content(bytes),
            // One value is read at a time, so none of these is made of a text that was cleaned.
            Canon::Object(_) | Canon::List(_) | Canon::Bad => Canon::Bad,
        }
    }
}

impl FactNode for Canon<'_> {
    fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Canon::Object(members) => members.iter().find(|(n, _)| *n == name).map(|(_, value)| value),
            _ => None,
        }
    }

    fn items(&self) -> &[Self] {
        match self {
            Canon::List(items) => items,
            _ => &[],
        }
    }

    fn value(&self) -> FactValue<'_> {
        match self {
            // Of a content no more is asked than whether it is there.
            Canon::Object(_) | Canon::Content(_) => FactValue::Object,
            Canon::List(_) => FactValue::List,
            Canon::Text(text) => FactValue::Text(text),
            Canon::Whole(n) => FactValue::Whole(*n),
            Canon::Flag(flag) => FactValue::Flag(*flag),
            Canon::Instant(at) => FactValue::Moment(*at),
            Canon::Day(day) => FactValue::Day(*day),
            Canon::Bad => FactValue::Bad,
        }
    }
}

pub(super) fn fixed(value: &Fixed) -> Canon<'_> {
    match value {
        Fixed::Text(t) => Canon::Text(Cow::Borrowed(t)),
        Fixed::Whole(n) => Canon::Whole(*n),
        Fixed::Flag(b) => Canon::Flag(*b),
    }
}

/// Whether a text is meant for an official code and is none.
pub(super) fn resembles_code(value: &Canon<'_>) -> bool {
    matches!(value, Canon::Text(text) if DossierCode::resembles(text))
}

pub(super) fn has_form(form: Form, value: &Canon<'_>) -> bool {
    let Canon::Text(text) = value else { return false };
    let Ok(text) = clean(text, Lines::One) else {
        return false;
    };
    match form {
        Form::DossierCode => text.parse::<DossierCode>().is_ok(),
        Form::IdentityNumber => text.parse::<IdentityNumber>().is_ok(),
        Form::TaxCode => text.parse::<TaxCode>().is_ok(),
        Form::Phone => text.parse::<Phone>().is_ok(),
        Form::Email => text.parse::<Email>().is_ok(),
    }
}
