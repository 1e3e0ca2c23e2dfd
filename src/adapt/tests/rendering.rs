//! What is written by rules: types, lists, conditions, and both syntaxes.

mod page;
mod progress;
mod refused;

use std::collections::BTreeMap;

use rand::SeedableRng;
use serde_json::{Value, json};

use crate::adapt::{Adapter, AdapterFault, OutgoingDossier, OutgoingReport, Registry, Rendered, Syntax};
use crate::domain::dossier::{Filing, ProcedureKnown};
use crate::domain::ids::DossierId;
use crate::domain::status::Status;
use crate::domain::time::Timestamp;
use crate::domain::view::{Clocks, Progress, StatusReport, SupplementView};

fn head(values: &str) -> String {
    format!(
        made_up_format!(
            r#"
[json]
media_types = ["application/json"]
values = "{values}"

[xml]
media_types = ["application/xml"]
namespace = "urn:thu"
namespaces = {{ x = "urn:khac" }}

"#
        ),
        values = values
    )
}

fn compile(values: &str, rules: &str) -> Result<Registry, Vec<AdapterFault>> {
    let file = ("thu/v1/adapter.toml".to_owned(), head(values) + rules);
    Registry::compile(&BTreeMap::from([file]))
}

fn with(values: &str, rules: &str, see: impl FnOnce(&Adapter)) {
    let registry = compile(values, rules).unwrap_or_else(|faults| panic!("{faults:#?}"));
    see(registry.get("thu/v1").unwrap());
}

/// What is wrong with rules, in English.
fn faults(rules: &str) -> String {
    let Err(faults) = compile("text", rules) else {
        panic!("compiles:\n{rules}");
    };
    for fault in &faults {
        assert!(fault.message_vi != fault.message_en, "{fault}");
    }
    let said: Vec<&str> = faults.iter().map(|fault| fault.message_en.as_str()).collect();
    said.join("\n")
}

fn filing() -> Filing {
    serde_json::from_value(json!({
        "reference": "BD-1", "procedure": {"code": "9.901001"}, "channel": "counter", "filed_at": "2026-11-20T02:00:00Z",
        "applicant": {"kind": "citizen", "name": "Nguyễn Văn <Mẫu> & \"con\"", "identity_number": "000185000001"},
        "summary": "Dòng một\nDòng hai", "is_test": true,
        "components": [
            {"name": "Tờ khai", "copies": {"original": 1, "certified": 2}, "files": [{"name": "a.pdf", "size": 20}, {"name": "b.pdf"}]},
            {"name": "Đơn"},
        ],
        "fees": [{"name": "Lệ phí", "kind": "charge", "amount_vnd": 20000}, {"name": "Phí", "amount_vnd": 0}],
    }))
    .unwrap()
}

fn past() -> Progress {
    Progress {
        results: serde_json::from_value(json!([
            {"name": "Giấy phép", "number": "12/GP", "files": [{"name": "gp.pdf"}, {"name": "pl.pdf"}]},
        ]))
        .unwrap(),
        refusal: true,
        note: Some("Không đủ điều kiện".to_owned()),
        ..Progress::default()
    }
}

fn outgoing<T>(filing: &Filing, see: impl FnOnce(&OutgoingDossier<'_>) -> T) -> T {
    let at: Timestamp = "2026-11-20T02:00:00Z".parse().unwrap();
    let procedure = ProcedureKnown {
        code: "9.901001".parse().unwrap(),
        name: "Thủ tục".to_owned(),
    };
    see(&OutgoingDossier {
        filing,
        tracking_id: DossierId::new(at, &mut rand::rngs::StdRng::seed_from_u64(1)),
        dossier_code: None,
        status: Status::Finished,
        agency_name: "UBND phường mẫu",
        procedure: &procedure,
        field: None,
        amended: false,
        received_at: at,
        accepted_at: None,
        clocks: &Clocks::default(),
        event: None,
        progress: &past(),
    })
}

fn json_of(rendered: &Rendered) -> Value {
    serde_json::from_slice(&rendered.bytes).unwrap()
}

/// What `[render]` of these rules writes in JSON.
fn rendered(values: &str, rules: &str) -> Value {
    let mut value = Value::Null;
    with(values, rules, |adapter| {
        value = outgoing(&filing(), |dossier| json_of(&adapter.render(dossier)));
    });
    value
}

fn report(value: Value) -> StatusReport {
    serde_json::from_value(value).unwrap()
}

fn told(report: &StatusReport) -> OutgoingReport<'_> {
    OutgoingReport {
        report,
        tracking_id: None,
        dossier_code: None,
    }
}

