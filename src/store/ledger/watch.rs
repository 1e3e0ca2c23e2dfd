//! Limits whose time has come: who is warned, what has passed, each told once.
//!
//! The ledger alone decides, under the lock of the chain's head: however many hubs look at the same rows, the second finds them
//! told. The cause of what is told (dossier, limit, its end, near or passed) is a key besides, so that a limit set again to the
//! same end is not told of twice.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use diesel::prelude::*;

use super::batch::{Batch, PendingEvent};
use super::command::Command;
use super::requests::{LimitFired, Watch, WatchOutcome};
use super::tasks;
use crate::domain::clocks::{self, Watched};
use crate::domain::event::{EventKind, LimitTold};
use crate::domain::ids::EventId;
use crate::domain::legal::Closing;
use crate::domain::lifecycle::{self, Report, Role};
use crate::domain::task::AgencyTask;
use crate::domain::time::Timestamp;
use crate::domain::view::DeliveryState;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::limits::{clock_ahead, over, unpacked};
use crate::store::moment::At;
use crate::store::rows::*;
use crate::store::state::state_of;
use crate::store::tables::*;
use crate::store::word::{Stage, Word, Worded};

impl Command for Watch {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<WatchOutcome, StoreError> {
        watch(batch, conn, self)
    }
}

/// What was told of the limits of dossiers.
#[diesel::dsl::auto_type]
pub(super) fn told_of<'a>(ids: Vec<&'a str>) -> _ {
    watches::table.filter(watches::dossier.eq_any(ids))
}

/// The limits of these dossiers: those that run, and those that were told of.
pub(super) fn of_dossiers<'a>(
    conn: &mut Conn,
    dossiers: impl Iterator<Item = &'a DossierRow> + Clone,
) -> Result<HashMap<(String, Watched), WatchRow>, StoreError> {
    let mut limits = HashMap::new();
    let ids: Vec<&str> = dossiers.clone().map(|row| row.id.as_str()).collect();
    if ids.is_empty() {
        return Ok(limits);
    }
    let told: Vec<WatchRow> = on_backend!(conn, c => told_of(ids).select(WatchRow::as_select()).load(c))?;
    for dossier in dossiers {
        let running = unpacked(dossier)?.into_iter();
        limits.extend(running.map(|(limit, row)| ((dossier.id.clone(), limit), row)));
    }
    limits.extend(told.into_iter().filter_map(|row| {
        let limit = Watched::parse(&row.kind)?;
        Some(((row.dossier.clone(), limit), row))
    }));
    Ok(limits)
}

/// The cause of what is told of a limit.
fn cause(watch: &WatchRow, passed: bool) -> String {
    let stage = if passed { Stage::Passed } else { Stage::Near };
    format!(
        "{}:{}:{}:{}",
        watch.dossier,
        watch.kind,
        watch.due_at.0,
        stage.word()
    )
}

fn watch(batch: &mut Batch<'_>, conn: &mut Conn, watch: &Watch) -> Result<WatchOutcome, StoreError> {
    let mut outcome = WatchOutcome::default();
    let rows: Vec<DossierRow> = on_backend!(conn, c => dossiers::table
        .filter(dossiers::look_at.le(At(batch.clock)).assume_not_null())
        .order((dossiers::look_at, dossiers::id))
        .limit(watch.max)
        .select(DossierRow::as_select())
        .load(c))?;
    outcome.looked = rows.len();
    let due = load(batch, conn, rows)?;
    let allowed = Duration::from_secs(u64::from(watch.law.clock_ahead));
    let ahead = clock_ahead(batch.head.at.0, batch.clock, allowed);
    if due.is_empty() && ahead.is_none() {
        return Ok(outcome);
    }
    let told = told(batch, conn, &due, ahead.as_ref())?;
    let open = open_deliveries(conn, &due)?;
    for (limit, row) in due {
        if let Some(fired) = look(batch, watch, limit, row, &told, &open)? {
            outcome.fired.push(fired);
        }
    }
    if let Some(cause) = ahead.filter(|cause| !told.causes.contains(cause)) {
        let due_at = batch.head.at.0;
        alarm(batch, &told, Watched::ClockAhead, cause, true, due_at, None);
        outcome.fired.push(LimitFired {
            limit: Watched::ClockAhead,
            passed: true,
            due_at,
            dossier: None,
            submitter: None,
        });
    }
    Ok(outcome)
}

