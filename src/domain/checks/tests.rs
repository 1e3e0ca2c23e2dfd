//! Every rule both ways, what it says, and which list goes before which.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::codes::ProcedureCode;
use crate::domain::dossier::Sex;
use crate::domain::rejection::Language;
use crate::domain::routing::DirectoryFault;

const HEAD: &str =
    "procedure,document,name,rule,arguments,severity,vi,en,valid_from,valid_to,provisional,source\n";

fn read(rows: &str) -> Result<Requirements, Vec<DirectoryFault>> {
    let mut faults = Vec::new();
    let list = Requirements::read("requirements.csv", &format!("{HEAD}{rows}"), &mut faults);
    if faults.is_empty() { Ok(list) } else { Err(faults) }
}

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
    Value,
    Value,
    [&'static str; 4],
);

fn cases() -> Vec<Case> {
    use CheckedDocument::{Dossier, Statuses};
    vec![
        (
            Dossier,
            "dates-in-order",
            "earlier=party.birth_date;later=place.document_date",
            json!({"applicant": {"birth_date": "2000-01-01"}, "place": {"document_date": "2000-01-01"}}),
            json!({"applicant": {"birth_date": "2000-01-02"}, "place": {"document_date": "2000-01-01"}}),
            [
                "dates-out-of-order",
                "/place/document_date",
                "document_date sớm hơn birth_date; kiểm tra lại hai ngày.",
                "document_date lies before birth_date; check both dates.",
            ],
        ),
        (
            Statuses,
            "dates-in-order",
            "earlier=dossier.received_at;later=results.issued_on",
            // Days of Vietnam: it was received after midnight there.
            json!({"dossier": {"received_at": "2026-11-19T18:00:00Z"}, "results": [{"issued_on": "2026-11-20"}, {}]}),
            json!({"dossier": {"received_at": "2026-11-19T18:00:00Z"}, "results": [{}, {"issued_on": "2026-11-19"}]}),
            [
                "dates-out-of-order",
                "/results/1/issued_on",
                "issued_on sớm hơn lúc cổng nhận hồ sơ; kiểm tra lại hai ngày.",
                "issued_on lies before the receipt of the dossier by the hub; check both dates.",
            ],
        ),
        (
            Dossier,
            "fee-range",
            "kind=charge;least=1000;most=8000",
            json!({"fees": [{"kind": "charge", "amount_vnd": 8000}, {"kind": "fee", "amount_vnd": 9000}]}),
            json!({"fees": [{"kind": "charge", "amount_vnd": 1000}, {"kind": "charge", "amount_vnd": 8001}]}),
            [
                "fee-out-of-range",
                "/fees/1/amount_vnd",
                "amount_vnd phải từ 1000 đến 8000 đồng; kiểm tra lại mức thu.",
                "amount_vnd must be from 1000 to 8000 đồng; check the amount.",
            ],
        ),
        (
            Dossier,
            "authorisation-paper",
            "code=UQ;contains=ủy quyền",
            // The other place of the tone mark is the same name.
            json!({"authorised_person": {"name": "A"}, "components": [{"name": "GIẤY UỶ  QUYỀN"}]}),
            json!({"authorised_person": {"name": "A"}, "components": [{"code": "TK", "name": "Tờ khai"}]}),
            [
                "authorisation-missing",
                "/authorised_person",
                "Hồ sơ do người được ủy quyền nộp nhưng không có giấy ủy quyền (điểm c khoản 2 Điều 6 Nghị định 118/2025/NĐ-CP); bổ sung giấy ủy quyền.",
                "An authorised person files, and no authorisation is among the papers (Decree 118/2025 art. 6.2c); add it.",
            ],
        ),
        (
            Dossier,
            "paper-required",
            "code=TK01;name=Tờ khai;when=channel=online|post",
            json!({"channel": "online", "components": [{"code": "TK01", "name": "x"}]}),
            json!({"channel": "post", "components": [{"code": "TK02", "name": "Tờ khai khác"}]}),
            [
                "paper-missing",
                "/components",
                "Hồ sơ chưa có “Tờ khai”; bổ sung giấy tờ này vào thành phần hồ sơ.",
                "“Tờ khai” is not among the papers; add it.",
            ],
        ),
        (
            Dossier,
            "copies-at-least",
            "name=Tờ khai;kind=original;least=2",
            json!({"components": [{"name": "tờ khai", "copies": {"original": 1}}, {"name": "Tờ khai", "copies": {"original": 1}}]}),
            json!({"components": [{"name": "Khác"}, {"name": "Tờ khai", "copies": {"original": 1, "photo": 5}}]}),
            [
                "copies-few",
                "/components/1",
                "“Tờ khai” cần ít nhất 2 bản chính; bổ sung cho đủ, hoặc sửa số bản đã ghi.",
                "“Tờ khai” needs 2 originals at least; add what is missing, or correct the number.",
            ],
        ),
        (
            Dossier,
            "field-required",
            "field=party.phone;when=party.kind=citizen",
            json!({"applicant": {"kind": "citizen", "phone": "0000000001"}, "owner": {"kind": "enterprise"}}),
            json!({"applicant": {"kind": "enterprise"}, "owner": {"kind": "citizen", "phone": " "}}),
            [
                "field-needed",
                "/owner/phone",
                "Điền phone: phải có trường này khi kind = citizen.",
                "Fill in phone: it is needed where kind = citizen.",
            ],
        ),
        (
            Statuses,
            "field-required",
            "field=results.number|results.files;when=status=9",
            json!({"status": 9, "results": [{"number": "1"}, {"files": [{"name": "a"}]}]}),
            json!({"status": 9, "results": [{"number": "1"}, {"files": []}]}),
            [
                "field-needed",
                "/results/1/number",
                "Điền number: phải có trường này khi status = 9.",
                "Fill in number: it is needed where status = 9.",
            ],
        ),
        (
            Dossier,
            "field-forbidden",
            "field=applicant.birth_date;when=applicant.kind!=citizen",
            json!({"applicant": {"kind": "citizen", "birth_date": "2000-01-01"}}),
            json!({"applicant": {"kind": "enterprise", "birth_date": "2000-01-01"}}),
            [
                "field-unfit",
                "/applicant/birth_date",
                "Bỏ birth_date, hoặc sửa trường kia: không dùng trường này khi kind ≠ citizen.",
                "Remove birth_date, or correct the other field: it does not go where kind ≠ citizen.",
            ],
        ),
    ]
}

