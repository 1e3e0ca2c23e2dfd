//! Playing a batch: one transaction in which what it names is loaded, its commands are decided on the overlay one after another, then
//! everything is written and sealed.

mod committed;
mod files;
mod load;
mod persist;

use diesel::connection::SimpleConnection;
use rand::rngs::StdRng;

pub(super) use committed::Committed;
use load::Loaded;

use super::batch::{Batch, Issuing, Numbers, Writes};
use super::issue;
use super::job::Job;
use super::requests::Names;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::cause::Cause;
use crate::store::cipher::Cipher;
use crate::store::conn::{Conn, on_backend};
use crate::store::fresh::Fresh;

/// Why a batch was not committed.
pub(super) struct Refusal {
    pub error: StoreError,
    /// Why the database did not take it.
    pub cause: Cause,
    /// Whether the database has confirmed that nothing of it was written; the session can be used again.
    pub rolled_back: bool,
}

/// Plays the jobs in one transaction; each keeps its answer.
pub(super) fn play(
    conn: &mut Conn,
    jobs: &mut [Box<dyn Job>],
    now: Timestamp,
    (cipher, fresh): (&Cipher, &Fresh),
    issuing: &Issuing,
    rng: &mut StdRng,
) -> Result<Committed, Refusal> {
    in_transaction(conn, jobs, now, (cipher, fresh), issuing, rng).map_err(|error| Refusal {
        cause: conn.cause_of(&error),
        rolled_back: conn.is_alive() && execute(conn, "ROLLBACK").is_ok(),
        error,
    })
}

fn execute(conn: &mut Conn, sql: &str) -> Result<(), StoreError> {
    Ok(on_backend!(conn, c => c.batch_execute(sql))?)
}

fn in_transaction(
    conn: &mut Conn,
    jobs: &mut [Box<dyn Job>],
    now: Timestamp,
    (cipher, fresh): (&Cipher, &Fresh),
    issuing: &Issuing,
    rng: &mut StdRng,
) -> Result<Committed, StoreError> {
    let mut names = Names::default();
    for job in jobs.iter() {
        job.names(&mut names);
    }
    let Loaded {
        head,
        keys,
        natural,
        firsts,
        files,
        dossiers,
        watches,
    } = load::begin(conn, cipher, &names)?;
    let issuing = issue::up_to_date(conn, issuing, head.acts)?;
    let mut batch = Batch {
        // Hubs may differ by a little; within one chain time does not run backwards.
        now: now.max(head.at.0),
        clock: now,
        cipher,
        rng,
        head,
        keys,
        natural,
        dossiers,
        watches,
        firsts,
        files,
        numbers: Numbers::new(issuing),
        fresh,
        writes: Writes::default(),
        audited: jobs.iter().any(|job| job.may_be_audited()),
    };
    for job in jobs {
        job.play(&mut batch, conn)?;
    }
    batch.commit(conn)
}
