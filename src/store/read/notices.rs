//! How submitters are told: their subscriptions, what waits, what was tried; and for the hub's own carriers, what to send.

use std::collections::HashMap;

use diesel::dsl::{count_star, max, min};
use diesel::prelude::*;

use super::corrupt;
use super::history::{FeedItem, items};
use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;
use crate::domain::view::{AttemptCursor, SubscriptionState, Way};
use crate::identity::{Reach, Scope};
use crate::store::StoreError;
use crate::store::cipher::{Cipher, Sealed};
use crate::store::conn::{Conn, on_backend};
use crate::store::moment::At;
use crate::store::rows::*;
use crate::store::tables::*;
use crate::store::telling::{HELD, News, PARKED, Subscription, WAITING, WINDOW, may_go};
use crate::store::word::{NoticeState, Word};

/// Subscriptions that are looked through in one step, and feed rows taken of each: one commit serves them all.
const SUBSCRIBERS_AT_ONCE: usize = 64;
const EVENTS_AT_ONCE: i64 = 256;

/// How many notices of a way stand in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Under way.
    pub waiting: i64,
    /// Given up.
    pub parked: i64,
    /// Behind a parked one.
    pub held: i64,
    /// Since when the longest is under way.
    pub oldest: Option<Timestamp>,
}

/// A way with what stands in it.
pub struct WayRow {
    /// The subscription.
    pub row: SubscriptionRow,
    /// What stands in it.
    pub standing: Standing,
    /// Secrets that sign, newest first; still sealed.
    pub secrets: Vec<SecretRow>,
}

/// The way of a stored word.
pub fn way(word: &str) -> Result<Way, StoreError> {
    Way::parse(word).ok_or_else(|| corrupt(format!("way {word}")))
}

/// Tenant, way and state, how many notices stand there, and since when the first.
type Counted = (String, String, Word<NoticeState>, i64, Option<At>);

