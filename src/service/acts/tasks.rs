//! The tasks of several agencies: each reports its own, and an operator gives one to another agency.

use super::{ActionRequest, Call, of_agency};
use crate::domain::details::{Details, Lists};
use crate::domain::ids::DossierId;
use crate::domain::lifecycle::Role;
use crate::domain::matter::Matter;
use crate::domain::rejection::{Problem, problems};
use crate::domain::status::Status;
use crate::domain::task::TaskOutcome;
use crate::domain::text::limits::NOTE;
use crate::domain::view::{DossierSummary, TaskHandOverRequest, TaskReportRequest};
use crate::identity::{Access, Permission};
use crate::service::ServiceError;
use crate::service::acts::Acts;
use crate::service::texts::{bounded, required};
use crate::store::ledger::DossierAction;

impl Acts {
    /// One of several agencies reports its own task (`NĐ 118/2025` Điều 20.2): that it is done, or why it cannot be. The dossier stays
    /// where it is.
    ///
    /// # Errors
    /// As every act ([`Acts`]); `task-unknown`, `task-settled`.
    pub async fn report_task(
        &self,
        access: &Access,
        id: DossierId,
        call: Call,
        request: TaskReportRequest,
    ) -> Result<DossierSummary, ServiceError> {
        access.permit(Permission::DossierTask)?;
        let row = self.dossiers.reached(access, id).await?;
        let agency = access.key().key().parse().map_err(|_| problems::NotFound)?;
        let text = match request.outcome {
            TaskOutcome::Done => bounded("/text", request.text, NOTE)?,
            TaskOutcome::Unable => Some(required("/text", request.text.unwrap_or_default(), NOTE)?),
        };
        let lists = Lists {
            results: request.results,
            ..Lists::default()
        };
        let results = match Details::of(Status::Finished, lists)? {
            Some(Details::Decision { results, .. }) => results,
            _ => Vec::new(),
        };
        let reported = Matter::TaskReported {
            task: request.task.unwrap_or_default(),
            agency,
            outcome: request.outcome,
            text,
            results,
        };
        let action = DossierAction::Beside(reported);
        let role = of_agency(access, &row);
        let asked = ActionRequest::of(role, "task-reports", action, request.occurred_at);
        self.act(access, id, call, asked).await
    }

    /// Gives the task of a co-agency to another agency. The one before, if any, loses its part; the new one gets the whole dossier,
    /// and its own time.
    ///
    /// # Errors
    /// `not-found`, `agency-unknown`, `agency-unchanged`, `status-final`, `task-unknown`, `task-settled`, `task-of-lead`; `text-empty`,
    /// `text-length` of the reason.
    pub async fn hand_task_over(
        &self,
        access: &Access,
        id: DossierId,
        call: Call,
        request: TaskHandOverRequest,
    ) -> Result<DossierSummary, ServiceError> {
        let (agency, text) = self.given_to(access, &request.agency, request.reason)?;
        let row = self.dossiers.reached(access, id).await?;
        let unknown = || -> Problem { problems::TaskUnknown { task: &request.task }.at("/task") };
        let task = row.state.tasks.get(request.task).ok_or_else(unknown)?;
        let clockwork = self.directory.load().clockwork(Some(&agency.key), &row.procedure);
        let given = Matter::TaskHandedOver {
            task: task.number,
            agency: agency.key,
            instead: task.agency.clone(),
            text,
            due_at: Some(clockwork.due(self.clock.now(), task.limit)),
        };
        let action = DossierAction::Beside(given);
        let asked = ActionRequest::of(Role::Operator, "task-hand-over", action, None);
        self.act(access, id, call, asked).await
    }
}
