//! One thing wrong, or worth a look, and where; and a refusal: one or more of them.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Label, Language};
use crate::domain::ids::RefusalId;

/// The arguments under which a check's name and its own sentences stand.
const CHECK: &str = "check";
const OWN_VI: &str = "sentence";
const OWN_EN: &str = "sentence_en";

/// One thing wrong, or worth a look, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What kind.
    pub label: Label,
    /// Where, in the sender's own document (JSON Pointer or an XML path), when it is about a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What fills the sentence. Codes, limits, field names; never a person's data.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) args: BTreeMap<String, String>,
}

impl Problem {
    /// A problem of the whole request, without what its sentence needs: [`problems`](super::problems) makes whole ones.
    pub(super) fn new(label: Label) -> Self {
        Problem {
            label,
            path: None,
            args: BTreeMap::new(),
        }
    }

    /// The place in the sender's document.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// The same at a place where the sender has a name of its own for the field.
    #[must_use]
    pub fn named(mut self, field: &str, path: impl Into<String>) -> Self {
        self.args.insert("field".to_owned(), field.to_owned());
        self.at(path)
    }

    /// The same as it is told by a check of this name.
    #[must_use]
    pub(in crate::domain) fn of_check(mut self, check: &str) -> Self {
        self.args.insert(CHECK.to_owned(), check.to_owned());
        self
    }

    /// The same with a sentence of its own instead of the label's.
    #[must_use]
    pub(in crate::domain) fn saying(mut self, vi: &str, en: &str) -> Self {
        self.args.insert(OWN_VI.to_owned(), vi.to_owned());
        self.args.insert(OWN_EN.to_owned(), en.to_owned());
        self
    }

    /// The name of the check that tells it.
    pub fn check(&self) -> Option<&str> {
        self.args.get(CHECK).map(String::as_str)
    }

    /// What fills the sentence, by name.
    pub fn args(&self) -> &BTreeMap<String, String> {
        &self.args
    }

    /// What it is.
    pub fn title(&self, language: Language) -> &'static str {
        match language {
            Language::Vietnamese => self.label.text().title_vi,
            Language::English => self.label.text().title_en,
        }
    }

    /// What to do, with the arguments filled in.
    pub fn advice(&self, language: Language) -> String {
        let own = match language {
            Language::Vietnamese => self.args.get(OWN_VI),
            Language::English => self.args.get(OWN_EN),
        };
        if let Some(own) = own {
            return own.clone();
        }
        let template = match language {
            Language::Vietnamese => self.label.text().advice_vi,
            Language::English => self.label.text().advice_en,
        };
        let mut filled = String::with_capacity(template.len() + 32);
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let Some((name, tail)) = after.split_once('}') else {
                break;
            };
            // What is words and not a name or a number has a form of its own for English.
            let english = || self.args.get(&format!("{name}_en"));
            let value = match language {
                Language::Vietnamese => self.args.get(name),
                Language::English => english().or_else(|| self.args.get(name)),
            };
            debug_assert!(value.is_some(), "{} is told without its {name}", self.label);
            filled.push_str(value.map_or("?", String::as_str));
            rest = tail;
        }
        filled.push_str(rest);
        filled
    }
}

/// A refusal: one or more problems, never none. The first decides the HTTP status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    problems: Vec<Problem>,
    kept: Option<RefusalId>,
}

impl Rejection {
    /// All problems of a document; `None` when there are none.
    pub fn of(problems: Vec<Problem>) -> Option<Self> {
        (!problems.is_empty()).then_some(Rejection { problems, kept: None })
    }

    /// The same, when the document it is about has been kept.
    #[must_use]
    pub fn kept_as(mut self, refusal: RefusalId) -> Self {
        self.kept = Some(refusal);
        self
    }

    /// Under which name the document it is about has been kept.
    pub fn kept(&self) -> Option<RefusalId> {
        self.kept
    }

    /// Every problem, the deciding one first.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The same with every path rewritten.
    #[must_use]
    pub fn relocated(mut self, path: impl Fn(&str) -> String) -> Self {
        for problem in &mut self.problems {
            problem.path = problem.path.as_deref().map(&path);
        }
        self
    }

    /// The deciding label.
    pub fn label(&self) -> Label {
        self.problems[0].label
    }

    /// The HTTP status.
    pub fn http_status(&self) -> u16 {
        self.label().text().http_status
    }
}

impl From<Problem> for Rejection {
    fn from(problem: Problem) -> Self {
        Rejection {
            problems: vec![problem],
            kept: None,
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, p) in self.problems.iter().enumerate() {
            write!(f, "{}{}", if i == 0 { "" } else { ", " }, p.label)?;
            if let Some(path) = &p.path {
                write!(f, " at {path}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Rejection {}

#[cfg(test)]
impl Problem {
    /// One of this label, with each `{name}` of its sentence filled with that name.
    pub fn example(label: Label) -> Self {
        let holes = label.text().advice_en.split('{').skip(1);
        let names = holes
            .filter_map(|rest| rest.split_once('}'))
            .map(|(name, _)| name);
        Problem {
            args: names.map(|name| (name.to_owned(), name.to_owned())).collect(),
            ..Problem::new(label)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_unique_kebab_words_with_matching_sentences() {
        let mut seen = std::collections::BTreeSet::new();
        let holes = |s: &str| {
            s.split('{')
                .skip(1)
                .filter_map(|p| p.split_once('}'))
                .map(|p| p.0.to_owned())
                .collect::<std::collections::BTreeSet<_>>()
        };
        for label in Label::ALL {
            let text = label.text();
            assert!(seen.insert(text.label), "{label} twice");
            assert!(
                text.label.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
                "{label}"
            );
            assert!((400..=503).contains(&text.http_status), "{label}");
            assert_eq!(
                holes(text.advice_vi),
                holes(text.advice_en),
                "{label}: the two sentences need the same arguments"
            );
            assert_eq!(Label::parse(text.label), Some(*label));
        }
    }
}
