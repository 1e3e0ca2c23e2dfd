//! Pushing: where agencies want their messages, messages on their way there, and what operators do about any delivery.
//!
//! A pushed delivery is leased, called about and settled like one that is pulled; what differs is that within a dossier only the
//! earliest unsettled one is leased, so that an agency hears of a dossier in order. A parked one holds up nothing: each message
//! carries the dossier as it then stands, and the number of its event.

use std::collections::BTreeMap;
use std::time::Duration;

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::audit;
use super::carry::{self, Carried, LeasedDelivery, record, sends};
use super::missing::{self, Resend, Resent};
use crate::domain::audit::{Action, Deed};
use crate::domain::failure::Failure;
use crate::domain::rejection::Label;
use crate::domain::tenant::Actor;
use crate::domain::time::Timestamp;
use crate::domain::view::DeliveryState;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::moment::At;
use crate::store::rows::*;
use crate::store::tables::*;

/// Something about endpoints and what is pushed to them.
pub enum PushCommand {
    /// An agency's endpoint, new or changed. What failed there before is forgotten. Not changed when the present one was set at the same
    /// moment or later: it is looked up again, then.
    SetEndpoint(EndpointRow),
    /// An agency has no endpoint any more. Changed when it had one.
    RemoveEndpoint {
        /// Key of the agency.
        agency: String,
    },
    /// Messages to push to an agency now, at most one a dossier; they are the caller's until the lease ends.
    Lease {
        /// Key of the agency.
        agency: String,
        /// At most so many.
        max: i64,
        /// How long.
        lease: Duration,
        /// Whether those go first that were tried least: the endpoint is being probed, and it is the endpoint that is asked about.
        least_tried_first: bool,
    },
    /// What became of leased messages, and how their endpoint stands since.
    Settle {
        /// Key of the agency.
        agency: String,
        /// The messages.
        settlements: Vec<PushSettlement>,
        /// When the endpoint that was called was set.
        set_at: Timestamp,
        /// How it stands, where that changed.
        standing: Option<EndpointStanding>,
    },
    /// An operator has a delivery tried again, or parks it.
    Intervene(Intervention),
    /// Sends again what an agency's queue has lost.
    Resend(Resend),
    /// A message left its agency's queue for the dead letters. Changed when it is parked for that.
    Died {
        /// Key of the agency.
        agency: String,
        /// The delivery.
        delivery: String,
        /// What that says of it.
        failure: Failure,
        /// The broker's word for why.
        reason: String,
    },
}

/// What a command about pushing came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushAnswer {
    /// Whether something was there to be changed.
    Changed(bool),
    /// What was leased.
    Leased(Vec<LeasedDelivery>),
    /// Done, or why not.
    Intervened(Result<(), Label>),
    /// What was sent again.
    Resent(Resent),
}

/// How an endpoint as a whole stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointStanding {
    /// It answers.
    Answers,
    /// It is spared until the next probe.
    Spared {
        /// What fails.
        failure: Failure,
        /// When the next probe goes.
        next_probe: Timestamp,
    },
}

/// What became of one pushed message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushSettlement {
    /// The delivery.
    pub delivery: String,
    /// Which attempt this was.
    pub attempt: i32,
    /// What became of it.
    pub carried: Carried,
}

/// What an operator does about a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intervention {
    /// The delivery.
    pub delivery: String,
    /// Whether its agency reads a queue of its own now.
    pub own_queue: bool,
    /// What to do.
    pub deed: Intervene,
    /// Why.
    pub reason: String,
    /// Who says so.
    pub actor: Actor,
}

/// What to do about a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intervene {
    /// Try it again, from the first attempt.
    Retry {
        /// Although it was handed over, or went into a queue, already. The receiver deduplicates by event id.
        again: bool,
    },
    /// Try it no more.
    Park,
}

/// Messages that an agency's endpoint has not taken yet although it was tried, and that nobody is trying now.
macro_rules! failing {
    ($agency:expr) => {
        deliveries::table
            .filter(deliveries::agency.eq($agency))
            .filter(deliveries::state.eq_any(["waiting", "queued"]))
            .filter(deliveries::ready.eq(true))
            .filter(deliveries::leased_until.is_null())
            .filter(diesel::dsl::sql::<diesel::sql_types::Bool>(
                "deliveries.failure IS NOT NULL",
            ))
    };
}

