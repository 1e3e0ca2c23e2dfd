//! Connections: those whose client has sent everything and closed its half, those behind a balancer, those on a slow line, those that
//! ask nothing, and more of them than there may be. Spoken over plain sockets.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use lienthong::http::Connections;
use lienthong::http::limits::{ANSWERS_OF_ONE, BODY_TIME, HANDSHAKE_TIME};
use lienthong::net::tls::CHAIN_CERTIFICATES;
use serde_json::Value;
use socket2::{Domain, Socket, Type};

use crate::documents::online;
use crate::house::{BALANCER, House, Told, client, run, until};
use crate::slow::{Dialer, Line, answer, aside};

static HOUSE: House = House::new();

/// Listeners that keep few connections, and not for long.
const FEW: Connections = Connections {
    per_worker: 24,
    per_address: 6,
    keep_alive: Duration::from_millis(1500),
};

static NARROW: House = House::keeping(FEW);

/// The same, kept as long as a test needs them.
static CROWDED: House = House::keeping(Connections {
    keep_alive: Duration::from_secs(60),
    ..FEW
});

/// How a client closes its half.
#[derive(Clone, Copy, Debug)]
enum Closing {
    /// TLS says so; TCP stays open.
    Goodbye,
    /// TLS says so, then TCP.
    Whole,
    /// TCP alone, as a client does that knows of no TLS goodbye.
    Tcp,
}

const CLOSINGS: [Closing; 3] = [Closing::Goodbye, Closing::Whole, Closing::Tcp];

fn close_half(line: &mut Line, how: Closing) {
    if !matches!(how, Closing::Tcp) {
        line.conn.send_close_notify();
    }
    while line.conn.wants_write() {
        line.conn.write_tls(&mut line.sock).unwrap();
    }
    if !matches!(how, Closing::Goodbye) {
        line.sock.shutdown(Shutdown::Write).unwrap();
    }
}

/// Everything that comes until the hub has closed its half too.
fn all(line: &mut Line) -> String {
    let (mut told, mut piece) = (Vec::new(), [0; 65_536]);
    loop {
        match line.read(&mut piece) {
            Ok(0) => break,
            Ok(n) => told.extend_from_slice(&piece[..n]),
            Err(e)
                if matches!(
                    e.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ) =>
            {
                panic!("neither answered nor hung up: {}", String::from_utf8_lossy(&told))
            }
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&told).into_owned()
}

/// Sends a request whole, closes the half, and reads what is answered.
async fn closing(dialer: &Dialer, request: Vec<u8>, how: Closing) -> (String, Duration) {
    let dialer = dialer.clone();
    aside(move || {
        let mut line = dialer.shake();
        line.write_all(&request).unwrap();
        close_half(&mut line, how);
        let begun = Instant::now();
        (all(&mut line), begun.elapsed())
    })
    .await
}

fn get(dialer: &Dialer, path: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
        dialer.token()
    )
    .into_bytes()
}

/// A filing of so many bytes.
fn filing(size: usize) -> String {
    let text = online("00004").to_string();
    format!("{text}{}", " ".repeat(size.saturating_sub(text.len())))
}

