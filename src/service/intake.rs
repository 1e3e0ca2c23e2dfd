//! Filing: bytes in, a committed dossier and a signed receipt out.
//!
//! Everything that costs is done before the ledger is asked: reading, routing, sealing, signing, even the answer. The ledger
//! only checks that what was found still holds; when it does not (two calls raced), the whole is prepared once more.

use super::dossiers::reason;
use super::{Hub, ServiceError};
use crate::adapt::Adapted;
use crate::domain::attachment::{self, NamedFile};
use crate::domain::clocks::{Clockwork, Deadline, PaperWay};
use crate::domain::codes::{DossierCode, Sha256Hex};
use crate::domain::dossier::{Channel, Filing};
use crate::domain::ids::{DossierId, SubmissionId};
use crate::domain::rejection::{Label, Language, Problem, Rejection};
use crate::domain::routing::{AgencyKind, Divided, Route, RouteReason};
use crate::domain::seal::sha256;
use crate::domain::status::Status;
use crate::domain::submission::{IdempotencyKey, ReceiptClaims};
use crate::domain::tenant::{SuccessorPolicy, TenantKey, TenantKind};
use crate::domain::time::Timestamp;
use crate::domain::view::{Clocks, Links, MissingFile, ProblemView, SubmissionAnswer};
use crate::identity::{Access, Permission};
use crate::store::ledger::{Expect, KeyUse, Likeness, Naming, Remember, Submit, SubmitOutcome};
use crate::store::moment::At;
use crate::store::read;
use crate::store::rows::{DossierRow, PartyRow, SubmissionRow};

/// What came in.
pub struct Incoming {
    /// The exact bytes.
    pub bytes: Vec<u8>,
    /// Media type without parameters, lower case.
    pub media_type: String,
    /// `Submission-Format`, where it was sent.
    pub format: Option<String>,
    /// `Idempotency-Key`.
    pub key: IdempotencyKey,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// Whether somebody is there to be asked.
    pub mode: Mode,
}

/// Whether somebody is there to be asked when a filing leaves a question open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A clerk waits for the answer: which part of a divided commune is meant, is asked by refusing.
    Interactive,
    /// Nobody waits: such a filing is taken, and parked for confirmation.
    Batch,
}

impl Incoming {
    /// What makes two calls the same call.
    pub(super) fn digest(&self) -> [u8; 32] {
        request_digest(&self.media_type, self.format.as_deref(), &self.bytes)
    }
}

/// What goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// HTTP status.
    pub status: u16,
    /// JSON: a [`SubmissionAnswer`].
    pub body: Vec<u8>,
    /// Whether this is the stored answer of an earlier call.
    pub replayed: bool,
}

/// The name of this route among idempotency keys.
const ROUTE: &str = "submissions";

/// How often a race is prepared anew before the caller is asked to come again.
const ATTEMPTS: usize = 4;

/// How far ahead of the hub a sender's clock may be.
const CLOCK_SKEW: std::time::Duration = std::time::Duration::from_secs(300);

/// A filing that has been read and routed.
#[derive(Clone)]
pub(super) struct Prepared {
    pub(super) filing: Filing,
    pub(super) warnings: Vec<Problem>,
    route: Route,
    format: String,
    received_at: Timestamp,
    submission: SubmissionId,
    digest: [u8; 32],
    /// The files it names by digest.
    files: Vec<NamedFile>,
    likeness: Vec<u8>,
}

/// What is known when a filing is looked up.
struct Found {
    target: Target,
    /// The dossier that was there first of what this one is about.
    twin: Option<Twin>,
}

/// Another dossier of the same likeness.
struct Twin {
    id: String,
    /// Whether the caller may see it.
    seen: bool,
}

/// The dossier a filing turns out to be about.
enum Target {
    New(DossierId),
    Amend(DossierId, Box<DossierRow>),
    Same(Box<DossierRow>),
    Closed,
}