pub(super) fn push(conn: &mut Conn, now: Timestamp, command: &PushCommand) -> Result<PushAnswer, StoreError> {
    match command {
        PushCommand::SetEndpoint(row) => set_endpoint(conn, now, row),
        PushCommand::RemoveEndpoint { agency } => {
            let removed = on_backend!(conn, c => diesel::delete(endpoints::table.find(agency)).execute(c))?;
            Ok(PushAnswer::Changed(removed > 0))
        }
        PushCommand::Lease {
            agency,
            max,
            lease,
            least_tried_first,
        } => {
            let which = match least_tried_first {
                true => carry::Of::LeastTriedOfDossier,
                false => carry::Of::FirstOfDossier,
            };
            let leased = carry::lease_in_order(conn, now, agency, (which, *max), *lease)?;
            Ok(PushAnswer::Leased(leased))
        }
        PushCommand::Settle {
            agency,
            settlements,
            set_at,
            standing,
        } => {
            settle(conn, now, (agency, *set_at), settlements)?;
            if let Some(standing) = standing {
                stand(conn, now, (agency, *set_at), *standing)?;
            }
            Ok(PushAnswer::Changed(true))
        }
        PushCommand::Intervene(intervention) => {
            intervene(conn, now, intervention).map(PushAnswer::Intervened)
        }
        PushCommand::Resend(asked) => missing::resend(conn, now, asked).map(PushAnswer::Resent),
        PushCommand::Died {
            agency,
            delivery,
            failure,
            reason,
        } => missing::died(conn, now, agency, delivery, (*failure, reason)).map(PushAnswer::Changed),
    }
}

/// The shortest time between two moments of the database.
pub const TICK: Duration = Duration::from_micros(1);

