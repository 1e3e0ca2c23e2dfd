//! The ledger: one thread that writes, many commands to a commit.
//!
//! Callers wait in a bounded queue. The thread takes what is waiting (never a timer), begins a transaction, moves the head of the
//! chain (which on PostgreSQL also puts the hubs of one database in a row), loads what the batch names, decides command by command
//! on an overlay in memory, writes one multi-row statement a table, seals the events as one block, commits, and answers everybody.
//! A refusal is an answer, not a database error. What no database holds is refused before there is any SQL; when the database
//! refuses a batch all the same it is rolled back and halved until the refused command fails alone (`worker`), at its sender's
//! cost (`faults`).
//!
//! [`Command`] is the whole write API of the system.

mod act;
mod assign;
mod audit;
mod batch;
mod carry;
mod code;
mod deed;
mod enrol;
pub mod faults;
mod files;
mod missing;
pub(super) mod notices;
mod persist;
mod prove;
mod push;
pub mod refuse;
mod register;
mod submit;
mod sweep;
mod watch;
mod worker;

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

pub use act::{Act, ActOutcome, Acted, Deed};
pub use assign::{Assign, AssignOutcome};
pub use carry::delivery_state;
pub use carry::{Carried, LeasedDelivery, OutboxItem, OutboxSettlement};
pub use enrol::{DirectoryImport, Imported};
pub use files::{AddBlob, BlobOutcome, COMMITTED_WITHIN, Complete, Naming, NoteRead};
pub use missing::{RESENT_AT_ONCE, Resend, Resent};
pub use notices::{
    Fate, LeasedNotice, News, NoticeAnswer, NoticeCommand, NoticeSettlement, RECEIVER_GONE, Subscribe,
    Subscription, TEST, WINDOW,
};
pub(super) use persist::{HEAD, hash};
pub use push::{EndpointStanding, Intervene, Intervention, PushAnswer, PushCommand, PushSettlement, TICK};
pub use register::{Expiring, RegisterChange, Registered};
pub(super) use submit::answered;
pub use submit::{Expect, KeyUse, Likeness, Remember, Submit, SubmitOutcome};
pub(super) use watch::clock_ahead;
pub use watch::{LimitFired, Watch, WatchOutcome};
pub use worker::{Counts, REFUSED_IN_A_ROW};
use worker::{Job, Shared, Worker};

use super::cipher::Cipher;
use super::conn::Connector;
use super::rows::RefusalRow;
use super::{Sizes, StoreError};
use crate::clock::{Clock, Entropy};
use crate::domain::view::{SettleItem, SettleResult};

/// Everything that can be written.
pub enum Command {
    /// A new dossier, or a new version of one.
    Submit(Box<Submit>),
    /// An answer to keep under its idempotency key, where nothing else is written.
    Remember(Box<Remember>),
    /// A document that was refused, to keep with why; counted where it is kept already.
    Refuse(Box<RefusalRow>),
    /// Somebody acts on a dossier.
    Act(Box<Act>),
    /// Outbox rows to publish now; they are the caller's until the lease ends.
    LeaseOutbox {
        /// At most so many.
        max: i64,
        /// How long.
        lease: std::time::Duration,
    },
    /// What the broker said of leased rows.
    SettleOutbox(Vec<OutboxSettlement>),
    /// Messages that came out of the broker for agencies that pull: they may now be handed out.
    Arrive(Vec<String>),
    /// Messages for an agency that asks; they are its own until the lease ends.
    LeaseInbox {
        /// Key of the agency.
        agency: String,
        /// At most so many.
        max: i64,
        /// How long.
        lease: std::time::Duration,
    },
    /// How an agency settled its messages.
    SettleInbox {
        /// Key of the agency; another agency's message is absent.
        agency: String,
        /// The messages.
        items: Vec<SettleItem>,
    },
    /// How submitters are told beside the feed.
    Notices(Box<NoticeCommand>),
    /// Looks at limits whose time has come, and tells of each once.
    Watch(Box<Watch>),
    /// An operator names the agency of a dossier.
    Assign(Box<Assign>),
    /// An operator changes who may speak.
    Register(Box<RegisterChange>),
    /// Notes which certificates end soon; each warning is given once, by one hub.
    WarnExpiring,
    /// A file was uploaded.
    AddBlob(Box<AddBlob>),
    /// Forgets uploads that nobody has named since a moment; says whose bytes may go.
    ForgetUploads {
        /// The moment.
        before: crate::domain::time::Timestamp,
    },
    /// Somebody reads something of a dossier.
    NoteRead(Box<NoteRead>),
    /// Endpoints, what is pushed to them, and what operators do about a delivery.
    Push(Box<PushCommand>),
    /// Tries whether what is written is kept; leaves nothing behind.
    Prove,
    /// Removes answers and refusals that are no longer promised, and prepares the coming months.
    Sweep,
    /// A directory to use from now on.
    ImportDirectory(Box<DirectoryImport>),
}

