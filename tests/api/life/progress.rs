//! Progress towards a submitter whose own system speaks a format with a message for it.

use lienthong::adapt::Registry;
use lienthong::domain::status::Status;
use lienthong::domain::view::StatusReport;
use serde_json::{Value, json};

use super::turns::done;
use super::{HOUSE, feed, report, reported};
use crate::documents::counter;
use crate::house::{Caller, now, run};

#[test]
fn a_submitter_is_told_progress_in_its_own_format_and_can_read_it_back() {
    run(async {
        let (branch, agent) = (
            HOUSE.caller("branch.ba-vi").await,
            HOUSE.caller("agent.a-009").await,
        );
        let agency = HOUSE.caller("agency.ubnd-00565").await;
        let sent = counter("00565");
        let id = branch.filed(&sent).await;
        a_refusal_is_decided_and_put_right(&branch, &agency, &id).await;
        let (events, _) = feed(&branch, &id).await;
        let told = read_back(&events);
        let seen: Vec<(Status, bool, bool)> =
            told.iter().map(|r| (r.status, r.refusal, r.correction)).collect();
        assert_eq!(
            seen,
            [
                (Status::Processing, false, false),
                (Status::SupplementRequested, false, false),
                (Status::Processing, false, false),
                (Status::Finished, true, false),
                (Status::Finished, true, true),
                (Status::HandedOver, false, false),
            ]
        );
        for report in &told {
            assert_eq!(report.dossier, sent["reference"].as_str().unwrap());
        }
        assert_eq!(told[0].text.as_deref(), Some("Đang xử lý"));
        let asked = &told[1].papers[0];
        assert_eq!(
            (
                asked.name.as_str(),
                asked.copies.certified,
                told[1].text.as_deref()
            ),
            ("Bản sao quyết định", 1, Some("Thiếu giấy tờ"))
        );
        let number = |n: usize| told[n].results[0].number.as_ref().unwrap().as_str();
        assert_eq!((number(3), number(4)), ("12/TB", "12a/TB"));
        whose_formats_have_no_such_message_is_told_as_before(&agent, &agency).await;
    });
}

async fn a_refusal_is_decided_and_put_right(branch: &Caller, agency: &Caller, id: &str) {
    report(agency, id, 4, "Đang xử lý").await;
    let papers = json!([{ "code": "GT-02", "name": "Bản sao quyết định", "note": "Thiếu trang 2", "copies": { "certified": 1 } }]);
    let asked = json!({ "reason": "Thiếu giấy tờ", "papers": papers });
    done(agency, id, "supplement-request", asked).await;
    done(branch, id, "supplements", json!({ "text": "Đã nộp" })).await;
    let refused = json!({ "dossier": id, "status": 9, "occurred_at": now().to_string(), "text": "Không đủ điều kiện", "refusal": true,
        "results": [{ "name": "Văn bản từ chối", "number": "12/TB" }] });
    assert_eq!(reported(agency, refused).await["status"], 9);
    let right = json!({ "reason": "Sai số", "results": [{ "name": "Văn bản từ chối", "number": "12a/TB" }], "refusal": true });
    done(agency, id, "corrections", right).await;
    done(branch, id, "hand-over", json!({ "receiver": "Nguyễn Văn Mẫu" })).await;
}

/// What the submitter's own system reads in these events.
fn read_back(events: &[Value]) -> Vec<StatusReport> {
    let registry = Registry::shipped();
    let portal = registry.get("dvcqg-mc/v1").unwrap();
    let mut told = Vec::new();
    for event in events {
        let data = &event["data"];
        let kind = data["event"]["kind"].as_str().unwrap();
        assert_eq!(
            data["document"].is_object(),
            matches!(kind, "status-changed" | "result-corrected"),
            "{data}"
        );
        if data["document"].is_null() {
            assert!(data["format"].is_null(), "{data}");
            continue;
        }
        assert_eq!(data["format"], "dvcqg-mc/v1");
        assert_eq!(data["document"]["service"], "CapNhatTienDoHoSoMC", "{data}");
        let bytes = data["document"].to_string();
        let read = portal
            .read_statuses(bytes.as_bytes(), "application/json")
            .unwrap();
        assert_eq!(
            (read.items.len(), read.warnings.len()),
            (1, 0),
            "{:?}",
            read.warnings
        );
        let item = read.items.into_iter().next().unwrap();
        assert!(item.warnings.is_empty(), "{:?}", item.warnings);
        told.push(item.report.unwrap().unwrap());
    }
    told
}

async fn whose_formats_have_no_such_message_is_told_as_before(agent: &Caller, agency: &Caller) {
    let id = agent.filed(&counter("00565")).await;
    report(agency, &id, 4, "").await;
    let (events, _) = feed(agent, &id).await;
    assert!(
        events.len() > 1 && events.iter().all(|e| e["data"]["document"].is_null()),
        "{events:?}"
    );
}
