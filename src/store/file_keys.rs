//! Files without their names: the index of a digest, and under which names keys and descriptions of files are sealed.

use super::StoreError;
use super::cipher::{Cipher, Sealed};
use crate::domain::attachment::DataKey;
use crate::domain::sha256::Sha256;

/// The index of a digest: keyed, so that whoever reads the tables cannot tell whether a file he knows is there.
pub fn file_blind(cipher: &Cipher, digest: &Sha256) -> Vec<u8> {
    cipher.blind("file", digest.as_bytes()).to_vec()
}

/// The name an upload's data key is sealed under, until a dossier names the file.
pub(super) fn upload_row(object: &str) -> String {
    format!("upload:{object}")
}

/// The name what a dossier calls a file is sealed under.
pub(super) fn attachment_row(dossier: &str, number: i32, position: i32) -> String {
    format!("attachment:{dossier}:{number}:{position}")
}

/// Unwraps a data key.
pub(super) fn data_key(cipher: &Cipher, name: &str, sealed: Sealed) -> Result<DataKey, StoreError> {
    let bytes = cipher.open(name, sealed)?;
    let key = bytes.try_into().map_err(|_| StoreError::Key(name.to_owned()))?;
    Ok(DataKey::new(key))
}
