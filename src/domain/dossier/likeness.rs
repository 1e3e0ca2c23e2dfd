//! Whether two filings are of one matter, whoever filed them and however it was typed.
//!
//! Compared is what a person at the counter would compare: the procedure as the directory knows it, the day in Vietnam, who it is
//! about, the place, the papers and the fees. Names, addresses and summaries are folded as [`names`] are; a telephone is what one
//! dials; an e-mail address has no capitals. Where somebody's identity is given it decides, with the name, and how he is reached
//! does not count; two identities are two persons. What differs by sender does not count: references, codes, moments, the way it
//! came, where files are kept.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{
    Catalogue, Component, Fee, FileRef, Filing, Party, PartyKind, Place, ResultReturn, ReturnMethod, Sex,
};
use crate::domain::codes::{CommuneCode, IdentityNumber, ProcedureCode, TaxCode};
use crate::domain::sha256::Sha256;
use crate::domain::text::{Text, names};
use crate::domain::time::Date;

impl Filing {
    /// What two filings of one matter have in common, for noticing that it was filed twice.
    pub fn likeness(&self, procedure: &ProcedureCode) -> Vec<u8> {
        of(self, procedure)
    }
}

/// Canonical JSON (RFC 8785) of what is compared; equal bytes are one matter.
///
/// Every struct here has its members in lexical order and no numbers but whole ones, so that what serde writes is canonical as it
/// stands. An index of these bytes is stored: written otherwise, the same matter would be another one.
fn of(filing: &Filing, procedure: &ProcedureCode) -> Vec<u8> {
    // Texts, whole numbers and flags only: writing them to memory cannot fail.
    serde_json::to_vec(&Matter::of(filing, procedure)).unwrap_or_default()
}

#[derive(Serialize)]
struct Matter<'a> {
    applicant: Who<'a>,
    authorised_person: Option<Who<'a>>,
    components: Vec<Paper<'a>>,
    day: Date,
    fees: Vec<(&'a Option<Text<100>>, String, i64)>,
    is_test: bool,
    owner: Option<Who<'a>>,
    /// A code of the old catalogue is another place.
    place: Option<(&'a Option<Catalogue>, &'a CommuneCode)>,
    procedure: &'a ProcedureCode,
    result_return: Option<(ReturnMethod, Option<String>)>,
    summary: Option<String>,
}

impl<'a> Matter<'a> {
    fn of(filing: &'a Filing, procedure: &'a ProcedureCode) -> Self {
        let place = |place: &'a Place| (&place.catalogue, &place.commune);
        let fee = |fee: &'a Fee| (&fee.code, words(&fee.name), fee.amount_vnd);
        let way = |way: &'a ResultReturn| (way.method, way.address.as_ref().map(words));
        Matter {
            applicant: Who::of(&filing.applicant),
            authorised_person: filing.authorised_person.as_ref().map(Who::of),
            components: filing.components.iter().map(Paper::of).collect(),
            day: filing.filed_at.date(),
            fees: filing.fees.iter().map(fee).collect(),
            is_test: filing.is_test,
            owner: filing.owner.as_ref().map(Who::of),
            place: filing.place.as_ref().map(place),
            procedure,
            result_return: filing.result_return.as_ref().map(way),
            summary: filing.summary.as_ref().map(words),
        }
    }
}

fn words<const MAX: usize, const PROSE: bool>(text: &Text<MAX, PROSE>) -> String {
    names::words(text.as_str())
}

/// A person or a body: by its numbers where it has one, else by how it is described and reached.
#[derive(Serialize)]
#[serde(untagged)]
enum Who<'a> {
    Numbered {
        identity: (&'a Option<IdentityNumber>, &'a Option<TaxCode>, BTreeSet<String>),
        kind: PartyKind,
        name: String,
    },
    Described {
        address: Option<String>,
        birth_date: Option<Date>,
        email: Option<String>,
        kind: PartyKind,
        name: String,
        phone: Option<String>,
        sex: Option<Sex>,
    },
}

impl<'a> Who<'a> {
    fn of(party: &'a Party) -> Self {
        let (kind, name) = (party.kind, words(&party.name));
        let is_numbered =
            party.identity_number.is_some() || party.tax_code.is_some() || !party.identity_papers.is_empty();
        if is_numbered {
            let papers = party.identity_papers.iter().map(|paper| words(&paper.number));
            return Who::Numbered {
                identity: (&party.identity_number, &party.tax_code, papers.collect()),
                kind,
                name,
            };
        }
        Who::Described {
            address: party.address.as_ref().map(words),
            birth_date: party.birth_date,
            email: party.email.as_ref().map(|email| email.as_str().to_lowercase()),
            kind,
            name,
            phone: party.phone.as_ref().map(|phone| phone.national()),
            sex: party.sex,
        }
    }
}

/// A paper handed in.
#[derive(Serialize)]
struct Paper<'a> {
    code: &'a Option<Text<200>>,
    copies: Copies,
    files: Vec<File>,
    name: String,
}

impl<'a> Paper<'a> {
    fn of(component: &'a Component) -> Self {
        Paper {
            code: &component.code,
            copies: Copies {
                certified: component.copies.certified,
                original: component.copies.original,
                photo: component.copies.photo,
            },
            files: component.files.iter().map(File::of).collect(),
            name: words(&component.name),
        }
    }
}

/// How many of each kind of copy.
#[derive(Serialize)]
struct Copies {
    certified: u16,
    original: u16,
    photo: u16,
}

/// A file, by what is in it where its sender has said so.
#[derive(Serialize)]
#[serde(untagged)]
enum File {
    Digest(Sha256),
    Named(String, Option<i64>),
}

impl File {
    fn of(file: &FileRef) -> Self {
        match file.sha256 {
            Some(digest) => File::Digest(digest),
            None => File::Named(words(&file.name), file.size),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

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
    fn what_is_written_is_canonical() {
        let mut whole: Filing =
            serde_json::from_str(include_str!("../../../adapters/canonical/v1/samples/full.json")).unwrap();
        for is_numbered in [true, false] {
            if !is_numbered {
                let who = &mut whole.applicant;
                (who.identity_number, who.tax_code) = (None, None);
                who.identity_papers.clear();
            }
            let written = whole.likeness(&"1.004873".parse().unwrap());
            let value: Value = serde_json::from_slice(&written).unwrap();
            let canonical = serde_json_canonicalizer::to_string(&value).unwrap();
            assert_eq!(String::from_utf8(written).unwrap(), canonical);
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
