//! One batch: what it names is loaded, its commands are decided on an overlay, then everything is written and sealed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use rand::rngs::StdRng;

use super::files::Shelf;
use super::persist::Writes;
use super::{
    Answer, Command, act, assign, carry, enrol, files, notices, prove, push, refuse, register, submit, sweep,
    watch,
};
use crate::domain::clocks::{Deadline, Watched};
use crate::domain::dossier::ForeignValue;
use crate::domain::event::{Event, Happening};
use crate::domain::ids::{DeliveryId, EventId};
use crate::domain::tenant::Actor;
use crate::domain::time::Timestamp;
use crate::domain::view::DeliveryState;
use crate::store::StoreError;
use crate::store::cause::Cause;
use crate::store::cipher::Cipher;
use crate::store::conn::{Conn, on_backend};
use crate::store::moment::At;
use crate::store::read::state_of;
use crate::store::rows::*;
use crate::store::tables::*;

/// What a batch works on.
pub(super) struct Batch<'a> {
    /// The time of the chain: never runs backwards.
    pub now: Timestamp,
    /// The time of this hub: what work waits for.
    pub clock: Timestamp,
    pub cipher: &'a Cipher,
    pub rng: &'a mut StdRng,
    pub head: HeadRow,
    pub keys: HashMap<(String, String, String), IdempotencyRow>,
    pub natural: HashMap<(String, String, String), String>,
    pub dossiers: BTreeMap<String, DossierRow>,
    /// What runs on the dossiers acted on, as it stands after the commands so far.
    pub watches: HashMap<(String, Watched), WatchRow>,
    /// The first dossier of each likeness the commands name.
    pub firsts: HashMap<Vec<u8>, String>,
    pub shelf: Shelf,
    pub writes: Writes,
    /// Whether a command may have appended to the audit.
    pub audited: bool,
}

/// Why a batch was not committed.
pub(super) struct Refusal {
    pub error: StoreError,
    /// Why the database did not take it.
    pub cause: Cause,
    /// Whether the database has confirmed that nothing of it was written; the session can be used again.
    pub rolled_back: bool,
}

/// Plays the commands in one transaction and gives an answer for each.
pub(super) fn play(
    conn: &mut Conn,
    commands: &[&Command],
    now: Timestamp,
    cipher: &Cipher,
    rng: &mut StdRng,
) -> Result<Vec<Answer>, Refusal> {
    begin(conn).map_err(|error| Refusal {
        cause: conn.cause_of(&error),
        error,
        rolled_back: false,
    })?;
    in_transaction(conn, commands, now, cipher, rng).map_err(|error| Refusal {
        cause: conn.cause_of(&error),
        rolled_back: conn.is_alive() && execute(conn, "ROLLBACK").is_ok(),
        error,
    })
}

fn begin(conn: &mut Conn) -> Result<(), StoreError> {
    match conn {
        Conn::Pg(_) => execute(conn, "BEGIN"),
        Conn::Sqlite(_) => execute(conn, "BEGIN IMMEDIATE"),
    }
}

fn execute(conn: &mut Conn, sql: &str) -> Result<(), StoreError> {
    Ok(on_backend!(conn, c => c.batch_execute(sql))?)
}

fn lock_head(conn: &mut Conn) -> Result<HeadRow, StoreError> {
    Ok(match conn {
        Conn::Pg(c) => head::table
            .select(HeadRow::as_select())
            .for_update()
            .first(&mut **c)?,
        Conn::Sqlite(c) => head::table.select(HeadRow::as_select()).first(c)?,
    })
}

