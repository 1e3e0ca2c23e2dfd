//! The loop of one recipient: lease, commit, send, record. Several messages are under way at once, each of its own dossier; each
//! is written down as it ends, so that one that hangs holds up its own dossier and nothing else. What is at hand goes while what has
//! ended is being written down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use rand::rngs::StdRng;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::recipient::{Known, LEASE, LOOK_AGAIN, Recipient, Record, Refused, Sending, Sent, Wanted};
use crate::delivery::retry::{self, Leave, Missed};
use crate::delivery::step::REST;
use crate::domain::failure::Failure;
use crate::domain::time::Timestamp;
use crate::service::{Hub, ServiceError};
use crate::store::ledger::{Carried, EndpointStanding};

/// Places for messages that are under way, as many as it has permits.
type Places = Option<OwnedSemaphorePermit>;

/// Calls that carry leased messages, and the places they take.
type Leased<R> = (Vec<Sending<<R as Recipient>::Message>>, Places);

/// Messages that ended together, once their places are free again.
type Ended<R> = Vec<(<R as Recipient>::Message, Sent)>;

/// What a carrier shares with who set it out.
pub(super) struct Shared {
    /// Told when something new is seen for its recipient.
    pub(super) told: Arc<Notify>,
    /// A place for each message that may be under way, of all recipients of the kind.
    pub(super) places: Arc<Semaphore>,
    /// Whether others wait for a carrier.
    pub(super) crowded: Arc<AtomicBool>,
}

/// Carries what one recipient is to be sent.
pub(super) struct Carrier<R: Recipient> {
    hub: Arc<Hub>,
    rng: StdRng,
    recipient: Arc<R>,
    known: Known,
    leave: Leave,
    /// How many messages it may have in its turn, and how many of them may still be leased, or read, before others have theirs.
    share: usize,
    turn: usize,
    shared: Shared,
}

/// What a carrier has in hand.
struct InHand<R: Recipient> {
    calls: FuturesUnordered<BoxFuture<'static, Ended<R>>>,
    /// How many messages these calls carry.
    under_way: usize,
    ended: Ended<R>,
    /// When it was recorded last.
    recorded: Option<Instant>,
    recording: Option<BoxFuture<'static, Result<(), ServiceError>>>,
    /// Whether what is being recorded frees what waits, which is not asked for before.
    is_back: bool,
    leasing: Option<BoxFuture<'static, Result<Leased<R>, ServiceError>>>,
    /// Whether there may be something to lease.
    asks: bool,
    /// Whether calls hang: what may go beside them is not kept waiting.
    is_late: bool,
    reading: Option<BoxFuture<'static, Result<(), ServiceError>>>,
}

impl<R: Recipient> InHand<R> {
    fn nothing() -> Self {
        InHand {
            calls: FuturesUnordered::new(),
            under_way: 0,
            ended: Vec::new(),
            recorded: None,
            recording: None,
            is_back: false,
            leasing: None,
            asks: true,
            is_late: false,
            reading: None,
        }
    }

    fn is_idle(&self) -> bool {
        let asked = self.recording.is_none() && self.leasing.is_none() && self.reading.is_none();
        asked && self.calls.is_empty() && self.ended.is_empty()
    }

    /// How long what has ended may wait to be recorded: what arrived waits for more, so that many share a commit; a failure has
    /// consequences.
    fn pause(&self, recipient: &R) -> Duration {
        let has_failed = self.ended.iter().any(|(_, sent)| sent.is_err());
        match self.recorded {
            Some(last) if !has_failed => recipient.pause().saturating_sub(last.elapsed()),
            _ => Duration::ZERO,
        }
    }

    /// Calls begin. Their places are free when each is over.
    fn begin(&mut self, sendings: Vec<Sending<R::Message>>, mut places: Places) {
        for sending in sendings {
            let taken = places.as_mut().and_then(|places| places.split(sending.messages));
            self.under_way += sending.messages;
            self.calls.push(
                async move {
                    let ended = sending.ended.await;
                    drop(taken);
                    ended
                }
                .boxed(),
            );
        }
    }

    /// What has ended so far, beginning with these.
    fn end(&mut self, first: Ended<R>, recipient: &R) {
        let before = self.ended.len();
        self.ended.extend(first);
        while let Some(Some(more)) = self.calls.next().now_or_never() {
            self.ended.extend(more);
        }
        let ended = &self.ended[before..];
        self.under_way -= ended.len();
        for (message, sent) in ended {
            if sent.is_ok() {
                recipient.arrived(message);
            }
        }
        self.asks = true;
    }
}

/// What is asked for, when there is something asked for.
async fn of<T>(asked: &mut Option<BoxFuture<'static, T>>) -> T {
    match asked {
        Some(future) => {
            let came = future.await;
            *asked = None;
            came
        }
        None => std::future::pending().await,
    }
}

impl<R: Recipient> Carrier<R> {
    pub(super) fn new(hub: Arc<Hub>, recipient: R, mut known: Known, shared: Shared) -> Self {
        Carrier {
            rng: hub.entropy.generator(),
            leave: known.breaker.leave(hub.clock.now(), LEASE),
            share: 0,
            turn: 0,
            hub,
            recipient: Arc::new(recipient),
            known,
            shared,
        }
    }

