//! What each canonical field is made of, and what becomes of each field of a sender: read off a mapping as it is written, so that
//! every word and line is the file's own.

mod shown;
mod told;
mod walk;

use super::compile::AdapterFault;
use super::registry::read;
use super::target::{self, Member, Target};
pub use told::{ExplainedDocument, ExplainedField, ExplainedRule, ExplainedSource, Explanation, SourceUse};
use walk::Walk;

/// Explains a mapping; `file` is its name in a fault.
///
/// # Errors
/// A file that is no mapping. One that is, but does not compile, is explained as far as it goes.
pub fn explain(file: &str, text: &str) -> Result<Explanation, AdapterFault> {
    let spec = read(file, text)?;
    let mut explanation = Explanation {
        fields: Vec::new(),
        sources: Vec::new(),
    };
    let documents = [
        (ExplainedDocument::Dossier, &spec.dossier, target::filing()),
        (
            ExplainedDocument::Statuses,
            &spec.statuses,
            target::status_report(),
        ),
    ];
    for (document, rules, members) in documents {
        let Some(rules) = rules else { continue };
        let mut walk = Walk::new(text, &spec);
        walk.document(rules);
        let mut found = walk.rules;
        for (field, required) in leaves(&members, "") {
            explanation.fields.push(ExplainedField {
                document,
                required,
                rules: found.remove(&field).unwrap_or_default(),
                field,
            });
        }
        explanation
            .sources
            .extend(walk.sources.into_iter().map(|(path, becomes)| ExplainedSource {
                document,
                path,
                becomes: becomes.into_iter().collect(),
            }));
    }
    Ok(explanation)
}

/// The values of an object by their names from the whole on, and whether each is required.
pub(super) fn leaves(members: &[Member], within: &str) -> Vec<(String, bool)> {
    let mut all = Vec::new();
    for member in members {
        let name = format!("{within}{}", member.name);
        match &member.target {
            Target::Leaf(_) => all.push((name, member.required)),
            Target::Object(inner) => all.extend(leaves(inner, &format!("{name}."))),
            Target::List { item, .. } => {
                if let Target::Object(inner) = item.as_ref() {
                    all.extend(leaves(inner, &format!("{name}[].")));
                }
            }
        }
    }
    all
}
