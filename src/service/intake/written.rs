//! What a filing leaves: rows, receipt and answer, prepared before the ledger is asked.

use super::standing::{Filed, Placed};
use super::{Beside, Incoming, Prepared, Twin, encode, internal, parse_id};
use crate::domain::clocks::{Clockwork, Deadline, PaperWay};
use crate::domain::codes::{DossierCode, Sha256Hex};
use crate::domain::ids::DossierId;
use crate::domain::rejection::{Label, Language, Problem};
use crate::domain::routing::Reception;
use crate::domain::status::Status;
use crate::domain::submission::ReceiptClaims;
use crate::domain::tenant::{TenantKey, TenantKind};
use crate::domain::view::{Clocks, Links, MissingFile, ProblemView, SubmissionAnswer};
use crate::identity::{Access, Permission};
use crate::service::{Hub, ServiceError};
use crate::store::ledger::{Expect, Likeness, Naming, Submit, SubmitOutcome};
use crate::store::message::Content;
use crate::store::moment::At;
use crate::store::read;
use crate::store::rows::{DossierRow, PartyRow, SubmissionRow};
use crate::store::word::{Code, PartyRole, Word};

impl Hub {
    pub(super) async fn write(
        &self,
        call: Filed<'_>,
        (id, before): (DossierId, Option<&DossierRow>),
        Beside { twin, contested }: Beside,
        place: Placed,
    ) -> Result<(SubmitOutcome, u16, Vec<u8>), ServiceError> {
        let Filed {
            access,
            incoming,
            key,
            prepared,
            ..
        } = call;
        let version = before.map_or(1, |row| row.version + 1);
        let entry = place.entry;
        let clockwork = self
            .directory
            .load()
            .clockwork(prepared.route.agency.as_ref(), &prepared.route.procedure.code);
        let clocks = clocks(&clockwork, prepared, entry);
        let reception = self.directory.load().reception(
            access.key(),
            access.point().map(|p| &p.key),
            prepared.route.agency.as_ref(),
            prepared.received_at.date(),
        );
        let receipt = self.sign_receipt(access, incoming, prepared, id)?;
        let status = before.map_or(entry, |row| row.status.0);
        let (files, sizes) = self.as_found(access, prepared).await?;
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
        let more = sizes
            .into_iter()
            .chain(twin.as_ref().map(Twin::warning))
            .chain(self.told_of_code(prepared, before, contested))
            .chain(place.warnings)
            .chain(prepared.promise_differs(clocks.due));
        answer
            .warnings
            .extend(more.map(|problem| ProblemView::of(&problem, Language::Vietnamese)));
        let body = encode(&answer)?;
        let content = encode(&prepared.filing)?;
        let content_name = read::content_row(&id.to_string(), version);
        let submit = Submit {
            key: key.clone(),
            expect: before.map_or(Expect::New, |row| Expect::Amend {
                version: row.version,
                agency: row.agency.clone(),
            }),
            dossier: self.dossier_row(access, prepared, id, &clocks, &reception, entry)?,
            entry,
            submission: self.submission_row(access, incoming, prepared, id, version, receipt)?,
            content: self.with_rng(|rng| self.store.cipher.seal(&content_name, &content, rng))?,
            said: Content::of(content),
            contested,
            files,
            parties: if before.is_none() {
                parties(access, prepared, id, &reception)
            } else {
                Vec::new()
            },
            likeness: Likeness {
                blind: prepared.likeness.clone(),
                twin: twin.map(|twin| twin.id),
            },
            actor: access.actor(),
            filed_at: if entry == Status::Accepted {
                prepared.complete_at
            } else {
                prepared.filing.filed_at
            },
            promised: prepared.promised,
            told: place.told,
            watches: watches(prepared, &clockwork, &clocks, &reception),
            answer: place.answers.then(|| (202, body.clone())),
            traceparent: incoming.traceparent.clone(),
        };
        Ok((self.store.ledger.ask(submit).await?, 202, body))
    }

