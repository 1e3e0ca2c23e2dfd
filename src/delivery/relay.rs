//! The outbox: lease, commit, publish, record. Never a transaction around a call over the network. What this hub commits is leased by its
//! own commit and handed over as it is; only what another hub left, or what could not be taken so fast, is looked for.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::step::{CONFIRM, REST, write_down};
use super::{cloudevents, retry};
use crate::broker::{Broker, Envelope, PublishOutcome, Target};
use crate::domain::failure::Failure;
use crate::domain::routing::AgencyChannel;
use crate::domain::time::Timestamp;
use crate::service::{Hub, OutboundMessage, ServiceError};
use crate::store::ledger::{Carried, LeaseOutbox, OutboxItem, OutboxSettlement, SettleOutbox};
use crate::store::message::Message;
use crate::store::{Store, fresh};

/// Rows taken at once.
const BATCH: usize = 256;

/// How long leased rows are ours; after a crash they are free again.
const LEASE: Duration = fresh::LEASE;

/// How often the outbox is looked at without a bell: rows whose time has come, rows of a hub that died.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// A look begins at the oldest row that waited when it was looked last, and no later than so long ago: by so much the clocks of two hubs
/// may differ, and a commit be late. What has been sent lies before that, and a snapshot that somebody holds keeps it from being cleared away.
const LOOK_BACK: Duration = Duration::from_secs(15);

/// How often it is looked at from its beginning: rows of a hub that died and whose clock was further off.
const LOOK_AT_ALL: Duration = Duration::from_secs(300);

/// Runs until it is told to stop. Then it looks once more at the outbox, and ends when that and what was handed over to it is published
/// and written down: nothing that could have gone waits for its lease to end, or for the hub to start again.
pub(super) async fn run(hub: Arc<Hub>, store: Arc<Store>, broker: Broker, stop: CancellationToken) {
    let fresh = Arc::clone(&store.fresh);
    let (bell, mut messages) = (hub.notifier.outbox_bell(), fresh.messages());
    let mut relay = Relay {
        rng: hub.entropy.generator(),
        hub,
        store,
        broker,
    };
    let mut ended = Vec::new();
    let mut at_hand = Vec::new();
    // The outbox is looked at when a commit or somebody rings, and now and then; what a commit hands over does not lie there.
    let (mut look_at, mut all_at) = (Instant::now(), Instant::now());
    let mut was_last_look = false;
    loop {
        let rung = bell.notified();
        tokio::pin!(rung);
        let is_over = stop.is_cancelled();
        if was_last_look && ended.is_empty() && at_hand.is_empty() {
            return;
        }
        let now = Instant::now();
        let is_due = (is_over || look_at <= now) && !was_last_look;
        let look = Look::due(is_due, all_at <= now);
        was_last_look |= is_over;
        if look != Look::Not {
            look_at = now + LOOK_AGAIN;
        }
        if look == Look::All {
            all_at = now + LOOK_AT_ALL;
        }
        let step = relay.step(std::mem::take(&mut ended), std::mem::take(&mut at_hand), look);
        let moved = step.await;
        ended = moved.settlements;
        match moved.leased {
            Ok(0) => {}
            // That is perhaps not all there is.
            Ok(leased) => {
                look_at = Instant::now();
                if look == Look::All && leased == BATCH {
                    all_at = look_at;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the outbox could not be moved");
                tokio::time::sleep(REST).await;
                (look_at, all_at) = (Instant::now(), Instant::now());
            }
        }
        let is_idle = ended.is_empty() && Instant::now() < look_at && !is_over;
        let idle = || async move {
            if is_idle {
                tokio::time::sleep_until(look_at).await;
            }
        };
        tokio::select! {
            biased;
            () = &mut rung => look_at = Instant::now(),
            () = fresh.left() => look_at = Instant::now(),
            Some(first) = messages.recv() => at_hand.push(first),
            () = stop.cancelled() => {}
            () = idle() => {}
        }
        while at_hand.len() < BATCH
            && let Ok(message) = messages.try_recv()
        {
            at_hand.push(message);
        }
    }
}

/// What of the outbox is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Nothing.
    Not,
    /// What waits now and waited when it was looked last, and what came since.
    Lately,
    /// All that waits.
    All,
}

impl Look {
    /// What is looked at when a look is due, or one from the beginning.
    fn due(any: bool, all: bool) -> Self {
        match (any, all) {
            (false, _) => Look::Not,
            (true, false) => Look::Lately,
            (true, true) => Look::All,
        }
    }
}

/// What moves the outbox.
struct Relay {
    hub: Arc<Hub>,
    store: Arc<Store>,
    broker: Broker,
    rng: StdRng,
}

/// What a step did.
struct Moved {
    settlements: Vec<OutboxSettlement>,
    /// How many messages lay in the outbox.
    leased: Result<usize, ServiceError>,
}

