//! The turns a dossier may take: refused, sent back for papers, recalled, withdrawn, postponed, its result corrected.

use super::{ActionRequest, Call, office};
use crate::domain::details::{Details, Lists};
use crate::domain::event::Back;
use crate::domain::ids::DossierId;
use crate::domain::lifecycle::Role;
use crate::domain::plausible::Dated;
use crate::domain::rejection::Problem;
use crate::domain::status::Status;
use crate::domain::text::limits::NOTE;
use crate::domain::view::{
    CorrectionRequest, DossierSummary, PapersRequest, PostponementRequest, ReasonRequest,
};
use crate::identity::{Access, Permission};
use crate::service::ServiceError;
use crate::service::acts::Acts;
use crate::service::texts::required;
use crate::store::ledger::DossierAction;

fn reason(text: String) -> Result<String, Problem> {
    required("/reason", text, NOTE)
}

/// A step that needs nothing but its reason.
fn step(
    role: Role,
    route: &'static str,
    (to, back): (Status, Option<Back>),
    request: ReasonRequest,
) -> Result<ActionRequest, Problem> {
    let action = DossierAction::Step {
        to,
        text: reason(request.reason)?,
        details: None,
        back,
    };
    Ok(ActionRequest::of(role, route, action, request.occurred_at))
}

impl Acts {
    /// Withdraws a dossier on the applicant's request, before the decision (`NĐ 118/2025` Điều 21): who filed it asks.
    ///
    /// # Errors
    /// As every act ([`Acts`]); `staff-required`; `withdrawal-too-late`, `status-final`.
    pub async fn withdraw(
        &self,
        access: &Access,
        id: DossierId,
        call: Call,
        request: ReasonRequest,
    ) -> Result<DossierSummary, ServiceError> {
        access.permit(Permission::DossierWithdraw)?;
        access.require_staff()?;
        let asked = step(Role::Submitter, "withdrawal", (Status::Withdrawn, None), request)?;
        self.act(access, id, call, asked).await
    }

    /// Refuses an online filing before it is accepted: the receiving unit or the agency.
    ///
    /// # Errors
    /// As every act ([`Acts`]); `transition-not-allowed`, `status-final`.
    pub async fn refuse(
        &self,
        access: &Access,
        id: DossierId,
        call: Call,
        request: ReasonRequest,
    ) -> Result<DossierSummary, ServiceError> {
        access.permit(Permission::DossierRefuse)?;
        let asked = step(office(access), "refusal", (Status::Refused, None), request)?;
        self.act(access, id, call, asked).await
    }

    /// Asks for papers, once and for all of them (`NĐ 118/2025` Điều 16.3): the receiving unit or the agency.
    ///
    /// # Errors
    /// As every act ([`Acts`]); `transition-not-allowed`, `status-final`.
    pub async fn ask(
        &self,
        access: &Access,
        id: DossierId,
        call: Call,
        request: PapersRequest,
    ) -> Result<DossierSummary, ServiceError> {
        access.permit(Permission::DossierAsk)?;
        let lists = Lists {
            papers: request.papers,
            ..Lists::default()
        };
        let action = DossierAction::Step {
            to: Status::SupplementRequested,
            text: reason(request.reason)?,
            details: Details::of(Status::SupplementRequested, lists)?,
            back: None,
        };
        let asked = ActionRequest::of(office(access), "supplement-request", action, request.occurred_at);
        self.act(access, id, call, asked).await
    }

    /// Takes a dossier back from the agency: the receiving unit that forwarded it.
    ///
    /// # Errors
    /// As every act ([`Acts`]); `transition-not-allowed`, `status-final`; `actor-not-allowed` where the agency has finished it.
    pub async fn recall(
        &self,
        access: &Access,
        id: DossierId,
        call: Call,
        request: ReasonRequest,
    ) -> Result<DossierSummary, ServiceError> {
        access.permit(Permission::DossierRecall)?;
        let asked = step(
            Role::ReceivingUnit,
            "recall",
            (Status::Accepted, Some(Back::Recalled)),
            request,
        )?;
        self.act(access, id, call, asked).await
    }

    /// Moves the due date, once (`NĐ 118/2025` Điều 19.6): the agency.
    ///
    /// # Errors
    /// As every act ([`Acts`]); `clock-not-running`, `due-out-of-range`.
    pub async fn postpone(
        &self,
        access: &Access,
        id: DossierId,
        call: Call,
        request: PostponementRequest,
    ) -> Result<DossierSummary, ServiceError> {
        access.permit(Permission::DossierPostpone)?;
        let new_due = Dated::NewDue.check(request.new_due);
        let action = DossierAction::Postpone {
            new_due: new_due.map_err(|why| why.problem("new_due").at("/new_due"))?,
            text: reason(request.reason)?,
        };
        let asked = ActionRequest::of(Role::Agency, "postponement", action, request.occurred_at);
        self.act(access, id, call, asked).await
    }

    /// Puts a result right (`NĐ 118/2025` Điều 23.1): the agency.
    ///
    /// # Errors
    /// As every act ([`Acts`]); `field-missing` without results; `result-missing`.
    pub async fn correct(
        &self,
        access: &Access,
        id: DossierId,
        call: Call,
        request: CorrectionRequest,
    ) -> Result<DossierSummary, ServiceError> {
        access.permit(Permission::DossierCorrect)?;
        let lists = Lists {
            results: request.results,
            refusal: request.refusal,
            correction: true,
            ..Lists::default()
        };
        lists.check(Status::Finished)?;
        let action = DossierAction::Correct {
            results: lists.results,
            refusal: lists.refusal,
            text: Some(reason(request.reason)?),
        };
        let asked = ActionRequest::of(Role::Agency, "corrections", action, request.occurred_at);
        self.act(access, id, call, asked).await
    }
}
