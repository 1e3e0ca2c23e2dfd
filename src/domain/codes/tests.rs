//! Which codes are read, and which are refused.

use super::*;

#[test]
fn tax_codes_of_the_reference() {
    for good in [
        "0100233488",
        "0100112437",
        "0312687878-001",
        "0314409058-002",
        "000099000001",
    ] {
        assert!(good.parse::<TaxCode>().is_ok(), "{good}");
    }
    assert_eq!("0100233480".parse::<TaxCode>().unwrap_err(), NotACode::CheckDigit);
    for bad in [
        "0100233488-000",
        "01002334",
        "0100233488-1",
        "0000000000",
        "0312687878001",
    ] {
        assert!(bad.parse::<TaxCode>().is_err(), "{bad}");
    }
}

#[test]
fn the_pattern_of_a_dossier_code_takes_what_the_parser_does() {
    let schema = serde_json::json!({ "pattern": DossierCode::PATTERN });
    let pattern = jsonschema::validator_for(&schema).unwrap();
    let mut codes = Vec::new();
    for year in [0, 1, 4, 10, 20, 26, 30, 96, 99] {
        for (month, day) in (0..=13).flat_map(|month| (0..=32).map(move |day| (month, day))) {
            codes.push(format!("H26-{year:02}{month:02}{day:02}-0001"));
        }
    }
    let zeros = (3..=7).map(|length| "0".repeat(length));
    let numbers = zeros.flat_map(|zeros| {
        let one = |at: usize| format!("{}1{}", &zeros[..at], &zeros[at + 1..]);
        (0..zeros.len())
            .map(one)
            .chain([zeros.clone()])
            .collect::<Vec<_>>()
    });
    codes.extend(numbers.map(|number| format!("H26.14-260930-{number}")));
    let units = [
        "000.A0.01.H26",
        "000.A0.1.H26",
        "000.A0.01.X26",
        "H26.1.2.3",
        "H26.1.2.3.4",
        "H26.ABC",
        "H26.ABCD",
        "H26.P1.2026",
        "H26.",
        "h26",
        "H2",
        "",
    ];
    codes.extend(units.map(|unit| format!("{unit}-260930-0012")));
    for code in codes {
        let said = pattern.is_valid(&serde_json::json!(code));
        assert_eq!(said, code.parse::<DossierCode>().is_ok(), "{code}");
    }
}

#[test]
fn dossier_codes_seen_in_real_payloads() {
    for good in [
        "000.00.06.H56-231027-0361",
        "000.00.32.H19-210708-0032",
        "000.A0.01.H26-210212-9090",
        "H56.14-260101-12345",
        "H26-260930-0012",
    ] {
        assert!(good.parse::<DossierCode>().is_ok(), "{good}");
    }
    assert_eq!(
        "H26-260230-0012".parse::<DossierCode>().unwrap_err(),
        NotACode::Day
    );
    for bad in [
        "h26-260930-0012",
        "H26-260930-0000",
        "H26-260930-001",
        "000.00.06.X56-231027-0361",
        " H26-260930-0012",
        "",
    ] {
        assert!(bad.parse::<DossierCode>().is_err(), "{bad}");
    }
    assert_eq!(
        "H26-260930-0012"
            .parse::<DossierCode>()
            .unwrap()
            .day()
            .unwrap()
            .to_string(),
        "2026-09-30"
    );
}

#[test]
fn a_code_that_was_meant_for_an_official_one_is_known() {
    for meant in [
        "H26.P02-261332-0001",
        "h26.p02-261120-0001",
        "H26.P02-261120-001",
        "H26.P02-20261120-0001",
        "H26.P02 - 261120 - 0001",
        "H26.P02–261120–0001",
        "000.00.06.X56-231027-0361",
    ] {
        assert!(
            meant.parse::<DossierCode>().is_err() && DossierCode::resembles(meant),
            "{meant}"
        );
    }
    for other in [
        "BD-2026-000123",
        "TAM-0001",
        "VNPOST-261120-0001",
        "2026-11-20",
        "DL-VAO-1",
        "",
    ] {
        assert!(!DossierCode::resembles(other), "{other}");
    }
}

#[test]
fn a_telephone_is_the_same_however_it_is_written() {
    for (written, kept, dialled) in [
        ("0912 345 678", "0912345678", "0912345678"),
        ("+84 912.345.678", "+84912345678", "0912345678"),
        ("(+84) 0912-345-678", "+840912345678", "0912345678"),
        ("0084912345678", "0084912345678", "0912345678"),
        ("84912345678", "84912345678", "0912345678"),
        ("(024) 3825-3333", "02438253333", "02438253333"),
        ("84345678", "84345678", "84345678"),
        ("+84 000.000.001", "+84000000001", "0000000001"),
        ("+81 3 1234 5678", "+81312345678", "+81312345678"),
    ] {
        let phone: Phone = written.parse().unwrap();
        assert_eq!(
            (phone.as_str(), phone.national()),
            (kept, dialled.to_owned()),
            "{written}"
        );
    }
    for bad in [
        "0912 345",
        "0912345678 / 0987654321",
        "khong-phai-so",
        "09123a5678",
        "",
    ] {
        assert!(bad.parse::<Phone>().is_err(), "{bad}");
    }
}

#[test]
fn what_cannot_be_seen_is_no_part_of_a_code() {
    let typed = |raw: &str| ProcedureCode::try_from(raw.to_owned());
    assert_eq!(typed("\u{feff} 1.004873\u{200b}\n"), "1.004873".parse());
    assert_eq!(typed("1.004 873"), Err(NotACode::Form));
    assert_eq!(typed("\u{200b}"), Err(NotACode::Form));
}

#[test]
fn identity_numbers_tell_birth_and_sex() {
    let n: IdentityNumber = "000185000001".parse().unwrap();
    assert_eq!(
        (n.birth_year(), n.is_male(), n.has_known_prefix()),
        (Some(1985), Some(false), false)
    );
    let n: IdentityNumber = "001304000001".parse().unwrap();
    assert_eq!(
        (n.birth_year(), n.is_male(), n.has_known_prefix()),
        (Some(2004), Some(false), true)
    );
    assert!("00118500000".parse::<IdentityNumber>().is_err());
    assert_eq!(format!("{n:?}"), "IdentityNumber(…)");
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_a_parser_panic(s in "\\PC{0,40}") {
        let _ = (s.parse::<TaxCode>(), s.parse::<DossierCode>(), s.parse::<ProcedureCode>(), s.parse::<AgencyCode>(),
            s.parse::<Key>(), s.parse::<IdentityNumber>(), s.parse::<Phone>(), s.parse::<Email>());
    }
}
