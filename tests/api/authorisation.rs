//! Every route as every kind of tenant, on a dossier that one of them filed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use lienthong::domain::seal::sha256;
use lienthong::http::routes::{Gives, HttpRoute, Listener, Method as Verb, Operation, TABLE, Takes};
use reqwest::Method;
use serde_json::{Value, json};

use crate::documents::{online, with};
use crate::house::{Caller, House, Told, ago, fresh, run, until};

static HOUSE: House = House::new();

/// Who calls, and as what the matrix names them.
const CALLERS: [(&str, &str); 9] = [
    ("filer", "agent.a-001"),
    ("sibling", "agent.a-002"),
    ("rival", "agent.b-001"),
    ("enterprise", "enterprise.buu-chinh-mau-a"),
    ("rival's", "enterprise.buu-chinh-mau-b"),
    ("branch", "branch.ba-dinh"),
    ("agency", "agency.ubnd-00004"),
    ("other agency", "agency.ubnd-00008"),
    ("operator", "operator.trung-tam"),
];

/// The one file of every dossier here.
const PAPER: &str = "tờ khai";

/// Its digest.
fn paper() -> String {
    sha256(PAPER.as_bytes()).to_string()
}

/// A filing that names it.
fn with_a_paper() -> Value {
    let files = json!([{ "name": "to-khai.pdf", "sha256": paper() }]);
    with(
        online("00004"),
        "components",
        json!([{ "name": "Tờ khai", "files": files }]),
    )
}

/// A body that would be taken from whoever may send it.
fn body(route: &HttpRoute, id: &str, delivery: &str) -> Value {
    match route.id {
        "submit" | "submitBatch" => online("00004"),
        "accept" => json!({}),
        "refuse" | "recall" | "withdraw" => json!({ "reason": "Không còn nhu cầu" }),
        "askSupplement" => {
            json!({ "reason": "Thiếu giấy tờ", "papers": [{ "name": "Bản sao quyết định" }] })
        }
        "postpone" => json!({ "new_due": "2099-01-01T10:00:00+07:00", "reason": "Xác minh thêm" }),
        "correct" => json!({ "reason": "Sai ngày sinh", "results": [{ "name": "Giấy xác nhận" }] }),
        "supplement" => json!({ "text": "Đã bổ sung" }),
        "handOver" => json!({ "receiver": "Nguyễn Văn Mẫu" }),
        "change" | "lost" => json!({ "text": "Sai tên đường" }),
        "askOpinion" => {
            json!({ "of": "Công an phường", "question": "Xác minh", "due_at": "2026-12-31T10:00:00+07:00" })
        }
        "answerOpinion" => json!({ "number": 1, "answer": "Đúng" }),
        "reportTask" => json!({ "outcome": "done", "text": "Thống nhất" }),
        "handTaskOver" => json!({ "task": 1, "agency": "ubnd-00025", "reason": "Thử" }),
        "earlyResult" => json!({ "expected_at": "2026-12-31T10:00:00+07:00" }),
        "paid" => json!({ "kind": "collected", "amount_vnd": 8000 }),
        "settle" => json!({ "messages": [{ "delivery": delivery, "outcome": "done" }] }),
        // Older than anything known, so that it changes nothing for the next caller.
        "report" => {
            json!({ "reports": [{ "dossier": id, "status": 4, "occurred_at": ago(86_400).to_string() }] })
        }
        // What already is so: it changes nothing for the next caller.
        "assign" => json!({ "agency": "ubnd-00025", "reason": "Thử" }),
        "directoryPlan" => json!({ "files": {} }),
        "directoryImport" => json!({ "files": {}, "plan": "00".repeat(32), "reason": "Thử" }),
        "formatPlan" => json!({ "format": "so-mau/v2", "text": "" }),
        "formatActivate" => {
            json!({ "format": "so-mau/v2", "text": "", "plan": "00".repeat(32), "reason": "Thử" })
        }
        "formatRollback" => json!({ "name": "so-mau", "from": "so-mau/v1", "reason": "Thử" }),
        "formatShadow" => json!({ "format": "so-mau/v2", "text": "", "last": 1 }),
        "directoryRollback" => json!({ "reason": "Thử" }),
        "routeOf" => json!({ "procedure": "1.004873", "place": { "commune": "00004" }, "at": "2026-11-20" }),
        "registerTenants" => json!({ "reason": "Thử", "tenants": [] }),
        "alterTenant" => json!({ "reason": "Thử", "successor_policy": "ask" }),
        "stand" => json!({ "reason": "Thử", "standing": "active" }),
        "certify" => json!({ "reason": "Thử", "revoke": "00".repeat(32) }),
        "staff" => json!({ "reason": "Thử", "add": { "id": "nv-001", "name": "Nhân viên mẫu" } }),
        "point" => json!({ "reason": "Thử", "add": { "key": "diem-thu", "name": "Điểm thử" } }),
        "setEndpoint" => json!({ "url": "https://nhan.example.vn/" }),
        "retryDelivery" | "parkDelivery" | "resendDeliveries" => json!({ "reason": "thử" }),
        // Nobody answers there: what is sent is given up long after the test.
        "subscribe" => json!({ "way": "webhook", "url": "https://localhost:1/" }),
        "testSubscription" | "retryNotices" => json!({ "way": "webhook" }),
        "retryNoticesOf" => json!({ "tenant": "branch.ba-dinh", "way": "webhook", "reason": "Đã sửa" }),
        other => panic!("{other}: the attack does not know what to send; add it here"),
    }
}

