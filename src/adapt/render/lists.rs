//! Compiles lists that are written: where their items come from, and what they are spread over.

use super::compile::OutCompiler;
use super::layout::OutName;
use super::layout::{Holds, Layout};
use super::path::SourcePath;
use super::plan::{ListFrom, OutList};
use crate::adapt::spec::OutListSpec;
use crate::adapt::target::{Member, Target};

impl<'s> OutCompiler<'_, 's> {
    /// The name of one item's element in XML, as `[lists]` declares it.
    fn item_of(&mut self, to: &str, at: usize) -> Option<OutName> {
        let list = to.rsplit('.').next().unwrap_or(to);
        let mut declared = self.spec.lists.iter();
        let (_, spec) = declared.find(|(name, _)| name.get_ref() == list)?;
        self.names(spec.item.as_deref()?, at).into_iter().next()
    }

    pub(super) fn list(&mut self, spec: &'s OutListSpec, layout: &mut Layout) -> Option<OutList> {
        let at = spec.to.span().start;
        let to = spec.to.get_ref();
        let once = self.once(&spec.once, at, to);
        let way = self.place(&spec.to, Holds::List, layout)?;
        let item = self.item_of(to, at);
        let inner = layout.at_mut(&way)?;
        inner.item = item;
        let (from, members, name) = self.entered(spec);
        self.levels.push(match &spec.spread {
            Some(spread) => spread.split('.').collect(),
            None => Vec::new(),
        });
        self.places.enter(members, name);
        let when = spec.when.as_ref().map(|when| self.cond(when, at));
        let shape = self.shape(&spec.field, &spec.list, inner, false);
        self.places.leave();
        self.levels.pop();
        let grouped = inner
            .names
            .iter()
            .any(|(name, _)| self.in_json || !name.attribute);
        if inner.of_values && grouped {
            self.compiler.fault(
                at,
                format!("{to}: với to = \".\" mỗi mục là một giá trị, không có trường nào khác"),
                format!("{to}: with to = \".\" each item is a value, and has no other field"),
            );
        }
        Some(OutList {
            to: way,
            from,
            spread: spec
                .spread
                .iter()
                .flat_map(|s| s.split('.'))
                .map(Box::from)
                .collect(),
            when,
            once,
            always: spec.always,
            shape,
        })
    }

    /// Where the items of a list come from, their members, and their name from the whole on.
    fn entered(&mut self, spec: &'s OutListSpec) -> (ListFrom, Vec<Member>, String) {
        let (at, to) = (spec.to.span().start, spec.to.get_ref());
        let Some(raw) = spec.from.as_deref() else {
            if !spec.always || !spec.field.is_empty() || !spec.list.is_empty() || spec.spread.is_some() {
                self.compiler.fault(
                    at,
                    format!("{to}: danh sách không có from là danh sách rỗng: chỉ có always = true, không có field"),
                    format!("{to}: a list without from is an empty one: it has always = true, and no field"),
                );
            }
            return (ListFrom::Nowhere, Vec::new(), String::new());
        };
        if raw == "." {
            if spec.spread.is_some() {
                self.spread_takes(spec, &[]);
            }
            let (members, name) = self.places.here();
            return (ListFrom::Here, members, name);
        }
        let path = SourcePath::parse(raw);
        let found = path.as_ref().and_then(|path| self.places.reach(path));
        let found = match found {
            Some((Target::List { item, .. }, name)) => match item.as_ref() {
                Target::Object(members) => Some((members.clone(), name)),
                _ => None,
            },
            _ => None,
        };
        let (Some(path), Some((mut members, name))) = (path, found) else {
            self.compiler.fault(
                at,
                format!(
                    "from = {raw:?} không phải danh sách; dùng danh sách như filing.components, hoặc \".\""
                ),
                format!("from = {raw:?} is not a list; name one, such as filing.components, or \".\""),
            );
            return (ListFrom::Nowhere, Vec::new(), String::new());
        };
        if let Some(spread) = &spec.spread {
            let steps: Vec<&str> = spread.split('.').collect();
            if !unfold(&mut members, &steps) {
                self.spread_takes(spec, &members);
            }
        }
        (ListFrom::Path(path), members, name)
    }

    /// Says which lists an item can be spread over.
    fn spread_takes(&mut self, spec: &OutListSpec, members: &[Member]) {
        let (at, to) = (spec.to.span().start, spec.to.get_ref());
        let lists = lists_inside(members, "");
        let (vi, en) = if lists.is_empty() {
            (
                "mỗi mục ở đây không có danh sách nào".to_owned(),
                "an item here has none".to_owned(),
            )
        } else {
            (
                format!("ở đây có: {}", lists.join(", ")),
                format!("here there are: {}", lists.join(", ")),
            )
        };
        let spread = spec.spread.as_deref().unwrap_or_default();
        self.compiler.fault(
            at,
            format!("{to}: spread = \"{spread}\" phải là một danh sách trong mỗi mục; {vi}"),
            format!("{to}: spread = \"{spread}\" must be a list inside each item; {en}"),
        );
    }
}

/// Makes each of these lists stand for its one current entry; false where one is no list of groups.
fn unfold(members: &mut [Member], steps: &[&str]) -> bool {
    let Some((first, rest)) = steps.split_first() else {
        return true;
    };
    let Some(member) = members.iter_mut().find(|member| *member.name == **first) else {
        return false;
    };
    let Target::List { item, .. } = &member.target else {
        return false;
    };
    let mut entry = item.as_ref().clone();
    let fits = match &mut entry {
        Target::Object(inner) => unfold(inner, rest),
        _ => false,
    };
    if fits {
        member.target = entry;
    }
    fits
}

/// The lists of groups inside these members, and inside their entries.
fn lists_inside(members: &[Member], within: &str) -> Vec<String> {
    let mut lists = Vec::new();
    for member in members {
        if let Target::List { item, .. } = &member.target
            && let Target::Object(inner) = item.as_ref()
        {
            let name = format!("{within}{}", member.name);
            lists.push(name.clone());
            lists.extend(lists_inside(inner, &format!("{name}.")));
        }
    }
    lists
}
