//! Outbound HTTP: the one place that makes a client, and the [`Caller`] that calls what partners name as their endpoints.
//!
//! A [`Caller`] resolves names itself, lets the [`EgressPolicy`] judge every address, and connects to the judged addresses and to no
//! others: between judging and connecting nothing is resolved again, so a name that changes meanwhile (DNS rebinding) leads nowhere.

use std::error::Error as StdError;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::guard::EgressPolicy;
use super::{NetError, tls};
use crate::domain::endpoint::{EndpointUrl, Host};

/// What an outbound client is made with.
#[derive(Debug)]
pub struct OutboundOptions {
    /// The roots a server's certificate must lead to. The system's own roots are never added.
    pub roots: Vec<CertificateDer<'static>>,
    /// The client certificate to show, with its key.
    pub identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    /// The limit of a whole call, from the first byte sent to the last byte read.
    pub timeout: Duration,
    /// The limit of connecting, TLS included.
    pub connect_timeout: Duration,
}

/// An HTTP client: TLS 1.3/1.2 by rustls, connections kept alive, no redirects followed, no proxy whatever the environment says.
///
/// # Errors
/// When there is no root, or the material cannot be used.
pub fn http_client(outbound: &OutboundOptions) -> Result<reqwest::Client, NetError> {
    Ok(builder(outbound)?.build()?)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that makes an HTTP client"
)]
fn builder(outbound: &OutboundOptions) -> Result<reqwest::ClientBuilder, NetError> {
    let config = tls::client_config(&outbound.roots, outbound.identity.as_ref())?;
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(outbound.timeout)
        .connect_timeout(outbound.connect_timeout)
        .tcp_keepalive(Duration::from_secs(30))
        .tcp_nodelay(true)
        .user_agent(concat!("lienthong/", env!("CARGO_PKG_VERSION"))))
}

/// Bytes of an answer that are read at most; what is longer is left, and its connection closed. Nothing in it is used.
pub const ANSWER_BYTES: usize = 65_536;

/// Calls endpoints that partners named. Clones share connections.
#[derive(Clone, Debug)]
pub struct Caller {
    http: reqwest::Client,
    guard: Arc<EgressPolicy>,
}

/// What an endpoint answered. Its body is left alone: it might hold anything, personal data too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// `Retry-After`, as it was sent.
    pub retry_after: Option<String>,
}

/// Why an endpoint gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Its name leads only to addresses that may not be called; one of them. The text does not say which: it is read by whoever named
    /// the endpoint, and what lies inside is none of theirs.
    #[error("the name leads to an address that may not be called")]
    NotAllowed(IpAddr),
    /// Its name leads nowhere.
    #[error("the name cannot be resolved")]
    Unresolved,
    /// Nobody takes a connection there.
    #[error("no connection")]
    Unreachable,
    /// Its certificate, or ours in its eyes, is not in order.
    #[error("TLS: {0}")]
    Certificate(String),
    /// It took longer than the bounds allow.
    #[error("no answer in time")]
    Slow,
    /// The connection ended before there was an answer.
    #[error("the connection was closed before an answer")]
    Cut,
}

impl Caller {
    /// Calls within these bounds, to what the guard allows.
    ///
    /// # Errors
    /// Those of [`http_client`].
    pub fn new(outbound: &OutboundOptions, guard: EgressPolicy) -> Result<Self, NetError> {
        Caller::resolving(outbound, guard, system_names)
    }

    fn resolving(
        outbound: &OutboundOptions,
        guard: EgressPolicy,
        look_up: impl Fn(String) -> Addresses + Send + Sync + 'static,
    ) -> Result<Self, NetError> {
        let guard = Arc::new(guard);
        let names = GuardedNames {
            guard: Arc::clone(&guard),
            look_up: Arc::new(look_up),
        };
        Ok(Caller {
            http: builder(outbound)?.dns_resolver(names).build()?,
            guard,
        })
    }

    /// What may be called.
    pub fn guard(&self) -> &EgressPolicy {
        &self.guard
    }

    /// POSTs a body, once. A redirect is an answer like any other.
    ///
    /// # Errors
    /// When there was no answer; the endpoint may have taken the body all the same.
    pub async fn post(
        &self,
        endpoint: &EndpointUrl,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<Answer, CallError> {
        // A written address is not resolved, so the resolver does not judge it.
        if let Host::Address(address) = endpoint.host() {
            self.guard
                .judge(&address.to_string(), address)
                .map_err(|_| CallError::NotAllowed(address))?;
        }
        let mut request = self.http.post(endpoint.as_url().clone()).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let mut response = request.send().await.map_err(|e| call_error(&e))?;
        let answer = Answer {
            status: response.status().as_u16(),
            retry_after: response
                .headers()
                .get("retry-after")
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
        };
        // A short rest is read, so that the connection serves the next call. The answer is the status, whatever becomes of it.
        let mut left = ANSWER_BYTES;
        while let Ok(Some(piece)) = response.chunk().await {
            match left.checked_sub(piece.len()) {
                Some(rest) => left = rest,
                None => break,
            }
        }
        Ok(answer)
    }
}

/// The addresses of a name, being looked up.
type Addresses = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

fn system_names(name: String) -> Addresses {
    Box::pin(async move {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    })
}

/// Resolves a name to those of its addresses that may be called. The client connects to exactly these.
struct GuardedNames {
    guard: Arc<EgressPolicy>,
    look_up: Arc<dyn Fn(String) -> Addresses + Send + Sync>,
}

impl reqwest::dns::Resolve for GuardedNames {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let (guard, host) = (Arc::clone(&self.guard), name.as_str().to_owned());
        let found = (self.look_up)(host.clone());
        Box::pin(async move {
            let found = found.await.map_err(|_| CallError::Unresolved)?;
            let allowed: Vec<SocketAddr> = found
                .iter()
                .filter(|address| guard.judge(&host, **address).is_ok())
                .map(|address| SocketAddr::new(*address, 0))
                .collect();
            match (allowed.is_empty(), found.first()) {
                (false, _) => Ok(Box::new(allowed.into_iter()) as reqwest::dns::Addrs),
                (true, Some(address)) => Err(CallError::NotAllowed(*address).into()),
                (true, None) => Err(CallError::Unresolved.into()),
            }
        })
    }
}

/// What the client's error says. Its text names the whole URL, which may hold a secret, and is dropped.
fn call_error(error: &reqwest::Error) -> CallError {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(at) = cause {
        if let Some(ours) = at.downcast_ref::<CallError>() {
            return ours.clone();
        }
        if let Some(tls) = at.downcast_ref::<rustls::Error>() {
            return CallError::Certificate(tls.to_string());
        }
        // An IO error hides the one it was made of from `source`.
        cause = match at.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => at.source(),
        };
    }
    if error.is_connect() {
        CallError::Unreachable
    } else if error.is_timeout() {
        CallError::Slow
    } else {
        CallError::Cut
    }
}

#[cfg(test)]
#[path = "outbound_tests.rs"]
mod outbound_tests;
