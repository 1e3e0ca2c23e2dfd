//! What an agency is told: one CloudEvent, whichever way it goes.

use std::collections::HashMap;
use std::sync::Arc;

use super::dossiers::event_type;
use super::fault::internal;
use super::{Hub, ServiceError};
use crate::adapt::OutgoingDossier;
use crate::domain::dossier::ProcedureKnown;
use crate::domain::routing::AgencyChannel;
use crate::domain::time::Timestamp;
use crate::domain::view::{AgencyData, CloudEvent, Document, EventView};
use crate::store::StoreError;
use crate::store::conn::Conn;
use crate::store::message::Message;
use crate::store::read;

/// The bell of the relay.
pub(super) const OUTBOX: &str = "outbox";

/// The bell of whoever pushes.
const PUSH: &str = "push";

/// A message ready to be published.
pub struct OutboundMessage {
    /// The delivery.
    pub delivery: String,
    /// Key of the agency.
    pub agency: String,
    /// Whether the agency reads its own queue; else the message comes back to the hub, which needs only its id.
    pub own_queue: bool,
    /// CloudEvents type.
    pub kind: String,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// The event; for an agency that pulls, without its data.
    pub event: CloudEvent<Option<AgencyData>>,
}

impl Hub {
    /// The bell the relay waits on.
    pub fn outbox_bell(&self) -> Arc<tokio::sync::Notify> {
        self.notifier.bell(OUTBOX)
    }

