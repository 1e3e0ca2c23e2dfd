//! Filing: a new dossier, a new version of one, or only an answer to keep.

use diesel::prelude::*;

use super::alarm;
use super::batch::{Batch, PendingEvent};
use super::code;
use super::command::Command;
use super::issue::{self, Issued};
use super::requests::{Expect, Likeness, Remember, Submit};
use super::tasks;
use crate::domain::attachment::FileKind;
use crate::domain::clocks::{DueChange, DueReason, Watched};
use crate::domain::codes::DossierCode;
use crate::domain::event::EventKind;
use crate::domain::matter::Matter;
use crate::domain::time::Timestamp;
use crate::domain::view::SubmissionAnswer;
use crate::store::StoreError;
use crate::store::answers::{KeptAnswer, SubmitOutcome};
use crate::store::conn::{Conn, on_backend};
use crate::store::moment::At;
use crate::store::rows::*;
use crate::store::state::state_of;
use crate::store::tables::dossiers;
use crate::store::word::NaturalKind;

impl Command for Remember {
    fn play(&self, batch: &mut Batch<'_>, _: &mut Conn) -> Result<SubmitOutcome, StoreError> {
        if let Some(replay) = batch.replay(&self.key)? {
            return replay.of_filing();
        }
        batch.keep(&self.key, &self.answer)?;
        Ok(SubmitOutcome::Committed)
    }
}

impl Command for Submit {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<SubmitOutcome, StoreError> {
        submit(batch, conn, self)
    }
}

fn submit(batch: &mut Batch<'_>, conn: &mut Conn, submit: &Submit) -> Result<SubmitOutcome, StoreError> {
    if let Some(replay) = batch.replay(&submit.key)? {
        return replay.of_filing();
    }
    let wanted = submit.dossier.row(submit.entry, submit.submission.id)?;
    let (tenant, reference) = (wanted.tenant.clone(), wanted.reference.clone());
    let Some(mut dossier) = as_expected(batch, submit, wanted) else {
        return Ok(SubmitOutcome::Raced);
    };
    let claimed = submit.dossier.claimed_code.clone();
    let rival = match &claimed {
        Some(code) => code::rival(batch, conn, code.as_str(), &dossier.id)?,
        None => None,
    };
    if rival.is_some() != submit.contested {
        return Ok(SubmitOutcome::Raced);
    }
    // A code the agency has confirmed is not claimed again.
    let claimed = claimed
        .filter(|code| dossier.code.is_none() && dossier.claimed_code.as_deref() != Some(code.as_str()));
    if let Some(code) = &claimed {
        code::claim(batch, code.as_str(), &dossier.id);
    }
    batch.claim(NaturalKind::Reference, &tenant, &reference, &dossier.id);
    let due = dossier.due.map(|at| at.0);
    tell(batch, submit, &mut dossier, claimed.clone())?;
    let received = dossier.since.0;
    let issued = issue::issue(batch, conn, &mut dossier, received)?;
    run_clocks(batch, submit, &mut dossier, due)?;
    promise(batch, submit, &mut dossier)?;
    if let Some(told) = &submit.told {
        batch.claim(NaturalKind::Report, &submit.key.tenant, told, &dossier.id);
    }
    if let (Some(code), Some(rival)) = (&claimed, rival) {
        code::contest(batch, conn, &submit.actor, code, &mut dossier, rival)?;
    }
    if matches!(submit.out_of_area, Some((_, false))) && submit.expect == Expect::New {
        // The unit that is to supervise cannot be told here: the operator is to tell it.
        let kind = Watched::SupervisionNotice;
        alarm::raise(batch, conn, kind, &dossier.id, Some(&dossier))?;
    }
    keep_document(batch, submit, &dossier);
    batch.hand_to_new_agency(&dossier)?;
    liken(batch, conn, &mut dossier, &submit.likeness)?;
    batch.writes.touched.insert(dossier.id.clone());
    batch.dossiers.insert(dossier.id.clone(), dossier);
    answer(batch, submit, &issued)
}

/// Keeps the answer that was prepared; where the hub has given a code, with the code.
fn answer(batch: &mut Batch<'_>, submit: &Submit, issued: &Issued) -> Result<SubmitOutcome, StoreError> {
    let Some(prepared) = &submit.answer else {
        return Ok(SubmitOutcome::Committed);
    };
    let (KeptAnswer::Filed(body), Issued::Given { .. } | Issued::UsedUp(_)) = (prepared, issued) else {
        batch.keep(&submit.key, prepared)?;
        return Ok(SubmitOutcome::Committed);
    };
    let corrupt = |e: serde_json::Error| StoreError::Corrupt(e.to_string());
    let mut answer: SubmissionAnswer = serde_json::from_slice(body).map_err(corrupt)?;
    let warning = issued.warning(answer.claimed_code.as_ref());
    let warning = warning.map(|problem| problem.at(submit.code_path.clone()));
    answer.give(issued.code().cloned(), warning);
    let body = serde_json::to_vec(&answer).map_err(corrupt)?;
    batch.keep(&submit.key, &KeptAnswer::Filed(body.clone()))?;
    Ok(SubmitOutcome::Issued(body))
}