impl Command {
    /// Whether it may append to the audit: whatever is not known to leave it alone. What is asked for with every filing does.
    fn may_be_audited(&self) -> bool {
        match self {
            Command::Submit(_)
            | Command::Remember(_)
            | Command::Refuse(_)
            | Command::Act(_)
            | Command::LeaseOutbox { .. }
            | Command::SettleOutbox(_)
            | Command::Arrive(_)
            | Command::LeaseInbox { .. }
            | Command::SettleInbox { .. }
            | Command::Watch(_)
            | Command::AddBlob(_)
            | Command::ForgetUploads { .. }
            | Command::NoteRead(_)
            | Command::Prove
            | Command::Sweep => false,
            Command::Notices(command) => !matches!(
                command.as_ref(),
                NoticeCommand::Spread(_)
                    | NoticeCommand::Lease { .. }
                    | NoticeCommand::Settle { .. }
                    | NoticeCommand::Answers(_)
            ),
            Command::Push(command) => !matches!(
                command.as_ref(),
                PushCommand::Lease { .. }
                    | PushCommand::Settle { .. }
                    | PushCommand::Died { .. }
                    | PushCommand::Resend(Resend { by: None, .. })
            ),
            _ => true,
        }
    }
}

/// What a command came to.
pub(super) enum Answer {
    Submitted(SubmitOutcome),
    Acted(ActOutcome),
    Outbox(Vec<OutboxItem>),
    Inbox(Vec<LeasedDelivery>),
    Settled(Vec<SettleResult>),
    Notices(NoticeAnswer),
    Push(PushAnswer),
    Assigned(AssignOutcome),
    Registered(Registered),
    Expiring(Vec<Expiring>),
    Imported(Imported),
    Swept(usize),
    Watched(WatchOutcome),
    Blob(BlobOutcome),
    Objects(Vec<String>),
    Done,
}

/// The write side of the store.
#[derive(Clone)]
pub struct Ledger {
    queue: mpsc::Sender<Job>,
    shared: Arc<Shared>,
    clock: Clock,
}

