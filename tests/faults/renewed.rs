//! Certificates, roots and keys are renewed while partners call: nobody is refused, and what cannot be used changes nothing.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lienthong::clock::Clock;
use lienthong::domain::view::Cursor;
use lienthong::material;
use lienthong::net::dev_ca::{DevCa, Issued, Validity};
use lienthong::net::tls::client_config;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::installation::{AGENCY, BRANCH, Installation, Serving, until};

fn day() -> Validity {
    Validity::starting(Clock::System.now(), Duration::from_secs(24 * 3600))
}

impl Installation {
    /// The certificate the partner listener shows now.
    async fn shown(&self) -> CertificateDer<'static> {
        let roots = material::certificates(&self.dir.join("tls/ca.pem")).unwrap();
        let tls = TlsConnector::from(Arc::new(client_config(&roots, None).unwrap()));
        let stream = TcpStream::connect(("127.0.0.1", self.ports[0])).await.unwrap();
        let stream = tls
            .connect(ServerName::try_from("localhost").unwrap(), stream)
            .await
            .unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].clone()
    }

    /// Puts a file in its place at once, as an operator's tool does.
    fn put(&self, name: &str, text: &str) {
        let (path, beside) = (self.dir.join(name), self.dir.join(format!("{name}.new")));
        std::fs::write(&beside, text).unwrap();
        let key = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&beside, key).unwrap();
        std::fs::rename(beside, path).unwrap();
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("hub.log")).unwrap()
    }

    /// Waits until the hub has said something `times` times.
    async fn says(&self, what: &str, times: usize) {
        until(what, async || {
            (self.log().matches(what).count() >= times).then_some(())
        })
        .await;
    }
}

fn hang_up(hub: &Serving) {
    let told = Command::new("kill")
        .args(["-HUP", &hub.child.id().to_string()])
        .status()
        .unwrap();
    assert!(told.success());
}

/// Asks the hub again and again, each time by a connection of its own, until it is told to end; how often it was asked.
async fn calling(installation: &Installation, ends: &AtomicBool, asked: &AtomicUsize) {
    while !ends.load(Ordering::SeqCst) {
        let page = installation
            .partner(BRANCH)
            .events(Cursor::START, Duration::ZERO, 10)
            .await;
        page.expect("nobody is refused");
        asked.fetch_add(1, Ordering::SeqCst);
    }
}

