//! Who may speak, and which directory is in use.

use super::request::{Request, Sender};
use crate::domain::register::Change;
use crate::domain::rejection::Rejection;
use crate::domain::tenant::{Actor, Certificate};
use crate::store::columns::Column;

/// An operator changes the register.
pub struct RegisterChange {
    /// Who.
    pub actor: Actor,
    /// Why.
    pub reason: String,
    /// What.
    pub change: Change,
}

/// What a change of the register came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registered {
    /// Committed.
    Done {
        /// Version of the register from now on.
        version: i64,
        /// How many entries the audit has of it; 0 when everything already was as asked.
        actions: usize,
    },
    /// Not allowed.
    Refused(Rejection),
}

/// Notes which certificates end soon. Answers the warnings that nobody has given yet: each is given once, by one hub.
pub struct WarnExpiring;

/// A certificate that was warned of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiring {
    /// The certificate.
    pub certificate: Certificate,
    /// It ends within so many days.
    pub days: i16,
}

/// A directory to use from now on.
pub struct DirectoryImport {
    /// Its version.
    pub version: String,
    /// All its files as one JSON object.
    pub files: Vec<u8>,
    /// The version it was compared with when somebody agreed to it: nothing is done when another is in use by now. `None` for an
    /// import that asks nobody.
    pub reviewed_against: Option<String>,
    /// Who puts it into use.
    pub actor: Actor,
    /// Why.
    pub reason: Option<String>,
}

/// What an import came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// In use.
    Done,
    /// Another directory is in use than the one it was compared with.
    Stale,
}

impl Request for RegisterChange {
    type Answer = Registered;

    fn sender(&self) -> Option<Sender<'_>> {
        Some(Sender::actor(&self.actor))
    }

    fn unstorable(&self) -> Option<&'static str> {
        (!self.reason.is_storable()).then_some("audit.reason")
    }
}

impl Request for WarnExpiring {
    type Answer = Vec<Expiring>;
}

impl Request for DirectoryImport {
    type Answer = Imported;
}
