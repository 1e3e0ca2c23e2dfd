use std::collections::VecDeque;
use std::sync::Arc;

use rand::SeedableRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::client::Submission;
use crate::domain::view::Cursor;

/// What a scripted peer does with the next request.
enum Turn {
    /// Answers with this status, these header lines and this body.
    Answer(u16, &'static str, String),
    /// Reads the request and closes the line.
    HangUp,
    /// Writes this, and closes the line.
    Raw(String),
}

struct Peer {
    base: Url,
    heard: Arc<Mutex<Vec<String>>>,
}

/// A peer that speaks just enough HTTP/1.1: one request a connection, in the order of its script.
async fn peer(script: Vec<Turn>) -> Peer {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (log, mut script) = (heard.clone(), VecDeque::from(script));
    tokio::spawn(async move {
        while let Some(turn) = script.pop_front() {
            let (mut line, _) = listener.accept().await.unwrap();
            let request = read_request(&mut line).await;
            log.lock().push(request);
            let text = match turn {
                Turn::Answer(status, headers, body) => format!(
                    "HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                ),
                Turn::Raw(text) => text,
                Turn::HangUp => continue,
            };
            line.write_all(text.as_bytes()).await.unwrap();
        }
    });
    Peer { base, heard }
}

async fn read_request(line: &mut tokio::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0u8; 4096];
        let n = line.read(&mut chunk).await.unwrap();
        bytes.extend_from_slice(&chunk[..n]);
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|l| l.strip_prefix("content-length: "))
            .map_or(0, |v| v.parse().unwrap());
        if body.len() >= length {
            return text;
        }
    }
}

fn token(name: &str) -> Turn {
    let body = format!(r#"{{"access_token":"{name}","token_type":"Bearer","expires_in":600,"scope":""}}"#);
    Turn::Answer(200, "content-type: application/json\r\n", body)
}

fn problem(status: u16, label: &str) -> Turn {
    let body = format!(
        r#"{{"type":"x","label":"{label}","title":"t","status":{status},"detail":"d","instance":"req_{:032x}","problems":[]}}"#,
        1
    );
    Turn::Answer(
        status,
        "retry-after: 0\r\ncontent-type: application/problem+json\r\n",
        body,
    )
}

fn empty_page() -> Turn {
    let body = r#"{"events":[],"next":7}"#.to_owned();
    Turn::Answer(200, "content-type: application/json\r\n", body)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a plain client for a plain peer on the loopback"
)]
fn partner(base: &Url, clock: &Clock) -> Partner {
    // Another test may have installed it already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let settings = Settings {
        base: base.clone(),
        tenant: "agent.a-001".parse().unwrap(),
        staff: Some("nv-1".parse().unwrap()),
        point: None,
        scope: None,
        retry: Retry {
            attempts: 4,
            first: Duration::from_millis(1),
            longest: Duration::from_millis(2),
            patience: Duration::from_secs(60),
        },
    };
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    Partner::new(http, settings, clock.clone(), StdRng::seed_from_u64(1))
}

fn at_noon() -> Clock {
    Clock::manual("2026-11-23T12:00:00+07:00".parse().unwrap())
}

fn submission() -> Submission {
    Submission {
        body: b"{}".to_vec(),
        media_type: "application/json".into(),
        format: Some("canonical/v1".into()),
        key: IdempotencyKey::parse("k-1").unwrap(),
    }
}

fn count(heard: &[String], line: &str) -> usize {
    heard.iter().filter(|r| r.contains(line)).count()
}

