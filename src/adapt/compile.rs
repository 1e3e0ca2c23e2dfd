//! Makes a plan of an `adapter.toml`, or says everything that is wrong with it: where, and how to mend it.

mod paths;
mod rules;
mod values;

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use toml::Spanned;

use self::rules::RuleSet;
use super::plan::{
    DocumentPlan, Guard, Items, Known, KnownList, LeafRule, ListRule, PartRule, Path, Pick, Picked, Rules,
    Shape, Slot, Strictness, Turning,
};
use super::spec::{
    AdapterSpec, Body, DocumentSpec, IgnoredSpec, ListSpec, Otherwise, PartSpec, PickSpec, RequireSpec,
};
use super::target::{Member, Target};
use super::words;

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

pub(super) struct Compiler<'s> {
    file: &'s str,
    text: &'s str,
    spec: &'s AdapterSpec,
    pub faults: Vec<AdapterFault>,
    used_tables: BTreeSet<&'s str>,
    used_shapes: BTreeSet<&'s str>,
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
    /// `turning` names those that turn the meaning of an item.
    pub fn document(&mut self, spec: &'s DocumentSpec, members: &[Member], turning: &[&str]) -> DocumentPlan {
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
        self.declare(
            &[],
            &[],
            &spec.envelope.ignored,
            &spec.envelope.forbidden,
            &mut known,
        );
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
        self.declare(&spec.pick, &spec.kept, &spec.ignored, &spec.forbidden, place);
        let rules = RuleSet::of(&spec.field, &spec.part, &spec.list);
        let shape = self.shape(&rules, members, place, "");
        self.settle_picks(&mut known);
        let steps = items.iter().flat_map(|items| &items.path.0);
        let (mut place, mut places) = (&known, HashMap::new());
        for step in steps {
            place = place.child(&step.name).unwrap_or(place);
        }
        place.walk("", &mut |name, _, shown| {
            let twice = places.insert(words::plain(&name.local), Some(shown));
            if twice.is_some() {
                places.insert(words::plain(&name.local), None);
            }
        });
        let places = places
            .into_iter()
            .filter_map(|(name, at)| Some((name, at?)))
            .collect();
        DocumentPlan {
            turning: turning_fields(&shape, turning),
            places,
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

    /// What `fold_case` names is there.
    pub fn folded(&mut self) {
        for table in &self.spec.format.fold_case {
            if !self.spec.table.contains_key(table.get_ref()) {
                self.fault(
                    table.span().start,
                    format!("không có [table.{}]; sửa fold_case", table.get_ref()),
                    format!("there is no [table.{}]; correct fold_case", table.get_ref()),
                );
            }
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
        picks: &'s [PickSpec],
        kept: &'s [Spanned<String>],
        ignored: &'s [IgnoredSpec],
        forbidden: &'s [Spanned<String>],
        known: &mut Known,
    ) {
        for pick in picks {
            let at = pick.from.span().start;
            let Some(by) = self.name(&pick.by, at) else {
                continue;
            };
            if pick.among.is_none() && pick.otherwise.is_none() {
                self.fault(
                    at,
                    "pick không nói từ lạ thì sao: kể các từ khác có thể có (among), hoặc thêm otherwise = \"refuse\" hay \"warn\"",
                    "pick does not say what an unknown word is: name the other words there are (among), or add otherwise = \"refuse\" or \"warn\"",
                );
            }
            let place = self.path_of(&pick.from, known);
            place.list.get_or_insert_default();
            place.enter(&by).leaf = true;
            place.picked = Some(Picked {
                by,
                words: pick.among.iter().flatten().map(|w| w.as_str().into()).collect(),
                otherwise: pick.otherwise.unwrap_or(Otherwise::Refuse),
            });
        }
        for raw in kept {
            self.path_of(raw, known).kept = true;
        }
        for group in ignored {
            if group.why.get_ref().trim().is_empty() {
                self.fault(
                    group.why.span().start,
                    "why để trống: ghi vì sao không đọc các trường này",
                    "why is empty: write down why these fields are not read",
                );
            }
            for raw in &group.fields {
                self.path_of(raw, known).ignored = true;
            }
        }
        for raw in forbidden {
            self.path_of(raw, known).forbidden = true;
        }
    }

    /// Every list of which paths pick entries by a word says what another word is.
    fn settle_picks(&mut self, known: &mut Known) {
        for (name, inner) in known.children.values_mut().flatten() {
            let list = name.local.clone();
            for (key, word) in std::mem::take(&mut inner.picks) {
                match &mut inner.picked {
                    Some(picked) if picked.by == key => {
                        if !picked.words.contains(&word) {
                            picked.words.push(word);
                        }
                    }
                    _ => {
                        let raw = format!("{list}[{}={word}]", key.local);
                        let at = self.text.find(&raw).unwrap_or(0);
                        self.fault(
                            at,
                            format!("{raw} không nói từ lạ thì sao: thêm pick = [{{ from = \"{list}\", by = \"{}\", otherwise = \"warn\" }}]", key.local),
                            format!("{raw} does not say what an unknown word is: add pick = [{{ from = \"{list}\", by = \"{}\", otherwise = \"warn\" }}]", key.local),
                        );
                    }
                }
            }
            self.settle_picks(inner);
        }
    }

    /// The place a path of the file leads to.
    fn path_of<'k>(&mut self, raw: &Spanned<String>, known: &'k mut Known) -> &'k mut Known {
        let path = self.path(raw.get_ref(), raw.span().start);
        known.follow(&path)
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
        let (word, clash) = match &member.target {
            Target::Leaf(_) => (
                "field",
                here.first_part().or(here.first_list()).or(inside.first_span()),
            ),
            Target::Object(_) => ("part", here.first_field().or(here.first_list())),
            Target::List { .. } => (
                "list",
                here.first_field().or(here.first_part()).or(inside.first_span()),
            ),
        };
        if let Some(at) = clash {
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
                self.in_turn(
                    here.fields
                        .iter()
                        .map(|(_, s)| (s.when.is_some(), s.to.span().start)),
                    pointer,
                );
                let rules: Vec<LeafRule> = here
                    .fields
                    .iter()
                    .map(|(_, spec)| self.leaf(spec, (kind, member.longest), known, pointer))
                    .collect();
                (!rules.is_empty()).then_some(Rules::Leaf(rules))
            }
            Target::Object(members) => self.parts(members, here, inside, known, pointer),
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

    fn parts(
        &mut self,
        members: &[Member],
        here: &RuleSet<'s>,
        inside: &RuleSet<'s>,
        known: &mut Known,
        pointer: &str,
    ) -> Option<Rules> {
        let within = format!("{pointer}.");
        if here.parts.is_empty() {
            inside.first_span()?;
            let shape = self.shape(inside, members, known, &within);
            return Some(Rules::Part(vec![PartRule {
                base: Path::default(),
                when: None,
                shape,
            }]));
        }
        if let Some(at) = inside.first_span() {
            self.fault(
                at,
                format!("{pointer} đã có part; đặt trường này bên trong part đó"),
                format!("{pointer} has a part already; put this field into that part"),
            );
        }
        self.in_turn(
            here.parts
                .iter()
                .map(|(_, s)| (s.when.is_some(), s.to.span().start)),
            pointer,
        );
        let parts = here
            .parts
            .iter()
            .map(|(_, p)| self.part(p, members, known, &within))
            .collect();
        Some(Rules::Part(parts))
    }

    /// Rules for one place are tried in turn, so none may follow one without a condition.
    fn in_turn(&mut self, rules: impl Iterator<Item = (bool, usize)>, pointer: &str) {
        let mut closed = false;
        for (has_condition, at) in rules {
            if closed {
                self.fault(
                    at,
                    format!("{pointer}: quy tắc này không bao giờ được dùng; thêm when vào quy tắc trước"),
                    format!("{pointer}: this rule is never reached; give the one before it a when"),
                );
            }
            closed |= !has_condition;
        }
    }

    /// The rules written under a part or list, and those of the shape it names. A shape cannot go on for ever: the canonical
    /// model contains no object in itself, and rules that name nothing in it are not entered.
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
            pick,
            kept,
            ignored,
            forbidden,
        } = body;
        self.declare(pick, kept, ignored, forbidden, known);
        rules.extend(RuleSet::of(field, part, list));
        rules
    }

    fn part(&mut self, spec: &'s PartSpec, members: &[Member], known: &mut Known, within: &str) -> PartRule {
        let at = spec.to.span().start;
        let base = spec
            .from
            .as_ref()
            .map_or_else(Path::default, |raw| self.path(raw, at));
        if base.is_manifold() {
            self.fault(
                at,
                "part chỉ có một; a[] dùng cho [[…list]]",
                "a part is one; a[] is for [[…list]]",
            );
        }
        let when = spec.when.as_ref().map(|w| self.cond(w, at, known));
        let place = known.follow(&base);
        self.declare(&spec.pick, &spec.kept, &spec.ignored, &spec.forbidden, place);
        let own = RuleSet::of(&spec.field, &spec.part, &spec.list);
        let rules = self.contents(spec.shape.as_ref(), own, at, place);
        let shape = self.shape(&rules, members, place, within);
        PartRule { base, when, shape }
    }

    fn list(&mut self, spec: &'s ListSpec, members: &[Member], known: &mut Known, within: &str) -> ListRule {
        let at = spec.to.span().start;
        let base = self.path(&spec.from, at);
        if base.0.last().is_some_and(|last| last.pick == Pick::Each) {
            self.fault(
                at,
                format!("{}: danh sách đã gồm mọi mục; bỏ [] ở cuối", spec.from),
                format!(
                    "{}: a list has all its items anyway; remove the [] at its end",
                    spec.from
                ),
            );
        }
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
        self.declare(&spec.pick, &spec.kept, &spec.ignored, &spec.forbidden, place);
        let own = RuleSet::of(&spec.field, &spec.part, &spec.list);
        let rules = self.contents(spec.shape.as_ref(), own, at, place);
        let shape = self.shape(&rules, members, place, within);
        ListRule {
            base,
            item,
            or_one: spec.or_one,
            when,
            shape,
        }
    }
}

/// Where the named members of a shape come from.
fn turning_fields(shape: &Shape, named: &[&str]) -> Vec<Turning> {
    let slots = shape.slots.iter().filter(|slot| named.contains(&&*slot.name));
    let paths = slots.flat_map(|slot| -> Vec<&Path> {
        match &slot.rules {
            Rules::Leaf(rules) => rules.iter().flat_map(|rule| &rule.sources).collect(),
            Rules::Part(rules) => rules.iter().map(|rule| &rule.base).collect(),
            Rules::List { rules, .. } => rules.iter().map(|rule| &rule.base).collect(),
        }
    });
    let turning = paths.filter_map(|path| {
        Some(Turning {
            plain: words::plain(&path.0.last()?.name.local),
            path: path.clone(),
        })
    });
    turning.collect()
}
