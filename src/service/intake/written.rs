//! What a filing leaves: rows, receipt and answer, prepared before the ledger is asked.

use super::prepared::{Attempted, Beside, Filed, Incoming, Prepared, Twin};
use super::standing::Placed;
use crate::domain::clocks::{Clockwork, Deadline, PaperWay};
use crate::domain::codes::Key;
use crate::domain::ids::DossierId;
use crate::domain::rejection::{Language, Problem, problems};
use crate::domain::routing::Reception;
use crate::domain::status::Status;
use crate::domain::submission::ReceiptClaims;
use crate::domain::tasks::Tasks;
use crate::domain::tenant::{Standing, TenantKey, TenantKind};
use crate::domain::view::{Clocks, Links, MissingFile, ProblemView, SubmissionAnswer};
use crate::identity::{Access, Permission};
use crate::service::ServiceError;
use crate::service::fault::{encode, internal};
use crate::service::intake::Intake;
use crate::store::kept::{Json, KeptDossier, NewDossier, NewSubmission, Part};
use crate::store::ledger::{Expect, KeptAnswer, Likeness, Naming, Submit};
use crate::store::message::Content;
use crate::store::{PartyRole, read};

/// What is known of a dossier as it begins, or as it is filed anew.
struct Begun {
    id: DossierId,
    version: i32,
    status: Status,
    clockwork: Clockwork,
    clocks: Clocks,
    reception: Reception,
    tasks: Tasks,
    receipt: String,
}

impl Intake {
    /// Writes a new dossier, or an amendment of `before`: prepares all of it, and asks the ledger once.
    pub(super) async fn write(
        &self,
        call: Filed<'_>,
        (id, before): (DossierId, Option<&KeptDossier>),
        beside: Beside,
        place: Placed,
    ) -> Attempted {
        let Filed { access, prepared, .. } = call;
        let begun = self.begin(call, (id, before), place.entry)?;
        let (files, sizes) = self.as_found(access, prepared).await?;
        let mut answer = self.answer(prepared, &begun, before, missing(&files));
        let more = sizes
            .into_iter()
            .chain(beside.twin.as_ref().map(Twin::warning))
            .chain(Self::told_of_code(prepared, before, beside.contested))
            .chain(place.warnings.iter().cloned())
            .chain(prepared.promise_differs(begun.clocks.due));
        answer
            .warnings
            .extend(more.map(|problem| ProblemView::of(&problem, Language::Vietnamese)));
        let body = encode(&answer)?;
        let answer = place.answers.then(|| KeptAnswer::Filed(body.clone()));
        let submit = self.command(call, begun, before, (beside, place), files, answer)?;
        Ok((self.store.ledger.ask(submit).await?, body))
    }

    /// What follows from where and when a dossier begins, and its receipt.
    fn begin(
        &self,
        call: Filed<'_>,
        (id, before): (DossierId, Option<&KeptDossier>),
        entry: Status,
    ) -> Result<Begun, ServiceError> {
        let (access, prepared) = (call.access, call.prepared);
        let directory = self.directory.load();
        let agency = prepared.route.agency.as_ref();
        let clockwork = directory.clockwork(agency, &prepared.route.procedure.code);
        Ok(Begun {
            id,
            version: before.map_or(1, |row| row.state.version + 1),
            status: before.map_or(entry, KeptDossier::status),
            clocks: clocks(&clockwork, prepared, entry),
            tasks: self.directory.beginning(
                prepared.route.tasks.clone(),
                prepared.filing.channel,
                &prepared.route.procedure.code,
                prepared.received_at,
            ),
            clockwork,
            reception: directory.reception(
                access.key(),
                access.point().map(|p| &p.key),
                agency,
                prepared.received_at.date(),
            ),
            receipt: self.sign_receipt(access, call.incoming, prepared, id)?,
        })
    }

