//! What the mapping language promises: no value goes unread without a word, and no word is taken for another.

use std::collections::BTreeMap;

use crate::adapt::{Adapted, Registry, StatusItem, Unread};
use crate::domain::dossier::ReturnMethod;
use crate::domain::rejection::{Label, Problem, Rejection};

const HEAD: &str = made_up_format!(
    r#"fold_case = ["boolean"]

[json]
media_types = ["application/json"]
values = "text"

[xml]
media_types = ["application/xml"]

[lists]
tep = { item = "t" }

[table.boolean]
"True" = true
"Có" = true
"1" = true
"False" = false
"0" = false
"#
);

const DOSSIER: &str = r#"
[dossier]
root = "D"
pick = [{ from = "Giay", by = "Loai", among = ["9"], otherwise = "warn" }]
ignored = [{ fields = ["BoQua"], why = "a trial of what is ignored" }]
field = [
    { to = "reference", from = ["so", "so_phu"] },
    { to = "procedure.code", constant = "9.901001" },
    { to = "channel", constant = "counter" },
    { to = "filed_at", from = "ngay", date = "yyyyMMdd" },
    { to = "is_test", from = "thu", table = "boolean" },
    { to = "applicant.kind", constant = "citizen" },
    { to = "applicant.name", from = "ten" },
    { to = "applicant.identity_number", from = "Giay[Loai=1].So" },
    { to = "applicant.phone", from = "dien_thoai", only_if = "phone" },
    { to = "applicant.birth_date", from = "ngay_sinh", date = "yyyyMMdd", otherwise = "warn" },
    { to = "applicant.address", from = "dia_chi", max = 5 },
    { to = "summary", from = ["noi_dung", "them[].noi_dung"], join = "; " },
]

[[dossier.part]]
to = "result_return"
when = { from = "buu_dien", table = "boolean", is = ["true"] }
field = [{ to = "method", constant = "post" }, { to = "address", from = "noi_nhan", required = "warn" }]

[[dossier.part]]
to = "result_return"
field = [
    { to = "method", from = "cach", table = "cach" },
    { to = "receiver", from = "nguoi_nhan", when = { from = "cach", present = true } },
]

[[dossier.list]]
to = "components"
from = "tep"
when = { from = "xoa", table = "boolean", is_not = ["true"] }
field = [{ to = "name", from = "ten" }]

[table.cach]
quay = "counter"
"#;

fn format() -> String {
    format!("{HEAD}{DOSSIER}")
}

