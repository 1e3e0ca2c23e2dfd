//! `adapter.toml` as it is written. Its words are explained in docs/ADAPTERS.md; [`super::compile`] makes a plan of it.
//!
//! Unknown keys are refused here. Keys that a message may have to point at carry their place in the file.

mod cleaning;
mod file;
mod many;
mod out;

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

pub(super) use cleaning::CleanSpec;
pub(super) use file::AdapterSpec;
pub(super) use many::OneOrMany;
pub(super) use out::{As, Leave, Once, OutListSpec, OutSpec, RenderSpec};

/// What the format is, and how strict it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FormatSpec {
    pub name: Spanned<String>,
    pub version: Spanned<u32>,
    pub title_vi: String,
    pub title_en: String,
    /// Made here, or not confirmed by the partner.
    #[serde(default)]
    pub provisional: bool,
    /// Code tables whose words are compared without case.
    #[serde(default)]
    pub fold_case: Vec<Spanned<String>>,
    /// A field the file does not declare.
    pub unknown: Unknown,
    /// An empty text.
    pub empty: Empty,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Unknown {
    Refuse,
    Warn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Empty {
    /// Means that a text is there, and it is wrong.
    Refuse,
    /// Means that the field was left out.
    Absent,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JsonSpec {
    pub media_types: Vec<Spanned<String>>,
    /// Whether numbers and flags may also be written as texts.
    #[serde(default)]
    pub values: Values,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Values {
    #[default]
    Typed,
    Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct XmlSpec {
    pub media_types: Vec<Spanned<String>>,
    /// Namespace of names without a prefix; of several the first is the one that is written, the others are read as if they
    /// were it.
    #[serde(default)]
    pub namespace: OneOrMany,
    /// Namespaces of names with a prefix, likewise.
    #[serde(default)]
    pub namespaces: BTreeMap<String, OneOrMany>,
}

/// How a list is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[serde(expecting = "{ item = \"…\" } or { one = true } or both")]
pub(super) struct ListingSpec {
    /// Name of one item's element in XML; left out, the list's own element repeats.
    pub item: Option<String>,
    /// One item may stand without its list.
    #[serde(default)]
    pub one: bool,
}

/// A document the format knows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentSpec {
    /// Name of the root element in XML.
    pub root: Option<Spanned<String>>,
    /// Where the items are, `.` being the document itself; of several the first that is there counts. Left out, the whole
    /// document is the one item.
    pub items: Option<Spanned<OneOrMany>>,
    /// Name of one item's element in XML.
    pub item: Option<String>,
    #[serde(default)]
    pub envelope: EnvelopeSpec,
    #[serde(default)]
    pub require: Vec<RequireSpec>,
    #[serde(default)]
    pub check: Vec<CheckSpec>,
    #[serde(default)]
    pub field: Vec<FieldSpec>,
    #[serde(default)]
    pub part: Vec<PartSpec>,
    #[serde(default)]
    pub list: Vec<ListSpec>,
    #[serde(default)]
    pub pick: Vec<PickSpec>,
    #[serde(default)]
    pub kept: Vec<Spanned<String>>,
    #[serde(default)]
    pub ignored: Vec<IgnoredSpec>,
    #[serde(default)]
    pub forbidden: Vec<Spanned<String>>,
}

/// What stands around the items.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EnvelopeSpec {
    #[serde(default)]
    pub require: Vec<RequireSpec>,
    #[serde(default)]
    pub ignored: Vec<IgnoredSpec>,
    #[serde(default)]
    pub forbidden: Vec<Spanned<String>>,
}

/// Fields nobody reads, and why not.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IgnoredSpec {
    pub fields: Vec<Spanned<String>>,
    pub why: Spanned<String>,
}

/// A list of which paths pick entries by a word (`[key=word]`), and what an entry with another word is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PickSpec {
    pub from: Spanned<String>,
    /// The field of an entry that holds the word.
    pub by: String,
    /// Words there are beside those that paths pick.
    pub among: Option<Vec<String>>,
    pub otherwise: Option<Otherwise>,
}