    /// The command of it all.
    fn command(
        &self,
        call: Filed<'_>,
        begun: Begun,
        before: Option<&KeptDossier>,
        (Beside { twin, contested }, place): (Beside, Placed),
        files: Vec<Naming>,
        answer: Option<KeptAnswer>,
    ) -> Result<Submit, ServiceError> {
        let Filed {
            access,
            incoming,
            key,
            prepared,
            ..
        } = call;
        let content = encode(&prepared.filing)?;
        let content_name = read::content_row(&begun.id.to_string(), begun.version);
        let seal = |rng: &mut _| self.store.cipher.seal(&content_name, &content, rng);
        let parties = match before {
            None => parties(access, prepared, &begun),
            Some(_) => Vec::new(),
        };
        Ok(Submit {
            key: key.clone(),
            expect: before.map_or(Expect::New, |row| Expect::Amend {
                dossier: row.id.to_string(),
                version: row.state.version,
                agency: row.agency.as_ref().map(ToString::to_string),
            }),
            dossier: self.new_dossier(access, prepared, &begun)?,
            entry: place.entry,
            content: self.draws.with(seal)?,
            said: Content::of(content),
            contested,
            code_path: prepared.code_path.clone(),
            files,
            parties,
            out_of_area: self.out_of_area(&begun.reception),
            tasks: begun.tasks.clone(),
            likeness: Likeness {
                blind: prepared.likeness.clone(),
                twin: twin.map(|twin| twin.id),
            },
            actor: access.actor(),
            filed_at: match place.entry {
                Status::Accepted => prepared.complete_at,
                _ => prepared.filing.filed_at,
            },
            promised: prepared.promised,
            told: place.told,
            watches: watches(prepared, &begun),
            answer,
            traceparent: incoming.traceparent.clone(),
            submission: self.new_submission(incoming, prepared, begun.version, begun.receipt)?,
        })
    }

    /// Whom to notify of what was received out of area, and whether it can be told here: where it has a way to hear of it.
    fn out_of_area(&self, reception: &Reception) -> Option<(Option<TenantKey>, bool)> {
        let register = self.credentials.register();
        let unit = reception.supervisor.as_ref();
        let tenant = unit.and_then(|unit| register.tenant(unit));
        let hears = tenant.is_some_and(|tenant| tenant.standing == Standing::Active);
        reception.notice.then(|| (unit.cloned(), hears))
    }

    /// What the submitter is told of the code it claims.
    pub(super) fn told_of_code(
        prepared: &Prepared,
        before: Option<&KeptDossier>,
        contested: bool,
    ) -> Option<Problem> {
        let code = prepared.claimed.as_ref()?;
        let problem: Problem = match before.and_then(|row| row.state.code.as_ref()) {
            Some(confirmed) if confirmed == code => return None,
            Some(confirmed) => problems::DossierCodeDiffers { code: &confirmed }.into(),
            None if contested => problems::DossierCodeContested { code: &code }.into(),
            None => return None,
        };
        Some(problem.at(prepared.code_path.clone()))
    }

    /// Which of the files it names have been uploaded. The ledger looks again.
    /// The files a filing names, each with whether it is there, and a warning for each that has another size than was said.
    async fn as_found(
        &self,
        access: &Access,
        prepared: &Prepared,
    ) -> Result<(Vec<Naming>, Vec<Problem>), ServiceError> {
        if prepared.files.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let scope = access.permit(Permission::SubmissionCreate)?;
        let cipher = &self.store.cipher;
        let blinds: Vec<Vec<u8>> = prepared
            .files
            .iter()
            .map(|file| read::file_blind(cipher, &file.sha256))
            .collect();
        let asked = blinds.clone();
        let uploaded = self
            .store
            .readers
            .run(move |conn| read::uploaded_of(conn, &scope, &asked))
            .await?;
        let found = || {
            prepared
                .files
                .iter()
                .zip(blinds.iter().map(|blind| uploaded.get(blind)))
        };
        let sizes = found().filter_map(|(file, size)| file.other_size(*size?));
        let named = found().map(|(file, size)| Naming {
            file: file.clone(),
            present: size.is_some(),
        });
        Ok((named.collect(), sizes.collect()))
    }

