//! What is carried: to an agency, and back to the submitter.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answers::{AgencyView, Clocks};
use super::cursor::Cursor;
use super::document::Document;
use super::dossiers::EventView;
use super::formats::FormatRef;
use super::tasks::JointView;
use crate::domain::codes::{DossierCode, Key};
use crate::domain::failure::{Failure, Owner};
use crate::domain::ids::{DeliveryId, DossierId, EventId};
use crate::domain::rejection::{Label, Language};
use crate::domain::routing::RouteReason;
use crate::domain::status::Status;
use crate::domain::tenant::{Actor, TenantKey};
use crate::domain::text::{PRINTABLE, limits};
use crate::domain::time::Timestamp;

/// How far a message has come on its way to an agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryState {
    /// Committed, not yet confirmed by the broker.
    Waiting,
    /// The broker has it.
    Queued,
    /// The agency has it: settled from its inbox, or acknowledged from its queue.
    Handed,
    /// The agency has answered with a status.
    Acknowledged,
    /// Given up; an operator must look.
    Parked,
}

impl DeliveryState {
    /// Every state, in the order of the way.
    pub const ALL: [DeliveryState; 5] = [
        DeliveryState::Waiting,
        DeliveryState::Queued,
        DeliveryState::Handed,
        DeliveryState::Acknowledged,
        DeliveryState::Parked,
    ];

    /// The stable word.
    pub const fn word(self) -> &'static str {
        match self {
            DeliveryState::Waiting => "waiting",
            DeliveryState::Queued => "queued",
            DeliveryState::Handed => "handed",
            DeliveryState::Acknowledged => "acknowledged",
            DeliveryState::Parked => "parked",
        }
    }
}

/// A text that is no state of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a state of a delivery")]
pub struct NotADeliveryState;

impl FromStr for DeliveryState {
    type Err = NotADeliveryState;
    fn from_str(word: &str) -> Result<Self, NotADeliveryState> {
        let found = DeliveryState::ALL.into_iter().find(|state| state.word() == word);
        found.ok_or(NotADeliveryState)
    }
}

/// One attempt to carry a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttemptView {
    /// When.
    pub at: Timestamp,
    /// Counts from 1.
    pub number: i32,
    /// `confirmed`, `retry`, `parked` by the broker's word; `handed`, `retry`, `refused`, `parked` by the agency's, or its
    /// endpoint's; `retried`, `parked` by an operator's.
    pub outcome: String,
    /// What kind of failure it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Why, where there is a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The operator who intervened: tenant, and `/` and the person where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

/// Why a message is not there, whose matter that is, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FailureView {
    /// What kind.
    pub failure: Failure,
    /// Whose matter it is.
    pub owner: Owner,
    /// What it is, in Vietnamese.
    pub title_vi: String,
    /// What it is, in English.
    pub title_en: String,
    /// What to do, in Vietnamese.
    pub advice_vi: String,
    /// What to do, in English.
    pub advice_en: String,
}

impl From<Failure> for FailureView {
    fn from(failure: Failure) -> Self {
        FailureView {
            failure,
            owner: failure.owner(),
            title_vi: failure.title(Language::Vietnamese).to_owned(),
            title_en: failure.title(Language::English).to_owned(),
            advice_vi: failure.advice(Language::Vietnamese).to_owned(),
            advice_en: failure.advice(Language::English).to_owned(),
        }
    }
}

/// One message to an agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryView {
    /// Its id.
    pub id: DeliveryId,
    /// To whom.
    pub agency: AgencyView,
    /// The event it tells.
    pub event: EventId,
    /// `filed`, `amended`, …
    pub kind: String,
    /// How far it has come.
    pub state: DeliveryState,
    /// Since when.
    pub since: Timestamp,
    /// Why it is parked, or not there yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureView>,
    /// When it is tried next, while it is not there yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_try: Option<Timestamp>,
    /// The version of a format that writes it; absent for what came before versions were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_by: Option<FormatRef>,
    /// Every attempt.
    pub attempts: Vec<AttemptView>,
}

/// That a person named the agency, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AssignmentView {
    /// The agency.
    pub agency: AgencyView,
    /// The agency before; null when it was parked.
    pub instead: Option<AgencyView>,
    /// Who decided.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// Why a dossier goes where it goes, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RouteView {
    /// The dossier.
    pub tracking_id: DossierId,
    /// The responsible agency.
    pub agency: Option<AgencyView>,
    /// Why it is parked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parked: Option<Label>,
    /// The whole reason, by the rules.
    pub reason: RouteReason,
    /// What a person decided instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<AssignmentView>,
    /// Messages to the agency.
    pub deliveries: Vec<DeliveryView>,
    /// The version of a format that the document was read with on which the dossier now stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_by: Option<FormatRef>,
}

/// A CloudEvent 1.0 in JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CloudEvent<T> {
    /// `1.0`.
    pub specversion: String,
    /// Unique; deduplicate by it. The event's id.
    pub id: String,
    /// The hub.
    pub source: String,
    /// `vn.lienthong.dossier.<kind>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Tracking id.
    pub subject: String,
    /// When the hub wrote it.
    pub time: Timestamp,
    /// Media type of `data`.
    pub datacontenttype: String,
    /// W3C trace context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The payload.
    pub data: T,
}

