//! What the hub says: the shapes of its answers, shared by the server, the partner's client and the pages.
//!
//! These are contracts. A field is added, never renamed or removed; OpenAPI is generated from here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes::{DossierCode, Key, ProcedureCode};
use super::dossier::{Channel, Filing};
use super::event::{Event, HandOver, Verdict};
use super::ids::{DeliveryId, DossierId, RequestId, SubmissionId};
use super::rejection::{Label, Language, Problem};
use super::routing::RouteReason;
use super::status::Status;
use super::tenant::{Actor, TenantKey};
use super::time::Timestamp;

/// A status with its names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusView {
    /// `TrangThaiHoSo`.
    pub code: Status,
    /// The office's name of it.
    pub vi: String,
    /// In English.
    pub en: String,
}

impl From<Status> for StatusView {
    fn from(s: Status) -> Self {
        StatusView {
            code: s,
            vi: s.name_vi().to_owned(),
            en: s.name_en().to_owned(),
        }
    }
}

/// A problem or a warning, as shown (RFC 9457 extension member `problems`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProblemView {
    /// Stable label.
    pub label: Label,
    /// Where in the sender's document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What it is, in the language asked for.
    pub title: String,
    /// What to do, in Vietnamese.
    pub vi: String,
    /// What to do, in English.
    pub en: String,
}

impl ProblemView {
    /// As shown to somebody who reads `language`.
    pub fn of(problem: &Problem, language: Language) -> Self {
        ProblemView {
            label: problem.label,
            path: problem.path.clone(),
            title: problem.title(language).to_owned(),
            vi: problem.advice(Language::Vietnamese),
            en: problem.advice(Language::English),
        }
    }
}

/// A problem document (RFC 9457), `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProblemDocument {
    /// `<issuer>/errors/<label>`: a page that explains the label.
    #[serde(rename = "type")]
    pub kind: String,
    /// Stable label of the deciding problem.
    pub label: Label,
    /// What it is, in the language asked for.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What to do, in the language asked for.
    pub detail: String,
    /// The request, as in the hub's log.
    pub instance: RequestId,
    /// Every problem, the deciding one first.
    pub problems: Vec<ProblemView>,
}

/// An agency by its stable key and its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgencyView {
    /// Stable key.
    pub key: Key,
    /// Name.
    pub name: String,
}

/// The legal clocks of a dossier that run now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Clocks {
    /// Online filing: acceptance or supplement notice at the latest (8 working hours, NĐ 118/2025 Đ17.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceptance_due: Option<Timestamp>,
    /// What the due date would be if it were accepted now. A forecast, not a promise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast_due: Option<Timestamp>,
    /// When the result is due, once accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
}

/// The answer to a submission: it is committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubmissionAnswer {
    /// The hub's name of the dossier.
    pub tracking_id: DossierId,
    /// This submission.
    pub submission: SubmissionId,
    /// Version of the dossier, from 1.
    pub version: i32,
    /// Whether this content was already known under this reference; nothing new was made.
    pub existing: bool,
    /// Where it stands.
    pub status: StatusView,
    /// Official dossier code; null until the city's system gives one.
    pub dossier_code: Option<DossierCode>,
    /// Responsible agency; null when parked for the operator.
    pub agency: Option<AgencyView>,
    /// Why it is parked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parked: Option<Label>,
    /// The whole reason of the route.
    pub route: RouteReason,
    /// Worth a look, not wrong.
    pub warnings: Vec<ProblemView>,
    /// When the hub received it.
    pub received_at: Timestamp,
    /// The clocks that run.
    pub clocks: Clocks,
    /// Signed receipt: a compact JWS over [`super::submission::ReceiptClaims`].
    pub receipt: String,
    /// The citizen's secret for the public look-up, printed on the receipt.
    pub lookup_secret: String,
    /// Where to go on.
    pub links: Links,
}

/// Where to go on from a dossier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Links {
    /// The dossier.
    #[serde(rename = "self")]
    pub this: String,
    /// Its history.
    pub history: String,
    /// Its route and deliveries.
    pub route: String,
    /// Its receipt.
    pub receipt: String,
    /// The event feed of the caller.
    pub events: String,
}

