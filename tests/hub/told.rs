//! A partner's format that writes: what its agency is sent of a dossier's history, and what its submitter is told, or not.

use std::time::Duration;

use lienthong::domain::details::Lists;
use lienthong::domain::sha256::Sha256;
use lienthong::domain::status::Status;
use lienthong::domain::submission::IdempotencyKey;
use lienthong::domain::tenant::TenantKey;
use lienthong::domain::view::{Cursor, NotTold, StatusReport, SupplementRequest, TenantRequest};
use lienthong::service::Call;
use serde_json::{Value, json};

use crate::backends::on_both;
use crate::city::{COMMUNE, City, for_the_commune};

const MAPPING: &str = r#"
[format]
name = "so-mau"
version = 1
title_vi = "Sở mẫu"
title_en = "Sample department"
unknown = "warn"
empty = "absent"

[json]
media_types = ["application/vnd.lienthong.so-mau+json"]

[xml]
media_types = ["application/vnd.lienthong.so-mau+xml"]

[render]
media_type = "application/vnd.lienthong.so-mau+json"
field = [
    { to = "viec", from = "event.kind" },
    { to = "loi", from = "event.text" },
    { to = "giay", from = "event.papers[].name", join = "; " },
    { to = "trang_thai", from = "status_vi" },
]

[[render.list]]
to = "bo_sung"
from = "supplements"
field = [{ to = "yeu_cau", from = "text" }, { to = "tra_loi", from = "answer" }]

[[render.list.list]]
to = "giay"
from = "papers"
field = [{ to = ".", from = "name" }]

[progress]
media_type = "application/vnd.lienthong.so-mau+xml"
root = "TienDo"
field = [
    { to = "@ma", from = "dossier" },
    { to = "TrangThai", from = "status", table = "status", otherwise = "skip" },
    { to = "Giay", from = "papers[].name", join = "; " },
]

[table.status]
"CHO_BO_SUNG" = 5
"#;

fn call(key: &str) -> Call {
    Call {
        key: IdempotencyKey::parse(key).unwrap(),
        request_digest: Sha256::new([7; 32]),
        traceparent: None,
    }
}

fn asks_for(dossier: String) -> StatusReport {
    let papers =
        serde_json::from_value(json!([{ "name": "Tờ khai" }, { "name": "Giấy khai sinh" }])).unwrap();
    let report = StatusReport {
        text: Some("Thiếu giấy tờ".to_owned()),
        ..StatusReport::new(dossier, Status::SupplementRequested)
    };
    report.with_lists(Lists {
        papers,
        ..Lists::default()
    })
}

on_both! {
    async fn a_partners_format_is_sent_the_history_and_tells_what_it_has_a_word_for(stage) {
        let city = City::speaking(stage, "so-mau/v1", MAPPING).await;
        let (operator, agency) = (city.access("operator.truc-ban"), city.access(&format!("agency.{COMMUNE}")));
        let tenant: TenantKey = "branch.ba-dinh".parse().unwrap();
        let formats = Some(vec!["canonical/v1".to_owned(), "so-mau/v1".to_owned()]);
        let request = TenantRequest { reason: "Theo công văn mẫu".to_owned(), name: None, formats, successor_policy: None, codes: None };
        city.hub.tenants.alter(&operator, &tenant, request).await.unwrap();
        let branch = city.access("branch.ba-dinh");
        let id = city.file(&branch, &for_the_commune(stage, "r1")).await.tracking_id;
        for report in [StatusReport::new(id.to_string(), Status::Accepted), StatusReport::new(id.to_string(), Status::Processing),
            asks_for(id.to_string())] {
            stage.later(60);
            city.report(&agency, vec![report]).await;
        }
        stage.later(60);
        let papers = serde_json::from_value(json!([{ "name": "Tờ khai" }])).unwrap();
        let brought = SupplementRequest { text: Some("Đã nộp".to_owned()), papers, ..SupplementRequest::default() };
        city.hub.acts.supplement(&branch, id, call("s1"), brought).await.unwrap();

        let deliveries = city.hub.dossiers.route(&operator, id).await.unwrap().deliveries;
        let told = deliveries.iter().find(|d| d.kind == "supplemented").unwrap().id.to_string();
        let sent = city.hub.messages.pushes(vec![told.clone()]).await.unwrap();
        assert_eq!(sent[&told].data.format, "so-mau/v1");
        assert_eq!(sent[&told].data.document.value(), json!({
            "viec": "supplemented", "loi": "Đã nộp", "giay": "Tờ khai", "trang_thai": "Đang xử lý",
            "bo_sung": [{ "yeu_cau": "Thiếu giấy tờ", "tra_loi": "Đã nộp", "giay": ["Tờ khai", "Giấy khai sinh"] }],
        }));

        let feed = city.hub.feed.events(&branch, Cursor::START, Duration::ZERO, 100).await.unwrap();
        let changes = feed.events.iter().filter(|e| e.data.event.kind == "status-changed");
        let mut told = Vec::new();
        for data in changes.map(|event| &event.data) {
            assert_eq!(data.format.as_deref(), Some("so-mau/v1"));
            let why = data.no_document.as_ref().map(|no| (no.why, no.text_vi.is_empty()));
            told.push((data.document.clone(), why));
        }
        let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<TienDo ma=\"r1\"><TrangThai>CHO_BO_SUNG</TrangThai>\
            <Giay>Tờ khai; Giấy khai sinh</Giay></TienDo>\n";
        let untold = (None, Some((NotTold::NoWord, false)));
        let spoken = (Some(Value::from(xml)), None);
        assert_eq!(told, [untold.clone(), untold.clone(), spoken, untold]);
    }
}