/// The ways of the scope's own tenant, or of everybody for the operator; in the order of their tenants.
pub fn ways(conn: &mut Conn, scope: &Scope, now: Timestamp) -> Result<Vec<WayRow>, StoreError> {
    let own = own(scope);
    let rows: Vec<SubscriptionRow> = on_backend!(conn, c => {
        let mut query = subscriptions::table.into_boxed();
        if let Some(tenant) = &own {
            query = query.filter(subscriptions::tenant.eq(tenant));
        }
        query.order((subscriptions::tenant, subscriptions::way)).select(SubscriptionRow::as_select()).load(c)
    })?;
    let tenants: Vec<&str> = rows.iter().map(|r| r.tenant.as_str()).collect();
    let counted: Vec<Counted> = on_backend!(conn, c => notices::table
        .filter(notices::tenant.eq_any(&tenants))
        .group_by((notices::tenant, notices::way, notices::state))
        .select((notices::tenant, notices::way, notices::state, count_star(), min(notices::since)))
        .load(c))?;
    let mut standing: HashMap<(String, String), Standing> = HashMap::new();
    for (tenant, way, state, count, since) in counted {
        let of = standing.entry((tenant, way)).or_default();
        match state {
            WAITING => (of.waiting, of.oldest) = (count, since.map(|at| at.0)),
            PARKED => of.parked = count,
            HELD => of.held = count,
        }
    }
    let mut secrets = live_secrets(conn, &tenants, now)?;
    Ok(rows
        .into_iter()
        .map(|row| WayRow {
            standing: standing
                .remove(&(row.tenant.clone(), row.way.clone()))
                .unwrap_or_default(),
            secrets: if row.way == Way::Webhook.word() {
                secrets.remove(&row.tenant).unwrap_or_default()
            } else {
                Vec::new()
            },
            row,
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

/// The name under which a webhook's secret is sealed.
pub fn secret_row(tenant: &str, id: &str) -> String {
    format!("webhook-secret:{tenant}:{id}")
}

/// Attempts to tell a tenant, newest first, of both ways or of one.
pub fn notice_attempts(
    conn: &mut Conn,
    tenant: &str,
    way: Option<Way>,
    before: Option<AttemptCursor>,
    limit: i64,
) -> Result<Vec<NoticeAttemptRow>, StoreError> {
    Ok(on_backend!(conn, c => {
        let mut query = notice_attempts::table.filter(notice_attempts::tenant.eq(tenant)).into_boxed();
        if let Some(way) = way {
            query = query.filter(notice_attempts::way.eq(way.word()));
        }
        if let Some(AttemptCursor { at, seq, way }) = before {
            let (now, later) = (notice_attempts::at.eq(At(at)), notice_attempts::seq.eq(seq));
            query = query.filter(notice_attempts::at.lt(At(at))
                .or(now.and(notice_attempts::seq.lt(seq)))
                .or(now.and(later).and(notice_attempts::way.lt(way.word()))));
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
    })?)
}

/// What the hub's own carriers have to do.
pub struct Work {
    /// What active subscriptions have not taken from the feed yet, as far as their windows have room.
    pub news: Vec<News>,
    /// The active ways.
    pub ways: Vec<SubscriptionRow>,
}

/// Looks what is new for subscribers.
///
/// It costs a look at the newest row of each feed that somebody subscribes to, and the rows that are taken; never the history.
pub fn work(conn: &mut Conn) -> Result<Work, StoreError> {
    let feeds = Feeds::read(conn)?;
    let mut behind: Vec<(&SubscriptionRow, Vec<&str>)> = feeds
        .subscriptions
        .iter()
        .map(|row| (row, feeds.ahead(row)))
        .filter(|(_, ahead)| !ahead.is_empty())
        .collect();
    behind.sort_by_key(|(row, _)| (row.cursor, &row.tenant, &row.way));
    let full = waiting(conn, &behind)?;
    let mut news = Vec::new();
    for (row, ahead) in behind {
        if news.len() == SUBSCRIBERS_AT_ONCE {
            break;
        }
        let waiting = full.get(&(row.tenant.clone(), row.way.clone())).copied();
        let room = (WINDOW - waiting.unwrap_or_default()).min(EVENTS_AT_ONCE);
        if room > 0 {
            news.push(News {
                events: after(conn, &ahead, row.cursor, room)?,
                after: row.cursor,
                subscription: Subscription {
                    way: way(&row.way)?,
                    tenant: row.tenant.clone(),
                },
            });
        }
    }
    Ok(Work {
        ways: feeds.subscriptions,
        news,
    })
}

/// Those of these tenants' active ways that have something to send now: a cheap look before the ledger is asked.
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
    let due: Vec<(String, String)> = on_backend!(conn, c => subscriptions::table
        .filter(subscriptions::tenant.eq_any(tenants))
        .filter(subscriptions::state.eq(Word(SubscriptionState::Active)))
        .filter(next.is_not_null())
        .select((subscriptions::tenant, subscriptions::way))
        .load(c))?;
    due.into_iter()
        .map(|(tenant, word)| {
            Ok(Subscription {
                way: way(&word)?,
                tenant,
            })
        })
        .collect()
}

/// How many notices wait of each way that is behind its feeds, where any do.
fn waiting(
    conn: &mut Conn,
    behind: &[(&SubscriptionRow, Vec<&str>)],
) -> Result<HashMap<(String, String), i64>, StoreError> {
    if behind.is_empty() {
        return Ok(HashMap::new());
    }
    let tenants: Vec<&str> = behind.iter().map(|(row, _)| row.tenant.as_str()).collect();
    let counted: Vec<(String, String, i64)> = on_backend!(conn, c => notices::table
        .filter(notices::tenant.eq_any(&tenants))
        .filter(notices::state.eq(WAITING))
        .group_by((notices::tenant, notices::way))
        .select((notices::tenant, notices::way, count_star()))
        .load(c))?;
    let counted = counted.into_iter();
    Ok(counted
        .map(|(tenant, way, count)| ((tenant, way), count))
        .collect())
}

/// The active subscriptions, and the feeds they read, each with the number of its newest row.
struct Feeds {
    subscriptions: Vec<SubscriptionRow>,
    newest: HashMap<String, i64>,
    agents: HashMap<String, Vec<String>>,
}

impl Feeds {
    fn read(conn: &mut Conn) -> Result<Self, StoreError> {
        let own = feed::table
            .filter(feed::tenant.eq(subscriptions::tenant))
            .select(max(feed::seq))
            .single_value();
        let of_subscribers: Vec<(SubscriptionRow, Option<i64>)> = on_backend!(conn, c => subscriptions::table
            .filter(subscriptions::state.eq(Word(SubscriptionState::Active)))
            .select((SubscriptionRow::as_select(), own))
            .load(c))?;
        let subscribers: Vec<&str> = of_subscribers
            .iter()
            .map(|(row, _)| row.tenant.as_str())
            .collect();
        let theirs = feed::table
            .filter(feed::tenant.eq(tenants::key))
            .select(max(feed::seq))
            .single_value();
        let of_agents: Vec<(String, Option<String>, Option<i64>)> = on_backend!(conn, c => tenants::table
            .filter(tenants::parent.eq_any(&subscribers))
            .select((tenants::key, tenants::parent, theirs))
            .load(c))?;
        let mut newest = HashMap::with_capacity(of_subscribers.len() + of_agents.len());
        for (row, seq) in &of_subscribers {
            newest.extend(seq.map(|seq| (row.tenant.clone(), seq)));
        }
        let mut agents: HashMap<String, Vec<String>> = HashMap::new();
        for (key, parent, seq) in of_agents {
            newest.extend(seq.map(|seq| (key.clone(), seq)));
            agents.entry(parent.unwrap_or_default()).or_default().push(key);
        }
        Ok(Feeds {
            subscriptions: of_subscribers.into_iter().map(|(row, _)| row).collect(),
            newest,
            agents,
        })
    }

    /// The feeds that have something for a subscriber behind its cursor: its own, and of an enterprise its agents'.
    fn ahead<'a>(&'a self, row: &'a SubscriptionRow) -> Vec<&'a str> {
        let agents = self
            .agents
            .get(&row.tenant)
            .into_iter()
            .flatten()
            .map(String::as_str);
        let read = std::iter::once(row.tenant.as_str()).chain(agents);
        let is_ahead = |tenant: &&str| self.newest.get(*tenant).is_some_and(|seq| *seq > row.cursor);
        read.filter(is_ahead).collect()
    }
}

/// The next rows of these feeds after a cursor, in their common order. Each is asked by itself: its key gives the rows in order, and
/// no more than are taken are read, however far it is ahead. The events are asked for by their numbers: a join that is planned while
/// its tables are empty may read all of one.
fn after(
    conn: &mut Conn,
    feeds: &[&str],
    cursor: i64,
    limit: i64,
) -> Result<Vec<(i64, String, String)>, StoreError> {
    let mut rows: Vec<(i64, String)> = Vec::new();
    for tenant in feeds {
        let next: Vec<(i64, String)> = on_backend!(conn, c => feed::table
            .filter(feed::tenant.eq(tenant))
            .filter(feed::seq.gt(cursor))
            .order(feed::seq)
            .limit(limit)
            .select((feed::seq, feed::dossier))
            .load(c))?;
        rows.extend(next);
    }
    rows.sort_unstable();
    rows.truncate(usize::try_from(limit).unwrap_or_default());
    let seqs: Vec<i64> = rows.iter().map(|r| r.0).collect();
    let ids: Vec<(i64, String)> = on_backend!(conn, c => events::table
        .filter(events::seq.eq_any(&seqs)).select((events::seq, events::id)).load(c))?;
    let mut ids: HashMap<i64, String> = ids.into_iter().collect();
    rows.into_iter()
        .map(|(seq, dossier)| {
            let event = ids
                .remove(&seq)
                .ok_or_else(|| corrupt("a feed row without its event"))?;
            Ok((seq, dossier, event))
        })
        .collect()
}

/// What these events of feeds say, as the feed says it, by their numbers.
pub fn told(conn: &mut Conn, cipher: &Cipher, seqs: &[i64]) -> Result<HashMap<i64, FeedItem>, StoreError> {
    Ok(items(conn, cipher, seqs)?
        .into_iter()
        .map(|item| (item.seq, item))
        .collect())
}

/// The secrets of a webhook that sign now, newest first, opened.
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
pub fn queues(conn: &mut Conn) -> Result<Vec<TenantQueue>, StoreError> {
    let rows: Vec<(String, Word<SubscriptionState>, At)> = on_backend!(conn, c => subscriptions::table
        .filter(subscriptions::way.eq(Way::Queue.word()))
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
