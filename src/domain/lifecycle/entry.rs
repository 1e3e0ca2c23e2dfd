//! What a filing says of where its dossier stands: where a new one begins, and what becomes of a status told of one that is known.
//!
//! The sender's own word goes before the channel. It is taken where the table gives the step to the sender, contradicted where it
//! cannot be true, and else kept beside the dossier with a warning: never passed over.

use super::{Decision, Guard, Phase, Report, Role, State, decide, table};
use crate::domain::dossier::Channel;
use crate::domain::event::Verdict;
use crate::domain::rejection::{Label, Problem, problems};
use crate::domain::status::Status;

/// Where a new dossier begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// 1 or 2.
    pub status: Status,
    /// What the sender said otherwise.
    pub warning: Option<Problem>,
}

/// Where a dossier begins that its sender files in these parts, through this channel, saying that it stands at `reported`.
///
/// # Errors
/// `dossier-not-filed` for a status that only a dossier the hub knows can have.
pub fn entry(channel: Channel, reported: Option<Status>, parts: &[Role]) -> Result<Entry, Problem> {
    if let Some(status) = reported
        && !matches!(status, Status::Registered | Status::Accepted)
    {
        return Err(problems::DossierNotFiled { status: &status }.into());
    }
    let by_channel = match channel {
        Channel::Online => Status::Registered,
        Channel::Counter | Channel::Post => Status::Accepted,
    };
    let taken = reported.filter(|status| begins(channel, *status, parts));
    let warning = match (reported, taken) {
        (Some(_), None) => Some(problems::AcceptanceNotTaken { status: &by_channel }.into()),
        _ => None,
    };
    Ok(Entry {
        status: taken.unwrap_or(by_channel),
        warning,
    })
}

/// Whether the table lets a sender in these parts say that a dossier begins here.
fn begins(channel: Channel, status: Status, parts: &[Role]) -> bool {
    table()
        .iter()
        .filter(|step| step.from.is_none() && step.to == status)
        .any(|step| {
            let fits = |guard: &Guard| match guard {
                Guard::Online => channel == Channel::Online,
                Guard::CounterOrPost => channel != Channel::Online,
                _ => true,
            };
            step.roles.iter().any(|role| parts.contains(role)) && step.guards.iter().all(fits)
        })
}

/// What becomes of a status that is sent again with a dossier the hub knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResentStatus {
    /// It says what the hub knows.
    Nothing,
    /// It is news, and the sender's to tell: to be reported, as decided.
    News(Box<Decision>),
    /// It changes nothing and is kept beside the dossier, with this warning.
    Beside(Problem),
}

/// Judges a status sent with a dossier that is known. `report` is in the part in which its sender may act.
///
/// A status the dossier has left behind, or one that another party has moved on from, is a synchronisation that lags: no mistake. An
/// acceptance by a sender that may not accept is not taken over, and said to be so.
///
/// # Errors
/// What the table does not allow: the status contradicts what the hub knows.
pub fn told(state: &State, report: &Report) -> Result<ResentStatus, Problem> {
    let (here, said) = (state.status(), report.to);
    if said == here {
        return Ok(ResentStatus::Nothing);
    }
    let kept = || {
        let kept = problems::StatusKept {
            status: &here,
            reported: &said,
        };
        Ok(ResentStatus::Beside(kept.into()))
    };
    // Nothing goes back to the beginning by being sent again: a dossier that waits for papers is the same document.
    if said == Status::Registered || passed(state, said) {
        return kept();
    }
    let decision = decide(state, report);
    match (decision.verdict, decision.problem.clone()) {
        (Verdict::Rejected, Some(problem))
            if said == Status::Accepted && problem.label == Label::ActorNotAllowed =>
        {
            let refused = problems::AcceptanceNotTaken { status: &here };
            Ok(ResentStatus::Beside(refused.into()))
        }
        (Verdict::Rejected, Some(problem)) => Err(problem),
        (Verdict::Rejected | Verdict::Recorded | Verdict::Repeated, _) => kept(),
        _ => Ok(ResentStatus::News(Box::new(decision))),
    }
}

/// Whether a dossier has been through a status on its way forward: accepted, at the agency, decided.
fn passed(state: &State, said: Status) -> bool {
    let way = |status| match status {
        Status::Registered => 0,
        Status::Accepted => 1,
        Status::Processing => 2,
        Status::Finished => 3,
        Status::HandedOver => 4,
        Status::Refused
        | Status::SupplementRequested
        | Status::PaymentRequested
        | Status::Withdrawn
        | Status::Stopped => -1,
    };
    let here = match state.phase {
        // Papers that came, a payment, a step resumed are told by their own verbs: the same document sent again is none of them.
        Phase::SupplementRequested { resume } => way(resume.status()),
        Phase::PaymentRequested | Phase::Stopped => way(Status::Processing),
        phase => way(phase.status()),
    };
    (way(said) >= 0 && way(said) <= here) || (said == Status::Accepted && state.accepted)
}

#[cfg(test)]
mod tests;
