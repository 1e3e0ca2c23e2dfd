//! A compiled mapping: immutable, checked, shared by every request.

mod known;
mod path;
mod words;

use std::collections::HashMap;

use super::dates::DateForm;
use super::spec::{Form, Otherwise};
use super::target::Kind;
use super::tree::{Name, NodeId, Tree, Value};
use crate::domain::plausible::Dated;
use crate::domain::text;

pub(super) use known::{Known, KnownList, Picked};
pub(super) use path::{Path, Pick, Step, find_all};
pub(super) use words::{Words, scalar};

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
