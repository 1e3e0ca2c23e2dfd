//! Refused documents: kept before the refusal is answered where that is possible, so that its problem document can name them; and
//! read by whoever asks why.
//!
//! Keeping is evidence, and evidence never stops intake: it is tried for a moment, only while the ledger has room to spare, and what
//! cannot be kept is refused all the same, without a name to ask by.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::intake::{Incoming, internal, request_digest};
use super::{Hub, ServiceError};
use crate::domain::codes::Key;
use crate::domain::ids::RefusalId;
use crate::domain::rejection::{Label, Language, Problem, Rejection};
use crate::domain::seal::sha256;
use crate::domain::tenant::{TenantKey, TenantKind};
use crate::domain::time::Timestamp;
use crate::domain::view::{ProblemView, RefusalPage, RefusalSummary, RefusalView, RefusedKind};
use crate::identity::{Access, Permission};
use crate::store::ledger::Refuse;
use crate::store::moment::At;
use crate::store::read::{self, RefusalFilter};
use crate::store::rows::{RefusalHeadRow, RefusalRow};

/// How long a refusal waits for its document to be kept.
pub const KEEPING: Duration = Duration::from_secs(1);

/// Refused documents of one tenant that are kept, or counted again, in a minute: a whole batch, and some. Those beyond are refused all
/// the same, without a name to ask by.
pub const KEPT_PER_MINUTE: u32 = 12_000;

/// How many each tenant had kept, within the minute that began then.
#[derive(Default)]
pub(super) struct Rate(Mutex<HashMap<TenantKey, (Timestamp, u32)>>);

impl Rate {
    /// Counts one, if it may be kept. One entry for each tenant that ever was refused.
    fn take(&self, tenant: &TenantKey, now: Timestamp) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (begun, number) = kept.entry(tenant.clone()).or_insert((now, 0));
        if now.since(*begun) >= MINUTE {
            (*begun, *number) = (now, 0);
        }
        let room = *number < KEPT_PER_MINUTE;
        *number += u32::from(room);
        room
    }
}

const MINUTE: Duration = Duration::from_secs(60);

/// The largest page.
const LARGEST_PAGE: u32 = 200;

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

impl Hub {
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
            || !self.refusals.take(access.key(), self.clock.now())
        {
            return rejection;
        }
        let Ok((id, row)) = self.refusal_row(access.key(), document, &rejection) else {
            return rejection;
        };
        match tokio::time::timeout(KEEPING, self.store.ledger.ask(Refuse(row))).await {
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
        let register = self.register();
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
        let (id, row) = self.refusal_row(tenant, &document, rejection)?;
        self.store.ledger.ask(Refuse(row)).await?;
        Ok(id)
    }

    fn refusal_row(
        &self,
        tenant: &TenantKey,
        document: &Refused<'_>,
        rejection: &Rejection,
    ) -> Result<(RefusalId, RefusalRow), ServiceError> {
        let (tenant, cipher) = (tenant.as_str(), &self.store.cipher);
        let kind = document.kind.word();
        let mut same = [tenant.as_bytes(), b"\0", kind.as_bytes(), b"\0"].concat();
        same.extend_from_slice(&request_digest(
            document.media_type,
            document.format,
            document.bytes,
        ));
        let id = RefusalId::derived(&cipher.blind("refusal", &same));
        let now = At(self.clock.now());
        let mut row = RefusalRow {
            id: id.to_string(),
            tenant: tenant.to_owned(),
            kind: kind.to_owned(),
            format: document.format.map(str::to_owned),
            media_type: document.media_type.to_owned(),
            sha256: sha256(document.bytes).to_vec(),
            size: document.bytes.len() as i64,
            count: 1,
            first_at: now,
            last_at: now,
            problems: serde_json::to_string(rejection.problems()).map_err(internal)?,
            key_id: String::new(),
            nonce: Vec::new(),
            ciphertext: Vec::new(),
        };
        let sealed = self.with_rng(|rng| cipher.seal(&row.bound_name(), document.bytes, rng))?;
        (row.key_id, row.nonce, row.ciphertext) = (sealed.key_id, sealed.nonce, sealed.ciphertext);
        Ok((id, row))
    }

