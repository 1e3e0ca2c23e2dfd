//! The ledger's thread: takes what waits, commits it, and answers everybody within a bound, whatever the database does.
//!
//! What the database refuses is found by halving: the commit is rolled back on the same session, and each half is a commit of its
//! own, so that one bad command among 128 costs 14 rollbacks and no connection. A tenant that had a fault lately is played apart.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use tokio::sync::mpsc;

use super::batch::Issuing;
use super::faults::Faults;
use super::job::Job;
use super::play;
use super::prove::Kept;
use crate::clock::{Clock, Entropy};
use crate::store::StoreError;
use crate::store::cause::Cause;
use crate::store::cipher::Cipher;
use crate::store::conn::{Conn, Connector, Purpose, REPLY_TIME};
use crate::store::fresh::Fresh;
use crate::store::reader::AWAY_TIME;

/// So many commands refused one after the other while nothing passes, and it is the database, not the commands: what is left of the
/// batch is answered as unavailable.
pub const REFUSED_IN_A_ROW: u32 = 8;

/// What the ledger has counted since the hub started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Commits.
    pub commits: u64,
    /// Commits the database refused, and that were rolled back.
    pub rollbacks: u64,
    /// Connections opened to the database.
    pub connections: u64,
    /// Commands refused by the database, by the tenant that sent them.
    pub faults: BTreeMap<String, u64>,
}

/// What the worker and its callers share.
#[derive(Default)]
pub(super) struct Shared {
    pub faults: Faults,
    pub kept: Kept,
    commits: AtomicU64,
    rollbacks: AtomicU64,
    connections: AtomicU64,
}

impl Shared {
    pub(super) fn counts(&self) -> Counts {
        Counts {
            commits: self.commits.load(Ordering::Relaxed),
            rollbacks: self.rollbacks.load(Ordering::Relaxed),
            connections: self.connections.load(Ordering::Relaxed),
            faults: self.faults.totals().into_iter().collect(),
        }
    }
}

pub(super) struct Worker {
    pub connector: Connector,
    pub cipher: Arc<Cipher>,
    pub fresh: Arc<Fresh>,
    pub clock: Clock,
    pub rng: StdRng,
    pub entropy: Entropy,
    pub batch: usize,
    pub shared: Arc<Shared>,
    pub conn: Option<Conn>,
    /// What is known of the codes that the hub gives.
    pub issuing: Issuing,
    /// Until when the database is taken to be away, without asking it.
    pub away: Option<(Instant, String)>,
}

impl Worker {
    pub(super) fn run(mut self, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
        while let Some(first) = jobs.blocking_recv() {
            let mut waiting = vec![first];
            while waiting.len() < self.batch {
                match jobs.try_recv() {
                    Ok(job) => waiting.push(job),
                    Err(_) => break,
                }
            }
            self.serve(waiting);
            // Nobody waits in turn for a database that is away: what is in the queue by now is told so together.
            while self.is_away() {
                match jobs.try_recv() {
                    Ok(job) => self.serve(vec![job]),
                    Err(_) => break,
                }
            }
        }
    }

    fn is_away(&self) -> bool {
        self.away
            .as_ref()
            .is_some_and(|(until, _)| Instant::now() < *until)
    }

    /// Plays what was waiting: those without a fault together, then each that had one apart.
    fn serve(&mut self, waiting: Vec<Box<dyn Job>>) {
        let now = self.clock.now();
        let mut together = Vec::with_capacity(waiting.len());
        let mut apart: BTreeMap<String, Vec<Box<dyn Job>>> = BTreeMap::new();
        for job in waiting {
            match job.sender() {
                Some(sender) if self.shared.faults.suspect(sender.tenant, now) => {
                    apart.entry(sender.tenant.to_owned()).or_default().push(job);
                }
                _ => together.push(job),
            }
        }
        self.play(together);
        for jobs in apart.into_values() {
            self.play(jobs);
        }
    }