    fn sign_receipt(
        &self,
        access: &Access,
        incoming: &Incoming,
        prepared: &Prepared,
        id: DossierId,
    ) -> Result<String, ServiceError> {
        let claims = ReceiptClaims {
            iss: self.credentials.issuer_url(),
            sub: id,
            submission: prepared.submission,
            tenant: access.key().clone(),
            iat: prepared.received_at.as_seconds(),
            received_at: prepared.received_at,
            sha256: prepared.digest,
            bytes: incoming.bytes.len() as u64,
        };
        self.credentials.sign_receipt(&claims)
    }

    fn answer(
        &self,
        prepared: &Prepared,
        begun: &Begun,
        before: Option<&KeptDossier>,
        attachments_missing: Vec<MissingFile>,
    ) -> SubmissionAnswer {
        let code = before.and_then(|row| row.state.code.clone());
        SubmissionAnswer {
            tracking_id: begun.id,
            submission: prepared.submission,
            version: begun.version,
            existing: false,
            status: begun.status.into(),
            claimed_code: prepared.claimed.clone().filter(|_| code.is_none()),
            dossier_code: code,
            agency: prepared
                .route
                .agency
                .as_ref()
                .map(|key| self.directory.agency_view(key)),
            parked: prepared.route.parked,
            route: prepared.route.reason.clone(),
            warnings: prepared
                .warnings
                .iter()
                .map(|p| ProblemView::of(p, Language::Vietnamese))
                .collect(),
            attachments_missing,
            received_at: prepared.received_at,
            clocks: begun.clocks.clone(),
            receipt: begun.receipt.clone(),
            lookup_secret: self.lookup.of(begun.id),
            links: Links::of(begun.id),
        }
    }

    /// The same content again: the dossier as it now stands, with its first receipt.
    pub(super) async fn existing_answer(
        &self,
        access: &Access,
        row: &KeptDossier,
    ) -> Result<SubmissionAnswer, ServiceError> {
        let (id, wanted) = (row.id, row.submission.to_string());
        let cipher = std::sync::Arc::clone(&self.store.cipher);
        let found = self
            .store
            .readers
            .run(move |conn| read::submission(conn, &cipher, &wanted))
            .await?;
        let submission = found.ok_or_else(|| internal("a dossier without its submission"))?;
        let summary = self.dossiers.summary(row)?;
        Ok(SubmissionAnswer {
            tracking_id: id,
            submission: submission.id,
            version: row.state.version,
            existing: true,
            status: summary.status,
            dossier_code: summary.dossier_code,
            claimed_code: summary.claimed_code,
            agency: summary.agency,
            parked: summary.parked,
            route: row.route.read()?,
            warnings: Vec::new(),
            attachments_missing: self.files.missing(access, id).await?,
            received_at: submission.received_at,
            clocks: summary.clocks,
            receipt: submission.receipt,
            lookup_secret: self.lookup.of(id),
            links: Links::of(id),
        })
    }

    fn new_dossier(
        &self,
        access: &Access,
        prepared: &Prepared,
        begun: &Begun,
    ) -> Result<NewDossier, ServiceError> {
        let (clocks, reception) = (&begun.clocks, &begun.reception);
        let mut reason = prepared.route.reason.clone();
        reason.reception = Some(reception.reason());
        Ok(NewDossier {
            id: begun.id,
            submitter: access.key().clone(),
            reference: prepared.filing.reference.to_string(),
            point: access.point().map(|p| p.key.clone()),
            receiving_unit: reception.unit.clone(),
            supervisor: reception.supervisor.clone(),
            agency: prepared.route.agency.clone(),
            parked: prepared.route.parked,
            procedure: prepared.route.procedure.code.clone(),
            channel: prepared.filing.channel,
            assisted: prepared.filing.assisted_by_agent || access.kind() == TenantKind::Agent,
            claimed_code: prepared.claimed.clone(),
            limit: prepared.route.limit,
            acceptance_due: clocks.acceptance_due,
            forecast_due: clocks.forecast_due,
            due: clocks.due,
            filed_at: prepared.filing.filed_at,
            content_blind: self.content_blind(&prepared.filing),
            route: Json::of(&reason).map_err(internal)?,
            received_at: prepared.received_at,
        })
    }

