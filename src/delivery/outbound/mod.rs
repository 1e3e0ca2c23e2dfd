//! Out to recipients: what is kept for them is leased, sent and settled. There are two kinds of recipients, [`agencies`] that are
//! pushed to and [`submitters`] that are told beside their feed, and two transports, an [`endpoint`] that is called over HTTPS and
//! a [`queue`] of RabbitMQ.
//!
//! One loop a kind looks who has something to send, and gives each such recipient a carrier of its own, so that a slow recipient
//! is slow for itself alone. A [`carrier`] leases, commits, sends and records until nothing is left or its turn is over. Whoever
//! dies between sending and recording leaves a lease that ends; the message goes again under the same event id. A breaker stands
//! before each recipient.
//!
//! What is the same for both kinds is here and in the carrier; what differs is a number of [`Bounds`] or a method of
//! [`Recipients`] or [`Recipient`].

pub mod agencies;
mod carrier;
mod endpoint;
mod position;
mod queue;
mod submitters;
mod telling;

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::{Notify, Semaphore};
use tokio::task::{Id, JoinError, JoinSet};

use carrier::{Carrier, Shared};

use super::REST;
use super::retry::Breaker;
use crate::broker::Broker;
use crate::domain::endpoint::EndpointUrl;
use crate::domain::failure::Failure;
use crate::domain::time::Timestamp;
use crate::service::{Hub, ServiceError};
use crate::store::ledger::{Carried, EndpointStanding};

/// How long leased messages are ours: longer than the longest call that can be configured, so that nobody else sends them
/// meanwhile.
pub const LEASE: Duration = Duration::from_secs(30);

/// How often it is looked without a bell: what another hub committed, messages whose time has come, messages of a hub that died.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// The least time between two looks that find nothing new: a city that files by the thousand does not have its feeds looked at
/// as often.
const BREATH: Duration = Duration::from_millis(25);

/// How much of one kind may be under way at once, of one hub.
struct Bounds {
    /// Carriers at work at once; further recipients wait for a turn.
    carriers: usize,
    /// Messages under way to all recipients at once.
    messages: usize,
    /// Leases of one carrier, at its full breadth, before others have a turn.
    rounds: usize,
}

/// A kind of recipients: who of them has something to send.
trait Recipients: Send + Sync + Sized + 'static {
    /// One of them.
    type One: Recipient;

    /// How much may be under way.
    const BOUNDS: Bounds;

    /// Rings when there may be something to send.
    fn bell(&self) -> Arc<Notify>;

    /// Everybody who may have something to send.
    fn look(&self) -> impl Future<Output = Result<Vec<Self::One>, ServiceError>> + Send;

    /// Those of them who have.
    fn waiting(
        &self,
        free: Vec<Self::One>,
    ) -> impl Future<Output = Result<Vec<Self::One>, ServiceError>> + Send;
}

/// Somebody who is sent to, as it was set up when it was looked up.
trait Recipient: Send + Sync + Sized + 'static {
    /// What it stays known by when it is set up anew.
    type Key: Clone + Debug + Eq + Hash + Send + 'static;

    /// A message in hand for it.
    type Message: Send + Sync + 'static;

    /// What becomes of a message.
    type Fate: From<Carried> + Send + Sync;

    /// Who it is.
    fn key(&self) -> Self::Key;

    /// How it is set up.
    fn set_up(&self) -> SetUp;

    /// Until when it is spared by what any hub has written down of it.
    fn spared_until(&self) -> Option<Timestamp>;

    /// How many messages may be under way to it at once.
    fn breadth(&self) -> usize;

    /// The name of a message, which stays the same when it is tried again, and which attempt this is, from 1.
    fn named(message: &Self::Message) -> (&str, i32);

    /// What becomes of a message where the receiver says that it is gone for good; none where that is a failure like others.
    fn gone() -> Option<Self::Fate>;

    /// Leases messages that may go now, of each dossier the first.
    fn lease(&self, wanted: Wanted) -> impl Future<Output = Result<Vec<Self::Message>, ServiceError>> + Send;

    /// Reads what leased messages say, and gives the calls that carry them. What cannot be read is a call that has failed.
    fn send(
        &self,
        leased: Vec<Self::Message>,
    ) -> impl Future<Output = Result<Vec<Sending<Self::Message>>, ServiceError>> + Send;

    /// Writes down how sending ended, however long the database is away.
    fn settle(&self, record: Record<Self>) -> impl Future<Output = Result<(), ServiceError>> + Send;

    /// Whether something new was seen for it when it was looked up.
    fn has_news(&self) -> bool {
        false
    }

    /// Something new was seen for it since.
    fn news(&self) {}

    /// Whether it would read on, so that more is at hand.
    fn reads_on(&self) -> bool {
        false
    }

    /// Reads on.
    fn read_on(&self) -> impl Future<Output = Result<(), ServiceError>> + Send {
        std::future::ready(Ok(()))
    }

    /// Calls that carry what is at hand without a lease, at most so many messages.
    fn at_hand(&self, _max: usize) -> Vec<Sending<Self::Message>> {
        Vec::new()
    }

    /// How long there is at least between two records of what has arrived.
    fn pause(&self) -> Duration {
        Duration::ZERO
    }

    /// A message has arrived; it is written down later.
    fn arrived(&self, _message: &Self::Message) {}

    /// Whether something is to be written down though nothing has ended.
    fn keeps(&self) -> bool {
        false
    }

    /// Nothing more is begun by this carrier. Whether there is something to be written down before it ends.
    fn leaves(&self) -> bool {
        false
    }

    /// Whether its carrier waits a while for more when nothing is left, instead of being found anew.
    fn lingers(&self) -> bool {
        false
    }
}

