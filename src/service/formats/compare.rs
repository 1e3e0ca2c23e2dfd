//! Two readings of one document, field by field; and the differences of many, counted.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::adapt::Adapted;
use crate::domain::ids::DossierId;
use crate::domain::rejection::{Label, Problem, Rejection};
use crate::domain::view::{ShadowDifference, ShadowKind, ShadowValue};

/// Differences that are told apart; documents can be wrong in more ways than anybody reads.
pub(super) const DIFFERENCES: usize = 1_000;

/// Examples of each.
pub(super) const EXAMPLES: usize = 3;

/// What one version made of a document.
pub(super) type Reading = Result<Adapted, Rejection>;

/// How two readings compare as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    Same,
    Differ,
    Refused,
    Accepted,
    RefusedByBoth,
}

/// One difference: of which kind, where, and why.
type Difference = (ShadowKind, String, Option<Label>);

/// What both read at a place.
type Values = (Option<Value>, Option<Value>);

/// Differences with how often each occurs.
#[derive(Default)]
pub(super) struct Differences {
    counted: BTreeMap<Difference, ShadowDifference>,
    pub(super) cut: bool,
}

impl Differences {
    /// Counts how a document is read differently. With `values`, what was read is kept for the examples.
    pub(super) fn count(
        &mut self,
        dossier: DossierId,
        (now, then): (&Reading, &Reading),
        values: bool,
    ) -> Compared {
        let found = differences(now, then);
        let compared = match (now, then) {
            (Err(_), Err(_)) => Compared::RefusedByBoth,
            (Ok(_), Err(_)) => Compared::Refused,
            (Err(_), Ok(_)) => Compared::Accepted,
            (Ok(_), Ok(_)) if found.is_empty() => Compared::Same,
            (Ok(_), Ok(_)) => Compared::Differ,
        };
        for (difference, read) in found {
            if self.counted.len() >= DIFFERENCES && !self.counted.contains_key(&difference) {
                self.cut = true;
                continue;
            }
            let (kind, field, label) = difference.clone();
            let counted = self
                .counted
                .entry(difference)
                .or_insert_with(|| ShadowDifference {
                    kind,
                    field,
                    label,
                    submissions: 0,
                    examples: Vec::new(),
                    values: Vec::new(),
                });
            counted.submissions += 1;
            if counted.examples.len() < EXAMPLES && !counted.examples.contains(&dossier) {
                counted.examples.push(dossier);
                if let Some((now, then)) = read.filter(|_| values) {
                    counted.values.push(ShadowValue { dossier, now, then });
                }
            }
        }
        compared
    }

    /// All of them: by kind, the most frequent first.
    pub(super) fn told(self) -> Vec<ShadowDifference> {
        let mut all: Vec<ShadowDifference> = self.counted.into_values().collect();
        let part = |kind: ShadowKind| match kind {
            ShadowKind::Refused => 0,
            ShadowKind::Accepted => 1,
            ShadowKind::Changes | ShadowKind::Appears | ShadowKind::Disappears => 2,
            ShadowKind::WarningNew | ShadowKind::WarningGone => 3,
        };
        all.sort_by(|a, b| {
            let order = part(a.kind).cmp(&part(b.kind));
            order
                .then(b.submissions.cmp(&a.submissions))
                .then(a.field.cmp(&b.field))
        });
        all
    }
}

/// How two readings of one document differ, each difference once, with what was read where it is met first.
fn differences(now: &Reading, then: &Reading) -> BTreeMap<Difference, Option<Values>> {
    let mut found = BTreeMap::new();
    match (now, then) {
        (Ok(now), Ok(then)) => {
            fields(now, then, &mut found);
            warnings(&now.warnings, &then.warnings, &mut found);
        }
        (Ok(_), Err(refused)) => reasons(ShadowKind::Refused, refused, &mut found),
        (Err(refused), Ok(_)) => reasons(ShadowKind::Accepted, refused, &mut found),
        (Err(_), Err(_)) => {}
    }
    found
}

