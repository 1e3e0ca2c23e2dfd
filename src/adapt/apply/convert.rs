//! Reads one value of the document as the kind its rule names.

use std::borrow::Cow;

use super::Apply;
use super::canon::{Canon, fixed};
use crate::adapt::plan::{Convert, LeafRule, scalar};
use crate::adapt::target::Kind;
use crate::adapt::tree::{NodeId, Syntax, Value};
use crate::domain::plausible::Implausible;
use crate::domain::rejection::{Label, Problem};
use crate::domain::whole::{self, NotWhole};

impl<'t> Apply<'t, '_> {
    pub(super) fn convert(&self, rule: &'t LeafRule, node: NodeId) -> Result<Canon<'t>, Problem> {
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
