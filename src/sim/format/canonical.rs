//! `canonical/v1`: the hub's own dossier.

use serde_json::{Map, Value, json};

use super::xml;
use crate::domain::dossier::{Channel, Sex};
use crate::sim::file::MEDIA_TYPE;
use crate::sim::filing::{Case, Paper};
use crate::sim::person::{Identity, Person};

pub(super) fn value(case: &Case) -> Value {
    let mut dossier = Map::new();
    let mut put = |name: &str, value: Value| dossier.insert(name.to_owned(), value);
    put("reference", json!(case.reference));
    put("procedure", procedure(case));
    put("channel", json!(channel(case.channel)));
    put("assisted_by_agent", json!(case.assisted));
    put("filed_at", json!(case.filed_at.to_string()));
    if let Some(place) = &case.place {
        let mut named = json!({ "commune": place.commune, "name": place.name });
        if let Some(day) = place.paper {
            named["document_date"] = json!(day.to_string());
        } else {
            named["catalogue"] = json!(place.catalogue.word());
            if let Some(district) = &place.district {
                named["district"] = json!(district);
            }
        }
        put("place", named);
    }
    put("applicant", party(&case.applicant));
    if let Some(owner) = &case.owner {
        put("owner", party(owner));
    }
    put("summary", json!(case.summary));
    put("components", case.papers.iter().map(component).collect());
    if case.procedure.fee_vnd > 0 {
        let fee = json!({ "code": "LP-01", "name": "Lệ phí", "kind": "charge",
            "amount_vnd": case.procedure.fee_vnd, "moment": "receipt" });
        put("fees", json!([fee]));
    }
    put(
        "result_return",
        json!({ "method": if case.result_by_post { "post" } else { "counter" } }),
    );
    put("is_test", json!(true));
    Value::Object(dossier)
}

/// The same tree as elements: a member is an element, an item of a list an element of its own.
pub(super) fn xml(case: &Case) -> String {
    xml::document("dossier", Some(NAMESPACE), &value(case), &item)
}

const NAMESPACE: &str = "urn:vn:lienthong:dossier:v1";

fn item(list: &str) -> &str {
    match list {
        "components" => "component",
        "fees" => "fee",
        "files" => "file",
        other => other,
    }
}

fn procedure(case: &Case) -> Value {
    let p = &case.procedure;
    json!({ "code": p.code.as_str(), "name": p.name, "field_code": p.field_code, "field_name": p.field_name })
}

fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Counter => "counter",
        Channel::Online => "online",
        Channel::Post => "post",
    }
}

fn party(person: &Person) -> Value {
    let mut party = json!({
        "kind": if person.is_citizen() { "citizen" } else { "enterprise" },
        "name": person.name,
        "address": person.address,
        "phone": person.phone,
        "email": person.email,
    });
    match &person.identity {
        Identity::Citizen {
            number,
            born: (year, month, day),
            sex,
        } => {
            party["identity_number"] = json!(number);
            party["birth_date"] = json!(format!("{year}-{month:02}-{day:02}"));
            party["sex"] = json!(if *sex == Sex::Male { "male" } else { "female" });
        }
        Identity::Enterprise { tax_code } => party["tax_code"] = json!(tax_code),
    }
    party
}

fn component(paper: &Paper) -> Value {
    let files: Vec<Value> = paper
        .file
        .iter()
        .map(|file| json!({ "name": file.name, "media_type": MEDIA_TYPE, "sha256": file.sha256 }))
        .collect();
    let mut component = json!({
        "code": paper.code,
        "name": paper.name,
        "copies": { "original": paper.originals, "photo": paper.photos },
        "digitised": !files.is_empty(),
    });
    if !files.is_empty() {
        component["files"] = files.into();
    }
    component
}
