//! Which rules messages are read and written by.

use super::request::{Request, Sender};
use crate::domain::audit::AuditAction;
use crate::domain::sha256::Sha256;
use crate::domain::tenant::Actor;
use crate::store::columns::Column;

/// A version of a format, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatText {
    /// The name without the version: `dvcqg-mc`.
    pub name: String,
    /// The version, from 1.
    pub version: i32,
    /// The digest of the text.
    pub sha256: Sha256,
    /// The `adapter.toml`.
    pub text: String,
}

/// The formats a hub begins with: those that are not known are kept, a file that differs from what is kept under its name is noted.
pub struct KeepFormats {
    /// All of them.
    pub formats: Vec<FormatText>,
    /// In whose name: the hub's own.
    pub actor: Actor,
}

/// Puts a version into use for all who have the format.
pub struct FormatActivation {
    /// The version.
    pub format: FormatText,
    /// The turn of the format's use that it was compared with when somebody agreed to it; 0 where none was ever put into use.
    pub reviewed: i64,
    /// Who.
    pub actor: Actor,
    /// Why.
    pub reason: String,
}

/// Goes back to what was in use before.
pub struct FormatRollback {
    /// The name without the version.
    pub name: String,
    /// The turn that is to be left.
    pub leaves: i64,
    /// Who.
    pub actor: Actor,
    /// Why.
    pub reason: String,
}

/// What a change of the formats in use came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatChange {
    /// Done.
    Done,
    /// Another version is in use than the one it was compared with.
    Stale,
    /// This name and version belong to another text.
    Taken(Sha256),
    /// There is nothing before.
    Nothing,
}

/// Somebody tried a version on stored submissions: the audit's entry, and nothing else.
pub struct ShadowRun {
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: AuditAction,
}

impl Request for KeepFormats {
    type Answer = ();
}

impl Request for FormatActivation {
    type Answer = FormatChange;

    fn sender(&self) -> Option<Sender<'_>> {
        Some(Sender::actor(&self.actor))
    }

    fn unstorable(&self) -> Option<&'static str> {
        let text = (!self.format.text.is_storable()).then_some("formats.text");
        text.or_else(|| (!self.reason.is_storable()).then_some("audit.reason"))
    }
}

impl Request for FormatRollback {
    type Answer = FormatChange;

    fn sender(&self) -> Option<Sender<'_>> {
        Some(Sender::actor(&self.actor))
    }

    fn unstorable(&self) -> Option<&'static str> {
        (!self.reason.is_storable()).then_some("audit.reason")
    }
}

impl Request for ShadowRun {
    type Answer = ();

    fn sender(&self) -> Option<Sender<'_>> {
        Some(Sender::actor(&self.actor))
    }
}
