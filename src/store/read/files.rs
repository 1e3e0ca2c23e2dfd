//! Files: what a tenant has uploaded, what a dossier names, who read it.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use super::{corrupt, dossier};
use crate::domain::attachment::{DataKey, FileKind, NamedFile};
use crate::domain::codes::Key;
use crate::domain::ids::{BlobId, ReadId};
use crate::domain::sha256::Sha256;
use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;
use crate::identity::Scope;
use crate::store::StoreError;
use crate::store::cipher::{Cipher, Sealed};
use crate::store::conn::{Conn, on_backend};
use crate::store::file_keys::{attachment_row, data_key, file_blind};
use crate::store::moment::At;
use crate::store::rows::*;
use crate::store::tables::*;

/// A file as a dossier names it.
#[derive(Clone)]
pub struct Attachment {
    /// Its number, from 1.
    pub n: i32,
    /// What named it.
    pub kind: FileKind,
    /// By which event.
    pub event: i32,
    /// Whose upload it is.
    pub owner: String,
    /// Its name, type and digest.
    pub file: NamedFile,
    /// When it was named.
    pub named_at: Timestamp,
    /// When it was there.
    pub arrived_at: Option<Timestamp>,
    /// Named by a version that no longer stands.
    pub superseded: bool,
    /// Plain bytes, once there.
    pub size: Option<i64>,
}

/// Where the bytes of an attachment are, and how they open.
pub struct Held {
    /// The object.
    pub object: BlobId,
    /// Its key.
    pub key: DataKey,
}

/// The size of a file the caller itself has uploaded.
///
/// # Errors
/// What the database says.
pub fn uploaded(
    conn: &mut Conn,
    cipher: &Cipher,
    scope: &Scope,
    digest: &Sha256,
) -> Result<Option<i64>, StoreError> {
    let (blind, tenant) = (file_blind(cipher, digest), scope.tenant().as_str());
    Ok(on_backend!(conn, c => blobs::table.find((&blind, tenant)).select(blobs::size).first(c).optional())?)
}

/// Which of these files the caller itself has uploaded, so that a dossier can have them; by index, with their sizes.
///
/// # Errors
/// What the database says.
pub fn uploaded_of(
    conn: &mut Conn,
    scope: &Scope,
    blinds: &[Vec<u8>],
) -> Result<BTreeMap<Vec<u8>, i64>, StoreError> {
    let tenant = scope.tenant().as_str();
    let found: Vec<(Vec<u8>, i64)> = on_backend!(conn, c => blobs::table
        .filter(blobs::blind.eq_any(blinds)).filter(blobs::tenant.eq(tenant))
        .filter(blobs::ciphertext.is_not_null().or(diesel::dsl::exists(wraps::table
            .filter(wraps::blind.eq(blobs::blind)).filter(wraps::tenant.eq(blobs::tenant)))))
        .select((blobs::blind, blobs::size)).load(c))?;
    Ok(found.into_iter().collect())
}

/// Bytes the caller has uploaded that no dossier names.
///
/// # Errors
/// What the database says.
pub fn unused_bytes(conn: &mut Conn, scope: &Scope) -> Result<i64, StoreError> {
    let tenant = scope.tenant().as_str();
    // A sum of whole numbers is a decimal number on PostgreSQL: the rows are few, so they are added here.
    let sizes: Vec<i64> = on_backend!(conn, c => blobs::table
        .filter(blobs::tenant.eq(tenant)).filter(blobs::unused_since.is_not_null())
        .select(blobs::size).load(c))?;
    Ok(sizes.iter().sum())
}

/// The files of a dossier, in the order they were named; `None` when the caller does not see it.
///
/// # Errors
/// What the database says; as [`Cipher::open`]; [`StoreError::Corrupt`] for a row that does not parse.
pub fn attachments(
    conn: &mut Conn,
    cipher: &Cipher,
    scope: &Scope,
    id: &str,
) -> Result<Option<Vec<Attachment>>, StoreError> {
    if dossier(conn, scope, id)?.is_none() {
        return Ok(None);
    }
    let rows: Vec<(AttachmentRow, Option<i64>)> = on_backend!(conn, c => attachments::table
        .left_join(blobs::table.on(blobs::blind.eq(attachments::blind).and(blobs::tenant.eq(attachments::tenant))))
        .filter(attachments::dossier.eq(id))
        .order((attachments::number, attachments::position))
        .select((AttachmentRow::as_select(), blobs::size.nullable()))
        .load(c))?;
    let mut found = Vec::with_capacity(rows.len());
    for (n, (row, size)) in (1..).zip(rows) {
        let name = attachment_row(&row.dossier, row.number, row.position);
        let sealed = Sealed {
            key_id: row.key_id,
            nonce: row.nonce,
            ciphertext: row.ciphertext,
        };
        let file = serde_json::from_slice(&cipher.open(&name, sealed)?)
            .map_err(|e| corrupt(format!("attachment: {e}")))?;
        found.push(Attachment {
            n,
            kind: row.kind.0,
            event: row.number,
            owner: row.tenant,
            file,
            named_at: row.named_at.0,
            arrived_at: row.arrived_at.map(|at| at.0),
            superseded: row.superseded,
            size: size.filter(|_| row.arrived_at.is_some()),
        });
    }
    Ok(Some(found))
}

