//! How submitters are told: their subscriptions, what waits, what was tried; and for the hub's own carriers, what to send.

use std::collections::HashMap;

use diesel::dsl::{count_star, min};
use diesel::prelude::*;

use super::ahead::Feeds;
use super::corrupt;
use crate::domain::failure::Failure;
use crate::domain::ids::{DossierId, EventId};
use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;
use crate::domain::view::{AttemptCursor, NoticeOutcome, SubscriptionState, Transport};
use crate::identity::{Reach, Scope};
use crate::store::StoreError;
use crate::store::cipher::{Cipher, Sealed};
use crate::store::conn::{Conn, on_backend};
use crate::store::kept::{KeptSecret, KeptSubscription, Position, position, secret_row};
use crate::store::moment::At;
use crate::store::rows::*;
use crate::store::tables::*;
use crate::store::telling::{HELD, PARKED, Subscription, WAITING, WINDOW, may_go};
use crate::store::word::{NoticeState, Word};

/// How many events of a way stand in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoticeCounts {
    /// Under way: notices that wait, and what its feed has after its cursor, up to [`WINDOW`] of these.
    pub waiting: i64,
    /// Given up.
    pub parked: i64,
    /// Behind a parked one.
    pub held: i64,
    /// Since when the longest is under way.
    pub oldest: Option<Timestamp>,
}

/// A way with what stands in it.
pub struct SubscriptionCounts {
    /// The way.
    pub way: KeptSubscription,
    /// What stands in it.
    pub counts: NoticeCounts,
    /// When its secrets sign, the newest first.
    pub secrets: Vec<KeptSecret>,
}

/// Tenant, way and state, how many notices stand there, and since when the first.
type Counted = (String, Word<Transport>, Word<NoticeState>, i64, Option<At>);

/// The ways of the scope's own tenant, or of everybody for the operator; in the order of their tenants.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn ways(conn: &mut Conn, scope: &Scope, now: Timestamp) -> Result<Vec<SubscriptionCounts>, StoreError> {
    let own = own(scope);
    let rows: Vec<(SubscriptionRow, Position)> = on_backend!(conn, c => {
        let mut query = subscriptions::table.into_boxed();
        if let Some(tenant) = &own {
            query = query.filter(subscriptions::tenant.eq(tenant));
        }
        query.order((subscriptions::tenant, subscriptions::way)).select((SubscriptionRow::as_select(), position!())).load(c)
    })?;
    let kept: Vec<KeptSubscription> = rows
        .into_iter()
        .map(KeptSubscription::of)
        .collect::<Result<_, _>>()?;
    let tenants: Vec<&str> = kept.iter().map(KeptSubscription::tenant).collect();
    let counted: Vec<Counted> = on_backend!(conn, c => notices::table
        .filter(notices::tenant.eq_any(&tenants))
        .group_by((notices::tenant, notices::way, notices::state))
        .select((notices::tenant, notices::way, notices::state, count_star(), min(notices::since)))
        .load(c))?;
    let mut counts: HashMap<Subscription, NoticeCounts> = HashMap::new();
    for (tenant, way, state, count, since) in counted {
        let which = Subscription { tenant, way: way.0 };
        let of = counts.entry(which).or_default();
        match state {
            WAITING => (of.waiting, of.oldest) = (count, since.map(|at| at.0)),
            PARKED => of.parked = count,
            HELD => of.held = count,
        }
    }
    let feeds = Feeds::of(conn, tenants.iter().copied())?;
    for way in &kept {
        let Some((count, since)) = feeds.untold(conn, way, WINDOW.into())? else {
            continue;
        };
        let of = counts.entry(way.subscription.clone()).or_default();
        of.waiting += count;
        of.oldest = Some(of.oldest.map_or(since, |oldest| oldest.min(since)));
    }
    let mut secrets = live_secrets(conn, &tenants, now)?;
    Ok(kept
        .into_iter()
        .map(|way| SubscriptionCounts {
            counts: counts.remove(&way.subscription).unwrap_or_default(),
            secrets: match way.subscription.way {
                Transport::Webhook => {
                    let theirs = secrets.remove(way.tenant()).unwrap_or_default();
                    theirs.iter().map(KeptSecret::of).collect()
                }
                Transport::Queue => Vec::new(),
            },
            way,
        })
        .collect())
}

/// The tenant whose own ways a scope shows; none for everything. An enterprise has ways of its own and does not see its agents'.
fn own(scope: &Scope) -> Option<String> {
    match scope.reach() {
        Reach::Everything => None,
        Reach::Tenant(tenant) | Reach::Enterprise(tenant) | Reach::Agency(tenant) => Some(tenant.to_string()),
    }
}

fn live_secrets(
    conn: &mut Conn,
    tenants: &[&str],
    now: Timestamp,
) -> Result<HashMap<String, Vec<SecretRow>>, StoreError> {
    let live = subscription_secrets::until
        .is_null()
        .or(subscription_secrets::until.gt(At(now)).assume_not_null());
    let rows: Vec<SecretRow> = on_backend!(conn, c => subscription_secrets::table
        .filter(subscription_secrets::tenant.eq_any(tenants))
        .filter(live)
        .order(subscription_secrets::id.desc())
        .select(SecretRow::as_select())
        .load(c))?;
    let mut by_tenant: HashMap<String, Vec<SecretRow>> = HashMap::new();
    for row in rows {
        by_tenant.entry(row.tenant.clone()).or_default().push(row);
    }
    Ok(by_tenant)
}

