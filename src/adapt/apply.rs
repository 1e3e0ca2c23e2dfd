//! Applies a plan to a document: a canonical tree of typed values, and where each came from.

mod leaf;

use std::borrow::Cow;
use std::sync::Arc;

use super::limits::MAX_PROBLEMS;
use super::plan::{
    Ask, Cond, Convert, DocumentPlan, Fixed, Guard, LeafRule, ListRule, PartRule, Pick, Rules, Shape, Slot,
    Step, find_all, scalar,
};
use super::provenance::{Inside, Place, Provenance, item_path, last_name};
use super::reads::{Mark, Reads};
use super::spec::{Form, Otherwise};
use super::target::Kind;
use super::tree::{NodeId, Syntax, Tree, Value};
use crate::domain::codes::{DossierCode, Email, IdentityNumber, Phone, TaxCode};
use crate::domain::plausible::Implausible;
use crate::domain::rejection::{Label, Problem};
use crate::domain::text::{Lines, clean};
use crate::domain::time::{Date, Timestamp};
use crate::domain::whole::{self, NotWhole};

/// A canonical value, typed but not yet checked against its own parser.
#[derive(Clone, Debug)]
pub(super) enum Canon<'t> {
    Object(Vec<(&'t str, Canon<'t>)>),
    List(Vec<Canon<'t>>),
    Text(Cow<'t, str>),
    Whole(i64),
    Flag(bool),
    Instant(Timestamp),
    Day(Date),
    /// Something is there and wrong, which has been said already.
    Bad,
}

/// What became of one item.
pub(super) struct Applied<'t> {
    pub canon: Canon<'t>,
    pub problems: Vec<Problem>,
    pub warnings: Vec<Problem>,
    pub provenance: Provenance,
}

/// Applies the plan to the item at `item`, whose path is `path`, and marks what it reads.
pub(super) fn apply<'t>(
    plan: &'t Arc<DocumentPlan>,
    tree: &'t Tree<'t>,
    reads: &mut Reads,
    item: NodeId,
    path: String,
) -> Applied<'t> {
    let mut apply = Apply::new(plan, tree, reads);
    apply.guards(&plan.guards, item, &path);
    let mut place = Place {
        path,
        ..Place::default()
    };
    let canon = if apply.is_shaped(item) {
        apply.shape(&plan.shape, item, &mut place).0
    } else {
        // Not an object at all, which `conform` says.
        Canon::Bad
    };
    apply.settle();
    Applied {
        canon,
        problems: apply.problems,
        warnings: apply.warnings,
        provenance: Provenance {
            plan: Arc::clone(plan),
            syntax: tree.syntax,
            place,
        },
    }
}

/// Checks the fields around the items.
pub(super) fn check_envelope(
    plan: &DocumentPlan,
    tree: &Tree<'_>,
    reads: &mut Reads,
    root: NodeId,
) -> Vec<Problem> {
    let mut apply = Apply::new(plan, tree, reads);
    apply.guards(&plan.envelope_guards, root, &tree.path(root));
    apply.problems
}

struct Apply<'t, 'r> {
    plan: &'t DocumentPlan,
    tree: &'t Tree<'t>,
    reads: &'r mut Reads,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    /// Values a rule saw and did not take, each with what to say of it unless another rule takes it.
    passed: Vec<(NodeId, Problem)>,
}

/// A field and its path, for a message.
fn located(label: Label, path: String) -> Problem {
    Problem::new(label).with("field", last_name(&path)).at(path)
}

/// How a condition came out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    No,
    Yes,
    /// Yes, by a word that stands in the document.
    ByWord,
}

impl<'t, 'r> Apply<'t, 'r> {
    fn new(plan: &'t DocumentPlan, tree: &'t Tree<'t>, reads: &'r mut Reads) -> Self {
        Apply {
            plan,
            tree,
            reads,
            problems: Vec::new(),
            warnings: Vec::new(),
            passed: Vec::new(),
        }
    }

    /// Tells of the values that rules saw and none took.
    fn settle(&mut self) {
        for (node, problem) in std::mem::take(&mut self.passed) {
            if self.reads.of_node(node) == Mark::Unread {
                self.reads.mark(node, Mark::Told);
                self.warnings.push(problem);
            }
        }
    }

    fn present(&self, node: NodeId) -> bool {
        self.plan.strictness.present(self.tree, node)
    }

    /// Keeps what to say of a value unless another rule takes it.
    fn pass(&mut self, node: NodeId, label: Label, more: impl FnOnce(Problem) -> Problem) {
        // Of a hostile document not everything is told, so not everything is remembered.
        if self.passed.len() < 2 * MAX_PROBLEMS {
            let problem = located(label, self.tree.path(node));
            self.passed.push((node, more(problem)));
        }
    }