/// Calls a route of the partner listener about a dossier.
async fn call(caller: &Caller, route: &HttpRoute, id: &str, delivery: &str) -> Told {
    let named = if route.path.starts_with("/v1/deliveries/") {
        delivery
    } else {
        id
    };
    let path = route
        .path
        .replace("{id}", named)
        .replace("{key}", TENANT)
        .replace("{refusal}", NO_REFUSAL)
        .replace("{n}", "1")
        .replace("{sha256}", &paper());
    match (route.method, route.takes) {
        (Verb::Head, Takes::Nothing) => Told::of(caller.request(Method::HEAD, &path).await).await,
        (Verb::Put, Takes::File) => Told::of(caller.request(Method::PUT, &path).await.body(PAPER)).await,
        (Verb::Get, Takes::Nothing) if route.id == "events" || route.id == "inbox" => {
            to_the_end(caller, route, id).await
        }
        (Verb::Get, Takes::Nothing) if route.id == "noticeAttemptsOf" => {
            caller.get(&format!("{path}?tenant=branch.ba-dinh")).await
        }
        (Verb::Get, Takes::Nothing) => caller.get(&path).await,
        (Verb::Post, Takes::Nothing) => Told::of(caller.request(Method::POST, &path).await).await,
        (Verb::Put, Takes::Json(_)) => {
            let request = caller.request(Method::PUT, &path).await;
            Told::of(request.json(&body(route, id, delivery))).await
        }
        (Verb::Delete, Takes::Nothing) => {
            let path = match route.id {
                "unsubscribe" => format!("{path}?way=webhook"),
                _ => path,
            };
            Told::of(caller.request(Method::DELETE, &path).await).await
        }
        (Verb::Post, Takes::Form(_)) => caller.ask_token("").await,
        (Verb::Post, Takes::Documents) => {
            let request = caller.request(reqwest::Method::POST, &path).await;
            let request = request
                .header("Content-Type", "application/x-ndjson")
                .header("Submission-Format", "canonical/v1")
                .header("Idempotency-Key", fresh("key"));
            Told::of(request.body(body(route, id, delivery).to_string())).await
        }
        (Verb::Post, Takes::Document | Takes::Json(_)) if route.id == "submit" => {
            caller.file(&body(route, id, delivery)).await
        }
        (Verb::Post, Takes::Document | Takes::Json(_)) => {
            caller.post(&path, &body(route, id, delivery)).await
        }
        _ => panic!(
            "{}: the attack does not know how to call it; add it here",
            route.id
        ),
    }
}

/// The page that tells of the dossier, or the last one.
async fn to_the_end(caller: &Caller, route: &HttpRoute, id: &str) -> Told {
    let mut after = "0".to_owned();
    loop {
        let more = if route.id == "events" {
            format!("?after={after}&limit=200")
        } else {
            "?max=100".to_owned()
        };
        let told = caller.get(&format!("{}{more}", route.path)).await;
        let page: Value = serde_json::from_slice(&told.body).unwrap_or(Value::Null);
        let empty = |list: &str| page[list].as_array().is_none_or(Vec::is_empty);
        if told.status != 200 || told.text().contains(id) || (empty("events") && empty("messages")) {
            return told;
        }
        after = page["next"].as_str().unwrap_or("0").to_owned();
    }
}

