//! Messages to agencies: what a message says, and how far each has come.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use diesel::prelude::*;

use super::{Content, Message, corrupt, event_of};
use crate::domain::event::Event;
use crate::domain::failure::Failure;
use crate::domain::time::Timestamp;
use crate::domain::view::{DeliveryState, Progress};
use crate::identity::{Reach, Scope};
use crate::store::StoreError;
use crate::store::cipher::Cipher;
use crate::store::conn::{Conn, on_backend};
use crate::store::kept::{KeptAttempt, KeptDelivery};
use crate::store::moment::At;
use crate::store::rows::*;
use crate::store::state::is_with;
use crate::store::tables::*;
use crate::store::under_way::{is_first_of_its_dossier, is_in_a_queue, is_to_be_handed_out};
use crate::store::word::Word;

/// The messages of these deliveries, in the order of their ids. For the hub's own carriers, which see everything.
///
/// # Errors
/// What the database says; as [`Cipher::open`]; [`StoreError::Corrupt`] for a row, an event or a content that does not parse.
pub fn messages(conn: &mut Conn, cipher: &Cipher, ids: &[String]) -> Result<Vec<Message>, StoreError> {
    let rows: Vec<(DeliveryRow, DossierRow, ContentRow)> = on_backend!(conn, c => deliveries::table
        .inner_join(dossiers::table.on(dossiers::id.eq(deliveries::dossier)))
        .inner_join(contents::table.on(
            contents::dossier.eq(dossiers::id).and(contents::version.eq(dossiers::version))
        ))
        .filter(deliveries::id.eq_any(ids))
        .order(deliveries::id)
        .select((DeliveryRow::as_select(), DossierRow::as_select(), ContentRow::as_select()))
        .load(c))?;
    // Only to an agency the dossier is with now: one that it no longer is with has no right to what was amended.
    let mut with = Vec::with_capacity(rows.len());
    for row in rows {
        if is_with(row.1.agency.as_deref(), row.1.tasks.as_deref(), &row.0.agency)? {
            with.push(row);
        }
    }
    let rows = with;
    let seqs: Vec<i64> = rows.iter().map(|r| r.0.event_seq).collect();
    let event_rows: Vec<EventRow> = on_backend!(conn, c => events::table
        .filter(events::seq.eq_any(&seqs)).select(EventRow::as_select()).load(c))?;
    // One event may be told to several agencies.
    let mut events = HashMap::with_capacity(event_rows.len());
    for row in event_rows {
        events.insert(row.seq, Arc::new(event_of(cipher, row)?));
    }
    let twins = twins(conn, rows.iter().filter_map(|r| r.1.twin.as_deref()))?;
    let accepted: BTreeSet<&str> = rows
        .iter()
        .filter(|r| r.1.accepted)
        .map(|r| r.1.id.as_str())
        .collect();
    let histories = histories(conn, cipher, &accepted)?;
    rows.into_iter()
        .map(|(delivery, dossier, content)| {
            let event = events
                .get(&delivery.event_seq)
                .cloned()
                .ok_or_else(|| corrupt("a delivery without its event"))?;
            let twin = (dossier.twin.as_ref()).filter(|twin| twins.get(*twin) == Some(&dossier.agency));
            Message::of(
                &delivery,
                event,
                (&dossier, twin),
                Content::open(cipher, content)?,
                added(histories.get(&dossier.id).map_or(&[], Vec::as_slice)),
            )
        })
        .collect()
}

/// The events of each of these dossiers, oldest first.
fn histories(
    conn: &mut Conn,
    cipher: &Cipher,
    ids: &BTreeSet<&str>,
) -> Result<HashMap<String, Vec<Event>>, StoreError> {
    let mut found: HashMap<String, Vec<Event>> = HashMap::with_capacity(ids.len());
    if ids.is_empty() {
        return Ok(found);
    }
    let rows: Vec<EventRow> = on_backend!(conn, c => events::table
        .filter(events::dossier.eq_any(ids)).order((events::dossier, events::number))
        .select(EventRow::as_select()).load(c))?;
    for row in rows {
        let dossier = row.dossier.clone();
        found.entry(dossier).or_default().push(event_of(cipher, row)?);
    }
    Ok(found)
}

