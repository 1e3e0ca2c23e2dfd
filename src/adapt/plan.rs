//! A compiled mapping: immutable, checked, shared by every request.

use std::collections::HashMap;

use super::dates::DateForm;
use super::spec::{Form, Otherwise};
use super::target::Kind;
use super::tree::{Name, NodeId, Syntax, Tree, Value, push_index, push_json};
use super::words;
use crate::domain::plausible::Dated;
use crate::domain::text::{self, Lines};

/// A path relative to the place where its rule stands. No steps: that place itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Path(pub Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub name: Name,
    pub pick: Pick,
}

/// Which of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pick {
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
pub(super) fn find_all(steps: &[Step], tree: &Tree<'_>, base: NodeId) -> Vec<NodeId> {
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

/// A scalar as a text, to compare it with words of a mapping; white space around it does not count, as in XML.
pub(super) fn scalar<'t>(tree: &'t Tree<'_>, node: NodeId) -> Option<std::borrow::Cow<'t, str>> {
    Some(match tree.value(node) {
        Value::Text(t) => t.trim().into(),
        Value::Whole(n) => n.to_string().into(),
        Value::Fraction(_, n) => n.as_str().into(),
        Value::Flag(b) => (if *b { "true" } else { "false" }).into(),
        _ => return None,
    })
}

/// Words of the sender, and what each is for.
#[derive(Clone, Debug)]
pub(super) struct Words<T> {
    words: HashMap<Box<str>, T>,
    /// Compared without case.
    fold: bool,
    /// The words in order, for messages.
    pub allowed: String,
}

impl<T> Words<T> {
    /// Of words in the order of messages; gives back those that fold into one with another.
    pub fn of(words: impl Iterator<Item = (String, T)>, fold: bool) -> (Self, Vec<String>)
    where
        T: PartialEq,
    {
        let (mut map, mut allowed, mut double) = (HashMap::<Box<str>, T>::new(), Vec::new(), Vec::new());
        for (word, meaning) in words {
            let key = if fold { words::fold(&word) } else { word.clone() };
            match map.get(key.as_str()) {
                Some(other) if *other != meaning => double.push(word),
                Some(_) => {}
                None => {
                    map.insert(key.into(), meaning);
                    allowed.push(word);
                }
            }
        }
        let words = Words {
            words: map,
            fold,
            allowed: allowed.join(", "),
        };
        (words, double)
    }

    /// What a word is for.
    pub fn get(&self, word: &str) -> Option<&T> {
        // What cannot be seen in a word is not of it.
        let word = text::clean(word, Lines::One).ok()?;
        if self.fold {
            self.words.get(words::fold(&word).as_str())
        } else {
            self.words.get(&*word)
        }
    }
}

/// When a rule counts.
#[derive(Clone, Debug)]
pub(super) struct Cond {
    pub from: Path,
    pub ask: Ask,
    /// What must be there for the rule to count, for a message; empty where nothing must.
    pub shown: String,
}

impl Cond {
    /// Whether it asks for a word, and not only whether something is there.
    pub fn is_said(&self) -> bool {
        matches!(self.ask, Ask::Word { .. })
    }
}

/// What a condition asks of the sender's document.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    Present(bool),
    Word {
        /// Whether the rule counts, for each word there is.
        words: Words<bool>,
        /// Whether it counts where there is none.
        absent: bool,
        /// What another word is.
        otherwise: Otherwise,
    },
}

/// A question about a value of the hub's own.
#[derive(Clone, Debug)]
pub(super) enum Test {
    Is(Vec<Box<str>>),
    /// Also true of an absent field.
    IsNot(Vec<Box<str>>),
    Present(bool),
}

/// A field that must hold one of some words.
#[derive(Debug)]
pub(super) struct Guard {
    pub from: Path,
    pub is: Vec<Box<str>>,
    pub optional: bool,
}

/// A value that does not come from the document.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fixed {
    Text(Box<str>),
    Whole(i64),
    Flag(bool),
}

/// How a value is read.
#[derive(Clone, Debug)]
pub(super) enum Convert {
    Plain(Kind),
    Table(Words<Fixed>),
    Date {
        form: DateForm,
        day: bool,
        /// Which date of the model it is, and so what is plausible of it.
        dated: Option<Dated>,
    },
}

