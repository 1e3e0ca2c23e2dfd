//! What moves without being asked: committed messages to the broker, the broker's messages to inboxes, statuses home.
//!
//! Each mover is one loop: woken by a bell or by time, it takes a step that has no arguments and may be repeated. Nothing is
//! published that is not committed, nothing is acknowledged that is not committed. A mover never gives up: what fails is left
//! where it was, and looked at again.
//!
//! Start with [`Movers::start`]; [`relay`] is the outbox, [`courier`] the way into inboxes, [`outbound`] the way to agencies'
//! endpoints and to submitters' webhooks and queues, [`queues`] makes and removes the latter, [`returns`] is the way of statuses,
//! [`dead`] what no consumer could take, [`missing`] what the broker has lost, [`limits`] the watch over time limits.
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

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::broker::topology::{Channel, Topology};
use crate::broker::{Broker, BrokerError, Consumer, Delivery};
use crate::domain::codes::Key;
use crate::domain::routing::{AgencyChannel, Directory};
use crate::service::{Hub, ServiceError};
use crate::store::StoreError;
use crate::store::ledger::Command;
use crate::store::ledger::Sweep;

/// Messages of one consumer in hand at once.
const PREFETCH: u16 = 128;

/// How long a queue may take to confirm: well below the leases, so that one that is stuck does not make others' rows free again.
const CONFIRM: Duration = Duration::from_secs(10);

/// How long a mover rests after something went wrong.
const REST: Duration = Duration::from_secs(1);

/// How long what is in hand may take to its end when the movers are told to stop.
const LAST_STEP: Duration = Duration::from_secs(5);

/// How often the register and the directory are looked at for changes made by another hub: a revocation holds everywhere
/// within this time.
const REFRESH: Duration = Duration::from_secs(2);

/// How often the ends of certificates are looked at.
const WARN: Duration = Duration::from_secs(3600);

/// How often answers that are no longer promised are removed, and partitions looked after.
const SWEEP: Duration = Duration::from_secs(3600);

/// The road to the agencies of a directory; `own_queues` says whether they may consume queues of their own.
pub fn topology(directory: &Directory, own_queues: bool) -> Topology {
    Topology::for_agencies(directory.agencies().map(|agency| {
        let channel = match agency.channel {
            AgencyChannel::Amqp if own_queues => Channel::Amqp,
            AgencyChannel::Amqp | AgencyChannel::Pull | AgencyChannel::Push => Channel::Hub,
        };
        (agency.key.clone(), channel)
    }))
}

/// Everything that moves, until it is told to stop.
pub struct Movers {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Movers {
    /// Declares the road and starts every mover.
    ///
    /// # Errors
    /// Where the broker refuses the road; a broker that is away is no error, the outbox grows until it is back.
    pub async fn start(hub: Arc<Hub>, broker: Broker) -> Result<Self, BrokerError> {
        let directory = hub.directory();
        match broker.declare(&topology(&directory, hub.own_queues())).await {
            Ok(()) => {}
            Err(BrokerError::Connection(why)) => {
                tracing::warn!(%why, "the broker is away; the outbox waits for it");
            }
            Err(other) => return Err(other),
        }
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(relay::run(Arc::clone(&hub), broker.clone(), stopped.clone()));
        hub.lay(Arc::new(broker.clone()));
        // The embedded broker confirms what was settled: it loses nothing, and has neither statuses nor dead letters.
        if matches!(broker, Broker::Rabbit(_)) {
            tasks.spawn(until(
                stopped.clone(),
                returns::run(Arc::clone(&hub), broker.clone()),
            ));
            tasks.spawn(until(
                stopped.clone(),
                dead::run(Arc::clone(&hub), broker.clone()),
            ));
            tasks.spawn(until(stopped.clone(), missing::run(Arc::clone(&hub))));
        }
        tasks.spawn(until(stopped.clone(), limits::run(Arc::clone(&hub))));
        tasks.spawn(until(stopped.clone(), outbound::to_agencies(Arc::clone(&hub))));
        tasks.spawn(until(
            stopped.clone(),
            outbound::to_submitters(Arc::clone(&hub), broker.clone()),
        ));
        tasks.spawn(until(
            stopped.clone(),
            queues::run(Arc::clone(&hub), broker.clone()),
        ));
        tasks.spawn(until(stopped.clone(), sweep(Arc::clone(&hub))));
        tasks.spawn(until(stopped.clone(), keep_partitions(Arc::clone(&hub))));
        tasks.spawn(until(stopped.clone(), warn(Arc::clone(&hub))));
        tasks.spawn(until(stopped.clone(), sweep_files(Arc::clone(&hub))));
        tasks.spawn(until(stopped, refresh(hub, broker)));
        Ok(Movers { tasks, stop })
    }

