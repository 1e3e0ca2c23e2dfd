//! One connection of the load: HTTP/1.1 over mutual TLS, kept alive, one call after another. As little as a client can be, since it
//! shares the machine with what it measures.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use super::error::{BenchError, Result};
use super::speaker::Speaker;
use crate::domain::ids::DossierId;

/// How long a call may take before its connection is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Something to be sent: all of it prepared before.
#[derive(Clone)]
pub struct PreparedRequest {
    /// How it is asked.
    pub method: Method,
    /// The path with its query.
    pub uri: Uri,
    /// Headers of its own.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Its body.
    pub body: Bytes,
}

impl PreparedRequest {
    /// A question.
    ///
    /// # Errors
    /// A path that is none.
    pub fn get(path: &str) -> Result<Self> {
        Ok(PreparedRequest {
            method: Method::GET,
            uri: Uri::try_from(path).map_err(BenchError::of(path))?,
            headers: Vec::new(),
            body: Bytes::new(),
        })
    }
}

/// What was answered.
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// The dossier the answer names first.
    pub fn dossier(&self) -> Option<DossierId> {
        named(&self.body)
    }
}

/// The value of the first `tracking_id` of a JSON text: answers are many and only this is wanted of them.
fn named(json: &[u8]) -> Option<DossierId> {
    const NAME: &[u8] = b"\"tracking_id\":\"";
    let at = json.windows(NAME.len()).position(|part| part == NAME)? + NAME.len();
    let end = json[at..].iter().position(|byte| *byte == b'"')? + at;
    std::str::from_utf8(&json[at..end]).ok()?.parse().ok()
}

/// An open connection.
pub struct Line {
    sender: SendRequest<Full<Bytes>>,
    carrying: JoinHandle<()>,
    host: HeaderValue,
    /// The last answer said that it was the last.
    closing: bool,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.carrying.abort();
    }
}

impl Line {
    /// Opens one for a tenant.
    ///
    /// # Errors
    /// No connection, no TLS.
    pub async fn open(speaker: &Speaker) -> Result<Self> {
        let opening = async {
            let stream = TcpStream::connect(("127.0.0.1", speaker.port))
                .await
                .map_err(BenchError::of("connecting"))?;
            stream.set_nodelay(true).map_err(BenchError::of("connecting"))?;
            let name = ServerName::try_from("localhost").map_err(BenchError::of("a name"))?;
            let stream = TlsConnector::from(speaker.tls.clone())
                .connect(name, stream)
                .await
                .map_err(BenchError::of("TLS"))?;
            let (sender, connection) = handshake(TokioIo::new(stream))
                .await
                .map_err(BenchError::of("HTTP"))?;
            let carrying = tokio::spawn(async move {
                // How it ends is told by the calls on it.
                drop(connection.await);
            });
            Ok(Line {
                sender,
                carrying,
                host: HeaderValue::try_from(&speaker.host).map_err(BenchError::of("a name"))?,
                closing: false,
            })
        };
        match tokio::time::timeout(PATIENCE, opening).await {
            Ok(opened) => opened,
            Err(_) => Err(BenchError::said("no connection in time")),
        }
    }

    /// Whether another call may be made on it: a server that has answered may have closed it.
    pub async fn is_open(&mut self) -> bool {
        !self.closing && self.sender.ready().await.is_ok()
    }

    /// Sends a request and reads the answer whole.
    ///
    /// # Errors
    /// The connection broke: what became of the request is not known.
    pub async fn send(&mut self, speaker: &Speaker, prepared: &PreparedRequest) -> Result<Reply> {
        let mut headers = HeaderMap::with_capacity(prepared.headers.len() + 3);
        headers.insert(HOST, self.host.clone());
        headers.insert(AUTHORIZATION, speaker.bearer());
        if let Some(staff) = speaker.staff() {
            headers.insert(HeaderName::from_static("acting-staff"), staff);
        }
        headers.extend(prepared.headers.iter().cloned());
        let mut request = Request::new(Full::new(prepared.body.clone()));
        *request.method_mut() = prepared.method.clone();
        *request.uri_mut() = prepared.uri.clone();
        *request.headers_mut() = headers;
        let calling = async {
            self.sender.ready().await?;
            let answer = self.sender.send_request(request).await?;
            let status = answer.status().as_u16();
            let closing = answer
                .headers()
                .get(CONNECTION)
                .is_some_and(|value| value == "close");
            let body = answer.into_body().collect().await?.to_bytes();
            hyper::Result::Ok((Reply { status, body }, closing))
        };
        match tokio::time::timeout(PATIENCE, calling).await {
            Ok(answered) => {
                let (reply, closing) = answered.map_err(BenchError::of("calling"))?;
                self.closing = closing;
                Ok(reply)
            }
            Err(_) => Err(BenchError::said("no answer in time")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_names_its_dossier() {
        let id = "dos_019ac5d0a1b27c3d8e4f5a6b7c8d9e0f";
        let json = format!("{{\"a\":1,\"tracking_id\":\"{id}\",\"status\":{{}}}}");
        assert_eq!(named(json.as_bytes()).unwrap().to_string(), id);
        assert_eq!(named(b"{\"tracking_id\":\"dos_x\"}"), None);
        assert_eq!(named(b"{}"), None);
    }
}
