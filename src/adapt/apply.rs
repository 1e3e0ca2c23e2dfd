//! Applies a plan to a document: a canonical tree of typed values, and where each came from.

mod canon;
mod convert;
mod leaf;
mod list;
mod total;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::limits::MAX_PROBLEMS;
use super::plan::{
    Ask, Cond, DocumentPlan, Guard, Must, PartRule, Path, Question, Rules, Shape, Slot, Start, scalar,
};
use super::provenance::{Inside, Place, Provenance, located};
use super::reads::{Mark, Reads};
use super::spec::Otherwise;
use super::tree::{NodeId, Syntax, Tree, Value};
use crate::domain::checks::StatedTotal;
use crate::domain::rejection::problems::{self, Fill};
use crate::domain::rejection::{Label, Problem};

pub(super) use canon::Canon;

/// What became of one item.
pub(super) struct Applied<'t> {
    pub canon: Canon<'t>,
    /// Totals of its fees, for checks.
    pub totals: Vec<StatedTotal>,
    pub problems: Vec<Problem>,
    pub warnings: Vec<Problem>,
    /// Says that the item is known and tells the hub nothing to record.
    pub silent: Option<Problem>,
    pub provenance: Provenance,
    /// The values that were read as contents of files.
    pub contents: Vec<NodeId>,
    /// What is wrong where nothing could be looked for: a value where a structure should be. `conform` says it too, but where
    /// another rule reads that value.
    pub unshaped: Vec<Problem>,
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
    apply.around.push(item);
    apply.guards(&plan.guards, item, &path);
    let mut place = Place {
        path,
        ..Place::default()
    };
    let canon = if apply.is_shaped(item) {
        apply.shape(&plan.shape, item, &mut place).0
    } else {
        apply.tell_unshaped(item);
        Canon::Bad
    };
    let totals = apply.totals(&plan.totals, item);
    apply.settle();
    Applied {
        canon,
        totals,
        problems: apply.problems,
        warnings: apply.warnings,
        silent: apply.silent,
        contents: apply.contents,
        unshaped: apply.unshaped,
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
    apply.around.push(root);
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
    /// The place whose rules are applied and before it those around it, the item first.
    around: Vec<NodeId>,
    /// Items of lists by what they say of a field, of rules that ask for those that say the same as another one.
    matched: HashMap<(usize, NodeId), Matches>,
    /// Items that such a rule took.
    taken: HashSet<NodeId>,
    /// Says that the item is known and tells the hub nothing to record.
    silent: Option<Problem>,
    /// The values that were read as contents of files.
    contents: Vec<NodeId>,
    /// What is wrong where nothing could be looked for.
    unshaped: Vec<Problem>,
}

