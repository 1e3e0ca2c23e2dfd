//! What a doctor has seen so far: each thing, how it is, and how to mend it.

use std::io::Write;

use serde::Serialize;

use crate::cli::{CommandError, Exit};
use crate::material;

/// How one thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Mark {
    Good,
    Look,
    Bad,
}

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Sentence {
    pub(super) vi: String,
    pub(super) en: String,
}

pub(super) fn say(vi: impl Into<String>, en: impl Into<String>) -> Sentence {
    Sentence {
        vi: vi.into(),
        en: en.into(),
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Item {
    pub(super) mark: Mark,
    pub(super) what: String,
    pub(super) found: Sentence,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remedy: Option<Sentence>,
}

/// What was seen so far.
#[derive(Default)]
pub(super) struct Report(pub(super) Vec<Item>);

impl Report {
    pub(super) fn good(&mut self, what: impl Into<String>, found: Sentence) {
        self.note(Mark::Good, what, found, None);
    }

    pub(super) fn look(&mut self, what: impl Into<String>, found: Sentence, remedy: Sentence) {
        self.note(Mark::Look, what, found, Some(remedy));
    }

    pub(super) fn bad(&mut self, what: impl Into<String>, found: Sentence, remedy: Sentence) {
        self.note(Mark::Bad, what, found, Some(remedy));
    }

    pub(super) fn note(
        &mut self,
        mark: Mark,
        what: impl Into<String>,
        found: Sentence,
        remedy: Option<Sentence>,
    ) {
        self.0.push(Item {
            mark,
            what: what.into(),
            found,
            remedy,
        });
    }

    /// A file that cannot be used: what is wrong with it says what to do.
    pub(super) fn unusable(&mut self, what: impl Into<String>, error: &material::MaterialError) {
        let path = error.path.display();
        let found = say(
            format!("{path}: {}", error.message_vi),
            format!("{path}: {}", error.message_en),
        );
        let remedy = say(
            "sửa tệp hoặc đường dẫn trong cấu hình",
            "mend the file, or its path in the settings",
        );
        self.bad(what, found, remedy);
    }

    pub(super) fn exit(&self) -> Exit {
        let bad = self.0.iter().any(|item| item.mark == Mark::Bad);
        if bad { Exit::Findings } else { Exit::Good }
    }

    pub(super) fn print(&self, out: &mut dyn Write) -> Result<(), CommandError> {
        for item in &self.0 {
            let sign = match item.mark {
                Mark::Good => "✔",
                Mark::Look => "!",
                Mark::Bad => "✘",
            };
            writeln!(out, "{sign} {}: {} | {}", item.what, item.found.vi, item.found.en)?;
            if let Some(remedy) = &item.remedy {
                writeln!(out, "    → {} | {}", remedy.vi, remedy.en)?;
            }
        }
        let count = |mark| self.0.iter().filter(|item| item.mark == mark).count();
        let (good, look, bad) = (count(Mark::Good), count(Mark::Look), count(Mark::Bad));
        Ok(writeln!(out, "{good} ✔  {look} !  {bad} ✘")?)
    }
}