fn in_transaction(
    conn: &mut Conn,
    commands: &[&Command],
    now: Timestamp,
    cipher: &Cipher,
    rng: &mut StdRng,
) -> Result<Vec<Answer>, StoreError> {
    let head = lock_head(conn)?;
    // Hubs may differ by a little; within one chain time does not run backwards.
    let clock = now;
    let now = now.max(head.at.0);
    let (shelf, waiting) = Shelf::load(conn, cipher, commands)?;
    let (keys, natural, dossiers, watches) = load(conn, commands, &waiting)?;
    let firsts = load_firsts(conn, commands)?;
    let mut batch = Batch {
        now,
        clock,
        cipher,
        rng,
        head,
        keys,
        natural,
        dossiers,
        watches,
        firsts,
        shelf,
        writes: Writes::default(),
        audited: commands.iter().any(|command| command.may_be_audited()),
    };
    let mut answers = Vec::with_capacity(commands.len());
    for command in commands {
        answers.push(match command {
            Command::Submit(submit) => Answer::Submitted(submit::submit(&mut batch, conn, submit)?),
            Command::Remember(remember) => Answer::Submitted(submit::remember(&mut batch, remember)?),
            Command::Refuse(row) => {
                refuse::refuse(&mut batch, row);
                Answer::Done
            }
            Command::Act(act) => Answer::Acted(act::act(&mut batch, conn, act)?),
            Command::LeaseOutbox { max, lease } => {
                Answer::Outbox(carry::lease_outbox(conn, clock, *max, *lease)?)
            }
            Command::SettleOutbox(settlements) => {
                carry::settle_outbox(conn, clock, settlements)?;
                Answer::Done
            }
            Command::Arrive(ids) => {
                carry::arrive(conn, ids)?;
                Answer::Done
            }
            Command::LeaseInbox { agency, max, lease } => {
                Answer::Inbox(carry::lease_inbox(conn, clock, agency, *max, *lease)?)
            }
            Command::SettleInbox { agency, items } => {
                Answer::Settled(carry::settle_inbox(conn, clock, agency, items)?)
            }
            Command::Notices(command) => {
                Answer::Notices(notices::play(conn, clock, batch.head.seq, command)?)
            }
            Command::Watch(watch) => Answer::Watched(watch::watch(&mut batch, conn, watch)?),
            Command::AddBlob(add) => Answer::Blob(files::add(&mut batch, add)?),
            Command::ForgetUploads { before } => Answer::Objects(files::forget(&batch, conn, *before)?),
            Command::NoteRead(read) => {
                files::note_read(&mut batch, read);
                Answer::Done
            }
            Command::Push(command) => Answer::Push(push::push(conn, clock, command)?),
            Command::Prove => {
                prove::prove(&mut batch, conn)?;
                Answer::Done
            }
            Command::Sweep => Answer::Swept(sweep::sweep(conn, clock)?),
            Command::Assign(asked) => Answer::Assigned(assign::assign(&mut batch, asked)?),
            Command::Register(asked) => Answer::Registered(register::change(conn, now, asked)?),
            Command::WarnExpiring => Answer::Expiring(register::warn_expiring(conn, now)?),
            Command::ImportDirectory(import) => Answer::Imported(enrol::import_directory(conn, now, import)?),
        });
    }
    batch.commit(conn)?;
    Ok(answers)
}

type Loaded = (
    HashMap<(String, String, String), IdempotencyRow>,
    HashMap<(String, String, String), String>,
    BTreeMap<String, DossierRow>,
    HashMap<(String, Watched), WatchRow>,
);

/// Loads what the commands name, one query a table.
fn load(conn: &mut Conn, commands: &[&Command], also: &BTreeSet<String>) -> Result<Loaded, StoreError> {
    let (mut key_values, mut natural_values) = (BTreeSet::new(), BTreeSet::new());
    let mut ids: BTreeSet<&str> = also.iter().map(String::as_str).collect();
    for command in commands {
        match command {
            Command::Submit(s) => {
                key_values.insert(s.key.key.as_str());
                natural_values.insert(s.dossier.reference.as_str());
                natural_values.extend(s.dossier.claimed_code.as_deref());
                natural_values.extend(s.told.as_deref());
                if let submit::Expect::Amend { .. } = s.expect {
                    ids.insert(s.dossier.id.as_str());
                }
            }
            Command::Remember(r) => {
                key_values.insert(r.key.key.as_str());
            }
            Command::Act(a) => {
                key_values.extend(a.key.as_ref().map(|k| k.key.as_str()));
                natural_values.extend(a.report_key.as_deref());
                natural_values.extend(a.assigned_code.as_ref().map(|c| c.as_str()));
                ids.insert(a.dossier.as_str());
            }
            Command::Assign(a) => {
                key_values.insert(a.key.key.as_str());
                ids.insert(a.dossier.as_str());
            }
            _ => {}
        }
    }
    let keys: Vec<IdempotencyRow> = if key_values.is_empty() {
        Vec::new()
    } else {
        on_backend!(conn, c => idempotency_keys::table
            .filter(idempotency_keys::key.eq_any(&key_values)).select(IdempotencyRow::as_select()).load(c))?
    };
    let natural: Vec<NaturalKeyRow> = if natural_values.is_empty() {
        Vec::new()
    } else {
        on_backend!(conn, c => natural_keys::table
            .filter(natural_keys::value.eq_any(&natural_values)).select(NaturalKeyRow::as_select()).load(c))?
    };
    let rows: Vec<DossierRow> = if ids.is_empty() {
        Vec::new()
    } else {
        on_backend!(conn, c => dossiers::table
            .filter(dossiers::id.eq_any(&ids)).select(DossierRow::as_select()).load(c))?
    };
    let watches = watch::of_dossiers(conn, &rows)?;
    Ok((
        keys.into_iter()
            .map(|k| ((k.tenant.clone(), k.route.clone(), k.key.clone()), k))
            .collect(),
        natural
            .into_iter()
            .map(|n| ((n.kind, n.tenant, n.value), n.dossier))
            .collect(),
        rows.into_iter().map(|d| (d.id.clone(), d)).collect(),
        watches,
    ))
}

