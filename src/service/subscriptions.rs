//! How a submitter is told beside its feed: its webhook, its queue; and what their carriers need.

mod carriers;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::ServiceError;
use super::fault::internal;
use super::texts::required;
use crate::clock::Clock;
use crate::domain::contract::LARGEST_PAGE;
use crate::domain::endpoint::EndpointUrl;
use crate::domain::failure::Failure;
use crate::domain::ids::{EventId, SecretId};
use crate::domain::rejection::{Language, Problem, problems};
use crate::domain::tenant::{Actor, TenantKey};
use crate::domain::text::limits;
use crate::domain::view::{
    AttemptCursor, Cursor, NoticeAttemptPage, NoticeAttemptView, NoticeRetryAnswer, NoticeRetryRequest,
    SecretAnswer, SecretView, SubscriberView, SubscribersView, SubscriptionAnswer, SubscriptionRequest,
    SubscriptionView, TestAnswer, Transport, TransportView,
};
use crate::identity::webhook::WebhookSecret;
use crate::identity::{Access, Permission, Scope};
use crate::service::credentials::Credentials;
use crate::service::directory::DirectoryInUse;
use crate::service::draws::Draws;
use crate::service::feed::Feed;
use crate::service::notifier::Notifier;
use crate::service::parts::Base;
use crate::store::kept::{KeptSecret, NewSecret, SealedSecret};
use crate::store::ledger::{
    Command, EndSubscription, RetryNotices, RotateSecret, Subscribe, Subscribed, Subscription,
    TestSubscription,
};
use crate::store::read::{self, KeptNoticeAttempt, SubscriptionCounts};
use crate::store::{Store, StoreError};

pub use carriers::{ActiveSubscription, News, TEST_TYPE};

/// How long the secret before the newest signs too, of a webhook and of an agency's endpoint.
pub const SECRET_OVERLAP: Duration = Duration::from_secs(24 * 3600);

/// The webhooks and queues of submitters.
pub struct Subscriptions {
    store: Arc<Store>,
    clock: Clock,
    draws: Arc<Draws>,
    credentials: Arc<Credentials>,
    directory: Arc<DirectoryInUse>,
    notifier: Arc<Notifier>,
    feed: Arc<Feed>,
    /// What this hub is known by to the others of its database, from its start to its end.
    holder: String,
}

impl Subscriptions {
    pub(super) fn new(base: &Base, feed: &Arc<Feed>, holder: String) -> Self {
        Subscriptions {
            store: Arc::clone(&base.store),
            clock: base.clock.clone(),
            draws: Arc::clone(&base.draws),
            credentials: Arc::clone(&base.credentials),
            directory: Arc::clone(&base.directory),
            notifier: Arc::clone(&base.notifier),
            feed: Arc::clone(feed),
            holder,
        }
    }

    /// How the caller is told.
    ///
    /// # Errors
    /// `permission-missing`.
    pub async fn show(&self, access: &Access) -> Result<SubscriptionView, ServiceError> {
        let scope = access.permit(Permission::SubscriptionManage)?;
        let mut all = self.ways(scope).await?;
        Ok(all.remove(access.key().as_str()).unwrap_or_default())
    }

    /// Sets a way up, or changes it.
    ///
    /// # Errors
    /// `permission-missing`; `webhook-url-refused`, `field-missing`, `field-unknown` of the address; `queue-unavailable`;
    /// `cursor-unknown`; `subscription-ending` while the queue before is drained.
    pub async fn subscribe(
        &self,
        access: &Access,
        request: SubscriptionRequest,
    ) -> Result<SubscriptionAnswer, ServiceError> {
        access.permit(Permission::SubscriptionManage)?;
        let url = self.wanted_url(&request)?;
        let from = match request.from {
            Some(from) => Some(self.feed.place("from", from).await?),
            None => None,
        };
        let secret = match request.way {
            Transport::Webhook => Some(self.new_secret(access.key())?),
            Transport::Queue => None,
        };
        let (shown, sealed) = secret.unzip();
        let subscription = own(access, request.way);
        let command = Subscribe {
            subscription,
            url: url.map(String::from),
            from,
            secret: sealed,
        };
        let first = match self.store.ledger.ask(command).await? {
            Subscribed::Done { secret_taken } => secret_taken,
            Subscribed::Ending => {
                let queue = &queue_name(access.key());
                return Err(problems::SubscriptionEnding { queue }.into());
            }
        };
        tracing::info!(tenant = %access.key(), way = request.way.word(), "a subscription is set up");
        self.notifier.ring_queues();
        self.notifier.ring_notices();
        Ok(SubscriptionAnswer {
            subscription: self.show(access).await?,
            secret: shown.filter(|_| first).map(|secret| secret.reveal()),
        })
    }

