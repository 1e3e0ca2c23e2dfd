//! Carrying: outbox rows on their way to the broker, inbox messages on their way to a puller.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use diesel::prelude::*;

use crate::domain::failure::Failure;
use crate::domain::rejection::Label;
use crate::domain::time::Timestamp;
use crate::domain::view::{DeliveryState, SettleItem, SettleResult, Settlement};
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::moment::At;
use crate::store::read::{is_first_of_its_dossier, is_to_be_handed_out};
use crate::store::rows::*;
use crate::store::tables::*;

/// How long a message that an agency sent back waits before it is handed out again: 5 s, doubled each time, at most 10 min.
const RETRY_FIRST: Duration = Duration::from_secs(5);
const RETRY_LAST: Duration = Duration::from_secs(600);

/// How often a message may be handed out before it is parked for the operator.
pub const HANDED_OUT_AT_MOST: i32 = 50;

/// An outbox row leased to the relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxItem {
    /// The delivery.
    pub delivery: String,
    /// Key of the agency.
    pub agency: String,
    /// How often it was tried, this time included.
    pub attempt: i32,
}

/// What the broker said of one outbox row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxSettlement {
    /// The delivery.
    pub delivery: String,
    /// Which attempt this was.
    pub attempt: i32,
    /// Whether the agency reads the queue itself: it may have answered before the broker's word was heard.
    pub own_queue: bool,
    /// What became of it.
    pub carried: Carried,
}

/// What became of an attempt to carry a delivery: to the broker, or to an agency's endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// The other side has it for good: the broker confirmed it, or the endpoint answered 2xx.
    Done,
    /// Not this time.
    Retry {
        /// What kind of failure it is.
        failure: Failure,
        /// Why, in a few words; nothing of what an endpoint answered beside its status.
        reason: String,
        /// When to try again.
        not_before: Timestamp,
        /// Whether the attempt counts; one that says nothing of the message does not.
        counts: bool,
    },
    /// Never: somebody must look.
    Park {
        /// What kind of failure it is.
        failure: Failure,
        /// Why, in a few words.
        reason: String,
    },
}

impl Carried {
    /// What kind of failure it was; none when it arrived.
    pub const fn failure(&self) -> Option<Failure> {
        match self {
            Carried::Done => None,
            Carried::Retry { failure, .. } | Carried::Park { failure, .. } => Some(*failure),
        }
    }

    /// The attempt as it is kept; `done` is the word for one that arrived.
    pub(super) fn tried(&self, delivery: &str, number: i32, now: Timestamp, done: &str) -> AttemptRow {
        let (outcome, failed) = match self {
            Carried::Done => (done, None),
            Carried::Retry { failure, reason, .. } => ("retry", Some((failure, reason))),
            Carried::Park { failure, reason } => ("parked", Some((failure, reason))),
        };
        AttemptRow {
            delivery: delivery.to_owned(),
            at: At(now),
            number,
            outcome: outcome.to_owned(),
            reason: failed.map(|(_, reason)| reason.clone()),
            failure: failed.map(|(failure, _)| failure.word().to_owned()),
            actor: None,
        }
    }
}

/// A message leased to an agency that pulls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeasedDelivery {
    /// The delivery.
    pub delivery: String,
    /// Its dossier.
    pub dossier: String,
    /// The event it tells.
    pub event_seq: i64,
    /// How often it was handed out, this time included.
    pub attempt: i32,
    /// Until when it is the caller's.
    pub leased_until: Timestamp,
    /// W3C trace context of what caused it.
    pub traceparent: Option<String>,
}

/// The state of a stored word.
pub fn delivery_state(word: &str) -> Result<DeliveryState, StoreError> {
    word.parse()
        .map_err(|_| StoreError::Corrupt(format!("delivery state {word}")))
}

pub(super) fn lease_outbox(
    conn: &mut Conn,
    now: Timestamp,
    max: i64,
    lease: Duration,
) -> Result<Vec<OutboxItem>, StoreError> {
    let free = deliveries::send_leased_until
        .is_null()
        .or(deliveries::send_leased_until.lt(At(now)).assume_not_null());
    let rows: Vec<(String, String, i32)> = on_backend!(conn, c => deliveries::table
        .filter(deliveries::send_at.le(At(now)).assume_not_null())
        .filter(free)
        .order((deliveries::send_at, deliveries::id))
        .limit(max)
        .select((deliveries::id, deliveries::agency, deliveries::send_attempts))
        .load(c))?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<&str> = rows.iter().map(|r| r.0.as_str()).collect();
    on_backend!(conn, c => diesel::update(deliveries::table.filter(deliveries::id.eq_any(&ids)))
        .set((
            deliveries::send_leased_until.eq(Some(At(now.plus(lease)))),
            deliveries::send_attempts.eq(deliveries::send_attempts + 1),
        ))
        .execute(c))?;
    Ok(rows
        .into_iter()
        .map(|(delivery, agency, attempts)| OutboxItem {
            delivery,
            agency,
            attempt: attempts + 1,
        })
        .collect())
}