impl Hub {
    /// Files a dossier. What it answers with 202 is committed.
    ///
    /// # Errors
    /// Every problem of the document at once; `reference-content-differs`, `dossier-code-taken`; the idempotency labels.
    pub async fn submit(&self, access: &Access, incoming: Incoming) -> Result<Answered, ServiceError> {
        access.permit(Permission::SubmissionCreate)?;
        access.require_staff()?;
        let _in_flight = self.claim_key(access.key().as_str(), incoming.key.as_str())?;
        let key = KeyUse {
            tenant: access.key().to_string(),
            route: ROUTE,
            key: incoming.key.as_str().to_owned(),
            request: incoming.digest(),
        };
        match self.prepare(access, &incoming) {
            Ok(prepared) => self.file(access, &incoming, &key, &prepared).await,
            Err(refused) => self.refuse_unread(access, &incoming, key, refused).await,
        }
    }

    /// What could not be read or routed is refused, unless it was taken once: then it is answered as it was then, though the
    /// directory or a format may have changed since. A database that is away cannot say so, and makes no refusal into a failure.
    pub(super) async fn refuse_unread(
        &self,
        access: &Access,
        incoming: &Incoming,
        key: KeyUse,
        refused: ServiceError,
    ) -> Result<Answered, ServiceError> {
        match self.stored(key).await {
            Ok(Some(answered)) => answered,
            Ok(None) | Err(_) => Err(self.keep_refused(access, incoming, refused).await),
        }
    }

    /// Files what was read and routed.
    pub(super) async fn file(
        &self,
        access: &Access,
        incoming: &Incoming,
        key: &KeyUse,
        prepared: &Prepared,
    ) -> Result<Answered, ServiceError> {
        for _ in 0..ATTEMPTS {
            match self.attempt(access, incoming, key, prepared).await? {
                (SubmitOutcome::Committed, status, body) => {
                    self.tell(access.key(), prepared.route.agency.as_ref().map(|a| a.as_str()));
                    return finished(status, body, false);
                }
                (SubmitOutcome::Replayed { status, body }, ..) => {
                    return finished(u16::try_from(status).unwrap_or(500), body, true);
                }
                (SubmitOutcome::KeyReused, ..) => return Err(Label::IdempotencyKeyReused.into()),
                (SubmitOutcome::CodeTaken, ..) => {
                    let refused = Label::DossierCodeTaken.into();
                    return Err(self.keep_refused(access, incoming, refused).await);
                }
                (SubmitOutcome::Raced, ..) => {}
            }
        }
        Err(ServiceError::Busy)
    }

    /// The answer an earlier call with this key got.
    async fn stored(&self, key: KeyUse) -> Result<Option<Result<Answered, ServiceError>>, ServiceError> {
        let cipher = std::sync::Arc::clone(&self.store.cipher);
        let found = self
            .store
            .readers
            .run(move |conn| read::answered(conn, &cipher, &key))
            .await?;
        Ok(found.map(|outcome| match outcome {
            SubmitOutcome::Replayed { status, body } => {
                finished(u16::try_from(status).unwrap_or(500), body, true)
            }
            _ => Err(Label::IdempotencyKeyReused.into()),
        }))
    }

    /// Wakes whoever waits for this tenant's feed.
    pub(super) fn tell(&self, tenant: &TenantKey, agency: Option<&str>) {
        self.pulse.ring(tenant.as_str());
        if let Some(parent) = self.register().tenant(tenant).and_then(|t| t.parent.clone()) {
            self.pulse.ring(parent.as_str());
        }
        self.pulse.ring(super::subscriptions::NOTICES);
        if agency.is_some() {
            self.pulse.ring(super::messages::OUTBOX);
        }
    }

