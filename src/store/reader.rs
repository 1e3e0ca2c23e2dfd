//! Reader threads: a bounded queue of closures, each run on a connection of its own that cannot write.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use super::cause::Cause;
use super::conn::{Conn, Connector, Purpose, REPLY_TIME};
use super::{StoreError, StoreSizes};

/// So long after a database was found to be away nobody asks it again: who comes meanwhile is told so at once.
pub const AWAY_TIME: Duration = Duration::from_secs(1);

/// Until when the database is taken to be away, and why; of all readers.
type Away = Mutex<Option<(Instant, String)>>;

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
    pub(super) fn start(connector: &Connector, sizes: StoreSizes) -> Result<Self, StoreError> {
        let (queue, jobs) = mpsc::channel::<Job>(sizes.read_queue);
        let jobs = Arc::new(Mutex::new(jobs));
        let away = Arc::new(Away::default());
        for n in 0..sizes.readers {
            let (connector, jobs, away) = (connector.clone(), Arc::clone(&jobs), Arc::clone(&away));
            std::thread::Builder::new()
                .name(format!("reader-{n}"))
                .spawn(move || work(&connector, &jobs, &away))
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
            let (result, outcome) = match conn {
                Ok(conn) => judged(conn, read),
                Err(error) => (Err(error), Outcome::Reopen),
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

/// Reads, and says of a failure whether the database cannot be asked now or has refused what it was asked.
fn judged<T>(
    conn: &mut Conn,
    read: impl FnOnce(&mut Conn) -> Result<T, StoreError>,
) -> (Result<T, StoreError>, Outcome) {
    let result = read(conn);
    let Err(error) = result else {
        return (result, Outcome::Keep);
    };
    match conn.cause_of(&error) {
        Cause::Refused => (Err(error), Outcome::Keep),
        Cause::Away | Cause::Storage => (Err(StoreError::Unavailable(error.to_string())), Outcome::Keep),
        Cause::Lost | Cause::Lent => (Err(StoreError::Unavailable(error.to_string())), Outcome::Reopen),
    }
}

fn work(connector: &Connector, jobs: &Mutex<mpsc::Receiver<Job>>, away: &Away) {
    let mut conn: Option<Conn> = None;
    loop {
        let job = jobs.lock().blocking_recv();
        let Some(job) = job else { return };
        if conn.as_mut().is_some_and(|c| !c.is_alive()) {
            conn = None;
        }
        if conn.is_none() {
            match open(connector, away) {
                Ok(opened) => conn = Some(opened),
                Err(error) => {
                    job(Err(error));
                    continue;
                }
            }
        }
        let Some(open) = conn.as_mut() else { continue };
        let began = Instant::now();
        if open.within(REPLY_TIME, |conn| job(Ok(conn))) == Outcome::Reopen {
            conn = None;
            if began.elapsed() >= REPLY_TIME {
                note(away, "the database does not answer");
            }
        }
    }
}

/// A connection, unless the database was found to be away a moment ago.
fn open(connector: &Connector, away: &Away) -> Result<Conn, StoreError> {
    let known = away.lock().clone();
    if let Some((_, why)) = known.filter(|(until, _)| Instant::now() < *until) {
        return Err(StoreError::Unavailable(why));
    }
    connector
        .open(Purpose::Reader)
        .inspect_err(|error| note(away, &error.to_string()))
}

fn note(away: &Away, why: &str) {
    let until = Instant::now() + AWAY_TIME;
    *away.lock() = Some((until, why.to_owned()));
}
