//! The outbox: lease, commit, publish, record. Never a transaction around a call over the network.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{REST, cloudevents, retry, write_down};
use crate::broker::{Broker, Envelope, Outcome, Target};
use crate::domain::failure::Failure;
use crate::domain::routing::AgencyChannel;
use crate::domain::time::Timestamp;
use crate::service::{Hub, Outbound, ServiceError};
use crate::store::ledger::{Carried, LeaseOutbox, OutboxItem, OutboxSettlement, SettleOutbox};

/// Rows taken at once.
const BATCH: i64 = 256;

/// How long leased rows are ours; after a crash they are free again.
const LEASE: Duration = Duration::from_secs(30);

/// How long a queue may take to confirm: well below the lease, so that one that is stuck does not make others' rows free again.
const CONFIRM: Duration = Duration::from_secs(10);

/// How often the outbox is looked at without a bell: rows whose time has come, rows of a hub that died.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

pub(super) async fn run(hub: Arc<Hub>, broker: Broker) {
    let mut rng = hub.entropy().generator();
    let bell = hub.outbox_bell();
    let mut ended = Vec::new();
    loop {
        let rung = bell.notified();
        match step(&hub, &broker, &mut rng, std::mem::take(&mut ended)).await {
            Ok(settlements) if settlements.is_empty() => {
                drop(tokio::time::timeout(LOOK_AGAIN, rung).await);
            }
            Ok(settlements) => ended = settlements,
            Err(error) => {
                tracing::warn!(%error, "the outbox could not be moved");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

/// Writes down how the step before ended and moves what is due; how that ended.
async fn step(
    hub: &Hub,
    broker: &Broker,
    rng: &mut StdRng,
    ended: Vec<OutboxSettlement>,
) -> Result<Vec<OutboxSettlement>, ServiceError> {
    // Both are asked for at once, in this order: it is one commit.
    let settle = async {
        match ended.is_empty() {
            true => Ok(()),
            false => write_down(hub, || SettleOutbox(ended.clone())).await,
        }
    };
    let lease = hub.store().ledger.ask(LeaseOutbox {
        max: BATCH,
        lease: LEASE,
    });
    let (settled, leased) = tokio::join!(biased; settle, lease);
    settled?;
    let leased = leased?;
    if leased.is_empty() {
        return Ok(Vec::new());
    }
    let attempts: HashMap<&str, &OutboxItem> = leased.iter().map(|i| (i.delivery.as_str(), i)).collect();
    let outbound = hub
        .outbound(leased.iter().map(|i| i.delivery.clone()).collect())
        .await?;
    // A batch a queue: a slow one holds up the others no longer than CONFIRM.
    let mut by_agency: BTreeMap<String, Vec<Envelope>> = BTreeMap::new();
    for message in outbound {
        if let Some(envelope) = envelope(&message) {
            by_agency.entry(message.agency).or_default().push(envelope);
        }
    }
    let own_queues: HashSet<String> = by_agency
        .keys()
        .filter(|a| hub.channel(a) == AgencyChannel::Amqp)
        .cloned()
        .collect();
    let batches: Vec<Vec<Envelope>> = by_agency.into_values().collect();
    let outcomes = join_all(batches.iter().map(|batch| async move {
        let late = || vec![Outcome::Refused("no confirm in time".to_owned()); batch.len()];
        tokio::time::timeout(CONFIRM, broker.publish(batch))
            .await
            .unwrap_or_else(|_| late())
    }))
    .await;
    let now = hub.clock().now();
    // What failed together for the same time waits equally long, so that it goes again in its order.
    let seed = rng.random();
    let mut settlements: Vec<OutboxSettlement> = batches
        .iter()
        .zip(outcomes)
        .flat_map(|(batch, outcomes)| batch.iter().zip(outcomes))
        .filter_map(|(envelope, outcome)| {
            let item = attempts.get(envelope.message_id.as_str())?;
            let carried = carried(outcome, item.attempt, now, &mut StdRng::seed_from_u64(seed));
            Some(OutboxSettlement {
                delivery: item.delivery.clone(),
                attempt: item.attempt,
                own_queue: own_queues.contains(item.agency.as_str()),
                carried,
            })
        })
        .collect();
    // What could not be rendered was not published; it is looked at again later, and holds up nothing.
    let settled: HashSet<&str> = settlements.iter().map(|s| s.delivery.as_str()).collect();
    let left: Vec<&OutboxItem> = leased
        .iter()
        .filter(|i| !settled.contains(i.delivery.as_str()))
        .collect();
    for item in left {
        settlements.push(OutboxSettlement {
            delivery: item.delivery.clone(),
            attempt: item.attempt,
            own_queue: false,
            carried: retry::failed(
                Failure::Unrenderable,
                "unreadable".to_owned(),
                item.attempt,
                None,
                now,
                rng,
            ),
        });
    }
    Ok(settlements)
}

fn carried(outcome: Outcome, attempt: i32, now: Timestamp, rng: &mut StdRng) -> Carried {
    match outcome {
        Outcome::Confirmed => Carried::Done,
        Outcome::Unroutable => retry::failed(
            Failure::Unroutable,
            "unroutable".to_owned(),
            attempt,
            None,
            now,
            rng,
        ),
        Outcome::Refused(reason) => retry::failed(Failure::RoadAway, reason, attempt, None, now, rng),
    }
}

/// A message as the broker carries it.
fn envelope(message: &Outbound) -> Option<Envelope> {
    let data = match &message.event.data {
        Some(data) if message.own_queue => serde_json::to_vec(data).ok()?,
        // The hub is its own consumer and finds the rest by the id.
        _ => Vec::new(),
    };
    let to = Target::Agency(message.agency.parse().ok()?);
    let delivery = message.delivery.clone();
    let mut envelope = cloudevents::binary(&message.event, delivery, to, data);
    let context = message.traceparent.iter().cloned();
    envelope
        .headers
        .extend(context.map(|t| ("traceparent".to_owned(), t)));
    Some(envelope)
}
