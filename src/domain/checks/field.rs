//! A canonical field as a check names it, and the places of a document it means.

use std::fmt;
use std::sync::OnceLock;

use serde_json::Value;

use super::facts::{FactNode, FactValue, Facts};
use super::words::CheckedDocument;
use crate::domain::dossier::Filing;
use crate::domain::view::StatusReport;

/// Stands for each party of a filing.
const PARTY: &str = "party";

/// The parties of a filing.
const PARTIES: [&str; 3] = ["applicant", "owner", "authorised_person"];

/// What a report is compared with: moments of its dossier, each as a sentence names it.
const OF_DOSSIER: [(&str, &str, &str); 3] = [
    (
        "due",
        "ngày hẹn trả kết quả của hồ sơ",
        "the due date of the dossier",
    ),
    (
        "received_at",
        "lúc cổng nhận hồ sơ",
        "the receipt of the dossier by the hub",
    ),
    (
        "since",
        "bước trước của hồ sơ",
        "the step of the dossier before it",
    ),
];

/// How a sentence names what stands at a pointer, where it is of the dossier of a report.
pub(super) fn words_of_dossier(pointer: &str) -> Option<(&'static str, &'static str)> {
    let name = pointer.strip_prefix("/dossier/")?;
    let row = OF_DOSSIER.iter().find(|(known, ..)| *known == name)?;
    Some((row.1, row.2))
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FieldKind {
    Date,
    Other,
}

/// One name of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    name: Box<str>,
    /// Whether a list stands there, of which each item is meant by what follows.
    list: bool,
}

/// A canonical field: names joined by dots, `party.tax_code`. A list means each of its items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldPath {
    text: Box<str>,
    steps: Vec<Step>,
    kind: FieldKind,
}

/// A place that a field means, and what stands there.
pub(super) struct Place<'a, N> {
    pub pointer: String,
    pub found: Option<&'a N>,
}

impl FieldPath {
    /// The field of this name; none where the model has no such field.
    pub fn parse(document: CheckedDocument, text: &str) -> Option<FieldPath> {
        let (steps, kind) = steps(document, text)?;
        Some(FieldPath {
            text: text.into(),
            steps,
            kind,
        })
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn is_date(&self) -> bool {
        self.kind == FieldKind::Date
    }

    /// The last of its names.
    pub(super) fn name(&self) -> &str {
        self.steps.last().map_or("", |step| &step.name)
    }

    /// The party or the list that it goes into.
    pub(super) fn several(&self) -> Option<&str> {
        let (head, rest) = self.steps.split_first()?;
        ((head.list || &*head.name == PARTY) && !rest.is_empty()).then_some(&*head.name)
    }

    /// Whether it goes into the same parties, or the items of the same list, as another field.
    pub(super) fn is_beside(&self, other: &FieldPath) -> bool {
        self.several().is_some() && self.several() == other.several()
    }

    /// What it is asked of: each party, each item of its list; of any other field the whole document.
    pub(super) fn instances<'a, N: FactNode>(&self, facts: &Facts<'a, N>) -> Vec<Instance<'a, N>> {
        let root = facts.root;
        match self.several() {
            None => vec![Instance(None)],
            Some(PARTY) => {
                let party = |name: &str| Some(Instance(Some((format!("/{name}"), root.member(name)?))));
                PARTIES.into_iter().filter_map(party).collect()
            }
            Some(list) => {
                let items = root.member(list).map_or(&[][..], FactNode::items);
                let numbered = items.iter().enumerate();
                numbered
                    .map(|(n, item)| Instance(Some((format!("/{list}/{n}"), item))))
                    .collect()
            }
        }
    }

    /// All its places. Of what is not there, the one where it belongs; of a list without items none.
    pub(super) fn places<'a, N: FactNode>(&self, facts: &Facts<'a, N>) -> Vec<Place<'a, N>> {
        let instances = self.instances(facts);
        let of = |instance: &Instance<'a, N>| instance.places(facts, self);
        instances.iter().flat_map(of).collect()
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// One of the things that a rule is asked of, with its pointer; none is the whole document.
pub(super) struct Instance<'a, N>(Option<(String, &'a N)>);

