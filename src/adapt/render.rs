//! From the canonical dossier to the form an agency receives, and progress as a format tells it.
//!
//! A format either mirrors the canonical form, or maps value by value. Code tables are read backwards and must give exactly one
//! word for each canonical one, which the compiler checks.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::compile::Compiler;
use super::dates::DateForm;
use super::plan::{DocumentPlan, Rules, Shape};
use super::spec::{AdapterSpec, OutListSpec, OutSpec, RenderSpec};
use super::target::{Kind, Member, Target};
use super::tree::Syntax;
use super::{limits, target};
use crate::domain::codes::DossierCode;
use crate::domain::dossier::{Filing, ProcedureKnown};
use crate::domain::ids::DossierId;
use crate::domain::status::Status;
use crate::domain::time::{Date, Timestamp};
use crate::domain::view::{Clocks, StatusReport};

/// What an agency is told of a dossier.
#[derive(Debug)]
pub struct Outgoing<'a> {
    /// What was filed.
    pub filing: &'a Filing,
    /// The hub's name of it.
    pub tracking_id: DossierId,
    /// Official code, once known.
    pub dossier_code: Option<&'a DossierCode>,
    /// Where it stands.
    pub status: Status,
    /// Name of the responsible agency.
    pub agency_name: &'a str,
    /// The procedure as the directory knows it.
    pub procedure: &'a ProcedureKnown,
    /// When the hub received it.
    pub received_at: Timestamp,
    /// When it was accepted.
    pub accepted_at: Option<Timestamp>,
    /// The clocks that run.
    pub clocks: &'a Clocks,
}

/// A document made by the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Its media type.
    pub media_type: String,
    /// Its bytes, UTF-8.
    pub bytes: Vec<u8>,
}

/// A compiled `[render]` or `[progress]`.
#[derive(Debug)]
pub(super) enum RenderPlan {
    Mirror { media_type: String },
    Mapped(Mapped),
}

#[derive(Debug)]
pub(super) struct Mapped {
    media_type: String,
    items: Option<Vec<Box<str>>>,
    envelope: Vec<OutRule>,
    fields: Vec<OutRule>,
    lists: Vec<OutList>,
}

#[derive(Debug)]
struct OutRule {
    to: Vec<Box<str>>,
    sources: Vec<Vec<Box<str>>>,
    constant: Option<Box<str>>,
    default: Option<Box<str>>,
    table: Option<HashMap<Box<str>, Box<str>>>,
    date: Option<DateForm>,
    max: Option<usize>,
}

#[derive(Debug)]
struct OutList {
    to: Vec<Box<str>>,
    from: Vec<Box<str>>,
    spread: Option<Box<str>>,
    fields: Vec<OutRule>,
}

/// What `[render]` may take from.
pub(super) fn outgoing() -> Vec<Member> {
    let leaf = |name: &str, kind: Kind| Member {
        name: name.into(),
        required: false,
        target: Target::Leaf(kind),
    };
    vec![
        Member {
            name: "filing".into(),
            required: true,
            target: Target::Object(target::filing()),
        },
        leaf("tracking_id", Kind::Text),
        leaf("dossier_code", Kind::Text),
        leaf("status", Kind::Whole { min: 1, max: 10 }),
        leaf("agency_name", Kind::Text),
        leaf("procedure_code", Kind::Text),
        leaf("procedure_name", Kind::Text),
        leaf("received_at", Kind::Instant),
        leaf("accepted_at", Kind::Instant),
        leaf("acceptance_due", Kind::Instant),
        leaf("forecast_due", Kind::Instant),
        leaf("due", Kind::Instant),
    ]
}

//------------ Compiling -----------------------------------------------------------------------------------------------