/// Renews the server's certificate twice and half of it once, while it is called.
async fn renewing(installation: &Installation, hub: &Serving, asked: &AtomicUsize) {
    let authority = installation.authority();
    let issued = || -> Issued { authority.server(&[], day()).unwrap() };
    let went_on = async || {
        let before = asked.load(Ordering::SeqCst);
        until("calls go on", async || {
            (asked.load(Ordering::SeqCst) > before + 3).then_some(())
        })
        .await;
    };
    went_on().await;
    let (first, second) = (issued(), issued());
    installation.put("tls/server.pem", &first.certificate_pem);
    installation.put("tls/server.key", &first.key_pem);
    hang_up(hub);
    until("the renewed certificate is shown", async || {
        (installation.shown().await == first.chain[0]).then_some(())
    })
    .await;
    went_on().await;
    // Half of a pair: told, and the present stays.
    installation.put("tls/server.pem", &second.certificate_pem);
    hang_up(hub);
    installation
        .says("cannot be used; the one before stays in use", 2)
        .await;
    assert_eq!(installation.shown().await, first.chain[0]);
    went_on().await;
    // Nobody says anything: it is looked at by itself.
    installation.put("tls/server.key", &second.key_pem);
    until("the other half is found", async || {
        (installation.shown().await == second.chain[0]).then_some(())
    })
    .await;
    went_on().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_renewed_under_load_and_no_call_is_refused() {
    let installation = Installation::new("renewed", &[]);
    let hub = installation.serve().await;
    let (ends, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let renewed = async {
        renewing(&installation, &hub, &asked).await;
        ends.store(true, Ordering::SeqCst);
    };
    tokio::join!(
        calling(&installation, &ends, &asked),
        calling(&installation, &ends, &asked),
        renewed
    );
    hang_up(&hub);
    installation
        .says("no certificate, root or key has changed", 1)
        .await;
    assert_eq!(hub.terminate(), Some(0));
    installation.remove();
}

/// The roots of callers, where a wrong certificate ends the handshake: another authority is let in beside the first, then alone.
#[tokio::test(flavor = "multi_thread")]
async fn other_roots_are_trusted_without_a_restart() {
    let strict = ("# strict_handshake = false", "strict_handshake = true");
    let roots = (
        "client_ca_files = [\"tls/ca.pem\"]",
        "client_ca_files = [\"trust.pem\"]",
    );
    let installation = Installation::bare("renewed-roots");
    let own = std::fs::read_to_string(installation.dir.join("tls/ca.pem")).unwrap();
    installation.put("trust.pem", &own);
    installation.fill(&[strict, roots]);
    let hub = installation.serve().await;
    let other = DevCa::create(Clock::System.now()).unwrap();
    let newcomer = other.client(&BRANCH.parse().unwrap(), day()).unwrap();
    installation.put("newcomer.pem", &newcomer.certificate_pem);
    let is_let_in = async || {
        let roots = material::certificates(&installation.dir.join("tls/ca.pem")).unwrap();
        let identity = (newcomer.chain.clone(), newcomer.key.clone_key());
        let tls = client_config(&roots, Some(&identity)).unwrap();
        let stream = TcpStream::connect(("127.0.0.1", installation.ports[0]))
            .await
            .unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let Ok(mut stream) = TlsConnector::from(Arc::new(tls)).connect(name, stream).await else {
            return false;
        };
        // In TLS 1.3 a client hears of a refusal with its first answer. A token is for whose certificate leads to the same roots.
        let form = format!("grant_type=client_credentials&client_id={BRANCH}");
        let asked = format!(
            "POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{form}",
            form.len()
        );
        let mut told = Vec::new();
        tokio::io::AsyncWriteExt::write_all(&mut stream, asked.as_bytes())
            .await
            .is_ok()
            && tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut told)
                .await
                .is_ok()
            && told.starts_with(b"HTTP/1.1 200")
    };
    let added = installation.operator(&["tenant", "certificate", "add", BRANCH, "newcomer.pem"]);
    assert_eq!(added.exit, Some(0), "{added:?}");
    assert!(!is_let_in().await);
    installation.put("trust.pem", &format!("{own}{}", other.root_pem()));
    hang_up(&hub);
    until("the other authority's are let in", async || {
        is_let_in().await.then_some(())
    })
    .await;
    installation.put("trust.pem", "no certificate");
    hang_up(&hub);
    installation
        .says("cannot be used; the one before stays in use", 1)
        .await;
    assert!(is_let_in().await);
    installation
        .partner(BRANCH)
        .events(Cursor::START, Duration::ZERO, 10)
        .await
        .unwrap();
    assert_eq!(hub.terminate(), Some(0));
    installation.remove();
}

/// The key that signs tokens and receipts: what it signed before goes on for as long as it is named beside the new one.
#[tokio::test(flavor = "multi_thread")]
async fn another_key_signs_without_a_restart() {
    let further = (
        "# further_key_files = []",
        "further_key_files = [\"keys/also.key\"]",
    );
    let installation = Installation::bare("renewed-keys");
    let (old, new) = ("keys/tokens.key", "keys/also.key");
    installation.good(&["keys", "new", "keys", "--signing", "also"]);
    installation.fill(&[further]);
    let hub = installation.serve().await;
    let http = installation.http(AGENCY);
    let call = |token: String| {
        let inbox = format!("{}/v1/inbox?wait=0", installation.partner_url());
        http.get(inbox).bearer_auth(token).send()
    };
    let kid = |token: &str| -> Value {
        let header = token.split('.').next().unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(header).unwrap();
        serde_json::from_slice::<Value>(&bytes).unwrap()["kid"].clone()
    };
    let before = installation.partner(AGENCY).token().await.unwrap().access_token;
    // The two change places.
    let read = |name: &str| std::fs::read_to_string(installation.dir.join(name)).unwrap();
    let (first, second) = (read(old), read(new));
    installation.put(old, &second);
    installation.put(new, &first);
    hang_up(&hub);
    installation.says("renewed: in use from now on", 1).await;
    let after = installation.partner(AGENCY).token().await.unwrap().access_token;
    assert_ne!(kid(&before), kid(&after));
    for token in [before, after] {
        assert_eq!(call(token).await.unwrap().status(), 200);
    }
    assert_eq!(hub.terminate(), Some(0));
    installation.remove();
}
