//! What a database does without the hub: the limits a hub is measured against, and a look behind its back.
//!
//! Nothing here knows the hub's tables, keys or locks. A limit is measured with as little as can be: one table of a number and bytes,
//! a prepared statement, a commit that is on disk when it is answered.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use tokio_postgres::types::ToSql;

use super::conn::{Purpose, sqlite};
use super::postgres::chain;
use super::{Postgres, StoreError};

/// The schema of the tables that are written here; the hub's are in another.
const SCHEMA: &str = "raw";

/// How often something was done, and in which time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Rows committed.
    pub done: u64,
    /// From the first statement to the last answer.
    pub took: Duration,
}

impl Rate {
    /// Rows a second; 0 where no time passed.
    pub fn per_second(&self) -> f64 {
        let seconds = self.took.as_secs_f64();
        if seconds > 0.0 {
            self.done as f64 / seconds
        } else {
            0.0
        }
    }
}

fn failed(error: &tokio_postgres::Error) -> StoreError {
    StoreError::Unavailable(chain(error))
}

/// One session of PostgreSQL that runs any statement, without the hub's settings and time limits.
pub struct Session(tokio_postgres::Client);

impl Session {
    /// Opens one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] within five seconds.
    pub async fn open(postgres: &Postgres) -> Result<Self, StoreError> {
        Ok(Session(postgres.bare().await?))
    }

    /// Runs statements, one after another.
    ///
    /// # Errors
    /// In the server's own words.
    pub async fn run(&self, statements: &str) -> Result<(), StoreError> {
        self.0.batch_execute(statements).await.map_err(|e| failed(&e))
    }

    /// The one number (`bigint`) a query gives.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub async fn number(&self, query: &str) -> Result<i64, StoreError> {
        let row = self.0.query_one(query, &[]).await.map_err(|e| failed(&e))?;
        row.try_get(0).map_err(|e| failed(&e))
    }

    /// The texts of the first column.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub async fn texts(&self, query: &str) -> Result<Vec<String>, StoreError> {
        let rows = self.0.query(query, &[]).await.map_err(|e| failed(&e))?;
        rows.iter()
            .map(|row| row.try_get(0).map_err(|e| failed(&e)))
            .collect()
    }

    /// A setting, as `SHOW` tells it.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub async fn shows(&self, setting: &str) -> Result<String, StoreError> {
        let row = self.0.query_one("SELECT current_setting($1)", &[&setting]).await;
        row.and_then(|row| row.try_get(0)).map_err(|e| failed(&e))
    }
}

/// Makes an empty table for one measurement.
async fn table(postgres: &Postgres, name: &str) -> Result<(), StoreError> {
    let session = Session::open(postgres).await?;
    session
        .run(&format!(
            "CREATE SCHEMA IF NOT EXISTS {SCHEMA}; DROP TABLE IF EXISTS {SCHEMA}.{name}; \
             CREATE TABLE {SCHEMA}.{name} (id BIGINT NOT NULL PRIMARY KEY, body BYTEA NOT NULL)"
        ))
        .await
}

async fn dropped(postgres: &Postgres, name: &str) -> Result<(), StoreError> {
    let session = Session::open(postgres).await?;
    session.run(&format!("DROP TABLE {SCHEMA}.{name}")).await
}

/// One row a commit, from so many sessions at once, for so long: what a hub could do that commits each dossier by itself and does
/// nothing else. Bodies are taken in turn.
///
/// # Errors
/// What the server says; no body.
pub async fn one_by_one(
    postgres: &Postgres,
    bodies: Arc<Vec<Vec<u8>>>,
    sessions: usize,
    time: Duration,
) -> Result<Rate, StoreError> {
    let rows = Rows {
        name: "one_by_one",
        sql: format!("INSERT INTO {SCHEMA}.one_by_one (id, body) VALUES ($1, $2)"),
        each: 1,
        bodies,
    };
    rows.measured(postgres, sessions, time).await
}

/// `each` rows a commit by one statement, from so many sessions at once, for so long: what a hub could do that collects dossiers
/// and does nothing else with them.
///
/// # Errors
/// As [`one_by_one`].
pub async fn in_batches(
    postgres: &Postgres,
    bodies: Arc<Vec<Vec<u8>>>,
    sessions: usize,
    each: usize,
    time: Duration,
) -> Result<Rate, StoreError> {
    let rows = Rows {
        name: "in_batches",
        sql: format!(
            "INSERT INTO {SCHEMA}.in_batches (id, body) SELECT * FROM UNNEST($1::bigint[], $2::bytea[])"
        ),
        each,
        bodies,
    };
    rows.measured(postgres, sessions, time).await
}

struct Rows {
    name: &'static str,
    sql: String,
    each: usize,
    bodies: Arc<Vec<Vec<u8>>>,
}

