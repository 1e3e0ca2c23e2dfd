//! Which parts of a document a mapping has read, so that what nobody read can be told.

use super::tree::{NodeId, Tree};

/// What became of one part of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// No rule has read it so far.
    Unread,
    /// A rule has read it.
    Read,
    /// No rule took it, and a problem or a warning says so.
    Told,
}

/// One mark for each part of a document.
#[derive(Debug)]
pub(super) struct Reads(Vec<Mark>);

impl Reads {
    pub fn of(tree: &Tree<'_>) -> Self {
        Reads(vec![Mark::Unread; tree.len()])
    }

    pub fn mark(&mut self, node: NodeId, mark: Mark) {
        if let Some(before) = self.0.get_mut(node.index()) {
            *before = mark;
        }
    }

    /// Marks it with everything inside.
    pub fn mark_all(&mut self, tree: &Tree<'_>, node: NodeId, mark: Mark) {
        self.mark(node, mark);
        for child in tree.children(node) {
            self.mark_all(tree, child, mark);
        }
    }

    /// Whether nobody has read it or anything inside, nor told of it.
    pub fn is_untouched(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        let inside = || tree.children(node).all(|child| self.is_untouched(tree, child));
        self.of_node(node) == Mark::Unread && inside()
    }

    pub fn of_node(&self, node: NodeId) -> Mark {
        self.0.get(node.index()).copied().unwrap_or(Mark::Unread)
    }
}
