//! What a format makes of its samples, in the one shape that is kept beside them: `expected/<sample>.json` for what is read,
//! `expected/<sample>.out.json` or `.out.xml` for what is written of it.

use serde_json::{Value, json};

use super::changes::{ValueChange, value_changes};
use super::render::Rendered;
use super::statuses::StatusDocument;
use super::tree::Syntax;
use super::trial::Unwritten;
use super::{Adapted, Adapter};
use crate::domain::dossier::Filing;
use crate::domain::rejection::Rejection;
use crate::domain::view::StatusReport;

/// The samples that a format has in each syntax; one that reads statuses has `statuses` too.
pub const SIX_SAMPLES: [&str; 6] = ["minimal", "full", "refused-1", "refused-2", "refused-3", "ugly"];

/// What a format makes of one sample.
#[derive(Clone, Debug)]
pub struct SampleOutcome {
    /// What is kept in `expected/<sample>.json`: the filing and its warnings, what each report says, or the problems.
    pub expected: Value,
    /// What is kept beside it of what the format writes: the file's name in `expected/`, and its text.
    pub written: Vec<(String, String)>,
    /// Whether the document was refused as a whole.
    pub refused: bool,
    /// What the format writes of it and does not read again as it was, where it does both.
    pub lost: Vec<ValueChange>,
}

/// The syntax and the plain media type of a sample, by the ending of its name; none for another ending.
pub fn sample_syntax(name: &str) -> Option<(Syntax, &'static str)> {
    match name.rsplit_once('.')?.1 {
        "json" => Some((Syntax::Json, "application/json")),
        "xml" => Some((Syntax::Xml, "application/xml")),
        _ => None,
    }
}

/// Whether a sample reports statuses, by its name.
pub fn is_status_sample(name: &str) -> bool {
    name.starts_with("statuses")
}

/// Whether a sample is one that is to be refused, by its name.
pub fn is_refused_sample(name: &str) -> bool {
    name.starts_with("refused")
}

impl Adapter {
    /// What it makes of a sample of this name, which ends in `.json` or `.xml`; a name that begins with `statuses` is of a document
    /// that reports statuses.
    pub fn sample_outcome(&self, name: &str, bytes: &[u8]) -> SampleOutcome {
        let (syntax, media_type) = sample_syntax(name).unwrap_or((Syntax::Json, "application/json"));
        if is_status_sample(name) {
            self.reports(name, syntax, self.read_statuses(bytes, media_type))
        } else {
            self.dossier(name, syntax, self.read(bytes, media_type))
        }
    }

    fn dossier(&self, name: &str, syntax: Syntax, read: Result<Adapted, Rejection>) -> SampleOutcome {
        let adapted = match read {
            Ok(adapted) => adapted,
            Err(rejection) => return refused(&rejection),
        };
        let mut outcome = SampleOutcome {
            expected: json!({"filing": adapted.filing, "warnings": adapted.warnings}),
            written: Vec::new(),
            refused: false,
            lost: Vec::new(),
        };
        if !self.renders() {
            return outcome;
        }
        let rendered = match self.trial_dossier(&adapted.filing, Some(syntax)) {
            // It does not write this syntax.
            Err(Unwritten::Form) => self.trial_dossier(&adapted.filing, None),
            rendered => rendered,
        };
        if let Ok(rendered) = rendered {
            outcome.lost = self.lost_of_dossier(&adapted.filing, &rendered);
            outcome.written.push(kept_as(name, "out", &rendered));
        }
        outcome
    }

    /// What a dossier that was written does not say any more when it is read again, beside what it cannot
    /// ([`Adapter::unwritten_of_dossiers`]).
    fn lost_of_dossier(&self, filing: &Filing, rendered: &Rendered) -> Vec<ValueChange> {
        if !self.reads_dossiers() {
            return Vec::new();
        }
        let again = match self.read(&rendered.bytes, &rendered.media_type) {
            Ok(again) => json!(again.filing),
            Err(rejection) => json!({ "problems": rejection.problems() }),
        };
        differing(json!(filing), again, &self.not_carried(filing))
    }

