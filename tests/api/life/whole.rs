//! The whole way of a dossier: filed by an agent, taken and decided by the agency, handed to the citizen; and what everybody is
//! told of it.

use serde_json::{Value, json};

use super::{HOUSE, feed, history, kinds, report, reported, settle, take};
use crate::documents::online;
use crate::house::{Caller, now, run};

/// The code the agency gives it.
const CODE: &str = "H26.101-261120-0801";

#[test]
fn a_dossier_goes_from_the_agent_to_the_agency_and_back_to_the_citizen() {
    run(async {
        // No other test files for this enterprise, so its feed holds still.
        let agent = HOUSE.caller("agent.b-001").await;
        let (enterprise, agency) = (
            HOUSE.caller("enterprise.buu-chinh-mau-b").await,
            HOUSE.caller("agency.ubnd-00004").await,
        );
        let id = agent.filed(&online("00004")).await;
        its_filing_is_taken_once(&agency, &id).await;
        it_is_accepted_under_its_code(&agent, &agency, &id).await;
        papers_and_a_fee_are_asked_for(&agent, &agency, &id).await;
        it_is_finished_and_handed_over(&agent, &agency, &id).await;

        let events = history(&agent, &id).await;
        assert_eq!(
            kinds(&events),
            [
                "filed 1",
                "code-assigned",
                "status-changed 2",
                "status-changed 4",
                "status-rejected 5",
                "status-changed 5",
                "supplemented",
                "status-changed 4",
                "status-changed 6",
                "status-changed 4",
                "status-changed 9",
                "handed-over",
                "status-changed 10",
                "status-rejected 4",
            ]
        );
        assert_eq!(events[0]["actor"]["staff"], "nv-001");
        assert_eq!(events, history(&agency, &id).await);
        assert_eq!(events, history(&enterprise, &id).await);
        for caller in [&agent, &enterprise] {
            every_event_was_told_once_in_order(caller, &id, &events).await;
        }
        its_messages_went_out_one_by_one(&agent, &id).await;
    });
}

async fn its_filing_is_taken_once(agency: &Caller, id: &str) {
    let message = take(agency, id).await;
    let event = &message["event"];
    assert_eq!(
        (event["specversion"].clone(), event["type"].clone()),
        (json!("1.0"), json!("vn.lienthong.dossier.filed"))
    );
    assert_eq!(
        (message["attempt"].clone(), event["data"]["format"].clone()),
        (json!(1), json!("canonical/v1"))
    );
    assert_eq!(
        event["data"]["document"]["applicant"]["name"], "Nguyễn Văn Mẫu",
        "{event}"
    );
    assert_eq!(event["data"]["submitter"], "agent.b-001");
    // Leased: nobody else gets it meanwhile.
    assert_eq!(agency.get("/v1/inbox").await.json()["messages"], json!([]));
    let settled = settle(agency, &message["delivery"], "done").await;
    assert_eq!(
        (settled["state"].clone(), settled["label"].clone()),
        (json!("handed"), Value::Null),
        "{settled}"
    );
    assert_eq!(
        settle(agency, &message["delivery"], "done").await["state"],
        "handed",
        "settled twice is settled once"
    );
}

async fn it_is_accepted_under_its_code(agent: &Caller, agency: &Caller, id: &str) {
    let accepted =
        json!({ "dossier": id, "status": 2, "occurred_at": now().to_string(), "assigned_code": CODE });
    assert_eq!(reported(agency, accepted.clone()).await["verdict"], "applied");
    assert_eq!(reported(agency, accepted).await["verdict"], "repeated");
    let seen = agent.get(&format!("/v1/dossiers/{id}")).await.json();
    assert_eq!(
        (seen["dossier_code"].clone(), seen["status"]["code"].clone()),
        (json!(CODE), json!(2))
    );
    assert!(
        seen["clocks"]["due"].is_string() && seen["clocks"]["acceptance_due"].is_null(),
        "{seen}"
    );
}

async fn papers_and_a_fee_are_asked_for(agent: &Caller, agency: &Caller, id: &str) {
    let path = format!("/v1/dossiers/{id}");
    // From here on the agency names it by its code.
    assert_eq!(report(agency, CODE, 4, "").await["verdict"], "applied");
    assert_eq!(
        report(agency, CODE, 5, "").await["problem"]["label"],
        "reason-required"
    );
    assert_eq!(
        report(agency, CODE, 5, "Bổ sung bản sao").await["verdict"],
        "applied"
    );
    let supplement = json!({ "text": "Đã nộp bản sao" });
    assert_eq!(
        agent
            .post(&format!("{path}/supplements"), &supplement)
            .await
            .json()["status"]["code"],
        4
    );
    let message = take(agency, id).await;
    assert_eq!(message["event"]["type"], "vn.lienthong.dossier.supplemented");
    assert_eq!(
        settle(agency, &message["delivery"], "done").await["state"],
        "handed"
    );
    assert_eq!(
        report(agency, CODE, 6, "Nộp lệ phí 15.000 đồng").await["verdict"],
        "applied"
    );
    assert_eq!(report(agency, CODE, 4, "").await["verdict"], "applied");
}

async fn it_is_finished_and_handed_over(agent: &Caller, agency: &Caller, id: &str) {
    let path = format!("/v1/dossiers/{id}");
    assert_eq!(
        report(agency, CODE, 9, "Đã có kết quả").await["verdict"],
        "applied"
    );
    let hand_over = json!({ "receiver": "Nguyễn Văn Mẫu", "proof": "BN-1" });
    assert_eq!(
        agent.post(&format!("{path}/hand-over"), &hand_over).await.json()["status"]["code"],
        10
    );
    assert_eq!(
        report(agency, CODE, 4, "").await["problem"]["label"],
        "status-final"
    );
}

async fn every_event_was_told_once_in_order(caller: &Caller, id: &str, events: &[Value]) {
    let (fed, cursor) = feed(caller, id).await;
    let told: Vec<Value> = fed.iter().map(|e| e["data"]["event"].clone()).collect();
    assert_eq!(told, events, "every event once, in order");
    let page = caller.get(&format!("/v1/events?after={cursor}")).await.json();
    assert_eq!(
        (page["events"].clone(), page["next"].clone()),
        (json!([]), json!(cursor))
    );
}

async fn its_messages_went_out_one_by_one(agent: &Caller, id: &str) {
    let path = format!("/v1/dossiers/{id}");
    let route = agent.get(&format!("{path}/route")).await.json();
    let deliveries = route["deliveries"].as_array().unwrap();
    let told: Vec<&str> = deliveries.iter().map(|d| d["kind"].as_str().unwrap()).collect();
    assert_eq!(told, ["filed", "supplemented", "handed-over"]);
    assert_eq!(deliveries[0]["state"], "acknowledged", "{route}");
    let outcomes: Vec<&str> = deliveries[0]["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["confirmed", "handed"], "{route}");
}
