//! Submitters that are told beside their feed, by a webhook or into a queue of their own. A parked notice holds the later ones of
//! its dossier.
//!
//! Whoever carries for a way holds it, reads on in its feed, and sends what it has read without writing anything down first; what has
//! arrived moves the cursor, in memory at once and with each record in the database (`position`). Notices with a row, which failed or
//! wait behind such, are leased as others are. How a receiver stands is kept nowhere but in this process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::sync::Notify;

use super::carrier::write_down;
use super::endpoint::{self, Endpoint, Manner};
use super::position::{Position, Read};
use super::{Bounds, LEASE, LOOK_AGAIN, Recipient, Recipients, Record, Sending, SetUp, Wanted, queue};
use crate::broker::Broker;
use crate::domain::endpoint::EndpointUrl;
use crate::domain::time::Timestamp;
use crate::domain::view::{CloudEvent, NoticeData, Way};
use crate::service::{ActiveWay, Hub, ServiceError};
use crate::store::ledger::{
    Carried, EndpointStanding, Fate, HoldWay, LeaseNotices, LeasedNotice, NoticeSettlement, Progress,
    ReceiverAnswers, SettleNotices, Subscription, WINDOW,
};

/// Calls to one webhook at once.
const CALLS: usize = 16;

/// Notices published into one queue at once.
const PUBLISHED: usize = 128;

/// Carriers at work at once; further ways wait for a turn.
const CARRIERS: usize = 128;

/// Events of a webhook's feed that are read ahead of its calls, and of a queue's ahead of what is published.
const READ_BY_CALLS: usize = 64;
const READ_BY_QUEUE: usize = 256;

/// How long calls are signed with the secrets that were found, though others may have been set meanwhile.
const SECRETS_FOR: Duration = Duration::from_secs(1);

/// How long a way stays with a hub that says nothing: a hub that died holds up its webhooks for no longer.
const HOLD: Duration = Duration::from_secs(5);

const MANNER: Manner = Manner {
    content_type: "application/cloudevents+json",
    status: "HTTP ",
};

/// All ways of submitters.
pub(super) struct Submitters {
    hub: Arc<Hub>,
    broker: Broker,
}

impl Submitters {
    pub(super) fn of(hub: Arc<Hub>, broker: Broker) -> Self {
        Submitters { hub, broker }
    }
}

impl Recipients for Submitters {
    type One = Submitter;

    /// There may be any number of ways, so they take turns; who has one may use it to the full.
    const BOUNDS: Bounds = Bounds {
        carriers: CARRIERS,
        messages: CARRIERS * PUBLISHED,
        rounds: 16,
    };

    fn bell(&self) -> Arc<Notify> {
        self.hub.notices_bell()
    }

    async fn look(&self) -> Result<Vec<Submitter>, ServiceError> {
        let ways = self.hub.ways_to_tell().await?;
        Ok(ways.into_iter().filter_map(|way| self.one(way)).collect())
    }

    /// Those that are behind their feeds have something at once; only of the others it has to be asked.
    async fn waiting(&self, free: Vec<Submitter>) -> Result<Vec<Submitter>, ServiceError> {
        let quiet = free.iter().filter(|submitter| !submitter.is_behind);
        let quiet = quiet.map(|submitter| submitter.subscription.tenant.clone());
        let due = self.hub.notices_due(quiet.collect()).await?;
        let mut waiting = free;
        waiting.retain(|submitter| submitter.is_behind || due.contains(&submitter.subscription));
        Ok(waiting)
    }
}

impl Submitters {
    fn one(&self, way: ActiveWay) -> Option<Submitter> {
        let transport = match (way.subscription.way, way.url) {
            (Way::Webhook, Some(url)) => Transport::Webhook(url),
            (Way::Webhook, None) => {
                tracing::warn!(tenant = way.subscription.tenant, "a webhook has no address");
                return None;
            }
            (Way::Queue, _) => Transport::Queue,
        };
        Some(Submitter {
            hub: Arc::clone(&self.hub),
            broker: self.broker.clone(),
            subscription: way.subscription,
            set_at: way.set_at,
            is_behind: way.is_behind,
            transport,
            telling: Mutex::default(),
        })
    }
}

