//! In which format a dossier comes, and how its sender is told what is wrong with it.

use reqwest::Method;
use serde_json::{Value, json};

use super::HOUSE;
use crate::documents::{counter, online, with, xml};
use crate::house::{Caller, Told, fresh, now, run};

#[test]
fn xml_is_answered_in_xml_and_the_form_of_an_answer_is_settled_before_anything_is_done() {
    run(async {
        let agent = HOUSE.caller("agent.a-006").await;
        let dossier = online("00004");
        let send = async |accept: &str, body: String| {
            let request = agent.request(Method::POST, "/v1/submissions").await;
            let request = request
                .header("Content-Type", "application/xml")
                .header("Idempotency-Key", fresh("key"));
            Told::of(
                request
                    .header("Accept", accept)
                    .header("Submission-Format", "canonical/v1")
                    .body(body),
            )
            .await
        };
        let told = send("text/html", xml(&dossier)).await;
        told.refuses("not-acceptable");
        assert_eq!(agent.get("/v1/dossiers").await.json()["dossiers"], json!([]));
        let told = send("application/xml", xml(&dossier)).await;
        assert_eq!(
            (told.status, told.header("content-type")),
            (202, "application/xml"),
            "{}",
            told.text()
        );
        assert!(told.text().contains("<tracking_id>dos_"), "{}", told.text());
        let told = send(
            "application/xml",
            xml(&with(dossier.clone(), "channel", json!("fax"))),
        )
        .await;
        assert_eq!(
            (told.status, told.header("content-type")),
            (422, "application/problem+xml")
        );
        assert!(
            told.text().contains("<path>/dossier/channel</path>"),
            "{}",
            told.text()
        );
        // The same dossier, told in the other form.
        let told = agent.file(&dossier).await.json();
        assert_eq!(told["existing"], true);
    });
}

#[test]
fn the_format_is_named_where_it_is_not_plain_and_must_be_the_tenants_own() {
    run(async {
        let branch = HOUSE.caller("branch.cau-giay").await;
        let send = async |format: Option<&str>, media: &str, body: String| {
            let request = branch.request(Method::POST, "/v1/submissions").await;
            let mut request = request
                .header("Content-Type", media)
                .header("Idempotency-Key", fresh("key"));
            if let Some(format) = format {
                request = request.header("Submission-Format", format);
            }
            Told::of(request.body(body)).await
        };
        let body = || counter("00004").to_string();
        let document = send(None, "application/json", body())
            .await
            .refuses("format-unknown");
        assert!(
            document["detail"]
                .as_str()
                .unwrap()
                .contains("canonical/v1, dvcqg-mc/v1"),
            "{document}"
        );
        let plain = "application/vnd.lienthong.dossier+json";
        assert_eq!(
            send(None, plain, body()).await.status,
            202,
            "only one of its formats is of this media type"
        );
        for wrong in ["vnpost-hcc/v1", "canonical/v2", "no-such/v1"] {
            let told = send(Some(wrong), "application/json", body()).await;
            let document = told.refuses("format-unknown");
            assert!(
                document["detail"]
                    .as_str()
                    .unwrap()
                    .contains("canonical/v1, dvcqg-mc/v1"),
                "{document}"
            );
        }
        for wrong in ["Canonical/V1", "a b", ""] {
            send(Some(wrong), "application/json", body())
                .await
                .refuses("header-malformed");
        }
        for wrong in ["text/plain", "application/pdf", "json", ""] {
            let told = send(Some("canonical/v1"), wrong, body()).await;
            told.refuses("media-type-unsupported");
        }
        let request = branch.request(Method::POST, "/v1/submissions").await;
        let zipped = request
            .header("Content-Type", "application/json")
            .header("Content-Encoding", "gzip");
        Told::of(zipped.header("Idempotency-Key", fresh("key")).body("x"))
            .await
            .refuses("content-coding-unsupported");
    });
}

/// One sample as whoever files in its format.
async fn sample(callers: &[Caller; 2], format: &str, file: &std::path::Path) -> Told {
    let caller = if format == "vnpost-hcc" {
        &callers[0]
    } else {
        &callers[1]
    };
    let media = if file.extension().is_some_and(|e| e == "xml") {
        "application/xml"
    } else {
        "application/json"
    };
    let request = caller.request(Method::POST, "/v1/submissions").await;
    let request = request
        .header("Content-Type", media)
        .header("Idempotency-Key", fresh("key"));
    Told::of(
        request
            .header("Submission-Format", format!("{format}/v1"))
            .body(std::fs::read(file).unwrap()),
    )
    .await
}

#[test]
fn every_refused_sample_is_told_all_its_problems_by_the_senders_own_paths() {
    run(async {
        let callers = [
            HOUSE.caller("agent.b-001").await,
            HOUSE.caller("branch.ha-dong").await,
        ];
        let house = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("adapters");
        let mut refused = 0;
        for format in ["canonical", "dvcqg-mc", "vnpost-hcc"] {
            let folder = house.join(format).join("v1");
            for entry in std::fs::read_dir(folder.join("samples")).unwrap() {
                let file = entry.unwrap().path();
                let name = file.file_name().unwrap().to_str().unwrap().to_owned();
                if !name.starts_with("refused") {
                    continue;
                }
                let told = sample(&callers, format, &file).await;
                assert!((400..500).contains(&told.status), "{name}: {}", told.text());
                let expected = std::fs::read(folder.join("expected").join(format!("{name}.json"))).unwrap();
                let expected: Value = serde_json::from_slice(&expected).unwrap();
                let of = |field: &str| -> Vec<String> {
                    let all = expected["problems"].as_array().unwrap().iter();
                    all.map(|p| p[field].as_str().unwrap_or("").to_owned()).collect()
                };
                assert_eq!(
                    (told.labels(), told.paths()),
                    (of("label"), of("path")),
                    "{format} {name}"
                );
                refused += 1;
            }
        }
        assert_eq!(refused, 15);
        assert_eq!(callers[0].get("/v1/dossiers").await.json()["dossiers"], json!([]));
    });
}

#[test]
fn a_route_problem_is_told_by_the_path_of_the_senders_own_format() {
    run(async {
        let branch = HOUSE.caller("branch.dong-anh").await;
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/adapters/dvcqg-mc/v1/samples/minimal.json"
        );
        let mut dossier: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let seconds = now().in_vietnam().strftime("%Y%m%d%H%M%S").to_string();
        dossier["data"][0]["NgayTiepNhan"] = json!(seconds);
        let send = async |dossier: &Value| {
            let request = branch
                .request(Method::POST, "/v1/submissions")
                .await
                .json(dossier);
            Told::of(
                request
                    .header("Submission-Format", "dvcqg-mc/v1")
                    .header("Idempotency-Key", fresh("key")),
            )
            .await
        };
        assert_eq!(send(&dossier).await.status, 202);
        dossier["data"][0]["MaHoSo"] = json!("TAM-0002");
        dossier["data"][0]["MaTTHC"] = json!("9.999999");
        let told = send(&dossier).await;
        told.refuses("procedure-unknown");
        assert_eq!(told.paths(), ["/data/0/MaTTHC"]);
    });
}
