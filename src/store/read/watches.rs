//! Limits: whether any waits to be looked at, how many are near or have passed, and what was told of them.

use diesel::dsl::{count_star, exists};
use diesel::prelude::*;

use super::corrupt;
use crate::domain::clocks::Watched;
use crate::domain::codes::Key;
use crate::domain::ids::DossierId;
use crate::domain::rejection::Label;
use crate::domain::status::Status;
use crate::domain::tenant::TenantKey;
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
///
/// # Errors
/// What the database says.
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
///
/// # Errors
/// What the database says.
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
///
/// # Errors
/// What the database says.
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

/// Something done although a rule was broken, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptIrregularity {
    /// The place of its event in the chain.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// In which dossier.
    pub dossier: DossierId,
    /// The agency that was responsible then.
    pub agency: Option<Key>,
    /// Who did it.
    pub tenant: TenantKey,
    /// Which rule.
    pub label: Label,
    /// The status of the dossier after it.
    pub status: Status,
}

impl KeptIrregularity {
    fn of(row: IrregularityRow) -> Result<Self, StoreError> {
        let bad = |what: &str| corrupt(format!("irregularity {}: {what}", row.seq));
        Ok(KeptIrregularity {
            seq: row.seq,
            at: row.at.0,
            dossier: row.dossier.parse().map_err(|_| bad("dossier"))?,
            agency: row.agency.and_then(|key| key.parse().ok()),
            tenant: row.tenant.parse().map_err(|_| bad("tenant"))?,
            label: label(&row.label)?,
            status: row.status.0,
        })
    }
}

/// How often a rule was broken on one day, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptIrregularCount {
    /// The day, in Vietnam.
    pub day: Date,
    /// The agency that was responsible then.
    pub agency: Option<Key>,
    /// Which rule.
    pub label: Label,
    /// How often.
    pub count: i64,
}

impl KeptIrregularCount {
    fn of(row: &IrregularCountRow) -> Result<Self, StoreError> {
        Ok(KeptIrregularCount {
            day: row.day.parse().map_err(|_| corrupt(format!("day {}", row.day)))?,
            // The empty one is none.
            agency: row.agency.parse().ok(),
            label: label(&row.label)?,
            count: row.count,
        })
    }
}

fn label(word: &str) -> Result<Label, StoreError> {
    Label::parse(word).ok_or_else(|| corrupt(format!("label {word}")))
}

/// Which irregularities to list.
#[derive(Clone, Debug, Default)]
pub struct IrregularFilter {
    /// After this place.
    pub after: i64,
    /// Of dossiers of this agency then.
    pub agency: Option<Key>,
    /// At most so many.
    pub limit: i64,
}

/// What was done although a rule was broken, in order. Empty for anybody but the operator.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn irregularities(
    conn: &mut Conn,
    scope: &Scope,
    filter: &IrregularFilter,
) -> Result<Vec<KeptIrregularity>, StoreError> {
    if !matches!(scope.reach(), Reach::Everything) {
        return Ok(Vec::new());
    }
    let rows: Vec<IrregularityRow> = on_backend!(conn, c => {
        let mut query = irregularities::table.filter(irregularities::seq.gt(filter.after)).into_boxed();
        if let Some(agency) = &filter.agency {
            query = query.filter(irregularities::agency.eq(agency.as_str()));
        }
        query.order(irregularities::seq).limit(filter.limit).select(IrregularityRow::as_select()).load(c)
    })?;
    rows.into_iter().map(KeptIrregularity::of).collect()
}

/// How often a rule was broken, by day, agency and rule, on the days from one to another, both included.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn irregular_counts(
    conn: &mut Conn,
    from: Date,
    to: Date,
) -> Result<Vec<KeptIrregularCount>, StoreError> {
    let (from, to) = (from.to_string(), to.to_string());
    let rows: Vec<IrregularCountRow> = on_backend!(conn, c => irregular_counts::table
        .filter(irregular_counts::day.ge(&from))
        .filter(irregular_counts::day.le(&to))
        .order((irregular_counts::day, irregular_counts::agency, irregular_counts::label))
        .select(IrregularCountRow::as_select())
        .load(c))?;
    rows.iter().map(KeptIrregularCount::of).collect()
}

/// What was told of a limit, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAlarm {
    /// Its number, in order.
    pub number: i64,
    /// When it was told.
    pub at: Timestamp,
    /// Which limit.
    pub limit: Watched,
    /// Whether it has passed, or is near.
    pub passed: bool,
    /// When it passes, or passed.
    pub due_at: Timestamp,
    /// Of which dossier; none for what is about the hub itself.
    pub dossier: Option<DossierId>,
    /// The agency that was responsible then.
    pub agency: Option<Key>,
}

impl KeptAlarm {
    fn of(row: AlarmRow) -> Result<Self, StoreError> {
        let bad = |what: &str| corrupt(format!("alarm {}: {what}", row.number));
        let dossier = row.dossier.as_deref().map(str::parse).transpose();
        Ok(KeptAlarm {
            number: row.number,
            at: row.at.0,
            limit: row.kind.0,
            passed: row.passed,
            due_at: row.due_at.0,
            dossier: dossier.map_err(|_| bad("dossier"))?,
            agency: row.agency.and_then(|key| key.parse().ok()),
        })
    }
}

/// What was told of limits after a number, in order; with `near`, warnings too. Empty for anybody but the operator.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn alarms(
    conn: &mut Conn,
    scope: &Scope,
    after: i64,
    near: bool,
    limit: i64,
) -> Result<Vec<KeptAlarm>, StoreError> {
    if !matches!(scope.reach(), Reach::Everything) {
        return Ok(Vec::new());
    }
    let rows: Vec<AlarmRow> = on_backend!(conn, c => alarms::table
        .filter(alarms::number.gt(after))
        .filter(alarms::passed.eq(true).or(alarms::passed.ne(near)))
        .order(alarms::number)
        .limit(limit)
        .select(AlarmRow::as_select())
        .load(c))?;
    rows.into_iter().map(KeptAlarm::of).collect()
}
