//! TLS material and outbound connections.
//!
//! [`tls`] makes the server's configurations and swaps certificates while connections go on; [`outbound`] is the one place that
//! makes an HTTP client and calls partners' endpoints; [`guard`] says which addresses may be called on a partner's word; [`pem`]
//! reads certificates and keys and says what is wrong with them; [`dev_ca`] is the certification authority of a sandbox.
//! Everything uses aws-lc-rs, explicitly: nothing depends on which provider a process installed.
//!
//! This room never decides who a caller is: the handshake proves that a caller holds the key of the certificate it shows, and
//! the identity room judges that certificate on every request.
//!
//! Start with [`tls::partner_config`].

pub mod dev_ca;
pub mod guard;
pub mod outbound;
pub mod pem;
pub mod tls;

use std::net::IpAddr;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;

/// What can be wrong with TLS material or an outbound connection.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// A PEM text does not hold what it should.
    #[error(transparent)]
    Pem(#[from] pem::PemError),
    /// The private key is not the certificate's.
    #[error("the private key does not belong to the certificate")]
    KeyMismatch,
    /// A certificate in a list of trusted roots cannot be used.
    #[error("trusted root number {index} (from 0) cannot be used: {source}")]
    Root {
        /// Which one, counted from 0.
        index: usize,
        /// Why.
        source: rustls::Error,
    },
    /// Nothing would be trusted.
    #[error("no trusted root is given, so no certificate could ever be accepted")]
    NoRoots,
    /// rustls refused the material.
    #[error("TLS material refused: {0}")]
    Tls(#[from] rustls::Error),
    /// A certificate could not be issued.
    #[error("certificate could not be issued: {0}")]
    Issue(#[from] rcgen::Error),
    /// The HTTP client could not be made.
    #[error("HTTP client could not be made: {0}")]
    Client(#[from] reqwest::Error),
    /// An address outside the public internet.
    #[error("{0} is not a public address")]
    NotPublic(IpAddr),
}

/// The one crypto provider of the house.
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: std::sync::OnceLock<Arc<CryptoProvider>> = std::sync::OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider())))
}
