//! Schema migrations: `schema/db/{postgres,sqlite}`, the same names in the same order, built into the executable.

use diesel::migration::MigrationSource;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::StoreError;
use super::conn::Conn;

const POSTGRES: EmbeddedMigrations = embed_migrations!("schema/db/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("schema/db/sqlite");

fn failed(e: impl std::fmt::Display) -> StoreError {
    StoreError::Migration(e.to_string())
}

/// Names of the migrations that are not applied yet, in order.
///
/// # Errors
/// [`StoreError::Migration`], with the words of the database.
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
///
/// # Errors
/// [`StoreError::Migration`], with the words of the database.
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
///
/// # Errors
/// [`StoreError::Migration`], with the words of the database.
pub fn down(conn: &mut Conn) -> Result<(), StoreError> {
    match conn {
        Conn::Pg(c) => c.revert_all_migrations(POSTGRES).map_err(failed).map(drop),
        Conn::Sqlite(c) => c.revert_all_migrations(SQLITE).map_err(failed).map(drop),
    }
}

/// Takes the newest migration back. For tests, and for an operator who goes back to the version before.
///
/// # Errors
/// [`StoreError::Migration`], also where none is applied.
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
///
/// # Errors
/// [`StoreError::Migration`] for one that cannot be read.
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
