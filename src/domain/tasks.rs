//! Dossiers of several agencies: the tasks of all of them.
//!
//! One agency leads. It alone moves the dossier; each of the others settles its own task. Filed online, a dossier goes to all of
//! them at the same time; on paper it goes from one to the next, the lead first. Whose turn it is follows from the events:
//! [`Tasks::follow`] never fails, what may be reported is for [`super::lifecycle::judge`].
//!
//! Source: Decree 118/2025 art. 20.2.

use serde::{Deserialize, Serialize};

use super::codes::Key;
use super::matter::Matter;
use super::task::{AgencyTask, TaskOrder, TaskState};
use super::time::Timestamp;

/// The tasks of a dossier of several agencies; none of any other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tasks {
    /// In which order the agencies get it.
    pub order: TaskOrder,
    /// By number.
    pub list: Vec<AgencyTask>,
}

impl Tasks {
    /// The tasks as a dossier begins: in sequence only the first has its turn. `due` says until when a task is to be done that
    /// begins now.
    pub fn beginning(
        order: TaskOrder,
        mut list: Vec<AgencyTask>,
        due: impl Fn(&AgencyTask) -> Timestamp,
    ) -> Self {
        list.sort_by_key(|task| (!task.lead, task.number));
        let sent = match order {
            TaskOrder::Together => list.len(),
            TaskOrder::InSequence => 1,
        };
        for task in list.iter_mut().take(sent) {
            task.state = TaskState::Sent;
            task.due_at = Some(due(task));
        }
        Tasks { order, list }
    }

    /// Whether the dossier is one agency's alone.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// A task by its number.
    pub fn get(&self, number: i32) -> Option<&AgencyTask> {
        self.list.iter().find(|task| task.number == number)
    }

    /// The tasks of one agency.
    pub fn of(&self, agency: &Key) -> impl Iterator<Item = &AgencyTask> {
        self.list.iter().filter(move |task| task.agency == *agency)
    }

    /// Whether an agency beside the lead has the dossier.
    pub fn shared_with(&self, agency: &str) -> bool {
        self.co_agencies().any(|key| key.as_str() == agency)
    }

    /// The agencies beside the lead that have the dossier, each once.
    pub fn co_agencies(&self) -> impl Iterator<Item = &Key> {
        let sent = |task: &&AgencyTask| !task.lead && task.is_sent();
        let tasks = self.list.iter().enumerate().filter(move |(_, task)| sent(task));
        tasks
            .filter(move |(at, task)| {
                let before = self.list.iter().take(*at).filter(sent);
                !before.into_iter().any(|other| other.agency == task.agency)
            })
            .map(|(_, task)| &task.agency)
    }

    /// The tasks that are not settled: sent, or waiting for their turn.
    pub fn open(&self) -> impl Iterator<Item = &AgencyTask> {
        let open = |task: &&AgencyTask| matches!(task.state, TaskState::Sent | TaskState::Waiting);
        self.list.iter().filter(open)
    }

    /// The tasks an agency has in hand and has not settled.
    pub fn in_hand(&self) -> impl Iterator<Item = &AgencyTask> {
        self.list.iter().filter(|task| task.state == TaskState::Sent)
    }

