//! What moves without being asked: committed messages to the broker, the broker's messages to inboxes, statuses home.
//!
//! Each worker is one loop: woken by a bell or by time, it takes a step that has no arguments and may be repeated. Nothing is
//! published that is not committed, nothing is acknowledged that is not committed. A worker never gives up: what fails is left
//! where it was, and looked at again.
//!
//! Start with [`Workers::start`]; [`relay`] is the outbox, [`courier`] the way into inboxes, [`outbound`] the way to agencies'
//! endpoints and to submitters' webhooks and queues, [`queues`] makes and removes the latter, [`returns`] is the way of statuses,
//! [`dead`] what no consumer could take, [`missing`] what the broker has lost, [`limits`] the watch over time limits,
//! [`successions`] the way of open dossiers to agencies that took over.
//! [`retry`] says when something is tried again, and when it is given up; [`cloudevents`] how an event is written.

mod cloudevents;
mod courier;
mod dead;
mod limits;
pub mod missing;
pub mod outbound;
mod queues;
mod relay;
pub mod retry;
mod returns;
mod step;
mod successions;

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use crate::broker::topology::{QueueReader, Topology};
use crate::broker::{Broker, BrokerError};
use crate::domain::codes::Key;
use crate::domain::routing::{AgencyChannel, Directory};
use crate::domain::time::Date;
use crate::service::Hub;
use crate::store::Store;
use crate::store::ledger::Sweep;
use step::REFRESH;

/// How long what is in hand may take to its end when the workers are told to stop.
const LAST_STEP: Duration = Duration::from_secs(5);

/// How often the ends of certificates are looked at.
const WARN: Duration = Duration::from_secs(3600);

/// How often answers that are no longer promised are removed, and partitions looked after.
const SWEEP: Duration = Duration::from_secs(3600);

/// What the broker needs on a day for the agencies of a directory; `own_queues` says whether they may consume queues of their own.
pub fn topology(directory: &Directory, own_queues: bool, today: Date) -> Topology {
    Topology::for_agencies(directory.agencies_at(today).map(|agency| {
        let channel = match agency.channel {
            AgencyChannel::Amqp if own_queues => QueueReader::Amqp,
            AgencyChannel::Amqp | AgencyChannel::Pull | AgencyChannel::Push => QueueReader::Hub,
        };
        (agency.key.clone(), channel)
    }))
}

/// Everything that moves, until it is told to stop.
pub struct Workers {
    tasks: TaskTracker,
    relay: AbortOnDropHandle<()>,
    stop: CancellationToken,
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Workers {
    /// Declares what the broker must have and starts every worker.
    ///
    /// # Errors
    /// Where the broker refuses what is declared; a broker that is away is no error, the outbox grows until it is back.
    pub async fn start(hub: Arc<Hub>, store: Arc<Store>, broker: Broker) -> Result<Self, BrokerError> {
        let directory = hub.directory.current();
        match broker
            .declare(&topology(
                &directory,
                hub.directory.own_queues(),
                hub.directory.today(),
            ))
            .await
        {
            Ok(()) => {}
            Err(BrokerError::Connection(why)) => {
                tracing::warn!(%why, "the broker is away; the outbox waits for it");
            }
            Err(other) => return Err(other),
        }
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let relay = relay::run(Arc::clone(&hub), Arc::clone(&store), broker.clone(), stop.clone());
        let relay = AbortOnDropHandle::new(tasks.spawn(relay));
        hub.deliveries.set_broker(Arc::new(broker.clone()));
        // Each ends where it stands when it is told to.
        let begin = |worker: Pin<Box<dyn Future<Output = ()> + Send>>| {
            let stop = stop.clone();
            tasks.spawn(async move { stop.run_until_cancelled(worker).await });
        };
        // The embedded broker confirms what was settled: it loses nothing, and has neither statuses nor dead letters.
        if matches!(broker, Broker::Rabbit(_)) {
            begin(Box::pin(returns::run(Arc::clone(&hub), broker.clone())));
            begin(Box::pin(dead::run(Arc::clone(&hub), broker.clone())));
            begin(Box::pin(missing::run(Arc::clone(&hub))));
        }
        begin(Box::pin(limits::run(Arc::clone(&hub))));
        begin(Box::pin(successions::run(Arc::clone(&hub))));
        begin(Box::pin(outbound::to_agencies(
            Arc::clone(&hub),
            Arc::clone(&store),
        )));
        begin(Box::pin(outbound::to_submitters(
            Arc::clone(&hub),
            Arc::clone(&store),
            broker.clone(),
        )));
        begin(Box::pin(queues::run(
            Arc::clone(&hub),
            Arc::clone(&store),
            broker.clone(),
        )));
        begin(Box::pin(sweep(Arc::clone(&store))));
        begin(Box::pin(keep_partitions(Arc::clone(&hub), Arc::clone(&store))));
        begin(Box::pin(warn(Arc::clone(&hub))));
        begin(Box::pin(sweep_files(Arc::clone(&hub))));
        begin(Box::pin(refresh(hub, store, broker)));
        tasks.close();
        Ok(Workers { tasks, relay, stop })
    }

    /// Stops every worker where it stands; what is unfinished is committed nowhere and begins anew after the next start. The relay ends
    /// what it has in hand, if the broker takes it in [`LAST_STEP`].
    pub async fn stop(self) {
        self.stop.cancel();
        if tokio::time::timeout(LAST_STEP, self.tasks.wait()).await.is_err() {
            self.relay.abort();
            self.tasks.wait().await;
        }
    }
}

/// The agencies whose queue the hub itself consumes.
fn pulling(hub: &Hub) -> BTreeSet<Key> {
    let directory = hub.directory.current();
    let keys = directory.agencies().map(|a| a.key.clone());
    keys.filter(|key| hub.directory.channel(key.as_str()) != AgencyChannel::Amqp)
        .collect()
}

/// Removes what is no longer promised, a little at a time.
async fn sweep(store: Arc<Store>) {
    loop {
        match store.ledger.ask(Sweep).await {
            Ok(0) => tokio::time::sleep(SWEEP).await,
            Ok(removed) => tracing::info!(removed, "old answers are removed"),
            Err(error) => {
                tracing::warn!(%error, "old answers could not be removed");
                tokio::time::sleep(SWEEP).await;
            }
        }
    }
}

/// Makes the partitions of the coming time and drops those whose rows are no longer kept. Whoever opened the store has just done so.
async fn keep_partitions(hub: Arc<Hub>, store: Arc<Store>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        if let Err(error) = store.keep_partitions(hub.clock.now()).await {
            tracing::warn!(%error, "partitions could not be made");
        }
    }
}

