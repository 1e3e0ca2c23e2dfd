//! What only operators send in bulk, each limit met exactly and passed by one.

use lienthong::domain::register::{PARTS_OF_A_TENANT, TENANTS_AT_ONCE};
use lienthong::http::limits::LARGE_JSON_BYTES;
use lienthong::net::dev_ca::Validity;
use lienthong::service::FAULTS_TOLD;
use reqwest::{Body, Method};
use serde_json::{Value, json};

use crate::house::{Caller, House, Told, fresh, now, run};

static HOUSE: House = House::new();

const OPERATOR: &str = "operator.trung-tam";

async fn post(caller: &Caller, path: &str, body: impl Into<Body>) -> Told {
    let request = caller.request(Method::POST, path).await;
    Told::of(request.header("Content-Type", "application/json").body(body)).await
}

async fn register(caller: &Caller, tenants: &[Value]) -> Told {
    let body = json!({ "reason": "thử giới hạn", "tenants": tenants });
    post(caller, "/v1/tenants", body.to_string()).await
}

#[test]
fn an_operator_may_send_so_many_bytes_and_no_more() {
    run(async {
        let operator = HOUSE.caller(OPERATOR).await;
        let body = |size: usize| {
            let tenant = json!({ "key": format!("enterprise.{}", fresh("l")), "name": "Doanh nghiệp mẫu" });
            let text = json!({ "reason": "thử giới hạn", "tenants": [tenant] }).to_string();
            format!("{text}{}", " ".repeat(size - text.len()))
        };
        let chunked = |text: String| {
            let pieces = text.into_bytes();
            let pieces: Vec<std::io::Result<Vec<u8>>> =
                pieces.chunks(1 << 20).map(|piece| Ok(piece.to_vec())).collect();
            Body::wrap_stream(futures_util::stream::iter(pieces))
        };
        for declared in [true, false] {
            let send = async |size: usize| match declared {
                true => post(&operator, "/v1/tenants", body(size)).await,
                false => post(&operator, "/v1/tenants", chunked(body(size))).await,
            };
            let told = send(LARGE_JSON_BYTES).await;
            assert_eq!(
                (told.status, &told.json()["changes"]),
                (200, &json!(1)),
                "{}",
                told.text()
            );
            send(LARGE_JSON_BYTES + 1).await.refuses("body-too-large");
        }
    });
}

#[test]
fn so_many_tenants_are_registered_at_once_and_no_more() {
    run(async {
        let operator = HOUSE.caller(OPERATOR).await;
        let run = fresh("many");
        let some = |count: usize| -> Vec<Value> {
            (0..count)
                .map(|n| json!({ "key": format!("enterprise.{run}-{n}"), "name": "Doanh nghiệp mẫu" }))
                .collect()
        };
        let told = register(&operator, &some(TENANTS_AT_ONCE + 1)).await;
        told.refuses("too-many-items");
        assert_eq!(told.paths(), ["/tenants"]);
        let none = operator.get(&format!("/v1/tenants/enterprise.{run}-0")).await;
        none.refuses("not-found");
        let told = register(&operator, &some(TENANTS_AT_ONCE)).await;
        assert_eq!(
            (told.status, &told.json()["changes"]),
            (200, &json!(TENANTS_AT_ONCE)),
            "{}",
            told.text()
        );
    });
}

#[test]
fn a_tenant_is_registered_with_so_many_parts_and_no_more() {
    run(async {
        let operator = HOUSE.caller(OPERATOR).await;
        let key = format!("branch.{}", fresh("parts"));
        let hub = HOUSE.hub().await;
        let validity = Validity::starting(now(), std::time::Duration::from_secs(24 * 3600));
        let certificates: Vec<String> = (0..=PARTS_OF_A_TENANT)
            .map(|_| {
                hub.state()
                    .ca()
                    .client(&key.parse().unwrap(), validity)
                    .unwrap()
                    .certificate_pem
            })
            .collect();
        let tenant = |count: usize| {
            let people: Vec<Value> = (0..count)
                .map(|n| json!({ "id": format!("nv-{n}"), "name": "Nhân viên mẫu" }))
                .collect();
            let points: Vec<Value> = (0..count)
                .map(|n| json!({ "key": format!("diem-{n}"), "name": "Điểm mẫu" }))
                .collect();
            json!({ "key": key, "name": "Chi nhánh mẫu", "certificates": certificates[..count], "staff": people,
                    "points": points })
        };
        let told = register(&operator, &[tenant(PARTS_OF_A_TENANT + 1)]).await;
        told.refuses("too-many-items");
        assert_eq!(
            told.paths(),
            ["/tenants/0/certificates", "/tenants/0/staff", "/tenants/0/points"]
        );
        let told = register(&operator, &[tenant(PARTS_OF_A_TENANT)]).await;
        assert_eq!(told.status, 200, "{}", told.text());
        let view = operator.get(&format!("/v1/tenants/{key}")).await.json();
        for parts in ["pinned", "staff", "points"] {
            assert_eq!(
                view[parts].as_array().map(Vec::len),
                Some(PARTS_OF_A_TENANT),
                "{parts}"
            );
        }
    });
}

#[test]
fn so_many_faults_of_a_directory_are_told_at_once() {
    run(async {
        let operator = HOUSE.caller(OPERATOR).await;
        let shipped = lienthong::app::sandbox::shipped_directory();
        for (broken, told) in [
            (FAULTS_TOLD - 1, FAULTS_TOLD - 1),
            (FAULTS_TOLD, FAULTS_TOLD),
            (FAULTS_TOLD + 1, FAULTS_TOLD),
        ] {
            let mut files = shipped.clone();
            let rules = files.get_mut("competence.csv").unwrap();
            for n in 0..broken {
                rules.push_str(&format!("X{n},1.004873,@commune,@place,no-day,,true,broken\n"));
            }
            let answer = post(
                &operator,
                "/v1/directory/plan",
                json!({ "files": files }).to_string(),
            )
            .await;
            answer.refuses("directory-faulty");
            assert_eq!(answer.labels().len(), told, "{broken} rows are broken");
        }
    });
}
