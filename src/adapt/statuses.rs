//! An agency's own progress message, item by item.

use std::sync::Arc;

use super::apply::{self, Applied, Canon};
use super::build;
use super::conform;
use super::document::{Document, each_once, slips};
use super::judged::Judged;
use super::limits::MAX_REPORTS;
use super::plan::{Convert, DocumentPlan, Rules};
use super::provenance::{Provenance, last_name, located};
use super::reads::Reads;
use super::tree::Tree;
use crate::domain::attachment::{self, NamedFile};
use crate::domain::checks::{CheckedDocument, Facts, broken, in_force};
use crate::domain::codes::ProcedureCode;
use crate::domain::rejection::{Label, Problem, Rejection, problems};
use crate::domain::routing::Directory;
use crate::domain::time::{Date, Timestamp};
use crate::domain::view::StatusReport;

/// Members of a report that turn its meaning: without them it says something else. One that looks like them and is not known is
/// never passed over.
pub(super) const TURNING: [&str; 9] = [
    "dossier",
    "refusal",
    "correction",
    "back",
    "new_due",
    "task",
    "papers",
    "fees",
    "results",
];

/// Characters of the name of a dossier that an answer repeats.
const LONGEST_NAME: usize = 100;

/// A progress message understood, item by item.
#[derive(Debug)]
pub struct StatusDocument {
    /// Its items, in order.
    pub items: Vec<StatusItem>,
    /// Of what stands around the items: worth a look, not wrong.
    pub warnings: Vec<Problem>,
}

/// One item of a progress message.
#[derive(Debug)]
pub struct StatusItem {
    /// Where it is in the sender's document.
    pub path: String,
    /// The dossier as the sender named it, whatever else is wrong with the item.
    pub dossier: Option<String>,
    /// What it says, or everything that keeps it from saying something; nothing where its word means none of the statuses, which is
    /// among the warnings.
    pub report: Result<Option<StatusReport>, Vec<Problem>>,
    /// Worth a look, not wrong.
    pub warnings: Vec<Problem>,
    /// The files its results name by digest, each with its place in the sender's document.
    pub files: Vec<NamedFile>,
    provenance: Provenance,
}

impl StatusItem {
    /// The sender's path for a canonical JSON Pointer of the report (`/dossier`).
    pub fn locate(&self, pointer: &str) -> String {
        self.provenance.locate(pointer)
    }

    /// What checks say of its report, now that its dossier is known.
    pub fn judge(&self, report: &StatusReport, by: JudgedBy<'_>) -> Judged {
        let requirements = (by.directory.requirements(), Some(by.procedure), by.today);
        let format = &self.provenance.plan.checks;
        let checks = in_force(CheckedDocument::Statuses, format, Some(requirements));
        // A report is texts, numbers and flags: writing it does not fail.
        let Ok(mut said) = serde_json::to_value(report) else {
            return Judged::default();
        };
        said["dossier"] =
            serde_json::json!({ "received_at": by.received_at, "since": by.since, "due": by.due });
        let broken = broken(&checks, &Facts::sound(&said));
        let locate = |pointer: &str| self.locate(pointer);
        Judged::of(broken, locate, |pointer, problem| self.located(problem, &pointer))
    }

    /// A problem of the report, found later, at its place in the sender's document and with the sender's name of the field.
    #[must_use]
    pub fn located(&self, problem: Problem, pointer: &str) -> Problem {
        let path = self.locate(pointer);
        problem.named(last_name(&path), &*path)
    }
}

/// When the checks of a sound item are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judging {
    /// At once: those of every dossier and of the format, by what the item says alone.
    Alone,
    /// When its dossier is known ([`StatusItem::judge`]).
    Later,
}

/// What is known of the dossier of a report, for checks.
#[derive(Clone, Copy, Debug)]
pub struct JudgedBy<'a> {
    /// The directory in use.
    pub directory: &'a Directory,
    /// The procedure of the dossier.
    pub procedure: &'a ProcedureCode,
    /// The day in Vietnam.
    pub today: Date,
    /// When the hub received the dossier.
    pub received_at: Timestamp,
    /// When the step began in which it stands.
    pub since: Timestamp,
    /// When its result is due.
    pub due: Option<Timestamp>,
}