impl Ledger {
    pub(super) fn start(
        connector: Connector,
        cipher: Arc<Cipher>,
        sizes: Sizes,
        clock: Clock,
        entropy: &Entropy,
    ) -> Result<Self, StoreError> {
        let (queue, jobs) = mpsc::channel(sizes.ledger_queue);
        let shared = Arc::new(Shared::default());
        let worker = Worker {
            connector,
            cipher,
            clock: clock.clone(),
            rng: entropy.generator(),
            entropy: entropy.clone(),
            batch: sizes.batch,
            shared: Arc::clone(&shared),
            conn: None,
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

    async fn ask(&self, command: Command) -> Result<Answer, StoreError> {
        if let Some(sender) = command.sender()
            && let Some(pause) = self.shared.faults.slowed(sender.tenant, self.clock.now())
        {
            return Err(worker::slowed(pause));
        }
        if let Some(column) = command.unstorable() {
            return Err(StoreError::Unstorable(column.to_owned()));
        }
        let (reply, answer) = oneshot::channel();
        self.queue.try_send(Job { command, reply }).map_err(|e| match e {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// [`Command::Submit`].
    pub async fn submit(&self, submit: Submit) -> Result<SubmitOutcome, StoreError> {
        match self.ask(Command::Submit(Box::new(submit))).await? {
            Answer::Submitted(outcome) => Ok(outcome),
            _ => Err(mismatch()),
        }
    }

    /// [`Command::Remember`].
    pub async fn remember(&self, remember: Remember) -> Result<SubmitOutcome, StoreError> {
        match self.ask(Command::Remember(Box::new(remember))).await? {
            Answer::Submitted(outcome) => Ok(outcome),
            _ => Err(mismatch()),
        }
    }

    /// [`Command::Refuse`].
    pub async fn refuse(&self, row: RefusalRow) -> Result<(), StoreError> {
        self.ask(Command::Refuse(Box::new(row))).await.map(drop)
    }

    /// [`Command::Act`].
    pub async fn act(&self, act: Act) -> Result<ActOutcome, StoreError> {
        match self.ask(Command::Act(Box::new(act))).await? {
            Answer::Acted(outcome) => Ok(outcome),
            _ => Err(mismatch()),
        }
    }

    /// [`Command::LeaseOutbox`].
    pub async fn lease_outbox(
        &self,
        max: i64,
        lease: std::time::Duration,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        match self.ask(Command::LeaseOutbox { max, lease }).await? {
            Answer::Outbox(items) => Ok(items),
            _ => Err(mismatch()),
        }
    }

    /// [`Command::SettleOutbox`].
    pub async fn settle_outbox(&self, settlements: Vec<OutboxSettlement>) -> Result<(), StoreError> {
        self.ask(Command::SettleOutbox(settlements)).await.map(drop)
    }

    /// [`Command::Arrive`].
    pub async fn arrive(&self, deliveries: Vec<String>) -> Result<(), StoreError> {
        self.ask(Command::Arrive(deliveries)).await.map(drop)
    }

    /// [`Command::LeaseInbox`].
    pub async fn lease_inbox(
        &self,
        agency: &str,
        max: i64,
        lease: std::time::Duration,
    ) -> Result<Vec<LeasedDelivery>, StoreError> {
        match self
            .ask(Command::LeaseInbox {
                agency: agency.to_owned(),
                max,
                lease,
            })
            .await?
        {
            Answer::Inbox(items) => Ok(items),
            _ => Err(mismatch()),
        }
    }

    /// [`Command::SettleInbox`].
    pub async fn settle_inbox(
        &self,
        agency: &str,
        items: Vec<SettleItem>,
    ) -> Result<Vec<SettleResult>, StoreError> {
        match self
            .ask(Command::SettleInbox {
                agency: agency.to_owned(),
                items,
            })
            .await?
        {
            Answer::Settled(results) => Ok(results),
            _ => Err(mismatch()),
        }
    }

    /// [`Command::Notices`].
    pub async fn notices(&self, command: NoticeCommand) -> Result<NoticeAnswer, StoreError> {
        match self.ask(Command::Notices(Box::new(command))).await? {
            Answer::Notices(answer) => Ok(answer),
            _ => Err(mismatch()),
        }
    }

    /// [`Command::Push`].
    pub async fn push(&self, command: PushCommand) -> Result<PushAnswer, StoreError> {
        match self.ask(Command::Push(Box::new(command))).await? {
            Answer::Push(answer) => Ok(answer),
            _ => Err(mismatch()),
        }
    }

    /// [`Command::Assign`].
    pub async fn assign(&self, assign: Assign) -> Result<AssignOutcome, StoreError> {
        match self.ask(Command::Assign(Box::new(assign))).await? {
            Answer::Assigned(outcome) => Ok(outcome),
            _ => Err(mismatch()),
        }
    }

    /// [`Command::Register`].
    pub async fn change_register(&self, change: RegisterChange) -> Result<Registered, StoreError> {
        match self.ask(Command::Register(Box::new(change))).await? {
            Answer::Registered(registered) => Ok(registered),
            _ => Err(mismatch()),
        }
    }

    /// [`Command::AddBlob`].
    pub async fn add_blob(&self, add: AddBlob) -> Result<BlobOutcome, StoreError> {
        match self.ask(Command::AddBlob(Box::new(add))).await? {
            Answer::Blob(outcome) => Ok(outcome),
            _ => Err(mismatch()),
        }
    }

    /// [`Command::WarnExpiring`]; the warnings that nobody has given yet.
    pub async fn warn_expiring(&self) -> Result<Vec<Expiring>, StoreError> {
        match self.ask(Command::WarnExpiring).await? {
            Answer::Expiring(expiring) => Ok(expiring),
            _ => Err(mismatch()),
        }
    }

    /// [`Command::ForgetUploads`]; the names of the objects, none when no more are left.
    pub async fn forget_uploads(
        &self,
        before: crate::domain::time::Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        match self.ask(Command::ForgetUploads { before }).await? {
            Answer::Objects(objects) => Ok(objects),
            _ => Err(mismatch()),
        }
    }

    /// [`Command::NoteRead`].
    pub async fn note_read(&self, read: NoteRead) -> Result<(), StoreError> {
        self.ask(Command::NoteRead(Box::new(read))).await.map(drop)
    }

    /// [`Command::Prove`]. Writes of others that failed for want of space, not long ago and with none that succeeded since, speak
    /// against it as well: a small one may still find room.
    pub async fn prove(&self) -> Result<(), StoreError> {
        self.ask(Command::Prove).await?;
        if self.shared.kept.in_doubt() {
            return Err(StoreError::Unavailable(
                "writes fail for want of space".to_owned(),
            ));
        }
        Ok(())
    }

    /// [`Command::Sweep`]; how many answers and refusals it removed, 0 when none is left.
    pub async fn sweep(&self) -> Result<usize, StoreError> {
        match self.ask(Command::Sweep).await? {
            Answer::Swept(removed) => Ok(removed),
            _ => Err(mismatch()),
        }
    }

    /// [`Command::Watch`].
    pub async fn watch(&self, watch: Watch) -> Result<WatchOutcome, StoreError> {
        match self.ask(Command::Watch(Box::new(watch))).await? {
            Answer::Watched(outcome) => Ok(outcome),
            _ => Err(mismatch()),
        }
    }

    /// [`Command::ImportDirectory`].
    pub async fn import_directory(&self, import: DirectoryImport) -> Result<Imported, StoreError> {
        match self.ask(Command::ImportDirectory(Box::new(import))).await? {
            Answer::Imported(imported) => Ok(imported),
            _ => Err(mismatch()),
        }
    }
}

fn mismatch() -> StoreError {
    StoreError::Corrupt("the ledger's answer is of another kind".to_owned())
}