impl Relay {
    /// Writes down how the step before ended, and moves what is at hand and, where it is looked for, what is due; how that ended.
    async fn step(&mut self, ended: Vec<OutboxSettlement>, at_hand: Vec<Message>, look: Look) -> Moved {
        let seeds: [u64; 2] = self.rng.random();
        let latest = self.hub.clock.now().minus(LOOK_BACK);
        let since = match look {
            Look::Not => None,
            // Also where the clock has been set back since.
            Look::Lately => Some(self.store.fresh.unsent_since().min(latest)),
            Look::All => Some(Timestamp::from_micros(0)),
        };
        let (hub, store) = (&*self.hub, &*self.store);
        // Both are asked for at once, in this order: it is one commit.
        let settle = async {
            match ended.is_empty() {
                true => Ok(()),
                false => write_down(&store.ledger, || SettleOutbox(ended.clone())).await,
            }
        };
        let lease = async {
            if since.is_none() {
                return Ok(Vec::new());
            }
            let command = LeaseOutbox {
                max: BATCH as i64,
                lease: LEASE,
                since,
            };
            store.ledger.ask(command).await
        };
        let items = at_hand.iter().map(OutboxItem::at_hand).collect();
        let rendered = hub.messages.rendered(&at_hand);
        let (settled, leased, mut settlements) =
            tokio::join!(biased; settle, lease, self.publish(items, rendered, seeds[0]));
        let leased = async {
            settled?;
            let items = leased?;
            let leased = items.len();
            if leased > 0 {
                let deliveries = items.iter().map(|item| item.delivery.clone()).collect();
                let rendered = hub.messages.outbound(deliveries).await?;
                settlements.extend(self.publish(items, rendered, seeds[1]).await);
            }
            // After what is leased is on its way: where this cannot be asked, nothing waits for it but the next look.
            if let Some(since) = since.filter(|_| leased < BATCH) {
                let oldest = hub.vitals.oldest_unsent(since).await?.min(latest);
                store.fresh.nothing_unsent_before(oldest);
            }
            Ok(leased)
        };
        let leased = leased.await;
        Moved { settlements, leased }
    }

    /// Publishes what could be rendered of these. A batch a queue: a slow one holds up the others no longer than CONFIRM.
    async fn publish(
        &self,
        items: Vec<OutboxItem>,
        rendered: Vec<OutboundMessage>,
        seed: u64,
    ) -> Vec<OutboxSettlement> {
        let by_delivery: HashMap<&str, &OutboxItem> =
            items.iter().map(|i| (i.delivery.as_str(), i)).collect();
        let mut by_agency: BTreeMap<String, Vec<Envelope>> = BTreeMap::new();
        for message in rendered {
            if let Some(envelope) = envelope(&message) {
                by_agency.entry(message.agency).or_default().push(envelope);
            }
        }
        let own_queues: HashSet<String> = by_agency
            .keys()
            .filter(|a| self.hub.directory.channel(a) == AgencyChannel::Amqp)
            .cloned()
            .collect();
        let batches: Vec<Vec<Envelope>> = by_agency.into_values().collect();
        let outcomes = join_all(batches.iter().map(|batch| async move {
            let late = || vec![PublishOutcome::Refused("no confirm in time".to_owned()); batch.len()];
            tokio::time::timeout(CONFIRM, self.broker.publish(batch))
                .await
                .unwrap_or_else(|_| late())
        }))
        .await;
        let now = self.hub.clock.now();
        // What failed together for the same time waits equally long, so that it goes again in its order.
        let rng = || StdRng::seed_from_u64(seed);
        let mut settlements: Vec<OutboxSettlement> = batches
            .iter()
            .zip(outcomes)
            .flat_map(|(batch, outcomes)| batch.iter().zip(outcomes))
            .filter_map(|(envelope, outcome)| {
                let item = by_delivery.get(envelope.message_id.as_str())?;
                Some(OutboxSettlement {
                    delivery: item.delivery.clone(),
                    attempt: item.attempt,
                    own_queue: own_queues.contains(item.agency.as_str()),
                    carried: carried(outcome, item.attempt, now, &mut rng()),
                })
            })
            .collect();
        // What could not be rendered was not published; it is looked at again later, and holds up nothing.
        let settled: HashSet<String> = settlements.iter().map(|s| s.delivery.clone()).collect();
        let left = items.iter().filter(|i| !settled.contains(&i.delivery));
        settlements.extend(left.map(|item| OutboxSettlement {
            delivery: item.delivery.clone(),
            attempt: item.attempt,
            own_queue: false,
            carried: retry::failed(
                Failure::Unrenderable,
                "unreadable".to_owned(),
                item.attempt,
                None,
                now,
                &mut rng(),
            ),
        }));
        settlements
    }
}

fn carried(outcome: PublishOutcome, attempt: i32, now: Timestamp, rng: &mut StdRng) -> Carried {
    match outcome {
        PublishOutcome::Confirmed => Carried::Done,
        PublishOutcome::Unroutable => retry::failed(
            Failure::Unroutable,
            "unroutable".to_owned(),
            attempt,
            None,
            now,
            rng,
        ),
        PublishOutcome::Refused(reason) => {
            retry::failed(Failure::BrokerAway, reason, attempt, None, now, rng)
        }
    }
}

/// A message as the broker carries it.
fn envelope(message: &OutboundMessage) -> Option<Envelope> {
    let data = match &message.event.data {
        Some(data) if message.own_queue => serde_json::to_vec(data).ok()?,
        // The hub is its own consumer and finds the rest by the id.
        _ => Vec::new(),
    };
    let to = Target::Agency(message.agency.parse().ok()?);
    let delivery = message.delivery.clone();
    let mut envelope = cloudevents::binary(&message.event, delivery, to, data);
    let context = message.traceparent.iter().cloned();
    envelope
        .headers
        .extend(context.map(|t| ("traceparent".to_owned(), t)));
    Some(envelope)
}