    fn new_submission(
        &self,
        incoming: &Incoming,
        prepared: &Prepared,
        version: i32,
        receipt: String,
    ) -> Result<NewSubmission, ServiceError> {
        let id = prepared.submission;
        let sealed = self
            .draws
            .with(|rng| self.store.cipher.seal(&id.to_string(), &incoming.bytes, rng))?;
        Ok(NewSubmission {
            id,
            received_at: prepared.received_at,
            version,
            format: prepared.format.clone(),
            format_version: prepared.format_version,
            media_type: incoming.media_type.clone(),
            sha256: prepared.digest,
            size: incoming.bytes.len() as i64,
            receipt,
            sealed,
        })
    }
}

/// The files that are not here yet.
fn missing(files: &[Naming]) -> Vec<MissingFile> {
    let awaited = files.iter().filter(|f| !f.present);
    awaited.map(|f| (&f.file).into()).collect()
}

/// What runs on a dossier as it begins: until when it must be accepted, counted from the filing; or when its result is due, counted
/// from the receipt of the complete dossier (`NĐ 118/2025` Điều 17.3).
fn clocks(clockwork: &Clockwork, prepared: &Prepared, entry: Status) -> Clocks {
    let filed = prepared.filing.filed_at.min(prepared.received_at);
    let begun = if entry == Status::Registered {
        Clocks {
            acceptance_due: Some(clockwork.acceptance(filed)),
            forecast_due: Some(clockwork.due(prepared.received_at, prepared.route.limit)),
            ..Clocks::default()
        }
    } else {
        Clocks {
            due: Some(clockwork.due(prepared.complete_at, prepared.route.limit)),
            ..Clocks::default()
        }
    };
    let clocks = Clocks {
        promised_due: prepared.promised.filter(|promised| Some(*promised) != begun.due),
        ..begun
    };
    clocks.counted_by(clockwork, prepared.received_at)
}

/// The limits that begin with a filing.
fn watches(prepared: &Prepared, begun: &Begun) -> Vec<Deadline> {
    let (clockwork, clocks, reception) = (&begun.clockwork, &begun.clocks, &begun.reception);
    let heard = prepared.received_at;
    let way = if prepared.route.agency.is_none() || reception.out_of_area {
        PaperWay::OutOfArea
    } else {
        PaperWay::Near
    };
    let mut watches = match (clocks.acceptance_due, clocks.due) {
        (Some(acceptance), _) => clockwork.filed_online(heard, acceptance),
        (None, Some(due)) => clockwork.received(prepared.complete_at, due, way),
        (None, None) => Vec::new(),
    };
    if prepared.route.agency.is_some() {
        watches.push(clockwork.silence(heard));
    }
    watches.extend(begun.tasks.next_due().map(|due| clockwork.task(heard, due)));
    watches
}

fn parties(access: &Access, prepared: &Prepared, begun: &Begun) -> Vec<Part> {
    let reception = &begun.reception;
    let part = |tenant: TenantKey, role: PartyRole, point: Option<Key>| Part { tenant, role, point };
    let point = access.point().map(|p| p.key.clone());
    let mut parties = vec![part(access.key().clone(), PartyRole::Submitter, point.clone())];
    parties.extend(reception.unit.as_ref().map(|unit| {
        let point = point.filter(|_| unit == access.key());
        part(unit.clone(), PartyRole::ReceivingUnit, point)
    }));
    let supervisor = reception.supervisor.as_ref();
    parties.extend(supervisor.map(|unit| part(unit.clone(), PartyRole::SupervisingUnit, None)));
    if let Some(agency) = &prepared.route.agency {
        let lead = TenantKey::new(TenantKind::Agency, agency);
        parties.push(part(lead, PartyRole::LeadAgency, None));
    }
    let co_agencies = begun.tasks.co_agencies();
    parties.extend(
        co_agencies.map(|key| part(TenantKey::new(TenantKind::Agency, key), PartyRole::CoAgency, None)),
    );
    parties
}
