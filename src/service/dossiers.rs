//! Reading dossiers: lists, one, its history, its route, its bytes, its receipt; and a tenant's event feed.

use std::sync::Arc;
use std::time::Duration;

use super::fault::internal;
use super::{Hub, ServiceError, Wait};
use crate::adapt::Adapter;
use crate::domain::codes::{DossierCode, Key};
use crate::domain::contract::LARGEST_PAGE;
use crate::domain::event::Event;
use crate::domain::ids::DossierId;
use crate::domain::rejection::{Label, Problem};
use crate::domain::status::Status;
use crate::domain::tenant::TenantKey;
use crate::domain::view::{
    AgencyView, Clocks, CloudEvent, Cursor, DossierPage, DossierSummary, DossierView, EventView, FeedData,
    FeedPage, HistoryView, RouteView, StatusReport,
};
use crate::identity::{Access, Permission, Scope};
use crate::store::kept::{KeptDossier, KeptSubmission};
use crate::store::read::{self, CursorStanding};

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

/// How long a waiting call sleeps before it looks for what another hub committed.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl Hub {
    /// A page of dossiers, newest first.
    pub async fn dossiers(&self, access: &Access, query: DossierQuery) -> Result<DossierPage, ServiceError> {
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
    pub async fn dossier(&self, access: &Access, id: DossierId) -> Result<DossierView, ServiceError> {
        let row = self.reached(access, id).await?;
        let missing = self.missing_files(access, id).await?;
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
    pub async fn route(&self, access: &Access, id: DossierId) -> Result<RouteView, ServiceError> {
        let row = self.reached(access, id).await?;
        let carried = self
            .store
            .readers
            .run(move |conn| read::deliveries_of(conn, &id.to_string()))
            .await?;
        let reason = row.route.read()?;
        // Whose words the decision has is in the history; most dossiers need no look at it.
        let assignment = match &reason.assigned {
            Some(_) => self.assignment(&self.events_of(access, id).await?),
            None => None,
        };
        Ok(RouteView {
            tracking_id: id,
            assignment,
            agency: self.agency_of(&row),
            parked: row.parked,
            reason,
            deliveries: carried
                .into_iter()
                .map(|carriage| self.delivery_view(carriage))
                .collect(),
        })
    }

    /// The exact bytes of the submission a dossier now stands on, with their media type.
    pub async fn submission(
        &self,
        access: &Access,
        id: DossierId,
    ) -> Result<(String, Vec<u8>), ServiceError> {
        let received = self.received(access, id).await?;
        Ok((received.media_type, received.bytes))
    }

    /// The signed receipt of that submission.
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
        found.ok_or_else(|| Label::NotFound.into())
    }

    /// The caller's events after a cursor; waits up to `wait` for the first.
    pub async fn events(
        &self,
        access: &Access,
        after: Cursor,
        wait: impl Into<Wait>,
        limit: u32,
    ) -> Result<FeedPage, ServiceError> {
        let wait = wait.into();
        let scope = access.permit(Permission::EventRead)?;
        let bell = self.notifier.bell(access.key().as_str());
        let deadline = wait.deadline();
        let limit = i64::from(limit.clamp(1, LARGEST_PAGE));
        loop {
            let rung = bell.notified();
            let page = self.feed_page(access.key(), scope.clone(), after, limit).await?;
            let now = tokio::time::Instant::now();
            if !page.events.is_empty() || now >= deadline || wait.is_over() {
                return Ok(page);
            }
            wait.for_bell(rung, deadline.min(now + LOOK_AGAIN)).await;
        }
    }

    async fn feed_page(
        &self,
        reader: &TenantKey,
        scope: Scope,
        after: Cursor,
        limit: i64,
    ) -> Result<FeedPage, ServiceError> {
        let cipher = Arc::clone(&self.store.cipher);
        let items = self
            .store
            .readers
            .run(move |conn| match read::feed_cursor(conn, after)? {
                CursorStanding::Known(after) => Ok(Ok(read::feed(conn, &cipher, &scope, after, limit)?)),
                CursorStanding::Foreign { from } => Ok(Err(foreign("after", after, from))),
            })
            .await??;
        let next = items
            .last()
            .map_or(after, |item| Cursor::after(item.seq, item.event.at));
        let teller = self.teller(reader);
        let events = items
            .into_iter()
            .map(|item| self.feed_event(item, teller))
            .collect::<Result<_, _>>()?;
        Ok(FeedPage { events, next })
    }

    /// A cursor as the caller gave it in `field`, as a place of this history.
    pub(super) async fn place(&self, field: &'static str, cursor: Cursor) -> Result<i64, ServiceError> {
        let standing = self
            .store
            .readers
            .run(move |conn| read::feed_cursor(conn, cursor))
            .await?;
        match standing {
            CursorStanding::Known(number) => Ok(number),
            CursorStanding::Foreign { from } => Err(foreign(field, cursor, from).into()),
        }
    }

    /// The first of a reader's formats that tells progress.
    pub(super) fn teller(&self, reader: &TenantKey) -> Option<&Adapter> {
        let register = self.register();
        let formats = register.tenant(reader)?.formats.iter();
        formats
            .filter_map(|name| self.adapters.get(name))
            .find(|adapter| adapter.tells_progress())
    }

    /// An event as its submitter is told of it, whichever way; with its progress as the reader's own format tells it.
    pub(super) fn feed_event(
        &self,
        item: read::FeedItem,
        teller: Option<&Adapter>,
    ) -> Result<CloudEvent<FeedData>, ServiceError> {
        let progress = teller.and_then(|adapter| {
            let report = StatusReport::of_event(&item.event, &item.reference)?;
            Some((adapter.name(), adapter.render_progress(&[report])?))
        });
        let (format, document) = match progress {
            Some((name, rendered)) => {
                let document = rendered.into_document();
                let document = document.ok_or_else(|| internal("what was rendered is no document"))?;
                (Some(name.to_owned()), Some(document.value()))
            }
            None => (None, None),
        };
        Ok(CloudEvent {
            specversion: "1.0".to_owned(),
            id: item.event.id.to_string(),
            source: self.issuer_url(),
            kind: event_type(item.event.what.word()),
            subject: item.event.dossier.to_string(),
            time: item.event.at,
            datacontenttype: "application/json".to_owned(),
            traceparent: None,
            data: FeedData {
                tracking_id: item.event.dossier,
                reference: item.reference,
                dossier_code: item.code.and_then(|c| c.parse().ok()),
                submitter: item.submitter.parse().map_err(internal)?,
                receiving_unit: item.receiving_unit.and_then(|key| key.parse().ok()),
                supervisor: item.supervisor.and_then(|key| key.parse().ok()),
                event: EventView::from(&*item.event),
                format,
                document,
            },
        })
    }

    /// A dossier the caller may see; anything else is `not-found`.
    pub(super) async fn reached(&self, access: &Access, id: DossierId) -> Result<KeptDossier, ServiceError> {
        let scope = access.permit(Permission::DossierRead)?;
        let found = self
            .store
            .readers
            .run(move |conn| read::dossier(conn, &scope, &id.to_string()))
            .await?;
        found.ok_or_else(|| Label::NotFound.into())
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
            agency: self.agency_of(dossier),
            parked: dossier.parked,
            version: state.version,
            clocks: self.clocks_of(dossier),
            received_at: dossier.received_at,
            updated_at: dossier.updated_at,
            warnings: Vec::new(),
        })
    }

    pub(super) fn agency_of(&self, dossier: &KeptDossier) -> Option<AgencyView> {
        dossier.agency.as_ref().map(|key| self.agency_view(key))
    }

    /// An agency as shown; one that has left the directory is shown by its key.
    pub(super) fn agency_view(&self, key: &Key) -> AgencyView {
        let name = self
            .directory
            .load()
            .agency(key)
            .map_or_else(|| key.to_string(), |a| a.name.clone());
        AgencyView {
            key: key.clone(),
            name,
        }
    }
}

pub(super) fn event_type(word: &str) -> String {
    format!("vn.lienthong.dossier.{word}")
}

impl Hub {
    /// The clocks that run, and whether they were counted across a day that is only assumed.
    pub(super) fn clocks_of(&self, dossier: &KeptDossier) -> Clocks {
        running(dossier).counted_by(&self.clockwork(dossier), dossier.received_at)
    }
}

fn running(dossier: &KeptDossier) -> Clocks {
    let (due, promise) = (dossier.state.due, dossier.state.promise);
    let promise = promise.filter(|promise| promise.holds && Some(promise.to) != due);
    Clocks {
        acceptance_due: dossier.acceptance_due,
        forecast_due: dossier.forecast_due,
        due,
        promised_due: promise.map(|promise| promise.to),
        assumed_day: None,
    }
}

/// A cursor that is not of this history, and where to begin again.
pub(super) fn foreign(field: &'static str, cursor: Cursor, from: Cursor) -> Problem {
    Problem::new(Label::CursorUnknown)
        .with("field", field)
        .with("value", cursor)
        .with("begin", from)
}
