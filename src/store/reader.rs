//! Reader threads: a bounded queue of closures, each run on a connection of its own that cannot write.

use std::sync::{Arc, Mutex};

use tokio::sync::{mpsc, oneshot};

use super::conn::{Conn, Connector, Purpose};
use super::{Sizes, StoreError};

type Job = Box<dyn FnOnce(Result<&mut Conn, StoreError>) -> Outcome + Send>;

/// Whether a connection can be used again after a job.
#[derive(PartialEq, Eq)]
enum Outcome {
    Keep,
    Reopen,
}

/// The read side of the store.
#[derive(Clone)]
pub struct Readers {
    queue: mpsc::Sender<Job>,
}

impl Readers {
    pub(super) fn start(connector: &Connector, sizes: Sizes) -> Result<Self, StoreError> {
        let (queue, jobs) = mpsc::channel::<Job>(sizes.read_queue);
        let jobs = Arc::new(Mutex::new(jobs));
        for n in 0..sizes.readers {
            let (connector, jobs) = (connector.clone(), Arc::clone(&jobs));
            std::thread::Builder::new()
                .name(format!("reader-{n}"))
                .spawn(move || work(&connector, &jobs))
                .map_err(|e| StoreError::Unavailable(e.to_string()))?;
        }
        Ok(Readers { queue })
    }

    /// Runs `read` on a reader thread. [`StoreError::Busy`] when too many wait.
    pub async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Conn) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |conn| {
            let result = conn.and_then(read);
            let outcome = match &result {
                Err(StoreError::Database(e)) if lost(e) => Outcome::Reopen,
                Err(StoreError::Unavailable(_)) => Outcome::Reopen,
                _ => Outcome::Keep,
            };
            let result = match result {
                Err(StoreError::Database(e)) if lost(&e) => Err(StoreError::Unavailable(e.to_string())),
                other => other,
            };
            drop(answer.send(result));
            outcome
        });
        self.queue.try_send(job).map_err(|e| match e {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

/// Whether an error means that the session is gone, rather than that the statement was wrong.
pub(super) fn lost(e: &diesel::result::Error) -> bool {
    use diesel::result::{DatabaseErrorKind as Kind, Error};
    match e {
        Error::DatabaseError(
            Kind::ClosedConnection | Kind::UnableToSendCommand | Kind::ReadOnlyTransaction,
            _,
        ) => true,
        Error::DatabaseError(_, info) => {
            let message = info.message();
            message.contains("connection closed")
                || message.contains("terminating connection")
                || message.contains("shutting down")
                || message.contains("starting up")
                || message.contains("timeout")
                || message.contains("communicating with the server")
        }
        Error::BrokenTransactionManager | Error::RollbackErrorOnCommit { .. } => true,
        _ => false,
    }
}

fn work(connector: &Connector, jobs: &Mutex<mpsc::Receiver<Job>>) {
    let mut conn: Option<Conn> = None;
    loop {
        let job = match jobs.lock() {
            Ok(mut jobs) => jobs.blocking_recv(),
            Err(_) => return,
        };
        let Some(job) = job else { return };
        if conn.as_ref().is_some_and(|c| !c.is_alive()) {
            conn = None;
        }
        let opened = match conn.as_mut() {
            Some(conn) => Ok(conn),
            None => connector.open(Purpose::Reader).map(|c| &mut *conn.insert(c)),
        };
        if job(opened) == Outcome::Reopen {
            conn = None;
        }
    }
}
