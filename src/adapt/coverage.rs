//! What documents have and nobody reads, for whoever writes a mapping.

use std::collections::BTreeSet;

use super::apply::Canon;
use super::conform::{self, Unread};
use super::document::{Document, cannot, decode, parse};
use super::plan::{Rules, Shape};
use super::reads::Reads;
use super::tree::{NodeId, Tree, Value};
use super::{Adapter, apply};
use crate::domain::rejection::Rejection;

/// A part of a document that no rule read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadPart {
    /// Where, without numbers, so that the same field of every item is one: `/data/TaiLieuNop/IsDeleted`.
    pub place: String,
    /// Why.
    pub why: Unread,
}

/// What became of one document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoveredDocument {
    /// What no rule read, in the document's order.
    pub unread: Vec<UnreadPart>,
    /// The canonical fields that got a value, by their names from the whole on (`components[].name`); a default and a constant are
    /// values too.
    pub filled: BTreeSet<String>,
    /// Why the document as a whole could not be read: every value of it is then unknown.
    pub refused: Option<Rejection>,
}

impl Adapter {
    /// What is read and what is not of a document that files dossiers, or with `statuses` of one that reports statuses. Values are
    /// looked at and never shown.
    ///
    /// # Errors
    /// When the document is not well formed; what is wrong with its fields does not matter here.
    pub fn coverage(
        &self,
        bytes: &[u8],
        media_type: &str,
        statuses: bool,
    ) -> Result<CoveredDocument, Rejection> {
        let plan = if statuses { &self.statuses } else { &self.dossier };
        let plan = plan.as_ref().ok_or_else(cannot)?;
        let syntax = self.parsed_as(media_type)?;
        let decoded = decode(bytes, syntax, media_type)?;
        let tree = parse(&decoded.text, syntax, plan)?;
        let mut reads = Reads::of(&tree);
        let mut covered = CoveredDocument::default();
        let document = match Document::open(plan, &tree, &mut reads) {
            Ok(document) => document,
            Err(rejection) => {
                let values = tree.root().map_or_else(Vec::new, |root| values(&tree, root));
                covered.unread = parts(&tree, values.into_iter().map(|node| (node, Unread::Unknown)));
                covered.refused = Some(rejection);
                return Ok(covered);
            }
        };
        if plan.items.is_some() {
            let found = conform::envelope(&tree, plan, &reads).unread;
            covered.unread.extend(parts(&tree, found.into_iter()));
        }
        for (item, path) in document.items {
            let applied = apply::apply(plan, &tree, &mut reads, item, path);
            filled(&applied.canon, "", &mut covered.filled);
            let found = conform::item(&tree, item, plan, &reads).unread;
            covered.unread.extend(parts(&tree, found.into_iter()));
        }
        Ok(covered)
    }

    /// The canonical fields that it reads from a document, by their names from the whole on, in order.
    pub fn canonical_fields_read(&self, statuses: bool) -> BTreeSet<String> {
        let plan = if statuses { &self.statuses } else { &self.dossier };
        let mut fields = BTreeSet::new();
        if let Some(plan) = plan {
            read_by(&plan.shape, "", &mut fields);
        }
        fields
    }
}

fn read_by(shape: &Shape, within: &str, fields: &mut BTreeSet<String>) {
    for slot in &shape.slots {
        let name = format!("{within}{}", slot.name);
        match &slot.rules {
            Rules::Leaf(rules) => {
                if rules.iter().any(|rule| !rule.sources.is_empty()) {
                    fields.insert(name);
                }
            }
            Rules::Part(rules) => rules
                .iter()
                .for_each(|rule| read_by(&rule.shape, &format!("{name}."), fields)),
            Rules::List { rules, .. } => rules
                .iter()
                .for_each(|rule| read_by(&rule.shape, &format!("{name}[]."), fields)),
        }
    }
}

/// The names of what holds a value; a value that is wrong is one.
fn filled(canon: &Canon<'_>, name: &str, fields: &mut BTreeSet<String>) {
    match canon {
        Canon::Object(members) => {
            for (member, inner) in members {
                let name = if name.is_empty() {
                    (*member).to_owned()
                } else {
                    format!("{name}.{member}")
                };
                filled(inner, &name, fields);
            }
        }
        Canon::List(items) => items
            .iter()
            .for_each(|item| filled(item, &format!("{name}[]"), fields)),
        _ => {
            fields.insert(name.to_owned());
        }
    }
}

/// Every value in a part of a document.
fn values(tree: &Tree<'_>, node: NodeId) -> Vec<NodeId> {
    if matches!(tree.value(node), Value::Object | Value::List) {
        return tree
            .children(node)
            .flat_map(|child| values(tree, child))
            .collect();
    }
    let attributes = tree.children(node).flat_map(|child| values(tree, child));
    std::iter::once(node).chain(attributes).collect()
}

fn parts(tree: &Tree<'_>, nodes: impl Iterator<Item = (NodeId, Unread)>) -> Vec<UnreadPart> {
    nodes
        .map(|(node, why)| UnreadPart {
            place: unnumbered(tree, node),
            why,
        })
        .collect()
}

/// The path of a node without the numbers of list items.
fn unnumbered(tree: &Tree<'_>, node: NodeId) -> String {
    let path = tree.path(node);
    let steps = path.split('/').skip(1);
    let named = steps.filter(|step| step.is_empty() || !step.bytes().all(|b| b.is_ascii_digit()));
    named
        .map(|step| format!("/{}", step.split('[').next().unwrap_or(step)))
        .collect()
}
