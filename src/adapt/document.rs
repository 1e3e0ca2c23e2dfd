//! What every document goes through before its items are read: its characters, its syntax, its envelope.

use super::plan::DocumentPlan;
use super::provenance::located;
use super::reads::Reads;
use super::tree::{NodeId, Syntax, Tree, Value};
use super::{apply, conform, json, limits, provenance, xml};
use crate::domain::encoding::{self, Decoded};
use crate::domain::rejection::{Label, Problem, Rejection, problems};

/// The tree of a text.
pub(super) fn parse(text: &str, syntax: Syntax) -> Result<Tree<'_>, Problem> {
    match syntax {
        Syntax::Json => json::read(text),
        Syntax::Xml => xml::read(text),
    }
}

/// The refusal of a format for what it does not have; the canonical one has everything.
pub(super) fn cannot() -> Rejection {
    problems::FormatUnknown {
        expected: &"canonical/v1",
    }
    .into()
}

/// Each problem of each place once, at most [`limits::MAX_PROBLEMS`]: one field of the sender may feed several of ours.
pub(super) fn each_once(problems: Vec<Problem>) -> Vec<Problem> {
    let mut seen = std::collections::HashSet::new();
    let mut told = Vec::with_capacity(problems.len().min(limits::MAX_PROBLEMS));
    for problem in problems {
        if told.len() < limits::MAX_PROBLEMS && seen.insert((problem.label, problem.path.clone())) {
            told.push(problem);
        }
    }
    told
}

/// What every document goes through before a syntax is tried: size, emptiness, its characters, control characters.
pub(super) fn decode<'b>(bytes: &'b [u8], syntax: Syntax, media_type: &str) -> Result<Decoded<'b>, Problem> {
    if bytes.len() > limits::MAX_BYTES {
        return Err(problems::BodyTooLarge {
            limit: &limits::MAX_BYTES,
        }
        .into());
    }
    let kind = match syntax {
        Syntax::Json => encoding::Kind::Json,
        Syntax::Xml => encoding::Kind::Xml,
    };
    let decoded = encoding::decode(bytes, kind, encoding::charset(media_type).as_deref())?;
    let text = &decoded.text;
    if text.trim().is_empty() {
        return Err(problems::DocumentEmpty.into());
    }
    if text
        .bytes()
        .any(|b| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r'))
    {
        return Err(problems::ControlCharacter.into());
    }
    Ok(decoded)
}

/// Slips in names: often why something else is missing.
pub(super) fn slips(warnings: &[Problem]) -> impl Iterator<Item = Problem> {
    let slips = warnings.iter().filter(|w| w.label == Label::FieldMisspelt);
    slips.cloned()
}

/// A document whose envelope was looked at.
pub(super) struct Document {
    pub(super) items: Vec<(NodeId, String)>,
    /// Where the items are, in the sender's words.
    pub(super) items_path: String,
    /// Whether their list is there.
    pub(super) listed: bool,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
}

impl Document {
    pub(super) fn open(
        plan: &DocumentPlan,
        tree: &Tree<'_>,
        reads: &mut Reads,
    ) -> Result<Document, Rejection> {
        let root = tree.root().ok_or(problems::DocumentEmpty)?;
        match (tree.syntax, &plan.root) {
            (Syntax::Json, _) if *tree.value(root) != Value::Object => {
                let problem = problems::ObjectExpected {
                    expected: &plan.form(),
                };
                return Err(problem.at("").into());
            }
            (Syntax::Xml, Some(name)) if !tree.is_named(root, name) => {
                let wanted = format!("<{} xmlns=\"{}\">", name.local, name.space);
                return Err(problems::FieldMissing { field: &wanted }.at("/").into());
            }
            _ => {}
        }
        let Some(spec) = &plan.items else {
            return Ok(Document {
                items: vec![(root, tree.path(root))],
                items_path: tree.path(root),
                listed: true,
                problems: Vec::new(),
                warnings: Vec::new(),
            });
        };
        let mut problems = apply::check_envelope(plan, tree, reads, root);
        let found = conform::envelope(tree, plan, reads);
        problems.extend(found.problems);
        if !problems.is_empty() {
            problems.extend(slips(&found.warnings));
        }
        let items_path = spec.path.append_to(&tree.path(root), tree.syntax);
        let list = spec.path.find(tree, root);
        let mut items = Vec::new();
        if let Some(list) = list {
            let item = spec.item.as_ref();
            let is_list = tree.syntax == Syntax::Xml || *tree.value(list) == Value::List;
            let nodes = tree.children(list).filter(|node| match (tree.syntax, item) {
                (Syntax::Json, _) | (_, None) => is_list,
                (Syntax::Xml, Some(name)) => tree.is_named(*node, name),
            });
            let name = item.map(|name| &*name.local);
            for (n, node) in nodes.take(limits::MAX_ITEMS + 1).enumerate() {
                items.push((node, provenance::item_path(&items_path, name, n, tree.syntax)));
            }
        }
        Ok(Document {
            items,
            items_path,
            listed: list.is_some_and(|list| {
                let is_list = *tree.value(list) == Value::List || tree.syntax == Syntax::Xml;
                is_list || plan.strictness.present(tree, list)
            }),
            problems,
            warnings: found.warnings,
        })
    }

    /// What is wrong when there is no item.
    pub(super) fn without_items(&self) -> Problem {
        located(self.items_path.clone(), |field| match self.listed {
            true => problems::ListEmpty { field }.into(),
            false => problems::FieldMissing { field }.into(),
        })
    }

    /// The refusal of a document that does not hold exactly one dossier.
    pub(super) fn not_one(mut self) -> Rejection {
        let problem = if self.items.is_empty() {
            self.without_items()
        } else {
            located(self.items_path.clone(), |field| {
                problems::TooManyItems { field, limit: &1 }.into()
            })
        };
        // A list of the wrong type has been said already, and better.
        let said = self.items.is_empty()
            && self
                .problems
                .iter()
                .any(|p| p.path.as_deref() == Some(&self.items_path));
        if !said {
            self.problems.insert(0, problem.clone());
            self.problems.extend(slips(&self.warnings));
        }
        Rejection::of(self.problems).unwrap_or_else(|| problem.into())
    }
}
