//! Holds a document against the fields its format declares: unknown, forbidden, repeated, of the wrong structure, kept beside the
//! canonical form, and read by nobody.

mod names;

use super::limits::MAX_PROBLEMS;
use super::plan::{DocumentPlan, Known, KnownList, Picked, Strictness, scalar};
use super::provenance::located;
use super::reads::{Mark, Reads};
use super::spec::Otherwise;
use super::tree::{Name, NodeId, Oddity, Syntax, Tree, Value};
use crate::domain::dossier::{ForeignValue, limits};
use crate::domain::rejection::Problem;
use crate::domain::rejection::problems::{self, Fill};
use crate::domain::text;

/// What was found, each with its place in the sender's document.
#[derive(Default)]
pub(super) struct Findings {
    pub problems: Vec<Problem>,
    pub warnings: Vec<Problem>,
    /// Values the mapping keeps beside the canonical form, in the order of their paths.
    pub kept: Vec<ForeignValue>,
    /// What no rule read, and why.
    pub unread: Vec<(NodeId, Unread)>,
}

/// Why nobody read a part of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unread {
    /// The mapping does not name it.
    Unknown,
    /// The mapping names it, and had no use for it in this document.
    Unused,
    /// Kept beside the canonical form.
    Kept,
    /// Ignored for a reason.
    Ignored,
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
pub(super) fn envelope(tree: &Tree<'_>, plan: &DocumentPlan, reads: &Reads) -> Findings {
    let mut walk = Walk::new(tree, plan, reads);
    if let Some(root) = tree.root() {
        walk.around(root);
    }
    walk.finish()
}

/// Looks at one item.
pub(super) fn item(tree: &Tree<'_>, item: NodeId, plan: &DocumentPlan, reads: &Reads) -> Findings {
    let mut walk = Walk::new(tree, plan, reads);
    walk.top = Some(item);
    walk.item(item, &plan.item);
    walk.keep(item);
    walk.finish()
}

struct Walk<'a> {
    tree: &'a Tree<'a>,
    plan: &'a DocumentPlan,
    strictness: Strictness,
    reads: &'a Reads,
    found: Findings,
    /// The item that is looked at; none in an envelope.
    top: Option<NodeId>,
    /// Values to keep beside the canonical form.
    kept: Vec<NodeId>,
    /// Values no rule took, of which that was said.
    told: Vec<NodeId>,
    /// How many values were met of which nothing more needs to be said.
    read: usize,
}

impl<'a> Walk<'a> {
    fn new(tree: &'a Tree<'a>, plan: &'a DocumentPlan, reads: &'a Reads) -> Self {
        Walk {
            tree,
            plan,
            strictness: plan.strictness,
            reads,
            found: Findings::default(),
            top: None,
            kept: Vec::new(),
            told: Vec::new(),
            read: 0,
        }
    }

    /// Tells of what no rule used.
    fn finish(mut self) -> Findings {
        let tree = self.tree;
        let unread = std::mem::take(&mut self.found.unread);
        for (node, _) in unread.iter().filter(|(_, why)| *why == Unread::Unused) {
            let unused = || told(tree, *node, |field| problems::ValueUnused { field }.into());
            self.found.warning(unused);
        }
        self.found.unread = unread;
        let told = self.told.iter().map(|node| (*node, Unread::Unused));
        self.found.unread.extend(told);
        self.found
    }

    /// The outermost node, which may itself be the list of the items.
    fn around(&mut self, root: NodeId) {
        let (tree, plan) = (self.tree, self.plan);
        let bare = plan
            .items
            .as_ref()
            .filter(|items| items.path(tree, root).steps.is_empty());
        match (bare, tree.value(root), tree.syntax) {
            (None, ..) => self.item(root, &plan.known),
            // Each item is looked at by itself.
            (Some(_), Value::List, _) | (Some(_), _, Syntax::Json) => {}
            (Some(items), ..) => {
                self.odd(root, &plan.known);
                for child in tree.children(root).filter(|c| !items.is_item(tree, *c)) {
                    self.field(child, &plan.known, &mut Vec::new());
                }
            }
        }
    }

    fn node(&mut self, node: NodeId, known: &Known) {
        if known.ignored {
            return self.found.unread.push((node, Unread::Ignored));
        }
        if known.kept {
            self.found.unread.push((node, Unread::Kept));
            self.values(node);
            return;
        }
        // Of a group of which nothing was read the group is told, not each value.
        let (unread, read) = (self.found.unread.len(), self.read);
        match &known.list {
            None => self.item(node, known),
            Some(list) => self.list(node, known, list),
        }
        let unused = |why: &(NodeId, Unread)| why.1 == Unread::Unused;
        if self.read == read && self.found.unread[unread..].iter().filter(|w| unused(w)).count() > 1 {
            let mut inside = self.found.unread.split_off(unread);
            inside.retain(|w| !unused(w));
            self.found.unread.push((node, Unread::Unused));
            self.found.unread.append(&mut inside);
        }
    }