/// The first dossier of each likeness that is filed.
fn load_firsts(conn: &mut Conn, commands: &[&Command]) -> Result<HashMap<Vec<u8>, String>, StoreError> {
    let blinds: BTreeSet<&[u8]> = commands
        .iter()
        .filter_map(|command| match command {
            Command::Submit(s) => Some(s.likeness.blind.as_slice()),
            _ => None,
        })
        .collect();
    if blinds.is_empty() {
        return Ok(HashMap::new());
    }
    let firsts: Vec<(Option<Vec<u8>>, String)> = on_backend!(conn, c => dossiers::table
        .filter(dossiers::likeness.eq_any(&blinds))
        .filter(dossiers::twin.is_null())
        .select((dossiers::likeness, dossiers::id))
        .load(c))?;
    Ok(firsts
        .into_iter()
        .filter_map(|(blind, id)| Some((blind?, id)))
        .collect())
}

/// What happened, before it is numbered.
pub(super) struct Told<'a> {
    pub what: Happening,
    pub occurred_at: Timestamp,
    /// The moment was read from the actor's own clock, by its system.
    pub stated: bool,
    pub actor: &'a Actor,
    /// Where the files it names stand in the actor's document, in their order; empty where nobody knows.
    pub paths: &'a [String],
    /// The officer, as the actor's system names them.
    pub officer: Option<&'a str>,
    /// What the actor's format said beside it.
    pub foreign_values: &'a [ForeignValue],
}

impl<'a> Told<'a> {
    /// Something nobody's system claimed, that names no file by its place.
    pub fn of(what: Happening, occurred_at: Timestamp, actor: &'a Actor) -> Self {
        Told {
            what,
            occurred_at,
            stated: false,
            actor,
            paths: &[],
            officer: None,
            foreign_values: &[],
        }
    }
}

