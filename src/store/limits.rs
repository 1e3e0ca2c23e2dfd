//! Limits as rows: one that runs stands in the row of its dossier, one that something was told of has a row of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use super::StoreError;
use super::moment::At;
use super::rows::{DossierRow, WatchRow};
use super::word::{Stage, Word};
use crate::domain::clocks::{Deadline, Watched};
use crate::domain::time::Timestamp;

/// The row of a limit that begins.
pub(super) fn row(dossier: &str, deadline: Deadline) -> WatchRow {
    WatchRow {
        dossier: dossier.to_owned(),
        kind: deadline.limit.word().to_owned(),
        due_at: At(deadline.due_at),
        warn_at: deadline.warn_at.map(At),
        stage: Word(Stage::Running),
        next_at: Some(At(deadline.warn_at.unwrap_or_else(|| over(deadline.due_at)))),
    }
}

/// Whether something was told of a limit: it has a row of its own then.
pub(super) fn is_told(row: &WatchRow) -> bool {
    row.stage != Word(Stage::Running)
}

/// The limits that run, by their words: when each ends, and when it warns; moments as both databases write them.
type Running = BTreeMap<String, (String, Option<String>)>;

/// The limits that run as the row of their dossier keeps them, and when one is to be looked at next.
pub(super) fn packed(limits: &[&WatchRow]) -> Result<(Option<String>, Option<At>), StoreError> {
    let running: Running = (limits.iter())
        .filter(|row| !is_told(row))
        .map(|row| {
            let moments = (row.due_at.0.to_string(), row.warn_at.map(|at| at.0.to_string()));
            (row.kind.clone(), moments)
        })
        .collect();
    let text = serde_json::to_string(&running).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    let next = limits.iter().filter_map(|row| row.next_at).min();
    Ok(((!running.is_empty()).then_some(text), next))
}

pub(super) fn unpacked(dossier: &DossierRow) -> Result<Vec<(Watched, WatchRow)>, StoreError> {
    let Some(text) = &dossier.running else {
        return Ok(Vec::new());
    };
    let corrupt = |e: &dyn std::fmt::Display| StoreError::Corrupt(format!("limits of {}: {e}", dossier.id));
    let running: Running = serde_json::from_str(text).map_err(|e| corrupt(&e))?;
    let moment = |text: &String| text.parse::<Timestamp>().map_err(|e| corrupt(&e));
    let limits = running.into_iter().filter_map(|(kind, (due_at, warn_at))| {
        let limit = Watched::parse(&kind)?;
        let deadline = || {
            Ok::<_, StoreError>(Deadline {
                limit,
                due_at: moment(&due_at)?,
                warn_at: warn_at.as_ref().map(moment).transpose()?,
            })
        };
        Some(deadline().map(|deadline| (limit, row(&dossier.id, deadline))))
    });
    limits.collect()
}

/// The first instant at which a limit has passed: at its end it is still kept.
pub(super) fn over(due_at: Timestamp) -> Timestamp {
    Timestamp::from_micros(due_at.as_micros().saturating_add(1))
}

/// The cause of an alarm that the chain's time is ahead of this hub's clock, when it is: one of its hubs' clocks is wrong. While
/// it lasts the chain's time stands still, so the cause stays the same.
pub(super) fn clock_ahead(head: Timestamp, clock: Timestamp, allowed: Duration) -> Option<String> {
    (head > clock.plus(allowed)).then(|| format!("{}:{head}", Watched::ClockAhead))
}