    /// Commits a batch; when the database refuses it, halves it until the refused commands are alone.
    fn play(&mut self, jobs: Vec<Box<dyn Job>>) {
        let mut refused = 0;
        let mut pieces = VecDeque::from([jobs]);
        while let Some(piece) = pieces.pop_front() {
            let mut piece = self.without_slowed(piece);
            if piece.is_empty() {
                continue;
            }
            if refused >= REFUSED_IN_A_ROW {
                tell_all(piece, "the database refuses whatever it is given");
                continue;
            }
            match self.commit(&mut piece) {
                Ok(()) => {
                    refused = 0;
                    if piece.iter().any(|job| !job.is_trial()) {
                        self.shared.kept.committed();
                    }
                    piece.into_iter().for_each(|job| job.committed());
                }
                Err(StoreError::Unavailable(why)) => {
                    tracing::warn!(error = %why, waiting = piece.len(), "the database is not available");
                    tell_all(piece, &why);
                }
                Err(error) if piece.len() > 1 => {
                    tracing::warn!(%error, commands = piece.len(), "a commit was refused and is halved");
                    let second = piece.split_off(piece.len() / 2);
                    pieces.push_front(second);
                    pieces.push_front(piece);
                }
                Err(error) => {
                    refused += 1;
                    for job in piece {
                        let told = self.fault(job.as_ref(), &error);
                        job.failed(told);
                    }
                }
            }
        }
    }

    /// What is left when the commands of slowed tenants are answered.
    fn without_slowed(&self, jobs: Vec<Box<dyn Job>>) -> Vec<Box<dyn Job>> {
        let now = self.clock.now();
        let mut left = Vec::with_capacity(jobs.len());
        for job in jobs {
            let sender = job.sender();
            match sender.and_then(|sender| self.shared.faults.slowed(sender.tenant, now)) {
                Some(pause) => job.failed(slowed(pause)),
                None => left.push(job),
            }
        }
        left
    }

    /// Notes whose command was refused, and says what its sender is told.
    fn fault(&self, job: &dyn Job, error: &StoreError) -> StoreError {
        let (StoreError::Database(_) | StoreError::Unstorable(_)) = error else {
            tracing::error!(%error, "a command failed");
            return StoreError::Corrupt(error.to_string());
        };
        match job.sender() {
            Some(sender) => {
                let tenant = sender.tenant;
                let pause = self.shared.faults.note(&sender, self.clock.now());
                tracing::error!(%tenant, %error, "the database refused a command; it alone was not written");
                if let Some(pause) = pause {
                    let seconds = pause.as_secs();
                    tracing::error!(%tenant, seconds, "a tenant is slowed: the database refused too many of its commands");
                }
                StoreError::Unstorable(error.to_string())
            }
            None => {
                tracing::error!(%error, "the database refused a command of the hub's own");
                StoreError::Corrupt(error.to_string())
            }
        }
    }

    fn commit(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        if let Some((_, why)) = self.away.as_ref().filter(|_| self.is_away()) {
            return Err(StoreError::Unavailable(why.clone()));
        }
        self.away = None;
        if self.conn.as_mut().is_some_and(|conn| !conn.is_alive()) {
            self.conn = None;
        }
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => {
                self.shared.connections.fetch_add(1, Ordering::Relaxed);
                self.connector
                    .open(Purpose::Ledger)
                    .inspect_err(|error| self.away = Some((Instant::now() + AWAY_TIME, error.to_string())))?
            }
        };
        let (now, began) = (self.clock.now(), Instant::now());
        self.entropy.stir(&mut self.rng);
        let played = conn.within(REPLY_TIME, |conn| {
            let beside = (&*self.cipher, &*self.fresh);
            play::play(conn, jobs, now, beside, &self.issuing, &mut self.rng)
        });
        match played {
            Ok(committed) => {
                self.shared.commits.fetch_add(1, Ordering::Relaxed);
                self.issuing = committed.hand_out(&self.fresh);
                self.conn = Some(conn);
                Ok(())
            }
            Err(refusal) => {
                self.shared.rollbacks.fetch_add(1, Ordering::Relaxed);
                // Rolled back and answered, the session is as good as before.
                if refusal.rolled_back {
                    self.conn = Some(conn);
                } else {
                    self.issuing.forget_blocks();
                }
                let why = refusal.error.to_string();
                match refusal.cause {
                    Cause::Refused => Err(refusal.error),
                    Cause::Away => Err(StoreError::Unavailable(why)),
                    Cause::Storage => {
                        self.shared.kept.failed();
                        Err(StoreError::Unavailable(why))
                    }
                    Cause::Lost | Cause::Lent => {
                        if began.elapsed() >= REPLY_TIME {
                            self.away = Some((Instant::now() + AWAY_TIME, why.clone()));
                        }
                        Err(StoreError::Unavailable(why))
                    }
                }
            }
        }
    }
}

fn tell_all(jobs: Vec<Box<dyn Job>>, why: &str) {
    for job in jobs {
        job.failed(StoreError::Unavailable(why.to_owned()));
    }
}

/// What the sender of a command is told while it is slowed.
pub(super) fn slowed(pause: Duration) -> StoreError {
    StoreError::Slowed(pause.as_secs().max(1))
}