    /// Carries until nothing is left, or so many rounds at full breadth are over and others wait; gives back what is known of the
    /// recipient.
    pub(super) async fn run(mut self, rounds: usize) -> Known {
        self.share = self.recipient.breadth().saturating_mul(rounds);
        self.turn = self.share;
        if let Err(error) = self.carry().await {
            // What was leased is free again when the lease is over.
            tracing::warn!(%error, recipient = ?self.recipient.key(), "messages could not be moved");
            tokio::time::sleep(REST).await;
        }
        self.known
    }

    async fn carry(&mut self) -> Result<(), ServiceError> {
        let told = Arc::clone(&self.shared.told);
        let mut hand = InHand::<R>::nothing();
        loop {
            self.go_on(&mut hand);
            if hand.is_idle() {
                let more = self.lingers() && tokio::time::timeout(LOOK_AGAIN, told.notified()).await.is_ok();
                if more {
                    self.recipient.news();
                    hand.asks = true;
                } else if !self.recipient.leaves() {
                    return Ok(());
                }
                continue;
            }
            let pause = hand.pause(&self.recipient);
            tokio::select! {
                biased;
                // What is recorded and what is leased are asked for at once, in this order: it is one commit.
                recorded = of(&mut hand.recording) => {
                    recorded?;
                    hand.asks |= std::mem::take(&mut hand.is_back);
                }
                leased = of(&mut hand.leasing) => match leased {
                    Ok((sendings, places)) => {
                        let messages = sendings.iter().map(|sending| sending.messages).sum();
                        self.turn = self.turn.saturating_sub(messages);
                        hand.begin(sendings, places);
                    }
                    Err(error) if hand.calls.is_empty() && hand.recording.is_none() => return Err(error),
                    // Those that are under way are written down first.
                    Err(error) => tracing::debug!(%error, "messages cannot be leased"),
                },
                read = of(&mut hand.reading) => match read {
                    Ok(()) => {}
                    Err(error) if hand.calls.is_empty() && hand.recording.is_none() => return Err(error),
                    Err(error) => tracing::debug!(%error, "what comes next cannot be read"),
                },
                Some(first) = hand.calls.next() => hand.end(first, &self.recipient),
                () = told.notified() => {
                    self.recipient.news();
                    hand.asks = true;
                }
                () = tokio::time::sleep(pause), if hand.recording.is_none() && !hand.ended.is_empty() => {}
                () = tokio::time::sleep(LOOK_AGAIN), if !hand.calls.is_empty() => {
                    (hand.is_late, hand.asks) = (true, true);
                }
            }
        }
    }

    /// Begins what can be begun: calls of what is at hand, a record of what has ended, a lease of what may come next.
    fn go_on(&mut self, hand: &mut InHand<R>) {
        if self.turn == 0 && !self.is_crowded() {
            self.turn = self.share;
        }
        let room = self.room().saturating_sub(hand.under_way);
        if room > 0 && hand.leasing.is_none() {
            self.begin_at_hand(hand, room);
        }
        let is_due = !hand.ended.is_empty() && hand.pause(&self.recipient).is_zero();
        if hand.recording.is_none() && (self.recipient.keeps() || is_due) {
            hand.recorded = Some(Instant::now());
            let record = self.judge(std::mem::take(&mut hand.ended));
            // What waited for it has to be free before it is asked for.
            hand.is_back = record.standing == Some(EndpointStanding::Answers);
            let recipient = Arc::clone(&self.recipient);
            hand.recording = Some(async move { recipient.settle(record).await }.boxed());
        }
        if hand.leasing.is_none() && hand.asks && !hand.is_back {
            let wanted = self.wanted(hand.under_way, hand.is_late);
            if wanted > 0 {
                (hand.asks, hand.is_late) = (false, false);
                hand.leasing = Some(self.lease(wanted, hand.under_way == 0));
            }
        }
        let may_send = self.room().min(self.turn) > 0;
        if hand.reading.is_none() && hand.leasing.is_none() && may_send && self.recipient.reads_on() {
            let recipient = Arc::clone(&self.recipient);
            hand.reading = Some(
                async move {
                    let read = recipient.read_on().await;
                    if read.is_err() {
                        tokio::time::sleep(REST).await;
                    }
                    read
                }
                .boxed(),
            );
        }
    }

    fn begin_at_hand(&mut self, hand: &mut InHand<R>, room: usize) {
        let Some(places) = places_now(&self.shared.places, room) else {
            return;
        };
        let sendings = self.recipient.at_hand(places.num_permits());
        let messages: usize = sendings.iter().map(|sending| sending.messages).sum();
        self.turn = self.turn.saturating_sub(messages);
        hand.begin(sendings, Some(places));
    }

    fn lingers(&self) -> bool {
        self.leave == Leave::All && !self.is_crowded() && self.recipient.lingers()
    }

    /// Whether others wait for a carrier.
    fn is_crowded(&self) -> bool {
        self.shared.crowded.load(Ordering::Relaxed)
    }

