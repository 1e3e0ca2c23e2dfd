//! What a submitter is told of a status, and what not.

use serde_json::json;

use super::{faults, json_of, report, told, with};
use crate::adapt::{OutgoingReport, Syntax};
use crate::domain::view::NotTold;

#[test]
fn a_status_without_a_word_is_left_out_or_not_told_as_the_file_says() {
    let rules = |decision: &str, when: &str| {
        format!(
            "[progress]\nmedia_type = \"application/json\"\n{when}\n\
             field = [{{ to = \"ma\", from = \"dossier\" }}, {{ to = \"tt\", from = \"status\", table = \"t\"{decision} }}]\n\
             [table.t]\nxong = 9\ntra = 10\n"
        )
    };
    let said = faults(&rules("", ""));
    assert!(
        said.contains("the table t has no word for 1;") && said.contains("for 8;"),
        "{said}"
    );
    let (done, other) = (
        report(json!({"dossier": "BD-1", "status": 9})),
        report(json!({"dossier": "BD-1", "status": 4})),
    );
    let tell = |decision: &str, when: &str| {
        let mut found = (Vec::new(), Vec::new());
        with("text", &rules(decision, when), |adapter| {
            let rendered = adapter.render_progress(&[told(&done), told(&other)]).unwrap();
            found = (
                rendered.documents.iter().map(json_of).collect(),
                rendered.left_out,
            );
        });
        found
    };
    let first = json!({"ma": "BD-1", "tt": "xong"});
    assert_eq!(
        tell(", otherwise = \"leave-out\"", ""),
        (vec![first.clone(), json!({"ma": "BD-1"})], vec![])
    );
    assert_eq!(
        tell(", default = \"khac\"", ""),
        (vec![first.clone(), json!({"ma": "BD-1", "tt": "khac"})], vec![])
    );
    assert_eq!(
        tell(", otherwise = \"skip\"", ""),
        (vec![first.clone()], vec![(1, NotTold::NoWord)])
    );
    assert_eq!(
        tell(
            ", otherwise = \"leave-out\"",
            "when = { from = \"status\", is = [\"9\", \"10\"] }"
        ),
        (vec![first], vec![(1, NotTold::ByCondition)])
    );
}

#[test]
fn progress_is_told_with_all_that_a_report_says() {
    let rules = r#"
[progress]
media_type = ["application/xml", "application/json"]
root = "TrangThai"
items = "HoSo"
field = [
    { to = "ma", from = ["dossier_code", "tracking_id", "dossier"] },
    { to = "ten", from = "status_vi" },
    { to = "tuChoi", from = "refusal" },
    { to = "sua", from = "correction", as = "flag" },
    { to = "han", from = "new_due", date = "dd/MM/yyyy", zone = "+07:00" },
    { to = "giay", from = "papers[].name", join = ", " },
]
list = [
    { to = "phi", from = "fees", field = [{ to = "dong", from = "amount_vnd" }, { to = "tt", from = "^.status" }] },
    { to = "kq", from = "results", list = [{ to = "tep", from = "files", field = [{ to = "ten", from = "name" }, { to = "so", from = "^.number" }] }] },
]
"#;
    let reports = [
        report(
            json!({"dossier": "BD-1", "status": 5, "new_due": "2026-12-01T17:30:00Z", "papers": [{"name": "A"}, {"name": "B"}]}),
        ),
        report(json!({"dossier": "BD-2", "status": 6, "fees": [{"name": "P", "amount_vnd": 5}]})),
        report(
            json!({"dossier": "BD-3", "status": 9, "refusal": true, "results": [{"name": "K", "number": "1", "files": [{"name": "k.pdf"}]}]}),
        ),
    ];
    with("text", rules, |adapter| {
        let outgoing: Vec<OutgoingReport<'_>> = reports.iter().map(told).collect();
        let xml = adapter.render_progress(&outgoing).unwrap();
        let text = String::from_utf8(xml.documents[0].bytes.clone()).unwrap();
        assert!(
            text.contains(
                "<TrangThai xmlns=\"urn:thu\"><HoSo><ma>BD-1</ma><ten>Yêu cầu bổ sung giấy tờ</ten>"
            ) && text.contains("<HoSo><ma>BD-2</ma>"),
            "{text}"
        );
        let json = adapter.render_progress_in(&outgoing, Syntax::Json).unwrap();
        let value = json_of(&json.documents[0]);
        assert_eq!(
            value["HoSo"],
            json!([
                {"ma": "BD-1", "ten": "Yêu cầu bổ sung giấy tờ", "tuChoi": "false", "sua": false, "han": "02/12/2026", "giay": "A, B"},
                {"ma": "BD-2", "ten": "Yêu cầu thực hiện nghĩa vụ tài chính", "tuChoi": "false", "sua": false, "phi": [{"dong": "5", "tt": "6"}]},
                {"ma": "BD-3", "ten": "Đã xử lý xong", "tuChoi": "true", "sua": false, "kq": [{"tep": [{"ten": "k.pdf", "so": "1"}]}]},
            ])
        );
    });
}
