//! The words of a list of checks: what one looks at, how much it weighs, what it is called and what it says.

use std::fmt;
use std::str::FromStr;

/// What a check looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckedDocument {
    /// A filing.
    Dossier,
    /// A report of an agency.
    Statuses,
}

impl CheckedDocument {
    /// The words of the lists.
    pub const WORDS: [(&'static str, CheckedDocument); 2] = [
        ("dossier", CheckedDocument::Dossier),
        ("statuses", CheckedDocument::Statuses),
    ];
}

/// How much a broken check weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CheckSeverity {
    /// The document is refused.
    Error,
    /// It is told beside the acceptance.
    Warning,
}

impl CheckSeverity {
    /// The words of the lists and of formats.
    pub const WORDS: [(&'static str, CheckSeverity); 2] = [
        ("error", CheckSeverity::Error),
        ("warning", CheckSeverity::Warning),
    ];
}

/// The stable name of a check: 1 to 40 of `a-z`, `0-9` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckName(Box<str>);

/// A text that is no name of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name of a check is 1 to 40 of a-z, 0-9 and -")]
pub struct NotACheckName;

impl CheckName {
    /// As a fault says it.
    pub const FORM: &'static str = "[a-z0-9-]{1,40}";

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CheckName {
    type Err = NotACheckName;

    fn from_str(text: &str) -> Result<Self, NotACheckName> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if (1..=40).contains(&text.len()) && text.bytes().all(fits) {
            Ok(CheckName(text.into()))
        } else {
            Err(NotACheckName)
        }
    }
}

impl fmt::Display for CheckName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A sentence of one's own, in both languages, instead of the rule's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnSentence {
    /// In Vietnamese.
    pub vi: String,
    /// In English.
    pub en: String,
}
