//! Writes documents.

use std::borrow::Cow;

use quick_xml::Writer;
use quick_xml::escape::partial_escape;
use quick_xml::events::{BytesDecl, BytesStart, BytesText, Event};
use serde_json::{Map, Value};

use super::plan::{Mapped, OutCond, OutList, OutRule, OutStep, OutgoingDossier, RenderPlan, Rendered};
use crate::adapt::limits;
use crate::adapt::plan::{DocumentPlan, Rules, Shape, Test};
use crate::adapt::tree::{Name, Syntax};
use crate::domain::dossier::{Filing, IdentityPaperKind, Party};
use crate::domain::time::{Date, Timestamp};
use crate::domain::view::StatusReport;

/// The canonical form in JSON, with the official code where it is known.
pub(in crate::adapt) fn canonical_json(outgoing: &OutgoingDossier<'_>) -> Rendered {
    let filing = with_code(outgoing);
    Rendered {
        media_type: "application/json".to_owned(),
        // Texts, numbers and flags only: writing them to memory cannot fail.
        bytes: serde_json::to_vec(filing.as_ref()).unwrap_or_default(),
    }
}

fn with_code<'a>(outgoing: &OutgoingDossier<'a>) -> Cow<'a, Filing> {
    if outgoing.dossier_code.is_none() || outgoing.dossier_code == outgoing.filing.dossier_code.as_ref() {
        return Cow::Borrowed(outgoing.filing);
    }
    let mut filing = outgoing.filing.clone();
    filing.dossier_code = outgoing.dossier_code.cloned();
    Cow::Owned(filing)
}

impl RenderPlan {
    pub fn mirrors_json(&self) -> bool {
        matches!(self, RenderPlan::Mirror { media_type } if !media_type.ends_with("xml"))
    }

    pub fn dossier(&self, outgoing: &OutgoingDossier<'_>, dossier: Option<&DocumentPlan>) -> Rendered {
        match self {
            RenderPlan::Mirror { media_type } if media_type.ends_with("xml") => {
                canonical_xml(outgoing, dossier, media_type)
            }
            RenderPlan::Mirror { .. } => canonical_json(outgoing),
            RenderPlan::Mapped(mapped) => mapped.write([source(outgoing)].into_iter()),
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
            (RenderPlan::Mirror { .. }, Syntax::Json) => Some(canonical_json(outgoing)),
            (RenderPlan::Mirror { .. }, Syntax::Xml) => {
                let (media_type, _) = media_types.iter().find(|(_, s)| *s == Syntax::Xml)?;
                Some(canonical_xml(outgoing, dossier, media_type))
            }
            (RenderPlan::Mapped(_), Syntax::Json) => Some(self.dossier(outgoing, dossier)),
            (RenderPlan::Mapped(_), Syntax::Xml) => None,
        }
    }

    pub fn reports(&self, reports: &[StatusReport]) -> Option<Rendered> {
        let RenderPlan::Mapped(mapped) = self else {
            return None;
        };
        let values = reports.iter().take(limits::MAX_REPORTS);
        Some(mapped.write(values.map(|r| serde_json::to_value(r).unwrap_or_default())))
    }
}

fn source(outgoing: &OutgoingDossier<'_>) -> Value {
    let clocks = outgoing.clocks;
    serde_json::json!({
        "filing": outgoing.filing,
        "subject": party(outgoing.filing.subject()),
        "filer": outgoing.filing.owner.as_ref().map(|_| party(&outgoing.filing.applicant)),
        "tracking_id": outgoing.tracking_id,
        "dossier_code": outgoing.dossier_code.or(outgoing.filing.dossier_code.as_ref()),
        "status": outgoing.status,
        "agency_name": outgoing.agency_name,
        "procedure_code": outgoing.procedure.code,
        "procedure_name": outgoing.procedure.name,
        "field_code": outgoing.field.map(|(code, _)| code),
        "field_name": outgoing.field.map(|(_, name)| name),
        "amended": outgoing.amended,
        "received_at": outgoing.received_at,
        "accepted_at": outgoing.accepted_at,
        "acceptance_due": clocks.acceptance_due,
        "forecast_due": clocks.forecast_due,
        "due": clocks.due,
        "promised_due": clocks.promised_due,
    })
}