/// Items of a list by what they say.
type Matches = HashMap<Vec<String>, Vec<NodeId>>;

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
            around: Vec::new(),
            matched: HashMap::new(),
            taken: HashSet::new(),
            silent: None,
            contents: Vec::new(),
            unshaped: Vec::new(),
        }
    }

    /// The node from which a path's steps lead on.
    fn start(&self, path: &Path, base: NodeId) -> NodeId {
        let here = self.around.len().saturating_sub(1);
        let at = match path.start {
            Start::Here => None,
            Start::Around(out) => self.around.get(here.saturating_sub(out)),
            Start::Top => self.around.first(),
        };
        at.copied().unwrap_or(base)
    }

    fn find(&self, path: &Path, base: NodeId) -> Option<NodeId> {
        path.find(self.tree, self.start(path, base))
    }

    /// The node a path leads to, where it says something.
    fn found(&self, path: &Path, base: NodeId) -> Option<NodeId> {
        self.find(path, base).filter(|node| self.present(*node))
    }

    /// Where a value belongs that is missing.
    fn belongs(&self, path: &Path, place: &Place, base: NodeId) -> String {
        match path.start {
            Start::Here => path.append_to(&place.path, self.tree.syntax),
            _ => {
                let start = self.tree.path(self.start(path, base));
                path.append_to(&start, self.tree.syntax)
            }
        }
    }

    /// Applies what stands at a place, which is around its own rules meanwhile.
    fn inside<T>(&mut self, base: &Path, node: NodeId, apply: impl FnOnce(&mut Self) -> T) -> T {
        if base.is_here() {
            return apply(self);
        }
        self.around.push(node);
        let applied = apply(self);
        self.around.pop();
        applied
    }

    /// Tells of the values that rules saw and none took.
    fn settle(&mut self) {
        for (node, problem) in std::mem::take(&mut self.passed) {
            if self.reads.is_untouched(self.tree, node) {
                self.reads.mark_all(self.tree, node, Mark::Told);
                self.warnings.push(problem);
            }
        }
    }

    fn present(&self, node: NodeId) -> bool {
        self.plan.strictness.present(self.tree, node)
    }

    /// Keeps what to say of a value unless another rule takes it.
    fn pass(&mut self, node: NodeId, said: impl FnOnce(&dyn Fill) -> Problem) {
        // Of a hostile document not everything is told, so not everything is remembered.
        if self.passed.len() < 2 * MAX_PROBLEMS {
            let problem = located(self.tree.path(node), said);
            self.passed.push((node, problem));
        }
    }

    fn guards(&mut self, guards: &[Guard], base: NodeId, path: &str) {
        for guard in guards {
            if self.answer(guard.when.as_ref(), base) == Answer::No {
                continue;
            }
            let where_to = || guard.from.append_to(path, self.tree.syntax);
            let found = self.found(&guard.from, base);
            if let Some(node) = found {
                self.reads.mark(node, Mark::Read);
            }
            let missing = || located(where_to(), |field| problems::FieldMissing { field }.into());
            let problem = match (&guard.must, found) {
                (Must::BeAbsent, None) | (Must::BePresent, Some(_)) => continue,
                (Must::BePresent, None) => missing(),
                (Must::BeAbsent, Some(node)) => located(self.tree.path(node), |field| {
                    problems::FieldForbidden { field }.into()
                }),
                (Must::Hold { optional: true, .. }, None) => continue,
                (Must::Hold { .. }, None) => missing(),
                (Must::Hold { words, .. }, Some(node)) => {
                    let word = scalar(self.tree, node);
                    let holds = word.and_then(|word| words.get(&word).or(words.other.as_ref()).copied());
                    if holds == Some(true) {
                        continue;
                    }
                    located(where_to(), |field| match words.other {
                        Some(_) => problems::FieldForbidden { field }.into(),
                        None => {
                            let expected = &words.allowed;
                            problems::ValueUnknown { field, expected }.into()
                        }
                    })
                }
            };
            self.problems.push(problem);
        }
    }

    fn answer(&mut self, cond: Option<&Cond>, base: NodeId) -> Answer {
        match cond {
            None => Answer::Yes,
            Some(Cond::Ask(question)) => self.ask(question, base),
            Some(Cond::All(several)) => {
                let mut answer = Answer::Yes;
                for cond in several {
                    match self.answer(Some(cond), base) {
                        Answer::No => return Answer::No,
                        Answer::ByWord => answer = Answer::ByWord,
                        Answer::Yes => {}
                    }
                }
                answer
            }
            Some(Cond::Any(several)) => {
                let mut answers = several.iter().map(|cond| self.answer(Some(cond), base));
                answers.find(|answer| *answer != Answer::No).unwrap_or(Answer::No)
            }
            Some(Cond::Not(cond)) => match self.answer(Some(cond), base) {
                Answer::No => Answer::Yes,
                _ => Answer::No,
            },
        }
    }

    fn ask(&mut self, question: &Question, base: NodeId) -> Answer {
        let yes = |counts: bool, yes: Answer| if counts { yes } else { Answer::No };
        let node = self.found(&question.from, base);
        let (words, absent, otherwise) = match &question.ask {
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
        let expected = &words.allowed;
        let problem = located(self.tree.path(node), |field| {
            problems::ValueUnknown { field, expected }.into()
        });
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
        let own = !rule.base.is_here();
        let found = self.find(&rule.base, base);
        let Some(node) = found.filter(|n| !own || self.is_empty_element(*n) || self.present(*n)) else {
            return (None, false);
        };
        if !self.is_shaped(node) {
            self.tell_unshaped(node);
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
        let (value, mut sourced) = self.inside(&rule.base, node, |apply| {
            apply.shape(&rule.shape, node, &mut inner)
        });
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

    fn tell_unshaped(&mut self, node: NodeId) {
        let expected = match self.tree.syntax {
            Syntax::Json => "{…}",
            Syntax::Xml => "<…>",
        };
        self.unshaped.push(located(self.tree.path(node), |field| {
            let expected = &expected;
            problems::TypeWrong { field, expected }.into()
        }));
    }

    /// Whether values may be looked for in it. What is nothing has none of those it needs, which each of them says.
    fn is_shaped(&self, node: NodeId) -> bool {
        *self.tree.value(node) == Value::Object || self.is_empty_element(node) || !self.present(node)
    }

    fn is_empty_element(&self, node: NodeId) -> bool {
        self.tree.syntax == Syntax::Xml && matches!(self.tree.value(node), Value::Text(t) if t.is_empty())
    }
}