impl Convert {
    /// Whether a value is what programs write where they have no date.
    pub fn is_unset(&self, value: &Value<'_>) -> bool {
        match (self, value) {
            (
                Convert::Date {
                    form,
                    dated: Some(dated),
                    ..
                },
                Value::Text(text),
            ) => form.is_unset(text.trim(), *dated),
            _ => false,
        }
    }
}

/// One rule for one value.
#[derive(Debug)]
pub(super) struct LeafRule {
    pub sources: Vec<Path>,
    pub when: Option<Cond>,
    pub convert: Convert,
    pub constant: Option<Fixed>,
    pub default: Option<Fixed>,
    /// What a missing value is.
    pub missing: Option<Otherwise>,
    pub only_if: Option<Form>,
    /// Characters of the format's own field.
    pub max: Option<usize>,
    /// Characters of the canonical field.
    pub longest: Option<usize>,
    /// All sources that are present, with this between them.
    pub join: Option<Box<str>>,
    /// A value that cannot be read is set aside with a warning.
    pub set_aside: bool,
    pub except_if: Option<Form>,
    /// What it does not take is kept as a foreign value.
    pub kept: bool,
}

impl LeafRule {
    /// Where a sender would write the value: of several places the nearest, as what stands deeper is an extension.
    pub fn nearest(&self) -> Option<&Path> {
        self.sources.iter().min_by_key(|source| source.0.len())
    }
}

/// One rule for a group of values.
#[derive(Debug)]
pub(super) struct PartRule {
    pub base: Path,
    pub when: Option<Cond>,
    pub shape: Shape,
}

/// One rule for a repeated group of values.
#[derive(Debug)]
pub(super) struct ListRule {
    pub base: Path,
    pub item: Option<Name>,
    pub or_one: bool,
    pub when: Option<Cond>,
    pub shape: Shape,
}

/// The rules of one canonical object, one slot a member.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub slots: Vec<Slot>,
}

impl Shape {
    /// Whether every field keeps its name and its place, so that the canonical form itself is this format.
    pub fn is_mirror(&self) -> bool {
        let same = |path: &Path, name: &str| matches!(path.0.as_slice(), [step] if *step.name.local == *name && step.pick == Pick::Only);
        self.slots.iter().all(|slot| match &slot.rules {
            Rules::Leaf(rules) => {
                matches!(rules.as_slice(), [rule] if matches!(rule.sources.as_slice(), [s] if same(s, &slot.name)))
            }
            Rules::Part(rules) => {
                matches!(rules.as_slice(), [rule] if same(&rule.base, &slot.name) && rule.shape.is_mirror())
            }
            Rules::List { rules, .. } => {
                matches!(rules.as_slice(), [rule]
                    if same(&rule.base, &slot.name) && rule.item.is_some() && rule.shape.is_mirror())
            }
        })
    }
}

#[derive(Debug)]
pub(super) struct Slot {
    pub name: Box<str>,
    /// By the canonical model.
    pub required: bool,
    pub rules: Rules,
}

#[derive(Debug)]
pub(super) enum Rules {
    /// The first whose condition holds counts.
    Leaf(Vec<LeafRule>),
    /// The first whose condition holds counts.
    Part(Vec<PartRule>),
    /// All count, one after the other.
    List {
        max: Option<usize>,
        rules: Vec<ListRule>,
    },
}

/// Where the items of a document are.
#[derive(Debug)]
pub(super) struct Items {
    pub path: Path,
    pub item: Option<Name>,
}

/// A compiled document.
#[derive(Debug)]
pub(super) struct DocumentPlan {
    pub root: Option<Name>,
    pub items: Option<Items>,
    pub envelope_guards: Vec<Guard>,
    pub guards: Vec<Guard>,
    pub shape: Shape,
    pub known: Known,
    pub strictness: Strictness,
    /// Fields that turn the meaning of an item, so that one that looks like them is never passed over.
    pub turning: Vec<Turning>,
    /// Plain names that stand in one place of the format only, with that place.
    pub places: HashMap<String, String>,
}

/// A field that turns the meaning of an item.
#[derive(Debug)]
pub(super) struct Turning {
    /// Its name for comparing.
    pub plain: String,
    pub path: Path,
}

