//! The rules of a canonical object: one slot a member, with parts and lists inside.

use super::Compiler;
use super::rules::RuleSet;
use crate::adapt::plan::{
    Known, KnownList, LeafRule, ListRule, PartRule, Path, Pick, Rules, Shape, Slot, Start,
};
use crate::adapt::spec::{Body, ListSpec, PartSpec};
use crate::adapt::target::{Member, Target};

impl<'s> Compiler<'s> {
    pub(super) fn shape(
        &mut self,
        rules: &RuleSet<'s>,
        members: &[Member],
        known: &mut Known,
        within: &str,
    ) -> Shape {
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
        if !self.has_room(body.field.len() + body.part.len() + body.list.len(), at) {
            return rules;
        }
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
        let shape = self.inside(&base, at, known, |compiler, place| {
            compiler.declare(&spec.pick, &spec.kept, &spec.ignored, &spec.forbidden, place);
            let own = RuleSet::of(&spec.field, &spec.part, &spec.list);
            let rules = compiler.contents(spec.shape.as_ref(), own, at, place);
            compiler.shape(&rules, members, place, within)
        });
        PartRule { base, when, shape }
    }

    /// Compiles what stands at a place, which is around its own rules meanwhile. What a path from elsewhere leads to is declared
    /// where it stands.
    fn inside<T>(
        &mut self,
        base: &Path,
        at: usize,
        known: &mut Known,
        compile: impl FnOnce(&mut Self, &mut Known) -> T,
    ) -> T {
        if base.is_here() {
            return compile(self, known);
        }
        let steps = self.absolute(base, at);
        self.around.push(steps.clone());
        let compiled = if base.start == Start::Here {
            compile(self, known.walk_in(&base.steps))
        } else {
            let mut elsewhere = Known::default();
            let compiled = compile(self, &mut elsewhere);
            self.outside.push((steps, elsewhere));
            compiled
        };
        self.around.pop();
        compiled
    }

    fn list(&mut self, spec: &'s ListSpec, members: &[Member], known: &mut Known, within: &str) -> ListRule {
        let at = spec.to.span().start;
        let base = self.path(&spec.from, at);
        if base.steps.last().is_some_and(|last| last.pick == Pick::Each) {
            self.fault(
                at,
                format!("{}: danh sách đã gồm mọi mục; bỏ [] ở cuối", spec.from),
                format!(
                    "{}: a list has all its items anyway; remove the [] at its end",
                    spec.from
                ),
            );
        }
        let matching: Vec<(Path, Path)> = spec
            .matching
            .iter()
            .map(|(own, other)| (self.path_here(own, at), self.path(other, at)))
            .collect();
        if spec.rest && !matching.is_empty() {
            self.fault(
                at,
                "rest là các mục mà không quy tắc matching nào lấy; chọn một trong hai",
                "rest is the items that no rule with matching took; choose one of them",
            );
        }
        if matching.iter().any(|(_, other)| other.start == Start::Here) {
            self.fault(
                at,
                "matching so một trường của mục (trái) với một trường bên ngoài (phải): viết như { TenGiay = \"^.Ten\" }",
                "matching compares a field of the item (left) with one outside it (right): write { TenGiay = \"^.Ten\" }",
            );
        }
        let listing = base.steps.last().map(|step| step.listing.clone());
        let (when, shape, aside) = self.inside(&base, at, known, |compiler, place| {
            let aside = place.is_aside();
            if let Some(listing) = listing {
                place.list = Some(KnownList {
                    listing,
                    is_items: false,
                });
            }
            for (own, other) in &matching {
                place.follow(own).leaf = true;
                compiler.reads(other, at, place);
            }
            let when = spec.when.as_ref().map(|w| compiler.cond(w, at, place));
            compiler.declare(&spec.pick, &spec.kept, &spec.ignored, &spec.forbidden, place);
            let own = RuleSet::of(&spec.field, &spec.part, &spec.list);
            let rules = compiler.contents(spec.shape.as_ref(), own, at, place);
            (when, compiler.shape(&rules, members, place, within), aside)
        });
        self.lists += 1;
        ListRule {
            number: self.lists,
            base,
            matching,
            rest: spec.rest,
            aside,
            when,
            shape,
        }
    }
}
