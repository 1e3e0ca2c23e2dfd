//! Clients that hold on: half a handshake, half a head, half a body, more requests at once than a tenant may have; and bytes
//! that are no HTTP at all. Spoken over plain sockets, because no decent client library can be made to do it.

mod no_http;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lienthong::http::limits::{
    BODY_TIME, DOCUMENT_BYTES, HANDSHAKE_TIME, HEAD_TIME, IN_FLIGHT_PER_TENANT, LET_BY_BYTES, UNREAD_TIME,
    UPLOAD_PORTION, UPLOAD_TIME,
};
use lienthong::net::{pem, provider};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::documents::{online, with};
use crate::house::{House, Told, fresh, run, until};

static HOUSE: House = House::new();

pub type Line = StreamOwned<ClientConnection, TcpStream>;

/// How a tenant connects, and what its requests carry.
#[derive(Clone)]
pub struct Dialer {
    config: Arc<ClientConfig>,
    port: u16,
    token: String,
}

impl Dialer {
    pub async fn of(house: &House, tenant: &str) -> Dialer {
        let (hub, caller) = (house.hub().await, house.caller(tenant).await);
        let (certificate, key) = hub.state().tenant_pem(&caller.tenant).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(hub.state().ca().root().clone()).unwrap();
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(
                pem::certificates(certificate.as_bytes()).unwrap(),
                pem::private_key(key.as_bytes()).unwrap(),
            )
            .unwrap();
        let port = hub.urls()[0].rsplit_once(':').unwrap().1.parse().unwrap();
        Dialer {
            config: Arc::new(config),
            port,
            token: caller.token().await.to_owned(),
        }
    }

    pub fn socket(&self) -> TcpStream {
        let socket = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        socket
    }

    /// The token its requests carry.
    pub fn token(&self) -> &str {
        &self.token
    }

    pub fn dial(&self) -> Line {
        self.dial_on(self.socket())
    }

    /// Over a socket that is connected.
    pub fn dial_on(&self, socket: TcpStream) -> Line {
        let session =
            ClientConnection::new(Arc::clone(&self.config), "localhost".try_into().unwrap()).unwrap();
        StreamOwned::new(session, socket)
    }

    /// Connected, with the handshake done.
    pub fn shake(&self) -> Line {
        let mut line = self.dial();
        while line.conn.is_handshaking() {
            line.conn.complete_io(&mut line.sock).unwrap();
        }
        line
    }

    /// The head of a filing of so many bytes.
    pub fn head(&self, length: usize) -> String {
        format!(
            "POST /v1/submissions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nActing-Staff: nv-001\r\n\
             Content-Type: application/json\r\nSubmission-Format: canonical/v1\r\nIdempotency-Key: {}\r\nContent-Length: {length}\r\n\r\n",
            self.token,
            fresh("key")
        )
    }
}

/// Everything that comes until the other side hangs up, or until a whole answer is there.
pub fn answer(line: &mut impl Read) -> String {
    let mut told = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match line.read(&mut piece) {
            Ok(0) => break,
            Ok(n) => told.extend_from_slice(&piece[..n]),
            // A line that is cut without a goodbye is an end as well; a silent one is not.
            Err(e)
                if matches!(
                    e.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ) =>
            {
                panic!("neither answered nor hung up in 30 s")
            }
            Err(_) => break,
        }
        if whole(&told) {
            break;
        }
    }
    String::from_utf8_lossy(&told).into_owned()
}

fn whole(told: &[u8]) -> bool {
    let text = String::from_utf8_lossy(told);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|l| {
        l.to_ascii_lowercase()
            .strip_prefix("content-length:")
            .map(|v| v.trim().parse::<usize>())
    });
    length.is_some_and(|l| l.is_ok_and(|l| body.len() >= l))
}

/// Runs what blocks beside the runtime's own threads.
pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[test]
fn a_slow_upload_is_cut_off_and_leaves_nothing() {
    run(async {
        let dialer = Dialer::of(&HOUSE, "agent.a-002").await;
        let folder = HOUSE.hub().await.state().blobs();
        let (waited, told) = aside(move || {
            let mut line = dialer.shake();
            let head = format!(
                "PUT /v1/blobs/{} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nActing-Staff: nv-001\r\nContent-Length: 1000000\r\n\r\n",
                "0".repeat(64),
                dialer.token
            );
            line.write_all(head.as_bytes()).unwrap();
            // A whole portion, and then half of one: the time of each is its own.
            line.write_all(&vec![1; UPLOAD_PORTION + UPLOAD_PORTION / 2]).unwrap();
            let begun = Instant::now();
            let told = answer(&mut line);
            (begun.elapsed(), told)
        })
        .await;
        assert!(told.starts_with("HTTP/1.1 408"), "{told}");
        assert!(told.contains("request-timeout"), "{told}");
        assert!(waited + Duration::from_millis(500) >= UPLOAD_TIME, "{waited:?}");
        // The answer does not wait for the file to go.
        until("the begun file removed", async || {
            let left = std::fs::read_dir(folder.join("unfinished")).unwrap().count();
            (left == 0).then_some(())
        })
        .await;
    });
}

