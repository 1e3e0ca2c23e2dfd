//! Dossiers, their content and the bytes they came from.

use std::collections::HashMap;

use diesel::dsl::exists;
use diesel::prelude::*;

use super::Content;
use super::reach::{reached, seen};
use crate::domain::dossier::Filing;
use crate::identity::Scope;
use crate::store::StoreError;
use crate::store::answers::{self, KeyUse, Replay};
use crate::store::cipher::Cipher;
use crate::store::conn::{Conn, on_backend};
use crate::store::kept::{KeptDossier, KeptSubmission};
use crate::store::rows::*;
use crate::store::tables::*;
use crate::store::word::{NaturalKind, Word};

/// One dossier by tracking id.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn dossier(conn: &mut Conn, scope: &Scope, id: &str) -> Result<Option<KeptDossier>, StoreError> {
    let seen = seen(conn, scope)?;
    let row: Option<DossierRow> = on_backend!(conn, c => reached!(dossiers::table.filter(dossiers::id.eq(id)).into_boxed(), &seen)
        .select(DossierRow::as_select()).first(c).optional())?;
    row.as_ref().map(KeptDossier::of).transpose()
}

/// Several dossiers by tracking id, by their ids; one that the scope does not reach is absent. One that cannot be read harms no other.
///
/// # Errors
/// What the database says.
pub fn dossiers_by_id(
    conn: &mut Conn,
    scope: &Scope,
    ids: &[String],
) -> Result<HashMap<String, Result<KeptDossier, StoreError>>, StoreError> {
    let seen = seen(conn, scope)?;
    let rows: Vec<DossierRow> = on_backend!(conn, c => reached!(dossiers::table.filter(dossiers::id.eq_any(ids)).into_boxed(), &seen)
        .select(DossierRow::as_select()).load(c))?;
    let kept = |row: &DossierRow| (row.id.clone(), KeptDossier::of(row));
    Ok(rows.iter().map(kept).collect())
}

/// What an official code names within one agency.
pub enum ByCode {
    /// The dossier that has it.
    Confirmed(Box<KeptDossier>),
    /// The one dossier that claims it.
    Claimed(Box<KeptDossier>),
    /// Several claim it.
    Ambiguous,
    /// None has or claims it.
    Absent,
}

/// The id of the dossier whose code this is, confirmed. One that was given another code since has let go of it.
pub(super) fn of_confirmed(conn: &mut Conn, code: &str) -> Result<Option<String>, StoreError> {
    Ok(on_backend!(conn, c => natural_keys::table
        .inner_join(dossiers::table.on(dossiers::id.eq(natural_keys::dossier)))
        .filter(natural_keys::value.eq(code)).filter(natural_keys::kind.eq(Word(NaturalKind::Code)))
        .filter(dossiers::code.eq(code))
        .select(dossiers::id).first(c).optional())?)
}

/// The dossier of `agency` that an official code names: the one that has it, also where the code is of another agency that leads it; else
/// the one that claims it.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn by_code(conn: &mut Conn, scope: &Scope, agency: &str, code: &str) -> Result<ByCode, StoreError> {
    if let Some(id) = of_confirmed(conn, code)?
        && let Some(found) = dossier(conn, scope, &id)?
        && found.is_with(agency)
    {
        return Ok(ByCode::Confirmed(Box::new(found)));
    }
    let seen = seen(conn, scope)?;
    let mut claim: Vec<DossierRow> = on_backend!(conn, c => reached!(dossiers::table
            .filter(dossiers::claimed_code.eq(code)).filter(dossiers::agency.eq(agency)).into_boxed(), &seen)
        .order(dossiers::id).limit(2).select(DossierRow::as_select()).load(c))?;
    Ok(match (claim.pop(), claim.pop()) {
        (None, _) => ByCode::Absent,
        (Some(one), None) => ByCode::Claimed(Box::new(KeptDossier::of(&one)?)),
        (Some(_), Some(_)) => ByCode::Ambiguous,
    })
}

/// The dossiers that have this code, or claim it, whoever may see them: the one that has it, then the oldest claims, at most `most`.
///
/// # Errors
/// What the database says.
pub fn of_code(conn: &mut Conn, code: &str, most: i64) -> Result<Vec<String>, StoreError> {
    let confirmed = of_confirmed(conn, code)?;
    let claims: Vec<String> = on_backend!(conn, c => dossiers::table
        .filter(dossiers::claimed_code.eq(code)).order(dossiers::id).limit(most).select(dossiers::id).load(c))?;
    Ok(confirmed.into_iter().chain(claims).collect())
}

