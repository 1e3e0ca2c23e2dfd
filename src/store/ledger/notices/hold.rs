//! A way in the hands of one hub.

use diesel::dsl::{count_star, exists};
use diesel::prelude::*;

use super::rows::{find, of, place};
use crate::domain::time::Timestamp;
use crate::domain::view::SubscriptionState;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::kept::{Hold, KeptSubscription};
use crate::store::ledger::requests::{HeldWay, HoldWay};
use crate::store::script::Script;
use crate::store::tables::*;
use crate::store::telling::WAITING;

pub(super) fn hold(conn: &mut Conn, now: Timestamp, asked: &HoldWay) -> Result<Option<HeldWay>, StoreError> {
    let which = &asked.subscription;
    let is_free = |way: &KeptSubscription| {
        let hold = way.hold.as_ref();
        hold.is_none_or(|hold| hold.until < now || hold.by == asked.holder)
    };
    let stands = |way: &KeptSubscription| way.state == SubscriptionState::Active && way.since == asked.set_at;
    let found = find(conn, which)?;
    let Some(way) = found.filter(|way| stands(way) && is_free(way)) else {
        return Ok(None);
    };
    let hold = Hold {
        by: asked.holder.clone(),
        until: now.plus(asked.time),
    };
    let mut script = Script::on(conn);
    place(&mut script, which, Some(way.number), way.cursor, Some(hold))?;
    script.end()?;
    let has_rows = on_backend!(conn, c => diesel::select(exists(of(which))).get_result(c))?;
    let waiting = match has_rows {
        true => on_backend!(conn, c => of(which).filter(notices::state.eq(WAITING))
            .select(count_star()).first(c))?,
        false => 0,
    };
    Ok(Some(HeldWay {
        cursor: way.cursor,
        waiting,
        has_rows,
    }))
}
