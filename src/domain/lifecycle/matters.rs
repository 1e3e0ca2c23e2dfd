//! What may be recorded beside the status, where a dossier stands, and by whom.

use super::{Role, State};
use crate::domain::matter::{Matter, OPINIONS_OPEN};
use crate::domain::rejection::{Problem, problems};
use crate::domain::status::Status;

/// Whether a matter has its place where the dossier stands, told by this part; with its number, where it has one.
///
/// # Errors
/// `actor-not-allowed`, `change-too-late`, `clock-not-running`, `result-not-early`, `opinion-unknown`, `too-many-items`, `fee-unknown`.
pub fn judge(state: &State, role: Role, matter: &Matter) -> Result<Matter, Problem> {
    let status = state.status();
    let roles: &[Role] = match matter {
        Matter::ChangeRequested { .. } => &[Role::Submitter],
        Matter::OpinionAsked { .. } | Matter::OpinionAnswered { .. } | Matter::EarlyResult { .. } => {
            &[Role::Agency]
        }
        Matter::PapersLost { .. } | Matter::FeeCollected { .. } | Matter::FeePaidIn { .. } => {
            &[Role::Submitter, Role::ReceivingUnit, Role::Agency]
        }
    };
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
        Matter::ChangeRequested { .. } | Matter::PapersLost { .. } | Matter::FeeCollected { .. } => Ok(told),
    }
}
