//! Acting on a dossier as a person does: accept it, complete it, hand over its result. What goes another way than forward is in
//! [`turns`].

mod assignment;
mod matters;
mod tasks;
mod turns;

use std::sync::Arc;

use super::ServiceError;
use super::texts::{bounded, line, not_in_future, required, required_line, within};
use crate::clock::Clock;
use crate::domain::attachment;
use crate::domain::codes::DossierCode;
use crate::domain::dossier::limits;
use crate::domain::event::{HandOver, Verdict};
use crate::domain::ids::DossierId;
use crate::domain::lifecycle::Role;
use crate::domain::rejection::{Language, problems};
use crate::domain::sha256::Sha256;
use crate::domain::submission::IdempotencyKey;
use crate::domain::tenant::TenantKind;
use crate::domain::text::limits as text;
use crate::domain::time::Timestamp;
use crate::domain::view::{
    AcceptanceRequest, DossierSummary, HandOverRequest, ProblemView, SupplementRequest,
};
use crate::identity::{Access, Permission};
use crate::service::directory::DirectoryInUse;
use crate::service::dossiers::Dossiers;
use crate::service::notifier::Notifier;
use crate::service::parts::Base;
use crate::store::Store;
use crate::store::kept::KeptDossier;
use crate::store::ledger::{Act, ActOutcome, Acted, DossierAction, KeyUse};

/// What every unsafe call brings beside its body.
pub struct Call {
    /// `Idempotency-Key`.
    pub key: IdempotencyKey,
    /// SHA-256 of the body.
    pub request_digest: Sha256,
    /// W3C trace context.
    pub traceparent: Option<String>,
}

/// An action that somebody asks for.
pub(super) struct ActionRequest {
    /// In which part.
    pub role: Role,
    /// The route, under which its idempotency key counts.
    pub route: &'static str,
    /// What.
    pub action: DossierAction,
    /// When, by the actor's word.
    pub occurred_at: Option<Timestamp>,
    /// The official code it brings.
    pub assigned_code: Option<DossierCode>,
}

impl ActionRequest {
    pub(super) const fn of(
        role: Role,
        route: &'static str,
        action: DossierAction,
        occurred_at: Option<Timestamp>,
    ) -> Self {
        ActionRequest {
            role,
            route,
            action,
            occurred_at,
            assigned_code: None,
        }
    }
}

/// The part in which a receiving unit or an agency acts on what was filed online.
pub(super) fn office(access: &Access) -> Role {
    if access.kind() == TenantKind::Agency {
        Role::Agency
    } else {
        Role::ReceivingUnit
    }
}

/// The part of an agency in a dossier it has: the competent one, or one with a task beside it.
pub(super) fn of_agency(access: &Access, row: &KeptDossier) -> Role {
    match &row.agency {
        Some(key) if key.as_str() == access.key().key() => Role::Agency,
        _ => Role::CoAgency,
    }
}

/// Acting on a dossier that is there, in whichever part: forward, back, beside, or to another agency.
///
/// What every act may be refused for: `permission-missing`; `not-found`, also for another tenant's; `not-your-part`;
/// `idempotency-key-reused`; `text-empty`, `text-length`, `control-character` of a text; `date-in-future`, `date-unset`,
/// `date-implausible` of a moment; `too-many-items`. What else, each says.
pub struct Acts {
    store: Arc<Store>,
    clock: Clock,
    directory: Arc<DirectoryInUse>,
    notifier: Arc<Notifier>,
    dossiers: Arc<Dossiers>,
}

impl Acts {
    pub(super) fn new(base: &Base, dossiers: &Arc<Dossiers>) -> Self {
        Acts {
            store: Arc::clone(&base.store),
            clock: base.clock.clone(),
            directory: Arc::clone(&base.directory),
            notifier: Arc::clone(&base.notifier),
            dossiers: Arc::clone(dossiers),
        }
    }

    /// Accepts a dossier that was filed online.
    ///
    /// # Errors
    /// As every act ([`Acts`]); `transition-not-allowed`, `status-final`.
    pub async fn accept(
        &self,
        access: &Access,
        id: DossierId,
        call: Call,
        request: AcceptanceRequest,
    ) -> Result<DossierSummary, ServiceError> {
        access.permit(Permission::DossierAccept)?;
        let text = bounded("/text", request.text, text::NOTE)?;
        let asked = ActionRequest {
            assigned_code: request.assigned_code,
            ..ActionRequest::of(
                office(access),
                "acceptance",
                DossierAction::Accept { text },
                request.occurred_at,
            )
        };
        self.act(access, id, call, asked).await
    }

    /// Completes what was asked for.
    ///
    /// # Errors
    /// As every act ([`Acts`]); `staff-required`; `transition-not-allowed`, `status-final`.
    pub async fn supplement(
        &self,
        access: &Access,
        id: DossierId,
        call: Call,
        request: SupplementRequest,
    ) -> Result<DossierSummary, ServiceError> {
        access.permit(Permission::DossierSupplement)?;
        access.require_staff()?;
        let text = match request.text {
            None if !request.papers.is_empty() => None,
            text => Some(required("/text", text.unwrap_or_default(), text::NOTE)?),
        };
        within("/papers", request.papers.len(), limits::COMPONENTS)?;
        for (i, paper) in request.papers.iter().enumerate() {
            within(&format!("/papers/{i}/files"), paper.files.len(), limits::FILES)?;
        }
        let papers = request.papers;
        let action = DossierAction::Supplement { text, papers };
        let asked = ActionRequest::of(Role::Submitter, "supplements", action, request.occurred_at);
        self.act(access, id, call, asked).await
    }

