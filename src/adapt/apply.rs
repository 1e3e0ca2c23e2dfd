//! Applies a plan to a document: a canonical tree of typed values, and where each came from.

mod canon;
mod convert;
mod leaf;
mod list;

use std::sync::Arc;

use super::limits::MAX_PROBLEMS;
use super::plan::{Ask, Cond, DocumentPlan, Guard, PartRule, Rules, Shape, Slot, scalar};
use super::provenance::{Inside, Place, Provenance, located};
use super::reads::{Mark, Reads};
use super::spec::Otherwise;
use super::tree::{NodeId, Syntax, Tree, Value};
use crate::domain::rejection::problems::{self, Fill};
use crate::domain::rejection::{Label, Problem};

pub(super) use canon::Canon;

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
    fn pass(&mut self, node: NodeId, said: impl FnOnce(&dyn Fill) -> Problem) {
        // Of a hostile document not everything is told, so not everything is remembered.
        if self.passed.len() < 2 * MAX_PROBLEMS {
            let problem = located(self.tree.path(node), said);
            self.passed.push((node, problem));
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
                None => located(where_to(), |field| problems::FieldMissing { field }.into()),
                Some(Some(w)) if guard.is.iter().any(|is| **is == *w) => continue,
                Some(_) => located(where_to(), |field| {
                    let expected = &guard.is.join(", ");
                    problems::ValueUnknown { field, expected }.into()
                }),
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
}
