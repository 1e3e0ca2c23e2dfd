//! Pushing: where agencies want their messages, messages on their way there, and what operators do about any delivery.
//!
//! A pushed delivery is leased, called about and settled like one that is pulled; what differs is that within a dossier only the
//! earliest unsettled one is leased, so that an agency hears of a dossier in order. A parked one holds up nothing: each message
//! carries the dossier as it then stands, and the number of its event.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::audit;
use super::batch::Batch;
use super::carry::{self, answered, record, sends};
use super::command::Command;
use super::requests::{
    Carried, EndpointStanding, Intervene, Intervention, LeasePushes, LeasedDelivery, PushSettlement,
    RemoveEndpoint, SetEndpoint, SettlePushes,
};
use crate::domain::audit::{Action, AuditAction};
use crate::domain::failure::Failure;
use crate::domain::rejection::{Problem, problems};
use crate::domain::time::Timestamp;
use crate::domain::view::DeliveryState;
use crate::store::StoreError;
use crate::store::agency_writers::AgencyWriters;
use crate::store::conn::{Conn, on_backend};
use crate::store::moment::At;
use crate::store::rows::*;
use crate::store::state::is_with;
use crate::store::tables::*;
use crate::store::under_way::UNDER_WAY;
use crate::store::word::{AttemptOutcome, Word};

/// Messages that an agency's endpoint has not taken yet although it was tried, and that nobody is trying now.
macro_rules! failing {
    ($agency:expr) => {
        deliveries::table
            .filter(deliveries::agency.eq($agency))
            .filter(deliveries::state.eq_any(UNDER_WAY))
            .filter(deliveries::ready.eq(true))
            .filter(deliveries::leased_until.is_null())
            .filter(diesel::dsl::sql::<diesel::sql_types::Bool>(
                "deliveries.failure IS NOT NULL",
            ))
    };
}

impl Command for SetEndpoint {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<bool, StoreError> {
        set_endpoint(conn, batch.clock, &self.0.row)
    }
}

impl Command for RemoveEndpoint {
    fn play(&self, _: &mut Batch<'_>, conn: &mut Conn) -> Result<bool, StoreError> {
        let agency = &self.agency;
        let removed = on_backend!(conn, c => diesel::delete(endpoints::table.find(agency)).execute(c))?;
        Ok(removed > 0)
    }
}

impl Command for LeasePushes {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<Vec<LeasedDelivery>, StoreError> {
        let which = match self.least_tried_first {
            true => carry::Of::LeastTriedOfDossier,
            false => carry::Of::FirstOfDossier,
        };
        carry::lease_in_order(conn, batch.clock, &self.agency, (which, self.max), self.lease)
    }
}

impl Command for SettlePushes {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<(), StoreError> {
        let (now, called) = (batch.clock, (self.agency.as_str(), self.set_at));
        settle(conn, now, called, &self.settlements)?;
        match self.standing {
            Some(standing) => stand(conn, now, called, standing),
            None => Ok(()),
        }
    }
}

impl Command for Intervention {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<Result<(), Problem>, StoreError> {
        let writers = &batch.fresh.writers;
        intervene(conn, batch.clock, self, writers)
    }
}

/// A new address is tried at once with everything that waits, as if it had never been tried. It has to be set later than the one before:
/// by this moment what was said of the one is told from the other, and its secrets open only beside the moment they were sealed with.
fn set_endpoint(conn: &mut Conn, now: Timestamp, row: &EndpointRow) -> Result<bool, StoreError> {
    let before: Option<(String, At)> = on_backend!(conn, c => endpoints::table
        .find(&row.agency).select((endpoints::url, endpoints::set_at)).first(c).optional())?;
    if before.as_ref().is_some_and(|(_, then)| row.set_at.0 <= then.0) {
        return Ok(false);
    }
    on_backend!(conn, c => diesel::insert_into(endpoints::table)
        .values(row)
        .on_conflict(endpoints::agency)
        .do_update()
        .set((
            endpoints::url.eq(excluded(endpoints::url)),
            endpoints::set_at.eq(excluded(endpoints::set_at)),
            endpoints::set_by.eq(excluded(endpoints::set_by)),
            endpoints::failure.eq(None::<Word<Failure>>),
            endpoints::failing_since.eq(None::<At>),
            endpoints::next_probe.eq(None::<At>),
            endpoints::key_id.eq(excluded(endpoints::key_id)),
            endpoints::nonce.eq(excluded(endpoints::nonce)),
            endpoints::ciphertext.eq(excluded(endpoints::ciphertext)),
        ))
        .execute(c))?;
    if before.is_none_or(|(url, _)| url != row.url) {
        on_backend!(conn, c => diesel::update(failing!(row.agency.as_str()))
            .set((deliveries::not_before.eq(At(now)), deliveries::attempt.eq(0)))
            .execute(c))?;
    }
    Ok(true)
}

