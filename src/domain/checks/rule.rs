//! The closed set of rules, and how one is read from its word and its arguments.

use std::collections::BTreeMap;

use super::field::FieldPath;
use super::limits;
use super::papers::{CopyKind, PaperMatch};
use super::words::CheckedDocument;
use crate::domain::dossier::{FeeKind, limits as dossier};

/// What a check asks of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckRule {
    /// `dates-in-order`: `later` is not before `earlier`. Where one of them is a day, days in Vietnam are compared.
    DatesInOrder {
        /// The date that comes first.
        earlier: FieldPath,
        /// The one that is not before it.
        later: FieldPath,
    },
    /// `fees-total`: the amounts of the fees add up to a total of the format's own.
    FeesTotal,
    /// `fee-range`: each amount lies within a range.
    FeeRange {
        /// Of phí or of lệ phí alone.
        kind: Option<FeeKind>,
        /// Of fees with one of these codes alone; empty: of all.
        codes: Vec<String>,
        /// Smallest amount, in đồng.
        least: i64,
        /// Largest amount, in đồng.
        most: i64,
    },
    /// `identity-agrees`: sex and year of birth are those that the identity number says (TT 07/2016/TT-BCA).
    IdentityAgrees,
    /// `authorisation-paper`: whoever acts by authorisation brings one of these papers (Decree 118/2025 art. 6.2c).
    AuthorisationPaper(PaperMatch),
    /// `paper-required`: one of these papers is among those of the dossier.
    PaperRequired {
        /// The paper.
        paper: PaperMatch,
        /// Asked only where this holds.
        when: Option<FieldCondition>,
    },
    /// `copies-at-least`: of these papers, where one is handed in, there are so many copies. What the office has already
    /// (re-used, or from the national store) needs none.
    CopiesAtLeast {
        /// The paper.
        paper: PaperMatch,
        /// Which copies count.
        kind: CopyKind,
        /// How many there are at least.
        least: i64,
    },
    /// `field-required`: one of these fields is there.
    FieldRequired {
        /// The fields; the first is where a problem is told.
        fields: Vec<FieldPath>,
        /// Asked only where this holds.
        when: Option<FieldCondition>,
    },
    /// `field-forbidden`: this field is not there.
    FieldForbidden {
        /// The field.
        field: FieldPath,
        /// Asked only where this holds.
        when: FieldCondition,
    },
}

/// When a rule is asked: `field`, `!field`, `field=a|b` or `field!=a|b`. What is not there is no word, so neither of the last two
/// holds then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldCondition {
    pub(super) field: FieldPath,
    pub(super) holds: Holds,
    /// As it is written.
    text: String,
}

impl FieldCondition {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Present,
    Absent,
    Is(Vec<String>),
    IsNot(Vec<String>),
}

/// What is wrong with a rule or its arguments, and what to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckRuleFault {
    /// In Vietnamese.
    pub vi: String,
    /// In English.
    pub en: String,
}

fn fault<T>(vi: String, en: String) -> Result<T, CheckRuleFault> {
    Err(CheckRuleFault { vi, en })
}

/// Every rule by its word, with its arguments: those it needs, and those it may have.
const RULES: [(&str, &[&str], &[&str]); 9] = [
    ("dates-in-order", &["earlier", "later"], &[]),
    ("fees-total", &[], &[]),
    ("fee-range", &[], &["kind", "code", "least", "most"]),
    ("identity-agrees", &[], &[]),
    ("authorisation-paper", &[], &["code", "name", "contains"]),
    ("paper-required", &[], &["code", "name", "contains", "when"]),
    (
        "copies-at-least",
        &["least"],
        &["code", "name", "contains", "kind"],
    ),
    ("field-required", &["field"], &["when"]),
    ("field-forbidden", &["field", "when"], &[]),
];