/// A party with every number that says who it is, the identity number first.
fn party(party: &Party) -> Value {
    let mut value = serde_json::to_value(party).unwrap_or_default();
    let number = party.identity_number.as_ref().map(|number| {
        let kind = if number.is_old_card() {
            IdentityPaperKind::OldCard
        } else {
            IdentityPaperKind::PersonalNumber
        };
        serde_json::json!({ "kind": kind, "number": number })
    });
    let papers = party.identity_papers.iter();
    let papers = papers.map(|paper| serde_json::to_value(paper).unwrap_or_default());
    value["identities"] = number.into_iter().chain(papers).collect();
    value
}

impl Mapped {
    fn write(&self, sources: impl Iterator<Item = Value>) -> Rendered {
        let sources: Vec<Value> = sources.collect();
        let mut items: Vec<Value> = sources.iter().map(|s| self.item(s)).collect();
        let document = match &self.items {
            None => items.pop().unwrap_or_default(),
            Some(path) => {
                let mut envelope = Map::new();
                for rule in &self.envelope {
                    rule.write(sources.first().unwrap_or(&Value::Null), &mut envelope);
                }
                put(&mut envelope, path, Value::Array(items));
                Value::Object(envelope)
            }
        };
        Rendered {
            media_type: self.media_type.clone(),
            // A value tree has text keys only: writing it to memory cannot fail.
            bytes: serde_json::to_vec(&document).unwrap_or_default(),
        }
    }

    fn item(&self, source: &Value) -> Value {
        let mut item = Map::new();
        for rule in &self.fields {
            rule.write(source, &mut item);
        }
        for list in &self.lists {
            list.write(source, &mut item);
        }
        Value::Object(item)
    }
}

impl OutList {
    /// Writes its rows, if it has any; says whether it had.
    fn write(&self, source: &Value, out: &mut Map<String, Value>) -> bool {
        let rows = self.rows(source);
        let any = !rows.is_empty();
        if any {
            put(out, &self.to, Value::Array(rows));
        }
        any
    }

    fn rows(&self, source: &Value) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut row = |source: &Value, first: bool| {
            let (mut out, mut any) = (Map::new(), self.from.is_some());
            for rule in self.fields.iter().filter(|rule| first || !rule.once) {
                rule.write(source, &mut out);
            }
            for list in &self.lists {
                any |= list.write(source, &mut out);
            }
            if any {
                rows.push(Value::Object(out));
            }
        };
        let Some(from) = &self.from else {
            row(source, true);
            return rows;
        };
        let Some(Value::Array(items)) = at(source, from) else {
            return rows;
        };
        for item in items {
            let entries = self.spread.as_deref().and_then(|name| item[name].as_array());
            match (&self.spread, entries) {
                (Some(name), Some(entries)) if !entries.is_empty() => {
                    for (number, entry) in entries.iter().enumerate() {
                        let mut one = item.clone();
                        one[&**name] = entry.clone();
                        row(&one, number == 0);
                    }
                }
                _ => row(item, true),
            }
        }
        rows
    }
}

impl OutRule {
    fn write(&self, source: &Value, out: &mut Map<String, Value>) {
        if self.when.as_ref().is_some_and(|when| !when.holds(source)) {
            return;
        }
        let text = match &self.constant {
            Some(constant) => Some(constant.to_string()),
            None => self
                .sources
                .iter()
                .find_map(|path| self.text(at(source, path)?))
                .or_else(|| self.default.as_ref().map(ToString::to_string)),
        };
        if let Some(mut text) = text {
            if let Some((end, _)) = self.max.and_then(|max| text.char_indices().nth(max)) {
                text.truncate(end);
            }
            put(out, &self.to, Value::String(text));
        }
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

fn at<'v>(value: &'v Value, path: &[OutStep]) -> Option<&'v Value> {
    let step = |v: &'v Value, step: &OutStep| {
        let inner = v.get(&*step.name)?;
        let Some((key, wanted)) = &step.pick else {
            return Some(inner);
        };
        inner
            .as_array()?
            .iter()
            .find(|item| item[&**key].as_str() == Some(wanted))
    };
    path.iter().try_fold(value, step).filter(|v| !v.is_null())
}

