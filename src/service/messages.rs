//! What an agency is told: one CloudEvent, whichever way it goes.

mod inbox;

use std::collections::HashMap;
use std::sync::Arc;

use super::ServiceError;
use super::fault::internal;
use super::feed::event_type;
use crate::adapt::OutgoingDossier;
use crate::clock::Clock;
use crate::domain::dossier::ProcedureKnown;
use crate::domain::routing::AgencyChannel;
use crate::domain::view::{AgencyData, CloudEvent, Document, EventView};
use crate::service::credentials::Credentials;
use crate::service::directory::DirectoryInUse;
use crate::service::formats_in_use::{CANONICAL, FormatsInUse};
use crate::service::notifier::Notifier;
use crate::service::parts::Base;
use crate::store::message::Message;
use crate::store::{Store, read};

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

/// What agencies are told, and the inboxes of those that pull.
pub struct Messages {
    store: Arc<Store>,
    clock: Clock,
    directory: Arc<DirectoryInUse>,
    credentials: Arc<Credentials>,
    formats: Arc<FormatsInUse>,
    notifier: Arc<Notifier>,
}

impl Messages {
    pub(super) fn new(base: &Base) -> Self {
        Messages {
            store: Arc::clone(&base.store),
            clock: base.clock.clone(),
            directory: Arc::clone(&base.directory),
            credentials: Arc::clone(&base.credentials),
            formats: Arc::clone(&base.formats),
            notifier: Arc::clone(&base.notifier),
        }
    }

    /// Renders outbox rows for the broker. One that cannot be rendered is left out, and said in the log.
    ///
    /// # Errors
    /// What the database says.
    pub async fn outbound(&self, deliveries: Vec<String>) -> Result<Vec<OutboundMessage>, ServiceError> {
        Ok(self.rendered(&self.messages(deliveries).await?))
    }

    /// As [`Messages::outbound`], of messages at hand.
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
        let own_queue = self.directory.channel(&agency) == AgencyChannel::Amqp;
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

    pub(super) fn cloud_event<T>(&self, message: &Message, data: T) -> CloudEvent<T> {
        CloudEvent {
            specversion: "1.0".to_owned(),
            id: message.event.id.to_string(),
            source: self.credentials.issuer_url(),
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
        let clocks = self.directory.clocks_of(dossier);
        let code = dossier.state.code.clone();
        let in_use = self.formats.load();
        let pinned = message.format_version.and_then(|number| in_use.numbered(number));
        let wanted = agency.map_or(CANONICAL, |a| a.format.as_str());
        let adapter = pinned.or_else(|| in_use.writer(wanted));
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
                event: Some(&message.event),
                progress: &message.progress,
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
            result_to: Some(dossier.place_of_receipt().clone()),
            joint: self.directory.joint(dossier),
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
