//! Input that means no good: it is refused with its own label, within bounds, and never makes the hub panic.

use std::fmt::Write as _;
use std::fs;

use proptest::prelude::*;

use super::{REGISTRY, samples};
use crate::adapt::limits::*;
use crate::adapt::{json, xml};
use crate::domain::rejection::{Label, Rejection};

fn read(adapter: &str, media_type: &str, bytes: &[u8]) -> Result<(), Rejection> {
    REGISTRY.get(adapter).unwrap().read(bytes, media_type).map(drop)
}

fn label(adapter: &str, media_type: &str, bytes: &[u8]) -> Label {
    read(adapter, media_type, bytes).unwrap_err().label()
}

fn json_label(text: &str) -> Label {
    label("canonical/v1", "application/json", text.as_bytes())
}

fn xml_label(text: &str) -> Label {
    label("canonical/v1", "application/xml", text.as_bytes())
}

/// Line and column of the only problem.
fn place(refused: &Rejection) -> (&str, &str) {
    let args = &refused.problems()[0].args();
    (&args["line"], &args["column"])
}

const MINIMAL: &str = r#"{"reference":"R","procedure":{"code":"9.901001"},"channel":"counter","filed_at":"2026-11-20T09:00:00+07:00","applicant":{"kind":"citizen","name":"A"}}"#;

fn minimal_with(field: &str) -> String {
    format!("{},{field}}}", MINIMAL.strip_suffix('}').unwrap())
}

#[test]
fn bytes_that_are_no_document() {
    for media_type in ["application/json", "application/xml"] {
        let refuse = |bytes: &[u8]| label("canonical/v1", media_type, bytes);
        assert_eq!(refuse(b""), Label::DocumentEmpty);
        assert_eq!(refuse(b" \n\t"), Label::DocumentEmpty);
        assert_eq!(refuse("\u{feff}".as_bytes()), Label::DocumentEmpty);
        let wide = refuse(&[0xff, 0xfe, b'{', 0]);
        // JSON is UTF-8, and this is no XML.
        assert!(
            matches!(wide, Label::EncodingUnsupported | Label::SyntaxInvalid),
            "{wide}"
        );
        assert_eq!(refuse(b"{\"a\":\"\xc3\x28\"}"), Label::EncodingInvalid);
        assert_eq!(refuse(b"\0"), Label::ControlCharacter);
        assert_eq!(refuse(b"{\"a\x01\":1}"), Label::ControlCharacter);
        assert_eq!(refuse(b"hello"), Label::SyntaxInvalid);
    }
    let refused = read("canonical/v1", "application/json", b"{\n\"a\":\"\xff\"}").unwrap_err();
    assert_eq!(place(&refused), ("2", "6"));
    let with_mark = format!("\u{feff}{MINIMAL}");
    assert!(read("canonical/v1", "application/json", with_mark.as_bytes()).is_ok());
}

#[test]
fn json_that_is_not_well_formed() {
    for text in [
        "{",
        "{]",
        "{\"a\":1,}",
        "{} {}",
        "{'a':1}",
        "{\"a\":NaN}",
        "{\"a\":01}",
        "{\"a\":\"\\ud800\"}",
        "nul",
    ] {
        assert_eq!(json_label(text), Label::SyntaxInvalid, "{text}");
    }
    assert_eq!(json_label("{\"a\":\"\\u0000\"}"), Label::ControlCharacter);
    assert_eq!(json_label("{\"a\\u0007\":1}"), Label::ControlCharacter);
    assert_eq!(json_label("{\"a\":\"\\u009f\"}"), Label::ControlCharacter);
    assert_eq!(
        json_label("{\"a\":1,\"b\":{\"c\":1,\"c\":2}}"),
        Label::DuplicateKey
    );
    assert_eq!(json_label("{\"a\":1,\"\\u0061\":2}"), Label::DuplicateKey);
    let many: String = (0..200).map(|i| format!("\"k{i}\":0,")).collect();
    assert_eq!(json_label(&format!("{{{many}\"k150\":1}}")), Label::DuplicateKey);
    for text in ["[]", "1", "\"a\"", "null", "true"] {
        assert_eq!(json_label(text), Label::ObjectExpected, "{text}");
    }
    let refused = read("canonical/v1", "application/json", b"{\n  \"a\": 1,\n  x\n}").unwrap_err();
    assert_eq!(place(&refused), ("3", "3"));
}

