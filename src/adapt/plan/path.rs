//! Paths of a mapping, and the nodes of a document they lead to.

use super::words::scalar;
use crate::adapt::tree::{Name, NodeId, Syntax, Tree, Value, push_index, push_json};

/// A path relative to the place where its rule stands. No steps: that place itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::adapt) struct Path(pub Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::adapt) struct Step {
    pub name: Name,
    pub pick: Pick,
}

/// Which of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::adapt) enum Pick {
    /// The one there is.
    Only,
    /// `name[0]`: the first of a list.
    First,
    /// `name[]`: every one of a list.
    Each,
    /// `name[key=value]`: the first whose `key` is `value`.
    Where(Name, Box<str>),
}

impl Path {
    /// The node this path leads to from `base`.
    pub fn find(&self, tree: &Tree<'_>, base: NodeId) -> Option<NodeId> {
        self.0.iter().try_fold(base, |at, step| step.find(tree, at))
    }

    /// Every node this path leads to from `base`.
    pub fn find_all(&self, tree: &Tree<'_>, base: NodeId) -> Vec<NodeId> {
        find_all(&self.0, tree, base)
    }

    /// Whether the way depends on what the document holds.
    pub fn picks(&self) -> bool {
        self.0.iter().any(|s| s.pick != Pick::Only)
    }

    /// Whether it may lead to several places.
    pub fn is_manifold(&self) -> bool {
        self.0.iter().any(|s| s.pick == Pick::Each)
    }

    /// The path as a mapping writes it, for a message: `LienThong.MaXa`.
    pub fn shown(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|step| &*step.name.local).collect();
        names.join(".")
    }

    /// This path as the sender would write it, appended to the path of its base.
    pub fn append_to(&self, base: &str, syntax: Syntax) -> String {
        let mut path = base.to_owned();
        for step in &self.0 {
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
                Pick::Each => step.each(tree, node),
                _ => step.find(tree, node).into_iter().collect(),
            })
            .collect();
    }
    at
}

impl Step {
    /// Appends it as the sender would write it.
    pub fn append_to(&self, path: &mut String, syntax: Syntax) {
        match syntax {
            Syntax::Json => {
                push_json(path, &self.name.local);
                if self.pick != Pick::Only {
                    push_index(path, 0);
                }
            }
            Syntax::Xml => {
                path.push_str(if self.name.attribute { "/@" } else { "/" });
                path.push_str(&self.name.local);
            }
        }
    }

    pub fn find(&self, tree: &Tree<'_>, at: NodeId) -> Option<NodeId> {
        match (&self.pick, tree.syntax) {
            (Pick::Only, _) | (Pick::First, Syntax::Xml) => tree.child(at, &self.name),
            (Pick::First, Syntax::Json) => tree.children(tree.child(at, &self.name)?).next(),
            (Pick::Each, _) => self.each(tree, at).into_iter().next(),
            (Pick::Where(key, value), Syntax::Json) => {
                let list = tree.child(at, &self.name)?;
                tree.children(list).find(|item| holds(tree, *item, key, value))
            }
            (Pick::Where(key, value), Syntax::Xml) => tree
                .children(at)
                .find(|item| tree.is_named(*item, &self.name) && holds(tree, *item, key, value)),
        }
    }

    fn each(&self, tree: &Tree<'_>, at: NodeId) -> Vec<NodeId> {
        match tree.syntax {
            Syntax::Json => match tree.child(at, &self.name) {
                Some(list) if *tree.value(list) == Value::List => tree.children(list).collect(),
                // One that is no list is said to be wrong by `conform`.
                _ => Vec::new(),
            },
            Syntax::Xml => tree
                .children(at)
                .filter(|item| tree.is_named(*item, &self.name))
                .collect(),
        }
    }
}

fn holds(tree: &Tree<'_>, item: NodeId, key: &Name, value: &str) -> bool {
    tree.child(item, key)
        .is_some_and(|n| scalar(tree, n).is_some_and(|word| word.trim() == value))
}
