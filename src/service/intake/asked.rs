//! Whom a filing goes to; and whom it would go to, without filing it.

use super::Intake;
use crate::domain::dossier::{Filing, Place};
use crate::domain::rejection::Rejection;
use crate::domain::routing::{Divided, Route};
use crate::domain::tenant::SuccessorPolicy;
use crate::domain::time::Date;
use crate::domain::view::{RouteAnswer, RouteRequest};
use crate::identity::{Access, Permission};
use crate::service::ServiceError;
use crate::service::intake::Mode;

impl Intake {
    /// Whom a filing of the caller's would go to, by the decision a filing is routed with. Stores nothing.
    ///
    /// # Errors
    /// `permission-missing`. Why a filing would be refused is no error: it is in the answer.
    pub fn route_of(&self, access: &Access, request: &RouteRequest) -> Result<RouteAnswer, ServiceError> {
        access.permit(Permission::DossierRead)?;
        let mode = if request.batch {
            Mode::Batch
        } else {
            Mode::Interactive
        };
        let at = request.at.unwrap_or_else(|| self.clock.now().date());
        let decided = self.decide(
            request.procedure.as_str(),
            request.place.as_ref(),
            at,
            divided(access, mode),
        );
        Ok(RouteAnswer::of(decided, |key| self.directory.agency_view(key)))
    }

    /// Where a filing goes.
    pub(super) fn route(&self, filing: &Filing, access: &Access, mode: Mode) -> Result<Route, Rejection> {
        let filed_on = filing.filed_at.date();
        self.decide(
            filing.procedure.code.as_str(),
            filing.place.as_ref(),
            filed_on,
            divided(access, mode),
        )
    }

    /// Whom the rules of a day name, and what has become of that agency since.
    fn decide(
        &self,
        procedure: &str,
        place: Option<&Place>,
        filed_on: Date,
        divided: Divided,
    ) -> Result<Route, Rejection> {
        let directory = self.directory.load();
        let route = directory.route_by(procedure, place, filed_on, divided)?;
        Ok(directory.settle(route, filed_on, self.clock.now().date().max(filed_on)))
    }
}

/// What becomes of a former commune whose parts have different agencies: the tenant's policy goes first.
fn divided(access: &Access, mode: Mode) -> Divided {
    match (access.tenant().successor_policy, mode) {
        (SuccessorPolicy::Default, _) => Divided::TakeDefault,
        (SuccessorPolicy::Ask, Mode::Interactive) => Divided::Refuse,
        (SuccessorPolicy::Ask, Mode::Batch) => Divided::Park,
    }
}
