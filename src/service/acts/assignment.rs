//! An operator names the agency of a dossier: where the rules name none or several, where nobody said which part of a divided
//! commune is meant, or where the agency they name says that it is another's.

use super::Call;
use crate::domain::clocks::Deadline;
use crate::domain::codes::Key;
use crate::domain::ids::DossierId;
use crate::domain::rejection::problems;
use crate::domain::routing::{Agency, AssignedReason, HeldDossier, Reception, RouteReason};
use crate::domain::seal::sha256;
use crate::domain::tasks::Tasks;
use crate::domain::time::Timestamp;
use crate::domain::view::{AssignmentRequest, DossierSummary};
use crate::identity::{Access, Permission};
use crate::service::ServiceError;
use crate::service::acts::Acts;
use crate::service::fault::internal;
use crate::service::tenants::reason_of;
use crate::store::kept::KeptDossier;
use crate::store::ledger::{Assign, AssignOutcome, KeyUse};

/// How often an assignment is prepared anew when something else happened to the dossier meanwhile.
const ATTEMPTS: usize = 4;

impl Acts {
    /// Names the agency. The one before, if any, loses its part as after an amendment; the new one gets the whole dossier.
    ///
    /// # Errors
    /// `not-found`, `agency-unknown`, `agency-unchanged`, `status-final`; `text-empty`, `text-length` of the reason.
    pub async fn assign(
        &self,
        access: &Access,
        id: DossierId,
        call: Call,
        request: AssignmentRequest,
    ) -> Result<DossierSummary, ServiceError> {
        let (agency, text) = self.given_to(access, &request.agency, request.reason)?;
        for _ in 0..ATTEMPTS {
            let row = self.dossiers.reached(access, id).await?;
            let now = self.clock.now();
            let mut route = row.route.read()?;
            let tasks = self.tasks_of(&row, &route, &agency.key, now);
            route.assigned = Some(AssignedReason {
                agency: agency.key.clone(),
                by: access.key().clone(),
                at: now,
            });
            let reception = self.reception_of(&row, &agency.key, now);
            route.reception = Some(reception.reason());
            let assign = Assign {
                key: KeyUse {
                    tenant: access.key().to_string(),
                    route: "assignment",
                    key: call.key.as_str().to_owned(),
                    request: sha256(&[call.request_digest.as_bytes(), id.to_string().as_bytes()].concat()),
                },
                dossier: id.to_string(),
                actor: access.actor(),
                agency: agency.key.clone(),
                instead: row.agency.as_ref().map(ToString::to_string),
                text: text.clone(),
                supervisor: reception.supervisor.map(|unit| unit.to_string()),
                route: serde_json::to_string(&route).map_err(internal)?,
                watches: self.watches_of(&row, &agency.key, &tasks, now),
                tasks,
                traceparent: call.traceparent.clone(),
            };
            match self.store.ledger.ask(assign).await? {
                AssignOutcome::Done => {
                    self.notifier.tell(&row.submitter);
                    return self.dossiers.summary(&self.dossiers.reached(access, id).await?);
                }
                AssignOutcome::KeyReused => return Err(problems::IdempotencyKeyReused.into()),
                AssignOutcome::Absent => return Err(problems::NotFound.into()),
                AssignOutcome::Refused(problem) => return Err(problem.into()),
                AssignOutcome::Raced => {}
            }
        }
        Err(ServiceError::Busy)
    }

    /// The agency that an operator gives a dossier or a task to, and why.
    pub(super) fn given_to(
        &self,
        access: &Access,
        agency: &Key,
        reason: String,
    ) -> Result<(Agency, String), ServiceError> {
        access.permit(Permission::DossierAssign)?;
        let text = reason_of(reason)?;
        let agency = self
            .directory
            .agency_in_force(agency.as_str())
            .map_err(|p| p.at("/agency"))?;
        Ok((agency, text))
    }

    /// What each of several agencies has to do once this one leads: nothing new where they have been told.
    fn tasks_of(&self, row: &KeptDossier, route: &RouteReason, lead: &Key, now: Timestamp) -> Tasks {
        if !row.state.tasks.is_empty() {
            return Tasks::default();
        }
        let filed_on = route.date.parse().unwrap_or_else(|_| now.date());
        let directory = self.directory.load();
        let given = directory.tasks_of(&row.procedure, route.procedure.version, lead, filed_on);
        let held = HeldDossier {
            agency: lead,
            procedure: &row.procedure,
            since: filed_on,
            reason: route,
        };
        let given = directory.settled_tasks(given, held, now.date());
        self.directory.beginning(given, row.channel, &row.procedure, now)
    }

    /// What begins to run when an agency gets a dossier.
    fn watches_of(&self, row: &KeptDossier, agency: &Key, tasks: &Tasks, now: Timestamp) -> Vec<Deadline> {
        let clockwork = self.directory.load().clockwork(Some(agency), &row.procedure);
        let task = tasks.next_due().map(|due| clockwork.task(now, due));
        std::iter::once(clockwork.silence(now)).chain(task).collect()
    }

    /// Where a dossier was received, seen from this agency.
    fn reception_of(&self, row: &KeptDossier, agency: &Key, now: Timestamp) -> Reception {
        let directory = self.directory.load();
        directory.reception(&row.submitter, row.point.as_ref(), Some(agency), now.date())
    }
}
