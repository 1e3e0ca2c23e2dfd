//! The server's side of TLS: two configurations, and a certificate that can be replaced while connections go on.
//!
//! TLS 1.3 and 1.2, `http/1.1` only (the HTTP server is built without HTTP/2).

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig,
    SignatureScheme,
};

use super::{NetError, provider};

/// The server's certificate and key. Clones share one place: what [`ServerIdentity::replace`] puts there is what the next
/// handshake of every configuration made from it shows.
#[derive(Clone, Debug)]
pub struct ServerIdentity {
    present: Arc<Present>,
}

#[derive(Debug)]
struct Present(ArcSwap<CertifiedKey>);

impl ServerIdentity {
    /// From a chain (own certificate first) and its private key.
    ///
    /// # Errors
    /// When the key is not the certificate's, or rustls cannot use it.
    pub fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, NetError> {
        let certified = certified(chain, key)?;
        Ok(ServerIdentity {
            present: Arc::new(Present(ArcSwap::from_pointee(certified))),
        })
    }

    /// Shows another certificate from the next handshake on; open connections are not disturbed. When it fails, the present
    /// one stays.
    ///
    /// # Errors
    /// Those of [`ServerIdentity::new`].
    pub fn replace(
        &self,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<(), NetError> {
        self.present.0.store(Arc::new(certified(chain, key)?));
        Ok(())
    }
}

impl ResolvesServerCert for Present {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<CertifiedKey, NetError> {
    CertifiedKey::from_der(chain, key, &provider()).map_err(|e| match e {
        rustls::Error::InconsistentKeys(_) => NetError::KeyMismatch,
        other => NetError::Tls(other),
    })
}

/// Who may finish a handshake with the partner listener. Clones share one place, as those of [`ServerIdentity`] do.
#[derive(Clone, Debug)]
pub struct Callers {
    verifier: Arc<Bounded>,
    is_strict: bool,
}

impl Callers {
    /// Everybody, with any certificate or none: the identity room answers a bad one with a 401 that says what is wrong.
    pub fn anybody() -> Self {
        let anybody = Anybody {
            algorithms: provider().signature_verification_algorithms,
        };
        Callers {
            verifier: Arc::new(Bounded(ArcSwap::from_pointee(Arc::new(anybody)))),
            is_strict: false,
        }
    }

    /// Whoever shows a certificate that leads to `trust` and is in date. Anything else ends the handshake.
    ///
    /// # Errors
    /// When `trust` is empty or holds something that is no certificate.
    pub fn only(trust: &[CertificateDer<'_>]) -> Result<Self, NetError> {
        Ok(Callers {
            verifier: Arc::new(Bounded(ArcSwap::from_pointee(leading_to(trust)?))),
            is_strict: true,
        })
    }

    /// Trusts other roots from the next handshake on; where everybody may finish it, nothing changes. When it fails, the present ones
    /// stay.
    ///
    /// # Errors
    /// Those of [`Callers::only`].
    pub fn replace(&self, trust: &[CertificateDer<'_>]) -> Result<(), NetError> {
        if self.is_strict {
            self.verifier.0.store(Arc::new(leading_to(trust)?));
        }
        Ok(())
    }
}

fn leading_to(trust: &[CertificateDer<'_>]) -> Result<Arc<dyn ClientCertVerifier>, NetError> {
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots(trust)?), provider())
        .build()
        .map_err(|_| NetError::NoRoots)
}

/// The partner listener: asks for a client certificate and demands proof of its key. Who may come in is said by `callers`.
///
/// # Errors
/// When rustls refuses the protocol versions, which it does not.
pub fn partner_config(server: &ServerIdentity, callers: &Callers) -> Result<Arc<ServerConfig>, NetError> {
    config(
        server,
        provider(),
        Arc::clone(&callers.verifier) as Arc<dyn ClientCertVerifier>,
    )
}

/// Certificates a client may show: its own, and those on the way to its root.
pub const CHAIN_CERTIFICATES: usize = 6;

/// Bytes of these together.
pub const CHAIN_BYTES: usize = 16_384;

/// The web listener: client certificates are not asked for.
///
/// # Errors
/// When rustls refuses the protocol versions, which it does not.
pub fn web_config(server: &ServerIdentity) -> Result<Arc<ServerConfig>, NetError> {
    config(server, provider(), WebPkiClientVerifier::no_client_auth())
}

fn config(
    server: &ServerIdentity,
    provider: Arc<CryptoProvider>,
    verifier: Arc<dyn ClientCertVerifier>,
) -> Result<Arc<ServerConfig>, NetError> {
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::clone(&server.present) as Arc<dyn ResolvesServerCert>);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The caller's side: TLS 1.3 and 1.2 to servers whose certificate leads to one of these roots, showing this certificate where one is
/// asked for.
///
/// # Errors
/// When there is no root, or the certificate and its key cannot be used.
pub fn client_config(
    trust: &[CertificateDer<'_>],
    identity: Option<&(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
) -> Result<ClientConfig, NetError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_root_certificates(roots(trust)?);
    match identity {
        Some((chain, key)) => builder
            .with_client_auth_cert(chain.clone(), key.clone_key())
            .map_err(|e| match e {
                rustls::Error::InconsistentKeys(_) => NetError::KeyMismatch,
                other => NetError::Tls(other),
            }),
        None => Ok(builder.with_no_client_auth()),
    }
}

/// A store of these roots, none of them left out silently.
fn roots(trust: &[CertificateDer<'_>]) -> Result<RootCertStore, NetError> {
    if trust.is_empty() {
        return Err(NetError::NoRoots);
    }
    let mut store = RootCertStore::empty();
    for (index, root) in trust.iter().enumerate() {
        store
            .add(root.clone().into_owned())
            .map_err(|source| NetError::Root { index, source })?;
    }
    Ok(store)
}

/// Refuses a chain that is longer than any authority makes one, before it is looked at or kept: what a client shows stays in memory
/// as long as its connection. What judges the others can be exchanged. No issuers are named to the client, so that it sends what it
/// has; and what is lent to the handshake would have to outlive the roots of now.
#[derive(Debug)]
struct Bounded(ArcSwap<Arc<dyn ClientCertVerifier>>);

impl ClientCertVerifier for Bounded {
    fn offer_client_auth(&self) -> bool {
        self.0.load().offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.0.load().client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let bytes = own.len() + others.iter().map(|c| c.len()).sum::<usize>();
        if others.len() >= CHAIN_CERTIFICATES || bytes > CHAIN_BYTES {
            return Err(CertificateError::BadEncoding.into());
        }
        self.0.load().verify_client_cert(own, others, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.load().verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.load().verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.load().supported_verify_schemes()
    }
}

/// Lets every certificate pass, but only in the hands of whoever holds its key: the signature over the handshake is verified as
/// always. No issuers are named to the client, so that it sends what it has.
#[derive(Debug)]
struct Anybody {
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for Anybody {
    fn offer_client_auth(&self) -> bool {
        true
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
#[path = "tls_tests.rs"]
mod tests;
