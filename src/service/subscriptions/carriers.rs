//! What the carriers of notices ask for: which ways are behind, what is due, the events, the secrets, the queues.

use std::collections::HashMap;
use std::sync::Arc;

use crate::adapt::Adapter;
use crate::domain::endpoint::EndpointUrl;
use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;
use crate::domain::view::{CloudEvent, NoticeData, TestData};
use crate::identity::webhook::WebhookSecret;
use crate::service::ServiceError;
use crate::service::fault::internal;
use crate::service::subscriptions::Subscriptions;
use crate::store::StoreError;
use crate::store::conn::Conn;
use crate::store::ledger::{LeasedNotice, Subscription, TEST};
use crate::store::read::{self, FeedItem, Noticed, TenantQueue};

/// The CloudEvents type of a test event.
pub const TEST_TYPE: &str = "vn.lienthong.subscription.test";

/// A way that is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveSubscription {
    /// Which.
    pub subscription: Subscription,
    /// Where a webhook goes.
    pub url: Option<EndpointUrl>,
    /// When it was set up as it is.
    pub set_at: Timestamp,
    /// Whether its feed has something after its cursor.
    pub is_behind: bool,
}

/// An event of a feed that a way has not been told of.
#[derive(Clone, Debug)]
pub struct News {
    /// As a notice that is tried for the first time, without a row.
    pub notice: LeasedNotice,
    /// What of its dossier has a notice with a row.
    pub noticed: Noticed,
    /// What it says; none where it cannot be read, or is not told from the feed.
    pub event: Option<CloudEvent<NoticeData>>,
}

impl News {
    /// An event by its number, its dossier and its id.
    fn of(
        (seq, dossier, event): (i64, String, String),
        noticed: Noticed,
        says: Option<CloudEvent<NoticeData>>,
    ) -> Self {
        News {
            notice: LeasedNotice {
                seq,
                dossier,
                event,
                attempt: 1,
                has_row: false,
            },
            noticed,
            event: says,
        }
    }
}

impl Subscriptions {
    /// By what name this hub, from its start to its end, holds what is its own to do.
    pub fn holder(&self) -> &str {
        &self.holder
    }

    /// The active ways that no other hub holds.
    ///
    /// # Errors
    /// What the database says.
    pub async fn ways_to_tell(&self) -> Result<Vec<ActiveSubscription>, ServiceError> {
        let ways = self.store.readers.run(read::active_ways).await?;
        let now = self.clock.now();
        let is_mine = |active: &read::SubscriptionLag| {
            let hold = active.way.hold.as_ref().filter(|hold| hold.until >= now);
            hold.is_none_or(|hold| hold.by == self.holder)
        };
        let active = |read::SubscriptionLag { way, is_behind }| {
            Ok(ActiveSubscription {
                subscription: way.subscription,
                set_at: way.since,
                url: way.url.map(|url| url.parse()).transpose().map_err(internal)?,
                is_behind,
            })
        };
        ways.into_iter().filter(is_mine).map(active).collect()
    }

    /// The next events of a way after a place in its feed, as the feed says them.
    ///
    /// # Errors
    /// What the database says. An event that cannot be read is no error: it says nothing, and the log says why.
    pub async fn untold(
        &self,
        which: &Subscription,
        place: i64,
        limit: i64,
        has_notices: bool,
    ) -> Result<Vec<News>, ServiceError> {
        let reader: TenantKey = which.tenant.parse().map_err(internal)?;
        let (cipher, fresh) = (Arc::clone(&self.store.cipher), Arc::clone(&self.store.fresh));
        if !has_notices && !read::has_agents(reader.as_str()) {
            let most = usize::try_from(limit).unwrap_or_default();
            let next = fresh.after(reader.as_str(), place, most).unwrap_or_default();
            // What cannot be told is looked at one by one.
            if let Ok(news) = self.as_news(&reader, next)
                && !news.is_empty()
            {
                return Ok(news);
            }
        }
        let asked = which.clone();
        let read = move |conn: &mut Conn| {
            let untold = read::untold(conn, &asked, place, limit, has_notices)?;
            let is_new = |one: &&read::Untold| one.noticed == Noticed::Nothing;
            let new: Vec<i64> = untold.iter().filter(is_new).map(|one| one.seq).collect();
            Ok(match read::says(conn, &cipher, &untold, fresh.items(&new)) {
                Err(StoreError::Corrupt(_)) => (untold, new, None),
                says => (untold, new, Some(says?)),
            })
        };
        let (untold, new, items) = self.store.readers.run(read).await?;
        let mut told = match items.map(|items| self.as_told(&reader, items)) {
            Some(Err(ServiceError::Internal(_))) | None => self.told_one_by_one(&reader, new).await?,
            Some(told) => told?,
        };
        let nameless = untold
            .iter()
            .map(|one| one.seq)
            .filter(|seq| !told.contains_key(seq));
        let mut ids = self.event_ids(nameless.collect()).await?;
        let news = untold.into_iter().map(|one| {
            let event = told.remove(&one.seq);
            let id = match &event {
                Some(event) => event.id.clone(),
                None => ids
                    .remove(&one.seq)
                    .ok_or_else(|| internal("an event without an id"))?,
            };
            Ok(News::of((one.seq, one.dossier, id), one.noticed, event))
        });
        news.collect()
    }

