//! Where the made-up city is called: one server, an address for each that is told by a call, be it an agency or a submitter.
//!
//! A call is answered when its reader has said what to answer, so a reader that is away answers nothing: as with any receiver.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::receiver::{ReceivedRequest, ReceiverResponse, serve};
use crate::clock::Clock;
use crate::domain::tenant::TenantKey;

/// Letters of a box that wait for its reader.
const WAITING: usize = 64;

/// A call whose signature holds.
pub struct VerifiedCall {
    /// The body, a CloudEvent in JSON.
    pub body: Vec<u8>,
    answer: oneshot::Sender<u16>,
}

impl VerifiedCall {
    /// Answers with a status. A caller that has hung up asks again.
    pub fn answer(self, status: u16) {
        let _ = self.answer.send(status);
    }
}

struct Box {
    secret: String,
    calls: mpsc::Sender<VerifiedCall>,
}

/// The server and its boxes; it ends when it is dropped.
pub struct Mailboxes {
    port: u16,
    boxes: Arc<Mutex<HashMap<String, Box>>>,
    serving: JoinHandle<()>,
}

impl Drop for Mailboxes {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Mailboxes {
    /// Answers on `listener`, whose certificate names `localhost`.
    ///
    /// # Errors
    /// A listener without an address.
    pub fn open(
        listener: TcpListener,
        tls: Arc<rustls::ServerConfig>,
        clock: Clock,
    ) -> std::io::Result<Self> {
        let port = listener.local_addr()?.port();
        let boxes: Arc<Mutex<HashMap<String, Box>>> = Arc::default();
        let known = Arc::clone(&boxes);
        let answering =
            move |asked: ReceivedRequest| -> std::pin::Pin<std::boxed::Box<dyn Future<Output = _> + Send>> {
                let put = deposit(&known, &asked, &clock);
                std::boxed::Box::pin(async move {
                    match put {
                        Ok((calls, body)) => delivered(calls, body).await,
                        Err(status) => Some(ReceiverResponse::of(status)),
                    }
                })
            };
        Ok(Mailboxes {
            port,
            boxes,
            serving: tokio::spawn(serve(listener, tls, Arc::new(answering))),
        })
    }

    /// The address of a tenant's box.
    pub fn url(&self, tenant: &TenantKey) -> String {
        format!("https://localhost:{}/{tenant}", self.port)
    }

    /// Opens a tenant's box for what is signed with this secret; the one before it is closed. Until a box is open, whoever calls is told
    /// to come again.
    pub fn open_box(&self, tenant: &TenantKey, secret: String) -> mpsc::Receiver<VerifiedCall> {
        let (calls, reader) = mpsc::channel(WAITING);
        let mut boxes = self.boxes.lock();
        boxes.insert(format!("/{tenant}"), Box { secret, calls });
        reader
    }
}

/// The box a call is for, or the status that says what is wrong with it.
fn deposit(
    boxes: &Mutex<HashMap<String, Box>>,
    asked: &ReceivedRequest,
    clock: &Clock,
) -> Result<(mpsc::Sender<VerifiedCall>, Vec<u8>), u16> {
    let boxes = boxes.lock();
    let found = boxes.get(&asked.path).ok_or(503u16)?;
    if !asked.is_signed(&found.secret, clock.now()) {
        return Err(401);
    }
    Ok((found.calls.clone(), asked.body.clone()))
}

/// What the reader answers; nothing where it has gone.
async fn delivered(calls: mpsc::Sender<VerifiedCall>, body: Vec<u8>) -> Option<ReceiverResponse> {
    let (answer, answered) = oneshot::channel();
    calls.send(VerifiedCall { body, answer }).await.ok()?;
    answered.await.ok().map(ReceiverResponse::of)
}