    /// What an element of XML holds beside what it may: attributes of a value, a text beside elements.
    fn odd(&mut self, node: NodeId, known: &Known) {
        let tree = self.tree;
        if tree.syntax != Syntax::Xml {
            return;
        }
        self.misplaced(node);
        // Those of a structure are among its fields.
        if *tree.value(node) == Value::Object {
            return;
        }
        for attribute in tree.children(node) {
            match self.declared(attribute, known) {
                Some((_, field)) if field.forbidden => self.forbidden(attribute),
                Some((_, field)) => self.node(attribute, field),
                None => self.unknown(attribute, Some(known)),
            }
        }
    }

    /// Text beside elements, or an element that says it is nothing and is not.
    fn misplaced(&mut self, node: NodeId) {
        let tree = self.tree;
        let Some(oddity) = tree.odd(node) else { return };
        self.complain(|| {
            told(tree, node, |field| match oddity {
                Oddity::NilFilled => problems::NilFilled { field }.into(),
                Oddity::TextMisplaced => problems::TextMisplaced { field }.into(),
            })
        });
    }

    /// What a strict format refuses and another one warns of.
    fn complain(&mut self, make: impl FnOnce() -> Problem) {
        if self.strictness.unknown_refused {
            self.found.problem(make);
        } else {
            self.found.warning(make);
        }
    }

    fn list(&mut self, node: NodeId, known: &Known, list: &KnownList) {
        let listing = &list.listing;
        match (self.tree.syntax, &listing.item) {
            (Syntax::Json, _) => match self.tree.value(node) {
                Value::List => {
                    for item in self.tree.children(node).filter(|_| !list.is_items) {
                        self.entry(item, known);
                    }
                }
                _ if listing.one && list.is_items => {}
                _ if listing.one => self.entry(node, known),
                _ if !self.strictness.present(self.tree, node) => {}
                _ => self.wrong(node, "[…]"),
            },
            (Syntax::Xml, None) if list.is_items => {}
            (Syntax::Xml, None) => self.entry(node, known),
            (Syntax::Xml, Some(name)) => match self.tree.value(node) {
                Value::Object if listing.is_alone(self.tree, node) => self.entry(node, known),
                Value::Object => {
                    self.odd(node, known);
                    for item in self.tree.children(node) {
                        if self.tree.is_named(item, name) {
                            if !list.is_items {
                                self.entry(item, known);
                            }
                        } else {
                            self.unknown(item, None);
                        }
                    }
                }
                Value::Null => self.odd(node, known),
                Value::Text(t) if t.is_empty() => self.odd(node, known),
                _ if listing.one && list.is_items => {}
                _ if listing.one => self.entry(node, known),
                _ => {
                    self.odd(node, known);
                    self.wrong(node, &format!("<{}>…", name.local));
                }
            },
        }
    }

    /// One entry of a list: its word, where paths pick by one, and what is in it.
    fn entry(&mut self, node: NodeId, known: &Known) {
        let word = known.picked.as_ref().and_then(|picked| self.word(node, picked));
        let (unread, read) = (self.found.unread.len(), self.read);
        self.item(node, known);
        // The word by which paths pick is read with what they pick.
        let unused = |(part, why): &(NodeId, Unread)| *why == Unread::Unused && Some(*part) != word;
        let inside = self.found.unread.split_off(unread);
        // A word with nothing beside it picks nothing.
        let nothing_read = self.read == read && inside.iter().any(|part| part.1 == Unread::Unused);
        if nothing_read {
            self.found.unread.push((node, Unread::Unused));
        }
        let rest = inside
            .into_iter()
            .filter(|part| part.1 != Unread::Unused || (!nothing_read && unused(part)));
        self.found.unread.extend(rest);
    }

    /// The word of an entry by which paths pick, where it is one there is; another one is told.
    fn word(&mut self, node: NodeId, picked: &Picked) -> Option<NodeId> {
        let tree = self.tree;
        let present = |n: &NodeId| self.strictness.present(tree, *n);
        let word = tree.child(node, &picked.by).filter(present);
        let said = word.and_then(|n| scalar(tree, n));
        let is_known = said.is_some_and(|said| picked.words.iter().any(|w| **w == *said.trim()));
        if is_known || !present(&node) {
            return word;
        }
        let problem = || match word {
            Some(word) => told(tree, word, |field| {
                let expected = &picked.words.join(", ");
                problems::ValueUnknown { field, expected }.into()
            }),
            None => problems::FieldMissing {
                field: &picked.by.local,
            }
            .at(format!("{}/{}", tree.path(node), picked.by.local)),
        };
        match picked.otherwise {
            Otherwise::Refuse => self.found.problem(problem),
            Otherwise::Warn => self.found.warning(problem),
        }
        None
    }