    /// The address a webhook needs; a queue has none, and needs a broker that stands outside.
    fn wanted_url(&self, request: &SubscriptionRequest) -> Result<Option<EndpointUrl>, Problem> {
        match (request.way, &request.url) {
            (Transport::Webhook, Some(url)) => url.parse().map(Some).map_err(|_| {
                problems::WebhookUrlRefused {
                    field: &"url",
                    limit: &EndpointUrl::LONGEST,
                }
                .at("/url")
            }),
            (Transport::Webhook, None) => Err(problems::FieldMissing { field: &"url" }.at("/url")),
            (Transport::Queue, Some(_)) => Err(problems::FieldUnknown { field: &"url" }.at("/url")),
            (Transport::Queue, None) if self.directory.own_queues() => Ok(None),
            (Transport::Queue, None) => Err(problems::QueueUnavailable.at("/way")),
        }
    }

    fn new_secret(&self, tenant: &TenantKey) -> Result<(WebhookSecret, SealedSecret), ServiceError> {
        let now = self.clock.now();
        self.draws.with(|rng| {
            let secret = WebhookSecret::draw(rng);
            let new = NewSecret {
                tenant: tenant.clone(),
                id: SecretId::new(now, rng),
                since: now,
                secret: secret.clone(),
            };
            Ok((secret, new.sealed(&self.store.cipher, rng)?))
        })
    }

    /// Ends a way. What waits for it is dropped; the feed still has everything.
    ///
    /// # Errors
    /// `permission-missing`; `subscription-missing`.
    pub async fn unsubscribe(
        &self,
        access: &Access,
        way: Transport,
    ) -> Result<SubscriptionView, ServiceError> {
        access.permit(Permission::SubscriptionManage)?;
        self.change_way(EndSubscription(own(access, way)), way).await?;
        tracing::info!(tenant = %access.key(), way = way.word(), "a subscription is ended");
        self.notifier.ring_queues();
        self.show(access).await
    }

    /// A new secret for the caller's webhook; the one before it signs for [`SECRET_OVERLAP`] too.
    ///
    /// # Errors
    /// `permission-missing`; `subscription-missing`.
    pub async fn rotate_secret(&self, access: &Access) -> Result<SecretAnswer, ServiceError> {
        access.permit(Permission::SubscriptionManage)?;
        let (secret, sealed) = self.new_secret(access.key())?;
        let older_until = self.clock.now().plus(SECRET_OVERLAP);
        let command = RotateSecret {
            tenant: access.key().to_string(),
            secret: sealed,
            older_until,
        };
        self.change_way(command, Transport::Webhook).await?;
        tracing::info!(tenant = %access.key(), "a webhook has a new secret");
        Ok(SecretAnswer {
            secret: secret.reveal(),
            older_until,
        })
    }

    /// Sends a test event by a way.
    ///
    /// # Errors
    /// `permission-missing`; `subscription-missing`.
    pub async fn test(&self, access: &Access, way: Transport) -> Result<TestAnswer, ServiceError> {
        access.permit(Permission::SubscriptionManage)?;
        let now = self.clock.now();
        let event = self.draws.with(|rng| EventId::new(now, rng));
        let command = TestSubscription {
            subscription: own(access, way),
            event: event.to_string(),
        };
        self.change_way(command, way).await?;
        self.notifier.ring_notices();
        Ok(TestAnswer { event })
    }

    /// Sends again what was given up of the caller's own.
    ///
    /// # Errors
    /// `permission-missing`.
    pub async fn retry_own_notices(
        &self,
        access: &Access,
        way: Transport,
    ) -> Result<NoticeRetryAnswer, ServiceError> {
        access.permit(Permission::SubscriptionManage)?;
        self.retry_notices(own(access, way), None).await
    }

    /// Sends again what was given up of somebody's, for a reason.
    ///
    /// # Errors
    /// `permission-missing`; `text-empty`, `text-length`, `control-character` of the reason.
    pub async fn retry_notices_of(
        &self,
        access: &Access,
        request: NoticeRetryRequest,
    ) -> Result<NoticeRetryAnswer, ServiceError> {
        access.permit(Permission::DeliveryManage)?;
        let reason = required("/reason", request.reason, limits::CARRIAGE)?;
        let subscription = Subscription {
            tenant: request.tenant.to_string(),
            way: request.way,
        };
        self.retry_notices(subscription, Some((access.actor(), reason)))
            .await
    }

    async fn retry_notices(
        &self,
        subscription: Subscription,
        by: Option<(Actor, String)>,
    ) -> Result<NoticeRetryAnswer, ServiceError> {
        let command = RetryNotices { subscription, by };
        let count = self.store.ledger.ask(command).await?;
        self.notifier.ring_notices();
        let retried = count as u64;
        Ok(NoticeRetryAnswer { retried })
    }

    /// A change of a way that must be there.
    async fn change_way<R: Command<Answer = bool>>(
        &self,
        asked: R,
        way: Transport,
    ) -> Result<(), ServiceError> {
        match self.store.ledger.ask(asked).await? {
            true => Ok(()),
            false => Err(problems::SubscriptionMissing { way: &way.word() }.into()),
        }
    }

