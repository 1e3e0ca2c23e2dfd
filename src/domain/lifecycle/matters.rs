//! What may be recorded beside the status, where a dossier stands, and by whom.

use super::{Role, State};
use crate::domain::codes::Key;
use crate::domain::matter::{Matter, OPINIONS_OPEN};
use crate::domain::rejection::{Problem, problems};
use crate::domain::status::Status;
use crate::domain::task::{AgencyTask, TaskState};

/// The parts that may tell of a matter.
fn roles(matter: &Matter) -> &'static [Role] {
    match matter {
        Matter::ChangeRequested { .. } => &[Role::Submitter],
        Matter::OpinionAsked { .. } | Matter::OpinionAnswered { .. } | Matter::EarlyResult { .. } => {
            &[Role::Agency]
        }
        Matter::PapersLost { .. } => &[Role::Submitter, Role::ReceivingUnit, Role::Agency, Role::CoAgency],
        Matter::FeeCollected { .. } | Matter::FeePaidIn { .. } => {
            &[Role::Submitter, Role::ReceivingUnit, Role::Agency]
        }
        Matter::TaskReported { .. } => &[Role::Agency, Role::CoAgency],
        Matter::TaskHandedOver { .. } => &[Role::Operator],
        // Of the hub's own making.
        Matter::TasksGiven { .. } | Matter::TaskSent { .. } | Matter::OutOfArea { .. } => &[],
    }
}

/// Whether a matter has its place where the dossier stands, told by this part; with its number, where it has one.
///
/// # Errors
/// `actor-not-allowed`, `change-too-late`, `clock-not-running`, `result-not-early`, `opinion-unknown`, `too-many-items`, `fee-unknown`;
/// of tasks `task-unknown`, `task-settled`, `task-of-lead`, `agency-unchanged`, `status-final`.
pub fn judge(state: &State, role: Role, matter: &Matter) -> Result<Matter, Problem> {
    let status = state.status();
    let roles = roles(matter);
    if !roles.contains(&role) {
        let words: Vec<&str> = roles.iter().map(|role| role.word()).collect();
        let problem = problems::ActorNotAllowed {
            from: &status,
            to: &status,
            actors: &words.join(", "),
        };
        return Err(problem.into());
    }
    let runs = matches!(status, Status::Accepted | Status::Processing);
    let mut told = matter.clone();
    match &mut told {
        Matter::ChangeRequested { .. } if status.is_final() || status == Status::Finished => {
            Err(problems::ChangeTooLate { status: &status }.into())
        }
        Matter::OpinionAsked { .. } if !runs => Err(problems::ClockNotRunning { status: &status }.into()),
        Matter::OpinionAsked { .. } if state.open.opinions.len() >= OPINIONS_OPEN => {
            Err(problems::TooManyItems {
                field: &"opinions",
                limit: &OPINIONS_OPEN,
            }
            .into())
        }
        Matter::OpinionAsked { number, .. } => {
            *number = state.open.asked + 1;
            Ok(told)
        }
        Matter::OpinionAnswered { number, .. } => {
            if state.open.opinions.iter().any(|(open, _)| open == number) {
                Ok(told)
            } else {
                Err(problems::OpinionUnknown { number: &number }.at("/number"))
            }
        }
        Matter::EarlyResult { expected_at, .. } => match state.due.filter(|_| runs) {
            None => Err(problems::ClockNotRunning { status: &status }.into()),
            Some(due) if *expected_at >= due => {
                Err(problems::ResultNotEarly { due: &due.on_paper() }.at("/expected_at"))
            }
            Some(_) => Ok(told),
        },
        Matter::FeePaidIn { amount_vnd, .. } => match state.open.fee {
            Some((open, _)) if *amount_vnd <= open => Ok(told),
            open => {
                let open = open.map_or(0, |(amount, _)| amount);
                Err(problems::FeeUnknown { amount: &open }.at("/amount_vnd"))
            }
        },
        Matter::TaskReported { task, agency, .. } => {
            *task = reported(state, *task, agency)?.number;
            Ok(told)
        }
        Matter::TaskHandedOver { .. } => handed_over(state, told),
        Matter::ChangeRequested { .. }
        | Matter::PapersLost { .. }
        | Matter::FeeCollected { .. }
        | Matter::TasksGiven { .. }
        | Matter::TaskSent { .. }
        | Matter::OutOfArea { .. } => Ok(told),
    }
}

/// The task an agency reports: the one it names, or where it names none (0) the first it has in hand. A task is settled once. It may
/// be settled when the dossier has ended meanwhile, so that no work that was done is lost.
fn reported<'s>(state: &'s State, number: i32, agency: &Key) -> Result<&'s AgencyTask, Problem> {
    let theirs = || state.tasks.of(agency).filter(|task| task.is_sent());
    let named = |task: &&AgencyTask| number == 0 || task.number == number;
    let in_hand = theirs().find(|task| task.state == TaskState::Sent && named(task));
    in_hand.ok_or_else(|| match theirs().find(named) {
        Some(settled) => {
            let task = &settled.number;
            problems::TaskSettled { task }.into()
        }
        None => problems::TaskUnknown { task: &number }.at("/task"),
    })
}

/// A task goes to another agency: from whoever has it, or is to have it, and also where it could not be done.
fn handed_over(state: &State, mut told: Matter) -> Result<Matter, Problem> {
    let Matter::TaskHandedOver {
        task: number,
        agency,
        instead,
        due_at,
        ..
    } = &mut told
    else {
        return Ok(told);
    };
    let status = &state.status();
    if status.is_final() {
        return Err(problems::StatusFinal { status }.into());
    }
    let Some(task) = state.tasks.get(*number) else {
        return Err(problems::TaskUnknown { task: &number }.at("/task"));
    };
    if task.lead {
        return Err(problems::TaskOfLead { task: &number }.at("/task"));
    }
    if task.state == TaskState::Done {
        return Err(problems::TaskSettled { task: &number }.at("/task"));
    }
    if task.agency == *agency && task.state != TaskState::Unable {
        let agency = &*agency;
        return Err(problems::AgencyUnchanged { agency }.at("/agency"));
    }
    instead.clone_from(&task.agency);
    if task.state == TaskState::Waiting {
        *due_at = None;
    }
    Ok(told)
}
