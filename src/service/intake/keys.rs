//! Idempotency keys that are being worked on.

use std::collections::HashSet;

use parking_lot::Mutex;

use crate::domain::rejection::{Rejection, problems};

/// The keys of filings in work, each with its tenant.
#[derive(Default)]
pub struct KeysInFlight(Mutex<HashSet<(String, String)>>);

impl KeysInFlight {
    /// Marks a key as being worked on; a second call with it meanwhile is `idempotency-in-flight`.
    pub(super) fn claim(&self, tenant: &str, key: &str) -> Result<InFlightKey<'_>, Rejection> {
        let name = (tenant.to_owned(), key.to_owned());
        if !self.0.lock().insert(name.clone()) {
            return Err(problems::IdempotencyInFlight.into());
        }
        Ok(InFlightKey { keys: self, name })
    }
}

/// A key being worked on; free again when dropped, whatever happened.
pub(super) struct InFlightKey<'a> {
    keys: &'a KeysInFlight,
    name: (String, String),
}

impl Drop for InFlightKey<'_> {
    fn drop(&mut self) {
        self.keys.0.lock().remove(&self.name);
    }
}
