//! Endpoints of agencies, and what an operator sees of deliveries and does about them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answers::AgencyView;
use super::carriage::{DeliveryView, FailureView};
use crate::domain::absent;
use crate::domain::codes::Key;
use crate::domain::endpoint::EndpointUrl;
use crate::domain::ids::{DeliveryId, DossierId};
use crate::domain::tenant::TenantKey;
use crate::domain::text::{SAYS_SOMETHING, limits};
use crate::domain::time::Timestamp;

/// A delivery and the dossier it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryItem {
    /// The dossier.
    pub tracking_id: DossierId,
    /// The delivery.
    pub delivery: DeliveryView,
}

/// A page of deliveries, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryPage {
    /// The deliveries.
    pub deliveries: Vec<DeliveryItem>,
    /// Ask with this as `after` for those that follow; null on the last page.
    pub next: Option<DeliveryId>,
}

/// Having a delivery tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryRequest {
    /// Why; kept with the attempts, at most 1,000 characters, nobody's name in it.
    #[schemars(length(min = 1, max = limits::CARRIAGE), regex(pattern = SAYS_SOMETHING))]
    pub reason: String,
    /// Although the agency has it, or its queue had it, already. It deduplicates by event id.
    #[serde(default, deserialize_with = "absent::or_default")]
    #[schemars(with = "Option<bool>")]
    pub again: bool,
}

/// Parking a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParkRequest {
    /// Why; kept with the attempts, at most 1,000 characters, nobody's name in it.
    #[schemars(length(min = 1, max = limits::CARRIAGE), regex(pattern = SAYS_SOMETHING))]
    pub reason: String,
}

/// Having sent again what the broker has lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResendRequest {
    /// Why; kept with the attempts, at most 1,000 characters, nobody's name in it.
    #[schemars(length(min = 1, max = limits::CARRIAGE), regex(pattern = SAYS_SOMETHING))]
    pub reason: String,
    /// Of this agency alone; of all, when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<Key>,
}

/// What was sent again, by agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResendAnswer {
    /// Agencies with messages that the broker has confirmed and nobody has settled.
    pub agencies: Vec<ResentView>,
}

/// What an agency's queue was to hold, held, and gets again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResentView {
    /// The agency.
    pub agency: AgencyView,
    /// Confirmed by the broker and not settled.
    pub unsettled: i64,
    /// In its queue.
    pub in_queue: i64,
    /// Sent again.
    pub resent: i64,
}

/// Setting an agency's endpoint. Sent again, it changes nothing more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointRequest {
    /// Where the hub posts messages: an https URL of at most 2,048 bytes, without user, password or fragment.
    #[schemars(with = "EndpointUrl")]
    pub url: String,
    /// Draw a new secret; the present one signs beside it for 24 hours more.
    #[serde(default, deserialize_with = "absent::or_default")]
    #[schemars(with = "Option<bool>")]
    pub new_secret: bool,
}

/// What fails at an endpoint as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SparedView {
    /// Since when.
    pub since: Timestamp,
    /// When the next message goes, to see whether it is back. What waits uses up no attempts.
    pub next_probe: Timestamp,
    /// What fails.
    pub failure: FailureView,
}

/// An agency's endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointView {
    /// Whose.
    pub agency: AgencyView,
    /// Where.
    pub url: EndpointUrl,
    /// Since when.
    pub set_at: Timestamp,
    /// By whom.
    pub set_by: TenantKey,
    /// Until when the secret before the present one signs too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older_secret_until: Option<Timestamp>,
    /// Set while the endpoint fails and is spared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spared: Option<SparedView>,
}

/// An endpoint as it was set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointAnswer {
    /// The endpoint.
    pub endpoint: EndpointView,
    /// The secret its signatures are verified with (`whsec_…`), when it was drawn now. Never shown again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// Every endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointList {
    /// By agency.
    pub endpoints: Vec<EndpointView>,
}