fn put(out: &mut Map<String, Value>, path: &[OutStep], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        out.insert(first.name.to_string(), value);
    } else if let Value::Object(inner) = out
        .entry(first.name.to_string())
        .or_insert_with(|| Value::Object(Map::new()))
    {
        put(inner, rest, value);
    }
}

impl OutCond {
    fn holds(&self, source: &Value) -> bool {
        let value = at(source, &self.from);
        let word = value.and_then(plain);
        let one_of = |words: &[Box<str>]| word.as_deref().is_some_and(|w| words.iter().any(|x| **x == *w));
        match &self.test {
            Test::Present(wanted) => value.is_some() == *wanted,
            Test::Is(words) => one_of(words),
            Test::IsNot(words) => !one_of(words),
        }
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

fn canonical_xml(
    outgoing: &OutgoingDossier<'_>,
    dossier: Option<&DocumentPlan>,
    media_type: &str,
) -> Rendered {
    let value = serde_json::to_value(with_code(outgoing).as_ref()).unwrap_or_default();
    let mut xml = Writer::new(Vec::new());
    let written = dossier
        .and_then(|plan| Some((plan, plan.root.as_ref()?)))
        .map_or(Ok(()), |(plan, root)| {
            document(&mut xml, root, &value, &plan.shape)
        });
    debug_assert!(written.is_ok(), "writing to memory cannot fail");
    Rendered {
        media_type: media_type.to_owned(),
        bytes: xml.into_inner(),
    }
}

type Xml = Writer<Vec<u8>>;

fn document(xml: &mut Xml, root: &Name, value: &Value, shape: &Shape) -> std::io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.get_mut().push(b'\n');
    let root = BytesStart::new(&*root.local).with_attributes([("xmlns", &*root.space)]);
    xml.write_event(Event::Start(root.borrow()))?;
    object(xml, value, shape)?;
    xml.write_event(Event::End(root.to_end()))?;
    xml.get_mut().push(b'\n');
    Ok(())
}

fn object(xml: &mut Xml, value: &Value, shape: &Shape) -> std::io::Result<()> {
    for slot in &shape.slots {
        let Some(member) = value.get(&*slot.name).filter(|v| !v.is_null()) else {
            continue;
        };
        let element = BytesStart::new(&*slot.name);
        xml.write_event(Event::Start(element.borrow()))?;
        match (&slot.rules, member) {
            (Rules::Part(rules), _) => {
                if let Some(rule) = rules.first() {
                    object(xml, member, &rule.shape)?;
                }
            }
            (Rules::List { rules, .. }, Value::Array(items)) => {
                if let Some((rule, name)) = rules.first().and_then(|r| Some((r, r.item()?))) {
                    let element = BytesStart::new(&*name.local);
                    for item in items {
                        xml.write_event(Event::Start(element.borrow()))?;
                        object(xml, item, &rule.shape)?;
                        xml.write_event(Event::End(element.to_end()))?;
                    }
                }
            }
            (_, Value::String(text)) => {
                // XML 1.0 has no way to write these two.
                let text = text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
                let escaped = BytesText::from_escaped(partial_escape(text));
                xml.write_event(Event::Text(escaped))?;
            }
            (_, scalar) => xml.write_event(Event::Text(BytesText::new(&scalar.to_string())))?,
        }
        xml.write_event(Event::End(element.to_end()))?;
    }
    Ok(())
}
