//! Files that dossiers name.

use super::batch_files::DigestIndex;
use super::overlay::Batch;
use crate::domain::attachment::{FileKind, NamedFile};
use crate::store::StoreError;
use crate::store::file_keys::{attachment_row, file_blind};
use crate::store::ledger::requests::Naming;
use crate::store::moment::At;
use crate::store::rows::{AttachmentRow, WrapRow};
use crate::store::word::Word;

impl Batch<'_> {
    /// Whether what a filing's caller found of its files still holds.
    pub fn files_are_as_found(&self, tenant: &str, files: &[Naming]) -> bool {
        files.iter().all(|naming| {
            let blind = file_blind(self.cipher, &naming.file.sha256);
            self.files.present(&(blind, tenant.to_owned())) == naming.present
        })
    }

    /// Notes the files an event names. A file that is here gets a wrap for the dossier; another is awaited.
    pub fn name_files<'f>(
        &mut self,
        dossier: &str,
        number: i32,
        kind: FileKind,
        owner: &str,
        files: impl Iterator<Item = &'f NamedFile>,
    ) -> Result<(), StoreError> {
        for (position, file) in (0..).zip(files) {
            let place = (file_blind(self.cipher, &file.sha256), owner.to_owned());
            if !self.files.loaded.contains(&place.0) {
                return Err(StoreError::Corrupt(
                    "an event names a file its command did not".to_owned(),
                ));
            }
            let meta = serde_json::to_vec(file).map_err(|e| StoreError::Corrupt(e.to_string()))?;
            let meta = self
                .cipher
                .seal(&attachment_row(dossier, number, position), &meta, self.rng)?;
            let present = self.files.present(&place);
            self.writes.attachments.push(AttachmentRow {
                dossier: dossier.to_owned(),
                number,
                position,
                kind: Word(kind),
                tenant: owner.to_owned(),
                blind: place.0.clone(),
                named_at: At(self.now),
                arrived_at: present.then_some(At(self.now)),
                superseded: false,
                key_id: meta.key_id,
                nonce: meta.nonce,
                ciphertext: meta.ciphertext,
            });
            if present {
                self.wrap(dossier, &place)?;
            } else {
                let files = &mut self.files;
                files
                    .missing
                    .entry(dossier.to_owned())
                    .or_default()
                    .insert((kind, place.clone()));
                files.awaited.entry(place).or_default().insert(dossier.to_owned());
            }
        }
        Ok(())
    }

    /// A new version of a filing stands in the place of the older ones, files and all.
    pub fn supersede_files(&mut self, dossier: &str, number: i32) {
        if let Some(missing) = self.files.missing.get_mut(dossier) {
            missing.retain(|(kind, _)| *kind != FileKind::Filing);
        }
        self.writes.superseded.push((dossier.to_owned(), number));
    }

    /// Wraps a file's key for a dossier. From then on it is the dossiers' alone.
    pub fn wrap(&mut self, dossier: &str, place: &DigestIndex) -> Result<(), StoreError> {
        let lost = || StoreError::Corrupt("a file without its key".to_owned());
        let key = self.files.key(self.cipher, place)?.ok_or_else(lost)?;
        let row = self.files.blobs.get_mut(place).ok_or_else(lost)?;
        (row.unused_since, row.key_id, row.nonce, row.ciphertext) = (None, None, None, None);
        let mut wrap = WrapRow {
            dossier: dossier.to_owned(),
            tenant: place.1.clone(),
            blind: place.0.clone(),
            object: row.object.clone(),
            key_id: String::new(),
            nonce: Vec::new(),
            ciphertext: Vec::new(),
        };
        let sealed = self.cipher.seal(&wrap.bound_name(), key.expose(), self.rng)?;
        (wrap.key_id, wrap.nonce, wrap.ciphertext) = (sealed.key_id, sealed.nonce, sealed.ciphertext);
        self.writes.shelved.insert(place.clone());
        self.files
            .keepers
            .entry(place.clone())
            .or_insert_with(|| wrap.clone());
        self.writes.wraps.push(wrap);
        Ok(())
    }
}
