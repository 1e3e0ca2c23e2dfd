//! Into a submitter's queue on RabbitMQ: the CloudEvent of the feed in the binary mode of its AMQP binding.

use std::time::Duration;

use super::Sent;
use crate::broker::{Broker, Envelope, Outcome, Target};
use crate::domain::failure::Failure;
use crate::domain::view::{CloudEvent, NoticeData};
use crate::store::ledger::LeasedNotice;

/// How long the queue may take to confirm: well below the lease.
const CONFIRM: Duration = Duration::from_secs(10);

pub(super) async fn send(
    broker: &Broker,
    tenant: &str,
    ready: &[(LeasedNotice, CloudEvent<NoticeData>)],
) -> Vec<Sent> {
    let Some(batch) = ready
        .iter()
        .map(|(_, event)| envelope(tenant, event))
        .collect::<Option<Vec<_>>>()
    else {
        let broken = || Sent::failed(Failure::Unrenderable, "the event cannot be written");
        return ready.iter().map(|_| broken()).collect();
    };
    let outcomes = tokio::time::timeout(CONFIRM, broker.publish(&batch)).await;
    let late = || vec![Outcome::Refused("no confirm in time".to_owned()); batch.len()];
    outcomes
        .unwrap_or_else(|_| late())
        .into_iter()
        .map(|outcome| match outcome {
            Outcome::Confirmed => Sent::Delivered,
            Outcome::Refused(reason) => Sent::failed(Failure::RoadAway, reason),
            Outcome::Unroutable => Sent::failed(Failure::Unroutable, "the queue is not there"),
        })
        .collect()
}

fn envelope(tenant: &str, event: &CloudEvent<NoticeData>) -> Option<Envelope> {
    Some(Envelope {
        message_id: event.id.clone(),
        to: Target::Tenant(tenant.parse().ok()?),
        kind: event.kind.clone(),
        headers: vec![
            ("cloudEvents:specversion".to_owned(), event.specversion.clone()),
            ("cloudEvents:id".to_owned(), event.id.clone()),
            ("cloudEvents:source".to_owned(), event.source.clone()),
            ("cloudEvents:type".to_owned(), event.kind.clone()),
            ("cloudEvents:subject".to_owned(), event.subject.clone()),
            ("cloudEvents:time".to_owned(), event.time.to_string()),
        ],
        content_type: "application/json".to_owned(),
        body: serde_json::to_vec(&event.data).ok()?.into(),
        expires: None,
    })
}
