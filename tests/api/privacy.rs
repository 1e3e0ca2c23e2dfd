//! What a person filed reaches no log and no metric, whatever goes wrong on the way.

use lienthong::app::sandbox::Sandbox;
use serde_json::{Value, json};

use crate::documents::{online, with, xml};
use crate::house::{Caller, House, Told, client, fresh, logged, now, run, until};

static HOUSE: House = House::new();

/// Values no other test uses: found in the log, they came from here.
const SECRETS: [&str; 14] = [
    "Hoàng Thị Riêng Tư",
    "Riêng Tư",
    "000199887766",
    "0000778899",
    "rieng-tu@vidu.vn",
    "Số 77 ngõ Kín",
    "Lê Người Nhận Kín",
    "GIAY-KIN-7788",
    "Nội dung kín 5566",
    "Bổ sung kín 4433",
    "Lý do kín 2211",
    "ho-so-kin.pdf",
    "KIN-REF-9911",
    "Giấy tờ kín 3344",
];

fn dossier() -> Value {
    let mut dossier = with(online("00118"), "summary", json!("Nội dung kín 5566"));
    dossier["reference"] = json!(fresh("KIN-REF-9911"));
    dossier["applicant"] = json!({
        "kind": "citizen", "name": "Hoàng Thị Riêng Tư", "identity_number": "000199887766", "birth_date": "1999-01-02",
        "sex": "female", "phone": "0000778899", "email": "rieng-tu@vidu.vn", "address": "Số 77 ngõ Kín",
    });
    dossier["components"] = json!([{ "name": "Giấy tờ kín 3344", "files": [{ "name": "ho-so-kin.pdf" }] }]);
    dossier
}

#[test]
fn nothing_a_person_filed_is_in_the_log_or_in_the_metrics() {
    run(async {
        let (agent, agency) = (
            HOUSE.caller("agent.a-001").await,
            HOUSE.caller("agency.ubnd-00118").await,
        );
        let hub = HOUSE.hub().await;
        let mut secrets: Vec<String> = SECRETS.iter().map(|s| (*s).to_owned()).collect();
        let good = dossier();
        let taken = agent.file(&good).await;
        assert_eq!(taken.status, 202, "{}", taken.text());
        let taken = taken.json();
        let id = taken["tracking_id"].as_str().unwrap().to_owned();
        secrets.push(taken["lookup_secret"].as_str().unwrap().to_owned());
        secrets.push(taken["receipt"].as_str().unwrap().to_owned());

        refused_in_every_way(&agent, &good).await;
        read_in_every_way(&agent, &id, &good).await;
        told_by_both_sides(&agent, &agency, &id).await;
        looked_up_by_the_citizen(hub, &taken).await;
        for caller in [&agent, &agency] {
            let token = caller.token().await.to_owned();
            secrets.push(token.rsplit_once('.').unwrap().1.to_owned());
            secrets.push(token);
        }
        neither_logged_nor_counted(hub, &secrets).await;
    });
}

async fn refused_in_every_way(agent: &Caller, good: &Value) {
    for wrong in [
        with(good.clone(), "summary", json!("Nội dung kín 5566, khác")),
        with(dossier(), "channel", json!("Nội dung kín 5566")),
        with(dossier(), "procedure", json!({ "code": "Nội dung kín 5566" })),
        with(
            dossier(),
            "place",
            json!({ "catalogue": "2025", "commune": "00118", "name": "Số 77 ngõ Kín" }),
        ),
        with(dossier(), "Riêng Tư", json!(1)),
    ] {
        agent.file(&wrong).await;
        agent.file_as("application/xml", &fresh("key"), xml(&wrong)).await;
    }
    let text = dossier().to_string();
    for body in [
        text[..text.len() - 3].to_owned(),
        text.replace("\"online\"", "\"on\u{0}line\""),
        text.replace(':', ""),
    ] {
        assert!(
            agent
                .file_as("application/json", &fresh("key"), body)
                .await
                .status
                >= 400
        );
    }
}

async fn read_in_every_way(agent: &Caller, id: &str, good: &Value) {
    let path = format!("/v1/dossiers/{id}");
    for more in ["", "/history", "/route", "/submission", "/receipt"] {
        assert_eq!(agent.get(&format!("{path}{more}")).await.status, 200);
    }
    let reference = good["reference"].as_str().unwrap();
    let found = agent
        .get(&format!("/v1/dossiers?reference={reference}"))
        .await
        .json();
    assert_eq!(found["dossiers"][0]["tracking_id"], id);
    agent
        .get(&format!("/v1/dossiers?reference={reference}%00&code=Riêng%20Tư"))
        .await;
}

