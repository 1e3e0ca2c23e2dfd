//! Putting a directory into use.

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::audit::{Changed, append_with};
use super::batch::Batch;
use super::command::Command;
use super::enrol::setting_now;
use super::requests::{DirectoryImport, Imported};
use crate::domain::audit::{Action, AuditAction};
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::moment::At;
use crate::store::rows::*;
use crate::store::tables::*;

impl Command for DirectoryImport {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<Imported, StoreError> {
        import_directory(conn, batch.now, self)
    }
}

fn import_directory(
    conn: &mut Conn,
    now: Timestamp,
    import: &DirectoryImport,
) -> Result<Imported, StoreError> {
    let version = import.version.as_str();
    let in_use: Option<String> = on_backend!(conn, c => settings::table.find("directory")
        .select(settings::value).first(c).optional())?;
    let in_use = in_use.unwrap_or_default();
    if import
        .reviewed_against
        .as_ref()
        .is_some_and(|reviewed| *reviewed != in_use)
    {
        return Ok(Imported::Stale);
    }
    let row = DirectoryRow {
        version: version.to_owned(),
        imported_at: At(now),
        files: import.files.clone(),
    };
    let setting = (settings::name.eq("directory"), settings::value.eq(version));
    on_backend!(conn, c => diesel::insert_into(directories::table).values(&row).on_conflict_do_nothing().execute(c))?;
    on_backend!(conn, c => diesel::insert_into(settings::table).values(&setting)
        .on_conflict(settings::name).do_update().set(settings::value.eq(excluded(settings::value))).execute(c))?;
    let action = AuditAction::on(Action::DirectoryImported, "directory")
        .with("version", version)
        .with("instead_of", in_use);
    let kept: DirectoryRow = on_backend!(conn, c => directories::table
        .find(version).select(DirectoryRow::as_select()).first(c))?;
    let changed = vec![
        Changed::of("directory", kept.name_in_chain(), kept.digest()),
        setting_now(conn, "directory")?,
    ];
    append_with(
        conn,
        now,
        &import.actor,
        import.reason.as_deref(),
        [&action],
        changed,
    )?;
    Ok(Imported::Done)
}
