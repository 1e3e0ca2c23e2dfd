//! What no honest client sends. All of it is the caller's own matter: a 4xx problem, never a 5xx, and the hub goes on.

use lienthong::http::limits::{DOCUMENT_BYTES, FORM_BYTES, JSON_BYTES};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};

use crate::documents::{online, with, xml};
use crate::house::{Caller, House, Told, fresh, run, run_alone};

static HOUSE: House = House::new();

const JSON: &str = "application/json";
const XML: &str = "application/xml";

async fn file(caller: &Caller, media: &str, body: impl Into<reqwest::Body>) -> Told {
    caller.file_as(media, &fresh("key"), body).await
}

/// It files as if nothing had been.
async fn alive(caller: &Caller) {
    caller.filed(&online("00004")).await;
}

/// How a body is sent, the body, and the label it is refused with; an empty one where several fit.
type Malformed = (&'static str, Vec<u8>, &'static str);

/// Nothing, a part, too much, or something else.
fn no_document(good: &Value) -> Vec<Malformed> {
    let text = good.to_string();
    vec![
        (JSON, Vec::new(), "document-empty"),
        (JSON, b" \n\t ".to_vec(), "document-empty"),
        (XML, b"  ".to_vec(), "document-empty"),
        (JSON, text.as_bytes()[..text.len() - 1].to_vec(), "syntax-invalid"),
        (JSON, text.as_bytes()[..text.len() / 2].to_vec(), "syntax-invalid"),
        (XML, xml(good).as_bytes()[..60].to_vec(), "syntax-invalid"),
        (JSON, format!("{text} {text}").into_bytes(), "syntax-invalid"),
        (JSON, b"nonsense".to_vec(), "syntax-invalid"),
        (JSON, b"[1,]".to_vec(), "syntax-invalid"),
        (JSON, b"{\"a\":NaN}".to_vec(), "syntax-invalid"),
        (XML, b"<a></b>".to_vec(), "syntax-invalid"),
        (XML, b"plain text".to_vec(), "syntax-invalid"),
    ]
}

/// Bytes that are not what they are said to be.
fn wrongly_encoded(text: &str) -> Vec<Malformed> {
    vec![
        (JSON, b"{\"reference\":\"\xff\xfe\"}".to_vec(), "encoding-invalid"),
        (
            JSON,
            text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "encoding-unsupported",
        ),
        (
            XML,
            [b"\xff\xfe".to_vec(), vec![b'<', 0, 0, 0xd8]].concat(),
            "encoding-invalid",
        ),
        (
            XML,
            "<?xml version=\"1.0\" encoding=\"windows-1258\"?><a>Đ</a>".into(),
            "encoding-contradicted",
        ),
    ]
}

/// Characters and keys that no document may have.
fn forbidden_characters(good: &Value) -> Vec<Malformed> {
    let text = good.to_string();
    vec![
        (
            JSON,
            b"{\"reference\":\"a\",\"reference\":\"b\"}".to_vec(),
            "duplicate-key",
        ),
        (
            JSON,
            with(good.clone(), "summary", json!("a\u{0}b"))
                .to_string()
                .into_bytes(),
            "control-character",
        ),
        (JSON, text.replace("Nguy", "\u{0}").into_bytes(), ""),
        (XML, xml(good).replace("Nguy", "\u{0}").into_bytes(), ""),
        (XML, xml(good).replace("Nguy", "&#0;").into_bytes(), ""),
        (
            XML,
            xml(good).replace("Nguy", "&#xFFFE;").into_bytes(),
            "control-character",
        ),
        (
            XML,
            xml(good).replace("Nguy", "\u{ffff}").into_bytes(),
            "control-character",
        ),
        (
            JSON,
            text.replace("Nguy", "\\uffff").into_bytes(),
            "control-character",
        ),
    ]
}

