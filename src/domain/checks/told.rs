//! A broken check, and how it is told.

use super::field::words_of_dossier;
use super::papers::CopyKind;
use super::rule::{FieldCondition, Holds};
use super::words::{CheckName, CheckSeverity, OwnSentence};
use crate::domain::rejection::Problem;
use crate::domain::rejection::problems::{self, Bilingual, Fill};

/// Where a check is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokenPlace {
    /// At this canonical pointer.
    Canonical(String),
    /// At this path of the sender's document.
    Sender(String),
}

/// A check that a document breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its name.
    pub check: CheckName,
    /// How much it weighs here.
    pub severity: CheckSeverity,
    /// Where.
    pub place: BrokenPlace,
    pub(super) said: Said,
    pub(super) sentence: Option<OwnSentence>,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    ReceiptEarly,
    PromiseEarly,
    OutOfOrder {
        earlier: String,
    },
    TotalDiffers {
        total: i64,
        sum: i64,
    },
    OutOfRange {
        least: i64,
        most: i64,
    },
    BirthMismatch,
    SexMismatch,
    NoAuthorisation,
    NoPaper {
        paper: String,
    },
    CopiesFew {
        paper: String,
        kind: CopyKind,
        least: i64,
    },
    NoTaxCode,
    Needed {
        when: Option<FieldCondition>,
        asked: Option<String>,
    },
    Unfit {
        when: FieldCondition,
        asked: Option<String>,
    },
}

impl Broken {
    /// The problem; the caller adds where it is and what the field is called there. `name` is the sender's name of the field at a
    /// canonical pointer.
    pub fn problem(&self, name: &dyn Fn(&str) -> String) -> Problem {
        let problem = self.said.problem(name).of_check(self.check.as_str());
        match &self.sentence {
            Some(own) => problem.saying(&own.vi, &own.en),
            None => problem,
        }
    }
}

impl Said {
    fn problem(&self, name: &dyn Fn(&str) -> String) -> Problem {
        let field: &dyn Fill = &"";
        match self {
            Said::ReceiptEarly => problems::ReceiptEarly { field }.into(),
            Said::PromiseEarly => problems::PromiseEarly { field }.into(),
            Said::OutOfOrder { earlier } => match words_of_dossier(earlier) {
                Some((vi, en)) => out_of_order(field, &Bilingual { vi, en }),
                None => out_of_order(field, &name(earlier)),
            },
            Said::TotalDiffers { total, sum } => problems::FeesTotalDiffers { field, total, sum }.into(),
            Said::OutOfRange { least, most } => problems::FeeOutOfRange { field, least, most }.into(),
            Said::BirthMismatch => problems::IdentityBirthMismatch { field }.into(),
            Said::SexMismatch => problems::IdentitySexMismatch { field }.into(),
            Said::NoAuthorisation => problems::AuthorisationMissing.into(),
            Said::NoPaper { paper } => problems::PaperMissing { paper }.into(),
            Said::CopiesFew { paper, kind, least } => {
                let copies = &copies(*kind);
                problems::CopiesFew { paper, least, copies }.into()
            }
            Said::NoTaxCode => problems::TaxCodeMissing { field }.into(),
            Said::Needed { when, asked } => {
                let (vi, en) = condition(when.as_ref(), asked.as_deref(), name);
                let condition = &Bilingual { vi: &vi, en: &en };
                problems::FieldNeeded { field, condition }.into()
            }
            Said::Unfit { when, asked } => {
                let (vi, en) = condition(Some(when), asked.as_deref(), name);
                let condition = &Bilingual { vi: &vi, en: &en };
                problems::FieldUnfit { field, condition }.into()
            }
        }
    }
}

fn out_of_order(field: &dyn Fill, other: &dyn Fill) -> Problem {
    problems::DatesOutOfOrder { field, other }.into()
}

fn copies(kind: CopyKind) -> Bilingual<'static> {
    let (vi, en) = match kind {
        CopyKind::Any => ("bản", "copies"),
        CopyKind::Original => ("bản chính", "originals"),
        CopyKind::Certified => ("bản sao có chứng thực", "certified copies"),
        CopyKind::Photo => ("bản chụp", "photocopies"),
    };
    Bilingual { vi, en }
}

/// When a rule is asked, in both languages, with the sender's name of the field it depends on.
fn condition(
    when: Option<&FieldCondition>,
    asked: Option<&str>,
    name: &dyn Fn(&str) -> String,
) -> (String, String) {
    let Some(when) = when else {
        let (vi, en) = ("gửi loại tài liệu này", "such a document is sent");
        return (vi.to_owned(), en.to_owned());
    };
    let field = asked.map_or_else(|| when.field.to_string(), name);
    match &when.holds {
        Holds::Present => (format!("có {field}"), format!("{field} is there")),
        Holds::Absent => (format!("không có {field}"), format!("{field} is not there")),
        Holds::Is(words) => {
            let said = format!("{field} = {}", words.join(", "));
            (said.clone(), said)
        }
        Holds::IsNot(words) => {
            let said = format!("{field} ≠ {}", words.join(", "));
            (said.clone(), said)
        }
    }
}