    /// Notes that the applicant has the result.
    ///
    /// # Errors
    /// As every act ([`Acts`]); `staff-required`; `transition-not-allowed`, `status-final`.
    pub async fn hand_over(
        &self,
        access: &Access,
        id: DossierId,
        call: Call,
        request: HandOverRequest,
    ) -> Result<DossierSummary, ServiceError> {
        access.permit(Permission::DossierHandOver)?;
        access.require_staff()?;
        let receiver = required_line("/receiver", request.receiver, text::RECEIVER)?;
        let proof = line("/proof", request.proof, text::PROOF)?;
        let received_at = request.received_at.unwrap_or_else(|| self.clock.now());
        let action = DossierAction::HandOver(HandOver {
            receiver,
            received_at,
            proof,
        });
        let asked = ActionRequest::of(Role::Submitter, "hand-over", action, Some(received_at));
        self.act(access, id, call, asked).await
    }

    pub(super) async fn act(
        &self,
        access: &Access,
        id: DossierId,
        call: Call,
        asked: ActionRequest,
    ) -> Result<DossierSummary, ServiceError> {
        let row = self.dossiers.reached(access, id).await?;
        if let Some(part) = whose_step(&row, asked.role, access) {
            return Err(problems::NotYourPart { tenant: &part }.into());
        }
        let now = self.clock.now();
        let field = if matches!(asked.action, DossierAction::HandOver(_)) {
            "received_at"
        } else {
            "occurred_at"
        };
        let occurred_at = not_in_future(field, asked.occurred_at, now)?;
        let files = asked.action.files(|pointer| Some(pointer.to_owned()));
        attachment::within_limit(&files, "files")?;
        // One key names one act on one dossier.
        let mut request = Vec::with_capacity(80);
        request.extend_from_slice(call.request_digest.as_bytes());
        request.extend_from_slice(id.to_string().as_bytes());
        let (assigned_code, odd) = self
            .directory
            .code_of(asked.assigned_code, row.agency.as_ref(), now);
        let act = Act {
            key: Some(KeyUse {
                tenant: access.key().to_string(),
                route: asked.route,
                key: call.key.as_str().to_owned(),
                request: crate::domain::seal::sha256(&request),
            }),
            dossier: id.to_string(),
            actor: access.actor(),
            role: asked.role,
            action: asked.action,
            paths: files.into_iter().filter_map(|file| file.path).collect(),
            occurred_at,
            stated: false,
            assigned_code,
            officer: None,
            foreign_values: Vec::new(),
            format_version: None,
            report_key: None,
            clockwork: self.directory.clockwork(&row),
            turns: self.directory.turns(&row),
            own_queue: self.directory.reads_own_queue(access),
            traceparent: call.traceparent,
        };
        let acted = self.take(&row, act).await?;
        if let (Verdict::Rejected, Some(problem)) = (acted.verdict, &acted.problem) {
            return Err(problem.clone().into());
        }
        let row = self.dossiers.reached(access, id).await?;
        let warnings = odd.iter().chain(&acted.warnings);
        let warnings = warnings.map(|warning| {
            let at = match warning.path {
                Some(_) => warning.clone(),
                None => warning.clone().at("/assigned_code"),
            };
            ProblemView::of(&at, Language::Vietnamese)
        });
        Ok(DossierSummary {
            warnings: warnings.collect(),
            ..self.dossiers.summary(&row)?
        })
    }

    /// Hands an act to the ledger and wakes whoever waits for its news.
    pub(super) async fn take(&self, row: &KeptDossier, act: Act) -> Result<Acted, ServiceError> {
        match self.store.ledger.ask(act).await? {
            ActOutcome::Done(acted) => {
                self.notifier.tell(&row.submitter);
                let others = row.told().skip(1);
                others.for_each(|tenant| self.notifier.ring(tenant.as_str()));
                Ok(acted)
            }
            ActOutcome::KeyReused => Err(problems::IdempotencyKeyReused.into()),
            ActOutcome::Absent => Err(problems::NotFound.into()),
        }
    }
}

/// Whose step it is, where it is not the caller's, who sees the dossier all the same: a receiving unit or an enterprise, but only who
/// filed it completes, withdraws or hands it over; a supervisor, but only the unit that receives it accepts it; one of several agencies,
/// but only the one that leads decides it.
fn whose_step(row: &KeptDossier, role: Role, access: &Access) -> Option<String> {
    let part = match role {
        Role::Submitter => Some(row.submitter.to_string()),
        Role::ReceivingUnit => (row.receiving_unit.as_ref().map(ToString::to_string))
            .or_else(|| row.agency.as_ref().map(|key| format!("agency.{key}"))),
        Role::Agency => row.agency.as_ref().map(|key| format!("agency.{key}")),
        _ => return None,
    };
    let part = part.unwrap_or_else(|| TenantKind::Operator.word().to_owned());
    (part != access.key().as_str()).then_some(part)
}
