//! Whether a cursor is of this history, and where to begin again when it is not.

use diesel::prelude::*;

use super::corrupt;
use crate::domain::view::Cursor;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::moment::At;
use crate::store::seals::newest_head;
use crate::store::tables::*;

/// What a cursor comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CursorStanding {
    /// It is of this history; what has a higher number comes after it.
    Known(i64),
    /// It is of another history, or made up. Everything up to `from` was there when it was given out, so that who begins there
    /// misses nothing.
    Foreign {
        /// Where to begin again.
        from: Cursor,
    },
}

/// Whether a cursor of the feed is of this history.
///
/// One look at an index: the moment says in which month's partition the event stands. A bare number has no moment, and is held
/// against the end of the feed alone.
///
/// # Errors
/// What the database says.
pub fn feed_cursor(conn: &mut Conn, cursor: Cursor) -> Result<CursorStanding, StoreError> {
    if cursor.number == 0 {
        return Ok(CursorStanding::Known(0));
    }
    let known = match cursor.at {
        Some(at) => on_backend!(conn, c => diesel::select(diesel::dsl::exists(events::table
            .filter(events::seq.eq(cursor.number)).filter(events::at.eq(At(at))))).get_result(c))?,
        None => {
            let last: i64 = on_backend!(conn, c => newest_head!().select(head::seq).get_result(c))?;
            cursor.number <= last
        }
    };
    if known {
        return Ok(CursorStanding::Known(cursor.number));
    }
    let from = match cursor.at {
        None => Cursor::START,
        Some(_) => begin_again(conn, cursor)?,
    };
    Ok(CursorStanding::Foreign { from })
}

/// The last place that this history and the cursor's have in common. A restored database goes on at a later moment than any the lost
/// history had, so what is common is what was committed up to the cursor's moment. Blocks are in the order of their numbers and of
/// their moments, so it is found by halving.
fn begin_again(conn: &mut Conn, cursor: Cursor) -> Result<Cursor, StoreError> {
    let Some(at) = cursor.at else {
        return Ok(Cursor::START);
    };
    let last: i64 = on_backend!(conn, c => newest_head!().select(head::block).get_result(c))?;
    let (mut low, mut high) = (0i64, last);
    while low < high {
        let middle = low + (high - low + 1) / 2;
        let of_block: At = on_backend!(conn, c => blocks::table.find(middle).select(blocks::at).first(c))?;
        if of_block.0 <= at {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    if low == 0 {
        return Ok(Cursor::START);
    }
    let (first, count): (i64, i64) = on_backend!(conn, c => blocks::table.find(low)
        .select((blocks::first_seq, blocks::count)).first(c))?;
    let number = (first + count - 1).min(cursor.number);
    place_in_feed(conn, number)
}

/// The cursor of a place in the feed, as it is given out.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a place without its event.
pub fn place_in_feed(conn: &mut Conn, number: i64) -> Result<Cursor, StoreError> {
    if number == 0 {
        return Ok(Cursor::START);
    }
    let at: Option<At> = on_backend!(conn, c => events::table
        .filter(events::seq.eq(number)).select(events::at).first(c).optional())?;
    let at = at.ok_or_else(|| corrupt(format!("no event {number}")))?;
    Ok(Cursor::after(number, at.0))
}

/// Whether a cursor of the alarms is of this history.
///
/// # Errors
/// What the database says.
pub fn alarm_cursor(conn: &mut Conn, cursor: Cursor) -> Result<CursorStanding, StoreError> {
    let Cursor { number, at } = cursor;
    if number == 0 {
        return Ok(CursorStanding::Known(0));
    }
    let kept: Option<At> =
        on_backend!(conn, c => alarms::table.find(number).select(alarms::at).first(c).optional())?;
    let known = match (kept, at) {
        (Some(kept), Some(at)) => kept.0 == at,
        (kept, None) => kept.is_some(),
        (None, Some(_)) => false,
    };
    if known {
        return Ok(CursorStanding::Known(number));
    }
    let Some(at) = at else {
        return Ok(CursorStanding::Foreign { from: Cursor::START });
    };
    let common: Option<(i64, At)> = on_backend!(conn, c => alarms::table
        .filter(alarms::number.lt(number)).filter(alarms::at.le(At(at)))
        .order(alarms::number.desc())
        .select((alarms::number, alarms::at)).first(c).optional())?;
    Ok(CursorStanding::Foreign {
        from: common.map_or(Cursor::START, |(number, at)| Cursor::after(number, at.0)),
    })
}
