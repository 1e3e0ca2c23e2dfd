//! Files whose content stands in the document that files them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lienthong::domain::attachment::{INLINE_BYTES, INLINE_BYTES_OF_ALL, INLINE_FILES};
use lienthong::domain::seal::sha256;
use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{Caller, House, Told, fresh, run_alone};

static HOUSE: House = House::new();

/// A post office that files in the format of OpenCPS.
async fn agent() -> Caller {
    let operator = HOUSE.caller("operator.trung-tam").await;
    let formats = json!({ "formats": ["opencps/v1"], "reason": "sends in the format of OpenCPS" });
    let told = operator.post("/v1/tenants/agent.a-001", &formats).await;
    assert_eq!(told.status, 200, "{}", told.text());
    HOUSE.caller("agent.a-001").await
}

async fn send(caller: &Caller, media: &str, key: &str, body: String) -> Told {
    let request = caller.request(Method::POST, "/v1/submissions").await;
    let request = request
        .header("Content-Type", media)
        .header("Idempotency-Key", key);
    Told::of(request.body(body)).await
}

fn document(files: &[Value]) -> Value {
    json!({
        "DocTypeCode": "1.004873",
        "DocCode": fresh("ref"),
        "CitizenName": "Nguyễn Văn Mẫu",
        "ApplicantsId": "000085000001",
        "DateReceived": "20/11/2026 09:00:00",
        "Attachments": files,
        "LienThong": { "MaXa": "00004", "DanhMucXa": "2025", "ThuNghiem": "true" },
    })
}

fn file(name: &str, data: &str) -> Value {
    json!({ "AttachmentName": name, "PaperName": name, "ContentType": "application/pdf", "Data": data })
}

/// The same document in XML.
fn xml(document: &Value) -> String {
    fn write(out: &mut String, name: &str, value: &Value) {
        match value {
            Value::Object(fields) => {
                *out += &format!("<{name}>");
                fields.iter().for_each(|(name, value)| write(out, name, value));
                *out += &format!("</{name}>");
            }
            Value::Array(items) => {
                *out += &format!("<{name}>");
                items.iter().for_each(|item| write(out, "Attachment", item));
                *out += &format!("</{name}>");
            }
            value => *out += &format!("<{name}>{}</{name}>", value.as_str().expect("a text")),
        }
    }
    let mut text = String::new();
    write(&mut text, "MSyncDocument", document);
    let space = "<MSyncDocument xmlns=\"urn:vn:lienthong:opencps:v1\">";
    text.replacen("<MSyncDocument>", space, 1)
}

fn bytes(count: usize, seed: usize) -> Vec<u8> {
    (0..count).map(|i| ((i + seed) % 251) as u8).collect()
}

async fn refused(caller: &Caller, files: &[Value]) -> Told {
    send(
        caller,
        "application/json",
        &fresh("key"),
        document(files).to_string(),
    )
    .await
}

async fn objects() -> usize {
    let blobs = HOUSE.hub().await.state().blobs();
    let mut folders = vec![blobs];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the folder of files") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => folders.push(path),
                false => count += 1,
            }
        }
    }
    count
}

#[test]
fn a_file_in_the_document_is_stored_and_given_out() {
    run_alone(async {
        let agent = agent().await;
        let agency = HOUSE.caller("agency.ubnd-00004").await;
        for (media, seed) in [("application/json", 1), ("application/xml", 2)] {
            // More than a text may be, in lines as MIME breaks them.
            let content = bytes(100_000, seed);
            let encoded = STANDARD.encode(&content);
            let lines: Vec<&str> = encoded
                .as_bytes()
                .chunks(76)
                .map(|line| std::str::from_utf8(line).expect("ASCII"))
                .collect();
            let document = document(&[file("to-khai.pdf", &lines.join("\r\n"))]);
            let body = if seed == 1 {
                document.to_string()
            } else {
                xml(&document)
            };
            let key = fresh("key");
            let told = send(&agent, media, &key, body.clone()).await;
            assert_eq!(told.status, 202, "{}", told.text());
            let answer = told.json();
            assert_eq!(
                answer.get("attachments_missing").filter(|m| **m != json!([])),
                None
            );
            let id = answer["tracking_id"].as_str().expect("an id");
            let listed = agency.get(&format!("/v1/dossiers/{id}/attachments")).await.json();
            let one = &listed["attachments"][0];
            assert_eq!(listed["missing"], 0);
            assert_eq!(
                (&one["name"], &one["size"], &one["sha256"], &one["media_type"]),
                (
                    &json!("to-khai.pdf"),
                    &json!(100_000),
                    &json!(sha256(&content).to_string()),
                    &json!("application/pdf")
                )
            );
            let given = agency.get(&format!("/v1/dossiers/{id}/attachments/1")).await;
            assert!(given.status == 200 && given.body == content);
            // The same call again, and the same file under another reference.
            let before = objects().await;
            let again = send(&agent, media, &key, body).await;
            assert_eq!(
                (again.status, again.json()["tracking_id"].as_str()),
                (202, Some(id))
            );
            let other = self::document(&[file("to-khai.pdf", &encoded)]);
            assert_eq!(
                send(&agent, "application/json", &fresh("key"), other.to_string())
                    .await
                    .status,
                202
            );
            assert_eq!(objects().await, before);
        }
    });
}

#[test]
fn what_is_wrong_with_a_file_in_the_document_is_told_at_its_place_and_nothing_is_kept() {
    run_alone(async {
        let agent = agent().await;
        let before = objects().await;
        let good = STANDARD.encode(b"%PDF-1.4\n");
        let told = refused(&agent, &[file("a", &good), file("b", "JVBERi0xLjQ*")]).await;
        told.refuses("content-malformed");
        assert_eq!(told.paths(), ["/Attachments/1/Data"]);
        let mut other = file("a", &good);
        other["Sha256"] = json!(sha256(b"another").to_string());
        let told = refused(&agent, &[other]).await;
        told.refuses("digest-mismatch");
        assert_eq!(told.paths(), ["/Attachments/0/Sha256"]);
        // A text that is no file's content is as short as any.
        let mut long = document(&[file("a", &good)]);
        long["Compendium"] = json!("a".repeat(65_537));
        let told = send(&agent, "application/json", &fresh("key"), long.to_string()).await;
        told.refuses("text-too-long");
        assert_eq!(objects().await, before);
    });
}

#[test]
fn files_in_the_document_are_held_to_their_limits() {
    run_alone(async {
        let agent = agent().await;
        let of = |sizes: &[usize]| -> Vec<Value> {
            let files = sizes.iter().enumerate();
            files
                .map(|(n, size)| file(&format!("tep-{n}"), &STANDARD.encode(bytes(*size, n))))
                .collect()
        };
        let rest = INLINE_BYTES_OF_ALL - INLINE_BYTES;
        for sizes in [vec![INLINE_BYTES, rest], vec![1; INLINE_FILES]] {
            let told = refused(&agent, &of(&sizes)).await;
            assert_eq!(told.status, 202, "{}", told.text());
        }
        let before = objects().await;
        for (sizes, at) in [
            (vec![INLINE_BYTES + 1], 0),
            (vec![INLINE_BYTES, rest + 1], 1),
            (vec![1; INLINE_FILES + 1], INLINE_FILES),
        ] {
            let told = refused(&agent, &of(&sizes)).await;
            told.refuses("content-too-large");
            assert_eq!(told.paths(), [format!("/Attachments/{at}/Data")]);
        }
        assert_eq!(objects().await, before);
    });
}