/// How notices go.
enum Transport {
    Webhook(EndpointUrl),
    Queue,
}

/// One way of a submitter, as it was set up when it was looked up.
pub(super) struct Submitter {
    hub: Arc<Hub>,
    broker: Broker,
    subscription: Subscription,
    set_at: Timestamp,
    /// Whether its feed had something after its cursor.
    is_behind: bool,
    transport: Transport,
    telling: Mutex<Telling>,
}

/// How far its carrier has come.
#[derive(Default)]
struct Telling {
    /// None until the way is held.
    position: Option<Position<Option<CloudEvent<NoticeData>>>>,
    /// It is somebody else's by now, or was set up anew: nothing more is begun.
    is_over: bool,
    /// When it was last said that the way is held.
    held: Option<Instant>,
    /// Whether the feed was read to its end, as far as is known.
    is_read: bool,
    /// How often there was news.
    news: u64,
    /// Where calls go, and what they are signed with; and when that was looked up.
    endpoint: Option<(Arc<Endpoint>, Timestamp)>,
    rows: Rows,
}

/// What is known of the notices with a row.
#[derive(Default)]
struct Rows {
    /// Whether there are any.
    any: bool,
    /// How many waited when the way was taken, and were made since.
    waiting: i64,
    /// Whether one may go that could not when it was asked last.
    changed: bool,
    asked: Option<Instant>,
}

/// A notice with the event it tells.
type Ready = (LeasedNotice, CloudEvent<NoticeData>);

impl Submitter {
    fn telling(&self) -> MutexGuard<'_, Telling> {
        self.telling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many events are read ahead.
    fn ahead(&self) -> usize {
        match self.transport {
            Transport::Webhook(_) => READ_BY_CALLS,
            Transport::Queue => READ_BY_QUEUE,
        }
    }

    fn publish(&self, ready: Vec<Ready>) -> Sending<LeasedNotice> {
        let (notices, events): (Vec<_>, Vec<_>) = ready.into_iter().unzip();
        let (broker, tenant) = (self.broker.clone(), self.subscription.tenant.clone());
        Sending {
            messages: notices.len(),
            ended: async move {
                let sent = queue::publish(&broker, &tenant, &events).await;
                notices.into_iter().zip(sent).collect()
            }
            .boxed(),
        }
    }

    /// Where calls go now; none for a queue.
    async fn endpoint(&self) -> Result<Option<Arc<Endpoint>>, ServiceError> {
        let Transport::Webhook(url) = &self.transport else {
            return Ok(None);
        };
        Ok(Some(Arc::new(Endpoint {
            url: url.clone(),
            secrets: self.hub.webhook_secrets(&self.subscription.tenant).await?,
            manner: &MANNER,
        })))
    }

    /// The calls that carry these; one that cannot be read is a call that has failed.
    fn carry(
        &self,
        endpoint: Option<&Arc<Endpoint>>,
        notices: impl IntoIterator<Item = (LeasedNotice, Option<CloudEvent<NoticeData>>)>,
    ) -> Vec<Sending<LeasedNotice>> {
        let (mut ready, mut sendings) = (Vec::new(), Vec::new());
        for (notice, event) in notices {
            match event {
                Some(event) => ready.push((notice, event)),
                None => sendings.push(Sending::unreadable(notice)),
            }
        }
        match endpoint {
            _ if ready.is_empty() => {}
            None => sendings.push(self.publish(ready)),
            Some(endpoint) => sendings.extend(ready.into_iter().map(|(notice, event)| {
                let (hub, endpoint) = (Arc::clone(&self.hub), Arc::clone(endpoint));
                Sending::one(
                    notice,
                    async move { endpoint::call(&hub, &endpoint, &event).await },
                )
            })),
        }
        sendings
    }

    /// Takes the way, where it is not held yet; false where it is not to be had.
    async fn hold(&self) -> Result<bool, ServiceError> {
        {
            let telling = self.telling();
            if telling.is_over || telling.position.is_some() {
                return Ok(!telling.is_over);
            }
        }
        let command = HoldWay {
            subscription: self.subscription.clone(),
            set_at: self.set_at,
            holder: self.hub.holder().to_owned(),
            time: HOLD,
        };
        let held = self.hub.store().ledger.ask(command).await?;
        let (mut telling, now) = (self.telling(), Instant::now());
        match held {
            Some(held) => {
                telling.position = Some(Position::at(held.cursor));
                telling.held = Some(now);
                telling.rows = Rows {
                    any: held.has_rows,
                    waiting: held.waiting,
                    changed: held.has_rows,
                    asked: Some(now),
                };
            }
            None => telling.is_over = true,
        }
        Ok(!telling.is_over)
    }

