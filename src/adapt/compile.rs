//! Makes a plan of an `adapter.toml`, or says everything that is wrong with it: where, and how to mend it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use toml::Spanned;

use super::dates::DateForm;
use super::plan::{
    Cond, Convert, DocumentPlan, Fixed, Guard, Items, Known, KnownList, LeafRule, ListRule, PartRule, Path,
    Pick, Rules, Shape, Slot, Step, Strictness, Table, Test,
};
use super::spec::{AdapterSpec, Body, DocumentSpec, FieldSpec, ListSpec, PartSpec, RequireSpec, WhenSpec};
use super::target::{Kind, Member, Target};
use super::tree::Name;

/// Something wrong with an adapter file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterFault {
    /// Which file, as it was handed in.
    pub file: String,
    /// Line in it, from 1.
    pub line: usize,
    /// What is wrong and what to do, in Vietnamese.
    pub message_vi: String,
    /// The same in English.
    pub message_en: String,
}

impl fmt::Display for AdapterFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {} / {}",
            self.file, self.line, self.message_vi, self.message_en
        )
    }
}

impl std::error::Error for AdapterFault {}

/// The rules of one place, gathered by canonical name.
#[derive(Clone, Default)]
struct RuleSet<'s> {
    fields: Vec<(&'s str, &'s FieldSpec)>,
    parts: Vec<(&'s str, &'s PartSpec)>,
    lists: Vec<(&'s str, &'s ListSpec)>,
}

fn head(to: &str) -> (&str, &str) {
    to.split_once('.').unwrap_or((to, ""))
}

impl<'s> RuleSet<'s> {
    fn of(field: &'s [FieldSpec], part: &'s [PartSpec], list: &'s [ListSpec]) -> Self {
        RuleSet {
            fields: field.iter().map(|f| (f.to.get_ref().as_str(), f)).collect(),
            parts: part.iter().map(|p| (p.to.get_ref().as_str(), p)).collect(),
            lists: list.iter().map(|l| (l.to.get_ref().as_str(), l)).collect(),
        }
    }

    fn extend(&mut self, other: RuleSet<'s>) {
        self.fields.extend(other.fields);
        self.parts.extend(other.parts);
        self.lists.extend(other.lists);
    }

    /// First names with their place in the file.
    fn heads(&self) -> impl Iterator<Item = (&'s str, usize)> + '_ {
        let f = self.fields.iter().map(|(to, s)| (head(to).0, s.to.span().start));
        let p = self.parts.iter().map(|(to, s)| (head(to).0, s.to.span().start));
        let l = self.lists.iter().map(|(to, s)| (head(to).0, s.to.span().start));
        f.chain(p).chain(l)
    }

    /// The rules for `name` itself, and those that go into it.
    fn split(&self, name: &str) -> (RuleSet<'s>, RuleSet<'s>) {
        let (mut here, mut inside) = (RuleSet::default(), RuleSet::default());
        for (to, rule) in &self.fields {
            match head(to) {
                (h, "") if h == name => here.fields.push((to, rule)),
                (h, rest) if h == name => inside.fields.push((rest, rule)),
                _ => {}
            }
        }
        for (to, rule) in &self.parts {
            match head(to) {
                (h, "") if h == name => here.parts.push((to, rule)),
                (h, rest) if h == name => inside.parts.push((rest, rule)),
                _ => {}
            }
        }
        for (to, rule) in &self.lists {
            match head(to) {
                (h, "") if h == name => here.lists.push((to, rule)),
                (h, rest) if h == name => inside.lists.push((rest, rule)),
                _ => {}
            }
        }
        (here, inside)
    }

    fn first_span(&self) -> Option<usize> {
        self.heads().map(|(_, span)| span).next()
    }
}

pub(super) struct Compiler<'s> {
    file: &'s str,
    text: &'s str,
    spec: &'s AdapterSpec,
    pub faults: Vec<AdapterFault>,
    used_tables: BTreeSet<&'s str>,
    used_shapes: BTreeSet<&'s str>,
    /// Shapes being expanded now, to find one that contains itself.
    expanding: Vec<&'s str>,
}

/// The line of a byte of a file, from 1.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
}

