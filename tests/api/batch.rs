//! Batches over the wire: results while documents come, and every way a body of lines can go wrong.

use std::io::{Read, Write};
use std::time::Duration;

use lienthong::http::limits::{
    BATCH_BYTES, BATCH_ITEMS, BATCHES_PER_TENANT, BODY_TIME, DOCUMENT_BYTES, UNREAD_TIME,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::documents::{online, with};
use crate::house::{Caller, House, Told, fresh, run};
use crate::slow::{Dialer, Line, aside};

static HOUSE: House = House::new();

/// A matter of its own.
fn matter() -> Value {
    with(online("00004"), "summary", json!(fresh("việc")))
}

async fn send_as(caller: &Caller, key: &str, body: impl Into<reqwest::Body>) -> Told {
    let request = caller.request(Method::POST, "/v1/submissions/batch").await;
    let request = request
        .header("Content-Type", "application/x-ndjson")
        .header("Submission-Format", "canonical/v1")
        .header("Idempotency-Key", key);
    Told::of(request.body(body)).await
}

async fn send(caller: &Caller, body: impl Into<reqwest::Body>) -> Told {
    send_as(caller, &fresh("batch"), body).await
}

/// The lines of an answer, without the last; and the last.
fn lines(told: &Told) -> (Vec<Value>, Value) {
    assert_eq!(
        (told.status, told.header("content-type")),
        (200, "application/x-ndjson"),
        "{}",
        told.text()
    );
    let mut lines: Vec<Value> = told
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut end = lines.pop().unwrap();
    assert!(end["end"].is_object(), "{end}");
    (lines, end["end"].take())
}

#[test]
fn a_line_for_each_item_in_order_and_one_that_says_that_this_was_all() {
    run(async {
        let agent = HOUSE.caller("agent.a-001").await;
        let good = [matter(), matter()];
        let body = [
            b"\xef\xbb\xbf".to_vec(),
            format!("{}\r\n\r\n   \n", good[0]).into_bytes(),
            b"not json\n{\"a\":\"\xff\xfe\"}\n".to_vec(),
            format!("\"{}\"\n", "x".repeat(2 * DOCUMENT_BYTES)).into_bytes(),
            format!("{}\n{}", with(matter(), "channel", json!("pigeon")), good[1]).into_bytes(),
        ]
        .concat();
        let key = fresh("batch");
        let told = send_as(&agent, &key, body.clone()).await;
        let (items, end) = lines(&told);
        let got: Vec<_> = items
            .iter()
            .map(|line| {
                let label = line["problem"]["label"].as_str().unwrap_or("");
                (
                    line["item"].as_u64().unwrap(),
                    line["status"].as_u64().unwrap(),
                    label,
                )
            })
            .collect();
        let expected = [
            (1, 202, ""),
            (4, 400, "syntax-invalid"),
            (5, 400, "encoding-invalid"),
            (6, 413, "body-too-large"),
            (7, 422, "value-unknown"),
            (8, 202, ""),
        ];
        assert_eq!(got, expected);
        assert_eq!(end, json!({ "items": 6, "taken": 2, "refused": 4 }));
        let refused = &items[4]["problem"];
        assert_eq!(
            (&refused["problems"][0]["path"], &refused["instance"]),
            (&json!("7:/channel"), &json!(told.header("request-id")))
        );
        assert!(items.iter().all(|i| i.get("replayed").is_none()), "{items:?}");
        a_refused_line_can_be_quoted_and_read(&agent, refused["refusal"].as_str().unwrap()).await;
        // The dossiers are there.
        for (line, good) in [(&items[0], &good[0]), (&items[5], &good[1])] {
            let id = line["answer"]["tracking_id"].as_str().unwrap();
            let dossier = agent.get(&format!("/v1/dossiers/{id}")).await.json();
            assert_eq!(dossier["reference"], good["reference"]);
        }
        // The same again is the same answer.
        let (again, _) = lines(&send_as(&agent, &key, body).await);
        assert_eq!(again[0]["answer"], items[0]["answer"]);
        assert_eq!(
            (&again[0]["replayed"], &again[5]["replayed"]),
            (&json!(true), &json!(true))
        );
        assert_eq!(again[4]["problem"]["refusal"], refused["refusal"]);
    });
}

/// A clerk can quote the refusal, and support can read what was sent.
async fn a_refused_line_can_be_quoted_and_read(agent: &Caller, name: &str) {
    let operator = HOUSE.caller("operator.trung-tam").await;
    let why = operator.get(&format!("/v1/refusals/{name}")).await.json();
    assert_eq!(
        (&why["problems"][0]["path"], &why["tenant"]),
        (&json!("7:/channel"), &json!("agent.a-001"))
    );
    let sent = agent.get(&format!("/v1/refusals/{name}/submission")).await;
    assert_eq!(
        sent.header("content-disposition"),
        format!("attachment; filename=\"{name}\"")
    );
    assert_eq!(sent.json()["channel"], "pigeon");
}

#[test]
fn a_document_that_lists_dossiers_is_taken_apart() {
    run(async {
        let branch = HOUSE.caller("branch.ba-dinh").await;
        let item = |code: &str, channel: &str| {
            json!({
                "MaHoSo": code, "MaTTHC": "9.901001", "TenTTHC": "Thẻ ABTC", "MaLinhVuc": "P-NGV", "TenLinhVuc": "Ngoại vụ",
                "KenhThucHien": channel, "ChuHoSo": "Nguyễn Văn Mẫu", "NgayTiepNhan": "20261120090000", "TrangThaiHoSo": "2",
                "DonViXuLy": "Văn phòng UBND Thành phố",
            })
        };
        let (first, last) = (fresh("mc"), fresh("mc"));
        let document = json!({
            "session": "x", "madonvi": "y", "service": "DongBoHoSoMC", "isUpdating": "False",
            "data": [item(&first, "1"), item(&fresh("mc"), "9"), item(&last, "1")],
        });
        let key = fresh("batch");
        let send = async || {
            let request = branch.request(Method::POST, "/v1/submissions/batch").await;
            let request = request
                .header("Content-Type", "application/json")
                .header("Submission-Format", "dvcqg-mc/v1")
                .header("Idempotency-Key", &key);
            Told::of(request.body(document.to_string())).await
        };
        let (items, end) = lines(&send().await);
        assert_eq!(end, json!({ "items": 3, "taken": 2, "refused": 1 }), "{items:?}");
        assert_eq!(items[1]["problem"]["problems"][0]["path"], "/data/1/KenhThucHien");
        for (line, code) in [(&items[0], &first), (&items[2], &last)] {
            let id = line["answer"]["tracking_id"].as_str().unwrap();
            let dossier = branch.get(&format!("/v1/dossiers/{id}")).await.json();
            assert_eq!(dossier["reference"], **code);
            // What is kept is the sender's document with this one item.
            let sent = branch.get(&format!("/v1/dossiers/{id}/submission")).await.json();
            assert_eq!(
                (&sent["data"][0]["MaHoSo"], sent["data"].as_array().unwrap().len()),
                (&json!(code), 1)
            );
        }
        let (again, _) = lines(&send().await);
        assert_eq!(
            (&again[2]["answer"], &again[2]["replayed"]),
            (&items[2]["answer"], &json!(true))
        );
        // A format without a list files one by one.
        let request = branch.request(Method::POST, "/v1/submissions/batch").await;
        let request = request
            .header("Content-Type", "application/json")
            .header("Submission-Format", "canonical/v1");
        let told = Told::of(
            request
                .header("Idempotency-Key", fresh("b"))
                .body(matter().to_string()),
        )
        .await;
        told.refuses("media-type-unsupported");
    });
}

#[test]
fn what_is_no_batch_is_refused_before_it_begins() {
    run(async {
        let agent = HOUSE.caller("agent.a-001").await;
        let request = agent.request(Method::POST, "/v1/submissions/batch").await;
        let json = request
            .header("Content-Type", "text/csv")
            .header("Idempotency-Key", fresh("b"));
        Told::of(json.body("a;b")).await.refuses("media-type-unsupported");
        let request = agent.request(Method::POST, "/v1/submissions/batch").await;
        let unkeyed = request.header("Content-Type", "application/x-ndjson").body("{}");
        Told::of(unkeyed).await.refuses("idempotency-key-missing");
        let request = agent.request(Method::POST, "/v1/submissions/batch").await;
        let unread = request
            .header("Content-Type", "application/x-ndjson")
            .header("Accept", "application/xml")
            .header("Idempotency-Key", fresh("b"));
        assert_eq!(Told::of(unread.body("{}")).await.status, 406);
        let (items, end) = lines(&send(&agent, "").await);
        assert_eq!(
            (items.len(), end),
            (0, json!({ "items": 0, "taken": 0, "refused": 0 }))
        );
        // A length over the limit is refused before a byte is read.
        let dialer = Dialer::of(&HOUSE, "agent.a-001").await;
        let told = aside(move || {
            let mut line = dialer.dial();
            let head = head(&dialer).replace(
                "Transfer-Encoding: chunked",
                &format!("Content-Length: {}", BATCH_BYTES + 1),
            );
            line.write_all(head.as_bytes()).unwrap();
            crate::slow::answer(&mut line)
        })
        .await;
        assert!(told.starts_with("HTTP/1.1 413"), "{told}");
    });
}

#[test]
fn the_item_past_the_last_ends_the_batch_and_those_before_it_are_answered() {
    run(async {
        let agent = HOUSE.caller("agent.a-002").await;
        // Lines that are quickly refused: what is counted is items, not dossiers.
        let body = "{}\n".repeat(BATCH_ITEMS as usize + 1) + &matter().to_string();
        let (items, end) = lines(&send(&agent, body).await);
        assert_eq!(items.len() as u64, BATCH_ITEMS);
        assert_eq!(
            (&end["items"], &end["problem"]["label"]),
            (&json!(BATCH_ITEMS), &json!("too-many-items"))
        );
        // All those bytes were the same, so they are kept once.
        let page = agent.get("/v1/refusals").await.json();
        let counts: Vec<_> = page["refusals"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["count"].as_u64().unwrap())
            .collect();
        assert_eq!(counts, [BATCH_ITEMS]);
    });
}

/// The head of a batch whose length nobody knows yet.
fn head(dialer: &Dialer) -> String {
    dialer
        .head(0)
        .replace("/v1/submissions", "/v1/submissions/batch")
        .replace("application/json", "application/x-ndjson")
        .replace("Content-Length: 0", "Transfer-Encoding: chunked")
}

/// A piece of a chunked body.
fn chunk(text: &str) -> Vec<u8> {
    format!("{:x}\r\n{text}\r\n", text.len()).into_bytes()
}

/// Reads until this many lines of an answer have come.
fn until_lines(line: &mut Line, count: usize) -> String {
    let (mut told, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&told).into_owned();
        if text.matches("\"item\":").count() >= count {
            return text;
        }
        let n = line.read(&mut piece).expect("a line of the answer");
        assert!(n > 0, "the hub hung up: {text}");
        told.extend_from_slice(&piece[..n]);
    }
}