/// Takes up these dossiers, and says which of their limits are due. What an earlier command of this batch has changed is looked at
/// again after its commit.
fn load(
    batch: &mut Batch<'_>,
    conn: &mut Conn,
    rows: Vec<DossierRow>,
) -> Result<Vec<(Watched, WatchRow)>, StoreError> {
    let unchanged =
        |row: &DossierRow| !batch.writes.touched.contains(&row.id) && !batch.writes.clocked.contains(&row.id);
    let rows: Vec<DossierRow> = rows.into_iter().filter(unchanged).collect();
    let limits = of_dossiers(conn, rows.iter())?;
    let is_due = |row: &WatchRow| row.next_at.is_some_and(|at| at.0 <= batch.clock);
    let mut due: Vec<(Watched, WatchRow)> = (limits.iter())
        .filter(|(_, row)| is_due(row))
        .map(|((_, limit), row)| (*limit, row.clone()))
        .collect();
    due.sort_by(|(_, a), (_, b)| (a.next_at, &a.dossier, &a.kind).cmp(&(b.next_at, &b.dossier, &b.kind)));
    batch
        .dossiers
        .extend(rows.into_iter().map(|row| (row.id.clone(), row)));
    batch.watches.extend(limits);
    Ok(due)
}

/// What was told before.
struct Known {
    causes: BTreeSet<String>,
    /// Number of the last alarm.
    last: i64,
}

fn told(
    batch: &Batch<'_>,
    conn: &mut Conn,
    due: &[(Watched, WatchRow)],
    ahead: Option<&String>,
) -> Result<Known, StoreError> {
    let mut asked: Vec<String> = due
        .iter()
        .flat_map(|(_, row)| [cause(row, false), cause(row, true)])
        .collect();
    asked.extend(ahead.cloned());
    let known: Vec<String> = on_backend!(conn, c => alarms::table
        .filter(alarms::cause.eq_any(&asked)).select(alarms::cause).load(c))?;
    let last: Option<i64> = on_backend!(conn, c => alarms::table
        .order(alarms::number.desc()).select(alarms::number).first(c).optional())?;
    let pending = batch.writes.alarms.iter().map(|a| a.cause.clone());
    Ok(Known {
        causes: known.into_iter().chain(pending).collect(),
        last: last.unwrap_or(0),
    })
}

/// A message an agency has not taken, or has not answered.
struct Open {
    agency: String,
    state: DeliveryState,
    seq: i64,
}

/// The deliveries that matter to limits kept by taking or answering a message.
fn open_deliveries(
    conn: &mut Conn,
    due: &[(Watched, WatchRow)],
) -> Result<HashMap<String, Vec<Open>>, StoreError> {
    let ids: BTreeSet<&str> = due
        .iter()
        .filter(|(limit, _)| matches!(limit, Watched::OfficerNotice | Watched::AgencySilent))
        .map(|(_, row)| row.dossier.as_str())
        .collect();
    let mut open: HashMap<String, Vec<Open>> = HashMap::new();
    if ids.is_empty() {
        return Ok(open);
    }
    // A warning needs no answer.
    let rows: Vec<(String, String, Word<DeliveryState>, i64)> = on_backend!(conn, c => deliveries::table
        .filter(deliveries::dossier.eq_any(&ids))
        .filter(deliveries::kind.ne_all(["limit-near", "limit-passed"]))
        .select((deliveries::dossier, deliveries::agency, deliveries::state, deliveries::event_seq))
        .load(c))?;
    for (dossier, agency, Word(state), seq) in rows {
        open.entry(dossier).or_default().push(Open { agency, state, seq });
    }
    Ok(open)
}