impl<T> CloudEvent<T> {
    /// The same event with another payload.
    pub fn map<U>(self, data: impl FnOnce(T) -> U) -> CloudEvent<U> {
        CloudEvent {
            specversion: self.specversion,
            id: self.id,
            source: self.source,
            kind: self.kind,
            subject: self.subject,
            time: self.time,
            datacontenttype: self.datacontenttype,
            traceparent: self.traceparent,
            data: data(self.data),
        }
    }
}

/// What a submitter is told of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FeedData {
    /// The dossier.
    pub tracking_id: DossierId,
    /// The submitter's reference.
    pub reference: String,
    /// Official code, once known.
    pub dossier_code: Option<DossierCode>,
    /// Who filed it: the reader, its agent, or whom the reader receives for or supervises.
    pub submitter: TenantKey,
    /// The one-stop unit that receives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiving_unit: Option<TenantKey>,
    /// Received out of area: the one-stop unit of the agency, which supervises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supervisor: Option<TenantKey>,
    /// What happened.
    pub event: EventView,
    /// The format of `document`: the first of the reader's own formats that has a message for progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The same as that format tells progress, ready to be taken by the reader's own system, which knows the dossier by its
    /// `reference`. Present where the event is a new status or a corrected result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<serde_json::Value>,
    /// Why there is no `document`, though the event is a new status or a corrected result and the format has a message for
    /// progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_document: Option<NoDocument>,
}

/// Why a reader's format does not tell a new status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NotTold {
    /// The format has no word for the status.
    NoWord,
    /// The format's own condition leaves it out.
    ByCondition,
}

/// Why an event has no document in the reader's format. The event itself is told all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoDocument {
    /// Why.
    pub why: NotTold,
    /// The same in Vietnamese.
    pub text_vi: String,
    /// The same in English.
    pub text_en: String,
}

impl From<NotTold> for NoDocument {
    fn from(why: NotTold) -> Self {
        let (text_vi, text_en) = match why {
            NotTold::NoWord => (
                "Định dạng của đơn vị nhận không có từ cho trạng thái này; hãy đọc trạng thái trong sự kiện.",
                "The reader's format has no word for this status; read the status in the event.",
            ),
            NotTold::ByCondition => (
                "Theo điều kiện trong định dạng của đơn vị nhận, việc này không được báo; hãy đọc trong sự kiện.",
                "By a condition of the reader's format this is not told; read it in the event.",
            ),
        };
        NoDocument {
            why,
            text_vi: text_vi.to_owned(),
            text_en: text_en.to_owned(),
        }
    }
}

/// A page of the caller's event feed, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FeedPage {
    /// The events after the cursor.
    pub events: Vec<CloudEvent<FeedData>>,
    /// The cursor to ask with next time. The same as before when there is nothing new.
    pub next: Cursor,
}

/// What an agency is told: the dossier as it now is, in canonical form or its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgencyData {
    /// The dossier.
    pub tracking_id: DossierId,
    /// Official code, once the agency has given or confirmed one.
    pub dossier_code: Option<DossierCode>,
    /// The official code the submitter says it has, until then. Reporting under it confirms it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_code: Option<DossierCode>,
    /// Who filed.
    pub submitter: TenantKey,
    /// At which point: the receipt and the result go back there.
    pub point: Option<Key>,
    /// Where it was received, and the result goes back to (Decree 118/2025 art. 20.1): the one-stop unit that receives it, else who
    /// filed it; at `point`, where one is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_to: Option<TenantKey>,
    /// What each of several agencies has to do, the lead agency first; absent where this agency decides alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joint: Option<JointView>,
    /// What happened.
    pub event: EventView,
    /// Where it stands.
    pub status: Status,
    /// The clocks that run.
    pub clocks: Clocks,
    /// Why it came to this agency.
    pub route: RouteReason,
    /// The agency's own dossier of the same procedure, person, day and content that was filed before: the same matter may have been
    /// filed twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub possible_duplicate: Option<DossierId>,
    /// The format of `document`: `canonical/v1` or the agency's own.
    pub format: String,
    /// The dossier: a JSON value, or a text when the format is XML.
    pub document: Document,
}

/// One message of an inbox, leased to the caller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InboxMessage {
    /// Settle by this.
    pub delivery: DeliveryId,
    /// Settle before this, else it is handed out again.
    pub lease_until: Timestamp,
    /// How often it was handed out, from 1.
    pub attempt: i32,
    /// The message.
    pub event: CloudEvent<AgencyData>,
}

/// What waits for an agency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InboxPage {
    /// At most as many as asked for.
    pub messages: Vec<InboxMessage>,
}

/// How a leased message ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Settlement {
    /// Taken over safely.
    Done,
    /// Not now; hand it out again later.
    Retry,
    /// Cannot be taken at all; park it for the operator.
    Reject,
}

/// Settling one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettleItem {
    /// Which.
    pub delivery: DeliveryId,
    /// How it ended.
    pub outcome: Settlement,
    /// Why, for retry and reject; at most 1,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::CARRIAGE), regex(pattern = PRINTABLE))]
    pub reason: Option<String>,
}

/// Settling messages, at most 100.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettleRequest {
    /// The messages.
    #[schemars(length(max = 100))]
    pub messages: Vec<SettleItem>,
}

/// One line a message, in the order asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SettleAnswer {
    /// The results.
    pub results: Vec<SettleResult>,
}

/// How settling one message went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SettleResult {
    /// Which.
    pub delivery: DeliveryId,
    /// Where it now stands; null when refused.
    pub state: Option<DeliveryState>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
}