pub(super) fn settle_outbox(
    conn: &mut Conn,
    now: Timestamp,
    settlements: &[OutboxSettlement],
) -> Result<(), StoreError> {
    let by = |wanted: fn(&Carried) -> bool| -> Vec<&str> {
        settlements
            .iter()
            .filter(|s| wanted(&s.carried))
            .map(|s| s.delivery.as_str())
            .collect()
    };
    let confirmed = by(|c| matches!(c, Carried::Done));
    let parked = by(|c| matches!(c, Carried::Park { .. }));
    let mut failed: BTreeMap<Failure, Vec<&str>> = BTreeMap::new();
    let gone: Vec<&str> = confirmed.iter().chain(&parked).copied().collect();
    for (ids, from, to) in [
        (&confirmed, vec!["waiting"], "queued"),
        (&parked, vec!["waiting", "queued"], "parked"),
    ] {
        if !ids.is_empty() {
            on_backend!(conn, c => diesel::update(
                    deliveries::table.filter(deliveries::id.eq_any(ids)).filter(deliveries::state.eq_any(&from))
                )
                .set((
                    deliveries::state.eq(to),
                    deliveries::since.eq(At(now)),
                    deliveries::failure.eq(None::<String>),
                    sends(None),
                ))
                .execute(c))?;
        }
    }
    // One that has been taken, given back or parked meanwhile keeps its state; it is sent no more all the same.
    if !gone.is_empty() {
        on_backend!(conn, c => diesel::update(
                deliveries::table.filter(deliveries::id.eq_any(&gone)).filter(deliveries::send_at.is_not_null())
            )
            .set(sends(None))
            .execute(c))?;
    }
    heard_late(conn, now, settlements)?;
    for s in settlements {
        if let Carried::Retry { failure, .. } | Carried::Park { failure, .. } = &s.carried {
            failed.entry(*failure).or_default().push(&s.delivery);
        }
        if let Carried::Retry { not_before, .. } = &s.carried {
            let waits = deliveries::table
                .find(&s.delivery)
                .filter(deliveries::send_at.is_not_null());
            on_backend!(conn, c => diesel::update(waits)
                .set((
                    deliveries::send_at.eq(Some(At(*not_before))),
                    deliveries::send_leased_until.eq(None::<At>),
                ))
                .execute(c))?;
        }
    }
    for (failure, ids) in failed {
        on_backend!(conn, c => diesel::update(deliveries::table.filter(deliveries::id.eq_any(&ids)))
            .filter(deliveries::state.eq_any(["waiting", "parked"]))
            .set(deliveries::failure.eq(Some(failure.word())))
            .execute(c))?;
    }
    let tried = |s: &OutboxSettlement| s.carried.tried(&s.delivery, s.attempt, now, "confirmed");
    let tried: Vec<AttemptRow> = settlements.iter().map(tried).collect();
    record(conn, &tried)
}

/// From when a delivery waits for the broker, as if never tried; none when it waits no more.
#[diesel::dsl::auto_type]
pub(super) fn sends(from: Option<Timestamp>) -> _ {
    let (at, nobody): (Option<At>, Option<At>) = (from.map(At), None);
    (
        deliveries::send_at.eq(at),
        deliveries::send_leased_until.eq(nobody),
        deliveries::send_attempts.eq(0_i32),
    )
}

/// An agency that reads its own queue may have answered before the broker's confirm was recorded: its word is the better one.
fn heard_late(conn: &mut Conn, now: Timestamp, settlements: &[OutboxSettlement]) -> Result<(), StoreError> {
    let own: Vec<&str> = settlements
        .iter()
        .filter(|s| s.own_queue && matches!(s.carried, Carried::Done))
        .map(|s| s.delivery.as_str())
        .collect();
    if own.is_empty() {
        return Ok(());
    }
    let answered: Vec<String> = on_backend!(conn, c => deliveries::table
        .inner_join(dossiers::table.on(dossiers::id.eq(deliveries::dossier)))
        .filter(deliveries::id.eq_any(&own))
        .filter(deliveries::state.eq("queued"))
        .filter(dossiers::answered_seq.gt(deliveries::event_seq.nullable()))
        .select(deliveries::id)
        .load(c))?;
    on_backend!(conn, c => diesel::update(deliveries::table.filter(deliveries::id.eq_any(&answered)))
        .set((deliveries::state.eq("acknowledged"), deliveries::since.eq(At(now))))
        .execute(c))?;
    Ok(())
}

