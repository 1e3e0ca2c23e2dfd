use super::*;

#[test]
fn a_client_needs_a_root_and_a_fitting_key() {
    let outbound = |roots, identity| OutboundOptions {
        roots,
        identity,
        timeout: Duration::from_secs(5),
        connect_timeout: Duration::from_secs(2),
    };
    assert!(matches!(
        http_client(&outbound(vec![], None)),
        Err(NetError::NoRoots)
    ));
    let garbage = CertificateDer::from(vec![1, 2, 3]);
    assert!(matches!(
        http_client(&outbound(vec![garbage], None)),
        Err(NetError::Root { index: 0, .. })
    ));

    let now = crate::domain::time::Timestamp::from_micros(1_790_000_000_000_000);
    let ca = crate::net::dev_ca::DevCa::create(now).unwrap();
    let validity = crate::net::dev_ca::Validity::starting(now, Duration::from_secs(60));
    let tenant = "branch.tay-ho".parse().unwrap();
    let (a, b) = (
        ca.client(&tenant, validity).unwrap(),
        ca.client(&tenant, validity).unwrap(),
    );
    let root = vec![ca.root().clone()];
    assert!(matches!(
        http_client(&outbound(root.clone(), Some((a.chain.clone(), b.key)))),
        Err(NetError::KeyMismatch)
    ));
    assert!(http_client(&outbound(root, Some((a.chain, a.key)))).is_ok());
}

/// Answers one request over mTLS with a redirect; what it was asked, and by which certificate.
fn redirecting(
    config: std::sync::Arc<rustls::ServerConfig>,
) -> (u16, std::thread::JoinHandle<(String, usize)>) {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut tls = rustls::ServerConnection::new(config).unwrap();
        let mut stream = rustls::Stream::new(&mut tls, &mut socket);
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            let mut byte = [0u8; 1];
            stream.read_exact(&mut byte).unwrap();
            asked.push(byte[0]);
        }
        let answer = "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer.as_bytes()).unwrap();
        stream.flush().unwrap();
        (
            String::from_utf8(asked).unwrap(),
            tls.peer_certificates().map_or(0, <[_]>::len),
        )
    });
    (port, serving)
}

#[tokio::test]
async fn a_call_shows_its_certificate_and_follows_no_redirect() {
    use crate::net::dev_ca::{DevCa, Validity};
    let at = |text: &str| text.parse::<crate::domain::time::Timestamp>().unwrap();
    let lasting = Validity {
        from: at("2020-01-01T00:00:00Z"),
        to: at("2049-01-01T00:00:00Z"),
    };
    let ca = DevCa::create(at("2026-01-01T00:00:00Z")).unwrap();
    let server = ca.server(&[], lasting).unwrap();
    let server = tls::ServerIdentity::new(server.chain, server.key).unwrap();
    let own = ca.client(&"branch.tay-ho".parse().unwrap(), lasting).unwrap();
    let outbound = |root: &DevCa, identity| OutboundOptions {
        roots: vec![root.root().clone()],
        identity,
        timeout: Duration::from_secs(20),
        connect_timeout: Duration::from_secs(20),
    };

    let strict = tls::partner_config(
        &server,
        &tls::Callers::only(std::slice::from_ref(ca.root())).unwrap(),
    )
    .unwrap();
    let client = http_client(&outbound(&ca, Some((own.chain, own.key)))).unwrap();
    let (port, serving) = redirecting(strict);
    let answer = client
        .get(format!("https://localhost:{port}/hook"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 302);
    let (asked, certificates) = serving.join().unwrap();
    assert!(asked.starts_with("GET /hook HTTP/1.1\r\n"), "{asked}");
    assert_eq!(certificates, 1);

    // A server under another root is not spoken to.
    let stranger = DevCa::create(at("2026-01-01T00:00:00Z")).unwrap();
    let client = http_client(&outbound(&stranger, None)).unwrap();
    let (port, serving) = redirecting(tls::web_config(&server).unwrap());
    assert!(
        client
            .get(format!("https://localhost:{port}/"))
            .send()
            .await
            .is_err()
    );
    assert!(serving.join().is_err(), "the handshake was never completed");
}

/// What one endpoint does with one connection.
#[derive(Clone)]
enum Behaviour {
    /// Answers with these bytes, then this many more of filling.
    Answers(&'static str, usize),
    /// Reads the request and closes.
    Closes,
    /// Reads the request and says nothing until the caller has gone.
    Sleeps,
}

/// An HTTPS endpoint on loopback for one connection; its port, and the requests it saw.
fn endpoint(ca: &crate::net::dev_ca::DevCa, behaviour: Behaviour) -> (u16, std::thread::JoinHandle<String>) {
    use std::io::{Read, Write};
    let issued = ca.server(&["hook.example".to_owned()], lasting()).unwrap();
    let identity = tls::ServerIdentity::new(issued.chain, issued.key).unwrap();
    let config = tls::web_config(&identity).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut tls = rustls::ServerConnection::new(config).unwrap();
        let mut stream = rustls::Stream::new(&mut tls, &mut socket);
        let mut asked = Vec::new();
        let mut byte = [0u8; 1];
        while !asked.ends_with(b"the body") {
            match stream.read(&mut byte) {
                Ok(1) => asked.push(byte[0]),
                _ => return String::new(),
            }
        }
        match behaviour {
            Behaviour::Answers(head, filling) => {
                stream.write_all(head.as_bytes()).unwrap();
                let piece = vec![b'x'; 16_384];
                for _ in 0..filling / piece.len() {
                    // The caller leaves when it has enough.
                    if stream.write_all(&piece).is_err() {
                        return "left".to_owned();
                    }
                }
                drop(stream.flush());
            }
            Behaviour::Closes => {}
            Behaviour::Sleeps => drop(stream.read(&mut byte)),
        }
        String::from_utf8(asked).unwrap()
    });
    (port, serving)
}

