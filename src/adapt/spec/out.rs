//! What is written: `[render]` and `[progress]`.

use serde::Deserialize;
use toml::Spanned;

use super::{OneOrMany, WhenSpec};

/// What an agency receives, or a submitter is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::adapt) struct RenderSpec {
    /// The canonical form itself.
    #[serde(default)]
    pub mirror: bool,
    /// What is written; of several the first, unless the receiver wants another.
    pub media_type: Spanned<OneOrMany>,
    /// Name of the root element in XML; left out, the one that is read.
    pub root: Option<Spanned<String>>,
    /// The list of the one item; left out, the whole document is the item.
    pub items: Option<Spanned<String>>,
    /// Name of one item's element in XML; left out, the list's own element repeats.
    pub item: Option<String>,
    /// A report for which this does not hold is not told.
    pub when: Option<WhenSpec>,
    #[serde(default)]
    pub envelope: Vec<OutSpec>,
    #[serde(default)]
    pub field: Vec<OutSpec>,
    #[serde(default)]
    pub list: Vec<OutListSpec>,
}

/// One value written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::adapt) struct OutSpec {
    /// The receiver's path; in a list `.` is the item itself.
    pub to: Spanned<String>,
    /// The hub's value; of several the first present one counts.
    #[serde(default)]
    pub from: OneOrMany,
    pub constant: Option<toml::Value>,
    pub default: Option<toml::Value>,
    /// Code table, read backwards.
    pub table: Option<String>,
    /// What a value without a word in the table is.
    pub otherwise: Option<Leave>,
    /// One form.
    pub date: Option<String>,
    pub zone: Option<String>,
    pub when: Option<WhenSpec>,
    /// At most so many characters.
    pub max: Option<usize>,
    /// All values that are present, each once, with this between them.
    pub join: Option<String>,
    /// What it is in JSON; left out, as `values` of `[json]` says.
    pub r#as: Option<As>,
    /// Of the rows that one item is spread over, in the first alone: what is counted once.
    #[serde(default)]
    pub once: Once,
}

/// What becomes of a value for which a table has no word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::adapt) enum Leave {
    /// The field is not written.
    LeaveOut,
    /// The report is not told.
    Skip,
}

/// What a value is in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::adapt) enum As {
    Text,
    Number,
    Flag,
}

/// In which of the rows that one item is spread over.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(in crate::adapt) enum Once {
    /// `true`: in the first of them alone.
    Flag(bool),
    /// In the first row of each entry of this list.
    Each(String),
}

impl Default for Once {
    fn default() -> Self {
        Once::Flag(false)
    }
}

/// A list written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::adapt) struct OutListSpec {
    pub to: Spanned<String>,
    /// The hub's list; `.` makes one item of the place where this rule stands, if a list inside it has any, or, without lists
    /// inside, if a value comes of the dossier. Left out, with `always`, the list is empty.
    pub from: Option<String>,
    /// A list inside each item, of which every entry makes an item of its own; `a.b` goes into the lists of its entries.
    pub spread: Option<String>,
    /// An item for which this does not hold is passed over.
    pub when: Option<WhenSpec>,
    /// Written even when it has no item.
    #[serde(default)]
    pub always: bool,
    #[serde(default)]
    pub once: Once,
    #[serde(default)]
    pub field: Vec<OutSpec>,
    #[serde(default)]
    pub list: Vec<OutListSpec>,
}
