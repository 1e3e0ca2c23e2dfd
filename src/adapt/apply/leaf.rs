//! One value: which rule and which of its sources it comes from, and what becomes of the others.

use std::borrow::Cow;

use super::Apply;
use super::canon::{Canon, fixed, has_form, resembles_code};
use crate::adapt::plan::{Cond, Convert, LeafRule, Path, scalar};
use crate::adapt::provenance::{Place, last_name, located};
use crate::adapt::reads::Mark;
use crate::adapt::spec::{Form, Otherwise};
use crate::adapt::target::Kind;
use crate::adapt::tree::{NodeId, Value};
use crate::domain::rejection::{Problem, problems};
use crate::domain::text::{Lines, hides};

impl<'t> Apply<'t, '_> {
    pub(super) fn leaf(
        &mut self,
        slot: usize,
        required: bool,
        rules: &'t [LeafRule],
        base: NodeId,
        place: &mut Place,
    ) -> (Option<Canon<'t>>, bool) {
        let chosen = self
            .choose(rules.iter().map(|r| r.when.as_ref()), base)
            .map(|(n, _)| n);
        self.pass_unmet(&rules[..chosen.unwrap_or(rules.len())], base);
        let Some(chosen) = chosen else {
            return (None, false);
        };
        if chosen > 0 {
            place.rules.push((slot, chosen));
        }
        let rule = &rules[chosen];
        if let Some(constant) = &rule.constant {
            return (Some(fixed(constant)), false);
        }
        if let Some(between) = &rule.join {
            return self.joined(slot, rule, between, base, place);
        }
        let mut unset = Vec::new();
        let found = rule.sources.iter().enumerate().find_map(|(i, source)| {
            let node = self.found(source, base)?;
            if rule.convert.is_unset(self.tree.value(node)) {
                unset.push(node);
                return None;
            }
            Some((i, source, node))
        });
        if self.tell_unset(rule, required, found.is_none(), &unset) {
            return (Some(Canon::Bad), false);
        }
        let Some((i, source, node)) = found else {
            return (self.lacking(rule, base, place), false);
        };
        if source.picks() {
            place.values.push((slot, self.tree.path(node)));
        } else if rule.nearest() != Some(source) {
            let path = source.append_to(&place.path, self.tree.syntax);
            place.values.push((slot, path));
        }
        for other in &rule.sources[i + 1..] {
            self.pass_other(other, node, base);
        }
        match self.value(rule, node) {
            Ok(Some(value)) => {
                if let Some(form) = rule.only_if.filter(|form| !has_form(*form, &value)) {
                    self.pass_malformed(rule, form, &value, node);
                    return (None, false);
                }
                if rule.except_if.is_some_and(|form| has_form(form, &value)) {
                    return (None, false);
                }
                self.reads.mark(node, Mark::Read);
                (Some(self.within(rule, value, node)), true)
            }
            Ok(None) => {
                self.reads.mark(node, Mark::Read);
                self.says_nothing(required, node);
                (None, false)
            }
            Err(problem) => self.unreadable(rule, problem, node),
        }
    }

    /// The value of a node, cleaned as its rule says; none where it is a word that means nothing.
    fn value(&mut self, rule: &'t LeafRule, node: NodeId) -> Result<Option<Canon<'t>>, Problem> {
        let tree = self.tree;
        if matches!(rule.convert, Convert::Plain(Kind::Content)) {
            self.contents.push(node);
        }
        match self.cleaned(rule, node) {
            None => self.convert(rule, node, tree.value(node)),
            Some(text) => {
                let value = Value::Text(Cow::Owned(text));
                let read = self.convert(rule, node, &value)?;
                Ok(read.map(Canon::detached))
            }
        }
    }

    /// A word that means nothing leaves out what is not needed. Of what is needed, the whole item says nothing.
    fn says_nothing(&mut self, required: bool, node: NodeId) {
        if required && self.silent.is_none() {
            self.silent = Some(located(self.tree.path(node), |field| {
                problems::StatusWordSilent { field }.into()
            }));
        }
    }

    /// A value that is none: refused, or set aside with a warning.
    fn unreadable(&mut self, rule: &LeafRule, problem: Problem, node: NodeId) -> (Option<Canon<'t>>, bool) {
        self.reads.mark_all(self.tree, node, Mark::Told);
        let problem = problem.at(self.tree.path(node));
        if rule.set_aside {
            self.warnings.push(problem);
            return (None, false);
        }
        self.problems.push(problem);
        (Some(Canon::Bad), true)
    }

    /// A value that is of another form than its rule takes: another rule may take it, unless it is a code that is mistyped.
    fn pass_malformed(&mut self, rule: &LeafRule, form: Form, value: &Canon<'_>, node: NodeId) {
        if form == Form::DossierCode && resembles_code(value) {
            let path = self.tree.path(node);
            self.warnings.push(located(path, |field| {
                problems::DossierCodeMistyped { field }.into()
            }));
        } else if !rule.aside {
            self.pass(node, |field| {
                let expected = &form.shown();
                problems::CodeMalformed { field, expected }.into()
            });
        }
    }

    /// Tells of unset dates, which are none: a problem where the date is needed and no other source has it, else a warning. Says
    /// whether it is a problem.
    fn tell_unset(&mut self, rule: &LeafRule, required: bool, none: bool, unset: &[NodeId]) -> bool {
        let needed = rule.missing == Some(Otherwise::Refuse) || required && rule.default.is_none();
        for node in unset {
            self.reads.mark(*node, Mark::Told);
            let told = located(self.tree.path(*node), |field| {
                problems::DateUnset { field }.into()
            });
            if none && needed {
                self.problems.push(told);
            } else {
                self.warnings.push(told);
            }
        }
        none && needed && !unset.is_empty()
    }

    /// Values that rules would take if their condition held.
    fn pass_unmet(&mut self, rules: &[LeafRule], base: NodeId) {
        for rule in rules.iter().filter(|rule| !rule.aside) {
            let shown = rule
                .when
                .as_ref()
                .map(Cond::shown)
                .filter(|shown| !shown.is_empty());
            let Some(shown) = shown else { continue };
            for source in &rule.sources {
                if let Some(node) = self.found(source, base) {
                    self.pass(node, |field| {
                        let expected = &shown;
                        problems::ValueNeeds { field, expected }.into()
                    });
                }
            }
        }
    }

    /// A further source of a value that was found: what says the same is read, what says something else is told.
    fn pass_other(&mut self, other: &Path, taken: NodeId, base: NodeId) {
        let Some(node) = self.found(other, base) else {
            return;
        };
        let said = |node| scalar(self.tree, node).map(|text| text.trim().to_owned());
        if said(node).is_some() && said(node) == said(taken) {
            self.reads.mark(node, Mark::Read);
            return;
        }
        let (path, here) = (self.tree.path(taken), self.tree.path(node));
        // Two fields of one name are told apart by where they stand.
        let shown = match last_name(&path) {
            same if same == last_name(&here) => path.as_str(),
            name => name,
        };
        self.pass(node, |field| {
            let expected = &shown;
            problems::ValueDiffers { field, expected }.into()
        });
    }

    /// What stands in for a value the document does not have.
    fn lacking(&mut self, rule: &'t LeafRule, base: NodeId, place: &Place) -> Option<Canon<'t>> {
        let stand_in = rule.default.as_ref().map(fixed);
        let told = |missing: &Otherwise| stand_in.is_none() || *missing == Otherwise::Warn;
        let Some(missing) = rule.missing.filter(told) else {
            return stand_in;
        };
        let empty = rule.sources.iter().find_map(|s| self.find(s, base));
        let problem = match (empty, rule.nearest()) {
            // What is there and empty is what is to be filled in.
            (Some(node), _) => located(self.tree.path(node), |field| {
                problems::FieldMissing { field }.into()
            }),
            (None, Some(source)) => {
                let field = &rule.names();
                problems::FieldMissing { field }.at(self.belongs(source, place, base))
            }
            (None, None) => located(place.path.clone(), |field| {
                problems::FieldMissing { field }.into()
            }),
        };
        match missing {
            Otherwise::Refuse => {
                self.problems.push(problem);
                Some(Canon::Bad)
            }
            Otherwise::Warn => {
                self.warnings.push(problem);
                stand_in
            }
        }
    }

    /// Every text the sources hold, each once, with `between` between them.
    fn joined(
        &mut self,
        slot: usize,
        rule: &'t LeafRule,
        between: &str,
        base: NodeId,
        place: &mut Place,
    ) -> (Option<Canon<'t>>, bool) {
        let mut texts: Vec<Cow<'t, str>> = Vec::new();
        // What is wrong with the whole is most likely wrong with the part that hides something, else with the longest.
        let mut likely: Option<(NodeId, (bool, usize))> = None;
        let all = rule
            .sources
            .iter()
            .flat_map(|s| s.find_all(self.tree, self.start(s, base)));
        for node in all.collect::<Vec<_>>() {
            if !self.present(node) {
                continue;
            }
            self.reads.mark_all(self.tree, node, Mark::Read);
            let Value::Text(text) = self.tree.value(node) else {
                self.problems.push(located(self.tree.path(node), |field| {
                    let expected = &"\"…\"";
                    problems::TypeWrong { field, expected }.into()
                }));
                return (Some(Canon::Bad), true);
            };
            let weight = (hides(text, Lines::Several), text.chars().count());
            if likely.is_none_or(|(_, before)| weight > before) {
                likely = Some((node, weight));
            }
            let text = match self.cleaned(rule, node) {
                None => Cow::Borrowed(text.trim()),
                Some(cleaned) => Cow::Owned(cleaned.trim().to_owned()),
            };
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        let Some((likely, _)) = likely else {
            return (self.lacking(rule, base, place), false);
        };
        place.values.push((slot, self.tree.path(likely)));
        let value = Canon::Text(match texts.len() {
            1 => texts.swap_remove(0),
            _ => Cow::Owned(texts.join(between)),
        });
        (Some(self.within(rule, value, likely)), true)
    }

    /// Tells of a text that is longer than the format's own field, and cuts it where the canonical field ends.
    fn within(&mut self, rule: &LeafRule, value: Canon<'t>, node: NodeId) -> Canon<'t> {
        let (Some(max), Canon::Text(text)) = (rule.max, &value) else {
            return value;
        };
        let count = text.trim().chars().count();
        let path = || self.tree.path(node);
        match rule.longest {
            Some(longest) if count > longest => {
                self.warnings.push(located(path(), |field| {
                    let limit = &longest;
                    problems::TextShortened { limit, field }.into()
                }));
                let kept: String = text.trim().chars().take(longest.saturating_sub(1)).collect();
                Canon::Text(Cow::Owned(kept + "…"))
            }
            _ if count > max => {
                self.warnings.push(located(path(), |field| {
                    problems::TextLength { field, limit: &max }.into()
                }));
                value
            }
            _ => value,
        }
    }
}
