//! Reads one value of the document as the kind its rule names.

use std::borrow::Cow;
use std::sync::Arc;

use super::Apply;
use super::canon::{Canon, fixed};
use crate::adapt::content;
use crate::adapt::dates::DateForm;
use crate::adapt::plan::{Cleaner, Convert, LeafRule, Meaning, Words, plain_scalar};
use crate::adapt::provenance::{last_name, located};
use crate::adapt::target::Kind;
use crate::adapt::tree::{NodeId, Syntax, Value};
use crate::domain::plausible::{Dated, Implausible};
use crate::domain::rejection::problems::Bilingual;
use crate::domain::rejection::{Problem, problems};
use crate::domain::whole::{self, NotWhole};

impl<'t> Apply<'t, '_> {
    /// The value of a node as its rule reads it: cleaned, and whether that is to be told.
    pub(super) fn cleaned(&mut self, rule: &LeafRule, node: NodeId) -> Option<String> {
        if rule.clean.is_empty() && rule.mend.is_empty() {
            return None;
        }
        // A number or a flag of JSON is what it says; there is nothing to clean.
        let Value::Text(text) = self.tree.value(node) else {
            return None;
        };
        let once = |text: Cow<'t, str>, cleaner: &Cleaner| cleaner.apply(text);
        let clean = rule.clean.iter().fold(Cow::Borrowed(&**text), once);
        let mut mended = clean.clone();
        let (mut vi, mut en) = (Vec::new(), Vec::new());
        for cleaner in &rule.mend {
            let before = mended.clone();
            mended = cleaner.apply(mended);
            if mended.trim() != before.trim() {
                let shown = cleaner.shown();
                vi.push(shown.0);
                en.push(shown.1);
            }
        }
        if !vi.is_empty() {
            let how = Bilingual {
                vi: &vi.join(", "),
                en: &en.join(", "),
            };
            self.warnings.push(located(self.tree.path(node), |field| {
                problems::ValueMended { field, how: &how }.into()
            }));
        }
        Some(mended.into_owned())
    }

    /// Reads a value; none where it is a word that means nothing.
    pub(super) fn convert<'v>(
        &mut self,
        rule: &'v LeafRule,
        node: NodeId,
        value: &'v Value<'v>,
    ) -> Result<Option<Canon<'v>>, Problem> {
        match &rule.convert {
            Convert::Table(table) => self.word(table, node, value),
            Convert::Date { forms, day, dated } => self.date(forms, (*day, *dated), node, value).map(Some),
            Convert::Plain(kind) => self.plain(kind, node, value).map(Some),
        }
    }

    fn word<'v>(
        &mut self,
        table: &'v Words<Meaning>,
        node: NodeId,
        value: &Value<'_>,
    ) -> Result<Option<Canon<'v>>, Problem> {
        let word = plain_scalar(value);
        let meaning = word.as_deref().and_then(|word| table.get(word));
        if meaning.is_none() && table.other.is_some() {
            let unknown = self.unknown_word(node, &table.allowed);
            self.warnings.push(unknown.at(self.tree.path(node)));
        }
        match meaning.or(table.other.as_ref()) {
            Some(Meaning::Is(value)) => Ok(Some(fixed(value))),
            Some(Meaning::Nothing) => Ok(None),
            Some(Meaning::Refused(vi, en)) => {
                let (field, why) = (&self.name(node), &Bilingual { vi, en });
                Err(problems::ValueRefused { field, why }.into())
            }
            None => Err(self.unknown_word(node, &table.allowed)),
        }
    }

    fn date<'v>(
        &self,
        forms: &[DateForm],
        (day, dated): (bool, Option<Dated>),
        node: NodeId,
        value: &Value<'_>,
    ) -> Result<Canon<'v>, Problem> {
        let shown = || {
            let shown: Vec<&str> = forms.iter().map(|form| form.shown(day)).collect();
            shown.join(" · ")
        };
        let Value::Text(text) = value else {
            return Err(self.wrong_type(node, &format!("\"{}\"", shown())));
        };
        let malformed = || {
            let (field, expected) = (&self.name(node), &shown());
            Problem::from(problems::DateMalformed { field, expected })
        };
        let implausible = |why: Implausible| why.problem(&self.name(node));
        let text = text.trim();
        if day {
            let day = forms
                .iter()
                .find_map(|form| form.read_day(text))
                .ok_or_else(malformed)?;
            let day = dated.map_or(Ok(day), |dated| dated.check_day(day));
            day.map(Canon::Day).map_err(implausible)
        } else {
            let at = forms
                .iter()
                .find_map(|form| form.read_instant(text))
                .ok_or_else(malformed)?;
            // Whether it is unset was asked of what is written.
            let at = dated.map_or(Ok(at), |dated| dated.check_day(at.date()).map(|_| at));
            at.map(Canon::Instant).map_err(implausible)
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

    fn plain<'v>(&self, kind: &Kind, node: NodeId, value: &'v Value<'v>) -> Result<Canon<'v>, Problem> {
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
            (Kind::Content, Value::Text(t)) => match content::decoded(t) {
                Some(bytes) => Ok(Canon::Content(Arc::new(bytes))),
                None => {
                    let field = &self.name(node);
                    Err(problems::ContentMalformed { field }.into())
                }
            },
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
