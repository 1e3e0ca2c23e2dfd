//! The citizen's page, over the wire: what it takes, what it shows, and how often somebody may be wrong.

use lienthong::http::limits::{LOOKUPS_PER_KEY, LOOKUPS_PER_MINUTE};
use reqwest::Client;
use serde_json::{Value, json};

use crate::documents::online;
use crate::house::{Caller, House, Told, client, now, run};

static HOUSE: House = House::new();

struct Citizen {
    web: Client,
    page: String,
}

impl Citizen {
    async fn new() -> Citizen {
        let hub = HOUSE.hub().await;
        Citizen {
            web: client(hub, None),
            page: format!("{}/tra-cuu", hub.urls()[1]),
        }
    }

    async fn looks_up(&self, id: &str, secret: &str) -> Told {
        let form = format!("id={}&secret={}", encoded(id), encoded(secret));
        let request = self
            .web
            .post(&self.page)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Accept", "text/html");
        Told::of(request.body(form)).await
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02X}")).collect()
}

/// A dossier an agency has: its id, the citizen's secret, who filed it, who has it.
async fn filed(commune: &str) -> (String, String, Caller) {
    let agent = HOUSE.caller("agent.a-001").await;
    let told = agent.file(&online(commune)).await.json();
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    let agency = HOUSE.caller(&format!("agency.ubnd-{commune}")).await;
    (text("tracking_id"), text("lookup_secret"), agency)
}

async fn report(agency: &Caller, mut report: Value) {
    report["occurred_at"] = json!(now().to_string());
    let told = agency
        .post("/v1/statuses", &json!({ "reports": [report] }))
        .await
        .json();
    let verdict = told["results"][0]["verdict"].as_str().unwrap_or("none");
    assert!(verdict.starts_with("applied"), "{told}");
}

/// A wrong secret that looks like one.
const WRONG: &str = "0000-0000-0000";

#[test]
fn a_dossier_is_found_by_its_id_and_by_its_code_however_they_are_copied() {
    run(async {
        let citizen = Citizen::new().await;
        let (id, secret, agency) = filed("00004").await;
        // The unit of that agency, today's day, a number of its own.
        let day = now().in_vietnam().strftime("%y%m%d").to_string();
        let code = format!("H26.101-{day}-{:04}", std::process::id() % 9999 + 1);
        report(
            &agency,
            json!({ "dossier": id, "status": 2, "assigned_code": code }),
        )
        .await;
        let seen = agency.get(&format!("/v1/dossiers/{id}")).await.json();
        assert_eq!(seen["dossier_code"], code.as_str(), "{seen}");
        let names = [
            id.clone(),
            id.to_ascii_uppercase(),
            format!("  {id} "),
            code.clone(),
            code.to_ascii_lowercase(),
            code.replace('-', " - "),
        ];
        for name in names {
            for secret in [secret.clone(), secret.to_lowercase().replace('-', " ")] {
                let told = citizen.looks_up(&name, &secret).await;
                assert_eq!(told.status, 200, "{name}: {}", told.text());
                assert!(told.text().contains(&id), "{name}");
            }
        }
    });
}

#[test]
fn a_slip_costs_one_field_and_tells_nothing() {
    run(async {
        let citizen = Citizen::new().await;
        let (id, secret, _) = filed("00004").await;
        let absent = "dos_0190b1a0000070008000000000000001";
        let wrong_secret = citizen.looks_up(&id, WRONG).await;
        let wrong_id = citizen.looks_up(absent, &secret).await;
        assert_eq!((wrong_secret.status, wrong_id.status), (404, 404));
        let (one, other) = (wrong_secret.text(), wrong_id.text());
        assert_eq!(one.replace(&id, absent), other, "which half is wrong is not told");
        assert!(
            one.contains(&format!("value=\"{id}\"")),
            "what was looked for stays"
        );
        assert!(
            !one.contains(WRONG) && !other.contains(&secret),
            "a secret is never written back"
        );
        // What nobody's receipt holds is explained, and is text.
        let told = citizen.looks_up("\"><b>0412", &secret).await;
        assert_eq!(told.status, 404);
        assert!(
            told.text().contains("H26.15.02-261120-0412") && !told.text().contains("<b>"),
            "{}",
            told.text()
        );
        for told in [wrong_secret, wrong_id, told] {
            assert!(
                told.header("content-security-policy")
                    .contains("default-src 'none'")
            );
            assert_eq!(told.header("referrer-policy"), "no-referrer");
        }
    });
}