#[test]
fn a_slow_client_is_cut_off() {
    run(async {
        let dialer = Dialer::of(&HOUSE, "agent.a-001").await;
        let of = |slow: fn(&Dialer) -> (Instant, String)| {
            let dialer = dialer.clone();
            aside(move || {
                let (begun, told) = slow(&dialer);
                (begun.elapsed(), told)
            })
        };
        let silent = of(|d| {
            let mut socket = d.socket();
            (Instant::now(), answer(&mut socket))
        });
        let half_handshake = of(|d| {
            let mut socket = d.socket();
            socket.write_all(b"\x16\x03\x01\x02\x00\x01").unwrap();
            (Instant::now(), answer(&mut socket))
        });
        let half_head = of(|d| {
            let mut line = d.dial();
            line.write_all(b"GET /v1/dossiers HTTP/1.1\r\nHost: local")
                .unwrap();
            (Instant::now(), answer(&mut line))
        });
        let half_body = of(|d| {
            let mut line = d.dial();
            line.write_all(d.head(1000).as_bytes()).unwrap();
            line.write_all(b"{\"reference\":").unwrap();
            (Instant::now(), answer(&mut line))
        });
        let (silent, handshake, head, body) = tokio::join!(silent, half_handshake, half_head, half_body);
        let grace = Duration::from_secs(6);
        for (what, (took, told), limit) in [
            ("silent", silent, HANDSHAKE_TIME),
            ("half a handshake", handshake, HANDSHAKE_TIME),
            ("half a head", head, HEAD_TIME),
        ] {
            assert!(took < limit + grace, "{what}: {took:?}");
            assert!(
                told.is_empty() || told.starts_with("HTTP/1.1 408"),
                "{what}: {told}"
            );
        }
        let (took, told) = body;
        assert!(took < BODY_TIME + grace, "{took:?}");
        assert!(
            told.starts_with("HTTP/1.1 408") && told.contains("\"request-timeout\""),
            "{told}"
        );
        HOUSE.caller("agent.a-001").await.filed(&online("00004")).await;
    });
}

/// More than what lies between the hub and a reader that does not read.
const STALLED: usize = 16 * 1024 * 1024;

#[test]
fn downloads_nobody_reads_are_cut_and_their_places_are_given_back() {
    run(async {
        let (agent, agency) = (
            HOUSE.caller("agent.b-001").await,
            HOUSE.caller("agency.ubnd-00004").await,
        );
        let bytes = vec![5; STALLED];
        let named = lienthong::domain::seal::sha256(&bytes).to_string();
        let file = serde_json::json!({ "name": "quet.pdf", "sha256": named });
        let papers = serde_json::json!([{ "name": "Bản quét", "files": [file] }]);
        let id = agent.filed(&with(online("00004"), "components", papers)).await;
        let put = agent
            .request(reqwest::Method::PUT, &format!("/v1/blobs/{named}"))
            .await;
        assert_eq!(Told::of(put.body(bytes)).await.status, 201);

        let dialer = Dialer::of(&HOUSE, "agency.ubnd-00004").await;
        let stalled = aside(move || {
            let head = format!(
                "GET /v1/dossiers/{id}/attachments/1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
                dialer.token
            );
            let begun = |_| {
                let mut line = dialer.shake();
                line.write_all(head.as_bytes()).unwrap();
                // It has begun, and then nobody reads on.
                let mut first = [0; 12];
                line.read_exact(&mut first).unwrap();
                assert_eq!(&first, b"HTTP/1.1 200");
                line
            };
            (0..IN_FLIGHT_PER_TENANT).map(begun).collect::<Vec<Line>>()
        })
        .await;
        let begun = Instant::now();
        agency.get("/v1/dossiers").await.refuses("rate-limited");
        let mut look = tokio::time::interval(Duration::from_millis(500));
        while agency.get("/v1/dossiers").await.status != 200 {
            assert!(
                begun.elapsed() < 2 * UNREAD_TIME + Duration::from_secs(30),
                "their places stay taken"
            );
            look.tick().await;
        }
        drop(stalled);
    });
}

/// How many more requests than a tenant may have are sent.
const TOO_MANY: usize = 4;

