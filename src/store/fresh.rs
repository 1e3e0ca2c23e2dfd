//! What this hub has committed just now, so that whoever carries it on need not read it back.
//!
//! Two things: messages, which go from the commit to the relay, each leased to it by the commit itself; and the last events, as feeds say
//! them. Both are bounded, both are shortcuts: what does not fit, what another hub committed and what was committed before the hub started
//! is found in the database as ever.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;
use tokio::sync::mpsc::{self, OwnedPermit};

use super::agency_writers::AgencyWriters;
use super::message::{Content, Message};
use crate::domain::event::Event;
use crate::domain::time::Timestamp;

/// Messages on their way from the ledger to the relay at most. A further one waits in the outbox.
pub const MESSAGES: usize = 256;

/// The longest content of a message that goes this way, in bytes: 64 KiB, so that all of them take 16 MiB at most.
pub const CONTENT_BYTES: usize = 65_536;

/// How long the relay has a message that a commit leased to it; after a crash it is free again.
pub const LEASE: Duration = Duration::from_secs(30);

/// Events kept, with …
pub const EVENTS: usize = 1_024;

/// … so many bytes at most each, as they are stored. A longer one is read from the database, and all that are asked for with it.
pub const EVENT_BYTES: usize = 8_192;

/// What this hub has committed just now.
#[derive(Default)]
pub struct Fresh {
    relay: Mutex<Option<mpsc::Sender<Message>>>,
    /// Which version of a format writes to an agency.
    pub writers: AgencyWriters,
    /// Rings when a commit leaves something in the outbox that is nobody's.
    left: Notify,
    events: Mutex<Events>,
    /// From when on it has to be looked for what waits in the outbox, in microseconds; 0: from the beginning.
    unsent_since: AtomicI64,
}

/// The last events, in their order and without a gap.
#[derive(Default)]
struct Events {
    /// The number of the first of them.
    first: i64,
    kept: VecDeque<Kept>,
}

/// One of them: who is told, and what; none where it is too long to be kept.
struct Kept {
    tenants: Vec<String>,
    says: Option<FeedItem>,
}

/// One event of a feed.
#[derive(Clone)]
pub struct FeedItem {
    /// Its place in commit order: the cursor.
    pub seq: i64,
    /// The event.
    pub event: Arc<Event>,
    /// The submitter's reference.
    pub reference: String,
    /// Official code, as known now.
    pub code: Option<String>,
    /// Who filed.
    pub submitter: String,
    /// The unit that receives.
    pub receiving_unit: Option<String>,
    /// The unit that supervises.
    pub supervisor: Option<String>,
}

/// A place for a message on its way to the relay; free again when it is let go unused.
pub struct RelaySlot(OwnedPermit<Message>);

impl RelaySlot {
    /// Sends a message that is committed.
    pub(super) fn send(self, message: Message) {
        // A relay that has stopped meanwhile finds it in the outbox once the lease is over.
        self.0.send(message);
    }
}

/// An event that is about to be committed.
pub(super) struct Told {
    /// Who is told.
    pub(super) tenants: Vec<String>,
    /// What they are told.
    pub(super) item: FeedItem,
    /// How long it is, as it is stored.
    pub(super) bytes: usize,
}

impl Fresh {
    /// The messages that go from the ledger to the relay from now on; an earlier relay gets no more.
    pub fn messages(&self) -> mpsc::Receiver<Message> {
        let (sender, receiver) = mpsc::channel(MESSAGES);
        *self.relay() = Some(sender);
        receiver
    }