    /// Reads and routes: pure work on the caller's thread.
    pub(super) fn prepare(&self, access: &Access, incoming: &Incoming) -> Result<Prepared, ServiceError> {
        let tenant = access.tenant();
        let adapter =
            self.adapters
                .choose(&incoming.media_type, incoming.format.as_deref(), &tenant.formats)?;
        let Adapted {
            filing,
            mut warnings,
            provenance,
        } = adapter.read(&incoming.bytes, &incoming.media_type)?;
        let received_at = self.clock.now();
        if filing.filed_at > received_at.plus(CLOCK_SKEW) {
            let path = provenance.locate("/filed_at");
            return Err(Problem::new(Label::DateInFuture)
                .at(path.clone())
                .with("field", path)
                .into());
        }
        let placed = |problem: &Problem| {
            let mut problem = problem.clone();
            if let Some(pointer) = &problem.path {
                let path = provenance.locate(pointer);
                problem.path = Some(path);
            }
            problem
        };
        let files = attachment::named(&filing, |pointer| provenance.locate(pointer))?;
        let directory = self.directory.load();
        let route = directory
            .route_by(
                filing.procedure.code.as_str(),
                filing.place.as_ref(),
                filing.filed_at.date(),
                divided(access, incoming.mode),
            )
            .map_err(|rejection| {
                let problems = rejection.problems().iter().map(placed).collect();
                Rejection::of(problems).unwrap_or(rejection)
            })?;
        warnings.extend(route.warnings.iter().map(placed));
        let likeness = filing.likeness(&route.procedure.code);
        Ok(Prepared {
            likeness: self.store.cipher.blind("likeness", &likeness).to_vec(),
            filing,
            warnings,
            route,
            format: adapter.name().to_owned(),
            received_at,
            submission: self.with_rng(|rng| SubmissionId::new(received_at, rng)),
            digest: sha256(&incoming.bytes),
            files,
        })
    }

    async fn attempt(
        &self,
        access: &Access,
        incoming: &Incoming,
        key: &KeyUse,
        prepared: &Prepared,
    ) -> Result<(SubmitOutcome, u16, Vec<u8>), ServiceError> {
        let Found { target, twin } = self.find(access, prepared).await?;
        if let Target::Amend(id, row) = &target
            && let Some(decided) = decided(row, &prepared.route)?
        {
            let prepared = Prepared {
                route: decided,
                ..prepared.clone()
            };
            return self
                .write(access, incoming, key, &prepared, (*id, Some(row)), twin)
                .await;
        }
        match target {
            Target::Same(row) => {
                let answer = self.existing_answer(access, &row).await?;
                let body = encode(&answer)?;
                let remember = Remember {
                    key: key.clone(),
                    answer: (202, body.clone()),
                };
                Ok((self.store.ledger.remember(remember).await?, 202, body))
            }
            Target::Closed => self.refuse_change(access, incoming, key).await,
            Target::New(id) => {
                self.write(access, incoming, key, prepared, (id, None), twin)
                    .await
            }
            Target::Amend(id, row) => {
                self.write(access, incoming, key, prepared, (id, Some(&row)), twin)
                    .await
            }
        }
    }

    /// Which dossier the sender's reference names and what may be done with it, and which other may be the same matter.
    async fn find(&self, access: &Access, prepared: &Prepared) -> Result<Found, ServiceError> {
        let scope = access.permit(Permission::SubmissionCreate)?;
        let (tenant, reference) = (access.key().to_string(), prepared.filing.reference.to_string());
        let likeness = prepared.likeness.clone();
        let (known, twin) = self
            .store
            .readers
            .run(move |conn| {
                let known = read::by_reference(conn, &scope, &tenant, &reference)?;
                let own = known.as_ref().map(|row| row.id.as_str());
                let first = read::first_alike(conn, &likeness)?.filter(|first| own != Some(first));
                let twin = match first {
                    Some(id) => Some(Twin {
                        seen: read::dossier(conn, &scope, &id)?.is_some(),
                        id,
                    }),
                    None => None,
                };
                Ok((known, twin))
            })
            .await?;
        let target = match known {
            None => Target::New(self.with_rng(|rng| DossierId::new(prepared.received_at, rng))),
            Some(row) if row.content_blind == self.content_blind(&prepared.filing) => {
                Target::Same(Box::new(row))
            }
            Some(row) if row.accepted || Status::from_code(row.status as u8).is_none_or(Status::is_final) => {
                Target::Closed
            }
            Some(row) => Target::Amend(parse_id(&row.id)?, Box::new(row)),
        };
        Ok(Found { target, twin })
    }

