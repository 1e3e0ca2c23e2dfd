//! Writes documents.

use serde_json::Value;

use super::layout::Layout;
use super::node::Group;
use super::path::Scope;
use super::plan::{
    ListFrom, Mapped, OutCond, OutList, OutRule, OutShape, OutgoingDossier, OutgoingReport, RenderPlan,
    Rendered, RenderedProgress, Written,
};
use super::values::{flag, whole};
use super::{json, mirror, source, xml};
use crate::adapt::limits;
use crate::adapt::plan::{DocumentPlan, Test};
use crate::adapt::spec::As;
use crate::adapt::tree::Syntax;
use crate::domain::time::{Date, Timestamp};
use crate::domain::view::NotTold;

impl RenderPlan {
    pub fn mirrors_json(&self) -> bool {
        matches!(self, RenderPlan::Mirror { media_type } if !media_type.ends_with("xml"))
    }

    pub fn dossier(&self, outgoing: &OutgoingDossier<'_>, dossier: Option<&DocumentPlan>) -> Rendered {
        match self {
            RenderPlan::Mirror { media_type } if media_type.ends_with("xml") => {
                mirror::canonical_xml(outgoing, dossier, media_type)
            }
            RenderPlan::Mirror { .. } => mirror::canonical_json(outgoing),
            RenderPlan::Mapped(mapped) => mapped.dossier(outgoing, mapped.media_types.first()),
        }
    }

    pub fn dossier_in(
        &self,
        outgoing: &OutgoingDossier<'_>,
        dossier: Option<&DocumentPlan>,
        syntax: Syntax,
        media_types: &[(String, Syntax)],
    ) -> Option<Rendered> {
        match (self, syntax) {
            (RenderPlan::Mirror { .. }, Syntax::Json) => Some(mirror::canonical_json(outgoing)),
            (RenderPlan::Mirror { .. }, Syntax::Xml) => {
                let (media_type, _) = media_types.iter().find(|(_, s)| *s == Syntax::Xml)?;
                Some(mirror::canonical_xml(outgoing, dossier, media_type))
            }
            (RenderPlan::Mapped(mapped), _) => {
                let form = mapped.form(syntax)?;
                Some(mapped.dossier(outgoing, Some(form)))
            }
        }
    }

    /// The reports, in one of the syntaxes or in the first; none where it has not that one.
    pub fn reports(
        &self,
        reports: &[OutgoingReport<'_>],
        syntax: Option<Syntax>,
    ) -> Option<RenderedProgress> {
        let RenderPlan::Mapped(mapped) = self else {
            return None;
        };
        let form = match syntax {
            Some(syntax) => mapped.form(syntax)?,
            None => mapped.media_types.first()?,
        };
        Some(mapped.reports(reports, form))
    }
}

/// What became of a place.
#[derive(Clone, Copy, Debug, Default)]
struct Filled {
    /// A list in it has an entry.
    lists: bool,
    /// A value in it is the hub's, and no constant or default.
    values: bool,
    /// A value has no word, and what has none is not told.
    wordless: bool,
}

impl Mapped {
    fn form(&self, syntax: Syntax) -> Option<&(String, Syntax)> {
        self.media_types.iter().find(|(_, s)| *s == syntax)
    }

    fn dossier(&self, outgoing: &OutgoingDossier<'_>, form: Option<&(String, Syntax)>) -> Rendered {
        let source = source::of_dossier(outgoing);
        let item = self.item(&source).unwrap_or_else(|_| Group::of(&self.layout));
        match form {
            Some(form) => self.document(&source, vec![item], form),
            None => mirror::canonical_json(outgoing),
        }
    }

