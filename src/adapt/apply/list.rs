//! A repeated group: which items of the document there are, and the values of each.

use super::canon::Canon;
use super::{Answer, Apply, Matches, located};
use crate::adapt::plan::{Cond, ListRule, Path, Pick, Rules, Shape, Step, find_all, scalar};
use crate::adapt::provenance::{Inside, Place, item_path};
use crate::adapt::reads::Mark;
use crate::adapt::tree::{NodeId, Syntax};
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
                let answer = self.inside(&rule.base, item, |apply| apply.answer(rule.when.as_ref(), item));
                if answer == Answer::No {
                    // The sender says itself that it does not count, or that was told. Where something is only missing, what is
                    // there is told as unused.
                    if rule.when.as_ref().is_some_and(Cond::is_said) {
                        self.pass_over(rule, item);
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
                let (value, sourced) = self.inside(&rule.base, item, |apply| {
                    apply.shape(&rule.shape, item, &mut inner)
                });
                if !sourced && rule.base.is_here() {
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

    /// What becomes of an item that a rule's condition leaves out. What the sender itself says not to count is read; what another field
    /// says is told, unless another rule takes it.
    fn pass_over(&mut self, rule: &ListRule, item: NodeId) {
        let Some(cond) = &rule.when else { return };
        let shown = cond.shown();
        if rule.aside {
            return;
        }
        if rule.base.is_here() {
            // The item is the place itself, of which this rule would take some values alone.
            for node in self.taken_by(&rule.shape, item) {
                self.pass_needing(node, &shown);
            }
        } else if cond.asks_here_alone() {
            self.reads.mark_all(self.tree, item, Mark::Read);
        } else {
            self.pass_needing(item, &shown);
        }
    }

    fn pass_needing(&mut self, node: NodeId, expected: &str) {
        self.pass(node, |field| {
            let expected = &expected;
            problems::ValueNeeds { field, expected }.into()
        });
    }

    /// The nodes that rules would read.
    fn taken_by(&self, shape: &Shape, base: NodeId) -> Vec<NodeId> {
        let mut nodes = Vec::new();
        for slot in &shape.slots {
            match &slot.rules {
                Rules::Leaf(rules) => {
                    let told = rules.iter().filter(|rule| !rule.aside);
                    let sources = told.flat_map(|rule| &rule.sources);
                    nodes.extend(sources.filter_map(|source| self.found(source, base)));
                }
                Rules::Part(rules) => {
                    for rule in rules {
                        if let Some(node) = self.found(&rule.base, base) {
                            nodes.extend(self.taken_by(&rule.shape, node));
                        }
                    }
                }
                Rules::List { rules, .. } => {
                    let lists = rules.iter().filter(|rule| !rule.aside && !rule.base.is_here());
                    nodes.extend(lists.filter_map(|rule| self.found(&rule.base, base)));
                }
            }
        }
        nodes
    }

    /// The items of a list with their paths; none when its structure is wrong, which `conform` says.
    fn items(&mut self, rule: &ListRule, base: NodeId, list_path: &str) -> Option<Vec<(NodeId, String)>> {
        let start = self.start(&rule.base, base);
        let Some((last, before)) = rule.base.steps.split_last() else {
            return Some(vec![(start, list_path.to_owned())]);
        };
        let mut items = Vec::new();
        for above in find_all(before, self.tree, start) {
            if !rule.base.picks() {
                items.extend(self.items_of(rule, above, last, list_path)?);
            } else {
                let mut path = self.tree.path(above);
                last.append_to(&mut path, self.tree.syntax);
                items.extend(self.items_of(rule, above, last, &path)?);
            }
        }
        if rule.rest {
            items.retain(|(item, _)| !self.taken.contains(item));
        }
        if !rule.matching.is_empty() {
            // Of the item the place where the rule stands is the one around.
            let others = rule.matching.iter().map(|(_, other)| other);
            let wanted = self.inside(&rule.base, base, |apply| apply.said(others, base));
            let mine = self.matches(rule, start, &items, wanted.as_ref());
            items.retain(|(item, _)| mine.contains(item));
            self.taken.extend(mine);
        }
        Some(items)
    }

    /// What these fields say, each white space around it away; a field that is not there says nothing.
    fn said<'p>(&mut self, fields: impl Iterator<Item = &'p Path>, base: NodeId) -> Option<Vec<String>> {
        let mut said = Vec::new();
        for field in fields {
            let node = self.found(field, base)?;
            said.push(scalar(self.tree, node)?.into_owned());
        }
        Some(said)
    }

    /// Of the items those that say what is wanted. What each says is gathered once for all that ask.
    fn matches(
        &mut self,
        rule: &ListRule,
        list: NodeId,
        items: &[(NodeId, String)],
        wanted: Option<&Vec<String>>,
    ) -> Vec<NodeId> {
        let Some(wanted) = wanted else { return Vec::new() };
        let key = (rule.number, list);
        if !self.matched.contains_key(&key) {
            let mut by_words = Matches::new();
            for (item, _) in items {
                if let Some(said) = self.said(rule.matching.iter().map(|(own, _)| own), *item) {
                    by_words.entry(said).or_default().push(*item);
                }
            }
            self.matched.insert(key, by_words);
        }
        let mine = self.matched.get(&key).and_then(|by_words| by_words.get(wanted));
        // What one place took is not given to a second one that says the same.
        let mut mine = mine.cloned().unwrap_or_default();
        mine.retain(|item| !self.taken.contains(item));
        for item in &mine {
            for (own, _) in &rule.matching {
                if let Some(node) = own.find(self.tree, *item) {
                    self.reads.mark(node, Mark::Read);
                }
            }
        }
        mine
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
        if last.pick != Pick::Only {
            return Some(vec![(list, tree.path(list))]);
        }
        // Nothing among the items is no item, in a format where what is empty is absent.
        let strictness = self.plan.strictness;
        let counts = |node: NodeId| !strictness.empty_absent || strictness.present(tree, node);
        let item = rule.item().filter(|_| tree.syntax == Syntax::Xml);
        let entries = match (tree.syntax, item) {
            (Syntax::Xml, None) => last.entries(tree, above),
            _ => last.listing.entries(tree, list)?,
        };
        if entries == [list] && last.listing.is_alone(tree, list) {
            return Some(vec![(list, list_path.to_owned())]);
        }
        let numbered = entries.into_iter().enumerate().filter(|(_, id)| counts(*id));
        let name = item.map(|name| &*name.local);
        let items = numbered.map(|(n, id)| (id, item_path(list_path, name, n, tree.syntax)));
        Some(items.collect())
    }
}
