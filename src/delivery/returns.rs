//! Statuses that agencies publish themselves: vouched for by the broker, committed, then acknowledged.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::join_all;

use super::step::{PREFETCH, REST, handful};
use crate::broker::{Acknowledgement, Broker, Delivery, Source, settle_all};
use crate::domain::codes::Key;
use crate::domain::encoding;
use crate::domain::event::Verdict;
use crate::domain::ids::DossierId;
use crate::domain::rejection::{Label, Rejection, problems};
use crate::domain::submission::IdempotencyKey;
use crate::service::{Hub, Reported, Reports, ServiceError};

/// The header an agency names its format in; without it the canonical form is meant.
const FORMAT: &str = "submission-format";

pub(super) async fn run(hub: Arc<Hub>, broker: Broker) {
    loop {
        match broker.consume(&Source::Statuses, PREFETCH).await {
            Ok(mut consumer) => {
                while let Some(batch) = handful(&mut consumer).await {
                    take(&hub, batch).await;
                }
            }
            Err(error) => tracing::debug!(%error, "the queue of statuses cannot be read"),
        }
        tokio::time::sleep(REST).await;
    }
}

/// A message in hand, and what it says where that could be read.
struct InHand {
    delivery: Delivery,
    read: Result<Reports, Rejection>,
}

/// Takes a batch: what is about different dossiers side by side, so that it shares commits; what is about one dossier in its order.
async fn take(hub: &Hub, batch: Vec<Delivery>) {
    let mut chains = in_order(hub, batch);
    // Of each chain the first: what it changes is not known to those behind it before it is taken.
    let first = chains
        .iter_mut()
        .filter_map(|chain| chain.first_mut()?.read.as_mut().ok());
    if let Err(error) = hub.statuses.look_up(first.collect()).await {
        tracing::debug!(%error, "reports are looked up one by one");
    }
    let settled = join_all(chains.into_iter().map(|chain| async move {
        let mut settled = Vec::with_capacity(chain.len());
        let mut away = false;
        for InHand { delivery, read } in chain {
            // After one that must wait, those behind it wait too: their order is kept.
            let settlement = if away {
                Acknowledgement::Retry
            } else {
                settlement(hub, &delivery, read).await
            };
            away |= settlement == Acknowledgement::Retry;
            settled.push((delivery, settlement));
        }
        settled
    }))
    .await;
    let settled: Vec<(Delivery, Acknowledgement)> = settled.into_iter().flatten().collect();
    let away = settled.iter().any(|(_, s)| *s == Acknowledgement::Retry);
    if let Err(error) = settle_all(settled).await {
        tracing::debug!(%error, "statuses come again");
    }
    if away {
        tokio::time::sleep(REST).await;
    }
}

/// The messages that must go one after another, each such row by itself: those of one agency about one dossier. One dossier has two
/// names; an agency that uses both kinds in one batch keeps the order of all its messages.
fn in_order(hub: &Hub, batch: Vec<Delivery>) -> Vec<Vec<InHand>> {
    let mut by_agency: BTreeMap<String, Vec<InHand>> = BTreeMap::new();
    for delivery in batch {
        let read = read(hub, &delivery);
        let theirs = by_agency.entry(delivery.routing_key.clone()).or_default();
        theirs.push(InHand { delivery, read });
    }
    let mut chains = Vec::new();
    for theirs in by_agency.into_values() {
        let names = || {
            theirs
                .iter()
                .filter_map(|one| one.read.as_ref().ok())
                .flat_map(Reports::dossiers)
        };
        let by_id = names().filter(|name| name.parse::<DossierId>().is_ok()).count();
        if by_id != 0 && by_id != names().count() {
            chains.push(theirs);
        } else {
            chains.extend(by_dossier(theirs));
        }
    }
    chains
}

/// One agency's messages by the dossiers they name, in their order. One that names several joins what is about any of them.
fn by_dossier(theirs: Vec<InHand>) -> Vec<Vec<InHand>> {
    let mut place_of: HashMap<String, usize> = HashMap::new();
    let mut chains: Vec<Vec<InHand>> = Vec::new();
    for one in theirs {
        let names: BTreeSet<String> = one
            .read
            .iter()
            .flat_map(Reports::dossiers)
            .map(str::to_owned)
            .collect();
        let places: BTreeSet<usize> = names
            .iter()
            .filter_map(|name| place_of.get(name).copied())
            .collect();
        let mut places = places.into_iter();
        let place = places.next().unwrap_or(chains.len());
        if place == chains.len() {
            chains.push(Vec::new());
        }
        for other in places {
            let joined = std::mem::take(&mut chains[other]);
            chains[place].extend(joined);
            for known in place_of.values_mut().filter(|known| **known == other) {
                *known = place;
            }
        }
        place_of.extend(names.into_iter().map(|name| (name, place)));
        chains[place].push(one);
    }
    chains.retain(|chain| !chain.is_empty());
    chains
}