/// The status, and whether the dossier is in what was answered, or was found.
fn verdict(told: &Told, route: &HttpRoute, id: &str) -> String {
    let more = match (told.status, route.id) {
        (400.., _) => "",
        (_, "dossiers" | "events" | "inbox") if told.text().contains(id) => " sees",
        (_, "dossiers" | "events" | "inbox") => " blind",
        (_, "settle" | "report") if told.text().contains("\"not-found\"") => " absent",
        (_, "settle" | "report") => " taken",
        _ => "",
    };
    format!("{}{more}", told.status)
}

/// A refusal without what differs by request.
fn bare(told: &Told) -> String {
    if told.body.is_empty() {
        return String::new();
    }
    let mut answer = told.json();
    if let Some(document) = answer.as_object_mut() {
        document.remove("instance");
    }
    answer.to_string()
}

/// The tenant that routes of the register are called about.
const TENANT: &str = "branch.ba-dinh";
const ABSENT: &str = "dos_0190b1a0000070008000000000000001";
const NO_REFUSAL: &str = "rfs_0190b1a0000070008000000000000001";
const NO_DELIVERY: &str = "dlv_0190b1a0000070008000000000000001";

/// Whoever is refused about a dossier is told the same as about one that does not exist.
async fn tells_nothing_of_what_exists(
    (name, caller): (&str, &Caller),
    route: &HttpRoute,
    (id, delivery): (&str, &str),
    told: &Told,
) {
    let names_one = route.path.contains("{id}");
    if names_one && told.status >= 400 {
        let absent = call(caller, route, ABSENT, NO_DELIVERY).await;
        if told.status == 403 && told.text().contains("\"not-your-part\"") {
            // Told to who may read it, and to nobody else.
            let read = caller.get(&format!("/v1/dossiers/{id}")).await;
            assert_eq!((read.status, absent.status), (200, 404), "{} as {name}", route.id);
        } else if told.status == 404 || told.status == 403 {
            assert_eq!(
                bare(told),
                bare(&absent),
                "{} as {name} tells that it exists",
                route.id
            );
            assert_eq!(told.status, absent.status);
        }
        let odd = call(caller, route, "dos_1", NO_DELIVERY).await;
        if told.status == 404 {
            assert_eq!(bare(told), bare(&odd), "{} as {name}", route.id);
        }
    }
    if (route.id == "report" || route.id == "settle") && verdict(told, route, id).ends_with("absent") {
        let absent = call(caller, route, ABSENT, NO_DELIVERY).await;
        let same = bare(&absent).replace(ABSENT, id).replace(NO_DELIVERY, delivery);
        assert_eq!(bare(told), same, "{} as {name}", route.id);
    }
}

#[test]
fn every_route_as_every_kind_of_tenant_is_the_reviewed_matrix() {
    run(async {
        let mut callers = BTreeMap::new();
        for (name, tenant) in CALLERS {
            callers.insert(name, HOUSE.caller(tenant).await);
        }
        let path = format!("/v1/blobs/{}", paper());
        let put = callers["filer"].request(Method::PUT, &path).await;
        assert_eq!(Told::of(put.body(PAPER)).await.status, 201);
        let mut rows = String::new();
        write!(rows, "{:36}", "").unwrap();
        for (name, _) in CALLERS {
            write!(rows, "{name:14}").unwrap();
        }
        rows = format!("{}\n", rows.trim_end());
        for route in TABLE.iter().filter(|r| r.listener == Listener::Partner) {
            let mut line = format!("{:36}", format!("{} {}", route.method.word(), route.path));
            for (name, _) in CALLERS {
                let caller = &callers[name];
                // A dossier for each call, so that no call changes what the next one finds.
                let id = callers["filer"].filed(&with_a_paper()).await;
                let delivery = until("the delivery is known", async || {
                    let route = callers["filer"]
                        .get(&format!("/v1/dossiers/{id}/route"))
                        .await
                        .json();
                    let found = &route["deliveries"][0];
                    (found["state"] == "queued").then(|| found["id"].as_str().unwrap().to_owned())
                })
                .await;
                let told = call(caller, route, &id, &delivery).await;
                write!(line, "{:14}", verdict(&told, route, &id)).unwrap();
                assert!(told.status < 500, "{} as {name}: {}", route.id, told.text());
                if matches!(route.gives, Gives::Json(_)) && told.status < 400 {
                    assert_eq!(told.header("content-type"), "application/json", "{}", route.id);
                }
                tells_nothing_of_what_exists((name, caller), route, (&id, &delivery), &told).await;
            }
            rows += line.trim_end();
            rows.push('\n');
        }
        held("tests/api/authz.txt", &rows);
    });
}