/// Where an attachment's bytes are; `None` while it is missing, and for ever once the dossier's wraps are gone.
///
/// # Errors
/// What the database says; as [`Cipher::open`]; [`StoreError::Corrupt`] for an object's id that does not parse.
pub fn held(
    conn: &mut Conn,
    cipher: &Cipher,
    dossier: &str,
    attachment: &Attachment,
) -> Result<Option<Held>, StoreError> {
    let blind = file_blind(cipher, &attachment.file.sha256);
    let row: Option<WrapRow> = on_backend!(conn, c => wraps::table
        .find((dossier, &attachment.owner, &blind)).select(WrapRow::as_select()).first(c).optional())?;
    let Some(row) = row else { return Ok(None) };
    let name = row.bound_name();
    let sealed = Sealed {
        key_id: row.key_id,
        nonce: row.nonce,
        ciphertext: row.ciphertext,
    };
    Ok(Some(Held {
        object: row
            .object
            .parse()
            .map_err(|_| corrupt(format!("object {}", row.object)))?,
        key: data_key(cipher, &name, sealed)?,
    }))
}

/// Those of these objects that are somebody's.
///
/// # Errors
/// What the database says.
pub fn known_objects(conn: &mut Conn, objects: &[String]) -> Result<BTreeSet<String>, StoreError> {
    let found: Vec<String> = on_backend!(conn, c => blobs::table
        .filter(blobs::object.eq_any(objects)).select(blobs::object).load(c))?;
    Ok(found.into_iter().collect())
}

/// How many files that stand have been awaited since before a moment.
///
/// # Errors
/// What the database says.
pub fn overdue_files(conn: &mut Conn, before: Timestamp) -> Result<i64, StoreError> {
    Ok(on_backend!(conn, c => attachments::table
        .filter(attachments::arrived_at.is_null()).filter(attachments::named_at.lt(At(before)))
        .filter(attachments::superseded.eq(false))
        .count().get_result(c))?)
}

/// Somebody has read something of a dossier, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRead {
    /// Its name.
    pub id: ReadId,
    /// When.
    pub at: Timestamp,
    /// Which tenant.
    pub tenant: TenantKey,
    /// Which named person, where one was named.
    pub staff: Option<Key>,
    /// At which point.
    pub point: Option<Key>,
    /// What was read, in a word.
    pub what: String,
    /// Number of the attachment.
    pub attachment: Option<i32>,
    /// First and last byte that were asked for.
    pub bytes: Option<(i64, i64)>,
}

impl KeptRead {
    fn of(row: ReadRow) -> Result<Self, StoreError> {
        let bad = |what: &str| corrupt(format!("reading {}: {what}", row.id));
        let key = |key: Option<&str>| key.map(str::parse).transpose();
        Ok(KeptRead {
            id: row.id.parse().map_err(|_| bad("id"))?,
            at: row.at.0,
            tenant: row.tenant.parse().map_err(|_| bad("tenant"))?,
            staff: key(row.staff.as_deref()).map_err(|_| bad("staff"))?,
            point: key(row.point.as_deref()).map_err(|_| bad("point"))?,
            what: row.what,
            attachment: row.attachment,
            bytes: row.first_byte.zip(row.last_byte),
        })
    }
}

/// What was read of a dossier, newest first; `None` when the caller does not see it.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn reads(
    conn: &mut Conn,
    scope: &Scope,
    id: &str,
    after: Option<&str>,
    limit: i64,
) -> Result<Option<Vec<KeptRead>>, StoreError> {
    if dossier(conn, scope, id)?.is_none() {
        return Ok(None);
    }
    let rows: Vec<ReadRow> = on_backend!(conn, c => {
        let mut query = reads::table.filter(reads::dossier.eq(id)).into_boxed();
        if let Some(after) = after {
            query = query.filter(reads::id.lt(after));
        }
        query.order(reads::id.desc()).limit(limit).select(ReadRow::as_select()).load(c)
    })?;
    rows.into_iter()
        .map(KeptRead::of)
        .collect::<Result<_, _>>()
        .map(Some)
}
