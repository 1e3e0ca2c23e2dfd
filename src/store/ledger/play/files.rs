//! Loading the files a batch is about.

use std::collections::BTreeSet;

use diesel::dsl::min;
use diesel::prelude::*;

use crate::domain::attachment::FileKind;
use crate::store::StoreError;
use crate::store::cipher::Cipher;
use crate::store::conn::{Conn, on_backend};
use crate::store::file_keys::file_blind;
use crate::store::ledger::batch::{BatchFiles, DigestIndex};
use crate::store::ledger::files::TOLD_AT_ONCE;
use crate::store::ledger::requests::Names;
use crate::store::rows::*;
use crate::store::tables::*;
use crate::store::word::Word;

impl BatchFiles {
    /// Loads what is named, one query a table; also says which dossiers must be loaded for it.
    pub(super) fn load(
        conn: &mut Conn,
        cipher: &Cipher,
        names: &Names<'_>,
    ) -> Result<(Self, BTreeSet<String>), StoreError> {
        let blind = |digest| file_blind(cipher, digest);
        let named: BTreeSet<Vec<u8>> = names.files.iter().map(blind).collect();
        let uploads = names.uploads.iter();
        let added: BTreeSet<DigestIndex> = uploads
            .map(|(blind, tenant)| (blind.to_vec(), (*tenant).to_owned()))
            .collect();
        let mut changed: BTreeSet<String> = names.changed.iter().map(|&id| id.to_owned()).collect();
        let mut files = BatchFiles::default();
        let touched: BTreeSet<&Vec<u8>> = named.iter().chain(added.iter().map(|(blind, _)| blind)).collect();
        if !touched.is_empty() {
            files.take_in(conn, &touched)?;
        }
        if !added.is_empty() {
            files.find_awaiting(conn, &added)?;
        }
        let waiting: BTreeSet<String> = files.awaited.values().flatten().cloned().collect();
        changed.extend(waiting.iter().cloned());
        if !changed.is_empty() {
            files.find_missing(conn, &changed)?;
        }
        files.loaded = touched.into_iter().cloned().collect();
        Ok((files, waiting))
    }

    fn take_in(&mut self, conn: &mut Conn, blinds: &BTreeSet<&Vec<u8>>) -> Result<(), StoreError> {
        let found: Vec<BlobRow> = on_backend!(conn, c => blobs::table
            .filter(blobs::blind.eq_any(blinds)).select(BlobRow::as_select()).load(c))?;
        self.blobs = found
            .into_iter()
            .map(|row| ((row.blind.clone(), row.tenant.clone()), row))
            .collect();
        let keepers: Vec<(Vec<u8>, String, Option<String>)> = on_backend!(conn, c => wraps::table
            .filter(wraps::blind.eq_any(blinds))
            .group_by((wraps::blind, wraps::tenant))
            .select((wraps::blind, wraps::tenant, min(wraps::dossier)))
            .load(c))?;
        for (blind, tenant, dossier) in keepers {
            let Some(dossier) = dossier else { continue };
            let wrap: WrapRow = on_backend!(conn, c => wraps::table
                .find((&dossier, &tenant, &blind)).select(WrapRow::as_select()).first(c))?;
            self.keepers.insert((blind, tenant), wrap);
        }
        Ok(())
    }

    fn find_awaiting(&mut self, conn: &mut Conn, places: &BTreeSet<DigestIndex>) -> Result<(), StoreError> {
        for place in places {
            let found: Vec<String> = on_backend!(conn, c => attachments::table
                .filter(attachments::blind.eq(&place.0)).filter(attachments::tenant.eq(&place.1))
                .filter(attachments::arrived_at.is_null())
                .select(attachments::dossier)
                .distinct()
                .limit(TOLD_AT_ONCE as i64)
                .load(c))?;
            self.awaited.insert(place.clone(), found.into_iter().collect());
        }
        Ok(())
    }

    fn find_missing(&mut self, conn: &mut Conn, dossiers: &BTreeSet<String>) -> Result<(), StoreError> {
        let found: Vec<(String, Word<FileKind>, Vec<u8>, String)> = on_backend!(conn, c => attachments::table
            .filter(attachments::dossier.eq_any(dossiers))
            .filter(attachments::arrived_at.is_null())
            .filter(attachments::superseded.eq(false))
            .select((attachments::dossier, attachments::kind, attachments::blind, attachments::tenant))
            .load(c))?;
        for (dossier, Word(kind), blind, tenant) in found {
            self.missing
                .entry(dossier)
                .or_default()
                .insert((kind, (blind, tenant)));
        }
        Ok(())
    }
}