/// An attempt to tell a submitter, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptNoticeAttempt {
    /// By which way.
    pub way: Transport,
    /// The event's place in the feed; 0 for a test event.
    pub seq: i64,
    /// The event.
    pub event: EventId,
    /// Its dossier; none for a test event.
    pub dossier: Option<DossierId>,
    /// When.
    pub at: Timestamp,
    /// Which attempt, from 1.
    pub number: i32,
    /// What it came to.
    pub outcome: NoticeOutcome,
    /// What failed.
    pub failure: Option<Failure>,
    /// The words of whatever failed.
    pub reason: Option<String>,
}

impl KeptNoticeAttempt {
    fn of(row: NoticeAttemptRow) -> Result<Self, StoreError> {
        let event = row.event.parse();
        Ok(KeptNoticeAttempt {
            way: row.way.0,
            seq: row.seq,
            event: event.map_err(|_| corrupt(format!("event {} of an attempt", row.event)))?,
            dossier: row.dossier.parse().ok(),
            at: row.at.0,
            number: row.number,
            outcome: row.outcome.0,
            failure: row.class.map(|failure| failure.0),
            reason: row.reason,
        })
    }
}

/// Attempts to tell a tenant, newest first, of both ways or of one.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn notice_attempts(
    conn: &mut Conn,
    tenant: &str,
    way: Option<Transport>,
    before: Option<AttemptCursor>,
    limit: i64,
) -> Result<Vec<KeptNoticeAttempt>, StoreError> {
    let rows: Vec<NoticeAttemptRow> = on_backend!(conn, c => {
        let mut query = notice_attempts::table.filter(notice_attempts::tenant.eq(tenant)).into_boxed();
        if let Some(way) = way {
            query = query.filter(notice_attempts::way.eq(Word(way)));
        }
        if let Some(AttemptCursor { at, seq, way }) = before {
            let (now, later) = (notice_attempts::at.eq(At(at)), notice_attempts::seq.eq(seq));
            query = query.filter(notice_attempts::at.lt(At(at))
                .or(now.and(notice_attempts::seq.lt(seq)))
                .or(now.and(later).and(notice_attempts::way.lt(Word(way)))));
        }
        query
            .order((
                notice_attempts::at.desc(),
                notice_attempts::seq.desc(),
                notice_attempts::way.desc(),
                notice_attempts::number.desc(),
            ))
            .limit(limit)
            .select(NoticeAttemptRow::as_select())
            .load(c)
    })?;
    rows.into_iter().map(KeptNoticeAttempt::of).collect()
}

/// Those of these tenants' active ways that have something to send now: a cheap look before the ledger is asked.
///
/// # Errors
/// What the database says.
pub fn notices_due(
    conn: &mut Conn,
    tenants: &[String],
    now: Timestamp,
) -> Result<Vec<Subscription>, StoreError> {
    // Asked of each way for itself: its key gives its notices in their order, and the first that may go is near the beginning.
    let next = notices::table
        .filter(notices::tenant.eq(subscriptions::tenant))
        .filter(notices::way.eq(subscriptions::way))
        .filter(may_go!(now))
        .select(min(notices::seq))
        .single_value();
    let due: Vec<(String, Word<Transport>)> = on_backend!(conn, c => subscriptions::table
        .filter(subscriptions::tenant.eq_any(tenants))
        .filter(subscriptions::state.eq(Word(SubscriptionState::Active)))
        .filter(next.is_not_null())
        .select((subscriptions::tenant, subscriptions::way))
        .load(c))?;
    let which = |(tenant, way): (String, Word<Transport>)| Subscription { tenant, way: way.0 };
    Ok(due.into_iter().map(which).collect())
}

/// The secrets of a webhook that sign now, newest first, opened.
///
/// # Errors
/// What the database says; as [`Cipher::open`].
pub fn secrets(
    conn: &mut Conn,
    cipher: &Cipher,
    tenant: &str,
    now: Timestamp,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let rows = live_secrets(conn, &[tenant], now)?
        .remove(tenant)
        .unwrap_or_default();
    rows.into_iter()
        .map(|row| {
            let sealed = Sealed {
                key_id: row.key_id,
                nonce: row.nonce,
                ciphertext: row.ciphertext,
            };
            cipher.open(&secret_row(&row.tenant, &row.id), sealed)
        })
        .collect()
}

/// A submitter's queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TenantQueue {
    /// Whose.
    pub tenant: TenantKey,
    /// Since when it stands as it stands.
    pub since: Timestamp,
    /// Whether the submitter has ended it.
    pub ended: bool,
}

/// The queues of submitters, those that are being drained too.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn queues(conn: &mut Conn) -> Result<Vec<TenantQueue>, StoreError> {
    let rows: Vec<(String, Word<SubscriptionState>, At)> = on_backend!(conn, c => subscriptions::table
        .filter(subscriptions::way.eq(Word(Transport::Queue)))
        .order(subscriptions::tenant)
        .select((subscriptions::tenant, subscriptions::state, subscriptions::since))
        .load(c))?;
    rows.into_iter()
        .map(|(tenant, state, since)| {
            Ok(TenantQueue {
                tenant: tenant.parse().map_err(|_| corrupt("subscriber"))?,
                since: since.0,
                ended: state == Word(SubscriptionState::Ended),
            })
        })
        .collect()
}