#[tokio::test]
async fn a_filing_is_repeated_with_the_same_key_over_a_broken_line_and_a_busy_hub() {
    let script = vec![
        token("one"),
        Turn::HangUp,
        problem(503, "store-unavailable"),
        problem(422, "field-missing"),
    ];
    let peer = peer(script).await;
    let error = partner(&peer.base, &at_noon())
        .submit(&submission())
        .await
        .unwrap_err();
    assert_eq!(error.label(), Some(Label::FieldMissing));
    let heard = peer.heard.lock();
    assert_eq!(heard.len(), 4);
    assert_eq!(count(&heard, "idempotency-key: k-1"), 3);
    assert_eq!(count(&heard, "acting-staff: nv-1"), 4);
    assert!(heard[0].ends_with("grant_type=client_credentials&client_id=agent.a-001"));
    let trace = |r: &String| {
        r.lines()
            .find(|l| l.starts_with("traceparent: 00-"))
            .map(str::to_owned)
    };
    assert!(trace(&heard[1]).is_some() && trace(&heard[1]) == trace(&heard[3]));
    assert_ne!(trace(&heard[0]), trace(&heard[1]));
}

#[tokio::test]
async fn a_report_without_a_key_is_not_repeated_unless_it_was_surely_not_taken() {
    let peer = peer(vec![
        token("one"),
        problem(429, "rate-limited"),
        problem(503, "store-unavailable"),
    ])
    .await;
    let request = crate::domain::view::StatusRequest { reports: Vec::new() };
    let error = partner(&peer.base, &at_noon())
        .report(&request, None)
        .await
        .unwrap_err();
    assert_eq!(error.label(), Some(Label::StoreUnavailable));
    assert_eq!(peer.heard.lock().len(), 3);
}

#[tokio::test]
async fn attempts_are_bounded() {
    let peer = peer(vec![
        token("one"),
        Turn::HangUp,
        Turn::HangUp,
        Turn::HangUp,
        Turn::HangUp,
    ])
    .await;
    let error = partner(&peer.base, &at_noon())
        .submit(&submission())
        .await
        .unwrap_err();
    assert!(matches!(error, ClientError::Transport { .. }));
    assert!(!error.to_string().contains("127.0.0.1"), "{error}");
    assert_eq!(peer.heard.lock().len(), 5);
}

#[tokio::test]
async fn a_token_is_kept_renewed_before_its_end_and_once_when_the_hub_says_it_is_over() {
    let script = vec![
        token("one"),
        empty_page(),
        empty_page(),
        token("two"),
        problem(401, "token-expired"),
        token("three"),
        empty_page(),
        problem(401, "token-expired"),
        token("four"),
        problem(401, "token-expired"),
    ];
    let peer = peer(script).await;
    let clock = at_noon();
    let partner = partner(&peer.base, &clock);
    let ask = || partner.events(Cursor::START, Duration::ZERO, 10);
    assert_eq!(ask().await.unwrap().next.number, 7);
    ask().await.unwrap();
    clock.advance(Duration::from_secs(481));
    ask().await.unwrap();
    assert_eq!(ask().await.unwrap_err().label(), Some(Label::TokenExpired));
    let heard = peer.heard.lock();
    for (name, times) in [("one", 2), ("two", 1), ("three", 2), ("four", 1)] {
        assert_eq!(
            count(&heard, &format!("authorization: bearer {name}")),
            times,
            "{name}"
        );
    }
    assert!(heard[1].starts_with("get /v1/events?after=0&wait=0&limit=10 "));
}

#[tokio::test]
async fn an_answer_against_the_contract_is_told_without_its_content() {
    let html = |s| Turn::Answer(s, "content-type: text/html\r\n", "<b>Trần Văn Mẫu</b>".into());
    let peer = peer(vec![token("one"), html(200), html(403)]).await;
    let partner = partner(&peer.base, &at_noon());
    for status in [200, 403] {
        let error = partner
            .events(Cursor::START, Duration::ZERO, 10)
            .await
            .unwrap_err();
        assert!(
            matches!(error, ClientError::Contract { status: s, .. } if s == status),
            "{error}"
        );
        assert!(!error.to_string().contains("Mẫu"));
    }
}

