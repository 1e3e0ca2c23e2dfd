//! Refused documents: kept before the refusal is answered where that is possible, so that its problem document can name them; and
//! read by whoever asks why.
//!
//! Keeping is evidence, and evidence never stops intake: it is tried for a moment, only while the ledger has room to spare, and what
//! cannot be kept is refused all the same, without a name to ask by.

mod rate;

use std::sync::Arc;
use std::time::Duration;

use super::ServiceError;
use super::fault::internal;
use super::intake::prepared::{Incoming, request_digest};
use crate::clock::Clock;
use crate::domain::codes::Key;
use crate::domain::contract::LARGEST_PAGE;
use crate::domain::ids::RefusalId;
use crate::domain::rejection::{Language, Rejection, problems};
use crate::domain::tenant::{TenantKey, TenantKind};
use crate::domain::time::Timestamp;
use crate::domain::view::{ProblemView, RefusalPage, RefusalSummary, RefusalView, RefusedKind};
use crate::identity::{Access, Permission};
use crate::service::credentials::Credentials;
use crate::service::draws::Draws;
use crate::service::parts::Base;
use crate::store::Store;
use crate::store::kept::{KeptRefusal, NewRefusal, SealedRefusal};
use crate::store::ledger::Refuse;
use crate::store::read::{self, RefusalFilter};

/// How long a refusal waits for its document to be kept.
pub const KEEPING: Duration = Duration::from_secs(1);

/// A document that is refused.
pub(super) struct Refused<'a> {
    pub kind: RefusedKind,
    pub bytes: &'a [u8],
    pub media_type: &'a str,
    pub format: Option<&'a str>,
}

/// Which refusals to list.
#[derive(Clone, Debug, Default)]
pub struct RefusalQuery {
    /// Of this tenant.
    pub tenant: Option<TenantKey>,
    /// Last refused at this moment or later.
    pub since: Option<Timestamp>,
    /// Last refused before this moment.
    pub until: Option<Timestamp>,
    /// Older than this one: `next` of the page before.
    pub after: Option<RefusalCursor>,
    /// 1 to 200.
    pub limit: u32,
}

/// Where a page of refusals ended: moment in microseconds, and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusalCursor {
    at: Timestamp,
    id: RefusalId,
}

impl std::fmt::Display for RefusalCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.at.as_micros(), self.id)
    }
}

impl std::str::FromStr for RefusalCursor {
    type Err = crate::domain::ids::NotAnId;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (at, id) = text.split_once('-').ok_or(crate::domain::ids::NotAnId)?;
        let at = at.parse().map_err(|_| crate::domain::ids::NotAnId)?;
        Ok(RefusalCursor {
            at: Timestamp::from_micros(at),
            id: id.parse()?,
        })
    }
}

/// Documents that were refused.
pub struct Refusals {
    store: Arc<Store>,
    clock: Clock,
    draws: Arc<Draws>,
    credentials: Arc<Credentials>,
    rate: rate::Rate,
}

impl Refusals {
    pub(super) fn new(base: &Base) -> Self {
        Refusals {
            store: Arc::clone(&base.store),
            clock: base.clock.clone(),
            draws: Arc::clone(&base.draws),
            credentials: Arc::clone(&base.credentials),
            rate: Default::default(),
        }
    }

    /// Keeps a refused submission, and gives the refusal with its name. What is no refusal of a document stays as it is.
    pub(super) async fn keep_refused(
        &self,
        access: &Access,
        incoming: &Incoming,
        error: ServiceError,
    ) -> ServiceError {
        match error {
            ServiceError::Rejected(rejection) => {
                let document = Refused {
                    kind: RefusedKind::Submission,
                    bytes: &incoming.bytes,
                    media_type: &incoming.media_type,
                    format: incoming.format.as_deref(),
                };
                ServiceError::Rejected(self.keep(access, &document, rejection).await)
            }
            other => other,
        }
    }

    /// Keeps a refused document of an authenticated tenant, and gives the refusal with its name.
    pub(super) async fn keep(
        &self,
        access: &Access,
        document: &Refused<'_>,
        rejection: Rejection,
    ) -> Rejection {
        // Half of the ledger's queue is for what is taken; and what one tenant gets wrong is written only so often.
        if self.store.ledger.room() <= self.store.ledger.capacity() / 2
            || !self.rate.take(access.key(), self.clock.now())
        {
            return rejection;
        }
        let Ok((id, sealed)) = self.sealed_refusal(access.key(), document, &rejection) else {
            return rejection;
        };
        match tokio::time::timeout(KEEPING, self.store.ledger.ask(Refuse(sealed))).await {
            Ok(Ok(())) => rejection.kept_as(id),
            Ok(Err(error)) => {
                tracing::warn!(%error, tenant = %access.key(), "a refused document could not be kept");
                rejection
            }
            Err(_) => rejection,
        }
    }

