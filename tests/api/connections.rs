//! Connections: those whose client has sent everything and closed its half, those behind a balancer, those on a slow line, those that
//! ask nothing, and more of them than there may be. Spoken over plain sockets.

mod addresses;

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use lienthong::http::limits::{ANSWERS_OF_ONE, BODY_TIME};
use serde_json::Value;

use crate::documents::online;
use crate::house::{House, run, until};
use crate::slow::{Dialer, Line, answer, aside};

static HOUSE: House = House::new();

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
