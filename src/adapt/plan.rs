//! A compiled mapping: immutable, checked, shared by every request.

mod clean;
mod known;
mod path;
mod words;

use std::collections::HashMap;

use super::dates::DateForm;
use super::spec::{Form, Otherwise};
use super::target::Kind;
use super::tree::{Name, NodeId, Syntax, Tree, Value};
use crate::domain::checks::{Check, CheckName};
use crate::domain::plausible::Dated;
use crate::domain::text;

pub(super) use clean::Cleaner;
pub(super) use known::{Known, KnownList, Picked};
pub(super) use path::{Listing, Path, Pick, Start, Step, find_all};
pub(super) use words::{Fixed, Meaning, Words, plain_scalar, scalar};

/// When a rule counts.
#[derive(Clone, Debug)]
pub(super) enum Cond {
    Ask(Question),
    All(Vec<Cond>),
    Any(Vec<Cond>),
    Not(Box<Cond>),
}

/// A question about one field of the sender's document.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub from: Path,
    pub ask: Ask,
    /// What must be there for the rule to count, for a message; empty where nothing must.
    pub shown: String,
}

impl Cond {
    /// Whether it asks for a word, and not only whether something is there.
    pub fn is_said(&self) -> bool {
        match self {
            Cond::Ask(question) => matches!(question.ask, Ask::Word { .. }),
            Cond::All(several) | Cond::Any(several) => several.iter().any(Cond::is_said),
            Cond::Not(one) => one.is_said(),
        }
    }

    /// Whether it asks only for fields of the place where its rule stands.
    pub fn asks_here_alone(&self) -> bool {
        match self {
            Cond::Ask(question) => question.from.start == Start::Here,
            Cond::All(several) | Cond::Any(several) => several.iter().all(Cond::asks_here_alone),
            Cond::Not(one) => one.asks_here_alone(),
        }
    }

    /// What must be there for the rule to count, for a message; empty where nothing must.
    pub fn shown(&self) -> String {
        let together = |several: &[Cond], between: &str| {
            let shown: Vec<String> = several
                .iter()
                .map(Cond::shown)
                .filter(|s| !s.is_empty())
                .collect();
            shown.join(between)
        };
        match self {
            Cond::Ask(question) => question.shown.clone(),
            Cond::All(several) => together(several, "; "),
            Cond::Any(several) => together(several, " | "),
            Cond::Not(_) => String::new(),
        }
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

/// What must hold of a field.
#[derive(Debug)]
pub(super) struct Guard {
    pub from: Path,
    pub must: Must,
    pub when: Option<Cond>,
}

/// What a guard asks.
#[derive(Debug)]
pub(super) enum Must {
    /// One of these words, unless it may be missing.
    Hold {
        words: Words<bool>,
        optional: bool,
    },
    BePresent,
    BeAbsent,
}

/// How a value is read.
#[derive(Clone, Debug)]
pub(super) enum Convert {
    Plain(Kind),
    Table(Words<Meaning>),
    Date {
        /// The first that fits counts; the first is what a message shows.
        forms: Vec<DateForm>,
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
                    forms,
                    dated: Some(dated),
                    ..
                },
                Value::Text(text),
            ) => forms.iter().any(|form| form.is_unset(text.trim(), *dated)),
            _ => false,
        }
    }
}

/// One rule for one value.
#[derive(Debug)]
pub(super) struct LeafRule {
    pub sources: Vec<Path>,
    pub when: Option<Cond>,
    /// What is done with a text before it is read, and is not told.
    pub clean: Vec<Cleaner>,
    /// What is done with a text before it is read, and is told where it changes something.
    pub mend: Vec<Cleaner>,
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
    /// What it does not take is kept beside the canonical form or ignored, as the file says, and so it is not told.
    pub aside: bool,
}

impl LeafRule {
    /// Where a sender would write the value: of several places the nearest, as what stands deeper is an extension.
    pub fn nearest(&self) -> Option<&Path> {
        self.sources.iter().min_by_key(|source| source.steps.len())
    }

    /// What a sender calls the field, with all the names it may have: `NgayNopHoSo / NgayTiepNhan`. What stands deeper is an
    /// extension, which no sender left out.
    pub fn names(&self) -> String {
        let depth = self.nearest().map_or(0, |nearest| nearest.steps.len());
        let near = self.sources.iter().filter(|source| source.steps.len() == depth);
        let mut names: Vec<&str> = Vec::new();
        for step in near.filter_map(|source| source.steps.last()) {
            if !names.contains(&&*step.name.local) {
                names.push(&step.name.local);
            }
        }
        names.join(" / ")
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
    /// Its place among the list rules of the document.
    pub number: usize,
    pub base: Path,
    /// Of the items only those of which this field says the same as that one outside the item.
    pub matching: Vec<(Path, Path)>,
    /// Of the items only those that no rule with `matching` took.
    pub rest: bool,
    /// What it does not take is kept beside the canonical form or ignored, as the file says, and so it is not told.
    pub aside: bool,
    pub when: Option<Cond>,
    pub shape: Shape,
}

impl ListRule {
    /// How its list is written; none where it makes one item of the place where it stands.
    pub fn listing(&self) -> Option<&Listing> {
        self.base.steps.last().map(|step| &step.listing)
    }

