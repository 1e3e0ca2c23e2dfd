//! Makes a plan of an `adapter.toml`, or says everything that is wrong with it: where, and how to mend it.

mod fault;
mod paths;
mod places;
mod rules;
mod shape;
mod values;

use std::collections::{BTreeSet, HashMap};

use self::rules::RuleSet;
use super::plan::{DocumentPlan, Items, Known, KnownList, Path, Rules, Shape, Strictness, Turning};
use super::spec::{AdapterSpec, DocumentSpec};
use super::target::Member;
use super::tree::Name;
use super::words;

pub use fault::AdapterFault;
pub(super) use fault::line_of;

pub(super) struct Compiler<'s> {
    file: &'s str,
    text: &'s str,
    spec: &'s AdapterSpec,
    pub faults: Vec<AdapterFault>,
    used_tables: BTreeSet<&'s str>,
    used_shapes: BTreeSet<&'s str>,
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
        let root = self.root(spec);
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
        DocumentPlan {
            turning: turning_fields(&shape, turning),
            places: places(&known, items.as_ref()),
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

    /// The name of the root element, which XML has and JSON has not.
    fn root(&mut self, spec: &DocumentSpec) -> Option<Name> {
        match (&spec.root, &self.spec.xml) {
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
}

/// Names of the fields of an item that stand in one place only, each with that place.
fn places(known: &Known, items: Option<&Items>) -> HashMap<String, String> {
    let steps = items.into_iter().flat_map(|items| &items.path.0);
    let (mut place, mut places) = (known, HashMap::new());
    for step in steps {
        place = place.child(&step.name).unwrap_or(place);
    }
    place.walk("", &mut |name, _, shown| {
        let twice = places.insert(words::plain(&name.local), Some(shown));
        if twice.is_some() {
            places.insert(words::plain(&name.local), None);
        }
    });
    places
        .into_iter()
        .filter_map(|(name, at)| Some((name, at?)))
        .collect()
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
