//! Answers under idempotency keys.

use super::overlay::Batch;
use crate::store::StoreError;
use crate::store::answers::{KeptAnswer, KeyUse, Replay, answered};
use crate::store::moment::At;
use crate::store::rows::IdempotencyRow;

impl Batch<'_> {
    /// The answer stored under a key, if the key was used.
    pub fn replay(&self, key: &KeyUse) -> Result<Option<Replay>, StoreError> {
        let row = self.keys.get(&key.name());
        row.map(|row| answered(self.cipher, key, row)).transpose()
    }

    /// Keeps an answer under its key.
    pub fn keep(&mut self, key: &KeyUse, answer: &KeptAnswer) -> Result<(), StoreError> {
        let (status, bytes) = answer.stored()?;
        let mut row = IdempotencyRow {
            tenant: key.tenant.clone(),
            route: key.route.to_owned(),
            key: key.key.clone(),
            request: key.request.as_bytes().to_vec(),
            at: At(self.now),
            status,
            key_id: String::new(),
            nonce: Vec::new(),
            ciphertext: Vec::new(),
        };
        let sealed = self.cipher.seal(&row.bound_name(), &bytes, self.rng)?;
        (row.key_id, row.nonce, row.ciphertext) = (sealed.key_id, sealed.nonce, sealed.ciphertext);
        self.keys.insert(key.name(), row.clone());
        self.writes.keys.push(row);
        Ok(())
    }
}
