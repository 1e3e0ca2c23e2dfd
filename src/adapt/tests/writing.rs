//! One document, written in every way that means the same: numerals, encodings, nothing. Each format reads them alike.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{REGISTRY, samples};
use crate::adapt::{Adapted, canonical_schema};
use crate::domain::dossier::limits::AMOUNT_VND;
use crate::domain::rejection::{Label, Problem, Rejection};
use crate::domain::whole;

const SPACE: &str = "urn:vn:lienthong:dossier:v1";

fn read(format: &str, media_type: &str, bytes: &[u8]) -> Result<Adapted, Rejection> {
    REGISTRY.get(format).unwrap().read(bytes, media_type)
}

fn canonical(amount: &str) -> String {
    format!(
        "{{\"reference\":\"R\",\"procedure\":{{\"code\":\"9.901001\"}},\"channel\":\"counter\",\"filed_at\":\"2026-11-20T09:00:00+07:00\",\
         \"applicant\":{{\"kind\":\"citizen\",\"name\":\"A\"}},\"fees\":[{{\"name\":\"Lệ phí\",\"amount_vnd\":{amount}}}]}}"
    )
}

fn canonical_xml(amount: &str) -> String {
    format!(
        "<dossier xmlns=\"{SPACE}\"><reference>R</reference><procedure><code>9.901001</code></procedure><channel>counter</channel>\
         <filed_at>2026-11-20T09:00:00+07:00</filed_at><applicant><kind>citizen</kind><name>A</name></applicant>\
         <fees><fee><name>Lệ phí</name><amount_vnd>{amount}</amount_vnd></fee></fees></dossier>"
    )
}

/// The portal's smallest dossier with a fee.
fn portal(amount: &Value) -> String {
    let sample = samples::adapters_dir().join("dvcqg-mc/v1/samples/minimal.json");
    let mut document: Value = serde_json::from_slice(&std::fs::read(sample).unwrap()).unwrap();
    document["data"][0]["DanhSachLePhi"] = json!([{ "TenPhiLePhi": "Lệ phí", "Gia": amount }]);
    document.to_string()
}

fn amount(read: Result<Adapted, Rejection>) -> Result<i64, Label> {
    let adapted = read.map_err(|refused| refused.label())?;
    Ok(adapted.filing.fees[0].amount_vnd)
}

/// Numerals of JSON, about the bounds too.
fn numerals() -> impl Strategy<Value = String> {
    let fraction = prop_oneof![
        3 => Just(String::new()),
        1 => "\\.0{1,4}",
        1 => "\\.[0-9]{1,4}",
    ];
    let exponent = prop_oneof![3 => Just(String::new()), 1 => "[eE][+-]?[0-9]{1,2}"];
    let whole = prop_oneof![
        "0",
        "[1-9][0-9]{0,14}",
        Just(AMOUNT_VND.to_string()),
        Just((AMOUNT_VND + 1).to_string()),
    ];
    ("-?", whole, fraction, exponent)
        .prop_map(|(sign, whole, fraction, exponent)| format!("{sign}{whole}{fraction}{exponent}"))
}

/// A name as people have, and as nobody has.
fn names() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[A-Za-zĐđÀ-ỹ😀&<>\"' ]{0,20}[A-ZĐ😀]").unwrap()
}

fn escaped(name: &str) -> String {
    name.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xfeff)
        .chain(text.encode_utf16())
        .flat_map(unit)
        .collect()
}

