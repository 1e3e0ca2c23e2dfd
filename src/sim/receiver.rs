//! A submitter's webhook receiver: takes what is sent over TLS and believes only what is signed, by the Standard Webhooks rules.
//!
//! As much HTTP/1.1 as a receiver needs, and bounded: a request with a `Content-Length`, one after another on a connection. The
//! signature is checked here anew, not with the hub's own code: what only the hub can verify is no standard.

use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::{constant_time, hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::domain::time::Timestamp;

/// The longest head and body a receiver reads, in bytes.
const LONGEST_HEAD: u64 = 16 * 1024;
const LONGEST_BODY: usize = 1024 * 1024;

/// How long a connection may stand still.
const PATIENCE: Duration = Duration::from_secs(90);

/// How far the time of a message and the receiver's clock may be apart, in seconds.
const TOLERANCE: u64 = 300;

/// One request.
#[derive(Clone, Debug)]
pub struct ReceivedRequest {
    /// The path.
    pub path: String,
    /// Headers by their lower-case names.
    pub headers: HashMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl ReceivedRequest {
    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// Whether the message is signed with this secret (`whsec_…`), whole, and not older than five minutes.
    pub fn is_signed(&self, secret: &str, now: Timestamp) -> bool {
        let key = secret
            .strip_prefix("whsec_")
            .and_then(|s| STANDARD.decode(s).ok());
        let (Some(key), Ok(seconds)) = (key, self.header("webhook-timestamp").parse::<i64>()) else {
            return false;
        };
        if seconds.abs_diff(now.as_seconds()) > TOLERANCE {
            return false;
        }
        let mut signed = format!("{}.{seconds}.", self.header("webhook-id")).into_bytes();
        signed.extend_from_slice(&self.body);
        let expected = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &signed);
        let shown = self.header("webhook-signature").split(' ');
        shown
            .filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok())
            .any(|tag| constant_time::verify_slices_are_equal(&tag, expected.as_ref()).is_ok())
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct ReceiverResponse {
    /// The status.
    pub status: u16,
    /// Headers beside the length.
    pub headers: Vec<(&'static str, String)>,
}

impl ReceiverResponse {
    /// A status and nothing more.
    pub const fn of(status: u16) -> Self {
        ReceiverResponse {
            status,
            headers: Vec::new(),
        }
    }
}

/// Makes the answer to a request; none closes the connection without one.
pub type Answering = Arc<
    dyn Fn(ReceivedRequest) -> Pin<Box<dyn Future<Output = Option<ReceiverResponse>> + Send>> + Send + Sync,
>;

/// Answers whoever connects, until it is dropped; its connections end with it.
pub async fn serve(listener: TcpListener, tls: Arc<rustls::ServerConfig>, answering: Answering) {
    let acceptor = TlsAcceptor::from(tls);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((socket, _)) = accepted {
                    // A connection that breaks is the sender's to make again.
                    connections.spawn(converse(acceptor.clone(), socket, Arc::clone(&answering)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(acceptor: TlsAcceptor, socket: TcpStream, answering: Answering) -> io::Result<()> {
    let stream = tokio::time::timeout(PATIENCE, acceptor.accept(socket)).await??;
    let mut stream = BufReader::new(stream);
    while let Some(asked) = tokio::time::timeout(PATIENCE, read(&mut stream)).await?? {
        let Some(answer) = answering(asked).await else {
            return Ok(());
        };
        let mut head = format!("HTTP/1.1 {} -\r\ncontent-length: 0\r\n", answer.status);
        for (name, value) in &answer.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        stream.write_all(head.as_bytes()).await?;
        stream.flush().await?;
    }
    Ok(())
}

fn malformed(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// The next request; none when the sender is done.
async fn read<S: AsyncBufRead + Unpin>(stream: &mut S) -> io::Result<Option<ReceivedRequest>> {
    let mut head = (&mut *stream).take(LONGEST_HEAD);
    let mut line = String::new();
    if head.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = HashMap::new();
    loop {
        line.clear();
        if head.read_line(&mut line).await? == 0 {
            return Err(malformed("the head does not end"));
        }
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|l| l.parse().ok());
    let length: usize = length
        .filter(|l| *l <= LONGEST_BODY)
        .ok_or_else(|| malformed("the length of the body"))?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some(ReceivedRequest { path, headers, body }))
}
