//! The ledger: one thread that writes, many commands to a commit.
//!
//! Callers wait in a bounded queue. The thread takes what is waiting (never a timer), begins a transaction, takes the writer's
//! lock (which on PostgreSQL puts the hubs of one database in a row), loads what the batch names, decides command by command
//! on an overlay in memory, writes one multi-row statement a table, seals the events as one block, commits, and answers everybody.
//! A refusal is an answer, not a database error. What no database holds is refused before there is any SQL; when the database
//! refuses a batch all the same it is rolled back and halved until the refused command fails alone (`worker`), at its sender's
//! cost (`faults`).
//!
//! [`Request`] is the whole write API of the system: each request names the type of its answer, and [`Ledger::ask`] takes any of them.
//!
//! Floors, each of which knows only those below it:
//!
//! 1. `requests`: what can be asked, and what comes of it. Values; no database.
//! 2. `batch`: the overlay in memory that a batch is decided on, and the rows it will write.
//! 3. `command`: what every command does, and one file a command: `submit`, `act` (judged in `action`, codes in `code` and `issue`, several agencies in `tasks`), `assign`, `succeed`, `carry`
//!    (outbox and inbox), `push`, `missing`, `notices`, `files`, `refuse`, `register` and `directory` (rows in `enrol`), `watch`, `sweep`,
//!    `prove`. Beside them `audit`, the chain of what operators did.
//! 4. `play`: one transaction, which loads what a batch names, plays its commands, writes and seals.
//! 5. `worker`: the thread; `job` is a command in its queue, `faults` whose commands were refused.
//! 6. Here: the handle that callers have.

mod act;
mod action;
mod alarm;
mod assign;
mod audit;
mod batch;
mod carry;
mod code;
mod command;
mod directory;
mod enrol;
pub mod faults;
mod files;
mod formats;
mod issue;
mod job;
mod missing;
mod notices;
mod play;
mod prove;
mod push;
pub mod refuse;
mod register;
mod requests;
mod submit;
mod succeed;
mod sweep;
mod tasks;
mod watch;
mod worker;

use std::sync::Arc;

use tokio::sync::mpsc;

pub use carry::HANDED_OUT_AT_MOST;
pub use command::Command;
pub use missing::RESENT_AT_ONCE;
pub use requests::{
    Act, ActOutcome, Acted, AddBlob, Arrive, Assign, AssignOutcome, BlobOutcome, COMMITTED_WITHIN, Carried,
    Complete, Died, DirectoryDue, DirectoryImport, DirectoryUnschedule, DossierAction, Due, EndSubscription,
    EndpointStanding, Expect, Expiring, FeedProgress, ForgetUploads, FormatActivation, FormatChange,
    FormatRollback, FormatText, HeldWay, HoldWay, Imported, Intervene, Intervention, KeepFormats, LeaseInbox,
    LeaseNotices, LeaseOutbox, LeasePushes, LeasedDelivery, LeasedNotice, Likeness, LimitFired, Names,
    Naming, NoteRead, NoticeSettlement, OutboxItem, OutboxSettlement, Prove, PushSettlement, QueueRemoved,
    RECEIVER_GONE, ReceiverAnswers, Refuse, RegisterChange, Registered, Remember, RemoveEndpoint, Request,
    Resend, Resent, RetryNotices, RotateSecret, SendOutcome, Sender, SetAside, SetEndpoint, SettleInbox,
    SettleNotices, SettleOutbox, SettlePushes, SettledNotices, ShadowRun, Submit, Subscribe, Subscribed,
    Succeed, SucceedOutcome, Sweep, TEST, TestSubscription, WarnExpiring, Watch, WatchOutcome,
};
pub use worker::{Counts, REFUSED_IN_A_ROW};

pub use super::answers::{KeptAnswer, KeyUse, Replay, SubmitOutcome};
pub use super::telling::{Subscription, WINDOW};

use job::Job;
use worker::{Shared, Worker};

use super::cipher::Cipher;
use super::conn::Connector;
use super::fresh::Fresh;
use super::{StoreError, StoreSizes};
use crate::clock::{Clock, Entropy};

/// The write side of the store.
#[derive(Clone)]
pub struct Ledger {
    queue: mpsc::Sender<Box<dyn Job>>,
    shared: Arc<Shared>,
    clock: Clock,
}

impl Ledger {
    pub(super) fn start(
        connector: Connector,
        cipher: Arc<Cipher>,
        fresh: Arc<Fresh>,
        sizes: StoreSizes,
        clock: Clock,
        entropy: &Entropy,
    ) -> Result<Self, StoreError> {
        let (queue, jobs) = mpsc::channel(sizes.ledger_queue);
        let shared = Arc::new(Shared::default());
        let worker = Worker {
            connector,
            cipher,
            fresh,
            clock: clock.clone(),
            rng: entropy.generator(),
            entropy: entropy.clone(),
            batch: sizes.batch,
            shared: Arc::clone(&shared),
            conn: None,
            issuing: Default::default(),
            away: None,
        };
        std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || worker.run(jobs))
            .map_err(|e| StoreError::Unavailable(e.to_string()))?;
        Ok(Ledger { queue, shared, clock })
    }

    /// How many commands could still be taken now; 0 means that the next is refused as [`StoreError::Busy`].
    pub fn room(&self) -> usize {
        self.queue.capacity()
    }

    /// How many commands may wait at most.
    pub fn capacity(&self) -> usize {
        self.queue.max_capacity()
    }

    /// What it has counted since the hub started.
    pub fn counts(&self) -> Counts {
        self.shared.counts()
    }

    /// Does what is asked, and gives what came of it once it is committed.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when too many wait, [`StoreError::Slowed`] after faults of the sender's own, [`StoreError::Unstorable`] for a
    /// value that no database holds or this one refused: nothing of it was written. [`StoreError::Unavailable`] when the database is away:
    /// the outcome is not known.
    pub async fn ask<R: Command>(&self, request: R) -> Result<R::Answer, StoreError> {
        if let Some(sender) = request.sender()
            && let Some(pause) = self.shared.faults.slowed(sender.tenant, self.clock.now())
        {
            return Err(worker::slowed(pause));
        }
        if let Some(column) = request.unstorable() {
            return Err(StoreError::Unstorable(column.to_owned()));
        }
        let (job, outcome) = job::job(request);
        self.queue.try_send(job).map_err(|e| match e {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })?;
        outcome.await.map_err(|_| StoreError::Closed)?
    }

    /// As [`Prove`]. Writes of others that failed for want of space, not long ago and with none that succeeded since, speak against it
    /// as well: a small one may still find room.
    ///
    /// # Errors
    /// As [`Ledger::ask`]; [`StoreError::Unavailable`] also where others' writes speak against it.
    pub async fn prove(&self) -> Result<(), StoreError> {
        self.ask(Prove).await?;
        if self.shared.kept.in_doubt() {
            return Err(StoreError::Unavailable(
                "writes fail for want of space".to_owned(),
            ));
        }
        Ok(())
    }
}
