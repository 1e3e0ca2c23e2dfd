//! What happened: the history of one dossier, and the feed of a tenant.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use diesel::pg::Pg;
use diesel::prelude::*;

use super::{FeedItem, event_of, seen};
use crate::domain::event::Event;
use crate::identity::Scope;
use crate::store::StoreError;
use crate::store::cipher::Cipher;
use crate::store::conn::{Conn, on_backend};
use crate::store::postgres::Query;
use crate::store::rows::*;
use crate::store::tables::*;

/// The events of a dossier, oldest first. The caller has shown by [`super::dossier`] that its scope reaches it.
///
/// # Errors
/// What the database says; as [`Cipher::open`]; [`StoreError::Corrupt`] for an event that does not parse.
pub fn history(conn: &mut Conn, cipher: &Cipher, dossier: &str) -> Result<Vec<Event>, StoreError> {
    let rows: Vec<EventRow> = on_backend!(conn, c => events::table
        .filter(events::dossier.eq(dossier)).order(events::number).select(EventRow::as_select()).load(c))?;
    rows.into_iter().map(|row| event_of(cipher, row)).collect()
}

/// A key that the first or the last event is sealed with and that is not held: it hides the history from its hub.
///
/// # Errors
/// What the database says.
pub fn lost_key(conn: &mut Conn, holds: impl Fn(&str) -> bool) -> Result<Option<String>, StoreError> {
    let mut keys: Vec<String> = on_backend!(conn, c => events::table
        .order(events::seq).select(events::key_id).limit(1).load(c))?;
    let last: Vec<String> = on_backend!(conn, c => events::table
        .order(events::seq.desc()).select(events::key_id).limit(1).load(c))?;
    keys.extend(last);
    Ok(keys.into_iter().find(|key| !holds(key)))
}

/// What a feed says of a dossier beside the event: its reference, its code, and whose it is.
type Named = (String, Option<String>, String, Option<String>, Option<String>);

/// The next rows of these feeds after a cursor, in their common order. Each is asked by itself: its key gives the rows in order, and
/// no more than are taken are read, however far it is ahead.
pub(super) fn next_of(
    conn: &mut Conn,
    feeds: &[&str],
    cursor: i64,
    limit: i64,
) -> Result<Vec<(i64, String)>, StoreError> {
    macro_rules! following {
        ($tenant:expr) => {
            feed::table
                .filter(feed::tenant.eq($tenant))
                .filter(feed::seq.gt(cursor))
                .order(feed::seq)
                .limit(limit)
                .select((feed::seq, feed::dossier))
        };
    }
    if let (Conn::Pg(session), true) = (&mut *conn, feeds.len() > 1) {
        // One trip. Each answer is as good a moment later: what is new is at the end of a feed.
        let queries = feeds.iter().map(|tenant| Query::of(&following!(tenant)));
        session.ask_ahead(queries.collect::<QueryResult<_>>()?)?;
    }
    let mut rows: Vec<(i64, String)> = Vec::new();
    for tenant in feeds {
        let next: Vec<(i64, String)> = on_backend!(conn, c => following!(tenant).load(c))?;
        rows.extend(next);
    }
    rows.sort_unstable();
    rows.dedup();
    rows.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(rows)
}

/// Events the scope's tenants are told of, after a cursor, oldest first. Commit order is cursor order, so a cursor never skips.
///
/// # Errors
/// What the database says; as [`Cipher::open`]; [`StoreError::Corrupt`] for an event that does not parse.
pub fn feed(
    conn: &mut Conn,
    cipher: &Cipher,
    scope: &Scope,
    after: i64,
    limit: i64,
) -> Result<Vec<FeedItem>, StoreError> {
    let seen = seen(conn, scope)?;
    let seqs: Vec<i64> = match seen {
        Some(seen) => {
            let feeds: Vec<&str> = seen.tenants.iter().map(String::as_str).collect();
            let rows = next_of(conn, &feeds, after, limit)?;
            rows.into_iter().map(|(seq, _)| seq).collect()
        }
        // Every event, whoever is told of it.
        None => on_backend!(conn, c => events::table
            .filter(events::seq.gt(after)).order(events::seq).limit(limit).select(events::seq).load(c))?,
    };
    items(conn, cipher, &seqs)
}

macro_rules! numbered {
    ($seqs:expr, $db:ty) => {
        events::table
            .filter(events::seq.eq_any($seqs))
            .select(<EventRow as SelectableHelper<$db>>::as_select())
    };
}
macro_rules! named {
    ($ids:expr) => {
        dossiers::table.filter(dossiers::id.eq_any($ids)).select((
            dossiers::id,
            (
                dossiers::reference,
                dossiers::code,
                dossiers::tenant,
                dossiers::receiving_unit,
                dossiers::supervisor,
            ),
        ))
    };
}

/// What the rows of a feed say, each with its number and its dossier.
pub(super) fn items_of(
    conn: &mut Conn,
    cipher: &Cipher,
    rows: &[(i64, &str)],
) -> Result<Vec<FeedItem>, StoreError> {
    let seqs: Vec<i64> = rows.iter().map(|(seq, _)| *seq).collect();
    if let (Conn::Pg(session), false) = (&mut *conn, seqs.is_empty()) {
        // An event never changes, and what is named of a dossier is as good a moment later.
        let ids: BTreeSet<&str> = rows.iter().map(|(_, dossier)| *dossier).collect();
        session.ask_ahead(vec![
            Query::of(&numbered!(seqs.as_slice(), Pg))?,
            Query::of(&named!(&ids))?,
        ])?;
    }
    items(conn, cipher, &seqs)
}

/// What the rows of a feed with these numbers say, in their order.
pub(super) fn items(conn: &mut Conn, cipher: &Cipher, seqs: &[i64]) -> Result<Vec<FeedItem>, StoreError> {
    if seqs.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<EventRow> = on_backend!(conn, c => numbered!(seqs, _).load(c))?;
    let ids: BTreeSet<&str> = rows.iter().map(|row| row.dossier.as_str()).collect();
    let named: Vec<(String, Named)> = on_backend!(conn, c => named!(&ids).load(c))?;
    let named: HashMap<String, Named> = named.into_iter().collect();
    let mut events: HashMap<i64, EventRow> = rows.into_iter().map(|row| (row.seq, row)).collect();
    seqs.iter()
        .filter_map(|seq| events.remove(seq))
        .filter_map(|row| Some((named.get(&row.dossier)?.clone(), row)))
        .map(
            |((reference, code, submitter, receiving_unit, supervisor), row)| {
                Ok(FeedItem {
                    seq: row.seq,
                    event: Arc::new(event_of(cipher, row)?),
                    reference,
                    code,
                    submitter,
                    receiving_unit,
                    supervisor,
                })
            },
        )
        .collect()
}
