//! What the carriers of notices ask for: what is due, the events, the secrets, the queues.

use std::collections::HashMap;
use std::sync::Arc;

use super::{NOTICES, QUEUES};
use crate::domain::endpoint::EndpointUrl;
use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;
use crate::domain::view::{CloudEvent, NoticeData, TestData};
use crate::identity::webhook::WebhookSecret;
use crate::service::intake::internal;
use crate::service::{Hub, ServiceError};
use crate::store::conn::Conn;
use crate::store::ledger::{LeasedNotice, News, SpreadNews, Subscription, TEST};
use crate::store::read::{self, TenantQueue};
use crate::store::rows::SubscriptionRow;

/// The CloudEvents type of a test event.
pub const TEST_TYPE: &str = "vn.lienthong.subscription.test";

/// A way that is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveWay {
    /// Which.
    pub subscription: Subscription,
    /// Where a webhook goes.
    pub url: Option<EndpointUrl>,
    /// When it was set up as it is.
    pub set_at: Timestamp,
}

/// What there is to be done for subscribers.
pub struct NoticeWork {
    /// What is new.
    pub news: Vec<News>,
    /// The active ways.
    pub ways: Vec<ActiveWay>,
}

impl Hub {
    /// The bell the carriers wait on.
    pub fn notices_bell(&self) -> Arc<tokio::sync::Notify> {
        self.pulse.bell(NOTICES)
    }

    /// The bell of who makes and removes the queues of submitters.
    pub fn queues_bell(&self) -> Arc<tokio::sync::Notify> {
        self.pulse.bell(QUEUES)
    }

    /// What is new for subscribers, and their active ways.
    ///
    /// # Errors
    /// What the database says.
    pub async fn notice_work(&self) -> Result<NoticeWork, ServiceError> {
        let read::Work { news, ways } = self.store.readers.run(read::work).await?;
        let active = |row: SubscriptionRow| {
            Ok(ActiveWay {
                subscription: Subscription {
                    way: read::way(&row.way)?,
                    tenant: row.tenant,
                },
                set_at: row.since.0,
                url: row.url.map(|url| url.parse()).transpose().map_err(internal)?,
            })
        };
        let ways: Result<Vec<ActiveWay>, ServiceError> = ways.into_iter().map(active).collect();
        Ok(NoticeWork { news, ways: ways? })
    }

    /// Those of these tenants' ways that have a notice to send now.
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

    /// Takes what is new in the feeds into notices; how many there were.
    ///
    /// # Errors
    /// What the database says.
    pub async fn spread_notices(&self, news: Vec<News>) -> Result<usize, ServiceError> {
        if news.is_empty() {
            return Ok(0);
        }
        Ok(self.store.ledger.ask(SpreadNews(news)).await?)
    }

    /// The events of leased notices by their numbers, as the feed says them. One that cannot be read is left out, and said in
    /// the log.
    pub async fn notice_events(
        &self,
        tenant: &str,
        leased: &[LeasedNotice],
    ) -> Result<HashMap<i64, CloudEvent<NoticeData>>, ServiceError> {
        let seqs: Vec<i64> = leased.iter().map(|l| l.seq).filter(|seq| *seq != TEST).collect();
        let reader: TenantKey = tenant.parse().map_err(internal)?;
        let mut told = match self.feed_items(&reader, seqs.clone()).await {
            Err(ServiceError::Internal(_)) => self.feed_items_one_by_one(&reader, seqs).await?,
            told => told?,
        };
        if let Some(test) = leased.iter().find(|l| l.seq == TEST) {
            told.insert(TEST, self.test_event(tenant, test)?);
        }
        Ok(told)
    }

    async fn feed_items(
        &self,
        reader: &TenantKey,
        seqs: Vec<i64>,
    ) -> Result<HashMap<i64, CloudEvent<NoticeData>>, ServiceError> {
        let cipher = Arc::clone(&self.store.cipher);
        let items = self
            .store
            .readers
            .run(move |conn| read::told(conn, &cipher, &seqs))
            .await?;
        let teller = self.teller(reader);
        let event = |item| {
            let event = self.feed_event(item, teller)?;
            Ok::<_, ServiceError>(event.map(|data| NoticeData::Event(Box::new(data))))
        };
        items
            .into_iter()
            .map(|(seq, item)| Ok((seq, event(item)?)))
            .collect()
    }

    /// What cannot be read must not hold up what can.
    async fn feed_items_one_by_one(
        &self,
        reader: &TenantKey,
        seqs: Vec<i64>,
    ) -> Result<HashMap<i64, CloudEvent<NoticeData>>, ServiceError> {
        let mut told = HashMap::new();
        for seq in seqs {
            match self.feed_items(reader, vec![seq]).await {
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
            source: self.issuer_url(),
            kind: TEST_TYPE.to_owned(),
            subject: tenant.to_string(),
            time: self.clock.now(),
            datacontenttype: "application/json".to_owned(),
            traceparent: None,
            data: NoticeData::Test(TestData { tenant }),
        })
    }

    /// The secrets a webhook's messages are signed with now, newest first.
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
    pub async fn tenant_queues(&self) -> Result<Vec<TenantQueue>, ServiceError> {
        Ok(self.store.readers.run(read::queues).await?)
    }
}
