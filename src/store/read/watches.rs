//! Limits: whether any waits to be looked at, how many are near or have passed, and what was told of them.

use diesel::dsl::{count_star, exists};
use diesel::prelude::*;

use crate::domain::clocks::Watched;
use crate::domain::time::{Date, Timestamp};
use crate::identity::{Reach, Scope};
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::limits::clock_ahead;
use crate::store::moment::At;
use crate::store::rows::{AlarmRow, IrregularCountRow, IrregularityRow};
use crate::store::seals::newest_head;
use crate::store::tables::*;
use crate::store::word::{Stage, Word};

/// Whether the ledger has a limit to look at, or the chain's time is ahead of `now` by more than `allowed` and nobody was told.
pub fn limits_wait(
    conn: &mut Conn,
    now: Timestamp,
    allowed: std::time::Duration,
) -> Result<bool, StoreError> {
    let due: bool = on_backend!(conn, c => diesel::select(exists(
        dossiers::table.filter(dossiers::look_at.le(At(now)).assume_not_null())
    )).get_result(c))?;
    if due {
        return Ok(true);
    }
    let head: At = on_backend!(conn, c => newest_head!().select(head::at).get_result(c))?;
    let Some(cause) = clock_ahead(head.0, now, allowed) else {
        return Ok(false);
    };
    let told: bool = on_backend!(conn, c => diesel::select(exists(
        alarms::table.filter(alarms::cause.eq(&cause))
    )).get_result(c))?;
    Ok(!told)
}

/// How many dossiers have a limit that is near (`false`) or has passed (`true`), by limit.
pub fn limits_told(conn: &mut Conn) -> Result<Vec<(Watched, bool, i64)>, StoreError> {
    let rows: Vec<(String, Word<Stage>, i64)> = on_backend!(conn, c => watches::table
        .group_by((watches::kind, watches::stage))
        .select((watches::kind, watches::stage, count_star()))
        .load(c))?;
    Ok(rows
        .into_iter()
        .filter_map(|(kind, stage, count)| {
            Some((Watched::parse(&kind)?, stage == Word(Stage::Passed), count))
        })
        .collect())
}

/// Dossiers past their due date, by responsible agency. Empty for anybody but the operator.
pub fn overdue(conn: &mut Conn, scope: &Scope) -> Result<Vec<(Option<String>, i64)>, StoreError> {
    if !matches!(scope.reach(), Reach::Everything) {
        return Ok(Vec::new());
    }
    Ok(on_backend!(conn, c => watches::table
        .inner_join(dossiers::table.on(dossiers::id.eq(watches::dossier)))
        .filter(watches::kind.eq(Watched::Due.word()))
        .filter(watches::stage.eq(Word(Stage::Passed)))
        .group_by(dossiers::agency)
        .select((dossiers::agency, count_star()))
        .load(c))?)
}

/// Which irregularities to list.
#[derive(Clone, Debug, Default)]
pub struct IrregularFilter {
    /// After this place.
    pub after: i64,
    /// Of dossiers of this agency then.
    pub agency: Option<String>,
    /// At most so many.
    pub limit: i64,
}

/// What was done although a rule was broken, in order. Empty for anybody but the operator.
pub fn irregularities(
    conn: &mut Conn,
    scope: &Scope,
    filter: &IrregularFilter,
) -> Result<Vec<IrregularityRow>, StoreError> {
    if !matches!(scope.reach(), Reach::Everything) {
        return Ok(Vec::new());
    }
    Ok(on_backend!(conn, c => {
        let mut query = irregularities::table.filter(irregularities::seq.gt(filter.after)).into_boxed();
        if let Some(agency) = &filter.agency {
            query = query.filter(irregularities::agency.eq(agency));
        }
        query.order(irregularities::seq).limit(filter.limit).select(IrregularityRow::as_select()).load(c)
    })?)
}

/// How often a rule was broken, by day, agency and rule, on the days from one to another, both included.
pub fn irregular_counts(conn: &mut Conn, from: Date, to: Date) -> Result<Vec<IrregularCountRow>, StoreError> {
    let (from, to) = (from.to_string(), to.to_string());
    Ok(on_backend!(conn, c => irregular_counts::table
        .filter(irregular_counts::day.ge(&from))
        .filter(irregular_counts::day.le(&to))
        .order((irregular_counts::day, irregular_counts::agency, irregular_counts::label))
        .select(IrregularCountRow::as_select())
        .load(c))?)
}

/// What was told of limits after a number, in order; with `near`, warnings too. Empty for anybody but the operator.
pub fn alarms(
    conn: &mut Conn,
    scope: &Scope,
    after: i64,
    near: bool,
    limit: i64,
) -> Result<Vec<AlarmRow>, StoreError> {
    if !matches!(scope.reach(), Reach::Everything) {
        return Ok(Vec::new());
    }
    Ok(on_backend!(conn, c => alarms::table
        .filter(alarms::number.gt(after))
        .filter(alarms::passed.eq(true).or(alarms::passed.ne(near)))
        .order(alarms::number)
        .limit(limit)
        .select(AlarmRow::as_select())
        .load(c))?)
}
