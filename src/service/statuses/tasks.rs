//! What a co-agency's system reports: its statuses say how its own task stands, and move the dossier nowhere.

use crate::domain::codes::DossierCode;
use crate::domain::details::Details;
use crate::domain::lifecycle::Role;
use crate::domain::matter::Matter;
use crate::domain::rejection::{Problem, problems};
use crate::domain::status::Status;
use crate::domain::task::TaskOutcome;
use crate::domain::view::StatusReport;
use crate::identity::Access;
use crate::store::kept::KeptDossier;
use crate::store::ledger::DossierAction;

/// What a co-agency's report asks for: its task settled, or kept as under way. What would move the dossier is refused, here or where
/// the ledger judges it.
pub(super) fn action(
    access: &Access,
    report: &mut StatusReport,
    text: Option<String>,
) -> Result<DossierAction, Problem> {
    let status = report.status;
    let leads = || -> Problem { problems::CoAgencyStatus { status: &status }.at("/status") };
    let lists = report.take_lists();
    if lists.correction || report.back.is_some() || report.new_due.is_some() {
        return Err(leads());
    }
    let outcome = report.task.or(match status {
        Status::Finished if lists.refusal => Some(TaskOutcome::Unable),
        Status::Finished => Some(TaskOutcome::Done),
        Status::Refused => Some(TaskOutcome::Unable),
        _ => None,
    });
    let details = Details::of(status, lists)?;
    let Some(outcome) = outcome else {
        return Ok(DossierAction::Report {
            to: status,
            text,
            details,
            back: None,
            new_due: None,
            task: None,
        });
    };
    let results = match details {
        None => Vec::new(),
        Some(Details::Decision { results, .. }) => results,
        Some(Details::Papers(_) | Details::Fees(_)) => return Err(leads()),
    };
    let says_why = text.as_deref().is_some_and(|text| !text.trim().is_empty());
    if outcome == TaskOutcome::Unable && !says_why {
        return Err(problems::ReasonRequired { to: &status }.at("/text"));
    }
    Ok(DossierAction::Beside(Matter::TaskReported {
        task: 0,
        agency: access.key().key().parse().map_err(|_| problems::NotFound)?,
        outcome,
        text,
        results,
    }))
}

/// The code a report brings, and whose it is to give, where it is another's: the code is the lead's.
pub(super) fn code_of(
    role: Role,
    row: &KeptDossier,
    brought: Option<DossierCode>,
) -> (Option<DossierCode>, Option<Problem>) {
    match (role, &row.agency, &brought) {
        (Role::CoAgency, Some(lead), Some(_)) => {
            let tenant = &format!("agency.{lead}");
            (None, Some(problems::NotYourPart { tenant }.into()))
        }
        (Role::CoAgency, ..) => (None, None),
        _ => (brought, None),
    }
}
