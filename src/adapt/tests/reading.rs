//! Paths, conditions, cleaning and joined lists mean the same in JSON and in XML, and nothing is dropped in silence.

mod values;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::adapt::{Adapted, Registry, StatusItem};
use crate::domain::rejection::{Language, Problem, Rejection};
use crate::domain::status::Status;

const HEAD: &str = made_up_format!(
    r#"
[json]
media_types = ["application/json"]
values = "text"

[xml]
media_types = ["application/xml"]
namespace = ["urn:thu", "urn:thu-cu"]
namespaces = { x = ["urn:x", "urn:x-cu"] }

[lists]
Lan = { item = "L", one = true }
Giay = { item = "G", one = true }
Tep = { item = "T" }
Phi = {}
"#
);

const DOSSIER: &str = r#"
[dossier]
root = "D"
items = ["data", "."]
item = "HoSo"
require = [
    { from = "Loai", is_not = ["huy"], fold_case = true, optional = true },
    { from = "GiayUyQuyen", present = true, when = { from = "UyQuyen", present = true } },
    { from = "Cu", present = false },
]
forbidden = ["Cam"]
ignored = [{ fields = ["UyQuyen", "GiayUyQuyen"], why = "asked for, and read by nobody" }]
field = [
    { to = "reference", from = "So", mend = [{ strip-prefix = "SO-" }] },
    { to = "dossier_code", from = "Ma", only_if = "dossier-code" },
    { to = "procedure.code", constant = "9.901001" },
    { to = "channel", from = "Loai", table = "channel", default = "counter" },
    { to = "filed_at", from = "Ngay", date = ["d/M/yyyy H:mm", "iso", "json-date"] },
    { to = "applicant.kind", constant = "citizen" },
    { to = "applicant.name", from = "x:Ten", clean = ["entities"] },
    { to = "applicant.identity_number", from = "SoDinhDanh", mend = ["digits"] },
    { to = "summary", from = "Lan[-1].NoiDung", when = { all = [{ from = "Lan", present = true }, { not = { from = "An", present = true } }] } },
    { to = "reported_text", from = "Lan[0].NoiDung", when = { any = [{ from = "Dau", present = true }, { from = "DauTien", present = true }] } },
]

[[dossier.list]]
to = "components"
from = "Giay"
field = [{ to = "name", from = "Ten" }]

[[dossier.list.list]]
to = "files"
from = "$.Tep"
matching = { Giay = "^.Ten" }
field = [{ to = "name", from = "TenTep" }]

[[dossier.list]]
to = "components"
from = "Tep"
rest = true
field = [{ to = "name", from = "TenTep" }]

[[dossier.list]]
to = "fees"
from = "Phi"
when = { from = "$.ThuPhi", is = ["co"], among = ["khong"] }
field = [
    { to = "name", from = "Ten" },
    { to = "kind", constant = "fee" },
    { to = "amount_vnd", from = "Tien", mend = [{ number = "1,234.00" }] },
]

[table.channel]
quay = "counter"
mang = "online"
chua = { nothing = true }
fax = { refuse_vi = "Không nhận hồ sơ qua fax.", refuse_en = "Dossiers are not taken by fax." }
"*" = "post"
"#;

const STATUSES: &str = r#"
[statuses]
root = "S"
items = "."
item = "Bao"
field = [
    { to = "dossier", from = "Ma" },
    { to = "status", from = "TrangThai", table = "status" },
    { to = "occurred_at", from = "Luc", date = "iso", absent = "receipt" },
    { to = "text", from = "Lan[-1].NoiDung" },
]

[table.status]
xuly = 4
dung = 8
noibo = { nothing = true }
"#;

