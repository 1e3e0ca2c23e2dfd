//! Why an agency finds no dossier under a name.

use super::Statuses;
use crate::domain::ids::DossierId;
use crate::domain::rejection::Problem;
use crate::domain::rejection::problems::{self, Bilingual, Fill};
use crate::domain::tenant::TenantKind;
use crate::identity::Access;
use crate::service::ServiceError;
use crate::store::conn::Conn;
use crate::store::read;

impl Statuses {
    /// Why an agency finds no dossier under a name. One it had before it was reorganised is with another agency now, which it may
    /// know: it had the dossier, and somebody there has still to report.
    pub(super) async fn absent(&self, access: &Access, named: &str) -> Result<Problem, ServiceError> {
        let (Ok(agency), TenantKind::Agency) = (access.key().key().parse(), access.kind()) else {
            return Ok(problems::NotFound.into());
        };
        let id = named.parse::<DossierId>().map(|id| id.to_string());
        let name = named.to_owned();
        let read = move |c: &mut Conn| {
            let ids = match id {
                Ok(id) => vec![id],
                Err(_) => read::of_code(c, &name, 1)?,
            };
            ids.first()
                .map_or(Ok(None), |id| read::taken_over_from(c, &agency, id))
        };
        let Some(row) = self.store.readers.run(read).await? else {
            return Ok(problems::NotFound.into());
        };
        let since = row
            .route
            .read()?
            .succession
            .map(|taken| taken.on)
            .unwrap_or_default();
        let now = row
            .agency
            .as_ref()
            .map(|key| self.directory.agency_view(key).name);
        let nobody = Bilingual {
            vi: "người vận hành (chờ phân công)",
            en: "the operator, who has still to name the agency",
        };
        let agency: &dyn Fill = match &now {
            Some(name) => name,
            None => &nobody,
        };
        Ok(problems::DossierTakenOver { agency, date: &since }.into())
    }
}
