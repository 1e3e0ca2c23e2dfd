//! Compiles `[render]` and `[progress]`.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;

use super::layout::{Clash, Holds, Layout, OutName};
use super::path::Places;
use super::plan::{Mapped, OutCond, OutRoot, OutRule, OutShape, RenderPlan};
use super::when;
use crate::adapt::compile::Compiler;
use crate::adapt::spec::{AdapterSpec, Leave, Once, OutListSpec, OutSpec, RenderSpec, Values, WhenSpec};
use crate::adapt::target::Member;
use crate::adapt::tree::Syntax;

/// Compiles `[render]` or `[progress]` against the members it may take from. `root` is the root element that is read.
pub(in crate::adapt) fn compile<'s>(
    compiler: &mut Compiler<'s>,
    spec: &'s AdapterSpec,
    render: &'s RenderSpec,
    (members, is_report, root): (&[Member], bool, Option<&'s Spanned<String>>),
    used: &mut BTreeSet<&'s str>,
) -> RenderPlan {
    let media_types = media_types(compiler, render);
    if render.mirror {
        if is_report || media_types.len() > 1 {
            compiler.fault(
                render.media_type.span().start,
                "mirror = true chỉ dùng trong [render], với một media_type",
                "mirror = true is for [render] alone, with one media_type",
            );
        }
        let media_type = media_types.into_iter().next().unwrap_or_default();
        return RenderPlan::Mirror { media_type };
    }
    let syntaxes = syntaxes(compiler, render, media_types);
    let has = |syntax| syntaxes.iter().any(|(_, s)| *s == syntax);
    let (in_json, in_xml) = (has(Syntax::Json), has(Syntax::Xml));
    let mut out = OutCompiler {
        texts: spec.json.as_ref().is_some_and(|j| j.values == Values::Text),
        places: Places::of(members),
        written: BTreeSet::new(),
        prefixes: BTreeSet::new(),
        levels: Vec::new(),
        compiler,
        spec,
        used,
        is_report,
        in_json,
        in_xml,
    };
    let mut layout = Layout::default();
    let when = out.report_when(render);
    let envelope = out.shape(&render.envelope, &[], &mut layout, false);
    let (items, shape) = out.items(render, &mut layout);
    let written = std::mem::take(&mut out.written);
    let root = out.root(render.root.as_ref().or(root), render);
    RenderPlan::Mapped(Box::new(Mapped {
        media_types: syntaxes,
        root,
        layout,
        items,
        is_report,
        when,
        envelope,
        shape,
        written,
    }))
}

fn media_types(compiler: &mut Compiler<'_>, render: &RenderSpec) -> Vec<String> {
    let types = render.media_type.get_ref().as_slice().to_vec();
    if types.is_empty() {
        compiler.fault(
            render.media_type.span().start,
            "media_type cần ít nhất một kiểu nội dung",
            "media_type needs at least one media type",
        );
    }
    types
}

/// Each media type with its syntax, each syntax once.
fn syntaxes(compiler: &mut Compiler<'_>, render: &RenderSpec, types: Vec<String>) -> Vec<(String, Syntax)> {
    let at = render.media_type.span().start;
    let mut syntaxes: Vec<(String, Syntax)> = Vec::new();
    for media_type in types {
        let syntax = match media_type.rsplit(['/', '+']).next() {
            Some("json") => Syntax::Json,
            Some("xml") => Syntax::Xml,
            _ => {
                compiler.fault(
                    at,
                    format!("media_type {media_type} không phải JSON hay XML; viết application/json, application/xml, hoặc …+json, …+xml"),
                    format!("the media type {media_type} is neither JSON nor XML; write application/json, application/xml, or …+json, …+xml"),
                );
                continue;
            }
        };
        if syntaxes.iter().any(|(_, known)| *known == syntax) {
            compiler.fault(
                at,
                "media_type: mỗi cú pháp một kiểu nội dung",
                "media_type: one media type for each syntax",
            );
            continue;
        }
        syntaxes.push((media_type, syntax));
    }
    syntaxes
}

pub(super) struct OutCompiler<'c, 's> {
    pub(super) compiler: &'c mut Compiler<'s>,
    pub(super) spec: &'s AdapterSpec,
    pub(super) used: &'c mut BTreeSet<&'s str>,
    pub(super) places: Places,
    /// The values that rules take, by their names from the whole on.
    pub(super) written: BTreeSet<String>,
    /// Numbers and flags are texts, where a rule does not say otherwise.
    pub(super) texts: bool,
    prefixes: BTreeSet<String>,
    /// The lists that the item here is spread over, from the outside in, of each list around.
    pub(super) levels: Vec<Vec<&'s str>>,
    is_report: bool,
    pub(super) in_json: bool,
    in_xml: bool,
}