#[test]
fn an_item_is_answered_before_the_next_one_is_sent_and_what_was_answered_stays() {
    run(async {
        let agent = HOUSE.caller("agent.a-003").await;
        let dialer = Dialer::of(&HOUSE, "agent.a-003").await;
        let filings = [matter(), matter()];
        let sent = filings.clone();
        let told = aside(move || {
            let mut line = dialer.shake();
            line.write_all(head(&dialer).as_bytes()).unwrap();
            line.write_all(&chunk(&format!("{}\n", sent[0]))).unwrap();
            let first = until_lines(&mut line, 1);
            // The second one breaks off in its middle, and the line with it.
            let half = sent[1].to_string();
            line.write_all(&chunk(&half[..half.len() / 2])).unwrap();
            first
        })
        .await;
        assert!(told.contains("\"status\":202"), "{told}");
        let found = async |filing: &Value| {
            let reference = filing["reference"].as_str().unwrap();
            let page = agent
                .get(&format!("/v1/dossiers?reference={reference}"))
                .await
                .json();
            page["dossiers"].as_array().unwrap().len()
        };
        assert_eq!((found(&filings[0]).await, found(&filings[1]).await), (1, 0));
    });
}

#[test]
fn a_client_that_sends_nothing_more_is_told_so() {
    run(async {
        let dialer = Dialer::of(&HOUSE, "agent.a-004").await;
        let (told, took) = aside(move || {
            let mut line = dialer.shake();
            let begun = std::time::Instant::now();
            line.write_all(head(&dialer).as_bytes()).unwrap();
            line.write_all(&chunk(&format!("{}\n{{\"half\":", matter())))
                .unwrap();
            let mut told = Vec::new();
            // The end of the answer, or of the line.
            let mut piece = [0; 4096];
            while !String::from_utf8_lossy(&told).contains("\"end\"") {
                match line.read(&mut piece) {
                    Ok(n) if n > 0 => told.extend_from_slice(&piece[..n]),
                    _ => break,
                }
            }
            (String::from_utf8_lossy(&told).into_owned(), begun.elapsed())
        })
        .await;
        assert!(
            told.contains("\"taken\":1") && told.contains("request-timeout"),
            "{told}"
        );
        assert!(took >= BODY_TIME, "{took:?}");
    });
}

