//! Messages that the broker has lost.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::codes::Key;
use crate::domain::failure::Failure;
use crate::domain::ids::DeliveryId;
use crate::domain::rejection::problems;
use crate::domain::tenant::Actor;
use crate::domain::text::limits;
use crate::domain::time::Timestamp;
use crate::domain::view::{ResendAnswer, ResendRequest, ResentView};
use crate::identity::{Access, Permission};
use crate::service::ServiceError;
use crate::service::broker_port::{BrokerPort, InQueue};
use crate::service::deliveries::Deliveries;
use crate::service::fault::internal;
use crate::service::texts::required;
use crate::store::ledger::{Died, Resend, Resent};
use crate::store::read;

/// When a message that is not in its queue counts as lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostAfter {
    /// This long after the broker confirmed it; twice as long each time it was sent again.
    pub patience: Duration,
    /// Since when nobody has read the queue, and how long after its confirm a message is missed then.
    pub unread: Option<(Timestamp, Duration)>,
}

impl Deliveries {
    /// The broker this hub has. Said once, when what moves is started.
    pub fn set_broker(&self, broker: Arc<dyn BrokerPort>) {
        self.broker.store(Some(Arc::new(broker)));
    }

    /// What lies in the queue of an agency.
    ///
    /// # Errors
    /// `broker-unavailable`.
    pub async fn in_queue(&self, agency: &Key) -> Result<InQueue, ServiceError> {
        let broker = self.broker.load_full().ok_or(problems::BrokerUnavailable)?;
        broker.level(agency).await.map_err(|why| {
            tracing::debug!(why, %agency, "a queue cannot be looked at");
            problems::BrokerUnavailable.into()
        })
    }

    /// Agencies to which messages were confirmed until a moment that nobody has taken out of their queues, as far as is known.
    ///
    /// # Errors
    /// What the database says.
    pub async fn queued_agencies(&self, confirmed_by: Timestamp) -> Result<Vec<Key>, ServiceError> {
        let keys = self
            .store
            .readers
            .run(move |conn| read::queued_agencies(conn, confirmed_by))
            .await?;
        keys.iter().map(|key| key.parse().map_err(internal)).collect()
    }

    /// Sends again what an agency's queue has lost; `seen` is what lay in it at `seen_at`.
    ///
    /// # Errors
    /// What the database says. What was sent before stays sent.
    pub async fn send_lost(
        &self,
        agency: &Key,
        (seen, seen_at): (InQueue, Timestamp),
        lost: LostAfter,
        by: Option<(Actor, String)>,
    ) -> Result<Resent, ServiceError> {
        let mut whole: Option<Resent> = None;
        loop {
            let asked = Resend {
                agency: agency.to_string(),
                in_queue: i64::try_from(seen.messages).unwrap_or(i64::MAX),
                seen_at,
                patience: lost.patience,
                unread: lost.unread,
                by: by.clone(),
            };
            let now = self.store.ledger.ask(asked).await?;
            let so_far = whole.get_or_insert(Resent { resent: 0, ..now });
            so_far.resent += now.resent;
            if now.resent > 0 {
                self.notifier.ring_outbox();
            }
            if !now.more {
                return Ok(*so_far);
            }
        }
    }

    /// An operator says that the broker has lost messages: of one agency or of all, what is confirmed, not settled and not in its
    /// queue is sent again now, oldest first.
    ///
    /// # Errors
    /// `permission-missing`; `broker-unavailable`, before anything is sent.
    pub async fn resend(
        &self,
        access: &Access,
        request: ResendRequest,
    ) -> Result<ResendAnswer, ServiceError> {
        access.permit(Permission::DeliveryManage)?;
        let reason = required("/reason", request.reason, limits::CARRIAGE)?;
        let seen_at = self.clock.now();
        let agencies = match request.agency {
            Some(agency) => {
                self.directory
                    .current()
                    .agency(&agency)
                    .ok_or(problems::NotFound)?;
                vec![agency]
            }
            None => self.queued_agencies(seen_at).await?,
        };
        let mut levels = Vec::with_capacity(agencies.len());
        for agency in agencies {
            let level = self.in_queue(&agency).await?;
            levels.push((agency, level));
        }
        let lost = LostAfter {
            patience: Duration::ZERO,
            unread: None,
        };
        let mut answer = ResendAnswer { agencies: Vec::new() };
        for (agency, level) in levels {
            let by = Some((access.actor(), reason.clone()));
            let resent = self.send_lost(&agency, (level, seen_at), lost, by).await?;
            answer.agencies.push(ResentView {
                agency: self.directory.agency_view(&agency),
                unsettled: resent.unsettled,
                in_queue: i64::try_from(level.messages).unwrap_or(i64::MAX),
                resent: i64::try_from(resent.resent).unwrap_or(i64::MAX),
            });
        }
        Ok(answer)
    }

    /// A message left its agency's queue for the dead letters; whether it is parked for that now.
    ///
    /// # Errors
    /// What the database says.
    pub async fn died(
        &self,
        agency: &str,
        delivery: DeliveryId,
        failure: Failure,
        reason: &str,
    ) -> Result<bool, ServiceError> {
        let died = Died {
            agency: agency.to_owned(),
            delivery: delivery.to_string(),
            failure,
            reason: reason.to_owned(),
        };
        Ok(self.store.ledger.ask(died).await?)
    }
}
