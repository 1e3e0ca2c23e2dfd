//! The state of a dossier and the columns that hold it.

use super::StoreError;
use super::moment::At;
use super::rows::DossierRow;
use super::word::Code;
use crate::domain::lifecycle::{Phase, Promise, Resume, State};
use crate::domain::matter::Open;
use crate::domain::status::Status;
use crate::domain::tasks::Tasks;

fn corrupt(what: impl Into<String>) -> StoreError {
    StoreError::Corrupt(what.into())
}

/// The state a row holds.
pub fn state_of(row: &DossierRow) -> Result<State, StoreError> {
    let status = row.status.0;
    let phase = match (status, row.resume) {
        (Status::SupplementRequested, Some(code)) => Phase::SupplementRequested {
            resume: Resume::from_status(code.0),
        },
        (Status::SupplementRequested, None) => {
            return Err(corrupt("a supplement without its earlier status"));
        }
        (status, _) => Phase::entering(status, status),
    };
    Ok(State {
        phase,
        since: row.since.0,
        spoken: serde_json::from_str(&row.spoken).map_err(|_| corrupt("stated moments"))?,
        events: row.events,
        version: row.version,
        supplements: row.supplements,
        postponements: row.postponements,
        accepted: row.accepted,
        code: row
            .code
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|_| corrupt("dossier code"))?,
        claimed: row
            .claimed_code
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|_| corrupt("claimed dossier code"))?,
        open: match &row.open_matters {
            None => Open::default(),
            Some(open) => serde_json::from_str(open).map_err(|_| corrupt("open matters"))?,
        },
        tasks: tasks_of(row.tasks.as_deref())?,
        due: row.due.map(|at| at.0),
        promise: row.promised_due.map(|at| Promise {
            to: at.0,
            holds: row.promise_holds,
        }),
    })
}

/// The tasks a column holds.
pub fn tasks_of(column: Option<&str>) -> Result<Tasks, StoreError> {
    let Some(tasks) = column else {
        return Ok(Tasks::default());
    };
    serde_json::from_str(tasks).map_err(|_| corrupt("tasks"))
}

/// Whether a dossier with this competent agency and these tasks is with an agency: what is sent to it is its own to read.
pub fn is_with(competent: Option<&str>, tasks: Option<&str>, agency: &str) -> Result<bool, StoreError> {
    Ok(competent == Some(agency) || tasks_of(tasks)?.shared_with(agency))
}

/// Writes a state into its row.
pub(super) fn put_state(row: &mut DossierRow, state: &State) {
    row.status = Code(state.status());
    row.resume = match state.phase {
        Phase::SupplementRequested { resume } => Some(Code(resume.status())),
        _ => None,
    };
    row.since = At(state.since);
    // Keys of tenants and moments: writing them to memory cannot fail.
    row.spoken = serde_json::to_string(&state.spoken).unwrap_or_default();
    row.events = state.events;
    row.version = state.version;
    row.supplements = state.supplements;
    row.postponements = state.postponements;
    row.accepted = state.accepted;
    row.code = state.code.as_ref().map(ToString::to_string);
    row.claimed_code = state.claimed.as_ref().map(ToString::to_string);
    // Numbers and moments: writing them to memory cannot fail.
    row.open_matters =
        (state.open != Open::default()).then(|| serde_json::to_string(&state.open).unwrap_or_default());
    // Keys, texts of the directory and moments: writing them to memory cannot fail.
    row.tasks = (!state.tasks.is_empty()).then(|| serde_json::to_string(&state.tasks).unwrap_or_default());
    row.due = state.due.map(At);
    row.promised_due = state.promise.map(|promise| At(promise.to));
    row.promise_holds = state.promise.is_some_and(|promise| promise.holds);
}
