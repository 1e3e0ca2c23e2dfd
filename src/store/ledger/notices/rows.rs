//! The rows of one way: its subscription, its notices, a notice that begins.

use diesel::prelude::*;

use crate::domain::time::Timestamp;
use crate::domain::view::{SubscriptionState, Transport};
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::kept::{Hold, KeptSubscription, Position, position};
use crate::store::moment::At;
use crate::store::rows::*;
use crate::store::script::{Clash, Script};
use crate::store::tables::*;
use crate::store::telling::{Subscription, WAITING};
use crate::store::word::Word;

pub(super) const ACTIVE: Word<SubscriptionState> = Word(SubscriptionState::Active);

/// The way, if it is set up.
pub(super) fn find(conn: &mut Conn, which: &Subscription) -> Result<Option<KeptSubscription>, StoreError> {
    let key = (which.tenant.as_str(), Word(which.way));
    let found: Option<(SubscriptionRow, Position)> = on_backend!(conn, c => subscriptions::table
        .find(key).select((SubscriptionRow::as_select(), position!())).first(c).optional())?;
    found.map(KeptSubscription::of).transpose()
}

/// Writes how far a way has come and who tells it, in place of what was there before, by its number.
pub(super) fn place(
    script: &mut Script<'_>,
    which: &Subscription,
    before: Option<i64>,
    cursor: i64,
    hold: Option<Hold>,
) -> Result<(), StoreError> {
    let (held_by, held_until) = hold.map(|hold| (hold.by, At(hold.until))).unzip();
    let row = WayPositionRow {
        tenant: which.tenant.clone(),
        way: Word(which.way),
        number: before.unwrap_or_default() + 1,
        cursor,
        held_by,
        held_until,
    };
    if let Some(number) = before {
        let key = (which.tenant.as_str(), Word(which.way), number);
        script.run(diesel::delete(way_positions::table.find(key)))?;
    }
    script.write([&row], Clash::Fails)
}

/// A way that is no longer set up has no position.
pub(super) fn displace(conn: &mut Conn, which: &Subscription) -> Result<(), StoreError> {
    let theirs = way_positions::table
        .filter(way_positions::tenant.eq(&which.tenant))
        .filter(way_positions::way.eq(Word(which.way)));
    on_backend!(conn, c => diesel::delete(theirs).execute(c))?;
    Ok(())
}

/// The notices of one way.
#[diesel::dsl::auto_type]
pub(super) fn of<'a>(which: &'a Subscription) -> _ {
    let tenant: &'a str = which.tenant.as_str();
    let way: Word<Transport> = Word(which.way);
    notices::table
        .filter(notices::tenant.eq(tenant))
        .filter(notices::way.eq(way))
}

/// A notice that may go at once.
pub(super) fn waiting(
    which: &Subscription,
    now: Timestamp,
    (seq, dossier, event): (i64, &str, &str),
) -> NoticeRow {
    NoticeRow {
        tenant: which.tenant.clone(),
        way: Word(which.way),
        seq,
        dossier: dossier.to_owned(),
        event: event.to_owned(),
        state: WAITING,
        since: At(now),
        not_before: At(now),
        leased_until: None,
        attempts: 0,
    }
}