/// Compiles `[render]` or `[progress]` against the members it may take from.
pub(super) fn compile<'s>(
    compiler: &mut Compiler<'s>,
    spec: &'s AdapterSpec,
    render: &'s RenderSpec,
    members: &[Member],
    used: &mut BTreeSet<&'s str>,
) -> RenderPlan {
    let media_type = render.media_type.get_ref().clone();
    if render.mirror {
        return RenderPlan::Mirror { media_type };
    }
    if !media_type.ends_with("json") {
        compiler.fault(
            render.media_type.span().start,
            "chỉ kết xuất được JSON; dùng application/json hoặc mirror = true",
            "only JSON can be mapped; use application/json, or mirror = true",
        );
    }
    let mut out = OutCompiler { compiler, spec, used };
    RenderPlan::Mapped(Mapped {
        media_type,
        items: render.items.as_deref().map(names),
        envelope: render.envelope.iter().map(|f| out.rule(f, members)).collect(),
        fields: render.field.iter().map(|f| out.rule(f, members)).collect(),
        lists: render.list.iter().map(|l| out.list(l, members)).collect(),
    })
}

fn names(path: &str) -> Vec<Box<str>> {
    path.split('.').map(Box::from).collect()
}

struct OutCompiler<'c, 's> {
    compiler: &'c mut Compiler<'s>,
    spec: &'s AdapterSpec,
    used: &'c mut BTreeSet<&'s str>,
}

impl<'s> OutCompiler<'_, 's> {
    fn list(&mut self, spec: &'s OutListSpec, members: &[Member]) -> OutList {
        let at = spec.to.span().start;
        let from = names(&spec.from);
        let mut item = match reach(members, &from) {
            Some(Target::List { item, .. }) => match item.as_ref() {
                Target::Object(members) => members.clone(),
                _ => Vec::new(),
            },
            _ => {
                self.compiler.fault(
                    at,
                    format!("{} không phải danh sách", spec.from),
                    format!("{} is not a list", spec.from),
                );
                Vec::new()
            }
        };
        if let Some(spread) = &spec.spread {
            // Inside, the spread list stands for its one current entry.
            for member in &mut item {
                if *member.name == **spread
                    && let Target::List { item: entry, .. } = &member.target
                {
                    member.target = entry.as_ref().clone();
                }
            }
        }
        OutList {
            to: names(spec.to.get_ref()),
            from,
            spread: spec.spread.as_deref().map(Box::from),
            fields: spec.field.iter().map(|f| self.rule(f, &item)).collect(),
        }
    }

    fn rule(&mut self, spec: &'s OutSpec, members: &[Member]) -> OutRule {
        let at = spec.to.span().start;
        let to = spec.to.get_ref();
        let sources: Vec<Vec<Box<str>>> = spec.from.as_slice().iter().map(|p| names(p)).collect();
        if sources.is_empty() == spec.constant.is_none() {
            self.compiler.fault(
                at,
                format!("{to}: cần đúng một trong from và constant"),
                format!("{to}: give either from or constant"),
            );
        }
        let mut kind = None;
        for (path, raw) in sources.iter().zip(spec.from.as_slice()) {
            match reach(members, path) {
                Some(Target::Leaf(k)) => kind = Some(k.clone()),
                _ => self.compiler.fault(
                    at,
                    format!("{to}: không có giá trị {raw}"),
                    format!("{to}: there is no value {raw}"),
                ),
            }
        }
        let dated = matches!(kind, Some(Kind::Instant | Kind::Day));
        let date = spec
            .date
            .as_deref()
            .and_then(|pattern| DateForm::parse(pattern, spec.zone.as_deref()));
        if spec.date.is_some() != date.is_some() || (kind.is_some() && spec.date.is_some() != dated) {
            self.compiler.fault(
                at,
                format!("{to}: date phải có khi (và chỉ khi) giá trị là ngày giờ, viết như yyyyMMddHHmmss"),
                format!("{to}: date is needed for dates, and only for them, written like yyyyMMddHHmmss"),
            );
        }
        let table = spec
            .table
            .as_deref()
            .map(|name| self.backwards(name, kind.as_ref(), at, to));
        OutRule {
            to: names(to),
            sources,
            constant: spec.constant.as_deref().map(Box::from),
            default: spec.default.as_deref().map(Box::from),
            table,
            date,
            max: spec.max,
        }
    }

    /// A code table read backwards: one word for each canonical value, no more and no fewer.
    fn backwards(
        &mut self,
        name: &'s str,
        kind: Option<&Kind>,
        at: usize,
        to: &str,
    ) -> HashMap<Box<str>, Box<str>> {
        self.used.insert(name);
        let mut words: HashMap<Box<str>, Box<str>> = HashMap::new();
        let Some(rows) = self.spec.table.get(name) else {
            self.compiler.fault(
                at,
                format!("{to}: không có [table.{name}]"),
                format!("{to}: there is no [table.{name}]"),
            );
            return words;
        };
        for (word, value) in rows {
            let value: Box<str> = match value {
                toml::Value::String(s) => s.as_str().into(),
                other => other.to_string().into(),
            };
            if let Some(other) = words.insert(value.clone(), word.as_str().into()) {
                self.compiler.fault(
                    at,
                    format!("{to}: {value} có hai từ {other} và {word}; dùng bảng riêng cho chiều ra"),
                    format!("{to}: {value} has the two words {other} and {word}; use a table of its own"),
                );
            }
        }
        let wanted: Vec<Box<str>> = match kind {
            Some(Kind::Words(all)) => all.clone(),
            Some(Kind::Flag) => vec!["true".into(), "false".into()],
            _ => Vec::new(),
        };
        for value in wanted.iter().filter(|v| !words.contains_key(*v)) {
            self.compiler.fault(
                at,
                format!("{to}: bảng {name} thiếu từ cho {value}"),
                format!("{to}: the table {name} has no word for {value}"),
            );
        }
        words
    }
}

