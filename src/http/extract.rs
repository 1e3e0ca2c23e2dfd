//! The authenticated caller as a value: no permission, no [`Authed`]; no `Authed`, no body.
//!
//! The order is fixed here and nowhere else: certificate and token, the permission of the route, the form of the answer, the
//! tenant's share of the hub, room in the ledger; only then may the body be read, within its limit and its time.

pub(super) mod body;
mod json;
mod lines;
pub(super) mod page;
mod query;
mod shape;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName};
use actix_web::web::Payload;
use futures_util::Stream;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::domain::ids::{DeliveryId, DossierId, RequestId};
use crate::domain::rejection::{Label, Language, Rejection, problems};
use crate::domain::seal::sha256;
use crate::domain::sha256::Sha256;
use crate::domain::submission::IdempotencyKey;
use crate::domain::tenant::TenantKey;
use crate::identity::{Access, Permission};
use crate::service::batch::BatchItem;
use crate::service::{Call as Keyed, Hub, ServiceError, Wait};

pub use page::{Page, PageCall, PageOutcome, PageReply, Pages};
pub use query::Parameters;
pub(super) use query::pairs;

use lines::Ending;

use super::answers::Untaken;
use super::call::{Call, text};
use super::concurrency::Slot;
use super::line::Other;
use super::reply::{Form, NDJSON};
use super::routes::row::{Gives, HttpRoute, ParameterLocation};
use super::state::{State, peer};
use super::{limits, negotiate};

/// An authenticated and permitted request whose body has not been read.
pub struct Authed {
    access: Access,
    route: &'static HttpRoute,
    form: Form,
    request: HttpRequest,
    payload: Payload,
    call: Rc<Call>,
    state: Rc<State>,
    slot: Slot<TenantKey>,
}

/// A batch whose body is being read: who sent it, and its places, held until its last answer.
pub(super) struct BatchRest {
    access: Access,
    call: Rc<Call>,
    state: Rc<State>,
    ending: Ending,
    _slots: [Slot<TenantKey>; 2],
}

impl BatchRest {
    /// Who calls.
    pub(super) fn access(&self) -> &Access {
        &self.access
    }

    /// The verbs.
    pub(super) fn hub(&self) -> &Arc<Hub> {
        &self.state.hub
    }

    /// Why the body was not read to its end.
    pub(super) fn ending(&self) -> &Ending {
        &self.ending
    }

    /// The request, as in the log.
    pub(super) fn request_id(&self) -> RequestId {
        self.call.id
    }

    /// The language of sentences.
    pub(super) fn language(&self) -> Language {
        self.call.language
    }

    /// Where its answers wait to be taken.
    pub(super) fn untaken(&self) -> &Untaken {
        &self.state.untaken
    }

    /// Counts an item that was not taken.
    pub(super) fn refused(&self, label: Label) {
        self.state.metrics.refused(label);
    }
}