/// A new address is tried at once with everything that waits, as if it had never been tried. It has to be set later than the one before:
/// by this moment what was said of the one is told from the other, and its secrets open only beside the moment they were sealed with.
fn set_endpoint(conn: &mut Conn, now: Timestamp, row: &EndpointRow) -> Result<PushAnswer, StoreError> {
    let before: Option<(String, At)> = on_backend!(conn, c => endpoints::table
        .find(&row.agency).select((endpoints::url, endpoints::set_at)).first(c).optional())?;
    if before.as_ref().is_some_and(|(_, then)| row.set_at.0 <= then.0) {
        return Ok(PushAnswer::Changed(false));
    }
    on_backend!(conn, c => diesel::insert_into(endpoints::table)
        .values(row)
        .on_conflict(endpoints::agency)
        .do_update()
        .set((
            endpoints::url.eq(excluded(endpoints::url)),
            endpoints::set_at.eq(excluded(endpoints::set_at)),
            endpoints::set_by.eq(excluded(endpoints::set_by)),
            endpoints::failure.eq(None::<String>),
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
    Ok(PushAnswer::Changed(true))
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
                    endpoints::failure.eq(None::<String>),
                    endpoints::failing_since.eq(None::<At>),
                    endpoints::next_probe.eq(None::<At>),
                ))
                .execute(c))?;
        }
        EndpointStanding::Spared { failure, next_probe } => {
            on_backend!(conn, c => diesel::update(endpoint())
                .set((
                    endpoints::failure.eq(Some(failure.word())),
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
                    .filter(deliveries::state.eq_any(["waiting", "queued"]))
                    .set((
                        deliveries::not_before.eq(At(if is_another { now } else { *not_before })),
                        deliveries::leased_until.eq(None::<At>),
                        deliveries::attempt.eq(if *counts && !is_another { s.attempt } else { s.attempt - 1 }),
                        deliveries::failure.eq(Some(failure.word())),
                    ))
                    .execute(c))?;
            }
            Carried::Park { failure, .. } => parked.entry(*failure).or_default().push(id),
        }
        tried.push(s.carried.tried(id, s.attempt, now, "handed"));
    }
    hand(conn, now, &handed)?;
    for (failure, ids) in parked {
        on_backend!(conn, c => diesel::update(deliveries::table.filter(deliveries::id.eq_any(&ids)))
            .filter(deliveries::state.eq_any(["waiting", "queued"]))
            .set((
                deliveries::state.eq(DeliveryState::Parked.word()),
                deliveries::since.eq(At(now)),
                deliveries::leased_until.eq(None::<At>),
                deliveries::failure.eq(Some(failure.word())),
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
        .filter(deliveries::state.eq_any(["waiting", "queued", "parked"]))
        .set((
            deliveries::state.eq(DeliveryState::Handed.word()),
            deliveries::since.eq(At(now)),
            deliveries::leased_until.eq(None::<At>),
            deliveries::failure.eq(None::<String>),
        ))
        .execute(c))?;
    // The agency may have answered before its 2xx was written down.
    let answered: Vec<String> = on_backend!(conn, c => deliveries::table
        .inner_join(dossiers::table.on(dossiers::id.eq(deliveries::dossier)))
        .filter(deliveries::id.eq_any(handed))
        .filter(deliveries::state.eq("handed"))
        .filter(dossiers::answered_seq.gt(deliveries::event_seq.nullable()))
        .select(deliveries::id)
        .load(c))?;
    if !answered.is_empty() {
        on_backend!(conn, c => diesel::update(deliveries::table.filter(deliveries::id.eq_any(&answered)))
            .set(deliveries::state.eq(DeliveryState::Acknowledged.word()))
            .execute(c))?;
    }
    Ok(())
}

fn intervene(conn: &mut Conn, now: Timestamp, asked: &Intervention) -> Result<Result<(), Label>, StoreError> {
    let found: Option<(DeliveryRow, Option<String>)> = on_backend!(conn, c => deliveries::table
        .inner_join(dossiers::table.on(dossiers::id.eq(deliveries::dossier)))
        .filter(deliveries::id.eq(&asked.delivery))
        .select((DeliveryRow::as_select(), dossiers::agency))
        .first(c)
        .optional())?;
    let Some((row, responsible)) = found else {
        return Ok(Err(Label::NotFound));
    };
    let state = carry::delivery_state(&row.state)?;
    let is_responsible = responsible.as_deref() == Some(row.agency.as_str());
    if let Err(label) = allowed(asked, state, row.ready, is_responsible) {
        return Ok(Err(label));
    }
    let (action, outcome, failure) = match asked.deed {
        Intervene::Park if state == DeliveryState::Parked => return Ok(Ok(())),
        Intervene::Park => {
            park(conn, now, &row)?;
            (Action::DeliveryParked, "parked", Some(Failure::HeldByOperator))
        }
        Intervene::Retry { .. } => {
            begin_anew(conn, now, &row, asked.own_queue)?;
            (Action::DeliveryRetried, "retried", None)
        }
    };
    let deed = Deed::on(action, &row.dossier)
        .with("delivery", &row.id)
        .with("agency", &row.agency)
        .with("state", state.word());
    audit::append(conn, now, &asked.actor, Some(&asked.reason), [&deed])?;
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
            outcome: outcome.to_owned(),
            reason: Some(asked.reason.clone()),
            failure: failure.map(|f| f.word().to_owned()),
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
) -> Result<(), Label> {
    use DeliveryState::{Acknowledged, Handed, Parked, Queued, Waiting};
    // In a queue: the agency's own, or one the hub has not read yet.
    let in_a_queue = state == Queued && !is_here;
    match (asked.deed, state) {
        (Intervene::Retry { .. }, _) if !is_responsible => Err(Label::DeliveryWithdrawn),
        (Intervene::Retry { .. }, Parked) => Ok(()),
        (Intervene::Retry { again: true }, Handed | Acknowledged) => Ok(()),
        (Intervene::Retry { again: true }, _) if in_a_queue => Ok(()),
        (Intervene::Park, Parked) => Ok(()),
        (Intervene::Park, Waiting | Queued) if !(in_a_queue && asked.own_queue) => Ok(()),
        (_, Handed | Acknowledged) => Err(Label::DeliveryHanded),
        (_, Waiting | Queued) => Err(Label::DeliveryUnderWay),
    }
}

fn park(conn: &mut Conn, now: Timestamp, row: &DeliveryRow) -> Result<(), StoreError> {
    on_backend!(conn, c => diesel::update(deliveries::table.find(&row.id))
        .set((
            deliveries::state.eq(DeliveryState::Parked.word()),
            deliveries::since.eq(At(now)),
            deliveries::leased_until.eq(None::<At>),
            deliveries::failure.eq(Some(Failure::HeldByOperator.word())),
            sends(None),
        ))
        .execute(c))?;
    Ok(())
}

/// The same way again: what had arrived is handed out anew, anything else goes through the outbox and the broker.
fn begin_anew(conn: &mut Conn, now: Timestamp, row: &DeliveryRow, own_queue: bool) -> Result<(), StoreError> {
    let arrived = row.ready && !own_queue;
    let state = if arrived {
        DeliveryState::Queued
    } else {
        DeliveryState::Waiting
    };
    on_backend!(conn, c => diesel::update(deliveries::table.find(&row.id))
        .set((
            deliveries::state.eq(state.word()),
            deliveries::since.eq(At(now)),
            deliveries::ready.eq(arrived),
            deliveries::attempt.eq(0),
            deliveries::not_before.eq(At(now)),
            deliveries::leased_until.eq(None::<At>),
            deliveries::failure.eq(None::<String>),
        ))
        .execute(c))?;
    if !arrived {
        on_backend!(conn, c => diesel::update(deliveries::table.find(&row.id)).set(sends(Some(now))).execute(c))?;
    }
    Ok(())
}
