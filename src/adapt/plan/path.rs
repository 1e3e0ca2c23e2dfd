//! Paths of a mapping, and the nodes of a document they lead to.

use super::words::scalar;
use crate::adapt::tree::{Name, NodeId, Syntax, Tree, Value, push_index, push_json};

/// A path. Without steps it is the place itself where it starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::adapt) struct Path {
    pub start: Start,
    pub steps: Vec<Step>,
}

/// Where a path starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::adapt) enum Start {
    /// The place where its rule stands.
    #[default]
    Here,
    /// `^.`: the place around that one, or one further out for each more.
    Around(usize),
    /// `$.`: the item, which is the dossier or the report.
    Top,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::adapt) struct Step {
    pub name: Name,
    pub pick: Pick,
    /// How the list of this name is written, where it is one.
    pub listing: Listing,
}

/// How a list is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::adapt) struct Listing {
    /// Name of one item's element in XML; without one the list's own element repeats.
    pub item: Option<Name>,
    /// One item may stand without its list.
    pub one: bool,
}

/// Which of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::adapt) enum Pick {
    /// The one there is.
    Only,
    /// `name[0]`: this one of a list, from 0; `name[-1]`: from the end.
    Nth(i32),
    /// `name[]`: every one of a list.
    Each,
    /// `name[key=value]`: the first whose `key` is `value`.
    Where(Name, Box<str>),
}

impl Path {
    /// The node these steps lead to from `base`.
    pub fn find(&self, tree: &Tree<'_>, base: NodeId) -> Option<NodeId> {
        self.steps.iter().try_fold(base, |at, step| step.find(tree, at))
    }

    /// Every node these steps lead to from `base`.
    pub fn find_all(&self, tree: &Tree<'_>, base: NodeId) -> Vec<NodeId> {
        find_all(&self.steps, tree, base)
    }

    /// Whether it is the place itself where its rule stands.
    pub fn is_here(&self) -> bool {
        self.start == Start::Here && self.steps.is_empty()
    }

    /// Whether the way depends on what the document holds.
    pub fn picks(&self) -> bool {
        self.start != Start::Here || self.steps.iter().any(|s| s.pick != Pick::Only)
    }

    /// Whether it may lead to several places.
    pub fn is_manifold(&self) -> bool {
        self.steps.iter().any(|s| s.pick == Pick::Each)
    }

    /// The path as a mapping writes it, for a message: `LienThong.MaXa`.
    pub fn shown(&self) -> String {
        let names: Vec<&str> = self.steps.iter().map(|step| &*step.name.local).collect();
        names.join(".")
    }

    /// This path as the sender would write it, appended to the path of its base.
    pub fn append_to(&self, base: &str, syntax: Syntax) -> String {
        let mut path = base.to_owned();
        for step in &self.steps {
            step.append_to(&mut path, syntax);
        }
        path
    }
}

/// Every node these steps lead to from `base`.
pub(in crate::adapt) fn find_all(steps: &[Step], tree: &Tree<'_>, base: NodeId) -> Vec<NodeId> {
    let mut at = vec![base];
    for step in steps {
        at = at
            .into_iter()
            .flat_map(|node| match step.pick {
                Pick::Each => step.entries(tree, node),
                _ => step.find(tree, node).into_iter().collect(),
            })
            .collect();
    }
    at
}

impl Step {
    /// Appends it as the sender would write it.
    pub fn append_to(&self, path: &mut String, syntax: Syntax) {
        let number = match self.pick {
            Pick::Only => None,
            Pick::Nth(n) => Some(usize::try_from(n).unwrap_or(0)),
            Pick::Each | Pick::Where(..) => Some(0),
        };
        match syntax {
            Syntax::Json => {
                push_json(path, &self.name.local);
                if let Some(number) = number {
                    push_index(path, number);
                }
            }
            Syntax::Xml => {
                path.push_str(if self.name.attribute { "/@" } else { "/" });
                path.push_str(&self.name.local);
                if let (Some(_), Some(item)) = (number, &self.listing.item) {
                    path.push('/');
                    path.push_str(&item.local);
                }
                if let Some(number @ 1..) = number {
                    path.push_str(&format!("[{}]", number + 1));
                }
            }
        }
    }

    pub fn find(&self, tree: &Tree<'_>, at: NodeId) -> Option<NodeId> {
        match &self.pick {
            Pick::Only => tree.child(at, &self.name),
            Pick::Nth(n) => {
                let entries = self.entries(tree, at);
                let from_end = || entries.len().checked_sub(usize::try_from(n.unsigned_abs()).ok()?);
                let number = usize::try_from(*n).ok().or_else(from_end)?;
                entries.get(number).copied()
            }
            Pick::Each => self.entries(tree, at).into_iter().next(),
            Pick::Where(key, value) => self
                .entries(tree, at)
                .into_iter()
                .find(|item| holds(tree, *item, key, value)),
        }
    }

    /// The items of the list this step leads to. Of one that is no list, none: `conform` says so.
    pub fn entries(&self, tree: &Tree<'_>, at: NodeId) -> Vec<NodeId> {
        match (tree.syntax, &self.listing.item) {
            (Syntax::Xml, None) => tree
                .children(at)
                .filter(|item| tree.is_named(*item, &self.name))
                .collect(),
            _ => tree
                .child(at, &self.name)
                .and_then(|list| self.listing.entries(tree, list))
                .unwrap_or_default(),
        }
    }
}

impl Listing {
    /// The items of a list; none when this is none.
    pub fn entries(&self, tree: &Tree<'_>, list: NodeId) -> Option<Vec<NodeId>> {
        match (tree.syntax, tree.value(list), &self.item) {
            (Syntax::Json, Value::List, _) => Some(tree.children(list).collect()),
            (Syntax::Xml, Value::Object, Some(name)) => {
                let items: Vec<NodeId> = tree.children(list).filter(|c| tree.is_named(*c, name)).collect();
                let stands_alone = self.one && items.is_empty();
                Some(if stands_alone { vec![list] } else { items })
            }
            (Syntax::Xml, Value::Text(t), Some(_)) if t.is_empty() => Some(Vec::new()),
            (_, Value::Null, _) => Some(Vec::new()),
            _ if self.one => Some(vec![list]),
            _ => None,
        }
    }

    /// Whether it is an item that stands without its list.
    pub fn is_alone(&self, tree: &Tree<'_>, list: NodeId) -> bool {
        self.one && self.entries(tree, list).is_some_and(|items| items == [list])
    }
}

fn holds(tree: &Tree<'_>, item: NodeId, key: &Name, value: &str) -> bool {
    tree.child(item, key)
        .is_some_and(|n| scalar(tree, n).is_some_and(|word| word.trim() == value))
}
