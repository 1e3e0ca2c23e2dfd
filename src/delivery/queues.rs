//! The queues of submitters: made when one is asked for, removed when it was ended and is drained. Every hub does both; doing it
//! twice is doing it once.

use std::collections::HashSet;
use std::sync::Arc;

use super::step::REFRESH;
use crate::broker::{Broker, Topology};
use crate::domain::codes::Key;
use crate::service::{Hub, ServiceError};
use crate::store::Store;
use crate::store::ledger::QueueRemoved;
use crate::store::read::TenantQueue;

pub(super) async fn run(hub: Arc<Hub>, store: Arc<Store>, broker: Broker) {
    let mut declared: HashSet<TenantQueue> = HashSet::new();
    let mut epoch = broker.epoch();
    let bell = hub.notifier.queues_bell();
    loop {
        let rung = bell.notified();
        if epoch != broker.epoch() {
            epoch = broker.epoch();
            declared.clear();
        }
        if let Err(error) = step((&hub, &store), &broker, &mut declared).await {
            tracing::warn!(%error, "the queues of submitters could not be looked at");
        }
        // A new subscription rings; what another hub was told is found a little later.
        drop(tokio::time::timeout(REFRESH, rung).await);
    }
}

async fn step(
    (hub, store): (&Hub, &Store),
    broker: &Broker,
    declared: &mut HashSet<TenantQueue>,
) -> Result<(), ServiceError> {
    let queues = hub.subscriptions.tenant_queues().await?;
    declared.retain(|known| queues.contains(known));
    let missing: Vec<&TenantQueue> = queues
        .iter()
        .filter(|q| !q.ended && !declared.contains(*q))
        .collect();
    if !missing.is_empty() {
        let none = std::iter::empty::<(Key, crate::broker::topology::QueueReader)>();
        let wanted = Topology::for_agencies(none).with_tenants(missing.iter().map(|q| &q.tenant));
        match broker.declare(&wanted).await {
            Ok(()) => declared.extend(missing.into_iter().cloned()),
            Err(error) => tracing::warn!(%error, "the queues of submitters cannot be declared yet"),
        }
    }
    for ended in queues.iter().filter(|q| q.ended) {
        match broker.remove_drained(&ended.tenant).await {
            Ok(true) => {
                let removed = QueueRemoved {
                    tenant: ended.tenant.to_string(),
                };
                store.ledger.ask(removed).await?;
            }
            Ok(false) => {}
            Err(error) => {
                tracing::debug!(%error, tenant = %ended.tenant, "an ended queue cannot be looked at yet");
            }
        }
    }
    Ok(())
}