/// How a recipient is set up: one that is set up anew is another one, of which nothing is known.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SetUp {
    /// When.
    at: Timestamp,
    /// Where it is called; none for a queue.
    url: Option<EndpointUrl>,
}

/// What a carrier asks for.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    /// At most so many messages.
    max: i64,
    /// Whether those go first that were tried least: the recipient is being probed, and it is the recipient that is asked about.
    least_tried_first: bool,
}

/// How sending ended, to be written down.
struct Record<R: Recipient> {
    /// The messages.
    settlements: Vec<(R::Message, R::Fate)>,
    /// How the recipient stands, where that changed.
    standing: Option<EndpointStanding>,
}

/// Why a message was not taken.
struct Refused {
    failure: Failure,
    /// In a few words; nothing of what the receiver said beside its status.
    reason: String,
    /// The wait it asked for.
    asked: Option<Duration>,
    /// Whether it says that it is gone for good.
    is_gone: bool,
}

impl Refused {
    fn new(failure: Failure, reason: impl Into<String>) -> Self {
        Refused {
            failure,
            reason: reason.into(),
            asked: None,
            is_gone: false,
        }
    }

    /// The event is there, and cannot be put into a message.
    fn unwritable() -> Self {
        Refused::new(Failure::Unrenderable, "the event cannot be written")
    }
}

/// How an attempt ended.
type Sent = Result<(), Refused>;

/// Messages on their way together.
struct Sending<M> {
    /// How many.
    messages: usize,
    /// Each of them, with how its attempt ended.
    ended: BoxFuture<'static, Vec<(M, Sent)>>,
}

impl<M: Send + 'static> Sending<M> {
    fn one(message: M, call: impl Future<Output = Sent> + Send + 'static) -> Self {
        Sending {
            messages: 1,
            ended: call.map(|sent| vec![(message, sent)]).boxed(),
        }
    }

    /// Of a message that cannot be read.
    fn unreadable(message: M) -> Self {
        let refused = Refused::new(Failure::Unrenderable, "the event cannot be read");
        Sending::one(message, std::future::ready(Err(refused)))
    }
}

/// What is known of a recipient since it was set up.
struct Known {
    set_up: SetUp,
    breaker: Breaker,
}

impl Known {
    /// What another hub found, or this one before it was started anew.
    fn of(recipient: &impl Recipient) -> Self {
        Known {
            set_up: recipient.set_up(),
            breaker: recipient
                .spared_until()
                .map_or_else(Breaker::default, Breaker::sparing),
        }
    }
}

/// Pushes to agencies.
pub(super) async fn to_agencies(hub: Arc<Hub>) {
    run(Arc::clone(&hub), agencies::Agencies::of(hub)).await;
}

/// Tells submitters.
pub(super) async fn to_submitters(hub: Arc<Hub>, broker: Broker) {
    run(Arc::clone(&hub), submitters::Submitters::of(hub, broker)).await;
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
        let now = self.hub.clock().now();
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
