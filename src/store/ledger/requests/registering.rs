//! Who may speak, and which directory is in use.

use super::request::{Request, Sender};
use crate::domain::register::Change;
use crate::domain::rejection::Rejection;
use crate::domain::tenant::{Actor, Certificate};
use crate::domain::time::Date;
use crate::store::columns::Column;
use crate::store::standing::NextDirectory;

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
    /// The day from which it is in use; now, when there is none.
    pub effective: Option<Date>,
    /// Who puts it into use.
    pub actor: Actor,
    /// Why.
    pub reason: Option<String>,
}

/// What an import came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    /// In use.
    Done,
    /// It will be in use from its day on.
    Scheduled,
    /// Another directory is in use than the one it was compared with.
    Stale,
    /// Another directory waits for its day.
    Waits(NextDirectory),
}

/// Putting into use the directory whose day has come.
pub struct DirectoryDue {
    /// Today, in Vietnam.
    pub today: Date,
    /// Who acts: the hub.
    pub actor: Actor,
}

/// What that came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// It is in use.
    Done,
    /// None waits, or its day has not come.
    Nothing,
}

/// A directory that waits for its day is to be used on none.
pub struct DirectoryUnschedule {
    /// Who decides.
    pub actor: Actor,
    /// Why.
    pub reason: Option<String>,
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

impl Request for DirectoryDue {
    type Answer = Due;
}

impl Request for DirectoryUnschedule {
    /// What waited.
    type Answer = Option<NextDirectory>;
}
