//! A way of telling a submitter as it is kept: how it is set up, how far it has come, and who tells it.
//!
//! How far it has come is written several times a second. It is a row of its own, written anew each time and the one before removed: an
//! old snapshot that somebody holds keeps every version of a row, and a row that is updated would be found behind all its versions.

use crate::domain::time::Timestamp;
use crate::domain::view::SubscriptionState;
use crate::store::StoreError;
use crate::store::moment::At;
use crate::store::rows::SubscriptionRow;
use crate::store::telling::Subscription;

/// A way as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSubscription {
    /// Whose, and which.
    pub subscription: Subscription,
    /// Whether it is told.
    pub state: SubscriptionState,
    /// Since when it stands so.
    pub since: Timestamp,
    /// Why the hub has disabled it.
    pub reason: Option<String>,
    /// Where a webhook goes.
    pub url: Option<String>,
    /// Up to where it has been told of its feed, but for what has a notice.
    pub cursor: i64,
    /// Who holds it.
    pub hold: Option<Hold>,
    /// Which position of this way it is, from 1.
    pub(in crate::store) number: i64,
}

/// A hub that tells a way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Its name.
    pub by: String,
    /// Until when, without a further word of it.
    pub until: Timestamp,
}

/// What the columns of a position say: its number, the cursor, who holds it, until when.
pub(in crate::store) type Position = (Option<i64>, Option<i64>, Option<String>, Option<At>);

/// The position of each way of `subscriptions`, by its index: the newest is found first, however many old ones nobody may clear away yet.
macro_rules! position {
    () => {
        (
            $crate::store::kept::newest!(number),
            $crate::store::kept::newest!(cursor),
            $crate::store::kept::newest!(held_by),
            $crate::store::kept::newest!(held_until),
        )
    };
}
macro_rules! newest {
    ($column:ident) => {
        way_positions::table
            .filter(way_positions::tenant.eq(subscriptions::tenant))
            .filter(way_positions::way.eq(subscriptions::way))
            .order(way_positions::number.desc())
            .select(way_positions::$column)
            .single_value()
    };
}
pub(in crate::store) use {newest, position};

impl KeptSubscription {
    pub(in crate::store) fn of((row, position): (SubscriptionRow, Position)) -> Result<Self, StoreError> {
        let (Some(number), Some(cursor), by, until) = position else {
            let what = format!("{} of {} has no position", row.way.0.word(), row.tenant);
            return Err(StoreError::Corrupt(what));
        };
        Ok(KeptSubscription {
            subscription: Subscription {
                tenant: row.tenant,
                way: row.way.0,
            },
            state: row.state.0,
            since: row.since.0,
            reason: row.reason,
            url: row.url,
            cursor,
            hold: by.zip(until).map(|(by, until)| Hold { by, until: until.0 }),
            number,
        })
    }

    /// Whose it is.
    pub fn tenant(&self) -> &str {
        &self.subscription.tenant
    }

    /// Whether this hub may go on with it, as far as is kept.
    pub(in crate::store) fn is_held_by(&self, holder: &str) -> bool {
        self.hold.as_ref().is_some_and(|hold| hold.by == holder)
    }
}
