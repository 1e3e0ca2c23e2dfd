//! Every route of the hub as one method.

use std::time::Duration;

use super::call::{Call, MAX_WAIT, Partner, Repeat};
use super::error::ClientError;
use super::follow::Follow;
use crate::domain::codes::Key;
use crate::domain::failure::Failure;
use crate::domain::ids::{DeliveryId, DossierId};
use crate::domain::status::Status;
use crate::domain::submission::IdempotencyKey;
use crate::domain::view::{
    AcceptanceRequest, CorrectionRequest, Cursor, DeliveryItem, DeliveryPage, DeliveryState, DossierPage,
    DossierSummary, DossierView, EndpointAnswer, EndpointList, EndpointRequest, EndpointView, FeedPage,
    HandOverRequest, HistoryView, InboxPage, PapersRequest, ParkRequest, PostponementRequest, ReasonRequest,
    ResendAnswer, ResendRequest, RetryRequest, RouteView, SettleAnswer, SettleRequest, StatusAnswer,
    StatusRequest, SubmissionAnswer, SupplementRequest, TaskReportRequest,
};

pub(super) const JSON: &str = "application/json";

/// A document to be sent, in the sender's own format.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The exact bytes: repeating them gives the stored answer.
    pub body: Vec<u8>,
    /// `application/json` or `application/xml`.
    pub media_type: String,
    /// `name/version`; needed where the tenant has several formats of one media type.
    pub format: Option<String>,
    /// One value per document.
    pub key: IdempotencyKey,
}

/// Which dossiers to list. Empty lists all the caller may see, newest first.
#[derive(Clone, Debug, Default)]
pub struct DossierFilter {
    /// Only in this status.
    pub status: Option<Status>,
    /// Only of this agency.
    pub agency: Option<Key>,
    /// Only with this reference of the submitter.
    pub reference: Option<String>,
    /// Only those that wait for the operator.
    pub parked: bool,
    /// `next` of the page before.
    pub after: Option<String>,
    /// At most this many on the page.
    pub limit: Option<u32>,
}

/// Which deliveries to list.
#[derive(Clone, Debug, Default)]
pub struct DeliveriesFilter {
    /// In this state; parked when nothing is said.
    pub state: Option<DeliveryState>,
    /// To this agency.
    pub agency: Option<Key>,
    /// Of this failure.
    pub failure: Option<Failure>,
    /// `next` of the page before.
    pub after: Option<DeliveryId>,
    /// At most this many on the page.
    pub limit: Option<u32>,
}

/// All of these fail as [`ClientError`] says: refused, not reached, or an answer against the contract.
impl Partner {
    /// Files a dossier. An answer means that it is committed.
    ///
    /// # Errors
    /// See [`ClientError`]; a problem document names every fault of the document with its place.
    pub async fn submit(&self, submission: &Submission) -> Result<SubmissionAnswer, ClientError> {
        let repeat = Repeat::Keyed(&submission.key);
        let call = Call::post(
            "/v1/submissions",
            &submission.media_type,
            submission.body.clone(),
            repeat,
        )
        .header("accept", Some(JSON))
        .header("submission-format", submission.format.as_deref())
        .header("receiving-point", self.settings().point.as_ref());
        self.send(&call).await?.json()
    }