#[test]
fn a_client_that_never_reads_is_cut_off_and_holds_nothing_up() {
    run(async {
        let dialer = Dialer::of(&HOUSE, "agent.a-001").await;
        let agent = HOUSE.caller("agent.a-005").await;
        let cut = tokio::task::spawn_blocking(move || {
            let mut line = dialer.shake();
            line.write_all(head(&dialer).as_bytes()).unwrap();
            line.sock
                .set_write_timeout(Some(2 * UNREAD_TIME + Duration::from_secs(30)))
                .unwrap();
            // Refusals are longer than what they refuse, so the answers fill the line long before the batch is sent.
            let body = chunk(&"{}\n".repeat(1000));
            let begun = std::time::Instant::now();
            // As long as it is read from: what comes after the last item is let go.
            let ended =
                std::iter::repeat(()).find_map(|()| line.write_all(&body).and_then(|()| line.flush()).err());
            (ended.map(|e| e.kind()), begun.elapsed())
        });
        // Others are served meanwhile.
        agent.filed(&matter()).await;
        let (ended, took) = cut.await.unwrap();
        assert!(
            matches!(
                ended,
                Some(
                    std::io::ErrorKind::ConnectionReset
                        | std::io::ErrorKind::BrokenPipe
                        | std::io::ErrorKind::TimedOut
                )
            ),
            "{ended:?} after {took:?}"
        );
        // The kernel looks at it when it asks again, and asks more and more seldom.
        assert!(took < 2 * UNREAD_TIME + Duration::from_secs(30), "{took:?}");
    });
}