    /// The name of one item's element in XML.
    pub fn item(&self) -> Option<&Name> {
        self.listing()?.item.as_ref()
    }
}

/// The rules of one canonical object, one slot a member.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub slots: Vec<Slot>,
}

impl Shape {
    /// Whether every field keeps its name and its place, so that the canonical form itself is this format.
    pub fn is_mirror(&self) -> bool {
        let same = |path: &Path, name: &str| matches!(path.steps.as_slice(), [step] if *step.name.local == *name && step.pick == Pick::Only);
        self.slots.iter().all(|slot| match &slot.rules {
            Rules::Leaf(rules) => {
                matches!(rules.as_slice(), [rule] if matches!(rule.sources.as_slice(), [s] if same(s, &slot.name)))
            }
            Rules::Part(rules) => {
                matches!(rules.as_slice(), [rule] if same(&rule.base, &slot.name) && rule.shape.is_mirror())
            }
            Rules::List { rules, .. } => {
                matches!(rules.as_slice(), [rule]
                    if same(&rule.base, &slot.name) && rule.item().is_some() && rule.shape.is_mirror())
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
    /// Of several the first that is there; without steps the document itself is the list.
    pub paths: Vec<Path>,
    /// Name of one item's element in XML.
    pub item: Option<Name>,
}

impl Items {
    /// Where the items are in a document, or belong where there are none.
    pub fn path(&self, tree: &Tree<'_>, root: NodeId) -> &Path {
        let is_there = |path: &&Path| match (path.steps.is_empty(), tree.syntax) {
            // A list has no named children, so it is itself what is meant.
            (true, Syntax::Json) => *tree.value(root) == Value::List,
            (true, Syntax::Xml) => tree.children(root).any(|c| self.is_item(tree, c)),
            (false, _) => path.find(tree, root).is_some(),
        };
        self.paths.iter().find(is_there).unwrap_or(&self.paths[0])
    }

    /// Whether the document itself may be the list.
    pub fn may_be_whole(&self) -> bool {
        self.paths.iter().any(|path| path.steps.is_empty())
    }

    /// Whether an element of XML is an item.
    pub fn is_item(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        self.item.as_ref().is_none_or(|name| tree.is_named(node, name))
    }
}

/// A compiled document.
#[derive(Debug)]
pub(super) struct DocumentPlan {
    pub root: Option<Name>,
    pub items: Option<Items>,
    pub envelope_guards: Vec<Guard>,
    pub guards: Vec<Guard>,
    /// What the format asks of the meaning of an item.
    pub checks: Vec<Check>,
    /// Totals of the fees that the format gives, each with the check that compares it.
    pub totals: Vec<Total>,
    pub shape: Shape,
    /// What stands around the items; nothing where the document is the one item.
    pub known: Known,
    /// What an item holds.
    pub item: Known,
    pub strictness: Strictness,
    /// Fields that turn the meaning of an item, so that one that looks like them is never passed over.
    pub turning: Vec<Turning>,
    /// Further namespaces of XML, each with the one it is read as.
    pub spaces: Vec<(Box<str>, Box<str>)>,
    /// Names of fields that hold files, whose texts may be as long as the document.
    pub contents: Vec<Box<str>>,
    /// Plain names that stand in one place of the format only, with that place.
    pub places: HashMap<String, String>,
}

/// A total that the fees add up to.
#[derive(Debug)]
pub(super) struct Total {
    pub check: CheckName,
    pub from: Path,
    /// What a total is that cannot be read.
    pub otherwise: Otherwise,
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
            path.steps.iter().rev().fold(inside.to_owned(), |inside, step| {
                format!("{{\"{}\": {inside}}}", step.name.local)
            })
        };
        match &self.items {
            Some(items) => around(&items.paths[0], "[…]"),
            None => {
                let leaf = |slot: &Slot| match &slot.rules {
                    Rules::Leaf(rules) if slot.required => rules.first()?.nearest().cloned(),
                    _ => None,
                };
                let first = self
                    .shape
                    .slots
                    .iter()
                    .filter_map(leaf)
                    .min_by_key(|p| p.steps.len());
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
