//! Who is waiting for news, by name: a tenant for its feed, an agency for its inbox, a worker for its work.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::credentials::Credentials;
use crate::domain::contract::LONGEST_WAIT;
use crate::domain::tenant::TenantKey;

/// The bell of the relay.
const OUTBOX: &str = "outbox";

/// The bell of whoever pushes.
const PUSH: &str = "push";

/// The bell of those who carry notices.
const NOTICES: &str = "notices";

/// The bell of who makes and removes the queues of submitters.
const QUEUES: &str = "queues";

/// The bell of an agency's inbox.
pub(super) fn inbox_bell(agency: &str) -> String {
    format!("inbox:{agency}")
}

/// Wakes those who wait in this process. Another hub's commits are found by looking again after a while.
pub struct Notifier {
    /// Knows which enterprise an agent belongs to.
    credentials: Arc<Credentials>,
    waiting: Mutex<HashMap<String, Arc<Notify>>>,
}

impl Notifier {
    pub(super) fn new(credentials: Arc<Credentials>) -> Self {
        Notifier {
            credentials,
            waiting: Mutex::default(),
        }
    }

    /// The bell the relay waits on.
    pub fn outbox_bell(&self) -> Arc<Notify> {
        self.bell(OUTBOX)
    }

    /// The bell of whoever pushes.
    pub fn push_bell(&self) -> Arc<Notify> {
        self.bell(PUSH)
    }

    /// The bell the carriers of notices wait on.
    pub fn notices_bell(&self) -> Arc<Notify> {
        self.bell(NOTICES)
    }

    /// The bell of who makes and removes the queues of submitters.
    pub fn queues_bell(&self) -> Arc<Notify> {
        self.bell(QUEUES)
    }

    /// Rings for the relay.
    pub(super) fn ring_outbox(&self) {
        self.ring(OUTBOX);
    }

    /// Rings for whoever pushes.
    pub(super) fn ring_push(&self) {
        self.ring(PUSH);
    }

    /// Rings for those who carry notices.
    pub(super) fn ring_notices(&self) {
        self.ring(NOTICES);
    }

    /// Rings for who makes and removes the queues of submitters.
    pub(super) fn ring_queues(&self) {
        self.ring(QUEUES);
    }

    /// Wakes whoever waits for this tenant's feed, its enterprise too.
    pub(super) fn tell(&self, tenant: &TenantKey) {
        self.ring(tenant.as_str());
        let register = self.credentials.register();
        if let Some(parent) = register.tenant(tenant).and_then(|t| t.parent.as_ref()) {
            self.ring(parent.as_str());
        }
        self.ring_notices();
    }

    /// The bell of a name. Take its `notified()` before looking, so that nothing rings in between.
    pub(super) fn bell(&self, name: &str) -> Arc<Notify> {
        let mut waiting = self.waiting.lock();
        Arc::clone(waiting.entry(name.to_owned()).or_default())
    }

    /// Rings for everybody who waits under a name now.
    pub(super) fn ring(&self, name: &str) {
        let bell = self.waiting.lock().get(name).cloned();
        if let Some(bell) = bell {
            bell.notify_waiters();
        }
    }
}

/// Whether whoever asked has hung up, or at least will say nothing more.
#[derive(Debug, Default)]
pub struct Left {
    over: AtomicBool,
    told: Notify,
}

impl Left {
    /// Says so, to everybody who waits with them.
    pub fn say(&self) {
        self.over.store(true, Ordering::Release);
        self.told.notify_waiters();
    }

    /// Whether it was said.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Completes once it is said; at once when it was.
    pub async fn over(&self) {
        let told = self.told.notified();
        if !self.is_over() {
            told.await;
        }
    }
}

/// How long somebody waits for news. Whoever hangs up is answered at once with what there is, and is handed nothing that comes later.
#[derive(Clone, Debug)]
pub struct Wait {
    longest: Duration,
    left: Option<Arc<Left>>,
}

impl From<Duration> for Wait {
    fn from(longest: Duration) -> Self {
        Wait { longest, left: None }
    }
}

impl Wait {
    /// So long, and not beyond the moment they hang up.
    pub fn with(longest: Duration, left: Option<Arc<Left>>) -> Self {
        Wait { longest, left }
    }

    /// When it ends, counted from now.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.longest.min(LONGEST_WAIT)
    }

    /// Whether nobody waits any more.
    pub(super) fn is_over(&self) -> bool {
        self.left.as_ref().is_some_and(|left| left.is_over())
    }

    /// Waits for the bell, at most until then, and no longer than somebody waits.
    pub(super) async fn for_bell(&self, rung: impl Future<Output = ()>, until: Instant) {
        let left = async {
            match &self.left {
                Some(left) => left.over().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = rung => {}
            () = left => {}
            () = tokio::time::sleep_until(until) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[tokio::test]
    async fn whoever_hangs_up_waits_no_longer() {
        let left = Arc::new(Left::default());
        let wait = Wait::with(Duration::from_secs(30), Some(Arc::clone(&left)));
        let mut waiting = Box::pin(wait.for_bell(std::future::pending(), wait.deadline()));
        assert!((&mut waiting).now_or_never().is_none() && !wait.is_over());
        left.say();
        assert!((&mut waiting).now_or_never().is_some() && wait.is_over());
        let next = wait.for_bell(std::future::pending(), wait.deadline());
        assert!(next.now_or_never().is_some(), "it stays so");
        let long = Wait::from(Duration::from_secs(3600));
        assert!(long.deadline() <= Instant::now() + LONGEST_WAIT && !long.is_over());
    }
}
