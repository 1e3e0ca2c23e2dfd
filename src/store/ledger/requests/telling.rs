//! How submitters are told beside the feed: ways set up and ended, and each step of telling.

use std::time::Duration;

use super::carrying::Carried;
use super::request::{Request, Sender};
use crate::domain::tenant::Actor;
use crate::domain::time::Timestamp;
use crate::store::columns::Column;
use crate::store::kept::SealedSecret;
use crate::store::telling::Subscription;

/// Why a webhook is disabled: its receiver answered 410.
pub const RECEIVER_GONE: &str = "receiver-gone";

/// The number of the test event: before every event of a feed.
pub const TEST: i64 = 0;

/// Sets a way up, or changes it; refused while its old queue is being drained.
pub struct Subscribe {
    /// Which.
    pub subscription: Subscription,
    /// Where a webhook goes.
    pub url: Option<String>,
    /// The cursor to go on from; none goes on where it was, or begins with the next event.
    pub from: Option<i64>,
    /// The first secret of a webhook; left alone when it has one.
    pub secret: Option<SealedSecret>,
}

/// What came of setting a way up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subscribed {
    /// It is set up.
    Done {
        /// Whether its secret was taken; a webhook that has one keeps it.
        secret_taken: bool,
    },
    /// The way was ended, and its queue is not gone yet.
    Ending,
}

/// Ends a way; what waits for it is dropped, the feed still has it. Answers whether there was one.
pub struct EndSubscription(pub Subscription);

/// The queue of an ended subscription is gone. Answers whether the subscription was still there.
pub struct QueueRemoved {
    /// Whose.
    pub tenant: String,
}

/// A new secret for a webhook; the one before it signs until `older_until`, older ones no more. Answers whether there is a webhook.
pub struct RotateSecret {
    /// Whose.
    pub tenant: String,
    /// The new one.
    pub secret: SealedSecret,
    /// When the one before it ends.
    pub older_until: Timestamp,
}

/// A test event by an active way, in place of one that still waits. Answers whether there is such a way.
pub struct TestSubscription {
    /// Which way.
    pub subscription: Subscription,
    /// The id of the event.
    pub event: String,
}

/// Holds a way: what its feed has after the cursor is the holder's to tell, until the time is over. Asked again, the holder goes on. None while another one holds it, or while it is not set up as it was.
pub struct HoldWay {
    /// Which way.
    pub subscription: Subscription,
    /// Only while it stands as it was set up at this moment.
    pub set_at: Timestamp,
    /// Who: one hub.
    pub holder: String,
    /// How long.
    pub time: Duration,
}

/// A way as its holder finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldWay {
    /// Up to where it has been told, but for what has a row.
    pub cursor: i64,
    /// How many notices with a row wait.
    pub waiting: i64,
    /// Whether any notice has a row, whatever its state.
    pub has_rows: bool,
}

/// Notices with a row to send now, at most one a dossier; they are the caller's until the lease ends.
pub struct LeaseNotices {
    /// Which way.
    pub subscription: Subscription,
    /// Only while it stands as it was set up at this moment; none says nothing of it.
    pub set_at: Option<Timestamp>,
    /// At most so many.
    pub max: i64,
    /// How long.
    pub lease: Duration,
    /// Whether those go first that were tried least: the receiver is being probed.
    pub least_tried_first: bool,
}

/// What became of notices, and how far the way has been told.
pub struct SettleNotices {
    /// Which way.
    pub subscription: Subscription,
    /// When the way they were sent by was set up: what is gone for good is that one, not what was set up in its place.
    pub set_at: Timestamp,
    /// The notices.
    pub settlements: Vec<NoticeSettlement>,
    /// How far its holder has come.
    pub progress: FeedProgress,
}

/// How far the holder of a way has come with its feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedProgress {
    /// Who.
    pub holder: String,
    /// The cursor as the holder knows it. Where it stands elsewhere, or another one holds the way, nothing of the feed is written: whoever
    /// tells it now tells it from that place.
    pub from: i64,
    /// Up to here everything has been told, or has a row.
    pub to: i64,
    /// What gets a row though nothing is known to have failed.
    pub set_aside: Vec<SetAside>,
    /// For how long the way stays the holder's.
    pub hold: Duration,
}

/// How a way stands once what became of its notices is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettledNotices {
    /// Whether the holder has it still, and its cursor is where the holder says.
    pub is_held: bool,
    /// Whether it stands as it was set up.
    pub stands: bool,
}

/// An event of the feed that gets a row, so that the cursor can pass it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Its place in the feed.
    pub seq: i64,
    /// Its dossier.
    pub dossier: String,
    /// Its id.
    pub event: String,
    /// For how long it is leased, because it is under way and hangs; none waits behind others of its dossier.
    pub leased: Option<Duration>,
}

/// A receiver that was spared answers again: what failed with it goes at once.
pub struct ReceiverAnswers(pub Subscription);

/// Parked notices are tried again, and what is held behind them. Answers how many were parked.
pub struct RetryNotices {
    /// Of which way.
    pub subscription: Subscription,
    /// The operator who says so, and why: audited. None for the subscriber itself.
    pub by: Option<(Actor, String)>,
}

/// A notice in the hands of its carrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeasedNotice {
    /// The event's place in the feed; [`TEST`] for a test event.
    pub seq: i64,
    /// Its dossier; empty for a test event.
    pub dossier: String,
    /// The id of the event.
    pub event: String,
    /// How often it was tried, this time included.
    pub attempt: i32,
    /// Whether it has a row; what is told from the feed has none.
    pub has_row: bool,
}

/// What became of one notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeSettlement {
    /// The notice.
    pub notice: LeasedNotice,
    /// What became of it.
    pub fate: SendOutcome,
}

/// What became of an attempt to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// It was tried.
    Carried(Carried),
    /// The receiver is gone for good: the whole way is disabled, the notice waits.
    Gone,
}

impl From<Carried> for SendOutcome {
    fn from(carried: Carried) -> Self {
        SendOutcome::Carried(carried)
    }
}

impl Request for Subscribe {
    type Answer = Subscribed;

    fn sender(&self) -> Option<Sender<'_>> {
        Some(Sender::named(&self.subscription.tenant))
    }

    fn unstorable(&self) -> Option<&'static str> {
        (!self.url.is_storable()).then_some("subscriptions.url")
    }
}

impl Request for EndSubscription {
    type Answer = bool;
}

impl Request for QueueRemoved {
    type Answer = bool;
}

impl Request for RotateSecret {
    type Answer = bool;
}

impl Request for TestSubscription {
    type Answer = bool;
}

impl Request for HoldWay {
    type Answer = Option<HeldWay>;

    fn may_be_audited(&self) -> bool {
        false
    }
}

impl Request for LeaseNotices {
    type Answer = Vec<LeasedNotice>;

    fn may_be_audited(&self) -> bool {
        false
    }
}

impl Request for SettleNotices {
    type Answer = SettledNotices;

    fn may_be_audited(&self) -> bool {
        false
    }
}

impl Request for ReceiverAnswers {
    type Answer = ();

    fn may_be_audited(&self) -> bool {
        false
    }
}

impl Request for RetryNotices {
    type Answer = usize;
}
