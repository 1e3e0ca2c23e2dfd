//! How a submitter is told of its events: it reads its feed, is called at its box, or reads a queue of its own.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::mailboxes::{Mailboxes, VerifiedCall};
use super::outcome::ViolationKind;
use super::run::{Run, SubmitterTransport};
use super::submitter::perform;
use crate::broker::{Acknowledgement, Broker, Source};
use crate::client::{ClientError, Partner};
use crate::domain::ids::EventId;
use crate::domain::rejection::Label;
use crate::domain::view::{CloudEvent, Cursor, FeedData, SubscriptionRequest, Transport};

const PAUSE: Duration = Duration::from_millis(500);

/// How long the queue of an earlier run may take to be removed.
const ENDING: Duration = Duration::from_secs(60);

/// Messages in hand at once.
const PREFETCH: u16 = 50;

/// A way that is set up: everything that happens from now on comes by it.
pub(super) enum Begun {
    Feed(Cursor),
    Box(mpsc::Receiver<VerifiedCall>),
    Queue(Broker),
}

/// Sets a filer's way up, before it files.
pub(super) async fn begin(run: &Run, filer: usize) -> Begun {
    let _permit = run.gate.acquire().await;
    let filer = &run.filers[filer];
    let begun = match &filer.back {
        SubmitterTransport::Feed => end_of_feed(&filer.partner).await.map(Begun::Feed),
        SubmitterTransport::Webhook(mailboxes) => open_box(&filer.partner, mailboxes).await.map(Begun::Box),
        SubmitterTransport::Queue(broker) => open_queue(&filer.partner)
            .await
            .map(|()| Begun::Queue(broker.clone())),
    };
    begun.unwrap_or_else(|error| {
        run.failed("", filer.back.word(), &error);
        Begun::Feed(Cursor::START)
    })
}

/// Where the feed ends.
async fn end_of_feed(partner: &Partner) -> Result<Cursor, ClientError> {
    let mut cursor = Cursor::START;
    loop {
        let page = partner.events(cursor, Duration::ZERO, 200).await?;
        if page.events.is_empty() {
            return Ok(page.next);
        }
        cursor = page.next;
    }
}

async fn open_box(
    partner: &Partner,
    mailboxes: &Mailboxes,
) -> Result<mpsc::Receiver<VerifiedCall>, ClientError> {
    let request = SubscriptionRequest {
        way: Transport::Webhook,
        url: Some(mailboxes.url(partner.tenant())),
        from: None,
    };
    let secret = match partner.subscribe(&request).await?.secret {
        Some(secret) => secret,
        // It was left by a run that was broken off, and its secret with it.
        None => partner.rotate_secret().await?.secret,
    };
    Ok(mailboxes.open_box(partner.tenant(), secret))
}

async fn open_queue(partner: &Partner) -> Result<(), ClientError> {
    let request = SubscriptionRequest {
        way: Transport::Queue,
        url: None,
        from: None,
    };
    let until = Instant::now() + ENDING;
    loop {
        match partner.subscribe(&request).await {
            Err(error) if error.label() == Some(Label::SubscriptionEnding) && Instant::now() < until => {
                tokio::time::sleep(PAUSE).await;
            }
            other => return other.map(drop),
        }
    }
}

/// Ends a filer's way, so that nothing is sent to where nobody is.
pub(super) async fn end(run: &Run, filer: usize) {
    let _permit = run.gate.acquire().await;
    let filer = &run.filers[filer];
    if let Some(way) = filer.back.way()
        && let Err(error) = filer.partner.unsubscribe(way).await
    {
        run.failed("", filer.back.word(), &error);
    }
}

/// Takes what a filer is told and does what each event asks for; ends only with its task.
pub(super) async fn follow(run: Arc<Run>, filer: usize, begun: Begun) {
    let mut ear = Ear {
        run,
        filer,
        way: match &begun {
            Begun::Feed(_) => "feed",
            Begun::Box(_) => Transport::Webhook.word(),
            Begun::Queue(_) => Transport::Queue.word(),
        },
        heard: HashSet::new(),
        acts: JoinSet::new(),
    };
    match begun {
        Begun::Feed(cursor) => read_feed(&mut ear, cursor).await,
        Begun::Box(calls) => answer_calls(&mut ear, calls).await,
        Begun::Queue(broker) => read_queue(&mut ear, &broker).await,
    }
    // What was begun is done, whatever became of the way.
    while ear.acts.join_next().await.is_some() {}
    std::future::pending::<()>().await;
}

struct Ear {
    run: Arc<Run>,
    filer: usize,
    way: &'static str,
    heard: HashSet<EventId>,
    acts: JoinSet<()>,
}

impl Ear {
    /// Takes an event. What is sent again after a broken line has the same id, and is known.
    fn hear(&mut self, data: &FeedData) {
        while self.acts.try_join_next().is_some() {}
        if !self.heard.insert(data.event.id) && self.way != "feed" {
            self.run.note(|ledger, _| ledger.used.sent_again += 1);
            return;
        }
        let tenant = self.run.filers[self.filer].partner.tenant();
        let act = self
            .run
            .note(|ledger, now| ledger.event(tenant, data, self.way, now));
        if let Some(act) = act {
            let (reference, number) = (data.reference.clone(), data.event.number);
            self.acts
                .spawn(perform(self.run.clone(), self.filer, act, reference, number));
        }
    }

    fn fault(&self, what: &str) {
        let what = format!("{}: {what}", self.way);
        self.run
            .note(|ledger, _| ledger.fault(ViolationKind::Refused, "", &what));
    }
}

async fn read_feed(ear: &mut Ear, cursor: Cursor) {
    let partner = ear.run.filers[ear.filer].partner.clone();
    let (mut feed, mut told) = (partner.follow(cursor), false);
    loop {
        match feed.next().await {
            Ok(event) => ear.hear(&event.data),
            Err(error) => {
                // Once a feed.
                if !error.is_passing() && !told {
                    told = true;
                    ear.fault(error.label().map_or("contract", |label| label.as_str()));
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn answer_calls(ear: &mut Ear, mut calls: mpsc::Receiver<VerifiedCall>) {
    while let Some(call) = calls.recv().await {
        match serde_json::from_slice::<CloudEvent<FeedData>>(&call.body) {
            Ok(event) => {
                ear.hear(&event.data);
                call.answer(204);
            }
            Err(_) => {
                ear.fault("an event that cannot be read");
                call.answer(422);
            }
        }
    }
}

async fn read_queue(ear: &mut Ear, broker: &Broker) {
    let tenant = ear.run.filers[ear.filer].partner.tenant().clone();
    let source = Source::Tenant(tenant);
    loop {
        // The hub makes the queue after it has answered.
        match broker.consume(&source, PREFETCH).await {
            Ok(mut consumer) => {
                while let Some(delivery) = consumer.next().await {
                    let settlement = match serde_json::from_slice::<FeedData>(&delivery.body) {
                        Ok(data) => {
                            ear.hear(&data);
                            Acknowledgement::Ack
                        }
                        Err(_) => {
                            ear.fault("an event that cannot be read");
                            Acknowledgement::Dead("the message cannot be read".to_owned())
                        }
                    };
                    if let Err(error) = delivery.settle(settlement).await {
                        // It comes again, and is known then.
                        tracing::debug!(%error, "an event of a submitter went back");
                    }
                }
            }
            Err(error) => {
                tracing::debug!(queue = source.queue(), %error, "a submitter cannot read its queue");
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}