pub(super) fn record(conn: &mut Conn, tried: &[AttemptRow]) -> Result<(), StoreError> {
    if !tried.is_empty() {
        on_backend!(conn, c => diesel::insert_into(attempts::table).values(tried).on_conflict_do_nothing().execute(c))?;
    }
    Ok(())
}

/// Messages the broker gave back for pullers. The same message twice is the same row.
pub(super) fn arrive(conn: &mut Conn, ids: &[String]) -> Result<(), StoreError> {
    on_backend!(conn, c => diesel::update(deliveries::table.filter(deliveries::id.eq_any(ids)))
        .set(deliveries::ready.eq(true))
        .execute(c))?;
    Ok(())
}

/// Which of an agency's messages may be leased.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// All that wait, oldest first.
    Any,
    /// Of each dossier only the earliest that is not settled, oldest first.
    FirstOfDossier,
    /// The same, those first that were tried least and longest ago: one that is refused for its own fault does not stand before
    /// those that would be taken.
    LeastTriedOfDossier,
}

/// Messages that wait for an agency and are nobody's now.
fn free(
    conn: &mut Conn,
    now: Timestamp,
    agency: &str,
    which: Of,
    max: i64,
) -> Result<Vec<DeliveryRow>, StoreError> {
    let unleased = deliveries::leased_until
        .is_null()
        .or(deliveries::leased_until.lt(At(now)).assume_not_null());
    Ok(on_backend!(conn, c => {
        let mut waiting = deliveries::table
            .filter(deliveries::agency.eq(agency))
            .filter(is_to_be_handed_out())
            .filter(deliveries::not_before.le(At(now)))
            .filter(unleased)
            .into_boxed();
        if which != Of::Any {
            waiting = waiting.filter(is_first_of_its_dossier!());
        }
        if which == Of::LeastTriedOfDossier {
            waiting = waiting.order((deliveries::attempt, deliveries::not_before));
        }
        waiting.then_order_by(deliveries::id).limit(max).select(DeliveryRow::as_select()).load(c)
    })?)
}

pub(super) fn lease_inbox(
    conn: &mut Conn,
    now: Timestamp,
    agency: &str,
    max: i64,
    lease: Duration,
) -> Result<Vec<LeasedDelivery>, StoreError> {
    let rows = free(conn, now, agency, Of::Any, max)?;
    let (rows, worn): (Vec<DeliveryRow>, Vec<DeliveryRow>) =
        rows.into_iter().partition(|r| r.attempt < HANDED_OUT_AT_MOST);
    park_worn(conn, now, &worn)?;
    hand_out(conn, now, lease, rows)
}

/// As [`lease_inbox`], but of each dossier only the earliest message that is not settled.
pub(super) fn lease_in_order(
    conn: &mut Conn,
    now: Timestamp,
    agency: &str,
    (which, max): (Of, i64),
    lease: Duration,
) -> Result<Vec<LeasedDelivery>, StoreError> {
    let rows = free(conn, now, agency, which, max)?;
    hand_out(conn, now, lease, rows)
}

fn hand_out(
    conn: &mut Conn,
    now: Timestamp,
    lease: Duration,
    rows: Vec<DeliveryRow>,
) -> Result<Vec<LeasedDelivery>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let until = now.plus(lease);
    let ids: Vec<&str> = rows.iter().map(|r| r.id.as_str()).collect();
    on_backend!(conn, c => diesel::update(deliveries::table.filter(deliveries::id.eq_any(&ids)))
        .set((deliveries::leased_until.eq(Some(At(until))), deliveries::attempt.eq(deliveries::attempt + 1)))
        .execute(c))?;
    Ok(rows
        .into_iter()
        .map(|r| LeasedDelivery {
            delivery: r.id,
            dossier: r.dossier,
            event_seq: r.event_seq,
            attempt: r.attempt + 1,
            leased_until: until,
            traceparent: r.traceparent,
        })
        .collect())
}

