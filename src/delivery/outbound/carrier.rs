//! The loop of one recipient: lease, commit, send, record. Several messages are under way at once, each of its own dossier; each
//! is written down as it ends, so that one that hangs holds up its own dossier and nothing else.

use std::sync::Arc;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use rand::rngs::StdRng;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::{Known, LEASE, LOOK_AGAIN, Recipient, Record, Refused, Sent, Wanted};
use crate::delivery::REST;
use crate::delivery::retry::{self, Leave, Missed};
use crate::domain::failure::Failure;
use crate::domain::time::Timestamp;
use crate::service::{Hub, ServiceError};
use crate::store::StoreError;
use crate::store::ledger::{Carried, Command, EndpointStanding};

/// Places for messages that are under way, as many as it has permits.
type Places = Option<OwnedSemaphorePermit>;

/// Leased messages, and the places they take.
type Leased<R> = (Vec<<R as Recipient>::Message>, Places);

/// Messages that ended together, once their places are free again.
type Ended<R> = Vec<(<R as Recipient>::Message, Sent)>;

/// Carries what one recipient is to be sent.
pub(super) struct Carrier<R: Recipient> {
    hub: Arc<Hub>,
    rng: StdRng,
    recipient: R,
    known: Known,
    leave: Leave,
    /// How many messages may still be leased before others have a turn.
    turn: usize,
    bell: Arc<Notify>,
    places: Arc<Semaphore>,
}

impl<R: Recipient> Carrier<R> {
    pub(super) fn new(
        hub: Arc<Hub>,
        recipient: R,
        mut known: Known,
        bell: Arc<Notify>,
        places: Arc<Semaphore>,
    ) -> Self {
        Carrier {
            rng: hub.entropy().generator(),
            leave: known.breaker.leave(hub.clock().now(), LEASE),
            turn: 0,
            hub,
            recipient,
            known,
            bell,
            places,
        }
    }

    /// Carries until nothing is left, or so many leases at full breadth are over; gives back what is known of the recipient.
    pub(super) async fn run(mut self, rounds: usize) -> Known {
        self.turn = self.recipient.breadth().saturating_mul(rounds);
        if let Err(error) = self.carry().await {
            // What was leased is free again when the lease is over.
            tracing::warn!(%error, recipient = ?self.recipient.key(), "messages could not be moved");
            tokio::time::sleep(REST).await;
        }
        self.known
    }

    async fn carry(&mut self) -> Result<(), ServiceError> {
        let bell = Arc::clone(&self.bell);
        let mut calls = FuturesUnordered::new();
        let mut under_way = 0;
        let mut is_late = false;
        let mut ended: Ended<R> = Vec::new();
        loop {
            let rung = bell.notified();
            let record = self.judge(ended);
            let wanted = self.wanted(under_way, is_late);
            let leased = self.go_on(record, wanted, under_way == 0).await?;
            match self.begin(leased).await {
                Ok(begun) => {
                    for (messages, call) in begun {
                        under_way += messages;
                        calls.push(call);
                    }
                }
                Err(error) if calls.is_empty() => return Err(error),
                // Those that are under way are written down first.
                Err(error) => tracing::debug!(%error, "messages cannot be leased"),
            }
            let news = async {
                rung.await;
                tokio::time::sleep(LOOK_AGAIN).await;
            };
            let first = tokio::select! {
                Some(first) = calls.next() => Some(first),
                // Calls hang: what may go beside them is not kept waiting.
                () = news, if !calls.is_empty() => None,
                else => return Ok(()),
            };
            is_late = first.is_none();
            ended = first.unwrap_or_default();
            while let Some(Some(more)) = calls.next().now_or_never() {
                ended.extend(more);
            }
            under_way -= ended.len();
        }
    }

    /// How many messages to lease beside those that are under way.
    fn wanted(&self, under_way: usize, is_late: bool) -> usize {
        let room = match self.leave {
            Leave::All => self.recipient.breadth(),
            Leave::Probe => self.recipient.breadth().min(1),
            Leave::Nothing(_) => 0,
        };
        // By halves, so that a busy recipient costs a lease every few messages and not for each; or when calls hang.
        if is_late || under_way * 2 <= room {
            room.saturating_sub(under_way).min(self.turn)
        } else {
            0
        }
    }

