//! Files over the wire: streamed in, given out whole and in part, and what a caller must never learn.

use lienthong::domain::seal::sha256;
use reqwest::{Body, Method};
use serde_json::{Value, json};

use crate::documents::{online, with};
use crate::house::{Caller, House, Told, run, until};

static HOUSE: House = House::new();

fn digest(bytes: &[u8]) -> String {
    sha256(bytes).to_string()
}

fn naming(name: &str, media: &str, bytes: &[u8]) -> Value {
    let file = json!({ "name": name, "media_type": media, "sha256": digest(bytes) });
    with(
        online("00004"),
        "components",
        json!([{ "name": "Tờ khai", "files": [file] }]),
    )
}

async fn put(caller: &Caller, named: &str, body: impl Into<Body>) -> Told {
    let request = caller.request(Method::PUT, &format!("/v1/blobs/{named}")).await;
    Told::of(request.body(body)).await
}

async fn head(caller: &Caller, path: &str) -> Told {
    Told::of(caller.request(Method::HEAD, path).await).await
}

/// Whether nothing half written lies about.
async fn is_clean() -> Option<()> {
    let unfinished = HOUSE.hub().await.state().blobs().join("unfinished");
    (std::fs::read_dir(unfinished).unwrap().count() == 0).then_some(())
}

/// A body of unknown length.
fn chunked(bytes: &[u8]) -> Body {
    let pieces: Vec<std::io::Result<Vec<u8>>> =
        bytes.chunks(10_000).map(|piece| Ok(piece.to_vec())).collect();
    Body::wrap_stream(futures_util::stream::iter(pieces))
}

#[test]
fn a_file_goes_in_once_and_comes_out_whole_and_in_part() {
    run(async {
        let agent = HOUSE.caller("agent.a-001").await;
        let bytes: Vec<u8> = (0..200_000u32).map(|i| (i % 249) as u8).collect();
        let id = it_is_awaited_and_goes_in_once(&agent, &bytes).await;
        let file = format!("/v1/dossiers/{id}/attachments/1");
        let agency = HOUSE.caller("agency.ubnd-00004").await;
        let etag = it_comes_out_whole(&agency, &file, &bytes).await;
        it_comes_out_in_part(&agency, &file, &bytes, &etag).await;
        each_download_is_in_the_log(&id).await;
    });
}

/// The dossier that names it.
async fn it_is_awaited_and_goes_in_once(agent: &Caller, bytes: &[u8]) -> String {
    let (named, path) = (digest(bytes), format!("/v1/blobs/{}", digest(bytes)));
    let filed = agent
        .file(&naming("tờ khai \"1\".pdf", "application/pdf", bytes))
        .await
        .json();
    assert_eq!(
        filed["attachments_missing"],
        json!([{ "sha256": named, "name": "tờ khai \"1\".pdf", "path": "/components/0/files/0/sha256" }])
    );
    let id = filed["tracking_id"].as_str().unwrap().to_owned();
    let file = format!("/v1/dossiers/{id}/attachments/1");
    agent.get(&file).await.refuses("attachment-missing");
    assert_eq!(head(agent, &path).await.status, 404);
    assert_eq!(put(agent, &named, chunked(bytes)).await.status, 201);
    let again = put(agent, &named, bytes.to_vec()).await;
    assert_eq!(
        (again.status, again.json()["existing"].clone()),
        (200, json!(true))
    );
    let known = head(agent, &path).await;
    assert_eq!((known.status, known.header("content-length")), (200, "200000"));
    id
}

