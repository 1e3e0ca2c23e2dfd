//! Dossiers to draw the page with: one on its way with a long history, one parked before anything was sent.

use serde_json::json;

use super::*;

impl Dossier {
    pub(in crate::console) fn sample(f: &Frame) -> Vec<Self> {
        [travelled(), parked()]
            .map(|(summary, route, history)| Dossier {
                files: serde_json::from_value(files(&history)).unwrap(),
                f: f.clone(),
                summary: serde_json::from_value(summary).unwrap(),
                route: serde_json::from_value(route).unwrap(),
                history: serde_json::from_value(history).unwrap(),
            })
            .into()
    }

    /// The same dossiers as a list shows them.
    pub(in crate::console) fn summaries() -> Vec<DossierSummary> {
        [summary(9, None), summary(1, Some("competence-gap"))]
            .map(|s| serde_json::from_value(s).unwrap())
            .into()
    }
}

/// A file of each kind and state, where there is a history to have brought them.
fn files(history: &serde_json::Value) -> serde_json::Value {
    let travelled = history["events"]
        .as_array()
        .is_some_and(|events| events.len() > 1);
    let at = "2026-11-20T02:15:00Z";
    let file = |n: i32, kind: &str, size: Option<i64>, overdue: bool| {
        json!({
            "n": n, "kind": kind, "event": 1, "name": "to-khai.pdf", "sha256": format!("{n:064x}"), "size": size,
            "owner": "branch.tay-ho", "named_at": at, "arrived_at": size.map(|_| at), "superseded": n == 2,
            "overdue": overdue, "link": "",
        })
    };
    let all = [
        file(1, "filing", Some(33_120), false),
        file(2, "filing", Some(512), false),
        file(3, "supplement", None, false),
        file(4, "result", None, true),
    ];
    json!({ "tracking_id": ID, "missing": 2, "attachments": &all[..if travelled { 4 } else { 0 }] })
}

const ID: &str = "dos_019aaf3c1e00700080000000000000a1";

type Drawn = (serde_json::Value, serde_json::Value, serde_json::Value);

fn status(code: u8) -> serde_json::Value {
    serde_json::to_value(StatusView::from(
        crate::domain::status::Status::from_code(code).unwrap(),
    ))
    .unwrap()
}

fn agency() -> serde_json::Value {
    json!({ "key": "so-tu-phap", "name": "Sở Tư pháp" })
}

fn event(number: i32, at: &str, actor: &str, mut more: serde_json::Value) -> serde_json::Value {
    more["id"] = json!(format!("evt_019aaf3c1e00700080000000000000{number:02}"));
    more["number"] = json!(number);
    more["at"] = json!(at);
    more["occurred_at"] = json!(at);
    more["actor"] = json!({ "tenant": actor });
    more
}

fn reason(chosen: Option<&str>) -> serde_json::Value {
    json!({
        "directory": "hanoi-2026.11", "date": "2026-11-20",
        "procedure": { "received": "1.004873", "code": "1.004873", "name": "Cấp giấy xác nhận tình trạng hôn nhân", "version": 1, "matched": "exact" },
        "place": null,
        "rules": chosen.map(|a| vec![json!({ "rule": "R0123", "place": "*", "agency": a })]).unwrap_or_default(),
        "chosen": chosen,
        "vi": "Cấp giấy xác nhận tình trạng hôn nhân (1.004873) thuộc Sở Tư pháp theo quy tắc R0123, danh mục hanoi-2026.11, ngày 2026-11-20.",
        "en": "Cấp giấy xác nhận tình trạng hôn nhân (1.004873) belongs to Sở Tư pháp by rule R0123, directory hanoi-2026.11, on 2026-11-20.",
    })
}

fn summary(code: u8, parked: Option<&str>) -> serde_json::Value {
    json!({
        "tracking_id": ID, "reference": "TH-2026-000412",
        "dossier_code": if parked.is_none() { json!("H26.15.02-261120-0412") } else { json!(null) },
        "procedure": "1.004873", "procedure_name": "Cấp giấy xác nhận tình trạng hôn nhân", "procedure_version": 1,
        "channel": "counter", "assisted_by_agent": false, "status": status(code), "since": "2026-11-23T01:10:00Z",
        "submitter": "branch.tay-ho", "point": "tay-ho-01", "agency": if parked.is_none() { agency() } else { json!(null) },
        "parked": parked, "version": 1, "clocks": { "due": "2026-12-01T10:00:00Z" },
        "received_at": "2026-11-20T02:15:00Z", "updated_at": "2026-11-23T01:10:00Z",
    })
}