#[test]
fn a_client_that_has_sent_everything_and_closes_its_half_gets_its_answer() {
    run(async {
        let dialer = Dialer::of(&HOUSE, "agent.a-001").await;
        let chunked = |size: usize| {
            let (head, body) = (dialer.head(0), filing(size));
            let head = head.replace("Content-Length: 0", "Transfer-Encoding: chunked");
            let mut bytes = head.into_bytes();
            for chunk in body.as_bytes().chunks(50_000) {
                bytes.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
                bytes.extend(chunk);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\n\r\n");
            bytes
        };
        for how in CLOSINGS {
            let whole = |size: usize| {
                let body = filing(size);
                [dialer.head(body.len()), body].concat().into_bytes()
            };
            for (what, request, status) in [
                ("a question", get(&dialer, "/v1/dossiers"), "200"),
                ("a filing", whole(0), "202"),
                ("a large filing", whole(299_000), "202"),
                ("a large filing in pieces", chunked(900_000), "202"),
                (
                    "two questions",
                    [get(&dialer, "/v1/dossiers"), get(&dialer, "/v1/events")].concat(),
                    "200",
                ),
            ] {
                let (told, took) = closing(&dialer, request, how).await;
                assert!(
                    told.starts_with(&format!("HTTP/1.1 {status}")),
                    "{what}, {how:?}: {told}"
                );
                assert!(took < BODY_TIME, "{what}, {how:?}: {took:?}");
                let answers = if what == "two questions" { 2 } else { 1 };
                assert_eq!(
                    told.matches("HTTP/1.1 ").count(),
                    answers,
                    "{what}, {how:?}: {told}"
                );
            }
        }
    });
}

#[test]
fn a_batch_whose_client_has_closed_its_half_is_answered_to_its_last_line() {
    run(async {
        let dialer = Dialer::of(&HOUSE, "agent.a-002").await;
        for how in CLOSINGS {
            let lines: String = (0..40).map(|_| format!("{}\n", filing(6_000))).collect();
            let head = dialer
                .head(lines.len())
                .replace("/v1/submissions", "/v1/submissions/batch")
                .replace("application/json", "application/x-ndjson");
            let (told, _) = closing(&dialer, [head, lines].concat().into_bytes(), how).await;
            assert!(told.contains("\"taken\":40"), "{how:?}: {}", tail(&told));
        }
    });
}

fn tail(text: &str) -> &str {
    let mut at = text.len().saturating_sub(1500);
    while !text.is_char_boundary(at) {
        at += 1;
    }
    &text[at..]
}

#[test]
fn half_a_body_and_nothing_more_is_answered_at_once_and_costs_no_place() {
    run(async {
        let dialer = Dialer::of(&HOUSE, "agent.a-003").await;
        for how in CLOSINGS {
            let mut half = dialer.head(100_000).into_bytes();
            half.extend(vec![b' '; 60_000]);
            let (told, took) = closing(&dialer, half, how).await;
            assert!(
                told.starts_with("HTTP/1.1 400") && told.contains("body-broken"),
                "{how:?}: {told}"
            );
            assert!(took < BODY_TIME / 2, "{how:?}: {took:?}");
            // Half a head is no request: nobody is answered, and nobody waits.
            let (told, took) = closing(&dialer, b"GET /v1/dossiers HT".to_vec(), how).await;
            assert!(
                told.is_empty() && took < BODY_TIME / 2,
                "{how:?}: {took:?} {told}"
            );
        }
        let agent = HOUSE.caller("agent.a-003").await;
        assert_eq!(agent.get("/v1/dossiers").await.status, 200);
    });
}

#[test]
fn whoever_hangs_up_while_waiting_is_answered_with_nothing_and_leases_nothing() {
    run(async {
        let agency = HOUSE.caller("agency.ubnd-00008").await;
        let dialer = Dialer::of(&HOUSE, "agency.ubnd-00008").await;
        for how in CLOSINGS {
            let (told, took) = closing(&dialer, get(&dialer, "/v1/inbox?wait=30"), how).await;
            assert!(
                told.starts_with("HTTP/1.1 200") && told.contains("\"messages\":[]"),
                "{how:?}: {told}"
            );
            assert!(took < Duration::from_secs(15), "{how:?}: {took:?}");
        }
        let agent = HOUSE.caller("agent.a-004").await;
        let id = agent.filed(&online("00008")).await;
        let page = agency.get("/v1/inbox?wait=30").await.json();
        assert_eq!(page["messages"][0]["event"]["subject"], id.as_str(), "{page}");
        assert_eq!(page["messages"][0]["attempt"], 1);
        // What waits already is handed out, hung up or not.
        let second = agent.filed(&online("00008")).await;
        let told = until("the second message", async || {
            let (told, _) = closing(&dialer, get(&dialer, "/v1/inbox?wait=30"), Closing::Whole).await;
            told.contains(&second).then_some(told)
        })
        .await;
        assert!(told.starts_with("HTTP/1.1 200"), "{told}");
    });
}

#[test]
fn a_body_that_comes_slowly_and_steadily_is_taken() {
    run(async {
        let dialer = Dialer::of(&HOUSE, "agent.a-005").await;
        let body = filing(299_000).into_bytes();
        let head = dialer.head(body.len());
        let begun = Instant::now();
        let mut line = aside(move || {
            let mut line = dialer.shake();
            line.write_all(head.as_bytes()).unwrap();
            line
        })
        .await;
        // Twenty thousand bytes a second.
        let mut second = tokio::time::interval(Duration::from_secs(1));
        for piece in body.chunks(20_000) {
            second.tick().await;
            let piece = piece.to_vec();
            line = aside(move || {
                line.write_all(&piece).unwrap();
                line.flush().unwrap();
                line
            })
            .await;
        }
        assert!(begun.elapsed() > BODY_TIME, "too quick to prove anything");
        let told = aside(move || answer(&mut line)).await;
        assert!(told.starts_with("HTTP/1.1 202"), "{told}");
    });
}

/// A line that is refused with as many problems as are told, and that is as long as a usual document.
fn wrong(size: usize) -> String {
    let fields: Vec<String> = (0..100).map(|n| format!("\"x{n}\":1")).collect();
    let text = format!("{{{}}}", fields.join(","));
    format!("{text}{}\n", " ".repeat(size.saturating_sub(text.len())))
}

/// Sends a batch whole before a byte is read, and gives the lines of its answer.
async fn sent_before_read(dialer: &Dialer, lines: Vec<String>) -> Vec<Value> {
    let dialer = dialer.clone();
    aside(move || {
        let mut line = dialer.shake();
        let length: usize = lines.iter().map(String::len).sum();
        let head = dialer
            .head(length)
            .replace("/v1/submissions", "/v1/submissions/batch")
            .replace("application/json", "application/x-ndjson");
        line.write_all(head.as_bytes()).unwrap();
        for text in &lines {
            line.write_all(text.as_bytes()).unwrap();
        }
        close_half(&mut line, Closing::Goodbye);
        let told = all(&mut line);
        // Chunked framing falls between the lines: a line of JSON begins with a brace.
        let mut text = String::new();
        let mut rest = told.split_once("\r\n\r\n").expect("a head").1;
        while let Some((size, after)) = rest.split_once("\r\n") {
            let size = usize::from_str_radix(size, 16).expect("a chunk");
            text.push_str(&after[..size]);
            rest = after[size..].strip_prefix("\r\n").unwrap_or("");
            if size == 0 {
                break;
            }
        }
        text.lines()
            .map(|l| serde_json::from_str(l).expect("a line"))
            .collect()
    })
    .await
}

#[test]
fn a_batch_is_sent_whole_before_a_line_of_its_answer_is_read() {
    run(async {
        let dialer = Dialer::of(&HOUSE, "agent.b-001").await;
        // Far more in both directions than lies on a line; less than the hub keeps.
        let told = sent_before_read(&dialer, vec![wrong(30_000); 250]).await;
        let end = &told.last().unwrap()["end"];
        assert_eq!(end["items"], 250, "{end}");
        assert!(end.get("problem").is_none(), "{end}");
        let bytes: usize = told.iter().map(|line| line.to_string().len()).sum();
        assert!(
            bytes > 5_000_000 && bytes < ANSWERS_OF_ONE,
            "the answers had {bytes} bytes"
        );
    });
}

#[test]
fn a_batch_whose_answers_nobody_takes_ends_with_the_reason_and_goes_on_where_it_ended() {
    run(async {
        let dialer = Dialer::of(&HOUSE, "agent.b-002").await;
        let mut lines = vec![wrong(30_000); 1_600];
        lines.push(format!("{}\n", online("00004")));
        let mut calls = 0;
        while !lines.is_empty() {
            calls += 1;
            let told = sent_before_read(&dialer, lines.clone()).await;
            let (end, items) = told.split_last().unwrap();
            let end = &end["end"];
            assert_eq!(end["items"], items.len(), "{end}");
            let done = items.last().unwrap()["item"].as_u64().unwrap() as usize;
            assert_eq!(done, items.len(), "every line before the end is answered");
            match &end["problem"]["label"] {
                Value::Null => assert_eq!(done, lines.len()),
                label => {
                    assert_eq!(label, "answers-not-taken", "{end}");
                    assert!(done < lines.len());
                }
            }
            lines.drain(..done);
        }
        assert!(calls > 1, "nothing was ever left untaken");
    });
}

/// A connection of another address of this machine.
fn from(address: [u8; 4], port: u16) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((address, 0)).into())?;
    socket.connect(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    socket.set_read_timeout(Some(Duration::from_secs(30)))?;
    Ok(socket.into())
}