    /// Writes down how sending ended and leases what is next. Both are asked for at once, in this order: it is one commit.
    async fn go_on(
        &self,
        record: Option<Record<R>>,
        wanted: usize,
        is_idle: bool,
    ) -> Result<Result<Leased<R>, ServiceError>, ServiceError> {
        // What has ended is not kept waiting for calls to others.
        let mut places = self.places_now(wanted);
        let is_back = record
            .as_ref()
            .is_some_and(|r| r.standing == Some(EndpointStanding::Answers));
        let mut leased = if is_back {
            // What waited for it has to be free before it is asked for.
            self.record(record).await?;
            self.lease(&places).await
        } else {
            let (recorded, leased) = tokio::join!(biased; self.record(record), self.lease(&places));
            recorded?;
            leased
        };
        if places.is_none() && wanted > 0 && is_idle {
            places = self.places_in_time(wanted).await;
            leased = self.lease(&places).await;
        }
        Ok(leased.map(|messages| (messages, places)))
    }

    /// Up to so many places, of those that are free now.
    fn places_now(&self, wanted: usize) -> Places {
        if wanted == 0 {
            return None;
        }
        let first = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some(self.with_more(first, wanted))
    }

    /// Up to so many places; waits for the first one, since nothing is under way that would end.
    async fn places_in_time(&self, wanted: usize) -> Places {
        let first = Arc::clone(&self.places).acquire_owned().await.ok()?;
        Some(self.with_more(first, wanted))
    }

    fn with_more(&self, mut places: OwnedSemaphorePermit, wanted: usize) -> OwnedSemaphorePermit {
        while places.num_permits() < wanted
            && let Ok(one) = Arc::clone(&self.places).try_acquire_owned()
        {
            places.merge(one);
        }
        places
    }

    /// Leases a message for each place.
    async fn lease(&self, places: &Places) -> Result<Vec<R::Message>, ServiceError> {
        let Some(places) = places else {
            return Ok(Vec::new());
        };
        let wanted = Wanted {
            max: i64::try_from(places.num_permits()).unwrap_or(1),
            least_tried_first: self.leave == Leave::Probe,
        };
        self.recipient.lease(wanted).await
    }

    /// The calls that carry leased messages, each with how many it carries. Its places are free when it is over.
    async fn begin(
        &mut self,
        leased: Result<Leased<R>, ServiceError>,
    ) -> Result<Vec<(usize, impl Future<Output = Ended<R>> + Send + use<R>)>, ServiceError> {
        let (messages, mut places) = leased?;
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        self.turn = self.turn.saturating_sub(messages.len());
        let begun = self.recipient.send(messages).await?;
        let mut calls = Vec::with_capacity(begun.len());
        for sending in begun {
            let taken = places.as_mut().and_then(|places| places.split(sending.messages));
            let call = async move {
                let ended = sending.ended.await;
                drop(taken);
                ended
            };
            calls.push((sending.messages, call));
        }
        Ok(calls)
    }

    async fn record(&self, record: Option<Record<R>>) -> Result<(), ServiceError> {
        match record {
            Some(record) => self.recipient.settle(&record).await,
            None => Ok(()),
        }
    }

    /// What follows from how sending ended; the recipient's breaker learns of it. None where nothing has ended.
    fn judge(&mut self, ended: Ended<R>) -> Option<Record<R>> {
        if ended.is_empty() {
            return None;
        }
        let now = self.hub.clock().now();
        let was_spared = self.known.breaker.spared_until().is_some();
        let (mut failure, mut is_gone) = (None, false);
        let mut settlements = Vec::with_capacity(ended.len());
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
            _ if is_gone => Leave::Nothing(now),
            Some(probe) => Leave::Nothing(probe),
            None => Leave::All,
        };
        Some(Record {
            settlements,
            standing: self.standing(was_spared, failure),
        })
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

/// Has the ledger do something, however long the database is away: what is not written down is sent again.
pub(super) async fn write_down<C: Command<Answer = ()>>(
    hub: &Hub,
    command: impl Fn() -> C,
) -> Result<(), ServiceError> {
    while let Err(error) = hub.store().ledger.ask(command()).await {
        match error {
            StoreError::Busy | StoreError::Unavailable(_) => tokio::time::sleep(REST).await,
            other => return Err(other.into()),
        }
    }
    Ok(())
}
