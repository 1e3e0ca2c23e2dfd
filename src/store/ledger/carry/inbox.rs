//! Messages on their way to an agency: handed out under a lease, and settled.

use std::collections::HashMap;
use std::time::Duration;

use diesel::prelude::*;

use super::attempts::record;
use crate::domain::failure::Failure;
use crate::domain::rejection::Label;
use crate::domain::time::Timestamp;
use crate::domain::view::{DeliveryState, SettleItem, SettleResult, Settlement};
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::ledger::batch::Batch;
use crate::store::ledger::command::Command;
use crate::store::ledger::requests::{LeaseInbox, LeasedDelivery, SettleInbox};
use crate::store::moment::At;
use crate::store::rows::*;
use crate::store::tables::*;
use crate::store::under_way::{is_first_of_its_dossier, is_to_be_handed_out};
use crate::store::word::{AttemptOutcome, Word};

/// How long a message that an agency sent back waits before it is handed out again: 5 s, doubled each time, at most 10 min.
const RETRY_FIRST: Duration = Duration::from_secs(5);
const RETRY_LAST: Duration = Duration::from_secs(600);

/// How often a message may be handed out before it is parked for the operator.
pub const HANDED_OUT_AT_MOST: i32 = 50;

impl Command for LeaseInbox {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<Vec<LeasedDelivery>, StoreError> {
        lease_inbox(conn, batch.clock, &self.agency, self.max, self.lease)
    }
}

impl Command for SettleInbox {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<Vec<SettleResult>, StoreError> {
        settle_inbox(conn, batch.clock, &self.agency, &self.items)
    }
}

/// Which of an agency's messages may be leased.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::store::ledger) enum Of {
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

fn lease_inbox(
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
pub(in crate::store::ledger) fn lease_in_order(
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
            deliveries::state.eq(Word(DeliveryState::Parked)),
            deliveries::since.eq(At(now)),
            deliveries::failure.eq(Some(Word(Failure::NeverSettled))),
        ))
        .execute(c))?;
    let tried: Vec<AttemptRow> = worn
        .iter()
        .map(|r| AttemptRow {
            delivery: r.id.clone(),
            at: At(now),
            number: r.attempt,
            outcome: Word(AttemptOutcome::Parked),
            reason: Some("taken and never settled".to_owned()),
            failure: Some(Word(Failure::NeverSettled)),
            actor: None,
        })
        .collect();
    record(conn, &tried)
}

fn settle_inbox(
    conn: &mut Conn,
    now: Timestamp,
    agency: &str,
    items: &[SettleItem],
) -> Result<Vec<SettleResult>, StoreError> {
    let ids: Vec<String> = items.iter().map(|i| i.delivery.to_string()).collect();
    let mut known = messages_of(conn, agency, &ids)?;
    let (mut results, mut tried) = (Vec::with_capacity(items.len()), Vec::new());
    for (item, id) in items.iter().zip(&ids) {
        let Some((row, answered)) = known.get_mut(id) else {
            results.push(lost(item, Label::NotFound));
            continue;
        };
        if let Some(said) = unchanged(row, item, now) {
            results.push(said);
            continue;
        }
        let (next, outcome, failure) = becomes(row, *answered, item.outcome);
        let not_before = if outcome == AttemptOutcome::Retry {
            now.plus(pause(row.attempt))
        } else {
            row.not_before.0
        };
        on_backend!(conn, c => diesel::update(deliveries::table.filter(deliveries::id.eq(id)))
            .set((
                deliveries::state.eq(Word(next)),
                deliveries::since.eq(At(now)),
                deliveries::not_before.eq(At(not_before)),
                deliveries::leased_until.eq(None::<At>),
                deliveries::failure.eq(failure.map(Word)),
            ))
            .execute(c))?;
        row.state = Word(next);
        row.leased_until = None;
        tried.push(AttemptRow {
            delivery: id.clone(),
            at: At(now),
            number: row.attempt,
            outcome: Word(outcome),
            reason: item.reason.clone(),
            failure: failure.map(Word),
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

/// The messages of these names that are the agency's, each with the last event it has answered as the competent one.
fn messages_of(
    conn: &mut Conn,
    agency: &str,
    ids: &[String],
) -> Result<HashMap<String, (DeliveryRow, Option<i64>)>, StoreError> {
    // Whose they are is looked at here: PostgreSQL may go through all that the agency ever had, where it is told to.
    let rows: Vec<(DeliveryRow, Option<i64>, Option<String>)> = on_backend!(conn, c => deliveries::table
        .inner_join(dossiers::table.on(dossiers::id.eq(deliveries::dossier)))
        .filter(deliveries::id.eq_any(ids))
        .select((DeliveryRow::as_select(), dossiers::answered_seq, dossiers::agency))
        .load(c))?;
    let theirs = rows.into_iter().filter(|(row, ..)| row.agency == agency);
    let answered = theirs.map(|(row, answered, competent)| {
        let answered = answered.filter(|_| competent.as_deref() == Some(agency));
        (row.id.clone(), (row, answered))
    });
    Ok(answered.collect())
}

fn lost(item: &SettleItem, label: Label) -> SettleResult {
    SettleResult {
        delivery: item.delivery,
        state: None,
        label: Some(label),
    }
}

/// What is said of a message that stays as it is: one that was settled before, or whose lease is over.
fn unchanged(row: &DeliveryRow, item: &SettleItem, now: Timestamp) -> Option<SettleResult> {
    match row.state.0 {
        // Settled before: say where it stands, so that a repeated call is harmless.
        done @ (DeliveryState::Handed | DeliveryState::Acknowledged | DeliveryState::Parked) => {
            return Some(SettleResult {
                delivery: item.delivery,
                state: Some(done),
                label: None,
            });
        }
        DeliveryState::Waiting | DeliveryState::Queued => {}
    }
    let in_time = |until: At| until.0 >= now || item.outcome == Settlement::Done;
    let is_leased = row.leased_until.is_some_and(in_time);
    (!is_leased).then(|| lost(item, Label::LeaseLost))
}

/// What a leased message becomes, how its attempt came out, and what went wrong.
fn becomes(
    row: &DeliveryRow,
    answered: Option<i64>,
    outcome: Settlement,
) -> (DeliveryState, AttemptOutcome, Option<Failure>) {
    let sent_back = Some(Failure::SentBack);
    match outcome {
        Settlement::Done if answered.is_some_and(|seq| seq > row.event_seq) => {
            (DeliveryState::Acknowledged, AttemptOutcome::Handed, None)
        }
        Settlement::Done => (DeliveryState::Handed, AttemptOutcome::Handed, None),
        Settlement::Reject => (DeliveryState::Parked, AttemptOutcome::Refused, sent_back),
        Settlement::Retry if row.attempt >= HANDED_OUT_AT_MOST => {
            (DeliveryState::Parked, AttemptOutcome::Refused, sent_back)
        }
        Settlement::Retry => (DeliveryState::Queued, AttemptOutcome::Retry, sent_back),
    }
}

fn pause(attempt: i32) -> Duration {
    let doublings = u32::try_from(attempt.clamp(1, 8) - 1).unwrap_or(0);
    (RETRY_FIRST * 2u32.pow(doublings)).min(RETRY_LAST)
}
