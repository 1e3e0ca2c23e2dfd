//! What happens to a dossier beside its ten statuses and must be recorded: a change the applicant asks for, opinions of other
//! bodies, a result that comes early, papers that were lost, fees on their way to the budget, the tasks of several agencies, the
//! notice of what was received out of area. What is allowed when is for [`super::lifecycle::judge`].
//!
//! Source: Decree 118/2025 arts. 19.4, 20.1, 20.2, 21, 22.5, 23.2, 24.3.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes::Key;
use super::details::ResultPaper;
use super::dossier::Component;
use super::task::{AgencyTask, TaskOrder, TaskOutcome};
use super::tenant::TenantKey;
use super::time::Timestamp;

/// Opinions that may be open at once. More is no asking of opinions.
pub const OPINIONS_OPEN: usize = 20;

/// What happened beside the status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "matter", rename_all = "kebab-case")]
pub enum Matter {
    /// Before the decision the applicant asks for a change, or corrects an error in writing (art. 21).
    ChangeRequested {
        /// What is to be changed, and how it is right.
        text: String,
        /// The papers that show it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        papers: Vec<Component>,
    },
    /// The agency asks another body for its opinion (art. 19.4).
    OpinionAsked {
        /// Which of the dossier's opinions, from 1. Written `opinion`, because the event it stands in has a `number`.
        #[serde(rename = "opinion")]
        number: i32,
        /// Whose opinion.
        of: String,
        /// What is asked.
        question: String,
        /// Until when it is to be given.
        due_at: Timestamp,
    },
    /// The opinion is here (art. 19.4).
    OpinionAnswered {
        /// Which opinion.
        #[serde(rename = "opinion")]
        number: i32,
        /// What it says.
        answer: String,
    },
    /// The result will come before its due date (art. 22.5).
    EarlyResult {
        /// When.
        expected_at: Timestamp,
        /// What the applicant must read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// Papers of the applicant were lost or damaged (art. 23.2).
    PapersLost {
        /// Which, where they were lost, and what is done about it.
        text: String,
    },
    /// A fee was collected; it must reach the budget (art. 24.3).
    FeeCollected {
        /// How much, in đồng.
        amount_vnd: i64,
        /// Number of the receipt.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receipt: Option<String>,
        /// Until when it must have been paid in.
        due_at: Timestamp,
    },
    /// What was collected has been paid in (art. 24.3).
    FeePaidIn {
        /// How much, in đồng.
        amount_vnd: i64,
        /// Number of the payment order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receipt: Option<String>,
    },
    /// Several agencies decide together, each with its own task (art. 20.2). Told again where another content gives other tasks.
    TasksGiven {
        /// In which order they get the dossier.
        order: TaskOrder,
        /// What each has to do, the lead first.
        tasks: Vec<AgencyTask>,
    },
    /// The task before is settled: the papers go to the next agency (art. 20.2).
    TaskSent {
        /// Which task.
        task: i32,
        /// Whose.
        agency: Key,
        /// Until when it is to be done.
        due_at: Timestamp,
    },
    /// An agency reports its own task. It moves the dossier nowhere.
    TaskReported {
        /// Which task.
        task: i32,
        /// Whose.
        agency: Key,
        /// How it ended.
        outcome: TaskOutcome,
        /// Its opinion, or why it cannot do it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// The documents that came of it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        results: Vec<ResultPaper>,
    },
    /// An operator gave a task to another agency.
    TaskHandedOver {
        /// Which task.
        task: i32,
        /// Whose from now on.
        agency: Key,
        /// Whose it was.
        instead: Key,
        /// Why, in the operator's words.
        text: String,
        /// Until when it is to be done; none where it is not its turn yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_at: Option<Timestamp>,
    },
    /// The dossier was received out of area: the agency's own one-stop unit is notified, and supervises (art. 20.1).
    OutOfArea {
        /// The unit; none where the directory names none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<TenantKey>,
        /// Whether it can be told: it is registered here and active. Otherwise the operator tells it.
        deliverable: bool,
    },
}

impl Matter {
    /// The word of its event.
    pub const fn word(&self) -> &'static str {
        match self {
            Matter::ChangeRequested { .. } => "change-requested",
            Matter::OpinionAsked { .. } => "opinion-asked",
            Matter::OpinionAnswered { .. } => "opinion-answered",
            Matter::EarlyResult { .. } => "early-result",
            Matter::PapersLost { .. } => "papers-lost",
            Matter::FeeCollected { .. } => "fee-collected",
            Matter::FeePaidIn { .. } => "fee-paid-in",
            Matter::TasksGiven { .. } => "tasks-given",
            Matter::TaskSent { .. } => "task-sent",
            Matter::TaskReported { .. } => "task-reported",
            Matter::TaskHandedOver { .. } => "task-handed-over",
            Matter::OutOfArea { .. } => "out-of-area",
        }
    }

