//! The document is fresh and whole; and what holds other checked-in files to what the code makes.

use super::*;
use std::path::Path;

/// Holds a checked-in file to what the code makes. `UPDATE=1` rewrites it.
#[expect(
    clippy::disallowed_methods,
    reason = "a test asks whether to rewrite its file"
)]
pub(in crate::http) fn fresh(file: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == made,
        "{file} is stale: run this test with UPDATE=1 and read what changed"
    );
}

#[test]
fn the_checked_in_document_is_fresh() {
    fresh("schema/api/openapi.json", text());
}

#[test]
fn every_reference_leads_somewhere_and_every_route_is_there() {
    let document = document();
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > 50);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    for route in TABLE.iter().filter(|r| r.listener != Listener::Operations) {
        let at = &document["paths"][route.path][route.method.word().to_lowercase()];
        assert_eq!(at["operationId"], route.id);
        for name in route.parameters.iter().map(|p| p.name) {
            assert!(
                at["parameters"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|p| p["name"] == name)
            );
        }
    }
}

pub(in crate::http) fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(to) if name == "$ref" => references.push(to.clone()),
                    value => collect(value, references),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|v| collect(v, references)),
        _ => {}
    }
}

#[test]
fn every_status_a_label_has_is_declared_where_it_may_happen() {
    let submit = TABLE.iter().find(|r| r.id == "submit").unwrap();
    let attachment = TABLE.iter().find(|r| r.id == "attachment").unwrap();
    let events = TABLE.iter().find(|r| r.id == "events").unwrap();
    let declared = [refusals(submit), refusals(attachment), refusals(events)].concat();
    for label in Label::ALL {
        assert!(declared.contains(&label.text().http_status), "{label}");
    }
}