const BOTH: &str = r#"
[lists]
GiayTo = { item = "Giay" }

[render]
media_type = ["application/json", "application/vnd.lienthong.thu+xml"]
root = "x:GoiTin"
items = "DanhSach"
item = "HoSo"
envelope = [{ to = "@phienBan", constant = 2 }, { to = "Dau.x:NoiGui", from = "agency_name" }]
field = [
    { to = "@ma", from = "filing.reference" },
    { to = "NguoiNop.HoTen", from = "subject.name" },
    { to = "TrichYeu", from = "filing.summary" },
    { to = "NguoiNop.@loai", from = "subject.kind" },
]

[[render.list]]
to = "GiayTo"
from = "filing.components"
field = [{ to = "Ten", from = "name" }]

[[render.list.list]]
to = "Tep"
from = "files"
field = [{ to = "Ten", from = "name" }]
"#;

#[test]
fn one_set_of_rules_writes_both_syntaxes() {
    with("text", BOTH, |adapter| {
        outgoing(&filing(), |dossier| {
            let json = adapter.render(dossier);
            assert_eq!(json.media_type, "application/json");
            let value = json_of(&json);
            assert_eq!(value["phienBan"], 2);
            assert_eq!(value["Dau"]["NoiGui"], "UBND phường mẫu");
            let item = &value["DanhSach"][0];
            assert_eq!(item["ma"], "BD-1");
            assert_eq!(
                item["NguoiNop"],
                json!({"HoTen": "Nguyễn Văn <Mẫu> & \"con\"", "loai": "citizen"})
            );
            assert_eq!(
                item["GiayTo"],
                json!([{"Ten": "Tờ khai", "Tep": [{"Ten": "a.pdf"}, {"Ten": "b.pdf"}]}, {"Ten": "Đơn"}])
            );
            let xml = adapter.render_in(dossier, Syntax::Xml).unwrap();
            assert_eq!(xml.media_type, "application/vnd.lienthong.thu+xml");
            assert_eq!(
                String::from_utf8(xml.bytes).unwrap(),
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                 <x:GoiTin xmlns=\"urn:thu\" xmlns:x=\"urn:khac\" phienBan=\"2\"><Dau><x:NoiGui>UBND phường mẫu</x:NoiGui></Dau>\
                 <DanhSach><HoSo ma=\"BD-1\"><NguoiNop loai=\"citizen\"><HoTen>Nguyễn Văn &lt;Mẫu&gt; &amp; \"con\"</HoTen></NguoiNop>\
                 <TrichYeu>Dòng một\nDòng hai</TrichYeu><GiayTo><Giay><Ten>Tờ khai</Ten><Tep><Ten>a.pdf</Ten></Tep>\
                 <Tep><Ten>b.pdf</Ten></Tep></Giay><Giay><Ten>Đơn</Ten></Giay></GiayTo></HoSo></DanhSach></x:GoiTin>\n"
            );
        });
    });
}