#[test]
fn wrong_ones_are_counted_and_right_ones_are_answered_all_the_same() {
    run(async {
        let citizen = Citizen::new().await;
        let (id, secret, _) = filed("00004").await;
        for n in 0..LOOKUPS_PER_MINUTE {
            assert_eq!(
                citizen.looks_up(&id, &secret).await.status,
                200,
                "right ones do not count"
            );
            let told = citizen.looks_up(&format!("dos_{n:032x}"), WRONG).await;
            assert_eq!(told.status, 404, "{n}: {}", told.text());
        }
        let refused = citizen
            .looks_up("dos_0190b1a0000070008000000000000001", WRONG)
            .await;
        assert_eq!((refused.status, refused.header("retry-after")), (429, "60"));
        assert!(refused.header("content-type").starts_with("text/html"));
        assert!(
            refused
                .header("content-security-policy")
                .contains("default-src 'none'")
        );
        assert_eq!(refused.header("referrer-policy"), "no-referrer");
        assert_eq!(
            citizen.looks_up(&id, &secret).await.status,
            200,
            "nor are they refused for others"
        );
    });
}

#[test]
fn one_dossier_is_tried_so_often_from_wherever() {
    run(async {
        let citizen = Citizen::new().await;
        let (id, secret, _) = filed("00004").await;
        for _ in 0..LOOKUPS_PER_KEY {
            assert_eq!(citizen.looks_up(&id, WRONG).await.status, 404);
        }
        assert_eq!(citizen.looks_up(&id, WRONG).await.status, 429);
        assert_eq!(citizen.looks_up(&id, &secret).await.status, 200);
    });
}

