//! Submitters that are told beside their feed, by a webhook or into a queue of their own. A parked notice holds the later ones of
//! its dossier.
//!
//! Whoever carries for a way holds it, reads on in its feed, and sends what it has read without writing anything down first; what has
//! arrived moves the cursor, in memory at once and with each record in the database ([`telling`](super::telling)). Notices with a row,
//! which failed or wait behind such, are leased as others are. How a receiver stands is kept nowhere but in this process.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;

use super::endpoint::{self, Endpoint, Manner};
use super::position::Read;
use super::queue;
use super::recipient::{Bounds, LEASE, LOOK_AGAIN, Recipient, Recipients, Record, Sending, SetUp, Wanted};
use super::telling::{HOLD, Telling};
use crate::broker::Broker;
use crate::delivery::step::write_down;
use crate::domain::endpoint::EndpointUrl;
use crate::domain::time::Timestamp;
use crate::domain::view::{CloudEvent, NoticeData, Transport};
use crate::service::{ActiveSubscription, Hub, ServiceError};
use crate::store::Store;
use crate::store::ledger::{
    EndpointStanding, FeedProgress, HoldWay, LeaseNotices, LeasedNotice, ReceiverAnswers, SendOutcome,
    SettleNotices, Subscription,
};

/// Calls to one webhook at once.
const CALLS: usize = 16;

/// Notices published into one queue at once.
const PUBLISHED: usize = 128;

/// Carriers at work at once; further ways wait for a turn.
const CARRIERS: usize = 128;

/// Events of a webhook's feed that are read ahead of its calls, and of a queue's ahead of what is published.
const READ_BY_CALLS: usize = 64;
const READ_BY_QUEUE: usize = 256;

/// The least time between two records of what has arrived, unless much has: what a hub that dies tells again is what arrived in it.
const RECORD_PAUSE: Duration = Duration::from_millis(200);

/// How long calls are signed with the secrets that were found, though others may have been set meanwhile.
const SECRETS_FOR: Duration = Duration::from_secs(1);

const MANNER: Manner = Manner {
    content_type: "application/cloudevents+json",
    status: "HTTP ",
};

/// All ways of submitters.
pub(super) struct Submitters {
    hub: Arc<Hub>,
    store: Arc<Store>,
    broker: Broker,
}

impl Submitters {
    pub(super) fn of(hub: Arc<Hub>, store: Arc<Store>, broker: Broker) -> Self {
        Submitters { hub, store, broker }
    }
}

impl Recipients for Submitters {
    type One = Submitter;

    /// There may be any number of ways, so they take turns; who has one may use it to the full.
    const BOUNDS: Bounds = Bounds {
        carriers: CARRIERS,
        messages: CARRIERS * PUBLISHED,
        rounds: 16,
    };

    fn bell(&self) -> Arc<Notify> {
        self.hub.notifier.notices_bell()
    }

    async fn look(&self) -> Result<Vec<Submitter>, ServiceError> {
        let ways = self.hub.subscriptions.ways_to_tell().await?;
        Ok(ways.into_iter().filter_map(|way| self.one(way)).collect())
    }

    /// Those that are behind their feeds have something at once; only of the others it has to be asked.
    async fn waiting(&self, free: Vec<Submitter>) -> Result<Vec<Submitter>, ServiceError> {
        let quiet = free.iter().filter(|submitter| !submitter.is_behind);
        let quiet = quiet.map(|submitter| submitter.subscription.tenant.clone());
        let due = self.hub.subscriptions.notices_due(quiet.collect()).await?;
        let mut waiting = free;
        waiting.retain(|submitter| submitter.is_behind || due.contains(&submitter.subscription));
        Ok(waiting)
    }
}

impl Submitters {
    fn one(&self, way: ActiveSubscription) -> Option<Submitter> {
        let transport = match (way.subscription.way, way.url) {
            (Transport::Webhook, Some(url)) => Destination::Webhook(url),
            (Transport::Webhook, None) => {
                tracing::warn!(tenant = way.subscription.tenant, "a webhook has no address");
                return None;
            }
            (Transport::Queue, _) => Destination::Queue,
        };
        Some(Submitter {
            hub: Arc::clone(&self.hub),
            store: Arc::clone(&self.store),
            broker: self.broker.clone(),
            subscription: way.subscription,
            set_at: way.set_at,
            is_behind: way.is_behind,
            transport,
            telling: Mutex::default(),
        })
    }
}