/// Takes one report. What is refused for good is kept as a refusal, which the agency and the operator read; it is not given to the
/// dead letters, where one agency's mistakes would use up the room of all.
pub(super) async fn one(hub: &Hub, delivery: &Delivery) -> Acknowledgement {
    let read = read(hub, delivery);
    settlement(hub, delivery, read).await
}

async fn settlement(hub: &Hub, delivery: &Delivery, read: Result<Reports, Rejection>) -> Acknowledgement {
    let judged = match read {
        Ok(reports) => judged(hub, delivery, reports).await,
        Err(rejection) => Err(rejection),
    };
    let rejection = match judged {
        Ok(settlement) => return settlement,
        Err(rejection) => rejection,
    };
    let agency = delivery.agency();
    let label = rejection.label();
    tracing::warn!(
        agency = agency.as_ref().map(Key::as_str), message = %delivery.message_id, %label,
        "a report from a queue was refused"
    );
    if rejection.kept().is_some() {
        return Acknowledgement::Ack;
    }
    let format = header(delivery, FORMAT);
    loop {
        let media_type = media_type(delivery);
        let named = (&*media_type, format.as_deref());
        match hub
            .refusals
            .keep_from_queue(agency.as_ref(), &delivery.body, named, &rejection)
            .await
        {
            Ok(_) => return Acknowledgement::Ack,
            Err(ServiceError::Busy | ServiceError::StoreUnavailable) => tokio::time::sleep(REST).await,
            Err(ServiceError::Rejected(why)) if why.label() == Label::TenantSlowed => {
                return Acknowledgement::Retry;
            }
            Err(error) => return Acknowledgement::Dead(format!("{label}; not kept: {error}")),
        }
    }
}

fn header(delivery: &Delivery, name: &str) -> Option<String> {
    let found = delivery
        .headers
        .iter()
        .find(|(n, _)| n.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.clone())
}

fn media_type(delivery: &Delivery) -> Cow<'_, str> {
    match (
        delivery.content_type.as_str(),
        encoding::content_type(&delivery.content_type),
    ) {
        (_, Some(known)) => Cow::Owned(known),
        ("", None) => Cow::Borrowed("application/json"),
        (named, None) => Cow::Borrowed(named),
    }
}

/// What becomes of a report; why not, where it is refused for good.
/// Reads a message, as far as the broker vouches for its sender.
fn read(hub: &Hub, delivery: &Delivery) -> Result<Reports, Rejection> {
    let (Some(agency), true) = (delivery.agency(), delivery.is_vouched()) else {
        let problem = problems::SenderUnvouched {
            expected: &delivery.routing_key,
        };
        return Err(problem.into());
    };
    if let Some(reason) = delivery.unread {
        return Err(problems::BodyUnreadable { reason: &reason }.into());
    }
    let reported = Reported {
        bytes: delivery.body.to_vec(),
        media_type: media_type(delivery).into_owned(),
        format: header(delivery, FORMAT),
        // Redelivered after a crash, it is the same report.
        key: IdempotencyKey::parse(&delivery.message_id),
        traceparent: header(delivery, "traceparent"),
    };
    hub.statuses.read_from_queue(agency.as_str(), reported).map_err(|error| match error {
        ServiceError::Rejected(rejection) => rejection,
        other => {
            tracing::error!(error = %other, agency = %agency, message = %delivery.message_id, "a report failed");
            problems::Internal.into()
        }
    })
}

async fn judged(hub: &Hub, delivery: &Delivery, reports: Reports) -> Result<Acknowledgement, Rejection> {
    let agency = delivery.routing_key.as_str();
    let mut reports = Some(reports);
    // While the database is away the message stays in hand: giving it back would use up the queue's delivery limit and end it.
    let answer = loop {
        let again = match reports.take() {
            Some(reports) => reports,
            None => read(hub, delivery)?,
        };
        match hub.statuses.take_reports(again).await {
            Err(ServiceError::Busy | ServiceError::StoreUnavailable) => tokio::time::sleep(REST).await,
            answer => break answer,
        }
    };
    match answer {
        Ok(answer) => {
            let irregular = Some(Verdict::AppliedIrregular);
            for problem in answer
                .results
                .iter()
                .filter(|r| r.verdict != irregular)
                .filter_map(|r| r.problem.as_ref())
            {
                tracing::info!(agency = %agency, message = %delivery.message_id, label = %problem.label, "a report was not applied");
            }
            Ok(Acknowledgement::Ack)
        }
        Err(ServiceError::Busy | ServiceError::StoreUnavailable) => Ok(Acknowledgement::Retry),
        // Slowed for its faults, an agency reports later; its message goes back, and others do not wait for it.
        Err(ServiceError::Rejected(rejection)) if rejection.label() == Label::TenantSlowed => {
            Ok(Acknowledgement::Retry)
        }
        Err(ServiceError::Rejected(rejection)) => Err(rejection),
        Err(ServiceError::Internal(why)) => {
            tracing::error!(%why, agency = %agency, message = %delivery.message_id, "a report failed");
            Err(problems::Internal.into())
        }
    }
}