    fn guards(&mut self, guards: &[Guard], base: NodeId, path: &str) {
        for guard in guards {
            let where_to = || guard.from.append_to(path, self.tree.syntax);
            let found = guard.from.find(self.tree, base).filter(|n| self.present(*n));
            if let Some(node) = found {
                self.reads.mark(node, Mark::Read);
            }
            let problem = match found.map(|n| scalar(self.tree, n)) {
                None if guard.optional => continue,
                None => located(Label::FieldMissing, where_to()),
                Some(Some(w)) if guard.is.iter().any(|is| **is == *w) => continue,
                Some(_) => located(Label::ValueUnknown, where_to()).with("expected", guard.is.join(", ")),
            };
            self.problems.push(problem);
        }
    }

    fn answer(&mut self, cond: Option<&Cond>, base: NodeId) -> Answer {
        let Some(cond) = cond else { return Answer::Yes };
        let yes = |counts: bool, yes: Answer| if counts { yes } else { Answer::No };
        let node = cond.from.find(self.tree, base).filter(|n| self.present(*n));
        let (words, absent, otherwise) = match &cond.ask {
            Ask::Present(wanted) => return yes(node.is_some() == *wanted, Answer::Yes),
            Ask::Word {
                words,
                absent,
                otherwise,
            } => (words, *absent, *otherwise),
        };
        let Some(node) = node else {
            return yes(absent, Answer::Yes);
        };
        self.reads.mark(node, Mark::Read);
        if let Some(counts) = scalar(self.tree, node).and_then(|word| words.get(&word)) {
            return yes(*counts, Answer::ByWord);
        }
        let problem = located(Label::ValueUnknown, self.tree.path(node)).with("expected", &words.allowed);
        match otherwise {
            Otherwise::Refuse => {
                self.problems.push(problem);
                Answer::No
            }
            Otherwise::Warn => {
                self.warnings.push(problem);
                yes(absent, Answer::Yes)
            }
        }
    }