/// Says of each registered certificate that it ends soon, once a step, on one hub of all.
async fn warn(hub: Arc<Hub>) {
    loop {
        match hub.tenants.warn_expiring().await {
            Ok(ending) => {
                for one in ending {
                    tracing::warn!(
                        tenant = %one.certificate.tenant,
                        not_after = %one.certificate.not_after,
                        days = one.days,
                        "a certificate ends soon"
                    );
                }
            }
            Err(error) => tracing::warn!(%error, "the ends of certificates could not be looked at"),
        }
        tokio::time::sleep(WARN).await;
    }
}

/// Removes files that are nobody's, and says how many named ones are overdue.
async fn sweep_files(hub: Arc<Hub>) {
    loop {
        match hub.files.sweep().await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "files that no dossier names are removed"),
            Err(error) => tracing::warn!(%error, "files that no dossier names could not be removed"),
        }
        match hub.files.overdue().await {
            Ok(0) => {}
            Ok(files) => tracing::warn!(
                files,
                "dossiers have named files for days that nobody has uploaded"
            ),
            Err(error) => tracing::warn!(%error, "awaited files could not be counted"),
        }
        tokio::time::sleep(SWEEP).await;
    }
}

/// Keeps the register and the directory in step with the database; a directory may need new queues, and couriers come and go with
/// the agencies that pull.
async fn refresh(hub: Arc<Hub>, store: Arc<Store>, broker: Broker) {
    let mut couriers: BTreeMap<Key, AbortOnDropHandle<()>> = BTreeMap::new();
    let mut declared: Option<(String, Date, u64)> = None;
    loop {
        let (directory, today) = (hub.directory.current(), hub.directory.today());
        // A broker that comes back may be another one, and a queue may have been deleted: what is there stays as it is.
        // An agency may be reached otherwise from a day on.
        let wanted = (directory.version().to_owned(), today, broker.epoch());
        if declared.as_ref() != Some(&wanted) {
            match broker
                .declare(&topology(&directory, hub.directory.own_queues(), today))
                .await
            {
                Ok(()) => {
                    // Declaring may have connected.
                    declared = Some((wanted.0, today, broker.epoch()));
                    tracing::info!(
                        version = directory.version(),
                        "the broker has the queues of the directory"
                    );
                }
                Err(error) => tracing::warn!(%error, "the queues of the directory cannot be declared yet"),
            }
            let wanted = pulling(&hub);
            couriers.retain(|agency, _| wanted.contains(agency));
            for agency in wanted {
                couriers.entry(agency.clone()).or_insert_with(|| {
                    AbortOnDropHandle::new(tokio::spawn(courier::run(
                        Arc::clone(&hub),
                        Arc::clone(&store),
                        broker.clone(),
                        agency,
                    )))
                });
            }
        }
        tokio::time::sleep(REFRESH).await;
        if let Err(error) = hub.refresher.refresh().await {
            tracing::warn!(%error, "the register could not be looked at");
        }
    }
}