fn registry(text: &str) -> Registry {
    let files = BTreeMap::from([("thu/v1/adapter.toml".to_owned(), text.to_owned())]);
    Registry::compile(&files).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

fn read(more: &str) -> Result<Adapted, Rejection> {
    let body = format!(r#"{{"so":"1","ngay":"20261120","ten":"A"{more}}}"#);
    registry(&format())
        .get("thu/v1")
        .unwrap()
        .read(body.as_bytes(), "application/json")
}

fn told(problems: &[Problem]) -> Vec<String> {
    let line = |p: &Problem| format!("{} {}", p.label, p.path.as_deref().unwrap_or("-"));
    let mut told: Vec<String> = problems.iter().map(line).collect();
    told.sort();
    told
}

fn warned(more: &str) -> Vec<String> {
    told(&read(more).unwrap_or_else(|r| panic!("{more}: {r:?}")).warnings)
}

fn refused(more: &str) -> Vec<String> {
    told(read(more).unwrap_err().problems())
}

#[test]
fn what_nobody_reads_is_told_where_it_stands() {
    let none: [&str; 0] = [];
    assert_eq!(warned(r#","BoQua":{"a":1},"thu":"True""#), none);
    assert_eq!(warned(r#","moi":"x""#), ["field-unknown /moi"]);
    // In lists and in objects, each where it stands.
    assert_eq!(
        warned(r#","tep":[{"ten":"x","la":1},{"ten":"y","la":2}]"#),
        ["field-unknown /tep/0/la", "field-unknown /tep/1/la"]
    );
    // A second source that says something else, and one that says the same.
    assert_eq!(warned(r#","so_phu":"2""#), ["value-differs /so_phu"]);
    assert_eq!(warned(r#","so_phu":" 1 ""#), none);
    // A value whose condition does not hold names what it needs.
    let read = read(r#","nguoi_nhan":"B""#).unwrap();
    assert_eq!(told(&read.warnings), ["value-needs /nguoi_nhan"]);
    assert_eq!(read.warnings[0].args()["expected"], "cach");
    // What an empty field holds is nothing.
    assert_eq!(warned(r#","nguoi_nhan":" ","so_phu":null"#), none);
    // A rule that was not chosen.
    assert_eq!(
        warned(r#","buu_dien":"1","noi_nhan":"x","cach":"quay""#),
        ["value-unused /cach"]
    );
}

#[test]
fn what_a_form_or_a_length_leaves_out_is_told() {
    assert_eq!(
        warned(r#","dien_thoai":"gọi con""#),
        ["code-malformed /dien_thoai"]
    );
    // Space around a value is nothing, in both syntaxes.
    let phone = |adapted: Adapted| adapted.filing.applicant.phone.map(|p| p.to_string());
    assert_eq!(
        phone(read(r#","dien_thoai":" 0000000001 ""#).unwrap()).as_deref(),
        Some("0000000001")
    );
    let xml = "<D><so>1</so><ngay>20261120</ngay><ten>A</ten><dien_thoai> 0000000001\n</dien_thoai></D>";
    let registry = registry(&format());
    let adapter = registry.get("thu/v1").unwrap();
    let read_xml = |xml: &str| adapter.read(xml.as_bytes(), "application/xml").unwrap();
    assert_eq!(phone(read_xml(xml)).as_deref(), Some("0000000001"));
    assert_eq!(warned(r#","ngay_sinh":"hôm qua""#), ["date-malformed /ngay_sinh"]);
    // Longer than the format's own field: kept as far as the canonical one goes.
    let adapted = read(r#","dia_chi":"abcdef""#).unwrap();
    assert_eq!(adapted.filing.applicant.address.unwrap().as_str(), "abcdef");
    assert_eq!(told(&adapted.warnings), ["text-length /dia_chi"]);
    let adapted = read(&format!(r#","dia_chi":"{}""#, "ă".repeat(1001))).unwrap();
    assert_eq!(
        adapted.filing.applicant.address.unwrap().as_str().chars().count(),
        1000
    );
    assert_eq!(told(&adapted.warnings), ["text-shortened /dia_chi"]);
}

#[test]
fn an_unknown_word_is_never_taken_for_another() {
    let papers = |word: &str| read(&format!(r#","tep":[{{"ten":"x","xoa":{word}}}]"#));
    for word in [
        r#""True""#,
        r#""TRUE""#,
        r#""true""#,
        r#""1""#,
        "true",
        "1",
        r#"" CÓ ""#,
    ] {
        assert!(papers(word).unwrap().filing.components.is_empty(), "{word}");
    }
    for word in [r#""False""#, r#""FALSE""#, "false", "0", "null", r#""""#] {
        assert_eq!(papers(word).unwrap().filing.components.len(), 1, "{word}");
    }
    for word in [r#""Xoá""#, r#""2""#, "2", r#""tru""#] {
        assert_eq!(
            told(papers(word).unwrap_err().problems()),
            ["value-unknown /tep/0/xoa"],
            "{word}"
        );
    }
    // The word of a pick.
    let with = |entries: &str| format!(r#","Giay":[{entries}]"#);
    let none: [&str; 0] = [];
    assert_eq!(
        warned(&with(r#"{"Loai":1,"So":"000085000001"}"#)),
        ["identity-prefix-unknown /Giay/0/So"]
    );
    assert_eq!(
        warned(&with(r#"{"Loai":"7","So":"X1"}"#)),
        ["value-unknown /Giay/0/Loai", "value-unused /Giay/0"]
    );
    assert_eq!(
        warned(&with(r#"{"So":"X1"}"#)),
        ["field-missing /Giay/0/Loai", "value-unused /Giay/0"]
    );
    assert_eq!(
        warned(&with(r#"{"Loai":"9","So":"X1"}"#)),
        ["value-unused /Giay/0"]
    );
    // A word with nothing beside it is told like any value that nobody used.
    assert_eq!(warned(&with(r#"{"Loai":"9","So":""}"#)), ["value-unused /Giay/0"]);
    assert_eq!(warned(&with("")), none);
}

#[test]
fn a_word_that_chose_a_part_says_that_the_part_is_there() {
    let adapted = read(r#","buu_dien":"CÓ""#).unwrap();
    assert!(adapted.filing.result_return.is_some());
    assert_eq!(told(&adapted.warnings), ["field-missing /noi_nhan"]);
    assert_eq!(refused(r#","buu_dien":"hai""#), ["value-unknown /buu_dien"]);
}

#[test]
fn several_texts_are_one_and_none_twice() {
    let summary = |more: &str| read(more).unwrap().filing.summary.map(|t| t.to_string());
    assert_eq!(
        summary(r#","noi_dung":"a","them":[{"noi_dung":"b"},{"noi_dung":" a "},{"noi_dung":"c"}]"#)
            .as_deref(),
        Some("a; b; c")
    );
    assert_eq!(
        summary(r#","them":[{"noi_dung":""},{"noi_dung":"b"}]"#).as_deref(),
        Some("b")
    );
    assert_eq!(summary(""), None);
    let registry = registry(&format());
    let xml = "<D><so>1</so><ngay>20261120</ngay><ten>A</ten><noi_dung>a</noi_dung><them><noi_dung>b</noi_dung></them><them><noi_dung>c</noi_dung></them></D>";
    let adapted = registry
        .get("thu/v1")
        .unwrap()
        .read(xml.as_bytes(), "application/xml")
        .unwrap();
    assert_eq!(adapted.filing.summary.unwrap().as_str(), "a; b; c");
    assert!(adapted.warnings.is_empty(), "{:?}", adapted.warnings);
}

#[test]
fn a_name_that_is_nearly_right_is_told_with_the_right_one() {
    let adapted = read(r#","dienthoai":"0000000001","NguoiNhan":"B""#).unwrap();
    let meant: Vec<(&str, &str)> = adapted
        .warnings
        .iter()
        .map(|w| (w.path.as_deref().unwrap(), w.args()["expected"].as_str()))
        .collect();
    assert_eq!(
        meant,
        [("/dienthoai", "dien_thoai"), ("/NguoiNhan", "nguoi_nhan")]
    );
    // In the wrong place, where the name stands in one place of the format only.
    let adapted = read(r#","Loai":"1""#).unwrap();
    assert_eq!(adapted.warnings[0].args()["expected"], "Giay.Loai");
    // A refusal says it too: the slip is why something is missing.
    let body = r#"{"so":"1","ngay":"20261120","Tên":"A"}"#;
    let registry = registry(&format());
    let refused = registry
        .get("thu/v1")
        .unwrap()
        .read(body.as_bytes(), "application/json")
        .unwrap_err();
    assert_eq!(
        told(refused.problems()),
        ["field-missing /ten", "field-misspelt /Tên"]
    );
}

#[test]
fn coverage_counts_what_nobody_reads() {
    let body = r#"{"so":"1","ngay":"20261120","ten":"A","BoQua":1,"moi":"x","tep":[{"ten":"x","la":1},{"ten":"y","la":2}],"nguoi_nhan":"B"}"#;
    let registry = registry(&format());
    let adapter = registry.get("thu/v1").unwrap();
    let covered = adapter
        .coverage(body.as_bytes(), "application/json", false)
        .unwrap();
    let mut seen: Vec<(Unread, &str)> = covered.unread.iter().map(|p| (p.why, p.place.as_str())).collect();
    seen.sort();
    assert_eq!(
        seen,
        [
            (Unread::Unknown, "/moi"),
            (Unread::Unknown, "/tep/la"),
            (Unread::Unknown, "/tep/la"),
            (Unread::Unused, "/nguoi_nhan"),
            (Unread::Ignored, "/BoQua"),
        ]
    );
}

fn progress(item: &str) -> StatusItem {
    let body = format!(
        r#"{{"service":"CapNhatTienDoHoSoMC","data":[{{"MaHoSo":"dos_1","NguoiXuLy":"A","ThoiDiemXuLy":"20261121081500",{item}}}]}}"#
    );
    let document = super::REGISTRY
        .get("dvcqg-mc/v1")
        .unwrap()
        .read_statuses(body.as_bytes(), "application/json")
        .unwrap();
    document.items.into_iter().next().unwrap()
}

#[test]
fn a_field_that_turns_a_report_is_never_guessed_from_its_absence() {
    for item in [
        r#""TrangThai":"9","LienThong":{"Tuchoi":"True"}"#,
        r#""TrangThai":"9","LienThong":{"TU_CHOI":"True"}"#,
        r#""TrangThai":"9","LienThong":{"TừChối":true}"#,
        r#""TrangThai":"9","LienThong":{"TuChio":"True"}"#,
        r#""TrangThai":"9","Lienthong":{"TuChoi":"True"}"#,
        r#""TrangThai":"9","TuChoi":"True""#,
        r#""TrangThai":"9","LyDoTuChoi":"không đủ điều kiện""#,
        r#""TrangThai":"9","LienThong":{"SuaKetqua":"True"}"#,
        r#""TrangThai":"4","LienThong":{"ChuyenLuy":"tra-lai"}"#,
        r#""TrangThai":"9","DanhSachGiayToKetqua":[{"TenGiayTo":"x"}]"#,
        r#""TrangThai":"5","DanhSachHoSoBosung":[{"DanhSachGiayToBoSung":[{"TenGiayTo":"x"}]}]"#,
    ] {
        let read = progress(item);
        assert_eq!(read.dossier.as_deref(), Some("dos_1"), "{item}");
        let problems = read.report.unwrap_err();
        assert_eq!(problems[0].label, Label::FieldMisspelt, "{item}: {problems:?}");
    }
    let problems = progress(r#""TrangThai":"9","LienThong":{"Tuchoi":"True"}"#)
        .report
        .unwrap_err();
    assert_eq!(
        (
            problems[0].path.as_deref(),
            problems[0].args()["expected"].as_str()
        ),
        (Some("/data/0/LienThong/Tuchoi"), "LienThong.TuChoi")
    );
    // Nothing said is nothing meant, and what is right is right.
    for item in [
        r#""TrangThai":"9","LienThong":{"Tuchoi":""}"#,
        r#""TrangThai":"9","LienThong":{"TuChoi":"TRUE"},"LyDoTuChoi":"không đủ""#,
        r#""TrangThai":"4","GhiChuNoiBo":"x""#,
    ] {
        let read = progress(item);
        assert!(read.report.is_ok(), "{item}: {:?}", read.report);
        assert_eq!(read.warnings.len(), 1, "{item}: {:?}", read.warnings);
    }
}

#[test]
fn every_entry_and_every_note_of_a_supplement_counts() {
    let read = progress(
        r#""TrangThai":"5","NoiDungXuLy":"C","DanhSachHoSoBoSung":[{"NoiDungBoSung":"A","DanhSachGiayToBoSung":[{"TenGiayTo":"Tờ khai"}]},
            {"NoiDungBoSung":"B","DanhSachGiayToBoSung":[{"TenGiayTo":"Bản sao"}]}]"#,
    );
    assert_eq!(
        read.locate("/papers/1/name"),
        "/data/0/DanhSachHoSoBoSung/1/DanhSachGiayToBoSung/0/TenGiayTo"
    );
    assert!(read.warnings.is_empty(), "{:?}", read.warnings);
    let report = read.report.unwrap().unwrap();
    assert_eq!(report.text.as_deref(), Some("C\nA\nB"));
    let papers: Vec<&str> = report.papers.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(papers, ["Tờ khai", "Bản sao"]);
}

#[test]
fn a_status_is_not_lost_for_its_handler() {
    let officer = |name: &str| {
        let body = format!(
            r#"{{"service":"CapNhatTienDoHoSoMC","data":[{{"MaHoSo":"dos_1","ThoiDiemXuLy":"20261121081500","TrangThai":"4"{name}}}]}}"#
        );
        let adapter = super::REGISTRY.get("dvcqg-mc/v1").unwrap();
        let item = adapter
            .read_statuses(body.as_bytes(), "application/json")
            .unwrap()
            .items
            .remove(0);
        (
            item.report.unwrap().unwrap().officer.map(|o| o.chars().count()),
            told(&item.warnings),
        )
    };
    let long = |n: usize| format!(r#","NguoiXuLy":"{}""#, "x".repeat(n));
    assert_eq!(
        officer(""),
        (None, vec!["field-missing /data/0/NguoiXuLy".to_owned()])
    );
    assert_eq!(
        officer(r#","NguoiXuLy":" ""#),
        (None, vec!["field-missing /data/0/NguoiXuLy".to_owned()])
    );
    assert_eq!(officer(&long(50)), (Some(50), vec![]));
    assert_eq!(
        officer(&long(51)),
        (Some(51), vec!["text-length /data/0/NguoiXuLy".to_owned()])
    );
    assert_eq!(
        officer(&long(201)),
        (Some(200), vec!["text-shortened /data/0/NguoiXuLy".to_owned()])
    );
}

#[test]
fn everything_wrong_with_a_report_is_told_at_once() {
    let read = progress(r#""TrangThai":"99","LienThong":{"TuChoi":"có lẽ"},"LaGi":"x""#);
    assert_eq!(read.dossier.as_deref(), Some("dos_1"));
    assert_eq!(
        told(&read.report.unwrap_err()),
        [
            "status-word-unknown /data/0/TrangThai",
            "value-unknown /data/0/LienThong/TuChoi"
        ]
    );
    assert_eq!(told(&read.warnings), ["field-unknown /data/0/LaGi"]);
}

#[test]
fn what_a_report_says_beside_its_status_is_kept_with_it() {
    let read = progress(
        r#""TrangThai":"5","NoiDungXuLy":"C","ChucDanh":"Chuyên viên","DanhSachHoSoBoSung":[
            {"NgayBoSung":"20261121","DanhSachGiayToBoSung":[{"TenGiayTo":"Tờ khai"}]},{"NguoiYeuCauBoSung":"B"}]"#,
    );
    assert!(read.warnings.is_empty(), "{:?}", read.warnings);
    let report = read.report.unwrap().unwrap();
    let kept: Vec<(&str, &str)> = report
        .foreign_values
        .iter()
        .map(|v| (v.path.as_str(), v.value.as_str()))
        .collect();
    assert_eq!(
        kept,
        [
            ("/ChucDanh", "Chuyên viên"),
            ("/DanhSachHoSoBoSung/0/NgayBoSung", "20261121"),
            ("/DanhSachHoSoBoSung/1/NguoiYeuCauBoSung", "B"),
        ]
    );
}

#[test]
fn a_receiver_without_a_word_on_the_way_is_told() {
    let hcc = |more: &str| {
        let body = format!(
            r#"{{"OrderNumber":"1","Procedure":{{"Code":"9.901001"}},"DocumentSender":{{"Name":"A"}},
                "LienThong":{{"NgayNop":"2026-11-20T09:00:00+07:00"}}{more}}}"#
        );
        let adapter = super::REGISTRY.get("vnpost-hcc/v1").unwrap();
        let read = adapter.read(body.as_bytes(), "application/json").unwrap();
        let method = read.filing.result_return.as_ref().map(|r| r.method);
        (method, told(&read.warnings))
    };
    let receiver = r#","ResultReceiver":{"Name":"B","Address":"Số 3"}"#;
    let with = |word: &str| hcc(&format!(r#","IsReceiveResult":{word}{receiver}"#));
    assert_eq!(hcc(""), (None, vec![]));
    assert_eq!(
        hcc(receiver),
        (
            Some(ReturnMethod::Counter),
            vec!["field-missing /IsReceiveResult".to_owned()]
        )
    );
    assert_eq!(with(r#""không""#), (Some(ReturnMethod::Counter), vec![]));
    assert_eq!(with(r#""YES""#), (Some(ReturnMethod::Post), vec![]));
}