fn lasting() -> crate::net::dev_ca::Validity {
    crate::net::dev_ca::Validity {
        from: "2020-01-01T00:00:00Z".parse().unwrap(),
        to: "2049-01-01T00:00:00Z".parse().unwrap(),
    }
}

fn authority() -> crate::net::dev_ca::DevCa {
    crate::net::dev_ca::DevCa::create("2026-01-01T00:00:00Z".parse().unwrap()).unwrap()
}

fn bounds(ca: &crate::net::dev_ca::DevCa, timeout: Duration) -> OutboundOptions {
    OutboundOptions {
        roots: vec![ca.root().clone()],
        identity: None,
        timeout,
        connect_timeout: timeout,
    }
}

/// The client's connections live on this thread, so it must not be the one that waits.
async fn seen(serving: std::thread::JoinHandle<String>) -> String {
    tokio::task::spawn_blocking(|| serving.join().unwrap())
        .await
        .unwrap()
}

const AMPLE: Duration = Duration::from_secs(20);

fn loopback() -> EgressPolicy {
    EgressPolicy::allowing([], vec!["127.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()])
}

async fn post(caller: &Caller, url: String) -> Result<Answer, CallError> {
    let headers = [("webhook-id", "evt_1".to_owned())];
    caller
        .post(&url.parse().unwrap(), &headers, b"the body".to_vec())
        .await
}

#[tokio::test]
async fn a_caller_posts_and_takes_any_status_for_an_answer() {
    let ca = authority();
    let caller = Caller::new(&bounds(&ca, AMPLE), loopback()).unwrap();
    for (head, status, retry_after) in [
        ("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n", 204, None),
        (
            "HTTP/1.1 429 Busy\r\nretry-after: 7\r\ncontent-length: 2\r\n\r\nno",
            429,
            Some("7"),
        ),
        (
            "HTTP/1.1 302 Found\r\nlocation: https://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            302,
            None,
        ),
    ] {
        let (port, serving) = endpoint(&ca, Behaviour::Answers(head, 0));
        let answer = post(&caller, format!("https://localhost:{port}/hook"))
            .await
            .unwrap();
        assert_eq!(
            (answer.status, answer.retry_after.as_deref()),
            (status, retry_after)
        );
        let asked = seen(serving).await;
        assert!(
            asked.starts_with("POST /hook HTTP/1.1\r\n") && asked.contains("webhook-id: evt_1\r\n"),
            "{asked}"
        );
    }
}

#[tokio::test]
async fn what_is_not_public_is_refused_by_name_and_by_address() {
    let ca = authority();
    let caller = Caller::new(&bounds(&ca, AMPLE), EgressPolicy::default()).unwrap();
    for url in [
        "https://localhost:1/",
        "https://127.0.0.1:1/",
        "https://[::1]:1/",
        "https://[::ffff:127.0.0.1]:1/",
        "https://2130706433:1/",
    ] {
        let refused = post(&caller, url.to_owned()).await;
        assert!(
            matches!(refused, Err(CallError::NotAllowed(_))),
            "{url}: {refused:?}"
        );
    }
    // By its host name alone, wherever it leads.
    let caller = Caller::new(
        &bounds(&ca, AMPLE),
        EgressPolicy::allowing(["localhost".to_owned()], vec![]),
    )
    .unwrap();
    let (port, serving) = endpoint(
        &ca,
        Behaviour::Answers("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n", 0),
    );
    assert!(matches!(
        post(&caller, format!("https://127.0.0.1:{port}/")).await,
        Err(CallError::NotAllowed(_))
    ));
    assert_eq!(
        post(&caller, format!("https://localhost:{port}/"))
            .await
            .unwrap()
            .status,
        204
    );
    seen(serving).await;
}

/// A name that is public when it is judged and private a moment later: the second answer is never asked for.
#[tokio::test]
async fn a_name_is_resolved_once_and_the_judged_address_is_the_one_called() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let ca = authority();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let rebinding = move |_: String| -> Addresses {
        let first = counter.fetch_add(1, Ordering::SeqCst) == 0;
        let found: Vec<IpAddr> = if first {
            vec!["10.0.0.1".parse().unwrap(), "127.0.0.1".parse().unwrap()]
        } else {
            vec!["10.0.0.1".parse().unwrap()]
        };
        Box::pin(async move { Ok(found) })
    };
    let caller = Caller::resolving(&bounds(&ca, AMPLE), loopback(), rebinding).unwrap();
    let (port, serving) = endpoint(
        &ca,
        Behaviour::Answers("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n", 0),
    );
    let url = format!("https://hook.example:{port}/");
    assert_eq!(post(&caller, url.clone()).await.unwrap().status, 204);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    seen(serving).await;
    // The connection is gone; the name is asked again, judged again, refused.
    let refused = post(&caller, url).await;
    assert_eq!(refused, Err(CallError::NotAllowed("10.0.0.1".parse().unwrap())));
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_told_apart() {
    let ca = authority();
    let caller = Caller::new(&bounds(&ca, AMPLE), loopback()).unwrap();
    let (port, serving) = endpoint(&ca, Behaviour::Closes);
    assert_eq!(
        post(&caller, format!("https://localhost:{port}/")).await,
        Err(CallError::Cut)
    );
    seen(serving).await;

    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    assert_eq!(
        post(&caller, format!("https://127.0.0.1:{nobody}/")).await,
        Err(CallError::Unreachable)
    );
    let unknown = |_: String| -> Addresses { Box::pin(async { Err(io::Error::other("no such name")) }) };
    let lost = Caller::resolving(&bounds(&ca, AMPLE), loopback(), unknown).unwrap();
    assert_eq!(
        post(&lost, "https://nowhere.example/".to_owned()).await,
        Err(CallError::Unresolved)
    );

    let (port, serving) = endpoint(&authority(), Behaviour::Closes);
    let refused = post(&caller, format!("https://localhost:{port}/")).await;
    assert!(matches!(refused, Err(CallError::Certificate(_))), "{refused:?}");
    seen(serving).await;

    let brief = Caller::new(&bounds(&ca, Duration::from_millis(500)), loopback()).unwrap();
    let (port, serving) = endpoint(&ca, Behaviour::Sleeps);
    assert_eq!(
        post(&brief, format!("https://localhost:{port}/")).await,
        Err(CallError::Slow)
    );
    seen(serving).await;
}

#[tokio::test]
async fn a_huge_answer_is_left_where_it_is() {
    let ca = authority();
    let caller = Caller::new(&bounds(&ca, AMPLE), loopback()).unwrap();
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n";
    let (port, serving) = endpoint(&ca, Behaviour::Answers(head, 1_000_000_000));
    assert_eq!(
        post(&caller, format!("https://localhost:{port}/"))
            .await
            .unwrap()
            .status,
        200
    );
    assert_eq!(seen(serving).await, "left");
}
