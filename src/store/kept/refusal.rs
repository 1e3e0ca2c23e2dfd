//! A document that was refused: as it is kept, and as one is sealed to be kept.

use rand::Rng;

use crate::domain::ids::RefusalId;
use crate::domain::rejection::Problem;
use crate::domain::seal::sha256;
use crate::domain::sha256::Sha256;
use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;
use crate::domain::view::RefusedKind;
use crate::store::StoreError;
use crate::store::cipher::Cipher;
use crate::store::moment::At;
use crate::store::of_row;
use crate::store::rows::{RefusalHeadRow, RefusalRow};
use crate::store::word::Word;

/// A refused document as it is kept, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRefusal {
    /// Its name.
    pub id: RefusalId,
    /// Who sent it.
    pub tenant: TenantKey,
    /// What it was sent as.
    pub kind: RefusedKind,
    /// The format that was named with it.
    pub format: Option<String>,
    /// Its media type.
    pub media_type: String,
    /// Digest of its bytes.
    pub sha256: Sha256,
    /// How many bytes.
    pub size: i64,
    /// How often it was refused.
    pub count: i32,
    /// When it was refused first.
    pub first_at: Timestamp,
    /// When it was refused last.
    pub last_at: Timestamp,
    /// What it was refused for last.
    pub problems: Vec<Problem>,
}

impl KeptRefusal {
    pub(in crate::store) fn of(row: RefusalHeadRow) -> Result<Self, StoreError> {
        let bad = |what: &str| StoreError::Corrupt(format!("refusal {}: {what}", row.id));
        Ok(KeptRefusal {
            id: row.id.parse().map_err(|_| bad("id"))?,
            tenant: row.tenant.parse().map_err(|_| bad("tenant"))?,
            kind: row.kind.0,
            sha256: of_row::sha256(&row.sha256)?,
            size: row.size,
            count: row.count,
            first_at: row.first_at.0,
            last_at: row.last_at.0,
            problems: serde_json::from_str(&row.problems).map_err(|e| bad(&format!("problems: {e}")))?,
            format: row.format,
            media_type: row.media_type,
        })
    }
}

/// A document that is refused, to be kept.
#[derive(Clone, Copy, Debug)]
pub struct NewRefusal<'a> {
    /// Its name.
    pub id: RefusalId,
    /// Who sent it.
    pub tenant: &'a TenantKey,
    /// What it was sent as.
    pub kind: RefusedKind,
    /// The format that was named with it.
    pub format: Option<&'a str>,
    /// Its media type.
    pub media_type: &'a str,
    /// Its exact bytes.
    pub bytes: &'a [u8],
    /// What it is refused for.
    pub problems: &'a [Problem],
    /// When.
    pub at: Timestamp,
}

impl NewRefusal<'_> {
    /// Its bytes are encrypted here, on the caller's thread; they open only beside what is said of them.
    ///
    /// # Errors
    /// [`StoreError::Key`] when the key does not seal.
    pub fn sealed(self, cipher: &Cipher, rng: &mut impl Rng) -> Result<SealedRefusal, StoreError> {
        let problems =
            serde_json::to_string(self.problems).map_err(|e| StoreError::Corrupt(e.to_string()))?;
        let mut row = RefusalRow {
            id: self.id.to_string(),
            tenant: self.tenant.to_string(),
            kind: Word(self.kind),
            format: self.format.map(str::to_owned),
            media_type: self.media_type.to_owned(),
            sha256: sha256(self.bytes).as_bytes().to_vec(),
            size: self.bytes.len() as i64,
            count: 1,
            first_at: At(self.at),
            last_at: At(self.at),
            problems,
            key_id: String::new(),
            nonce: Vec::new(),
            ciphertext: Vec::new(),
        };
        let sealed = cipher.seal(&row.bound_name(), self.bytes, rng)?;
        (row.key_id, row.nonce, row.ciphertext) = (sealed.key_id, sealed.nonce, sealed.ciphertext);
        Ok(SealedRefusal { row })
    }
}

/// A refused document as the ledger takes it.
#[derive(Clone)]
pub struct SealedRefusal {
    pub(in crate::store) row: RefusalRow,
}
