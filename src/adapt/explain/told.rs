//! What is told of a mapping.

use std::collections::BTreeMap;

use serde::Serialize;

/// A mapping, explained.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// Every canonical field of what the format reads, in the order of the model; one without a rule has none.
    pub fields: Vec<ExplainedField>,
    /// Every path of the sender that the file names, in order.
    pub sources: Vec<ExplainedSource>,
}

/// What a document is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExplainedDocument {
    /// `[dossier]`.
    Dossier,
    /// `[statuses]`.
    Statuses,
}

impl ExplainedDocument {
    /// The name of its table in the file.
    pub const fn word(self) -> &'static str {
        match self {
            ExplainedDocument::Dossier => "dossier",
            ExplainedDocument::Statuses => "statuses",
        }
    }
}

/// One canonical field.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedField {
    /// Of which document.
    pub document: ExplainedDocument,
    /// Its name from the whole on; `[]` stands for each entry of a list: `components[].files[].name`.
    pub field: String,
    /// Whether the canonical form requires it where what it stands in is there.
    pub required: bool,
    /// Its rules, tried in this order.
    pub rules: Vec<ExplainedRule>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExplainedRule {
    /// Line in the file, from 1.
    pub line: usize,
    /// The sender's paths from the dossier or report on, of which the first present one counts.
    pub from: Vec<String>,
    /// What else the rule says: the key of the mapping language, and its value.
    pub how: Vec<(String, String)>,
    /// The words of its code table and what each means.
    pub words: BTreeMap<String, String>,
}

/// One path of the sender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExplainedSource {
    /// Of which document.
    pub document: ExplainedDocument,
    /// From the dossier or report on; what stands around them begins with `(envelope)`.
    pub path: String,
    /// Everything that is done with it.
    pub becomes: Vec<SourceUse>,
}

/// What is done with a path of the sender.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "use", rename_all = "kebab-case")]
pub enum SourceUse {
    /// It is read into a canonical field.
    Read {
        /// The field.
        field: String,
        /// Line of the rule.
        line: usize,
    },
    /// A condition, a list's key or a pick asks for it.
    Asked {
        /// What it decides about: a canonical field, or a list.
        field: String,
        /// Line of the rule.
        line: usize,
    },
    /// The document must hold it so.
    Required {
        /// How.
        how: String,
        /// Line of the rule.
        line: usize,
    },
    /// It is kept as a foreign value.
    Kept {
        /// Line in the file.
        line: usize,
    },
    /// It is not read.
    Ignored {
        /// Why not, as the file says it.
        why: String,
        /// Line in the file.
        line: usize,
    },
    /// It must not be sent.
    Forbidden {
        /// Line in the file.
        line: usize,
    },
}