    fn content_blind(&self, filing: &Filing) -> Vec<u8> {
        self.store
            .cipher
            .blind("content", &filing.content_bytes())
            .to_vec()
    }

    /// Other content under a reference that is already accepted. A call that was answered before keeps its answer.
    async fn refuse_change(
        &self,
        access: &Access,
        incoming: &Incoming,
        key: &KeyUse,
    ) -> Result<(SubmitOutcome, u16, Vec<u8>), ServiceError> {
        if let Some(answered) = self.stored(key.clone()).await? {
            let Answered { status, body, .. } = answered?;
            let status = i16::try_from(status).map_err(internal)?;
            return Ok((SubmitOutcome::Replayed { status, body }, 0, Vec::new()));
        }
        let refused = Label::ReferenceContentDiffers.into();
        Err(self.keep_refused(access, incoming, refused).await)
    }

    async fn write(
        &self,
        access: &Access,
        incoming: &Incoming,
        key: &KeyUse,
        prepared: &Prepared,
        (id, before): (DossierId, Option<&DossierRow>),
        twin: Option<Twin>,
    ) -> Result<(SubmitOutcome, u16, Vec<u8>), ServiceError> {
        let version = before.map_or(1, |row| row.version + 1);
        let entry = entry_status(prepared.filing.channel);
        let clockwork = self.directory.load().clockwork(prepared.route.agency.as_ref());
        let clocks = clocks(&clockwork, prepared, entry);
        let receipt = self.sign_receipt(access, incoming, prepared, id)?;
        let status = before.map_or(Ok(entry), |row| status_of(row.status))?;
        let files = self.as_found(access, prepared).await?;
        let missing = files
            .iter()
            .filter(|f| !f.present)
            .map(|f| (&f.file).into())
            .collect();
        let mut answer = self.answer(
            prepared,
            id,
            version,
            status,
            &clocks,
            receipt.clone(),
            before,
            missing,
        );
        answer.warnings.extend(
            twin.as_ref()
                .map(|twin| ProblemView::of(&twin.warning(), Language::Vietnamese)),
        );
        let body = encode(&answer)?;
        let content = encode(&prepared.filing)?;
        let content_name = read::content_row(&id.to_string(), version);
        let submit = Submit {
            key: key.clone(),
            expect: before.map_or(Expect::New, |row| Expect::Amend {
                version: row.version,
                agency: row.agency.clone(),
            }),
            dossier: self.dossier_row(access, prepared, id, &clocks)?,
            entry,
            submission: self.submission_row(access, incoming, prepared, id, version, receipt)?,
            content: self.with_rng(|rng| self.store.cipher.seal(&content_name, &content, rng))?,
            files,
            parties: if before.is_none() {
                parties(access, prepared, id)
            } else {
                Vec::new()
            },
            likeness: Likeness {
                blind: prepared.likeness.clone(),
                twin: twin.map(|twin| twin.id),
            },
            actor: access.actor(),
            filed_at: prepared.filing.filed_at,
            watches: self.watches(access, prepared, &clockwork, &clocks),
            answer: (202, body.clone()),
            traceparent: incoming.traceparent.clone(),
        };
        Ok((self.store.ledger.submit(submit).await?, 202, body))
    }

    /// Which of the files it names have been uploaded. The ledger looks again.
    async fn as_found(&self, access: &Access, prepared: &Prepared) -> Result<Vec<Naming>, ServiceError> {
        if prepared.files.is_empty() {
            return Ok(Vec::new());
        }
        let scope = access.permit(Permission::SubmissionCreate)?;
        let cipher = &self.store.cipher;
        let blinds: Vec<Vec<u8>> = prepared
            .files
            .iter()
            .map(|file| read::file_blind(cipher, &file.digest()))
            .collect();
        let asked = blinds.clone();
        let uploaded = self
            .store
            .readers
            .run(move |conn| read::uploaded_of(conn, &scope, &asked))
            .await?;
        Ok(prepared
            .files
            .iter()
            .zip(&blinds)
            .map(|(file, blind)| Naming {
                file: file.clone(),
                present: uploaded.contains(blind),
            })
            .collect())
    }