    /// Stops every mover where it stands; what is unfinished is committed nowhere and begins anew after the next start. The relay ends
    /// what it has in hand, if the broker takes it at once.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_STEP, all).await.is_err() {
            self.tasks.shutdown().await;
        }
    }
}

/// The agencies whose queue the hub itself consumes.
fn pulling(hub: &Hub) -> BTreeSet<Key> {
    let directory = hub.directory();
    let keys = directory.agencies().map(|a| a.key.clone());
    keys.filter(|key| hub.channel(key.as_str()) != AgencyChannel::Amqp)
        .collect()
}

async fn until(mut stop: watch::Receiver<bool>, mover: impl Future<Output = ()>) {
    tokio::select! {
        () = mover => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

/// Removes what is no longer promised, a little at a time.
async fn sweep(hub: Arc<Hub>) {
    loop {
        match hub.store().ledger.ask(Sweep).await {
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
async fn keep_partitions(hub: Arc<Hub>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        if let Err(error) = hub.store().keep_partitions(hub.clock().now()).await {
            tracing::warn!(%error, "partitions could not be made");
        }
    }
}

/// Says of each registered certificate that it ends soon, once a step, on one hub of all.
async fn warn(hub: Arc<Hub>) {
    loop {
        match hub.warn_expiring().await {
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
        match hub.sweep_files().await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "files that no dossier names are removed"),
            Err(error) => tracing::warn!(%error, "files that no dossier names could not be removed"),
        }
        match hub.overdue_files().await {
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

/// Has the ledger do something, however long the database is away: what is not written down is sent again.
async fn write_down<C: Command>(hub: &Hub, command: impl Fn() -> C) -> Result<C::Answer, ServiceError> {
    loop {
        match hub.store().ledger.ask(command()).await {
            Err(StoreError::Busy | StoreError::Unavailable(_)) => tokio::time::sleep(REST).await,
            answer => return Ok(answer?),
        }
    }
}

/// The next message and what has come with it, so that one commit serves them all; none when the consumer has ended.
async fn handful(consumer: &mut Consumer) -> Option<Vec<Delivery>> {
    let mut batch = vec![consumer.next().await?];
    while batch.len() < usize::from(PREFETCH) {
        match consumer.next().now_or_never() {
            Some(Some(next)) => batch.push(next),
            _ => break,
        }
    }
    Some(batch)
}

/// Keeps the register and the directory in step with the database; a directory may need new roads, and couriers come and go with
/// the agencies that pull.
async fn refresh(hub: Arc<Hub>, broker: Broker) {
    let mut couriers: BTreeMap<Key, AbortOnDrop> = BTreeMap::new();
    let mut declared: Option<(String, u64)> = None;
    loop {
        let directory = hub.directory();
        // A broker that comes back may be another one, and a queue may have been deleted: what is there stays as it is.
        let wanted = (directory.version().to_owned(), broker.epoch());
        if declared.as_ref() != Some(&wanted) {
            match broker.declare(&topology(&directory, hub.own_queues())).await {
                Ok(()) => {
                    // Declaring may have connected.
                    declared = Some((wanted.0, broker.epoch()));
                    tracing::info!(
                        version = directory.version(),
                        "the road of the directory is there"
                    );
                }
                Err(error) => tracing::warn!(%error, "the road of the directory cannot be declared yet"),
            }
            let wanted = pulling(&hub);
            couriers.retain(|agency, _| wanted.contains(agency));
            for agency in wanted {
                couriers.entry(agency.clone()).or_insert_with(|| {
                    AbortOnDrop(tokio::spawn(courier::run(
                        Arc::clone(&hub),
                        broker.clone(),
                        agency,
                    )))
                });
            }
        }
        tokio::time::sleep(REFRESH).await;
        if let Err(error) = hub.refresh().await {
            tracing::warn!(%error, "the register could not be looked at");
        }
    }
}

/// A task that ends with its owner.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
