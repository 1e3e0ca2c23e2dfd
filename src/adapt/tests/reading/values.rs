//! Values: cleaned, dates in several forms, words of tables.

use serde_json::json;

use super::{JSON, both, in_json, read, refused, told};
use crate::domain::rejection::Language;

#[test]
fn a_text_is_cleaned_before_anything_looks_at_it() {
    let (_, json, xml) = both(
        r#","SoDinhDanh":"000 190.000 003""#,
        "<SoDinhDanh>000 190.000 003</SoDinhDanh>",
    );
    assert_eq!(
        json,
        [
            "value-mended /0/SoDinhDanh",
            "identity-prefix-unknown /0/SoDinhDanh"
        ]
    );
    assert_eq!(xml[0], "value-mended /D/HoSo/SoDinhDanh");
    let mended = in_json(r#","SoDinhDanh":"000 190.000 003""#).unwrap();
    assert_eq!(
        mended
            .filing
            .applicant
            .identity_number
            .map(|number| number.to_string()),
        Some("000190000003".to_owned())
    );
    let said = &mended.warnings[0];
    for (language, how) in [
        (Language::Vietnamese, "cổng đã chỉ giữ chữ số rồi đọc"),
        (Language::English, "before it was read, digits alone were kept"),
    ] {
        assert!(said.advice(language).contains(how), "{}", said.advice(language));
    }
    assert!(!format!("{said:?}").contains("190"), "{said:?}");
    // What the format itself is cleaned of is not told.
    let (filing, json, _) = both(r#","Ten_":"""#, "<Ten_/>");
    assert_eq!(
        (filing, json),
        (json!({}), vec!["field-misspelt /0/Ten_".to_owned()])
    );
    let entities = read(r#"[{"So":"SO-7","Ngay":"2026-11-20","Ten":"A &amp; B"}]"#, JSON).unwrap();
    assert_eq!(entities.filing.applicant.name.to_string(), "A & B");
    assert_eq!(entities.filing.reference.to_string(), "7");
    assert_eq!(told(&entities.warnings), ["value-mended /0/So"]);
    // White space around a code is not of it, in JSON as in XML.
    let (filing, json, xml) = both(
        r#","Ma":" H26.101-261120-0002 ""#,
        "<Ma> H26.101-261120-0002 </Ma>",
    );
    assert_eq!(filing, json!({"dossier_code": "H26.101-261120-0002"}));
    assert_eq!((json, xml), (vec![], vec![]));
}

#[test]
fn a_date_is_written_in_one_of_several_forms() {
    for (written, read_as) in [
        ("20/11/2026 8:30", "2026-11-20T01:30:00.000000Z"),
        ("5/9/2026 08:30", "2026-09-05T01:30:00.000000Z"),
        ("2026-11-20T08:30:00", "2026-11-20T01:30:00.000000Z"),
        ("2026-11-20 08:30", "2026-11-20T01:30:00.000000Z"),
        ("2026-11-20T01:30:00Z", "2026-11-20T01:30:00.000000Z"),
        ("2026-11-20T08:30:00.5+07:00", "2026-11-20T01:30:00.500000Z"),
        ("/Date(1764064800000+0700)/", "2025-11-25T10:00:00.000000Z"),
        ("/Date(1764064800000)/", "2025-11-25T10:00:00.000000Z"),
    ] {
        let body = format!(r#"[{{"So":"1","Ngay":"{written}","Ten":"A"}}]"#);
        let adapted = read(&body, JSON).unwrap_or_else(|r| panic!("{written}: {:?}", r.problems()));
        assert_eq!(adapted.filing.filed_at.to_string(), read_as, "{written}");
    }
    for wrong in [
        "20-11-2026",
        "2026-11-20T25:00",
        "/Date(x)/",
        "/Date(1+07)/",
        "2026-11-20T08",
        "20261120",
    ] {
        let body = format!(r#"[{{"So":"1","Ngay":"{wrong}","Ten":"A"}}]"#);
        let refused = read(&body, JSON).unwrap_err();
        assert_eq!(told(refused.problems()), ["date-malformed /0/Ngay"], "{wrong}");
        let expected = "d/M/yyyy H:mm · 2026-11-23T08:30:00 · /Date(1764064800000+0700)/";
        assert!(refused.problems()[0].advice(Language::English).contains(expected));
    }
    assert_eq!(
        refused(read(
            r#"[{"So":"1","Ngay":"/Date(-62135596800000)/","Ten":"A"}]"#,
            JSON
        )),
        ["date-unset /0/Ngay"]
    );
}

#[test]
fn a_table_says_what_a_word_is_not() {
    let (filing, json, _) = both(r#","Loai":"mang""#, "<Loai>mang</Loai>");
    assert_eq!((filing, json), (json!({"channel": "online"}), vec![]));
    // A word that says nothing leaves the field out, and its default stands in.
    let none = refused(in_json(r#","Loai":"chua""#));
    assert_eq!(none, ["field-missing /0/Loai"]);
    let fax = in_json(r#","Loai":"fax""#).unwrap_err();
    assert_eq!(told(fax.problems()), ["value-refused /0/Loai"]);
    let problem = &fax.problems()[0];
    assert_eq!(
        problem.advice(Language::Vietnamese),
        "Loai: Không nhận hồ sơ qua fax."
    );
    assert_eq!(
        problem.advice(Language::English),
        "Loai: Dossiers are not taken by fax."
    );
    // Every other word is told.
    let (filing, json, xml) = both(r#","Loai":"la""#, "<Loai>la</Loai>");
    assert_eq!(filing, json!({"channel": "post"}));
    assert_eq!(json, ["value-unknown /0/Loai"]);
    assert_eq!(xml, ["value-unknown /D/HoSo/Loai"]);
}