impl<'a, N: FactNode> Instance<'a, N> {
    /// The places of a field that goes into it.
    pub fn places(&self, facts: &Facts<'a, N>, field: &FieldPath) -> Vec<Place<'a, N>> {
        let mut places = Vec::new();
        match &self.0 {
            Some((pointer, node)) => walk(pointer.clone(), Some(*node), &field.steps[1..], &mut places),
            None => walk(String::new(), Some(facts.root), &field.steps, &mut places),
        }
        places
    }
}

/// Follows names from a node on.
fn walk<'a, N: FactNode>(
    pointer: String,
    node: Option<&'a N>,
    steps: &[Step],
    places: &mut Vec<Place<'a, N>>,
) {
    let Some((step, rest)) = steps.split_first() else {
        places.push(Place { pointer, found: node });
        return;
    };
    let pointer = format!("{pointer}/{}", step.name);
    let member = match node {
        // What is there and could not be read may hold anything.
        Some(bad) if bad.value() == FactValue::Bad => Some(bad),
        other => other.and_then(|node| node.member(&step.name)),
    };
    if !step.list || rest.is_empty() || member.is_some_and(|node| node.value() == FactValue::Bad) {
        return walk(pointer, member, rest, places);
    }
    let items = member.map_or(&[][..], FactNode::items);
    for (n, item) in items.iter().enumerate() {
        walk(format!("{pointer}/{n}"), Some(item), rest, places);
    }
}

/// The schema that a document's model has.
fn schema(document: CheckedDocument) -> &'static Value {
    static FILING: OnceLock<Value> = OnceLock::new();
    static REPORT: OnceLock<Value> = OnceLock::new();
    match document {
        CheckedDocument::Dossier => FILING.get_or_init(|| schemars::schema_for!(Filing).to_value()),
        CheckedDocument::Statuses => REPORT.get_or_init(|| schemars::schema_for!(StatusReport).to_value()),
    }
}

/// The names of a field, and what it holds; none where the model has no such field.
fn steps(document: CheckedDocument, text: &str) -> Option<(Vec<Step>, FieldKind)> {
    let plain = |name: &str| Step {
        name: name.into(),
        list: false,
    };
    if let (CheckedDocument::Statuses, Some(name)) = (document, text.strip_prefix("dossier.")) {
        let known = OF_DOSSIER.iter().any(|(known, ..)| *known == name);
        return known.then(|| (vec![plain("dossier"), plain(name)], FieldKind::Date));
    }
    let root = schema(document);
    let (mut at, mut steps) = (root, Vec::new());
    for (n, name) in text.split('.').enumerate() {
        let of_party = document == CheckedDocument::Dossier && n == 0 && name == PARTY;
        let member = if of_party { PARTIES[0] } else { name };
        let object = at.get("items").map_or(at, |items| resolved(root, items));
        at = resolved(root, object.get("properties")?.get(member)?);
        steps.push(Step {
            name: name.into(),
            list: at.get("items").is_some(),
        });
    }
    let date = matches!(at["format"].as_str(), Some("date" | "date-time"));
    Some((steps, if date { FieldKind::Date } else { FieldKind::Other }))
}

/// A schema without references, and without the null that an optional value may be.
fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let mut at = schema;
    loop {
        at = match (at["$ref"].as_str(), at["anyOf"].as_array()) {
            (Some(name), _) => &root["$defs"][name.rsplit('/').next().unwrap_or_default()],
            (None, Some(any)) => any.iter().find(|s| s["type"] != "null").unwrap_or(&Value::Null),
            (None, None) => return at,
        };
    }
}