fn reach<'m>(members: &'m [Member], path: &[Box<str>]) -> Option<&'m Target> {
    let (first, rest) = path.split_first()?;
    let target = &members.iter().find(|m| m.name == *first)?.target;
    match (rest, target) {
        ([], _) => Some(target),
        (_, Target::Object(inner)) => reach(inner, rest),
        _ => None,
    }
}

//------------ Writing -------------------------------------------------------------------------------------------------

/// The canonical form in JSON, with the official code where it is known.
pub(super) fn canonical_json(outgoing: &Outgoing<'_>) -> Rendered {
    let filing = with_code(outgoing);
    Rendered {
        media_type: "application/json".to_owned(),
        // Texts, numbers and flags only: writing them to memory cannot fail.
        bytes: serde_json::to_vec(filing.as_ref()).unwrap_or_default(),
    }
}

fn with_code<'a>(outgoing: &Outgoing<'a>) -> Cow<'a, Filing> {
    if outgoing.dossier_code.is_none() || outgoing.dossier_code == outgoing.filing.dossier_code.as_ref() {
        return Cow::Borrowed(outgoing.filing);
    }
    let mut filing = outgoing.filing.clone();
    filing.dossier_code = outgoing.dossier_code.cloned();
    Cow::Owned(filing)
}

