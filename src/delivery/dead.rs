//! The dead letters, emptied as they come, so that they never hold back the living: each is put down where somebody looks for it. A
//! message to an agency becomes a parked delivery; a report that lay too long is taken after all; an event of a submitter stands in
//! its feed; anything else is kept as a refusal, for the operator.

use std::sync::Arc;

use super::returns;
use super::step::{PREFETCH, REST, handful};
use crate::broker::topology::{AGENCY_PREFIX, STATUS_QUEUE, TENANT_PREFIX};
use crate::broker::{Acknowledgement, Broker, Delivery, Source, settle_all};
use crate::domain::failure::Failure;
use crate::domain::ids::DeliveryId;
use crate::domain::rejection::{Rejection, problems};
use crate::service::{Hub, ServiceError};

/// The word by which RabbitMQ says that a consumer rejected a message.
const REJECTED: &str = "rejected";

pub(super) async fn run(hub: Arc<Hub>, broker: Broker) {
    loop {
        match broker.consume(&Source::DeadLetters, PREFETCH).await {
            Ok(mut consumer) => {
                while let Some(letters) = handful(&mut consumer).await {
                    let mut settled = Vec::with_capacity(letters.len());
                    for letter in letters {
                        let settlement = put_down(&hub, &letter).await;
                        settled.push((letter, settlement));
                    }
                    let some_wait = settled
                        .iter()
                        .any(|(_, settlement)| *settlement == Acknowledgement::Retry);
                    if let Err(error) = settle_all(settled).await {
                        tracing::debug!(%error, "dead letters come again");
                    }
                    if some_wait {
                        tokio::time::sleep(REST).await;
                    }
                }
            }
            Err(error) => tracing::debug!(%error, "the dead letters cannot be read"),
        }
        tokio::time::sleep(REST).await;
    }
}

/// Puts a letter down, however long the database is away.
async fn put_down(hub: &Hub, letter: &Delivery) -> Acknowledgement {
    let queue = letter.death.as_ref().map_or("", |death| death.queue.as_str());
    if queue == STATUS_QUEUE {
        return returns::one(hub, letter).await;
    }
    loop {
        match attempt(hub, letter, queue).await {
            Ok(()) => return Acknowledgement::Ack,
            Err(ServiceError::Busy | ServiceError::StoreUnavailable) => tokio::time::sleep(REST).await,
            Err(error) => {
                tracing::error!(%error, message = %letter.message_id, queue, "a dead letter cannot be put down");
                return Acknowledgement::Retry;
            }
        }
    }
}

async fn attempt(hub: &Hub, letter: &Delivery, queue: &str) -> Result<(), ServiceError> {
    let (message, reason) = (
        letter.message_id.as_str(),
        letter.death.as_ref().map_or("", |death| death.reason.as_str()),
    );
    if let Some(tenant) = queue.strip_prefix(TENANT_PREFIX) {
        tracing::warn!(
            tenant,
            message,
            reason,
            "an event left a submitter's queue unread; its feed has it"
        );
        return Ok(());
    }
    if let (Some(agency), Ok(delivery)) = (queue.strip_prefix(AGENCY_PREFIX), message.parse::<DeliveryId>()) {
        let failure = match reason {
            REJECTED => Failure::SentBack,
            _ => Failure::NeverSettled,
        };
        if hub.deliveries.died(agency, delivery, failure, reason).await? {
            tracing::warn!(agency, message, reason, "a message is parked");
        } else {
            tracing::info!(
                agency,
                message,
                reason,
                "a message died that the agency has settled"
            );
        }
        return Ok(());
    }
    tracing::warn!(message, queue, reason, routing_key = %letter.routing_key, "a message astray is kept as a refusal");
    let rejection: Rejection = problems::MessageAstray.into();
    let media_type = match letter.content_type.as_str() {
        "" => "application/octet-stream",
        named => named,
    };
    hub.refusals
        .keep_from_queue(None, &letter.body, (media_type, None), &rejection)
        .await?;
    Ok(())
}
