//! Real handshakes over a loopback socket pair. rustls reads the machine's clock in the client and in strict mode, so these
//! certificates begin in the past and last for decades; nothing here depends on the day it runs.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::ResolvesClientCert;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConfig, ClientConnection, ProtocolVersion, ServerConfig, ServerConnection, SignatureScheme,
    SupportedProtocolVersion,
};

use super::*;
use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;
use crate::net::dev_ca::{DevCa, Issued, Validity};

const VERSIONS: [&SupportedProtocolVersion; 2] = [&rustls::version::TLS13, &rustls::version::TLS12];

fn long_ago() -> Timestamp {
    "2020-01-01T00:00:00Z".parse().unwrap()
}

fn lasting() -> Validity {
    Validity {
        from: long_ago(),
        to: "2049-01-01T00:00:00Z".parse().unwrap(),
    }
}

fn authority() -> DevCa {
    DevCa::create(Timestamp::from_micros(
        long_ago().as_micros() + 200_000_000_000_000,
    ))
    .unwrap()
}

fn tenant() -> TenantKey {
    "branch.tay-ho".parse().unwrap()
}

fn server(ca: &DevCa) -> ServerIdentity {
    let issued = ca.server(&[], lasting()).unwrap();
    ServerIdentity::new(issued.chain, issued.key).unwrap()
}

fn callers(ca: &DevCa, strict: bool) -> Callers {
    match strict {
        true => Callers::only(std::slice::from_ref(ca.root())).unwrap(),
        false => Callers::anybody(),
    }
}

/// What a client shows: nothing, or a chain with some key.
#[derive(Clone, Copy)]
enum Shown<'a> {
    Nothing,
    Identity(&'a Issued),
    /// The first one's certificate, signed for with the second one's key.
    Stolen(&'a Issued, &'a Issued),
}

#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesClientCert for Always {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
    fn has_certs(&self) -> bool {
        true
    }
}

fn client(
    root: &CertificateDer<'static>,
    shown: Shown<'_>,
    version: &'static SupportedProtocolVersion,
) -> ClientConfig {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots(std::slice::from_ref(root)).unwrap());
    let mut config = match shown {
        Shown::Nothing => builder.with_no_client_auth(),
        Shown::Identity(own) => builder
            .with_client_auth_cert(own.chain.clone(), own.key.clone_key())
            .unwrap(),
        Shown::Stolen(victim, thief) => {
            let key = provider()
                .key_provider
                .load_private_key(thief.key.clone_key())
                .unwrap();
            let certified = CertifiedKey::new(victim.chain.clone(), key);
            builder.with_client_cert_resolver(Arc::new(Always(Arc::new(certified))))
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

/// What the server saw of one connection that carried one byte there and back.
#[derive(Debug)]
struct Seen {
    certificates: Vec<CertificateDer<'static>>,
    version: ProtocolVersion,
    alpn: Option<Vec<u8>>,
}

/// Runs one connection; the server's view, and the certificate the client was shown.
fn connect(
    server: Arc<ServerConfig>,
    client: ClientConfig,
) -> (
    Result<Seen, std::io::Error>,
    Result<CertificateDer<'static>, std::io::Error>,
) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let limit = Some(Duration::from_secs(20));
    let serving = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept()?;
        socket.set_read_timeout(limit)?;
        let mut tls = ServerConnection::new(server).map_err(std::io::Error::other)?;
        let mut byte = [0u8; 1];
        let mut stream = rustls::Stream::new(&mut tls, &mut socket);
        stream.read_exact(&mut byte)?;
        stream.write_all(&byte)?;
        stream.flush()?;
        Ok(Seen {
            certificates: tls.peer_certificates().unwrap_or_default().to_vec(),
            version: tls.protocol_version().unwrap(),
            alpn: tls.alpn_protocol().map(<[u8]>::to_vec),
        })
    });
    let asked = || -> Result<CertificateDer<'static>, std::io::Error> {
        let mut socket = TcpStream::connect(address)?;
        socket.set_read_timeout(limit)?;
        let name = ServerName::try_from("localhost").unwrap();
        let mut tls = ClientConnection::new(Arc::new(client), name).map_err(std::io::Error::other)?;
        let mut stream = rustls::Stream::new(&mut tls, &mut socket);
        stream.write_all(b"x")?;
        stream.read_exact(&mut [0u8; 1])?;
        Ok(tls.peer_certificates().unwrap()[0].clone())
    }();
    (serving.join().unwrap(), asked)
}

#[test]
fn a_partner_with_a_certificate_is_seen_with_it() {
    let ca = authority();
    let config = partner_config(&server(&ca), &Callers::anybody()).unwrap();
    let own = ca.client(&tenant(), lasting()).unwrap();
    for version in VERSIONS {
        let (seen, asked) = connect(
            Arc::clone(&config),
            client(ca.root(), Shown::Identity(&own), version),
        );
        let seen = seen.unwrap();
        asked.unwrap();
        assert_eq!(seen.certificates, own.chain);
        assert_eq!(seen.version, version.version);
        assert_eq!(seen.alpn.as_deref(), Some(&b"http/1.1"[..]));
    }
}