fn registry() -> Registry {
    let text = format!("{HEAD}{DOSSIER}{STATUSES}");
    let files = BTreeMap::from([("thu/v1/adapter.toml".to_owned(), text)]);
    Registry::compile(&files).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

const JSON: &str = "application/json";
const XML: &str = "application/xml";

fn read(body: &str, media_type: &str) -> Result<Adapted, Rejection> {
    registry()
        .get("thu/v1")
        .unwrap()
        .read(body.as_bytes(), media_type)
}

fn in_json(more: &str) -> Result<Adapted, Rejection> {
    read(
        &format!(r#"[{{"So":"1","Ngay":"2026-11-20","Ten":"A"{more}}}]"#),
        JSON,
    )
}

fn in_xml(more: &str) -> Result<Adapted, Rejection> {
    let body = format!(
        r#"<D xmlns="urn:thu" xmlns:x="urn:x"><HoSo><So>1</So><Ngay>2026-11-20</Ngay><x:Ten>A</x:Ten>{more}</HoSo></D>"#
    );
    read(&body, XML)
}

fn told(problems: &[Problem]) -> Vec<String> {
    let line = |p: &Problem| format!("{} {}", p.label, p.path.as_deref().unwrap_or("-"));
    problems.iter().map(line).collect()
}

/// The members of what was read that differ from the shortest dossier, and the warnings.
fn got(read: Result<Adapted, Rejection>) -> (Value, Vec<String>) {
    let adapted = read.unwrap_or_else(|refused| panic!("{:#?}", refused.problems()));
    let mut filing = serde_json::to_value(&adapted.filing).unwrap();
    let members = filing.as_object_mut().unwrap();
    for component in members
        .get_mut("components")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        component
            .as_object_mut()
            .unwrap()
            .retain(|name, _| name == "name" || name == "files");
    }
    for usual in [
        "reference",
        "procedure",
        "filed_at",
        "assisted_by_agent",
        "is_test",
    ] {
        members.remove(usual);
    }
    if members.get("channel") == Some(&json!("counter")) {
        members.remove("channel");
    }
    if members.get("applicant") == Some(&json!({"kind": "citizen", "name": "A"})) {
        members.remove("applicant");
    }
    (filing, told(&adapted.warnings))
}

fn refused(read: Result<Adapted, Rejection>) -> Vec<String> {
    told(read.unwrap_err().problems())
}

/// What both syntaxes read, and what each warns of.
fn both(json: &str, xml: &str) -> (Value, Vec<String>, Vec<String>) {
    let (from_json, warned_json) = got(in_json(json));
    let (from_xml, warned_xml) = got(in_xml(xml));
    assert_eq!(from_json, from_xml, "{json} | {xml}");
    (from_json, warned_json, warned_xml)
}

const NONE: [&str; 0] = [];

#[test]
fn a_document_is_its_list_or_holds_it() {
    let shortest = r#"{"So":"1","Ngay":"2026-11-20","Ten":"A"}"#;
    for body in [format!("[{shortest}]"), format!(r#"{{"data":[{shortest}]}}"#)] {
        assert_eq!(got(read(&body, JSON)), (json!({}), vec![]), "{body}");
    }
    let item = "<HoSo><So>1</So><Ngay>2026-11-20</Ngay><x:Ten>A</x:Ten></HoSo>";
    for inside in [item.to_owned(), format!("<data>{item}</data>")] {
        let body = format!(r#"<D xmlns="urn:thu" xmlns:x="urn:x">{inside}</D>"#);
        assert_eq!(got(read(&body, XML)), (json!({}), vec![]), "{body}");
    }
    // What stands beside the items is told, each dossier is one document, and a name that is nearly right is told as such.
    let body = format!(r#"<D xmlns="urn:thu" xmlns:x="urn:x">{item}<la>1</la></D>"#);
    assert_eq!(got(read(&body, XML)).1, ["field-unknown /D/la"]);
    assert_eq!(
        refused(read(&format!("[{shortest},{shortest}]"), JSON)),
        ["too-many-items "]
    );
    assert_eq!(
        refused(read(&format!(r#"{{"dta":[{shortest}]}}"#), JSON)),
        ["field-missing /data", "field-misspelt /dta"]
    );
    assert_eq!(refused(read("[]", JSON)), ["list-empty "]);
    // A wrong item has the number that it has in the list.
    assert_eq!(
        refused(read(r#"[{"So":"1","Ngay":"2026-11-20"}]"#, JSON)),
        ["field-missing /0/Ten"]
    );
}

#[test]
fn of_several_namespaces_each_is_read_and_another_one_is_named() {
    let body = |own: &str, x: &str| {
        format!(
            r#"<D xmlns="{own}" xmlns:p="{x}"><HoSo><So>1</So><Ngay>2026-11-20</Ngay><p:Ten>A</p:Ten></HoSo></D>"#
        )
    };
    for (own, x) in [
        ("urn:thu", "urn:x"),
        ("urn:thu-cu", "urn:x"),
        ("urn:thu", "urn:x-cu"),
    ] {
        assert_eq!(got(read(&body(own, x), XML)), (json!({}), vec![]), "{own} {x}");
    }
    let wrong = read(&body("urn:khac", "urn:x"), XML).unwrap_err();
    assert_eq!(told(wrong.problems()), ["namespace-wrong /D"]);
    assert!(
        wrong.problems()[0]
            .advice(Language::English)
            .contains("xmlns=\"urn:thu\"")
    );
    let inside = refused(read(&body("urn:thu", "urn:khac"), XML));
    assert_eq!(
        inside,
        ["field-missing /D/HoSo[1]/Ten", "namespace-wrong /D/HoSo/Ten"]
    );
}

#[test]
fn one_of_a_list_is_the_same_in_both_syntaxes_and_the_others_are_told() {
    let (filing, json, xml) = both(
        r#","Lan":[{"NoiDung":"một"},{"NoiDung":"hai"}]"#,
        "<Lan><L><NoiDung>một</NoiDung></L><L><NoiDung>hai</NoiDung></L></Lan>",
    );
    assert_eq!(filing, json!({"summary": "hai"}));
    // The first of a list that another rule would have taken.
    assert_eq!(json, ["value-needs /0/Lan/0/NoiDung"]);
    assert_eq!(xml, ["value-needs /D/HoSo/Lan/L[1]/NoiDung"]);
    // Of three, the one that no path leads to.
    let (filing, json, xml) = both(
        r#","Dau":"1","Lan":[{"NoiDung":"một"},{"NoiDung":"hai"},{"NoiDung":"ba"}]"#,
        "<Dau>1</Dau><Lan><L><NoiDung>một</NoiDung></L><L><NoiDung>hai</NoiDung></L><L><NoiDung>ba</NoiDung></L></Lan>",
    );
    assert_eq!(filing, json!({"summary": "ba", "reported_text": "một"}));
    assert_eq!(json, ["value-unused /0/Dau", "value-unused /0/Lan/1"]);
    assert_eq!(xml, ["value-unused /D/HoSo/Dau", "value-unused /D/HoSo/Lan/L[2]"]);
    // One that stands without its list.
    let (filing, json, xml) = both(
        r#","DauTien":"1","Lan":{"NoiDung":"một"}"#,
        "<DauTien>1</DauTien><Lan><NoiDung>một</NoiDung></Lan>",
    );
    assert_eq!(filing, json!({"summary": "một", "reported_text": "một"}));
    assert_eq!((json.len(), xml.len()), (1, 1), "{json:?} {xml:?}");
}

#[test]
fn a_condition_that_does_not_hold_is_told_with_what_it_needs() {
    let (filing, json, xml) = both(
        r#","An":"1","Lan":[{"NoiDung":"một"}]"#,
        "<An>1</An><Lan><L><NoiDung>một</NoiDung></L></Lan>",
    );
    assert_eq!(filing, json!({}));
    assert_eq!(json, ["value-needs /0/Lan/0/NoiDung", "value-unused /0/An"]);
    assert_eq!(
        xml,
        ["value-needs /D/HoSo/Lan/L/NoiDung", "value-unused /D/HoSo/An"]
    );
}

#[test]
fn a_list_s_items_ask_for_fields_of_the_dossier() {
    let fees = r#""Phi":[{"Ten":"Phí","Tien":"15,000.00"},{"Ten":"Lệ phí","Tien":8000}]"#;
    let in_elements =
        "<Phi><Ten>Phí</Ten><Tien>15,000.00</Tien></Phi><Phi><Ten>Lệ phí</Ten><Tien>8000</Tien></Phi>";
    let (filing, json, xml) = both(
        &format!(r#","ThuPhi":"co",{fees}"#),
        &format!("<ThuPhi>co</ThuPhi>{in_elements}"),
    );
    assert_eq!(
        filing,
        json!({"fees": [
            {"name": "Phí", "kind": "fee", "amount_vnd": 15000},
            {"name": "Lệ phí", "kind": "fee", "amount_vnd": 8000},
        ]})
    );
    assert_eq!(json, ["value-mended /0/Phi/0/Tien"]);
    assert_eq!(xml, ["value-mended /D/HoSo/Phi[1]/Tien"]);
    let (filing, json, xml) = both(
        &format!(r#","ThuPhi":"khong",{fees}"#),
        &format!("<ThuPhi>khong</ThuPhi>{in_elements}"),
    );
    assert_eq!(filing, json!({}));
    assert_eq!(json, ["value-needs /0/Phi/0", "value-needs /0/Phi/1"]);
    assert_eq!(xml, ["value-needs /D/HoSo/Phi[1]", "value-needs /D/HoSo/Phi[2]"]);
    assert_eq!(
        refused(in_json(&format!(r#","ThuPhi":"la",{fees}"#))),
        ["value-unknown /0/ThuPhi"]
    );
}

#[test]
fn two_lists_of_one_paper_are_joined_by_its_name() {
    let (filing, json, xml) = both(
        r#","Giay":[{"Ten":"Tờ khai"},{"Ten":"Ảnh"},{"Ten":"Ảnh"}],
           "Tep":[{"Giay":"Ảnh","TenTep":"2.jpg"},{"Giay":" Tờ khai ","TenTep":"1.pdf"},{"Giay":"Ảnh","TenTep":"3.jpg"},{"TenTep":"4.pdf"}]"#,
        "<Giay><G><Ten>Tờ khai</Ten></G><G><Ten>Ảnh</Ten></G><G><Ten>Ảnh</Ten></G></Giay>\
         <Tep><T><Giay>Ảnh</Giay><TenTep>2.jpg</TenTep></T><T><Giay>Tờ khai</Giay><TenTep>1.pdf</TenTep></T>\
         <T><Giay>Ảnh</Giay><TenTep>3.jpg</TenTep></T><T><TenTep>4.pdf</TenTep></T></Tep>",
    );
    // Each file once: what the first paper of a name took, a second one does not have again.
    assert_eq!(
        filing,
        json!({"components": [
            {"name": "Tờ khai", "files": [{"name": "1.pdf"}]},
            {"name": "Ảnh", "files": [{"name": "2.jpg"}, {"name": "3.jpg"}]},
            {"name": "Ảnh"},
            {"name": "4.pdf"},
        ]})
    );
    assert_eq!((json, xml), (vec![], vec![]));
    // A file of a paper that is not listed is a paper of its own; what names it is told.
    let (filing, json, xml) = both(
        r#","Tep":[{"Giay":"Khác","TenTep":"1.pdf"}]"#,
        "<Tep><T><Giay>Khác</Giay><TenTep>1.pdf</TenTep></T></Tep>",
    );
    assert_eq!(filing, json!({"components": [{"name": "1.pdf"}]}));
    assert_eq!(json, ["value-unused /0/Tep/0/Giay"]);
    assert_eq!(xml, ["value-unused /D/HoSo/Tep/T/Giay"]);
}

#[test]
fn what_has_several_names_is_missed_under_all_of_them() {
    let text = format!("{HEAD}{DOSSIER}").replace(
        "from = \"So\"",
        "from = [\"So\", \"x:SoHoSo\", \"x:Them.SoKhac\"]",
    );
    let files = BTreeMap::from([("thu/v1/adapter.toml".to_owned(), text)]);
    let registry = Registry::compile(&files).unwrap();
    let refused = registry
        .get("thu/v1")
        .unwrap()
        .read(br#"[{"Ngay":"2026-11-20","Ten":"A"}]"#, JSON);
    let refused = refused.unwrap_err();
    assert_eq!(told(refused.problems()), ["field-missing /0/So"]);
    assert!(
        refused.problems()[0]
            .advice(Language::English)
            .contains("So / SoHoSo")
    );
}

#[test]
fn what_a_document_must_hold() {
    assert_eq!(refused(in_json(r#","Loai":"HUY""#)), ["field-forbidden /0/Loai"]);
    assert_eq!(
        refused(in_json(r#","UyQuyen":"x""#)),
        ["field-missing /0/GiayUyQuyen"]
    );
    assert_eq!(got(in_json(r#","UyQuyen":"x","GiayUyQuyen":"y""#)).1, NONE);
    assert_eq!(refused(in_json(r#","Cu":"1""#)), ["field-forbidden /0/Cu"]);
    // Where empty means absent, what is empty was not sent.
    assert_eq!(refused(in_json(r#","Cam":"1""#)), ["field-forbidden /0/Cam"]);
    let (_, json, xml) = both(r#","Cam":"","Cu":{"a":null}"#, "<Cam/><Cu/>");
    assert_eq!((json, xml), (vec![], vec![]));
}

fn reports(body: &str, media_type: &str) -> Vec<StatusItem> {
    let registry = registry();
    let document = registry
        .get("thu/v1")
        .unwrap()
        .read_statuses(body.as_bytes(), media_type);
    document.unwrap().items
}

#[test]
fn a_word_that_means_no_status_changes_nothing_and_is_no_fault() {
    let items = reports(
        r#"[{"Ma":"H26.101-261120-0001","TrangThai":"noibo"},
            {"Ma":"H26.101-261120-0001","TrangThai":"xuly","Lan":[{"NoiDung":"a"},{"NoiDung":"b"}]},
            {"Ma":"H26.101-261120-0001","TrangThai":"la"},
            {"Ma":"H26.101-261120-0001"}]"#,
        JSON,
    );
    let silent = items[0].report.as_ref().unwrap();
    assert!(silent.is_none(), "{silent:?}");
    assert_eq!(told(&items[0].warnings), ["status-word-silent /0/TrangThai"]);
    let report = items[1].report.as_ref().unwrap().as_ref().unwrap();
    assert_eq!(
        (report.status, report.text.as_deref()),
        (Status::Processing, Some("b"))
    );
    assert_eq!(told(&items[1].warnings), ["value-unused /1/Lan/0"]);
    assert_eq!(
        told(items[2].report.as_ref().unwrap_err()),
        ["status-word-unknown /2/TrangThai"]
    );
    assert_eq!(
        told(items[3].report.as_ref().unwrap_err()),
        ["field-missing /3/TrangThai"]
    );
    let items = reports(
        r#"<S xmlns="urn:thu-cu"><Bao><Ma>H26.101-261120-0001</Ma><TrangThai>dung</TrangThai><Lan><L><NoiDung>a</NoiDung></L></Lan></Bao></S>"#,
        XML,
    );
    let report = items[0].report.as_ref().unwrap().as_ref().unwrap();
    assert_eq!(
        (report.status, report.text.as_deref()),
        (Status::Stopped, Some("a"))
    );
    assert_eq!(items[0].path, "/S/Bao[1]");
}

#[test]
fn a_format_says_from_what_a_missing_moment_is_taken() {
    let remarks = |statuses: &str| {
        let text = format!("{HEAD}{DOSSIER}{statuses}");
        let files = BTreeMap::from([("thu/v1/adapter.toml".to_owned(), text)]);
        let registry = Registry::compile(&files).unwrap_or_else(|faults| panic!("{faults:#?}"));
        registry.get("thu/v1").unwrap().remarks().len()
    };
    assert_eq!(remarks(STATUSES), 0);
    assert_eq!(
        remarks(&STATUSES.replace(", absent = \"receipt\"", ", required = true")),
        0
    );
    assert_eq!(remarks(&STATUSES.replace(", absent = \"receipt\"", "")), 1);
}
