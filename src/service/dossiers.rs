//! Reading dossiers: lists, one, its history, its route, its bytes, its receipt; and a tenant's event feed.

use std::sync::Arc;

use super::ServiceError;
use crate::domain::codes::{DossierCode, Key};
use crate::domain::contract::LARGEST_PAGE;
use crate::domain::event::Event;
use crate::domain::ids::DossierId;
use crate::domain::rejection::problems;
use crate::domain::status::Status;
use crate::domain::view::{DossierPage, DossierSummary, DossierView, EventView, HistoryView, RouteView};
use crate::identity::{Access, Permission};
use crate::service::directory::DirectoryInUse;
use crate::service::endpoints::Endpoints;
use crate::service::files::Files;
use crate::service::formats_in_use::FormatsInUse;
use crate::service::parts::Base;
use crate::store::Store;
use crate::store::kept::{KeptDossier, KeptSubmission};
use crate::store::read;

/// Which dossiers to list.
#[derive(Clone, Debug, Default)]
pub struct DossierQuery {
    /// In this status.
    pub status: Option<Status>,
    /// Of this agency.
    pub agency: Option<Key>,
    /// With one of these references, where any is named.
    pub references: Vec<String>,
    /// With this official code.
    pub code: Option<DossierCode>,
    /// Waiting for the operator to name an agency.
    pub parked: bool,
    /// Older than this one.
    pub after: Option<DossierId>,
    /// 1 to 200.
    pub limit: u32,
}

/// Reading dossiers.
pub struct Dossiers {
    store: Arc<Store>,
    directory: Arc<DirectoryInUse>,
    endpoints: Arc<Endpoints>,
    files: Arc<Files>,
    formats: Arc<FormatsInUse>,
}

impl Dossiers {
    pub(super) fn new(base: &Base, endpoints: &Arc<Endpoints>, files: &Arc<Files>) -> Self {
        Dossiers {
            store: Arc::clone(&base.store),
            directory: Arc::clone(&base.directory),
            endpoints: Arc::clone(endpoints),
            files: Arc::clone(files),
            formats: Arc::clone(&base.formats),
        }
    }

    /// A page of dossiers, newest first.
    ///
    /// # Errors
    /// `permission-missing`.
    pub async fn list(&self, access: &Access, query: DossierQuery) -> Result<DossierPage, ServiceError> {
        let scope = access.permit(Permission::DossierRead)?;
        let filter = read::Filter {
            status: query.status,
            agency: query.agency,
            references: query.references,
            code: query.code.map(String::from),
            parked: query.parked,
            after: query.after.map(|id| id.to_string()),
            limit: query.limit.clamp(1, LARGEST_PAGE) as usize,
        };
        let listed = self
            .store
            .readers
            .run(move |conn| read::list(conn, &scope, &filter))
            .await?;
        let dossiers = listed
            .dossiers
            .iter()
            .map(|row| self.summary(row))
            .collect::<Result<_, _>>()?;
        Ok(DossierPage {
            dossiers,
            next: listed.next,
        })
    }

    /// One dossier with its content.
    ///
    /// # Errors
    /// `permission-missing`; `not-found`, also for another tenant's.
    pub async fn show(&self, access: &Access, id: DossierId) -> Result<DossierView, ServiceError> {
        let row = self.reached(access, id).await?;
        let missing = self.files.missing(access, id).await?;
        let summary = self.summary(&row)?;
        let cipher = Arc::clone(&self.store.cipher);
        let (content, history) = self
            .store
            .readers
            .run(move |conn| {
                let id = id.to_string();
                let content = read::content(conn, &cipher, &id, row.state.version)?;
                Ok((content, read::history(conn, &cipher, &id)?))
            })
            .await?;
        Ok(DossierView::new(summary, content, &history, missing))
    }

    /// Every event of a dossier.
    ///
    /// # Errors
    /// As [`Dossiers::show`].
    pub async fn history(&self, access: &Access, id: DossierId) -> Result<HistoryView, ServiceError> {
        let events = self.events_of(access, id).await?;
        Ok(HistoryView {
            tracking_id: id,
            events: events.iter().map(EventView::from).collect(),
        })
    }