impl Authed {
    /// Judges a request up to its body. The body of one that is refused is let by, where it is short, so that its connection serves on.
    pub(super) async fn enter(
        (route, permission): (&'static HttpRoute, Permission),
        state: &Rc<State>,
        call: &Rc<Call>,
        request: HttpRequest,
        mut payload: Payload,
    ) -> Result<Self, ServiceError> {
        match Authed::judge((route, permission), state, call, &request) {
            Ok((access, form, slot)) => Ok(Authed {
                access,
                route,
                form,
                request,
                payload,
                call: Rc::clone(call),
                state: Rc::clone(state),
                slot,
            }),
            Err(refused) => {
                body::let_by(&request, &mut payload).await;
                Err(refused)
            }
        }
    }

    fn judge(
        (route, permission): (&'static HttpRoute, Permission),
        state: &State,
        call: &Call,
        request: &HttpRequest,
    ) -> Result<(Access, Form, Slot<TenantKey>), ServiceError> {
        let access = state.hub.credentials.authenticate(
            peer(request),
            text(request, &header::AUTHORIZATION),
            named(request, "acting-staff"),
            named(request, "receiving-point"),
        )?;
        let _ = call.tenant.set(access.key().clone());
        access.permit(permission)?;
        let form = form(route, request)?;
        held(route, request)?;
        let slot = state.in_flight.request(access.key())?;
        if route.writes() && state.hub.vitals.room() == 0 {
            return Err(ServiceError::Busy);
        }
        Ok((access, form, slot))
    }

    /// Who calls.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// The verbs.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.state.hub
    }

    /// The form of the answer.
    pub(super) fn form(&self) -> Form {
        self.form
    }

    /// The trace context to hand on.
    pub(super) fn traceparent(&self) -> String {
        self.call.traceparent.clone()
    }

    /// The dossier of the path. What is no tracking id names no dossier.
    ///
    /// # Errors
    /// `not-found`.
    pub fn dossier(&self) -> Result<DossierId, Rejection> {
        self.segment("id").parse().map_err(|_| problems::NotFound.into())
    }

    /// A varying part of the path.
    pub(super) fn segment(&self, name: &str) -> &str {
        self.request.match_info().get(name).unwrap_or_default()
    }

    /// The tenant of the path. What is no tenant's name names nobody.
    ///
    /// # Errors
    /// `not-found`.
    pub fn tenant(&self) -> Result<TenantKey, Rejection> {
        let key = self.request.match_info().get("key").unwrap_or_default();
        key.parse().map_err(|_| problems::NotFound.into())
    }

    /// The delivery of the path. What is no id names none.
    ///
    /// # Errors
    /// `not-found`.
    pub fn delivery(&self) -> Result<DeliveryId, Rejection> {
        let id = self.request.match_info().get("id").unwrap_or_default();
        id.parse().map_err(|_| problems::NotFound.into())
    }

    /// The digest of the path: in capitals, or with `sha256:` before it, it is the same.
    ///
    /// # Errors
    /// `digest-malformed`.
    pub fn digest(&self) -> Result<Sha256, Rejection> {
        let digest = self.request.match_info().get("sha256").unwrap_or_default();
        digest.parse().map_err(|_| {
            let length = &digest.chars().count();
            problems::DigestMalformed { length }.into()
        })
    }

    /// The number of an attachment in the path. What is no number names none.
    ///
    /// # Errors
    /// `not-found`.
    pub fn attachment(&self) -> Result<i32, Rejection> {
        let n = self.request.match_info().get("n").unwrap_or_default();
        n.parse().map_err(|_| problems::NotFound.into())
    }

    /// A header's text.
    pub(super) fn header(&self, name: &HeaderName) -> Option<&str> {
        text(&self.request, name)
    }

    /// The length of the body, where it is said beforehand.
    pub(super) fn declared(&self) -> Option<u64> {
        text(&self.request, &header::CONTENT_LENGTH)?.parse().ok()
    }

    /// Hands the body on as it comes, however long it is.
    ///
    /// # Errors
    /// `content-coding-unsupported`, `request-timeout`, `body-broken`, and what `take` refuses.
    pub(super) async fn pour(
        &mut self,
        take: impl AsyncFnMut(&[u8]) -> Result<(), ServiceError>,
    ) -> Result<(), ServiceError> {
        body::uncompressed(&self.request)?;
        body::pour(&self.request, &mut self.payload, take).await
    }

    /// The query, held to the parameters of the route's row.
    ///
    /// # Errors
    /// `query-malformed`.
    pub fn query(&self) -> Result<Parameters, Rejection> {
        parameters(self.route, &self.request)
    }

    /// `wait` of the query, and no longer than the other side stays.
    ///
    /// # Errors
    /// `query-malformed`.
    pub fn wait(&self, query: &Parameters) -> Result<Wait, Rejection> {
        let seconds = query.number("wait", 0, limits::WAIT_SECONDS)?.unwrap_or(0);
        let left = Other::of(&self.request).map(|other| other.left());
        Ok(Wait::with(Duration::from_secs(seconds.into()), left))
    }

    /// `Idempotency-Key`, when it was sent.
    ///
    /// # Errors
    /// `header-malformed`.
    pub fn key_if_any(&self) -> Result<Option<IdempotencyKey>, Rejection> {
        let name = HeaderName::from_static("idempotency-key");
        let malformed = || header_malformed("Idempotency-Key", "1–128 ASCII (0x21–0x7E)");
        let mut values = self.request.headers().get_all(&name);
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(malformed());
        }
        let key = value.to_str().ok().and_then(IdempotencyKey::parse);
        key.map(Some).ok_or_else(malformed)
    }

