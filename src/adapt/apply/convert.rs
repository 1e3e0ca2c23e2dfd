//! Reads one value of the document as the kind its rule names.

use std::borrow::Cow;

use super::Apply;
use super::canon::{Canon, fixed};
use crate::adapt::plan::{Convert, LeafRule, scalar};
use crate::adapt::provenance::last_name;
use crate::adapt::target::Kind;
use crate::adapt::tree::{NodeId, Syntax, Value};
use crate::domain::plausible::Implausible;
use crate::domain::rejection::{Problem, problems};
use crate::domain::whole::{self, NotWhole};

impl<'t> Apply<'t, '_> {
    pub(super) fn convert(&self, rule: &'t LeafRule, node: NodeId) -> Result<Canon<'t>, Problem> {
        let value = self.tree.value(node);
        match &rule.convert {
            Convert::Table(table) => {
                let word = scalar(self.tree, node);
                match word.as_deref().and_then(|w| table.get(w)) {
                    Some(meaning) => Ok(fixed(meaning)),
                    None => Err(self.unknown_word(node, &table.allowed)),
                }
            }
            Convert::Date { form, day, dated } => {
                let shown = || {
                    let (field, expected) = (&self.name(node), &form.shown(*day));
                    Problem::from(problems::DateMalformed { field, expected })
                };
                let Value::Text(text) = value else {
                    return Err(self.wrong_type(node, &format!("\"{}\"", form.shown(*day))));
                };
                let implausible = |why: Implausible| why.problem(&self.name(node));
                let text = text.trim();
                if *day {
                    let day = form.read_day(text).ok_or_else(shown)?;
                    let day = dated.map_or(Ok(day), |dated| dated.check_day(day));
                    day.map(Canon::Day).map_err(implausible)
                } else {
                    let at = form.read_instant(text).ok_or_else(shown)?;
                    // Whether it is unset was asked of what is written.
                    let at = dated.map_or(Ok(at), |dated| dated.check_day(at.date()).map(|_| at));
                    at.map(Canon::Instant).map_err(implausible)
                }
            }
            Convert::Plain(kind) => self.plain(kind, node),
        }
    }

    /// What the sender calls the field.
    fn name(&self, node: NodeId) -> String {
        last_name(&self.tree.path(node)).to_owned()
    }

    fn wrong_type(&self, node: NodeId, expected: &str) -> Problem {
        let (field, expected) = (&self.name(node), &expected);
        problems::TypeWrong { field, expected }.into()
    }

    fn unknown_word(&self, node: NodeId, expected: &str) -> Problem {
        let (field, expected) = (&self.name(node), &expected);
        problems::ValueUnknown { field, expected }.into()
    }

    fn plain(&self, kind: &Kind, node: NodeId) -> Result<Canon<'t>, Problem> {
        let value = self.tree.value(node);
        let wrong = |expected: &str| Err(self.wrong_type(node, expected));
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
                    Err(self.unknown_word(node, &words.join(", ")))
                }
            }
            (Kind::Whole { min, max, unit }, _) => {
                let number = match value {
                    Value::Whole(n) => Ok(*n),
                    Value::Fraction(why, _) => Err(*why),
                    Value::Text(t) => whole::parse(t),
                    _ => Err(NotWhole::Form),
                };
                match number {
                    Ok(_) if !texts && matches!(value, Value::Text(_)) => {
                        let field = &self.name(node);
                        Err(problems::NumberQuoted { field }.into())
                    }
                    Ok(n) if (min..=max).contains(&&n) => Ok(Canon::Whole(n)),
                    wrong => {
                        let why = wrong.err().unwrap_or(NotWhole::Range);
                        Err(why.problem(&self.name(node), (*min, *max), unit.shown()))
                    }
                }
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
