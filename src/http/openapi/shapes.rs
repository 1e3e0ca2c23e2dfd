//! The schemas of what is sent and of what is answered, and the names they have in a document.

use std::collections::BTreeSet;

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

/// Generators for what is sent and what is answered: a field that may be left out of a request is still always answered.
pub(in crate::http) struct Shapes {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
}

impl Shapes {
    pub(in crate::http) fn new() -> Self {
        let at =
            |path: &'static str| SchemaSettings::draft2020_12().with(|s| s.definitions_path = path.into());
        Shapes {
            requests: at(SENT).for_deserialize().into_generator(),
            answers: at(NAMED).for_serialize().into_generator(),
        }
    }

    pub(in crate::http) fn answer(&mut self, schema: fn(&mut SchemaGenerator) -> Schema) -> Value {
        schema(&mut self.answers).to_value()
    }

    pub(super) fn request(&mut self, schema: fn(&mut SchemaGenerator) -> Schema) -> Value {
        schema(&mut self.requests).to_value()
    }

    /// Every named type of what is answered, and of what is sent under its own name beside it where that may leave out what an answer
    /// always has. `paths` gets the names its references mean.
    pub(in crate::http) fn named(&mut self, paths: &mut Value) -> Map<String, Value> {
        let mut named = self.answers.take_definitions(true);
        let mut sent = self.requests.take_definitions(true);
        let differing = differing(&sent, &named);
        let name = |name: &str| match differing.contains(name) {
            true => format!("{name}Sent"),
            false => name.to_owned(),
        };
        for schema in sent.values_mut() {
            refer(schema, &name);
        }
        refer(paths, &name);
        named.extend(sent.into_iter().map(|(old, schema)| (name(&old), schema)));
        named
    }
}

/// Where named types stand in the document.
const NAMED: &str = "/components/schemas";

/// Where those of requests stand while the document is made.
const SENT: &str = "/components/sent";

/// The types that are not the same in a request and in an answer, themselves or in a part.
fn differing(sent: &Map<String, Value>, answered: &Map<String, Value>) -> BTreeSet<String> {
    let same = |name: &str, schema: &Value| {
        let mut schema = schema.clone();
        refer(&mut schema, &str::to_owned);
        answered.get(name).is_none_or(|other| *other == schema)
    };
    let mut found: BTreeSet<String> = sent
        .iter()
        .filter(|(name, schema)| !same(name, schema))
        .map(|(name, _)| name.clone())
        .collect();
    loop {
        let reaches = |schema: &Value| {
            let text = schema.to_string();
            found
                .iter()
                .any(|name| text.contains(&format!("\"#{SENT}/{name}\"")))
        };
        let more: Vec<String> = sent
            .iter()
            .filter(|(name, schema)| {
                answered.contains_key(*name) && !found.contains(*name) && reaches(schema)
            })
            .map(|(name, _)| name.clone())
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

/// References to what is sent become references to the names they have in the document.
fn refer(value: &mut Value, name: &impl Fn(&str) -> String) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let old = value
                    .as_str()
                    .filter(|_| key == "$ref")
                    .and_then(|to| to.strip_prefix('#')?.strip_prefix(SENT)?.strip_prefix('/'));
                match old.map(|old| format!("#{NAMED}/{}", name(old))) {
                    Some(new) => *value = new.into(),
                    None => refer(value, name),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| refer(item, name)),
        _ => {}
    }
}