    /// The first rule that counts, and how.
    fn choose<'c>(
        &mut self,
        conds: impl Iterator<Item = Option<&'c Cond>>,
        base: NodeId,
    ) -> Option<(usize, Answer)> {
        conds.enumerate().find_map(|(number, cond)| {
            let answer = self.answer(cond, base);
            (answer != Answer::No).then_some((number, answer))
        })
    }

    /// The values of one object, and whether any of them came from the document.
    fn shape(&mut self, shape: &'t Shape, base: NodeId, place: &mut Place) -> (Canon<'t>, bool) {
        let mut members = Vec::with_capacity(shape.slots.len());
        let mut sourced = false;
        for (index, slot) in shape.slots.iter().enumerate() {
            let (value, from_document) = match &slot.rules {
                Rules::Leaf(rules) => self.leaf(index, slot.required, rules, base, place),
                Rules::Part(rules) => self.part(index, slot, rules, base, place),
                Rules::List { max, rules } => self.list(index, *max, rules, base, place),
            };
            sourced |= from_document;
            if let Some(value) = value {
                members.push((&*slot.name, value));
            }
        }
        (Canon::Object(members), sourced)
    }

    fn part(
        &mut self,
        index: usize,
        slot: &Slot,
        rules: &'t [PartRule],
        base: NodeId,
        place: &mut Place,
    ) -> (Option<Canon<'t>>, bool) {
        let Some((chosen, answer)) = self.choose(rules.iter().map(|r| r.when.as_ref()), base) else {
            return (None, false);
        };
        if chosen > 0 {
            place.rules.push((index, chosen));
        }
        let rule = &rules[chosen];
        // What stands in the item itself is looked for in an item that is nothing, too.
        let own = !rule.base.0.is_empty();
        let found = rule.base.find(self.tree, base);
        let Some(node) = found.filter(|n| !own || self.is_empty_element(*n) || self.present(*n)) else {
            return (None, false);
        };
        if !self.is_shaped(node) {
            // The structure is wrong, which `conform` says.
            self.reads.mark_all(self.tree, node, Mark::Told);
            return (Some(Canon::Bad), true);
        }
        let path = if rule.base.picks() {
            self.tree.path(node)
        } else {
            rule.base.append_to(&place.path, self.tree.syntax)
        };
        let mut inner = Place {
            path,
            ..Place::default()
        };
        let before = (self.problems.len(), self.warnings.len());
        let (value, mut sourced) = self.shape(&rule.shape, node, &mut inner);
        // A word of the document that chose this rule says that the part is there.
        sourced |= answer == Answer::ByWord;
        if sourced || slot.required || (own && !self.plan.strictness.empty_absent) {
            place.inside.push((index, Inside::Part(inner)));
            return (Some(value), sourced || own);
        }
        // What is missing inside something that is not there is not missing.
        self.forget(before);
        (None, false)
    }

    /// Takes back what was said to be missing since.
    fn forget(&mut self, (problems, warnings): (usize, usize)) {
        for (said, since) in [(&mut self.problems, problems), (&mut self.warnings, warnings)] {
            let mut later = said.split_off(since);
            later.retain(|p| p.label != Label::FieldMissing);
            said.append(&mut later);
        }
    }

    /// Whether values may be looked for in it. What is nothing has none of those it needs, which each of them says.
    fn is_shaped(&self, node: NodeId) -> bool {
        *self.tree.value(node) == Value::Object || self.is_empty_element(node) || !self.present(node)
    }

    fn is_empty_element(&self, node: NodeId) -> bool {
        self.tree.syntax == Syntax::Xml && matches!(self.tree.value(node), Value::Text(t) if t.is_empty())
    }

    fn list(
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
                    self.problems
                        .push(located(Label::TooManyItems, list_path).with("limit", max));
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

    fn convert(&self, rule: &'t LeafRule, node: NodeId) -> Result<Canon<'t>, Problem> {
        let value = self.tree.value(node);
        match &rule.convert {
            Convert::Table(table) => {
                let word = scalar(self.tree, node);
                match word.as_deref().and_then(|w| table.get(w)) {
                    Some(meaning) => Ok(fixed(meaning)),
                    None => Err(Problem::new(Label::ValueUnknown).with("expected", &table.allowed)),
                }
            }
            Convert::Date { form, day, dated } => {
                let shown = || Problem::new(Label::DateMalformed).with("expected", form.shown(*day));
                let Value::Text(text) = value else {
                    let quoted = format!("\"{}\"", form.shown(*day));
                    return Err(Problem::new(Label::TypeWrong).with("expected", quoted));
                };
                let text = text.trim();
                if *day {
                    let day = form.read_day(text).ok_or_else(shown)?;
                    let day = dated.map_or(Ok(day), |dated| dated.check_day(day));
                    day.map(Canon::Day).map_err(Implausible::problem)
                } else {
                    let at = form.read_instant(text).ok_or_else(shown)?;
                    // Whether it is unset was asked of what is written.
                    let at = dated.map_or(Ok(at), |dated| dated.check_day(at.date()).map(|_| at));
                    at.map(Canon::Instant).map_err(Implausible::problem)
                }
            }
            Convert::Plain(kind) => self.plain(kind, value),
        }
    }

    fn plain(&self, kind: &Kind, value: &'t Value<'t>) -> Result<Canon<'t>, Problem> {
        let wrong = |expected: &str| Err(Problem::new(Label::TypeWrong).with("expected", expected));
        let texts = self.tree.syntax == Syntax::Xml || self.plan.strictness.texts_for_values;
        match (kind, value) {
            // Space around a text is nothing in XML; in a lenient format it is nothing in JSON either.
            (Kind::Text, Value::Text(t)) if self.plan.strictness.empty_absent => {
                Ok(Canon::Text(Cow::Borrowed(t.trim())))
            }
            (Kind::Text, Value::Text(t)) => Ok(Canon::Text(Cow::Borrowed(t))),
            (Kind::Words(words), Value::Text(t)) => {
                if words.iter().any(|w| **w == **t) {
                    Ok(Canon::Text(Cow::Borrowed(t)))
                } else {
                    Err(Problem::new(Label::ValueUnknown).with("expected", words.join(", ")))
                }
            }
            (Kind::Whole { min, max, unit }, _) => {
                let number = match value {
                    Value::Whole(n) => Ok(*n),
                    Value::Fraction(why, _) => Err(*why),
                    Value::Text(t) => whole::parse(t),
                    _ => Err(NotWhole::Form),
                };
                let label = match number {
                    Ok(_) if !texts && matches!(value, Value::Text(_)) => Label::NumberQuoted,
                    Ok(n) if (min..=max).contains(&&n) => return Ok(Canon::Whole(n)),
                    Ok(_) | Err(NotWhole::Range) => Label::NumberRange,
                    Err(NotWhole::Fraction) => Label::NumberFraction,
                    Err(NotWhole::Form) => Label::NumberMalformed,
                };
                let problem = Problem::new(label).with("min", min).with("max", max);
                Err(problem.with("unit", unit.shown()))
            }
            (Kind::Flag, Value::Flag(b)) => Ok(Canon::Flag(*b)),
            (Kind::Flag, Value::Text(t)) if texts => match t.trim() {
                "true" | "1" => Ok(Canon::Flag(true)),
                "false" | "0" => Ok(Canon::Flag(false)),
                _ => wrong("true, false"),
            },
            (Kind::Flag, _) => wrong("true, false"),
            _ => wrong("\"…\""),
        }
    }
}

fn fixed(value: &Fixed) -> Canon<'_> {
    match value {
        Fixed::Text(t) => Canon::Text(Cow::Borrowed(t)),
        Fixed::Whole(n) => Canon::Whole(*n),
        Fixed::Flag(b) => Canon::Flag(*b),
    }
}

/// Whether a text is meant for an official code and is none.
fn resembles_code(value: &Canon<'_>) -> bool {
    matches!(value, Canon::Text(text) if DossierCode::resembles(text))
}

fn has_form(form: Form, value: &Canon<'_>) -> bool {
    let Canon::Text(text) = value else { return false };
    let Ok(text) = clean(text, Lines::One) else {
        return false;
    };
    match form {
        Form::DossierCode => text.parse::<DossierCode>().is_ok(),
        Form::IdentityNumber => text.parse::<IdentityNumber>().is_ok(),
        Form::TaxCode => text.parse::<TaxCode>().is_ok(),
        Form::Phone => text.parse::<Phone>().is_ok(),
        Form::Email => text.parse::<Email>().is_ok(),
    }
}
