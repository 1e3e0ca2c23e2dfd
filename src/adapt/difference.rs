//! What two mappings read otherwise, and what of it may hurt a sender that wrote for the first.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::explain::{ExplainedDocument, ExplainedRule, Explanation, SourceUse};

/// Everything that two mappings read otherwise.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MappingDifference {
    /// Canonical fields whose rules differ, in the order of the model.
    pub fields: Vec<FieldDifference>,
    /// Paths of the sender of which something else is made, in order.
    pub sources: Vec<SourceDifference>,
}

/// A canonical field whose rules differ; where only lines differ, they do not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldDifference {
    /// Of which document.
    pub document: ExplainedDocument,
    /// Its name from the whole on.
    pub field: String,
    /// Its rules before; none where it was not read.
    pub before: Vec<ExplainedRule>,
    /// Its rules now.
    pub after: Vec<ExplainedRule>,
    /// What was read of a value before and is not read so any more: a word of a table, a form of a date, a path.
    pub lost: Vec<String>,
}

/// A path of which something else is made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceDifference {
    /// Of which document.
    pub document: ExplainedDocument,
    /// From the dossier or report on.
    pub path: String,
    /// What was made of it.
    pub before: SourceFate,
    /// What is made of it now.
    pub after: SourceFate,
}

impl SourceDifference {
    /// Whether a sender that writes it is understood less well than before, or not at all.
    pub fn may_hurt(&self) -> bool {
        match (&self.before, &self.after) {
            (SourceFate::Read(before), SourceFate::Read(after)) => !before.is_subset(after),
            (before, after) => after.says() < before.says() || after.asks(),
        }
    }
}

/// What is made of a path: the first of these that is so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceFate {
    /// It must not be sent.
    Forbidden,
    /// It is read into these canonical fields.
    Read(BTreeSet<String>),
    /// The document must hold it so, and it is not read.
    Required,
    /// Conditions alone ask for it.
    Asked,
    /// It is kept as a foreign value.
    Kept,
    /// It is not read, for a reason.
    Ignored,
    /// The file does not name it.
    Unnamed,
}

impl SourceFate {
    /// How much is made of what a sender writes there.
    const fn says(&self) -> u8 {
        match self {
            SourceFate::Unnamed | SourceFate::Forbidden => 0,
            SourceFate::Ignored => 1,
            SourceFate::Kept => 2,
            SourceFate::Asked | SourceFate::Required => 3,
            SourceFate::Read(_) => 4,
        }
    }

    /// Whether the format has a demand that a sender may not know of.
    const fn asks(&self) -> bool {
        matches!(self, SourceFate::Forbidden | SourceFate::Required)
    }
}

/// Compares two mappings.
pub fn mapping_difference(before: &Explanation, after: &Explanation) -> MappingDifference {
    let mut difference = MappingDifference::default();
    let rules = |explanation: &Explanation| -> BTreeMap<(ExplainedDocument, String), Vec<ExplainedRule>> {
        let fields = explanation.fields.iter();
        fields
            .map(|field| ((field.document, field.field.clone()), field.rules.clone()))
            .collect()
    };
    let (old, new) = (rules(before), rules(after));
    let keys = before.fields.iter().chain(&after.fields);
    let mut seen = BTreeSet::new();
    for key in keys.map(|field| (field.document, field.field.clone())) {
        if !seen.insert(key.clone()) {
            continue;
        }
        let (old, new) = (
            old.get(&key).cloned().unwrap_or_default(),
            new.get(&key).cloned().unwrap_or_default(),
        );
        if !same(&old, &new) {
            difference.fields.push(FieldDifference {
                document: key.0,
                field: key.1,
                lost: lost(&old, &new),
                before: old,
                after: new,
            });
        }
    }
    let (old, new) = (fates(before), fates(after));
    let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    for key in keys {
        let fate = |fates: &BTreeMap<_, SourceFate>| fates.get(key).cloned().unwrap_or(SourceFate::Unnamed);
        let (before, after) = (fate(&old), fate(&new));
        if before != after {
            difference.sources.push(SourceDifference {
                document: key.0,
                path: key.1.clone(),
                before,
                after,
            });
        }
    }
    difference
}

/// Whether two lists of rules say the same, wherever in their files they stand.
fn same(before: &[ExplainedRule], after: &[ExplainedRule]) -> bool {
    let says = |rule: &ExplainedRule| (rule.from.clone(), rule.how.clone(), rule.words.clone());
    before.iter().map(says).eq(after.iter().map(says))
}

/// Words, forms of dates and paths that were read before and are not read so any more.
fn lost(before: &[ExplainedRule], after: &[ExplainedRule]) -> Vec<String> {
    let mut lost = Vec::new();
    let words = |rules: &[ExplainedRule]| -> BTreeSet<(String, String)> {
        let words = rules.iter().flat_map(|rule| rule.words.clone());
        words.collect()
    };
    let said = |rules: &[ExplainedRule], wanted: &str| -> BTreeSet<String> {
        let how = rules.iter().flat_map(|rule| &rule.how);
        how.filter(|(key, _)| key == wanted)
            .flat_map(|(_, value)| value.split(" | ").map(str::to_owned).collect::<Vec<_>>())
            .collect()
    };
    let paths = |rules: &[ExplainedRule]| -> BTreeSet<String> {
        rules.iter().flat_map(|rule| rule.from.clone()).collect()
    };
    let gone = words(before);
    lost.extend(
        gone.difference(&words(after))
            .map(|(word, meaning)| format!("{word} = {meaning}")),
    );
    lost.extend(
        said(before, "date")
            .difference(&said(after, "date"))
            .map(|form| format!("date {form}")),
    );
    lost.extend(paths(before).difference(&paths(after)).cloned());
    lost
}

/// What is made of each path.
fn fates(explanation: &Explanation) -> BTreeMap<(ExplainedDocument, String), SourceFate> {
    let fate = |uses: &[SourceUse]| {
        let has = |is: fn(&SourceUse) -> bool| uses.iter().any(is);
        let fields: BTreeSet<String> = uses
            .iter()
            .filter_map(|what| match what {
                SourceUse::Read { field, .. } => Some(field.clone()),
                _ => None,
            })
            .collect();
        if has(|what| matches!(what, SourceUse::Forbidden { .. })) {
            SourceFate::Forbidden
        } else if !fields.is_empty() {
            SourceFate::Read(fields)
        } else if has(|what| matches!(what, SourceUse::Required { .. })) {
            SourceFate::Required
        } else if has(|what| matches!(what, SourceUse::Asked { .. })) {
            SourceFate::Asked
        } else if has(|what| matches!(what, SourceUse::Kept { .. })) {
            SourceFate::Kept
        } else {
            SourceFate::Ignored
        }
    };
    let sources = explanation.sources.iter();
    sources
        .map(|source| ((source.document, source.path.clone()), fate(&source.becomes)))
        .collect()
}