/// When a dossier was accepted, by the first event that says so, and what its history adds to it.
fn added(history: &[Event]) -> (Option<Timestamp>, Progress) {
    let accepted = history.iter().find(|event| event.what.accepts());
    (accepted.map(|event| event.occurred_at), Progress::of(history))
}

/// The agencies of the dossiers that were there first of what others are about.
fn twins<'a>(
    conn: &mut Conn,
    twins: impl Iterator<Item = &'a str>,
) -> Result<HashMap<String, Option<String>>, StoreError> {
    let ids: BTreeSet<&str> = twins.collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(String, Option<String>)> = on_backend!(conn, c => dossiers::table
        .filter(dossiers::id.eq_any(&ids)).select((dossiers::id, dossiers::agency)).load(c))?;
    Ok(rows.into_iter().collect())
}

/// A delivery with all that is known of its way.
pub struct Carriage {
    /// The delivery.
    pub delivery: KeptDelivery,
    /// Every attempt, oldest first.
    pub attempts: Vec<KeptAttempt>,
}

/// Which deliveries to list.
#[derive(Clone, Debug)]
pub struct DeliveryFilter {
    /// In this state.
    pub state: DeliveryState,
    /// To this agency.
    pub agency: Option<String>,
    /// Of this failure.
    pub failure: Option<Failure>,
    /// After this one.
    pub after: Option<String>,
    /// At most so many.
    pub limit: i64,
}

/// Deliveries that failed, parked or being tried again, with their attempts, oldest first; nothing for anybody but the operator.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn deliveries(
    conn: &mut Conn,
    scope: &Scope,
    filter: &DeliveryFilter,
) -> Result<Vec<Carriage>, StoreError> {
    if !matches!(scope.reach(), Reach::Everything) {
        return Ok(Vec::new());
    }
    let rows: Vec<DeliveryRow> = on_backend!(conn, c => {
        let mut query = deliveries::table.into_boxed();
        query = query.filter(has_failed()).filter(deliveries::state.eq(Word(filter.state)));
        if let Some(agency) = &filter.agency {
            query = query.filter(deliveries::agency.eq(agency));
        }
        if let Some(failure) = filter.failure {
            query = query.filter(deliveries::failure.eq(Word(failure)));
        }
        if let Some(after) = &filter.after {
            query = query.filter(deliveries::id.gt(after));
        }
        query.order(deliveries::id).limit(filter.limit).select(DeliveryRow::as_select()).load(c)
    })?;
    carriages(conn, rows)
}

/// One delivery; absent for anybody but the operator.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn delivery(conn: &mut Conn, scope: &Scope, id: &str) -> Result<Option<Carriage>, StoreError> {
    if !matches!(scope.reach(), Reach::Everything) {
        return Ok(None);
    }
    let row: Option<DeliveryRow> = on_backend!(conn, c => deliveries::table
        .find(id).select(DeliveryRow::as_select()).first(c).optional())?;
    Ok(carriages(conn, row.into_iter().collect())?.pop())
}

/// Written out, because a database uses its index of failed rows only when it sees the words.
fn has_failed() -> diesel::expression::SqlLiteral<diesel::sql_types::Bool> {
    diesel::dsl::sql("deliveries.failure IS NOT NULL")
}

/// The deliveries of a dossier, oldest first.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn deliveries_of(conn: &mut Conn, dossier: &str) -> Result<Vec<Carriage>, StoreError> {
    let rows: Vec<DeliveryRow> = on_backend!(conn, c => deliveries::table
        .filter(deliveries::dossier.eq(dossier)).order(deliveries::id).select(DeliveryRow::as_select()).load(c))?;
    carriages(conn, rows)
}

