//! Settings of the database about its directory, as the ledger and its readers see them.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::domain::time::Date;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::tables::settings;

/// A directory that waits for its day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextDirectory {
    /// Its version.
    pub version: String,
    /// The first day it is in use, in Vietnam.
    pub effective: Date,
}

/// The version in use.
pub(super) const DIRECTORY: &str = "directory";
/// The version in use before it.
pub(super) const DIRECTORY_BEFORE: &str = "directory-before";
/// The version that waits for its day, and the day; empty when none waits.
pub(super) const DIRECTORY_NEXT: &str = "directory-next";

/// A setting; empty when there is none.
pub(super) fn setting(conn: &mut Conn, name: &str) -> Result<String, StoreError> {
    let value: Option<String> = on_backend!(conn, c => settings::table.find(name)
        .select(settings::value).first(c).optional())?;
    Ok(value.unwrap_or_default())
}

/// The directory that waits for its day.
pub(super) fn next_directory(conn: &mut Conn) -> Result<Option<NextDirectory>, StoreError> {
    let value = setting(conn, DIRECTORY_NEXT)?;
    if value.is_empty() {
        return Ok(None);
    }
    serde_json::from_str(&value)
        .map(Some)
        .map_err(|e| StoreError::Corrupt(format!("setting {DIRECTORY_NEXT}: {e}")))
}
