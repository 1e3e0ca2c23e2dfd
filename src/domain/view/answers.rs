//! What every answer is made of, and the answers to a filing and to a token request.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::attachments::MissingFile;
use crate::domain::clocks::Clockwork;
use crate::domain::codes::{DossierCode, Key};
use crate::domain::ids::{DossierId, RefusalId, RequestId, SubmissionId};
use crate::domain::rejection::{Label, Language, Problem};
use crate::domain::routing::RouteReason;
use crate::domain::status::Status;
use crate::domain::time::{Date, Timestamp};

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
    /// The dossier it is about, where it is another one that the reader may see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dossier: Option<DossierId>,
    /// The stable name of the check that tells it, where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
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
            dossier: problem.args().get("dossier").and_then(|id| id.parse().ok()),
            check: problem.check().map(str::to_owned),
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
    /// Under which name the refused document was kept, to ask why by: `/v1/refusals/{refusal}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<RefusalId>,
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
    /// Online filing: acceptance or supplement notice at the latest (Decree 118/2025 art. 17.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceptance_due: Option<Timestamp>,
    /// What the due date would be if it were accepted now. A forecast, not a promise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast_due: Option<Timestamp>,
    /// When the result is due, once accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// The date on the receipt the applicant holds, where that is another than `due`: towards the applicant it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised_due: Option<Timestamp>,
    /// A day that `due` or `forecast_due` was counted across and that is only assumed to be a day off or of work: the calendar of that
    /// year is not published yet, and the date may move with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub assumed_day: Option<Date>,
}

impl Clocks {
    /// When the applicant may expect the result: the date on the receipt, else the one the limit gives.
    pub fn held_due(&self) -> Option<Timestamp> {
        self.promised_due.or(self.due)
    }

    /// The same, saying whether the date of the result, or its forecast, was counted from `received` across an assumed day.
    #[must_use]
    pub fn counted_by(self, clockwork: &Clockwork, received: Timestamp) -> Self {
        let until = self.due.or(self.forecast_due);
        Clocks {
            assumed_day: until.and_then(|until| clockwork.assumed_between(received, until)),
            ..self
        }
    }
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
    /// Official dossier code; null until the agency gives or confirms one, or the hub gives it with the acceptance.
    pub dossier_code: Option<DossierCode>,
    /// The official code the filing says it has. A claim until the agency confirms it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_code: Option<DossierCode>,
    /// Responsible agency; null when parked for the operator.
    pub agency: Option<AgencyView>,
    /// Why it is parked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parked: Option<Label>,
    /// The whole reason of the route.
    pub route: RouteReason,
    /// Worth a look, not wrong.
    pub warnings: Vec<ProblemView>,
    /// Files it names by digest that have not been uploaded yet. It is filed all the same; upload each to `/v1/blobs/{sha256}`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments_missing: Vec<MissingFile>,
    /// When the hub received it.
    pub received_at: Timestamp,
    /// The clocks that run.
    pub clocks: Clocks,
    /// Signed receipt: a compact JWS over [`crate::domain::submission::ReceiptClaims`].
    pub receipt: String,
    /// The citizen's secret for the public look-up, printed on the receipt.
    pub lookup_secret: String,
    /// Where to go on.
    pub links: Links,
}

impl SubmissionAnswer {
    /// The hub has given the dossier this official code as it was committed, or none though it should have; with what is told of it.
    pub fn give(&mut self, code: Option<DossierCode>, warning: Option<Problem>) {
        if code.is_some() {
            self.dossier_code = code;
            self.claimed_code = None;
        }
        let warning = warning.map(|problem| ProblemView::of(&problem, Language::Vietnamese));
        self.warnings.extend(warning);
    }
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
    /// Its files.
    pub attachments: String,
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
            attachments: format!("/v1/dossiers/{id}/attachments"),
            events: "/v1/events".to_owned(),
        }
    }
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
