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

use rand::rngs::StdRng;
use tokio::task::JoinSet;

use super::REST;
use super::retry::{Breaker, Leave, Next, next};
use crate::broker::Broker;
use crate::domain::failure::Failure;
use crate::domain::view::{CloudEvent, NoticeData, Way};
use crate::service::{DueWay, Hub, ServiceError};
use crate::store::ledger::{Fate, LeasedNotice, NoticeAnswer, NoticeCommand, NoticeSettlement, Subscription};

/// How often feeds and notices are looked at without a bell: what another hub committed, rows whose time has come, rows of a
/// hub that died.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// The least time between two looks that find nothing new: a city that files by the thousand does not have its feeds looked at
/// as often.
const BREATH: Duration = Duration::from_millis(10);

/// How long leased notices are ours: longer than a call may take, so that nobody else sends them meanwhile.
const LEASE: Duration = Duration::from_secs(30);

/// Calls to one webhook at once.
const CALLS: i64 = 16;

/// Notices published into one queue at once.
const PUBLISHED: i64 = 128;

/// Carriers at work at once; further ways wait for a turn.
const CARRIERS: usize = 128;

/// Rounds of one carrier before others have a turn.
const ROUNDS: usize = 16;

/// What the carriers of this process share: how each receiver has been lately.
type Breakers = Arc<Mutex<HashMap<Subscription, Breaker>>>;

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
    for due in hub.due_ways().await? {
        if carriers.len() >= CARRIERS {
            break;
        }
        if busy.insert(due.subscription.clone()) {
            let subscription = due.subscription.clone();
            let carrier = Carrier {
                hub: Arc::clone(hub),
                broker: broker.clone(),
                breakers: Arc::clone(breakers),
                rng: hub.entropy().generator(),
                due,
            };
            carriers.spawn(async move {
                carrier.run().await;
                subscription
            });
        }
    }
    Ok(spread)
}

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
    breakers: Breakers,
    rng: StdRng,
    due: DueWay,
}

impl Carrier {
    async fn run(mut self) {
        for _ in 0..ROUNDS {
            match self.round().await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    // What was leased is free again when the lease is over.
                    tracing::warn!(%error, tenant = self.due.subscription.tenant, "notices could not be moved");
                    tokio::time::sleep(REST).await;
                    return;
                }
            }
        }
    }

    /// Sends what may go now; whether there may be more.
    async fn round(&mut self) -> Result<bool, ServiceError> {
        let most = match self.due.subscription.way {
            Way::Webhook => CALLS,
            Way::Queue => PUBLISHED,
        };
        let now = self.hub.clock().now();
        let max = match self.breaker(|breaker| breaker.leave(now, LEASE)) {
            Leave::All => most,
            Leave::Probe => 1,
            Leave::Nothing(_) => return Ok(false),
        };
        let leased = self.lease(max).await?;
        if leased.is_empty() {
            return Ok(false);
        }
        let mut told = self
            .hub
            .notice_events(&self.due.subscription.tenant, &leased)
            .await?;
        let (mut ready, mut settlements) = (Vec::new(), Vec::with_capacity(leased.len()));
        for notice in leased {
            match told.remove(&notice.seq) {
                Some(event) => ready.push((notice, event)),
                None => {
                    let unreadable = Sent::failed(Failure::Unrenderable, "the event cannot be read");
                    settlements.push(self.settlement(notice, unreadable));
                }
            }
        }
        let sent = self.send(&ready).await?;
        for ((notice, _), sent) in ready.into_iter().zip(sent) {
            settlements.push(self.settlement(notice, sent));
        }
        let gone = settlements.iter().any(|s| s.fate == Fate::Gone);
        if gone {
            tracing::warn!(
                tenant = self.due.subscription.tenant,
                "a webhook answered 410 and is disabled"
            );
        }
        self.hub
            .store()
            .ledger
            .notices(NoticeCommand::Settle(settlements))
            .await?;
        Ok(!gone)
    }

    async fn lease(&self, max: i64) -> Result<Vec<LeasedNotice>, ServiceError> {
        let command = NoticeCommand::Lease {
            subscription: self.due.subscription.clone(),
            max,
            lease: LEASE,
        };
        Ok(match self.hub.store().ledger.notices(command).await? {
            NoticeAnswer::Leased(leased) => leased,
            NoticeAnswer::Changed(_) | NoticeAnswer::Count(_) | NoticeAnswer::Ending => Vec::new(),
        })
    }

    async fn send(
        &self,
        ready: &[(LeasedNotice, CloudEvent<NoticeData>)],
    ) -> Result<Vec<Sent>, ServiceError> {
        let tenant = &self.due.subscription.tenant;
        match (self.due.subscription.way, &self.due.url) {
            (Way::Webhook, Some(url)) => {
                let secrets = self.hub.webhook_secrets(tenant).await?;
                Ok(webhook::send(&self.hub, url, &secrets, ready).await)
            }
            (Way::Webhook, None) => Err(ServiceError::Internal("a webhook without an address".to_owned())),
            (Way::Queue, _) => Ok(queue::send(&self.broker, tenant, ready).await),
        }
    }

    /// What follows from an attempt; the receiver's breaker learns of it.
    fn settlement(&mut self, notice: LeasedNotice, sent: Sent) -> NoticeSettlement {
        let now = self.hub.clock().now();
        let fate = match sent {
            Sent::Delivered => {
                self.breaker(Breaker::answered);
                Fate::Delivered
            }
            Sent::Gone => Fate::Gone,
            Sent::Failed {
                failure,
                reason,
                asked,
            } => {
                if failure.is_of_the_endpoint() || failure == Failure::RoadAway {
                    let mut breakers = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
                    let breaker = breakers.entry(self.due.subscription.clone()).or_default();
                    breaker.failed(asked, now, &mut self.rng);
                } else {
                    self.breaker(Breaker::answered);
                }
                match next(failure, notice.attempt, asked, now, &mut self.rng) {
                    Next::At(not_before) => Fate::Retry {
                        failure,
                        reason,
                        not_before,
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

    fn breaker<T>(&self, work: impl FnOnce(&mut Breaker) -> T) -> T {
        let mut breakers = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        work(breakers.entry(self.due.subscription.clone()).or_default())
    }
}