    fn relay(&self) -> MutexGuard<'_, Option<mpsc::Sender<Message>>> {
        self.relay.lock()
    }

    /// A place for a message with this content; none where no relay takes it, or not now.
    pub(super) fn place(&self, content: &Content) -> Option<RelaySlot> {
        if content.json().len() > CONTENT_BYTES {
            return None;
        }
        let relay = self.relay().clone()?;
        relay.try_reserve_owned().ok().map(RelaySlot)
    }

    /// Completes when a commit since the last time has left something in the outbox that is nobody's.
    pub async fn left(&self) {
        self.left.notified().await;
    }

    /// A commit has left something in the outbox that is nobody's.
    pub(super) fn leave(&self) {
        self.left.notify_one();
    }

    /// Nothing waits in the outbox that was to be sent before this moment, as far as the relay knows.
    pub fn nothing_unsent_before(&self, at: Timestamp) {
        self.unsent_since.store(at.as_micros(), Ordering::Relaxed);
    }

    /// From when on it has to be looked for what waits in the outbox. What has been sent lies before it, and a snapshot that somebody
    /// holds keeps it from being cleared away.
    pub fn unsent_since(&self) -> Timestamp {
        Timestamp::from_micros(self.unsent_since.load(Ordering::Relaxed))
    }

    fn events(&self) -> MutexGuard<'_, Events> {
        self.events.lock()
    }

    /// Keeps what was committed, in its order.
    pub(super) fn keep(&self, told: Vec<Told>) {
        let Some(first) = told.first().map(|told| told.item.seq) else {
            return;
        };
        let mut events = self.events();
        // Another hub has written in between.
        if events.first + events.kept.len() as i64 != first {
            events.kept.clear();
            events.first = first;
        }
        events.kept.extend(told.into_iter().map(|told| Kept {
            says: (told.bytes <= EVENT_BYTES).then_some(told.item),
            tenants: told.tenants,
        }));
        let over = events.kept.len().saturating_sub(EVENTS);
        events.kept.drain(..over);
        events.first += over as i64;
    }

    /// The next events of a tenant's own feed after a place, at most so many, where they are known from there on without a gap. None
    /// also where there are none that are known: another hub may have written some since.
    pub fn after(&self, tenant: &str, place: i64, most: usize) -> Option<Vec<FeedItem>> {
        let events = self.events();
        let from = usize::try_from(place + 1 - events.first).ok()?;
        let theirs = events.kept.range(from.min(events.kept.len())..);
        let theirs = theirs.filter(|kept| kept.tenants.iter().any(|told| told == tenant));
        let items: Option<Vec<FeedItem>> = theirs.take(most).map(|kept| kept.says.clone()).collect();
        items.filter(|items| !items.is_empty())
    }

    /// Those of these events that are kept.
    pub fn items(&self, seqs: &[i64]) -> Vec<FeedItem> {
        let events = self.events();
        let kept = |seq: &i64| {
            let place = usize::try_from(seq - events.first).ok()?;
            events.kept.get(place)?.says.clone()
        };
        seqs.iter().filter_map(kept).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::EventKind;
    use crate::domain::ids::{DossierId, EventId};
    use crate::domain::tenant::Actor;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    fn told(seq: i64, tenants: &[&str]) -> Told {
        let at = Timestamp::from_micros(1_800_000_000_000_000);
        let mut rng = StdRng::seed_from_u64(seq as u64);
        let event = Event {
            id: EventId::new(at, &mut rng),
            dossier: DossierId::new(at, &mut rng),
            number: 1,
            at,
            occurred_at: at,
            stated: false,
            actor: Actor::hub(),
            officer: None,
            foreign_values: Vec::new(),
            format_version: None,
            what: EventKind::AttachmentsComplete,
        };
        Told {
            tenants: tenants.iter().map(|&t| t.to_owned()).collect(),
            item: FeedItem {
                seq,
                event: Arc::new(event),
                reference: format!("HS-{seq}"),
                code: None,
                submitter: "branch.tay-ho".to_owned(),
                receiving_unit: None,
                supervisor: None,
            },
            bytes: 900,
        }
    }

    fn seqs(items: Option<Vec<FeedItem>>) -> Option<Vec<i64>> {
        items.map(|items| items.iter().map(|item| item.seq).collect())
    }

    #[test]
    fn a_feed_goes_on_only_from_where_nothing_is_missing() {
        let fresh = Fresh::default();
        assert_eq!(seqs(fresh.after("a", 0, 9)), None, "nothing is known");
        fresh.keep(vec![told(5, &["a"]), told(6, &["b"]), told(7, &["a", "b"])]);
        assert_eq!(seqs(fresh.after("a", 3, 9)), None, "what is 4?");
        assert_eq!(seqs(fresh.after("a", 4, 9)), Some(vec![5, 7]));
        assert_eq!(seqs(fresh.after("a", 4, 1)), Some(vec![5]));
        assert_eq!(seqs(fresh.after("b", 5, 9)), Some(vec![6, 7]));
        assert_eq!(
            seqs(fresh.after("a", 7, 9)),
            None,
            "another hub may have written since"
        );
        assert_eq!(seqs(fresh.after("a", 99, 9)), None);
        fresh.keep(vec![told(8, &["a"])]);
        assert_eq!(seqs(fresh.after("a", 4, 9)), Some(vec![5, 7, 8]));
        // 9 was another hub's.
        fresh.keep(vec![told(10, &["a"])]);
        assert_eq!(seqs(fresh.after("a", 8, 9)), None);
        assert_eq!(seqs(fresh.after("a", 9, 9)), Some(vec![10]));
        assert_eq!(seqs(Some(fresh.items(&[8, 10, 11]))), Some(vec![10]));
    }

    #[test]
    fn so_much_is_kept_and_no_more() {
        let fresh = Fresh::default();
        let last = EVENTS as i64 + 10;
        for seq in 1..=last {
            fresh.keep(vec![told(seq, &["a"])]);
        }
        let oldest = last - EVENTS as i64 + 1;
        assert_eq!(seqs(fresh.after("a", oldest - 2, 1)), None);
        assert_eq!(seqs(fresh.after("a", oldest - 1, 1)), Some(vec![oldest]));
        let all = fresh.after("a", oldest - 1, usize::MAX).unwrap();
        assert_eq!(all.len(), EVENTS);
        // A long one is a gap for whoever is told of it, and for nobody else.
        let long = |bytes| Told {
            bytes,
            ..told(last + 1, &["a"])
        };
        fresh.keep(vec![long(EVENT_BYTES + 1), told(last + 2, &["b"])]);
        assert_eq!(seqs(fresh.after("a", last - 1, 9)), None);
        assert_eq!(seqs(fresh.after("a", last - 1, 1)), Some(vec![last]));
        assert_eq!(seqs(fresh.after("b", last - 1, 9)), Some(vec![last + 2]));
        let fresh = Fresh::default();
        fresh.keep(vec![long(EVENT_BYTES)]);
        assert_eq!(seqs(fresh.after("a", last, 9)), Some(vec![last + 1]));
    }
}