#[test]
fn one_tenant_may_have_so_many_requests_at_once_and_no_more() {
    run(async {
        let dialer = Dialer::of(&HOUSE, "agent.a-002").await;
        let (mut held, refused, body) = aside(move || {
            let body = online("00004").to_string();
            // Every handshake first: a body has only so long from its head on.
            let mut held: Vec<Line> = (0..IN_FLIGHT_PER_TENANT + TOO_MANY)
                .map(|_| dialer.shake())
                .collect();
            for line in &mut held {
                line.write_all(dialer.head(body.len()).as_bytes()).unwrap();
                line.write_all(&body.as_bytes()[..1]).unwrap();
            }
            let refused = first_answers(&mut held, TOO_MANY);
            (held, refused, body)
        })
        .await;
        // No more of a body was sent than its first byte, and still these were answered.
        for told in refused {
            assert!(
                told.starts_with("HTTP/1.1 429") && told.contains("\"rate-limited\""),
                "{told}"
            );
            assert!(told.to_ascii_lowercase().contains("retry-after: 1"), "{told}");
        }
        let other = HOUSE.caller("agent.a-003").await;
        assert_eq!(
            other.get("/v1/dossiers").await.status,
            200,
            "another tenant is not touched"
        );
        HOUSE
            .caller("agent.a-002")
            .await
            .get("/v1/dossiers")
            .await
            .refuses("rate-limited");
        let answers = aside(move || {
            for line in &mut held {
                line.write_all(&body.as_bytes()[1..]).unwrap();
            }
            held.iter_mut().map(answer).collect::<Vec<_>>()
        })
        .await;
        assert_eq!(answers.len(), IN_FLIGHT_PER_TENANT);
        let taken = |told: &String| told.starts_with("HTTP/1.1 202");
        assert!(
            answers.iter().all(taken),
            "{:?}",
            answers.iter().find(|a| !taken(a))
        );
        HOUSE.caller("agent.a-002").await.filed(&online("00004")).await;
    });
}

/// Takes the lines out that are answered first, with what they are told.
fn first_answers(lines: &mut Vec<Line>, wanted: usize) -> Vec<String> {
    let deadline = Instant::now() + BODY_TIME / 2;
    let mut answers = Vec::new();
    while answers.len() < wanted {
        assert!(
            Instant::now() < deadline,
            "only {} of {wanted} were refused",
            answers.len()
        );
        lines.retain_mut(|line| {
            line.sock
                .set_read_timeout(Some(Duration::from_millis(5)))
                .unwrap();
            let mut first = [0; 1];
            let told = line.read(&mut first).is_ok();
            line.sock.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            if told {
                answers.push(format!("{}{}", char::from(first[0]), answer(line)));
            }
            !told
        });
    }
    answers
}

/// A connection is worth more than what it is refused: whoever must come again comes by the same.
#[test]
fn whoever_is_refused_before_the_body_keeps_the_connection_where_the_body_is_short() {
    run(async {
        let mut dialer = Dialer::of(&HOUSE, "agent.a-006").await;
        aside(move || {
            let short = online("00004").to_string();
            let long = " ".repeat(LET_BY_BYTES + 1);
            let most = format!("{short}{}", " ".repeat(LET_BY_BYTES - short.len()));
            let token = std::mem::take(&mut dialer.token);
            let refused = |body: &str| format!("{}{body}", dialer.head(body.len()));
            let (refused_short, refused_most, refused_long) =
                (refused(&short), refused(&most), refused(&long));
            dialer.token = token;
            let taken = format!("{}{short}", dialer.head(short.len()));
            let mut line = dialer.shake();
            for (said, status) in [
                (&refused_short, 401),
                (&refused_most, 401),
                (&taken, 202),
                (&refused_long, 401),
            ] {
                line.write_all(said.as_bytes()).unwrap();
                let told = answer(&mut line);
                assert!(told.starts_with(&format!("HTTP/1.1 {status}")), "{told}");
            }
            // What is too long to be let by ends the connection.
            let mut rest = Vec::new();
            drop(line.read_to_end(&mut rest));
            assert_eq!(rest, b"");
        })
        .await;
    });
}

#[test]
fn without_a_declared_length_the_bytes_are_counted() {
    run(async {
        let dialer = Dialer::of(&HOUSE, "agent.a-005").await;
        let send = async |size: usize| {
            let dialer = dialer.clone();
            aside(move || {
                let mut line = dialer.dial();
                let head = dialer
                    .head(0)
                    .replace("Content-Length: 0", "Transfer-Encoding: chunked");
                line.write_all(head.as_bytes()).unwrap();
                let text = online("00004").to_string();
                let body = format!("{text}{}", " ".repeat(size - text.len()));
                for chunk in body.as_bytes().chunks(50_000) {
                    // The hub may hang up on the rest.
                    drop(line.write_all(format!("{:x}\r\n", chunk.len()).as_bytes()));
                    drop(line.write_all(chunk));
                    drop(line.write_all(b"\r\n"));
                }
                drop(line.write_all(b"0\r\n\r\n"));
                answer(&mut line)
            })
            .await
        };
        let told = send(DOCUMENT_BYTES).await;
        assert!(told.starts_with("HTTP/1.1 202"), "{told}");
        let told = send(DOCUMENT_BYTES + 1).await;
        assert!(
            told.starts_with("HTTP/1.1 413") && told.contains("\"body-too-large\""),
            "{told}"
        );
    });
}