fn balancer() -> [u8; 4] {
    BALANCER.parse::<Ipv4Addr>().unwrap().octets()
}

/// A PROXY header, version 2, for a citizen's address.
fn for_somebody(last: u8) -> Vec<u8> {
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
    header.extend([192, 0, 2, last, 198, 51, 100, 1, 0x9c, 0x40, 0x01, 0xbb]);
    header
}

fn port_of(url: &str) -> u16 {
    url.rsplit_once(':').unwrap().1.parse().unwrap()
}

#[test]
fn a_balancer_speaks_for_others_and_nobody_else_does() {
    run(async {
        let dialer = Dialer::of(&HOUSE, "agent.a-001").await;
        let port = port_of(HOUSE.hub().await.urls()[0]);
        let told = |before: Option<Vec<u8>>, address: [u8; 4]| {
            let dialer = dialer.clone();
            aside(move || {
                let mut socket = from(address, port).unwrap();
                if let Some(header) = before {
                    socket.write_all(&header).unwrap();
                }
                let mut line = dialer.dial_on(socket);
                // The hub may hang up before the handshake.
                drop(line.write_all(&get(&dialer, "/v1/dossiers")));
                answer(&mut line)
            })
        };
        assert!(
            told(Some(for_somebody(7)), balancer())
                .await
                .starts_with("HTTP/1.1 200")
        );
        // Its own look at whether the hub is there.
        let own = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0".to_vec();
        assert!(told(Some(own), balancer()).await.starts_with("HTTP/1.1 200"));
        assert_eq!(
            told(None, balancer()).await,
            "",
            "a balancer that does not say for whom"
        );
        assert_eq!(
            told(Some(for_somebody(7)), [127, 0, 0, 1]).await,
            "",
            "somebody who is none"
        );
        assert!(told(None, [127, 0, 0, 1]).await.starts_with("HTTP/1.1 200"));
    });
}