    fn reports(&self, reports: &[OutgoingReport<'_>], form: &(String, Syntax)) -> RenderedProgress {
        let mut told = RenderedProgress::default();
        let (mut first, mut items) = (None, Vec::new());
        for (place, report) in reports.iter().take(limits::MAX_REPORTS).enumerate() {
            let source = source::of_report(report);
            match self.item(&source) {
                Err(why) => told.left_out.push((place, why)),
                Ok(item) if self.items.is_none() => {
                    told.documents.push(self.document(&source, vec![item], form));
                }
                Ok(item) => {
                    items.push(item);
                    first.get_or_insert(source);
                }
            }
        }
        if let Some(first) = first {
            told.documents.push(self.document(&first, items, form));
        }
        told
    }

    /// One dossier or report, or why it is not told.
    fn item(&self, source: &Value) -> Result<Group, NotTold> {
        let scope = Scope {
            here: source,
            around: None,
        };
        if self.when.as_ref().is_some_and(|when| !when.holds(&scope)) {
            return Err(NotTold::ByCondition);
        }
        let layout = self.items.as_ref().and_then(|way| self.layout.at(way));
        let layout = layout.unwrap_or(&self.layout);
        let mut item = Group::of(layout);
        let filled = self.shape.fill(&scope, &[true], layout, &mut item);
        if filled.wordless {
            return Err(NotTold::NoWord);
        }
        Ok(item)
    }

    /// The document of these items; what stands around them comes from the first.
    fn document(
        &self,
        first: &Value,
        mut items: Vec<Group>,
        (media_type, syntax): &(String, Syntax),
    ) -> Rendered {
        let document = match &self.items {
            None => items.pop().unwrap_or_default(),
            Some(way) => {
                let scope = Scope {
                    here: first,
                    around: None,
                };
                let mut document = Group::of(&self.layout);
                self.envelope.fill(&scope, &[true], &self.layout, &mut document);
                if let Some(rows) = document.rows(&self.layout, way) {
                    rows.append(&mut items);
                }
                document
            }
        };
        let bytes = match (syntax, &self.root) {
            (Syntax::Xml, Some(root)) => xml::document(root, &document, &self.layout),
            // A value tree has text keys only: writing it to memory cannot fail.
            _ => serde_json::to_vec(&json::value(document, &self.layout)).unwrap_or_default(),
        };
        Rendered {
            media_type: media_type.clone(),
            bytes,
        }
    }
}

impl OutShape {
    /// Writes what its rules say. `firsts` says for each level of the spread whether this is its first row.
    fn fill(&self, scope: &Scope<'_>, firsts: &[bool], layout: &Layout, out: &mut Group) -> Filled {
        let counts = |once: Option<usize>| once.is_none_or(|level| firsts.get(level) == Some(&true));
        let mut filled = Filled::default();
        let mut decided = vec![false; self.targets];
        for rule in &self.fields {
            let holds = || counts(rule.once) && rule.when.as_ref().is_none_or(|when| when.holds(scope));
            match decided.get_mut(rule.target) {
                Some(done) if !*done && holds() => *done = true,
                _ => continue,
            }
            let (written, is_own) = match rule.value(scope) {
                Found::Own(written) => (Some(written), true),
                Found::Default => (rule.constant.clone().or_else(|| rule.default.clone()), false),
                Found::Wordless => {
                    filled.wordless |= rule.skip;
                    (None, false)
                }
            };
            let Some(written) = written else { continue };
            filled.values |= is_own;
            if let Some(place) = out.enter(layout, &rule.to) {
                place.value = Some(written);
            }
        }
        for list in self.lists.iter().filter(|list| counts(list.once)) {
            filled.lists |= list.write(scope, layout, out);
        }
        filled
    }
}

impl OutList {
    /// Writes its rows; says whether it had any.
    fn write(&self, scope: &Scope<'_>, layout: &Layout, out: &mut Group) -> bool {
        let Some(inner) = layout.at(&self.to) else {
            return false;
        };
        let mut rows = self.of(scope, inner);
        let any = !rows.is_empty();
        if (any || self.always)
            && let Some(all) = out.rows(layout, &self.to)
        {
            all.append(&mut rows);
        }
        any
    }

    fn of(&self, scope: &Scope<'_>, layout: &Layout) -> Vec<Group> {
        match &self.from {
            ListFrom::Nowhere => Vec::new(),
            ListFrom::Here => {
                let (row, filled) = self.row(
                    &[true],
                    layout,
                    &Scope {
                        here: scope.here,
                        around: Some(scope),
                    },
                );
                let any = match self.shape.lists.is_empty() {
                    true => filled.values,
                    false => filled.lists,
                };
                row.filter(|_| any).into_iter().collect()
            }
            ListFrom::Path(path) => {
                let items = scope.first(path).and_then(Value::as_array);
                items
                    .into_iter()
                    .flatten()
                    .flat_map(|item| self.rows(item, scope, layout))
                    .collect()
            }
        }
    }

    /// The rows of one item.
    fn rows(&self, item: &Value, scope: &Scope<'_>, layout: &Layout) -> Vec<Group> {
        if self.spread.is_empty() {
            let scope = Scope {
                here: item,
                around: Some(scope),
            };
            return self.row(&[true], layout, &scope).0.into_iter().collect();
        }
        let mut rows = Vec::new();
        let mut last: Option<Vec<usize>> = None;
        for (one, numbers) in spread(item.clone(), &self.spread) {
            let firsts: Vec<bool> = (0..=numbers.len())
                .map(|level| last.as_ref().is_none_or(|last| last[..level] != numbers[..level]))
                .collect();
            let scope = Scope {
                here: &one,
                around: Some(scope),
            };
            if let (Some(row), _) = self.row(&firsts, layout, &scope) {
                rows.push(row);
                last = Some(numbers);
            }
        }
        rows
    }