#[test]
fn elements_stand_in_the_order_of_the_rules_whichever_of_them_counts() {
    let rules = r#"
[render]
media_type = "application/xml"
root = "R"

[[render.field]]
to = "A"
from = "filing.reference"
when = { from = "filing.channel", is = ["online"] }

[[render.list]]
to = "Phi"
from = "filing.fees"
field = [{ to = ".", from = "name" }, { to = "@dong", from = "amount_vnd" }]

[[render.field]]
to = "B"
from = "filing.summary"

[[render.field]]
to = "A"
constant = "a"

[[render.field]]
to = "B.@dai"
from = "filing.summary"
"#;
    with("text", rules, |adapter| {
        outgoing(&filing(), |dossier| {
            let xml = String::from_utf8(adapter.render(dossier).bytes).unwrap();
            let body = xml.split_once('\n').unwrap().1;
            // A line feed in an attribute is a reference: else a reader makes a space of it.
            assert_eq!(
                body,
                "<R xmlns=\"urn:thu\"><A>a</A><Phi dong=\"20000\">Lệ phí</Phi><Phi dong=\"0\">Phí</Phi>\
                 <B dai=\"Dòng một&#10;Dòng hai\">Dòng một\nDòng hai</B></R>\n"
            );
            assert!(adapter.render_in(dossier, Syntax::Json).is_none());
        });
    });
}

#[test]
fn a_value_has_the_type_the_receiver_takes() {
    let rules = r#"
[render]
media_type = "application/json"
field = [
    { to = "a", from = "filing.is_test" },
    { to = "b", from = "filing.is_test", as = "text" },
    { to = "c", from = "filing.is_test", as = "flag" },
    { to = "d", from = "status" },
    { to = "e", from = "status", as = "number" },
    { to = "f", from = "filing.channel", table = "channel" },
    { to = "g", from = "filing.channel", table = "channel", as = "number" },
    { to = "h", constant = 5 },
    { to = "i", constant = true },
    { to = "k", constant = false, as = "text" },
    { to = "l", from = "filing.place.name", default = "" },
    { to = "m.n.o", constant = "sâu" },
]
list = [{ to = "p", from = "filing.foreign_codes", always = true }, { to = "q", always = true }, { to = "r", from = "filing.foreign_codes" }]

[table.channel]
1 = "counter"
2 = "online"
3 = "post"
"#;
    let common = json!({
        "b": "true", "c": true, "e": 9, "f": "1", "g": 1, "h": 5, "i": true, "k": "false", "l": "", "m": {"n": {"o": "sâu"}},
        "p": [], "q": [],
    });
    for (values, a, d) in [
        ("text", json!("true"), json!("9")),
        ("typed", json!(true), json!(9)),
    ] {
        let mut wanted = common.clone();
        (wanted["a"], wanted["d"]) = (a, d);
        assert_eq!(rendered(values, rules), wanted, "{values}");
    }
}

#[test]
fn a_spread_counts_once_at_each_level() {
    let rules = r#"
[render]
media_type = "application/json"

[[render.list]]
to = "Tep"
from = "filing.components"
spread = "files"
field = [
    { to = "giay", from = "name" },
    { to = "tep", from = "files.name" },
    { to = "ban", from = "copies.original", once = true },
    { to = "so", from = "$.filing.reference", once = "files" },
]

[[render.list]]
to = "CoTep"
from = "filing.components"
spread = "files"
when = { all = [{ from = "files.size", present = false }, { from = "^.filing.channel", is = ["counter"] }] }
field = [{ to = "tep", from = "files.name" }, { to = "ban", from = "copies.original", once = true }]

[[render.list]]
to = "KetQua"
from = "results"
spread = "files"
field = [{ to = "so", from = "number", once = true }, { to = "tep", from = "files.name" }]

[[render.list]]
to = "Ten"
from = "filing.components"
field = [{ to = ".", from = "name" }]

[[render.field]]
to = "TatCa"
from = "filing.components[].files[].name"
join = "; "

[[render.field]]
to = "Dau"
from = "filing.components[0].name"
"#;
    assert_eq!(
        rendered("typed", rules),
        json!({
            "Tep": [
                {"giay": "Tờ khai", "tep": "a.pdf", "ban": 1, "so": "BD-1"},
                {"giay": "Tờ khai", "tep": "b.pdf", "so": "BD-1"},
                {"giay": "Đơn", "ban": 0, "so": "BD-1"},
            ],
            // What is counted once stands in the first row that is written.
            "CoTep": [{"tep": "b.pdf", "ban": 1}, {"ban": 0}],
            "KetQua": [{"so": "12/GP", "tep": "gp.pdf"}, {"tep": "pl.pdf"}],
            "Ten": ["Tờ khai", "Đơn"],
            "TatCa": "a.pdf; b.pdf",
            "Dau": "Tờ khai",
        })
    );
}

