//! The agency that consumes its own queue, as a user of the broker of its own.
//!
//! A message is acknowledged as soon as its dossier is begun: an agency that is started again asks the hub for what is open.

use std::time::Duration;

use super::desk::ArrivalPath;
use super::office::SECOND;
use super::work::Work;
use crate::broker::{Acknowledgement, Broker, Consumer, Delivery, Source};
use crate::domain::view::AgencyData;

/// Messages in hand at once.
const PREFETCH: u16 = 50;

/// No message for so long: what still waited has been read.
const QUIET: Duration = Duration::from_secs(5);

/// Takes the agency's messages for ever; a lost connection is made again.
pub(super) async fn consume(broker: &Broker, mut work: Work) {
    let Some(key) = work.office.key() else { return };
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

fn take(delivery: &Delivery, work: &mut Work) -> Acknowledgement {
    let Ok(data) = serde_json::from_slice::<AgencyData>(&delivery.body) else {
        work.office.tally.fault("message unreadable");
        return Acknowledgement::Dead("the message cannot be read".to_owned());
    };
    match work.take(&data, ArrivalPath::Queue) {
        Ok(()) => Acknowledgement::Ack,
        Err(reason) => Acknowledgement::Dead(reason.to_owned()),
    }
}

#[cfg(test)]
mod tests;
