//! Which rules are in use, which were, and the submissions that another version can be tried on.

use diesel::prelude::*;

use super::corrupt;
use crate::domain::sha256::Sha256;
use crate::domain::tenant::Actor;
use crate::domain::time::Timestamp;
use crate::identity::{Reach, Scope};
use crate::store::StoreError;
use crate::store::cipher::Cipher;
use crate::store::conn::{Conn, on_backend};
use crate::store::kept::KeptSubmission;
use crate::store::moment::At;
use crate::store::of_row;
use crate::store::rows::*;
use crate::store::tables::*;

/// A version of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFormat {
    /// What messages refer to it by.
    pub number: i64,
    /// The name without the version.
    pub name: String,
    /// The version.
    pub version: i32,
    /// The digest of its text.
    pub sha256: Sha256,
    /// Since when it is kept.
    pub kept_at: Timestamp,
    /// The `adapter.toml`.
    pub text: String,
}

/// Which version of a format stands in for all of them, since the last change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFormatUse {
    /// The name without the version.
    pub name: String,
    /// Which change it was, from 1.
    pub turn: i64,
    /// The number of the version; none where each is used by whoever has it.
    pub format: Option<i64>,
    /// Since when.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
}

/// All versions, and which are in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFormats {
    /// How often they have changed.
    pub revision: i64,
    /// Every version, by name and version.
    pub versions: Vec<KeptFormat>,
    /// The last change of each format that has any.
    pub uses: Vec<KeptFormatUse>,
}

/// The formats, when they have changed since `known`.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn formats(conn: &mut Conn, known: i64) -> Result<Option<KeptFormats>, StoreError> {
    let revision: Option<String> = on_backend!(conn, c => settings::table.find("formats")
        .select(settings::value).first(c).optional())?;
    let revision = revision.as_deref().unwrap_or("0").parse::<i64>();
    let revision = revision.map_err(|_| corrupt("formats revision"))?;
    if revision == known {
        return Ok(None);
    }
    let rows: Vec<FormatRow> = on_backend!(conn, c => formats::table
        .order((formats::name, formats::version)).select(FormatRow::as_select()).load(c))?;
    let mut names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    names.dedup();
    let mut uses = Vec::new();
    for name in names {
        uses.extend(newest_use(conn, name)?);
    }
    let versions = rows.into_iter().map(|row| {
        Ok(KeptFormat {
            sha256: of_row::sha256(&row.sha256)?,
            number: row.number,
            name: row.name,
            version: row.version,
            kept_at: row.kept_at.0,
            text: row.text,
        })
    });
    Ok(Some(KeptFormats {
        revision,
        versions: versions.collect::<Result<_, StoreError>>()?,
        uses,
    }))
}

fn newest_use(conn: &mut Conn, name: &str) -> Result<Option<KeptFormatUse>, StoreError> {
    let row: Option<FormatUseRow> = on_backend!(conn, c => format_uses::table
        .filter(format_uses::name.eq(name)).order(format_uses::turn.desc())
        .select(FormatUseRow::as_select()).first(c).optional())?;
    let bad = |what: &str| corrupt(format!("use of format {name}: {what}"));
    row.map(|row| {
        let staff = row.staff.as_deref().map(str::parse).transpose();
        Ok(KeptFormatUse {
            by: Actor {
                tenant: row.tenant.parse().map_err(|_| bad("tenant"))?,
                staff: staff.map_err(|_| bad("staff"))?,
                point: None,
            },
            name: row.name,
            turn: row.turn,
            format: row.format,
            at: row.at.0,
        })
    })
    .transpose()
}

/// A file that a hub began with though another text is in use under its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatDrift {
    /// The number of the version in use.
    pub format: i64,
    /// The digest of the file.
    pub sha256: Sha256,
    /// When it was seen first.
    pub since: Timestamp,
    /// When it was seen last.
    pub seen_at: Timestamp,
}

/// Files that differ from what is in use, seen by a hub since a moment.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn drifts(conn: &mut Conn, seen_since: Timestamp) -> Result<Vec<FormatDrift>, StoreError> {
    let rows: Vec<FormatDriftRow> = on_backend!(conn, c => format_drifts::table
        .filter(format_drifts::seen_at.ge(At(seen_since)))
        .order((format_drifts::format, format_drifts::sha256)).select(FormatDriftRow::as_select()).load(c))?;
    rows.into_iter()
        .map(|row| {
            Ok(FormatDrift {
                format: row.format,
                sha256: of_row::sha256(&row.sha256)?,
                since: row.since.0,
                seen_at: row.seen_at.0,
            })
        })
        .collect()
}

/// A submission of a format, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct OfFormat {
    /// Its name.
    pub id: String,
    /// Who filed it.
    pub tenant: String,
}

/// Submissions that were read with this version of a format, newest first, before one of them; none for anybody but the operator.
///
/// # Errors
/// What the database says.
pub fn newest_of_format(
    conn: &mut Conn,
    scope: &Scope,
    format: &str,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<OfFormat>, StoreError> {
    if !matches!(scope.reach(), Reach::Everything) {
        return Ok(Vec::new());
    }
    Ok(on_backend!(conn, c => {
        let mut query = submissions::table.filter(submissions::format.eq(format)).into_boxed();
        if let Some(before) = before {
            query = query.filter(submissions::id.lt(before));
        }
        query
            .order(submissions::id.desc())
            .limit(limit)
            .select((submissions::id, submissions::tenant))
            .load(c)
    })?)
}

/// The names under which submissions say their format, of a format without its version: as many as it has versions.
///
/// # Errors
/// What the database says.
pub fn formats_of(conn: &mut Conn, name: &str) -> Result<Vec<String>, StoreError> {
    let versions: Vec<i32> = on_backend!(conn, c => formats::table.filter(formats::name.eq(name))
        .order(formats::version).select(formats::version).load(c))?;
    Ok(versions
        .into_iter()
        .map(|version| format!("{name}/v{version}"))
        .collect())
}

/// Submissions with their bytes, in the order of their names; none for anybody but the operator.
///
/// # Errors
/// What the database says; what does not open.
pub fn documents(
    conn: &mut Conn,
    cipher: &Cipher,
    scope: &Scope,
    ids: &[String],
) -> Result<Vec<KeptSubmission>, StoreError> {
    if !matches!(scope.reach(), Reach::Everything) {
        return Ok(Vec::new());
    }
    let rows: Vec<SubmissionRow> = on_backend!(conn, c => submissions::table
        .filter(submissions::id.eq_any(ids)).order(submissions::id)
        .select(SubmissionRow::as_select()).load(c))?;
    rows.into_iter()
        .map(|row| KeptSubmission::open(cipher, row))
        .collect()
}

/// The format and the number of the version that a submission was read with.
///
/// # Errors
/// What the database says.
pub fn read_by(conn: &mut Conn, submission: &str) -> Result<Option<(String, Option<i64>)>, StoreError> {
    Ok(
        on_backend!(conn, c => submissions::table.filter(submissions::id.eq(submission))
        .select((submissions::format, submissions::format_version)).first(c).optional())?,
    )
}