    /// What is at hand of a feed, of which nothing has a notice.
    fn as_news(&self, reader: &TenantKey, items: Vec<FeedItem>) -> Result<Vec<News>, ServiceError> {
        let teller = self.feed.teller(reader);
        let news = items.into_iter().map(|item| {
            let (seq, dossier) = (item.seq, item.event.dossier.to_string());
            let event = self.as_notice(item, teller.as_deref())?;
            let named = (seq, dossier, event.id.clone());
            Ok(News::of(named, Noticed::Nothing, Some(event)))
        });
        news.collect()
    }

    fn as_notice(
        &self,
        item: FeedItem,
        teller: Option<&Adapter>,
    ) -> Result<CloudEvent<NoticeData>, ServiceError> {
        let event = self.feed.feed_event(item, teller)?;
        Ok(event.map(|data| NoticeData::Event(Box::new(data))))
    }

    async fn event_ids(&self, seqs: Vec<i64>) -> Result<HashMap<i64, String>, ServiceError> {
        if seqs.is_empty() {
            return Ok(HashMap::new());
        }
        let ids = move |conn: &mut Conn| read::event_ids(conn, &seqs);
        Ok(self.store.readers.run(ids).await?)
    }

    /// Those of these tenants' ways that have a notice with a row to send now.
    ///
    /// # Errors
    /// What the database says.
    pub async fn notices_due(&self, tenants: Vec<String>) -> Result<Vec<Subscription>, ServiceError> {
        if tenants.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.clock.now();
        let due = move |conn: &mut Conn| read::notices_due(conn, &tenants, now);
        Ok(self.store.readers.run(due).await?)
    }

    /// The events of leased notices by their numbers, as the feed says them. One that cannot be read is left out, and said in
    /// the log.
    ///
    /// # Errors
    /// What the database says.
    pub async fn notice_events(
        &self,
        tenant: &str,
        leased: &[LeasedNotice],
    ) -> Result<HashMap<i64, CloudEvent<NoticeData>>, ServiceError> {
        let seqs: Vec<i64> = leased.iter().map(|l| l.seq).filter(|seq| *seq != TEST).collect();
        let reader: TenantKey = tenant.parse().map_err(internal)?;
        let mut told = match self.told(&reader, seqs.clone()).await {
            Err(ServiceError::Internal(_)) => self.told_one_by_one(&reader, seqs).await?,
            told => told?,
        };
        if let Some(test) = leased.iter().find(|l| l.seq == TEST) {
            told.insert(TEST, self.test_event(tenant, test)?);
        }
        Ok(told)
    }

    async fn told(
        &self,
        reader: &TenantKey,
        seqs: Vec<i64>,
    ) -> Result<HashMap<i64, CloudEvent<NoticeData>>, ServiceError> {
        let cipher = Arc::clone(&self.store.cipher);
        let told = move |conn: &mut Conn| read::told(conn, &cipher, &seqs);
        self.as_told(reader, self.store.readers.run(told).await?)
    }

    fn as_told(
        &self,
        reader: &TenantKey,
        items: HashMap<i64, FeedItem>,
    ) -> Result<HashMap<i64, CloudEvent<NoticeData>>, ServiceError> {
        let teller = self.feed.teller(reader);
        items
            .into_iter()
            .map(|(seq, item)| Ok((seq, self.as_notice(item, teller.as_deref())?)))
            .collect()
    }

    /// What cannot be read must not hold up what can.
    async fn told_one_by_one(
        &self,
        reader: &TenantKey,
        seqs: Vec<i64>,
    ) -> Result<HashMap<i64, CloudEvent<NoticeData>>, ServiceError> {
        let mut told = HashMap::new();
        for seq in seqs {
            match self.told(reader, vec![seq]).await {
                Err(ServiceError::Internal(error)) => {
                    tracing::error!(error, seq, "an event cannot be read");
                }
                one => told.extend(one?),
            }
        }
        Ok(told)
    }

    fn test_event(&self, tenant: &str, test: &LeasedNotice) -> Result<CloudEvent<NoticeData>, ServiceError> {
        let tenant: TenantKey = tenant.parse().map_err(internal)?;
        Ok(CloudEvent {
            specversion: "1.0".to_owned(),
            id: test.event.clone(),
            source: self.credentials.issuer_url(),
            kind: TEST_TYPE.to_owned(),
            subject: tenant.to_string(),
            time: self.clock.now(),
            datacontenttype: "application/json".to_owned(),
            traceparent: None,
            data: NoticeData::Test(TestData { tenant }),
        })
    }

    /// The secrets a webhook's messages are signed with now, newest first.
    ///
    /// # Errors
    /// What the database says; a secret that does not open.
    pub async fn webhook_secrets(&self, tenant: &str) -> Result<Vec<WebhookSecret>, ServiceError> {
        let (cipher, tenant, now) = (
            Arc::clone(&self.store.cipher),
            tenant.to_owned(),
            self.clock.now(),
        );
        let opened = self
            .store
            .readers
            .run(move |conn| read::secrets(conn, &cipher, &tenant, now))
            .await?;
        opened
            .iter()
            .map(|bytes| WebhookSecret::from_bytes(bytes).ok_or_else(|| internal("a webhook's secret")))
            .collect()
    }

    /// The queues of submitters.
    ///
    /// # Errors
    /// What the database says.
    pub async fn tenant_queues(&self) -> Result<Vec<TenantQueue>, ServiceError> {
        Ok(self.store.readers.run(read::queues).await?)
    }
}