/// Its tag.
async fn it_comes_out_whole(agency: &Caller, file: &str, bytes: &[u8]) -> String {
    let whole = agency.get(file).await;
    assert_eq!((whole.status, whole.body.len()), (200, bytes.len()));
    assert!(whole.body == bytes);
    for (header, value) in [
        ("content-type", "application/pdf"),
        ("accept-ranges", "bytes"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        (
            "content-disposition",
            "attachment; filename=\"t_ khai _1_.pdf\"; filename*=UTF-8''t%E1%BB%9D%20khai%20%221%22.pdf",
        ),
    ] {
        assert_eq!(whole.header(header), value, "{header}");
    }
    let etag = whole.header("etag").to_owned();
    assert_eq!(etag, format!("\"{}\"", digest(bytes)));
    let described = head(agency, file).await;
    assert_eq!(
        (described.status, described.header("content-length")),
        (200, "200000")
    );
    assert!(described.body.is_empty());
    etag
}

async fn it_comes_out_in_part(agency: &Caller, file: &str, bytes: &[u8], etag: &str) {
    let ranged = async |range: &str, condition: Option<&str>| {
        let mut request = agency.request(Method::GET, file).await.header("Range", range);
        if let Some(condition) = condition {
            request = request.header("If-Range", condition);
        }
        Told::of(request).await
    };
    for (range, first, last) in [
        ("bytes=0-0", 0, 0),
        ("bytes=65530-65541", 65_530, 65_541),
        ("bytes=199999-", 199_999, 199_999),
        ("bytes=-70000", 130_000, 199_999),
        ("bytes=100-999999999", 100, 199_999),
    ] {
        let told = ranged(range, None).await;
        assert_eq!(told.status, 206, "{range}");
        assert_eq!(
            told.header("content-range"),
            format!("bytes {first}-{last}/200000"),
            "{range}"
        );
        assert!(told.body == bytes[first..=last], "{range}");
    }
    assert_eq!(ranged("bytes=5-9", Some(etag)).await.status, 206);
    for (range, condition) in [
        ("bytes=5-9", Some("\"other\"")),
        ("bytes=9-5", None),
        ("bytes=1-2,4-5", None),
    ] {
        let told = ranged(range, condition).await;
        assert_eq!((told.status, told.body.len()), (200, bytes.len()), "{range}");
    }
    let beyond = ranged("bytes=200000-", None).await;
    beyond.refuses("range-not-satisfiable");
    assert_eq!(beyond.header("content-range"), "bytes */200000");
}

/// With its range; a head is none.
async fn each_download_is_in_the_log(id: &str) {
    let operator = HOUSE.caller("operator.trung-tam").await;
    let reads = operator
        .get(&format!("/v1/dossiers/{id}/reads?limit=200"))
        .await
        .json();
    let reads = reads["reads"].as_array().unwrap().clone();
    assert_eq!(reads.len(), 10);
    assert!(
        reads
            .iter()
            .all(|r| r["tenant"] == "agency.ubnd-00004" && r["attachment"] == 1)
    );
    assert!(reads.iter().any(|r| r["bytes"] == json!([65_530, 65_541])));
    let first = operator
        .get(&format!("/v1/dossiers/{id}/reads?limit=6"))
        .await
        .json();
    let next = first["next"].as_str().unwrap();
    let rest = operator
        .get(&format!("/v1/dossiers/{id}/reads?after={next}"))
        .await
        .json();
    assert_eq!(
        (rest["reads"].as_array().unwrap().len(), rest["next"].clone()),
        (4, Value::Null)
    );
}

#[test]
fn an_empty_file_is_a_file() {
    run(async {
        let branch = HOUSE.caller("branch.ba-dinh").await;
        let id = branch.filed(&naming("rỗng.txt", "text/html", b"")).await;
        assert_eq!(put(&branch, &digest(b""), "").await.status, 201);
        let told = branch.get(&format!("/v1/dossiers/{id}/attachments/1")).await;
        assert_eq!(
            (told.status, told.body.len(), told.header("content-length")),
            (200, 0, "0")
        );
        let list = branch.get(&format!("/v1/dossiers/{id}/attachments")).await.json();
        assert_eq!(
            (list["missing"].clone(), list["attachments"][0]["size"].clone()),
            (json!(0), json!(0))
        );
    });
}

#[test]
fn what_another_tenant_has_is_absent_and_answered_alike() {
    run(async {
        let (one, other) = (
            HOUSE.caller("agent.a-002").await,
            HOUSE.caller("agent.b-001").await,
        );
        let paper = b"the same paper of two tenants".to_vec();
        let (named, unknown) = (digest(&paper), digest(b"nobody's"));
        assert_eq!(put(&one, &named, paper.clone()).await.status, 201);
        let absent = async |digest: &str| {
            let told = head(&other, &format!("/v1/blobs/{digest}")).await;
            (told.status, told.header("content-length").to_owned())
        };
        assert_eq!(absent(&named).await.0, 404);
        assert_eq!(absent(&named).await.0, absent(&unknown).await.0);
        let told = put(&other, &named, paper).await;
        assert_eq!(
            (told.status, told.json()["existing"].clone()),
            (201, json!(false))
        );
        let enterprise = HOUSE.caller("enterprise.buu-chinh-mau-a").await;
        put(&enterprise, &named, "x").await.refuses("permission-missing");
        for bad in ["0".repeat(63), "g".repeat(64)] {
            put(&one, &bad, "x").await.refuses("digest-malformed");
        }
        // The same digest in capitals, and as people write it: these are not its bytes.
        for same in [named.to_uppercase(), format!("sha256:{named}")] {
            put(&one, &same, "x").await.refuses("digest-mismatch");
        }
    });
}

#[test]
fn a_wrong_digest_a_broken_line_and_too_much_leave_nothing() {
    run(async {
        let agent = HOUSE.caller("agent.a-003").await;
        let told = put(&agent, &digest(b"that"), "this").await;
        let document = told.refuses("digest-mismatch");
        assert!(document["detail"].as_str().unwrap().contains(&digest(b"this")));
        // The line breaks off after three megabytes.
        let pieces = futures_util::stream::iter((0..400).map(|n| {
            if n < 300 {
                Ok(vec![7u8; 10_000])
            } else {
                Err(std::io::Error::other("broken"))
            }
        }));
        let request = agent
            .request(Method::PUT, &format!("/v1/blobs/{}", digest(b"never")))
            .await;
        assert!(
            Told::try_of(request.body(Body::wrap_stream(pieces)))
                .await
                .is_err()
        );
        until("nothing is left", is_clean).await;
        // More than a file may have is refused by its length alone.
        let limit = HOUSE.hub().await.running().hub().files.upload_limits().file;
        let request = agent
            .request(Method::PUT, &format!("/v1/blobs/{}", digest(b"never")))
            .await;
        let told = Told::of(request.header("Content-Length", limit + 1).body("x")).await;
        told.refuses("file-too-large");
    });
}
