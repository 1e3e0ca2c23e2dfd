//! `amqps://`: only the authorities handed in are trusted, and the name must fit.

use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;

use lienthong::broker::rabbit::Options;
use lienthong::broker::{BrokerError, Rabbit};

/// Accepts one connection, and tells the first eight bytes that come through TLS.
fn listen(
    certificate: &rcgen::Certificate,
    key: &rcgen::KeyPair,
) -> (u16, std::thread::JoinHandle<std::io::Result<[u8; 8]>>) {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept()?;
        let mut tls = rustls::ServerConnection::new(Arc::new(config)).map_err(std::io::Error::other)?;
        let mut greeting = [0; 8];
        rustls::Stream::new(&mut tls, &mut socket).read_exact(&mut greeting)?;
        Ok(greeting)
    });
    (port, heard)
}

fn connect(port: u16, authorities: Option<String>) -> BrokerError {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let options = Options {
        authorities,
        ..Options::default()
    };
    let rabbit = Rabbit::new(&format!("amqps://a:b@localhost:{port}/x"), options).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(rabbit.ready()).unwrap_err()
}

fn authority() -> (rcgen::Certificate, rcgen::Issuer<'static, rcgen::KeyPair>) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).unwrap();
    (certificate, rcgen::Issuer::new(params, key))
}

fn server(
    issuer: &rcgen::Issuer<'static, rcgen::KeyPair>,
    name: &str,
) -> (rcgen::Certificate, rcgen::KeyPair) {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new([name.to_owned()])
        .unwrap()
        .signed_by(&key, issuer)
        .unwrap();
    (certificate, key)
}

#[test]
fn speaks_amqp_to_a_broker_its_authority_signed() {
    let (authority, issuer) = authority();
    let (certificate, key) = server(&issuer, "localhost");
    let (port, heard) = listen(&certificate, &key);
    connect(port, Some(authority.pem()));
    assert_eq!(&heard.join().unwrap().unwrap(), b"AMQP\x00\x00\x09\x01");
}

#[test]
fn speaks_to_no_other() {
    let (own, issuer) = authority();
    let (stranger, _) = authority();
    let (certificate, key) = server(&issuer, "localhost");
    let (misnamed, misnamed_key) = server(&issuer, "broker.example");
    let cases = [
        (&certificate, &key, Some(stranger.pem())),
        (&certificate, &key, None),
        (&misnamed, &misnamed_key, Some(own.pem())),
    ];
    for (certificate, key, authorities) in cases {
        let (port, heard) = listen(certificate, key);
        let error = connect(port, authorities);
        assert!(error.to_string().contains("certificate"), "{error}");
        assert!(heard.join().unwrap().is_err());
    }
}