#[test]
fn a_spread_goes_into_the_lists_of_its_entries() {
    let deep = r#"
[render]
media_type = "application/json"

[[render.list]]
to = "Tep"
from = "supplements"
spread = "brought.files"
field = [
    { to = "ly_do", from = "text", once = true },
    { to = "giay", from = "brought.name", once = "brought" },
    { to = "tep", from = "brought.files.name" },
]
"#;
    let mut past = past();
    let mut asked = SupplementView {
        event: "evt_01994b9c7a8070008000000000000001".parse().unwrap(),
        asked_at: "2026-11-20T02:00:00Z".parse().unwrap(),
        text: Some("Thiếu".to_owned()),
        papers: Vec::new(),
        label: None,
        answer: None,
        brought: filing().components,
        ended_at: None,
    };
    past.supplements.push(asked.clone());
    asked.brought.clear();
    past.supplements.push(asked);
    with("text", deep, |adapter| {
        outgoing(&filing(), |dossier| {
            let rendered = adapter.render(&OutgoingDossier {
                progress: &past,
                ..*dossier
            });
            assert_eq!(
                json_of(&rendered)["Tep"],
                json!([
                    {"ly_do": "Thiếu", "giay": "Tờ khai", "tep": "a.pdf"},
                    {"tep": "b.pdf"},
                    {"giay": "Đơn"},
                    {"ly_do": "Thiếu"},
                ])
            );
        });
    });
}

#[test]
fn conditions_are_asked_together_and_of_places_around() {
    let rules = |when: &str| {
        format!(
            "[render]\nmedia_type = \"application/json\"\nfield = [{{ to = \"a\", constant = \"x\", when = {when} }}]\n"
        )
    };
    for (when, holds) in [
        (r#"{ from = "filing.channel", is = ["counter"] }"#, true),
        (
            r#"{ not = { from = "filing.channel", is = ["counter"] } }"#,
            false,
        ),
        (r#"{ from = "filing.owner", present = false }"#, true),
        (r#"{ from = "results", present = true }"#, true),
        (r#"{ from = "supplements", present = true }"#, false),
        (
            r#"{ any = [{ from = "filing.owner", present = true }, { from = "refusal", is = ["true"] }] }"#,
            true,
        ),
        (
            r#"{ all = [{ from = "filing.owner", present = true }, { from = "refusal", is = ["true"] }] }"#,
            false,
        ),
        (
            r#"{ all = [{ not = { any = [{ from = "status", is = ["1", "2"] }, { from = "amended", is = ["true"] }] } }, { from = "status", is = ["9"] }] }"#,
            true,
        ),
        (r#"{ from = "filing.place.commune", is_not = ["00001"] }"#, true),
    ] {
        assert_eq!(rendered("text", &rules(when)).get("a").is_some(), holds, "{when}");
    }
    for (when, says) in [
        (
            r#"{ from = "filing.channel", is = ["web"] }"#,
            "filing.channel is never web",
        ),
        (r#"{ from = "status", is = ["11"] }"#, "status is never 11"),
        (r#"{ from = "results", is = ["x"] }"#, "only present can be asked"),
        (
            r#"{ from = "^.status", is = ["9"] }"#,
            "there is no value ^.status",
        ),
        (r"{ all = [] }", "at least one condition"),
        (r#"{ from = "status" }"#, "exactly one of is, is_not, present"),
        (r#"{ is = ["9"] }"#, "exactly one of from"),
        (
            r#"{ from = "status", is = ["9"], not = { from = "status", is = ["9"] } }"#,
            "exactly one of from",
        ),
    ] {
        let said = faults(&rules(when));
        assert!(said.contains(says), "{when}: {said}");
    }
}