fn carriages(conn: &mut Conn, rows: Vec<DeliveryRow>) -> Result<Vec<Carriage>, StoreError> {
    let ids: Vec<&str> = rows.iter().map(|r| r.id.as_str()).collect();
    let tried: Vec<AttemptRow> = on_backend!(conn, c => attempts::table
        .filter(attempts::delivery.eq_any(&ids)).order((attempts::at, attempts::number)).select(AttemptRow::as_select()).load(c))?;
    let mut by_delivery: HashMap<String, Vec<KeptAttempt>> = HashMap::new();
    for attempt in tried {
        let of = by_delivery.entry(attempt.delivery.clone()).or_default();
        of.push(attempt.into());
    }
    let carriage = |row: DeliveryRow| {
        Ok(Carriage {
            attempts: by_delivery.remove(&row.id).unwrap_or_default(),
            delivery: KeptDelivery::of(row)?,
        })
    };
    rows.into_iter().map(carriage).collect()
}

/// Those of these agencies to which something could be pushed now: a cheap look before the ledger is asked.
///
/// # Errors
/// What the database says.
pub fn push_waits(conn: &mut Conn, agencies: &[String], now: Timestamp) -> Result<Vec<String>, StoreError> {
    let free = deliveries::leased_until
        .is_null()
        .or(deliveries::leased_until.lt(At(now)).assume_not_null());
    Ok(on_backend!(conn, c => deliveries::table
        .filter(deliveries::agency.eq_any(agencies))
        .filter(is_to_be_handed_out())
        .filter(deliveries::not_before.le(At(now)))
        .filter(free)
        .filter(is_first_of_its_dossier!())
        .select(deliveries::agency)
        .distinct()
        .load(c))?)
}

/// Whether something could be handed out to an agency now: a cheap look before the ledger is asked.
///
/// # Errors
/// What the database says.
pub fn inbox_waits(conn: &mut Conn, agency: &str, now: Timestamp) -> Result<bool, StoreError> {
    let free = deliveries::leased_until
        .is_null()
        .or(deliveries::leased_until.lt(At(now)).assume_not_null());
    Ok(on_backend!(conn, c => diesel::select(diesel::dsl::exists(
        deliveries::table
            .filter(deliveries::agency.eq(agency))
            .filter(is_to_be_handed_out())
            .filter(deliveries::not_before.le(At(now)))
            .filter(free),
    ))
    .get_result(c))?)
}

/// How many messages the broker has not confirmed, of those that were to be sent at this moment or later.
///
/// # Errors
/// What the database says.
pub fn outbox_depth(conn: &mut Conn, since: Timestamp) -> Result<i64, StoreError> {
    Ok(on_backend!(conn, c => deliveries::table
        .filter(deliveries::send_at.ge(At(since)).assume_not_null()).count().get_result(c))?)
}

/// When the oldest message that waits for the broker, of those that were to be sent at this moment or later, was to be sent.
///
/// # Errors
/// What the database says.
pub fn oldest_unsent(conn: &mut Conn, since: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let oldest: Option<Option<At>> = on_backend!(conn, c => deliveries::table
        .filter(deliveries::send_at.ge(At(since)).assume_not_null())
        .order(deliveries::send_at)
        .select(deliveries::send_at)
        .first(c)
        .optional())?;
    Ok(oldest.flatten().map(|at| at.0))
}

/// Agencies to which the broker has confirmed messages at this moment or before that nobody has taken out of their queues, as far
/// as is known.
///
/// # Errors
/// What the database says.
pub fn queued_agencies(conn: &mut Conn, confirmed_by: Timestamp) -> Result<Vec<String>, StoreError> {
    Ok(on_backend!(conn, c => deliveries::table
        .filter(is_in_a_queue())
        .filter(deliveries::since.le(At(confirmed_by)))
        .select(deliveries::agency)
        .distinct()
        .order(deliveries::agency)
        .load(c))?)
}
