//! A document that is being written, place for place as its layout has them.

use super::layout::Layout;
use super::plan::Written;

/// What stands at one place.
#[derive(Debug)]
pub(super) enum Node {
    Group(Group),
    Rows(Vec<Group>),
}

/// A value, or a group of places; in XML a value may have attributes.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub value: Option<Written>,
    /// One for each name of the layout.
    pub inside: Vec<Option<Node>>,
}

impl Group {
    /// Nothing yet.
    pub fn of(layout: &Layout) -> Self {
        Group {
            value: None,
            inside: layout.names.iter().map(|_| None).collect(),
        }
    }

    /// The place at the end of a way, made where there is none yet.
    pub fn enter(&mut self, layout: &Layout, way: &[usize]) -> Option<&mut Group> {
        let Some((first, rest)) = way.split_first() else {
            return Some(self);
        };
        let (_, inner) = layout.names.get(*first)?;
        let node = self.inside.get_mut(*first)?;
        match node.get_or_insert_with(|| Node::Group(Group::of(inner))) {
            Node::Group(group) => group.enter(inner, rest),
            Node::Rows(_) => None,
        }
    }

    /// The rows of the list at the end of a way, made where there are none yet.
    pub fn rows(&mut self, layout: &Layout, way: &[usize]) -> Option<&mut Vec<Group>> {
        let (last, before) = way.split_last()?;
        let place = self.enter(layout, before)?;
        match place
            .inside
            .get_mut(*last)?
            .get_or_insert_with(|| Node::Rows(Vec::new()))
        {
            Node::Rows(rows) => Some(rows),
            Node::Group(_) => None,
        }
    }
}