    /// What the submitter is told of the code it claims.
    pub(super) fn told_of_code(
        &self,
        prepared: &Prepared,
        before: Option<&DossierRow>,
        contested: bool,
    ) -> Option<Problem> {
        let code = prepared.claimed.as_ref()?;
        let problem = match before.and_then(|row| row.code.as_deref()) {
            Some(confirmed) if confirmed == code.as_str() => return None,
            Some(confirmed) => Problem::new(Label::DossierCodeDiffers).with("code", confirmed),
            None if contested => Problem::new(Label::DossierCodeContested).with("code", code),
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
            .map(|file| read::file_blind(cipher, &file.digest()))
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
            claimed_code: prepared.claimed.clone().filter(|_| code.is_none()),
            dossier_code: code,
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
    pub(super) async fn existing_answer(
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
            claimed_code: summary.claimed_code,
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

    fn dossier_row(
        &self,
        access: &Access,
        prepared: &Prepared,
        id: DossierId,
        clocks: &Clocks,
        reception: &Reception,
        entry: Status,
    ) -> Result<DossierRow, ServiceError> {
        let received = At(prepared.received_at);
        Ok(DossierRow {
            id: id.to_string(),
            tenant: access.key().to_string(),
            reference: prepared.filing.reference.to_string(),
            point: access.point().map(|p| p.key.to_string()),
            receiving_unit: reception.unit.as_ref().map(ToString::to_string),
            supervisor: reception.supervisor.as_ref().map(ToString::to_string),
            agency: prepared.route.agency.as_ref().map(ToString::to_string),
            parked: prepared.route.parked.map(|l| l.as_str().to_owned()),
            procedure: prepared.route.procedure.code.to_string(),
            channel: i16::from(prepared.filing.channel.code()),
            assisted: prepared.filing.assisted_by_agent || access.kind() == TenantKind::Agent,
            status: Code(entry),
            resume: None,
            since: At(prepared.filing.filed_at),
            spoken: "{}".to_owned(),
            events: 0,
            version: 1,
            supplements: 0,
            postponements: 0,
            accepted: false,
            code: None,
            claimed_code: prepared.claimed.as_ref().map(ToString::to_string),
            open_matters: None,
            time_limit: serde_json::to_string(&prepared.route.limit).map_err(internal)?,
            acceptance_due: clocks.acceptance_due.map(At),
            forecast_due: clocks.forecast_due.map(At),
            due: clocks.due.map(At),
            // By its own event.
            promised_due: None,
            promise_holds: false,
            answered_seq: None,
            content_blind: self.content_blind(&prepared.filing),
            route: serde_json::to_string(&prepared.route.reason).map_err(internal)?,
            submission: prepared.submission.to_string(),
            received_at: received,
            updated_at: received,
            likeness: Some(prepared.likeness.clone()),
            // By the ledger, which sees what else is there and what begins to run.
            twin: None,
            running: None,
            look_at: None,
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
fn watches(
    prepared: &Prepared,
    clockwork: &Clockwork,
    clocks: &Clocks,
    reception: &Reception,
) -> Vec<Deadline> {
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
    watches
}

fn parties(access: &Access, prepared: &Prepared, id: DossierId, reception: &Reception) -> Vec<PartyRow> {
    let since = At(prepared.received_at);
    let party = |tenant: String, role: PartyRole, point: Option<String>| PartyRow {
        dossier: id.to_string(),
        tenant,
        role: Word(role),
        point,
        since,
        until: None,
    };
    let point = access.point().map(|p| p.key.to_string());
    let mut parties = vec![party(
        access.key().to_string(),
        PartyRole::Submitter,
        point.clone(),
    )];
    parties.extend(reception.unit.as_ref().map(|unit| {
        let point = point.filter(|_| unit == access.key());
        party(unit.to_string(), PartyRole::ReceivingUnit, point)
    }));
    let supervisor = reception.supervisor.as_ref();
    parties.extend(supervisor.map(|unit| party(unit.to_string(), PartyRole::SupervisingUnit, None)));
    if let Some(agency) = &prepared.route.agency {
        parties.push(party(
            TenantKey::new(TenantKind::Agency, agency).to_string(),
            PartyRole::LeadAgency,
            None,
        ));
    }
    parties
}
