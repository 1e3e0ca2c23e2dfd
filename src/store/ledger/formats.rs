//! Keeping versions of formats, and putting them into use.

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::alarm;
use super::audit::{self, Changed, append_with};
use super::batch::Batch;
use super::command::Command;
use super::enrol::setting_now;
use super::requests::{FormatActivation, FormatChange, FormatRollback, FormatText, KeepFormats, ShadowRun};
use crate::domain::audit::{Action, AuditAction};
use crate::domain::clocks::Watched;
use crate::domain::sha256::Sha256;
use crate::domain::tenant::Actor;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::moment::At;
use crate::store::of_row;
use crate::store::rows::*;
use crate::store::tables::*;

/// The setting that says how often the formats have changed, by which hubs notice it.
const SETTING: &str = "formats";

impl Command for KeepFormats {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<(), StoreError> {
        let (mut actions, mut changed) = (Vec::new(), Vec::new());
        for format in &self.formats {
            match kept(conn, &format.name, format.version)? {
                None => {
                    let row = keep(conn, batch.now, format)?;
                    changed.push(Changed::of("", row.name_in_chain(), row.digest()));
                    actions.push(about(Action::FormatKept, format));
                }
                Some((number, sha256)) if sha256 != format.sha256 => {
                    note_drift(batch, conn, number, format.sha256)?;
                }
                Some(_) => {}
            }
        }
        if actions.is_empty() {
            return Ok(());
        }
        changed.push(next_revision(conn)?);
        append_with(conn, batch.now, &self.actor, None, &actions, changed)
    }
}

impl Command for FormatActivation {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<FormatChange, StoreError> {
        let format = &self.format;
        let now = newest_use(conn, &format.name)?;
        if now.as_ref().map_or(0, |row| row.turn) != self.reviewed {
            return Ok(FormatChange::Stale);
        }
        let mut changed = Vec::new();
        let number = match kept(conn, &format.name, format.version)? {
            Some((_, other)) if other != format.sha256 => return Ok(FormatChange::Taken(other)),
            Some((number, _)) => number,
            None => {
                let row = keep(conn, batch.now, format)?;
                changed.push(Changed::of("", row.name_in_chain(), row.digest()));
                row.number
            }
        };
        let to = (Some(number), now.as_ref().map(|row| row.turn));
        changed.push(use_from_now(
            conn,
            (batch.now, &self.actor),
            &format.name,
            now.as_ref(),
            to,
        )?);
        changed.push(next_revision(conn)?);
        let mut action = about(Action::FormatActivated, format);
        if let Some(before) = name_of(conn, now.and_then(|row| row.format))? {
            action = action.with("instead_of", before);
        }
        append_with(
            conn,
            batch.now,
            &self.actor,
            Some(&self.reason),
            [&action],
            changed,
        )?;
        Ok(FormatChange::Done)
    }
}

impl Command for FormatRollback {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<FormatChange, StoreError> {
        let Some(now) = newest_use(conn, &self.name)? else {
            return Ok(FormatChange::Nothing);
        };
        if now.turn != self.leaves {
            return Ok(FormatChange::Stale);
        }
        if now.format.is_none() {
            return Ok(FormatChange::Nothing);
        }
        let below: Option<FormatUseRow> = match now.below {
            Some(turn) => on_backend!(conn, c => format_uses::table
                .find((&self.name, turn)).select(FormatUseRow::as_select()).first(c).optional())?,
            None => None,
        };
        let to = below.map_or((None, None), |row| (row.format, row.below));
        let changed = vec![
            use_from_now(conn, (batch.now, &self.actor), &self.name, Some(&now), to)?,
            next_revision(conn)?,
        ];
        let mut action = AuditAction::on(Action::FormatRolledBack, &self.name);
        for (word, number) in [("from", now.format), ("to", to.0)] {
            if let Some(name) = name_of(conn, number)? {
                action = action.with(word, name);
            }
        }
        append_with(
            conn,
            batch.now,
            &self.actor,
            Some(&self.reason),
            [&action],
            changed,
        )?;
        Ok(FormatChange::Done)
    }
}

impl Command for ShadowRun {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<(), StoreError> {
        audit::append(conn, batch.now, &self.actor, None, [&self.action])
    }
}

fn about(action: Action, format: &FormatText) -> AuditAction {
    AuditAction::on(action, &format.name)
        .with("version", format.version)
        .with("sha256", format.sha256)
}

