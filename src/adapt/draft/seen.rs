//! What sample documents hold, place by place, in whichever syntax.

use std::collections::BTreeMap;

use crate::adapt::tree::{NodeId, Syntax, Tree, Value};
use crate::adapt::words::plain;

/// Values of one place that are remembered at most.
const VALUES: usize = 100;

/// One place of the samples.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// As a path of a mapping writes it: with its prefix, an attribute with `@`.
    pub name: String,
    /// Fields of it, in the order first met; of a list those of its entries.
    pub children: Vec<Seen>,
    /// Different values met.
    pub values: Vec<String>,
    /// It repeats.
    pub listed: bool,
    /// Of a list: an entry has stood without it.
    pub alone: bool,
    /// Of a list: the name of an entry's element in XML.
    pub item: Option<String>,
    /// It was met with something in it.
    met: bool,
}

impl Seen {
    /// The field of this name, made where there is none yet.
    fn child(&mut self, name: &str) -> &mut Seen {
        let place = self.children.iter().position(|child| child.name == name);
        let place = place.unwrap_or_else(|| {
            self.children.push(Seen {
                name: name.to_owned(),
                ..Seen::default()
            });
            self.children.len() - 1
        });
        &mut self.children[place]
    }

    /// Takes in what was met at another place of the same kind.
    fn merge(&mut self, other: Seen) {
        for child in other.children {
            self.child(&child.name.clone()).merge(child);
        }
        for value in other.values {
            self.value(value);
        }
        self.listed |= other.listed;
        self.alone |= other.alone;
        self.met |= other.met;
        self.item = self.item.take().or(other.item);
    }

    /// The values below it.
    pub fn leaves(&self) -> usize {
        let inner: usize = self.children.iter().map(Seen::leaves).sum();
        inner + usize::from(self.children.is_empty())
    }

    fn value(&mut self, value: String) {
        self.met = true;
        if !value.trim().is_empty() && self.values.len() < VALUES && !self.values.contains(&value) {
            self.values.push(value);
        }
    }
}

/// The samples of one kind of document.
#[derive(Debug, Default)]
pub(super) struct Samples {
    /// What they hold.
    pub top: Seen,
    /// The root element in XML.
    pub root: Option<String>,
    /// The list that stood around the items in some documents, where others are the list themselves.
    pub wrapper: Option<String>,
}

/// What is common to all samples of a format.
#[derive(Debug, Default)]
pub(super) struct Syntaxes {
    pub json: bool,
    pub xml: bool,
    /// Namespaces of names without a prefix, in the order met.
    pub spaces: Vec<String>,
    /// Namespaces of names with one, by their addresses.
    pub prefixes: BTreeMap<String, String>,
}

impl Samples {
    /// Adds a document.
    pub fn add(&mut self, tree: &Tree<'_>, syntaxes: &mut Syntaxes) {
        let Some(root) = tree.root() else { return };
        match tree.syntax {
            Syntax::Json => {
                syntaxes.json = true;
                json(tree, root, &mut self.top);
            }
            Syntax::Xml => {
                syntaxes.xml = true;
                let space = tree.space_of(root).to_owned();
                if !syntaxes.spaces.contains(&space) && !syntaxes.prefixes.contains_key(&space) {
                    syntaxes.spaces.push(space);
                }
                self.root.get_or_insert_with(|| tree.name(root).to_owned());
                xml(tree, root, &mut self.top, syntaxes);
            }
        }
    }
}

impl Samples {
    /// Where some documents are the list of the items and others have it in a field, both are one.
    pub fn settle(&mut self) {
        let top = &mut self.top;
        let is_same = |list: &Seen| {
            let has = |name: &str| top.children.iter().any(|child| child.name == name);
            let shared = list.children.iter().filter(|child| has(&child.name)).count();
            list.listed && shared * 2 > list.children.len()
        };
        let place = top.children.iter().position(is_same).filter(|_| top.listed);
        if let Some(place) = place {
            let list = top.children.remove(place);
            self.wrapper = Some(list.name.clone());
            top.merge(list);
        }
    }
}

fn json(tree: &Tree<'_>, node: NodeId, seen: &mut Seen) {
    match tree.value(node) {
        Value::List => {
            seen.alone |= seen.met && !seen.listed;
            seen.listed = true;
            seen.met = true;
            for entry in tree.children(node).collect::<Vec<_>>() {
                json_entry(tree, entry, seen);
            }
        }
        Value::Null => {}
        _ => {
            seen.alone |= seen.listed;
            json_entry(tree, node, seen);
        }
    }
}

