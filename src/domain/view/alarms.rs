//! What the operator is told of limits, and of rules that were broken.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answers::{AgencyView, StatusView};
use super::cursor::Cursor;
use crate::domain::clocks::Watched;
use crate::domain::ids::DossierId;
use crate::domain::lifecycle::Role;
use crate::domain::rejection::Label;
use crate::domain::tenant::TenantKey;
use crate::domain::time::{Date, Timestamp};

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

/// Something that was done although a rule was broken: applied, and flagged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IrregularityView {
    /// Its place in the list: the number of its event.
    pub number: i64,
    /// When the hub took it.
    pub at: Timestamp,
    /// The rule that was broken.
    pub label: Label,
    /// The dossier.
    pub dossier: DossierId,
    /// Where it stood afterwards.
    pub status: StatusView,
    /// Who did it.
    pub by: TenantKey,
    /// The agency responsible then.
    pub agency: Option<AgencyView>,
}

/// A page of irregularities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IrregularityPage {
    /// In the order they were taken.
    pub irregularities: Vec<IrregularityView>,
    /// Value of `after` for what comes next.
    pub next: Cursor,
}

/// How often a rule was broken on one day in the dossiers of one agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IrregularCount {
    /// The day, in Vietnam.
    #[schemars(with = "String", extend("format" = "date"))]
    pub day: Date,
    /// The agency responsible then; null where there was none.
    pub agency: Option<AgencyView>,
    /// The rule.
    pub label: Label,
    /// How often.
    pub count: i64,
}

/// What the quality index is computed from: broken rules by day, agency and rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IrregularCounts {
    /// By day, then agency, then rule; a day without any is left out.
    pub counts: Vec<IrregularCount>,
}
