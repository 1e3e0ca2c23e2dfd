//! Receipts: what the hub promises, signed so that it can be shown to anybody.

use std::sync::Arc;

use crate::domain::submission::ReceiptClaims;

use super::keys::{self, KeyError, NotOurs, SigningKey, VerifyingKey};

/// The JOSE `typ` of a receipt; a token can never be taken for one, nor the other way round.
const RECEIPT_TYPE: &str = "receipt+jwt";

/// Signs receipts.
#[derive(Clone, Debug)]
pub struct ReceiptSigner {
    key: Arc<SigningKey>,
    retired: Vec<VerifyingKey>,
}

impl ReceiptSigner {
    /// Signs with this key. It may be the one that signs tokens: the `typ` keeps the two apart.
    pub fn new(key: Arc<SigningKey>) -> Self {
        Self::after(key, Vec::new())
    }

    /// Signs with this key; receipts of before were signed with these.
    pub fn after(key: Arc<SigningKey>, retired: Vec<VerifyingKey>) -> Self {
        ReceiptSigner { key, retired }
    }

    /// The receipt as a compact JWS (ES256, `typ` `receipt+jwt`, `kid`).
    ///
    /// # Errors
    /// When the crypto library has no randomness to sign with.
    pub fn sign(&self, claims: &ReceiptClaims) -> Result<String, KeyError> {
        self.key.jws(RECEIPT_TYPE, claims)
    }

    /// The key a receipt is verified with.
    pub fn public(&self) -> &VerifyingKey {
        self.key.public()
    }

    /// Every key that a receipt, old or new, may be verified with.
    pub fn published(&self) -> impl Iterator<Item = &VerifyingKey> {
        std::iter::once(self.public()).chain(&self.retired)
    }
}

/// Verifies a receipt with nothing but public keys (`VerifyingKey::from_jwks` reads them from a JWKS). A receipt has no end.
///
/// # Errors
/// When it is not a receipt, or not signed by one of these keys.
pub fn verify_receipt(jws: &str, keys: &[VerifyingKey]) -> Result<ReceiptClaims, NotOurs> {
    keys::open_jws(jws, RECEIPT_TYPE, keys)
}