impl DocumentPlan {
    /// What a document of JSON looks like at its outside, so that whoever sends a bare list sees where it belongs.
    pub fn form(&self) -> String {
        let around = |path: &Path, inside: &str| {
            path.0.iter().rev().fold(inside.to_owned(), |inside, step| {
                format!("{{\"{}\": {inside}}}", step.name.local)
            })
        };
        match &self.items {
            Some(items) => around(&items.path, "[…]"),
            None => {
                let leaf = |slot: &Slot| match &slot.rules {
                    Rules::Leaf(rules) if slot.required => rules.first()?.nearest().cloned(),
                    _ => None,
                };
                let first = self.shape.slots.iter().filter_map(leaf).min_by_key(|p| p.0.len());
                let reference = self.shape.slots.iter().find(|slot| *slot.name == *"reference");
                let shown = reference.and_then(leaf).or(first);
                shown.map_or_else(|| "{…}".to_owned(), |path| around(&path, "\"…\", …"))
            }
        }
    }
}

/// How strict a format is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strictness {
    /// An undeclared field is refused, not warned of.
    pub unknown_refused: bool,
    /// An empty text is an absent field.
    pub empty_absent: bool,
    /// In JSON, numbers and flags may be written as texts.
    pub texts_for_values: bool,
}

impl Strictness {
    /// Whether the node says something. Where what is empty is absent, so is a structure or a list of nothing else.
    pub fn present(self, tree: &Tree<'_>, node: NodeId) -> bool {
        match tree.value(node) {
            Value::Null => false,
            Value::Text(t) => !(self.empty_absent && text::is_blank(t)),
            Value::Object | Value::List if self.empty_absent => {
                tree.children(node).any(|child| self.present(tree, child))
            }
            _ => true,
        }
    }
}

/// Every field a document may hold.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub children: HashMap<Box<str>, Vec<(Name, Known)>>,
    pub list: Option<KnownList>,
    /// Whatever is inside is not looked at, for a reason the file gives.
    pub ignored: bool,
    /// The canonical form has no place for it: every value inside is kept as a foreign value.
    pub kept: bool,
    pub forbidden: bool,
    /// May hold a value.
    pub leaf: bool,
    /// Words by which paths pick an entry of this list: the field, and the word.
    pub picks: Vec<(Name, Box<str>)>,
    /// What an entry with another word is.
    pub picked: Option<Picked>,
}

/// Entries of a list that paths pick by a word.
#[derive(Debug)]
pub(super) struct Picked {
    pub by: Name,
    pub words: Vec<Box<str>>,
    pub otherwise: Otherwise,
}

#[derive(Debug, Default)]
pub(super) struct KnownList {
    pub item: Option<Name>,
    pub or_one: bool,
    /// The list of the document's items, each of which is looked at by itself.
    pub is_items: bool,
}

impl Known {
    /// The place of a child, where there is one.
    pub fn child(&self, name: &Name) -> Option<&Known> {
        self.children
            .get(&name.local)?
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, known)| known)
    }

    /// The place of a child, made where there is none yet.
    pub fn enter(&mut self, name: &Name) -> &mut Known {
        let same = self.children.entry(name.local.clone()).or_default();
        match same.iter().position(|(n, _)| n == name) {
            Some(i) => &mut same[i].1,
            None => {
                same.push((name.clone(), Known::default()));
                let last = same.len() - 1;
                &mut same[last].1
            }
        }
    }

    /// The place a path leads to.
    pub fn follow(&mut self, path: &Path) -> &mut Known {
        let mut at = self;
        for step in &path.0 {
            at = at.enter(&step.name);
            if step.pick != Pick::Only {
                at.list.get_or_insert_default();
            }
            if let Pick::Where(key, word) = &step.pick {
                at.enter(key).leaf = true;
                at.picks.push((key.clone(), word.clone()));
            }
        }
        at
    }

    /// Every place with its name and where it stands, as a mapping writes it.
    pub fn walk<'k>(&'k self, within: &str, see: &mut impl FnMut(&'k Name, &'k Known, String)) {
        for (name, known) in self.children.values().flatten() {
            let shown = match within {
                "" => name.local.to_string(),
                within => format!("{within}.{}", name.local),
            };
            see(name, known, shown.clone());
            known.walk(&shown, see);
        }
    }
}
