//! Events to their submitters, beside the feed: from the feed into notices, and each notice to a webhook or into a queue.
//!
//! One look takes what is new in the feeds into notices and finds the ways that have something to send; each such way gets a
//! carrier of its own, so that a slow receiver is slow for itself alone. A carrier leases, commits, sends, records, until nothing
//! is left or its turn is over. Whoever dies between sending and recording leaves a lease that ends; the receiver sees the same id
//! again and drops it.

mod queue;
pub(super) mod queues;
mod webhook;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use rand::rngs::StdRng;
use tokio::task::JoinSet;

use super::REST;
use super::retry::{Breaker, Leave, Missed, Next, follows};
use crate::broker::Broker;
use crate::domain::endpoint::EndpointUrl;
use crate::domain::failure::Failure;
use crate::domain::time::Timestamp;
use crate::domain::view::{CloudEvent, NoticeData, Way};
use crate::identity::webhook::WebhookSecret;
use crate::service::{DueWay, Hub, ServiceError};
use crate::store::StoreError;
use crate::store::ledger::{
    Command, Fate, LeaseNotices, LeasedNotice, NoticeSettlement, ReceiverAnswers, SettleNotices, Subscription,
};

/// How often feeds and notices are looked at without a bell: what another hub committed, rows whose time has come, rows of a
/// hub that died.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// The least time between two looks that find nothing new: a city that files by the thousand does not have its feeds looked at
/// as often.
const BREATH: Duration = Duration::from_millis(10);

/// How long leased notices are ours: longer than a call may take, so that nobody else sends them meanwhile.
const LEASE: Duration = Duration::from_secs(30);

/// Calls to one webhook at once.
const CALLS: usize = 16;

/// Notices published into one queue at once.
const PUBLISHED: usize = 128;

/// Carriers at work at once; further ways wait for a turn.
const CARRIERS: usize = 128;

/// Leases of one carrier, at its full breadth, before others have a turn.
const ROUNDS: usize = 16;

/// What the carriers of this process leave each other: how each receiver has been since it was set up. One that is set up anew is
/// another one.
type Breakers = Arc<Mutex<HashMap<Subscription, (DueWay, Breaker)>>>;

pub(super) async fn run(hub: Arc<Hub>, broker: Broker) {
    let bell = hub.notices_bell();
    let breakers = Breakers::default();
    let mut carriers: JoinSet<Subscription> = JoinSet::new();
    let mut busy: HashSet<Subscription> = HashSet::new();
    loop {
        let rung = bell.notified();
        while let Some(done) = carriers.try_join_next() {
            free(&mut busy, done);
        }
        match look(&hub, &broker, &breakers, &mut carriers, &mut busy).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(%error, "the feeds could not be looked at");
                tokio::time::sleep(REST).await;
                continue;
            }
        }
        tokio::time::sleep(BREATH).await;
        tokio::select! {
            () = rung => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            Some(done) = carriers.join_next() => free(&mut busy, done),
        }
    }
}

fn free(busy: &mut HashSet<Subscription>, done: Result<Subscription, tokio::task::JoinError>) {
    match done {
        Ok(subscription) => {
            busy.remove(&subscription);
        }
        // Whose it was is not known any more; the process is about to end, or everybody gets a new carrier.
        Err(_) => busy.clear(),
    }
}

/// Takes what is new, and gives every way with something to send a carrier; says how many events were new.
async fn look(
    hub: &Arc<Hub>,
    broker: &Broker,
    breakers: &Breakers,
    carriers: &mut JoinSet<Subscription>,
    busy: &mut HashSet<Subscription>,
) -> Result<usize, ServiceError> {
    let spread = hub.spread_notices().await?;
    let now = hub.clock().now();
    for due in hub.due_ways().await? {
        if carriers.len() >= CARRIERS {
            break;
        }
        // One that is spared has no carrier: it would find nothing to do, and make room for itself again and again.
        if is_spared(breakers, &due, now) {
            continue;
        }
        if busy.insert(due.subscription.clone()) {
            let subscription = due.subscription.clone();
            let carrier = Carrier {
                hub: Arc::clone(hub),
                broker: broker.clone(),
                breaker: before(breakers, &due),
                rng: hub.entropy().generator(),
                due,
            };
            let breakers = Arc::clone(breakers);
            carriers.spawn(async move {
                let known = carrier.run().await;
                let mut breakers = breakers.lock().unwrap_or_else(PoisonError::into_inner);
                breakers.insert(subscription.clone(), known);
                subscription
            });
        }
    }
    Ok(spread)
}

