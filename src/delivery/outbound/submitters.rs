//! Submitters that are told beside their feed, by a webhook or into a queue of their own. A parked notice holds the later ones of
//! its dossier.
//!
//! A look takes what is new in the feeds into notices. How a receiver stands is kept nowhere but in this process.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::sync::Notify;

use super::carrier::write_down;
use super::endpoint::{self, Endpoint, Manner};
use super::{Bounds, LEASE, Recipient, Recipients, Record, Sending, SetUp, Wanted, queue};
use crate::broker::Broker;
use crate::domain::endpoint::EndpointUrl;
use crate::domain::time::Timestamp;
use crate::domain::view::{CloudEvent, NoticeData, Way};
use crate::service::{ActiveWay, Hub, NoticeWork, ServiceError};
use crate::store::ledger::{
    EndpointStanding, Fate, LeaseNotices, LeasedNotice, News, NoticeSettlement, ReceiverAnswers,
    SettleNotices, Subscription,
};

/// Calls to one webhook at once.
const CALLS: usize = 16;

/// Notices published into one queue at once.
const PUBLISHED: usize = 128;

/// Carriers at work at once; further ways wait for a turn.
const CARRIERS: usize = 128;

const MANNER: Manner = Manner {
    content_type: "application/cloudevents+json",
    status: "HTTP ",
};

/// All ways of submitters.
pub(super) struct Submitters {
    hub: Arc<Hub>,
    broker: Broker,
}

impl Submitters {
    pub(super) fn of(hub: Arc<Hub>, broker: Broker) -> Self {
        Submitters { hub, broker }
    }
}

impl Recipients for Submitters {
    type One = Submitter;
    type News = Vec<News>;

    /// There may be any number of ways, so they take turns; who has one may use it to the full.
    const BOUNDS: Bounds = Bounds {
        carriers: CARRIERS,
        messages: CARRIERS * PUBLISHED,
        rounds: 16,
    };

    fn bell(&self) -> Arc<Notify> {
        self.hub.notices_bell()
    }

    async fn look(&self) -> Result<(Vec<Submitter>, Vec<News>), ServiceError> {
        let NoticeWork { news, ways } = self.hub.notice_work().await?;
        let new_for: HashSet<&Subscription> = news.iter().map(|news| &news.subscription).collect();
        let all = ways.into_iter().filter_map(|way| {
            let has_news = new_for.contains(&way.subscription);
            self.one(way, has_news)
        });
        let all = all.collect();
        Ok((all, news))
    }

    /// Those for whom there is news have something as soon as it is taken; only of the others it has to be asked.
    async fn waiting(&self, free: Vec<Submitter>) -> Result<Vec<Submitter>, ServiceError> {
        let quiet = free.iter().filter(|submitter| !submitter.has_news);
        let quiet = quiet.map(|submitter| submitter.subscription.tenant.clone());
        let due = self.hub.notices_due(quiet.collect()).await?;
        let mut waiting = free;
        waiting.retain(|submitter| submitter.has_news || due.contains(&submitter.subscription));
        Ok(waiting)
    }

    async fn spread(&self, news: Vec<News>) -> Result<usize, ServiceError> {
        self.hub.spread_notices(news).await
    }
}

impl Submitters {
    fn one(&self, way: ActiveWay, has_news: bool) -> Option<Submitter> {
        let transport = match (way.subscription.way, way.url) {
            (Way::Webhook, Some(url)) => Transport::Webhook(url),
            (Way::Webhook, None) => {
                tracing::warn!(tenant = way.subscription.tenant, "a webhook has no address");
                return None;
            }
            (Way::Queue, _) => Transport::Queue,
        };
        Some(Submitter {
            hub: Arc::clone(&self.hub),
            broker: self.broker.clone(),
            subscription: way.subscription,
            set_at: way.set_at,
            has_news,
            transport,
        })
    }
}

/// How notices go.
enum Transport {
    Webhook(EndpointUrl),
    Queue,
}