    /// Attempts to tell the caller, newest first.
    ///
    /// # Errors
    /// `permission-missing`.
    pub async fn own_notice_attempts(
        &self,
        access: &Access,
        way: Option<Transport>,
        before: Option<AttemptCursor>,
        limit: u32,
    ) -> Result<NoticeAttemptPage, ServiceError> {
        access.permit(Permission::SubscriptionManage)?;
        self.notice_attempts(access.key(), way, before, limit).await
    }

    /// Attempts to tell somebody, for the operator.
    ///
    /// # Errors
    /// `permission-missing`.
    pub async fn notice_attempts_of(
        &self,
        access: &Access,
        tenant: &TenantKey,
        before: Option<AttemptCursor>,
        limit: u32,
    ) -> Result<NoticeAttemptPage, ServiceError> {
        access.permit(Permission::HubRead)?;
        self.notice_attempts(tenant, None, before, limit).await
    }

    async fn notice_attempts(
        &self,
        tenant: &TenantKey,
        way: Option<Transport>,
        before: Option<AttemptCursor>,
        limit: u32,
    ) -> Result<NoticeAttemptPage, ServiceError> {
        let (tenant, limit) = (tenant.to_string(), limit.clamp(1, LARGEST_PAGE) as usize);
        let read = move |conn: &mut _| read::notice_attempts(conn, &tenant, way, before, limit as i64 + 1);
        let kept = self.store.readers.run(read).await?;
        let more = kept.len() > limit;
        let attempts: Vec<NoticeAttemptView> = kept.into_iter().take(limit).map(attempt_view).collect();
        let place = |a: &NoticeAttemptView| AttemptCursor {
            at: a.at,
            seq: a.seq,
            way: a.way,
        };
        let next = attempts.last().filter(|_| more).map(|a| place(a).to_string());
        Ok(NoticeAttemptPage { attempts, next })
    }

    /// Every subscriber, for the operator.
    ///
    /// # Errors
    /// `permission-missing`.
    pub async fn subscribers(&self, access: &Access) -> Result<SubscribersView, ServiceError> {
        let scope = access.permit(Permission::HubRead)?;
        let mut subscribers = Vec::new();
        for (tenant, subscription) in self.ways(scope).await? {
            subscribers.push(SubscriberView {
                tenant: tenant.parse().map_err(internal)?,
                subscription,
            });
        }
        subscribers.sort_by(|a, b| a.tenant.cmp(&b.tenant));
        Ok(SubscribersView { subscribers })
    }

    async fn ways(&self, scope: Scope) -> Result<HashMap<String, SubscriptionView>, ServiceError> {
        let now = self.clock.now();
        let rows = self
            .store
            .readers
            .run(move |conn| {
                let rows = read::ways(conn, &scope, now)?;
                rows.into_iter()
                    .map(|row| Ok((read::place_in_feed(conn, row.way.cursor)?, row)))
                    .collect::<Result<Vec<_>, StoreError>>()
            })
            .await?;
        let mut by_tenant: HashMap<String, SubscriptionView> = HashMap::new();
        for (cursor, row) in rows {
            let view = by_tenant.entry(row.way.tenant().to_owned()).or_default();
            match row.way.subscription.way {
                Transport::Webhook => view.webhook = Some(way_view(row, cursor)?),
                Transport::Queue => view.queue = Some(way_view(row, cursor)?),
            }
        }
        Ok(by_tenant)
    }
}

fn own(access: &Access, way: Transport) -> Subscription {
    Subscription {
        tenant: access.key().to_string(),
        way,
    }
}

/// The name of a submitter's queue; the broker's topology names it so.
fn queue_name(tenant: &TenantKey) -> String {
    format!("tenant.{tenant}")
}

fn way_view(told: SubscriptionCounts, cursor: Cursor) -> Result<TransportView, ServiceError> {
    let SubscriptionCounts { way, counts, secrets } = told;
    let secret = |kept: KeptSecret| SecretView {
        since: kept.since,
        until: kept.until,
    };
    let queue = match way.subscription.way {
        Transport::Queue => Some(queue_name(&way.tenant().parse().map_err(internal)?)),
        Transport::Webhook => None,
    };
    Ok(TransportView {
        state: way.state,
        since: way.since,
        reason: way.reason,
        url: way.url,
        queue,
        cursor,
        waiting: counts.waiting,
        parked: counts.parked,
        held: counts.held,
        oldest: counts.oldest,
        secrets: secrets.into_iter().map(secret).collect(),
    })
}

fn attempt_view(kept: KeptNoticeAttempt) -> NoticeAttemptView {
    let failure = kept.failure;
    NoticeAttemptView {
        way: kept.way,
        seq: kept.seq,
        event: kept.event,
        tracking_id: kept.dossier,
        at: kept.at,
        number: kept.number,
        outcome: kept.outcome,
        failure,
        owner: failure.map(Failure::owner),
        vi: failure.map(|f| f.advice(Language::Vietnamese).to_owned()),
        en: failure.map(|f| f.advice(Language::English).to_owned()),
        reason: kept.reason,
    }
}
