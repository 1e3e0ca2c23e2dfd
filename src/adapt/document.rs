//! What every document goes through before its items are read: its characters, its syntax, its envelope.

use super::plan::{DocumentPlan, Items, Path};
use super::provenance::located;
use super::reads::Reads;
use super::tree::{Name, NodeId, Syntax, Tree, Value, text_too_long};
use super::{apply, conform, json, limits, provenance, xml};
use crate::domain::encoding::{self, Decoded};
use crate::domain::rejection::{Label, Problem, Rejection, problems};

/// The tree of a text, in which every namespace is the one that the format writes.
pub(super) fn parse<'d>(text: &'d str, syntax: Syntax, plan: &DocumentPlan) -> Result<Tree<'d>, Problem> {
    let mut tree = match syntax {
        Syntax::Json => json::read_with(text, &plan.contents),
        Syntax::Xml => xml::read_with(text, &plan.contents),
    }?;
    tree.read_spaces_as(&plan.spaces);
    Ok(tree)
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
        if told.len() < limits::MAX_PROBLEMS
            && seen.insert((
                problem.label,
                problem.path.clone(),
                problem.check().map(str::to_owned),
            ))
        {
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

/// The refusal of each text that is longer than a text may be and was not read as the content of a file.
pub(super) fn too_long(tree: &Tree<'_>, contents: &[NodeId]) -> Vec<Problem> {
    let long = tree.long().iter().filter(|node| !contents.contains(node));
    long.map(|node| text_too_long().at(tree.path(*node))).collect()
}

/// Slips in names and namespaces: often why something else is missing.
pub(super) fn slips(warnings: &[Problem]) -> impl Iterator<Item = Problem> {
    let slips = warnings
        .iter()
        .filter(|w| matches!(w.label, Label::FieldMisspelt | Label::NamespaceWrong));
    slips.cloned()
}

/// What is wrong with the outermost element: its namespace alone, or its name.
fn wrong_root(tree: &Tree<'_>, root: NodeId, name: &Name) -> Problem {
    let space = format!("xmlns=\"{}\"", name.space);
    if tree.name(root) == &*name.local {
        return problems::NamespaceWrong {
            field: &name.local,
            expected: &space,
        }
        .at(tree.path(root));
    }
    let wanted = format!("<{} {space}>", name.local);
    problems::FieldMissing { field: &wanted }.at("/")
}

/// The items of their list, one more than a document may hold at most, each with its path.
fn items_of(
    tree: &Tree<'_>,
    spec: &Items,
    path: &Path,
    list: NodeId,
    items_path: &str,
) -> Vec<(NodeId, String)> {
    let one = match path.steps.last() {
        Some(step) => step.listing.one,
        // Where the document itself is the list and nothing else, it may be the one item.
        None => spec.paths.len() == 1,
    };
    let is_list = tree.syntax == Syntax::Xml || *tree.value(list) == Value::List;
    if !is_list {
        let stands_alone = one && *tree.value(list) == Value::Object;
        return stands_alone
            .then(|| (list, items_path.to_owned()))
            .into_iter()
            .collect();
    }
    let is_item = |node: &NodeId| tree.syntax == Syntax::Json || spec.is_item(tree, *node);
    let name = spec.item.as_ref().map(|name| &*name.local);
    let nodes = tree.children(list).filter(is_item).take(limits::MAX_ITEMS + 1);
    let numbered = nodes.enumerate();
    numbered
        .map(|(n, node)| (node, provenance::item_path(items_path, name, n, tree.syntax)))
        .collect()
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
        let may_list = plan.items.as_ref().is_some_and(Items::may_be_whole);
        match (tree.syntax, &plan.root) {
            (Syntax::Json, _) if *tree.value(root) == Value::Object => {}
            (Syntax::Json, _) if *tree.value(root) == Value::List && may_list => {}
            (Syntax::Json, _) => {
                let problem = problems::ObjectExpected {
                    expected: &plan.form(),
                };
                return Err(problem.at("").into());
            }
            (Syntax::Xml, Some(name)) if !tree.is_named(root, name) => {
                return Err(wrong_root(tree, root, name).into());
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
        let path = spec.path(tree, root);
        let items_path = path.append_to(&tree.path(root), tree.syntax);
        let list = path.find(tree, root);
        let items = match list {
            Some(list) => items_of(tree, spec, path, list, &items_path),
            None => Vec::new(),
        };
        Ok(Document {
            listed: list.is_some_and(|list| {
                let is_list = *tree.value(list) == Value::List || tree.syntax == Syntax::Xml;
                !items.is_empty() || is_list || plan.strictness.present(tree, list)
            }),
            items,
            items_path,
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