/// What the agency and its submitter write about it: reasons, notes, names of officers and receivers.
async fn told_by_both_sides(agent: &Caller, agency: &Caller, id: &str) {
    let path = format!("/v1/dossiers/{id}");
    let message = until("the agency has it", async || {
        agency.get("/v1/inbox?wait=1").await.json()["messages"]
            .as_array()
            .unwrap()
            .first()
            .cloned()
    })
    .await;
    let settle = json!({ "messages": [{ "delivery": message["delivery"], "outcome": "retry", "reason": "Lý do kín 2211" }] });
    assert_eq!(agency.post("/v1/inbox/settle", &settle).await.status, 200);
    let report = |status: u8| json!({ "reports": [{ "dossier": id, "status": status, "text": "Lý do kín 2211", "occurred_at": now().to_string(), "officer": "Lê Người Nhận Kín" }] });
    for status in [5, 10, 9] {
        assert_eq!(agency.post("/v1/statuses", &report(status)).await.status, 200);
        if status == 5 {
            assert_eq!(
                agent
                    .post(
                        &format!("{path}/supplements"),
                        &json!({ "text": "Bổ sung kín 4433" })
                    )
                    .await
                    .status,
                200
            );
        }
    }
    let hand_over = json!({ "receiver": "Lê Người Nhận Kín", "proof": "GIAY-KIN-7788" });
    assert!(agent.post(&format!("{path}/hand-over"), &hand_over).await.status < 500);
    agent
        .post(
            &format!("{path}/hand-over"),
            &json!({ "receiver": ["Lê Người Nhận Kín"] }),
        )
        .await
        .refuses("type-wrong");
}

/// The citizen's way, whether or not its page is drawn.
async fn looked_up_by_the_citizen(hub: &Sandbox, taken: &Value) {
    let id = taken["tracking_id"].as_str().unwrap();
    let secret = taken["lookup_secret"].as_str().unwrap();
    let form = format!("id={id}&secret={secret}");
    let web = client(hub, None);
    let look = web
        .post(format!("{}/tra-cuu", hub.urls()[1]))
        .header("Content-Type", "application/x-www-form-urlencoded");
    let drawn = Told::of(look.body(form)).await;
    assert!(drawn.status < 500, "{}", drawn.text());
    for person in &SECRETS[..6] {
        assert!(
            !drawn.text().contains(person),
            "a citizen's page shows where a dossier is, never whose it is"
        );
    }
}

async fn neither_logged_nor_counted(hub: &Sandbox, secrets: &[String]) {
    let web = client(hub, None);
    let log = logged();
    assert!(
        log.lines().count() > 40 && log.contains("route=\"submit\""),
        "the log is captured: {log}"
    );
    let metrics = Told::of(web.get(format!("{}/metrics", hub.urls()[2])))
        .await
        .text();
    for (what, text) in [("log", &log), ("metrics", &metrics)] {
        for secret in secrets {
            let line = text.lines().find(|l| l.contains(secret.as_str()));
            assert!(
                line.is_none(),
                "{secret:?} in the {what}: {}",
                line.unwrap_or_default()
            );
        }
    }
}

#[test]
fn only_the_right_pair_opens_a_citizens_look_up() {
    run(async {
        let agent = HOUSE.caller("agent.a-002").await;
        let hub = HOUSE.hub().await.running().hub();
        let taken = agent.file(&online("00118")).await.json();
        let other = agent.file(&online("00118")).await.json();
        let id = |answer: &Value| answer["tracking_id"].as_str().unwrap().parse().unwrap();
        let secret = |answer: &Value| answer["lookup_secret"].as_str().unwrap().to_owned();
        let seen = hub
            .lookup
            .by_id(id(&taken), &secret(&taken))
            .await
            .unwrap()
            .expect("the right pair");
        let seen = serde_json::to_string(&seen).unwrap();
        assert!(
            !seen.contains("Nguyễn Văn Mẫu") && !seen.contains("agent.a-002"),
            "{seen}"
        );
        for wrong in [
            secret(&other),
            String::new(),
            "0".repeat(500),
            secret(&taken)[1..].to_owned(),
        ] {
            assert!(hub.lookup.by_id(id(&taken), &wrong).await.unwrap().is_none());
        }
        let absent = "dos_0190b1a0000070008000000000000001".parse().unwrap();
        assert!(hub.lookup.by_id(absent, &secret(&taken)).await.unwrap().is_none());
    });
}
