//! What the parties record of a dossier beside its status: changes asked for, opinions of other bodies, an early result, lost papers,
//! fees on their way to the budget.

use super::{ActionRequest, Call, of_agency};
use crate::domain::dossier::limits;
use crate::domain::ids::DossierId;
use crate::domain::lifecycle::{LONGEST_POSTPONEMENT_DAYS, Role};
use crate::domain::matter::Matter;
use crate::domain::rejection::{Problem, problems};
use crate::domain::tenant::TenantKind;
use crate::domain::text::limits as text;
use crate::domain::time::Timestamp;
use crate::domain::view::{
    ChangeRequest, DossierSummary, EarlyResultRequest, LossRequest, OpinionAnswerRequest, OpinionRequest,
    PaymentKind, PaymentRequest,
};
use crate::identity::{Access, Permission};
use crate::service::ServiceError;
use crate::service::acts::Acts;
use crate::service::texts::{bounded, required, within};
use crate::store::kept::KeptDossier;
use crate::store::ledger::DossierAction;

/// Refuses a moment that has passed, where one to come is told.
fn ahead(field: &str, at: Timestamp, now: Timestamp) -> Result<(), Problem> {
    let passed = || {
        problems::MomentPassed {
            field: &field,
            now: &now.on_paper(),
        }
        .at(format!("/{field}"))
    };
    if at > now { Ok(()) } else { Err(passed()) }
}

/// The part in which a caller speaks of a dossier it has a part in.
fn part(access: &Access, row: &KeptDossier) -> Role {
    match access.kind() {
        TenantKind::Agency => of_agency(access, row),
        _ if row.submitter == *access.key() => Role::Submitter,
        _ => Role::ReceivingUnit,
    }
}

fn asked(role: Role, route: &'static str, matter: Matter, at: Option<Timestamp>) -> ActionRequest {
    ActionRequest::of(role, route, DossierAction::Beside(matter), at)
}

impl Acts {
    /// The applicant asks for a change before the decision, or corrects an error (`NĐ 118/2025` Điều 21): who filed it says so.
    ///
    /// # Errors
    /// As every act ([`Acts`]); `staff-required`; `change-too-late`.
    pub async fn request_change(
        &self,
        access: &Access,
        id: DossierId,
        call: Call,
        request: ChangeRequest,
    ) -> Result<DossierSummary, ServiceError> {
        access.permit(Permission::DossierChange)?;
        access.require_staff()?;
        within("/papers", request.papers.len(), limits::COMPONENTS)?;
        for (i, paper) in request.papers.iter().enumerate() {
            within(&format!("/papers/{i}/files"), paper.files.len(), limits::FILES)?;
        }
        let matter = Matter::ChangeRequested {
            text: required("/text", request.text, text::NOTE)?,
            papers: request.papers,
        };
        let asked = asked(Role::Submitter, "changes", matter, request.occurred_at);
        self.act(access, id, call, asked).await
    }

    /// The agency asks another body for its opinion (`NĐ 118/2025` Điều 19.4).
    ///
    /// # Errors
    /// As every act ([`Acts`]); `moment-passed`, `due-out-of-range`; `clock-not-running`.
    pub async fn ask_opinion(
        &self,
        access: &Access,
        id: DossierId,
        call: Call,
        request: OpinionRequest,
    ) -> Result<DossierSummary, ServiceError> {
        access.permit(Permission::DossierOpinion)?;
        let now = self.clock.now();
        let longest = std::time::Duration::from_secs(LONGEST_POSTPONEMENT_DAYS.unsigned_abs() * 86_400);
        if request.due_at > now.plus(longest) {
            let problem = problems::DueOutOfRange {
                due: &now.on_paper(),
                limit: &LONGEST_POSTPONEMENT_DAYS,
            };
            return Err(problem.at("/due_at").into());
        }
        ahead("due_at", request.due_at, now)?;
        let matter = Matter::OpinionAsked {
            number: 0,
            of: required("/of", request.of, text::RECEIVER)?,
            question: required("/question", request.question, text::NOTE)?,
            due_at: request.due_at,
        };
        let asked = asked(Role::Agency, "opinions", matter, request.occurred_at);
        self.act(access, id, call, asked).await
    }