/// How notices go.
enum Destination {
    Webhook(EndpointUrl),
    Queue,
}

/// One way of a submitter, as it was set up when it was looked up.
pub(super) struct Submitter {
    hub: Arc<Hub>,
    store: Arc<Store>,
    broker: Broker,
    subscription: Subscription,
    set_at: Timestamp,
    /// Whether its feed had something after its cursor.
    is_behind: bool,
    transport: Destination,
    telling: Mutex<Telling<Says, Arc<Endpoint>>>,
}

/// What an event says; none where it cannot be read.
type Says = Option<CloudEvent<NoticeData>>;

/// A notice with the event it tells.
type Ready = (LeasedNotice, CloudEvent<NoticeData>);

impl Submitter {
    fn telling(&self) -> MutexGuard<'_, Telling<Says, Arc<Endpoint>>> {
        self.telling.lock()
    }

    /// How many events are read ahead.
    fn ahead(&self) -> usize {
        match self.transport {
            Destination::Webhook(_) => READ_BY_CALLS,
            Destination::Queue => READ_BY_QUEUE,
        }
    }

    fn publish(&self, ready: Vec<Ready>) -> Sending<LeasedNotice> {
        let (notices, events): (Vec<_>, Vec<_>) = ready.into_iter().unzip();
        let (broker, tenant) = (self.broker.clone(), self.subscription.tenant.clone());
        Sending {
            messages: notices.len(),
            ended: async move {
                let sent = queue::publish(&broker, &tenant, &events).await;
                notices.into_iter().zip(sent).collect()
            }
            .boxed(),
        }
    }

    /// Where calls go now; none for a queue.
    async fn endpoint(&self) -> Result<Option<Arc<Endpoint>>, ServiceError> {
        let Destination::Webhook(url) = &self.transport else {
            return Ok(None);
        };
        Ok(Some(Arc::new(Endpoint {
            url: url.clone(),
            secrets: self
                .hub
                .subscriptions
                .webhook_secrets(&self.subscription.tenant)
                .await?,
            manner: &MANNER,
        })))
    }

    /// The calls that carry these; one that cannot be read is a call that has failed.
    fn carry(
        &self,
        endpoint: Option<&Arc<Endpoint>>,
        notices: impl IntoIterator<Item = (LeasedNotice, Says)>,
    ) -> Vec<Sending<LeasedNotice>> {
        let (mut ready, mut sendings) = (Vec::new(), Vec::new());
        for (notice, event) in notices {
            match event {
                Some(event) => ready.push((notice, event)),
                None => sendings.push(Sending::unreadable(notice)),
            }
        }
        match endpoint {
            _ if ready.is_empty() => {}
            None => sendings.push(self.publish(ready)),
            Some(endpoint) => sendings.extend(ready.into_iter().map(|(notice, event)| {
                let (hub, endpoint) = (Arc::clone(&self.hub), Arc::clone(endpoint));
                Sending::one(
                    notice,
                    async move { endpoint::call(&hub, &endpoint, &event).await },
                )
            })),
        }
        sendings
    }

    /// Takes the way, where it is not held yet; false where it is not to be had.
    async fn hold(&self) -> Result<bool, ServiceError> {
        if let Some(is_held) = self.telling().is_held() {
            return Ok(is_held);
        }
        let command = HoldWay {
            subscription: self.subscription.clone(),
            set_at: self.set_at,
            holder: self.hub.subscriptions.holder().to_owned(),
            time: HOLD,
        };
        let held = self.store.ledger.ask(command).await?;
        self.telling().hold(held, Instant::now());
        Ok(held.is_some())
    }
}

impl Recipient for Submitter {
    type Key = Subscription;
    type Message = LeasedNotice;
    type Fate = SendOutcome;

    fn key(&self) -> Subscription {
        self.subscription.clone()
    }

    fn set_up(&self) -> SetUp {
        SetUp {
            at: self.set_at,
            url: match &self.transport {
                Destination::Webhook(url) => Some(url.clone()),
                Destination::Queue => None,
            },
        }
    }

    fn spared_until(&self) -> Option<Timestamp> {
        None
    }

    /// One that is set up anew is found out by the next record.
    fn breadth(&self) -> usize {
        match self.transport {
            Destination::Webhook(_) => CALLS,
            Destination::Queue => PUBLISHED,
        }
    }

