//! Who may speak, and which directory is in use. Read whole, since every request needs them.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::corrupt;
use crate::domain::tenant::Register;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::of_row::{certificate, person, point, tenant};
use crate::store::rows::*;
use crate::store::standing::{DIRECTORY, DIRECTORY_BEFORE, NextDirectory, next_directory, setting};
use crate::store::tables::*;

/// The register, when its version is not `known`.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn register(conn: &mut Conn, known: i64) -> Result<Option<Register>, StoreError> {
    let version: String =
        on_backend!(conn, c => settings::table.find("register").select(settings::value).first(c))?;
    let version: i64 = version.parse().map_err(|_| corrupt("register version"))?;
    if version == known {
        return Ok(None);
    }
    let tenants: Vec<TenantRow> =
        on_backend!(conn, c => tenants::table.select(TenantRow::as_select()).load(c))?;
    let certificates: Vec<CertificateRow> =
        on_backend!(conn, c => certificates::table.select(CertificateRow::as_select()).load(c))?;
    let staff: Vec<StaffRow> = on_backend!(conn, c => staff::table.select(StaffRow::as_select()).load(c))?;
    let points: Vec<PointRow> = on_backend!(conn, c => points::table.select(PointRow::as_select()).load(c))?;
    Ok(Some(Register::new(
        version,
        tenants.iter().map(tenant).collect::<Result<_, _>>()?,
        certificates.iter().map(certificate).collect::<Result<_, _>>()?,
        staff.into_iter().map(person).collect::<Result<_, _>>()?,
        points.into_iter().map(point).collect::<Result<_, _>>()?,
    )))
}

/// Whether a directory was ever imported.
///
/// # Errors
/// What the database says.
pub fn has_directory(conn: &mut Conn) -> Result<bool, StoreError> {
    Ok(
        on_backend!(conn, c => diesel::select(diesel::dsl::exists(settings::table.find("directory"))).get_result(c))?,
    )
}

/// A directory as it is kept: its version, and its files by name.
pub type KeptDirectory = (String, BTreeMap<String, String>);

/// The directory in use; none when none was imported.
///
/// # Errors
/// As [`directory`].
pub fn directory_in_use(conn: &mut Conn) -> Result<Option<KeptDirectory>, StoreError> {
    let version: Option<String> = on_backend!(conn, c => settings::table.find("directory").select(settings::value).first(c).optional())?;
    let files = directory(conn, "")?;
    Ok(version.zip(files))
}

/// The files of a directory that was imported once; none of that version was.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for files that do not parse.
pub fn directory_of(conn: &mut Conn, version: &str) -> Result<Option<BTreeMap<String, String>>, StoreError> {
    let files: Option<Vec<u8>> = on_backend!(conn, c => directories::table.find(version)
        .select(directories::files).first(c).optional())?;
    let files = files.map(|files| serde_json::from_slice(&files));
    files
        .transpose()
        .map_err(|e| corrupt(format!("directory {version}: {e}")))
}

/// Which directory is in use, which was before, and which waits for its day; empty versions are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectoryStanding {
    /// In use.
    pub in_use: String,
    /// In use before it.
    pub before: String,
    /// Waits for its day.
    pub next: Option<NextDirectory>,
}

/// Where the directory stands.
///
/// # Errors
/// What the database says.
pub fn directory_standing(conn: &mut Conn) -> Result<DirectoryStanding, StoreError> {
    Ok(DirectoryStanding {
        in_use: setting(conn, DIRECTORY)?,
        before: setting(conn, DIRECTORY_BEFORE)?,
        next: next_directory(conn)?,
    })
}

/// The directory in use, when its version is not `known`: its files by name. `None` also when none was imported.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for files that do not parse.
pub fn directory(conn: &mut Conn, known: &str) -> Result<Option<BTreeMap<String, String>>, StoreError> {
    let version: Option<String> = on_backend!(conn, c => settings::table.find("directory").select(settings::value).first(c).optional())?;
    let Some(version) = version.filter(|v| v != known) else {
        return Ok(None);
    };
    let files: Vec<u8> =
        on_backend!(conn, c => directories::table.find(&version).select(directories::files).first(c))?;
    serde_json::from_slice(&files)
        .map(Some)
        .map_err(|e| corrupt(format!("directory {version}: {e}")))
}
