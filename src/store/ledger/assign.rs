//! An operator names the agency of a dossier.

use super::batch::{Batch, PendingEvent};
use super::command::Command;
use super::issue;
use super::requests::{Assign, AssignOutcome};
use super::tasks;
use crate::domain::audit::{self, Action};
use crate::domain::event::EventKind;
use crate::domain::rejection::{Label, problems};
use crate::domain::status::Status;
use crate::store::StoreError;
use crate::store::answers::{KeptAnswer, Replay};
use crate::store::conn::Conn;
use crate::store::rows::DossierRow;
use crate::store::state::state_of;

impl Command for Assign {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<AssignOutcome, StoreError> {
        assign(batch, conn, self)
    }
}

fn assign(batch: &mut Batch<'_>, conn: &mut Conn, assign: &Assign) -> Result<AssignOutcome, StoreError> {
    if let Some(replay) = batch.replay(&assign.key)? {
        return Ok(match replay {
            Replay::Same(_) => AssignOutcome::Done,
            Replay::KeyReused => AssignOutcome::KeyReused,
        });
    }
    let Some(mut dossier) = batch.dossiers.get(&assign.dossier).cloned() else {
        return Ok(AssignOutcome::Absent);
    };
    if dossier.agency != assign.instead {
        return Ok(AssignOutcome::Raced);
    }
    let status = state_of(&dossier)?.status();
    if status.is_final() {
        return Ok(AssignOutcome::Refused(
            problems::StatusFinal { status: &status }.into(),
        ));
    }
    if dossier.agency.as_deref() == Some(assign.agency.as_str()) {
        let agency = &assign.agency;
        let same = problems::AgencyUnchanged { agency }.at("/agency");
        return Ok(AssignOutcome::Refused(same));
    }
    let corrupt = |what: &str| StoreError::Corrupt(format!("{}: {what}", assign.dossier));
    let (what, parked) = appoint(&mut dossier, assign)?;
    let mut told = vec![PendingEvent::of(what, batch.now, &assign.actor)];
    if dossier.tasks.is_none() && !assign.tasks.is_empty() {
        let given = tasks::given(&assign.tasks);
        told.push(PendingEvent::of(given, batch.now, &assign.actor));
    }
    let written = batch.append(&mut dossier, told)?;
    let assigned = written
        .first()
        .copied()
        .ok_or_else(|| corrupt("no event was written"))?;
    batch.deliver(&dossier, assigned, "assigned", assign.traceparent.as_deref());
    batch.share(&dossier, assigned, "assigned", assign.traceparent.as_deref())?;
    batch.hand_to_new_agency(&dossier)?;
    for deadline in &assign.watches {
        batch.begin(&dossier.id, *deadline);
    }
    // What was accepted while nobody, or another agency, was responsible gets the code it could not get then. The message that is on its
    // way says it.
    let received = match status {
        Status::Accepted => dossier.since.0,
        _ => dossier.received_at.0,
    };
    issue::issue(batch, conn, &mut dossier, received)?;
    let action = audit::AuditAction::on(Action::DossierAssigned, &dossier.id)
        .with("agency", &assign.agency)
        .with(
            "instead_of",
            assign.instead.as_deref().or(parked.as_deref()).unwrap_or(""),
        )
        .with("event", assigned.1);
    batch.writes.actions.push((assign.actor.clone(), action));
    batch.writes.touched.insert(dossier.id.clone());
    batch.dossiers.insert(dossier.id.clone(), dossier);
    batch.keep(&assign.key, &KeptAnswer::Done)?;
    Ok(AssignOutcome::Done)
}

/// The agency becomes the dossier's: what is told of it, and why the dossier waited for somebody.
fn appoint(dossier: &mut DossierRow, assign: &Assign) -> Result<(EventKind, Option<String>), StoreError> {
    let corrupt = |_| StoreError::Corrupt(format!("{}: agency", assign.dossier));
    let instead = dossier.agency.as_deref().map(str::parse).transpose();
    let parked = dossier.parked.take();
    dossier.agency = Some(assign.agency.to_string());
    dossier.route.clone_from(&assign.route);
    dossier.supervisor.clone_from(&assign.supervisor);
    // What an earlier agency answered acknowledges nothing of this one.
    dossier.answered_seq = None;
    let what = EventKind::Assigned {
        agency: assign.agency.clone(),
        instead: instead.map_err(corrupt)?,
        parked: parked.as_deref().and_then(Label::parse),
        text: assign.text.clone(),
    };
    Ok((what, parked))
}
