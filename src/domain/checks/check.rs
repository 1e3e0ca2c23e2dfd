//! A rule under a name.

use super::rule::CheckRule;
use super::words::{CheckName, CheckSeverity, CheckedDocument, OwnSentence};

/// One rule under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its stable name.
    pub name: CheckName,
    /// What it looks at.
    pub document: CheckedDocument,
    /// What it asks.
    pub rule: CheckRule,
    /// How much it weighs.
    pub severity: CheckSeverity,
    /// What is said instead of the rule's own sentence.
    pub sentence: Option<OwnSentence>,
}