/// The history of the one on its way.
fn events() -> Vec<serde_json::Value> {
    let changed = |from: u8, to: u8, inferred: bool| json!({ "kind": "status-changed", "from": status(from), "status": status(to), "verdict": "applied", "inferred": inferred });
    let mut late = changed(4, 5, false);
    late["label"] = json!("supplement-repeated");
    late["details"] = json!({ "papers": [{ "name": "Bản sao quyết định ly hôn" }, { "name": "Tờ khai" }] });
    let mut finished = changed(4, 9, false);
    finished["details"] =
        json!({ "decision": { "results": [{ "name": "Giấy xác nhận", "number": "12/GXN" }] } });
    vec![
        event(
            1,
            "2026-11-20T02:15:00Z",
            "branch.tay-ho",
            json!({ "kind": "filed", "status": status(2) }),
        ),
        event(
            2,
            "2026-11-20T03:40:00Z",
            "agency.so-tu-phap",
            json!({ "kind": "code-assigned", "dossier_code": "H26.15.02-261120-0412" }),
        ),
        event(
            3,
            "2026-11-20T02:15:00Z",
            "branch.tay-ho",
            json!({ "kind": "due-set", "due": { "to": "2026-11-27T10:00:00Z", "reason": "accepted" } }),
        ),
        event(
            4,
            "2026-11-20T03:41:00Z",
            "agency.so-tu-phap",
            changed(2, 4, true),
        ),
        event(5, "2026-11-20T08:05:00Z", "agency.so-tu-phap", late),
        event(
            6,
            "2026-11-21T02:30:00Z",
            "branch.tay-ho",
            json!({ "kind": "supplemented" }),
        ),
        event(
            7,
            "2026-11-21T02:30:00Z",
            "branch.tay-ho",
            json!({ "kind": "due-set", "due": { "from": "2026-11-27T10:00:00Z", "to": "2026-12-01T10:00:00Z", "reason": "supplement-completed" } }),
        ),
        event(
            8,
            "2026-11-22T01:00:00Z",
            "operator.hub",
            json!({ "kind": "limit-near", "limit": { "limit": "due", "due_at": "2026-12-01T10:00:00Z", "party": "agency" } }),
        ),
        event(9, "2026-11-23T01:10:00Z", "agency.so-tu-phap", finished),
    ]
}

/// How it reached its agency.
fn deliveries() -> Vec<serde_json::Value> {
    let attempt = |number: i32, outcome: &str, reason: Option<&str>| json!({ "at": format!("2026-11-20T02:15:0{number}Z"), "number": number, "outcome": outcome, "reason": reason });
    let delivery = |n: u8, kind: &str, state: &str, attempts: Vec<serde_json::Value>| {
        json!({
            "id": format!("dlv_019aaf3c1e007000800000000000000{n}"), "agency": agency(),
            "event": "evt_019aaf3c1e0070008000000000000001", "kind": kind, "state": state,
            "since": "2026-11-20T02:15:04Z", "attempts": attempts,
        })
    };
    vec![
        delivery(
            1,
            "filed",
            "acknowledged",
            vec![
                attempt(1, "retry", Some("broker-away")),
                attempt(2, "confirmed", None),
                attempt(3, "handed", None),
            ],
        ),
        delivery(2, "supplemented", "queued", vec![attempt(1, "confirmed", None)]),
    ]
}

fn travelled() -> Drawn {
    let route = json!({ "tracking_id": ID, "agency": agency(), "reason": reason(Some("so-tu-phap")), "deliveries": deliveries() });
    (
        summary(9, None),
        route,
        json!({ "tracking_id": ID, "events": events() }),
    )
}

fn parked() -> Drawn {
    let filed = json!({ "kind": "filed", "status": status(1), "label": "competence-gap" });
    let events = vec![event(1, "2026-11-20T02:15:00Z", "agent.a-07", filed)];
    let route = json!({ "tracking_id": ID, "agency": null, "parked": "competence-gap", "reason": reason(None), "deliveries": [] });
    (
        summary(1, Some("competence-gap")),
        route,
        json!({ "tracking_id": ID, "events": events }),
    )
}