    /// What is recorded of these: how far the way has been told, and which of them have a row.
    fn record(&self, settlements: Vec<(LeasedNotice, Fate)>) -> (Vec<NoticeSettlement>, Progress) {
        let mut telling = self.telling();
        telling.held = Some(Instant::now());
        let Telling { position, rows, .. } = &mut *telling;
        let mut progress = Progress {
            holder: self.hub.holder().to_owned(),
            from: 0,
            to: 0,
            set_aside: Vec::new(),
            hold: HOLD,
        };
        let mut settled: Vec<NoticeSettlement> = settlements
            .into_iter()
            .map(|(notice, fate)| NoticeSettlement { notice, fate })
            .collect();
        if let Some(position) = position {
            let told = settled.iter().filter(|s| !s.notice.has_row);
            let recorded = position.record(told.map(|s| s.notice.seq));
            for s in &mut settled {
                s.notice.has_row |= recorded.with_rows.contains(&s.notice.seq);
            }
            (progress.from, progress.to) = (position.cursor(), recorded.to);
            progress.set_aside = recorded.set_aside;
        }
        let failed = |s: &&NoticeSettlement| !s.notice.has_row && s.fate != Fate::Carried(Carried::Done);
        let made = progress.set_aside.len() + settled.iter().filter(failed).count();
        rows.waiting += made as i64;
        rows.any |= made > 0;
        rows.changed |= made > 0 || settled.iter().any(|s| s.notice.has_row);
        (settled, progress)
    }
}

impl Recipient for Submitter {
    type Key = Subscription;
    type Message = LeasedNotice;
    type Fate = Fate;

    fn key(&self) -> Subscription {
        self.subscription.clone()
    }

    fn set_up(&self) -> SetUp {
        SetUp {
            at: self.set_at,
            url: match &self.transport {
                Transport::Webhook(url) => Some(url.clone()),
                Transport::Queue => None,
            },
        }
    }

    fn spared_until(&self) -> Option<Timestamp> {
        None
    }

    /// One that is set up anew is found out by the next record.
    fn breadth(&self) -> usize {
        match self.transport {
            Transport::Webhook(_) => CALLS,
            Transport::Queue => PUBLISHED,
        }
    }

    fn named(message: &LeasedNotice) -> (&str, i32) {
        (&message.event, message.attempt)
    }

    fn gone() -> Option<Fate> {
        Some(Fate::Gone)
    }

    /// Only what has a row is leased: where there may be some that can go, and now and then, since operators and subscribers make others
    /// go.
    async fn lease(&self, wanted: Wanted) -> Result<Vec<LeasedNotice>, ServiceError> {
        if !self.hold().await? {
            return Ok(Vec::new());
        }
        {
            let rows = &mut self.telling().rows;
            let is_time = rows.asked.is_none_or(|asked| asked.elapsed() >= LOOK_AGAIN);
            if !rows.changed && !is_time {
                return Ok(Vec::new());
            }
            (rows.changed, rows.asked) = (false, Some(Instant::now()));
        }
        let command = LeaseNotices {
            subscription: self.subscription.clone(),
            set_at: Some(self.set_at),
            max: wanted.max,
            lease: LEASE,
            least_tried_first: wanted.least_tried_first,
        };
        let leased = self.hub.store().ledger.ask(command).await?;
        if !leased.is_empty() {
            self.telling().rows.changed = true;
        }
        Ok(leased)
    }

    async fn send(&self, leased: Vec<LeasedNotice>) -> Result<Vec<Sending<LeasedNotice>>, ServiceError> {
        let mut told = self.hub.notice_events(&self.subscription.tenant, &leased).await?;
        let endpoint = self.endpoint().await?;
        let notices = leased.into_iter().map(|notice| {
            let event = told.remove(&notice.seq);
            (notice, event)
        });
        Ok(self.carry(endpoint.as_ref(), notices))
    }

