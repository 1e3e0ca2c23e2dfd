//! Dossiers of several agencies: what is told of their tasks, whose turn comes next, and who is late.

use super::batch::{Batch, PendingEvent};
use super::requests::{Act, DossierAction};
use crate::domain::audit::{Action, AuditAction};
use crate::domain::clocks::Watched;
use crate::domain::codes::Key;
use crate::domain::event::{EventKind, LimitTold};
use crate::domain::ids::EventId;
use crate::domain::lifecycle::{Role, State};
use crate::domain::matter::Matter;
use crate::domain::status::Status;
use crate::domain::task::AgencyTask;
use crate::domain::tasks::Tasks;
use crate::domain::tenant::Actor;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::rows::DossierRow;
use crate::store::state::{state_of, tasks_of};

/// What says that a dossier is several agencies'.
pub(super) fn given(tasks: &Tasks) -> EventKind {
    EventKind::Beside(Matter::TasksGiven {
        order: tasks.order,
        tasks: tasks.list.clone(),
    })
}

/// The same where it is news: of a new dossier, or of one whose content now gives other tasks than before.
pub(super) fn news(dossier: &DossierRow, tasks: &Tasks) -> Result<Option<EventKind>, StoreError> {
    let mut known = tasks_of(dossier.tasks.as_deref())?;
    // Another agency may lead by what is filed now; its task is the same.
    if let Some(lead) = tasks.list.iter().find(|task| task.lead) {
        known.lead_is(&lead.agency);
    }
    Ok((!known.same_as_given(tasks)).then(|| given(tasks)))
}

/// The papers go on: the task before is settled, and the dossier is still being decided.
pub(super) fn send_on(batch: &mut Batch<'_>, act: &Act, dossier: &mut DossierRow) -> Result<(), StoreError> {
    let state = state_of(dossier)?;
    if state.status().is_final() || state.status() == Status::Finished {
        return Ok(());
    }
    let Some(next) = state.tasks.next_turn() else {
        return Ok(());
    };
    let of_agency = act.turns.iter().find(|(agency, _)| *agency == next.agency);
    let clockwork = of_agency.map_or(&act.clockwork, |(_, clockwork)| clockwork);
    let sent = Matter::TaskSent {
        task: next.number,
        agency: next.agency.clone(),
        due_at: clockwork.due(batch.now, next.limit),
    };
    let word = sent.word();
    let told = PendingEvent::of(EventKind::Beside(sent), batch.now, &act.actor);
    for event in batch.append(dossier, vec![told])? {
        batch.deliver_to(
            dossier,
            next.agency.as_str(),
            event,
            word,
            act.traceparent.as_deref(),
        );
    }
    Ok(())
}

/// Which tasks are late, or nearly, with a limit of a dossier that ends at `due_at`.
pub(super) fn due_at(state: &State, due_at: Timestamp) -> impl Iterator<Item = &AgencyTask> {
    state
        .tasks
        .in_hand()
        .filter(move |task| task.due_at == Some(due_at))
}

/// Who must keep a task, as its limit is told.
pub(super) fn told(task: &AgencyTask, due_at: Timestamp) -> LimitTold {
    LimitTold {
        limit: Watched::Task,
        due_at,
        party: if task.lead { Role::Agency } else { Role::CoAgency },
        agency: Some(task.agency.clone()),
        task: Some(task.number),
    }
}

/// Tells the agency of a task, and the agency that leads, of what has happened to it.
pub(super) fn tell_both(
    batch: &mut Batch<'_>,
    dossier: &DossierRow,
    agency: &Key,
    event: (i64, EventId),
    word: &str,
) {
    batch.deliver_to(dossier, agency.as_str(), event, word, None);
    if dossier.agency.as_deref() != Some(agency.as_str()) {
        batch.deliver(dossier, event, word, None);
    }
}

/// What the audit keeps of a task that an operator gives to another agency.
pub(super) fn audited(act: &Act, event: EventId) -> (Actor, AuditAction) {
    let mut action = AuditAction::on(Action::TaskHandedOver, &act.dossier).with("event", event);
    if let DossierAction::Beside(Matter::TaskHandedOver {
        task,
        agency,
        instead,
        ..
    }) = &act.action
    {
        action = action
            .with("agency", agency)
            .with("instead_of", instead)
            .with("task", task);
    }
    (act.actor.clone(), action)
}
