//! A message to an agency, and the content of the dossier it is about: what readers find of it, and what the ledger has in hand when it
//! commits one.

use std::fmt::{self, Debug};
use std::sync::Arc;

use super::StoreError;
use super::cipher::{Cipher, Sealed};
use super::kept::KeptDossier;
use super::rows::{ContentRow, DeliveryRow, DossierRow};
use crate::domain::dossier::Filing;
use crate::domain::event::Event;
use crate::domain::ids::DossierId;
use crate::domain::time::Timestamp;
use crate::domain::view::Progress;

/// All that a message to an agency is rendered from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The delivery.
    pub delivery: String,
    /// Key of the agency it goes to.
    pub agency: String,
    /// What kind of event it tells, as events name it.
    pub kind: String,
    /// W3C trace context of the call it comes from.
    pub traceparent: Option<String>,
    /// The number of the version of a format that writes it; none where that is what the directory says.
    pub format_version: Option<i64>,
    /// Which attempt to give it to the broker this is, from 1, where it is in the relay's hands.
    pub send_attempt: i32,
    /// The event it tells.
    pub event: Arc<Event>,
    /// The dossier as it now stands.
    pub dossier: KeptDossier,
    /// Its content.
    pub content: Content,
    /// The dossier of the same agency it may be a duplicate of.
    pub twin: Option<DossierId>,
    /// When the dossier was accepted, by the word of whoever accepted it.
    pub accepted_at: Option<Timestamp>,
    /// What its history adds to it, once it is accepted.
    pub progress: Progress,
}

impl Message {
    /// Of its rows; of a dossier, the one that it may be a duplicate of.
    pub(super) fn of(
        delivery: &DeliveryRow,
        event: Arc<Event>,
        (dossier, twin): (&DossierRow, Option<&String>),
        content: Content,
        (accepted_at, progress): (Option<Timestamp>, Progress),
    ) -> Result<Self, StoreError> {
        let twin = twin.map(|id| id.parse()).transpose();
        Ok(Message {
            delivery: delivery.id.clone(),
            agency: delivery.agency.clone(),
            kind: delivery.kind.clone(),
            traceparent: delivery.traceparent.clone(),
            format_version: delivery.format_version,
            send_attempt: delivery.send_attempts,
            event,
            dossier: KeptDossier::of(dossier)?,
            content,
            twin: twin.map_err(|_| StoreError::Corrupt("dossier: twin".to_owned()))?,
            accepted_at,
            progress,
        })
    }
}

/// The name a content is sealed under.
pub fn content_row(dossier: &str, version: i32) -> String {
    format!("content:{dossier}:{version}")
}

/// The canonical content of a dossier, not encrypted.
#[derive(Clone, PartialEq, Eq)]
pub struct Content(Arc<[u8]>);

/// Names persons: it is not shown.
impl Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Content")
    }
}

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