#[test]
fn an_address_has_so_many_connections_and_another_is_not_touched() {
    run(async {
        let hub = CROWDED.hub().await;
        let web = port_of(hub.urls()[1]);
        aside(move || {
            let ask = |socket: &mut TcpStream| {
                socket
                    .write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    .unwrap();
                answer(socket)
            };
            let mut held: Vec<TcpStream> = (0..FEW.per_address)
                .map(|_| from([127, 0, 0, 21], web).unwrap())
                .collect();
            for socket in &mut held {
                assert!(ask(socket).starts_with("HTTP/1.1 200"));
            }
            let mut more = from([127, 0, 0, 21], web).unwrap();
            // It may be closed before the question is out.
            drop(more.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"));
            assert_eq!(answer(&mut more), "", "one more than an address may have");
            assert!(ask(&mut from([127, 0, 0, 22], web).unwrap()).starts_with("HTTP/1.1 200"));
            // Behind the balancer each citizen is counted, not the balancer.
            let mut citizens: Vec<TcpStream> = (0..2 * FEW.per_address as u8)
                .map(|n| {
                    let mut socket = from(balancer(), web).unwrap();
                    socket.write_all(&for_somebody(100 + n)).unwrap();
                    socket
                })
                .collect();
            for socket in &mut citizens {
                assert!(ask(socket).starts_with("HTTP/1.1 200"));
            }
        })
        .await;
        let told = Told::of(client(hub, None).get(format!("{}/metrics", hub.urls()[2]))).await;
        let line = "lienthong_connections_closed_total{listener=\"web\",reason=\"address\"} 1";
        assert!(told.text().lines().any(|l| l == line), "{}", told.text());
    });
}

#[test]
fn a_worker_has_so_many_connections_and_the_next_one_waits() {
    run(async {
        // The operations listener has one worker.
        let hub = CROWDED.hub().await;
        let port = port_of(hub.urls()[2]);
        aside(move || {
            let question = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
            let of = |n: usize| [127, 0, 0, 30 + (n / FEW.per_address) as u8];
            // A download of nothing holds nothing: a connection counts as long as it is open.
            let mut held: Vec<TcpStream> = (0..FEW.per_worker).map(|n| from(of(n), port).unwrap()).collect();
            for socket in &mut held {
                socket.write_all(question).unwrap();
                assert!(answer(socket).starts_with("HTTP/1.1 200"));
            }
            let mut next = from([127, 0, 0, 60], port).unwrap();
            next.write_all(question).unwrap();
            next.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
            let waits = next.read(&mut [0; 1]).err().map(|e| e.kind());
            assert!(
                matches!(
                    waits,
                    Some(std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
                ),
                "{waits:?}"
            );
            held.pop();
            next.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            assert!(answer(&mut next).starts_with("HTTP/1.1 200"));
        })
        .await;
    });
}

#[test]
fn a_connection_that_asks_nothing_is_kept_so_long_and_then_closed() {
    run(async {
        let hub = NARROW.hub().await;
        let port = port_of(hub.urls()[1]);
        let kept = aside(move || {
            let mut socket = from([127, 0, 0, 70], port).unwrap();
            let question = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
            socket.write_all(question).unwrap();
            assert!(answer(&mut socket).starts_with("HTTP/1.1 200"));
            // A second question on it is answered: it was kept.
            socket.write_all(question).unwrap();
            assert!(answer(&mut socket).starts_with("HTTP/1.1 200"));
            let begun = Instant::now();
            assert_eq!(answer(&mut socket), "");
            begun.elapsed()
        })
        .await;
        assert!(kept + Duration::from_millis(500) >= FEW.keep_alive, "{kept:?}");
        assert!(kept < FEW.keep_alive + Duration::from_secs(6), "{kept:?}");
    });
}

#[test]
fn a_balancer_that_says_nothing_is_not_waited_for() {
    run(async {
        let port = port_of(HOUSE.hub().await.urls()[1]);
        let took = aside(move || {
            let mut socket = from(balancer(), port).unwrap();
            socket.write_all(&for_somebody(9)[..20]).unwrap();
            let begun = Instant::now();
            assert_eq!(answer(&mut socket), "");
            begun.elapsed()
        })
        .await;
        assert!(took < HANDSHAKE_TIME + Duration::from_secs(5), "{took:?}");
    });
}

#[test]
fn a_chain_longer_than_any_authority_makes_is_refused_in_the_handshake() {
    run(async {
        let hub = HOUSE.hub().await;
        let (certificate, key) = hub.state().tenant_pem(&"agent.a-001".parse().unwrap()).unwrap();
        let own = lienthong::net::pem::certificates(certificate.as_bytes()).unwrap();
        let with = async |count: usize| {
            let mut chain = own.clone();
            chain.resize(count, own[0].clone());
            let key = lienthong::net::pem::private_key(key.as_bytes()).unwrap();
            let call = client(hub, Some((chain, key)));
            Told::try_of(call.get(format!("{}/v1/dossiers", hub.urls()[0]))).await
        };
        // Whoever it is: the next thing asked for is the token.
        assert_eq!(with(CHAIN_CERTIFICATES).await.unwrap().status, 401);
        assert!(with(CHAIN_CERTIFICATES + 1).await.is_err());
    });
}

#[test]
fn what_is_no_http_is_counted_and_no_error_of_ours() {
    run(async {
        let hub = HOUSE.hub().await;
        let port = port_of(hub.urls()[1]);
        aside(move || {
            for rubbish in [&b"\x16\x03\x01\x02\x00\x01\r\n\r\n"[..], b"EHLO\r\n\r\n"] {
                let mut socket = from([127, 0, 0, 80], port).unwrap();
                socket.write_all(rubbish).unwrap();
                assert!(answer(&mut socket).starts_with("HTTP/1.1 400"));
            }
        })
        .await;
        until("both are counted", async || {
            let told = Told::of(client(hub, None).get(format!("{}/metrics", hub.urls()[2]))).await;
            let line = "lienthong_connections_closed_total{listener=\"web\",reason=\"malformed\"} 2";
            told.text().lines().any(|l| l == line).then_some(())
        })
        .await;
        let log = crate::house::logged();
        let error = log
            .lines()
            .find(|l| l.contains("ERROR") && l.contains("actix_http"));
        assert_eq!(error, None);
    });
}