/// The dossier as it is to be written; none where anything is no longer as the filing was prepared against.
fn as_expected(batch: &Batch<'_>, submit: &Submit, wanted: DossierRow) -> Option<DossierRow> {
    let (tenant, reference) = (wanted.tenant.clone(), wanted.reference.clone());
    let known = batch
        .natural
        .get(&(NaturalKind::Reference, tenant.clone(), reference));
    let dossier = match &submit.expect {
        Expect::New if known.is_some() => return None,
        Expect::New => wanted,
        Expect::Amend { version, agency, .. } => {
            let now = batch.dossiers.get(&wanted.id).filter(|now| {
                now.version == *version && now.agency == *agency && !now.accepted && known == Some(&wanted.id)
            })?;
            amended(now, wanted)
        }
    };
    let first = batch.firsts.get(&submit.likeness.blind);
    let twin = first.filter(|first| **first != dossier.id);
    let is_as_found =
        batch.files_are_as_found(&tenant, &submit.files) && twin == submit.likeness.twin.as_ref();
    is_as_found.then_some(dossier)
}

/// Writes the events of a filing and the files it names, and hands it over to the agency.
fn tell(
    batch: &mut Batch<'_>,
    submit: &Submit,
    dossier: &mut DossierRow,
    claimed: Option<DossierCode>,
) -> Result<(), StoreError> {
    let told = event(submit);
    let (kind, accepted_at) = (told.word(), told.accepts().then_some(submit.filed_at));
    let mut told = vec![PendingEvent::of(told, submit.filed_at, &submit.actor)];
    let claim = claimed.map(|code| EventKind::CodeClaimed { code });
    told.extend(claim.map(|claim| PendingEvent::of(claim, submit.filed_at, &submit.actor)));
    // Counted from when the hub has it.
    told.extend(
        tasks::news(dossier, &submit.tasks)?.map(|what| PendingEvent::of(what, batch.now, &submit.actor)),
    );
    let out_of_area = submit
        .out_of_area
        .as_ref()
        .filter(|_| submit.expect == Expect::New);
    told.extend(out_of_area.map(|(unit, deliverable)| {
        let notice = Matter::OutOfArea {
            unit: unit.clone(),
            deliverable: *deliverable,
        };
        PendingEvent::of(EventKind::Beside(notice), batch.now, &submit.actor)
    }));
    let number = dossier.events + 1;
    let written = batch.append(dossier, told)?;
    let first = written
        .first()
        .ok_or_else(|| StoreError::Corrupt("a filing without an event".to_owned()))?;
    if submit.expect != Expect::New {
        batch.supersede_files(&dossier.id, number);
    }
    let named = submit.files.iter().map(|naming| &naming.file);
    batch.name_files(&dossier.id, number, FileKind::Filing, &dossier.tenant, named)?;
    let traceparent = submit.traceparent.as_deref();
    if submit.likeness.twin.is_none() {
        let known = (&submit.said, accepted_at);
        batch.deliver_at_hand(dossier, *first, kind, traceparent, known);
    } else {
        batch.deliver(dossier, *first, kind, traceparent);
    }
    batch.share(dossier, *first, kind, traceparent)
}

/// Keeps what was sent, what it says, and who has which part.
fn keep_document(batch: &mut Batch<'_>, submit: &Submit, dossier: &DossierRow) {
    let submission = submit.submission.row(&dossier.tenant, submit.dossier.id);
    batch.writes.submissions.push(submission);
    batch.writes.contents.push(ContentRow {
        dossier: dossier.id.clone(),
        version: dossier.version,
        key_id: submit.content.key_id.clone(),
        nonce: submit.content.nonce.clone(),
        ciphertext: submit.content.ciphertext.clone(),
    });
    let since = submit.dossier.received_at;
    let parties = submit.parties.iter().map(|part| part.row(&dossier.id, since));
    batch.writes.parties.extend(parties);
}

/// The receipt the applicant holds names a date: it is kept beside the one the limit gives.
fn promise(batch: &mut Batch<'_>, submit: &Submit, dossier: &mut DossierRow) -> Result<(), StoreError> {
    let Some(to) = submit.promised.filter(|to| dossier.promised_due != Some(At(*to))) else {
        return Ok(());
    };
    let change = DueChange {
        from: dossier.due.map(|at| at.0),
        to,
        reason: DueReason::Promised,
    };
    let told = PendingEvent::of(EventKind::DueSet(change), submit.filed_at, &submit.actor);
    batch.append(dossier, vec![told])?;
    Ok(())
}

