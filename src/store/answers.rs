//! Answers kept under idempotency keys: a call that comes again is given what it was given before.

use super::StoreError;
use super::cipher::{Cipher, Sealed};
use super::rows::IdempotencyRow;

/// The idempotency key of a call.
#[derive(Clone, Debug)]
pub struct KeyUse {
    /// Whose key.
    pub tenant: String,
    /// Which route: the same key on another route is another key.
    pub route: &'static str,
    /// The key.
    pub key: String,
    /// SHA-256 of what makes the call the same call: body and what selects its meaning.
    pub request: [u8; 32],
}

impl KeyUse {
    /// Tenant, route and key: what an answer is kept under.
    pub(super) fn name(&self) -> (String, String, String) {
        (self.tenant.clone(), self.route.to_owned(), self.key.clone())
    }
}

/// What a filing came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubmitOutcome {
    /// Committed; the prepared answer holds.
    Committed,
    /// The same call was answered before: give this.
    Replayed {
        /// HTTP status.
        status: i16,
        /// Body.
        body: Vec<u8>,
    },
    /// The key was used for another call.
    KeyReused,
    /// What the caller found no longer holds; look again.
    Raced,
}

/// What a key's row says to a call.
pub(super) fn answered(
    cipher: &Cipher,
    key: &KeyUse,
    row: &IdempotencyRow,
) -> Result<SubmitOutcome, StoreError> {
    if row.request != key.request {
        return Ok(SubmitOutcome::KeyReused);
    }
    let sealed = Sealed {
        key_id: row.key_id.clone(),
        nonce: row.nonce.clone(),
        ciphertext: row.ciphertext.clone(),
    };
    let body = cipher.open(&row.bound_name(), sealed)?;
    Ok(SubmitOutcome::Replayed {
        status: row.status,
        body,
    })
}
