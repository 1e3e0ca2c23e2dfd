//! Why a call did not succeed, in three kinds that need three answers.

use super::unreached::Unreached;
use crate::domain::rejection::Label;
use crate::domain::view::ProblemDocument;

/// Why a call did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The hub refused, and says why: correct the call.
    #[error("the hub refused: {} ({}, request {})", .0.label, .0.status, .0.instance)]
    Problem(Box<ProblemDocument>),
    /// The hub was not reached, or the line broke: whether the call took effect is not known. Repeat it with the same
    /// idempotency key. The address is left out of the message, since it may carry a code of a dossier.
    #[error("the hub was not reached: {}", why.said().1)]
    Transport {
        /// Why, as far as it can be told.
        why: Unreached,
        /// What the HTTP client says.
        source: reqwest::Error,
    },
    /// The answer to a batch ended without its last line. What was answered holds; send the batch again.
    #[error("the answer to the batch broke off")]
    BrokenOff,
    /// The bytes that came are not those of the file's digest. Download it again; when it stays so, tell the operator.
    #[error("the file is damaged: its bytes do not have its digest")]
    Damaged,
    /// A file to be sent cannot be read.
    #[error("the file cannot be read: {0}")]
    File(#[source] std::io::Error),
    /// The token endpoint refused (RFC 6749, 5.2). The description begins with the label of what is wrong with the certificate.
    #[error("no token: {error}, {description}")]
    Token {
        /// The HTTP status.
        status: u16,
        /// `invalid_client`, `invalid_scope`, …
        error: String,
        /// What to do.
        description: String,
    },
    /// The answer is not what the contract promises: a proxy between, or a hub of another version. The body is left out of
    /// the message, since it may hold personal data.
    #[error("the answer breaks the contract: HTTP {status}, {what}")]
    Contract {
        /// The HTTP status.
        status: u16,
        /// What is wrong with the answer.
        what: String,
    },
}

impl ClientError {
    /// The deciding label, when the hub refused.
    pub fn label(&self) -> Option<Label> {
        match self {
            ClientError::Problem(document) => Some(document.label),
            ClientError::Token { description, .. } => description.split(':').next().and_then(Label::parse),
            ClientError::Transport { .. }
            | ClientError::BrokenOff
            | ClientError::Damaged
            | ClientError::File(_)
            | ClientError::Contract { .. } => None,
        }
    }

    /// The deciding label as a word; `unreachable` where the hub said nothing.
    pub fn word(&self) -> &'static str {
        self.label().map_or("unreachable", |label| label.as_str())
    }

    /// Whether the same call may succeed later without being changed: nobody is at fault but the moment.
    pub fn is_passing(&self) -> bool {
        match self {
            ClientError::Problem(document) => super::retry::is_passing_status(document.status),
            ClientError::Transport { .. } | ClientError::BrokenOff => true,
            ClientError::Damaged | ClientError::File(_) => false,
            ClientError::Contract { status, .. } | ClientError::Token { status, .. } => {
                super::retry::is_passing_status(*status)
            }
        }
    }

    pub(super) fn contract(status: u16, what: impl Into<String>) -> Self {
        ClientError::Contract {
            status,
            what: what.into(),
        }
    }

    /// serde's own message may quote a value, so only the kind and the place are kept.
    pub(super) fn not_the_shape(status: u16, error: &serde_json::Error) -> Self {
        let kind = match error.classify() {
            serde_json::error::Category::Data => "a field is not as promised",
            serde_json::error::Category::Syntax => "not JSON",
            serde_json::error::Category::Eof => "cut off",
            serde_json::error::Category::Io => "unreadable",
        };
        Self::contract(
            status,
            format!("{kind} at line {}, column {}", error.line(), error.column()),
        )
    }
}

impl From<reqwest::Error> for ClientError {
    fn from(error: reqwest::Error) -> Self {
        ClientError::Transport {
            why: Unreached::of(&error),
            source: error.without_url(),
        }
    }
}