fn reasons(kind: ShadowKind, refused: &Rejection, found: &mut BTreeMap<Difference, Option<Values>>) {
    for problem in refused.problems() {
        found.insert((kind, place(problem), Some(problem.label)), None);
    }
}

fn warnings(now: &[Problem], then: &[Problem], found: &mut BTreeMap<Difference, Option<Values>>) {
    let named = |problems: &[Problem]| -> BTreeSet<(String, Label)> {
        problems
            .iter()
            .map(|problem| (place(problem), problem.label))
            .collect()
    };
    let (now, then) = (named(now), named(then));
    for (kind, only) in [
        (ShadowKind::WarningNew, then.difference(&now)),
        (ShadowKind::WarningGone, now.difference(&then)),
    ] {
        for (place, label) in only {
            found.insert((kind, place.clone(), Some(*label)), None);
        }
    }
}

/// Where a problem stands in the sender's document, whichever entry of a list it is.
fn place(problem: &Problem) -> String {
    general(problem.path.as_deref().unwrap_or_default())
}

fn fields(now: &Adapted, then: &Adapted, found: &mut BTreeMap<Difference, Option<Values>>) {
    if now.filing == then.filing {
        return;
    }
    let (now, then) = (leaves(&now.filing), leaves(&then.filing));
    let places: BTreeSet<&String> = now.keys().chain(then.keys()).collect();
    for place in places {
        let (before, after) = (now.get(place), then.get(place));
        let kind = match (before, after) {
            (None, _) => ShadowKind::Appears,
            (_, None) => ShadowKind::Disappears,
            (before, after) if before == after => continue,
            _ => ShadowKind::Changes,
        };
        let values = (before.cloned(), after.cloned());
        found.entry((kind, general(place), None)).or_insert(Some(values));
    }
}

/// Every value of a filing by its place.
fn leaves(filing: &crate::domain::dossier::Filing) -> BTreeMap<String, Value> {
    let mut leaves = BTreeMap::new();
    // A filing is always JSON: it is kept as such.
    if let Ok(mut value) = serde_json::to_value(filing) {
        if let Some(beside) = value.get_mut("foreign_values").map(Value::take) {
            put_foreign(&beside, &mut leaves);
        }
        put(String::new(), value, &mut leaves);
    }
    leaves
}

/// What stands beside the content is known by its place in the sender's document, not by its place in the list.
fn put_foreign(beside: &Value, leaves: &mut BTreeMap<String, Value>) {
    for one in beside.as_array().into_iter().flatten() {
        let path = one.get("path").and_then(Value::as_str).unwrap_or_default();
        let value = one.get("value").cloned().unwrap_or(Value::Null);
        leaves.insert(format!("/foreign_values{path}"), value);
    }
}

fn put(place: String, value: Value, leaves: &mut BTreeMap<String, Value>) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (name, value) in fields {
                put(format!("{place}/{name}"), value, leaves);
            }
        }
        Value::Array(items) => {
            for (n, value) in items.into_iter().enumerate() {
                put(format!("{place}/{n}"), value, leaves);
            }
        }
        value => {
            leaves.insert(place, value);
        }
    }
}