impl Links {
    /// The links of a dossier, relative to the hub.
    pub fn of(id: DossierId) -> Self {
        Links {
            this: format!("/v1/dossiers/{id}"),
            history: format!("/v1/dossiers/{id}/history"),
            route: format!("/v1/dossiers/{id}/route"),
            receipt: format!("/v1/dossiers/{id}/receipt"),
            events: "/v1/events".to_owned(),
        }
    }
}

/// A dossier without its content, as in lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DossierSummary {
    /// The hub's name of it.
    pub tracking_id: DossierId,
    /// The submitter's reference.
    pub reference: String,
    /// Official code.
    pub dossier_code: Option<DossierCode>,
    /// Procedure.
    pub procedure: ProcedureCode,
    /// Name of the procedure.
    pub procedure_name: String,
    /// How it reached the office.
    pub channel: Channel,
    /// With an agent's help.
    pub assisted_by_agent: bool,
    /// Where it stands.
    pub status: StatusView,
    /// Since when.
    pub since: Timestamp,
    /// Who filed.
    pub submitter: TenantKey,
    /// At which point.
    pub point: Option<Key>,
    /// Responsible agency.
    pub agency: Option<AgencyView>,
    /// Why it is parked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parked: Option<Label>,
    /// Version of its content.
    pub version: i32,
    /// The clocks that run.
    pub clocks: Clocks,
    /// When the hub received it.
    pub received_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A dossier with its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DossierView {
    /// Everything but the content.
    #[serde(flatten)]
    pub summary: DossierSummary,
    /// What was filed, in canonical form.
    pub content: Filing,
    /// Where to go on.
    pub links: Links,
}

/// A page of dossiers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DossierPage {
    /// Newest first.
    pub dossiers: Vec<DossierSummary>,
    /// Value of `after` for the next page; null on the last.
    pub next: Option<String>,
}

/// One event, as told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventView {
    /// Unique; deduplicate by it.
    pub id: super::ids::EventId,
    /// Its place in the dossier's history, from 1.
    pub number: i32,
    /// When the hub wrote it.
    pub at: Timestamp,
    /// When it happened, by the actor's word.
    pub occurred_at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What happened: `filed`, `amended`, `code-assigned`, `status-changed`, `status-recorded`, `status-rejected`,
    /// `supplemented`, `handed-over`.
    pub kind: String,
    /// The status it led to or named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusView>,
    /// The status before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<StatusView>,
    /// How a report was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// A step nobody reported.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inferred: bool,
    /// Reason or note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Why it was rejected, parked or is irregular.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
    /// The official code it brought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dossier_code: Option<DossierCode>,
    /// Who received the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand_over: Option<HandOver>,
}

impl From<&Event> for EventView {
    fn from(e: &Event) -> Self {
        use super::event::Happening as H;
        let mut view = EventView {
            id: e.id,
            number: e.number,
            at: e.at,
            occurred_at: e.occurred_at,
            actor: e.actor.clone(),
            kind: e.what.word().to_owned(),
            status: None,
            from: None,
            verdict: None,
            inferred: false,
            text: None,
            label: None,
            dossier_code: None,
            hand_over: None,
        };
        match &e.what {
            H::Filed { status, parked, .. } => {
                view.status = Some((*status).into());
                view.label = *parked;
            }
            H::Amended { parked, .. } => view.label = *parked,
            H::CodeAssigned { code } => view.dossier_code = Some(code.clone()),
            H::StatusChanged {
                from,
                to,
                verdict,
                inferred,
                text,
                irregular,
            } => {
                view.from = Some((*from).into());
                view.status = Some((*to).into());
                view.verdict = Some(*verdict);
                view.inferred = *inferred;
                view.text.clone_from(text);
                view.label = *irregular;
            }
            H::StatusRecorded { to, text } => {
                view.status = Some((*to).into());
                view.verdict = Some(Verdict::Recorded);
                view.text.clone_from(text);
            }
            H::StatusRejected { to, label, text } => {
                view.status = Some((*to).into());
                view.verdict = Some(Verdict::Rejected);
                view.label = Some(*label);
                view.text.clone_from(text);
            }
            H::Supplemented { text } => view.text.clone_from(text),
            H::HandedOver(hand_over) => view.hand_over = Some(hand_over.clone()),
        }
        view
    }
}

/// The history of a dossier, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryView {
    /// The dossier.
    pub tracking_id: DossierId,
    /// Every event.
    pub events: Vec<EventView>,
}

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

