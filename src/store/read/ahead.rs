//! What feeds have behind the cursors of those that are told of them. Never the history: a look costs the newest row of each feed that
//! somebody subscribes to, and the rows that are taken.

use std::collections::{HashMap, HashSet};

use diesel::dsl::max;
use diesel::prelude::*;

use super::history::{items, items_of, next_of};
use super::{FeedItem, corrupt};
use crate::domain::tenant::{TenantKey, TenantKind};
use crate::domain::time::Timestamp;
use crate::domain::view::SubscriptionState;
use crate::store::StoreError;
use crate::store::cipher::Cipher;
use crate::store::conn::{Conn, on_backend};
use crate::store::kept::{KeptSubscription, Position, position};
use crate::store::moment::At;
use crate::store::rows::*;
use crate::store::tables::*;
use crate::store::telling::Subscription;
use crate::store::word::Word;

/// An active way.
pub struct SubscriptionLag {
    /// As it stands.
    pub way: KeptSubscription,
    /// Whether its feed has something after its cursor.
    pub is_behind: bool,
}

/// The active ways, and which of them are behind their feeds.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn active_ways(conn: &mut Conn) -> Result<Vec<SubscriptionLag>, StoreError> {
    let own = feed::table
        .filter(feed::tenant.eq(subscriptions::tenant))
        .select(max(feed::seq))
        .single_value();
    let rows: Vec<(SubscriptionRow, Position, Option<i64>)> = on_backend!(conn, c => subscriptions::table
        .filter(subscriptions::state.eq(Word(SubscriptionState::Active)))
        .select((SubscriptionRow::as_select(), position!(), own))
        .load(c))?;
    let mut newest = HashMap::new();
    let mut ways = Vec::with_capacity(rows.len());
    for (row, position, seq) in rows {
        newest.extend(seq.map(|seq| (row.tenant.clone(), seq)));
        ways.push(KeptSubscription::of((row, position))?);
    }
    let feeds = Feeds::with_agents(conn, newest, ways.iter().map(KeptSubscription::tenant))?;
    let way = |way: KeptSubscription| SubscriptionLag {
        is_behind: !feeds.ahead(way.tenant(), way.cursor).is_empty(),
        way,
    };
    Ok(ways.into_iter().map(way).collect())
}

/// The feeds that subscribers read, each with the number of its newest row.
pub(super) struct Feeds {
    newest: HashMap<String, i64>,
    agents: HashMap<String, Vec<String>>,
}

impl Feeds {
    /// Those of these subscribers.
    pub(super) fn of<'a>(
        conn: &mut Conn,
        subscribers: impl Iterator<Item = &'a str>,
    ) -> Result<Self, StoreError> {
        let subscribers: HashSet<&str> = subscribers.collect();
        let own = feed::table
            .filter(feed::tenant.eq(subscriptions::tenant))
            .select(max(feed::seq))
            .single_value();
        let own: Vec<(String, Option<i64>)> = match subscribers.is_empty() {
            true => Vec::new(),
            false => on_backend!(conn, c => subscriptions::table
                .filter(subscriptions::tenant.eq_any(&subscribers))
                .select((subscriptions::tenant, own))
                .load(c))?,
        };
        let newest = own.into_iter().filter_map(|(key, seq)| Some((key, seq?)));
        Feeds::with_agents(conn, newest.collect(), subscribers.into_iter())
    }

    /// Of subscribers whose own feeds' newest rows are known.
    fn with_agents<'a>(
        conn: &mut Conn,
        newest: HashMap<String, i64>,
        subscribers: impl Iterator<Item = &'a str>,
    ) -> Result<Self, StoreError> {
        let enterprises: HashSet<&str> = subscribers.filter(|key| has_agents(key)).collect();
        let mut feeds = Feeds {
            newest,
            agents: HashMap::new(),
        };
        if enterprises.is_empty() {
            return Ok(feeds);
        }
        let theirs = feed::table
            .filter(feed::tenant.eq(tenants::key))
            .select(max(feed::seq))
            .single_value();
        let of_agents: Vec<(String, Option<String>, Option<i64>)> = on_backend!(conn, c => tenants::table
            .filter(tenants::parent.eq_any(&enterprises))
            .select((tenants::key, tenants::parent, theirs))
            .load(c))?;
        for (key, parent, seq) in of_agents {
            feeds.newest.extend(seq.map(|seq| (key.clone(), seq)));
            feeds
                .agents
                .entry(parent.unwrap_or_default())
                .or_default()
                .push(key);
        }
        Ok(feeds)
    }

    /// The feeds that have something for a subscriber after a cursor: its own, and of an enterprise its agents'.
    fn ahead<'a>(&'a self, subscriber: &'a str, cursor: i64) -> Vec<&'a str> {
        let agents = self.agents.get(subscriber).into_iter().flatten();
        let read = std::iter::once(subscriber).chain(agents.map(String::as_str));
        let is_ahead = |tenant: &&str| self.newest.get(*tenant).is_some_and(|seq| *seq > cursor);
        read.filter(is_ahead).collect()
    }

    /// How many events a way has not been told of that have no notice, as far as they are counted, and since when the first is there.
    pub(super) fn untold(
        &self,
        conn: &mut Conn,
        way: &KeptSubscription,
        counted: i64,
    ) -> Result<Option<(i64, Timestamp)>, StoreError> {
        let next = next_of(conn, &self.ahead(way.tenant(), way.cursor), way.cursor, counted)?;
        let Some((first, _)) = next.first() else {
            return Ok(None);
        };
        let at: At =
            on_backend!(conn, c => events::table.filter(events::seq.eq(first)).select(events::at).first(c))?;
        Ok(Some((next.len() as i64, at.0)))
    }
}