impl RenderPlan {
    pub fn dossier(&self, outgoing: &Outgoing<'_>, dossier: Option<&DocumentPlan>) -> Rendered {
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
        outgoing: &Outgoing<'_>,
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

fn source(outgoing: &Outgoing<'_>) -> Value {
    let clocks = outgoing.clocks;
    serde_json::json!({
        "filing": outgoing.filing,
        "tracking_id": outgoing.tracking_id,
        "dossier_code": outgoing.dossier_code.or(outgoing.filing.dossier_code.as_ref()),
        "status": outgoing.status,
        "agency_name": outgoing.agency_name,
        "procedure_code": outgoing.procedure.code,
        "procedure_name": outgoing.procedure.name,
        "received_at": outgoing.received_at,
        "accepted_at": outgoing.accepted_at,
        "acceptance_due": clocks.acceptance_due,
        "forecast_due": clocks.forecast_due,
        "due": clocks.due,
    })
}

impl Mapped {
    fn write(&self, sources: impl Iterator<Item = Value>) -> Rendered {
        let mut items: Vec<Value> = sources.map(|s| self.item(&s)).collect();
        let document = match &self.items {
            None => items.pop().unwrap_or_default(),
            Some(path) => {
                let mut envelope = Map::new();
                for rule in &self.envelope {
                    rule.write(&Value::Null, &mut envelope);
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
            let rows = list.write(source);
            if !rows.is_empty() {
                put(&mut item, &list.to, Value::Array(rows));
            }
        }
        Value::Object(item)
    }
}

impl OutList {
    fn write(&self, source: &Value) -> Vec<Value> {
        let Some(Value::Array(items)) = at(source, &self.from) else {
            return Vec::new();
        };
        let mut rows = Vec::new();
        let mut row = |source: &Value| {
            let mut out = Map::new();
            for rule in &self.fields {
                rule.write(source, &mut out);
            }
            rows.push(Value::Object(out));
        };
        for item in items {
            let entries = self.spread.as_deref().and_then(|name| item[name].as_array());
            match (&self.spread, entries) {
                (Some(name), Some(entries)) if !entries.is_empty() => {
                    for entry in entries {
                        let mut one = item.clone();
                        one[&**name] = entry.clone();
                        row(&one);
                    }
                }
                _ => row(item),
            }
        }
        rows
    }
}

impl OutRule {
    fn write(&self, source: &Value, out: &mut Map<String, Value>) {
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
        let text = match value {
            Value::String(s) => s.clone(),
            Value::Number(n) => n.to_string(),
            Value::Bool(b) => b.to_string(),
            _ => return None,
        };
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

fn at<'v>(value: &'v Value, path: &[Box<str>]) -> Option<&'v Value> {
    path.iter()
        .try_fold(value, |v, name| v.get(&**name))
        .filter(|v| !v.is_null())
}

fn put(out: &mut Map<String, Value>, path: &[Box<str>], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        out.insert(first.to_string(), value);
    } else if let Value::Object(inner) = out
        .entry(first.to_string())
        .or_insert_with(|| Value::Object(Map::new()))
    {
        put(inner, rest, value);
    }
}

fn canonical_xml(outgoing: &Outgoing<'_>, dossier: Option<&DocumentPlan>, media_type: &str) -> Rendered {
    let value = serde_json::to_value(with_code(outgoing).as_ref()).unwrap_or_default();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    if let Some((plan, root)) = dossier.and_then(|plan| Some((plan, plan.root.as_ref()?))) {
        xml.push_str(&format!("<{} xmlns=\"{}\">", root.local, root.space));
        object(&mut xml, &value, &plan.shape);
        xml.push_str(&format!("</{}>\n", root.local));
    }
    Rendered {
        media_type: media_type.to_owned(),
        bytes: xml.into_bytes(),
    }
}

fn object(xml: &mut String, value: &Value, shape: &Shape) {
    for slot in &shape.slots {
        let Some(member) = value.get(&*slot.name).filter(|v| !v.is_null()) else {
            continue;
        };
        xml.push_str(&format!("<{}>", slot.name));
        match (&slot.rules, member) {
            (Rules::Part(rules), _) => {
                if let Some(rule) = rules.first() {
                    object(xml, member, &rule.shape);
                }
            }
            (Rules::List { rules, .. }, Value::Array(items)) => {
                if let Some((rule, name)) = rules.first().and_then(|r| Some((r, r.item.as_ref()?))) {
                    for item in items {
                        xml.push_str(&format!("<{}>", name.local));
                        object(xml, item, &rule.shape);
                        xml.push_str(&format!("</{}>", name.local));
                    }
                }
            }
            (_, Value::String(text)) => escape(xml, text),
            (_, scalar) => xml.push_str(&scalar.to_string()),
        }
        xml.push_str(&format!("</{}>", slot.name));
    }
}

fn escape(xml: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            // A bare carriage return would be read back as a line feed.
            '\r' => xml.push_str("&#13;"),
            // XML 1.0 has no way to write these two.
            '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            c => xml.push(c),
        }
    }
}