/// Writes down how an endpoint stands, unless it was set anew meanwhile: then nothing is known of it.
fn stand(
    conn: &mut Conn,
    now: Timestamp,
    (agency, set_at): (&str, Timestamp),
    standing: EndpointStanding,
) -> Result<(), StoreError> {
    let endpoint = || {
        endpoints::table
            .find(agency)
            .filter(endpoints::set_at.eq(At(set_at)))
    };
    match standing {
        EndpointStanding::Answers => {
            // What failed with it goes now, and not when its own turn would come.
            on_backend!(conn, c => diesel::update(failing!(agency))
                .set(deliveries::not_before.eq(At(now)))
                .execute(c))?;
            on_backend!(conn, c => diesel::update(endpoint())
                .set((
                    endpoints::failure.eq(None::<Word<Failure>>),
                    endpoints::failing_since.eq(None::<At>),
                    endpoints::next_probe.eq(None::<At>),
                ))
                .execute(c))?;
        }
        EndpointStanding::Spared { failure, next_probe } => {
            on_backend!(conn, c => diesel::update(endpoint())
                .set((
                    endpoints::failure.eq(Some(Word(failure))),
                    endpoints::next_probe.eq(Some(At(next_probe))),
                ))
                .execute(c))?;
            on_backend!(conn, c => diesel::update(endpoint().filter(endpoints::failing_since.is_null()))
                .set(endpoints::failing_since.eq(Some(At(now))))
                .execute(c))?;
        }
    }
    Ok(())
}

/// Writes down what became of pushed messages. That a message was handed over is a fact whatever was decided about it meanwhile;
/// anything else counts only while the attempt is the one that was leased. What an address said that was set anew meanwhile says
/// nothing of the new one, which is tried at once.
fn settle(
    conn: &mut Conn,
    now: Timestamp,
    (agency, set_at): (&str, Timestamp),
    settlements: &[PushSettlement],
) -> Result<(), StoreError> {
    let retries = settlements
        .iter()
        .any(|s| matches!(s.carried, Carried::Retry { .. }));
    let is_another = retries && {
        let present: Option<At> = on_backend!(conn, c => endpoints::table
            .find(agency).select(endpoints::set_at).first(c).optional())?;
        present.is_some_and(|present| present.0 != set_at)
    };
    let mut handed = Vec::new();
    let mut parked: BTreeMap<Failure, Vec<&str>> = BTreeMap::new();
    let mut tried = Vec::with_capacity(settlements.len());
    for s in settlements {
        let id = s.delivery.as_str();
        match &s.carried {
            Carried::Done => handed.push(id),
            Carried::Retry {
                failure,
                not_before,
                counts,
                ..
            } => {
                on_backend!(conn, c => diesel::update(deliveries::table.find(id))
                    .filter(deliveries::attempt.eq(s.attempt))
                    .filter(deliveries::state.eq_any(UNDER_WAY))
                    .set((
                        deliveries::not_before.eq(At(if is_another { now } else { *not_before })),
                        deliveries::leased_until.eq(None::<At>),
                        deliveries::attempt.eq(if *counts && !is_another { s.attempt } else { s.attempt - 1 }),
                        deliveries::failure.eq(Some(Word(*failure))),
                    ))
                    .execute(c))?;
            }
            Carried::Park { failure, .. } => parked.entry(*failure).or_default().push(id),
        }
        tried.push(s.carried.tried(id, s.attempt, now, AttemptOutcome::Handed));
    }
    hand(conn, now, &handed)?;
    for (failure, ids) in parked {
        on_backend!(conn, c => diesel::update(deliveries::table.filter(deliveries::id.eq_any(&ids)))
            .filter(deliveries::state.eq_any(UNDER_WAY))
            .set((
                deliveries::state.eq(Word(DeliveryState::Parked)),
                deliveries::since.eq(At(now)),
                deliveries::leased_until.eq(None::<At>),
                deliveries::failure.eq(Some(Word(failure))),
            ))
            .execute(c))?;
    }
    record(conn, &tried)
}

fn hand(conn: &mut Conn, now: Timestamp, handed: &[&str]) -> Result<(), StoreError> {
    if handed.is_empty() {
        return Ok(());
    }
    on_backend!(conn, c => diesel::update(deliveries::table.filter(deliveries::id.eq_any(handed)))
        .filter(deliveries::state.eq_any([DeliveryState::Waiting, DeliveryState::Queued, DeliveryState::Parked].map(Word)))
        .set((
            deliveries::state.eq(Word(DeliveryState::Handed)),
            deliveries::since.eq(At(now)),
            deliveries::leased_until.eq(None::<At>),
            deliveries::failure.eq(None::<Word<Failure>>),
        ))
        .execute(c))?;
    // The agency may have answered before its 2xx was written down.
    let answered = answered(conn, handed, DeliveryState::Handed)?;
    if !answered.is_empty() {
        on_backend!(conn, c => diesel::update(deliveries::table.filter(deliveries::id.eq_any(&answered)))
            .set(deliveries::state.eq(Word(DeliveryState::Acknowledged)))
            .execute(c))?;
    }
    Ok(())
}

