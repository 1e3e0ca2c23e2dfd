//! Schema migrations: `schema/db/{postgres,sqlite}`, the same names in the same order, built into the executable.

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::StoreError;
use super::conn::{Conn, on_backend};
use crate::domain::time::{Date, Timestamp};

const POSTGRES: EmbeddedMigrations = embed_migrations!("schema/db/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("schema/db/sqlite");

/// Tables partitioned by month on PostgreSQL.
const PARTITIONED: [&str; 5] = ["submissions", "events", "attempts", "audit", "reads"];

/// Bytes up to which a row stays whole, instead of being cut up beside its table: the most PostgreSQL allows, nearly a page.
const WHOLE: u16 = 8160;

/// How many months ahead partitions exist.
const MONTHS_AHEAD: i32 = 3;

fn failed(e: impl std::fmt::Display) -> StoreError {
    StoreError::Migration(e.to_string())
}

/// Names of the migrations that are not applied yet, in order.
pub fn pending(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    match conn {
        Conn::Pg(c) => c
            .pending_migrations(POSTGRES)
            .map_err(failed)
            .map(|m| m.iter().map(|m| m.name().to_string()).collect()),
        Conn::Sqlite(c) => c
            .pending_migrations(SQLITE)
            .map_err(failed)
            .map(|m| m.iter().map(|m| m.name().to_string()).collect()),
    }
}

/// Applies what is pending and says its names. Safe to run again.
pub fn up(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    match conn {
        Conn::Pg(c) => c
            .run_pending_migrations(POSTGRES)
            .map_err(failed)
            .map(|m| m.iter().map(ToString::to_string).collect()),
        Conn::Sqlite(c) => c
            .run_pending_migrations(SQLITE)
            .map_err(failed)
            .map(|m| m.iter().map(ToString::to_string).collect()),
    }
}

/// Takes every migration back, newest first. For tests; everything is lost.
pub fn down(conn: &mut Conn) -> Result<(), StoreError> {
    match conn {
        Conn::Pg(c) => c.revert_all_migrations(POSTGRES).map_err(failed).map(drop),
        Conn::Sqlite(c) => c.revert_all_migrations(SQLITE).map_err(failed).map(drop),
    }
}

/// Takes the newest migration back. For tests, and for an operator who goes back to the version before.
pub fn back(conn: &mut Conn) -> Result<String, StoreError> {
    match conn {
        Conn::Pg(c) => c
            .revert_last_migration(POSTGRES)
            .map_err(failed)
            .map(|m| m.to_string()),
        Conn::Sqlite(c) => c
            .revert_last_migration(SQLITE)
            .map_err(failed)
            .map(|m| m.to_string()),
    }
}

/// The names of all migrations of each database.
pub fn names() -> Result<[Vec<String>; 2], StoreError> {
    let of = |m: Vec<Box<dyn diesel::migration::Migration<diesel::pg::Pg>>>| {
        m.iter().map(|m| m.name().to_string()).collect()
    };
    let of_lite = |m: Vec<Box<dyn diesel::migration::Migration<diesel::sqlite::Sqlite>>>| {
        m.iter().map(|m| m.name().to_string()).collect()
    };
    Ok([
        POSTGRES.migrations().map_err(failed).map(of)?,
        SQLITE.migrations().map_err(failed).map(of_lite)?,
    ])
}

/// Makes the monthly partitions for this and the coming months. Nothing to do on SQLite. What falls outside lands in the
/// `_rest` partition, so a missed run loses nothing.
pub fn partitions(conn: &mut Conn, now: Timestamp) -> Result<(), StoreError> {
    if matches!(conn, Conn::Sqlite(_)) {
        return Ok(());
    }
    let mut month = now.date().first_of_month();
    for _ in 0..=MONTHS_AHEAD {
        let next = next_month(month);
        for table in PARTITIONED {
            let sql = format!(
                "CREATE TABLE IF NOT EXISTS {table}_{:04}_{:02} PARTITION OF {table} FOR VALUES FROM ('{}') TO ('{}') \
                 WITH (toast_tuple_target = {WHOLE})",
                month.year(),
                month.month(),
                midnight(month),
                midnight(next),
            );
            on_backend!(conn, c => c.batch_execute(&sql))?;
        }
        month = next;
    }
    Ok(())
}

fn next_month(month: Date) -> Date {
    month.last_of_month().tomorrow().unwrap_or(Date::MAX)
}

fn midnight(day: Date) -> Timestamp {
    Timestamp::from_vietnam(day.at(0, 0, 0, 0))
}