/// Compares with the reviewed file.
fn held(file: &str, made: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    #[expect(
        clippy::disallowed_methods,
        reason = "how every snapshot of the project is rewritten"
    )]
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == made,
        "{file} is stale: run with UPDATE=1 and read what changed\n{made}"
    );
}

/// Nothing of the partner listener is open to somebody without a certificate or without a token.
#[test]
fn every_route_refuses_who_has_no_certificate_and_who_has_no_token() {
    run(async {
        let hub = HOUSE.hub().await;
        let (bare, known) = (
            Caller::bare(hub, "agent.a-001"),
            HOUSE.caller("agent.a-001").await,
        );
        for route in TABLE.iter().filter(|r| r.listener == Listener::Partner) {
            let path = route.path.replace("{id}", ABSENT);
            let url = format!("{}{}", bare.base, path.replace("{refusal}", NO_REFUSAL));
            let method: Method = route.method.word().parse().expect("a method");
            let ask = |caller: &Caller| {
                let request = caller.http.request(method.clone(), &url);
                request
                    .header("Idempotency-Key", fresh("key"))
                    .header("Content-Type", "application/json")
                    .body("{}")
            };
            let told = Told::of(ask(&bare)).await;
            if matches!(route.operation, Operation::Token) {
                assert_eq!(
                    (told.status, told.json()["error"].clone()),
                    (401, json!("invalid_client"))
                );
                continue;
            }
            let known = Told::of(ask(&known)).await;
            if route.method == Verb::Head {
                assert_eq!((told.status, known.status), (401, 401), "{url}");
                continue;
            }
            told.refuses("certificate-missing");
            known.refuses("token-missing");
        }
    });
}

/// The web and the operations listener serve no route of partners, and the partner listener none of theirs.
#[test]
fn a_route_is_served_by_its_own_listener_only() {
    run(async {
        let hub = HOUSE.hub().await;
        let caller = HOUSE.caller("operator.trung-tam").await;
        for route in TABLE {
            for (listener, base) in [Listener::Partner, Listener::Web, Listener::Operations]
                .into_iter()
                .zip(hub.urls())
            {
                let served = TABLE.iter().any(|r| {
                    r.listener == listener
                        && (r.path == route.path
                            || (r.path.contains('{')
                                && r.path.split('/').count() == route.path.split('/').count()))
                });
                if served {
                    continue;
                }
                let url = format!(
                    "{base}{}",
                    route
                        .path
                        .replace("{id}", ABSENT)
                        .replace("{refusal}", NO_REFUSAL)
                        .replace("{label}", "x")
                        .replace("{file}", "x")
                );
                let told = Told::of(caller.http.get(url)).await;
                assert_eq!(told.status, 404, "{} on {listener:?}", route.path);
            }
        }
    });
}

/// An amendment that moves a dossier to another agency takes it out of the first one's sight.
#[test]
fn an_agency_that_is_no_longer_responsible_sees_nothing_any_more() {
    run(async {
        let filer = HOUSE.caller("agent.a-003").await;
        let (first, second) = (
            HOUSE.caller("agency.ubnd-00004").await,
            HOUSE.caller("agency.ubnd-00008").await,
        );
        let dossier = online("00004");
        let id = filer.filed(&dossier).await;
        let path = format!("/v1/dossiers/{id}");
        assert_eq!(
            (first.get(&path).await.status, second.get(&path).await.status),
            (200, 404)
        );
        let moved = with(
            dossier,
            "place",
            json!({ "catalogue": "2025", "commune": "00008" }),
        );
        assert_eq!(filer.filed(&moved).await, id);
        assert_eq!(
            (first.get(&path).await.status, second.get(&path).await.status),
            (404, 200)
        );
        for more in ["history", "route", "submission", "receipt"] {
            first.get(&format!("{path}/{more}")).await.refuses("not-found");
        }
        let report = json!({ "reports": [{ "dossier": id, "status": 2 }] });
        let told = first.post("/v1/statuses", &report).await.json();
        assert_eq!(told["results"][0]["problem"]["label"], "not-found", "{told}");
        let told = second.post("/v1/statuses", &report).await.json();
        assert_eq!(told["results"][0]["verdict"], "applied", "{told}");
    });
}