impl<'s> Compiler<'s> {
    pub fn new(file: &'s str, text: &'s str, spec: &'s AdapterSpec) -> Self {
        Compiler {
            file,
            text,
            spec,
            faults: Vec::new(),
            used_tables: BTreeSet::new(),
            used_shapes: BTreeSet::new(),
            expanding: Vec::new(),
        }
    }

    pub fn fault(&mut self, at: usize, vi: impl Into<String>, en: impl Into<String>) {
        self.faults.push(AdapterFault {
            file: self.file.to_owned(),
            line: line_of(self.text, at),
            message_vi: vi.into(),
            message_en: en.into(),
        });
    }

    fn format_span(&self) -> usize {
        self.spec.format.name.span().start
    }

    /// Compiles `[dossier]` or `[statuses]` against the members of its canonical type.
    pub fn document(&mut self, spec: &'s DocumentSpec, members: &[Member]) -> DocumentPlan {
        let mut known = Known::default();
        let root = match (&spec.root, &self.spec.xml) {
            (Some(root), Some(_)) => self.name(root.get_ref(), root.span().start),
            (None, Some(_)) => {
                self.fault(
                    self.format_span(),
                    "XML cần tên phần tử gốc: thêm root = \"…\"",
                    "XML needs the name of its root element: add root = \"…\"",
                );
                None
            }
            (Some(root), None) => {
                self.fault(
                    root.span().start,
                    "root chỉ dùng khi có [xml]; bỏ đi",
                    "root means something only with [xml]; remove it",
                );
                None
            }
            (None, None) => None,
        };
        let items = spec.items.as_ref().map(|raw| Items {
            path: self.path(raw.get_ref(), raw.span().start),
            item: spec
                .item
                .as_ref()
                .and_then(|item| self.name(item, raw.span().start)),
        });
        let envelope_guards = self.guards(&spec.envelope.require, &mut known);
        self.declare(&spec.envelope.ignored, &spec.envelope.forbidden, &mut known);
        let place = match &items {
            Some(items) => {
                let place = known.follow(&items.path);
                place.list = Some(KnownList {
                    item: items.item.clone(),
                    or_one: false,
                    is_items: true,
                });
                place
            }
            None => &mut known,
        };
        let guards = self.guards(&spec.require, place);
        self.declare(&spec.ignored, &spec.forbidden, place);
        let rules = RuleSet::of(&spec.field, &spec.part, &spec.list);
        let shape = self.shape(&rules, members, place, "");
        DocumentPlan {
            root,
            items,
            envelope_guards,
            guards,
            shape,
            known,
            strictness: Strictness {
                unknown_refused: self.spec.format.unknown == super::spec::Unknown::Refuse,
                empty_absent: self.spec.format.empty == super::spec::Empty::Absent,
                texts_for_values: self
                    .spec
                    .json
                    .as_ref()
                    .is_some_and(|j| j.values == super::spec::Values::Text),
            },
        }
    }

    /// Tables and shapes nobody uses are faults too: they are a rule somebody believes in.
    pub fn unused(&mut self, used_elsewhere: &BTreeSet<&str>) {
        for name in self.spec.table.keys() {
            if !self.used_tables.contains(name.as_str()) && !used_elsewhere.contains(name.as_str()) {
                let at = self.text.find(&format!("[table.{name}]")).unwrap_or(0);
                self.fault(
                    at,
                    format!("bảng mã {name} không được dùng; bỏ đi hoặc dùng table = \"{name}\""),
                    format!("the table {name} is not used; remove it, or use table = \"{name}\""),
                );
            }
        }
        for name in self.spec.shape.keys() {
            if !self.used_shapes.contains(name.as_str()) {
                let at = self.text.find(&format!("shape.{name}")).unwrap_or(0);
                self.fault(
                    at,
                    format!("khuôn {name} không được dùng; bỏ đi hoặc dùng shape = \"{name}\""),
                    format!("the shape {name} is not used; remove it, or use shape = \"{name}\""),
                );
            }
        }
    }

    fn guards(&mut self, specs: &'s [RequireSpec], known: &mut Known) -> Vec<Guard> {
        specs
            .iter()
            .map(|spec| {
                let from = self.path(spec.from.get_ref(), spec.from.span().start);
                known.follow(&from).leaf = true;
                Guard {
                    from,
                    is: spec.is.iter().map(|w| w.as_str().into()).collect(),
                    optional: spec.optional,
                }
            })
            .collect()
    }