/// Declarations and entities of XML.
fn declarations(good: &Value) -> Vec<Malformed> {
    let doctype = "<!DOCTYPE dossier [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
    let outside = "<!DOCTYPE dossier SYSTEM \"file:///etc/passwd\">";
    vec![
        (
            XML,
            format!("{doctype}{}", xml(good)).into_bytes(),
            "doctype-forbidden",
        ),
        (
            XML,
            format!("{outside}{}", xml(good)).into_bytes(),
            "doctype-forbidden",
        ),
        (
            XML,
            xml(good).replace("Nguy", "&b;").into_bytes(),
            "entity-forbidden",
        ),
        (
            XML,
            xml(good).replace("Nguy", "&nbsp;").into_bytes(),
            "entity-forbidden",
        ),
    ]
}

/// More levels, parts or letters than are read.
fn too_much_of_it() -> Vec<Malformed> {
    let nested = |depth: usize| format!("{{\"x\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
    let elements = |depth: usize| {
        format!(
            "<dossier xmlns=\"urn:vn:lienthong:dossier:v1\">{}{}</dossier>",
            "<x>".repeat(depth),
            "</x>".repeat(depth)
        )
    };
    vec![
        // 32 levels are read; the 33rd is not.
        (JSON, nested(31).into_bytes(), "field-missing"),
        (JSON, nested(32).into_bytes(), "too-deep"),
        (JSON, "[".repeat(DOCUMENT_BYTES).into_bytes(), "too-deep"),
        (JSON, "{\"a\":".repeat(100_000).into_bytes(), "too-deep"),
        (XML, elements(32).into_bytes(), "too-deep"),
        (XML, "<a>".repeat(300_000).into_bytes(), "too-deep"),
        (
            JSON,
            format!("{{\"x\":[{}]}}", vec!["0"; 20_001].join(",")).into_bytes(),
            "too-many-parts",
        ),
        (
            JSON,
            format!("{{\"x\":\"{}\"}}", "y".repeat(65_537)).into_bytes(),
            "text-too-long",
        ),
    ]
}

/// Numbers, dates and things out of range.
fn out_of_range(good: &Value) -> Vec<Malformed> {
    let text = good.to_string();
    vec![
        (JSON, text.replace("true", "1e999").into_bytes(), ""),
        (
            JSON,
            with(good.clone(), "fees", json!([{ "name": "x", "amount_vnd": 0 }]))
                .to_string()
                .replace(":0,", ":123456789012345678901234567890,")
                .into_bytes(),
            "number-range",
        ),
        (
            JSON,
            with(good.clone(), "fees", json!([{ "name": "x", "amount_vnd": -1 }]))
                .to_string()
                .into_bytes(),
            "number-range",
        ),
        (
            JSON,
            with(good.clone(), "filed_at", json!("+999999-01-01T00:00:00Z"))
                .to_string()
                .into_bytes(),
            "date-malformed",
        ),
        (
            JSON,
            with(good.clone(), "filed_at", json!("0001-01-01T00:00:00Z"))
                .to_string()
                .into_bytes(),
            "date-unset",
        ),
        (JSON, b"null".to_vec(), "object-expected"),
        (JSON, b"[]".to_vec(), "object-expected"),
    ]
}

#[test]
fn every_way_of_being_malformed_has_its_label() {
    run(async {
        let caller = HOUSE.caller("agent.a-001").await;
        let good = online("00004");
        let cases = [
            no_document(&good),
            wrongly_encoded(&good.to_string()),
            forbidden_characters(&good),
            declarations(&good),
            too_much_of_it(),
            out_of_range(&good),
        ]
        .concat();
        let mut taken = Vec::new();
        for (media, body, label) in cases {
            let shown = String::from_utf8_lossy(&body[..body.len().min(90)]).into_owned();
            let told = file(&caller, media, body.clone()).await;
            if !(400..500).contains(&told.status) {
                taken.push(format!("{:?}", String::from_utf8_lossy(&body)));
                continue;
            }
            if label.is_empty() {
                assert!(!told.labels().is_empty());
            } else {
                assert_eq!(told.labels()[0], label, "{shown}: {}", told.text());
                told.refuses(label);
            }
        }
        assert!(taken.is_empty(), "taken, or worse: {taken:#?}");
        // A byte order mark is no fault (RFC 8259, 8.1).
        let marked = [b"\xef\xbb\xbf".to_vec(), online("00004").to_string().into_bytes()].concat();
        let told = file(&caller, JSON, marked).await;
        assert_eq!(told.status, 202, "{}", told.text());
        alive(&caller).await;
    });
}

#[test]
fn a_document_at_the_limit_is_read_and_one_byte_more_is_not() {
    run(async {
        let caller = HOUSE.caller("agent.a-002").await;
        let text = online("00004").to_string();
        let padded = |size: usize| format!("{text}{}", " ".repeat(size - text.len()));
        assert_eq!(file(&caller, JSON, padded(DOCUMENT_BYTES)).await.status, 202);
        file(&caller, JSON, padded(DOCUMENT_BYTES + 1))
            .await
            .refuses("body-too-large");
        let id = caller.filed(&online("00004")).await;
        let act = |size: usize| format!("{{\"text\":\"x\"}}{}", " ".repeat(size - 12));
        let path = format!("/v1/dossiers/{id}/supplements");
        for (size, label) in [
            (JSON_BYTES, "transition-not-allowed"),
            (JSON_BYTES + 1, "body-too-large"),
        ] {
            let request = caller
                .request(Method::POST, &path)
                .await
                .header("Content-Type", JSON);
            Told::of(request.header("Idempotency-Key", fresh("key")).body(act(size)))
                .await
                .refuses(label);
        }
        let form = format!("grant_type=client_credentials&client_id={}&x=", caller.tenant);
        let filled = |size: usize| format!("{form}{}", "y".repeat(size - form.len()));
        assert_eq!(caller.form("/oauth2/token", filled(FORM_BYTES)).await.status, 200);
        caller
            .form("/oauth2/token", filled(FORM_BYTES + 1))
            .await
            .refuses("body-too-large");
        alive(&caller).await;
    });
}

/// Breaks a good document somewhere.
fn broken(good: &[u8], rng: &mut StdRng) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..rng.random_range(1..6) {
        let at = rng.random_range(0..bytes.len());
        match rng.random_range(0..5) {
            0 => bytes[at] = rng.random(),
            1 => bytes.truncate(at.max(1)),
            2 => bytes.insert(
                at,
                *b"{}[]<>\"&,:\0\\".get(rng.random_range(0..12)).expect("in range"),
            ),
            3 => drop(bytes.remove(at)),
            _ => {
                let piece = bytes[at..(at + 20).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
    bytes
}

#[test]
fn random_bytes_are_never_the_hubs_fault() {
    run(async {
        let caller = HOUSE.caller("agent.a-003").await;
        let agency = HOUSE.caller("agency.ubnd-00004").await;
        let mut rng = StdRng::seed_from_u64(20_261_123);
        let report = json!({ "reports": [{ "dossier": "dos_0190b1a0000070008000000000000001", "status": 4, "text": "x" }] }).to_string();
        for round in 0..200 {
            let good = online("00004");
            let (media, good) = if round % 2 == 0 {
                (JSON, good.to_string())
            } else {
                (XML, xml(&good))
            };
            let body = match round % 4 {
                0 | 1 => broken(good.as_bytes(), &mut rng),
                _ => {
                    let mut noise = vec![0; rng.random_range(1..2000)];
                    rng.fill_bytes(&mut noise);
                    noise
                }
            };
            let told = file(&caller, media, body.clone()).await;
            assert!(
                told.status == 202 || (400..500).contains(&told.status),
                "{}: {body:?}",
                told.status
            );
            if told.status != 202 {
                let said = told.json();
                assert_eq!(said["status"], told.status);
            }
            let body = broken(report.as_bytes(), &mut rng);
            let request = agency
                .request(Method::POST, "/v1/statuses")
                .await
                .header("Content-Type", JSON);
            let told = Told::of(request.body(body.clone())).await;
            assert!(told.status < 500, "{}: {body:?}", told.status);
            let request = agency
                .request(Method::POST, "/v1/inbox/settle")
                .await
                .header("Content-Type", JSON);
            let told = Told::of(request.body(broken(b"{\"messages\":[]}", &mut rng))).await;
            assert!(told.status < 500);
            let told = caller
                .form(
                    "/oauth2/token",
                    broken(b"grant_type=client_credentials&client_id=agent.a-003", &mut rng),
                )
                .await;
            assert!(told.status < 500);
        }
        alive(&caller).await;
    });
}

#[test]
fn headers_and_paths_full_of_junk_are_refused() {
    run(async {
        let caller = HOUSE.caller("agent.a-004").await;
        let odd: [&[u8]; 6] = [
            b"\xff\xfe",
            b"'; drop table dossiers; --",
            b"../../etc/passwd",
            b"a,b;q=9",
            b"\"",
            b"%00",
        ];
        for name in [
            "Accept",
            "Accept-Language",
            "Content-Type",
            "Submission-Format",
            "Idempotency-Key",
            "traceparent",
            "Acting-Staff",
            "Receiving-Point",
            "Authorization",
        ] {
            for value in odd {
                let value = reqwest::header::HeaderValue::from_bytes(value).unwrap();
                let mut request = caller
                    .request(Method::POST, "/v1/submissions")
                    .await
                    .build()
                    .unwrap();
                let headers = request.headers_mut();
                headers.insert("Content-Type", JSON.parse().unwrap());
                headers.insert("Idempotency-Key", fresh("key").parse().unwrap());
                headers.insert(name, value);
                *request.body_mut() = Some(online("00004").to_string().into());
                let status = caller.http.execute(request).await.unwrap().status().as_u16();
                assert!(status == 202 || (400..500).contains(&status), "{name}: {status}");
            }
        }
        for path in [
            "/v1/dossiers/..%2f..%2f",
            "/v1/dossiers/%00",
            "/v1/dossiers/dos_%F0%9F%98%80",
            "/v1/dossiers//history",
            "/v1//dossiers",
            "/v1/dossiers/dos_0190b1a0000070008000000000000001%20",
        ] {
            let told = caller.get(path).await;
            assert_eq!(told.status, 404, "{path}: {}", told.text());
        }
        let long = format!("/v1/dossiers?reference={}", "x".repeat(50_000));
        let status = caller
            .request(Method::GET, &long)
            .await
            .send()
            .await
            .map_or(400, |r| r.status().as_u16());
        assert!((400..500).contains(&status), "{status}");
        alive(&caller).await;
    });
}

fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Alone in the process, because it looks at the memory of the whole.
#[test]
fn heavy_refused_documents_leave_no_memory_behind() {
    run_alone(async {
        let caller = HOUSE.caller("agent.a-005").await;
        caller.token().await;
        // One problem for each element, over and over.
        let body = format!("[{}]", vec!["0"; DOCUMENT_BYTES / 2 - 1].join(","));
        let body = bytes_of(body);
        let round = async |times: usize| {
            for _ in 0..times / 4 {
                let calls = (0..4).map(|_| file(&caller, JSON, body));
                for told in futures_util::future::join_all(calls).await {
                    assert_eq!(told.status, 400, "{}", told.text());
                }
            }
        };
        round(40).await;
        let before = resident_kib();
        round(200).await;
        let after = resident_kib();
        assert!(
            after < before + 64 * 1024,
            "{before} KiB before, {after} KiB after"
        );
        alive(&caller).await;
    });
}

/// One buffer for all calls: the test's own copies would be counted too.
fn bytes_of(text: String) -> &'static [u8] {
    Box::leak(text.into_bytes().into_boxed_slice())
}

#[test]
fn a_report_full_of_nonsense_is_answered_line_by_line_or_refused() {
    run(async {
        let agency = HOUSE.caller("agency.ubnd-00008").await;
        for (body, label) in [
            (json!([]), "object-expected"),
            (json!({}), "field-missing"),
            (json!({ "reports": [] }), "list-empty"),
            (json!({ "reports": 7 }), "type-wrong"),
            (
                json!({ "reports": vec![json!({ "dossier": "x", "status": 4 }); 101] }),
                "too-many-items",
            ),
        ] {
            let told = agency.post("/v1/statuses", &body).await;
            told.refuses(label);
        }
        let told = agency
            .post(
                "/v1/statuses",
                &json!({ "reports": [{ "dossier": "'; --", "status": 4 }, Value::Null] }),
            )
            .await;
        assert_eq!(told.status, 200, "{}", told.text());
        assert_eq!(told.json()["results"].as_array().unwrap().len(), 2);
    });
}