    /// The opinion is here (`NĐ 118/2025` Điều 19.4).
    ///
    /// # Errors
    /// As every act ([`Acts`]); `opinion-unknown`.
    pub async fn answer_opinion(
        &self,
        access: &Access,
        id: DossierId,
        call: Call,
        request: OpinionAnswerRequest,
    ) -> Result<DossierSummary, ServiceError> {
        access.permit(Permission::DossierOpinion)?;
        let matter = Matter::OpinionAnswered {
            number: request.number,
            answer: required("/answer", request.answer, text::NOTE)?,
        };
        let asked = asked(Role::Agency, "opinion-answers", matter, request.occurred_at);
        self.act(access, id, call, asked).await
    }

    /// The agency tells that the result comes before its due date (`NĐ 118/2025` Điều 22.5).
    ///
    /// # Errors
    /// As every act ([`Acts`]); `moment-passed`; `clock-not-running`, `result-not-early`.
    pub async fn early_result(
        &self,
        access: &Access,
        id: DossierId,
        call: Call,
        request: EarlyResultRequest,
    ) -> Result<DossierSummary, ServiceError> {
        access.permit(Permission::DossierEarlyResult)?;
        // It is told beforehand.
        ahead("expected_at", request.expected_at, self.clock.now())?;
        let matter = Matter::EarlyResult {
            expected_at: request.expected_at,
            text: bounded("/text", request.text, text::NOTE)?,
        };
        self.act(
            access,
            id,
            call,
            asked(Role::Agency, "early-result", matter, None),
        )
        .await
    }

    /// Papers of the applicant were lost or damaged (`NĐ 118/2025` Điều 23.2): whoever had them says so.
    ///
    /// # Errors
    /// As every act ([`Acts`]); `staff-required`.
    pub async fn lost(
        &self,
        access: &Access,
        id: DossierId,
        call: Call,
        request: LossRequest,
    ) -> Result<DossierSummary, ServiceError> {
        access.permit(Permission::DossierLoss)?;
        access.require_staff()?;
        let matter = Matter::PapersLost {
            text: required("/text", request.text, text::NOTE)?,
        };
        let role = part(access, &self.dossiers.reached(access, id).await?);
        self.act(
            access,
            id,
            call,
            asked(role, "losses", matter, request.occurred_at),
        )
        .await
    }

    /// A fee was collected, or paid in to the budget (`NĐ 118/2025` Điều 24.3): whoever has the money says so.
    ///
    /// # Errors
    /// As every act ([`Acts`]); `staff-required`; `number-range`; `fee-unknown`.
    pub async fn paid(
        &self,
        access: &Access,
        id: DossierId,
        call: Call,
        request: PaymentRequest,
    ) -> Result<DossierSummary, ServiceError> {
        access.permit(Permission::DossierPayment)?;
        access.require_staff()?;
        let amount_vnd = request.amount_vnd;
        if !(1..=limits::AMOUNT_VND).contains(&amount_vnd) {
            let problem = problems::NumberRange {
                field: &"amount_vnd",
                min: &1,
                max: &limits::AMOUNT_VND,
                unit: &" đồng",
            };
            return Err(problem.at("/amount_vnd").into());
        }
        let receipt = bounded("/receipt", request.receipt, text::PROOF)?;
        let row = self.dossiers.reached(access, id).await?;
        let matter = match request.kind {
            PaymentKind::Collected => Matter::FeeCollected {
                amount_vnd,
                receipt,
                due_at: self
                    .directory
                    .clockwork(&row)
                    .fee_to_budget(request.occurred_at.unwrap_or_else(|| self.clock.now())),
            },
            PaymentKind::PaidIn => Matter::FeePaidIn { amount_vnd, receipt },
        };
        let asked = asked(part(access, &row), "payments", matter, request.occurred_at);
        self.act(access, id, call, asked).await
    }
}