    fn declare(
        &mut self,
        ignored: &'s [Spanned<String>],
        forbidden: &'s [Spanned<String>],
        known: &mut Known,
    ) {
        for (paths, is_forbidden) in [(ignored, false), (forbidden, true)] {
            for raw in paths {
                let path = self.path(raw.get_ref(), raw.span().start);
                let place = known.follow(&path);
                if is_forbidden {
                    place.forbidden = true;
                } else {
                    place.everything = true;
                }
            }
        }
    }

    fn shape(&mut self, rules: &RuleSet<'s>, members: &[Member], known: &mut Known, within: &str) -> Shape {
        for (name, span) in rules.heads() {
            if !members.iter().any(|m| *m.name == *name) {
                let there = members.iter().map(|m| &*m.name).collect::<Vec<_>>().join(", ");
                self.fault(
                    span,
                    format!("hồ sơ chuẩn không có {within}{name}; ở đây có: {there}"),
                    format!("the canonical dossier has no {within}{name}; here it has: {there}"),
                );
            }
        }
        let mut slots = Vec::new();
        for member in members {
            let (here, inside) = rules.split(&member.name);
            let pointer = format!("{within}{}", member.name);
            match self.slot(member, &here, &inside, known, &pointer) {
                Some(rules) => {
                    slots.push(Slot {
                        name: member.name.clone(),
                        required: member.required,
                        rules,
                    });
                }
                None if member.required => {
                    let at = rules.first_span().unwrap_or_else(|| self.format_span());
                    self.fault(
                        at,
                        format!(
                            "thiếu quy tắc cho trường bắt buộc {pointer}; thêm to = \"{}\"",
                            member.name
                        ),
                        format!(
                            "no rule gives the required field {pointer}; add to = \"{}\"",
                            member.name
                        ),
                    );
                }
                None => {}
            }
        }
        Shape { slots }
    }

    fn slot(
        &mut self,
        member: &Member,
        here: &RuleSet<'s>,
        inside: &RuleSet<'s>,
        known: &mut Known,
        pointer: &str,
    ) -> Option<Rules> {
        let clash = match &member.target {
            Target::Leaf(_) => here
                .parts
                .iter()
                .map(|(_, s)| s.to.span().start)
                .next()
                .or(here.lists.iter().map(|(_, s)| s.to.span().start).next())
                .or(inside.first_span()),
            Target::Object(_) => here.fields.iter().map(|(_, s)| s.to.span().start).next().or(here
                .lists
                .iter()
                .map(|(_, s)| s.to.span().start)
                .next()),
            Target::List { .. } => here
                .fields
                .iter()
                .map(|(_, s)| s.to.span().start)
                .next()
                .or(here.parts.iter().map(|(_, s)| s.to.span().start).next())
                .or(inside.first_span()),
        };
        if let Some(at) = clash {
            let word = match &member.target {
                Target::Leaf(_) => "field",
                Target::Object(_) => "part",
                Target::List { .. } => "list",
            };
            self.fault(
                at,
                format!("{pointer} phải viết bằng [[…{word}]]"),
                format!("{pointer} is written with [[…{word}]]"),
            );
            // Something was meant for it; saying that it is missing as well would mislead.
            return Some(Rules::Leaf(Vec::new()));
        }
        match &member.target {
            Target::Leaf(kind) => {
                let rules: Vec<LeafRule> = here
                    .fields
                    .iter()
                    .map(|(_, spec)| self.leaf(spec, kind, known, pointer))
                    .collect();
                (!rules.is_empty()).then_some(Rules::Leaf(rules))
            }
            Target::Object(members) => {
                let within = format!("{pointer}.");
                if !here.parts.is_empty() {
                    if let Some(at) = inside.first_span() {
                        self.fault(
                            at,
                            format!("{pointer} đã có part; đặt trường này bên trong part đó"),
                            format!("{pointer} has a part already; put this field into that part"),
                        );
                    }
                    let parts = here
                        .parts
                        .iter()
                        .map(|(_, p)| self.part(p, members, known, &within))
                        .collect();
                    return Some(Rules::Part(parts));
                }
                inside.first_span()?;
                let shape = self.shape(inside, members, known, &within);
                Some(Rules::Part(vec![PartRule {
                    base: Path::default(),
                    when: None,
                    shape,
                }]))
            }
            Target::List { max, item } => {
                let Target::Object(members) = item.as_ref() else {
                    return None;
                };
                let within = format!("{pointer}[].");
                let rules: Vec<ListRule> = here
                    .lists
                    .iter()
                    .map(|(_, l)| self.list(l, members, known, &within))
                    .collect();
                (!rules.is_empty()).then_some(Rules::List { max: *max, rules })
            }
        }
    }