    /// Whether the agency must answer it.
    pub const fn asks_agency(&self) -> bool {
        matches!(self, Matter::ChangeRequested { .. })
    }

    /// The papers it brings.
    pub fn papers(&self) -> &[Component] {
        match self {
            Matter::ChangeRequested { papers, .. } => papers,
            _ => &[],
        }
    }

    /// The documents it brings.
    pub fn results(&self) -> &[ResultPaper] {
        match self {
            Matter::TaskReported { results, .. } => results,
            _ => &[],
        }
    }
}

/// What of it is still open: an opinion that has not come, a fee that has not been paid in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// How many opinions were ever asked for.
    #[serde(default)]
    pub asked: i32,
    /// Those that have not come: number and until when.
    #[serde(default)]
    pub opinions: Vec<(i32, Timestamp)>,
    /// What was collected and not paid in, and until when it must be.
    #[serde(default)]
    pub fee: Option<(i64, Timestamp)>,
}

impl Open {
    /// Until when the next opinion is to be given.
    pub fn opinion_due(&self) -> Option<Timestamp> {
        self.opinions.iter().map(|(_, due)| *due).min()
    }

    /// Until when what was collected must have been paid in.
    pub fn fee_due(&self) -> Option<Timestamp> {
        self.fee.map(|(_, due)| due)
    }

    /// What a matter makes of it. Never fails.
    pub fn follow(&mut self, matter: &Matter) {
        match matter {
            Matter::OpinionAsked { number, due_at, .. } => {
                self.asked = *number;
                self.opinions.push((*number, *due_at));
            }
            Matter::OpinionAnswered { number, .. } => self.opinions.retain(|(open, _)| open != number),
            Matter::FeeCollected {
                amount_vnd, due_at, ..
            } => {
                let (before, due) = self.fee.unwrap_or((0, *due_at));
                self.fee = Some((before.saturating_add(*amount_vnd), due.min(*due_at)));
            }
            Matter::FeePaidIn { amount_vnd, .. } => {
                let left = self
                    .fee
                    .map(|(before, due)| (before.saturating_sub(*amount_vnd), due));
                self.fee = left.filter(|(left, _)| *left > 0);
            }
            Matter::ChangeRequested { .. }
            | Matter::EarlyResult { .. }
            | Matter::PapersLost { .. }
            | Matter::OutOfArea { .. }
            // What each agency has to do is kept by itself.
            | Matter::TasksGiven { .. }
            | Matter::TaskSent { .. }
            | Matter::TaskReported { .. }
            | Matter::TaskHandedOver { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_micros(1_764_000_000_000_000 + hour * 3_600_000_000)
    }

    #[test]
    fn the_earliest_open_opinion_is_waited_for() {
        let mut open = Open::default();
        for (number, hour) in [(1, 5), (2, 3)] {
            open.follow(&Matter::OpinionAsked {
                number,
                of: "Công an phường".to_owned(),
                question: "xác minh".to_owned(),
                due_at: at(hour),
            });
        }
        assert_eq!((open.opinion_due(), open.asked), (Some(at(3)), 2));
        open.follow(&Matter::OpinionAnswered {
            number: 2,
            answer: "đúng".to_owned(),
        });
        assert_eq!(open.opinion_due(), Some(at(5)));
    }

    #[test]
    fn a_fee_is_open_until_all_of_it_is_paid_in() {
        let collected = |amount_vnd, hour| Matter::FeeCollected {
            amount_vnd,
            receipt: None,
            due_at: at(hour),
        };
        let paid_in = |amount_vnd| Matter::FeePaidIn {
            amount_vnd,
            receipt: None,
        };
        let mut open = Open::default();
        open.follow(&collected(10_000, 8));
        open.follow(&collected(5_000, 16));
        open.follow(&paid_in(10_000));
        assert_eq!(open.fee, Some((5_000, at(8))));
        open.follow(&paid_in(5_000));
        assert_eq!(open.fee, None);
    }
}
