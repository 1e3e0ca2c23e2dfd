//! Into a submitter's queue on RabbitMQ: the CloudEvent of the feed in binary mode, many in one batch.

use serde::Serialize;

use super::recipient::{Refused, Sent};
use crate::broker::{Broker, Envelope, PublishOutcome, Target};
use crate::delivery::cloudevents;
use crate::delivery::step::CONFIRM;
use crate::domain::failure::Failure;
use crate::domain::view::CloudEvent;

/// Publishes events into a submitter's queue; how that ended for each, in their order.
pub(super) async fn publish<T: Serialize>(
    broker: &Broker,
    tenant: &str,
    events: &[CloudEvent<T>],
) -> Vec<Sent> {
    let envelopes = events.iter().map(|event| envelope(tenant, event));
    let Some(batch) = envelopes.collect::<Option<Vec<_>>>() else {
        return events.iter().map(|_| Err(Refused::unwritable())).collect();
    };
    let outcomes = tokio::time::timeout(CONFIRM, broker.publish(&batch)).await;
    let late = || vec![PublishOutcome::Refused("no confirm in time".to_owned()); batch.len()];
    outcomes
        .unwrap_or_else(|_| late())
        .into_iter()
        .map(|outcome| match outcome {
            PublishOutcome::Confirmed => Ok(()),
            PublishOutcome::Refused(reason) => Err(Refused::new(Failure::BrokerAway, reason)),
            PublishOutcome::Unroutable => Err(Refused::new(Failure::Unroutable, "the queue is not there")),
        })
        .collect()
}

fn envelope<T: Serialize>(tenant: &str, event: &CloudEvent<T>) -> Option<Envelope> {
    let to = Target::Tenant(tenant.parse().ok()?);
    let data = serde_json::to_vec(&event.data).ok()?;
    Some(cloudevents::binary(event, event.id.clone(), to, data))
}