/// Whether a tenant reads the feeds of others beside its own.
pub fn has_agents(key: &str) -> bool {
    key.parse::<TenantKey>()
        .is_ok_and(|key| key.kind() == TenantKind::Enterprise)
}

/// An event that a way has not been told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untold {
    /// Its place in the feed.
    pub seq: i64,
    /// Its dossier.
    pub dossier: String,
    /// What has a notice already.
    pub noticed: Noticed,
}

/// What of an event's dossier has a notice of the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noticed {
    /// Nothing: it may go.
    Nothing,
    /// Another event: it must wait behind that.
    Another,
    /// The event itself: it goes by its notice.
    Itself,
}

/// The next events of a way after a place in its feed. What has notices is looked for where the way has any.
///
/// # Errors
/// What the database says.
pub fn untold(
    conn: &mut Conn,
    which: &Subscription,
    place: i64,
    limit: i64,
    has_notices: bool,
) -> Result<Vec<Untold>, StoreError> {
    let key = which.tenant.as_str();
    let rows = if has_agents(key) {
        let feeds = Feeds::of(conn, std::iter::once(key))?;
        next_of(conn, &feeds.ahead(key, place), place, limit)?
    } else {
        next_of(conn, &[key], place, limit)?
    };
    let dossiers: HashSet<&str> = rows.iter().map(|(_, dossier)| dossier.as_str()).collect();
    let noticed: Vec<(i64, String)> = if has_notices && !rows.is_empty() {
        on_backend!(conn, c => notices::table
            .filter(notices::tenant.eq(key))
            .filter(notices::way.eq(Word(which.way)))
            .filter(notices::dossier.eq_any(&dossiers))
            .select((notices::seq, notices::dossier))
            .load(c))?
    } else {
        Vec::new()
    };
    let seqs: HashSet<i64> = noticed.iter().map(|(seq, _)| *seq).collect();
    let behind: HashSet<&str> = noticed.iter().map(|(_, dossier)| dossier.as_str()).collect();
    let untold = rows.iter().map(|(seq, dossier)| Untold {
        seq: *seq,
        noticed: match (seqs.contains(seq), behind.contains(dossier.as_str())) {
            (true, _) => Noticed::Itself,
            (false, true) => Noticed::Another,
            (false, false) => Noticed::Nothing,
        },
        dossier: dossier.clone(),
    });
    Ok(untold.collect())
}

/// What these untold events say, as the feed says it, by their numbers; of those without a notice that are not known already.
///
/// # Errors
/// What the database says; as [`Cipher::open`]; [`StoreError::Corrupt`] for an event that does not parse.
pub fn says(
    conn: &mut Conn,
    cipher: &Cipher,
    untold: &[Untold],
    known: Vec<FeedItem>,
) -> Result<HashMap<i64, FeedItem>, StoreError> {
    let mut says: HashMap<i64, FeedItem> = known.into_iter().map(|item| (item.seq, item)).collect();
    let is_asked = |one: &&Untold| one.noticed == Noticed::Nothing && !says.contains_key(&one.seq);
    let asked = untold.iter().filter(is_asked);
    let rows: Vec<(i64, &str)> = asked.map(|one| (one.seq, one.dossier.as_str())).collect();
    let items = items_of(conn, cipher, &rows)?;
    says.extend(items.into_iter().map(|item| (item.seq, item)));
    Ok(says)
}

/// What these events of feeds say, as the feed says it, by their numbers.
///
/// # Errors
/// As [`says`].
pub fn told(conn: &mut Conn, cipher: &Cipher, seqs: &[i64]) -> Result<HashMap<i64, FeedItem>, StoreError> {
    Ok(items(conn, cipher, seqs)?
        .into_iter()
        .map(|item| (item.seq, item))
        .collect())
}

/// The ids of these events, by their numbers, whatever they say.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] where one of them is not there.
pub fn event_ids(conn: &mut Conn, seqs: &[i64]) -> Result<HashMap<i64, String>, StoreError> {
    let ids: Vec<(i64, String)> = on_backend!(conn, c => events::table
        .filter(events::seq.eq_any(seqs)).select((events::seq, events::id)).load(c))?;
    match ids.len() == seqs.len() {
        true => Ok(ids.into_iter().collect()),
        false => Err(corrupt("a feed row without its event")),
    }
}