    /// The rules written under a part or list, and those of the shape it names.
    fn contents(
        &mut self,
        shape: Option<&'s String>,
        own: RuleSet<'s>,
        at: usize,
        known: &mut Known,
    ) -> RuleSet<'s> {
        let mut rules = own;
        let Some(name) = shape else { return rules };
        let spec = self.spec;
        let Some(body) = spec.shape.get(name) else {
            self.fault(
                at,
                format!("không có [shape.{name}]; thêm khuôn này hoặc sửa tên"),
                format!("there is no [shape.{name}]; add it, or correct the name"),
            );
            return rules;
        };
        self.used_shapes.insert(name);
        let Body {
            field,
            part,
            list,
            ignored,
            forbidden,
        } = body;
        self.declare(ignored, forbidden, known);
        rules.extend(RuleSet::of(field, part, list));
        rules
    }

    fn enter_shape(&mut self, shape: Option<&'s String>, at: usize) -> bool {
        let Some(name) = shape else { return true };
        if self.expanding.contains(&name.as_str()) {
            self.fault(
                at,
                format!("khuôn {name} chứa chính nó; bỏ vòng lặp"),
                format!("the shape {name} contains itself; break the circle"),
            );
            return false;
        }
        self.expanding.push(name);
        true
    }

    fn leave_shape(&mut self, shape: Option<&'s String>) {
        if shape.is_some() {
            self.expanding.pop();
        }
    }

    fn part(&mut self, spec: &'s PartSpec, members: &[Member], known: &mut Known, within: &str) -> PartRule {
        let at = spec.to.span().start;
        let base = spec
            .from
            .as_ref()
            .map_or_else(Path::default, |raw| self.path(raw, at));
        let when = spec.when.as_ref().map(|w| self.cond(w, at, known));
        let place = known.follow(&base);
        let mut shape = Shape::default();
        if self.enter_shape(spec.shape.as_ref(), at) {
            self.declare(&spec.ignored, &spec.forbidden, place);
            let own = RuleSet::of(&spec.field, &spec.part, &spec.list);
            let rules = self.contents(spec.shape.as_ref(), own, at, place);
            shape = self.shape(&rules, members, place, within);
            self.leave_shape(spec.shape.as_ref());
        }
        PartRule { base, when, shape }
    }

    fn list(&mut self, spec: &'s ListSpec, members: &[Member], known: &mut Known, within: &str) -> ListRule {
        let at = spec.to.span().start;
        let base = self.path(&spec.from, at);
        let item = spec.item.as_ref().and_then(|raw| self.name(raw, at));
        let place = known.follow(&base);
        if !base.0.is_empty() {
            place.list = Some(KnownList {
                item: item.clone(),
                or_one: spec.or_one,
                is_items: false,
            });
        }
        let when = spec.when.as_ref().map(|w| self.cond(w, at, place));
        let mut shape = Shape::default();
        if self.enter_shape(spec.shape.as_ref(), at) {
            self.declare(&spec.ignored, &spec.forbidden, place);
            let own = RuleSet::of(&spec.field, &spec.part, &spec.list);
            let rules = self.contents(spec.shape.as_ref(), own, at, place);
            shape = self.shape(&rules, members, place, within);
            self.leave_shape(spec.shape.as_ref());
        }
        ListRule {
            base,
            item,
            or_one: spec.or_one,
            when,
            shape,
        }
    }

    fn leaf(&mut self, spec: &'s FieldSpec, kind: &Kind, known: &mut Known, pointer: &str) -> LeafRule {
        let at = spec.to.span().start;
        let sources: Vec<Path> = spec
            .from
            .as_slice()
            .iter()
            .map(|raw| self.path(raw, at))
            .collect();
        for source in &sources {
            known.follow(source).leaf = true;
        }
        if sources.is_empty() == spec.constant.is_none() {
            self.fault(
                at,
                format!("{pointer}: cần đúng một trong from và constant"),
                format!("{pointer}: give either from or constant"),
            );
        }
        if spec.constant.is_some() && (spec.table.is_some() || spec.date.is_some() || spec.required) {
            self.fault(
                at,
                format!("{pointer}: constant không đi cùng table, date hay required"),
                format!("{pointer}: constant does not go with table, date or required"),
            );
        }
        if spec.only_if.is_some() && *kind != Kind::Text {
            self.fault(
                at,
                format!("{pointer}: only_if chỉ dùng cho văn bản, đây là {}", kind.name()),
                format!("{pointer}: only_if is for texts, this is {}", kind.name()),
            );
        }
        let mut fixed =
            |value: &Option<toml::Value>| value.as_ref().and_then(|v| self.fixed(v, kind, at, pointer));
        let (constant, default) = (fixed(&spec.constant), fixed(&spec.default));
        LeafRule {
            sources,
            when: spec.when.as_ref().map(|w| self.cond(w, at, known)),
            convert: self.convert(spec, kind, pointer),
            constant,
            default,
            required: spec.required,
            only_if: spec.only_if,
        }
    }

    fn convert(&mut self, spec: &'s FieldSpec, kind: &Kind, pointer: &str) -> Convert {
        let at = spec.to.span().start;
        let day = *kind == Kind::Day;
        let dated = matches!(kind, Kind::Day | Kind::Instant);
        if let Some(name) = &spec.table {
            if spec.date.is_some() {
                self.fault(
                    at,
                    format!("{pointer}: chọn table hoặc date"),
                    format!("{pointer}: choose table or date"),
                );
            }
            return Convert::Table(self.table(name, kind, at, pointer));
        }
        if (spec.date.is_some() || spec.zone.is_some()) && !dated {
            self.fault(
                at,
                format!(
                    "{pointer} là {}, không phải ngày giờ; bỏ date và zone",
                    kind.name()
                ),
                format!("{pointer} is {}, not a date; remove date and zone", kind.name()),
            );
        }
        if !dated {
            return Convert::Plain(kind.clone());
        }
        let pattern = spec.date.as_deref().unwrap_or("rfc3339");
        let form = DateForm::parse(pattern, spec.zone.as_deref()).unwrap_or_else(|| {
            self.fault(
                at,
                format!("{pointer}: date phải là rfc3339 hoặc mẫu như yyyyMMddHHmmss, zone như +07:00"),
                format!("{pointer}: date is rfc3339 or a pattern like yyyyMMddHHmmss, zone like +07:00"),
            );
            DateForm::Rfc3339
        });
        Convert::Date { form, day }
    }

    fn table(&mut self, name: &'s str, kind: &Kind, at: usize, pointer: &str) -> Table {
        self.used_tables.insert(name);
        let spec = self.spec;
        let Some(rows) = spec.table.get(name) else {
            self.fault(
                at,
                format!("{pointer}: không có [table.{name}]; thêm bảng mã hoặc sửa tên"),
                format!("{pointer}: there is no [table.{name}]; add it, or correct the name"),
            );
            return Table {
                words: HashMap::new(),
                allowed: String::new(),
            };
        };
        let words = rows
            .iter()
            .filter_map(|(word, value)| Some((word.as_str().into(), self.fixed(value, kind, at, pointer)?)))
            .collect();
        let mut allowed: Vec<&str> = rows.keys().map(String::as_str).collect();
        allowed.sort_by_key(|w| (w.parse::<u32>().unwrap_or(u32::MAX), *w));
        Table {
            words,
            allowed: allowed.join(", "),
        }
    }

    /// A value written in the file, checked against what it is for.
    fn fixed(&mut self, value: &toml::Value, kind: &Kind, at: usize, pointer: &str) -> Option<Fixed> {
        let fixed = match (kind, value) {
            (Kind::Text, toml::Value::String(s)) => Some(Fixed::Text(s.as_str().into())),
            (Kind::Words(words), toml::Value::String(s)) => words
                .iter()
                .any(|w| **w == **s)
                .then(|| Fixed::Text(s.as_str().into())),
            (Kind::Whole { min, max }, toml::Value::Integer(n)) => {
                (min..=max).contains(&n).then_some(Fixed::Whole(*n))
            }
            (Kind::Flag, toml::Value::Boolean(b)) => Some(Fixed::Flag(*b)),
            _ => None,
        };
        if fixed.is_none() {
            let wanted = match kind {
                Kind::Words(words) => words.join(", "),
                other => other.name().to_owned(),
            };
            self.fault(
                at,
                format!("{pointer}: giá trị {value} không hợp; cần: {wanted}"),
                format!("{pointer}: the value {value} does not fit; it takes: {wanted}"),
            );
        }
        fixed
    }

    fn cond(&mut self, spec: &'s WhenSpec, at: usize, known: &mut Known) -> Cond {
        let from = self.path(&spec.from, at);
        let place = known.follow(&from);
        let words = |list: &Vec<String>| list.iter().map(|w| w.as_str().into()).collect();
        let test = match (&spec.is, &spec.is_not, spec.present) {
            (Some(is), None, None) => Test::Is(words(is)),
            (None, Some(is_not), None) => Test::IsNot(words(is_not)),
            (None, None, Some(present)) => Test::Present(present),
            _ => {
                self.fault(
                    at,
                    "when cần đúng một trong is, is_not, present",
                    "when takes exactly one of is, is_not, present",
                );
                Test::Present(true)
            }
        };
        if !matches!(test, Test::Present(_)) {
            place.leaf = true;
        }
        Cond { from, test }
    }

    /// `a.b[key=value].@c`; `.` is the place itself.
    fn path(&mut self, raw: &str, at: usize) -> Path {
        if raw == "." {
            return Path::default();
        }
        let steps: Option<Vec<Step>> = raw.split('.').map(|step| self.step(step)).collect();
        match steps {
            Some(steps) => Path(steps),
            None => {
                self.fault(
                    at,
                    format!("đường dẫn {raw} sai; viết như a.b, a[0].b, a[khoá=giá trị].b, ns:a.@b"),
                    format!("the path {raw} is malformed; write a.b, a[0].b, a[key=value].b, ns:a.@b"),
                );
                Path::default()
            }
        }
    }

    fn step(&self, raw: &str) -> Option<Step> {
        let (name, pick) = match raw.strip_suffix(']') {
            None => (raw, Pick::Only),
            Some(rest) => {
                let (name, inner) = rest.split_once('[')?;
                let pick = match inner.split_once('=') {
                    Some((key, value)) => Pick::Where(self.resolve(key)?, value.into()),
                    None if inner == "0" => Pick::First,
                    None => return None,
                };
                (name, pick)
            }
        };
        Some(Step {
            name: self.resolve(name)?,
            pick,
        })
    }

    fn name(&mut self, raw: &str, at: usize) -> Option<Name> {
        let name = self.resolve(raw);
        if name.is_none() {
            self.fault(
                at,
                format!("tên {raw} sai, hoặc tiền tố của nó không có trong [xml.namespaces]"),
                format!("the name {raw} is malformed, or its prefix is not in [xml.namespaces]"),
            );
        }
        name
    }

    fn resolve(&self, raw: &str) -> Option<Name> {
        let (attribute, raw) = match raw.strip_prefix('@') {
            Some(rest) => (true, rest),
            None => (false, raw),
        };
        let namespaces: Option<&BTreeMap<String, String>> = self.spec.xml.as_ref().map(|x| &x.namespaces);
        let (space, local) = match (raw.split_once(':'), namespaces) {
            (Some((prefix, local)), Some(declared)) => (declared.get(prefix)?.as_str(), local),
            // An attribute without a prefix has no namespace, whatever its element has.
            _ if attribute => ("", raw),
            _ => (self.spec.xml.as_ref().map_or("", |x| x.namespace.as_str()), raw),
        };
        let sound = !local.is_empty() && !local.contains(['[', ']', '=', '@', ' ', '/']);
        sound.then(|| Name {
            local: local.into(),
            space: space.into(),
            attribute,
        })
    }
}
