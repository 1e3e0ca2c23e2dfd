//! Compiles `[render]` and `[progress]`.

use std::collections::{BTreeSet, HashMap};

use super::plan::{Mapped, OutCond, OutList, OutPath, OutRule, OutStep, RenderPlan};
use crate::adapt::compile::Compiler;
use crate::adapt::dates::DateForm;
use crate::adapt::spec::{AdapterSpec, OutListSpec, OutSpec, RenderSpec, WhenSpec};
use crate::adapt::target::{Kind, Member, Target};

/// Compiles `[render]` or `[progress]` against the members it may take from.
pub(in crate::adapt) fn compile<'s>(
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

/// `a.b[key=value].c`
fn names(path: &str) -> OutPath {
    path.split('.')
        .map(|step| {
            let pick = step.strip_suffix(']').and_then(|s| s.split_once('['));
            let pick = pick.and_then(|(name, inner)| Some((name, inner.split_once('=')?)));
            match pick {
                Some((name, (key, value))) => OutStep {
                    name: name.into(),
                    pick: Some((key.into(), value.into())),
                },
                None => OutStep {
                    name: step.into(),
                    pick: None,
                },
            }
        })
        .collect()
}

struct OutCompiler<'c, 's> {
    compiler: &'c mut Compiler<'s>,
    spec: &'s AdapterSpec,
    used: &'c mut BTreeSet<&'s str>,
}

impl<'s> OutCompiler<'_, 's> {
    fn list(&mut self, spec: &'s OutListSpec, members: &[Member]) -> OutList {
        let at = spec.to.span().start;
        if spec.from == "." {
            return self.inner(spec, None, members);
        }
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
        self.inner(spec, Some(from), &item)
    }

    fn inner(&mut self, spec: &'s OutListSpec, from: Option<OutPath>, item: &[Member]) -> OutList {
        OutList {
            to: names(spec.to.get_ref()),
            from,
            spread: spec.spread.as_deref().map(Box::from),
            fields: spec.field.iter().map(|f| self.rule(f, item)).collect(),
            lists: spec.list.iter().map(|l| self.list(l, item)).collect(),
        }
    }

    fn rule(&mut self, spec: &'s OutSpec, members: &[Member]) -> OutRule {
        let at = spec.to.span().start;
        let to = spec.to.get_ref();
        let sources: Vec<OutPath> = spec.from.as_slice().iter().map(|p| names(p)).collect();
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
            .and_then(|pattern| DateForm::parse(pattern, spec.zone.as_deref()).ok());
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
        let when = spec.when.as_ref().map(|when| self.cond(when, members, at, to));
        OutRule {
            to: names(to),
            sources,
            when,
            constant: spec.constant.as_deref().map(Box::from),
            default: spec.default.as_deref().map(Box::from),
            table,
            date,
            max: spec.max,
            once: spec.once,
        }
    }

    fn cond(&mut self, spec: &'s WhenSpec, members: &[Member], at: usize, to: &str) -> OutCond {
        let raw = spec.from.as_deref().unwrap_or_default();
        let from = names(raw);
        if !matches!(reach(members, &from), Some(Target::Leaf(_))) {
            self.compiler.fault(
                at,
                format!("{to}: không có giá trị {raw}"),
                format!("{to}: there is no value {raw}"),
            );
        }
        OutCond {
            from,
            test: self.compiler.test(spec, at),
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

fn reach<'m>(members: &'m [Member], path: &[OutStep]) -> Option<&'m Target> {
    let (first, rest) = path.split_first()?;
    let mut target = &members.iter().find(|m| m.name == first.name)?.target;
    if let Some((key, _)) = &first.pick {
        let Target::List { item, .. } = target else {
            return None;
        };
        target = item;
        match target {
            Target::Object(inner) if inner.iter().any(|m| m.name == *key) => {}
            _ => return None,
        }
    }
    match (rest, target) {
        ([], _) => Some(target),
        (_, Target::Object(inner)) => reach(inner, rest),
        _ => None,
    }
}