impl Batch<'_> {
    /// Appends events to a dossier, moves its state, tells who has a part in it beside the agency. Gives each one's sequence number and id.
    pub(super) fn append(
        &mut self,
        dossier: &mut DossierRow,
        told: Vec<Told<'_>>,
    ) -> Result<Vec<(i64, EventId)>, StoreError> {
        let mut written = Vec::with_capacity(told.len());
        for one in told {
            let seq = self.head.seq + 1 + self.writes.told.len() as i64;
            let event = Event {
                id: EventId::new(self.now, self.rng),
                dossier: dossier
                    .id
                    .parse()
                    .map_err(|_| StoreError::Corrupt(format!("dossier id {}", dossier.id)))?,
                number: dossier.events + 1,
                at: self.now,
                occurred_at: one.occurred_at,
                stated: one.stated,
                actor: one.actor.clone(),
                officer: one.officer.map(str::to_owned),
                foreign_values: one.foreign_values.to_vec(),
                what: one.what,
            };
            let state = if dossier.events == 0 {
                None
            } else {
                Some(state_of(dossier)?)
            };
            let next = crate::domain::lifecycle::evolve(state, &event.what, event.when());
            crate::store::read::put_state(dossier, &next);
            written.push((seq, event.id));
            if let Some((kind, mut named)) = event.what.files() {
                for (file, path) in named.iter_mut().zip(one.paths) {
                    file.path = Some(path.clone());
                }
                let owner = event.actor.tenant.as_str();
                files::name(self, &dossier.id, event.number, kind, owner, named.iter())?;
            }
            if let Some(label) = event.what.irregular() {
                self.writes.irregularities.push(IrregularityRow {
                    seq,
                    at: At(self.now),
                    dossier: dossier.id.clone(),
                    agency: dossier.agency.clone(),
                    tenant: event.actor.tenant.to_string(),
                    label: label.as_str().to_owned(),
                    status: dossier.status,
                });
            }
            for tenant in dossier.told() {
                self.writes.feed.push(FeedRow {
                    tenant: tenant.to_owned(),
                    seq,
                    dossier: dossier.id.clone(),
                });
            }
            self.writes.told.push((seq, event));
        }
        dossier.updated_at = At(self.now);
        Ok(written)
    }

    /// Queues a message about an event to the responsible agency, if there is one.
    pub(super) fn deliver(
        &mut self,
        dossier: &DossierRow,
        event: (i64, EventId),
        kind: &str,
        traceparent: Option<&str>,
    ) {
        let Some(agency) = &dossier.agency else { return };
        let id = DeliveryId::new(self.now, self.rng).to_string();
        self.writes.deliveries.push(DeliveryRow {
            id,
            dossier: dossier.id.clone(),
            agency: agency.clone(),
            event_seq: event.0,
            event: event.1.to_string(),
            kind: kind.to_owned(),
            state: DeliveryState::Waiting.word().to_owned(),
            since: At(self.now),
            ready: false,
            attempt: 0,
            not_before: At(self.clock),
            leased_until: None,
            traceparent: traceparent.map(str::to_owned),
            failure: None,
            send_at: Some(At(self.clock)),
            send_leased_until: None,
            send_attempts: 0,
        });
    }

    /// A limit that runs on a dossier.
    pub(super) fn watched(&self, dossier: &str, limit: Watched) -> Option<&WatchRow> {
        self.watches.get(&(dossier.to_owned(), limit))
    }

    /// A limit begins on a dossier, or begins anew.
    pub(super) fn begin(&mut self, dossier: &str, deadline: Deadline) {
        let name = (dossier.to_owned(), deadline.limit);
        let before = self.watches.insert(name.clone(), watch::row(dossier, deadline));
        self.ended(name, before.as_ref());
    }

    /// A limit no longer runs on a dossier.
    pub(super) fn end(&mut self, dossier: &str, limit: Watched) {
        let name = (dossier.to_owned(), limit);
        if let Some(before) = self.watches.remove(&name) {
            self.ended(name, Some(&before));
        }
    }

    /// What was told of a limit is over.
    fn ended(&mut self, name: (String, Watched), before: Option<&WatchRow>) {
        self.writes.clocked.insert(name.0.clone());
        if before.is_some_and(watch::is_told) || self.writes.watches.contains_key(&name) {
            self.writes.watches.insert(name, None);
        }
    }

    /// Something is told of a limit.
    pub(super) fn told_of(&mut self, limit: Watched, row: WatchRow) {
        let name = (row.dossier.clone(), limit);
        self.writes.clocked.insert(row.dossier.clone());
        self.watches.insert(name.clone(), row.clone());
        self.writes.watches.insert(name, Some(row));
    }

    /// Claims a name for a dossier; false when another dossier has it.
    pub(super) fn claim(&mut self, kind: &str, tenant: &str, value: &str, dossier: &str) -> bool {
        let key = (kind.to_owned(), tenant.to_owned(), value.to_owned());
        match self.natural.get(&key) {
            Some(holder) => holder == dossier,
            None => {
                self.writes.natural.push(NaturalKeyRow {
                    kind: kind.to_owned(),
                    tenant: tenant.to_owned(),
                    value: value.to_owned(),
                    dossier: dossier.to_owned(),
                });
                self.natural.insert(key, dossier.to_owned());
                true
            }
        }
    }
}
