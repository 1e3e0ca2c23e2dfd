//! A label as its word, wherever it is written or read.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Label;

impl Label {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        self.text().label
    }

    /// The rules that may be broken: what is done all the same is applied and flagged with one of these.
    pub const IRREGULAR: [Label; 6] = [
        Label::SupplementRepeated,
        Label::SupplementLate,
        Label::SupplementNotOverdue,
        Label::PostponementRepeated,
        Label::PostponementLate,
        Label::CorrectionLate,
    ];

    /// The label of this word.
    pub fn parse(word: &str) -> Option<Label> {
        Label::ALL.iter().copied().find(|l| l.as_str() == word)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Label {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let word = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        Label::parse(&word).ok_or_else(|| serde::de::Error::custom("unknown label"))
    }
}

impl schemars::JsonSchema for Label {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Label".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[a-z][a-z0-9-]*$", "description": "see docs/ERRORS.md"})
    }
}