    fn sign_receipt(
        &self,
        access: &Access,
        incoming: &Incoming,
        prepared: &Prepared,
        id: DossierId,
    ) -> Result<String, ServiceError> {
        let sha256 = Sha256Hex::from(prepared.digest);
        let claims = ReceiptClaims {
            iss: self.issuer_url(),
            sub: id,
            submission: prepared.submission,
            tenant: access.key().clone(),
            iat: prepared.received_at.as_seconds(),
            received_at: prepared.received_at,
            sha256,
            bytes: incoming.bytes.len() as u64,
        };
        self.receipts.sign(&claims).map_err(internal)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the fields of one answer, each from another place"
    )]
    fn answer(
        &self,
        prepared: &Prepared,
        id: DossierId,
        version: i32,
        status: Status,
        clocks: &Clocks,
        receipt: String,
        before: Option<&DossierRow>,
        attachments_missing: Vec<MissingFile>,
    ) -> SubmissionAnswer {
        let code: Option<DossierCode> = before
            .and_then(|row| row.code.as_ref())
            .and_then(|c| c.parse().ok());
        SubmissionAnswer {
            tracking_id: id,
            submission: prepared.submission,
            version,
            existing: false,
            status: status.into(),
            dossier_code: code.or_else(|| prepared.filing.dossier_code.clone()),
            agency: prepared.route.agency.as_ref().map(|key| self.agency_view(key)),
            parked: prepared.route.parked,
            route: prepared.route.reason.clone(),
            warnings: prepared
                .warnings
                .iter()
                .map(|p| ProblemView::of(p, Language::Vietnamese))
                .collect(),
            attachments_missing,
            received_at: prepared.received_at,
            clocks: clocks.clone(),
            receipt,
            lookup_secret: self.lookup.of(id),
            links: Links::of(id),
        }
    }

    /// The same content again: the dossier as it now stands, with its first receipt.
    async fn existing_answer(
        &self,
        access: &Access,
        row: &DossierRow,
    ) -> Result<SubmissionAnswer, ServiceError> {
        let (id, wanted) = (parse_id(&row.id)?, row.submission.clone());
        let cipher = std::sync::Arc::clone(&self.store.cipher);
        let found = self
            .store
            .readers
            .run(move |conn| read::submission(conn, &cipher, &wanted))
            .await?;
        let (submission, _) = found.ok_or_else(|| internal("a dossier without its submission"))?;
        let summary = self.summary(row)?;
        Ok(SubmissionAnswer {
            tracking_id: id,
            submission: submission.id.parse().map_err(internal)?,
            version: row.version,
            existing: true,
            status: summary.status,
            dossier_code: summary.dossier_code,
            agency: summary.agency,
            parked: summary.parked,
            route: serde_json::from_str(&row.route).map_err(internal)?,
            warnings: Vec::new(),
            attachments_missing: self.missing_files(access, id).await?,
            received_at: submission.received_at.0,
            clocks: summary.clocks,
            receipt: submission.receipt,
            lookup_secret: self.lookup.of(id),
            links: Links::of(id),
        })
    }

    /// The limits that begin with a filing.
    fn watches(
        &self,
        access: &Access,
        prepared: &Prepared,
        clockwork: &Clockwork,
        clocks: &Clocks,
    ) -> Vec<Deadline> {
        let received = prepared.received_at;
        let mut watches = match (clocks.acceptance_due, clocks.due) {
            (Some(acceptance), _) => clockwork.filed_online(received, acceptance),
            (None, Some(due)) => clockwork.received(received, due, self.paper_way(access, prepared)),
            (None, None) => Vec::new(),
        };
        if prepared.route.agency.is_some() {
            watches.push(clockwork.silence(received));
        }
        watches
    }

    /// How papers received by this caller go to the agency. A department of the city is at home in all of it; from a place nobody
    /// has written down, they come from another area.
    fn paper_way(&self, access: &Access, prepared: &Prepared) -> PaperWay {
        let directory = self.directory.load();
        let agency = prepared
            .route
            .agency
            .as_ref()
            .and_then(|key| directory.agency(key));
        let Some(agency) = agency else {
            return PaperWay::OutOfArea;
        };
        let from = match access.point() {
            Some(point) => directory.point(&point.key).and_then(|p| p.commune.as_ref()),
            None => access
                .key()
                .key()
                .parse()
                .ok()
                .and_then(|key| directory.agent(&key))
                .map(|agent| &agent.commune),
        };
        let near = agency.kind != AgencyKind::Commune || (from.is_some() && from == agency.commune.as_ref());
        if near { PaperWay::Near } else { PaperWay::OutOfArea }
    }

    fn dossier_row(
        &self,
        access: &Access,
        prepared: &Prepared,
        id: DossierId,
        clocks: &Clocks,
    ) -> Result<DossierRow, ServiceError> {
        let received = At(prepared.received_at);
        Ok(DossierRow {
            id: id.to_string(),
            tenant: access.key().to_string(),
            reference: prepared.filing.reference.to_string(),
            point: access.point().map(|p| p.key.to_string()),
            agency: prepared.route.agency.as_ref().map(ToString::to_string),
            parked: prepared.route.parked.map(|l| l.as_str().to_owned()),
            procedure: prepared.route.procedure.code.to_string(),
            channel: i16::from(prepared.filing.channel.code()),
            assisted: prepared.filing.assisted_by_agent || access.kind() == TenantKind::Agent,
            status: i16::from(entry_status(prepared.filing.channel).code()),
            resume: None,
            since: At(prepared.filing.filed_at),
            events: 0,
            version: 1,
            supplements: 0,
            postponements: 0,
            accepted: false,
            code: prepared.filing.dossier_code.as_ref().map(ToString::to_string),
            time_limit: serde_json::to_string(&prepared.route.limit).map_err(internal)?,
            acceptance_due: clocks.acceptance_due.map(At),
            forecast_due: clocks.forecast_due.map(At),
            due: clocks.due.map(At),
            answered_seq: None,
            content_blind: self.content_blind(&prepared.filing),
            route: serde_json::to_string(&prepared.route.reason).map_err(internal)?,
            submission: prepared.submission.to_string(),
            received_at: received,
            updated_at: received,
        })
    }

    fn submission_row(
        &self,
        access: &Access,
        incoming: &Incoming,
        prepared: &Prepared,
        id: DossierId,
        version: i32,
        receipt: String,
    ) -> Result<SubmissionRow, ServiceError> {
        let name = prepared.submission.to_string();
        let sealed = self.with_rng(|rng| self.store.cipher.seal(&name, &incoming.bytes, rng))?;
        Ok(SubmissionRow {
            id: name,
            received_at: At(prepared.received_at),
            tenant: access.key().to_string(),
            dossier: id.to_string(),
            version,
            format: prepared.format.clone(),
            media_type: incoming.media_type.clone(),
            sha256: prepared.digest.to_vec(),
            size: incoming.bytes.len() as i64,
            receipt,
            key_id: sealed.key_id,
            nonce: sealed.nonce,
            ciphertext: sealed.ciphertext,
        })
    }
}

