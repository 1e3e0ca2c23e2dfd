//! Acting on a dossier: once, by whom it belongs to, with what follows for clocks and messages. What an action comes to is judged in
//! [`super::action`].

use super::action::{self, Judged};
use super::batch::{AnsweredBy, Batch, PendingEvent};
use super::code;
use super::command::Command;
use super::issue::{self, Issued};
use super::requests::{Act, ActOutcome, Acted, DossierAction};
use super::tasks;
use crate::domain::calendar::Limit;
use crate::domain::clocks::{Change, Watched};
use crate::domain::event::{EventKind, Verdict};
use crate::domain::ids::EventId;
use crate::domain::lifecycle::{self, Role};
use crate::domain::matter::Matter;
use crate::domain::rejection::{Problem, problems};
use crate::domain::status::Status;
use crate::domain::tasks::Tasks;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::answers::{KeptAnswer, Replay};
use crate::store::conn::Conn;
use crate::store::moment::At;
use crate::store::rows::DossierRow;
use crate::store::state::{state_of, tasks_of};
use crate::store::word::NaturalKind;

impl Command for Act {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<ActOutcome, StoreError> {
        act(batch, conn, self)
    }
}

fn act(batch: &mut Batch<'_>, conn: &mut Conn, act: &Act) -> Result<ActOutcome, StoreError> {
    if let Some(key) = &act.key
        && let Some(outcome) = batch.replay(key)?
    {
        return match outcome {
            Replay::Same(answer) => replayed(batch, act, answer),
            Replay::KeyReused => Ok(ActOutcome::KeyReused),
        };
    }
    let Some(mut dossier) = batch.dossiers.get(&act.dossier).cloned() else {
        return Ok(ActOutcome::Absent);
    };
    let state = state_of(&dossier)?;
    // Between the look and the commit an amendment may have named another agency, or an operator given the task to another.
    let own = act.actor.tenant.key();
    let has_part = match act.role {
        Role::Agency => dossier.agency.as_deref() == Some(own),
        Role::CoAgency => state.tasks.shared_with(own),
        _ => true,
    };
    if !has_part {
        return Ok(ActOutcome::Absent);
    }
    let status = state.status();
    let known = matches!(act.action, DossierAction::Promise { to } if dossier.promised_due == Some(At(to)));
    if known {
        return Ok(ActOutcome::Done(Acted {
            verdict: Verdict::Repeated,
            status,
            problem: None,
            warnings: Vec::new(),
            code: None,
        }));
    }
    if let Some(report) = &act.report_key
        && batch.natural.contains_key(&(
            NaturalKind::Report,
            act.actor.tenant.as_str().to_owned(),
            report.clone(),
        ))
    {
        return Ok(ActOutcome::Done(Acted {
            verdict: Verdict::Repeated,
            status,
            problem: None,
            warnings: Vec::new(),
            code: None,
        }));
    }
    let acted = take(batch, conn, act, &mut dossier)?;
    // A refusal is said again each time, so that a lost answer is never taken for a yes.
    if let Some(report) = &act.report_key
        && acted.verdict != Verdict::Rejected
    {
        batch.claim(
            NaturalKind::Report,
            act.actor.tenant.as_str(),
            report,
            &act.dossier,
        );
    }
    if let Some(key) = &act.key {
        batch.keep(key, &answer(&acted))?;
    }
    batch.writes.touched.insert(dossier.id.clone());
    batch.dossiers.insert(dossier.id.clone(), dossier);
    Ok(ActOutcome::Done(acted))
}

/// What is kept of an act under its key: that it was done, or why it was refused.
fn answer(acted: &Acted) -> KeptAnswer {
    match (&acted.problem, acted.verdict) {
        (Some(problem), Verdict::Rejected) => KeptAnswer::Refused(problem.clone()),
        _ => KeptAnswer::Done,
    }
}

/// The same call again: nothing is done twice. What was refused stays refused, else a client that repeats itself would believe
/// it done; what was done is shown as it now stands.
fn replayed(batch: &Batch<'_>, act: &Act, answer: KeptAnswer) -> Result<ActOutcome, StoreError> {
    let Some(dossier) = batch.dossiers.get(&act.dossier) else {
        return Ok(ActOutcome::Absent);
    };
    let status = state_of(dossier)?.status();
    let (verdict, problem) = match answer {
        KeptAnswer::Refused(problem) => (Verdict::Rejected, Some(problem)),
        KeptAnswer::Done | KeptAnswer::Filed(_) => (Verdict::Repeated, None),
    };
    Ok(ActOutcome::Done(Acted {
        verdict,
        status,
        problem,
        warnings: Vec::new(),
        code: None,
    }))
}