    fn reports(&self, name: &str, syntax: Syntax, read: Result<StatusDocument, Rejection>) -> SampleOutcome {
        let document = match read {
            Ok(document) => document,
            Err(rejection) => return refused(&rejection),
        };
        let mut told = Vec::new();
        for item in &document.items {
            let mut one = match &item.report {
                Ok(report) => json!({"path": item.path, "report": report}),
                Err(problems) => json!({"path": item.path, "dossier": item.dossier, "problems": problems}),
            };
            if !item.files.is_empty() {
                one["files"] = json!(item.files);
            }
            if !item.warnings.is_empty() {
                one["warnings"] = json!(item.warnings);
            }
            told.push(one);
        }
        let mut outcome = SampleOutcome {
            expected: Value::Array(told),
            written: Vec::new(),
            refused: false,
            lost: Vec::new(),
        };
        let items = document.items.iter();
        let reports: Vec<&StatusReport> = items
            .filter_map(|item| item.report.as_ref().ok()?.as_ref())
            .collect();
        let rendered = self
            .trial_progress(&reports, Some(syntax))
            .or_else(|| self.trial_progress(&reports, None));
        let Some(rendered) = rendered else { return outcome };
        let several = rendered.documents.len() > 1;
        for (number, document) in rendered.documents.iter().enumerate() {
            let word = if several {
                format!("out-{}", number + 1)
            } else {
                "out".to_owned()
            };
            outcome.written.push(kept_as(name, &word, document));
        }
        outcome.lost = self.lost_of_reports(&reports, syntax);
        outcome
    }

    /// As [`Adapter::lost_of_dossier`], of reports, each told alone; one that the format does not tell is not looked at.
    fn lost_of_reports(&self, reports: &[&StatusReport], syntax: Syntax) -> Vec<ValueChange> {
        if !self.reads_statuses() {
            return Vec::new();
        }
        let mut fields = self.unwritten_of_statuses();
        fields.push("foreign_values".to_owned());
        let mut lost = Vec::new();
        for (number, report) in reports.iter().enumerate() {
            let told = self
                .trial_progress(&[report], Some(syntax))
                .or_else(|| self.trial_progress(&[report], None));
            let documents = told.map(|told| told.documents).unwrap_or_default();
            for document in documents {
                let again = match self.read_statuses(&document.bytes, &document.media_type) {
                    Ok(read) => match read.items.into_iter().next().map(|item| item.report) {
                        Some(Ok(report)) => json!(report),
                        Some(Err(problems)) => json!({ "problems": problems }),
                        None => Value::Null,
                    },
                    Err(rejection) => json!({ "problems": rejection.problems() }),
                };
                let changes = differing(json!(report), again, &fields);
                lost.extend(changes.into_iter().map(|change| ValueChange {
                    path: format!("/{number}{}", change.path),
                    ..change
                }));
            }
        }
        lost
    }
}

fn refused(rejection: &Rejection) -> SampleOutcome {
    SampleOutcome {
        expected: json!({"problems": rejection.problems()}),
        written: Vec::new(),
        refused: true,
        lost: Vec::new(),
    }
}

/// The name and the text under which a document that was written is kept: JSON indented, XML with every element on a line of its own.
fn kept_as(sample: &str, word: &str, rendered: &Rendered) -> (String, String) {
    if rendered.media_type.ends_with("xml") {
        // A text never has < in it, so these are two tags.
        let text = String::from_utf8_lossy(&rendered.bytes).replace("><", ">\n<");
        return (format!("{sample}.{word}.xml"), text.trim_end().to_owned() + "\n");
    }
    let value: Value = serde_json::from_slice(&rendered.bytes).unwrap_or_default();
    (format!("{sample}.{word}.json"), kept_json(&value))
}

/// A JSON value as the files beside the samples hold it: indented, with a line's end.
pub fn kept_json(value: &Value) -> String {
    format!("{value:#}\n")
}

/// Where two values differ, apart from these fields (`a.b`, through lists too) and from what is empty without them.
fn differing(mut before: Value, mut after: Value, without: &[String]) -> Vec<ValueChange> {
    for value in [&mut before, &mut after] {
        for field in without {
            let steps: Vec<&str> = field.split('.').collect();
            remove(value, &steps);
        }
        prune(value);
    }
    value_changes(&before, &after)
}

fn remove(value: &mut Value, steps: &[&str]) {
    match (value, steps) {
        (Value::Array(items), _) => items.iter_mut().for_each(|item| remove(item, steps)),
        (Value::Object(o), [last]) => drop(o.remove(*last)),
        (Value::Object(o), [first, rest @ ..]) => {
            if let Some(inner) = o.get_mut(*first) {
                remove(inner, rest);
            }
        }
        _ => {}
    }
}

fn prune(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(prune),
        Value::Object(o) => {
            o.values_mut().for_each(prune);
            o.retain(|_, v| {
                !v.as_object().is_some_and(serde_json::Map::is_empty)
                    && !v.as_array().is_some_and(Vec::is_empty)
            });
        }
        _ => {}
    }
}
