//! Loading what a batch names: one query a table. On PostgreSQL most of it is one trip, with the beginning of the transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::connection::SimpleConnection;
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::domain::clocks::Watched;
use crate::store::StoreError;
use crate::store::cipher::Cipher;
use crate::store::conn::{Conn, on_backend};
use crate::store::ledger::batch::BatchFiles;
use crate::store::ledger::requests::Names;
use crate::store::ledger::watch;
use crate::store::postgres::{Query, Session};
use crate::store::rows::*;
use crate::store::seals::newest_head;
use crate::store::tables::*;
use crate::store::word::NaturalKind;

/// What a batch begins with.
pub(super) struct Loaded {
    pub head: HeadRow,
    pub keys: HashMap<(String, String, String), IdempotencyRow>,
    pub natural: HashMap<(NaturalKind, String, String), String>,
    /// The first dossier of each likeness that is filed.
    pub firsts: HashMap<Vec<u8>, String>,
    pub files: BatchFiles,
    pub dossiers: BTreeMap<String, DossierRow>,
    pub watches: HashMap<(String, Watched), WatchRow>,
}

/// The questions, each with the type of its rows, for a database.
macro_rules! writer {
    () => {
        writer::table.select(writer::id).limit(1).for_update()
    };
}
macro_rules! head {
    ($db:ty) => {
        newest_head!().select(<HeadRow as SelectableHelper<$db>>::as_select())
    };
}
macro_rules! keys {
    ($names:expr, $db:ty) => {
        idempotency_keys::table
            .filter(idempotency_keys::key.eq_any(&$names.keys))
            .select(<IdempotencyRow as SelectableHelper<$db>>::as_select())
    };
}
macro_rules! natural {
    ($names:expr, $db:ty) => {
        natural_keys::table
            .filter(natural_keys::value.eq_any(&$names.natural))
            .select(<NaturalKeyRow as SelectableHelper<$db>>::as_select())
    };
}
macro_rules! firsts {
    ($names:expr) => {
        dossiers::table
            .filter(dossiers::likeness.eq_any(&$names.likenesses))
            .filter(dossiers::twin.is_null())
            .select((dossiers::likeness, dossiers::id))
    };
}
macro_rules! dossiers {
    ($ids:expr, $db:ty) => {
        dossiers::table
            .filter(dossiers::id.eq_any($ids))
            .select(<DossierRow as SelectableHelper<$db>>::as_select())
    };
}

/// Begins the transaction, and loads what is named. On PostgreSQL nobody else writes until the commit.
pub(super) fn begin(conn: &mut Conn, cipher: &Cipher, names: &Names<'_>) -> Result<Loaded, StoreError> {
    let head: HeadRow = match conn {
        Conn::Pg(session) => {
            ask_ahead(session, names)?;
            // Whatever is read from here on, each by a statement of its own, is as the writer before left it.
            let _: i16 = writer!().get_result(&mut **session)?;
            head!(Pg).get_result(&mut **session)?
        }
        Conn::Sqlite(c) => {
            c.batch_execute("BEGIN IMMEDIATE")?;
            head!(diesel::sqlite::Sqlite).get_result(c)?
        }
    };
    let keys: Vec<IdempotencyRow> = match names.keys.is_empty() {
        true => Vec::new(),
        false => on_backend!(conn, c => keys!(names, _).load(c))?,
    };
    let natural: Vec<NaturalKeyRow> = match names.natural.is_empty() {
        true => Vec::new(),
        false => on_backend!(conn, c => natural!(names, _).load(c))?,
    };
    let firsts: Vec<(Option<Vec<u8>>, String)> = match names.likenesses.is_empty() {
        true => Vec::new(),
        false => on_backend!(conn, c => firsts!(names).load(c))?,
    };
    let (files, waiting) = BatchFiles::load(conn, cipher, names)?;
    let mut ids: BTreeSet<&str> = waiting.iter().map(String::as_str).collect();
    ids.extend(&names.dossiers);
    let dossiers: Vec<DossierRow> = match ids.is_empty() {
        true => Vec::new(),
        false => on_backend!(conn, c => dossiers!(&ids, _).load(c))?,
    };
    let dossiers: BTreeMap<String, DossierRow> = dossiers.into_iter().map(|d| (d.id.clone(), d)).collect();
    Ok(Loaded {
        head,
        keys: keys
            .into_iter()
            .map(|k| ((k.tenant.clone(), k.route.clone(), k.key.clone()), k))
            .collect(),
        natural: natural
            .into_iter()
            .map(|n| ((n.kind.0, n.tenant, n.value), n.dossier))
            .collect(),
        firsts: firsts
            .into_iter()
            .filter_map(|(blind, id)| Some((blind?, id)))
            .collect(),
        files,
        watches: watch::of_dossiers(conn, dossiers.values())?,
        dossiers,
    })
}

/// Begins, and asks in the same trip what [`begin`] will ask, in its order; from the files on only where none are named.
fn ask_ahead(session: &mut Session, names: &Names<'_>) -> Result<(), StoreError> {
    let mut asked = vec![Query::of(&writer!())?, Query::of(&head!(Pg))?];
    if !names.keys.is_empty() {
        asked.push(Query::of(&keys!(names, Pg))?);
    }
    if !names.natural.is_empty() {
        asked.push(Query::of(&natural!(names, Pg))?);
    }
    if !names.likenesses.is_empty() {
        asked.push(Query::of(&firsts!(names))?);
    }
    let names_files = !(names.files.is_empty() && names.uploads.is_empty() && names.changed.is_empty());
    if !names.dossiers.is_empty() && !names_files {
        asked.push(Query::of(&dossiers!(&names.dossiers, Pg))?);
        let told = watch::told_of(names.dossiers.iter().copied().collect());
        asked.push(Query::of(
            &told.select(<WatchRow as SelectableHelper<Pg>>::as_select()),
        )?);
    }
    Ok(session.begin(asked)?)
}