#[test]
fn xml_that_is_not_well_formed_or_wants_more_than_it_may() {
    for text in [
        "<dossier>",
        "<dossier></doss>",
        "</dossier>",
        "<a/><b/>",
        "<a/>x",
        "x<a/>",
        "<a b=1/>",
        "<a b=\"1\"",
        "<a>&#0;</a>",
        "<a>&#xd800;</a>",
        "<a>&amp</a>",
        "<a><![CDATA[x</a>",
        "<!-- x",
        "<>",
    ] {
        assert_eq!(xml_label(text), Label::SyntaxInvalid, "{text}");
    }
    assert_eq!(xml_label("<!DOCTYPE dossier><dossier/>"), Label::DoctypeForbidden);
    let laughs = "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]><l>&b;</l>";
    assert_eq!(xml_label(laughs), Label::DoctypeForbidden);
    assert_eq!(xml_label("<a>&ten;</a>"), Label::EntityForbidden);
    assert_eq!(xml_label("<a b=\"&ten;\"/>"), Label::EntityForbidden);
    assert_eq!(xml_label("<a>&#1;</a>"), Label::ControlCharacter);
    assert_eq!(xml_label("<a b=\"1\" b=\"2\"/>"), Label::DuplicateKey);
    assert_eq!(
        xml_label("<a xmlns:p=\"urn:x\" xmlns:q=\"urn:x\" p:b=\"1\" q:b=\"2\"/>"),
        Label::DuplicateKey
    );
    for text in ["<a>chữ<b/></a>", "<p:a/>", "<a p:b=\"1\"/>"] {
        assert_eq!(xml_label(text), Label::FieldMissing, "{text}");
    }
}

#[test]
fn a_refused_xml_document_is_told_line_and_column() {
    let refused = read(
        "canonical/v1",
        "application/xml",
        "<đ>\n<a>&ten;</a></đ>".as_bytes(),
    )
    .unwrap_err();
    assert_eq!(
        (refused.label(), place(&refused)),
        (Label::EntityForbidden, ("2", "4"))
    );
    let refused = read("canonical/v1", "application/xml", "<đ>\n  <a></b></đ>".as_bytes()).unwrap_err();
    assert_eq!(
        (refused.label(), place(&refused)),
        (Label::SyntaxInvalid, ("2", "6"))
    );
}

#[test]
fn an_xml_document_may_have_prefixes_and_comments_and_no_attribute_of_its_own() {
    let space = "urn:vn:lienthong:dossier:v1";
    assert_eq!(
        xml_label(&format!("<phieu xmlns=\"{space}\"/>")),
        Label::FieldMissing
    );
    let good = format!(
        "<?xml version=\"1.0\"?><!-- x --><?pi?><h:dossier xmlns:h=\"{space}\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xsi:schemaLocation=\"{space} x.xsd\"><h:reference>R &amp; <![CDATA[<1>]]>&#x41;</h:reference><h:procedure><h:code>\n 9.901001 \n</h:code>\
         </h:procedure><h:channel>counter</h:channel><h:filed_at>2026-11-20T09:00:00+07:00</h:filed_at><h:applicant><h:kind>citizen</h:kind>\
         <h:name>A</h:name></h:applicant></h:dossier>"
    );
    let registry = &*REGISTRY;
    let canonical = registry.get("canonical/v1").unwrap();
    let filing = canonical
        .read(good.as_bytes(), "text/xml; charset=UTF-8")
        .unwrap()
        .filing;
    assert_eq!(filing.reference.as_str(), "R & <1>A");
    assert_eq!(filing.procedure.code.as_str(), "9.901001");
    // Any other attribute would be lost unsaid, a language too: the XSD has none, and neither has the reader.
    for attribute in ["id=\"1\"", "xml:lang=\"vi\"", "xmlns:x=\"urn:x\" x:id=\"1\""] {
        let text = good.replace("<h:channel>", &format!("<h:channel {attribute}>"));
        assert_eq!(xml_label(&text), Label::FieldUnknown, "{attribute}");
        let text = good.replace("<h:applicant>", &format!("<h:applicant {attribute}>"));
        assert_eq!(xml_label(&text), Label::FieldUnknown, "{attribute}");
    }
}

