//! What operators see of deliveries, and do about them: every intervention is kept with the attempts, with who and why.

use super::acts::required;
use super::dossiers::LARGEST_PAGE;
use super::intake::{internal, parse_id};
use super::messages::OUTBOX;
use super::{Hub, ServiceError};
use crate::domain::codes::Key;
use crate::domain::failure::Failure;
use crate::domain::ids::DeliveryId;
use crate::domain::rejection::Label;
use crate::domain::routing::AgencyChannel;
use crate::domain::text::limits;
use crate::domain::view::{
    AttemptView, DeliveryItem, DeliveryPage, DeliveryState, DeliveryView, FailureView, ParkRequest,
    RetryRequest,
};
use crate::identity::{Access, Permission};
use crate::store::ledger::{Intervene, Intervention};
use crate::store::read::{self, Carriage, DeliveryFilter};
use crate::store::word::Worded;

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

impl Hub {
    /// Deliveries that failed, parked or being tried again, oldest first.
    pub async fn deliveries(
        &self,
        access: &Access,
        query: DeliveryQuery,
    ) -> Result<DeliveryPage, ServiceError> {
        let scope = access.permit(Permission::DeliveryManage)?;
        let limit = i64::from(query.limit.clamp(1, LARGEST_PAGE));
        let filter = DeliveryFilter {
            state: query.state.unwrap_or(DeliveryState::Parked),
            agency: query.agency.map(|key| key.to_string()),
            failure: query.failure,
            after: query.after.map(|id| id.to_string()),
            limit: limit + 1,
        };
        let mut found = self
            .store
            .readers
            .run(move |conn| read::deliveries(conn, &scope, &filter))
            .await?;
        let is_last = found.len() as i64 <= limit;
        found.truncate(limit as usize);
        let deliveries: Vec<DeliveryItem> = found
            .into_iter()
            .map(|carriage| self.delivery_item(carriage))
            .collect::<Result<_, _>>()?;
        let next = match deliveries.last() {
            Some(item) if !is_last => Some(item.delivery.id),
            _ => None,
        };
        Ok(DeliveryPage { deliveries, next })
    }

    /// Has a delivery tried again, from its first attempt, on the way it always goes.
    pub async fn retry_delivery(
        &self,
        access: &Access,
        id: DeliveryId,
        request: RetryRequest,
    ) -> Result<DeliveryItem, ServiceError> {
        let deed = Intervene::Retry { again: request.again };
        self.intervene(access, id, deed, request.reason).await
    }

    /// Has a delivery tried no more, until somebody has it tried again.
    pub async fn park_delivery(
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
        deed: Intervene,
        reason: String,
    ) -> Result<DeliveryItem, ServiceError> {
        access.permit(Permission::DeliveryManage)?;
        let reason = required("/reason", reason, limits::CARRIAGE)?;
        let agency = self.one_delivery(access, id).await?.delivery.agency;
        let intervention = Intervention {
            delivery: id.to_string(),
            own_queue: self.channel(&agency) == AgencyChannel::Amqp,
            deed,
            reason,
            actor: access.actor(),
        };
        self.store.ledger.ask(intervention).await??;
        self.pulse.ring(OUTBOX);
        self.ring_inbox(&agency);
        let now = self.one_delivery(access, id).await?;
        self.delivery_item(now)
    }

    async fn one_delivery(&self, access: &Access, id: DeliveryId) -> Result<Carriage, ServiceError> {
        let scope = access.permit(Permission::DeliveryManage)?;
        let found = self
            .store
            .readers
            .run(move |conn| read::delivery(conn, &scope, &id.to_string()))
            .await?;
        found.ok_or_else(|| Label::NotFound.into())
    }

    fn delivery_item(&self, carriage: Carriage) -> Result<DeliveryItem, ServiceError> {
        Ok(DeliveryItem {
            tracking_id: parse_id(&carriage.delivery.dossier)?,
            delivery: self.delivery_view(carriage)?,
        })
    }

    pub(super) fn delivery_view(&self, carriage: Carriage) -> Result<DeliveryView, ServiceError> {
        let row = carriage.delivery;
        let state = row.state.0;
        let failure = row.failure.as_deref().and_then(Failure::parse);
        let spared = self
            .endpoint_of(&row.agency)
            .and_then(|endpoint| endpoint.row.next_probe);
        let next_try = match state {
            DeliveryState::Waiting | DeliveryState::Queued if failure.is_some() && row.ready => {
                Some(spared.map_or(row.not_before.0, |probe| probe.0.max(row.not_before.0)))
            }
            DeliveryState::Waiting if failure.is_some() => carriage.outbox_until,
            _ => None,
        };
        Ok(DeliveryView {
            id: row.id.parse().map_err(internal)?,
            agency: self.agency_view(&row.agency.parse().map_err(internal)?),
            event: row.event.parse().map_err(internal)?,
            kind: row.kind,
            state,
            since: row.since.0,
            failure: failure.map(FailureView::from),
            next_try,
            attempts: carriage
                .attempts
                .into_iter()
                .map(|a| AttemptView {
                    at: a.at.0,
                    number: a.number,
                    outcome: a.outcome.0.word().to_owned(),
                    failure: a.failure.as_deref().and_then(Failure::parse),
                    reason: a.reason,
                    actor: a.actor,
                })
                .collect(),
        })
    }
}
