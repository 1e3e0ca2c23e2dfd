//! The directory in use, and what it says of an agency, a code or a dossier's clocks.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use crate::clock::Clock;
use crate::domain::clocks::Clockwork;
use crate::domain::codes::{DossierCode, Key, ProcedureCode};
use crate::domain::dossier::Channel;
use crate::domain::event::{Event, EventKind};
use crate::domain::plausible::CLOCK_SKEW;
use crate::domain::rejection::{Problem, problems};
use crate::domain::routing::{Agency, AgencyChannel, CodeLook, Directory};
use crate::domain::task::{AgencyTask, TaskOrder, TaskState};
use crate::domain::tasks::Tasks;
use crate::domain::tenant::TenantKind;
use crate::domain::time::{Date, Timestamp};
use crate::domain::view::{AgencyView, AssignmentView, Clocks, JointView, TaskView};
use crate::identity::Access;
use crate::store::kept::KeptDossier;

/// The directory in use, exchanged whole when the database holds another.
pub struct DirectoryInUse {
    clock: Clock,
    current: ArcSwap<Directory>,
    /// Whether agencies may consume queues of their own; without a broker that stands outside, they pull.
    own_queues: bool,
}

impl DirectoryInUse {
    pub(super) fn new(directory: Directory, own_queues: bool, clock: Clock) -> Self {
        DirectoryInUse {
            clock,
            current: ArcSwap::from_pointee(directory),
            own_queues,
        }
    }

    /// The day in Vietnam.
    pub fn today(&self) -> Date {
        self.clock.now().date()
    }

    /// The directory in use.
    pub fn current(&self) -> Arc<Directory> {
        self.current.load_full()
    }

    /// The same for a look that is over at once.
    pub(super) fn load(&self) -> Guard<Arc<Directory>> {
        self.current.load()
    }

    /// Puts another directory into use, in this process.
    pub(super) fn replace(&self, directory: Directory) {
        self.current.store(Arc::new(directory));
    }

    /// Whether agencies may consume queues of their own.
    pub fn own_queues(&self) -> bool {
        self.own_queues
    }

    /// A code somebody brings for a dossier of this agency, if it can be one, and what is worth a look about it.
    pub(super) fn code_of(
        &self,
        code: Option<DossierCode>,
        agency: Option<&Key>,
        now: Timestamp,
    ) -> (Option<DossierCode>, Option<Problem>) {
        let Some(code) = code else {
            return (None, None);
        };
        let today = now.plus(CLOCK_SKEW).date();
        match self.load().look_at_code(&code, agency, today) {
            CodeLook::Usable(odd) => (Some(code), odd),
            CodeLook::NotYet(problem) => (None, Some(problem)),
        }
    }

    /// What the clocks of a dossier are computed with.
    pub(super) fn clockwork(&self, row: &KeptDossier) -> Clockwork {
        self.load().clockwork(row.agency.as_ref(), &row.procedure)
    }

    pub(super) fn agency_of(&self, dossier: &KeptDossier) -> Option<AgencyView> {
        dossier.agency.as_ref().map(|key| self.agency_view(key))
    }

    /// What the clocks of the agencies are computed with whose turn has not come, of a dossier that goes from one to the next.
    pub(super) fn turns(&self, row: &KeptDossier) -> Vec<(Key, Clockwork)> {
        let tasks = &row.state.tasks;
        let waiting = tasks.open().filter(|task| task.state == TaskState::Waiting);
        let clockwork = |agency: &Key| self.load().clockwork(Some(agency), &row.procedure);
        waiting
            .map(|task| (task.agency.clone(), clockwork(&task.agency)))
            .collect()
    }

