//! Putting a directory into use: now, on its day, or not at all.
//!
//! Which one is in use, which was before, and which waits for its day are settings of the database: every hub sees the same.

use std::fmt;

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::audit::{Changed, append_with};
use super::batch::Batch;
use super::command::Command;
use super::enrol::setting_now;
use super::requests::{DirectoryDue, DirectoryImport, DirectoryUnschedule, Due, Imported};
use crate::domain::audit::{Action, AuditAction};
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::moment::At;
use crate::store::rows::*;
use crate::store::standing::{
    DIRECTORY, DIRECTORY_BEFORE, DIRECTORY_NEXT, NextDirectory, next_directory, setting,
};
use crate::store::tables::*;

impl Command for DirectoryImport {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<Imported, StoreError> {
        import_directory(conn, batch, self)
    }
}

impl Command for DirectoryDue {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<Due, StoreError> {
        let Some(next) = next_directory(conn)?.filter(|next| next.effective <= self.today) else {
            return Ok(Due::Nothing);
        };
        let in_use = setting(conn, DIRECTORY)?;
        let mut changed = put_into_use(conn, &in_use, &next.version)?;
        changed.push(set(conn, DIRECTORY_NEXT, "")?);
        let action =
            act(Action::DirectoryTookEffect, &next.version, in_use).with("effective", next.effective);
        append_with(conn, batch.now, &self.actor, None, [&action], changed)?;
        Ok(Due::Done)
    }
}

impl Command for DirectoryUnschedule {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<Option<NextDirectory>, StoreError> {
        let Some(next) = next_directory(conn)? else {
            return Ok(None);
        };
        let changed = vec![set(conn, DIRECTORY_NEXT, "")?];
        let in_use = setting(conn, DIRECTORY)?;
        let action =
            act(Action::DirectoryUnscheduled, &next.version, in_use).with("effective", next.effective);
        let reason = self.reason.as_deref();
        append_with(conn, batch.now, &self.actor, reason, [&action], changed)?;
        Ok(Some(next))
    }
}

fn import_directory(
    conn: &mut Conn,
    batch: &Batch<'_>,
    import: &DirectoryImport,
) -> Result<Imported, StoreError> {
    let version = import.version.as_str();
    let in_use = setting(conn, DIRECTORY)?;
    if import
        .reviewed_against
        .as_ref()
        .is_some_and(|reviewed| *reviewed != in_use)
    {
        return Ok(Imported::Stale);
    }
    if let Some(next) = next_directory(conn)? {
        return Ok(Imported::Waits(next));
    }
    let row = DirectoryRow {
        version: version.to_owned(),
        imported_at: At(batch.now),
        files: import.files.clone(),
    };
    on_backend!(conn, c => diesel::insert_into(directories::table).values(&row).on_conflict_do_nothing().execute(c))?;
    let kept: DirectoryRow = on_backend!(conn, c => directories::table
        .find(version).select(DirectoryRow::as_select()).first(c))?;
    let mut changed = vec![Changed::of("directory", kept.name_in_chain(), kept.digest())];
    let (action, outcome) = match import.effective {
        Some(effective) => {
            let next = NextDirectory {
                version: version.to_owned(),
                effective,
            };
            let next = serde_json::to_string(&next).map_err(|e| StoreError::Corrupt(e.to_string()))?;
            changed.push(set(conn, DIRECTORY_NEXT, &next)?);
            let action = act(Action::DirectoryScheduled, version, in_use).with("effective", effective);
            (action, Imported::Scheduled)
        }
        None => {
            changed.extend(put_into_use(conn, &in_use, version)?);
            (act(Action::DirectoryImported, version, in_use), Imported::Done)
        }
    };
    append_with(
        conn,
        batch.now,
        &import.actor,
        import.reason.as_deref(),
        [&action],
        changed,
    )?;
    Ok(outcome)
}

fn act(action: Action, version: &str, instead_of: impl fmt::Display) -> AuditAction {
    AuditAction::on(action, "directory")
        .with("version", version)
        .with("instead_of", instead_of)
}

/// Another directory is in use from now on; the one before is remembered, so that there is a way back.
fn put_into_use(conn: &mut Conn, in_use: &str, version: &str) -> Result<Vec<Changed>, StoreError> {
    let mut changed = vec![set(conn, DIRECTORY, version)?];
    if !in_use.is_empty() && in_use != version {
        changed.push(set(conn, DIRECTORY_BEFORE, in_use)?);
    }
    Ok(changed)
}

fn set(conn: &mut Conn, name: &str, value: &str) -> Result<Changed, StoreError> {
    let row = (settings::name.eq(name), settings::value.eq(value));
    on_backend!(conn, c => diesel::insert_into(settings::table).values(&row)
        .on_conflict(settings::name).do_update().set(settings::value.eq(excluded(settings::value))).execute(c))?;
    setting_now(conn, name)
}