fn json_entry(tree: &Tree<'_>, node: NodeId, seen: &mut Seen) {
    match tree.value(node) {
        Value::Object => {
            seen.met = true;
            for field in tree.children(node).collect::<Vec<_>>() {
                json(tree, field, seen.child(tree.name(field)));
            }
        }
        // A list in a list has no path.
        Value::List | Value::Null => {}
        value => seen.value(scalar(value)),
    }
}

fn xml(tree: &Tree<'_>, node: NodeId, seen: &mut Seen, syntaxes: &mut Syntaxes) {
    let fields: Vec<(String, NodeId)> = tree
        .children(node)
        .map(|field| (written(tree, field, syntaxes), field))
        .collect();
    let elements = fields.iter().filter(|(name, _)| !name.starts_with('@'));
    let names: Vec<&str> = elements.map(|(name, _)| name.as_str()).collect();
    if let Some(item) = entry_name(seen, tree.name(node), &names) {
        seen.alone |= seen.met && !seen.listed;
        seen.listed = true;
        seen.met = true;
        seen.item = Some(item.to_owned());
        for (name, entry) in &fields {
            if name == item {
                xml_entry(tree, *entry, seen, syntaxes);
            }
        }
        return;
    }
    seen.alone |= seen.listed && seen.item.is_some();
    xml_entry(tree, node, seen, syntaxes);
}

/// The name of the entries' elements, where this element is a list around them.
fn entry_name<'n>(seen: &Seen, list: &str, names: &[&'n str]) -> Option<&'n str> {
    let (first, rest) = names.split_first()?;
    // Something else beside many entries is a slip; beside one it is a structure.
    let others = rest.iter().filter(|name| *name != first).count();
    let entries = names.len() - others;
    if others > 0 && (!seen.listed || entries <= others) {
        return None;
    }
    let of_an_entry = seen.children.iter().any(|child| child.name == **first);
    let is_known = seen.item.as_deref() == Some(*first);
    let plural = plain(list);
    let singular = plain(first);
    let is_plural = plural.len() > singular.len()
        && (plural.starts_with(&singular) || plural.ends_with(&singular) && !of_an_entry);
    (is_known || is_plural || entries > 1 && !of_an_entry || seen.listed && !of_an_entry).then_some(*first)
}

/// What stands in an element, its attributes among it.
fn xml_entry(tree: &Tree<'_>, node: NodeId, seen: &mut Seen, syntaxes: &mut Syntaxes) {
    if let Value::Text(text) = tree.value(node) {
        seen.value(text.trim().to_owned());
    }
    let mut before: Vec<String> = Vec::new();
    for field in tree.children(node).collect::<Vec<_>>() {
        let name = written(tree, field, syntaxes);
        let child = seen.child(&name);
        if tree.is_attribute(field) {
            if let Value::Text(text) = tree.value(field) {
                child.value(text.trim().to_owned());
            }
            continue;
        }
        // An element that repeats among others is a list without one around it.
        child.listed |= before.contains(&name);
        before.push(name);
        xml(tree, field, child, syntaxes);
    }
}

/// A name as a path of the mapping writes it.
fn written(tree: &Tree<'_>, node: NodeId, syntaxes: &mut Syntaxes) -> String {
    let (name, space) = (tree.name(node), tree.space_of(node).to_owned());
    if tree.is_attribute(node) {
        return format!("@{name}");
    }
    let of_root = tree.root().map(|root| tree.space_of(root));
    if of_root == Some(space.as_str()) || syntaxes.spaces.contains(&space) {
        return name.to_owned();
    }
    let next = format!("n{}", syntaxes.prefixes.len() + 1);
    let prefix = syntaxes.prefixes.entry(space).or_insert(next);
    format!("{prefix}:{name}")
}

fn scalar(value: &Value<'_>) -> String {
    match value {
        Value::Text(text) => text.trim().to_owned(),
        Value::Whole(number) => number.to_string(),
        Value::Fraction(_, text) => text.clone(),
        Value::Flag(flag) => flag.to_string(),
        Value::Object | Value::List | Value::Null => String::new(),
    }
}