    fn item(&mut self, node: NodeId, known: &Known) {
        self.odd(node, known);
        match self.tree.value(node) {
            // A value where a value may be is judged by its own rule; so is a structure where only a value may be.
            _ if known.children.is_empty() => self.value(node),
            Value::Object => self.fields(node, known),
            Value::Null => {}
            Value::Text(t) if t.is_empty() && self.tree.syntax == Syntax::Xml => {}
            _ if known.leaf => self.value(node),
            _ if !self.strictness.present(self.tree, node) => {}
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

    /// A value: read, or told.
    fn value(&mut self, node: NodeId) {
        match self.reads.of_node(node) {
            Mark::Read => self.read += 1,
            Mark::Told => {
                self.read += 1;
                self.told.push(node);
            }
            Mark::Unread if self.strictness.present(self.tree, node) => {
                self.found.unread.push((node, Unread::Unused));
            }
            Mark::Unread => {}
        }
    }

    fn fields(&mut self, node: NodeId, known: &Known) {
        let mut once: Vec<NodeId> = Vec::new();
        for child in self.tree.children(node) {
            self.field(child, known, &mut once);
        }
    }

    /// One field of a structure; `once` are the fields before it that may not be repeated.
    fn field(&mut self, child: NodeId, known: &Known, once: &mut Vec<NodeId>) {
        let Some((name, field)) = self.declared(child, known) else {
            return self.unknown(child, Some(known));
        };
        if field.forbidden {
            // Where empty means absent, an empty one was not sent.
            if self.strictness.present(self.tree, child) {
                self.forbidden(child);
            }
            return;
        }
        let may_repeat = field.list.as_ref().is_some_and(|l| l.listing.item.is_none());
        if self.tree.syntax == Syntax::Xml && !may_repeat && !field.ignored && !field.kept {
            if once.iter().any(|n| self.tree.is_named(*n, name)) {
                return self.say(child, |field| problems::FieldRepeated { field }.into());
            }
            once.push(child);
        }
        self.node(child, field);
    }

    /// Every value inside, attributes of XML among them.
    fn values(&mut self, node: NodeId) {
        self.misplaced(node);
        let is_value = !matches!(self.tree.value(node), Value::Object | Value::List);
        if is_value && self.strictness.present(self.tree, node) {
            self.kept.push(node);
        }
        for child in self.tree.children(node).collect::<Vec<_>>() {
            self.values(child);
        }
    }

    /// Makes foreign values of what is to be kept, with paths that begin at the item: the same dossier is the same content
    /// wherever it stands in a list.
    fn keep(&mut self, item: NodeId) {
        let tree = self.tree;
        let base = tree.path(item).len();
        let mut kept: Vec<(String, NodeId)> = self
            .kept
            .iter()
            .map(|node| (tree.path(*node)[base..].to_owned(), *node))
            .collect();
        kept.sort();
        for (path, node) in kept {
            let value = scalar(tree, node).unwrap_or_default();
            // An empty text says nothing, in a strict format too.
            if text::is_blank(&value) {
                continue;
            }
            let room = self.found.kept.len() < limits::FOREIGN_VALUES;
            match (path.parse(), value.parse()) {
                (Ok(path), Ok(value)) if room => self.found.kept.push(ForeignValue { path, value }),
                _ => self.found.warning(|| {
                    told(tree, node, |field| {
                        let (limit, max) = (&limits::FOREIGN_VALUES, &limits::FOREIGN_VALUE);
                        problems::ForeignValueNotKept { field, limit, max }.into()
                    })
                }),
            }
        }
    }

    fn declared<'k>(&self, child: NodeId, known: &'k Known) -> Option<&'k (Name, Known)> {
        known
            .children
            .get(self.tree.name(child))?
            .iter()
            .find(|(name, _)| self.tree.is_named(child, name))
    }

    fn say(&mut self, node: NodeId, said: impl FnOnce(&dyn Fill) -> Problem) {
        let tree = self.tree;
        self.found.problem(|| told(tree, node, said));
    }

    fn forbidden(&mut self, node: NodeId) {
        self.say(node, |field| problems::FieldForbidden { field }.into());
    }

    fn wrong(&mut self, node: NodeId, expected: &str) {
        let expected = &expected;
        self.say(node, |field| problems::TypeWrong { field, expected }.into());
    }
}

fn told(tree: &Tree<'_>, node: NodeId, said: impl FnOnce(&dyn Fill) -> Problem) -> Problem {
    located(tree.path(node), said)
}