#[test]
fn without_strictness_a_bad_certificate_or_none_passes_the_handshake() {
    let (ca, stranger) = (authority(), authority());
    let config = partner_config(&server(&ca), &Callers::anybody()).unwrap();
    let expired = Validity {
        from: long_ago(),
        to: long_ago().plus(Duration::from_secs(60)),
    };
    let unknown = stranger.client(&tenant(), lasting()).unwrap();
    let late = ca.client(&tenant(), expired).unwrap();
    for version in VERSIONS {
        for issued in [&unknown, &late] {
            let (seen, asked) = connect(
                Arc::clone(&config),
                client(ca.root(), Shown::Identity(issued), version),
            );
            asked.unwrap();
            assert_eq!(seen.unwrap().certificates, issued.chain);
        }
        let (seen, asked) = connect(Arc::clone(&config), client(ca.root(), Shown::Nothing, version));
        asked.unwrap();
        assert!(seen.unwrap().certificates.is_empty());
    }
}

#[test]
fn nobody_passes_with_a_certificate_whose_key_he_does_not_hold() {
    let ca = authority();
    let (victim, thief) = (
        ca.client(&tenant(), lasting()).unwrap(),
        ca.client(&tenant(), lasting()).unwrap(),
    );
    for strict in [false, true] {
        let config = partner_config(&server(&ca), &callers(&ca, strict)).unwrap();
        for version in VERSIONS {
            let (seen, asked) = connect(
                Arc::clone(&config),
                client(ca.root(), Shown::Stolen(&victim, &thief), version),
            );
            let error = seen.unwrap_err().to_string();
            assert!(
                error.contains("BadSignature"),
                "strict {strict}, {version:?}: {error}"
            );
            assert!(asked.is_err());
        }
    }
}

#[test]
fn strictness_ends_the_handshake() {
    let (ca, stranger) = (authority(), authority());
    let config = partner_config(&server(&ca), &callers(&ca, true)).unwrap();
    let own = ca.client(&tenant(), lasting()).unwrap();
    let unknown = stranger.client(&tenant(), lasting()).unwrap();
    let expired = Validity {
        from: long_ago(),
        to: long_ago().plus(Duration::from_secs(60)),
    };
    let late = ca.client(&tenant(), expired).unwrap();
    // Issued by the right authority, but to be a server.
    let misused = ca.server(&[], lasting()).unwrap();
    for version in VERSIONS {
        let attempt = |shown| connect(Arc::clone(&config), client(ca.root(), shown, version));
        assert_eq!(attempt(Shown::Identity(&own)).0.unwrap().certificates, own.chain);
        for shown in [
            Shown::Identity(&unknown),
            Shown::Identity(&late),
            Shown::Identity(&misused),
            Shown::Nothing,
        ] {
            let (seen, asked) = attempt(shown);
            assert!(seen.is_err() && asked.is_err());
        }
    }
    assert!(matches!(Callers::only(&[]), Err(NetError::NoRoots)));
}

#[test]
fn the_web_listener_does_not_ask() {
    let ca = authority();
    let config = web_config(&server(&ca)).unwrap();
    let own = ca.client(&tenant(), lasting()).unwrap();
    for version in VERSIONS {
        let (seen, _) = connect(
            Arc::clone(&config),
            client(ca.root(), Shown::Identity(&own), version),
        );
        assert!(seen.unwrap().certificates.is_empty());
    }
}

#[test]
fn a_replaced_certificate_is_shown_from_the_next_handshake_on() {
    let ca = authority();
    let identity = server(&ca);
    let config = partner_config(&identity, &Callers::anybody()).unwrap();
    let next = ca.server(&[], lasting()).unwrap();
    let other = ca.server(&[], lasting()).unwrap();
    let shown = || {
        let asking = client(ca.root(), Shown::Nothing, &rustls::version::TLS13);
        connect(Arc::clone(&config), asking).1.unwrap()
    };
    assert_ne!(shown(), next.chain[0]);
    identity
        .replace(next.chain.clone(), next.key.clone_key())
        .unwrap();
    assert_eq!(shown(), next.chain[0]);
    let refused = identity.replace(other.chain.clone(), next.key.clone_key());
    assert!(matches!(refused, Err(NetError::KeyMismatch)));
    assert_eq!(shown(), next.chain[0]);
}

#[test]
fn other_roots_are_trusted_from_the_next_handshake_on() {
    let (ca, next) = (authority(), authority());
    let callers = callers(&ca, true);
    let config = partner_config(&server(&ca), &callers).unwrap();
    let (before, after) = (
        ca.client(&tenant(), lasting()).unwrap(),
        next.client(&tenant(), lasting()).unwrap(),
    );
    let passes = |issued: &Issued| {
        let asking = client(ca.root(), Shown::Identity(issued), &rustls::version::TLS13);
        connect(Arc::clone(&config), asking).0.is_ok()
    };
    assert_eq!((passes(&before), passes(&after)), (true, false));
    callers
        .replace(&[ca.root().clone(), next.root().clone()])
        .unwrap();
    assert_eq!((passes(&before), passes(&after)), (true, true));
    assert!(matches!(callers.replace(&[]), Err(NetError::NoRoots)));
    callers.replace(std::slice::from_ref(next.root())).unwrap();
    assert_eq!((passes(&before), passes(&after)), (false, true));
}