    fn named(message: &LeasedNotice) -> (&str, i32) {
        (&message.event, message.attempt)
    }

    fn gone() -> Option<SendOutcome> {
        Some(SendOutcome::Gone)
    }

    /// Only what has a row is leased: where there may be some that can go, and now and then, since operators and subscribers make others
    /// go.
    async fn lease(&self, wanted: Wanted) -> Result<Vec<LeasedNotice>, ServiceError> {
        if !self.hold().await? {
            return Ok(Vec::new());
        }
        if !self.telling().asks_for_rows(Instant::now(), LOOK_AGAIN) {
            return Ok(Vec::new());
        }
        let command = LeaseNotices {
            subscription: self.subscription.clone(),
            set_at: Some(self.set_at),
            max: wanted.max,
            lease: LEASE,
            least_tried_first: wanted.least_tried_first,
        };
        let leased = self.store.ledger.ask(command).await?;
        if !leased.is_empty() {
            self.telling().rows_changed();
        }
        Ok(leased)
    }

    async fn send(&self, leased: Vec<LeasedNotice>) -> Result<Vec<Sending<LeasedNotice>>, ServiceError> {
        let mut told = self
            .hub
            .subscriptions
            .notice_events(&self.subscription.tenant, &leased)
            .await?;
        let endpoint = self.endpoint().await?;
        let notices = leased.into_iter().map(|notice| {
            let event = told.remove(&notice.seq);
            (notice, event)
        });
        Ok(self.carry(endpoint.as_ref(), notices))
    }

    async fn settle(&self, record: Record<Self>) -> Result<(), ServiceError> {
        let told = self.telling().record(record.settlements, Instant::now());
        let settle = || SettleNotices {
            subscription: self.subscription.clone(),
            set_at: self.set_at,
            settlements: told.settlements.clone(),
            progress: FeedProgress {
                holder: self.hub.subscriptions.holder().to_owned(),
                from: told.from,
                to: told.to,
                set_aside: told.set_aside.clone(),
                hold: HOLD,
            },
        };
        let settled = write_down(&self.store.ledger, settle).await?;
        self.telling().settled(settled, told.to);
        if record.standing == Some(EndpointStanding::Answers) {
            write_down(&self.store.ledger, || ReceiverAnswers(self.subscription.clone())).await?;
            self.telling().rows_changed();
        }
        Ok(())
    }

    fn has_news(&self) -> bool {
        self.is_behind
    }

    fn news(&self) {
        self.telling().news();
    }

    fn reads_on(&self) -> bool {
        self.telling().reads_on(self.ahead())
    }

    async fn read_on(&self) -> Result<(), ServiceError> {
        let from = self.telling().reading();
        let most = self.ahead();
        let read = self
            .hub
            .subscriptions
            .untold(&self.subscription, from.place, most as i64, from.has_rows);
        let read = read.await?;
        let now = self.hub.clock.now();
        let is_known = || {
            self.telling()
                .endpoint
                .as_ref()
                .is_some_and(|known| now < known.1.plus(SECRETS_FOR))
        };
        if !read.is_empty() && !is_known() {
            let endpoint = self.endpoint().await?;
            self.telling().endpoint = endpoint.map(|endpoint| (endpoint, now));
        }
        let is_all = read.len() < most;
        let read = read.into_iter().map(|news| Read {
            notice: news.notice,
            noticed: news.noticed,
            says: news.event,
        });
        self.telling().read(from, read, is_all);
        Ok(())
    }

    fn at_hand(&self, max: usize) -> Vec<Sending<LeasedNotice>> {
        let (next, endpoint) = {
            let mut telling = self.telling();
            let next = telling.next(max, Instant::now());
            (next, telling.endpoint.as_ref().map(|known| Arc::clone(&known.0)))
        };
        self.carry(endpoint.as_ref(), next)
    }

    /// Nothing waits for it: the next of its dossier goes already. A window, though, is read on only from where it is recorded.
    fn pause(&self) -> Duration {
        match self.telling().is_far() {
            true => Duration::ZERO,
            false => RECORD_PAUSE,
        }
    }

    fn arrived(&self, message: &LeasedNotice) {
        self.telling().arrived(message);
    }

    fn keeps(&self) -> bool {
        self.telling().keeps(Instant::now())
    }

    fn leaves(&self) -> bool {
        self.telling().leaves()
    }

    fn lingers(&self) -> bool {
        self.telling().is_held() == Some(true)
    }
}
