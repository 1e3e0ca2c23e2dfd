//! Every rule both ways, and what it says.

mod lists;

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::dossier::Sex;
use crate::domain::rejection::Language;

fn rule(document: CheckedDocument, word: &str, arguments: &str) -> CheckRule {
    let pairs = arguments.split(';').filter(|one| !one.is_empty());
    let arguments: BTreeMap<String, String> = pairs
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect();
    CheckRule::parse(document, word, &arguments).unwrap_or_else(|fault| panic!("{fault:?}"))
}

fn check(document: CheckedDocument, word: &str, arguments: &str) -> Check {
    Check {
        name: "thu".parse().unwrap(),
        document,
        rule: rule(document, word, arguments),
        severity: CheckSeverity::Error,
        sentence: None,
    }
}

/// What a rule says of a document: label, pointer, and the sentence in both languages.
fn said(check: &Check, facts: &Facts<'_, Value>) -> Vec<(String, String, String, String)> {
    let severity = check.severity;
    let told = broken(&[CheckInForce { check, severity }], facts);
    let told = told.into_iter().map(|broken| {
        let place = match &broken.place {
            BrokenPlace::Canonical(place) | BrokenPlace::Sender(place) => place.clone(),
        };
        let name = |pointer: &str| pointer.rsplit('/').next().unwrap_or_default().to_owned();
        let problem = broken.problem(&name).named(&name(&place), place.clone());
        let [vi, en] = [Language::Vietnamese, Language::English].map(|language| problem.advice(language));
        (problem.label.to_string(), place, vi, en)
    });
    told.collect()
}

fn places(check: &Check, document: &Value) -> Vec<String> {
    let told = said(check, &Facts::sound(document)).into_iter();
    told.map(|(label, place, ..)| format!("{label} {place}"))
        .collect()
}