    /// A page of the dossiers the caller is a party of.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn dossiers(&self, filter: &DossierFilter) -> Result<DossierPage, ClientError> {
        let call = Call::get("/v1/dossiers")
            .query("status", filter.status.map(Status::code))
            .query("agency", filter.agency.as_ref())
            .query("reference", filter.reference.as_ref())
            .query("parked", filter.parked.then_some("true"))
            .query("after", filter.after.as_ref())
            .query("limit", filter.limit);
        self.send(&call).await?.json()
    }

    /// A dossier with its content.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn dossier(&self, id: DossierId) -> Result<DossierView, ClientError> {
        self.send(&Call::get(&of(id, ""))).await?.json()
    }

    /// Everything that happened to a dossier.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn history(&self, id: DossierId) -> Result<HistoryView, ClientError> {
        self.send(&Call::get(&of(id, "/history"))).await?.json()
    }

    /// Why a dossier goes where it goes, and how far the messages to its agency have come.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn route(&self, id: DossierId) -> Result<RouteView, ClientError> {
        self.send(&Call::get(&of(id, "/route"))).await?.json()
    }

    /// The signed receipt, a compact JWS.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn receipt(&self, id: DossierId) -> Result<String, ClientError> {
        let path = of(id, "/receipt");
        let call = Call::get(&path).header("accept", Some("application/jose"));
        let answer = self.send(&call).await?;
        String::from_utf8(answer.body)
            .map_err(|_| ClientError::contract(answer.status, "the receipt is not text"))
    }

    /// Accepts an online dossier, as its receiving unit or its agency.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn accept(
        &self,
        id: DossierId,
        request: &AcceptanceRequest,
        key: &IdempotencyKey,
    ) -> Result<DossierSummary, ClientError> {
        self.act(&of(id, "/acceptance"), request, key).await
    }

    /// Refuses an online dossier before acceptance, as its receiving unit or its agency.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn refuse(
        &self,
        id: DossierId,
        request: &ReasonRequest,
        key: &IdempotencyKey,
    ) -> Result<DossierSummary, ClientError> {
        self.act(&of(id, "/refusal"), request, key).await
    }

    /// Asks for papers, as the receiving unit or the agency.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn ask(
        &self,
        id: DossierId,
        request: &PapersRequest,
        key: &IdempotencyKey,
    ) -> Result<DossierSummary, ClientError> {
        self.act(&of(id, "/supplement-request"), request, key).await
    }

    /// Takes a dossier back from the agency, as the receiving unit that forwarded it.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn recall(
        &self,
        id: DossierId,
        request: &ReasonRequest,
        key: &IdempotencyKey,
    ) -> Result<DossierSummary, ClientError> {
        self.act(&of(id, "/recall"), request, key).await
    }

    /// Moves the due date, as the agency.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn postpone(
        &self,
        id: DossierId,
        request: &PostponementRequest,
        key: &IdempotencyKey,
    ) -> Result<DossierSummary, ClientError> {
        self.act(&of(id, "/postponement"), request, key).await
    }

    /// Puts a result right, as the agency.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn correct(
        &self,
        id: DossierId,
        request: &CorrectionRequest,
        key: &IdempotencyKey,
    ) -> Result<DossierSummary, ClientError> {
        self.act(&of(id, "/corrections"), request, key).await
    }

    /// Withdraws a dossier on the applicant's request, as its submitter.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn withdraw(
        &self,
        id: DossierId,
        request: &ReasonRequest,
        key: &IdempotencyKey,
    ) -> Result<DossierSummary, ClientError> {
        self.act(&of(id, "/withdrawal"), request, key).await
    }

    /// Completes what the agency asked for.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn supplement(
        &self,
        id: DossierId,
        request: &SupplementRequest,
        key: &IdempotencyKey,
    ) -> Result<DossierSummary, ClientError> {
        self.act(&of(id, "/supplements"), request, key).await
    }

    /// Tells that the applicant has the result.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn hand_over(
        &self,
        id: DossierId,
        request: &HandOverRequest,
        key: &IdempotencyKey,
    ) -> Result<DossierSummary, ClientError> {
        self.act(&of(id, "/hand-over"), request, key).await
    }

    /// Reports the caller's own task in a dossier of several agencies.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn report_task(
        &self,
        id: DossierId,
        request: &TaskReportRequest,
        key: &IdempotencyKey,
    ) -> Result<DossierSummary, ClientError> {
        self.act(&of(id, "/task-reports"), request, key).await
    }

    async fn act(
        &self,
        path: &str,
        request: &impl serde::Serialize,
        key: &IdempotencyKey,
    ) -> Result<DossierSummary, ClientError> {
        let call = Call::post(path, JSON, json(request)?, Repeat::Keyed(key))
            .header("receiving-point", self.settings().point.as_ref());
        self.send(&call).await?.json()
    }

    /// One page of the caller's event feed after the cursor; waits up to `wait` (at most [`MAX_WAIT`]) for the first event.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn events(&self, after: Cursor, wait: Duration, limit: u32) -> Result<FeedPage, ClientError> {
        let wait = wait.min(MAX_WAIT);
        let call = Call::get("/v1/events")
            .query("after", Some(after))
            .query("wait", Some(wait.as_secs()))
            .query("limit", Some(limit))
            .waiting(wait);
        self.send(&call).await?.json()
    }

    /// The event feed as a sequence that goes on, from a cursor ([`Cursor::START`] is the beginning).
    pub fn follow(&self, after: Cursor) -> Follow<'_> {
        Follow::new(self, after)
    }

    /// Leases up to `max` messages from the caller's inbox; waits up to `wait` (at most [`MAX_WAIT`]) for the first.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn inbox(&self, wait: Duration, max: u32) -> Result<InboxPage, ClientError> {
        let wait = wait.min(MAX_WAIT);
        let call = Call::get("/v1/inbox")
            .query("wait", Some(wait.as_secs()))
            .query("max", Some(max))
            .waiting(wait);
        self.send(&call).await?.json()
    }

    /// Settles leased messages, at most 100. Repeated on a broken line: a settled message stays settled.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn settle(&self, request: &SettleRequest) -> Result<SettleAnswer, ClientError> {
        let call = Call::post("/v1/inbox/settle", JSON, json(request)?, Repeat::Harmless);
        self.send(&call).await?.json()
    }

    /// Reports statuses in canonical form, at most 100.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn report(
        &self,
        request: &StatusRequest,
        key: Option<&IdempotencyKey>,
    ) -> Result<StatusAnswer, ClientError> {
        let call = Call::post("/v1/statuses", JSON, json(request)?, repeat(key));
        self.send(&call).await?.json()
    }

    /// Reports statuses in the agency's own format.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn report_in(
        &self,
        format: &str,
        media_type: &str,
        body: Vec<u8>,
        key: Option<&IdempotencyKey>,
    ) -> Result<StatusAnswer, ClientError> {
        let call = Call::post("/v1/statuses", media_type, body, repeat(key))
            .header("submission-format", Some(format));
        self.send(&call).await?.json()
    }
}

