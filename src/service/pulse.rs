//! Who is waiting for news, by name: a tenant for its feed, an agency for its inbox.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// Wakes those who wait in this process. Another hub's commits are found by looking again after a while.
#[derive(Default)]
pub(super) struct Pulse {
    waiting: Mutex<HashMap<String, Arc<Notify>>>,
}

impl Pulse {
    /// The bell of a name. Take its `notified()` before looking, so that nothing rings in between.
    pub(super) fn bell(&self, name: &str) -> Arc<Notify> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(waiting.entry(name.to_owned()).or_default())
    }

    /// Rings for everybody who waits under a name now.
    pub(super) fn ring(&self, name: &str) {
        let bell = self
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned();
        if let Some(bell) = bell {
            bell.notify_waiters();
        }
    }
}