    /// The tasks of a dossier as they begin at a moment, each by the hours of its own agency.
    pub(super) fn beginning(
        &self,
        given: Vec<AgencyTask>,
        channel: Channel,
        procedure: &ProcedureCode,
        from: Timestamp,
    ) -> Tasks {
        if given.is_empty() {
            return Tasks::default();
        }
        let directory = self.load();
        Tasks::beginning(TaskOrder::of(channel), given, |task| {
            directory
                .clockwork(Some(&task.agency), procedure)
                .due(from, task.limit)
        })
    }

    /// What each of several agencies has to do, as shown.
    pub(super) fn joint(&self, row: &KeptDossier) -> Option<JointView> {
        let tasks = &row.state.tasks;
        let view = |task: &AgencyTask| TaskView {
            number: task.number,
            agency: self.agency_view(&task.agency),
            lead: task.lead,
            text: task.text.clone(),
            limit: task.limit,
            state: task.state,
            due_at: task.due_at,
            reported_at: None,
            answer: None,
            results: Vec::new(),
            late_since: None,
        };
        (!tasks.is_empty()).then(|| JointView {
            order: tasks.order,
            tasks: tasks.list.iter().map(view).collect(),
        })
    }

    /// An agency as shown; one that has left the directory is shown by its key.
    pub(super) fn agency_view(&self, key: &Key) -> AgencyView {
        let name = self
            .load()
            .agency_at(key, self.today())
            .map_or_else(|| key.to_string(), |a| a.name.clone());
        AgencyView {
            key: key.clone(),
            name,
        }
    }

    /// The decision that holds now, as its event tells it.
    pub(super) fn assignment(&self, events: &[Event]) -> Option<AssignmentView> {
        events.iter().rev().find_map(|event| match &event.what {
            EventKind::Assigned {
                agency,
                instead,
                text,
                ..
            } => Some(AssignmentView {
                agency: self.agency_view(agency),
                instead: instead.as_ref().map(|key| self.agency_view(key)),
                by: event.actor.clone(),
                at: event.at,
                reason: text.clone(),
            }),
            _ => None,
        })
    }

    /// The clocks that run, and whether they were counted across a day that is only assumed.
    pub(super) fn clocks_of(&self, dossier: &KeptDossier) -> Clocks {
        running(dossier).counted_by(&self.clockwork(dossier), dossier.received_at)
    }

    /// An agency of the directory that is in force today.
    pub(super) fn agency_in_force(&self, key: &str) -> Result<Agency, Problem> {
        let today = self.clock.now().date();
        let directory = self.load();
        let found = key
            .parse()
            .ok()
            .and_then(|key: Key| directory.agency_on(&key, today).cloned());
        found.ok_or_else(|| problems::AgencyUnknown { agency: &key }.into())
    }

    /// How an agency is reached; one that has left the directory pulls.
    pub fn channel(&self, agency: &str) -> AgencyChannel {
        let listed = agency
            .parse()
            .ok()
            .and_then(|key| self.load().agency_at(&key, self.today()).map(|a| a.channel));
        match listed {
            Some(AgencyChannel::Amqp) if !self.own_queues => AgencyChannel::Pull,
            Some(channel) => channel,
            None => AgencyChannel::Pull,
        }
    }

    /// Whether an agency takes messages out of its queue itself.
    pub fn reads_its_queue(&self, agency: &Key) -> bool {
        self.channel(agency.as_str()) == AgencyChannel::Amqp
    }

    /// Whether the caller is an agency that consumes its own queue.
    pub(super) fn reads_own_queue(&self, access: &Access) -> bool {
        access.kind() == TenantKind::Agency && self.channel(access.key().key()) == AgencyChannel::Amqp
    }
}

fn running(dossier: &KeptDossier) -> Clocks {
    let (due, promise) = (dossier.state.due, dossier.state.promise);
    let promise = promise.filter(|promise| promise.holds && Some(promise.to) != due);
    Clocks {
        acceptance_due: dossier.acceptance_due,
        forecast_due: dossier.forecast_due,
        due,
        promised_due: promise.map(|promise| promise.to),
        assumed_day: None,
    }
}
