//! What the operator is told of limits.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answers::AgencyView;
use super::cursor::Cursor;
use crate::domain::clocks::Watched;
use crate::domain::ids::DossierId;
use crate::domain::lifecycle::Role;
use crate::domain::time::Timestamp;

/// A limit that was told of, once for its cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmView {
    /// Its place in the list.
    pub number: i64,
    /// When it was told.
    pub at: Timestamp,
    /// Which limit.
    pub limit: Watched,
    /// Whether it has passed; else it was near.
    pub passed: bool,
    /// When it ends, or ended.
    pub due_at: Timestamp,
    /// Who must keep it.
    pub party: Role,
    /// The dossier; null for the hub's own clock.
    pub dossier: Option<DossierId>,
    /// The agency responsible then.
    pub agency: Option<AgencyView>,
}

/// A page of alarms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmPage {
    /// In the order they were told.
    pub alarms: Vec<AlarmView>,
    /// Value of `after` for what comes next.
    pub next: Cursor,
}

/// How many dossiers have a limit that is near, and that has passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LimitCount {
    /// Which limit.
    pub limit: Watched,
    /// Near.
    pub near: i64,
    /// Passed, and what it waits for has still not happened.
    pub passed: i64,
}
