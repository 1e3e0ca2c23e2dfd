//! A message to an agency, and the content of the dossier it is about: what readers find of it, and what the ledger has in hand when it
//! commits one.

use std::sync::Arc;

use super::StoreError;
use super::cipher::{Cipher, Sealed};
use super::rows::{ContentRow, DeliveryRow, DossierRow};
use crate::domain::dossier::Filing;
use crate::domain::event::Event;
use crate::domain::time::Timestamp;

/// All that a message to an agency is rendered from.
pub struct Message {
    /// The delivery.
    pub delivery: DeliveryRow,
    /// The event it tells.
    pub event: Arc<Event>,
    /// The dossier as it now stands.
    pub dossier: DossierRow,
    /// Its content.
    pub content: Content,
    /// The dossier of the same agency it may be a duplicate of.
    pub twin: Option<String>,
    /// When the dossier was accepted, by the word of whoever accepted it.
    pub accepted_at: Option<Timestamp>,
}

/// The name a content is sealed under.
pub fn content_row(dossier: &str, version: i32) -> String {
    format!("content:{dossier}:{version}")
}

/// The canonical content of a dossier, not encrypted.
#[derive(Clone)]
pub struct Content(Arc<[u8]>);

impl Content {
    /// The content of a filing, as canonical JSON.
    pub fn of(json: impl Into<Arc<[u8]>>) -> Self {
        Content(json.into())
    }

    pub(super) fn open(cipher: &Cipher, row: ContentRow) -> Result<Self, StoreError> {
        let name = content_row(&row.dossier, row.version);
        let sealed = Sealed {
            key_id: row.key_id,
            nonce: row.nonce,
            ciphertext: row.ciphertext,
        };
        Ok(Content::of(cipher.open(&name, sealed)?))
    }

    /// As canonical JSON, as it was written when it was filed.
    pub fn json(&self) -> &[u8] {
        &self.0
    }

    /// What it says.
    ///
    /// # Errors
    /// When it is no filing: what is stored is damaged.
    pub fn filing(&self) -> Result<Filing, StoreError> {
        serde_json::from_slice(&self.0).map_err(|e| StoreError::Corrupt(format!("content: {e}")))
    }
}
