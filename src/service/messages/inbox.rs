//! The inbox of an agency that pulls: messages are leased, then settled.

use std::collections::HashMap;
use std::time::Duration;

use super::readable;
use crate::domain::rejection::problems;
use crate::domain::text::limits;
use crate::domain::view::{InboxMessage, InboxPage, SettleAnswer, SettleRequest};
use crate::identity::{Access, Permission};
use crate::service::fault::internal;
use crate::service::feed::LOOK_AGAIN;
use crate::service::messages::Messages;
use crate::service::notifier::inbox_bell;
use crate::service::texts::bounded;
use crate::service::{ServiceError, Wait};
use crate::store::ledger::{LeaseInbox, LeasedDelivery, SettleInbox};
use crate::store::message::Message;

/// How long a leased message is the caller's.
pub const LEASE: Duration = Duration::from_secs(60);

/// Messages handed out, or settled, in one call at most.
pub const MESSAGES: u32 = 100;

impl Messages {
    /// Hands out messages; waits up to `wait` for the first. Nothing is leased to somebody who hung up while waiting.
    ///
    /// # Errors
    /// `permission-missing`.
    pub async fn inbox(
        &self,
        access: &Access,
        max: u32,
        wait: impl Into<Wait>,
    ) -> Result<InboxPage, ServiceError> {
        let wait = wait.into();
        access.permit(Permission::InboxTake)?;
        let agency = access.key().key().to_owned();
        let bell = self.notifier.bell(&inbox_bell(&agency));
        let deadline = wait.deadline();
        let max = i64::from(max.clamp(1, MESSAGES));
        loop {
            let rung = bell.notified();
            let waiting = {
                let agency = agency.clone();
                let now = self.clock.now();
                self.store
                    .readers
                    .run(move |conn| crate::store::read::inbox_waits(conn, &agency, now))
                    .await?
            };
            if waiting {
                let leased = self
                    .store
                    .ledger
                    .ask(LeaseInbox {
                        agency: agency.clone(),
                        max,
                        lease: LEASE,
                    })
                    .await?;
                if !leased.is_empty() {
                    return self.page(leased).await;
                }
            }
            let now = tokio::time::Instant::now();
            if now >= deadline || wait.is_over() {
                return Ok(InboxPage { messages: Vec::new() });
            }
            wait.for_bell(rung, deadline.min(now + LOOK_AGAIN)).await;
            if wait.is_over() {
                // What came meanwhile is left for whoever asks next.
                return Ok(InboxPage { messages: Vec::new() });
            }
        }
    }

    async fn page(&self, leased: Vec<LeasedDelivery>) -> Result<InboxPage, ServiceError> {
        let messages = self
            .messages(leased.iter().map(|l| l.delivery.clone()).collect())
            .await?;
        let mut leases: HashMap<String, LeasedDelivery> =
            leased.into_iter().map(|l| (l.delivery.clone(), l)).collect();
        let messages = messages
            .into_iter()
            .filter_map(|message| {
                let id = &message.delivery;
                let lease = leases.remove(id)?;
                readable(id, self.inbox_message(&message, &lease))
            })
            .collect();
        Ok(InboxPage { messages })
    }

    fn inbox_message(&self, message: &Message, lease: &LeasedDelivery) -> Result<InboxMessage, ServiceError> {
        let data = self.agency_data(message)?;
        Ok(InboxMessage {
            delivery: lease.delivery.parse().map_err(internal)?,
            lease_until: lease.leased_until,
            attempt: lease.attempt,
            event: self.cloud_event(message, data),
        })
    }

    /// Settles leased messages, each for itself.
    ///
    /// # Errors
    /// `permission-missing`; `too-many-items`; `text-length`, `control-character` of a reason. What fails of one message, its
    /// result says.
    pub async fn settle(
        &self,
        access: &Access,
        request: SettleRequest,
    ) -> Result<SettleAnswer, ServiceError> {
        access.permit(Permission::InboxTake)?;
        if request.messages.len() > MESSAGES as usize {
            let problem = problems::TooManyItems {
                field: &"messages",
                limit: &MESSAGES,
            };
            return Err(problem.at("/messages").into());
        }
        let mut items = request.messages;
        for (i, item) in items.iter_mut().enumerate() {
            item.reason = bounded(
                &format!("/messages/{i}/reason"),
                item.reason.take(),
                limits::CARRIAGE,
            )?;
        }
        let results = self
            .store
            .ledger
            .ask(SettleInbox {
                agency: access.key().key().to_owned(),
                items,
            })
            .await?;
        Ok(SettleAnswer { results })
    }
}