/// A rule with its arguments, a document that keeps it, one that breaks it, and what is then said.
type Case = (
    CheckedDocument,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    [&'static str; 4],
);

const CASES: [Case; 9] = [
    (
        CheckedDocument::Dossier,
        "dates-in-order",
        "earlier=party.birth_date;later=place.document_date",
        r#"{"applicant": {"birth_date": "2000-01-01"}, "place": {"document_date": "2000-01-01"}}"#,
        r#"{"applicant": {"birth_date": "2000-01-02"}, "place": {"document_date": "2000-01-01"}}"#,
        [
            "dates-out-of-order",
            "/place/document_date",
            "document_date sớm hơn birth_date; kiểm tra lại hai ngày.",
            "document_date lies before birth_date; check both dates.",
        ],
    ),
    (
        CheckedDocument::Statuses,
        "dates-in-order",
        "earlier=dossier.received_at;later=results.issued_on",
        // Days of Vietnam: it was received after midnight there.
        r#"{"dossier": {"received_at": "2026-11-19T18:00:00Z"}, "results": [{"issued_on": "2026-11-20"}, {}]}"#,
        r#"{"dossier": {"received_at": "2026-11-19T18:00:00Z"}, "results": [{}, {"issued_on": "2026-11-19"}]}"#,
        [
            "dates-out-of-order",
            "/results/1/issued_on",
            "issued_on sớm hơn lúc cổng nhận hồ sơ; kiểm tra lại hai ngày.",
            "issued_on lies before the receipt of the dossier by the hub; check both dates.",
        ],
    ),
    (
        CheckedDocument::Dossier,
        "fee-range",
        "kind=charge;least=1000;most=8000",
        r#"{"fees": [{"kind": "charge", "amount_vnd": 8000}, {"kind": "fee", "amount_vnd": 9000}]}"#,
        r#"{"fees": [{"kind": "charge", "amount_vnd": 1000}, {"kind": "charge", "amount_vnd": 8001}]}"#,
        [
            "fee-out-of-range",
            "/fees/1/amount_vnd",
            "amount_vnd phải từ 1000 đến 8000 đồng; kiểm tra lại mức thu.",
            "amount_vnd must be from 1000 to 8000 đồng; check the amount.",
        ],
    ),
    (
        CheckedDocument::Dossier,
        "authorisation-paper",
        "code=UQ;contains=ủy quyền",
        // The other place of the tone mark is the same name.
        r#"{"authorised_person": {"name": "A"}, "components": [{"name": "GIẤY UỶ  QUYỀN"}]}"#,
        r#"{"authorised_person": {"name": "A"}, "components": [{"code": "TK", "name": "Tờ khai"}]}"#,
        [
            "authorisation-missing",
            "/authorised_person",
            "Hồ sơ do người được ủy quyền nộp nhưng không có giấy ủy quyền (điểm c khoản 2 Điều 6 Nghị định 118/2025/NĐ-CP); bổ sung giấy ủy quyền.",
            "An authorised person files, and no authorisation is among the papers (Decree 118/2025 art. 6.2c); add it.",
        ],
    ),
    (
        CheckedDocument::Dossier,
        "paper-required",
        "code=TK01;name=Tờ khai;when=channel=online|post",
        r#"{"channel": "online", "components": [{"code": "TK01", "name": "x"}]}"#,
        r#"{"channel": "post", "components": [{"code": "TK02", "name": "Tờ khai khác"}]}"#,
        [
            "paper-missing",
            "/components",
            "Hồ sơ chưa có “Tờ khai”; bổ sung giấy tờ này vào thành phần hồ sơ.",
            "“Tờ khai” is not among the papers; add it.",
        ],
    ),
    (
        CheckedDocument::Dossier,
        "copies-at-least",
        "name=Tờ khai;kind=original;least=2",
        r#"{"components": [{"name": "tờ khai", "copies": {"original": 1}}, {"name": "Tờ khai", "copies": {"original": 1}}]}"#,
        r#"{"components": [{"name": "Khác"}, {"name": "Tờ khai", "copies": {"original": 1, "photo": 5}}]}"#,
        [
            "copies-few",
            "/components/1",
            "“Tờ khai” cần ít nhất 2 bản chính; bổ sung cho đủ, hoặc sửa số bản đã ghi.",
            "“Tờ khai” needs 2 originals at least; add what is missing, or correct the number.",
        ],
    ),
    (
        CheckedDocument::Dossier,
        "field-required",
        "field=party.phone;when=party.kind=citizen",
        r#"{"applicant": {"kind": "citizen", "phone": "0000000001"}, "owner": {"kind": "enterprise"}}"#,
        r#"{"applicant": {"kind": "enterprise"}, "owner": {"kind": "citizen", "phone": " "}}"#,
        [
            "field-needed",
            "/owner/phone",
            "Điền phone: phải có trường này khi kind = citizen.",
            "Fill in phone: it is needed where kind = citizen.",
        ],
    ),
    (
        CheckedDocument::Statuses,
        "field-required",
        "field=results.number|results.files;when=status=9",
        r#"{"status": 9, "results": [{"number": "1"}, {"files": [{"name": "a"}]}]}"#,
        r#"{"status": 9, "results": [{"number": "1"}, {"files": []}]}"#,
        [
            "field-needed",
            "/results/1/number",
            "Điền number: phải có trường này khi status = 9.",
            "Fill in number: it is needed where status = 9.",
        ],
    ),
    (
        CheckedDocument::Dossier,
        "field-forbidden",
        "field=applicant.birth_date;when=applicant.kind!=citizen",
        r#"{"applicant": {"kind": "citizen", "birth_date": "2000-01-01"}}"#,
        r#"{"applicant": {"kind": "enterprise", "birth_date": "2000-01-01"}}"#,
        [
            "field-unfit",
            "/applicant/birth_date",
            "Bỏ birth_date, hoặc sửa trường kia: không dùng trường này khi kind ≠ citizen.",
            "Remove birth_date, or correct the other field: it does not go where kind ≠ citizen.",
        ],
    ),
];

fn document_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_rule_is_kept_and_broken_and_says_so_in_both_languages() {
    for (document, word, arguments, kept, wrong, expected) in CASES {
        let check = check(document, word, arguments);
        let (kept, wrong) = (document_of(kept), document_of(wrong));
        assert_eq!(places(&check, &kept), [""; 0], "{word} {kept}");
        let (label, place, vi, en) = match said(&check, &Facts::sound(&wrong)).as_slice() {
            [one] => one.clone(),
            other => panic!("{word} {wrong}: {other:?}"),
        };
        assert_eq!([label, place, vi, en], expected.map(str::to_owned), "{word}");
    }
}

#[test]
fn the_older_labels_stay_with_what_they_always_said() {
    let document = CheckedDocument::Dossier;
    let early = json!({"filed_at": "2026-11-20T08:00:00Z", "received_at": "2026-11-20T07:59:59Z", "promised_due": "2026-11-19T08:00:00Z"});
    for (earlier, later, expected) in [
        ("filed_at", "received_at", "receipt-early /received_at"),
        ("received_at", "promised_due", "promise-early /promised_due"),
        ("filed_at", "promised_due", "promise-early /promised_due"),
    ] {
        let check = check(
            document,
            "dates-in-order",
            &format!("earlier={earlier};later={later}"),
        );
        assert_eq!(places(&check, &early), [expected]);
    }
    let tax = check(
        document,
        "field-required",
        "field=party.tax_code;when=party.kind!=citizen",
    );
    let parties =
        json!({"applicant": {"kind": "enterprise"}, "owner": {"kind": "citizen"}, "authorised_person": {}});
    assert_eq!(places(&tax, &parties), ["tax-code-missing /applicant/tax_code"]);
}

#[test]
fn an_identity_number_agrees_with_sex_and_year_of_birth() {
    let check = check(CheckedDocument::Dossier, "identity-agrees", "");
    let nothing = json!({});
    let person = |birth: &str, sex: Sex| Identified {
        party: "/owner".to_owned(),
        // Of a woman born in 1985.
        number: "000185000001".parse().unwrap(),
        birth_date: Some(birth.parse().unwrap()),
        sex: Some(sex),
    };
    for (person, expected) in [
        (person("1985-05-05", Sex::Female), vec![]),
        (
            person("1986-05-05", Sex::Male),
            vec![
                "identity-birth-mismatch /owner/birth_date",
                "identity-sex-mismatch /owner/sex",
            ],
        ),
    ] {
        let facts = Facts {
            identities: std::slice::from_ref(&person),
            ..Facts::sound(&nothing)
        };
        let told: Vec<String> = said(&check, &facts)
            .into_iter()
            .map(|(label, place, ..)| format!("{label} {place}"))
            .collect();
        assert_eq!(told, expected);
    }
}

#[test]
fn fees_add_up_to_the_total_of_the_format() {
    let check = check(CheckedDocument::Dossier, "fees-total", "");
    let fees = json!({"fees": [{"amount_vnd": 8000}, {"amount_vnd": 15_000}]});
    let told = |root: &Value, bad: &[String], amount_vnd: i64| {
        let total = StatedTotal {
            check: check.name.clone(),
            amount_vnd,
            path: "/TongTien".to_owned(),
        };
        let facts = Facts {
            bad,
            totals: std::slice::from_ref(&total),
            ..Facts::sound(root)
        };
        said(&check, &facts)
    };
    assert_eq!(told(&fees, &[], 23_000), []);
    let wrong = told(&fees, &[], 24_000);
    let [(label, place, vi, en)] = wrong.as_slice() else {
        panic!("{wrong:?}")
    };
    assert_eq!(
        (label.as_str(), place.as_str()),
        ("fees-total-differs", "/TongTien")
    );
    assert!(
        vi.starts_with("TongTien ghi 24000 đồng,") && vi.contains("cộng lại là 23000 đồng"),
        "{vi}"
    );
    assert!(
        en.contains("TongTien says 24000 đồng, and the fees add up to 23000 đồng"),
        "{en}"
    );
    // No fee at all is a sum of nothing; one that could not be read is none that can be added.
    assert_eq!(told(&json!({}), &[], 1).len(), 1);
    assert_eq!(told(&fees, &["/fees/1/name".to_owned()], 24_000), []);
    // Without a total there is nothing to compare.
    assert_eq!(said(&check, &Facts::sound(&fees)), []);
}

#[test]
fn a_rule_whose_fields_are_missing_or_wrong_says_nothing() {
    for (document, word, arguments, _, wrong, [_, place, ..]) in CASES {
        let check = check(document, word, arguments);
        let wrong = document_of(wrong);
        let bad = [place.to_owned()];
        let facts = Facts {
            bad: &bad,
            ..Facts::sound(&wrong)
        };
        let spoken = said(&check, &facts);
        // Whoever acts by authorisation does so whatever is wrong with his name; what is wrong with his papers counts.
        assert!(
            spoken.is_empty() || word == "authorisation-paper",
            "{word}: {spoken:?}"
        );
        let missing = places(&check, &json!({}));
        assert!(missing.is_empty(), "{word}: {missing:?}");
    }
    let authorisation = check(CheckedDocument::Dossier, "authorisation-paper", "contains=x");
    let document = json!({"authorised_person": {}, "components": [{"name": "y"}]});
    let bad = ["/components/0/name".to_owned()];
    let facts = Facts {
        bad: &bad,
        ..Facts::sound(&document)
    };
    assert_eq!(said(&authorisation, &facts), []);
}

#[test]
fn a_paper_the_office_has_needs_no_copy() {
    let check = check(
        CheckedDocument::Dossier,
        "copies-at-least",
        "name=Tờ khai;least=1",
    );
    for held in ["reused", "from_store"] {
        let held = json!({"components": [{"name": "Tờ khai", held: true}]});
        assert_eq!(places(&check, &held), [""; 0]);
    }
    let not = json!({"components": [{"name": "Tờ khai", "reused": false}]});
    assert_eq!(places(&check, &not), ["copies-few /components/0"]);
}

#[test]
fn a_rule_that_cannot_be_asked_says_what_to_write() {
    use CheckedDocument::{Dossier, Statuses};
    for (document, word, arguments, says) in [
        (Dossier, "sum", "", "use one of: dates-in-order"),
        (Dossier, "dates-in-order", "earlier=filed_at", "lacks later"),
        (Dossier, "identity-agrees", "field=a", "has no field; remove it"),
        (
            Dossier,
            "dates-in-order",
            "earlier=filed_at;later=summary",
            "summary is no date",
        ),
        (
            Dossier,
            "field-required",
            "field=applicant.fax",
            "has no field applicant.fax",
        ),
        (
            Dossier,
            "field-required",
            "field=party.phone|summary",
            "expected applicant.phone",
        ),
        (Dossier, "field-required", "field=a||b", "a|b|c"),
        (
            Dossier,
            "field-required",
            "field=summary;when=channel=",
            "field!=a|b",
        ),
        (Dossier, "paper-required", "", "expected code, name"),
        (Dossier, "fee-range", "kind=tax;least=1", "expected fee | charge"),
        (Dossier, "fee-range", "least=2;most=1", "least ≤ most"),
        (Dossier, "fee-range", "least=-1", "expected 0..1000000000000"),
        (Dossier, "copies-at-least", "name=a;least=0", "expected 1..65535"),
        (Statuses, "paper-required", "name=a", "is for dossiers"),
        (
            Statuses,
            "dates-in-order",
            "earlier=occurred_at;later=dossier.due",
            "expected occurred_at",
        ),
        (
            Dossier,
            "dates-in-order",
            "earlier=dossier.due;later=filed_at",
            "has no field dossier.due",
        ),
    ] {
        let pairs = arguments.split(';').filter_map(|pair| pair.split_once('='));
        let arguments: BTreeMap<String, String> = pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let fault = CheckRule::parse(document, word, &arguments).unwrap_err();
        assert!(fault.en.contains(says), "{word}: {}", fault.en);
        assert!(!fault.vi.is_empty() && fault.vi != fault.en, "{word}");
    }
}

#[test]
fn an_argument_has_its_choices_up_to_the_limit() {
    let codes = |n: usize| {
        let codes: Vec<String> = (0..n).map(|n| n.to_string()).collect();
        let arguments = BTreeMap::from([("code".to_owned(), codes.join("|"))]);
        CheckRule::parse(CheckedDocument::Dossier, "paper-required", &arguments)
    };
    assert!(codes(limits::CHOICES).is_ok());
    assert!(codes(limits::CHOICES + 1).is_err());
    let named = |n: usize| {
        let arguments = BTreeMap::from([("name".to_owned(), "ờ".repeat(n))]);
        CheckRule::parse(CheckedDocument::Dossier, "paper-required", &arguments)
    };
    assert!(named(limits::ARGUMENT).is_ok());
    assert!(named(limits::ARGUMENT + 1).is_err());
}

proptest! {
    /// Whatever stands in the fields a rule speaks of, it is asked without harm, and breaks at most what is there.
    #[test]
    fn rules_are_asked_of_any_document(
        kind in "[a-z]{0,10}|citizen|enterprise",
        day in prop_oneof![Just(json!("2026-11-20")), Just(json!(null)), Just(json!(7)), Just(json!([])), Just(json!("mai"))],
        amounts in proptest::collection::vec(any::<i64>(), 0..5),
        name in "\\PC{0,20}",
    ) {
        let fees: Vec<Value> = amounts.iter().map(|n| json!({"amount_vnd": n, "kind": "charge"})).collect();
        let document = json!({
            "applicant": {"kind": kind, "birth_date": day}, "place": {"document_date": day}, "fees": fees, "channel": "online",
            "components": [{"name": name}], "authorised_person": {}, "status": 9, "results": [{"issued_on": day}, kind],
        });
        for (on, word, arguments, ..) in CASES {
            for (_, place, ..) in said(&check(on, word, arguments), &Facts::sound(&document)) {
                let around = place.rsplit_once('/').map_or("", |(around, _)| around);
                prop_assert!(document.pointer(around).is_some(), "{} {}", word, place);
            }
        }
    }
}
