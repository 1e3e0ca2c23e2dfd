//! Dossiers to file. Every person is made up: numbers begin with 000, telephones with 0000.

use serde_json::{Value, json};

use crate::house::{ago, fresh};

/// A commune's procedure, filed online for the people's committee of `commune`.
pub fn online(commune: &str) -> Value {
    json!({
        "reference": fresh("ref"),
        "procedure": { "code": "1.004873" },
        "channel": "online",
        "assisted_by_agent": true,
        "filed_at": ago(60).to_string(),
        "place": { "catalogue": "2025", "commune": commune },
        "applicant": {
            "kind": "citizen",
            "name": "Nguyễn Văn Mẫu",
            "identity_number": "000085000001",
            "birth_date": "1985-03-01",
            "sex": "male",
            "phone": "0000000001",
        },
        "is_test": true,
    })
}

/// The same, received at a counter.
pub fn counter(commune: &str) -> Value {
    with(online(commune), "channel", json!("counter"))
}

/// A dossier of the city's office, which needs no place.
pub fn city(procedure: &str) -> Value {
    let mut dossier = with(online("00004"), "procedure", json!({ "code": procedure }));
    dossier.as_object_mut().expect("an object").remove("place");
    dossier
}

/// With another value.
pub fn with(mut dossier: Value, field: &str, value: Value) -> Value {
    dossier[field] = value;
    dossier
}

/// The canonical XML of a canonical dossier without lists.
pub fn xml(dossier: &Value) -> String {
    fn write(out: &mut String, value: &Value) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    *out += &format!("<{name}>");
                    write(out, value);
                    *out += &format!("</{name}>");
                }
            }
            Value::String(text) => *out += &text.replace('&', "&amp;").replace('<', "&lt;"),
            other => *out += &other.to_string(),
        }
    }
    let mut out = String::from("<dossier xmlns=\"urn:vn:lienthong:dossier:v1\">");
    write(&mut out, dossier);
    out + "</dossier>"
}
