//! Whether two filings are of one matter, whoever filed them and however it was typed.
//!
//! Compared is what a person at the counter would compare: the procedure as the directory knows it, the day in Vietnam, who it is
//! about, the place, the papers and the fees. Names, addresses and summaries are folded as [`names`] are; a telephone is what one
//! dials; an e-mail address has no capitals. Where somebody's identity is given it decides, with the name, and how he is reached
//! does not count; two identities are two persons. What differs by sender does not count: references, codes, moments, the way it
//! came, where files are kept.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Component, Fee, FileRef, Filing, Party, Place, ResultReturn};
use crate::domain::codes::ProcedureCode;
use crate::domain::text::names;

/// Canonical JSON (RFC 8785) of what is compared; equal bytes are one matter.
pub(super) fn of(filing: &Filing, procedure: &ProcedureCode) -> Vec<u8> {
    let common = json!({
        "procedure": procedure,
        "day": filing.filed_at.date(),
        "place": filing.place.as_ref().map(place),
        "applicant": party(&filing.applicant),
        "owner": filing.owner.as_ref().map(party),
        "authorised_person": filing.authorised_person.as_ref().map(party),
        "summary": filing.summary.as_ref().map(|s| names::words(s.as_str())),
        "components": filing.components.iter().map(component).collect::<Vec<_>>(),
        "fees": filing.fees.iter().map(fee).collect::<Vec<_>>(),
        "result_return": filing.result_return.as_ref().map(result_return),
        "is_test": filing.is_test,
    });
    // Texts, whole numbers and flags only: writing them to memory cannot fail.
    serde_json_canonicalizer::to_vec(&common).unwrap_or_default()
}

fn party(party: &Party) -> Value {
    let name = names::words(party.name.as_str());
    let numbers = party
        .identity_papers
        .iter()
        .map(|paper| names::words(paper.number.as_str()));
    let identity = json!([
        party.identity_number,
        party.tax_code,
        numbers.collect::<BTreeSet<_>>()
    ]);
    if identity == json!([null, null, []]) {
        return json!({
            "kind": party.kind,
            "name": name,
            "birth_date": party.birth_date,
            "sex": party.sex,
            "address": party.address.as_ref().map(|a| names::words(a.as_str())),
            "phone": party.phone.as_ref().map(|p| p.national()),
            "email": party.email.as_ref().map(|e| e.as_str().to_lowercase()),
        });
    }
    json!({ "kind": party.kind, "name": name, "identity": identity })
}

/// A code of the old catalogue is another place.
fn place(place: &Place) -> Value {
    json!([place.catalogue, place.commune])
}

fn component(component: &Component) -> Value {
    json!({
        "code": component.code,
        "name": names::words(component.name.as_str()),
        "copies": component.copies,
        "files": component.files.iter().map(file).collect::<Vec<_>>(),
    })
}

fn file(file: &FileRef) -> Value {
    match &file.sha256 {
        Some(digest) => json!(digest),
        None => json!([names::words(file.name.as_str()), file.size]),
    }
}

fn fee(fee: &Fee) -> Value {
    json!([fee.code, names::words(fee.name.as_str()), fee.amount_vnd])
}

fn result_return(way: &ResultReturn) -> Value {
    json!([way.method, way.address.as_ref().map(|a| names::words(a.as_str()))])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filing(applicant: &Value) -> Filing {
        serde_json::from_value(json!({
            "reference": "R-1",
            "procedure": { "code": "1.004873" },
            "channel": "counter",
            "filed_at": "2026-11-20T09:00:00+07:00",
            "applicant": applicant,
            "summary": "Xin xác nhận, lần 1",
            "place": { "commune": "00004" },
            "components": [{ "name": "Tờ khai", "files": [{ "name": "to khai.pdf" }] }],
        }))
        .unwrap()
    }

    fn alike(one: &Filing, other: &Filing) -> bool {
        let procedure = "1.004873".parse().unwrap();
        one.likeness(&procedure) == other.likeness(&procedure)
    }

    #[test]
    fn the_same_matter_is_known_however_it_is_typed() {
        let one = filing(&json!({
            "kind": "citizen", "name": "Nguyễn Thị Thuý", "phone": "0000000001", "email": "Mau@vidu.vn",
            "address": "Số 1, phố Hoà Mã",
        }));
        for same in [
            json!({"kind": "citizen", "name": "NGUYỄN THỊ  THÚY", "phone": "+84 000.000.001", "email": "mau@VIDU.vn", "address": "số 1 phố Hòa Mã"}),
            json!({"kind": "citizen", "name": "nguyễn-thị thuý", "phone": "0000 000 001", "email": "mau@vidu.vn", "address": "SỐ 1,PHỐ HOÀ MÃ"}),
        ] {
            let mut other = filing(&same);
            other.reference = serde_json::from_value(json!("KHAC-2")).unwrap();
            other.channel = crate::domain::dossier::Channel::Post;
            other.filed_at = "2026-11-20T16:00:00+07:00".parse().unwrap();
            other.summary = serde_json::from_value(json!("xin xác nhận\nlần 1")).unwrap();
            let of =
                |filing: &Filing| String::from_utf8(filing.likeness(&"1.004873".parse().unwrap())).unwrap();
            assert_eq!(of(&one), of(&other), "{same}");
        }
    }

    #[test]
    fn two_persons_are_never_one() {
        let of = |more: &Value| {
            let mut party = json!({"kind": "citizen", "name": "Nguyễn Văn Mẫu"});
            party
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            filing(&party)
        };
        let persons = [
            json!({}),
            json!({"identity_number": "000185000001"}),
            json!({"identity_number": "000185000002"}),
            json!({"tax_code": "000185000001"}),
            json!({"identity_papers": [{"kind": "passport", "number": "Z0000001"}]}),
            json!({"identity_papers": [{"kind": "passport", "number": "Z0000002"}]}),
            json!({"phone": "0000000001"}),
            json!({"phone": "0000000002"}),
            json!({"email": "a@vidu.vn"}),
            json!({"address": "Số 1 phố Mẫu"}),
            json!({"address": "Số 11 phố Mẫu"}),
            json!({"birth_date": "1985-01-01"}),
            json!({"name": "Nguyễn Văn Mâu"}),
            json!({"kind": "enterprise"}),
        ];
        for (i, one) in persons.iter().enumerate() {
            for (j, other) in persons.iter().enumerate() {
                assert_eq!(alike(&of(one), &of(other)), i == j, "{one} {other}");
            }
        }
        // Whom the number names is reached in several ways.
        let number = json!({"identity_number": "000185000001"});
        let mut reached = number.clone();
        reached["phone"] = json!("0000000009");
        assert!(alike(&of(&number), &of(&reached)));
    }

    #[test]
    fn another_matter_of_the_same_person_is_another() {
        let person = json!({"kind": "citizen", "name": "Nguyễn Văn Mẫu", "identity_number": "000185000001"});
        let one = filing(&person);
        let changes: [fn(&mut Filing); 5] = [
            |f| f.filed_at = "2026-11-21T09:00:00+07:00".parse().unwrap(),
            |f| f.summary = None,
            |f| f.place = None,
            |f| f.components.clear(),
            |f| f.components[0].copies.photo = 2,
        ];
        for change in changes {
            let mut other = one.clone();
            change(&mut other);
            assert!(!alike(&one, &other));
        }
    }
}