    /// `Idempotency-Key`, which this route needs.
    ///
    /// # Errors
    /// `idempotency-key-missing`, `header-malformed`.
    pub fn key(&self) -> Result<IdempotencyKey, Rejection> {
        self.key_if_any()?
            .ok_or_else(|| problems::IdempotencyKeyMissing.into())
    }

    /// `Submission-Format`, when it was sent.
    ///
    /// # Errors
    /// `header-malformed`.
    pub fn format(&self) -> Result<Option<String>, Rejection> {
        let name = HeaderName::from_static("submission-format");
        let Some(value) = self.request.headers().get(&name) else {
            return Ok(None);
        };
        let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'/';
        let value = value
            .to_str()
            .ok()
            .filter(|v| (1..=80).contains(&v.len()) && v.bytes().all(word));
        let malformed = || header_malformed("Submission-Format", "name/vN");
        value.map(|v| Some(v.to_owned())).ok_or_else(malformed)
    }

    /// The media type of the body, lower-case and without parameters but a `charset` other than UTF-8.
    ///
    /// # Errors
    /// `media-type-unsupported`; `content-coding-unsupported` when the body is compressed.
    pub fn media_type(&self) -> Result<String, Rejection> {
        body::content_type(&self.request, "application/json, application/xml")
    }

    /// The body as a document: the exact bytes.
    ///
    /// # Errors
    /// `body-too-large`, `request-timeout`, `document-empty`.
    pub async fn document(mut self) -> Result<(Vec<u8>, Self), Rejection> {
        let bytes = body::read(&self.request, &mut self.payload, limits::DOCUMENT_BYTES).await?;
        if bytes.is_empty() {
            return Err(problems::DocumentEmpty.into());
        }
        Ok((bytes, self))
    }

    /// The body as documents, one a line, read while they are taken.
    ///
    /// # Errors
    /// `rate-limited` when the tenant has enough batches on their way; `body-too-large` by its declared length.
    pub(super) fn lines(self) -> Result<(BatchRest, impl Stream<Item = BatchItem>), Rejection> {
        let place = self.state.batches.request(self.access.key())?;
        body::declared_within(&self.request, limits::BATCH_BYTES)?;
        let other = Other::of(&self.request);
        if let Some(other) = &other {
            other.be_patient(limits::BATCH_TIME);
        }
        let (rest, payload) = self.begin_batch(place);
        let items = lines::read(payload, other, rest.ending.clone());
        Ok((rest, items))
    }

    /// The body as one document that lists dossiers.
    ///
    /// # Errors
    /// Those of [`Authed::document`]; `rate-limited`.
    pub(super) async fn listed(self) -> Result<(Vec<u8>, BatchRest), Rejection> {
        let place = self.state.batches.request(self.access.key())?;
        let (bytes, authed) = self.document().await?;
        Ok((bytes, authed.begin_batch(place).0))
    }

    fn begin_batch(self, place: Slot<TenantKey>) -> (BatchRest, Payload) {
        let rest = BatchRest {
            access: self.access,
            call: self.call,
            state: self.state,
            ending: Ending::default(),
            _slots: [self.slot, place],
        };
        (rest, self.payload)
    }