#[test]
fn the_page_says_what_is_asked_of_the_citizen_and_where() {
    run(async {
        let citizen = Citizen::new().await;
        let shown = async |id: &str, secret: &str| citizen.looks_up(id, secret).await.text();

        let (id, secret, agency) = filed("00004").await;
        report(
            &agency,
            json!({ "dossier": id, "status": 5, "text": "Bổ sung trong 30 ngày",
            "papers": [{ "name": "Bản sao quyết định", "note": "Thiếu trang 2" }] }),
        )
        .await;
        let page = shown(&id, &secret).await;
        for part in [
            "Bản sao quyết định",
            "Thiếu trang 2",
            "Bổ sung trong 30 ngày",
            "Nơi nhận bổ sung",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(!page.contains("xin lỗi"), "the agency is not late");

        let (id, secret, agency) = filed("00004").await;
        report(&agency, json!({ "dossier": id, "status": 6,
            "fees": [{ "name": "Lệ phí mẫu", "amount_vnd": 1_250_000, "payee": "Kho bạc mẫu", "account": "0000 1111" }] })).await;
        let page = shown(&id, &secret).await;
        for part in ["Lệ phí mẫu", "1.250.000 đ", "Kho bạc mẫu", "0000 1111"] {
            assert!(page.contains(part), "{part}: {page}");
        }

        let (id, secret, agency) = filed("00004").await;
        report(
            &agency,
            json!({ "dossier": id, "status": 3, "text": "Không thuộc thẩm quyền của phường" }),
        )
        .await;
        let page = shown(&id, &secret).await;
        assert!(
            page.contains("Lý do từ chối") && page.contains("Không thuộc thẩm quyền của phường"),
            "{page}"
        );

        let (id, secret, agency) = filed("00004").await;
        report(&agency, json!({ "dossier": id, "status": 9, "results": [{ "name": "Giấy xác nhận mẫu", "number": "12/GXN" }] })).await;
        let page = shown(&id, &secret).await;
        for part in ["Giấy xác nhận mẫu", "12/GXN", "Nơi trả kết quả"] {
            assert!(page.contains(part), "{part}: {page}");
        }
    });
}

#[test]
fn pages_of_failures_guard_themselves_as_all_pages_do() {
    run(async {
        let citizen = Citizen::new().await;
        for path in [
            "/khong-co-trang-nay",
            "/errors/no-such-label",
            "/",
            "/tra-cuu",
            "/errors",
        ] {
            let base = citizen.page.trim_end_matches("/tra-cuu");
            let told = Told::of(
                citizen
                    .web
                    .get(format!("{base}{path}"))
                    .header("Accept", "text/html"),
            )
            .await;
            assert!(
                told.header("content-security-policy")
                    .contains("default-src 'none'"),
                "{path}"
            );
            assert_eq!(told.header("referrer-policy"), "no-referrer", "{path}");
            // A sandbox's pages are plain HTTP on loopback.
            assert_eq!(told.header("strict-transport-security"), "", "{path}");
        }
        // A link that came through a messenger brings parameters of the messenger's.
        let told = Told::of(citizen.web.get(format!("{}?fbclid=x&lang=en", citizen.page))).await;
        assert!(told.status == 200 && told.text().contains("Look up a dossier"));
        let agent = HOUSE.caller("agent.a-001").await;
        let told = agent.get("/v1/dossiers").await;
        assert_eq!(told.header("strict-transport-security"), "max-age=63072000");
    });
}

#[test]
fn what_nobody_reads_in_a_query_is_refused_on_every_route() {
    run(async {
        let hub = HOUSE.hub().await;
        let (agent, web) = (HOUSE.caller("agent.a-001").await, client(hub, None));
        for path in [
            "/v1/subscription",
            "/v1/dossiers",
            "/v1/events",
            "/v1/dossiers/dos_0190b1a0000070008000000000000001",
        ] {
            let told = agent.get(&format!("{path}?limmit=1")).await;
            told.refuses("query-malformed");
            assert!(told.text().contains("limmit"), "{path}: {}", told.text());
        }
        for (base, path) in [
            (1, "/health/live"),
            (1, "/openapi.json"),
            (1, "/.well-known/jwks.json"),
            (2, "/metrics"),
        ] {
            let told = Told::of(web.get(format!("{}{path}?x=1", hub.urls()[base]))).await;
            assert_eq!(told.status, 400, "{path}");
            assert!(told.text().contains("query-malformed"), "{path}: {}", told.text());
        }
        for twice in [
            "limit=1&limit=1",
            "reference=",
            "status=",
            "parked=",
            "after=",
            "limit=+5",
        ] {
            agent
                .get(&format!("/v1/dossiers?{twice}"))
                .await
                .refuses("query-malformed");
        }
        let told = agent
            .form("/oauth2/token?x=1", "grant_type=client_credentials")
            .await;
        told.refuses("query-malformed");
    });
}

#[test]
fn a_plus_is_taken_as_it_was_meant() {
    run(async {
        let agent = HOUSE.caller("agent.a-002").await;
        let mut ids = Vec::new();
        let word = crate::house::fresh("p");
        for reference in [format!("{word}+1"), format!("{word} 1")] {
            let mut dossier = online("00004");
            dossier["reference"] = json!(reference);
            dossier["summary"] = json!(reference);
            ids.push(agent.filed(&dossier).await);
        }
        let found = async |reference: &str| {
            let page = agent
                .get(&format!("/v1/dossiers?reference={reference}"))
                .await
                .json();
            let listed = page["dossiers"].as_array().unwrap().iter();
            let mut ids: Vec<String> = listed
                .map(|d| d["tracking_id"].as_str().unwrap().to_owned())
                .collect();
            ids.sort();
            ids
        };
        assert_eq!(found(&format!("{word}%2B1")).await, [ids[0].clone()]);
        assert_eq!(found(&format!("{word}%201")).await, [ids[1].clone()]);
        assert_eq!(found(&format!("{word}+1")).await, ids, "either may be meant");
        for since in ["2026-01-01T00:00:00+07:00", "2026-01-01T00:00:00%2B07:00"] {
            assert_eq!(
                agent.get(&format!("/v1/refusals?since={since}")).await.status,
                200,
                "{since}"
            );
        }
        let told = agent.get("/v1/refusals?since=2026-01-01%2000:00:00").await;
        told.refuses("query-malformed");
        assert!(told.text().contains("%2B"), "{}", told.text());
    });
}

#[test]
fn a_digest_is_the_same_in_capitals_and_a_malformed_one_is_told_its_form() {
    run(async {
        let agent = HOUSE.caller("agent.a-003").await;
        let bytes = crate::house::fresh("tệp").into_bytes();
        let digest = lienthong::domain::seal::sha256(&bytes).to_string();
        for named in [
            digest.to_uppercase(),
            format!("sha256:{digest}"),
            format!("SHA256:{}", digest.to_uppercase()),
            digest.clone(),
        ] {
            let put = agent
                .request(reqwest::Method::PUT, &format!("/v1/blobs/{named}"))
                .await;
            let told = Told::of(put.body(bytes.clone())).await;
            assert!(matches!(told.status, 200 | 201), "{named}: {}", told.text());
            assert_eq!(told.json()["sha256"], digest.as_str(), "{named}");
        }
        for wrong in [
            &digest[..63],
            &format!("{digest}0"),
            &digest[..40],
            &format!("md5:{}", &digest[..32]),
            &digest.replace(&digest[..1], "g"),
        ] {
            let put = agent
                .request(reqwest::Method::PUT, &format!("/v1/blobs/{wrong}"))
                .await;
            let told = Told::of(put.body(bytes.clone())).await;
            told.refuses("digest-malformed");
            assert!(told.text().contains("64"), "{wrong}");
        }
    });
}
