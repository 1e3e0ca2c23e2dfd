//! Makes a plan of an `adapter.toml`, or says everything that is wrong with it: where, and how to mend it.

mod checks;
mod cleaning;
mod conditions;
mod fault;
mod paths;
mod places;
mod rules;
mod shape;
mod values;

use std::collections::{BTreeSet, HashMap};

use self::rules::RuleSet;
use super::limits::MAX_RULES;
use super::plan::{
    DocumentPlan, Items, Known, KnownList, Listing, Path, Rules, Shape, Step, Strictness, Turning,
};
use super::spec::{AdapterSpec, DocumentSpec};
use super::target::Member;
use super::tree::Name;
use super::words;
use crate::domain::checks::CheckedDocument;

pub use fault::AdapterFault;
pub(super) use fault::line_of;
use fault::line_starts;
pub(super) use values::OTHER;

pub(super) struct Compiler<'s> {
    file: &'s str,
    text: &'s str,
    spec: &'s AdapterSpec,
    pub faults: Vec<AdapterFault>,
    used_tables: BTreeSet<&'s str>,
    used_shapes: BTreeSet<&'s str>,
    /// The place whose rules are compiled and before it those around it, the item first: each as steps from the item on.
    around: Vec<Vec<Step>>,
    /// What rules read elsewhere in the item, and where: steps from the item on.
    outside: Vec<(Vec<Step>, Known)>,
    /// Names of the fields that hold files, of the document that is compiled.
    contents: Vec<Box<str>>,
    /// List rules so far.
    lists: usize,
    /// Rules and words so far, those of a shape or a code table once for each place that names it.
    rules: usize,
    /// Where the lines of the file begin.
    lines: Vec<usize>,
    /// What is worth a look and no fault.
    pub remarks: Vec<AdapterFault>,
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
            around: vec![Vec::new()],
            outside: Vec::new(),
            contents: Vec::new(),
            lists: 0,
            rules: 0,
            lines: line_starts(text),
            remarks: Vec::new(),
        }
    }

    pub fn fault(&mut self, at: usize, vi: impl Into<String>, en: impl Into<String>) {
        let said = self.said(at, vi.into(), en.into());
        self.faults.push(said);
    }

    /// Says what is worth a look, though the file compiles.
    pub fn remark(&mut self, at: usize, vi: impl Into<String>, en: impl Into<String>) {
        let said = self.said(at, vi.into(), en.into());
        self.remarks.push(said);
    }

    fn said(&self, at: usize, message_vi: String, message_en: String) -> AdapterFault {
        AdapterFault {
            file: self.file.to_owned(),
            line: self.lines.partition_point(|start| *start <= at),
            message_vi,
            message_en,
        }
    }

    /// Whether so many rules or words more may be made. A shape and a table are compiled wherever they are named, so that a short file
    /// may stand for very many; that is said once.
    fn has_room(&mut self, rules: usize, at: usize) -> bool {
        let before = self.rules;
        self.rules = before.saturating_add(rules);
        if before <= MAX_RULES && self.rules > MAX_RULES {
            self.fault(
                at,
                format!("quá {MAX_RULES} quy tắc và từ (khuôn và bảng mã tính ở mỗi nơi dùng); gộp các quy tắc giống nhau"),
                format!("more than {MAX_RULES} rules and words (a shape and a table count wherever they are used); join rules that say the same"),
            );
        }
        self.rules <= MAX_RULES
    }

    fn format_span(&self) -> usize {
        self.spec.format.name.span().start
    }

    /// Compiles `[dossier]` or `[statuses]` against the members of its canonical type.
    /// `turning` names those that turn the meaning of an item.
    pub fn document(
        &mut self,
        document: CheckedDocument,
        spec: &'s DocumentSpec,
        members: &[Member],
        turning: &[&str],
    ) -> DocumentPlan {
        let root = self.root(spec);
        let mut known = Known::default();
        let items = self.items(spec, &mut known);
        let envelope_guards = self.guards(&spec.envelope.require, &mut known);
        self.declare(
            &[],
            &[],
            &spec.envelope.ignored,
            &spec.envelope.forbidden,
            &mut known,
        );
        self.settle_picks(&mut known);
        let mut item = Known::default();
        let guards = self.guards(&spec.require, &mut item);
        let (checks, totals) = self.checks(document, &spec.check, &mut item);
        self.declare(&spec.pick, &spec.kept, &spec.ignored, &spec.forbidden, &mut item);
        let rules = RuleSet::of(&spec.field, &spec.part, &spec.list);
        let shape = self.shape(&rules, members, &mut item, "");
        self.settle_outside(&mut item);
        self.settle_picks(&mut item);
        if items.is_none() {
            self.one_document(spec);
        }
        DocumentPlan {
            turning: turning_fields(&shape, turning),
            places: places(&item),
            root,
            items,
            envelope_guards,
            guards,
            checks,
            totals,
            shape,
            known,
            item,
            spaces: self.spaces(),
            contents: std::mem::take(&mut self.contents),
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

    /// Where the items are.
    fn items(&mut self, spec: &'s DocumentSpec, known: &mut Known) -> Option<Items> {
        let raw = spec.items.as_ref()?;
        let at = raw.span().start;
        let item = spec.item.as_ref().and_then(|item| self.name(item, at));
        let mut paths = Vec::new();
        for one in raw.get_ref().as_slice() {
            let path = self.path_here(one, at);
            let place = known.follow(&path);
            let one = path.steps.last().is_some_and(|step| step.listing.one);
            place.list = Some(KnownList {
                listing: Listing {
                    item: item.clone(),
                    one,
                },
                is_items: true,
            });
            paths.push(path);
        }
        if paths.is_empty() {
            self.fault(
                at,
                "items để trống; ghi đường dẫn tới danh sách, hoặc bỏ đi nếu cả tài liệu là một hồ sơ",
                "items is empty; write the path of the list, or remove it if the whole document is one dossier",
            );
            paths.push(Path::default());
        }
        if self.spec.xml.is_some() && item.is_none() && paths.iter().any(|path| path.steps.is_empty()) {
            self.fault(
                at,
                "items = \".\" trong XML cần tên phần tử của một mục: thêm item = \"…\"",
                "items = \".\" in XML needs the name of one item's element: add item = \"…\"",
            );
        }
        Some(Items { paths, item })
    }

    /// What only a list of items has is not said of a document that is itself the one item.
    fn one_document(&mut self, spec: &DocumentSpec) {
        if spec.item.is_some() {
            let at = spec
                .root
                .as_ref()
                .map_or_else(|| self.format_span(), |root| root.span().start);
            self.fault(
                at,
                "item chỉ dùng cùng items; thêm items = \"…\" hoặc bỏ item",
                "item goes with items; add items = \"…\", or remove item",
            );
        }
    }

    /// Further namespaces, each with the one it is read as.
    fn spaces(&self) -> Vec<(Box<str>, Box<str>)> {
        let Some(xml) = &self.spec.xml else {
            return Vec::new();
        };
        let all = std::iter::once(&xml.namespace).chain(xml.namespaces.values());
        let pairs = all.flat_map(|spaces| {
            let (first, others) = spaces.as_slice().split_first().unzip();
            let others = others.into_iter().flatten();
            others.filter_map(move |other| Some((other.as_str().into(), first?.as_str().into())))
        });
        pairs.collect()
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
        let headers = headers(self.text);
        let header = |kind: &str, name: &str| headers.get(format!("{kind}.{name}").as_str()).copied();
        for name in self.spec.table.keys() {
            if !self.used_tables.contains(name.as_str()) && !used_elsewhere.contains(name.as_str()) {
                let at = header("table", name).unwrap_or(0);
                self.fault(
                    at,
                    format!("bảng mã {name} không được dùng; bỏ đi hoặc dùng table = \"{name}\""),
                    format!("the table {name} is not used; remove it, or use table = \"{name}\""),
                );
            }
        }
        for name in self.spec.shape.keys() {
            if !self.used_shapes.contains(name.as_str()) {
                let at = header("shape", name).unwrap_or(0);
                self.fault(
                    at,
                    format!("khuôn {name} không được dùng; bỏ đi hoặc dùng shape = \"{name}\""),
                    format!("the shape {name} is not used; remove it, or use shape = \"{name}\""),
                );
            }
        }
    }
}

/// Where each table of the file begins: of its header the first two names.
fn headers(text: &str) -> HashMap<&str, usize> {
    let mut headers = HashMap::new();
    for start in line_starts(text) {
        let line = text[start..].lines().next().unwrap_or_default().trim_start();
        let Some(name) = line.strip_prefix("[[").or_else(|| line.strip_prefix('[')) else {
            continue;
        };
        let name = name.split(']').next().unwrap_or_default();
        let end = name.match_indices('.').nth(1).map_or(name.len(), |(at, _)| at);
        headers.entry(&name[..end]).or_insert(start);
    }
    headers
}

/// Names of the fields of an item that stand in one place only, each with that place.
fn places(item: &Known) -> HashMap<String, String> {
    let mut places = HashMap::new();
    item.walk("", &mut |name, _, shown| {
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
            plain: words::plain(&path.steps.last()?.name.local),
            path: path.clone(),
        })
    });
    turning.collect()
}
