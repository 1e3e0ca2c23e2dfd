//! A dossier's life after it was filed: agencies and submitters by script, every step through the interface.

mod inbox;
mod progress;
mod turns;
mod whole;

use lienthong::domain::time::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::documents::{counter, online};
use crate::house::{Caller, House, Told, ago, fresh, now, run, until};

static HOUSE: House = House::new();

/// Takes everything that waits about a dossier, until there is something.
async fn take(agency: &Caller, id: &str) -> Value {
    until("the inbox has it", async || {
        let page = agency.get("/v1/inbox?max=1&wait=1").await.json();
        page["messages"]
            .as_array()
            .unwrap()
            .iter()
            .find(|m| m["event"]["subject"] == id)
            .cloned()
    })
    .await
}

async fn settle(agency: &Caller, delivery: &Value, outcome: &str) -> Value {
    let told = agency
        .post(
            "/v1/inbox/settle",
            &json!({ "messages": [{ "delivery": delivery, "outcome": outcome }] }),
        )
        .await;
    assert_eq!(told.status, 200, "{}", told.text());
    told.json()["results"][0].clone()
}

/// Reports one status; its result.
async fn report(agency: &Caller, id: &str, status: u8, text: &str) -> Value {
    let mut report = json!({ "dossier": id, "status": status, "occurred_at": now().to_string() });
    if !text.is_empty() {
        report["text"] = json!(text);
    }
    reported(agency, report).await
}

async fn reported(agency: &Caller, report: Value) -> Value {
    let told = agency.post("/v1/statuses", &json!({ "reports": [report] })).await;
    assert_eq!(told.status, 200, "{}", told.text());
    told.json()["results"][0].clone()
}

/// The kinds of a dossier's events, with the status each led to. Whether a due date moves within one day depends on the time of
/// day: the clocks have tests of their own.
fn kinds(events: &[Value]) -> Vec<String> {
    let one = |e: &Value| match e["status"]["code"].as_u64() {
        Some(status) => format!("{} {status}", e["kind"].as_str().unwrap()),
        None => e["kind"].as_str().unwrap().to_owned(),
    };
    let told = events.iter().filter(|e| e["kind"] != "due-set");
    told.map(one).collect()
}