fn intervene(
    conn: &mut Conn,
    now: Timestamp,
    asked: &Intervention,
    writers: &AgencyWriters,
) -> Result<Result<(), Problem>, StoreError> {
    let found: Option<(DeliveryRow, Option<String>, Option<String>)> = on_backend!(conn, c => deliveries::table
        .inner_join(dossiers::table.on(dossiers::id.eq(deliveries::dossier)))
        .filter(deliveries::id.eq(&asked.delivery))
        .select((DeliveryRow::as_select(), dossiers::agency, dossiers::tasks))
        .first(c)
        .optional())?;
    let Some((row, responsible, tasks)) = found else {
        return Ok(Err(problems::NotFound.into()));
    };
    let state = row.state.0;
    let is_responsible = is_with(responsible.as_deref(), tasks.as_deref(), &row.agency)?;
    if let Err(problem) = allowed(asked, state, row.ready, is_responsible) {
        return Ok(Err(problem));
    }
    let (action, outcome, failure) = match asked.action {
        Intervene::Park if state == DeliveryState::Parked => return Ok(Ok(())),
        Intervene::Park => {
            park(conn, now, &row)?;
            (
                Action::DeliveryParked,
                AttemptOutcome::Parked,
                Some(Failure::HeldByOperator),
            )
        }
        Intervene::Retry { .. } => {
            begin_anew(conn, now, (&row, writers.of(&row.agency)), asked.own_queue)?;
            (Action::DeliveryRetried, AttemptOutcome::Retried, None)
        }
    };
    let mut action = AuditAction::on(action, &row.dossier)
        .with("delivery", &row.id)
        .with("agency", &row.agency)
        .with("state", state.word());
    if let Some(version) = writers
        .of(&row.agency)
        .filter(|_| action.action == Action::DeliveryRetried)
    {
        action = action.with("format_version", version);
    }
    audit::append(conn, now, &asked.actor, Some(&asked.reason), [&action])?;
    let by = match &asked.actor.staff {
        Some(staff) => format!("{}/{staff}", asked.actor.tenant),
        None => asked.actor.tenant.to_string(),
    };
    record(
        conn,
        &[AttemptRow {
            delivery: row.id,
            at: At(now),
            number: row.attempt,
            outcome: Word(outcome),
            reason: Some(asked.reason.clone()),
            failure: failure.map(Word),
            actor: Some(by),
        }],
    )?;
    Ok(Ok(()))
}

fn allowed(
    asked: &Intervention,
    state: DeliveryState,
    is_here: bool,
    is_responsible: bool,
) -> Result<(), Problem> {
    use DeliveryState::{Acknowledged, Handed, Parked, Queued, Waiting};
    // In a queue: the agency's own, or one the hub has not read yet.
    let in_a_queue = state == Queued && !is_here;
    match (asked.action, state) {
        (Intervene::Retry { .. }, _) if !is_responsible => Err(problems::DeliveryWithdrawn.into()),
        (_, Parked) | (Intervene::Retry { again: true }, Handed | Acknowledged) => Ok(()),
        (Intervene::Retry { again: true }, _) if in_a_queue => Ok(()),
        (Intervene::Park, Waiting | Queued) if !(in_a_queue && asked.own_queue) => Ok(()),
        (_, Handed | Acknowledged) => Err(problems::DeliveryHanded.into()),
        (_, Waiting | Queued) => Err(problems::DeliveryUnderWay.into()),
    }
}

fn park(conn: &mut Conn, now: Timestamp, row: &DeliveryRow) -> Result<(), StoreError> {
    on_backend!(conn, c => diesel::update(deliveries::table.find(&row.id))
        .set((
            deliveries::state.eq(Word(DeliveryState::Parked)),
            deliveries::since.eq(At(now)),
            deliveries::leased_until.eq(None::<At>),
            deliveries::failure.eq(Some(Word(Failure::HeldByOperator))),
            sends(None),
        ))
        .execute(c))?;
    Ok(())
}

/// The same way again: what had arrived is handed out anew, anything else goes through the outbox and the broker.
fn begin_anew(
    conn: &mut Conn,
    now: Timestamp,
    (row, writer): (&DeliveryRow, Option<i64>),
    own_queue: bool,
) -> Result<(), StoreError> {
    let arrived = row.ready && !own_queue;
    let state = if arrived {
        DeliveryState::Queued
    } else {
        DeliveryState::Waiting
    };
    on_backend!(conn, c => diesel::update(deliveries::table.find(&row.id))
        .set((
            deliveries::state.eq(Word(state)),
            deliveries::since.eq(At(now)),
            deliveries::ready.eq(arrived),
            deliveries::attempt.eq(0),
            deliveries::not_before.eq(At(now)),
            deliveries::leased_until.eq(None::<At>),
            deliveries::failure.eq(None::<Word<Failure>>),
            // What could not be written or taken as it was is written by the version in use now.
            deliveries::format_version.eq(writer),
        ))
        .execute(c))?;
    if !arrived {
        on_backend!(conn, c => diesel::update(deliveries::table.find(&row.id)).set(sends(Some(now))).execute(c))?;
    }
    Ok(())
}