    fn row(&self, firsts: &[bool], layout: &Layout, scope: &Scope<'_>) -> (Option<Group>, Filled) {
        if self.when.as_ref().is_some_and(|when| !when.holds(scope)) {
            return (None, Filled::default());
        }
        let mut row = Group::of(layout);
        let filled = self.shape.fill(scope, firsts, layout, &mut row);
        (Some(row), filled)
    }
}

/// An item once for each entry of its lists, each with the numbers of its entries. An item without entries is there once.
fn spread(mut item: Value, lists: &[Box<str>]) -> Vec<(Value, Vec<usize>)> {
    let Some((first, rest)) = lists.split_first() else {
        return vec![(item, Vec::new())];
    };
    let list = item.as_object_mut().and_then(|item| item.remove(&**first));
    let entries = match list {
        Some(Value::Array(entries)) if !entries.is_empty() => entries,
        _ => return vec![(item, vec![0; lists.len()])],
    };
    let mut rows = Vec::new();
    for (number, entry) in entries.into_iter().enumerate() {
        for (inner, numbers) in spread(entry, rest) {
            let mut one = item.clone();
            one[&**first] = inner;
            rows.push((one, std::iter::once(number).chain(numbers).collect()));
        }
    }
    rows
}

/// What a rule found.
enum Found {
    /// A value of the hub's.
    Own(Written),
    /// Nothing: its constant or default counts.
    Default,
    /// A value without a word in its table.
    Wordless,
}

impl OutRule {
    fn value(&self, scope: &Scope<'_>) -> Found {
        let mut wordless = false;
        let mut text = |value: &Value| {
            let text = self.text(value);
            wordless |= text.is_none();
            text
        };
        let found = match &self.join {
            None => self.sources.iter().find_map(|path| text(scope.first(path)?)),
            Some(between) => {
                let mut texts: Vec<String> = Vec::new();
                let values = self.sources.iter().flat_map(|path| scope.all(path));
                for text in values.filter_map(text) {
                    if !texts.contains(&text) {
                        texts.push(text);
                    }
                }
                (!texts.is_empty()).then(|| texts.join(between))
            }
        };
        match found {
            Some(text) => Found::Own(self.formed(text)),
            None if wordless && self.default.is_none() => Found::Wordless,
            None => Found::Default,
        }
    }

    fn formed(&self, mut text: String) -> Written {
        let number = || {
            whole(&text)
                .filter(|_| self.form == As::Number)
                .map(Written::Whole)
        };
        let truth = || flag(&text).filter(|_| self.form == As::Flag).map(Written::Flag);
        if let Some(written) = number().or_else(truth) {
            return written;
        }
        if let Some((end, _)) = self.max.and_then(|max| text.char_indices().nth(max)) {
            text.truncate(end);
        }
        Written::Text(text)
    }

    fn text(&self, value: &Value) -> Option<String> {
        let text = plain(value)?;
        if let Some(table) = &self.table {
            return table.get(text.as_str()).map(ToString::to_string);
        }
        let Some(form) = &self.date else { return Some(text) };
        match text.parse::<Timestamp>() {
            Ok(instant) => Some(form.write_instant(instant)),
            Err(_) => text.parse::<Date>().ok().map(|day| form.write_day(day)),
        }
    }
}

impl OutCond {
    fn holds(&self, scope: &Scope<'_>) -> bool {
        match self {
            OutCond::All(all) => all.iter().all(|cond| cond.holds(scope)),
            OutCond::Any(any) => any.iter().any(|cond| cond.holds(scope)),
            OutCond::Not(cond) => !cond.holds(scope),
            OutCond::Ask { from, test } => {
                let value = scope.first(from);
                let word = value.and_then(plain);
                let one_of =
                    |words: &[Box<str>]| word.as_deref().is_some_and(|w| words.iter().any(|x| **x == *w));
                match test {
                    Test::Present(wanted) => value.is_some_and(is_something) == *wanted,
                    Test::Is(words) => one_of(words),
                    Test::IsNot(words) => !one_of(words),
                }
            }
        }
    }
}

/// An empty list is nothing.
fn is_something(value: &Value) -> bool {
    value.as_array().is_none_or(|list| !list.is_empty())
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_item_is_spread_over_lists_in_lists() {
        let item = json!({"n": 1, "a": [{"b": [{"x": 1}, {"x": 2}]}, {"y": 3}]});
        let lists = ["a".into(), "b".into()];
        let rows = spread(item, &lists);
        let numbers: Vec<&[usize]> = rows.iter().map(|(_, numbers)| numbers.as_slice()).collect();
        assert_eq!(numbers, [&[0, 0][..], &[0, 1], &[1, 0]]);
        assert_eq!(rows[1].0, json!({"n": 1, "a": {"b": {"x": 2}}}));
        assert_eq!(rows[2].0, json!({"n": 1, "a": {"y": 3}}));
    }
}
