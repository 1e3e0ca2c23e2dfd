//! The turns a dossier may take, through the interface: with details, by whom they may be taken, and how they are told.

use serde_json::{Value, json};

use super::{HOUSE, feed, history, kinds, report, reported, settle, take};
use crate::documents::online;
use crate::house::{Caller, Told, now, run};

async fn act(caller: &Caller, id: &str, what: &str, body: Value) -> Told {
    caller.post(&format!("/v1/dossiers/{id}/{what}"), &body).await
}

pub(super) async fn done(caller: &Caller, id: &str, what: &str, body: Value) -> Value {
    let told = act(caller, id, what, body).await;
    assert_eq!(told.status, 200, "{what}: {}", told.text());
    told.json()
}

#[test]
fn papers_are_asked_for_and_brought_and_the_agency_gets_them_by_name() {
    run(async {
        let (agent, agency) = (
            HOUSE.caller("agent.a-007").await,
            HOUSE.caller("agency.ubnd-00160").await,
        );
        let id = agent.filed(&online("00160")).await;
        let first = take(&agency, &id).await;
        settle(&agency, &first["delivery"], "done").await;
        let papers = json!([{ "code": "GT-02", "name": "Bản sao quyết định", "note": "Thiếu trang 2", "copies": { "certified": 1 } }]);
        let asked = done(
            &agency,
            &id,
            "supplement-request",
            json!({ "reason": "Thiếu giấy tờ", "papers": papers }),
        )
        .await;
        assert_eq!(asked["status"]["code"], 5);
        let (events, _) = feed(&agent, &id).await;
        let told = &events.last().unwrap()["data"]["event"];
        assert_eq!(told["details"]["papers"][0]["note"], "Thiếu trang 2", "{told}");
        act(&agent, &id, "supplements", json!({}))
            .await
            .refuses("text-empty");
        let brought =
            json!([{ "code": "GT-02", "name": "Bản sao quyết định", "files": [{ "name": "qd.pdf" }] }]);
        done(&agent, &id, "supplements", json!({ "papers": brought })).await;
        let message = take(&agency, &id).await;
        let event = &message["event"]["data"]["event"];
        assert_eq!(
            (event["kind"].clone(), event["brought"][0]["code"].clone()),
            (json!("supplemented"), json!("GT-02")),
            "{event}"
        );
        let view = agent.get(&format!("/v1/dossiers/{id}")).await.json();
        assert_eq!(view["supplements"][0]["brought"][0]["files"][0]["name"], "qd.pdf");
    });
}

#[test]
fn a_dossier_is_stopped_paid_for_postponed_decided_and_its_result_corrected() {
    run(async {
        let (agent, agency) = (
            HOUSE.caller("agent.a-008").await,
            HOUSE.caller("agency.ubnd-00166").await,
        );
        let id = agent.filed(&online("00166")).await;
        let postpone = json!({ "new_due": now().plus(std::time::Duration::from_secs(180 * 86_400)).to_string(), "reason": "Xác minh thêm" });
        act(&agency, &id, "postponement", postpone.clone())
            .await
            .refuses("clock-not-running");
        for (status, text) in [(4, ""), (8, "Chờ ý kiến"), (4, "")] {
            assert!(report(&agency, &id, status, text).await["problem"].is_null());
        }
        let fee = json!({ "dossier": id, "status": 6, "occurred_at": now().to_string(),
            "fees": [{ "name": "Lệ phí", "kind": "charge", "amount_vnd": 8000, "account": "0000 0001" }] });
        assert_eq!(reported(&agency, fee).await["status"], 6);
        report(&agency, &id, 4, "Đã nộp").await;
        act(&agent, &id, "postponement", postpone.clone())
            .await
            .refuses("permission-missing");
        let postponed = done(&agency, &id, "postponement", postpone).await;
        assert!(postponed["clocks"]["due"].is_string(), "{postponed}");
        let result = json!({ "dossier": id, "status": 9, "occurred_at": now().to_string(),
            "results": [{ "name": "Giấy xác nhận", "number": "1" }] });
        assert_eq!(reported(&agency, result).await["status"], 9);
        act(&agent, &id, "withdrawal", json!({ "reason": "Đổi ý" }))
            .await
            .refuses("withdrawal-too-late");
        done(&agent, &id, "hand-over", json!({ "receiver": "Nguyễn Văn Mẫu" })).await;
        let corrected =
            json!({ "reason": "Sai số", "results": [{ "name": "Giấy xác nhận", "number": "1a" }] });
        assert_eq!(
            done(&agency, &id, "corrections", corrected).await["status"]["code"],
            10
        );
        let view = agent.get(&format!("/v1/dossiers/{id}")).await.json();
        assert_eq!(view["results"][0]["number"], "1a");
        assert_eq!(view["claims"][0]["fees"][0]["amount_vnd"], 8000);
        assert_eq!(
            view["due_history"].as_array().unwrap().last().unwrap()["reason"],
            "postponed"
        );
        let told = kinds(&history(&agent, &id).await);
        assert!(told.contains(&"postponed".to_owned()), "{told:?}");
        assert_eq!(told.last().map(String::as_str), Some("result-corrected"));
    });
}

#[test]
fn the_receiving_unit_refuses_and_recalls_what_it_received_and_nothing_else() {
    run(async {
        let (branch, other) = (
            HOUSE.caller("branch.ba-dinh").await,
            HOUSE.caller("branch.ha-dong").await,
        );
        let agency = HOUSE.caller("agency.ubnd-00175").await;
        let id = branch.filed(&online("00175")).await;
        report(&agency, &id, 4, "").await;
        act(&other, &id, "recall", json!({ "reason": "x" }))
            .await
            .refuses("not-found");
        act(&agency, &id, "recall", json!({ "reason": "x" }))
            .await
            .refuses("permission-missing");
        assert_eq!(
            done(&branch, &id, "recall", json!({ "reason": "Chuyển nhầm" })).await["status"]["code"],
            2
        );
        let back = history(&branch, &id).await;
        assert_eq!(back.last().unwrap()["back"], "recalled");
        act(&branch, &id, "refusal", json!({ "reason": "x" }))
            .await
            .refuses("transition-not-allowed");
        let second = branch.filed(&online("00175")).await;
        act(&branch, &second, "refusal", json!({ "reason": " " }))
            .await
            .refuses("text-empty");
        let refused = done(
            &branch,
            &second,
            "refusal",
            json!({ "reason": "Không thuộc thẩm quyền" }),
        )
        .await;
        assert_eq!(refused["status"]["code"], 3);
    });
}