/// Whether nothing may go to a receiver yet, as far as is known of the one that was set up then.
fn is_spared(breakers: &Breakers, due: &DueWay, now: Timestamp) -> bool {
    let known = breakers.lock().unwrap_or_else(PoisonError::into_inner);
    known
        .get(&due.subscription)
        .is_some_and(|(then, breaker)| then == due && breaker.spared_until().is_some_and(|probe| probe > now))
}

/// What is known of a receiver, as long as it is the one that was set up then.
fn before(breakers: &Breakers, due: &DueWay) -> Breaker {
    let mut known = breakers.lock().unwrap_or_else(PoisonError::into_inner);
    known
        .remove(&due.subscription)
        .filter(|(then, _)| then == due)
        .map(|(_, breaker)| breaker)
        .unwrap_or_default()
}

/// A leased notice with the event it tells.
type Ready = (LeasedNotice, CloudEvent<NoticeData>);

/// How an attempt ended, before it is known what follows.
enum Sent {
    /// The receiver has it.
    Delivered,
    /// It has not.
    Failed {
        failure: Failure,
        reason: Option<String>,
        /// The wait it asked for.
        asked: Option<Duration>,
    },
    /// It says that it is gone for good.
    Gone,
}

impl Sent {
    fn failed(failure: Failure, reason: impl Into<String>) -> Self {
        Sent::Failed {
            failure,
            reason: Some(reason.into()),
            asked: None,
        }
    }
}

/// Carries what one way has to send.
struct Carrier {
    hub: Arc<Hub>,
    broker: Broker,
    breaker: Breaker,
    rng: StdRng,
    due: DueWay,
}

/// A call that has ended.
type Called = (LeasedNotice, Sent);

impl Carrier {
    /// Carries until nothing is left or the turn is over; gives back what is known of the receiver.
    async fn run(mut self) -> (DueWay, Breaker) {
        let carried = match (self.due.subscription.way, self.due.url.clone()) {
            (Way::Webhook, Some(url)) => self.call(Arc::new(url)).await,
            (Way::Webhook, None) => Err(ServiceError::Internal("a webhook without an address".to_owned())),
            (Way::Queue, _) => self.publish().await,
        };
        if let Err(error) = carried {
            // What was leased is free again when the lease is over.
            tracing::warn!(%error, tenant = self.due.subscription.tenant, "notices could not be moved");
            tokio::time::sleep(REST).await;
        }
        (self.due, self.breaker)
    }

    /// Publishes batch after batch into the queue.
    async fn publish(&mut self) -> Result<(), ServiceError> {
        for _ in 0..ROUNDS {
            let max = match self.breaker.leave(self.hub.clock().now(), LEASE) {
                Leave::All => PUBLISHED,
                Leave::Probe => 1,
                Leave::Nothing(_) => return Ok(()),
            };
            let (ready, mut ended) = self.lease(max, max == 1).await?;
            if ready.is_empty() && ended.is_empty() {
                return Ok(());
            }
            let sent = queue::send(&self.broker, &self.due.subscription.tenant, &ready).await;
            ended.extend(ready.into_iter().map(|(notice, _)| notice).zip(sent));
            self.record(ended).await?;
        }
        Ok(())
    }

    /// Calls the webhook, several calls at once. Each is written down as it ends, so that one that hangs holds up its own dossier
    /// and nothing else.
    async fn call(&mut self, url: Arc<EndpointUrl>) -> Result<(), ServiceError> {
        let mut calls = FuturesUnordered::new();
        let mut leave = self.breaker.leave(self.hub.clock().now(), LEASE);
        let (mut turn, mut is_late) = (CALLS * ROUNDS, false);
        let bell = self.hub.notices_bell();
        loop {
            let rung = bell.notified();
            let room = match leave {
                Leave::All => CALLS,
                Leave::Probe => 1,
                Leave::Nothing(_) => 0,
            };
            let room = room.min(calls.len() + turn);
            // By halves, so that a busy webhook costs a lease every few events and not for each; or when calls hang.
            if calls.len() < room && (is_late || calls.len() * 2 <= room) {
                match self.begin(&url, room - calls.len(), leave == Leave::Probe).await {
                    Ok(begun) => {
                        turn -= begun.len().min(turn);
                        calls.extend(begun);
                    }
                    Err(error) if calls.is_empty() => return Err(error),
                    // Those that are under way are written down first.
                    Err(error) => tracing::debug!(%error, "notices cannot be leased"),
                }
            }
            let news = async {
                rung.await;
                tokio::time::sleep(LOOK_AGAIN).await;
            };
            let first = tokio::select! {
                Some(first) = calls.next() => first,
                () = news, if !calls.is_empty() => {
                    is_late = true;
                    continue;
                }
                else => return Ok(()),
            };
            is_late = false;
            let mut ended = vec![first];
            while let Some(Some(more)) = calls.next().now_or_never() {
                ended.push(more);
            }
            let is_gone = self.record(ended).await?;
            leave = match self.breaker.spared_until() {
                _ if is_gone => Leave::Nothing(self.hub.clock().now()),
                Some(probe) => Leave::Nothing(probe),
                None => Leave::All,
            };
        }
    }