#[tokio::test]
async fn following_goes_on_at_the_cursor_after_a_failure() {
    let peer = peer(vec![
        token("one"),
        empty_page(),
        problem(403, "permission-missing"),
        problem(403, "permission-missing"),
    ])
    .await;
    let partner = partner(&peer.base, &at_noon());
    let mut follow = partner.follow("3".parse().unwrap());
    for _ in 0..2 {
        assert!(follow.next().await.is_err());
    }
    assert_eq!(follow.cursor().number, 7);
    let heard = peer.heard.lock();
    assert!(heard[1].contains("after=3&") && heard[2].contains("after=7&") && heard[3].contains("after=7&"));
}

/// A file, or its end, on a line that breaks after `sent`.
fn broken(status: u16, digest: &str, length: usize, sent: &str) -> Turn {
    Turn::Raw(format!(
        "HTTP/1.1 {status} X\r\netag: \"{digest}\"\r\ncontent-length: {length}\r\n\r\n{sent}"
    ))
}

async fn downloaded(script: Vec<Turn>) -> (Result<Vec<u8>, ClientError>, Vec<String>) {
    let peer = peer(script).await;
    let partner = partner(&peer.base, &at_noon());
    let mut rng = StdRng::seed_from_u64(2);
    let dossier = crate::domain::ids::DossierId::new(Timestamp::from_micros(0), &mut rng);
    let mut bytes = Vec::new();
    let read = async {
        let mut download = partner.download(dossier, 1).await?;
        assert_eq!(download.size(), 10);
        while let Some(piece) = download.next().await? {
            bytes.extend(piece);
        }
        Ok(())
    };
    let ended = read.await;
    let heard = peer.heard.lock().clone();
    (ended.map(|()| bytes), heard)
}

#[tokio::test]
async fn a_download_goes_on_where_its_line_broke() {
    let digest = crate::domain::seal::sha256(b"0123456789").to_string();
    let (bytes, heard) = downloaded(vec![
        token("one"),
        broken(200, &digest, 10, "0123"),
        Turn::HangUp,
        broken(206, &digest, 6, "456"),
        broken(206, &digest, 3, "789"),
    ])
    .await;
    assert_eq!(bytes.unwrap(), b"0123456789");
    assert_eq!(count(&heard, "range: bytes=4-"), 2);
    assert_eq!(count(&heard, "range: bytes=7-"), 1);
    assert_eq!(count(&heard, &format!("if-range: \"{digest}\"")), 3);
}

#[tokio::test]
async fn a_download_that_is_not_its_digest_is_damaged() {
    let digest = crate::domain::seal::sha256(b"0123456789").to_string();
    let (bytes, _) = downloaded(vec![token("one"), broken(200, &digest, 10, "012345678_")]).await;
    assert!(matches!(bytes, Err(ClientError::Damaged)), "{bytes:?}");
}

#[tokio::test]
async fn an_upload_from_a_file_is_read_anew_at_every_try() {
    let file = std::env::temp_dir().join(format!("lienthong-upload-{}", std::process::id()));
    std::fs::write(&file, b"a file").unwrap();
    let digest = crate::domain::seal::sha256(b"a file").to_string();
    let view = format!(r#"{{"sha256":"{digest}","size":6,"existing":false}}"#);
    let peer = peer(vec![
        token("one"),
        Turn::HangUp,
        problem(503, "store-unavailable"),
        Turn::Answer(201, "content-type: application/json\r\n", view),
    ])
    .await;
    let partner = partner(&peer.base, &at_noon());
    let sha256 = digest.parse().unwrap();
    let kept = partner
        .upload(sha256, Contents::File(file.clone()))
        .await
        .unwrap();
    assert_eq!((kept.size, kept.existing), (6, false));
    std::fs::remove_file(&file).unwrap();
    let gone = partner.upload(sha256, Contents::File(file)).await;
    assert!(matches!(gone, Err(ClientError::File(_))), "{gone:?}");
    let heard = peer.heard.lock();
    let uploads = heard
        .iter()
        .filter(|r| r.starts_with(&format!("put /v1/blobs/{digest}")));
    assert!(
        uploads
            .clone()
            .all(|r| r.ends_with("\r\n\r\na file") && r.contains("content-length: 6"))
    );
    assert_eq!(uploads.count(), 3);
}
