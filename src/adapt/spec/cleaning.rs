//! What a format does with a text before it is read: a closed set of pure steps.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One step of cleaning.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[serde(deny_unknown_fields)]
pub(in crate::adapt) enum CleanSpec {
    /// Digits alone are kept.
    Digits,
    /// Small letters.
    Lower,
    /// Capitals.
    Upper,
    /// Every run of white space is one space.
    OneSpace,
    /// `&amp;`, `&#38;` and the other predefined entities of XML are the characters they name.
    Entities,
    /// A number written as this example: `1,234.00`, `1.234,00`, `1 234`, `1234.00`.
    Number(String),
    /// Each of these texts is replaced by its other one, the longest first, in one pass.
    Replace(BTreeMap<String, String>),
    /// Of the parts between this separator the one with this number, from 0; from the end −1.
    Split { by: String, take: i32 },
    /// Removed from the beginning, where it is there.
    StripPrefix(String),
    /// Removed from the end, where it is there.
    StripSuffix(String),
}
