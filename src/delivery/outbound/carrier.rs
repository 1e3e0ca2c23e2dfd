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
use crate::service::{DueWay, Hub, NoticeWork, ServiceError};
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
    let NoticeWork { news, ways } = hub.notice_work().await?;
    // The carriers ask for their first notices right behind what makes them: it is one commit.
    let (spread, ()) = tokio::join!(biased; hub.spread_notices(news), async {
        set_out(hub, broker, breakers, (carriers, busy), ways);
    });
    spread
}

/// Gives every way with something to send a carrier, as far as there are any.
fn set_out(
    hub: &Arc<Hub>,
    broker: &Broker,
    breakers: &Breakers,
    (carriers, busy): (&mut JoinSet<Subscription>, &mut HashSet<Subscription>),
    ways: Vec<DueWay>,
) {
    let now = hub.clock().now();
    for due in ways {
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

/// How sending ended, to be written down.
struct Record {
    settlements: Vec<NoticeSettlement>,
    /// Whether the receiver is gone for good.
    is_gone: bool,
    /// Whether it takes messages again.
    is_back: bool,
}

/// How many may be under way at once, of so many at most.
fn breadth(leave: Leave, most: usize) -> usize {
    match leave {
        Leave::All => most,
        Leave::Probe => 1,
        Leave::Nothing(_) => 0,
    }
}

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
        let mut leave = self.breaker.leave(self.hub.clock().now(), LEASE);
        let mut leased = self.lease(leave, breadth(leave, PUBLISHED)).await?;
        for _ in 0..ROUNDS {
            if leased.is_empty() {
                return Ok(());
            }
            let (ready, mut ended) = self.events(leased).await?;
            let sent = queue::send(&self.broker, &self.due.subscription.tenant, &ready).await;
            ended.extend(ready.into_iter().map(|(notice, _)| notice).zip(sent));
            let record = self.judge(ended);
            leave = self.breaker.leave(self.hub.clock().now(), LEASE);
            let (recorded, next) = self.go_on(&record, leave, breadth(leave, PUBLISHED)).await;
            recorded?;
            leased = next?;
        }
        Ok(())
    }

    /// Calls the webhook, several calls at once. Each is written down as it ends, so that one that hangs holds up its own dossier
    /// and nothing else.
    async fn call(&mut self, url: Arc<EndpointUrl>) -> Result<(), ServiceError> {
        let bell = self.hub.notices_bell();
        let mut calls = FuturesUnordered::new();
        let mut turn = CALLS * ROUNDS;
        let mut rung = bell.notified();
        let mut leave = self.breaker.leave(self.hub.clock().now(), LEASE);
        let mut leased = self.lease(leave, breadth(leave, CALLS)).await;
        loop {
            let begun = match leased {
                Ok(notices) => {
                    turn -= notices.len().min(turn);
                    self.begin(&url, notices).await
                }
                Err(error) => Err(error),
            };
            match begun {
                Ok(begun) => calls.extend(begun),
                Err(error) if calls.is_empty() => return Err(error),
                // Those that are under way are written down first.
                Err(error) => tracing::debug!(%error, "notices cannot be leased"),
            }
            let news = async {
                rung.await;
                tokio::time::sleep(LOOK_AGAIN).await;
            };
            let first = tokio::select! {
                Some(first) = calls.next() => Some(first),
                () = news, if !calls.is_empty() => None,
                else => return Ok(()),
            };
            rung = bell.notified();
            let free = |leave, busy: usize| breadth(leave, CALLS).min(busy + turn).saturating_sub(busy);
            let Some(first) = first else {
                // Calls hang: what may go beside them is not kept waiting.
                leased = self.lease(leave, free(leave, calls.len())).await;
                continue;
            };
            let mut ended = vec![first];
            while let Some(Some(more)) = calls.next().now_or_never() {
                ended.push(more);
            }
            let record = self.judge(ended);
            leave = match self.breaker.spared_until() {
                _ if record.is_gone => Leave::Nothing(self.hub.clock().now()),
                Some(probe) => Leave::Nothing(probe),
                None => Leave::All,
            };
            // By halves, so that a busy webhook costs a lease every few events and not for each.
            let wanted = match calls.len() * 2 <= breadth(leave, CALLS) {
                true => free(leave, calls.len()),
                false => 0,
            };
            let (recorded, next) = self.go_on(&record, leave, wanted).await;
            recorded?;
            leased = next;
        }
    }

    /// Writes down how sending ended and leases what is next. Both are asked for at once, in this order: it is one commit.
    async fn go_on(
        &self,
        record: &Record,
        leave: Leave,
        wanted: usize,
    ) -> (Result<(), ServiceError>, Result<Vec<LeasedNotice>, ServiceError>) {
        if record.is_back {
            let recorded = self.record(record).await;
            return (recorded, self.lease(leave, wanted).await);
        }
        tokio::join!(biased; self.record(record), self.lease(leave, wanted))
    }

    /// Begins to call about leased notices.
    async fn begin(
        &mut self,
        url: &Arc<EndpointUrl>,
        leased: Vec<LeasedNotice>,
    ) -> Result<Vec<impl Future<Output = Called> + Send + use<>>, ServiceError> {
        if leased.is_empty() {
            return Ok(Vec::new());
        }
        let ((ready, broken), secrets) = tokio::try_join!(
            self.events(leased),
            self.hub.webhook_secrets(&self.due.subscription.tenant)
        )?;
        if !broken.is_empty() {
            let record = self.judge(broken);
            self.record(&record).await?;
        }
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

    /// Leases up to so many notices that may go now.
    async fn lease(&self, leave: Leave, max: usize) -> Result<Vec<LeasedNotice>, ServiceError> {
        if max == 0 {
            return Ok(Vec::new());
        }
        let command = LeaseNotices {
            subscription: self.due.subscription.clone(),
            set_at: Some(self.due.set_at),
            max: i64::try_from(max).unwrap_or(1),
            lease: LEASE,
            least_tried_first: leave == Leave::Probe,
        };
        Ok(self.hub.store().ledger.ask(command).await?)
    }

    /// Leased notices with what they say, and apart from them what cannot be read.
    async fn events(&self, leased: Vec<LeasedNotice>) -> Result<(Vec<Ready>, Vec<Called>), ServiceError> {
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

    /// What follows from how sending ended; the receiver's breaker learns of it.
    fn judge(&mut self, ended: Vec<Called>) -> Record {
        let was_spared = self.breaker.spared_until().is_some();
        let settlements: Vec<NoticeSettlement> = ended
            .into_iter()
            .map(|(notice, sent)| self.settlement(notice, sent))
            .collect();
        let is_gone = settlements.iter().any(|s| s.fate == Fate::Gone);
        if is_gone {
            let tenant = &self.due.subscription.tenant;
            tracing::warn!(tenant, "a webhook answered 410 and is disabled");
        }
        Record {
            is_gone,
            is_back: was_spared && self.breaker.spared_until().is_none(),
            settlements,
        }
    }

    /// Writes down how sending ended, however long the database is away.
    async fn record(&self, record: &Record) -> Result<(), ServiceError> {
        let settle = || SettleNotices {
            settlements: record.settlements.clone(),
            set_at: Some(self.due.set_at),
        };
        self.write_down(settle).await?;
        if record.is_back {
            let subscription = &self.due.subscription;
            self.write_down(|| ReceiverAnswers(subscription.clone())).await?;
        }
        Ok(())
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
