//! The agency that consumes its own queue and publishes its reports, as a user of the broker of its own.
//!
//! A message is acknowledged as soon as its dossier is begun: an agency that is started again asks the hub for what is open.

use std::time::Duration;

use super::agency::{Office, SECOND, Work};
use super::desk::Road;
use crate::broker::{Broker, Consumer, Delivery, Envelope, Outcome, Settlement, Source, Target};
use crate::domain::codes::Key;
use crate::domain::view::AgencyData;

/// Messages in hand at once.
const PREFETCH: u16 = 50;

/// No message for so long: what still waited has been read.
const QUIET: Duration = Duration::from_secs(5);

fn key(office: &Office) -> Option<Key> {
    office.partner.tenant().key().parse().ok()
}

/// Takes the agency's messages for ever; a lost connection is made again.
pub(super) async fn consume(broker: &Broker, mut work: Work) {
    let Some(key) = key(&work.office) else { return };
    let source = Source::Agency(key);
    loop {
        match broker.consume(&source, PREFETCH).await {
            Ok(consumer) => drain(consumer, &mut work).await,
            Err(error) => tracing::debug!(queue = source.queue(), %error, "an agency cannot read its queue"),
        }
        tokio::time::sleep(2 * SECOND).await;
    }
}

async fn drain(mut consumer: Consumer, work: &mut Work) {
    loop {
        let delivery = match tokio::time::timeout(QUIET, consumer.next()).await {
            Ok(Some(delivery)) => delivery,
            Ok(None) => return,
            Err(_) => {
                work.resume_left_over();
                continue;
            }
        };
        let settlement = take(&delivery, work);
        if let Err(error) = delivery.settle(settlement).await {
            // It comes again, and is known then.
            tracing::debug!(%error, "a message of an agency went back");
        }
    }
}

fn take(delivery: &Delivery, work: &mut Work) -> Settlement {
    let Ok(data) = serde_json::from_slice::<AgencyData>(&delivery.body) else {
        work.office.tally.fault("message unreadable");
        return Settlement::Dead("the message cannot be read".to_owned());
    };
    match work.take(&data, Road::Queue) {
        Ok(()) => Settlement::Ack,
        Err(reason) => Settlement::Dead(reason.to_owned()),
    }
}

/// Publishes a report until the broker has it. The id stays the same over repetitions.
pub(super) async fn publish(broker: &Broker, office: &Office, message_id: String, body: Vec<u8>) {
    let Some(key) = key(office) else { return };
    let envelope = Envelope {
        message_id,
        to: Target::Status(key),
        kind: "vn.lienthong.status.reported".to_owned(),
        headers: vec![("submission-format".to_owned(), office.format.name().to_owned())],
        content_type: "application/json".to_owned(),
        body: body.into(),
        expires: None,
    };
    loop {
        let outcomes = broker.publish(std::slice::from_ref(&envelope)).await;
        match outcomes.first() {
            Some(Outcome::Confirmed) => {
                office.tally.report();
                return;
            }
            outcome => tracing::debug!(?outcome, "the broker did not take a report"),
        }
        tokio::time::sleep(2 * SECOND).await;
    }
}

#[cfg(test)]
mod tests;
