//! What documents have and nobody reads, for whoever writes a mapping.

use super::conform::{self, Unread};
use super::document::{Document, cannot, decode, parse};
use super::reads::Reads;
use super::tree::{NodeId, Tree};
use super::{Adapter, apply};
use crate::domain::rejection::Rejection;

/// A part of a document that no rule read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadPart {
    /// Where, without numbers, so that the same field of every item is one: `/data/TaiLieuNop/IsDeleted`.
    pub place: String,
    /// Why.
    pub why: Unread,
}

impl Adapter {
    /// What nobody reads of a document that files dossiers, or with `statuses` of one that reports statuses, in the document's
    /// order. Values are looked at and never shown.
    ///
    /// # Errors
    /// When the document as a whole cannot be read; what is wrong with its fields does not matter here.
    pub fn coverage(
        &self,
        bytes: &[u8],
        media_type: &str,
        statuses: bool,
    ) -> Result<Vec<UnreadPart>, Rejection> {
        let plan = if statuses { &self.statuses } else { &self.dossier };
        let plan = plan.as_ref().ok_or_else(cannot)?;
        let syntax = self.parsed_as(media_type)?;
        let decoded = decode(bytes, syntax, media_type)?;
        let tree = parse(&decoded.text, syntax, plan)?;
        let mut reads = Reads::of(&tree);
        let document = Document::open(plan, &tree, &mut reads)?;
        let mut parts = Vec::new();
        let mut see = |unread: Vec<(NodeId, Unread)>| {
            parts.extend(unread.into_iter().map(|(node, why)| UnreadPart {
                place: unnumbered(&tree, node),
                why,
            }));
        };
        if plan.items.is_some() {
            see(conform::envelope(&tree, plan, &reads).unread);
        }
        for (item, path) in document.items {
            apply::apply(plan, &tree, &mut reads, item, path);
            see(conform::item(&tree, item, plan, &reads).unread);
        }
        Ok(parts)
    }
}

/// The path of a node without the numbers of list items.
fn unnumbered(tree: &Tree<'_>, node: NodeId) -> String {
    let path = tree.path(node);
    let steps = path.split('/').skip(1);
    let named = steps.filter(|step| step.is_empty() || !step.bytes().all(|b| b.is_ascii_digit()));
    named
        .map(|step| format!("/{}", step.split('[').next().unwrap_or(step)))
        .collect()
}