impl CheckRule {
    /// The rule of this word with these arguments, each a text; choices in one are separated by `|`.
    ///
    /// # Errors
    /// An unknown word, an argument that is missing, too many or wrong, with what to write instead.
    pub fn parse(
        document: CheckedDocument,
        word: &str,
        arguments: &BTreeMap<String, String>,
    ) -> Result<CheckRule, CheckRuleFault> {
        let Some((_, needed, allowed)) = RULES.iter().find(|(rule, ..)| *rule == word) else {
            let words: Vec<&str> = RULES.iter().map(|(rule, ..)| *rule).collect();
            let words = words.join(", ");
            return fault(
                format!("không có quy tắc “{word}”; dùng một trong: {words}"),
                format!("there is no rule “{word}”; use one of: {words}"),
            );
        };
        if let Some(missing) = needed.iter().find(|name| !arguments.contains_key(**name)) {
            return fault(
                format!("quy tắc {word} thiếu {missing}; thêm {missing}"),
                format!("the rule {word} lacks {missing}; add it"),
            );
        }
        let known = |name: &&String| !needed.contains(&name.as_str()) && !allowed.contains(&name.as_str());
        if let Some(unknown) = arguments.keys().find(known) {
            return fault(
                format!("quy tắc {word} không có {unknown}; bỏ đi"),
                format!("the rule {word} has no {unknown}; remove it"),
            );
        }
        Arguments {
            document,
            word,
            all: arguments,
        }
        .rule()
    }
}

struct Arguments<'a> {
    document: CheckedDocument,
    word: &'a str,
    all: &'a BTreeMap<String, String>,
}

