//! A dossier goes to the agency that took over from its own, or waits for the operator where nobody did.

use super::batch::{Batch, PendingEvent};
use super::command::Command;
use super::requests::{Succeed, SucceedOutcome};
use crate::domain::audit::{Action, AuditAction};
use crate::domain::clocks::Watched;
use crate::domain::event::EventKind;
use crate::store::StoreError;
use crate::store::conn::Conn;
use crate::store::state::state_of;

impl Command for Succeed {
    fn play(&self, batch: &mut Batch<'_>, _: &mut Conn) -> Result<SucceedOutcome, StoreError> {
        succeed(batch, self)
    }
}

fn succeed(batch: &mut Batch<'_>, succeed: &Succeed) -> Result<SucceedOutcome, StoreError> {
    let Some(mut dossier) = batch.dossiers.get(&succeed.dossier).cloned() else {
        return Ok(SucceedOutcome::Nothing);
    };
    // Every hub of the database looks; the first to find it is the one that acts.
    let held = dossier.agency.as_deref() == Some(succeed.from.as_str());
    if !held || state_of(&dossier)?.status().is_final() {
        return Ok(SucceedOutcome::Nothing);
    }
    dossier.agency = succeed.to.as_ref().ok().map(|(key, _)| key.to_string());
    dossier.parked = succeed.to.as_ref().err().map(|label| label.as_str().to_owned());
    dossier.route.clone_from(&succeed.route);
    dossier.supervisor.clone_from(&succeed.supervisor);
    // What the agency before answered acknowledges nothing of this one.
    dossier.answered_seq = None;
    let (instead, text) = (succeed.from.clone(), succeed.text.clone());
    let what = match &succeed.to {
        Ok((agency, _)) => EventKind::Assigned {
            agency: agency.clone(),
            instead: Some(instead),
            parked: None,
            text,
        },
        Err(parked) => EventKind::Unassigned {
            instead,
            parked: *parked,
            text,
        },
    };
    let told = PendingEvent::of(what, batch.now, &succeed.actor);
    let written = batch.append(&mut dossier, vec![told])?;
    let last = written
        .last()
        .copied()
        .ok_or_else(|| StoreError::Corrupt(format!("{}: no event was written", succeed.dossier)))?;
    if succeed.to.is_ok() {
        batch.deliver(&dossier, last, "assigned", None);
    }
    batch.hand_to_new_agency(&dossier)?;
    match &succeed.to {
        Ok((_, silence)) => batch.begin(&dossier.id, *silence),
        Err(_) => batch.end(&dossier.id, Watched::AgencySilent),
    }
    let action = AuditAction::on(Action::DossierSucceeded, &dossier.id)
        .with("agency", dossier.agency.as_deref().unwrap_or(""))
        .with("instead_of", &succeed.from)
        .with("event", last.1);
    batch.writes.actions.push((succeed.actor.clone(), action));
    batch.writes.touched.insert(dossier.id.clone());
    batch.dossiers.insert(dossier.id.clone(), dossier);
    Ok(SucceedOutcome::Done)
}
