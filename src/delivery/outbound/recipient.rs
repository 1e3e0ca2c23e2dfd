//! What is the same of every recipient: who has something to send, how it is leased, sent and settled, and how an attempt ends.

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use crate::delivery::retry::Breaker;
use crate::domain::endpoint::EndpointUrl;
use crate::domain::failure::Failure;
use crate::domain::time::Timestamp;
use crate::service::ServiceError;
use crate::store::ledger::{Carried, EndpointStanding};

/// How long leased messages are ours: longer than the longest call that can be configured, so that nobody else sends them
/// meanwhile.
pub const LEASE: Duration = Duration::from_secs(30);

/// How often it is looked without a bell: what another hub committed, messages whose time has come, messages of a hub that died.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// How much of one kind may be under way at once, of one hub.
pub(super) struct Bounds {
    /// Carriers at work at once; further recipients wait for a turn.
    pub(super) carriers: usize,
    /// Messages under way to all recipients at once.
    pub(super) messages: usize,
    /// Leases of one carrier, at its full breadth, before others have a turn.
    pub(super) rounds: usize,
}

/// A kind of recipients: who of them has something to send.
pub(super) trait Recipients: Send + Sync + Sized + 'static {
    /// One of them.
    type One: Recipient;

    /// How much may be under way.
    const BOUNDS: Bounds;

    /// Rings when there may be something to send.
    fn bell(&self) -> Arc<Notify>;

    /// Everybody who may have something to send.
    fn look(&self) -> impl Future<Output = Result<Vec<Self::One>, ServiceError>> + Send;

    /// Those of them who have.
    fn waiting(
        &self,
        free: Vec<Self::One>,
    ) -> impl Future<Output = Result<Vec<Self::One>, ServiceError>> + Send;
}

/// Somebody who is sent to, as it was set up when it was looked up.
pub(super) trait Recipient: Send + Sync + Sized + 'static {
    /// What it stays known by when it is set up anew.
    type Key: Clone + Debug + Eq + Hash + Send + 'static;

    /// A message in hand for it.
    type Message: Send + Sync + 'static;

    /// What becomes of a message.
    type Fate: From<Carried> + Send + Sync;

    /// Who it is.
    fn key(&self) -> Self::Key;

    /// How it is set up.
    fn set_up(&self) -> SetUp;

    /// Until when it is spared by what any hub has written down of it.
    fn spared_until(&self) -> Option<Timestamp>;

    /// How many messages may be under way to it at once.
    fn breadth(&self) -> usize;

    /// The name of a message, which stays the same when it is tried again, and which attempt this is, from 1.
    fn named(message: &Self::Message) -> (&str, i32);

    /// What becomes of a message where the receiver says that it is gone for good; none where that is a failure like others.
    fn gone() -> Option<Self::Fate>;

    /// Leases messages that may go now, of each dossier the first.
    fn lease(&self, wanted: Wanted) -> impl Future<Output = Result<Vec<Self::Message>, ServiceError>> + Send;

    /// Reads what leased messages say, and gives the calls that carry them. What cannot be read is a call that has failed.
    fn send(
        &self,
        leased: Vec<Self::Message>,
    ) -> impl Future<Output = Result<Vec<Sending<Self::Message>>, ServiceError>> + Send;

    /// Writes down how sending ended, however long the database is away.
    fn settle(&self, record: Record<Self>) -> impl Future<Output = Result<(), ServiceError>> + Send;

    /// Whether something new was seen for it when it was looked up.
    fn has_news(&self) -> bool {
        false
    }

    /// Something new was seen for it since.
    fn news(&self) {}

    /// Whether it would read on, so that more is at hand.
    fn reads_on(&self) -> bool {
        false
    }

    /// Reads on.
    fn read_on(&self) -> impl Future<Output = Result<(), ServiceError>> + Send {
        std::future::ready(Ok(()))
    }

    /// Calls that carry what is at hand without a lease, at most so many messages.
    fn at_hand(&self, _max: usize) -> Vec<Sending<Self::Message>> {
        Vec::new()
    }

    /// How long there is at least between two records of what has arrived.
    fn pause(&self) -> Duration {
        Duration::ZERO
    }

    /// A message has arrived; it is written down later.
    fn arrived(&self, _message: &Self::Message) {}

    /// Whether something is to be written down though nothing has ended.
    fn keeps(&self) -> bool {
        false
    }

    /// Nothing more is begun by this carrier. Whether there is something to be written down before it ends.
    fn leaves(&self) -> bool {
        false
    }

    /// Whether its carrier waits a while for more when nothing is left, instead of being found anew.
    fn lingers(&self) -> bool {
        false
    }
}

/// How a recipient is set up: one that is set up anew is another one, of which nothing is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SetUp {
    /// When.
    pub(super) at: Timestamp,
    /// Where it is called; none for a queue.
    pub(super) url: Option<EndpointUrl>,
}

/// What a carrier asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// At most so many messages.
    pub(super) max: i64,
    /// Whether those go first that were tried least: the recipient is being probed, and it is the recipient that is asked about.
    pub(super) least_tried_first: bool,
}

/// How sending ended, to be written down.
pub(super) struct Record<R: Recipient> {
    /// The messages.
    pub(super) settlements: Vec<(R::Message, R::Fate)>,
    /// How the recipient stands, where that changed.
    pub(super) standing: Option<EndpointStanding>,
}

/// Why a message was not taken.
pub(super) struct Refused {
    pub(super) failure: Failure,
    /// In a few words; nothing of what the receiver said beside its status.
    pub(super) reason: String,
    /// The wait it asked for.
    pub(super) asked: Option<Duration>,
    /// Whether it says that it is gone for good.
    pub(super) is_gone: bool,
}

impl Refused {
    pub(super) fn new(failure: Failure, reason: impl Into<String>) -> Self {
        Refused {
            failure,
            reason: reason.into(),
            asked: None,
            is_gone: false,
        }
    }

    /// The event is there, and cannot be put into a message.
    pub(super) fn unwritable() -> Self {
        Refused::new(Failure::Unrenderable, "the event cannot be written")
    }
}

/// How an attempt ended.
pub(super) type Sent = Result<(), Refused>;

/// Messages on their way together.
pub(super) struct Sending<M> {
    /// How many.
    pub(super) messages: usize,
    /// Each of them, with how its attempt ended.
    pub(super) ended: BoxFuture<'static, Vec<(M, Sent)>>,
}

impl<M: Send + 'static> Sending<M> {
    pub(super) fn one(message: M, call: impl Future<Output = Sent> + Send + 'static) -> Self {
        Sending {
            messages: 1,
            ended: call.map(|sent| vec![(message, sent)]).boxed(),
        }
    }

    /// Of a message that cannot be read.
    pub(super) fn unreadable(message: M) -> Self {
        let refused = Refused::new(Failure::Unrenderable, "the event cannot be read");
        Sending::one(message, std::future::ready(Err(refused)))
    }
}

/// What is known of a recipient since it was set up.
pub(super) struct Known {
    pub(super) set_up: SetUp,
    pub(super) breaker: Breaker,
}

impl Known {
    /// What another hub found, or this one before it was started anew.
    pub(super) fn of(recipient: &impl Recipient) -> Self {
        Known {
            set_up: recipient.set_up(),
            breaker: recipient
                .spared_until()
                .map_or_else(Breaker::default, Breaker::sparing),
        }
    }
}
