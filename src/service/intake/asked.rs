//! Whom a filing would go to, without filing it.

use super::{Intake, divided};
use crate::domain::rejection::Language;
use crate::domain::view::{ProblemView, RouteAnswer, RouteRequest};
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
        let mode = if request.batch { Mode::Batch } else { Mode::Interactive };
        let at = request.at.unwrap_or_else(|| self.clock.now().date());
        let decided = self.decide(&request.procedure, request.place.as_ref(), at, divided(access, mode));
        let told = |problem| ProblemView::of(problem, Language::Vietnamese);
        Ok(match decided {
            Ok(route) => RouteAnswer {
                agency: route.agency.as_ref().map(|key| self.directory.agency_view(key)),
                parked: route.parked,
                warnings: route.warnings.iter().map(told).collect(),
                reason: Some(route.reason),
                refused: Vec::new(),
            },
            Err(rejection) => RouteAnswer {
                agency: None,
                parked: None,
                reason: None,
                refused: rejection.problems().iter().map(told).collect(),
                warnings: Vec::new(),
            },
        })
    }
}
