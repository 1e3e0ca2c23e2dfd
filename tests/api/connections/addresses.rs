//! Whose connections there are: behind a balancer, from one address more than it may have, and those that speak no HTTP.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use lienthong::http::Connections;
use lienthong::http::limits::HANDSHAKE_TIME;
use lienthong::net::tls::CHAIN_CERTIFICATES;
use socket2::{Domain, Socket, Type};

use super::get;
use crate::house::{BALANCER, House, Told, client, run, until};
use crate::slow::{Dialer, answer, aside};

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
