//! A way in the hands of one hub.

use diesel::dsl::{count_star, exists};
use diesel::prelude::*;

use super::rows::{ACTIVE, find, of};
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::ledger::requests::{HeldWay, HoldWay};
use crate::store::moment::At;
use crate::store::tables::*;
use crate::store::telling::WAITING;

pub(super) fn hold(conn: &mut Conn, now: Timestamp, asked: &HoldWay) -> Result<Option<HeldWay>, StoreError> {
    let which = &asked.subscription;
    let is_free = subscriptions::held_until
        .is_null()
        .or(subscriptions::held_until.lt(At(now)).assume_not_null())
        .or(subscriptions::held_by.eq(&asked.holder).assume_not_null());
    let key = (which.tenant.as_str(), which.way.word());
    let standing = subscriptions::table
        .find(key)
        .filter(subscriptions::state.eq(ACTIVE))
        .filter(subscriptions::since.eq(At(asked.set_at)))
        .filter(is_free);
    let taken = on_backend!(conn, c => diesel::update(standing).set((
            subscriptions::held_by.eq(Some(&asked.holder)),
            subscriptions::held_until.eq(Some(At(now.plus(asked.time)))),
        )).execute(c))?;
    if taken == 0 {
        return Ok(None);
    }
    let Some(row) = find(conn, which)? else {
        return Ok(None);
    };
    let has_rows = on_backend!(conn, c => diesel::select(exists(of(which))).get_result(c))?;
    let waiting = match has_rows {
        true => on_backend!(conn, c => of(which).filter(notices::state.eq(WAITING))
            .select(count_star()).first(c))?,
        false => 0,
    };
    Ok(Some(HeldWay {
        cursor: row.cursor,
        waiting,
        has_rows,
    }))
}
