//! Where each canonical field came from in the sender's own document, or would have come from.

use std::sync::Arc;

use super::plan::{DocumentPlan, ListRule, PartRule, Path, Rules, Shape};
use super::tree::{Syntax, push_index};
use crate::domain::rejection::problems::Fill;
use crate::domain::rejection::{Label, Problem};

/// Answers with the sender's own path for a canonical one.
#[derive(Clone, Debug)]
pub struct Provenance {
    pub(super) plan: Arc<DocumentPlan>,
    pub(super) syntax: Syntax,
    pub(super) place: Place,
}

/// What was decided at one place while reading, so far as the plan alone does not tell it.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// Of the part, item or document whose rules these are.
    pub path: String,
    /// Slot and the rule that counted, where it was not the first.
    pub rules: Vec<(usize, usize)>,
    /// Slot and the path of its value, where it is not the rule's first.
    pub values: Vec<(usize, String)>,
    /// Slot and what was decided inside.
    pub inside: Vec<(usize, Inside)>,
}

#[derive(Clone, Debug)]
pub(super) enum Inside {
    Part(Place),
    Items(Vec<Place>),
}

impl Provenance {
    /// A problem at a canonical JSON Pointer, at its place and with the field's name in the sender's document.
    #[must_use]
    pub fn placed(&self, problem: Problem, canonical_pointer: &str) -> Problem {
        let path = self.locate(canonical_pointer);
        match problem.label {
            Label::FieldMissing => problem.named(&self.names_of(canonical_pointer), &*path),
            _ => problem.named(last_name(&path), &*path),
        }
    }

    /// What the sender calls a field that is missing: all its names.
    pub(super) fn names_of(&self, canonical_pointer: &str) -> String {
        let several = self.several_names(canonical_pointer);
        several.unwrap_or_else(|| last_name(&self.locate(canonical_pointer)).to_owned())
    }

    /// The names of a field that has several.
    fn several_names(&self, canonical_pointer: &str) -> Option<String> {
        let (mut shape, mut place) = (&self.plan.shape, Some(&self.place));
        let mut steps = canonical_pointer.split('/').skip(1);
        loop {
            let name = steps.next()?;
            let index = shape.slots.iter().position(|slot| *slot.name == *name)?;
            let chosen = chosen(place, index);
            match &shape.slots[index].rules {
                Rules::Leaf(rules) => {
                    let rule = rules.get(chosen)?;
                    return (rule.sources.len() > 1).then(|| rule.names());
                }
                Rules::Part(rules) => {
                    shape = &rules.get(chosen)?.shape;
                    place = match place.and_then(|p| inside(p, index)) {
                        Some(Inside::Part(inner)) => Some(inner),
                        _ => None,
                    };
                }
                Rules::List { rules, .. } => {
                    let number: usize = steps.next()?.parse().ok()?;
                    let Some(Inside::Items(items)) = place.and_then(|p| inside(p, index)) else {
                        return None;
                    };
                    let item = items.get(number)?;
                    shape = &rules.get(chosen_of_item(item))?.shape;
                    place = Some(item);
                }
            }
        }
    }

    /// The sender's path for a canonical JSON Pointer (`/place/commune`). For a field that is missing, the place where it
    /// belongs; for an unknown pointer, its nearest known ancestor.
    pub fn locate(&self, canonical_pointer: &str) -> String {
        let steps: Vec<&str> = canonical_pointer.split('/').skip(1).collect();
        locate(
            &self.plan.shape,
            Some(&self.place),
            &self.place.path,
            &steps,
            self.syntax,
        )
    }
}

/// A problem of a field, said with the name a clerk knows it by, at its path.
pub(super) fn located(path: String, said: impl FnOnce(&dyn Fill) -> Problem) -> Problem {
    said(&last_name(&path)).at(path)
}

/// The name a clerk knows a place by: the last step of its path that is not a number.
pub(super) fn last_name(path: &str) -> &str {
    path.rsplit('/')
        .map(|step| step.split('[').next().unwrap_or(step).trim_start_matches('@'))
        .find(|step| !step.is_empty() && !step.bytes().all(|b| b.is_ascii_digit()))
        .unwrap_or("/")
}

fn locate(shape: &Shape, place: Option<&Place>, path: &str, steps: &[&str], syntax: Syntax) -> String {
    let here = || path.to_owned();
    let Some((name, rest)) = steps.split_first() else {
        return here();
    };
    let Some(index) = shape.slots.iter().position(|s| *s.name == **name) else {
        return here();
    };
    let chosen = chosen(place, index);
    match &shape.slots[index].rules {
        Rules::Leaf(rules) => {
            if let Some((_, found)) = place.and_then(|p| p.values.iter().find(|(slot, _)| *slot == index)) {
                return found.clone();
            }
            let source: Option<&Path> = rules.get(chosen).and_then(|r| r.nearest());
            source.map_or_else(here, |s| s.append_to(path, syntax))
        }
        Rules::Part(rules) => {
            let Some(rule): Option<&PartRule> = rules.get(chosen) else {
                return here();
            };
            match place.and_then(|p| inside(p, index)) {
                Some(Inside::Part(p)) => locate(&rule.shape, Some(p), &p.path, rest, syntax),
                _ => locate(
                    &rule.shape,
                    None,
                    &rule.base.append_to(path, syntax),
                    rest,
                    syntax,
                ),
            }
        }
        Rules::List { rules, .. } => {
            let Some(rule): Option<&ListRule> = rules.first() else {
                return here();
            };
            let list = rule.base.append_to(path, syntax);
            let Some((number, rest)) = rest.split_first() else {
                return list;
            };
            let number: usize = number.parse().unwrap_or(usize::MAX);
            let Some(Inside::Items(items)) = place.and_then(|p| inside(p, index)) else {
                return list;
            };
            let Some(item) = items.get(number) else {
                return list;
            };
            let Some(rule) = rules.get(chosen_of_item(item)) else {
                return list;
            };
            locate(&rule.shape, Some(item), &item.path, rest, syntax)
        }
    }
}

/// The rule that counted for a slot.
fn chosen(place: Option<&Place>, index: usize) -> usize {
    let counted = place.and_then(|p| p.rules.iter().find(|(slot, _)| *slot == index));
    counted.map_or(0, |(_, rule)| *rule)
}

/// The list rule that an item is of, which it remembers under a slot that no shape has.
fn chosen_of_item(item: &Place) -> usize {
    chosen(Some(item), usize::MAX)
}

fn inside(place: &Place, slot: usize) -> Option<&Inside> {
    place.inside.iter().find(|(s, _)| *s == slot).map(|(_, i)| i)
}

/// The path of the `number`th item (from 0) of a list.
pub(super) fn item_path(list: &str, item: Option<&str>, number: usize, syntax: Syntax) -> String {
    let mut path = list.to_owned();
    match syntax {
        Syntax::Json => push_index(&mut path, number),
        Syntax::Xml => {
            if let Some(item) = item {
                path.push('/');
                path.push_str(item);
            }
            path.push_str(&format!("[{}]", number + 1));
        }
    }
    path
}