    /// Whether the hub can take anything: its memory is read, and a write is kept. A queue that is full is busy, not away.
    ///
    /// # Errors
    /// What the database says.
    pub async fn can_read(&self) -> Result<(), ServiceError> {
        match self.store.readers.run(read::has_directory).await {
            Ok(_) | Err(StoreError::Busy) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// See [`Hub::can_read`].
    ///
    /// # Errors
    /// What the database says.
    pub async fn can_write(&self) -> Result<(), ServiceError> {
        match self.store.ledger.prove().await {
            Ok(()) | Err(StoreError::Busy) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// How many committed messages the broker has not confirmed.
    pub async fn outbox_depth(&self) -> Result<i64, ServiceError> {
        let since = self.store.fresh.unsent_since();
        let read = move |conn: &mut Conn| read::outbox_depth(conn, since);
        Ok(self.store.readers.run(read).await?)
    }

    /// Rings for whoever waits on an agency's inbox.
    pub fn ring_inbox(&self, agency: &str) {
        self.notifier.ring(&inbox_bell(agency));
        if self.endpoint_of(agency).is_some() {
            self.notifier.ring(PUSH);
        }
    }

    /// The bell of whoever pushes.
    pub fn push_bell(&self) -> Arc<tokio::sync::Notify> {
        self.notifier.bell(PUSH)
    }

    /// When the oldest message that waits for the broker, of those that were to be sent at this moment or later, was to be sent; now
    /// where none waits.
    ///
    /// # Errors
    /// What the database says.
    pub async fn oldest_unsent(&self, since: Timestamp) -> Result<Timestamp, ServiceError> {
        let now = self.clock.now();
        let read = move |conn: &mut Conn| read::oldest_unsent(conn, since);
        Ok(self.store.readers.run(read).await?.unwrap_or(now))
    }

    /// Renders outbox rows for the broker. One that cannot be rendered is left out, and said in the log.
    pub async fn outbound(&self, deliveries: Vec<String>) -> Result<Vec<OutboundMessage>, ServiceError> {
        Ok(self.rendered(&self.messages(deliveries).await?))
    }

    /// As [`Hub::outbound`], of messages at hand.
    pub fn rendered(&self, messages: &[Message]) -> Vec<OutboundMessage> {
        let rendered = messages
            .iter()
            .map(|message| readable(&message.delivery, self.outbound_one(message)));
        rendered.flatten().collect()
    }

    /// Renders deliveries to be pushed: the event of each, by the delivery. One that cannot be rendered is left out, and said in
    /// the log.
    ///
    /// # Errors
    /// What the database says.
    pub async fn pushes(
        &self,
        deliveries: Vec<String>,
    ) -> Result<HashMap<String, CloudEvent<AgencyData>>, ServiceError> {
        let messages = self.messages(deliveries).await?;
        let rendered = |message: &Message| {
            let data = readable(&message.delivery, self.agency_data(message))?;
            Some((message.delivery.clone(), self.cloud_event(message, data)))
        };
        Ok(messages.iter().filter_map(rendered).collect())
    }

    fn outbound_one(&self, message: &Message) -> Result<OutboundMessage, ServiceError> {
        let agency = message.agency.clone();
        let own_queue = self.channel(&agency) == AgencyChannel::Amqp;
        let data = if own_queue {
            Some(self.agency_data(message)?)
        } else {
            None
        };
        Ok(OutboundMessage {
            delivery: message.delivery.clone(),
            agency,
            own_queue,
            kind: event_type(&message.kind),
            traceparent: message.traceparent.clone(),
            event: self.cloud_event(message, data),
        })
    }

    /// What these deliveries say, in the order of their ids. One that cannot be read is left out, and said in the log: it must
    /// not hold up the others.
    pub(super) async fn messages(&self, deliveries: Vec<String>) -> Result<Vec<Message>, ServiceError> {
        match self.messages_at_once(deliveries.clone()).await {
            Err(ServiceError::Internal(_)) => {}
            read => return read,
        }
        let mut messages = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            match self.messages_at_once(vec![delivery.clone()]).await {
                Err(error @ ServiceError::Internal(_)) => drop(readable::<()>(&delivery, Err(error))),
                read => messages.extend(read?),
            }
        }
        messages.sort_by(|a, b| a.delivery.cmp(&b.delivery));
        Ok(messages)
    }

    async fn messages_at_once(&self, deliveries: Vec<String>) -> Result<Vec<Message>, ServiceError> {
        let cipher = Arc::clone(&self.store.cipher);
        Ok(self
            .store
            .readers
            .run(move |conn| read::messages(conn, &cipher, &deliveries))
            .await?)
    }

    /// How an agency is reached; one that has left the directory pulls.
    pub fn channel(&self, agency: &str) -> AgencyChannel {
        let listed = agency
            .parse()
            .ok()
            .and_then(|key| self.directory.load().agency(&key).map(|a| a.channel));
        match listed {
            Some(AgencyChannel::Amqp) if !self.own_queues => AgencyChannel::Pull,
            Some(channel) => channel,
            None => AgencyChannel::Pull,
        }
    }

    pub(super) fn cloud_event<T>(&self, message: &Message, data: T) -> CloudEvent<T> {
        CloudEvent {
            specversion: "1.0".to_owned(),
            id: message.event.id.to_string(),
            source: self.issuer_url(),
            kind: event_type(&message.kind),
            subject: message.dossier.id.to_string(),
            time: message.event.at,
            datacontenttype: "application/json".to_owned(),
            traceparent: message.traceparent.clone(),
            data,
        }
    }

    pub(super) fn agency_data(&self, message: &Message) -> Result<AgencyData, ServiceError> {
        let dossier = &message.dossier;
        let directory = self.directory.load();
        let key = message.agency.parse().ok();
        let agency = key.and_then(|key| directory.agency(&key));
        let route = dossier.route.read()?;
        let clocks = self.clocks_of(dossier);
        let code = dossier.state.code.clone();
        let wanted = agency.map_or("canonical/v1", |a| a.format.as_str());
        let adapter = self
            .adapters
            .get(wanted)
            .or_else(|| self.adapters.get("canonical/v1"));
        let adapter = adapter.ok_or_else(|| internal("no canonical adapter"))?;
        // As it is kept, where nothing is to be said in another way.
        let document = if code.is_none() && adapter.keeps_canonical_json() {
            Document::json(message.content.json().to_vec())
        } else {
            let content = message.content.filing()?;
            let procedure = ProcedureKnown {
                code: dossier.procedure.clone(),
                name: route.procedure.name.clone(),
            };
            let listed = directory.procedure(&procedure.code);
            let outgoing = OutgoingDossier {
                filing: &content,
                tracking_id: dossier.id,
                dossier_code: code.as_ref(),
                status: dossier.status(),
                agency_name: agency.map_or(message.agency.as_str(), |a| a.name.as_str()),
                procedure: &procedure,
                field: listed.map(|p| (p.field_code.as_str(), p.field_name.as_str())),
                amended: dossier.state.version > 1,
                received_at: dossier.received_at,
                accepted_at: message.accepted_at,
                clocks: &clocks,
            };
            adapter.render(&outgoing).into_document()
        };
        let document = document.ok_or_else(|| internal("what was rendered is no document"))?;
        Ok(AgencyData {
            tracking_id: dossier.id,
            dossier_code: code,
            claimed_code: dossier.state.claimed.clone(),
            submitter: dossier.submitter.clone(),
            point: dossier.point.clone(),
            event: EventView::from(&*message.event),
            status: dossier.status(),
            clocks,
            route,
            possible_duplicate: message.twin,
            format: adapter.name().to_owned(),
            document,
        })
    }
}

/// What could be read; what could not is logged here, once.
pub(super) fn readable<T>(delivery: &str, read: Result<T, ServiceError>) -> Option<T> {
    read.inspect_err(|error| tracing::error!(%error, delivery, "a message cannot be rendered"))
        .ok()
}

pub(super) fn inbox_bell(agency: &str) -> String {
    format!("inbox:{agency}")
}
