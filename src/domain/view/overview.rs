//! What is shown without a certificate: a citizen's look-up, and the hub in numbers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::alarms::LimitCount;
use super::answers::{AgencyView, Clocks, StatusView};
use super::carriage::DeliveryState;
use super::formats::FormatDriftView;
use crate::domain::details::Details;
use crate::domain::dossier::ReturnMethod;
use crate::domain::ids::DossierId;
use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;

/// One step of a dossier, as anybody with its secret may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublicStep {
    /// When.
    pub at: Timestamp,
    /// The status it came to.
    pub status: StatusView,
}

/// What a citizen sees of a dossier: where it stands, never whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublicView {
    /// The hub's name of it.
    pub tracking_id: DossierId,
    /// Name of the procedure.
    pub procedure_name: String,
    /// Where it stands.
    pub status: StatusView,
    /// Since when.
    pub since: Timestamp,
    /// Responsible agency.
    pub agency: Option<AgencyView>,
    /// The clocks that run.
    pub clocks: Clocks,
    /// The result is late, and it is the agency that is: the dossier lies with it, and its time is over. Then it owes an apology
    /// (Decree 118/2025 art. 19.6).
    #[serde(default)]
    pub late: bool,
    /// What the office wrote to the applicant with the present status: a reason, what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The papers asked for, the fees claimed, the results, as the present status has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Details>,
    /// Where it was filed: there papers are brought and results fetched.
    #[serde(default)]
    pub place: String,
    /// How the result comes back, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comes_back: Option<ReturnMethod>,
    /// The way it came, oldest first.
    pub steps: Vec<PublicStep>,
}

/// How many dossiers stand in a status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusCount {
    /// The status.
    pub status: StatusView,
    /// How many.
    pub count: i64,
}

/// How many dossiers a tenant filed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubmitterCount {
    /// The tenant.
    pub tenant: TenantKey,
    /// Its name.
    pub name: String,
    /// How many.
    pub count: i64,
}

/// How many dossiers an agency has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgencyCount {
    /// The agency; none for those that wait for the operator.
    pub agency: Option<AgencyView>,
    /// Not finished yet.
    pub open: i64,
    /// In a final status, or waiting to be handed over.
    pub finished: i64,
    /// All.
    pub total: i64,
    /// Open, and past their due date.
    pub overdue: i64,
}

/// How many messages stand in a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryCount {
    /// The state.
    pub state: DeliveryState,
    /// How many.
    pub count: i64,
}

/// What is on its way, and what has stopped there until somebody acts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Backlog {
    /// Messages to agencies that were given up, by whatever way they go.
    pub deliveries_parked: i64,
    /// Messages to agencies that were tried in vain and are tried again by themselves.
    #[serde(default)]
    pub deliveries_failing: i64,
    /// Endpoints of agencies that fail, and are tried by one message at a time.
    pub endpoints_spared: i64,
    /// Webhooks whose receiver wants nothing more (410), until its tenant sets it up again.
    pub webhooks_disabled: i64,
    /// Events on their way to submitters, by webhook or queue. Of each subscription at most 1,000 are ahead of what it has taken;
    /// the rest waits in the feed.
    pub notices_waiting: i64,
    /// Since when the oldest of them is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notices_waiting_since: Option<Timestamp>,
    /// Events to submitters that were given up.
    pub notices_parked: i64,
    /// Events that wait behind one that was given up, of the same dossier.
    pub notices_held: i64,
}

/// How many open dossiers were received out of the area of their agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutOfAreaCount {
    /// The branch whose one-stop unit serves the agency, and supervises.
    pub unit: TenantKey,
    /// Not finished yet, and received by another branch.
    pub open: i64,
}

/// The hub in numbers, for its operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OverviewView {
    /// Dossiers by status.
    pub by_status: Vec<StatusCount>,
    /// Dossiers by submitter.
    pub by_submitter: Vec<SubmitterCount>,
    /// Dossiers by agency.
    pub by_agency: Vec<AgencyCount>,
    /// Messages by state.
    pub deliveries: Vec<DeliveryCount>,
    /// Limits that are near or have passed.
    pub limits: Vec<LimitCount>,
    /// Open dossiers received out of area, by the branch that supervises.
    #[serde(default)]
    pub out_of_area: Vec<OutOfAreaCount>,
    /// What is on its way, and what has stopped there.
    pub backlog: Backlog,
    /// Files of formats that hubs began with though another text is in use under their name and version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub format_drift: Vec<FormatDriftView>,
    /// Messages the broker has not confirmed.
    pub outbox: i64,
    /// Events ever.
    pub events: i64,
    /// Blocks ever.
    pub blocks: i64,
}