fn take(
    batch: &mut Batch<'_>,
    conn: &mut Conn,
    act: &Act,
    dossier: &mut DossierRow,
) -> Result<Acted, StoreError> {
    let state = state_of(dossier)?;
    let ask_until = batch.watched(&dossier.id, Watched::SupplementNotice);
    let ask_until = ask_until.map(|watch| watch.due_at.0);
    let Judged {
        occurred_at,
        counted,
        beside,
        decision,
    } = action::judge(act, &state, batch.now, ask_until);
    // What is rejected changes nothing; a late report may still bring the code. A status never falls because of the code beside it.
    let mut brought = match decision.verdict {
        Verdict::Rejected => code::Brought::NOTHING,
        _ => code::bring(batch, conn, act, dossier, &state)?,
    };
    let applied = matches!(
        decision.verdict,
        Verdict::Applied | Verdict::AppliedInferred | Verdict::AppliedIrregular
    );
    let mut events = Vec::with_capacity(decision.events.len() + 2);
    events.extend(brought.what.take());
    events.extend(beside.filter(|_| applied));
    events.extend(decision.events);
    let kind = action::kind(&act.action);
    let place = events.iter().position(|what| what.word() == kind);
    let written = batch.append(dossier, pending(act, events, occurred_at))?;
    let issued = give_code(batch, conn, act, &state, dossier)?;
    if applied && !state.tasks.is_empty() {
        tasks::send_on(batch, act, dossier)?;
        batch.hand_to_new_agency(dossier)?;
    }
    if applied {
        run_clocks(batch, act, dossier, &state, counted)?;
    }
    let last = written
        .last()
        .ok_or_else(|| StoreError::Corrupt("an act without an event".to_owned()))?;
    let event = place.and_then(|n| written.get(n)).copied();
    if matches!(act.role, Role::Agency | Role::CoAgency) {
        answered(batch, act, dossier, last.0);
    }
    if applied {
        // An agency is told the event that says what was done, not the change of status beside it.
        tell_agencies(batch, act, dossier, event, *last)?;
    }
    if let (Some(code), Some(rival)) = (&act.assigned_code, brought.rival.take()) {
        code::contest(batch, conn, &act.actor, code, dossier, rival)?;
    }
    let after = state_of(dossier)?;
    let finishes = applied && act.role == Role::Agency && state.status() != after.status();
    let open = (finishes && after.status() == Status::Finished).then(|| tasks_open(&after.tasks));
    Ok(Acted {
        verdict: decision.verdict,
        status: after.status(),
        problem: decision.problem,
        warnings: brought
            .warning
            .or_else(|| issued.warning(act.assigned_code.as_ref()))
            .into_iter()
            .chain(open.flatten())
            .collect(),
        code: issued.code().cloned(),
    })
}

/// Gives a dossier that this act has accepted its official code, where the hub gives those of its agency. An agency that accepted it
/// itself is told by a message of its own.
fn give_code(
    batch: &mut Batch<'_>,
    conn: &mut Conn,
    act: &Act,
    before: &lifecycle::State,
    dossier: &mut DossierRow,
) -> Result<Issued, StoreError> {
    if before.accepted {
        return Ok(Issued::Nothing);
    }
    let received = dossier.since.0;
    let issued = issue::issue(batch, conn, dossier, received)?;
    if let (Issued::Given { event, .. }, Role::Agency) = (&issued, act.role) {
        batch.deliver(dossier, *event, "code-assigned", act.traceparent.as_deref());
    }
    Ok(issued)
}

/// The warning that the lead has decided before others have settled their tasks. No article forbids it: the lead answers for the
/// dossier, and whether it needs what is outstanding is for it to judge (Decree 118/2025 art. 20.2).
fn tasks_open(tasks: &Tasks) -> Option<Problem> {
    let open: Vec<String> = tasks.open().map(|task| task.number.to_string()).collect();
    let tasks = open.join(", ");
    (!open.is_empty()).then(|| problems::TasksOpen { tasks: &tasks }.at("/status"))
}

/// What an agency has in hand counts as understood, for it has answered.
fn answered(batch: &mut Batch<'_>, act: &Act, dossier: &mut DossierRow, seq: i64) {
    let agency = dossier.tasks.is_some().then(|| act.actor.tenant.key().to_owned());
    if act.role == Role::Agency {
        dossier.answered_seq = Some(seq);
        batch.end(&dossier.id, Watched::AgencySilent);
    }
    batch.writes.answered.push(AnsweredBy {
        dossier: dossier.id.clone(),
        agency,
        own_queue: act.own_queue,
    });
}