#[test]
fn a_tenant_sends_so_many_batches_at_once() {
    run(async {
        let dialer = Dialer::of(&HOUSE, "agent.b-001").await;
        let begin = |dialer: Dialer| {
            aside(move || {
                let mut line = dialer.shake();
                line.write_all(head(&dialer).as_bytes()).unwrap();
                line.write_all(&chunk(&format!("{}\n", matter()))).unwrap();
                until_lines(&mut line, 1);
                line
            })
        };
        let mut open = Vec::new();
        for _ in 0..BATCHES_PER_TENANT {
            open.push(begin(dialer.clone()).await);
        }
        let caller = HOUSE.caller("agent.b-001").await;
        let told = send(&caller, matter().to_string()).await;
        told.refuses("rate-limited");
        // A single filing, and another tenant's batch, find their way.
        caller.filed(&matter()).await;
        let (_, end) = lines(&send(&HOUSE.caller("agent.b-002").await, matter().to_string()).await);
        assert_eq!(end["taken"], 1);
        aside(move || {
            for mut line in open {
                line.write_all(b"0\r\n\r\n").unwrap();
                let mut rest = Vec::new();
                let mut piece = [0; 1024];
                while !String::from_utf8_lossy(&rest).contains("\"end\"") {
                    let n = line.read(&mut piece).unwrap();
                    assert!(n > 0);
                    rest.extend_from_slice(&piece[..n]);
                }
            }
        })
        .await;
        let (_, end) = lines(&send(&caller, matter().to_string()).await);
        assert_eq!(end["taken"], 1);
    });
}
