//! The rows of one way: its subscription, its notices, a notice that begins.

use diesel::prelude::*;

use crate::domain::time::Timestamp;
use crate::domain::view::SubscriptionState;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::moment::At;
use crate::store::rows::*;
use crate::store::tables::*;
use crate::store::telling::{Subscription, WAITING};
use crate::store::word::Word;

pub(super) const ACTIVE: Word<SubscriptionState> = Word(SubscriptionState::Active);

/// The subscription, if there is one.
pub(super) fn find(conn: &mut Conn, which: &Subscription) -> Result<Option<SubscriptionRow>, StoreError> {
    let key = (which.tenant.as_str(), which.way.word());
    Ok(
        on_backend!(conn, c => subscriptions::table.find(key).select(SubscriptionRow::as_select()).first(c).optional())?,
    )
}

/// The notices of one way.
#[diesel::dsl::auto_type]
pub(super) fn of<'a>(which: &'a Subscription) -> _ {
    let tenant: &'a str = which.tenant.as_str();
    let way: &'static str = which.way.word();
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
        way: which.way.word().to_owned(),
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

/// Whether this holder may go on with a way, as far as its row says.
pub(super) fn is_held_by(row: &SubscriptionRow, holder: &str) -> bool {
    row.held_by.as_deref() == Some(holder)
}
