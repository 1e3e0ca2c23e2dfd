//! The agency: reads its own queue as its own user of the broker, or pulls its inbox, writes down what it got and when, and, where it
//! is to answer, reports a status for each through the broker.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::book::Book;
use super::error::{BenchError, Result};
use super::site::Site;
use crate::broker::{
    Acknowledgement, Broker, Consumer, Delivery, Envelope, PublishOutcome, Source, Target, settle_all,
};
use crate::client::Partner;
use crate::clock::Clock;
use crate::domain::codes::Key;
use crate::domain::ids::DossierId;
use crate::domain::status::Status;
use crate::domain::view::{SettleItem, SettleRequest, Settlement as Settled};
use crate::sim::report::{AgencyReport, ReportFormat};
use crate::sim::script::{Brings, ReportWord};

/// Messages in hand at once.
const PREFETCH: u16 = 500;

/// Messages settled by one frame at most, and reports of one batch.
const BATCH: usize = 128;

/// Messages asked of an inbox at once, as many as it gives.
const PAGE: u32 = 100;

/// How long the agency rests after its connection broke.
const REST: Duration = Duration::from_millis(200);

/// What is read of a message; the rest is passed over.
#[derive(Deserialize)]
struct Message {
    tracking_id: DossierId,
    status: Status,
}

/// An agency at work on its queue; it ends when it is dropped.
pub struct AgencyConsumer {
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for AgencyConsumer {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl AgencyConsumer {
    /// Begins to read the queue of the site's agency; with `answers`, each dossier is answered with the status after its own.
    ///
    /// # Errors
    /// The queue cannot be read.
    pub async fn begin(site: &Site, book: Arc<Book>, clock: Clock, answers: bool) -> Result<Self> {
        let broker = site.agencys_broker()?;
        let key = site.agency.clone();
        let source = Source::Agency(key.clone());
        let consumer = broker
            .consume(&source, PREFETCH)
            .await
            .map_err(BenchError::of("the agency's queue"))?;
        let mut tasks = Vec::new();
        let reports = answers.then(|| {
            let (reports, waiting) = mpsc::unbounded_channel();
            tasks.push(tokio::spawn(report(
                broker.clone(),
                key,
                waiting,
                Arc::clone(&book),
                clock,
            )));
            reports
        });
        tasks.push(tokio::spawn(async move {
            read(consumer, &book, reports.as_ref()).await;
            loop {
                tokio::time::sleep(REST).await;
                if let Ok(consumer) = broker.consume(&source, PREFETCH).await {
                    read(consumer, &book, reports.as_ref()).await;
                }
            }
        }));
        Ok(AgencyConsumer { tasks })
    }
}

/// Reads until the connection is gone.
async fn read(mut consumer: Consumer, book: &Book, reports: Option<&mpsc::UnboundedSender<Message>>) {
    while let Some(first) = consumer.next().await {
        let mut batch: Vec<(Delivery, Acknowledgement)> = Vec::with_capacity(BATCH);
        let mut next = Some(first);
        while let Some(delivery) = next {
            note(&delivery, book, reports);
            batch.push((delivery, Acknowledgement::Ack));
            next = if batch.len() < BATCH {
                consumer.next().now_or_never().flatten()
            } else {
                None
            };
        }
        // What could not be acknowledged comes again, and is counted as such.
        drop(settle_all(batch).await);
    }
}

fn note(delivery: &Delivery, book: &Book, reports: Option<&mpsc::UnboundedSender<Message>>) {
    let Ok(message) = serde_json::from_slice::<Message>(&delivery.body) else {
        return;
    };
    if book.arrived(message.tracking_id, Instant::now())
        && let Some(reports) = reports
    {
        // Nobody reads only when all is over.
        drop(reports.send(message));
    }
}

/// The status an agency answers with: it accepts what was filed online, and works on what was accepted.
pub const fn answer(status: Status) -> Status {
    match status {
        Status::Registered => Status::Accepted,
        _ => Status::Processing,
    }
}

/// One report of an agency as its system writes it, in the canonical form.
pub fn written(dossier: DossierId, status: Status, clock: &Clock) -> Vec<u8> {
    let report = AgencyReport {
        dossier,
        code: None,
        word: ReportWord::Status(status),
        occurred_at: clock.now(),
        text: None,
        brings: Brings::Nothing,
        assigns: None,
    };
    report.render(ReportFormat::Canonical)
}

/// Publishes reports, as many at once as wait; what the broker did not confirm is sent again.
async fn report(
    broker: Broker,
    key: Key,
    mut waiting: mpsc::UnboundedReceiver<Message>,
    book: Arc<Book>,
    clock: Clock,
) {
    let mut batch: Vec<Message> = Vec::with_capacity(BATCH);
    while waiting.recv_many(&mut batch, BATCH).await > 0 {
        let at = Instant::now();
        let envelopes: Vec<Envelope> = batch
            .iter()
            .map(|message| {
                book.reported(message.tracking_id, at);
                Envelope {
                    message_id: format!("report-{}", message.tracking_id),
                    to: Target::Status(key.clone()),
                    kind: "vn.lienthong.status".to_owned(),
                    headers: vec![(
                        "submission-format".to_owned(),
                        ReportFormat::Canonical.name().to_owned(),
                    )],
                    content_type: "application/json".to_owned(),
                    body: written(message.tracking_id, answer(message.status), &clock).into(),
                    expires: None,
                }
            })
            .collect();
        let outcomes = broker.publish(&envelopes).await;
        let mut outcomes = outcomes.into_iter();
        batch.retain(|_| outcomes.next() != Some(PublishOutcome::Confirmed));
        if !batch.is_empty() {
            tokio::time::sleep(REST).await;
        }
    }
}

/// Pulls an inbox until nothing comes for `quiet`, and settles all of it.
///
/// # Errors
/// The hub does not answer.
pub async fn pull(partner: &Partner, book: &Book, quiet: Duration) -> Result<()> {
    loop {
        let page = partner
            .inbox(quiet, PAGE)
            .await
            .map_err(BenchError::of("the inbox"))?;
        if page.messages.is_empty() {
            return Ok(());
        }
        let at = Instant::now();
        let done = page.messages.iter().map(|message| {
            book.arrived(message.event.data.tracking_id, at);
            SettleItem {
                delivery: message.delivery,
                outcome: Settled::Done,
                reason: None,
            }
        });
        let request = SettleRequest {
            messages: done.collect(),
        };
        partner
            .settle(&request)
            .await
            .map_err(BenchError::of("settling an inbox"))?;
    }
}
