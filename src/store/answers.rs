//! Answers kept under idempotency keys: a call that comes again is given what it was given before.

use std::borrow::Cow;

use super::StoreError;
use super::cipher::{Cipher, Sealed};
use super::rows::IdempotencyRow;
use crate::domain::rejection::Problem;
use crate::domain::sha256::Sha256;

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
    pub request: Sha256,
}

impl KeyUse {
    /// Tenant, route and key: what an answer is kept under.
    pub(super) fn name(&self) -> (String, String, String) {
        (self.tenant.clone(), self.route.to_owned(), self.key.clone())
    }
}

/// What is kept under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptAnswer {
    /// The answer to a filing, whole: it holds a receipt, which is signed once.
    Filed(Vec<u8>),
    /// An act was done; how its dossier stands is read when it is asked.
    Done,
    /// An act was refused for this.
    Refused(Problem),
}

/// Numbers of the column `status`: what an answer was worth to the first clients, and what is stored for good.
const FILED: i16 = 202;
/// See [`FILED`].
const DONE: i16 = 200;

impl KeptAnswer {
    /// As it is stored: the number of its kind, and its bytes.
    pub(super) fn stored(&self) -> Result<(i16, Cow<'_, [u8]>), StoreError> {
        let corrupt = |e: serde_json::Error| StoreError::Corrupt(e.to_string());
        Ok(match self {
            KeptAnswer::Filed(body) => (FILED, Cow::Borrowed(body)),
            KeptAnswer::Done => (DONE, Cow::Borrowed(&[])),
            KeptAnswer::Refused(problem) => {
                let status = i16::try_from(problem.label.text().http_status).unwrap_or(500);
                (status, serde_json::to_vec(problem).map_err(corrupt)?.into())
            }
        })
    }

    fn read(status: i16, bytes: Vec<u8>) -> Result<Self, StoreError> {
        match status {
            FILED => Ok(KeptAnswer::Filed(bytes)),
            DONE => Ok(KeptAnswer::Done),
            _ => serde_json::from_slice(&bytes)
                .map(KeptAnswer::Refused)
                .map_err(|e| StoreError::Corrupt(e.to_string())),
        }
    }
}

/// What a key that was used says to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replay {
    /// The same call was answered before: give this.
    Same(KeptAnswer),
    /// The key was used for another call.
    KeyReused,
}

impl Replay {
    /// What it means for a filing.
    ///
    /// # Errors
    /// What is kept is no answer to a filing.
    pub fn of_filing(self) -> Result<SubmitOutcome, StoreError> {
        match self {
            Replay::Same(KeptAnswer::Filed(body)) => Ok(SubmitOutcome::Replayed(body)),
            Replay::Same(_) => Err(StoreError::Corrupt(
                "an act's answer under a filing's key".to_owned(),
            )),
            Replay::KeyReused => Ok(SubmitOutcome::KeyReused),
        }
    }
}

/// What a filing came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubmitOutcome {
    /// Committed; the prepared answer holds.
    Committed,
    /// Committed, and the hub has given the dossier its official code: give this, which is the prepared answer with the code.
    Issued(Vec<u8>),
    /// The same call was answered before: give this.
    Replayed(Vec<u8>),
    /// The key was used for another call.
    KeyReused,
    /// What the caller found no longer holds; look again.
    Raced,
}

/// What a key's row says to a call.
pub(super) fn answered(cipher: &Cipher, key: &KeyUse, row: &IdempotencyRow) -> Result<Replay, StoreError> {
    if row.request != key.request.as_bytes() {
        return Ok(Replay::KeyReused);
    }
    let sealed = Sealed {
        key_id: row.key_id.clone(),
        nonce: row.nonce.clone(),
        ciphertext: row.ciphertext.clone(),
    };
    let body = cipher.open(&row.bound_name(), sealed)?;
    Ok(Replay::Same(KeptAnswer::read(row.status, body)?))
}
