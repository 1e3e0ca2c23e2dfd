//! What may be recorded beside the status, where a dossier stands, and by whom.

use super::{Role, State};
use crate::domain::matter::{Matter, OPINIONS_OPEN};
use crate::domain::rejection::{Label, Problem};
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
        let problem = Problem::new(Label::ActorNotAllowed)
            .with("from", status)
            .with("to", status);
        return Err(problem.with("actors", words.join(", ")));
    }
    let runs = matches!(status, Status::Accepted | Status::Processing);
    let mut told = matter.clone();
    match &mut told {
        Matter::ChangeRequested { .. } if status.is_final() || status == Status::Finished => {
            Err(Problem::new(Label::ChangeTooLate).with("status", status))
        }
        Matter::OpinionAsked { .. } if !runs => {
            Err(Problem::new(Label::ClockNotRunning).with("status", status))
        }
        Matter::OpinionAsked { .. } if state.open.opinions.len() >= OPINIONS_OPEN => {
            Err(Problem::new(Label::TooManyItems)
                .with("field", "opinions")
                .with("limit", OPINIONS_OPEN))
        }
        Matter::OpinionAsked { number, .. } => {
            *number = state.open.asked + 1;
            Ok(told)
        }
        Matter::OpinionAnswered { number, .. } => {
            if state.open.opinions.iter().any(|(open, _)| open == number) {
                Ok(told)
            } else {
                Err(Problem::new(Label::OpinionUnknown)
                    .at("/number")
                    .with("number", number))
            }
        }
        Matter::EarlyResult { expected_at, .. } => match state.due.filter(|_| runs) {
            None => Err(Problem::new(Label::ClockNotRunning).with("status", status)),
            Some(due) if *expected_at >= due => Err(Problem::new(Label::ResultNotEarly)
                .at("/expected_at")
                .with("due", due.on_paper())),
            Some(_) => Ok(told),
        },
        Matter::FeePaidIn { amount_vnd, .. } => match state.open.fee {
            Some((open, _)) if *amount_vnd <= open => Ok(told),
            open => {
                let open = open.map_or(0, |(amount, _)| amount);
                Err(Problem::new(Label::FeeUnknown)
                    .at("/amount_vnd")
                    .with("amount", open))
            }
        },
        Matter::ChangeRequested { .. } | Matter::PapersLost { .. } | Matter::FeeCollected { .. } => Ok(told),
    }
}