impl Twin {
    /// What the submitter is told: that there is another, and which only where it may see it.
    fn warning(&self) -> Problem {
        let warning = Problem::new(Label::PossibleDuplicate);
        if self.seen {
            warning.with("dossier", &self.id)
        } else {
            warning
        }
    }
}

/// What makes two calls the same call: the bytes, and what selects their meaning.
pub(super) fn request_digest(media_type: &str, format: Option<&str>, bytes: &[u8]) -> [u8; 32] {
    let mut input = Vec::with_capacity(bytes.len() + 128);
    for part in [media_type.as_bytes(), format.unwrap_or("").as_bytes()] {
        input.extend_from_slice(part);
        input.push(0);
    }
    input.extend_from_slice(bytes);
    sha256(&input)
}

/// What becomes of a former commune whose parts have different agencies: the tenant's policy goes first.
fn divided(access: &Access, mode: Mode) -> Divided {
    match (access.tenant().successor_policy, mode) {
        (SuccessorPolicy::Default, _) => Divided::TakeDefault,
        (SuccessorPolicy::Ask, Mode::Interactive) => Divided::Refuse,
        (SuccessorPolicy::Ask, Mode::Batch) => Divided::Park,
    }
}

/// Online begins at 1; a counter or the post has already received it, so 2.
const fn entry_status(channel: Channel) -> Status {
    match channel {
        Channel::Online => Status::Registered,
        Channel::Counter | Channel::Post => Status::Accepted,
    }
}