    /// Keeps a report that came by the broker and is refused for good. Whoever sent it gets no answer there: the refusal is the
    /// answer, and is the tenant's own to read. One that no registered agency can have sent is the operator's.
    ///
    /// # Errors
    /// When it is not kept: the message must stay where it is.
    pub async fn keep_from_queue(
        &self,
        agency: Option<&Key>,
        bytes: &[u8],
        (media_type, format): (&str, Option<&str>),
        rejection: &Rejection,
    ) -> Result<RefusalId, ServiceError> {
        let register = self.credentials.register();
        let tenant = agency
            .map(|key| TenantKey::new(TenantKind::Agency, key))
            .filter(|key| register.tenant(key).is_some());
        let document = Refused {
            kind: RefusedKind::Statuses,
            bytes,
            media_type,
            format,
        };
        let of_the_hub = Access::system();
        let tenant = tenant.as_ref().unwrap_or_else(|| of_the_hub.key());
        let (id, sealed) = self.sealed_refusal(tenant, &document, rejection)?;
        self.store.ledger.ask(Refuse(sealed)).await?;
        Ok(id)
    }

    fn sealed_refusal(
        &self,
        tenant: &TenantKey,
        document: &Refused<'_>,
        rejection: &Rejection,
    ) -> Result<(RefusalId, SealedRefusal), ServiceError> {
        let cipher = &self.store.cipher;
        let kind = document.kind.word();
        let mut same = [tenant.as_str().as_bytes(), b"\0", kind.as_bytes(), b"\0"].concat();
        let request = request_digest(document.media_type, document.format, document.bytes);
        same.extend_from_slice(request.as_bytes());
        let id = RefusalId::derived(&cipher.blind("refusal", &same));
        let refusal = NewRefusal {
            id,
            tenant,
            kind: document.kind,
            format: document.format,
            media_type: document.media_type,
            bytes: document.bytes,
            problems: rejection.problems(),
            at: self.clock.now(),
        };
        Ok((id, self.draws.with(|rng| refusal.sealed(cipher, rng))?))
    }

    /// A page of refusals, newest first: the caller's own, an enterprise's agents', for the operator everybody's.
    ///
    /// # Errors
    /// `permission-missing`.
    pub async fn list(&self, access: &Access, query: RefusalQuery) -> Result<RefusalPage, ServiceError> {
        let scope = access.permit(Permission::DossierRead)?;
        let limit = query.limit.clamp(1, LARGEST_PAGE);
        let filter = RefusalFilter {
            tenant: query.tenant,
            since: query.since,
            until: query.until,
            after: query.after.map(|c| (c.at, c.id)),
            limit: i64::from(limit) + 1,
        };
        let mut kept = self
            .store
            .readers
            .run(move |conn| read::refusals(conn, &scope, &filter))
            .await?;
        let more = kept.len() > limit as usize;
        kept.truncate(limit as usize);
        let views: Vec<RefusalView> = kept.into_iter().map(view).collect::<Result<_, _>>()?;
        let next = views.last().filter(|_| more).map(|last| {
            let (at, id) = (last.summary.last_at, last.summary.id);
            RefusalCursor { at, id }.to_string()
        });
        let refusals = views.into_iter().map(|v| v.summary).collect();
        Ok(RefusalPage { refusals, next })
    }

    /// One refusal with every problem it was refused for.
    ///
    /// # Errors
    /// `not-found`, also for another tenant's.
    pub async fn show(&self, access: &Access, id: RefusalId) -> Result<RefusalView, ServiceError> {
        let scope = access.permit(Permission::DossierRead)?;
        let found = self
            .store
            .readers
            .run(move |conn| read::refusal(conn, &scope, id))
            .await?;
        found.map_or_else(|| Err(problems::NotFound.into()), view)
    }

    /// What was refused: its media type and its exact bytes. Who reads them is logged.
    ///
    /// # Errors
    /// `not-found`, also for another tenant's.
    pub async fn bytes(&self, access: &Access, id: RefusalId) -> Result<(String, Vec<u8>), ServiceError> {
        let scope = access.permit(Permission::DossierRead)?;
        let cipher = Arc::clone(&self.store.cipher);
        let found = self
            .store
            .readers
            .run(move |conn| read::refused(conn, &cipher, &scope, id))
            .await?
            .ok_or(problems::NotFound)?;
        let staff = access.staff().map(|s| s.id.to_string());
        tracing::info!(refusal = %id, reader = %access.key(), staff, "a refused document was read");
        Ok(found)
    }
}

fn view(kept: KeptRefusal) -> Result<RefusalView, ServiceError> {
    let first = kept.problems.first();
    let label = first
        .map(|problem| problem.label)
        .ok_or_else(|| internal("a refusal without a problem"))?;
    Ok(RefusalView {
        problems: kept
            .problems
            .iter()
            .map(|problem| ProblemView::of(problem, Language::Vietnamese))
            .collect(),
        summary: RefusalSummary {
            id: kept.id,
            tenant: kept.tenant,
            kind: kept.kind,
            label,
            format: kept.format,
            media_type: kept.media_type,
            sha256: kept.sha256,
            size: kept.size,
            count: kept.count,
            first_at: kept.first_at,
            last_at: kept.last_at,
        },
    })
}