    /// The body as a JSON value of the contract, and its SHA-256.
    ///
    /// # Errors
    /// Those of a document; `media-type-unsupported`; `syntax-invalid` and its like.
    pub async fn json<T: DeserializeOwned + JsonSchema + 'static>(
        self,
    ) -> Result<(T, Sha256, Self), Rejection> {
        self.json_within(limits::JSON_BYTES).await
    }

    /// The same with a limit of its own, for what only operators send.
    ///
    /// # Errors
    /// Those of [`Authed::json`].
    pub async fn json_within<T: DeserializeOwned + JsonSchema + 'static>(
        mut self,
        limit: usize,
    ) -> Result<(T, Sha256, Self), Rejection> {
        let expected = "application/json";
        if body::media_type(&self.request, expected)? != expected {
            return Err(body::unsupported(expected));
        }
        let bytes = body::read(&self.request, &mut self.payload, limit).await?;
        let value = json::parse(&bytes)?;
        Ok((value, sha256(&bytes), self))
    }

    /// An act on one dossier: which, with what key, and what is asked for.
    ///
    /// # Errors
    /// Those of [`Authed::dossier`], [`Authed::key`] and [`Authed::json`].
    pub(super) async fn act<T: DeserializeOwned + JsonSchema + 'static>(
        self,
    ) -> Result<(DossierId, Keyed, T, Self), Rejection> {
        let (id, key, traceparent) = (self.dossier()?, self.key()?, Some(self.traceparent()));
        let (request, request_digest, this) = self.json().await?;
        Ok((
            id,
            Keyed {
                key,
                request_digest,
                traceparent,
            },
            request,
            this,
        ))
    }
}

fn parameters(route: &HttpRoute, request: &HttpRequest) -> Result<Parameters, Rejection> {
    let of_query = route
        .parameters
        .iter()
        .filter(|p| p.location == ParameterLocation::Query);
    let known: Vec<&str> = of_query.map(|p| p.name).collect();
    Parameters::read(request.query_string(), &known)
}

/// Holds a request to the parameters of its route's row, whoever reads them: what nobody reads was meant by somebody.
pub(super) fn held(route: &HttpRoute, request: &HttpRequest) -> Result<(), Rejection> {
    if request.query_string().is_empty() {
        return Ok(());
    }
    parameters(route, request).map(drop)
}

/// The form of the answer, decided before anything is done, so that nothing is done whose answer nobody could read.
fn form(route: &HttpRoute, request: &HttpRequest) -> Result<Form, Rejection> {
    let offers: &[&'static str] = match route.gives {
        Gives::Chosen(..) => &["application/json", "application/xml", "text/xml"],
        Gives::Json(_) | Gives::Made(_) | Gives::Object => &["application/json"],
        Gives::Lines(_) => &[NDJSON],
        Gives::Bytes(_) | Gives::File | Gives::Nothing => return Ok(Form::Json),
    };
    match negotiate::media(text(request, &header::ACCEPT), offers) {
        Some(media) if media.ends_with("xml") => Ok(Form::Xml),
        Some(_) => Ok(Form::Json),
        None => Err(problems::NotAcceptable {
            expected: &offers.join(", "),
        }
        .into()),
    }
}

/// A header that names somebody or some place. What is not exactly one value of visible ASCII names nobody, which is not the
/// same as leaving the header out.
fn named<'a>(request: &'a HttpRequest, name: &'static str) -> Option<&'a str> {
    let mut values = request.headers().get_all(HeaderName::from_static(name));
    let first = values.next()?;
    Some(
        first
            .to_str()
            .ok()
            .filter(|_| values.next().is_none())
            .unwrap_or(""),
    )
}

fn header_malformed(header: &str, expected: &str) -> Rejection {
    problems::HeaderMalformed {
        header: &header,
        expected: &expected,
    }
    .into()
}