/// The number and the digest of a version that is kept.
fn kept(conn: &mut Conn, name: &str, version: i32) -> Result<Option<(i64, Sha256)>, StoreError> {
    let found: Option<(i64, Vec<u8>)> = on_backend!(conn, c => formats::table
        .filter(formats::name.eq(name)).filter(formats::version.eq(version))
        .select((formats::number, formats::sha256)).first(c).optional())?;
    found
        .map(|(number, sha256)| Ok((number, of_row::sha256(&sha256)?)))
        .transpose()
}

fn keep(conn: &mut Conn, now: Timestamp, format: &FormatText) -> Result<FormatRow, StoreError> {
    let last: Option<i64> = on_backend!(conn, c => formats::table
        .order(formats::number.desc()).select(formats::number).first(c).optional())?;
    let row = FormatRow {
        number: last.unwrap_or(0) + 1,
        name: format.name.clone(),
        version: format.version,
        sha256: format.sha256.as_bytes().to_vec(),
        kept_at: At(now),
        text: format.text.clone(),
    };
    on_backend!(conn, c => diesel::insert_into(formats::table).values(&row).execute(c))?;
    Ok(row)
}

/// Notes that a hub has another file than what is in use. The operator is told once of each.
fn note_drift(batch: &mut Batch<'_>, conn: &mut Conn, format: i64, sha256: Sha256) -> Result<(), StoreError> {
    let now = batch.now;
    let known: Option<i64> = on_backend!(conn, c => format_drifts::table
        .find((format, sha256.as_bytes().to_vec())).select(format_drifts::format).first(c).optional())?;
    if known.is_none() {
        alarm::raise(
            batch,
            conn,
            Watched::FormatDrift,
            format_args!("{format}:{sha256}"),
            None,
        )?;
    }
    let row = FormatDriftRow {
        format,
        sha256: sha256.as_bytes().to_vec(),
        since: At(now),
        seen_at: At(now),
    };
    on_backend!(conn, c => diesel::insert_into(format_drifts::table).values(&row)
        .on_conflict((format_drifts::format, format_drifts::sha256)).do_update()
        .set(format_drifts::seen_at.eq(excluded(format_drifts::seen_at))).execute(c))?;
    Ok(())
}

fn newest_use(conn: &mut Conn, name: &str) -> Result<Option<FormatUseRow>, StoreError> {
    Ok(
        on_backend!(conn, c => format_uses::table.filter(format_uses::name.eq(name))
        .order(format_uses::turn.desc()).select(FormatUseRow::as_select()).first(c).optional())?,
    )
}

/// Another version, or none, stands in for all of a format.
fn use_from_now(
    conn: &mut Conn,
    (now, actor): (Timestamp, &Actor),
    name: &str,
    before: Option<&FormatUseRow>,
    (format, below): (Option<i64>, Option<i64>),
) -> Result<Changed, StoreError> {
    let row = FormatUseRow {
        name: name.to_owned(),
        turn: before.map_or(0, |row| row.turn) + 1,
        format,
        below,
        at: At(now),
        tenant: actor.tenant.to_string(),
        staff: actor.staff.as_ref().map(ToString::to_string),
    };
    on_backend!(conn, c => diesel::insert_into(format_uses::table).values(&row).execute(c))?;
    Ok(Changed::of("", row.name_in_chain(), row.digest()))
}

/// A version by its number, as it is said: `dvcqg-mc/v1`.
fn name_of(conn: &mut Conn, number: Option<i64>) -> Result<Option<String>, StoreError> {
    let Some(number) = number else {
        return Ok(None);
    };
    let (name, version): (String, i32) = on_backend!(conn, c => formats::table.find(number)
        .select((formats::name, formats::version)).first(c))?;
    Ok(Some(format!("{name}/v{version}")))
}

fn next_revision(conn: &mut Conn) -> Result<Changed, StoreError> {
    let now: Option<String> = on_backend!(conn, c => settings::table.find(SETTING)
        .select(settings::value).first(c).optional())?;
    let now = now.as_deref().unwrap_or("0").parse::<i64>();
    let next = now.map_err(|_| StoreError::Corrupt("formats revision".to_owned()))? + 1;
    let setting = (settings::name.eq(SETTING), settings::value.eq(next.to_string()));
    on_backend!(conn, c => diesel::insert_into(settings::table).values(&setting)
        .on_conflict(settings::name).do_update().set(settings::value.eq(excluded(settings::value))).execute(c))?;
    setting_now(conn, SETTING)
}
