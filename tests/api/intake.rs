//! Filing: what a 202 promises, what is the same call, what is refused and how.

mod forms;

use aws_lc_rs::digest;
use lienthong::identity::keys::VerifyingKey;
use lienthong::identity::sign::verify_receipt;
use reqwest::Method;
use serde_json::{Value, json};

use crate::documents::{city, counter, online, with};
use crate::house::{Caller, House, Told, ago, client, fresh, run, until};

static HOUSE: House = House::new();

fn hex(bytes: &[u8]) -> String {
    digest::digest(&digest::SHA256, bytes)
        .as_ref()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

async fn published_keys() -> Vec<VerifyingKey> {
    let hub = HOUSE.hub().await;
    let told = Told::of(client(hub, None).get(format!("{}/.well-known/jwks.json", hub.urls()[1]))).await;
    VerifyingKey::from_jwks(&told.json())
}

#[test]
fn an_answer_keeps_its_promises() {
    run(async {
        let agent = HOUSE.caller("agent.a-001").await;
        let dossier = online("00004");
        // Bytes no serializer would make, so that they are shown to be kept and not made anew.
        let bytes = format!("\n {}\t\n", serde_json::to_string_pretty(&dossier).unwrap());
        let told = agent
            .file_as("application/json; charset=utf-8", &fresh("key"), bytes.clone())
            .await;
        assert_eq!(told.status, 202, "{}", told.text());
        let answer = told.json();
        let id = answer["tracking_id"].as_str().unwrap();
        assert_eq!(
            (answer["version"].clone(), answer["existing"].clone()),
            (json!(1), json!(false))
        );
        assert_eq!(
            (answer["status"]["code"].clone(), answer["dossier_code"].clone()),
            (json!(1), Value::Null)
        );
        assert_eq!(answer["agency"]["key"], "ubnd-00004");
        assert!(
            answer["route"]["vi"].as_str().unwrap().contains("R0001"),
            "{answer}"
        );
        let clocks = answer["clocks"].as_object().unwrap();
        assert!(
            clocks.contains_key("acceptance_due") && clocks.contains_key("forecast_due"),
            "{clocks:?}"
        );
        assert!(
            !clocks.contains_key("due"),
            "nothing is due before it is accepted: {clocks:?}"
        );
        assert_eq!(answer["warnings"][0]["label"], "identity-prefix-unknown");
        assert_eq!(answer["warnings"][0]["path"], "/applicant/identity_number");

        let receipt = answer["receipt"].as_str().unwrap();
        let claims = verify_receipt(receipt, &published_keys().await).unwrap();
        assert_eq!(claims.sub.to_string(), id);
        assert_eq!(claims.tenant.as_str(), "agent.a-001");
        assert_eq!(
            (claims.sha256.to_string(), claims.bytes),
            (hex(bytes.as_bytes()), bytes.len() as u64)
        );
        assert_eq!(claims.iss, HOUSE.hub().await.urls()[1]);

        for link in ["self", "history", "route", "receipt", "events"] {
            let told = agent.get(answer["links"][link].as_str().unwrap()).await;
            assert_eq!(told.status, 200, "{link}");
        }
        let kept = agent.get(&format!("/v1/dossiers/{id}/submission")).await;
        assert_eq!(
            (kept.body.as_slice(), kept.header("content-type")),
            (bytes.as_bytes(), "application/json")
        );
        assert!(kept.header("content-disposition").starts_with("attachment"));
        let kept = agent.get(&format!("/v1/dossiers/{id}/receipt")).await;
        assert_eq!(
            (kept.text().as_str(), kept.header("content-type")),
            (receipt, "application/jose")
        );
        let seen = agent.get(&format!("/v1/dossiers/{id}")).await.json();
        assert_eq!(seen["content"]["applicant"]["name"], "Nguyễn Văn Mẫu");
        assert_eq!(seen["reference"], dossier["reference"]);
    });
}

#[test]
fn the_same_call_has_one_answer_and_another_call_needs_another_key() {
    run(async {
        let agent = HOUSE.caller("agent.a-002").await;
        let (key, dossier) = (fresh("key"), online("00004"));
        let first = agent.file_as("application/json", &key, dossier.to_string()).await;
        assert_eq!((first.status, first.header("idempotent-replayed")), (202, ""));
        let again = agent.file_as("application/json", &key, dossier.to_string()).await;
        assert_eq!((again.status, again.header("idempotent-replayed")), (202, "true"));
        assert_eq!(again.body, first.body);
        let other = with(dossier.clone(), "summary", json!("Nội dung khác"));
        agent
            .file_as("application/json", &key, other.to_string())
            .await
            .refuses("idempotency-key-reused");
        // The same bytes with another meaning are another call.
        agent
            .file_as(
                "application/vnd.lienthong.dossier+json",
                &key,
                dossier.to_string(),
            )
            .await
            .refuses("idempotency-key-reused");
        // A key is the tenant's own.
        let stranger = HOUSE.caller("agent.a-003").await;
        assert_eq!(
            stranger
                .file_as("application/json", &key, online("00004").to_string())
                .await
                .status,
            202
        );
        // The same content under a new key is the dossier that exists.
        let same = agent.file(&dossier).await;
        assert_eq!(same.status, 202);
        let (same, was) = (same.json(), first.json());
        assert_eq!(
            (same["existing"].clone(), same["tracking_id"].clone()),
            (json!(true), was["tracking_id"].clone())
        );
        assert_eq!(same["receipt"], was["receipt"]);
    });
}

#[test]
fn a_call_has_one_key_and_a_well_formed_one() {
    run(async {
        let agent = HOUSE.caller("agent.a-002").await;
        let dossier = online("00004");
        let request = agent
            .request(Method::POST, "/v1/submissions")
            .await
            .json(&dossier);
        Told::of(request).await.refuses("idempotency-key-missing");
        for wrong in ["", "a b", "é", &"k".repeat(129)] {
            agent
                .file_as("application/json", wrong, dossier.to_string())
                .await
                .refuses("header-malformed");
        }
        let longest = "k".repeat(128);
        assert_eq!(
            agent
                .file_as("application/json", &longest, online("00004").to_string())
                .await
                .status,
            202
        );
        let request = agent
            .request(Method::POST, "/v1/submissions")
            .await
            .json(&dossier);
        let twice = request
            .header("Idempotency-Key", "one")
            .header("Idempotency-Key", "two");
        Told::of(twice).await.refuses("header-malformed");
    });
}

#[test]
fn calls_that_race_make_one_dossier() {
    run(async {
        let agent = HOUSE.caller("agent.a-004").await;
        agent.token().await;
        for round in 0..10 {
            // Odd rounds have a key each: then the reference alone keeps them one.
            let (key, bytes) = (fresh("key"), online("00004").to_string());
            let keys: Vec<String> = (0..4)
                .map(|n| {
                    if round % 2 == 0 {
                        key.clone()
                    } else {
                        format!("{key}-{n}")
                    }
                })
                .collect();
            let calls = keys
                .iter()
                .map(|key| agent.file_as("application/json", key, bytes.clone()));
            let told = futures_util::future::join_all(calls).await;
            let taken: Vec<&Told> = told.iter().filter(|t| t.status == 202).collect();
            assert!(!taken.is_empty());
            for one in &told {
                match one.status {
                    202 => assert_eq!(one.json()["tracking_id"], taken[0].json()["tracking_id"]),
                    _ => drop(one.refuses("idempotency-in-flight")),
                }
            }
            if round % 2 == 0 {
                assert!(taken.iter().all(|t| t.body == taken[0].body));
            } else {
                assert_eq!(taken.len(), 4);
                assert_eq!(taken.iter().filter(|t| t.json()["existing"] == false).count(), 1);
            }
        }
        let page = agent.get("/v1/dossiers?limit=200").await.json();
        assert_eq!(page["dossiers"].as_array().unwrap().len(), 10);
    });
}

/// The kinds of the two messages that wait for an agency.
async fn told_of_both(agency: &Caller) -> Vec<String> {
    let mut kinds = Vec::new();
    until("the agency is told of both", async || {
        let page = agency.get("/v1/inbox?wait=1").await.json();
        for message in page["messages"].as_array().unwrap() {
            kinds.push(
                message["event"]["type"]
                    .as_str()
                    .unwrap()
                    .rsplit('.')
                    .next()
                    .unwrap()
                    .to_owned(),
            );
        }
        (kinds.len() == 2).then_some(())
    })
    .await;
    kinds
}

#[test]
fn other_content_under_a_reference_is_a_new_version_until_the_dossier_is_accepted() {
    run(async {
        let agent = HOUSE.caller("agent.a-005").await;
        let agency = HOUSE.caller("agency.ubnd-00160").await;
        let dossier = online("00160");
        let (first_key, amended) = (
            fresh("key"),
            with(dossier.clone(), "summary", json!("Bổ sung nội dung")),
        );
        let first = agent
            .file_as("application/json", &first_key, dossier.to_string())
            .await;
        let id = first.json()["tracking_id"].as_str().expect("taken").to_owned();
        let second = agent.file(&amended).await.json();
        assert_eq!(
            (second["tracking_id"].clone(), second["version"].clone()),
            (json!(id), json!(2))
        );
        assert_ne!(second["receipt"], first.json()["receipt"]);
        let kinds = told_of_both(&agency).await;
        assert_eq!(kinds, ["filed", "amended"]);

        let report = json!({ "reports": [{ "dossier": id, "status": 2 }] });
        assert_eq!(
            agency.post("/v1/statuses", &report).await.json()["results"][0]["verdict"],
            "applied"
        );
        let third = with(dossier.clone(), "summary", json!("Quá muộn"));
        let key = fresh("key");
        agent
            .file_as("application/json", &key, third.to_string())
            .await
            .refuses("reference-content-differs");
        let refused = agent
            .file_as("application/json", &key, third.to_string())
            .await
            .refuses("reference-content-differs");
        let kept = agent.get(&format!("/v1/dossiers/{id}/submission")).await;
        assert_eq!(kept.text(), amended.to_string());
        // What was answered before acceptance is still the answer.
        let replayed = agent
            .file_as("application/json", &first_key, dossier.to_string())
            .await;
        assert_eq!(
            (replayed.status, replayed.header("idempotent-replayed")),
            (202, "true"),
            "{}",
            replayed.text()
        );
        assert_eq!(replayed.body, first.body);
        // The refused bytes are kept for whoever asks why.
        let name = refused["refusal"].as_str().unwrap();
        let kept = agent.get(&format!("/v1/refusals/{name}/submission")).await;
        assert_eq!(kept.text(), third.to_string());
    });
}

#[test]
fn a_code_that_another_claims_too_is_taken_as_a_claim_and_its_warning_reveals_nothing() {
    run(async {
        let (owner, stranger) = (
            HOUSE.caller("branch.ba-dinh").await,
            HOUSE.caller("branch.ba-vi").await,
        );
        let code = "H26.106-261120-0701";
        let dossier = with(counter("00091"), "dossier_code", json!(code));
        let taken = owner.file(&dossier).await.json();
        assert_eq!(
            (taken["dossier_code"].clone(), taken["claimed_code"].clone()),
            (Value::Null, json!(code)),
            "{taken}"
        );
        let told = stranger
            .file(&with(counter("00091"), "dossier_code", json!(code)))
            .await
            .json();
        let warned = |label: &str| {
            told["warnings"]
                .as_array()
                .unwrap()
                .iter()
                .any(|w| w["label"] == label)
        };
        assert!(warned("dossier-code-contested"), "{told}");
        let document = told.to_string();
        for secret in [
            taken["tracking_id"].as_str().unwrap(),
            "ba-dinh",
            dossier["reference"].as_str().unwrap(),
        ] {
            assert!(!document.contains(secret), "{document}");
        }
        let by_code = format!("/v1/dossiers?code={code}");
        for (caller, own) in [(&owner, &taken), (&stranger, &told)] {
            let listed = caller.get(&by_code).await.json();
            assert_eq!(listed["dossiers"].as_array().unwrap().len(), 1, "{listed}");
            assert_eq!(listed["dossiers"][0]["tracking_id"], own["tracking_id"]);
        }
    });
}

#[test]
fn the_channel_decides_where_a_dossier_begins_and_which_clock_runs() {
    run(async {
        let branch = HOUSE.caller("branch.ba-dinh").await;
        for (channel, status, running) in [
            ("online", 1, vec!["acceptance_due", "forecast_due"]),
            ("counter", 2, vec!["due"]),
            ("post", 2, vec!["due"]),
        ] {
            let answer = branch
                .file(&with(online("00004"), "channel", json!(channel)))
                .await
                .json();
            assert_eq!(answer["status"]["code"], status, "{answer}");
            let clocks: Vec<&String> = answer["clocks"].as_object().unwrap().keys().collect();
            assert_eq!(clocks, running, "{channel}");
            let id = answer["tracking_id"].as_str().unwrap();
            assert_eq!(
                branch.get(&format!("/v1/dossiers/{id}")).await.json()["clocks"],
                answer["clocks"]
            );
        }
    });
}

#[test]
fn a_dossier_nobody_or_two_are_responsible_for_is_taken_and_parked() {
    run(async {
        let branch = HOUSE.caller("branch.ba-vi").await;
        for (dossier, label) in [
            (city("9.990001"), "competence-gap"),
            (
                with(online("00004"), "procedure", json!({ "code": "9.990002" })),
                "competence-overlap",
            ),
        ] {
            let told = branch.file(&dossier).await;
            assert_eq!(told.status, 202, "{}", told.text());
            let answer = told.json();
            assert_eq!(
                (answer["agency"].clone(), answer["parked"].clone()),
                (Value::Null, json!(label))
            );
            let id = answer["tracking_id"].as_str().unwrap();
            let route = branch.get(&format!("/v1/dossiers/{id}/route")).await.json();
            assert_eq!(
                (route["parked"].clone(), route["deliveries"].clone()),
                (json!(label), json!([]))
            );
        }
        let parked = branch.get("/v1/dossiers?parked=true").await.json();
        assert_eq!(parked["dossiers"].as_array().unwrap().len(), 2);
        branch.file(&city("9.999999")).await.refuses("procedure-unknown");
        branch
            .file(&city("1.004873"))
            .await
            .refuses("competence-field-missing");
        branch.file(&online("99999")).await.refuses("place-unknown");
        branch
            .file(&with(online("00004"), "filed_at", json!(ago(-3600).to_string())))
            .await
            .refuses("date-in-future");
    });
}

#[test]
fn a_list_is_paged_and_its_parameters_are_checked() {
    run(async {
        let agent = HOUSE.caller("agent.a-007").await;
        let mut filed = Vec::new();
        for _ in 0..5 {
            filed.insert(0, agent.filed(&online("00004")).await);
        }
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let page = agent.get(&format!("/v1/dossiers?limit=2{after}")).await.json();
            let ids = page["dossiers"].as_array().unwrap().iter();
            seen.extend(ids.map(|d| d["tracking_id"].as_str().unwrap().to_owned()));
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert_eq!(seen, filed, "newest first, each once");
        let reference = |characters: usize| format!("reference={}", "%E1%BA%BF".repeat(characters));
        let (longest, too_long) = (reference(100), reference(101));
        for (query, found) in [
            (longest.as_str(), 0),
            ("status=1", 5),
            ("status=2", 0),
            ("agency=ubnd-00004", 5),
            ("agency=so-du-lich", 0),
            ("reference=no", 0),
        ] {
            let page = agent.get(&format!("/v1/dossiers?{query}")).await.json();
            assert_eq!(page["dossiers"].as_array().unwrap().len(), found, "{query}");
        }
        for wrong in [
            "limit=0",
            "limit=201",
            "limit=-1",
            "limit=1&limit=2",
            "limit=",
            "status=0",
            "status=11",
            "status=x",
            "other=1",
            "parked=maybe",
            "after=dos_1",
            "code=H26",
            "agency=%C4%90",
            too_long.as_str(),
            "reference=%00",
            "reference=%ff",
            "%zz=1",
        ] {
            agent
                .get(&format!("/v1/dossiers?{wrong}"))
                .await
                .refuses("query-malformed");
        }
    });
}
