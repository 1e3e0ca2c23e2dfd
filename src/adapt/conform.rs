//! Holds a document against the fields its format declares: unknown, forbidden, repeated, and of the wrong structure.

use super::limits::MAX_PROBLEMS;
use super::plan::{DocumentPlan, Known, KnownList, Strictness};
use super::provenance::last_name;
use super::tree::{Name, NodeId, Syntax, Tree, Value};
use crate::domain::rejection::{Label, Problem};

/// What was found, each with its place in the sender's document.
#[derive(Default)]
pub(super) struct Findings {
    pub problems: Vec<Problem>,
    pub warnings: Vec<Problem>,
}

impl Findings {
    /// Keeps a problem. It is made only when there is room: its path costs a walk over its siblings, and a hostile document
    /// has many.
    fn problem(&mut self, make: impl FnOnce() -> Problem) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(make());
        }
    }

    fn warning(&mut self, make: impl FnOnce() -> Problem) {
        if self.warnings.len() < MAX_PROBLEMS {
            self.warnings.push(make());
        }
    }
}

/// Looks at everything but the items.
pub(super) fn envelope(tree: &Tree<'_>, known: &Known, strictness: Strictness) -> Findings {
    let mut walk = Walk {
        tree,
        strictness,
        found: Findings::default(),
    };
    if let Some(root) = tree.root() {
        walk.node(root, known);
    }
    walk.found
}

/// Looks at one item.
pub(super) fn item(tree: &Tree<'_>, item: NodeId, plan: &DocumentPlan) -> Findings {
    let mut walk = Walk {
        tree,
        strictness: plan.strictness,
        found: Findings::default(),
    };
    let mut steps = plan.items.iter().flat_map(|items| &items.path.0);
    let known = steps.try_fold(&plan.known, |at, step| at.child(&step.name));
    if let Some(known) = known {
        walk.item(item, known);
    }
    walk.found
}

struct Walk<'a> {
    tree: &'a Tree<'a>,
    strictness: Strictness,
    found: Findings,
}

impl Walk<'_> {
    fn node(&mut self, node: NodeId, known: &Known) {
        if known.everything {
            return;
        }
        match &known.list {
            None => self.item(node, known),
            Some(list) => self.list(node, known, list),
        }
    }

    fn list(&mut self, node: NodeId, known: &Known, list: &KnownList) {
        match (self.tree.syntax, &list.item) {
            (Syntax::Json, _) => match self.tree.value(node) {
                Value::List => {
                    for item in self.tree.children(node).filter(|_| !list.is_items) {
                        self.item(item, known);
                    }
                }
                _ if list.or_one => self.item(node, known),
                _ if self.strictness.empty_absent && !self.strictness.present(self.tree, node) => {}
                _ => self.wrong(node, "[…]"),
            },
            (Syntax::Xml, None) if list.is_items => {}
            (Syntax::Xml, None) => self.item(node, known),
            (Syntax::Xml, Some(name)) => match self.tree.value(node) {
                Value::Object => {
                    for item in self.tree.children(node) {
                        if self.tree.is_named(item, name) {
                            if !list.is_items {
                                self.item(item, known);
                            }
                        } else {
                            self.unknown(item);
                        }
                    }
                }
                Value::Text(t) if t.is_empty() => {}
                _ if list.or_one => self.item(node, known),
                _ => self.wrong(node, &format!("<{}>…", name.local)),
            },
        }
    }

    fn item(&mut self, node: NodeId, known: &Known) {
        match self.tree.value(node) {
            // A value where a value may be is judged by its own rule; so is a structure where only a value may be.
            _ if known.children.is_empty() => {}
            Value::Object => self.fields(node, known),
            Value::Null => {}
            Value::Text(t) if t.is_empty() && self.tree.syntax == Syntax::Xml => {}
            _ if known.leaf || !self.strictness.present(self.tree, node) => {}
            _ => self.wrong(
                node,
                if self.tree.syntax == Syntax::Json {
                    "{…}"
                } else {
                    "<…>"
                },
            ),
        }
    }

    fn fields(&mut self, node: NodeId, known: &Known) {
        let mut once: Vec<NodeId> = Vec::new();
        for child in self.tree.children(node) {
            let Some((name, field)) = self.declared(child, known) else {
                self.unknown(child);
                continue;
            };
            if field.forbidden {
                self.say(Label::FieldForbidden, child);
                continue;
            }
            let may_repeat = field.list.as_ref().is_some_and(|l| l.item.is_none());
            if self.tree.syntax == Syntax::Xml && !may_repeat && !field.everything {
                if once.iter().any(|n| self.tree.is_named(*n, name)) {
                    self.say(Label::FieldRepeated, child);
                    continue;
                }
                once.push(child);
            }
            self.node(child, field);
        }
    }

    fn declared<'k>(&self, child: NodeId, known: &'k Known) -> Option<&'k (Name, Known)> {
        known
            .children
            .get(self.tree.name(child))?
            .iter()
            .find(|(name, _)| self.tree.is_named(child, name))
    }

    fn unknown(&mut self, node: NodeId) {
        if self.strictness.unknown_refused {
            self.say(Label::FieldUnknown, node);
            return;
        }
        let tree = self.tree;
        self.found.warning(|| told(tree, Label::FieldUnknown, node));
    }

    fn say(&mut self, label: Label, node: NodeId) {
        let tree = self.tree;
        self.found.problem(|| told(tree, label, node));
    }

    fn wrong(&mut self, node: NodeId, expected: &str) {
        let tree = self.tree;
        self.found
            .problem(|| told(tree, Label::TypeWrong, node).with("expected", expected));
    }
}

fn told(tree: &Tree<'_>, label: Label, node: NodeId) -> Problem {
    let path = tree.path(node);
    Problem::new(label).with("field", last_name(&path)).at(path)
}