/// One attempt to carry a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttemptView {
    /// When.
    pub at: Timestamp,
    /// Counts from 1.
    pub number: i32,
    /// `confirmed`, `retry`, `parked` by the broker's word; `handed`, `retry`, `refused` by the agency's.
    pub outcome: String,
    /// Why, where there is a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One message to an agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryView {
    /// Its id.
    pub id: DeliveryId,
    /// To whom.
    pub agency: AgencyView,
    /// The event it tells.
    pub event: super::ids::EventId,
    /// `filed`, `amended`, …
    pub kind: String,
    /// How far it has come.
    pub state: DeliveryState,
    /// Since when.
    pub since: Timestamp,
    /// Every attempt.
    pub attempts: Vec<AttemptView>,
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
    /// The whole reason.
    pub reason: RouteReason,
    /// Messages to the agency.
    pub deliveries: Vec<DeliveryView>,
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

/// What a submitter is told of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FeedData {
    /// The dossier.
    pub tracking_id: DossierId,
    /// The submitter's reference.
    pub reference: String,
    /// Official code, once known.
    pub dossier_code: Option<DossierCode>,
    /// What happened.
    pub event: EventView,
}

/// A page of the caller's event feed, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FeedPage {
    /// The events after the cursor.
    pub events: Vec<CloudEvent<FeedData>>,
    /// The cursor to ask with next time. The same as before when there is nothing new.
    pub next: i64,
}

/// What an agency is told: the dossier as it now is, in canonical form or its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgencyData {
    /// The dossier.
    pub tracking_id: DossierId,
    /// Official code, once known.
    pub dossier_code: Option<DossierCode>,
    /// Who filed.
    pub submitter: TenantKey,
    /// At which point: the receipt and the result go back there.
    pub point: Option<Key>,
    /// What happened.
    pub event: EventView,
    /// Where it stands.
    pub status: Status,
    /// The clocks that run.
    pub clocks: Clocks,
    /// Why it came to this agency.
    pub route: RouteReason,
    /// The format of `document`: `canonical/v1` or the agency's own.
    pub format: String,
    /// The dossier: a JSON value, or a text when the format is XML.
    pub document: serde_json::Value,
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
    pub reason: Option<String>,
}

/// Settling messages, at most 100.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettleRequest {
    /// The messages.
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

/// One status an agency reports, in canonical form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusReport {
    /// The dossier: tracking id (`dos_…`) or official dossier code.
    pub dossier: String,
    /// `TrangThaiHoSo`, 1 to 10.
    pub status: Status,
    /// When it happened; left out, when the hub received it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// Reason, list of missing papers, note. At most 2,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The official dossier code, when the agency's system has assigned one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_code: Option<DossierCode>,
    /// The officer, as text. At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<String>,
}

/// Statuses in canonical form, at most 100.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusRequest {
    /// The reports, in the order they happened.
    pub reports: Vec<StatusReport>,
}

/// How one report was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusResult {
    /// The dossier as the report named it.
    pub dossier: String,
    /// How it was taken; null when the dossier was not found or the report was malformed.
    pub verdict: Option<Verdict>,
    /// Where the dossier now stands.
    pub status: Option<Status>,
    /// Why it was rejected, or is irregular.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemView>,
}

/// One line a report, in the order sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusAnswer {
    /// The results.
    pub results: Vec<StatusResult>,
}

/// Acceptance of an online dossier by the receiving unit or the agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptanceRequest {
    /// When; left out, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// The official code, if one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_code: Option<DossierCode>,
    /// A note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The submitter completes what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplementRequest {
    /// When; left out, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// What was added. At most 2,000 characters.
    pub text: String,
}

/// The applicant has received the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOverRequest {
    /// Who received it. At most 500 characters.
    pub receiver: String,
    /// When; left out, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<Timestamp>,
    /// Proof: a signed slip's number, a waybill. At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
}

/// The answer of a token request (RFC 6749, 5.1).
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct TokenAnswer {
    /// The token.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: String,
    /// Seconds it lives, at most 600.
    pub expires_in: u32,
    /// The scopes it carries, separated by spaces.
    pub scope: String,
}

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
}

/// How many messages stand in a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryCount {
    /// The state.
    pub state: DeliveryState,
    /// How many.
    pub count: i64,
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
    /// Messages the broker has not confirmed.
    pub outbox: i64,
    /// Events ever.
    pub events: i64,
    /// Blocks ever.
    pub blocks: i64,
}