impl Arguments<'_> {
    fn rule(&self) -> Result<CheckRule, CheckRuleFault> {
        let of_filings = !matches!(
            self.word,
            "dates-in-order" | "fee-range" | "field-required" | "field-forbidden"
        );
        if of_filings && self.document == CheckedDocument::Statuses {
            return fault(
                format!(
                    "quy tắc {} chỉ dùng cho hồ sơ, không dùng cho trạng thái",
                    self.word
                ),
                format!("the rule {} is for dossiers, not for statuses", self.word),
            );
        }
        Ok(match self.word {
            "dates-in-order" => CheckRule::DatesInOrder {
                earlier: self.date("earlier")?,
                later: self.of_document("later")?,
            },
            "fees-total" => CheckRule::FeesTotal,
            "fee-range" => self.range()?,
            "identity-agrees" => CheckRule::IdentityAgrees,
            "authorisation-paper" => CheckRule::AuthorisationPaper(self.paper()?),
            "paper-required" => CheckRule::PaperRequired {
                paper: self.paper()?,
                when: self.when()?,
            },
            "copies-at-least" => CheckRule::CopiesAtLeast {
                paper: self.paper()?,
                kind: self.chosen("kind", &CopyKind::WORDS)?.unwrap_or(CopyKind::Any),
                least: self.number("least", 1, i64::from(u16::MAX))?.unwrap_or(1),
            },
            "field-required" => {
                let names = self.choices("field")?;
                let fields = names.iter().map(|name| self.field("field", name));
                let fields: Vec<FieldPath> = fields.collect::<Result<_, _>>()?;
                if fields.is_empty() || fields.iter().any(|f| f.several() != fields[0].several()) {
                    return self.wrong("field", "applicant.phone | results.number|results.files");
                }
                CheckRule::FieldRequired {
                    fields,
                    when: self.when()?,
                }
            }
            _ => CheckRule::FieldForbidden {
                field: self.field("field", self.text("field").unwrap_or_default())?,
                when: match self.when()? {
                    Some(when) => when,
                    None => return self.wrong("when", "applicant.kind=citizen"),
                },
            },
        })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.all.get(name).map(|text| text.trim())
    }

    fn wrong<T>(&self, name: &str, expected: &str) -> Result<T, CheckRuleFault> {
        let found: String = self.text(name).unwrap_or_default().chars().take(60).collect();
        fault(
            format!(
                "quy tắc {}, {name}: “{found}” không đúng; cần {expected}",
                self.word
            ),
            format!(
                "the rule {}, {name}: “{found}” is wrong; expected {expected}",
                self.word
            ),
        )
    }

    /// The choices of an argument; none where it is left out.
    fn choices(&self, name: &str) -> Result<Vec<String>, CheckRuleFault> {
        let Some(text) = self.text(name) else {
            return Ok(Vec::new());
        };
        let choices: Vec<String> = text.split('|').map(|one| one.trim().to_owned()).collect();
        let fits = text.chars().count() <= limits::ARGUMENT
            && choices.len() <= limits::CHOICES
            && choices.iter().all(|one| !one.is_empty());
        if fits {
            return Ok(choices);
        }
        let (choices, characters) = (limits::CHOICES, limits::ARGUMENT);
        self.wrong(
            name,
            &format!("a|b|c (≤ {choices}, ≤ {characters} ký tự / characters)"),
        )
    }

    fn field(&self, name: &str, field: &str) -> Result<FieldPath, CheckRuleFault> {
        match FieldPath::parse(self.document, field) {
            Some(field) => Ok(field),
            None => fault(
                format!(
                    "quy tắc {}, {name}: hồ sơ chuẩn không có trường {field}",
                    self.word
                ),
                format!(
                    "the rule {}, {name}: the canonical form has no field {field}",
                    self.word
                ),
            ),
        }
    }

    fn date(&self, name: &str) -> Result<FieldPath, CheckRuleFault> {
        let field = self.field(name, self.text(name).unwrap_or_default())?;
        match field.is_date() {
            true => Ok(field),
            false => fault(
                format!("quy tắc {}, {name}: {field} không phải ngày", self.word),
                format!("the rule {}, {name}: {field} is no date", self.word),
            ),
        }
    }

    /// A date of the document itself, where a problem can be told.
    fn of_document(&self, name: &str) -> Result<FieldPath, CheckRuleFault> {
        let field = self.date(name)?;
        match self.document {
            CheckedDocument::Statuses if field.as_str().starts_with("dossier.") => {
                self.wrong(name, "occurred_at | new_due | results.issued_on")
            }
            _ => Ok(field),
        }
    }

    fn chosen<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<Option<T>, CheckRuleFault> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => Ok(Some(*value)),
            None => {
                let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                self.wrong(name, &words.join(" | "))
            }
        }
    }

    fn number(&self, name: &str, min: i64, max: i64) -> Result<Option<i64>, CheckRuleFault> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        match text.parse().ok().filter(|n| (min..=max).contains(n)) {
            Some(number) => Ok(Some(number)),
            None => self.wrong(name, &format!("{min}..{max}")),
        }
    }

    fn range(&self) -> Result<CheckRule, CheckRuleFault> {
        let kinds = [("fee", FeeKind::Fee), ("charge", FeeKind::Charge)];
        let least = self.number("least", 0, dossier::AMOUNT_VND)?;
        let most = self.number("most", 0, dossier::AMOUNT_VND)?;
        let (low, high) = (least.unwrap_or(0), most.unwrap_or(dossier::AMOUNT_VND));
        if (least, most) == (None, None) || low > high {
            return self.wrong("least", "least ≤ most");
        }
        Ok(CheckRule::FeeRange {
            kind: self.chosen("kind", &kinds)?,
            codes: self.choices("code")?,
            least: low,
            most: high,
        })
    }

    fn paper(&self) -> Result<PaperMatch, CheckRuleFault> {
        let (codes, names, words) = (
            self.choices("code")?,
            self.choices("name")?,
            self.choices("contains")?,
        );
        match PaperMatch::of(codes, &names, &words) {
            Some(paper) => Ok(paper),
            None => self.wrong("name", "code, name hoặc/or contains"),
        }
    }

    fn when(&self) -> Result<Option<FieldCondition>, CheckRuleFault> {
        let Some(text) = self.text("when") else {
            return Ok(None);
        };
        let words = |words: &str| -> Vec<String> { words.split('|').map(|w| w.trim().to_owned()).collect() };
        let (field, holds) = match (
            text.split_once("!="),
            text.split_once('='),
            text.strip_prefix('!'),
        ) {
            (Some((field, not)), _, _) => (field, Holds::IsNot(words(not))),
            (None, Some((field, is)), _) => (field, Holds::Is(words(is))),
            (None, None, Some(field)) => (field, Holds::Absent),
            (None, None, None) => (text, Holds::Present),
        };
        let fits = match &holds {
            Holds::Is(words) | Holds::IsNot(words) => {
                words.len() <= limits::CHOICES && words.iter().all(|word| !word.is_empty())
            }
            Holds::Present | Holds::Absent => true,
        };
        if !fits {
            return self.wrong("when", "field | !field | field=a|b | field!=a|b");
        }
        Ok(Some(FieldCondition {
            field: self.field("when", field.trim())?,
            holds,
            text: text.to_owned(),
        }))
    }
}
