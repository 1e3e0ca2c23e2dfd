//! Names that the format does not have: what was probably meant by each.

use super::{Unread, Walk, told};
use crate::adapt::plan::{DocumentPlan, Known, Strictness, Turning};
use crate::adapt::provenance::{last_name, located};
use crate::adapt::tree::{NodeId, Syntax, Tree, Value};
use crate::adapt::words;
use crate::domain::rejection::{Problem, problems};
use crate::domain::text;

impl Walk<'_> {
    /// A field the mapping does not name, at a place whose names are `around`.
    pub(super) fn unknown(&mut self, node: NodeId, around: Option<&Known>) {
        let (tree, plan) = (self.tree, self.plan);
        if let Some(space) = self.other_space(node, around) {
            // The right name in the namespace of something else: no advice on how it is spelt would help.
            self.found.unread.push((node, Unread::Unknown));
            let expected = &space;
            return self.complain(|| {
                told(tree, node, |field| {
                    problems::NamespaceWrong { field, expected }.into()
                })
            });
        }
        if self.strictness.unknown_refused {
            self.found.unread.push((node, Unread::Unknown));
            self.say(node, |field| problems::FieldUnknown { field }.into());
            return;
        }
        if self.turns(node) {
            return;
        }
        self.found.unread.push((node, Unread::Unknown));
        self.found
            .warning(|| match nearest(plan, around, tree.name(node)) {
                Some(meant) => misspelt(tree, node, meant),
                None => told(tree, node, |field| problems::FieldUnknown { field }.into()),
            });
    }

    /// The namespace in which an element of this name is expected here, where it stands in another one.
    fn other_space(&self, node: NodeId, around: Option<&Known>) -> Option<String> {
        if self.tree.syntax != Syntax::Xml {
            return None;
        }
        let mut same = around?.children.get(self.tree.name(node))?.iter();
        let (name, _) = same.find(|(name, _)| name.attribute == self.tree.is_attribute(node))?;
        Some(format!("xmlns=\"{}\"", name.space))
    }

    /// Whether it, or something in it, looks like a field that turns the meaning of the item. Then the item is refused, and beside the
    /// items the whole: what is meant is never guessed from the absence of that field.
    fn turns(&mut self, node: NodeId) -> bool {
        let (tree, plan) = (self.tree, self.plan);
        if plan.turning.is_empty() || !says_something(tree, self.strictness, node) {
            return false;
        }
        // Around the items it is of all of them, and of none.
        let is_absent = |turning: &Turning| self.top.is_none_or(|top| turning.path.find(tree, top).is_none());
        let name = words::plain(tree.name(node));
        let looks_like = plan.turning.iter().find(|turning| {
            words::near(&name, &turning.plain)
                // A name around it, such as the reason of a refusal, stands for it where it is not there itself.
                || (turning.plain.len() >= WHOLE_WORD
                    && name.contains(&turning.plain)
                    && is_absent(turning))
        });
        if let Some(turning) = looks_like {
            self.found.problem(|| misspelt(tree, node, &turning.path.shown()));
            return true;
        }
        let inside: Vec<NodeId> = tree.children(node).collect();
        inside.into_iter().any(|child| self.turns(child))
    }
}

/// From how many letters on a name that is part of another one is taken to be meant by it.
const WHOLE_WORD: usize = 6;

/// Whether any value is inside.
fn says_something(tree: &Tree<'_>, strictness: Strictness, node: NodeId) -> bool {
    match tree.value(node) {
        Value::Object | Value::List => tree
            .children(node)
            .any(|child| says_something(tree, strictness, child)),
        Value::Text(text) => !text::is_blank(text),
        _ => strictness.present(tree, node),
    }
}

/// The field that a name nobody knows is probably meant for: the nearest at this place, else one of exactly this name that stands
/// in one other place.
fn nearest<'p>(plan: &'p DocumentPlan, around: Option<&'p Known>, name: &str) -> Option<&'p str> {
    let plain = words::plain(name);
    let names = around.into_iter().flat_map(|known| known.children.keys());
    let close = |of: &&str| words::near(&plain, &words::plain(of));
    let here = names.map(|of| &**of).filter(close);
    // Of several the one that differs in case alone, then the first by name: the same each time.
    here.min_by_key(|of| (words::plain(of) != plain, *of))
        .or_else(|| plan.places.get(&plain).map(String::as_str))
}

/// A name that is probably meant for another one; where both are spelt alike, the place of the other is said.
fn misspelt(tree: &Tree<'_>, node: NodeId, meant: &str) -> Problem {
    let path = tree.path(node);
    let expected = if last_name(&path) == meant {
        format!("/{}", meant.replace('.', "/"))
    } else {
        meant.to_owned()
    };
    let expected = &expected;
    located(path, |field| problems::FieldMisspelt { field, expected }.into())
}
