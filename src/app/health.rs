//! What is known of the hub's health, looked at beside all requests, so that whoever asks is answered at once.
//!
//! Intake and delivery are two answers. A hub without its broker takes everything and keeps it; taken from the balancer for that, it
//! would take nothing.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::task::JoinHandle;

use crate::broker::Broker;
use crate::http::{Health, Readiness};
use crate::service::Hub;

/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// The pause between two trial writes while they succeed.
const TRIAL: Duration = Duration::from_secs(5);

/// How long a look may take before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is not looked at for so long is not known any more.
const STALE: Duration = Duration::from_secs(15);

/// One thing the hub needs.
struct Need {
    word: &'static str,
    seen: Mutex<Seen>,
}

struct Seen {
    at: Instant,
    well: bool,
}

impl Need {
    fn new(word: &'static str) -> Arc<Self> {
        let seen = Seen {
            at: Instant::now(),
            well: true,
        };
        Arc::new(Need {
            word,
            seen: Mutex::new(seen),
        })
    }

    /// Looks once. Says in the log when it has changed.
    async fn look<E: std::fmt::Display>(&self, look: impl Future<Output = Result<(), E>>) -> bool {
        let failed = match tokio::time::timeout(PATIENCE, look).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!("no answer within {} s", PATIENCE.as_secs())),
        };
        let well = failed.is_none();
        let mut seen = self.seen.lock();
        match &failed {
            Some(error) if seen.well => tracing::warn!(need = self.word, error, "not as it should be"),
            None if !seen.well => tracing::info!(need = self.word, "well again"),
            _ => {}
        }
        *seen = Seen {
            at: Instant::now(),
            well,
        };
        well
    }

    fn missing(&self) -> Option<&'static str> {
        let seen = self.seen.lock();
        (!seen.well || seen.at.elapsed() > STALE).then_some(self.word)
    }
}

/// Begins to look, after a first look at the memory. Ends with the task that is given back.
pub(super) async fn begin(hub: Arc<Hub>, broker: Broker) -> (Readiness, JoinHandle<()>) {
    let needs = [Need::new("database"), Need::new("writing"), Need::new("broker")];
    let [database, writing, broker_there] = needs.clone();
    database.look(hub.vitals.can_read()).await;
    writing.look(hub.vitals.can_write()).await;
    let looking = tokio::spawn(async move {
        let read = async {
            loop {
                tokio::time::sleep(PAUSE).await;
                database.look(hub.vitals.can_read()).await;
            }
        };
        let write = async {
            loop {
                let well = writing.missing().is_none();
                tokio::time::sleep(if well { TRIAL } else { PAUSE }).await;
                writing.look(hub.vitals.can_write()).await;
            }
        };
        let carry = async {
            loop {
                broker_there.look(broker.ready()).await;
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::join!(read, write, carry);
    });
    let [database, writing, broker_there] = needs;
    let known = move || Health {
        intake: [database.missing(), writing.missing()]
            .into_iter()
            .flatten()
            .collect(),
        delivery: broker_there.missing().into_iter().collect(),
    };
    (Readiness::new(Arc::new(known)), looking)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_failed_or_is_not_known_any_more_is_missing() {
        let need = Need::new("database");
        assert_eq!(need.missing(), None);
        assert!(!need.look(async { Err("away") }).await);
        assert_eq!(need.missing(), Some("database"));
        assert!(need.look(async { Ok::<(), &str>(()) }).await);
        assert_eq!(need.missing(), None);
        if let Some(long_ago) = Instant::now().checked_sub(STALE + PAUSE) {
            need.seen.lock().at = long_ago;
            assert_eq!(need.missing(), Some("database"));
        }
    }
}
