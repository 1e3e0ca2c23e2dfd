//! What each of several agencies has to do in a dossier, as a reader sees it, and as it is reported and handed over.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answers::AgencyView;
use crate::domain::absent;
use crate::domain::calendar::Limit;
use crate::domain::codes::Key;
use crate::domain::details::{self, ResultPaper};
use crate::domain::event::{Event, EventKind};
use crate::domain::matter::Matter;
use crate::domain::task::{TaskOrder, TaskOutcome, TaskState};
use crate::domain::text::{PRINTABLE, SAYS_SOMETHING, limits};
use crate::domain::time::Timestamp;
use crate::domain::whole;

/// What one of several agencies has to do (Decree 118/2025 art. 20.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaskView {
    /// Which of the dossier's tasks, from 1.
    pub number: i32,
    /// Whose.
    pub agency: AgencyView,
    /// It is the lead agency's (cơ quan chủ trì); every other is a co-agency (cơ quan phối hợp).
    pub lead: bool,
    /// What is to be done.
    pub text: String,
    /// How long the agency has, from when it gets the dossier.
    pub limit: Limit,
    /// How far it has come.
    pub state: TaskState,
    /// Until when it is to be done; null while it is not its turn.
    pub due_at: Option<Timestamp>,
    /// When it was reported; only with the whole dossier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_at: Option<Timestamp>,
    /// Its opinion, or why it cannot be done; only with the whole dossier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The documents that came of it; only with the whole dossier.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<ResultPaper>,
    /// When its limit passed before it was reported; only with the whole dossier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_since: Option<Timestamp>,
}

/// The tasks of a dossier of several agencies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JointView {
    /// Whether all of them get the dossier together, or one after the other.
    pub order: TaskOrder,
    /// The lead agency's first.
    pub tasks: Vec<TaskView>,
}

impl JointView {
    /// Adds what a history, oldest first, says of them.
    pub fn follow(&mut self, history: &[Event]) {
        for event in history {
            match &event.what {
                EventKind::Beside(Matter::TasksGiven { .. }) => self.tasks.iter_mut().for_each(clear),
                EventKind::Beside(Matter::TaskHandedOver { task, .. }) => self.change(*task, clear),
                EventKind::Beside(Matter::TaskReported {
                    task, text, results, ..
                }) => self.change(*task, |view| {
                    view.reported_at = Some(event.occurred_at);
                    view.answer.clone_from(text);
                    view.results.clone_from(results);
                }),
                EventKind::LimitPassed(told) => {
                    let task = told.task.unwrap_or_default();
                    self.change(task, |view| view.late_since = Some(told.due_at));
                }
                _ => {}
            }
        }
    }

    fn change(&mut self, number: i32, change: impl FnOnce(&mut TaskView)) {
        if let Some(task) = self.tasks.iter_mut().find(|task| task.number == number) {
            change(task);
        }
    }
}

fn clear(task: &mut TaskView) {
    (task.reported_at, task.answer, task.late_since) = (None, None, None);
    task.results.clear();
}

/// One of several agencies reports its own task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskReportRequest {
    /// When; left out, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// Which task; left out, the first that the agency has in hand.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "whole::optional"
    )]
    #[schemars(range(min = 1))]
    pub task: Option<i32>,
    /// How it ended: `done`, or `unable` with `text` saying why.
    pub outcome: TaskOutcome,
    /// The opinion, or why it cannot be done. At most 2,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = limits::NOTE), regex(pattern = PRINTABLE))]
    pub text: Option<String>,
    /// The documents that came of it.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "absent::or_default"
    )]
    #[schemars(with = "Option<Vec<ResultPaper>>", length(max = details::limits::RESULTS))]
    pub results: Vec<ResultPaper>,
}

/// An operator gives the task of a co-agency to another agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskHandOverRequest {
    /// Which task.
    #[serde(deserialize_with = "whole::number")]
    #[schemars(range(min = 1))]
    pub task: i32,
    /// Stable key of an agency that is in force today; the same again where it could not do it and now can.
    pub agency: Key,
    /// Why; the history keeps it, the agencies read it. At most 500 characters.
    #[schemars(length(min = 1, max = limits::REASON), regex(pattern = SAYS_SOMETHING))]
    pub reason: String,
}