/// What was taken again and again and never settled is for the operator to look at.
fn park_worn(conn: &mut Conn, now: Timestamp, worn: &[DeliveryRow]) -> Result<(), StoreError> {
    if worn.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = worn.iter().map(|r| r.id.as_str()).collect();
    on_backend!(conn, c => diesel::update(deliveries::table.filter(deliveries::id.eq_any(&ids)))
        .set((
            deliveries::state.eq(DeliveryState::Parked.word()),
            deliveries::since.eq(At(now)),
            deliveries::failure.eq(Some(Failure::NeverSettled.word())),
        ))
        .execute(c))?;
    let tried: Vec<AttemptRow> = worn
        .iter()
        .map(|r| AttemptRow {
            delivery: r.id.clone(),
            at: At(now),
            number: r.attempt,
            outcome: "parked".to_owned(),
            reason: Some("taken and never settled".to_owned()),
            failure: Some(Failure::NeverSettled.word().to_owned()),
            actor: None,
        })
        .collect();
    record(conn, &tried)
}

pub(super) fn settle_inbox(
    conn: &mut Conn,
    now: Timestamp,
    agency: &str,
    items: &[SettleItem],
) -> Result<Vec<SettleResult>, StoreError> {
    let ids: Vec<String> = items.iter().map(|i| i.delivery.to_string()).collect();
    let rows: Vec<(DeliveryRow, Option<i64>)> = on_backend!(conn, c => deliveries::table
        .inner_join(dossiers::table.on(dossiers::id.eq(deliveries::dossier)))
        .filter(deliveries::id.eq_any(&ids))
        .filter(deliveries::agency.eq(agency))
        .select((DeliveryRow::as_select(), dossiers::answered_seq))
        .load(c))?;
    let mut known: HashMap<String, (DeliveryRow, Option<i64>)> =
        rows.into_iter().map(|r| (r.0.id.clone(), r)).collect();
    let (mut results, mut tried) = (Vec::with_capacity(items.len()), Vec::new());
    for (item, id) in items.iter().zip(&ids) {
        let refused = |label| SettleResult {
            delivery: item.delivery,
            state: None,
            label: Some(label),
        };
        let Some((row, answered)) = known.get_mut(id) else {
            results.push(refused(Label::NotFound));
            continue;
        };
        match delivery_state(&row.state)? {
            // Settled before: say where it stands, so that a repeated call is harmless.
            done @ (DeliveryState::Handed | DeliveryState::Acknowledged | DeliveryState::Parked) => {
                results.push(SettleResult {
                    delivery: item.delivery,
                    state: Some(done),
                    label: None,
                });
                continue;
            }
            DeliveryState::Waiting | DeliveryState::Queued => {}
        }
        let Some(leased_until) = row.leased_until else {
            results.push(refused(Label::LeaseLost));
            continue;
        };
        if leased_until.0 < now && item.outcome != Settlement::Done {
            results.push(refused(Label::LeaseLost));
            continue;
        }
        let (next, outcome, failure) = match item.outcome {
            Settlement::Done if answered.is_some_and(|seq| seq > row.event_seq) => {
                (DeliveryState::Acknowledged, "handed", None)
            }
            Settlement::Done => (DeliveryState::Handed, "handed", None),
            Settlement::Reject => (DeliveryState::Parked, "refused", Some(Failure::SentBack)),
            Settlement::Retry if row.attempt >= HANDED_OUT_AT_MOST => {
                (DeliveryState::Parked, "refused", Some(Failure::SentBack))
            }
            Settlement::Retry => (DeliveryState::Queued, "retry", Some(Failure::SentBack)),
        };
        let not_before = if outcome == "retry" {
            now.plus(pause(row.attempt))
        } else {
            row.not_before.0
        };
        on_backend!(conn, c => diesel::update(deliveries::table.filter(deliveries::id.eq(id)))
            .set((
                deliveries::state.eq(next.word()),
                deliveries::since.eq(At(now)),
                deliveries::not_before.eq(At(not_before)),
                deliveries::leased_until.eq(None::<At>),
                deliveries::failure.eq(failure.map(Failure::word)),
            ))
            .execute(c))?;
        next.word().clone_into(&mut row.state);
        row.leased_until = None;
        tried.push(AttemptRow {
            delivery: id.clone(),
            at: At(now),
            number: row.attempt,
            outcome: outcome.to_owned(),
            reason: item.reason.clone(),
            failure: failure.map(|f| f.word().to_owned()),
            actor: None,
        });
        results.push(SettleResult {
            delivery: item.delivery,
            state: Some(next),
            label: None,
        });
    }
    record(conn, &tried)?;
    Ok(results)
}

fn pause(attempt: i32) -> Duration {
    let doublings = u32::try_from(attempt.clamp(1, 8) - 1).unwrap_or(0);
    (RETRY_FIRST * 2u32.pow(doublings)).min(RETRY_LAST)
}
