use std::fs;

use super::{REGISTRY, samples};
use crate::adapt::Provenance;
use crate::domain::rejection::Label;

fn told(adapter: &str, body: &str) -> Vec<String> {
    let refused = REGISTRY
        .get(adapter)
        .unwrap()
        .read(body.as_bytes(), "application/json")
        .unwrap_err();
    let mut told: Vec<String> = refused
        .problems()
        .iter()
        .map(|p| format!("{} {}", p.label, p.path.as_deref().unwrap_or("-")))
        .collect();
    told.sort();
    told
}

#[test]
fn all_problems_at_once_with_the_senders_paths() {
    let body = r#"{"reference":"","procedure":{"name":"x"},"channel":"fax","filed_at":"2026-11-20","place":{"commune":"4"},
        "applicant":{"kind":"citizen","name":"A","phone":"12","birth_date":"20/11/1990"},"fees":[{"name":"a","amount_vnd":"1"}],
        "extra":1,"tenant":"x"}"#;
    assert_eq!(
        told("canonical/v1", body),
        [
            "code-malformed /applicant/phone",
            "code-malformed /place/commune",
            "date-malformed /applicant/birth_date",
            "date-malformed /filed_at",
            "field-forbidden /tenant",
            "field-missing /procedure/code",
            "field-unknown /extra",
            "number-quoted /fees/0/amount_vnd",
            "text-empty /reference",
            "value-unknown /channel",
        ]
    );
}

#[test]
fn what_is_missing_in_a_part_that_is_not_there_is_not_missing() {
    assert_eq!(
        told(
            "canonical/v1",
            r#"{"reference":"R","owner":{},"place":{"name":"x"}}"#
        ),
        [
            "field-missing /applicant",
            "field-missing /channel",
            "field-missing /filed_at",
            "field-missing /owner/kind",
            "field-missing /owner/name",
            "field-missing /place/commune",
            "field-missing /procedure",
        ]
    );
}

#[test]
fn a_number_where_digits_are_a_code_is_never_guessed() {
    // 000185000001 as a number would lose its zeros, and pass as another person's 9-digit card.
    let body = r#"{"service":"DongBoHoSoMC","data":[{"MaHoSo":"1","MaTTHC":"9.901001","ChuHoSo":"A","NgayNopHoSo":"20261120090000",
        "SoGiayToChuHoSo":185000001,"LienThong":{"MaXa":4}}]}"#;
    assert_eq!(
        told("dvcqg-mc/v1", body),
        [
            "type-wrong /data/0/LienThong/MaXa",
            "type-wrong /data/0/SoGiayToChuHoSo"
        ]
    );
}

#[test]
fn an_identity_number_that_disagrees_is_a_warning() {
    let body = r#"{"reference":"R","procedure":{"code":"9.901001"},"channel":"counter","filed_at":"2026-11-20T09:00:00+07:00",
        "applicant":{"kind":"citizen","name":"A","identity_number":"000185000001","birth_date":"1990-01-01","sex":"male"},
        "owner":{"kind":"citizen","name":"B","identity_number":"000000001"}}"#;
    let adapted = REGISTRY
        .get("canonical/v1")
        .unwrap()
        .read(body.as_bytes(), "application/json")
        .unwrap();
    let warned: Vec<(Label, &str)> = adapted
        .warnings
        .iter()
        .map(|w| (w.label, w.path.as_deref().unwrap()))
        .collect();
    assert_eq!(
        warned,
        [
            (Label::IdentityPrefixUnknown, "/applicant/identity_number"),
            (Label::IdentityCardOld, "/owner/identity_number"),
            (Label::IdentityBirthMismatch, "/applicant/birth_date"),
            (Label::IdentitySexMismatch, "/applicant/sex"),
        ]
    );
}

fn provenance(adapter: &str, sample: &str) -> Provenance {
    let path = samples::adapters_dir().join(adapter).join("samples").join(sample);
    let adapter = REGISTRY.get(adapter).unwrap();
    adapter
        .read(&fs::read(&path).unwrap(), samples::media_type(&path))
        .unwrap()
        .provenance
}

