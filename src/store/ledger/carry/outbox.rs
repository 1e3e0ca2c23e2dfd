//! Outbox rows on their way to the broker.

use diesel::prelude::*;
use std::collections::BTreeMap;

use super::answered::answered;
use super::attempts::sends;
use crate::domain::failure::Failure;
use crate::domain::time::Timestamp;
use crate::domain::view::DeliveryState;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::ledger::batch::Batch;
use crate::store::ledger::command::Command;
use crate::store::ledger::requests::{
    Arrive, Carried, LeaseOutbox, OutboxItem, OutboxSettlement, SettleOutbox,
};
use crate::store::moment::At;
use crate::store::rows::*;
use crate::store::script::{Clash, Script};
use crate::store::tables::*;
use crate::store::word::{AttemptOutcome, Word};

const WAITING: Word<DeliveryState> = Word(DeliveryState::Waiting);
const QUEUED: Word<DeliveryState> = Word(DeliveryState::Queued);
const PARKED: Word<DeliveryState> = Word(DeliveryState::Parked);

impl Command for LeaseOutbox {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<Vec<OutboxItem>, StoreError> {
        lease_outbox(conn, batch.clock, self)
    }
}

impl Command for SettleOutbox {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<(), StoreError> {
        settle_outbox(conn, batch.clock, &self.0)
    }
}

impl Command for Arrive {
    fn play(&self, _: &mut Batch<'_>, conn: &mut Conn) -> Result<(), StoreError> {
        arrive(conn, &self.0)
    }
}

fn lease_outbox(conn: &mut Conn, now: Timestamp, asked: &LeaseOutbox) -> Result<Vec<OutboxItem>, StoreError> {
    let since = At(asked.since.unwrap_or(Timestamp::from_micros(0)));
    let free = deliveries::send_leased_until
        .is_null()
        .or(deliveries::send_leased_until.lt(At(now)).assume_not_null());
    let rows: Vec<(String, String, i32)> = on_backend!(conn, c => deliveries::table
        .filter(deliveries::send_at.ge(since).assume_not_null())
        .filter(deliveries::send_at.le(At(now)).assume_not_null())
        .filter(free)
        .order((deliveries::send_at, deliveries::id))
        .limit(asked.max)
        .select((deliveries::id, deliveries::agency, deliveries::send_attempts))
        .load(c))?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<&str> = rows.iter().map(|r| r.0.as_str()).collect();
    on_backend!(conn, c => diesel::update(deliveries::table.filter(deliveries::id.eq_any(&ids)))
        .set((
            deliveries::send_leased_until.eq(Some(At(now.plus(asked.lease)))),
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

fn settle_outbox(
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
    let gone: Vec<&str> = confirmed.iter().chain(&parked).copied().collect();
    let mut script = Script::on(conn);
    for (ids, from, to) in [
        (&confirmed, vec![WAITING], QUEUED),
        (&parked, vec![WAITING, QUEUED], PARKED),
    ] {
        if !ids.is_empty() {
            let moving = deliveries::table
                .filter(deliveries::id.eq_any(ids))
                .filter(deliveries::state.eq_any(from));
            script.run(diesel::update(moving).set((
                deliveries::state.eq(to),
                deliveries::since.eq(At(now)),
                deliveries::failure.eq(None::<Word<Failure>>),
                sends(None),
            )))?;
        }
    }
    // One that has been taken, given back or parked meanwhile keeps its state; it is sent no more all the same. Asked for by its attempts,
    // which only what waits has: asked for what waits, PostgreSQL takes the index of that, which an old snapshot fills with all that has
    // been sent since.
    if !gone.is_empty() {
        let elsewhere = deliveries::table
            .filter(deliveries::id.eq_any(&gone))
            .filter(deliveries::send_attempts.gt(0));
        script.run(diesel::update(elsewhere).set(sends(None)))?;
    }
    let tried = |s: &OutboxSettlement| {
        s.carried
            .tried(&s.delivery, s.attempt, now, AttemptOutcome::Confirmed)
    };
    let tried: Vec<AttemptRow> = settlements.iter().map(tried).collect();
    script.write(&tried, Clash::Stays)?;
    script.end()?;
    heard_late(conn, now, settlements)?;
    failed(conn, settlements)
}

/// Keeps why messages did not go, and when those that are sent again are.
fn failed(conn: &mut Conn, settlements: &[OutboxSettlement]) -> Result<(), StoreError> {
    let mut failed: BTreeMap<Failure, Vec<&str>> = BTreeMap::new();
    for s in settlements {
        if let Carried::Retry { failure, .. } | Carried::Park { failure, .. } = &s.carried {
            failed.entry(*failure).or_default().push(&s.delivery);
        }
        if let Carried::Retry { not_before, .. } = &s.carried {
            let waits = deliveries::table
                .find(&s.delivery)
                .filter(deliveries::send_attempts.gt(0));
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
            .filter(deliveries::state.eq_any([WAITING, PARKED]))
            .set(deliveries::failure.eq(Some(Word(failure))))
            .execute(c))?;
    }
    Ok(())
}

/// An agency that reads its own queue may have answered before the broker's confirm was recorded.
fn heard_late(conn: &mut Conn, now: Timestamp, settlements: &[OutboxSettlement]) -> Result<(), StoreError> {
    let own: Vec<&str> = settlements
        .iter()
        .filter(|s| s.own_queue && matches!(s.carried, Carried::Done))
        .map(|s| s.delivery.as_str())
        .collect();
    if own.is_empty() {
        return Ok(());
    }
    let answered = answered(conn, &own, DeliveryState::Queued)?;
    if answered.is_empty() {
        return Ok(());
    }
    on_backend!(conn, c => diesel::update(deliveries::table.filter(deliveries::id.eq_any(&answered)))
        .set((deliveries::state.eq(Word(DeliveryState::Acknowledged)), deliveries::since.eq(At(now))))
        .execute(c))?;
    Ok(())
}

/// Messages the broker gave back for pullers. The same message twice is the same row.
fn arrive(conn: &mut Conn, ids: &[String]) -> Result<(), StoreError> {
    on_backend!(conn, c => diesel::update(deliveries::table.filter(deliveries::id.eq_any(ids)))
        .set(deliveries::ready.eq(true))
        .execute(c))?;
    Ok(())
}
