//! One thing wrong with a directory, as it is told.

use std::fmt;

use crate::domain::rejection::Language;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The directory must not be used.
    Error,
    /// It can be used; some dossiers will be parked for the operator.
    Warning,
}

/// One thing wrong with the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// A stable word: `reference-dangling`, `successor-default`, `rule-outside-commune`, `competence-gap`,
    /// `competence-overlap`, `rows-provisional`, `agent-without-branch`, `procedure-versions-overlap`, `reorganisation-wrong`, `end-without-successor`,
    /// `procedure-closed-out-of-area`.
    pub code: &'static str,
    /// What and where, with the remedy, in Vietnamese.
    pub message_vi: String,
    /// The same in English.
    pub message_en: String,
}

impl Finding {
    /// The sentence in one language.
    pub fn message(&self, language: Language) -> &str {
        match language {
            Language::Vietnamese => &self.message_vi,
            Language::English => &self.message_en,
        }
    }
}

impl fmt::Display for Finding {
    /// `error competence-gap: Vietnamese | English`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(
            f,
            "{severity} {}: {} | {}",
            self.code, self.message_vi, self.message_en
        )
    }
}

/// How many examples a grouped finding shows.
const EXAMPLES: usize = 3;

pub(super) fn examples(all: &[String]) -> String {
    let more = if all.len() > EXAMPLES { "; …" } else { "" };
    format!("{}{more}", all[..all.len().min(EXAMPLES)].join("; "))
}
