//! What one agency has to do in a dossier of several agencies, by when, and how far it has come. All of them together are
//! [`super::tasks::Tasks`].
//!
//! Source: Decree 118/2025 art. 20.2.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::calendar::Limit;
use super::codes::Key;
use super::dossier::Channel;
use super::time::Timestamp;

/// Tasks one dossier may have. More agencies than this share no procedure; a longer list is a slip of the pen.
pub const TASKS_AT_MOST: usize = 20;

/// In which order the agencies of a dossier get it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TaskOrder {
    /// All at the same time: what was filed online.
    #[default]
    Together,
    /// One after the other, the lead first: papers.
    InSequence,
}

impl TaskOrder {
    /// The order in which a dossier goes to its agencies that reached the office this way.
    pub const fn of(channel: Channel) -> Self {
        match channel {
            Channel::Online => TaskOrder::Together,
            Channel::Counter | Channel::Post => TaskOrder::InSequence,
        }
    }
}

/// How far an agency has come with its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TaskState {
    /// It is not its turn: the papers are with another agency.
    Waiting,
    /// It has the dossier, and has not reported its task.
    Sent,
    /// Done.
    Done,
    /// It cannot do it, and has said why.
    Unable,
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TaskOutcome {
    /// It is done.
    Done,
    /// The agency cannot do it.
    Unable,
}

impl TaskOutcome {
    /// How far the task has come with it.
    pub const fn state(self) -> TaskState {
        match self {
            TaskOutcome::Done => TaskState::Done,
            TaskOutcome::Unable => TaskState::Unable,
        }
    }
}

/// What one agency has to do in a dossier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgencyTask {
    /// Which of the dossier's tasks, from 1; in sequence, the order of their turns. Written `task`, because the event it may stand
    /// in has a `number`.
    #[serde(rename = "task")]
    pub number: i32,
    /// Whose.
    pub agency: Key,
    /// It is the lead's.
    pub lead: bool,
    /// What is to be done.
    pub text: String,
    /// How long the agency has, from when it gets the dossier.
    pub limit: Limit,
    /// How far it has come.
    pub state: TaskState,
    /// Until when it is to be done; none while it is not its turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
}

impl AgencyTask {
    /// Whether its agency has the dossier because of it.
    pub fn is_sent(&self) -> bool {
        self.state != TaskState::Waiting
    }

    /// Whether its agency has reported it.
    pub fn is_settled(&self) -> bool {
        matches!(self.state, TaskState::Done | TaskState::Unable)
    }

    /// What the directory says of it, without what has become of it.
    pub fn as_given(&self) -> (i32, &Key, bool, &str, Limit) {
        (self.number, &self.agency, self.lead, &self.text, self.limit)
    }
}