/// Whether what a limit waits for has happened without an event to say so.
fn kept(limit: Watched, dossier: &DossierRow, open: &[Open], own_queue: bool) -> bool {
    let Some(agency) = &dossier.agency else {
        return false;
    };
    let mut of_agency = open.iter().filter(|d| d.agency == *agency);
    match limit {
        Watched::OfficerNotice => of_agency.any(|d| match d.state {
            DeliveryState::Handed | DeliveryState::Acknowledged => true,
            DeliveryState::Queued => own_queue,
            DeliveryState::Waiting | DeliveryState::Parked => false,
        }),
        Watched::AgencySilent => of_agency.all(|d| match d.state {
            DeliveryState::Waiting | DeliveryState::Queued => {
                own_queue && dossier.answered_seq.is_some_and(|seq| seq > d.seq)
            }
            DeliveryState::Handed => !own_queue || dossier.answered_seq.is_some_and(|seq| seq > d.seq),
            DeliveryState::Acknowledged | DeliveryState::Parked => true,
        }),
        _ => false,
    }
}

/// Looks at one limit: warns, tells that it has passed, or sees that it was kept.
fn look(
    batch: &mut Batch<'_>,
    watch: &Watch,
    limit: Watched,
    mut row: WatchRow,
    known: &Known,
    open: &HashMap<String, Vec<Open>>,
) -> Result<Option<LimitFired>, StoreError> {
    let Some(mut dossier) = batch.dossiers.get(&row.dossier).cloned() else {
        return Err(StoreError::Corrupt(format!(
            "a limit of no dossier, {}",
            row.dossier
        )));
    };
    let own_queue = dossier
        .agency
        .as_ref()
        .is_some_and(|a| watch.own_queues.contains(a));
    let messages = open.get(&dossier.id).map_or(&[][..], Vec::as_slice);
    if kept(limit, &dossier, messages, own_queue) {
        batch.end(&dossier.id, limit);
        return Ok(None);
    }
    let passed = batch.clock > row.due_at.0;
    let cause = cause(&row, passed);
    let due_at = row.due_at.0;
    let late = late_tasks(limit, &dossier, due_at)?;
    if limit == Watched::Task && late.is_empty() {
        watch_next_task(batch, watch, &dossier, due_at, None)?;
        return Ok(None);
    }
    (row.stage, row.next_at) = if passed {
        (Word(Stage::Passed), None)
    } else {
        (Word(Stage::Near), Some(At(over(due_at))))
    };
    if limit == Watched::Task && passed {
        watch_next_task(batch, watch, &dossier, due_at, Some(row))?;
    } else {
        batch.told_of(limit, row);
    }
    if (passed && !limit.binds()) || known.causes.contains(&cause) {
        return Ok(None);
    }
    if limit == Watched::Task {
        tell_tasks(batch, watch, passed, &late, &mut dossier)?;
    } else {
        tell(batch, watch, limit, passed, due_at, &mut dossier)?;
    }
    let submitter = Some(dossier.tenant.clone());
    alarm(batch, known, limit, cause, passed, due_at, Some(&dossier));
    if let (Some(task), Some(alarm)) = (late.first(), batch.writes.alarms.last_mut()) {
        alarm.agency = Some(task.agency.to_string());
    }
    if passed && limit == Watched::Supplement && watch.law.supplement_closing == Closing::Close {
        close(batch, watch, &mut dossier)?;
    }
    let fired = LimitFired {
        limit,
        passed,
        due_at,
        dossier: Some(dossier.id.clone()),
        submitter,
    };
    batch.writes.touched.insert(dossier.id.clone());
    batch.dossiers.insert(dossier.id.clone(), dossier);
    Ok(Some(fired))
}

/// The tasks of several agencies that a limit is about; none for any other limit.
fn late_tasks(
    limit: Watched,
    dossier: &DossierRow,
    due_at: Timestamp,
) -> Result<Vec<AgencyTask>, StoreError> {
    if limit != Watched::Task {
        return Ok(Vec::new());
    }
    let state = state_of(dossier)?;
    Ok(tasks::due_at(&state, due_at).cloned().collect())
}

/// Goes on to the task that is due next, after the one whose limit was looked at: each is told of in its turn. The last one stays
/// among those that have passed.
fn watch_next_task(
    batch: &mut Batch<'_>,
    watch: &Watch,
    dossier: &DossierRow,
    due_at: Timestamp,
    looked_at: Option<WatchRow>,
) -> Result<(), StoreError> {
    let next = state_of(dossier)?.tasks.next_due_after(due_at);
    match (next, looked_at) {
        (Some(next), _) => batch.begin(&dossier.id, watch.clockwork.task(batch.clock, next)),
        (None, Some(row)) => batch.told_of(Watched::Task, row),
        (None, None) => batch.end(&dossier.id, Watched::Task),
    }
    Ok(())
}

