//! What operators see of deliveries, and do about them: every intervention is kept with the attempts, with who and why.

mod lost;

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use super::ServiceError;
use super::texts::required;
use crate::clock::Clock;
use crate::domain::codes::Key;
use crate::domain::contract::LARGEST_PAGE;
use crate::domain::failure::Failure;
use crate::domain::ids::DeliveryId;
use crate::domain::rejection::problems;
use crate::domain::routing::AgencyChannel;
use crate::domain::text::limits;
use crate::domain::view::{DeliveryItem, DeliveryPage, DeliveryState, ParkRequest, RetryRequest};
use crate::identity::{Access, Permission};
use crate::service::broker_port::BrokerPort;
use crate::service::directory::DirectoryInUse;
use crate::service::endpoints::Endpoints;
use crate::service::notifier::Notifier;
use crate::service::parts::Base;
use crate::store::Store;
use crate::store::ledger::{Intervene, Intervention};
use crate::store::read::{self, Carriage, DeliveryFilter};

pub use lost::LostAfter;

/// Which deliveries to list.
#[derive(Clone, Debug, Default)]
pub struct DeliveryQuery {
    /// In this state; parked when nothing is said.
    pub state: Option<DeliveryState>,
    /// To this agency.
    pub agency: Option<Key>,
    /// Of this failure.
    pub failure: Option<Failure>,
    /// `next` of the page before.
    pub after: Option<DeliveryId>,
    /// How many at most.
    pub limit: u32,
}

/// What operators and carriers do about messages on their way to agencies.
pub struct Deliveries {
    store: Arc<Store>,
    clock: Clock,
    directory: Arc<DirectoryInUse>,
    notifier: Arc<Notifier>,
    endpoints: Arc<Endpoints>,
    broker: ArcSwapOption<Arc<dyn BrokerPort>>,
}

impl Deliveries {
    pub(super) fn new(base: &Base, endpoints: &Arc<Endpoints>) -> Self {
        Deliveries {
            store: Arc::clone(&base.store),
            clock: base.clock.clone(),
            directory: Arc::clone(&base.directory),
            notifier: Arc::clone(&base.notifier),
            endpoints: Arc::clone(endpoints),
            broker: ArcSwapOption::empty(),
        }
    }

    /// Deliveries that failed, parked or being tried again, oldest first.
    ///
    /// # Errors
    /// `permission-missing`.
    pub async fn list(&self, access: &Access, query: DeliveryQuery) -> Result<DeliveryPage, ServiceError> {
        let scope = access.permit(Permission::DeliveryManage)?;
        let limit = query.limit.clamp(1, LARGEST_PAGE);
        let filter = DeliveryFilter {
            state: query.state.unwrap_or(DeliveryState::Parked),
            agency: query.agency.map(|key| key.to_string()),
            failure: query.failure,
            after: query.after.map(|id| id.to_string()),
            limit: i64::from(limit) + 1,
        };
        let mut found = self
            .store
            .readers
            .run(move |conn| read::deliveries(conn, &scope, &filter))
            .await?;
        let is_last = found.len() <= limit as usize;
        found.truncate(limit as usize);
        let deliveries: Vec<DeliveryItem> = found
            .into_iter()
            .map(|carriage| self.delivery_item(carriage))
            .collect();
        let next = match deliveries.last() {
            Some(item) if !is_last => Some(item.delivery.id),
            _ => None,
        };
        Ok(DeliveryPage { deliveries, next })
    }

    /// Has a delivery tried again, from its first attempt, on the way it always goes.
    ///
    /// # Errors
    /// `permission-missing`; `text-empty`, `text-length`, `control-character` of the reason; `not-found`;
    /// `delivery-withdrawn`, `delivery-handed`, `delivery-under-way`.
    pub async fn retry(
        &self,
        access: &Access,
        id: DeliveryId,
        request: RetryRequest,
    ) -> Result<DeliveryItem, ServiceError> {
        let action = Intervene::Retry { again: request.again };
        self.intervene(access, id, action, request.reason).await
    }

    /// Has a delivery tried no more, until somebody has it tried again.
    ///
    /// # Errors
    /// As [`Deliveries::retry`], but for `delivery-withdrawn`.
    pub async fn park(
        &self,
        access: &Access,
        id: DeliveryId,
        request: ParkRequest,
    ) -> Result<DeliveryItem, ServiceError> {
        self.intervene(access, id, Intervene::Park, request.reason).await
    }

    async fn intervene(
        &self,
        access: &Access,
        id: DeliveryId,
        action: Intervene,
        reason: String,
    ) -> Result<DeliveryItem, ServiceError> {
        access.permit(Permission::DeliveryManage)?;
        let reason = required("/reason", reason, limits::CARRIAGE)?;
        let agency = self.one_delivery(access, id).await?.delivery.agency.to_string();
        let intervention = Intervention {
            delivery: id.to_string(),
            own_queue: self.directory.channel(&agency) == AgencyChannel::Amqp,
            action,
            reason,
            actor: access.actor(),
        };
        self.store.ledger.ask(intervention).await??;
        self.notifier.ring_outbox();
        self.endpoints.ring_inbox(&agency);
        let now = self.one_delivery(access, id).await?;
        Ok(self.delivery_item(now))
    }

    async fn one_delivery(&self, access: &Access, id: DeliveryId) -> Result<Carriage, ServiceError> {
        let scope = access.permit(Permission::DeliveryManage)?;
        let found = self
            .store
            .readers
            .run(move |conn| read::delivery(conn, &scope, &id.to_string()))
            .await?;
        found.ok_or_else(|| problems::NotFound.into())
    }

    fn delivery_item(&self, carriage: Carriage) -> DeliveryItem {
        DeliveryItem {
            tracking_id: carriage.delivery.dossier,
            delivery: self.endpoints.delivery_view(carriage),
        }
    }
}