proptest! {
    #[test]
    fn a_numeral_is_the_same_number_in_every_format(numeral in numerals()) {
        let schema = canonical_schema();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let typed = amount(read("canonical/v1", "application/json", canonical(&numeral).as_bytes()));
        let document: Value = serde_json::from_str(&canonical(&numeral)).unwrap();
        prop_assert_eq!(typed.is_ok(), validator.is_valid(&document), "{}: {:?}", numeral, typed);

        let value: Value = serde_json::from_str(&numeral).unwrap();
        let portal_typed = amount(read("dvcqg-mc/v1", "application/json", portal(&value).as_bytes()));
        prop_assert_eq!(portal_typed, typed, "{}", numeral);

        let in_xml = amount(read("canonical/v1", "application/xml", canonical_xml(&numeral).as_bytes()));
        let portal_text = amount(read("dvcqg-mc/v1", "application/json", portal(&json!(numeral)).as_bytes()));
        prop_assert_eq!(in_xml, portal_text, "{}", numeral);
        if whole::parse(&numeral) == Err(whole::NotWhole::Form) {
            // Three digits behind a dot may be thousands, where a person writes.
            prop_assert_eq!(in_xml, Err(Label::NumberMalformed), "{}", numeral);
        } else {
            prop_assert_eq!(in_xml, typed, "{}", numeral);
        }
        let spaced = amount(read("dvcqg-mc/v1", "application/json", portal(&json!(format!(" {numeral}\u{a0}"))).as_bytes()));
        prop_assert_eq!(spaced, portal_text, "{}", numeral);
    }

    #[test]
    fn a_name_is_the_same_in_every_encoding(name in names()) {
        let document = canonical_xml("1").replace("<name>A<", &format!("<name>{}<", escaped(&name)));
        let base = read("canonical/v1", "application/xml", document.as_bytes()).unwrap();
        let wanted = base.filing;
        // A name may hold what is cleaned away and told; that is the same in every encoding too.
        let told = |warnings: &[Problem]| warnings.iter().map(|w| w.label).collect::<Vec<_>>();
        let wanted_warnings = told(&base.warnings);
        let declared = |encoding: &str| format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{document}");
        let references: String = declared("us-ascii")
            .chars()
            .map(|c| if c.is_ascii() { c.to_string() } else { format!("&#x{:x};", u32::from(c)) })
            .collect();
        for (media_type, bytes) in [
            ("application/xml", declared("UTF-8").into_bytes()),
            ("application/xml; charset=utf8", declared("utf8").into_bytes()),
            ("text/xml", format!("\u{feff}{}", declared("utf-8")).into_bytes()),
            ("application/xml", utf16(&declared("UTF-16"), u16::to_le_bytes)),
            ("application/xml; charset=utf-16", utf16(&document, u16::to_be_bytes)),
            ("application/xml; charset=us-ascii", references.into_bytes()),
        ] {
            let adapted = read("canonical/v1", media_type, &bytes).unwrap();
            prop_assert_eq!(&adapted.filing, &wanted, "{}", media_type);
            prop_assert_eq!(told(&adapted.warnings), wanted_warnings.clone(), "{}", media_type);
        }
        let json = canonical("1").replace("\"A\"", &json!(name).to_string());
        for text in [json.clone(), format!("\u{feff}{json}")] {
            let adapted = read("canonical/v1", "application/json; charset=UTF-8", text.as_bytes()).unwrap();
            prop_assert_eq!(&adapted.filing.applicant, &wanted.applicant);
        }
        let refused = read("canonical/v1", "application/json", &utf16(&json, u16::to_le_bytes)).unwrap_err();
        prop_assert_eq!(refused.label(), Label::EncodingUnsupported);
    }
}

#[test]
fn every_sample_is_the_same_with_a_mark_and_in_utf_16() {
    let mut looked_at = 0;
    for (format, path) in samples::all() {
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.trim_start_matches('\u{feff}');
        let media_type = samples::media_type(&path);
        let plain = read(&format, media_type, text.as_bytes()).map(|a| a.filing);
        let marked = read(&format, media_type, format!("\u{feff}{text}").as_bytes()).map(|a| a.filing);
        assert_eq!(marked, plain, "{path:?}");
        let wide = read(&format, media_type, &utf16(text, u16::to_be_bytes));
        match (media_type, wide) {
            ("application/json", wide) => assert_eq!(wide.unwrap_err().label(), Label::EncodingUnsupported),
            // A declaration of UTF-8 in a document in UTF-16 is passed over with a warning.
            (_, Ok(adapted)) => assert_eq!(Ok(adapted.filing), plain, "{path:?}"),
            (_, Err(refused)) => assert_eq!(Err(refused.label()), plain.map_err(|r| r.label()), "{path:?}"),
        }
        looked_at += 1;
    }
    assert!(looked_at > 10);
}

#[test]
fn null_and_nil_are_left_out_everywhere() {
    let optional = [
        "<summary/>",
        "<owner/>",
        "<fees/>",
        "<components/>",
        "<is_test/>",
        "<dossier_code/>",
        "<place/>",
    ];
    let plain = canonical_xml("1").replace(
        &canonical_xml("1")[canonical_xml("1").find("<fees>").unwrap()..],
        "</dossier>",
    );
    let wanted = read("canonical/v1", "application/xml", plain.as_bytes())
        .unwrap()
        .filing;
    for element in optional {
        let name = element.trim_start_matches('<').trim_end_matches("/>");
        for nil in [
            "xsi:nil=\"true\"",
            "xsi:nil=\"1\"",
            "xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" i:nil=\" true \"",
        ] {
            let document = plain.replace("</dossier>", &format!("<{name} {nil}></{name}></dossier>"));
            let adapted = read("canonical/v1", "application/xml", document.as_bytes());
            assert_eq!(adapted.map(|a| a.filing), Ok(wanted.clone()), "{name} {nil}");
        }
        let json = canonical("1").replace(
            "\"fees\":[{\"name\":\"Lệ phí\",\"amount_vnd\":1}]",
            &format!("\"{name}\":null"),
        );
        let adapted = read("canonical/v1", "application/json", json.as_bytes());
        assert_eq!(adapted.map(|a| a.filing), Ok(wanted.clone()), "{name}");
    }
    let filled = plain.replace("</dossier>", "<summary xsi:nil=\"true\">x</summary></dossier>");
    let refused = read("canonical/v1", "application/xml", filled.as_bytes()).unwrap_err();
    assert_eq!(refused.label(), Label::NilFilled);
}
