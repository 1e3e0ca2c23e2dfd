//! A command in the queue, whatever it answers, and who waits for the answer.

use tokio::sync::oneshot;

use super::batch::Batch;
use super::command::Command;
use super::requests::{Names, Sender};
use crate::store::StoreError;
use crate::store::conn::Conn;

/// A command that waits, or is in hand.
pub(super) trait Job: Send {
    /// Whose it is.
    fn sender(&self) -> Option<Sender<'_>>;

    /// Whether it may append to the audit.
    fn may_be_audited(&self) -> bool;

    /// Whether that it succeeds says nothing of the writes of others.
    fn is_trial(&self) -> bool;

    /// Names what has to be loaded for it.
    fn names<'a>(&'a self, names: &mut Names<'a>);

    /// Plays it, and keeps what it answers until the commit; what it answered in a batch that was rolled back is forgotten.
    fn play(&mut self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<(), StoreError>;

    /// The batch it was played in last is committed: its answer goes to whoever asked.
    fn committed(self: Box<Self>);

    /// It was not written, or nobody knows.
    fn failed(self: Box<Self>, error: StoreError);
}

struct Asked<C: Command> {
    command: C,
    reply: oneshot::Sender<Result<C::Answer, StoreError>>,
    answer: Option<C::Answer>,
}

/// What comes of a command. Closed when it was let go unanswered.
pub(super) type Outcome<C> = oneshot::Receiver<Result<C, StoreError>>;

/// A command as a job, and where its outcome is awaited.
pub(super) fn job<C: Command>(command: C) -> (Box<dyn Job>, Outcome<C::Answer>) {
    let (reply, outcome) = oneshot::channel();
    let asked = Asked {
        command,
        reply,
        answer: None,
    };
    (Box::new(asked), outcome)
}

impl<C: Command> Job for Asked<C> {
    fn sender(&self) -> Option<Sender<'_>> {
        self.command.sender()
    }

    fn may_be_audited(&self) -> bool {
        self.command.may_be_audited()
    }

    fn is_trial(&self) -> bool {
        self.command.is_trial()
    }

    fn names<'a>(&'a self, names: &mut Names<'a>) {
        self.command.names(names);
    }

    fn play(&mut self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<(), StoreError> {
        self.answer = Some(self.command.play(batch, conn)?);
        Ok(())
    }

    fn committed(self: Box<Self>) {
        if let Some(answer) = self.answer {
            // A caller that went away is no reason to undo what is committed.
            drop(self.reply.send(Ok(answer)));
        }
    }

    fn failed(self: Box<Self>, error: StoreError) {
        drop(self.reply.send(Err(error)));
    }
}