/// For operators, and for agencies that are pushed to. All of these fail as [`ClientError`] says.
impl Partner {
    /// A page of deliveries, oldest first; the parked ones, when nothing is said.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn deliveries(&self, filter: &DeliveriesFilter) -> Result<DeliveryPage, ClientError> {
        let call = Call::get("/v1/deliveries")
            .query("state", filter.state.map(DeliveryState::word))
            .query("agency", filter.agency.as_ref())
            .query("failure", filter.failure)
            .query("after", filter.after)
            .query("limit", filter.limit);
        self.send(&call).await?.json()
    }

    /// Has a delivery tried again.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn retry_delivery(
        &self,
        id: DeliveryId,
        request: &RetryRequest,
    ) -> Result<DeliveryItem, ClientError> {
        let path = format!("/v1/deliveries/{id}/retry");
        let call = Call::post(&path, JSON, json(request)?, Repeat::Unkeyed);
        self.send(&call).await?.json()
    }

    /// Parks a delivery. Parked twice is parked once.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn park_delivery(
        &self,
        id: DeliveryId,
        request: &ParkRequest,
    ) -> Result<DeliveryItem, ClientError> {
        let path = format!("/v1/deliveries/{id}/park");
        let call = Call::post(&path, JSON, json(request)?, Repeat::Harmless);
        self.send(&call).await?.json()
    }

    /// Has sent again what the broker has lost. Said twice, the second finds nothing more to send.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn resend_deliveries(&self, request: &ResendRequest) -> Result<ResendAnswer, ClientError> {
        let call = Call::post("/v1/deliveries/resend", JSON, json(request)?, Repeat::Unkeyed);
        self.send(&call).await?.json()
    }

    /// Every agency's endpoint.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn endpoints(&self) -> Result<EndpointList, ClientError> {
        self.send(&Call::get("/v1/endpoints")).await?.json()
    }

    /// The caller's endpoint.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn endpoint(&self) -> Result<EndpointView, ClientError> {
        self.send(&Call::get("/v1/endpoint")).await?.json()
    }

    /// Sets the caller's endpoint. Not repeated when a secret may have been drawn: it is shown once.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn set_endpoint(&self, request: &EndpointRequest) -> Result<EndpointAnswer, ClientError> {
        let call = Call::put("/v1/endpoint", JSON, json(request)?);
        self.send(&call).await?.json()
    }

    /// Removes the caller's endpoint.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn remove_endpoint(&self) -> Result<EndpointView, ClientError> {
        self.send(&Call::delete("/v1/endpoint")).await?.json()
    }
}

fn repeat(key: Option<&IdempotencyKey>) -> Repeat<'_> {
    key.map_or(Repeat::Unkeyed, Repeat::Keyed)
}

fn of(id: DossierId, rest: &str) -> String {
    format!("/v1/dossiers/{id}{rest}")
}

pub(super) fn json(value: &impl serde::Serialize) -> Result<Vec<u8>, ClientError> {
    serde_json::to_vec(value).map_err(|e| ClientError::not_the_shape(0, &e))
}