#[test]
fn a_body_at_its_limit_and_past_it() {
    let mut body = MINIMAL.to_owned();
    body.push_str(&" ".repeat(MAX_BYTES - body.len()));
    assert!(read("canonical/v1", "application/json", body.as_bytes()).is_ok());
    body.push(' ');
    assert_eq!(json_label(&body), Label::BodyTooLarge);
}

#[test]
fn nesting_at_its_limit_and_past_it() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(json::read(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(
        json::read(&nested(MAX_DEPTH + 1)).unwrap_err().label,
        Label::TooDeep
    );
    let nested = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
    assert!(xml::read(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(
        xml::read(&nested(MAX_DEPTH + 1)).unwrap_err().label,
        Label::TooDeep
    );
    assert_eq!(json_label(&"[".repeat(MAX_BYTES)), Label::TooDeep);
    assert_eq!(xml_label(&"<a>".repeat(MAX_BYTES / 3)), Label::TooDeep);
}

#[test]
fn parts_at_their_limit_and_past_it() {
    let list = |n: usize| format!("[{}0]", "0,".repeat(n - 1));
    assert_eq!(json::read(&list(MAX_PARTS - 1)).unwrap().len(), MAX_PARTS);
    assert_eq!(
        json::read(&list(MAX_PARTS)).unwrap_err().label,
        Label::TooManyParts
    );
    let list = |n: usize| format!("<a>{}</a>", "<b/>".repeat(n));
    assert_eq!(xml::read(&list(MAX_PARTS - 1)).unwrap().len(), MAX_PARTS);
    assert_eq!(
        xml::read(&list(MAX_PARTS)).unwrap_err().label,
        Label::TooManyParts
    );
    let comments = |n: usize| format!("<a/>{}", "<!---->".repeat(n));
    assert!(xml::read(&comments(MAX_PARTS - 1)).is_ok());
    assert_eq!(
        xml::read(&comments(MAX_PARTS)).unwrap_err().label,
        Label::TooManyParts
    );
}

#[test]
fn texts_names_and_attributes_at_their_limits_and_past_them() {
    let text = |n: usize| "x".repeat(n);
    assert!(json::read(&format!("[\"{}\"]", text(MAX_TEXT))).is_ok());
    assert_eq!(
        json::read(&format!("[\"{}\"]", text(MAX_TEXT + 1)))
            .unwrap_err()
            .label,
        Label::TextTooLong
    );
    assert!(xml::read(&format!("<a>{}</a>", text(MAX_TEXT))).is_ok());
    assert_eq!(
        xml::read(&format!("<a>{}</a>", text(MAX_TEXT + 1)))
            .unwrap_err()
            .label,
        Label::TextTooLong
    );
    assert_eq!(
        xml::read(&format!("<a>{}<![CDATA[x]]></a>", text(MAX_TEXT)))
            .unwrap_err()
            .label,
        Label::TextTooLong
    );
    assert!(xml::read(&format!("<a b=\"{}\"/>", text(MAX_TEXT))).is_ok());
    assert_eq!(
        xml::read(&format!("<a b=\"{}\"/>", text(MAX_TEXT + 1)))
            .unwrap_err()
            .label,
        Label::TextTooLong
    );

    assert!(json::read(&format!("{{\"{}\":1}}", text(MAX_NAME))).is_ok());
    assert_eq!(
        json::read(&format!("{{\"{}\":1}}", text(MAX_NAME + 1)))
            .unwrap_err()
            .label,
        Label::TextTooLong
    );
    assert!(xml::read(&format!("<{}/>", text(MAX_NAME))).is_ok());
    assert_eq!(
        xml::read(&format!("<{}/>", text(MAX_NAME + 1)))
            .unwrap_err()
            .label,
        Label::TextTooLong
    );

    let attributes = |n: usize| {
        let mut list = String::from("<a");
        for i in 0..n {
            write!(list, " b{i}=\"\"").unwrap();
        }
        list + "/>"
    };
    assert!(xml::read(&attributes(MAX_ATTRIBUTES)).is_ok());
    assert_eq!(
        xml::read(&attributes(MAX_ATTRIBUTES + 1)).unwrap_err().label,
        Label::TooManyParts
    );
}

#[test]
fn namespaces_at_their_limit_and_past_it() {
    let spaces = |n: usize| {
        let elements: String = (0..n).map(|i| format!("<b xmlns=\"urn:{i}\"/>")).collect();
        xml::read(&format!("<a>{elements}</a>"))
            .map(drop)
            .map_err(|p| p.label)
    };
    assert_eq!(spaces(MAX_NAMESPACES), Ok(()));
    assert_eq!(spaces(MAX_NAMESPACES + 1), Err(Label::TooManyParts));
}

#[test]
fn problems_and_warnings_are_told_up_to_their_limit() {
    let unknown = |n: usize| {
        minimal_with(
            &(0..n)
                .map(|i| format!("\"la{i}\":1"))
                .collect::<Vec<_>>()
                .join(","),
        )
    };
    for (sent, told) in [(MAX_PROBLEMS, MAX_PROBLEMS), (MAX_PROBLEMS + 1, MAX_PROBLEMS)] {
        let refused = read("canonical/v1", "application/json", unknown(sent).as_bytes()).unwrap_err();
        assert_eq!(refused.problems().len(), told);
    }
    let registry = &*REGISTRY;
    let vnpost =
        fs::read_to_string(samples::adapters_dir().join("vnpost-hcc/v1/samples/minimal.json")).unwrap();
    let more: String = (0..=MAX_PROBLEMS).map(|i| format!("\"la{i}\":1,")).collect();
    let sent = vnpost.replacen('{', &format!("{{{more}"), 1);
    let adapted = registry
        .get("vnpost-hcc/v1")
        .unwrap()
        .read(sent.as_bytes(), "application/json")
        .unwrap();
    assert_eq!(adapted.warnings.len(), MAX_PROBLEMS);
}

#[test]
fn lists_at_their_limits_and_past_them() {
    use crate::domain::dossier::limits;
    let list =
        |name: &str, item: &str, n: usize| minimal_with(&format!("\"{name}\":[{}]", vec![item; n].join(",")));
    for (name, item, limit) in [
        ("components", r#"{"name":"a"}"#, limits::COMPONENTS),
        ("fees", r#"{"name":"a","amount_vnd":1}"#, limits::FEES),
        (
            "foreign_codes",
            r#"{"system":"a","code":"b"}"#,
            limits::FOREIGN_CODES,
        ),
        (
            "foreign_values",
            r#"{"path":"/a","value":"b"}"#,
            limits::FOREIGN_VALUES,
        ),
    ] {
        assert!(
            read(
                "canonical/v1",
                "application/json",
                list(name, item, limit).as_bytes()
            )
            .is_ok(),
            "{name}"
        );
        let refused = read(
            "canonical/v1",
            "application/json",
            list(name, item, limit + 1).as_bytes(),
        )
        .unwrap_err();
        let problem = &refused.problems()[0];
        assert_eq!(
            (problem.label, problem.path.as_deref()),
            (Label::TooManyItems, Some(&*format!("/{name}")))
        );
        assert_eq!(problem.args()["limit"], limit.to_string());
    }
    let files = |n: usize| {
        let files = vec![r#"{"name":"a"}"#; n].join(",");
        minimal_with(&format!(
            "\"components\":[{{\"name\":\"a\",\"files\":[{files}]}}]"
        ))
    };
    assert!(
        read(
            "canonical/v1",
            "application/json",
            files(limits::FILES).as_bytes()
        )
        .is_ok()
    );
    assert_eq!(json_label(&files(limits::FILES + 1)), Label::TooManyItems);
    let fee = |n: i64| minimal_with(&format!("\"fees\":[{{\"name\":\"a\",\"amount_vnd\":{n}}}]"));
    assert!(
        read(
            "canonical/v1",
            "application/json",
            fee(limits::AMOUNT_VND).as_bytes()
        )
        .is_ok()
    );
    assert_eq!(json_label(&fee(limits::AMOUNT_VND + 1)), Label::NumberRange);
}

#[test]
fn reports_at_their_limit_and_past_it() {
    let registry = &*REGISTRY;
    let canonical = registry.get("canonical/v1").unwrap();
    let message = |n: usize| {
        format!(
            r#"{{"reports":[{}]}}"#,
            vec![r#"{"dossier":"d","status":4}"#; n].join(",")
        )
    };
    let read = |n: usize| canonical.read_statuses(message(n).as_bytes(), "application/json");
    assert_eq!(read(MAX_REPORTS).unwrap().items.len(), MAX_REPORTS);
    assert_eq!(read(MAX_REPORTS + 1).unwrap_err().label(), Label::TooManyItems);
    assert_eq!(read(0).unwrap_err().label(), Label::ListEmpty);
}

#[test]
fn a_sample_cut_anywhere_is_refused() {
    let registry = &*REGISTRY;
    for (name, path) in samples::all() {
        let bytes = fs::read(&path).unwrap();
        let media_type = samples::media_type(&path);
        let adapter = registry.get(&name).unwrap();
        let end = bytes.trim_ascii_end().len();
        for cut in (0..end).step_by(if bytes.len() > 2000 { 7 } else { 1 }) {
            assert!(
                adapter.read(&bytes[..cut], media_type).is_err(),
                "{path:?} cut at {cut}"
            );
        }
    }
}

#[test]
fn what_a_person_typed_is_in_no_problem() {
    let secret = "Bí-mật-0909";
    let body = MINIMAL
        .replace("\"A\"", &format!("\"{secret}\",\"phone\":\"{secret}\",\"identity_number\":\"{secret}\",\"birth_date\":\"{secret}\",\"sex\":\"{secret}\",\"email\":\"{secret}\",\"tax_code\":\"{secret}\""))
        .replace("counter", secret);
    let refused = read("canonical/v1", "application/json", body.as_bytes()).unwrap_err();
    assert_eq!(refused.problems().len(), 7);
    assert!(!format!("{refused:?} {refused}").contains(secret));
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let registry = &*REGISTRY;
        for name in ["canonical/v1", "vnpost-hcc/v1"] {
            for media_type in ["application/json", "application/xml"] {
                let _ = registry.get(name).unwrap().read(&bytes, media_type);
            }
        }
    }

    #[test]
    fn random_markup_never_panics(text in "[<>/a&;#x0!\\[\\]\"=' \\-?:{},\\\\u]{0,120}") {
        let _ = xml::read(&text);
        let _ = json::read(&text);
    }

    #[test]
    fn a_sample_with_bytes_changed_never_panics(
        pick in any::<proptest::sample::Index>(),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let all = samples::all();
        let (name, path) = &all[pick.index(all.len())];
        let mut bytes = fs::read(path).unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let registry = &*REGISTRY;
        let adapter = registry.get(name).unwrap();
        let _ = adapter.read(&bytes, samples::media_type(path));
        let _ = adapter.read_statuses(&bytes, samples::media_type(path));
    }
}
