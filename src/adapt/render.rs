//! From the canonical dossier to the form an agency receives, and progress as a format tells it.
//!
//! A format either mirrors the canonical form, or maps value by value, in JSON, in XML, or in both by the same rules. Code tables
//! are read backwards and must give exactly one word for each canonical one, or say what a value without a word is; the compiler
//! checks it.

mod compile;
mod json;
mod layout;
mod lists;
mod mirror;
mod node;
mod path;
mod plan;
mod source;
mod values;
mod when;
mod write;
mod xml;

pub(super) use compile::compile;
pub(super) use mirror::canonical_json;
pub(super) use plan::RenderPlan;
pub use plan::{OutgoingDossier, OutgoingReport, Rendered, RenderedProgress};
pub(super) use source::{dossier_members, report_members};

use std::collections::BTreeSet;

use super::plan::{LeafRule, Rules, Shape};

/// The canonical fields that a plan reads and this one does not write, in order; none where it is the canonical form itself.
pub(super) fn unwritten(render: &RenderPlan, shape: &Shape) -> Vec<String> {
    let RenderPlan::Mapped(mapped) = render else {
        return Vec::new();
    };
    let mut read = BTreeSet::new();
    gather(shape, "", &mut read);
    if mapped.is_report {
        read.difference(&mapped.written).cloned().collect()
    } else {
        source::unwritten(&read, &mapped.written)
    }
}

/// Whether it writes the canonical form itself, which has a place for everything.
pub(super) fn is_whole(render: Option<&RenderPlan>) -> bool {
    matches!(render, Some(RenderPlan::Mirror { .. }))
}

/// The fields that come from a document, by their canonical names.
fn gather(shape: &Shape, within: &str, read: &mut BTreeSet<String>) {
    for slot in &shape.slots {
        let name = format!("{within}{}", slot.name);
        match &slot.rules {
            Rules::Leaf(rules) => {
                let comes = |rule: &LeafRule| !rule.sources.is_empty();
                if rules.iter().any(comes) {
                    read.insert(name);
                }
            }
            Rules::Part(rules) => rules
                .iter()
                .for_each(|rule| gather(&rule.shape, &format!("{name}."), read)),
            Rules::List { rules, .. } => rules
                .iter()
                .for_each(|rule| gather(&rule.shape, &format!("{name}."), read)),
        }
    }
}