/// What becomes of a word a rule does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Otherwise {
    /// It is a problem.
    Refuse,
    /// It is a warning, and counts as if nothing were there.
    Warn,
}

/// What must hold of a field.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequireSpec {
    pub from: Spanned<String>,
    /// One of these words.
    pub is: Option<Vec<String>>,
    /// None of these words.
    pub is_not: Option<Vec<String>>,
    /// Whether it must be there.
    pub present: Option<bool>,
    /// It may be missing.
    #[serde(default)]
    pub optional: bool,
    /// Words are compared without case.
    #[serde(default)]
    pub fold_case: bool,
    /// Asked only where this holds.
    pub when: Option<WhenSpec>,
}

/// A rule about what the document means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckSpec {
    /// Its stable name.
    pub name: Spanned<String>,
    /// Which rule, by its word.
    pub rule: Spanned<String>,
    /// Its arguments by name.
    #[serde(default)]
    pub arguments: BTreeMap<String, String>,
    /// Sender's path of the total that the fees add up to.
    pub total: Option<Spanned<String>>,
    pub severity: Weighs,
    /// What is said instead of the rule's own sentence, in both languages or in none.
    pub vi: Option<String>,
    pub en: Option<String>,
}

/// How much a broken rule weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Weighs {
    Error,
    Warning,
}

/// Rules that share one place in the sender's document.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    #[serde(default)]
    pub field: Vec<FieldSpec>,
    #[serde(default)]
    pub part: Vec<PartSpec>,
    #[serde(default)]
    pub list: Vec<ListSpec>,
    #[serde(default)]
    pub pick: Vec<PickSpec>,
    #[serde(default)]
    pub kept: Vec<Spanned<String>>,
    #[serde(default)]
    pub ignored: Vec<IgnoredSpec>,
    #[serde(default)]
    pub forbidden: Vec<Spanned<String>>,
}

/// One value.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldSpec {
    /// Canonical name; dots enter parts.
    pub to: Spanned<String>,
    /// Sender's path, or several of which the first present one counts.
    #[serde(default)]
    pub from: OneOrMany,
    /// Always this value.
    pub constant: Option<toml::Value>,
    /// This value when the sender gives none.
    pub default: Option<toml::Value>,
    /// Code table.
    pub table: Option<String>,
    /// How a date is written; of several forms the first that fits counts.
    #[serde(default)]
    pub date: OneOrMany,
    /// Zone of a date without one.
    pub zone: Option<String>,
    /// What the format does with a text before it is read, in this order.
    #[serde(default)]
    pub clean: Vec<CleanSpec>,
    /// The same for a text that is not as the format has it: what it changes is told.
    #[serde(default)]
    pub mend: Vec<CleanSpec>,
    /// What a date that is missing is taken from.
    pub absent: Option<Absent>,
    /// Required by the format, though the canonical dossier does not need it.
    #[serde(default)]
    pub required: Required,
    /// The format's own limit in characters; a longer text is told, and kept as far as the canonical field holds it.
    pub max: Option<usize>,
    /// All sources that are present, put together with this between them.
    pub join: Option<String>,
    /// `warn`: a value that cannot be read is told and set aside.
    pub otherwise: Option<Otherwise>,
    /// Left out when it does not have this form.
    pub only_if: Option<Form>,
    /// Left out when it has this form.
    pub except_if: Option<Form>,
    pub when: Option<WhenSpec>,
}

/// What a missing value is.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Required {
    /// `true`: a problem.
    Flag(bool),
    /// `"warn"`: told.
    Word(Told),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Told {
    Warn,
}

impl Default for Required {
    fn default() -> Self {
        Required::Flag(false)
    }
}

impl Required {
    /// What a missing value is; none when it may be missing.
    pub fn otherwise(self) -> Option<Otherwise> {
        match self {
            Required::Flag(true) => Some(Otherwise::Refuse),
            Required::Flag(false) => None,
            Required::Word(Told::Warn) => Some(Otherwise::Warn),
        }
    }
}

