//! Out to recipients: what is kept for them is leased, sent and settled. There are two kinds of recipients, [`agencies`] that are
//! pushed to and [`submitters`] that are told beside their feed, and two transports, an [`endpoint`] that is called over HTTPS and
//! a [`queue`] of RabbitMQ.
//!
//! One loop a kind looks who has something to send, and gives each such recipient a carrier of its own, so that a slow recipient
//! is slow for itself alone. A [`carrier`] leases, commits, sends and records until nothing is left or its turn is over. Whoever
//! dies between sending and recording leaves a lease that ends; the message goes again under the same event id. A breaker stands
//! before each recipient.
//!
//! What is the same for both kinds is here, in [`recipient`] and in the carrier; what differs is a number of its `Bounds` or a method
//! of [`Recipients`] or [`Recipient`].

pub mod agencies;
mod carrier;
mod endpoint;
mod position;
mod queue;
mod recipient;
mod submitters;
mod telling;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::task::{Id, JoinError, JoinSet};

use super::step::REST;
use crate::broker::Broker;
use crate::domain::time::Timestamp;
use crate::service::{Hub, ServiceError};
use crate::store::Store;
use carrier::{Carrier, Shared};
use recipient::{Known, LOOK_AGAIN, Recipient, Recipients};

pub use recipient::LEASE;

/// The least time between two looks that find nothing new: a city that files by the thousand does not have its feeds looked at
/// as often.
const BREATH: Duration = Duration::from_millis(25);

/// Pushes to agencies.
pub(super) async fn to_agencies(hub: Arc<Hub>, store: Arc<Store>) {
    run(Arc::clone(&hub), agencies::Agencies::of(hub, store)).await;
}

/// Tells submitters.
pub(super) async fn to_submitters(hub: Arc<Hub>, store: Arc<Store>, broker: Broker) {
    run(Arc::clone(&hub), submitters::Submitters::of(hub, store, broker)).await;
}

async fn run<K: Recipients>(hub: Arc<Hub>, kind: K) {
    let bell = kind.bell();
    let mut carriers = Carriers::new(hub);
    loop {
        let rung = bell.notified();
        carriers.free_ended();
        if let Err(error) = look(&kind, &mut carriers).await {
            tracing::warn!(%error, "it cannot be seen what is to be sent");
            tokio::time::sleep(REST).await;
            continue;
        }
        tokio::time::sleep(BREATH).await;
        tokio::select! {
            () = rung => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            Some(ended) = carriers.tasks.join_next_with_id() => carriers.free(ended),
        }
    }
}

/// Gives every recipient with something to send a carrier, and tells those that have one.
async fn look<K: Recipients>(kind: &K, carriers: &mut Carriers<K>) -> Result<(), ServiceError> {
    let all = kind.look().await?;
    let free = carriers.without_busy_and_spared(all);
    carriers.set_out(kind.waiting(free).await?);
    Ok(())
}

type KeyOf<K> = <<K as Recipients>::One as Recipient>::Key;

/// The carriers of one kind, and what they leave each other.
struct Carriers<K: Recipients> {
    hub: Arc<Hub>,
    /// A place for each message that may be under way.
    places: Arc<Semaphore>,
    /// Whether recipients wait for a carrier.
    crowded: Arc<AtomicBool>,
    /// What is known of each recipient while it has no carrier.
    known: HashMap<KeyOf<K>, Known>,
    tasks: JoinSet<(KeyOf<K>, Known)>,
    busy: HashMap<Id, KeyOf<K>>,
    /// By whom each carrier is told of news.
    told: HashMap<KeyOf<K>, Arc<Notify>>,
}

impl<K: Recipients> Carriers<K> {
    fn new(hub: Arc<Hub>) -> Self {
        Carriers {
            hub,
            places: Arc::new(Semaphore::new(K::BOUNDS.messages)),
            crowded: Arc::default(),
            known: HashMap::new(),
            tasks: JoinSet::new(),
            busy: HashMap::new(),
            told: HashMap::new(),
        }
    }

    fn free_ended(&mut self) {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.free(ended);
        }
    }

    fn free(&mut self, ended: Result<(Id, (KeyOf<K>, Known)), JoinError>) {
        let id = match &ended {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let recipient = self.busy.remove(&id);
        if let Some(key) = &recipient {
            self.told.remove(key);
        }
        match ended {
            Ok((_, (key, known))) => drop(self.known.insert(key, known)),
            Err(error) => tracing::error!(%error, ?recipient, "a carrier failed"),
        }
    }

    /// Those to whom something may go now. One that is spared has no carrier: it would find nothing to do, and make room for
    /// itself again and again.
    fn without_busy_and_spared(&mut self, all: Vec<K::One>) -> Vec<K::One> {
        let now = self.hub.clock.now();
        let mut free = all;
        free.retain(|recipient| match self.told.get(&recipient.key()) {
            Some(carrier) => {
                if recipient.has_news() {
                    carrier.notify_one();
                }
                false
            }
            None => true,
        });
        free.retain(|recipient| !self.is_spared(recipient, now));
        free
    }

    fn is_spared(&mut self, recipient: &K::One, now: Timestamp) -> bool {
        let known = self
            .known
            .entry(recipient.key())
            .or_insert_with(|| Known::of(recipient));
        if known.set_up != recipient.set_up() {
            *known = Known::of(recipient);
        }
        // What another hub found meanwhile. A probe that was due is this hub's own, written down before it came back.
        let elsewhere = recipient.spared_until().filter(|probe| *probe > now);
        if let (None, Some(probe)) = (known.breaker.spared_until(), elsewhere) {
            known.breaker.spare(probe);
        }
        known.breaker.spared_until().is_some_and(|probe| probe > now)
    }

    /// Gives every one of them a carrier, as far as there are any.
    fn set_out(&mut self, due: Vec<K::One>) {
        let free = K::BOUNDS.carriers.saturating_sub(self.tasks.len());
        self.crowded.store(due.len() > free, Ordering::Relaxed);
        for recipient in due.into_iter().take(free) {
            let key = recipient.key();
            let known = self.known.remove(&key).unwrap_or_else(|| Known::of(&recipient));
            let told = Arc::new(Notify::new());
            let carrier = Carrier::new(
                Arc::clone(&self.hub),
                recipient,
                known,
                Shared {
                    told: Arc::clone(&told),
                    places: Arc::clone(&self.places),
                    crowded: Arc::clone(&self.crowded),
                },
            );
            let served = key.clone();
            let task = self.tasks.spawn(async move {
                let known = carrier.run(K::BOUNDS.rounds).await;
                (served, known)
            });
            self.busy.insert(task.id(), key.clone());
            self.told.insert(key, told);
        }
    }
}
