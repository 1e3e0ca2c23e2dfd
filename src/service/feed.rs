//! A tenant's event feed: what happened to the dossiers it has a part in, in the order of the ledger.

use std::sync::Arc;
use std::time::Duration;

use crate::adapt::{Adapter, OutgoingReport, Rendered};
use crate::domain::contract::LARGEST_PAGE;
use crate::domain::rejection::{Problem, problems};
use crate::domain::tenant::TenantKey;
use crate::domain::view::{CloudEvent, Cursor, EventView, FeedData, FeedPage, NoDocument, StatusReport};
use crate::identity::{Access, Permission, Scope};
use crate::service::credentials::Credentials;
use crate::service::fault::internal;
use crate::service::formats_in_use::FormatsInUse;
use crate::service::notifier::Notifier;
use crate::service::parts::Base;
use crate::service::{ServiceError, Wait};
use crate::store::Store;
use crate::store::read::{self, CursorStanding};

/// How long a waiting call sleeps before it looks for what another hub committed.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The feeds of tenants.
pub struct Feed {
    store: Arc<Store>,
    credentials: Arc<Credentials>,
    formats: Arc<FormatsInUse>,
    notifier: Arc<Notifier>,
}

impl Feed {
    pub(super) fn new(base: &Base) -> Self {
        Feed {
            store: Arc::clone(&base.store),
            credentials: Arc::clone(&base.credentials),
            formats: Arc::clone(&base.formats),
            notifier: Arc::clone(&base.notifier),
        }
    }

    /// The caller's events after a cursor; waits up to `wait` for the first.
    ///
    /// # Errors
    /// `permission-missing`; `cursor-unknown`, with where to begin again.
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
            .map(|item| self.feed_event(item, teller.as_deref()))
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
    pub(super) fn teller(&self, reader: &TenantKey) -> Option<Arc<Adapter>> {
        let in_use = self.formats.load();
        let register = self.credentials.register();
        let formats = register.tenant(reader)?.formats.iter();
        formats
            .filter_map(|name| in_use.registry().current(name))
            .find(|adapter| adapter.tells_progress())
            .cloned()
    }

    /// An event as its submitter is told of it, whichever way; with its progress as the reader's own format tells it.
    pub(super) fn feed_event(
        &self,
        item: read::FeedItem,
        teller: Option<&Adapter>,
    ) -> Result<CloudEvent<FeedData>, ServiceError> {
        let code = item.code.and_then(|c| c.parse().ok());
        let report = teller.and_then(|_| StatusReport::of_event(&item.event, &item.reference));
        let told = teller.zip(report).and_then(|(adapter, report)| {
            let outgoing = OutgoingReport {
                report: &report,
                tracking_id: Some(item.event.dossier),
                dossier_code: code.as_ref(),
            };
            Some((adapter.name().to_owned(), adapter.render_progress(&[outgoing])?))
        });
        let (format, rendered) = told.unzip();
        let mut rendered = rendered.unwrap_or_default();
        let document = match rendered.documents.pop().map(Rendered::into_document) {
            Some(None) => return Err(internal("what was rendered is no document")),
            Some(Some(document)) => Some(document.value()),
            None => None,
        };
        let no_document = rendered.left_out.first().map(|(_, why)| NoDocument::from(*why));
        Ok(CloudEvent {
            specversion: "1.0".to_owned(),
            id: item.event.id.to_string(),
            source: self.credentials.issuer_url(),
            kind: event_type(item.event.what.word()),
            subject: item.event.dossier.to_string(),
            time: item.event.at,
            datacontenttype: "application/json".to_owned(),
            traceparent: None,
            data: FeedData {
                tracking_id: item.event.dossier,
                reference: item.reference,
                dossier_code: code,
                submitter: item.submitter.parse().map_err(internal)?,
                receiving_unit: item.receiving_unit.and_then(|key| key.parse().ok()),
                supervisor: item.supervisor.and_then(|key| key.parse().ok()),
                event: EventView::from(&*item.event),
                format,
                document,
                no_document,
            },
        })
    }
}

pub(super) fn event_type(word: &str) -> String {
    format!("vn.lienthong.dossier.{word}")
}

/// A cursor that is not of this history, and where to begin again.
pub(super) fn foreign(field: &'static str, cursor: Cursor, from: Cursor) -> Problem {
    problems::CursorUnknown {
        field: &field,
        begin: &from,
        value: Some(&cursor),
    }
    .into()
}