#[test]
fn every_rule_is_kept_and_broken_and_says_so_in_both_languages() {
    for (document, word, arguments, kept, wrong, expected) in cases() {
        let check = check(document, word, arguments);
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
    for (document, word, arguments, _, wrong, [_, place, ..]) in cases() {
        let check = check(document, word, arguments);
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

#[test]
fn the_list_that_comes_with_the_hub_has_no_fault() {
    let mut faults = Vec::new();
    let text = include_str!("../../../schema/checks.csv");
    let list = Requirements::read("checks.csv", text, &mut faults);
    assert_eq!(faults, []);
    assert!(
        list.iter().count() > 0
            && list
                .iter()
                .all(|row| row.procedure.is_none() && row.check.is_some())
    );
}

#[test]
fn rows_say_at_which_line_they_are_wrong() {
    let faults = read(
        "1.004873,dossier,Tên sai,identity-agrees,,error,,,,,true,x\n\
         1.004873,form,a,identity-agrees,,error,,,,,true,x\n\
         1.004873,dossier,b,fees-total,,error,,,,,true,x\n\
         1.004873,dossier,c,paper-required,name,fatal,,,,,true,x\n\
         *,dossier,d,identity-agrees,,error,Câu một,,,,true,x\n\
         *,dossier,e,identity-agrees,,error,,,2026-01-01,2026-06-30,true,x\n\
         *,dossier,e,identity-agrees,,error,,,2026-06-30,,true,x\n\
         *,dossier,f,identity-agrees,field=a,error,,,,,true,x\n",
    )
    .unwrap_err();
    let mut lines: Vec<u64> = faults.iter().map(|fault| fault.line).collect();
    lines.dedup();
    assert_eq!(lines, [2, 3, 4, 5, 6, 8, 9], "{faults:#?}");
}

#[test]
fn a_procedure_has_checks_up_to_the_limit() {
    let rows = |n: usize| -> String {
        let row = |n: usize| format!("1.004873,dossier,a-{n},identity-agrees,,error,,,,,true,x\n");
        (0..n).map(row).collect()
    };
    let most = read(&rows(limits::PER_PROCEDURE)).unwrap();
    assert_eq!(most.iter().count(), limits::PER_PROCEDURE);
    let faults = read(&rows(limits::PER_PROCEDURE + 1)).unwrap_err();
    assert!(faults[0].message_en.contains("at most 50 checks"), "{faults:?}");
}

/// The name, the weight and the rule of what holds for a procedure on a day.
fn held(list: &Requirements, format: &[Check], procedure: &str, on: &str) -> Vec<String> {
    let procedure: ProcedureCode = procedure.parse().unwrap();
    let directory = (list, Some(&procedure), on.parse().unwrap());
    let all = in_force(CheckedDocument::Dossier, format, Some(directory));
    let shown = |held: &CheckInForce<'_>| {
        let rule = format!("{:?}", held.check.rule);
        let word = rule.split([' ', '(']).next().unwrap_or_default();
        format!("{} {:?} {word}", held.check.name, held.severity)
    };
    let lines = all.iter().map(shown);
    lines
        .filter(|line| !line.starts_with("organisation") && !line.starts_with("auth"))
        .collect()
}

#[test]
fn of_one_name_the_most_particular_counts_and_may_only_weigh_it_anew() {
    let list = read(
        "*,dossier,identity,,,error,,,2026-01-01,2026-06-30,false,x\n\
         *,dossier,to-khai,paper-required,name=Tờ khai,warning,,,,,false,x\n\
         1.004873,dossier,to-khai,,,error,,,,,false,x\n\
         1.004873,dossier,cua-dinh-dang,,,error,,,,,false,x\n\
         2.000635,dossier,to-khai,copies-at-least,name=Tờ khai; least=2,warning,,,,,false,x\n\
         2.000635,dossier,khong-co,,,error,,,,,false,x\n",
    )
    .unwrap();
    let own = Check {
        name: "cua-dinh-dang".parse().unwrap(),
        severity: CheckSeverity::Warning,
        ..check(CheckedDocument::Dossier, "fees-total", "")
    };
    let format = std::slice::from_ref(&own);
    assert_eq!(
        held(&list, format, "1.004873", "2026-06-30"),
        [
            "identity Error IdentityAgrees",
            "cua-dinh-dang Error FeesTotal",
            "to-khai Error PaperRequired"
        ]
    );
    assert_eq!(
        held(&list, format, "2.000635", "2026-07-01"),
        [
            "identity Warning IdentityAgrees",
            "cua-dinh-dang Warning FeesTotal",
            "to-khai Warning CopiesAtLeast"
        ]
    );
    // Without a directory those of every dossier and of the format hold.
    let plain = in_force(CheckedDocument::Dossier, format, None);
    assert_eq!(plain.len(), 4);
}

#[test]
fn a_check_may_say_it_in_its_own_words_and_is_told_by_name() {
    let list = read(
        "*,dossier,to-khai,paper-required,name=Tờ khai,error,Nộp tờ khai.,Hand in the form.,,,false,x\n",
    )
    .unwrap();
    let all = in_force(
        CheckedDocument::Dossier,
        &[],
        Some((&list, None, "2026-01-01".parse().unwrap())),
    );
    let empty = json!({});
    let told = broken(&all, &Facts::sound(&empty));
    let problem = told[0].problem(&str::to_owned).at("/TaiLieuNop");
    assert_eq!(problem.check(), Some("to-khai"));
    assert_eq!(problem.advice(Language::Vietnamese), "Nộp tờ khai.");
    assert_eq!(problem.advice(Language::English), "Hand in the form.");
    // It is kept and read back with them.
    let kept = serde_json::to_string(&problem).unwrap();
    let back: crate::domain::rejection::Problem = serde_json::from_str(&kept).unwrap();
    assert_eq!(back.advice(Language::English), "Hand in the form.");
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
        for (on, word, arguments, ..) in cases() {
            for (_, place, ..) in said(&check(on, word, arguments), &Facts::sound(&document)) {
                let around = place.rsplit_once('/').map_or("", |(around, _)| around);
                prop_assert!(document.pointer(around).is_some(), "{} {}", word, place);
            }
        }
    }
}
