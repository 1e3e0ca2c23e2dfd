//! The exact bytes of a submission, and what is known of them.

use crate::domain::ids::{DossierId, SubmissionId};
use crate::domain::sha256::Sha256;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::cipher::{Cipher, Sealed};
use crate::store::columns::Column;
use crate::store::moment::At;
use crate::store::rows::SubmissionRow;

/// A submission that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSubmission {
    /// Its name.
    pub id: SubmissionId,
    /// When it was received.
    pub received_at: Timestamp,
    /// IANA media type of its bytes.
    pub media_type: String,
    /// The name of its format.
    pub format: String,
    /// The number of the version it was read with; none of what came before versions were kept.
    pub format_version: Option<i64>,
    /// Its tracking id.
    pub dossier: String,
    /// The signed receipt it got.
    pub receipt: String,
    /// The exact bytes received.
    pub bytes: Vec<u8>,
}

impl KeptSubmission {
    pub(in crate::store) fn open(cipher: &Cipher, row: SubmissionRow) -> Result<Self, StoreError> {
        let sealed = Sealed {
            key_id: row.key_id,
            nonce: row.nonce,
            ciphertext: row.ciphertext,
        };
        let id = row.id.parse();
        Ok(KeptSubmission {
            bytes: cipher.open(&row.id, sealed)?,
            id: id.map_err(|_| StoreError::Corrupt("submission: id".to_owned()))?,
            received_at: row.received_at.0,
            media_type: row.media_type,
            format: row.format,
            format_version: row.format_version,
            dossier: row.dossier,
            receipt: row.receipt,
        })
    }
}

/// The bytes of a submission to keep, encrypted under its id.
#[derive(Clone, Debug)]
pub struct NewSubmission {
    /// Its name.
    pub id: SubmissionId,
    /// When it was received.
    pub received_at: Timestamp,
    /// Which version of its dossier it makes.
    pub version: i32,
    /// The name of its format.
    pub format: String,
    /// The number of the version it was read with.
    pub format_version: Option<i64>,
    /// IANA media type of its bytes.
    pub media_type: String,
    /// SHA-256 of the bytes.
    pub sha256: Sha256,
    /// How many bytes.
    pub size: i64,
    /// The signed receipt it gets.
    pub receipt: String,
    /// The bytes.
    pub sealed: Sealed,
}

impl NewSubmission {
    /// The first column whose value no database holds.
    pub(in crate::store) fn unstorable(&self) -> Option<&'static str> {
        let texts = [
            ("submissions.format", &self.format),
            ("submissions.media_type", &self.media_type),
            ("submissions.receipt", &self.receipt),
        ];
        let text = texts.into_iter().find(|(_, text)| !text.is_storable());
        let moment = (!At(self.received_at).is_storable()).then_some("submissions.received_at");
        text.map(|(column, _)| column).or(moment)
    }

    /// Its row, of a dossier that this tenant files.
    pub(in crate::store) fn row(&self, tenant: &str, dossier: DossierId) -> SubmissionRow {
        SubmissionRow {
            id: self.id.to_string(),
            received_at: At(self.received_at),
            tenant: tenant.to_owned(),
            dossier: dossier.to_string(),
            version: self.version,
            format: self.format.clone(),
            media_type: self.media_type.clone(),
            sha256: self.sha256.as_bytes().to_vec(),
            size: self.size,
            receipt: self.receipt.clone(),
            key_id: self.sealed.key_id.clone(),
            nonce: self.sealed.nonce.clone(),
            ciphertext: self.sealed.ciphertext.clone(),
            format_version: self.format_version,
        }
    }
}