/// The route of an amendment of a dossier whose agency an operator named: where the rules say the same of the new content as of the
/// old, the operator's decision holds.
fn decided(before: &DossierRow, by_rules: &Route) -> Result<Option<Route>, ServiceError> {
    let old = reason(before)?;
    let Some(assigned) = old.assigned.as_ref().filter(|_| old.same_case(&by_rules.reason)) else {
        return Ok(None);
    };
    Ok(Some(Route {
        agency: Some(assigned.agency.clone()),
        parked: None,
        warnings: Vec::new(),
        reason: RouteReason {
            assigned: Some(assigned.clone()),
            ..by_rules.reason.clone()
        },
        ..by_rules.clone()
    }))
}

fn clocks(clockwork: &Clockwork, prepared: &Prepared, entry: Status) -> Clocks {
    let from = prepared.filing.filed_at.min(prepared.received_at);
    if entry == Status::Registered {
        Clocks {
            acceptance_due: Some(clockwork.acceptance(from)),
            forecast_due: Some(clockwork.due(prepared.received_at, prepared.route.limit)),
            due: None,
        }
    } else {
        Clocks {
            due: Some(clockwork.due(from, prepared.route.limit)),
            ..Clocks::default()
        }
    }
}

fn parties(access: &Access, prepared: &Prepared, id: DossierId) -> Vec<PartyRow> {
    let since = At(prepared.received_at);
    let party = |tenant: String, role: &str, point: Option<String>| PartyRow {
        dossier: id.to_string(),
        tenant,
        role: role.to_owned(),
        point,
        since,
        until: None,
    };
    let point = access.point().map(|p| p.key.to_string());
    let mut parties = vec![party(access.key().to_string(), "submitter", point.clone())];
    if access.kind() == TenantKind::Branch {
        parties.push(party(access.key().to_string(), "receiving-unit", point));
    }
    if let Some(agency) = &prepared.route.agency {
        parties.push(party(
            TenantKey::new(TenantKind::Agency, agency).to_string(),
            "lead-agency",
            None,
        ));
    }
    parties
}

pub(super) fn status_of(code: i16) -> Result<Status, ServiceError> {
    u8::try_from(code)
        .ok()
        .and_then(Status::from_code)
        .ok_or_else(|| internal(format!("status {code}")))
}

pub(super) fn parse_id(id: &str) -> Result<DossierId, ServiceError> {
    id.parse().map_err(internal)
}

pub(super) fn internal(error: impl std::fmt::Display) -> ServiceError {
    ServiceError::Internal(error.to_string())
}

fn encode(value: &impl serde::Serialize) -> Result<Vec<u8>, ServiceError> {
    serde_json::to_vec(value).map_err(internal)
}

fn finished(status: u16, body: Vec<u8>, replayed: bool) -> Result<Answered, ServiceError> {
    Ok(Answered {
        status,
        body,
        replayed,
    })
}