impl<'s> OutCompiler<'_, 's> {
    fn report_when(&mut self, render: &'s RenderSpec) -> Option<OutCond> {
        let when = render.when.as_ref()?;
        let at = render.media_type.span().start;
        if !self.is_report {
            self.compiler.fault(
                at,
                "[render] không có when: hồ sơ luôn được gửi",
                "[render] has no when: a dossier is always sent",
            );
        }
        Some(when::cond(self.compiler, when, &self.places, at, &mut Vec::new()))
    }

    /// Where the items are in the layout, and their rules.
    fn items(&mut self, render: &'s RenderSpec, layout: &mut Layout) -> (Option<Vec<usize>>, OutShape) {
        let at = render.media_type.span().start;
        let Some(items) = &render.items else {
            if !render.envelope.is_empty() || render.item.is_some() {
                self.compiler.fault(
                    at,
                    "envelope và item chỉ dùng khi có items",
                    "envelope and item mean something only with items",
                );
            }
            return (
                None,
                self.shape(&render.field, &render.list, layout, self.is_report),
            );
        };
        let way = self.place(items, Holds::List, layout);
        let item = render
            .item
            .as_deref()
            .map(|raw| self.names(raw, items.span().start));
        let Some(inner) = way.as_ref().and_then(|way| layout.at_mut(way)) else {
            return (None, OutShape::default());
        };
        inner.item = item.and_then(|names| names.into_iter().next());
        let shape = self.shape(&render.field, &render.list, inner, self.is_report);
        (way, shape)
    }

    fn root(&mut self, root: Option<&Spanned<String>>, render: &RenderSpec) -> Option<OutRoot> {
        if !self.in_xml {
            if let Some(root) = &render.root {
                self.compiler.fault(
                    root.span().start,
                    "root chỉ dùng khi ghi XML; bỏ đi, hoặc thêm application/xml vào media_type",
                    "root means something only where XML is written; remove it, or add application/xml to media_type",
                );
            }
            return None;
        }
        let Some(root) = root else {
            self.compiler.fault(
                render.media_type.span().start,
                "XML cần tên phần tử gốc: thêm root = \"…\"",
                "XML needs the name of its root element: add root = \"…\"",
            );
            return None;
        };
        let name = self.names(root.get_ref(), root.span().start).into_iter().next()?;
        let xml = self.spec.xml.as_ref();
        let default = xml
            .map(|x| x.namespace.written())
            .filter(|space| !space.is_empty());
        let none = BTreeMap::new();
        let prefixed = xml.map_or(&none, |x| &x.namespaces);
        let prefixed = prefixed
            .iter()
            .filter(|(prefix, _)| self.prefixes.contains(*prefix));
        let spaces = default
            .map(|space| ("xmlns".into(), space.into()))
            .into_iter()
            .chain(
                prefixed.map(|(prefix, space)| (format!("xmlns:{prefix}").into(), space.written().into())),
            );
        Some(OutRoot {
            name,
            spaces: spaces.collect(),
        })
    }

    /// `a.x:b.@c`, name by name; none where it is malformed, which is told.
    pub(super) fn names(&mut self, raw: &str, at: usize) -> Vec<OutName> {
        let steps: Vec<&str> = raw.split('.').collect();
        let mut names = Vec::with_capacity(steps.len());
        for (number, step) in steps.iter().enumerate() {
            let Some(name) = self.compiler.name(step, at) else {
                return Vec::new();
            };
            let qualified = step.strip_prefix('@').unwrap_or(step);
            let is_last = number + 1 == steps.len();
            if (name.attribute && !is_last) || (self.in_xml && !qualified.split(':').all(is_xml_name)) {
                self.compiler.fault(
                    at,
                    format!("{raw}: {step} không là tên trong XML; thuộc tính @… đứng cuối"),
                    format!("{raw}: {step} is no name in XML; an attribute @… stands last"),
                );
                return Vec::new();
            }
            if let Some((prefix, _)) = qualified.split_once(':').filter(|_| self.spec.xml.is_some()) {
                self.prefixes.insert(prefix.to_owned());
            }
            names.push(OutName {
                local: name.local,
                qualified: qualified.into(),
                attribute: name.attribute,
            });
        }
        names
    }

    /// Finds the place a rule is for, and tells what else is written there.
    pub(super) fn place(
        &mut self,
        to: &Spanned<String>,
        holds: Holds,
        layout: &mut Layout,
    ) -> Option<Vec<usize>> {
        let (raw, at) = (to.get_ref(), to.span().start);
        if raw == "." && holds == Holds::Value && self.places.depth() > 0 {
            layout.of_values = true;
            return Some(Vec::new());
        }
        let names = self.names(raw, at);
        if names.is_empty() {
            return None;
        }
        let (vi, en) = match layout.place(&names, holds, self.in_json) {
            Ok(way) if holds == Holds::Value || !names.iter().any(|name| name.attribute) => return Some(way),
            Ok(_) => ("thuộc tính chỉ là một giá trị", "an attribute is one value"),
            Err(Clash::Taken) => (
                "đã có quy tắc ghi thứ khác ở đây: một giá trị, một nhóm hay một danh sách",
                "another rule writes something else here: a value, a group or a list",
            ),
            Err(Clash::SameInJson) => (
                "trong JSON trùng với một tên khác",
                "in JSON it is the same as another name",
            ),
        };
        self.compiler
            .fault(at, format!("{raw}: {vi}"), format!("{raw}: {en}"));
        None
    }

    /// The rules of one place. `at_report` says that they are those of a report itself.
    pub(super) fn shape(
        &mut self,
        fields: &'s [OutSpec],
        lists: &'s [OutListSpec],
        layout: &mut Layout,
        at_report: bool,
    ) -> OutShape {
        // In the order of the file, which is that of XML.
        let mut all: Vec<(usize, Result<&OutSpec, &OutListSpec>)> = Vec::new();
        all.extend(fields.iter().map(|f| (f.to.span().start, Ok(f))));
        all.extend(lists.iter().map(|l| (l.to.span().start, Err(l))));
        all.sort_by_key(|(at, _)| *at);
        let mut shape = OutShape::default();
        let mut targets: Vec<(Vec<usize>, bool)> = Vec::new();
        for (at, one) in all {
            match one {
                Err(list) => shape.lists.extend(self.list(list, layout)),
                Ok(field) => {
                    let way = self.place(&field.to, Holds::Value, layout);
                    let always = field.when.is_none() && field.once == Once::Flag(false);
                    let target = match way
                        .as_ref()
                        .and_then(|way| targets.iter().position(|(w, _)| w == way))
                    {
                        Some(target) => {
                            if targets[target].1 {
                                let to = field.to.get_ref();
                                self.compiler.fault(
                                    at,
                                    format!("{to}: quy tắc này không bao giờ tới lượt; thêm when cho quy tắc trước"),
                                    format!("{to}: this rule is never reached; give the one before it a when"),
                                );
                            }
                            targets[target].1 |= always;
                            target
                        }
                        None => {
                            targets.push((way.clone().unwrap_or_default(), always));
                            targets.len() - 1
                        }
                    };
                    let rule = self.rule(field, way.unwrap_or_default(), target, at_report);
                    shape.fields.push(rule);
                }
            }
        }
        shape.targets = targets.len();
        shape
    }

    fn rule(&mut self, spec: &'s OutSpec, to: Vec<usize>, target: usize, at_report: bool) -> OutRule {
        let at = spec.to.span().start;
        self.hold_together(spec, at_report);
        let (sources, kind) = self.sources(spec);
        let date = self.date(spec, kind.as_ref());
        let table = self.backwards(spec, kind.as_ref());
        let form = self.form(spec, kind.as_ref(), table.as_ref());
        let constant = spec.constant.as_ref();
        let constant = constant.and_then(|value| self.fixed(spec, value, spec.r#as));
        let default = spec.default.as_ref();
        let default = default.and_then(|value| self.fixed(spec, value, Some(form)));
        let when = spec.when.as_ref().map(|when| {
            let mut asked = Vec::new();
            let cond = when::cond(self.compiler, when, &self.places, at, &mut asked);
            if spec.constant.is_some() {
                // A constant that depends on a value tells that value.
                self.written.extend(asked);
            }
            cond
        });
        OutRule {
            to,
            target,
            sources,
            when,
            once: self.once(&spec.once, at, spec.to.get_ref()),
            constant,
            default,
            table,
            skip: spec.otherwise == Some(Leave::Skip),
            date,
            join: spec.join.as_deref().map(Box::from),
            max: spec.max,
            form,
        }
    }

    pub(super) fn cond(&mut self, spec: &'s WhenSpec, at: usize) -> OutCond {
        when::cond(self.compiler, spec, &self.places, at, &mut Vec::new())
    }

    /// The level of the spread that `once` names; the first is the item itself.
    pub(super) fn once(&mut self, once: &'s Once, at: usize, to: &str) -> Option<usize> {
        let levels = self.levels.last().map(Vec::as_slice).unwrap_or_default();
        let level = match once {
            Once::Flag(false) => return None,
            Once::Flag(true) => (!levels.is_empty()).then_some(0),
            Once::Each(name) => levels.iter().position(|level| level == name).map(|n| n + 1),
        };
        if level.is_none() {
            let levels = levels.join(", ");
            self.compiler.fault(
                at,
                format!("{to}: once chỉ dùng trong danh sách có spread: true, hoặc một trong: {levels}"),
                format!("{to}: once is for a list with spread: true, or one of: {levels}"),
            );
        }
        level
    }
}

fn is_xml_name(name: &str) -> bool {
    let mut chars = name.chars();
    let starts = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_');
    starts && chars.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}