/// Tells of each task that is late, or nearly: its agency, and the one that leads.
fn tell_tasks(
    batch: &mut Batch<'_>,
    watch: &Watch,
    passed: bool,
    late: &[AgencyTask],
    dossier: &mut DossierRow,
) -> Result<(), StoreError> {
    for task in late {
        let Some(due_at) = task.due_at else { continue };
        let told = tasks::told(task, due_at);
        let what = match passed {
            true => EventKind::LimitPassed(told),
            false => EventKind::LimitNear(told),
        };
        let word = what.word();
        let event = say(batch, watch, dossier, vec![what])?;
        tasks::tell_both(batch, dossier, &task.agency, event, word);
    }
    Ok(())
}

/// Writes the event and, where the agency is to act, sends it.
fn tell(
    batch: &mut Batch<'_>,
    watch: &Watch,
    limit: Watched,
    passed: bool,
    due_at: Timestamp,
    dossier: &mut DossierRow,
) -> Result<(), StoreError> {
    let told = LimitTold {
        limit,
        due_at,
        party: limit.party(),
        agency: None,
        task: None,
    };
    let what = if passed {
        EventKind::LimitPassed(told)
    } else {
        EventKind::LimitNear(told)
    };
    let word = what.word();
    let event = say(batch, watch, dossier, vec![what])?;
    if limit.tells_agency(passed) {
        batch.deliver(dossier, event, word, None);
    }
    Ok(())
}

fn say(
    batch: &mut Batch<'_>,
    watch: &Watch,
    dossier: &mut DossierRow,
    events: Vec<EventKind>,
) -> Result<(i64, EventId), StoreError> {
    let occurred_at = batch.now;
    let told = events
        .into_iter()
        .map(|what| PendingEvent::of(what, occurred_at, &watch.actor))
        .collect();
    let written = batch.append(dossier, told)?;
    written
        .last()
        .copied()
        .ok_or_else(|| StoreError::Corrupt("a limit without an event".to_owned()))
}

fn alarm(
    batch: &mut Batch<'_>,
    known: &Known,
    limit: Watched,
    cause: String,
    passed: bool,
    due_at: Timestamp,
    dossier: Option<&DossierRow>,
) {
    let earlier = i64::try_from(batch.writes.alarms.len()).unwrap_or(i64::MAX);
    batch.writes.alarms.push(AlarmRow {
        number: known.last + 1 + earlier,
        cause,
        at: At(batch.now),
        kind: Word(limit),
        passed,
        due_at: At(due_at),
        dossier: dossier.map(|d| d.id.clone()),
        agency: dossier.and_then(|d| d.agency.clone()),
    });
}

/// The reason a dossier is closed for by the clock; the applicant reads it.
const CLOSED: &str =
    "Quá thời hạn bổ sung mà hồ sơ chưa được hoàn thiện (khoản 5 Điều 19 Nghị định 118/2025/NĐ-CP)";

/// Closes a dossier whose supplement did not come, as the table allows the clock to.
fn close(batch: &mut Batch<'_>, watch: &Watch, dossier: &mut DossierRow) -> Result<(), StoreError> {
    let before = state_of(dossier)?;
    let report = Report {
        text: Some(CLOSED.to_owned()),
        direct: true,
        supplement_overdue: true,
        ..Report::new(watch.law.supplement_closed_as, Role::Clock, batch.now)
    };
    let decision = lifecycle::decide(&before, &report);
    let event = say(batch, watch, dossier, decision.events)?;
    let after = state_of(dossier)?;
    for limit in clocks::ended(&before, &after) {
        batch.end(&dossier.id, limit);
    }
    (dossier.acceptance_due, dossier.forecast_due) = (None, None);
    batch.deliver(dossier, event, "status-changed", None);
    batch.share(dossier, event, "status-changed", None)
}
