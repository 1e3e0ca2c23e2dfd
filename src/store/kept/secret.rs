//! A secret of a webhook: as it is kept, and as a new one is sealed to be kept.

use rand::Rng;

use crate::domain::ids::SecretId;
use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;
use crate::identity::webhook::WebhookSecret;
use crate::store::StoreError;
use crate::store::cipher::Cipher;
use crate::store::moment::At;
use crate::store::rows::SecretRow;

/// When a secret signs. The secret itself stays sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptSecret {
    /// From when.
    pub since: Timestamp,
    /// Until when; none for the newest.
    pub until: Option<Timestamp>,
}

impl KeptSecret {
    pub(in crate::store) fn of(row: &SecretRow) -> Self {
        KeptSecret {
            since: row.since.0,
            until: row.until.map(|at| at.0),
        }
    }
}

/// A new secret of a webhook, without an end.
#[derive(Clone, Debug)]
pub struct NewSecret {
    /// Whose webhook it signs for.
    pub tenant: TenantKey,
    /// Its name.
    pub id: SecretId,
    /// From when it signs.
    pub since: Timestamp,
    /// The secret.
    pub secret: WebhookSecret,
}

impl NewSecret {
    /// It is encrypted here, on the caller's thread, under its tenant and its name.
    ///
    /// # Errors
    /// [`StoreError::Key`] when the key does not seal.
    pub fn sealed(self, cipher: &Cipher, rng: &mut impl Rng) -> Result<SealedSecret, StoreError> {
        let (tenant, id) = (self.tenant.to_string(), self.id.to_string());
        let sealed = cipher.seal(&secret_row(&tenant, &id), self.secret.expose(), rng)?;
        let row = SecretRow {
            tenant,
            id,
            since: At(self.since),
            until: None,
            key_id: sealed.key_id,
            nonce: sealed.nonce,
            ciphertext: sealed.ciphertext,
        };
        Ok(SealedSecret { row })
    }
}

/// A new secret as the ledger takes it.
#[derive(Clone)]
pub struct SealedSecret {
    pub(in crate::store) row: SecretRow,
}

/// The name under which a webhook's secret is sealed.
pub(in crate::store) fn secret_row(tenant: &str, id: &str) -> String {
    format!("webhook-secret:{tenant}:{id}")
}
