//! Loading what a batch names: one query a table.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::prelude::*;

use crate::domain::clocks::Watched;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::ledger::requests::Names;
use crate::store::ledger::watch;
use crate::store::rows::*;
use crate::store::tables::*;
use crate::store::word::NaturalKind;

/// The head of the chain; on PostgreSQL nobody else has it until the commit.
pub(super) fn lock_head(conn: &mut Conn) -> Result<HeadRow, StoreError> {
    Ok(match conn {
        Conn::Pg(c) => head::table
            .select(HeadRow::as_select())
            .for_update()
            .first(&mut **c)?,
        Conn::Sqlite(c) => head::table.select(HeadRow::as_select()).first(c)?,
    })
}

pub(super) type Loaded = (
    HashMap<(String, String, String), IdempotencyRow>,
    HashMap<(NaturalKind, String, String), String>,
    BTreeMap<String, DossierRow>,
    HashMap<(String, Watched), WatchRow>,
);

/// Loads what is named, one query a table.
pub(super) fn load(
    conn: &mut Conn,
    names: &Names<'_>,
    also: &BTreeSet<String>,
) -> Result<Loaded, StoreError> {
    let mut ids: BTreeSet<&str> = also.iter().map(String::as_str).collect();
    ids.extend(&names.dossiers);
    let keys: Vec<IdempotencyRow> = if names.keys.is_empty() {
        Vec::new()
    } else {
        on_backend!(conn, c => idempotency_keys::table
            .filter(idempotency_keys::key.eq_any(&names.keys)).select(IdempotencyRow::as_select()).load(c))?
    };
    let natural: Vec<NaturalKeyRow> = if names.natural.is_empty() {
        Vec::new()
    } else {
        on_backend!(conn, c => natural_keys::table
            .filter(natural_keys::value.eq_any(&names.natural)).select(NaturalKeyRow::as_select()).load(c))?
    };
    let rows: Vec<DossierRow> = if ids.is_empty() {
        Vec::new()
    } else {
        on_backend!(conn, c => dossiers::table
            .filter(dossiers::id.eq_any(&ids)).select(DossierRow::as_select()).load(c))?
    };
    let watches = watch::of_dossiers(conn, &rows)?;
    Ok((
        keys.into_iter()
            .map(|k| ((k.tenant.clone(), k.route.clone(), k.key.clone()), k))
            .collect(),
        natural
            .into_iter()
            .map(|n| ((n.kind.0, n.tenant, n.value), n.dossier))
            .collect(),
        rows.into_iter().map(|d| (d.id.clone(), d)).collect(),
        watches,
    ))
}

/// The first dossier of each likeness that is filed.
pub(super) fn firsts(conn: &mut Conn, names: &Names<'_>) -> Result<HashMap<Vec<u8>, String>, StoreError> {
    if names.likenesses.is_empty() {
        return Ok(HashMap::new());
    }
    let firsts: Vec<(Option<Vec<u8>>, String)> = on_backend!(conn, c => dossiers::table
        .filter(dossiers::likeness.eq_any(&names.likenesses))
        .filter(dossiers::twin.is_null())
        .select((dossiers::likeness, dossiers::id))
        .load(c))?;
    Ok(firsts
        .into_iter()
        .filter_map(|(blind, id)| Some((blind?, id)))
        .collect())
}