    async fn settle(&self, record: Record<Self>) -> Result<(), ServiceError> {
        let (settlements, progress) = self.record(record.settlements);
        let settle = || SettleNotices {
            subscription: self.subscription.clone(),
            set_at: self.set_at,
            settlements: settlements.clone(),
            progress: progress.clone(),
        };
        let settled = write_down(&self.hub, settle).await?;
        {
            let mut telling = self.telling();
            telling.is_over |= !settled.stands || !settled.is_held;
            if let Some(position) = telling.position.as_mut().filter(|_| settled.is_held) {
                position.recorded(progress.to);
            }
        }
        if record.standing == Some(EndpointStanding::Answers) {
            write_down(&self.hub, || ReceiverAnswers(self.subscription.clone())).await?;
            self.telling().rows.changed = true;
        }
        Ok(())
    }

    fn has_news(&self) -> bool {
        self.is_behind
    }

    fn news(&self) {
        let mut telling = self.telling();
        telling.is_read = false;
        telling.news += 1;
    }

    /// Not so far that a call that hangs is passed by more than a window, nor while a window of notices with rows waits.
    fn reads_on(&self) -> bool {
        let telling = self.telling();
        let Some(position) = telling
            .position
            .as_ref()
            .filter(|_| !telling.is_over && !telling.is_read)
        else {
            return false;
        };
        let has_room = position.beyond() < WINDOW as usize && telling.rows.waiting < WINDOW;
        has_room && position.waiting() < self.ahead() / 2
    }

    async fn read_on(&self) -> Result<(), ServiceError> {
        let (place, has_rows, news) = {
            let telling = self.telling();
            let place = telling.position.as_ref().map_or(0, Position::read_to);
            (place, telling.rows.any, telling.news)
        };
        let most = self.ahead();
        let read = self
            .hub
            .untold(&self.subscription, place, most as i64, has_rows)
            .await?;
        let now = self.hub.clock().now();
        let is_known = |known: &(Arc<Endpoint>, Timestamp)| now < known.1.plus(SECRETS_FOR);
        let endpoint = match read.is_empty() || self.telling().endpoint.as_ref().is_some_and(is_known) {
            true => None,
            false => self.endpoint().await?.map(|endpoint| (endpoint, now)),
        };
        let mut telling = self.telling();
        // What came while it was read may have come too late for it.
        telling.is_read = read.len() < most && telling.news == news;
        telling.endpoint = endpoint.or_else(|| telling.endpoint.take());
        if let Some(position) = &mut telling.position {
            position.take(read.into_iter().map(|news| Read {
                notice: news.notice,
                noticed: news.noticed,
                says: news.event,
            }));
        }
        Ok(())
    }

    fn at_hand(&self, max: usize) -> Vec<Sending<LeasedNotice>> {
        let (next, endpoint) = {
            let mut telling = self.telling();
            let Telling {
                position: Some(position),
                is_over: false,
                ..
            } = &mut *telling
            else {
                return Vec::new();
            };
            (
                position.next(max, Instant::now()),
                telling.endpoint.clone().map(|known| known.0),
            )
        };
        self.carry(endpoint.as_ref(), next)
    }

    fn arrived(&self, message: &LeasedNotice) {
        if let Some(position) = self.telling().position.as_mut().filter(|_| !message.has_row) {
            position.arrived(message.seq);
        }
    }

    /// Rows that must be made; and that the way is still held, while calls take their time.
    fn keeps(&self) -> bool {
        let (mut telling, now) = (self.telling(), Instant::now());
        if telling.is_over {
            return false;
        }
        let Telling {
            position: Some(position),
            held,
            ..
        } = &mut *telling
        else {
            return false;
        };
        position.keeps(LOOK_AGAIN, LEASE, now)
            || held.is_some_and(|held| now.duration_since(held) >= HOLD / 3)
    }

    fn leaves(&self) -> bool {
        let mut telling = self.telling();
        if telling.is_over {
            return false;
        }
        telling.is_read = true;
        telling.position.as_mut().is_some_and(Position::leave)
    }

    fn lingers(&self) -> bool {
        let telling = self.telling();
        telling.position.is_some() && !telling.is_over
    }
}