/// A format, one of its samples, the place of a canonical field, and where the sender's document has it.
const PLACES: [(&str, &str, &str, &str); 23] = [
    ("canonical/v1", "full.json", "/place/commune", "/place/commune"),
    ("canonical/v1", "minimal.json", "/place/commune", "/place/commune"),
    (
        "canonical/v1",
        "full.json",
        "/components/0/files/1/sha256",
        "/components/0/files/1/sha256",
    ),
    ("canonical/v1", "full.json", "/components/9/name", "/components"),
    ("canonical/v1", "full.json", "/nothing/here", ""),
    ("canonical/v1", "full.json", "", ""),
    ("canonical/v1", "full.xml", "/place", "/dossier/place"),
    (
        "canonical/v1",
        "full.xml",
        "/components/1/name",
        "/dossier/components/component[2]/name",
    ),
    (
        "canonical/v1",
        "minimal.xml",
        "/owner/name",
        "/dossier/owner/name",
    ),
    ("dvcqg-mc/v1", "full.json", "/procedure/code", "/data/0/MaTTHC"),
    (
        "dvcqg-mc/v1",
        "full.json",
        "/reference",
        "/data/0/LienThong/SoThamChieu",
    ),
    ("dvcqg-mc/v1", "minimal.json", "/reference", "/data/0/MaHoSo"),
    ("dvcqg-mc/v1", "minimal.json", "/filed_at", "/data/0/NgayTiepNhan"),
    (
        "dvcqg-mc/v1",
        "minimal.json",
        "/place/commune",
        "/data/0/LienThong/MaXa",
    ),
    (
        "dvcqg-mc/v1",
        "full.json",
        "/owner/identity_number",
        "/data/0/DinhDanhCHS/1/SoDinhDanh",
    ),
    (
        "dvcqg-mc/v1",
        "full.json",
        "/applicant/name",
        "/data/0/LienThong/NguoiNop/HoTen",
    ),
    (
        "dvcqg-mc/v1",
        "minimal.json",
        "/applicant/name",
        "/data/0/ChuHoSo",
    ),
    (
        "dvcqg-mc/v1",
        "full.json",
        "/components/1/name",
        "/data/0/TaiLieuNop/2/TenTepDinhKem",
    ),
    (
        "dvcqg-mc/v1",
        "full.json",
        "/components/2/name",
        "/data/0/DanhSachTepDinhKemKhac/0/TenGiayTo",
    ),
    (
        "vnpost-hcc/v1",
        "minimal.json",
        "/place/commune",
        "/LienThong/MaXa",
    ),
    (
        "vnpost-hcc/v1",
        "full.xml",
        "/place/commune",
        "/MDocument/LienThong/MaXa",
    ),
    (
        "vnpost-hcc/v1",
        "full.xml",
        "/components/1/name",
        "/MDocument/Procedure/Elements/Element[2]",
    ),
    (
        "vnpost-hcc/v1",
        "full.json",
        "/components/1/name",
        "/Procedure/Elements/1",
    ),
];

#[test]
fn every_canonical_field_has_a_place_in_the_senders_document() {
    for (adapter, sample, pointer, path) in PLACES {
        assert_eq!(
            provenance(adapter, sample).locate(pointer),
            path,
            "{adapter} {sample} {pointer}"
        );
    }
}

#[test]
fn vnposts_own_place_codes_name_no_place() {
    let path = samples::adapters_dir().join("vnpost-hcc/v1/samples/minimal.json");
    let adapter = REGISTRY.get("vnpost-hcc/v1").unwrap();
    let filing = adapter
        .read(&fs::read(path).unwrap(), "application/json")
        .unwrap()
        .filing;
    assert_eq!((filing.place, filing.dossier_code), (None, None));
}