/// Forms a value may be tested for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Form {
    DossierCode,
    IdentityNumber,
    TaxCode,
    Phone,
    Email,
}

impl Form {
    /// An example, for messages.
    pub const fn shown(self) -> &'static str {
        match self {
            Form::DossierCode => "H26.12-261120-0001",
            Form::IdentityNumber => "000185000001",
            Form::TaxCode => "0100233488, 0312687878-001",
            Form::Phone => "0000000001, +84000000001",
            Form::Email => "ten@vidu.vn",
        }
    }
}

impl FieldSpec {
    /// Whether it says how a date is written.
    pub fn is_dated(&self) -> bool {
        !self.date.as_slice().is_empty()
    }
}

/// What a missing moment is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Absent {
    /// The hub's receipt of the message.
    Receipt,
}

/// A rule that counts only sometimes: a question about one field, or several conditions together.
#[derive(Debug, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub(super) struct WhenSpec {
    /// All of these hold.
    pub all: Option<Vec<WhenSpec>>,
    /// At least one of these holds.
    pub any: Option<Vec<WhenSpec>>,
    /// This does not hold.
    pub not: Option<Box<WhenSpec>>,
    pub from: Option<String>,
    pub is: Option<Vec<String>>,
    pub is_not: Option<Vec<String>>,
    pub present: Option<bool>,
    /// The words there are, as a code table; `is` and `is_not` then name what they mean.
    pub table: Option<String>,
    /// The words there are beside those of `is` or `is_not`.
    pub among: Option<Vec<String>>,
    /// What another word is.
    pub otherwise: Option<Otherwise>,
    /// Words are compared without case.
    #[serde(default)]
    pub fold_case: bool,
}

impl<'de> Deserialize<'de> for WhenSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// Says what to write where a list stands: serde would take its entries for the fields of a condition.
        struct Condition;

        impl<'de> Visitor<'de> for Condition {
            type Value = WhenSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one condition, { from = \"…\", is = [\"…\"] }; several are { all = [{…}, {…}] } or { any = [{…}, {…}] }")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WhenSpec, A::Error> {
                WhenSpec::deserialize(MapAccessDeserializer::new(map))
            }
        }

        deserializer.deserialize_any(Condition)
    }
}

/// A group of values, once.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartSpec {
    pub to: Spanned<String>,
    /// Where its rules start from; left out, where this rule stands.
    pub from: Option<String>,
    pub when: Option<WhenSpec>,
    /// Rules written once under `[shape.<name>]`.
    pub shape: Option<String>,
    #[serde(default)]
    pub field: Vec<FieldSpec>,
    #[serde(default)]
    pub part: Vec<PartSpec>,
    #[serde(default)]
    pub list: Vec<ListSpec>,
    #[serde(default)]
    pub pick: Vec<PickSpec>,
    #[serde(default)]
    pub kept: Vec<Spanned<String>>,
    #[serde(default)]
    pub ignored: Vec<IgnoredSpec>,
    #[serde(default)]
    pub forbidden: Vec<Spanned<String>>,
}

/// A group of values, repeated.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListSpec {
    pub to: Spanned<String>,
    /// The list; `.` makes one item of the place where this rule stands.
    pub from: String,
    /// Of the items only those whose field (left) says the same as one outside the item (right).
    #[serde(default)]
    pub matching: BTreeMap<String, String>,
    /// Of the items only those that no rule with `matching` took.
    #[serde(default)]
    pub rest: bool,
    /// An item for which this does not hold is passed over.
    pub when: Option<WhenSpec>,
    pub shape: Option<String>,
    #[serde(default)]
    pub field: Vec<FieldSpec>,
    #[serde(default)]
    pub part: Vec<PartSpec>,
    #[serde(default)]
    pub list: Vec<ListSpec>,
    #[serde(default)]
    pub pick: Vec<PickSpec>,
    #[serde(default)]
    pub kept: Vec<Spanned<String>>,
    #[serde(default)]
    pub ignored: Vec<IgnoredSpec>,
    #[serde(default)]
    pub forbidden: Vec<Spanned<String>>,
}
