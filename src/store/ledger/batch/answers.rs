//! Answers under idempotency keys.

use super::overlay::Batch;
use crate::store::StoreError;
use crate::store::answers::{KeyUse, SubmitOutcome, answered};
use crate::store::moment::At;
use crate::store::rows::IdempotencyRow;

impl Batch<'_> {
    /// The answer stored under a key, if the key was used.
    pub fn replay(&self, key: &KeyUse) -> Result<Option<SubmitOutcome>, StoreError> {
        let row = self.keys.get(&key.name());
        row.map(|row| answered(self.cipher, key, row)).transpose()
    }

    /// Keeps an answer under its key.
    pub fn keep(&mut self, key: &KeyUse, answer: &(i16, Vec<u8>)) -> Result<(), StoreError> {
        let mut row = IdempotencyRow {
            tenant: key.tenant.clone(),
            route: key.route.to_owned(),
            key: key.key.clone(),
            request: key.request.to_vec(),
            at: At(self.now),
            status: answer.0,
            key_id: String::new(),
            nonce: Vec::new(),
            ciphertext: Vec::new(),
        };
        let sealed = self.cipher.seal(&row.bound_name(), &answer.1, self.rng)?;
        (row.key_id, row.nonce, row.ciphertext) = (sealed.key_id, sealed.nonce, sealed.ciphertext);
        self.keys.insert(key.name(), row.clone());
        self.writes.keys.push(row);
        Ok(())
    }
}