    pub(super) async fn events_of(&self, access: &Access, id: DossierId) -> Result<Vec<Event>, ServiceError> {
        self.reached(access, id).await?;
        let cipher = Arc::clone(&self.store.cipher);
        Ok(self
            .store
            .readers
            .run(move |conn| read::history(conn, &cipher, &id.to_string()))
            .await?)
    }

    /// Why a dossier goes where it goes, and how far it has come.
    ///
    /// # Errors
    /// As [`Dossiers::show`].
    pub async fn route(&self, access: &Access, id: DossierId) -> Result<RouteView, ServiceError> {
        let row = self.reached(access, id).await?;
        let submission = row.submission.to_string();
        let (carried, read_by) = self
            .store
            .readers
            .run(move |conn| {
                let carried = read::deliveries_of(conn, &id.to_string())?;
                Ok((carried, read::read_by(conn, &submission)?))
            })
            .await?;
        let formats = self.formats.load();
        let reason = row.route.read()?;
        // Whose words the decision has is in the history; most dossiers need no look at it.
        let assignment = match &reason.assigned {
            Some(_) => self.directory.assignment(&self.events_of(access, id).await?),
            None => None,
        };
        Ok(RouteView {
            tracking_id: id,
            assignment,
            agency: self.directory.agency_of(&row),
            parked: row.parked,
            reason,
            deliveries: carried
                .into_iter()
                .map(|carriage| self.endpoints.delivery_view(carriage))
                .collect(),
            read_by: read_by.map(|(format, number)| formats.reference(format, number)),
        })
    }

    /// The exact bytes of the submission a dossier now stands on, with their media type.
    ///
    /// # Errors
    /// As [`Dossiers::show`].
    pub async fn submission(
        &self,
        access: &Access,
        id: DossierId,
    ) -> Result<(String, Vec<u8>), ServiceError> {
        let received = self.received(access, id).await?;
        Ok((received.media_type, received.bytes))
    }

    /// The signed receipt of that submission.
    ///
    /// # Errors
    /// As [`Dossiers::show`].
    pub async fn receipt(&self, access: &Access, id: DossierId) -> Result<String, ServiceError> {
        Ok(self.received(access, id).await?.receipt)
    }

    /// The submission a dossier now stands on.
    async fn received(&self, access: &Access, id: DossierId) -> Result<KeptSubmission, ServiceError> {
        let row = self.reached(access, id).await?;
        let cipher = Arc::clone(&self.store.cipher);
        let found = self
            .store
            .readers
            .run(move |conn| read::submission(conn, &cipher, &row.submission.to_string()))
            .await?;
        found.ok_or_else(|| problems::NotFound.into())
    }

    /// A dossier the caller may see; anything else is `not-found`.
    pub(super) async fn reached(&self, access: &Access, id: DossierId) -> Result<KeptDossier, ServiceError> {
        let scope = access.permit(Permission::DossierRead)?;
        let found = self
            .store
            .readers
            .run(move |conn| read::dossier(conn, &scope, &id.to_string()))
            .await?;
        found.ok_or_else(|| problems::NotFound.into())
    }

    pub(super) fn summary(&self, dossier: &KeptDossier) -> Result<DossierSummary, ServiceError> {
        let procedure = dossier.route.read()?.procedure;
        let state = &dossier.state;
        Ok(DossierSummary {
            tracking_id: dossier.id,
            reference: dossier.reference.clone(),
            dossier_code: state.code.clone(),
            claimed_code: state.claimed.clone(),
            procedure: dossier.procedure.clone(),
            procedure_name: procedure.name,
            procedure_version: procedure.version,
            channel: dossier.channel,
            assisted_by_agent: dossier.assisted,
            status: state.status().into(),
            since: state.since,
            submitter: dossier.submitter.clone(),
            point: dossier.point.clone(),
            receiving_unit: dossier.receiving_unit.clone(),
            supervisor: dossier.supervisor.clone(),
            agency: self.directory.agency_of(dossier),
            joint: self.directory.joint(dossier),
            parked: dossier.parked,
            version: state.version,
            clocks: self.directory.clocks_of(dossier),
            received_at: dossier.received_at,
            updated_at: dossier.updated_at,
            warnings: Vec::new(),
        })
    }
}