async fn history(caller: &Caller, id: &str) -> Vec<Value> {
    let told = caller.get(&format!("/v1/dossiers/{id}/history")).await.json();
    let events = told["events"].as_array().unwrap().clone();
    let numbers: Vec<u64> = events.iter().map(|e| e["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=events.len() as u64).collect::<Vec<_>>());
    events
}

/// Reads a feed to its end in pages of three; the events about a dossier, and the cursor.
async fn feed(caller: &Caller, id: &str) -> (Vec<Value>, String) {
    let (mut events, mut after) = (Vec::new(), "0".to_owned());
    loop {
        let page = caller
            .get(&format!("/v1/events?after={after}&limit=3"))
            .await
            .json();
        let found = page["events"].as_array().unwrap();
        if found.is_empty() {
            assert_eq!(page["next"], after);
            return (events, after);
        }
        let next = page["next"].as_str().unwrap().to_owned();
        assert_ne!(next, after);
        after = next;
        events.extend(found.iter().filter(|e| e["subject"] == id).cloned());
    }
}

#[test]
fn an_agency_speaks_its_own_format_and_each_report_stands_for_itself() {
    run(async {
        let (agent, agency) = (
            HOUSE.caller("agent.a-002").await,
            HOUSE.caller("agency.ubnd-00025").await,
        );
        let id = agent.filed(&online("00025")).await;
        let message = take(&agency, &id).await;
        assert_eq!(message["event"]["data"]["format"], "dvcqg-mc/v1");
        assert_eq!(
            message["event"]["data"]["document"]["service"], "DongBoHoSoMC",
            "{message}"
        );
        let seconds = |at: Timestamp| at.in_vietnam().strftime("%Y%m%d%H%M%S").to_string();
        let code = "H26.103-261120-0001";
        let item = |number: &str, status: &str, tracking: Option<&str>| {
            let mut item = json!({
                "MaHoSo": number, "NguoiXuLy": "Cán bộ mẫu", "ChucDanh": "Chuyên viên", "ThoiDiemXuLy": seconds(now()),
                "PhongBanXuLy": "Một cửa", "NoiDungXuLy": "Ghi chú", "TrangThai": status,
            });
            if let Some(tracking) = tracking {
                item["LienThong"] = json!({ "MaTheoDoi": tracking });
            }
            item
        };
        let body = json!({ "session": "", "madonvi": "", "service": "CapNhatTienDoHoSoMC", "isUpdating": "False", "data": [
            item(code, "2", Some(&id)), item(code, "99", None), item("H26.103-261120-0002", "4", None), item(code, "4", None),
        ]});
        let send = async |format: &str, body: &Value| {
            let request = agency.request(Method::POST, "/v1/statuses").await.json(body);
            Told::of(request.header("Submission-Format", format)).await
        };
        let told = send("dvcqg-mc/v1", &body).await.json();
        let results = told["results"].as_array().unwrap();
        let seen: Vec<(&Value, &Value)> = results
            .iter()
            .map(|r| (&r["verdict"], &r["problem"]["label"]))
            .collect();
        assert_eq!(
            seen,
            [
                (&json!("applied"), &Value::Null),
                (&Value::Null, &json!("status-word-unknown")),
                (&Value::Null, &json!("not-found")),
                (&json!("applied"), &Value::Null),
            ],
            "{told}"
        );
        assert_eq!(results[1]["problem"]["path"], "/data/1/TrangThai");
        assert_eq!(
            agent.get(&format!("/v1/dossiers/{id}")).await.json()["status"]["code"],
            4
        );
        send("vnpost-hcc/v1", &body).await.refuses("format-unknown");
        the_canonical_form_is_every_agencys(&agency, &id).await;
        an_agency_may_speak_xml(&agency, &id).await;
    });
}

async fn the_canonical_form_is_every_agencys(agency: &Caller, id: &str) {
    let mixed = json!({ "reports": [
        { "dossier": id, "status": 11 }, { "dossier": id, "status": "xong" }, 7, { "dossier": id, "status": 9 },
    ]});
    let told = agency.post("/v1/statuses", &mixed).await;
    assert_eq!(told.status, 200, "{}", told.text());
    let told = told.json();
    assert_eq!(told["results"].as_array().unwrap().len(), 4, "{told}");
    assert_eq!(
        told["results"][0]["problem"]["label"], "status-word-unknown",
        "{told}"
    );
    assert_eq!(told["results"][3]["verdict"], "applied", "{told}");
}

async fn an_agency_may_speak_xml(agency: &Caller, id: &str) {
    let request = agency.request(Method::POST, "/v1/statuses").await;
    let xml = format!(
        "<status_request xmlns=\"urn:vn:lienthong:dossier:v1\"><reports><report><dossier>{id}</dossier><status>9</status></report></reports></status_request>"
    );
    let told = Told::of(
        request
            .header("Content-Type", "application/xml")
            .header("Accept", "application/xml")
            .body(xml),
    )
    .await;
    assert_eq!(
        (told.status, told.header("content-type")),
        (200, "application/xml"),
        "{}",
        told.text()
    );
    assert!(
        told.text().contains("<verdict>recorded</verdict>"),
        "{}",
        told.text()
    );
}

#[test]
fn verdicts_follow_the_order_of_things_and_not_of_arrival() {
    run(async {
        let (agent, agency) = (
            HOUSE.caller("agent.a-003").await,
            HOUSE.caller("agency.ubnd-00008").await,
        );
        let id = agent.filed(&online("00008")).await;
        // Straight to the end: the lawful steps between are written too.
        let told = report(&agency, &id, 9, "Xong").await;
        assert_eq!(
            (told["verdict"].clone(), told["status"].clone()),
            (json!("applied-inferred"), json!(9))
        );
        let events = history(&agent, &id).await;
        assert_eq!(
            kinds(&events),
            ["filed 1", "status-changed 2", "status-changed 9"]
        );
        assert_eq!(events[1]["inferred"], true);
        let late = json!({ "dossier": id, "status": 4, "occurred_at": ago(40).to_string() });
        assert_eq!(reported(&agency, late.clone()).await["verdict"], "recorded");
        assert_eq!(reported(&agency, late).await["verdict"], "repeated");
        assert_eq!(history(&agent, &id).await.len(), 5);
        let early = json!({ "dossier": id, "status": 10, "occurred_at": ago(-3600).to_string() });
        assert_eq!(
            reported(&agency, early).await["problem"]["label"],
            "date-in-future"
        );
        // A second supplement is against the rule, and is done all the same.
        let id = agent.filed(&online("00008")).await;
        assert_eq!(report(&agency, &id, 5, "Thiếu một").await["verdict"], "applied");
        agent
            .post(
                &format!("/v1/dossiers/{id}/supplements"),
                &json!({ "text": "Đây" }),
            )
            .await;
        let again = report(&agency, &id, 5, "Thiếu hai").await;
        assert_eq!(
            (again["verdict"].clone(), again["problem"]["label"].clone()),
            (json!("applied-irregular"), json!("supplement-repeated"))
        );
    });
}

#[test]
fn who_may_not_act_is_told_so_and_a_refused_act_stays_refused() {
    run(async {
        let agent = HOUSE.caller("agent.a-004").await;
        let (agency, foreign) = (
            HOUSE.caller("agency.ubnd-00070").await,
            HOUSE.caller("agency.ubnd-00082").await,
        );
        nobody_acts_in_the_place_of_another(&agent, &agency, &foreign).await;
        let id = agent.filed(&online("00070")).await;
        a_refused_act_stays_refused(&agent, &agency, &id).await;
        an_act_that_is_malformed_is_refused_by_its_label(&agent, &id).await;
    });
}

async fn nobody_acts_in_the_place_of_another(agent: &Caller, agency: &Caller, foreign: &Caller) {
    let id = agent.filed(&online("00070")).await;
    let path = format!("/v1/dossiers/{id}");
    agent
        .post(&format!("{path}/acceptance"), &json!({}))
        .await
        .refuses("permission-missing");
    assert_eq!(report(foreign, &id, 2, "").await["problem"]["label"], "not-found");
    foreign
        .post(&format!("{path}/acceptance"), &json!({}))
        .await
        .refuses("not-found");
    assert_eq!(
        report(agency, &id, 7, "").await["verdict"],
        "applied",
        "withdrawn at the agency"
    );
}

async fn a_refused_act_stays_refused(agent: &Caller, agency: &Caller, id: &str) {
    let path = format!("/v1/dossiers/{id}");
    let act = async |verb: &str, key: &str, body: Value| {
        let request = agent.request(Method::POST, &format!("{path}/{verb}")).await;
        Told::of(request.header("Idempotency-Key", key).json(&body)).await
    };
    let key = fresh("key");
    let receiver = json!({ "receiver": "Nguyễn Văn Mẫu" });
    for _ in 0..3 {
        // A client that repeats a refused call must not be told that it was done.
        act("hand-over", &key, receiver.clone())
            .await
            .refuses("transition-not-allowed");
    }
    act("supplements", &fresh("key"), json!({ "text": "Không ai hỏi" }))
        .await
        .refuses("transition-not-allowed");
    let refused = history(agent, id)
        .await
        .iter()
        .filter(|e| e["kind"] == "status-rejected")
        .count();
    assert_eq!(refused, 2, "once each");
    assert_eq!(report(agency, id, 9, "").await["verdict"], "applied-inferred");
    let key = fresh("key");
    let first = act("hand-over", &key, receiver.clone()).await;
    assert_eq!(first.json()["status"]["code"], 10, "{}", first.text());
    let again = act("hand-over", &key, receiver).await;
    assert_eq!(
        (again.status, again.json()["status"]["code"].clone()),
        (200, json!(10))
    );
    act("hand-over", &key, json!({ "receiver": "Người khác" }))
        .await
        .refuses("idempotency-key-reused");
    let handed = history(agent, id)
        .await
        .iter()
        .filter(|e| e["kind"] == "handed-over")
        .count();
    assert_eq!(handed, 1);
}

async fn an_act_that_is_malformed_is_refused_by_its_label(agent: &Caller, id: &str) {
    let path = format!("/v1/dossiers/{id}");
    let request = agent
        .request(Method::POST, &format!("{path}/hand-over"))
        .await
        .json(&json!({ "receiver": "x" }));
    Told::of(request).await.refuses("idempotency-key-missing");
    for (body, label) in [
        (json!({}), "field-missing"),
        (json!({ "receiver": 7 }), "type-wrong"),
        (json!({ "receiver": "x", "more": 1 }), "field-unknown"),
        (json!({ "receiver": "x".repeat(501) }), "text-length"),
        (json!({ "receiver": "a\u{0}b" }), "control-character"),
        (
            json!({ "receiver": "x", "received_at": ago(-3600).to_string() }),
            "date-in-future",
        ),
    ] {
        agent
            .post(&format!("{path}/hand-over"), &body)
            .await
            .refuses(label);
    }
}

#[test]
fn a_branch_accepts_what_it_filed_online_and_the_agency_is_told() {
    run(async {
        let (branch, agency) = (
            HOUSE.caller("branch.ba-dinh").await,
            HOUSE.caller("agency.ubnd-00091").await,
        );
        let id = branch.filed(&online("00091")).await;
        let message = take(&agency, &id).await;
        settle(&agency, &message["delivery"], "done").await;
        let path = format!("/v1/dossiers/{id}/acceptance");
        let told = branch
            .post(&path, &json!({ "assigned_code": "H26.106-261120-0001" }))
            .await;
        assert_eq!(told.status, 200, "{}", told.text());
        let told = told.json();
        assert_eq!(
            (told["status"]["code"].clone(), told["claimed_code"].clone()),
            (json!(2), json!("H26.106-261120-0001")),
            "a receiving unit claims a code, the agency confirms it"
        );
        assert!(told["clocks"]["due"].is_string(), "{told}");
        let message = take(&agency, &id).await;
        assert_eq!(message["event"]["type"], "vn.lienthong.dossier.status-changed");
        assert_eq!(message["event"]["data"]["status"], 2);
        // Already at 2: known, not changed.
        assert_eq!(branch.post(&path, &json!({})).await.json()["status"]["code"], 2);
        assert_eq!(
            kinds(&history(&branch, &id).await).last().unwrap(),
            "status-recorded 2"
        );
        let counter = branch.filed(&counter("00091")).await;
        // Ba Đình is not in the area of Phú Thượng.
        assert_eq!(
            kinds(&history(&branch, &counter).await),
            ["filed 2", "out-of-area"]
        );
    });
}

#[test]
fn a_rejected_report_changes_nothing_not_even_the_code() {
    run(async {
        let (agent, agency) = (
            HOUSE.caller("agent.a-007").await,
            HOUSE.caller("agency.ubnd-00127").await,
        );
        let id = agent.filed(&online("00127")).await;
        let code = "H26.110-261120-0007";
        let bad =
            json!({ "dossier": id, "status": 5, "occurred_at": now().to_string(), "assigned_code": code });
        assert_eq!(
            reported(&agency, bad).await["problem"]["label"],
            "reason-required"
        );
        let seen = agent.get(&format!("/v1/dossiers/{id}")).await.json();
        assert_eq!(
            (seen["dossier_code"].clone(), seen["status"]["code"].clone()),
            (Value::Null, json!(1))
        );
        // The code is still free, for this dossier and for any other.
        let other = agent.filed(&online("00127")).await;
        let good =
            json!({ "dossier": other, "status": 2, "occurred_at": now().to_string(), "assigned_code": code });
        assert_eq!(reported(&agency, good).await["verdict"], "applied");
    });
}