impl Rows {
    async fn measured(
        self,
        postgres: &Postgres,
        sessions: usize,
        time: Duration,
    ) -> Result<Rate, StoreError> {
        if self.bodies.is_empty() {
            return Err(StoreError::Unavailable("there is nothing to write".to_owned()));
        }
        table(postgres, self.name).await?;
        let mut opened = Vec::with_capacity(sessions);
        for _ in 0..sessions {
            let client = postgres.bare().await?;
            let statement = client.prepare(&self.sql).await.map_err(|e| failed(&e))?;
            opened.push((client, statement));
        }
        let (name, rows, next) = (self.name, Arc::new(self), Arc::new(AtomicI64::new(0)));
        let begun = Instant::now();
        let mut writers = tokio::task::JoinSet::new();
        for (client, statement) in opened {
            let (rows, next) = (Arc::clone(&rows), Arc::clone(&next));
            writers.spawn(async move {
                let mut done = 0;
                while begun.elapsed() < time {
                    done += rows.write(&client, &statement, &next).await?;
                }
                Ok::<u64, StoreError>(done)
            });
        }
        let mut done = 0;
        while let Some(written) = writers.join_next().await {
            done += written.map_err(|e| StoreError::Unavailable(e.to_string()))??;
        }
        let took = begun.elapsed();
        dropped(postgres, name).await?;
        Ok(Rate { done, took })
    }

    async fn write(
        &self,
        client: &tokio_postgres::Client,
        statement: &tokio_postgres::Statement,
        next: &AtomicI64,
    ) -> Result<u64, StoreError> {
        let each = i64::try_from(self.each).unwrap_or(i64::MAX);
        let first = next.fetch_add(each, Ordering::Relaxed);
        let ids: Vec<i64> = (first..first + each).collect();
        let body = |id: &i64| -> &[u8] {
            let at = usize::try_from(*id).unwrap_or(0) % self.bodies.len();
            &self.bodies[at]
        };
        let bodies: Vec<&[u8]> = ids.iter().map(body).collect();
        let one: [&(dyn ToSql + Sync); 2] = [&ids[0], &bodies[0]];
        let many: [&(dyn ToSql + Sync); 2] = [&ids, &bodies];
        let parameters = if self.each == 1 { &one } else { &many };
        client
            .execute(statement, parameters)
            .await
            .map_err(|e| failed(&e))
    }
}

mod table {
    diesel::table! {
        raw_rows (id) {
            id -> BigInt,
            body -> Binary,
        }
    }
}
use table::raw_rows;

/// `each` rows a commit into a file of SQLite, opened as the hub opens its own (WAL, `synchronous = FULL`), by one writer, for so
/// long. The file is removed afterwards. Blocks; call it outside async code.
///
/// # Errors
/// A file that cannot be written.
pub fn sqlite_in_batches(
    path: &Path,
    bodies: &[Vec<u8>],
    each: usize,
    time: Duration,
) -> Result<Rate, StoreError> {
    let mut conn = sqlite(path, Purpose::Ledger)?;
    conn.batch_execute("CREATE TABLE raw_rows (id INTEGER NOT NULL PRIMARY KEY, body BLOB NOT NULL)")?;
    let mut bodies = bodies.iter().cycle();
    let (mut next, begun) = (0, Instant::now());
    while begun.elapsed() < time {
        conn.immediate_transaction(|conn| {
            for body in bodies.by_ref().take(each) {
                let row = (raw_rows::id.eq(next), raw_rows::body.eq(body.as_slice()));
                diesel::insert_into(raw_rows::table).values(row).execute(conn)?;
                next += 1;
            }
            Ok::<(), diesel::result::Error>(())
        })?;
    }
    let took = begun.elapsed();
    drop(conn);
    for ending in ["", "-wal", "-shm"] {
        // What is not there need not be removed; the rest goes with the folder.
        drop(std::fs::remove_file(format!("{}{ending}", path.display())));
    }
    Ok(Rate {
        done: u64::try_from(next).unwrap_or(0),
        took,
    })
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

/// Reads a file of SQLite beside the hub that writes it. Blocks.
pub struct SqliteReader(SqliteConnection);

impl SqliteReader {
    /// Opens the file as the hub's own readers do.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(SqliteReader(sqlite(path, Purpose::Reader)?))
    }

    /// What a query gives as `number`.
    ///
    /// # Errors
    /// In SQLite's words.
    pub fn number(&mut self, query: &str) -> Result<i64, StoreError> {
        let row: Number = diesel::sql_query(query).get_result(&mut self.0)?;
        Ok(row.number)
    }

    /// What a query gives as `text`, row by row.
    ///
    /// # Errors
    /// As above.
    pub fn texts(&mut self, query: &str) -> Result<Vec<String>, StoreError> {
        let rows: Vec<Words> = diesel::sql_query(query).load(&mut self.0)?;
        Ok(rows.into_iter().map(|row| row.text).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_commits_whole_batches_and_leaves_no_file() {
        let dir = std::env::temp_dir().join(format!("raw-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join("raw.sqlite");
        let rate =
            sqlite_in_batches(&path, &[vec![1; 100], vec![2; 50]], 50, Duration::from_millis(20)).unwrap();
        assert!(rate.done > 0 && rate.done.is_multiple_of(50) && rate.per_second() > 0.0);
        assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
