//! The files a batch is about, as they stand after the commands so far.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::attachment::{DataKey, FileKind};
use crate::store::StoreError;
use crate::store::cipher::{Cipher, Sealed};
use crate::store::file_keys::{data_key, upload_row};
use crate::store::rows::{BlobRow, WrapRow};

/// Index of a digest, and whose.
pub type DigestIndex = (Vec<u8>, String);

/// The files a batch is about.
#[derive(Default)]
pub struct BatchFiles {
    /// Every index that was asked for; of another nothing is known.
    pub loaded: BTreeSet<Vec<u8>>,
    /// Files that were uploaded.
    pub blobs: HashMap<DigestIndex, BlobRow>,
    /// One wrap of each file that has any: the way to its key.
    pub keepers: HashMap<DigestIndex, WrapRow>,
    /// Dossiers that name a file that is not here.
    pub awaited: HashMap<DigestIndex, BTreeSet<String>>,
    /// What a dossier still waits for.
    pub missing: BTreeMap<String, BTreeSet<(FileKind, DigestIndex)>>,
}

impl BatchFiles {
    /// Whether the file is here, and its key can still be had.
    pub fn present(&self, place: &DigestIndex) -> bool {
        self.blobs
            .get(place)
            .is_some_and(|row| row.ciphertext.is_some() || self.keepers.contains_key(place))
    }

    /// The key of a file, unwrapped; none where no way leads to it.
    pub fn key(&self, cipher: &Cipher, place: &DigestIndex) -> Result<Option<DataKey>, StoreError> {
        let Some(row) = self.blobs.get(place) else {
            return Ok(None);
        };
        let (name, sealed) = match (&row.key_id, &row.nonce, &row.ciphertext, self.keepers.get(place)) {
            (Some(key_id), Some(nonce), Some(ciphertext), _) => (
                upload_row(&row.object),
                Sealed {
                    key_id: key_id.clone(),
                    nonce: nonce.clone(),
                    ciphertext: ciphertext.clone(),
                },
            ),
            (.., Some(wrap)) => (
                wrap.bound_name(),
                Sealed {
                    key_id: wrap.key_id.clone(),
                    nonce: wrap.nonce.clone(),
                    ciphertext: wrap.ciphertext.clone(),
                },
            ),
            _ => return Ok(None),
        };
        data_key(cipher, &name, sealed).map(Some)
    }
}
