//! A repeated group: which items of the document there are, and the values of each.

use super::canon::Canon;
use super::{Answer, Apply, located};
use crate::adapt::plan::{Cond, ListRule, Pick, Step, find_all};
use crate::adapt::provenance::{Inside, Place, item_path};
use crate::adapt::reads::Mark;
use crate::adapt::tree::{NodeId, Syntax, Value};
use crate::domain::rejection::problems;

impl<'t> Apply<'t, '_> {
    pub(super) fn list(
        &mut self,
        index: usize,
        max: Option<usize>,
        rules: &'t [ListRule],
        base: NodeId,
        place: &mut Place,
    ) -> (Option<Canon<'t>>, bool) {
        let (mut values, mut places) = (Vec::new(), Vec::new());
        let max = max.unwrap_or(usize::MAX);
        let mut bad = false;
        for (number, rule) in rules.iter().enumerate() {
            let list_path = rule.base.append_to(&place.path, self.tree.syntax);
            let Some(items) = self.items(rule, base, &list_path) else {
                bad = true;
                continue;
            };
            for (item, path) in items {
                if self.answer(rule.when.as_ref(), item) == Answer::No {
                    // The sender says itself that it does not count, or that was told. Where something is only missing, what is
                    // there is told as unused.
                    if rule.when.as_ref().is_some_and(Cond::is_said) {
                        self.reads.mark_all(self.tree, item, Mark::Read);
                    }
                    continue;
                }
                if values.len() >= max {
                    self.problems.push(located(list_path, |field| {
                        problems::TooManyItems { field, limit: &max }.into()
                    }));
                    bad = true;
                    break;
                }
                let mut inner = Place {
                    path,
                    ..Place::default()
                };
                let before = (self.problems.len(), self.warnings.len());
                let (value, sourced) = self.shape(&rule.shape, item, &mut inner);
                if !sourced && rule.base.0.is_empty() {
                    self.forget(before);
                    continue;
                }
                if number > 0 {
                    // Items of the later rules remember which one, under a slot no shape has.
                    inner.rules.push((usize::MAX, number));
                }
                values.push(value);
                places.push(inner);
            }
        }
        if bad && values.is_empty() {
            return (Some(Canon::Bad), true);
        }
        if values.is_empty() {
            return (None, false);
        }
        place.inside.push((index, Inside::Items(places)));
        (Some(Canon::List(values)), true)
    }

    /// The items of a list with their paths; none when its structure is wrong, which `conform` says.
    fn items(&self, rule: &ListRule, base: NodeId, list_path: &str) -> Option<Vec<(NodeId, String)>> {
        let Some((last, before)) = rule.base.0.split_last() else {
            return Some(vec![(base, list_path.to_owned())]);
        };
        let mut items = Vec::new();
        for above in find_all(before, self.tree, base) {
            if before.iter().all(|step| step.pick == Pick::Only) {
                items.extend(self.items_of(rule, above, last, list_path)?);
            } else {
                let mut path = self.tree.path(above);
                last.append_to(&mut path, self.tree.syntax);
                items.extend(self.items_of(rule, above, last, &path)?);
            }
        }
        Some(items)
    }

    fn items_of(
        &self,
        rule: &ListRule,
        above: NodeId,
        last: &Step,
        list_path: &str,
    ) -> Option<Vec<(NodeId, String)>> {
        let tree = self.tree;
        let Some(list) = last.find(tree, above).filter(|n| self.present(*n)) else {
            return Some(Vec::new());
        };
        // Nothing among the items is no item, in a format where what is empty is absent.
        let strictness = self.plan.strictness;
        let counts = |node: NodeId| !strictness.empty_absent || strictness.present(tree, node);
        let numbered = |nodes: &mut dyn Iterator<Item = NodeId>, item: Option<&str>| {
            nodes
                .enumerate()
                .filter(|(_, id)| counts(*id))
                .map(|(n, id)| (id, item_path(list_path, item, n, tree.syntax)))
                .collect()
        };
        match (tree.syntax, tree.value(list), &rule.item) {
            (Syntax::Json, Value::List, _) => Some(numbered(&mut tree.children(list), None)),
            (Syntax::Xml, Value::Object, Some(name)) => Some(numbered(
                &mut tree.children(list).filter(|c| tree.is_named(*c, name)),
                Some(&name.local),
            )),
            (Syntax::Xml, Value::Text(t), Some(_)) if t.is_empty() => Some(Vec::new()),
            (Syntax::Xml, _, None) => Some(numbered(
                &mut tree.children(above).filter(|c| tree.is_named(*c, &last.name)),
                None,
            )),
            _ if rule.or_one => Some(vec![(list, list_path.to_owned())]),
            _ => None,
        }
    }
}