#[test]
fn one_bad_report_spoils_no_other_and_no_unknown_word_is_a_status() {
    let dvcqg = REGISTRY.get("dvcqg-mc/v1").unwrap();
    for word in [
        "0",
        "11",
        "99",
        "-1",
        "1.0",
        "01",
        "9 .",
        "Đã xử lý xong",
        "done",
        "True",
    ] {
        let body = format!(
            r#"{{"service":"CapNhatTienDoHoSoMC","data":[
                {{"MaHoSo":"x","NguoiXuLy":"A","ThoiDiemXuLy":"20261121081500","TrangThai":"{word}"}},
                {{"MaHoSo":"dos_1","NguoiXuLy":"A","ThoiDiemXuLy":"20261121081500","TrangThai":"4"}}]}}"#
        );
        let items = dvcqg
            .read_statuses(body.as_bytes(), "application/json")
            .unwrap()
            .items;
        let problem = &items[0].report.as_ref().unwrap_err()[0];
        assert_eq!(problem.label, Label::StatusWordUnknown, "{word}");
        assert_eq!(problem.path.as_deref(), Some("/data/0/TrangThai"));
        let report = items[1].report.as_ref().unwrap().as_ref().unwrap();
        assert_eq!((report.status.code(), report.dossier.as_str()), (4, "dos_1"));
    }
    let wrong = br#"{"service":"DongBoHoSoMC","data":[{}]}"#;
    assert_eq!(
        dvcqg
            .read_statuses(wrong, "application/json")
            .unwrap_err()
            .label(),
        Label::ValueUnknown
    );
}

#[test]
fn the_format_is_the_named_one_or_the_only_one() {
    let all: Vec<String> = REGISTRY.names().map(str::to_owned).collect();
    assert_eq!(
        all,
        ["canonical/v1", "dvcqg-mc/v1", "opencps/v1", "vnpost-hcc/v1"]
    );
    let choose = |media_type: &str, wanted: Option<&str>, formats: &[&str]| {
        let formats: Vec<String> = formats.iter().map(|f| (*f).to_owned()).collect();
        REGISTRY
            .choose(media_type, wanted, &formats)
            .map(|a| a.name().to_owned())
            .map_err(|r| r.label())
    };
    let both = ["canonical/v1", "dvcqg-mc/v1"];
    let ok = |name: &str| Ok(name.to_owned());
    assert_eq!(
        choose("application/json", None, &["canonical/v1"]),
        ok("canonical/v1")
    );
    assert_eq!(
        choose("Application/JSON ; charset=\"utf-8\"", None, &["dvcqg-mc/v1"]),
        ok("dvcqg-mc/v1")
    );
    assert_eq!(
        choose("application/json", Some("dvcqg-mc/v1"), &both),
        ok("dvcqg-mc/v1")
    );
    assert_eq!(choose("application/xml", None, &both), ok("canonical/v1"));
    assert_eq!(
        choose("application/vnd.lienthong.dvcqg-mc+json", None, &both),
        ok("dvcqg-mc/v1")
    );
    assert_eq!(choose("application/json", None, &both), Err(Label::FormatUnknown));
    assert_eq!(
        choose("application/json", Some("vnpost-hcc/v1"), &both),
        Err(Label::FormatUnknown)
    );
    assert_eq!(
        choose("application/json", Some("x/v1"), &both),
        Err(Label::FormatUnknown)
    );
    assert_eq!(
        choose("application/json", None, &[]),
        Err(Label::MediaTypeUnsupported)
    );
    assert_eq!(
        choose("application/xml", Some("dvcqg-mc/v1"), &both),
        Err(Label::MediaTypeUnsupported)
    );
    for media_type in ["text/plain", "", "json", "application/"] {
        assert_eq!(
            choose(media_type, None, &both),
            Err(Label::MediaTypeUnsupported),
            "{media_type}"
        );
    }
}

#[test]
fn what_each_format_can() {
    let can = |name: &str| {
        let a = REGISTRY.get(name).unwrap();
        (
            a.reads_dossiers(),
            a.reads_statuses(),
            a.renders(),
            a.is_provisional(),
        )
    };
    assert_eq!(can("canonical/v1"), (true, true, true, false));
    assert_eq!(can("dvcqg-mc/v1"), (true, true, true, true));
    assert_eq!(can("opencps/v1"), (true, true, true, true));
    assert_eq!(can("vnpost-hcc/v1"), (true, false, false, true));
    let vnpost = REGISTRY.get("vnpost-hcc/v1").unwrap();
    assert_eq!(
        vnpost
            .read_statuses(b"{}", "application/json")
            .unwrap_err()
            .label(),
        Label::FormatUnknown
    );
}
