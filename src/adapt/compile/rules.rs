//! The rules of one place of a file, sorted by the canonical name they are for.

use crate::adapt::spec::{FieldSpec, ListSpec, PartSpec};

/// The rules of one place, gathered by canonical name.
#[derive(Clone, Default)]
pub(super) struct RuleSet<'s> {
    pub fields: Vec<(&'s str, &'s FieldSpec)>,
    pub parts: Vec<(&'s str, &'s PartSpec)>,
    pub lists: Vec<(&'s str, &'s ListSpec)>,
}

fn head(to: &str) -> (&str, &str) {
    to.split_once('.').unwrap_or((to, ""))
}

impl<'s> RuleSet<'s> {
    pub fn of(field: &'s [FieldSpec], part: &'s [PartSpec], list: &'s [ListSpec]) -> Self {
        RuleSet {
            fields: field.iter().map(|f| (f.to.get_ref().as_str(), f)).collect(),
            parts: part.iter().map(|p| (p.to.get_ref().as_str(), p)).collect(),
            lists: list.iter().map(|l| (l.to.get_ref().as_str(), l)).collect(),
        }
    }

    pub fn extend(&mut self, other: RuleSet<'s>) {
        self.fields.extend(other.fields);
        self.parts.extend(other.parts);
        self.lists.extend(other.lists);
    }

    /// First names with their place in the file.
    pub fn heads(&self) -> impl Iterator<Item = (&'s str, usize)> + '_ {
        let f = self.fields.iter().map(|(to, s)| (head(to).0, s.to.span().start));
        let p = self.parts.iter().map(|(to, s)| (head(to).0, s.to.span().start));
        let l = self.lists.iter().map(|(to, s)| (head(to).0, s.to.span().start));
        f.chain(p).chain(l)
    }

    /// The rules for `name` itself, and those that go into it.
    pub fn split(&self, name: &str) -> (RuleSet<'s>, RuleSet<'s>) {
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

    pub fn first_span(&self) -> Option<usize> {
        self.heads().map(|(_, span)| span).next()
    }

    pub fn first_field(&self) -> Option<usize> {
        self.fields.first().map(|(_, s)| s.to.span().start)
    }

    pub fn first_part(&self) -> Option<usize> {
        self.parts.first().map(|(_, s)| s.to.span().start)
    }

    pub fn first_list(&self) -> Option<usize> {
        self.lists.first().map(|(_, s)| s.to.span().start)
    }
}