/// Reads every item.
pub(super) fn read(
    plan: &Arc<DocumentPlan>,
    tree: &Tree<'_>,
    reads: &mut Reads,
    (document, judging): (Document, Judging),
) -> Result<StatusDocument, Rejection> {
    let nothing = document.without_items();
    let Document {
        items,
        items_path,
        mut problems,
        warnings,
        ..
    } = document;
    if items.len() > MAX_REPORTS {
        problems.push(located(items_path, |field| {
            let limit = &MAX_REPORTS;
            problems::TooManyItems { field, limit }.into()
        }));
    } else if items.is_empty() && !problems.iter().any(|p| p.path == nothing.path) {
        problems.insert(0, nothing);
        problems.extend(slips(&warnings));
    }
    if let Some(rejection) = Rejection::of(problems) {
        return Err(rejection);
    }
    let mut read_one = |(node, path): (_, String)| {
        let applied = apply::apply(plan, tree, reads, node, path.clone());
        let found = conform::item(tree, node, plan, reads);
        let provenance = applied.provenance.clone();
        let dossier = named(&applied.canon);
        let mut warnings = applied.warnings.clone();
        let mut report = one(plan, (applied, judging), found.problems, &mut warnings);
        if let Ok(Some(report)) = &mut report {
            report.foreign_values.extend(found.kept);
        }
        warnings.extend(found.warnings);
        let results = report
            .as_ref()
            .ok()
            .and_then(Option::as_ref)
            .map_or(&[][..], |report| report.results.as_slice());
        StatusItem {
            path,
            dossier,
            files: attachment::of_results(results, |pointer| Some(provenance.locate(pointer))),
            report,
            warnings: each_once(warnings),
            provenance,
        }
    };
    Ok(StatusDocument {
        items: items.into_iter().map(&mut read_one).collect(),
        warnings,
    })
}

/// The dossier an item names, as far as an answer repeats it.
fn named(canon: &Canon<'_>) -> Option<String> {
    let Canon::Object(members) = canon else {
        return None;
    };
    match members.iter().find(|(name, _)| *name == "dossier") {
        Some((_, Canon::Text(text))) => Some(text.trim().chars().take(LONGEST_NAME).collect()),
        _ => None,
    }
}

fn one(
    plan: &DocumentPlan,
    (applied, judging): (Applied<'_>, Judging),
    structural: Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> Result<Option<StatusReport>, Vec<Problem>> {
    let status_path = applied.provenance.locate("/status");
    if let Some(silent) = applied.silent {
        let problems: Vec<Problem> = applied.problems.into_iter().chain(structural).collect();
        if problems.is_empty() {
            warnings.push(silent);
            return Ok(None);
        }
        return Err(each_once(problems));
    }
    let checks = in_force(CheckedDocument::Statuses, &plan.checks, None);
    let built = build::status_report(&applied, &checks);
    warnings.extend(built.warnings);
    let mut problems: Vec<Problem> = applied
        .problems
        .into_iter()
        .chain(built.problems)
        .chain(structural)
        .map(|problem| cautious(plan, problem, &status_path))
        .collect();
    let mut judged = built.judged;
    if problems.is_empty() && built.value.is_none() {
        problems.extend(applied.unshaped);
    }
    match built.value {
        Some(report) if problems.is_empty() => {
            if judging == Judging::Later {
                judged = Judged::default();
            }
            warnings.extend(judged.warnings);
            match judged.refused.is_empty() {
                true => Ok(Some(report)),
                false => Err(each_once(judged.refused)),
            }
        }
        _ if !problems.is_empty() => Err(each_once([problems, judged.refused].concat())),
        // Nothing was said to be wrong and yet nothing was built: never a status.
        _ => Err(vec![problems::Internal.into()]),
    }
}

/// A status the format does not have is told as such, with the words it has.
fn cautious(plan: &DocumentPlan, problem: Problem, status_path: &str) -> Problem {
    let about_the_word = matches!(
        problem.label,
        Label::ValueUnknown
            | Label::NumberMalformed
            | Label::NumberFraction
            | Label::NumberRange
            | Label::NumberQuoted
            | Label::TypeWrong
    );
    if !about_the_word || problem.path.as_deref() != Some(status_path) {
        return problem;
    }
    let words = plan
        .shape
        .slots
        .iter()
        .find(|s| *s.name == *"status")
        .and_then(|slot| match &slot.rules {
            Rules::Leaf(rules) => rules.iter().find_map(|r| match &r.convert {
                Convert::Table(table) => Some(table.allowed.as_str()),
                _ => None,
            }),
            _ => None,
        });
    problems::StatusWordUnknown {
        expected: &words.unwrap_or("1, 2, 3, 4, 5, 6, 7, 8, 9, 10"),
    }
    .at(status_path)
}
