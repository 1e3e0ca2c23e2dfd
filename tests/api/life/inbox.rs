//! Messages handed back, parked, and waited for.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{HOUSE, feed, settle, take};
use crate::documents::online;
use crate::house::run;

#[test]
fn a_message_handed_back_comes_again_and_one_that_is_rejected_is_parked() {
    run(async {
        let (agent, agency) = (
            HOUSE.caller("agent.a-005").await,
            HOUSE.caller("agency.ubnd-00097").await,
        );
        let id = agent.filed(&online("00097")).await;
        let message = take(&agency, &id).await;
        let retry = settle(&agency, &message["delivery"], "retry").await;
        assert!(retry["label"].is_null(), "{retry}");
        let foreign = HOUSE.caller("agency.ubnd-00004").await;
        assert_eq!(
            settle(&foreign, &message["delivery"], "done").await["label"],
            "not-found"
        );
        let parked = {
            let id = agent.filed(&online("00097")).await;
            let message = take(&agency, &id).await;
            let request = json!({ "messages": [{ "delivery": message["delivery"], "outcome": "reject", "reason": "Không đọc được" }] });
            let told = agency.post("/v1/inbox/settle", &request).await.json();
            assert_eq!(told["results"][0]["state"], "parked", "{told}");
            agent.get(&format!("/v1/dossiers/{id}/route")).await.json()
        };
        assert_eq!(parked["deliveries"][0]["state"], "parked", "{parked}");
        let many: Vec<Value> = (0..101)
            .map(|_| json!({ "delivery": message["delivery"], "outcome": "done" }))
            .collect();
        agency
            .post("/v1/inbox/settle", &json!({ "messages": many }))
            .await
            .refuses("too-many-items");
    });
}

#[test]
fn who_waits_is_woken_by_what_it_waits_for() {
    run(async {
        let (agent, agency) = (
            HOUSE.caller("agent.a-006").await,
            HOUSE.caller("agency.ubnd-00103").await,
        );
        let enterprise = HOUSE.caller("enterprise.buu-chinh-mau-a").await;
        let mut waited = Vec::new();
        for _ in 0..3 {
            let ends: Vec<String> = [feed(&agent, "").await.1, feed(&enterprise, "").await.1].to_vec();
            let paths = [
                format!("/v1/events?wait=30&after={}", ends[0]),
                format!("/v1/events?wait=30&after={}", ends[1]),
            ];
            let begun = Instant::now();
            let (own, above, inbox, ()) = tokio::join!(
                agent.get(&paths[0]),
                enterprise.get(&paths[1]),
                agency.get("/v1/inbox?wait=30"),
                async {
                    agent.filed(&online("00103")).await;
                }
            );
            waited.push(begun.elapsed());
            // It is filed, and from Long Biên, which is not in the area of Tây Hồ.
            let told = own.json();
            let types = told["events"]
                .as_array()
                .unwrap()
                .iter()
                .map(|e| e["type"].clone());
            let of = |kind: &str| json!(format!("vn.lienthong.dossier.{kind}"));
            assert_eq!(types.collect::<Vec<_>>(), [of("filed"), of("out-of-area")]);
            assert!(!above.json()["events"].as_array().unwrap().is_empty());
            assert_eq!(inbox.json()["messages"].as_array().unwrap().len(), 1);
        }
        // Looking again by time would take a second each; the machine may be slow once.
        waited.sort();
        assert!(waited[0] < Duration::from_millis(900), "{waited:?}");
        let begun = Instant::now();
        let idle = agency.get("/v1/inbox?wait=1").await;
        assert_eq!(idle.json()["messages"], json!([]));
        assert!(
            begun.elapsed() >= Duration::from_millis(950),
            "a wait with nothing new lasts its time"
        );
        for wrong in ["wait=31", "wait=x", "max=0", "max=101", "after=1"] {
            agency
                .get(&format!("/v1/inbox?{wrong}"))
                .await
                .refuses("query-malformed");
        }
        for wrong in [
            "after=-1",
            "after=x",
            "after=99999999999999999999",
            "limit=501",
            "limit=0",
        ] {
            agent
                .get(&format!("/v1/events?{wrong}"))
                .await
                .refuses("query-malformed");
        }
        // A place this history does not have is told, with where to begin again.
        let far = agent.get("/v1/events?after=999999999999").await;
        let begin = far.refuses("cursor-unknown")["problems"][0].to_string();
        assert!(begin.contains("after"), "{begin}");
    });
}
