//! From an agency's queue into its inbox: commit, then acknowledge.

use std::sync::Arc;

use super::step::{PREFETCH, REST, handful};
use crate::broker::{Acknowledgement, Broker, Delivery, Source, settle_all};
use crate::domain::codes::Key;
use crate::service::Hub;
use crate::store::ledger::Arrive;
use crate::store::{Store, StoreError};

pub(super) async fn run(hub: Arc<Hub>, store: Arc<Store>, broker: Broker, agency: Key) {
    let source = Source::Agency(agency.clone());
    loop {
        match broker.consume(&source, PREFETCH).await {
            Ok(mut consumer) => {
                while let Some(batch) = handful(&mut consumer).await {
                    bring((&hub, &store), &agency, batch).await;
                }
            }
            Err(error) => tracing::debug!(%error, %agency, "the queue cannot be read"),
        }
        tokio::time::sleep(REST).await;
    }
}

async fn bring((hub, store): (&Hub, &Store), agency: &Key, batch: Vec<Delivery>) {
    let ids: Vec<String> = batch
        .iter()
        .map(|d| d.message_id.clone())
        .filter(|id| !id.is_empty())
        .collect();
    // While the database is away the messages stay in hand: giving them back would use up the queue's delivery limit and end them.
    let settlement = loop {
        match store.ledger.ask(Arrive(ids.clone())).await {
            Ok(()) => break Acknowledgement::Ack,
            Err(StoreError::Busy | StoreError::Unavailable(_)) => tokio::time::sleep(REST).await,
            Err(error) => {
                tracing::warn!(%error, %agency, messages = batch.len(), "messages go back to their queue");
                tokio::time::sleep(REST).await;
                break Acknowledgement::Retry;
            }
        }
    };
    let arrived = settlement == Acknowledgement::Ack;
    // A message that went back meanwhile comes again, and arriving twice is arriving.
    if let Err(error) = settle_all(batch.into_iter().map(|d| (d, settlement.clone())).collect()).await {
        tracing::debug!(%error, %agency, "messages come again");
    }
    if arrived {
        hub.endpoints.ring_inbox(agency.as_str());
    }
}