    /// How many messages may be under way.
    fn room(&self) -> usize {
        match self.leave {
            Leave::All => self.recipient.breadth(),
            Leave::Probe => self.recipient.breadth().min(1),
            Leave::Nothing(_) => 0,
        }
    }

    /// How many messages to lease beside those that are under way.
    fn wanted(&self, under_way: usize, is_late: bool) -> usize {
        let room = self.room();
        // By halves, so that a busy recipient costs a lease every few messages and not for each; or when calls hang.
        if is_late || under_way * 2 <= room {
            room.saturating_sub(under_way).min(self.turn)
        } else {
            0
        }
    }

    /// Leases a message for each place that is free, and reads what they say. Waits for the first place where nothing is under way that
    /// would end.
    fn lease(&self, wanted: usize, is_idle: bool) -> BoxFuture<'static, Result<Leased<R>, ServiceError>> {
        let (recipient, all) = (Arc::clone(&self.recipient), Arc::clone(&self.shared.places));
        let least_tried_first = self.leave == Leave::Probe;
        async move {
            let places = match places_now(&all, wanted) {
                None if is_idle => places_in_time(&all, wanted).await,
                places => places,
            };
            let Some(taken) = &places else {
                return Ok((Vec::new(), None));
            };
            let wanted = Wanted {
                max: i64::try_from(taken.num_permits()).unwrap_or(1),
                least_tried_first,
            };
            let messages = recipient.lease(wanted).await?;
            match messages.is_empty() {
                true => Ok((Vec::new(), None)),
                false => Ok((recipient.send(messages).await?, places)),
            }
        }
        .boxed()
    }

    /// What follows from how sending ended; the recipient's breaker learns of it.
    fn judge(&mut self, ended: Ended<R>) -> Record<R> {
        let now = self.hub.clock.now();
        let was_spared = self.known.breaker.spared_until().is_some();
        let (mut failure, mut is_gone) = (None, false);
        let mut settlements = Vec::with_capacity(ended.len());
        let is_nothing = ended.is_empty();
        for (message, sent) in ended {
            let fate = match (sent, R::gone()) {
                (Err(Refused { is_gone: true, .. }), Some(gone)) => {
                    is_gone = true;
                    gone
                }
                (sent, _) => {
                    let carried = self.carried(&message, sent, now);
                    failure = carried.failure().or(failure);
                    carried.into()
                }
            };
            settlements.push((message, fate));
        }
        if is_gone {
            tracing::warn!(recipient = ?self.recipient.key(), "a receiver says that it is gone, and is disabled");
        }
        self.leave = match self.known.breaker.spared_until() {
            _ if is_nothing => self.leave,
            _ if is_gone => Leave::Nothing(now),
            Some(probe) => Leave::Nothing(probe),
            None => Leave::All,
        };
        Record {
            settlements,
            standing: self.standing(was_spared, failure),
        }
    }

    fn carried(&mut self, message: &R::Message, sent: Sent, now: Timestamp) -> Carried {
        let Err(refused) = sent else {
            self.known.breaker.taken();
            return Carried::Done;
        };
        let (name, attempt) = R::named(message);
        let missed = Missed {
            message: name,
            attempt,
            failure: refused.failure,
            asked: refused.asked,
        };
        let breaker = &mut self.known.breaker;
        let carried = retry::missed(breaker, missed, refused.reason, now, &mut self.rng);
        if let Carried::Park { failure, .. } = &carried {
            tracing::warn!(message = name, recipient = ?self.recipient.key(), %failure, "a message is parked");
        }
        carried
    }

    /// How the recipient stands, where that changed.
    fn standing(&self, was_spared: bool, failure: Option<Failure>) -> Option<EndpointStanding> {
        match (self.known.breaker.spared_until(), failure) {
            (Some(next_probe), Some(failure)) => {
                tracing::warn!(recipient = ?self.recipient.key(), %failure, %next_probe, "a recipient is spared");
                Some(EndpointStanding::Spared { failure, next_probe })
            }
            (None, _) if was_spared => {
                tracing::info!(recipient = ?self.recipient.key(), "a recipient answers again");
                Some(EndpointStanding::Answers)
            }
            _ => None,
        }
    }
}

/// Up to so many places, of those that are free now.
fn places_now(all: &Arc<Semaphore>, wanted: usize) -> Places {
    if wanted == 0 {
        return None;
    }
    let first = Arc::clone(all).try_acquire_owned().ok()?;
    Some(with_more(all, first, wanted))
}

/// Up to so many places; waits for the first one.
async fn places_in_time(all: &Arc<Semaphore>, wanted: usize) -> Places {
    let first = Arc::clone(all).acquire_owned().await.ok()?;
    Some(with_more(all, first, wanted))
}

fn with_more(all: &Arc<Semaphore>, mut places: OwnedSemaphorePermit, wanted: usize) -> OwnedSemaphorePermit {
    while places.num_permits() < wanted
        && let Ok(one) = Arc::clone(all).try_acquire_owned()
    {
        places.merge(one);
    }
    places
}