    /// Leases up to so many notices, and begins to call about them.
    async fn begin(
        &mut self,
        url: &Arc<EndpointUrl>,
        max: usize,
        is_probe: bool,
    ) -> Result<Vec<impl Future<Output = Called> + Send + use<>>, ServiceError> {
        let (ready, broken) = self.lease(max, is_probe).await?;
        if !broken.is_empty() {
            self.record(broken).await?;
        }
        if ready.is_empty() {
            return Ok(Vec::new());
        }
        let secrets = self.hub.webhook_secrets(&self.due.subscription.tenant).await?;
        let secrets: Arc<[WebhookSecret]> = secrets.into();
        Ok(ready
            .into_iter()
            .map(|(notice, event)| {
                let (hub, url, secrets) = (Arc::clone(&self.hub), Arc::clone(url), Arc::clone(&secrets));
                async move {
                    let sent = webhook::send(&hub, &url, &secrets, &event).await;
                    (notice, sent)
                }
            })
            .collect())
    }

    /// What may go now with what it says, and apart from it what cannot be read.
    async fn lease(&self, max: usize, is_probe: bool) -> Result<(Vec<Ready>, Vec<Called>), ServiceError> {
        let command = LeaseNotices {
            subscription: self.due.subscription.clone(),
            set_at: Some(self.due.set_at),
            max: i64::try_from(max).unwrap_or(1),
            lease: LEASE,
            least_tried_first: is_probe,
        };
        let leased = self.hub.store().ledger.ask(command).await?;
        if leased.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let tenant = &self.due.subscription.tenant;
        let mut told = self.hub.notice_events(tenant, &leased).await?;
        let (mut ready, mut broken) = (Vec::new(), Vec::new());
        for notice in leased {
            match told.remove(&notice.seq) {
                Some(event) => ready.push((notice, event)),
                None => {
                    let unreadable = Sent::failed(Failure::Unrenderable, "the event cannot be read");
                    broken.push((notice, unreadable));
                }
            }
        }
        Ok((ready, broken))
    }

    /// Writes down how sending ended, however long the database is away; says whether the receiver is gone for good.
    async fn record(&mut self, ended: Vec<Called>) -> Result<bool, ServiceError> {
        let was_spared = self.breaker.spared_until().is_some();
        let settlements: Vec<NoticeSettlement> = ended
            .into_iter()
            .map(|(notice, sent)| self.settlement(notice, sent))
            .collect();
        let is_gone = settlements.iter().any(|s| s.fate == Fate::Gone);
        let tenant = &self.due.subscription.tenant;
        if is_gone {
            tracing::warn!(tenant, "a webhook answered 410 and is disabled");
        }
        let is_back = was_spared && self.breaker.spared_until().is_none();
        let settle = || SettleNotices {
            settlements: settlements.clone(),
            set_at: Some(self.due.set_at),
        };
        self.write_down(settle).await?;
        if is_back {
            let subscription = &self.due.subscription;
            self.write_down(|| ReceiverAnswers(subscription.clone())).await?;
        }
        Ok(is_gone)
    }

    async fn write_down<R: Command<Answer = ()>>(&self, command: impl Fn() -> R) -> Result<(), ServiceError> {
        while let Err(error) = self.hub.store().ledger.ask(command()).await {
            match error {
                StoreError::Busy | StoreError::Unavailable(_) => tokio::time::sleep(REST).await,
                other => return Err(other.into()),
            }
        }
        Ok(())
    }

    /// What follows from an attempt; the receiver's breaker learns of it.
    fn settlement(&mut self, notice: LeasedNotice, sent: Sent) -> NoticeSettlement {
        let now = self.hub.clock().now();
        let fate = match sent {
            Sent::Delivered => {
                self.breaker.taken();
                Fate::Delivered
            }
            Sent::Gone => Fate::Gone,
            Sent::Failed {
                failure,
                reason,
                asked,
            } => {
                let missed = Missed {
                    message: &notice.event,
                    attempt: notice.attempt,
                    failure,
                    asked,
                };
                let (next, failure) = follows(&mut self.breaker, missed, now, &mut self.rng);
                match next {
                    Next::At(not_before) | Next::Uncounted(not_before) => Fate::Retry {
                        failure,
                        reason,
                        not_before,
                        counts: matches!(next, Next::At(_)),
                    },
                    Next::Park => Fate::Park { failure, reason },
                }
            }
        };
        NoticeSettlement {
            subscription: self.due.subscription.clone(),
            notice,
            fate,
        }
    }
}