/// A dossier received at a counter is accepted as it is filed: its due date is set. What it waits for is watched; an amendment of
/// one that waits for papers begins nothing.
fn run_clocks(
    batch: &mut Batch<'_>,
    submit: &Submit,
    dossier: &mut DossierRow,
    due: Option<Timestamp>,
) -> Result<(), StoreError> {
    if let (Expect::New, Some(to)) = (&submit.expect, due) {
        let change = DueChange {
            from: None,
            to,
            reason: DueReason::Accepted,
        };
        let told = PendingEvent::of(EventKind::DueSet(change), submit.filed_at, &submit.actor);
        batch.append(dossier, vec![told])?;
    }
    let state = state_of(dossier)?;
    if state.status() == submit.entry {
        let others = submit
            .watches
            .iter()
            .filter(|deadline| deadline.limit != Watched::Task);
        others.for_each(|deadline| batch.begin(&dossier.id, *deadline));
    }
    // Tasks that an amendment leaves as they were run on as they did.
    let next = state.tasks.next_due();
    let task = submit
        .watches
        .iter()
        .find(|deadline| deadline.limit == Watched::Task);
    match task.filter(|deadline| next == Some(deadline.due_at)) {
        Some(deadline) => batch.begin(&dossier.id, *deadline),
        None if next.is_none() => batch.end(&dossier.id, Watched::Task),
        None => {}
    }
    Ok(())
}

/// Says what a dossier is now about. The first of a likeness is the one later filings are compared with.
fn liken(
    batch: &mut Batch<'_>,
    conn: &mut Conn,
    dossier: &mut DossierRow,
    likeness: &Likeness,
) -> Result<(), StoreError> {
    if let Some(before) = batch.dossiers.get(&dossier.id).cloned()
        && before.twin.is_none()
        && let Some(blind) = before.likeness.filter(|blind| *blind != likeness.blind)
    {
        hand_first_place_on(batch, conn, (&before.id, &blind))?;
    }
    if likeness.twin.is_none() {
        batch.firsts.insert(likeness.blind.clone(), dossier.id.clone());
    }
    dossier.likeness = Some(likeness.blind.clone());
    dossier.twin.clone_from(&likeness.twin);
    Ok(())
}

/// A dossier that was the first of a likeness is about something else now: the next of that likeness is the first.
fn hand_first_place_on(
    batch: &mut Batch<'_>,
    conn: &mut Conn,
    (first, blind): (&str, &Vec<u8>),
) -> Result<(), StoreError> {
    batch.firsts.remove(blind);
    // What this batch has in hand counts as it stands there, instead of as it is in the table.
    let in_hand: Vec<&str> = batch.dossiers.keys().map(String::as_str).chain([first]).collect();
    let kept: Option<DossierRow> = on_backend!(conn, c => dossiers::table
        .filter(dossiers::likeness.eq(blind)).filter(dossiers::id.ne_all(in_hand))
        .order(dossiers::id).select(DossierRow::as_select()).first(c).optional())?;
    let alike = |row: &&DossierRow| row.likeness.as_ref() == Some(blind) && row.id != first;
    let in_hand = batch.dossiers.values().find(alike).cloned();
    let next = kept.into_iter().chain(in_hand).min_by(|a, b| a.id.cmp(&b.id));
    if let Some(next) = next {
        batch.firsts.insert(blind.clone(), next.id.clone());
        batch.writes.touched.insert(next.id.clone());
        batch
            .dossiers
            .insert(next.id.clone(), DossierRow { twin: None, ..next });
    }
    Ok(())
}

/// The row of an amended dossier: the new content's columns on the old life.
fn amended(now: &DossierRow, wanted: DossierRow) -> DossierRow {
    DossierRow {
        agency: wanted.agency,
        supervisor: wanted.supervisor,
        parked: wanted.parked,
        procedure: wanted.procedure,
        time_limit: wanted.time_limit,
        acceptance_due: wanted.acceptance_due,
        forecast_due: wanted.forecast_due,
        content_blind: wanted.content_blind,
        route: wanted.route,
        submission: wanted.submission,
        ..now.clone()
    }
}

fn event(submit: &Submit) -> EventKind {
    let submission = submit.submission.id;
    let (agency, parked) = (submit.dossier.agency.clone(), submit.dossier.parked);
    match &submit.expect {
        Expect::New => EventKind::Filed {
            submission,
            status: submit.entry,
            agency,
            parked,
        },
        Expect::Amend { version, .. } => EventKind::Amended {
            submission,
            version: version + 1,
            agency,
            parked,
        },
    }
}