/// A JSON Pointer without saying which entry of a list: `/components/*/name`. XML says it as `component[2]`.
fn general(pointer: &str) -> String {
    let step = |step: &str| {
        let is_number = !step.is_empty() && step.bytes().all(|b| b.is_ascii_digit());
        match step.split_once('[') {
            _ if is_number => "*".to_owned(),
            Some((name, _)) => format!("{name}[*]"),
            None => step.to_owned(),
        }
    };
    pointer.split('/').map(step).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapt::{Adapter, Registry};

    const SAMPLE: &[u8] = include_bytes!("../../../adapters/dvcqg-mc/v1/samples/full.json");

    /// The shipped format with one line of it written otherwise.
    fn with(line: &str, instead: &str) -> Adapter {
        let registry = Registry::shipped();
        let text = registry
            .get("dvcqg-mc/v1")
            .unwrap()
            .text()
            .replace("version = 1", "version = 2");
        assert!(text.contains(line), "{line}");
        Adapter::compile("dvcqg-mc/v2/adapter.toml", &text.replace(line, instead)).unwrap()
    }

    fn told(now: &Reading, then: &Reading, values: bool) -> (Compared, Vec<ShadowDifference>) {
        let mut differences = Differences::default();
        let dossier = "dos_0190b1a0000070008000000000000001".parse().unwrap();
        let compared = differences.count(dossier, (now, then), values);
        (compared, differences.told())
    }

    #[test]
    fn the_same_rules_read_the_same() {
        let read = || {
            Registry::shipped()
                .get("dvcqg-mc/v1")
                .unwrap()
                .read(SAMPLE, "application/json")
        };
        assert_eq!(told(&read(), &read(), true), (Compared::Same, Vec::new()));
    }

    #[test]
    fn a_field_that_is_read_otherwise_is_the_one_difference() {
        let now = Registry::shipped()
            .get("dvcqg-mc/v1")
            .unwrap()
            .read(SAMPLE, "application/json");
        let mut then = with("version = 2", "version = 2")
            .read(SAMPLE, "application/json")
            .unwrap();
        let text = serde_json::to_string(&then.filing).unwrap();
        let reference = serde_json::to_value(&then.filing).unwrap()["reference"]
            .as_str()
            .unwrap()
            .to_owned();
        then.filing = serde_json::from_str(&text.replacen(&reference, "SO-KHAC-1", 1)).unwrap();
        let (compared, differences) = told(&now, &Ok(then), false);
        assert_eq!(compared, Compared::Differ);
        let fields: Vec<_> = differences.iter().map(|d| (d.kind, d.field.as_str())).collect();
        assert_eq!(fields, [(ShadowKind::Changes, "/reference")]);
        assert!(differences[0].values.is_empty(), "nobody asked for values");
    }

    #[test]
    fn a_refusal_is_told_by_its_reasons() {
        let now = Registry::shipped()
            .get("dvcqg-mc/v1")
            .unwrap()
            .read(SAMPLE, "application/json");
        let then = Registry::shipped()
            .get("dvcqg-mc/v1")
            .unwrap()
            .read(b"{}", "application/json");
        let (compared, differences) = told(&now, &then, true);
        assert_eq!(compared, Compared::Refused);
        assert!(
            differences
                .iter()
                .all(|d| d.kind == ShadowKind::Refused && d.label.is_some())
        );
        let (compared, _) = told(&then, &now, true);
        assert_eq!(compared, Compared::Accepted);
        assert_eq!(told(&then, &then, true), (Compared::RefusedByBoth, Vec::new()));
    }

    #[test]
    fn a_place_in_a_list_is_any_place() {
        assert_eq!(general("/components/12/name"), "/components/*/name");
        assert_eq!(
            general("/dossier/components/component[2]/name"),
            "/dossier/components/component[*]/name"
        );
        assert_eq!(general(""), "");
    }

    #[test]
    fn differences_beyond_the_bound_are_said_to_be_there() {
        let mut differences = Differences::default();
        for n in 0..=DIFFERENCES {
            let place = (ShadowKind::Changes, format!("/f{n}x"), None);
            let empty = ShadowDifference {
                kind: ShadowKind::Changes,
                field: place.1.clone(),
                label: None,
                submissions: 1,
                examples: Vec::new(),
                values: Vec::new(),
            };
            if n < DIFFERENCES {
                differences.counted.insert(place, empty);
            }
        }
        let read = |bytes: &[u8]| {
            Registry::shipped()
                .get("dvcqg-mc/v1")
                .unwrap()
                .read(bytes, "application/json")
        };
        let dossier = "dos_0190b1a0000070008000000000000001".parse().unwrap();
        differences.count(dossier, (&read(SAMPLE), &read(b"{}")), false);
        assert!(differences.cut);
        assert_eq!(differences.told().len(), DIFFERENCES);
    }
}
