//! Deliveries that their queue has no more: given to the dead letters, or lost with the broker.
//!
//! A queue is first in, first out. So of the messages that the broker confirmed and nobody has settled, those that are still there
//! are the youngest, and what is missing is missing from the front.

use diesel::prelude::*;

use super::audit;
use super::batch::Batch;
use super::carry::{record, sends};
use super::command::Command;
use super::requests::{Died, Resend, Resent};
use crate::domain::audit::{Action, AuditAction};
use crate::domain::failure::Failure;
use crate::domain::tenant::Actor;
use crate::domain::time::Timestamp;
use crate::domain::view::DeliveryState;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::moment::At;
use crate::store::rows::*;
use crate::store::state::is_with;
use crate::store::tables::*;
use crate::store::under_way::{UNDER_WAY, is_in_a_queue};
use crate::store::word::{AttemptOutcome, Word};

/// Deliveries sent again in one commit.
pub const RESENT_AT_ONCE: usize = 256;

/// Rows at the front of a queue that are looked at in one commit.
const LOOKED_AT: usize = 2048;

/// Times the patience with an agency that has not answered doubles.
const DOUBLINGS: u32 = 5;

impl Command for Resend {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<Resent, StoreError> {
        resend(conn, batch.clock, self)
    }
}

impl Command for Died {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<bool, StoreError> {
        let said = (self.failure, self.reason.as_str());
        died(conn, batch.clock, &self.agency, &self.delivery, said)
    }
}

fn resend(conn: &mut Conn, now: Timestamp, asked: &Resend) -> Result<Resent, StoreError> {
    let unsettled: i64 = on_backend!(conn, c => deliveries::table
        .filter(deliveries::agency.eq(&asked.agency))
        .filter(is_in_a_queue())
        .filter(deliveries::since.le(At(asked.seen_at)))
        .count()
        .get_result(c))?;
    let missing = usize::try_from(unsettled - asked.in_queue).unwrap_or_default();
    let mut answer = Resent {
        unsettled,
        ..Resent::default()
    };
    if missing == 0 {
        return Ok(answer);
    }
    // Messages of agencies the dossier is no longer with lie in the queue as well, and are not sent again.
    let front: Vec<(DeliveryRow, Option<String>, Option<String>)> = on_backend!(conn, c => deliveries::table
        .inner_join(dossiers::table.on(dossiers::id.eq(deliveries::dossier)))
        .filter(deliveries::agency.eq(&asked.agency))
        .filter(is_in_a_queue())
        .filter(deliveries::since.le(At(asked.seen_at)))
        .order((deliveries::since, deliveries::id))
        .limit(i64::try_from(missing.min(LOOKED_AT)).unwrap_or(1))
        .select((DeliveryRow::as_select(), dossiers::agency, dossiers::tasks))
        .load(c))?;
    let mut lost: Vec<DeliveryRow> = Vec::with_capacity(front.len());
    for (row, responsible, tasks) in front {
        if is_lost(asked, &row, now) && is_with(responsible.as_deref(), tasks.as_deref(), &row.agency)? {
            lost.push(row);
        }
    }
    answer.more = lost.len() > RESENT_AT_ONCE;
    lost.truncate(RESENT_AT_ONCE);
    answer.resent = lost.len();
    send_again(conn, now, &lost, asked.by.as_ref())?;
    Ok(answer)
}

fn is_lost(asked: &Resend, row: &DeliveryRow, now: Timestamp) -> bool {
    let confirmed = row.since.0;
    let doublings = u32::try_from(row.attempt).unwrap_or_default().min(DOUBLINGS);
    let unread = asked
        .unread
        .is_some_and(|(since, wait)| confirmed >= since && confirmed.plus(wait) <= now);
    unread || confirmed.plus(asked.patience.saturating_mul(1 << doublings)) <= now
}

fn send_again(
    conn: &mut Conn,
    now: Timestamp,
    lost: &[DeliveryRow],
    by: Option<&(Actor, String)>,
) -> Result<(), StoreError> {
    if lost.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = lost.iter().map(|row| row.id.as_str()).collect();
    on_backend!(conn, c => diesel::update(deliveries::table.filter(deliveries::id.eq_any(&ids)))
        .set((
            deliveries::state.eq(Word(DeliveryState::Waiting)),
            deliveries::since.eq(At(now)),
            deliveries::attempt.eq(deliveries::attempt + 1),
            deliveries::failure.eq(None::<Word<Failure>>),
            sends(Some(now)),
        ))
        .execute(c))?;
    let tried: Vec<AttemptRow> = lost
        .iter()
        .map(|row| AttemptRow {
            delivery: row.id.clone(),
            at: At(now),
            number: row.attempt + 1,
            outcome: Word(AttemptOutcome::Resent),
            reason: Some(by.map_or_else(
                || "its queue has it no more".to_owned(),
                |(_, reason)| reason.clone(),
            )),
            failure: None,
            actor: by.map(|(actor, _)| actor.tenant.to_string()),
        })
        .collect();
    record(conn, &tried)?;
    if let (Some((actor, reason)), Some(first)) = (by, lost.first()) {
        let action = AuditAction::on(Action::DeliveriesResent, format!("agency.{}", first.agency))
            .with("count", lost.len());
        audit::append(conn, now, actor, Some(reason), [&action])?;
    }
    Ok(())
}

/// A message that left its agency's queue for the dead letters. Parked, when it was nowhere else; says whether it was.
fn died(
    conn: &mut Conn,
    now: Timestamp,
    agency: &str,
    delivery: &str,
    (failure, reason): (Failure, &str),
) -> Result<bool, StoreError> {
    let found: Option<i32> = on_backend!(conn, c => deliveries::table
        .find(delivery)
        .filter(deliveries::agency.eq(agency))
        .filter(deliveries::state.eq_any(UNDER_WAY))
        .filter(deliveries::ready.eq(false))
        .select(deliveries::attempt)
        .first(c)
        .optional())?;
    let Some(attempt) = found else { return Ok(false) };
    on_backend!(conn, c => diesel::update(deliveries::table.find(delivery))
        .set((
            deliveries::state.eq(Word(DeliveryState::Parked)),
            deliveries::since.eq(At(now)),
            deliveries::failure.eq(Some(Word(failure))),
            sends(None),
        ))
        .execute(c))?;
    record(
        conn,
        &[AttemptRow {
            delivery: delivery.to_owned(),
            at: At(now),
            number: attempt + 1,
            outcome: Word(AttemptOutcome::Parked),
            reason: Some(reason.to_owned()),
            failure: Some(Word(failure)),
            actor: None,
        }],
    )?;
    Ok(true)
}