    /// Until when the next of them is to be done.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.in_hand().filter_map(|task| task.due_at).min()
    }

    /// The same of those that are due after a moment.
    pub fn next_due_after(&self, at: Timestamp) -> Option<Timestamp> {
        let due = self.in_hand().filter_map(|task| task.due_at);
        due.filter(|due| *due > at).min()
    }

    /// Whose turn it is now: nobody has the papers in hand, and this task waits. One that could not be done has had its turn, else
    /// one agency would hold up all that come after it.
    pub fn next_turn(&self) -> Option<&AgencyTask> {
        if self.order != TaskOrder::InSequence || self.in_hand().next().is_some() {
            return None;
        }
        self.list.iter().find(|task| task.state == TaskState::Waiting)
    }

    /// Whether the directory gives the same tasks to the same agencies.
    pub fn same_as_given(&self, other: &Tasks) -> bool {
        self.order == other.order
            && self.list.len() == other.list.len()
            && (self.list.iter().zip(&other.list)).all(|(one, two)| one.as_given() == two.as_given())
    }

    /// Another agency leads from now on: the lead's task is its own.
    pub fn lead_is(&mut self, agency: &Key) {
        for task in self.list.iter_mut().filter(|task| task.lead) {
            task.agency = agency.clone();
        }
    }

    /// What a matter makes of them. Never fails.
    pub fn follow(&mut self, matter: &Matter) {
        match matter {
            Matter::TasksGiven { order, tasks } => {
                *self = Tasks {
                    order: *order,
                    list: tasks.clone(),
                };
            }
            Matter::TaskSent { task, due_at, .. } => self.change(*task, |task| {
                task.state = TaskState::Sent;
                task.due_at = Some(*due_at);
            }),
            Matter::TaskReported { task, outcome, .. } => {
                self.change(*task, |task| task.state = outcome.state());
            }
            Matter::TaskHandedOver {
                task, agency, due_at, ..
            } => self.change(*task, |task| {
                task.agency = agency.clone();
                if let Some(due_at) = due_at {
                    task.state = TaskState::Sent;
                    task.due_at = Some(*due_at);
                }
            }),
            _ => {}
        }
    }

    fn change(&mut self, number: i32, change: impl FnOnce(&mut AgencyTask)) {
        if let Some(task) = self.list.iter_mut().find(|task| task.number == number) {
            change(task);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::Limit;
    use crate::domain::dossier::Channel;
    use crate::domain::task::TaskOutcome;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_micros(1_764_000_000_000_000 + hour * 3_600_000_000)
    }

    fn task(number: i32, agency: &str, lead: bool) -> AgencyTask {
        AgencyTask {
            number,
            agency: agency.parse().unwrap(),
            lead,
            text: "thẩm định".to_owned(),
            limit: Limit::WorkingDays(3),
            state: TaskState::Waiting,
            due_at: None,
        }
    }

    fn three(order: TaskOrder) -> Tasks {
        let list = vec![
            task(2, "so-b", false),
            task(1, "so-a", true),
            task(3, "so-c", false),
        ];
        Tasks::beginning(order, list, |task| at(i64::from(task.number)))
    }

    fn reported(task: i32, outcome: TaskOutcome) -> Matter {
        Matter::TaskReported {
            task,
            agency: "so-a".parse().unwrap(),
            outcome,
            text: None,
            results: Vec::new(),
        }
    }

    #[test]
    fn online_all_have_it_at_once_and_on_paper_the_lead_first() {
        let together = three(TaskOrder::of(Channel::Online));
        assert_eq!(together.in_hand().count(), 3);
        let co: Vec<&str> = together.co_agencies().map(Key::as_str).collect();
        assert_eq!(co, ["so-b", "so-c"]);
        assert_eq!(
            (together.next_due(), together.next_due_after(at(1))),
            (Some(at(1)), Some(at(2)))
        );
        assert!(together.next_turn().is_none());
        for channel in [Channel::Counter, Channel::Post] {
            let papers = three(TaskOrder::of(channel));
            let in_hand: Vec<i32> = papers.in_hand().map(|task| task.number).collect();
            assert_eq!(in_hand, [1]);
            assert!(papers.co_agencies().next().is_none() && !papers.shared_with("so-b"));
            assert_eq!(papers.open().count(), 3);
        }
    }

    #[test]
    fn papers_go_on_when_the_task_before_is_settled_and_also_when_it_cannot_be_done() {
        let mut papers = three(TaskOrder::InSequence);
        assert!(papers.next_turn().is_none());
        for (settled, outcome, next) in [
            (1, TaskOutcome::Done, Some(2)),
            (2, TaskOutcome::Unable, Some(3)),
            (3, TaskOutcome::Done, None),
        ] {
            papers.follow(&reported(settled, outcome));
            assert_eq!(papers.next_turn().map(|task| task.number), next);
            if let Some(task) = next {
                let agency = papers.get(task).unwrap().agency.clone();
                papers.follow(&Matter::TaskSent {
                    task,
                    agency,
                    due_at: at(9),
                });
            }
        }
        let states: Vec<TaskState> = papers.list.iter().map(|task| task.state).collect();
        assert_eq!(states, [TaskState::Done, TaskState::Unable, TaskState::Done]);
        assert_eq!(papers.open().count(), 0);
    }

    #[test]
    fn a_task_handed_over_is_the_other_agencys_and_open_again() {
        let mut tasks = three(TaskOrder::Together);
        tasks.follow(&reported(2, TaskOutcome::Unable));
        tasks.follow(&Matter::TaskHandedOver {
            task: 2,
            agency: "so-d".parse().unwrap(),
            instead: "so-b".parse().unwrap(),
            text: "theo công văn mẫu".to_owned(),
            due_at: Some(at(30)),
        });
        assert!(tasks.shared_with("so-d") && !tasks.shared_with("so-b"));
        assert_eq!(
            tasks.get(2).map(|task| (task.state, task.due_at)),
            Some((TaskState::Sent, Some(at(30))))
        );
        tasks.lead_is(&"so-e".parse().unwrap());
        assert_eq!(tasks.get(1).map(|task| task.agency.as_str()), Some("so-e"));
    }

    #[test]
    fn what_is_kept_comes_back() {
        let tasks = three(TaskOrder::InSequence);
        let text = serde_json::to_string(&tasks).unwrap();
        assert_eq!(serde_json::from_str::<Tasks>(&text).unwrap(), tasks);
        assert!(tasks.same_as_given(&three(TaskOrder::InSequence)));
        assert!(!tasks.same_as_given(&three(TaskOrder::Together)));
    }
}
