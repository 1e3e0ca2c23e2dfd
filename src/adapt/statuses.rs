//! An agency's own progress message, item by item.

use std::sync::Arc;

use super::apply::{self, Applied};
use super::build;
use super::conform;
use super::limits::MAX_REPORTS;
use super::plan::{Convert, DocumentPlan, Rules};
use super::tree::Tree;
use super::{Document, provenance};
use crate::domain::attachment::{self, NamedFile};
use crate::domain::rejection::{Label, Problem, Rejection};
use crate::domain::view::StatusReport;

/// One item of a progress message.
#[derive(Debug)]
pub struct StatusItem {
    /// Where it is in the sender's document.
    pub path: String,
    /// What it says, or why it says nothing.
    pub report: Result<StatusReport, Problem>,
    /// The files its results name by digest, each with its place in the sender's document.
    pub files: Vec<NamedFile>,
}

/// Reads every item.
pub(super) fn read(
    plan: &Arc<DocumentPlan>,
    tree: &Tree<'_>,
    document: Document,
) -> Result<Vec<StatusItem>, Rejection> {
    let Document {
        items,
        items_path,
        mut problems,
        ..
    } = document;
    if items.len() > MAX_REPORTS {
        problems.push(
            Problem::new(Label::TooManyItems)
                .with("field", provenance::last_name(&items_path))
                .with("limit", MAX_REPORTS)
                .at(&*items_path),
        );
    } else if items.is_empty() && problems.is_empty() {
        let field = provenance::last_name(&items_path).to_owned();
        problems.push(
            Problem::new(Label::FieldMissing)
                .with("field", field)
                .at(items_path),
        );
    }
    if let Some(rejection) = Rejection::of(problems) {
        return Err(rejection);
    }
    let read_one = |(node, path): (_, String)| {
        let applied = apply::apply(plan, tree, node, path.clone());
        let found = conform::item(tree, node, plan);
        let provenance = applied.provenance.clone();
        let report = one(plan, applied, found.problems);
        let results = report
            .as_ref()
            .map_or(&[][..], |report| report.results.as_slice());
        StatusItem {
            path,
            files: attachment::of_results(results, |pointer| Some(provenance.locate(pointer))),
            report,
        }
    };
    Ok(items.into_iter().map(read_one).collect())
}

fn one(plan: &DocumentPlan, applied: Applied<'_>, structural: Vec<Problem>) -> Result<StatusReport, Problem> {
    let status_path = applied.provenance.locate("/status");
    let built = build::status_report(&applied.canon, &applied.provenance);
    let first = applied
        .problems
        .into_iter()
        .chain(built.problems)
        .chain(structural)
        .next();
    match (first, built.value) {
        (None, Some(report)) => Ok(report),
        (Some(problem), _) => Err(cautious(plan, problem, &status_path)),
        // Nothing was said to be wrong and yet nothing was built: never a status.
        (None, None) => Err(Problem::new(Label::Internal)),
    }
}

/// A status the format does not have is told as such, with the words it has.
fn cautious(plan: &DocumentPlan, problem: Problem, status_path: &str) -> Problem {
    let about_the_word = matches!(
        problem.label,
        Label::ValueUnknown | Label::NumberMalformed | Label::TypeWrong
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
    Problem::new(Label::StatusWordUnknown)
        .with("expected", words.unwrap_or("1, 2, 3, 4, 5, 6, 7, 8, 9, 10"))
        .at(status_path)
}