/// Whether another dossier than `but` has this code, or claims it.
///
/// # Errors
/// What the database says.
pub fn code_known(conn: &mut Conn, code: &str, but: Option<&str>) -> Result<bool, StoreError> {
    if of_confirmed(conn, code)?.is_some_and(|holder| but != Some(holder.as_str())) {
        return Ok(true);
    }
    let but = but.unwrap_or_default();
    Ok(on_backend!(conn, c => diesel::select(exists(
        dossiers::table.filter(dossiers::claimed_code.eq(code)).filter(dossiers::id.ne(but))
    )).get_result(c))?)
}

/// The dossier a tenant filed under a reference.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn by_reference(
    conn: &mut Conn,
    scope: &Scope,
    tenant: &str,
    reference: &str,
) -> Result<Option<KeptDossier>, StoreError> {
    let id: Option<String> = on_backend!(conn, c => natural_keys::table
        .filter(natural_keys::value.eq(reference)).filter(natural_keys::kind.eq(Word(NaturalKind::Reference)))
        .filter(natural_keys::tenant.eq(tenant))
        .select(natural_keys::dossier).first(c).optional())?;
    match id {
        Some(id) => dossier(conn, scope, &id),
        None => Ok(None),
    }
}

/// Whether a tenant's report with this blind index was taken before.
///
/// # Errors
/// What the database says.
pub fn report_known(conn: &mut Conn, tenant: &str, key: &str) -> Result<bool, StoreError> {
    Ok(on_backend!(conn, c => diesel::select(exists(
        natural_keys::table
            .filter(natural_keys::value.eq(key))
            .filter(natural_keys::kind.eq(Word(NaturalKind::Report)))
            .filter(natural_keys::tenant.eq(tenant))
    )).get_result(c))?)
}

/// The first dossier of a likeness, whoever filed it. Whether a caller may see it is another question.
///
/// # Errors
/// What the database says.
pub fn first_alike(conn: &mut Conn, blind: &[u8]) -> Result<Option<String>, StoreError> {
    Ok(on_backend!(conn, c => dossiers::table
        .filter(dossiers::likeness.eq(blind)).filter(dossiers::twin.is_null())
        .order(dossiers::id)
        .select(dossiers::id).first(c).optional())?)
}

/// What a call with this key was answered before, if it was used. The ledger asks the same again when it writes.
///
/// # Errors
/// What the database says; as [`Cipher::open`]; [`StoreError::Corrupt`] for an answer that does not parse.
pub fn answered(conn: &mut Conn, cipher: &Cipher, key: &KeyUse) -> Result<Option<Replay>, StoreError> {
    let row: Option<IdempotencyRow> = on_backend!(conn, c => idempotency_keys::table
        .find((&key.key, &key.tenant, key.route)).select(IdempotencyRow::as_select()).first(c).optional())?;
    row.map(|row| answers::answered(cipher, key, &row)).transpose()
}

/// The canonical content of one version.
///
/// # Errors
/// What the database says, also of a version that is not there; as [`Cipher::open`]; [`StoreError::Corrupt`] for what is no filing.
pub fn content(conn: &mut Conn, cipher: &Cipher, dossier: &str, version: i32) -> Result<Filing, StoreError> {
    let row: ContentRow = on_backend!(conn, c => contents::table.find((dossier, version)).select(ContentRow::as_select()).first(c))?;
    open_content(cipher, row)
}

pub(super) fn open_content(cipher: &Cipher, row: ContentRow) -> Result<Filing, StoreError> {
    Content::open(cipher, row)?.filing()
}

/// A submission and the exact bytes received.
///
/// # Errors
/// What the database says; as [`Cipher::open`]; [`StoreError::Corrupt`] for a row that does not parse.
pub fn submission(conn: &mut Conn, cipher: &Cipher, id: &str) -> Result<Option<KeptSubmission>, StoreError> {
    let row: Option<SubmissionRow> = on_backend!(conn, c => submissions::table
        .filter(submissions::id.eq(id)).select(SubmissionRow::as_select()).first(c).optional())?;
    row.map(|row| KeptSubmission::open(cipher, row)).transpose()
}