    /// A page of refusals, newest first: the caller's own, an enterprise's agents', for the operator everybody's.
    ///
    /// # Errors
    /// `permission-missing`.
    pub async fn refusals(&self, access: &Access, query: RefusalQuery) -> Result<RefusalPage, ServiceError> {
        let scope = access.permit(Permission::DossierRead)?;
        let limit = query.limit.clamp(1, LARGEST_PAGE);
        let filter = RefusalFilter {
            tenant: query.tenant.map(|t| t.to_string()),
            since: query.since.map(At),
            until: query.until.map(At),
            after: query.after.map(|c| (At(c.at), c.id.to_string())),
            limit: i64::from(limit) + 1,
        };
        let mut rows = self
            .store
            .readers
            .run(move |conn| read::refusals(conn, &scope, &filter))
            .await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let views: Vec<RefusalView> = rows.into_iter().map(view).collect::<Result<_, _>>()?;
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
    pub async fn refusal(&self, access: &Access, id: RefusalId) -> Result<RefusalView, ServiceError> {
        let scope = access.permit(Permission::DossierRead)?;
        let found = self
            .store
            .readers
            .run(move |conn| read::refusal(conn, &scope, &id.to_string()))
            .await?;
        found.map_or_else(|| Err(Label::NotFound.into()), view)
    }

    /// What was refused: its media type and its exact bytes. Who reads them is logged.
    ///
    /// # Errors
    /// `not-found`, also for another tenant's.
    pub async fn refused(&self, access: &Access, id: RefusalId) -> Result<(String, Vec<u8>), ServiceError> {
        let scope = access.permit(Permission::DossierRead)?;
        let cipher = Arc::clone(&self.store.cipher);
        let found = self
            .store
            .readers
            .run(move |conn| read::refused(conn, &cipher, &scope, &id.to_string()))
            .await?
            .ok_or(Label::NotFound)?;
        let staff = access.staff().map(|s| s.id.to_string());
        tracing::info!(refusal = %id, reader = %access.key(), staff, "a refused document was read");
        Ok(found)
    }
}

fn view(row: RefusalHeadRow) -> Result<RefusalView, ServiceError> {
    let problems: Vec<Problem> = serde_json::from_str(&row.problems).map_err(internal)?;
    let label = problems
        .first()
        .map(|p| p.label)
        .ok_or_else(|| internal("a refusal without a problem"))?;
    Ok(RefusalView {
        summary: RefusalSummary {
            id: row.id.parse().map_err(internal)?,
            tenant: row.tenant.parse().map_err(internal)?,
            kind: RefusedKind::parse(&row.kind).ok_or_else(|| internal("kind of a refusal"))?,
            label,
            format: row.format,
            media_type: row.media_type,
            sha256: hex::encode(row.sha256).parse().map_err(internal)?,
            size: row.size,
            count: row.count,
            first_at: row.first_at.0,
            last_at: row.last_at.0,
        },
        problems: problems
            .iter()
            .map(|p| ProblemView::of(p, Language::Vietnamese))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tenant_s_refusals_are_kept_so_often_and_another_is_not_touched() {
        let rate = Rate::default();
        let (one, other): (TenantKey, TenantKey) =
            ("agent.a-001".parse().unwrap(), "agent.a-002".parse().unwrap());
        let start = Timestamp::from_micros(1_800_000_000_000_000);
        assert!((0..KEPT_PER_MINUTE).all(|_| rate.take(&one, start)));
        assert!(!rate.take(&one, start) && rate.take(&other, start));
        assert!(rate.take(&one, start.plus(MINUTE)));
    }
}