/// The events that come of an act, as they are to be written.
fn pending(act: &Act, events: Vec<EventKind>, occurred_at: Timestamp) -> Vec<PendingEvent<'_>> {
    let last = events.len();
    let event = |(what, number)| PendingEvent {
        what,
        occurred_at,
        stated: act.states_moment(),
        actor: &act.actor,
        paths: &act.paths,
        // What stands beside a report is kept once, with the last thing that came of it.
        officer: act.officer.as_deref().filter(|_| number == last),
        foreign_values: if number == last { &act.foreign_values } else { &[] },
        format_version: act.format_version,
    };
    events.into_iter().zip(1..).map(event).collect()
}

/// Tells the agencies what somebody else did: the competent one, and those beside it what is the whole dossier's.
fn tell_agencies(
    batch: &mut Batch<'_>,
    act: &Act,
    dossier: &mut DossierRow,
    event: Option<(i64, EventId)>,
    last: (i64, EventId),
) -> Result<(), StoreError> {
    let kind = action::kind(&act.action);
    let traceparent = act.traceparent.as_deref();
    match (act.role, &act.action) {
        (_, DossierAction::Promise { .. }) => Ok(()),
        (Role::CoAgency, _) => {
            batch.deliver(dossier, event.unwrap_or(last), kind, traceparent);
            Ok(())
        }
        // What the lead records beside the status is no news to the others.
        (Role::Agency, DossierAction::Beside(_)) => Ok(()),
        (Role::Agency, _) => match event {
            Some(event) => batch.share(dossier, event, kind, traceparent),
            None => Ok(()),
        },
        (_, DossierAction::Beside(Matter::TaskHandedOver { agency, .. })) => {
            let event = event.unwrap_or(last);
            batch.writes.actions.push(tasks::audited(act, event.1));
            // Whose turn it is not yet gets it when it is.
            if tasks_of(dossier.tasks.as_deref())?.shared_with(agency.as_str()) {
                tasks::tell_both(batch, dossier, agency, event, kind);
            } else {
                batch.deliver(dossier, event, kind, traceparent);
            }
            Ok(())
        }
        _ => {
            let event = event.unwrap_or(last);
            batch.share(dossier, event, kind, traceparent)?;
            tell_agency(batch, act, dossier, event)
        }
    }
}

/// Tells the competent agency what somebody else did, and waits for its answer where it is asked for something.
fn tell_agency(
    batch: &mut Batch<'_>,
    act: &Act,
    dossier: &mut DossierRow,
    event: (i64, EventId),
) -> Result<(), StoreError> {
    let kind = action::kind(&act.action);
    batch.deliver(dossier, event, kind, act.traceparent.as_deref());
    match &act.action {
        DossierAction::Beside(matter) if !matter.asks_agency() => Ok(()),
        _ => expect_answer(batch, act, dossier),
    }
}

/// Moves the due date as the step asks, keeps why, and begins and ends what is watched.
fn run_clocks(
    batch: &mut Batch<'_>,
    act: &Act,
    dossier: &mut DossierRow,
    before: &lifecycle::State,
    at: Timestamp,
) -> Result<(), StoreError> {
    let after = state_of(dossier)?;
    let limit: Limit = serde_json::from_str(&dossier.time_limit)
        .map_err(|e| StoreError::Corrupt(format!("time limit: {e}")))?;
    if let Some(change) = act.clockwork.move_due(before, &after, limit, at) {
        let told = PendingEvent::of(EventKind::DueSet(change), at, &act.actor);
        batch.append(dossier, vec![told])?;
    }
    let waits = after.status() == Status::Registered;
    if !waits || before.status() != Status::Registered {
        dossier.acceptance_due = waits.then(|| At(act.clockwork.acceptance(at)));
        dossier.forecast_due = waits.then(|| At(act.clockwork.due(at, limit)));
    }
    let (after, acceptance) = (state_of(dossier)?, dossier.acceptance_due.map(|at| at.0));
    for change in act.clockwork.changes(before, &after, acceptance, at) {
        match change {
            Change::Begin(deadline) => batch.begin(&dossier.id, deadline),
            Change::End(limit) => batch.end(&dossier.id, limit),
        }
    }
    Ok(())
}

/// A message to an agency waits for its answer, from the first that has none; what ends a dossier needs none.
fn expect_answer(batch: &mut Batch<'_>, act: &Act, dossier: &DossierRow) -> Result<(), StoreError> {
    let waits = batch.watched(&dossier.id, Watched::AgencySilent).is_some();
    if dossier.agency.is_some() && !waits && !state_of(dossier)?.status().is_final() {
        batch.begin(&dossier.id, act.clockwork.silence(batch.clock));
    }
    Ok(())
}