/// One way of a submitter, as it was set up when it was looked up.
pub(super) struct Submitter {
    hub: Arc<Hub>,
    broker: Broker,
    subscription: Subscription,
    set_at: Timestamp,
    /// Whether something new is for it.
    has_news: bool,
    transport: Transport,
}

/// A leased notice with the event it tells.
type Ready = (LeasedNotice, CloudEvent<NoticeData>);

impl Submitter {
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

    async fn call(
        &self,
        url: &EndpointUrl,
        ready: Vec<Ready>,
    ) -> Result<Vec<Sending<LeasedNotice>>, ServiceError> {
        let endpoint = Arc::new(Endpoint {
            url: url.clone(),
            secrets: self.hub.webhook_secrets(&self.subscription.tenant).await?,
            manner: &MANNER,
        });
        let sending = |(notice, event): Ready| {
            let (hub, endpoint) = (Arc::clone(&self.hub), Arc::clone(&endpoint));
            Sending::one(
                notice,
                async move { endpoint::call(&hub, &endpoint, &event).await },
            )
        };
        Ok(ready.into_iter().map(sending).collect())
    }
}

impl Recipient for Submitter {
    type Key = Subscription;
    type Message = LeasedNotice;
    type Fate = Fate;

    fn key(&self) -> Subscription {
        self.subscription.clone()
    }

    fn set_up(&self) -> SetUp {
        SetUp {
            at: self.set_at,
            url: match &self.transport {
                Transport::Webhook(url) => Some(url.clone()),
                Transport::Queue => None,
            },
        }
    }

    fn spared_until(&self) -> Option<Timestamp> {
        None
    }

    /// One that is set up anew is found out by the lease.
    fn breadth(&self) -> usize {
        match self.transport {
            Transport::Webhook(_) => CALLS,
            Transport::Queue => PUBLISHED,
        }
    }

    fn named(message: &LeasedNotice) -> (&str, i32) {
        (&message.event, message.attempt)
    }

    fn gone() -> Option<Fate> {
        Some(Fate::Gone)
    }

    async fn lease(&self, wanted: Wanted) -> Result<Vec<LeasedNotice>, ServiceError> {
        let command = LeaseNotices {
            subscription: self.subscription.clone(),
            set_at: Some(self.set_at),
            max: wanted.max,
            lease: LEASE,
            least_tried_first: wanted.least_tried_first,
        };
        Ok(self.hub.store().ledger.ask(command).await?)
    }

    async fn send(&self, leased: Vec<LeasedNotice>) -> Result<Vec<Sending<LeasedNotice>>, ServiceError> {
        let tenant = &self.subscription.tenant;
        let mut told = self.hub.notice_events(tenant, &leased).await?;
        let (mut ready, mut sendings) = (Vec::with_capacity(leased.len()), Vec::new());
        for notice in leased {
            match told.remove(&notice.seq) {
                Some(event) => ready.push((notice, event)),
                None => sendings.push(Sending::unreadable(notice)),
            }
        }
        match &self.transport {
            _ if ready.is_empty() => {}
            Transport::Webhook(url) => sendings.extend(self.call(url, ready).await?),
            Transport::Queue => sendings.push(self.publish(ready)),
        }
        Ok(sendings)
    }

    async fn settle(&self, record: &Record<Self>) -> Result<(), ServiceError> {
        let settlement = |(notice, fate): &(LeasedNotice, Fate)| NoticeSettlement {
            subscription: self.subscription.clone(),
            notice: notice.clone(),
            fate: fate.clone(),
        };
        let settle = || SettleNotices {
            settlements: record.settlements.iter().map(settlement).collect(),
            set_at: Some(self.set_at),
        };
        write_down(&self.hub, settle).await?;
        match record.standing {
            Some(EndpointStanding::Answers) => {
                write_down(&self.hub, || ReceiverAnswers(self.subscription.clone())).await
            }
            Some(EndpointStanding::Spared { .. }) | None => Ok(()),
        }
    }
}
