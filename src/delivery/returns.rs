//! Statuses that agencies publish themselves: vouched for by the broker, committed, then acknowledged.

use std::borrow::Cow;
use std::sync::Arc;

use futures_util::future::join_all;

use super::{PREFETCH, REST, handful};
use crate::broker::{Broker, Delivery, Settlement, Source, settle_all};
use crate::domain::codes::Key;
use crate::domain::encoding;
use crate::domain::event::Verdict;
use crate::domain::rejection::{Label, Problem, Rejection};
use crate::domain::submission::IdempotencyKey;
use crate::service::{Hub, Reported, ServiceError};

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

/// Takes a batch: agencies side by side so that they share commits, each agency's messages in their order.
async fn take(hub: &Hub, batch: Vec<Delivery>) {
    let mut by_agency: Vec<(String, Vec<Delivery>)> = Vec::new();
    for delivery in batch {
        match by_agency.iter_mut().find(|(key, _)| *key == delivery.routing_key) {
            Some((_, theirs)) => theirs.push(delivery),
            None => by_agency.push((delivery.routing_key.clone(), vec![delivery])),
        }
    }
    let settled = join_all(by_agency.into_iter().map(|(_, theirs)| async move {
        let mut settled = Vec::with_capacity(theirs.len());
        let mut away = false;
        for delivery in theirs {
            // After one that must wait, those behind it wait too: their order is kept.
            let settlement = if away {
                Settlement::Retry
            } else {
                one(hub, &delivery).await
            };
            away |= settlement == Settlement::Retry;
            settled.push((delivery, settlement));
        }
        settled
    }))
    .await;
    let settled: Vec<(Delivery, Settlement)> = settled.into_iter().flatten().collect();
    let away = settled.iter().any(|(_, s)| *s == Settlement::Retry);
    if let Err(error) = settle_all(settled).await {
        tracing::debug!(%error, "statuses come again");
    }
    if away {
        tokio::time::sleep(REST).await;
    }
}

/// Takes one report. What is refused for good is kept as a refusal, which the agency and the operator read; it is not given to the
/// dead letters, where one agency's mistakes would use up the room of all.
pub(super) async fn one(hub: &Hub, delivery: &Delivery) -> Settlement {
    let rejection = match judged(hub, delivery).await {
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
        return Settlement::Ack;
    }
    let format = header(delivery, FORMAT);
    loop {
        let media_type = media_type(delivery);
        let named = (&*media_type, format.as_deref());
        match hub
            .keep_from_queue(agency.as_ref(), &delivery.body, named, &rejection)
            .await
        {
            Ok(_) => return Settlement::Ack,
            Err(ServiceError::Busy | ServiceError::StoreUnavailable) => tokio::time::sleep(REST).await,
            Err(ServiceError::Rejected(why)) if why.label() == Label::TenantSlowed => {
                return Settlement::Retry;
            }
            Err(error) => return Settlement::Dead(format!("{label}; not kept: {error}")),
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
async fn judged(hub: &Hub, delivery: &Delivery) -> Result<Settlement, Rejection> {
    let (Some(agency), true) = (delivery.agency(), delivery.is_vouched()) else {
        let problem = Problem::new(Label::SenderUnvouched).with("expected", &delivery.routing_key);
        return Err(problem.into());
    };
    if let Some(reason) = delivery.unread {
        return Err(Problem::new(Label::BodyUnreadable).with("reason", reason).into());
    }
    let reported = || Reported {
        bytes: delivery.body.to_vec(),
        media_type: media_type(delivery).into_owned(),
        format: header(delivery, FORMAT),
        // Redelivered after a crash, it is the same report.
        key: IdempotencyKey::parse(&delivery.message_id),
        traceparent: header(delivery, "traceparent"),
    };
    // While the database is away the message stays in hand: giving it back would use up the queue's delivery limit and end it.
    let answer = loop {
        match hub.report_from_queue(agency.as_str(), reported()).await {
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
            Ok(Settlement::Ack)
        }
        Err(ServiceError::Busy | ServiceError::StoreUnavailable) => Ok(Settlement::Retry),
        // Slowed for its faults, an agency reports later; its message goes back, and others do not wait for it.
        Err(ServiceError::Rejected(rejection)) if rejection.label() == Label::TenantSlowed => {
            Ok(Settlement::Retry)
        }
        Err(ServiceError::Rejected(rejection)) => Err(rejection),
        Err(ServiceError::Internal(why)) => {
            tracing::error!(%why, agency = %agency, message = %delivery.message_id, "a report failed");
            Err(Label::Internal.into())
        }
    }
}
