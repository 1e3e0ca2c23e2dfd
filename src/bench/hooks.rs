//! The submitters' webhooks: one server over TLS, an address for each tenant, every signature verified, every event written down.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use parking_lot::RwLock;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::book::Book;
use super::error::{BenchError, Result};
use super::ground::Ground;
use super::speaker::Speaker;
use crate::clock::Clock;
use crate::domain::ids::{DossierId, EventId};
use crate::domain::tenant::TenantKey;
use crate::domain::view::{SubscriptionRequest, Transport};
use crate::net::tls::{ServerIdentity, web_config};
use crate::sim::receiver::{ReceivedRequest, ReceiverResponse, serve};

/// The kinds of events that are looked for; `CloudEvent::kind` ends with them.
const FILED: &str = ".filed";
const STATUS: &str = ".status-changed";

/// What is read of a notice; the rest is passed over.
#[derive(Deserialize)]
struct Notice {
    id: EventId,
    #[serde(rename = "type")]
    kind: String,
    subject: DossierId,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    submitter: TenantKey,
}

/// The server; it ends when it is dropped.
pub struct Hooks {
    serving: JoinHandle<()>,
    refused: Arc<AtomicU64>,
    received: Arc<AtomicU64>,
}

impl Drop for Hooks {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

type Secrets = RwLock<HashMap<String, String>>;

impl Hooks {
    /// Opens the server and has every speaker's events sent to it from now on.
    ///
    /// # Errors
    /// No port, no certificate, a hub that does not take the subscription.
    pub async fn open(
        ground: &Ground,
        speakers: &[Arc<Speaker>],
        book: Arc<Book>,
        clock: Clock,
    ) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .map_err(BenchError::of("webhooks"))?;
        let port = listener.local_addr().map_err(BenchError::of("webhooks"))?.port();
        let (chain, key) = ground.identity("server")?;
        let server = ServerIdentity::new(chain, key).map_err(BenchError::of("webhooks"))?;
        let tls = web_config(&server).map_err(BenchError::of("webhooks"))?;
        let secrets: Arc<Secrets> = Arc::default();
        let (refused, received) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let (known, bad, good) = (Arc::clone(&secrets), Arc::clone(&refused), Arc::clone(&received));
        let answering =
            move |asked: ReceivedRequest| -> Pin<Box<dyn Future<Output = Option<ReceiverResponse>> + Send>> {
                let status = took(&asked, &known, &book, &clock);
                let count = if status == 204 { &good } else { &bad };
                count.fetch_add(1, Ordering::Relaxed);
                Box::pin(std::future::ready(Some(ReceiverResponse::of(status))))
            };
        let hooks = Hooks {
            serving: tokio::spawn(serve(listener, tls, Arc::new(answering))),
            refused,
            received,
        };
        for speaker in speakers {
            let request = SubscriptionRequest {
                way: Transport::Webhook,
                url: Some(format!("https://localhost:{port}/{}", speaker.tenant)),
                from: None,
            };
            let answer = speaker.partner.subscribe(&request).await;
            let answer = answer.map_err(BenchError::of(format!("a webhook of {}", speaker.tenant)))?;
            let secret = answer
                .secret
                .ok_or_else(|| BenchError::said("a webhook without a secret"))?;
            secrets.write().insert(format!("/{}", speaker.tenant), secret);
        }
        Ok(hooks)
    }

    /// Calls that were not signed as they must be, or could not be read.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Calls whose signature holds.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }
}

/// Takes one call: the status it is answered with.
fn took(asked: &ReceivedRequest, secrets: &Secrets, book: &Book, clock: &Clock) -> u16 {
    let at = Instant::now();
    let signed = secrets
        .read()
        .get(&asked.path)
        .is_some_and(|secret| asked.is_signed(secret, clock.now()));
    if !signed {
        return 401;
    }
    let Ok(notice) = serde_json::from_slice::<Notice>(&asked.body) else {
        return 422;
    };
    // A branch is told, too, of what its agents filed; the submitter's own notice is the one that counts.
    if asked.path[1..] == *notice.data.submitter.as_str() {
        let status = notice.kind.ends_with(STATUS);
        if status || notice.kind.ends_with(FILED) {
            book.told(notice.subject, notice.id, status, at);
        } else {
            book.told_more(notice.id);
        }
    }
    204
}
