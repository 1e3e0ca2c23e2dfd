//! The interface as OpenAPI 3.1, written from the table of routes and the types of the contract.
//!
//! `schema/api/openapi.json` is this document, checked in; a test holds the two equal.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::domain::rejection::Label;
use crate::domain::view::ProblemDocument;
use crate::identity::Permission;

use super::limits;
use super::reply::NDJSON;
use super::routes::{Act, Gives, Listener, Parameter, Place, Route, TABLE, Takes, Values, Verb};

/// The document, as served and checked in.
pub fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| pretty(&document()))
}

/// A document as a file: two spaces, one newline at the end.
pub(super) fn pretty(document: &Value) -> String {
    // A JSON value always has a text.
    serde_json::to_string_pretty(document).unwrap_or_default() + "\n"
}

/// Generators for what is sent and what is answered: a field that may be left out of a request is still always answered.
pub(super) struct Shapes {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
}

impl Shapes {
    pub(super) fn new() -> Self {
        let at =
            |path: &'static str| SchemaSettings::draft2020_12().with(|s| s.definitions_path = path.into());
        Shapes {
            requests: at(SENT).for_deserialize().into_generator(),
            answers: at(NAMED).for_serialize().into_generator(),
        }
    }

    pub(super) fn answer(&mut self, schema: fn(&mut SchemaGenerator) -> Schema) -> Value {
        schema(&mut self.answers).to_value()
    }

    fn request(&mut self, schema: fn(&mut SchemaGenerator) -> Schema) -> Value {
        schema(&mut self.requests).to_value()
    }

    /// Every named type of what is answered, and of what is sent under its own name beside it where that may leave out what an answer
    /// always has. `paths` gets the names its references mean.
    pub(super) fn named(&mut self, paths: &mut Value) -> Map<String, Value> {
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

/// Builds the document.
pub fn document() -> Value {
    let mut shapes = Shapes::new();
    let problem = shapes.answer(|g| g.subschema_for::<ProblemDocument>());
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for route in TABLE.iter().filter(|r| r.listener != Listener::Operations) {
        let operation = operation(route, &mut shapes);
        paths
            .entry(route.path)
            .or_default()
            .insert(route.method.word().to_lowercase(), operation);
    }
    let scopes: Map<String, Value> = Permission::ALL
        .iter()
        .map(|p| (p.word().to_owned(), json!(p.word())))
        .collect();
    let mut paths = json!(paths);
    let mut schemas = shapes.named(&mut paths);
    schemas.insert("Label".to_owned(), labels());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "lienthong",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Interconnection hub of a one-stop public service network",
            "description": "Tenants file dossiers, agencies take them over and report statuses. A 2xx answer to a \
                POST means that what it says is committed. Every refusal is a problem document (RFC 9457) with a \
                stable label.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/", "description": "The partner listener for /v1 and /oauth2/token, the web listener for the rest" }],
        "tags": tags(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "certificate": { "type": "mutualTLS", "description": "A client certificate registered for the tenant." },
                "token": {
                    "type": "oauth2",
                    "description": "A token of at most 10 minutes, bound to the certificate (RFC 8705).",
                    "flows": { "clientCredentials": { "tokenUrl": "/oauth2/token", "scopes": scopes } },
                },
            },
            "responses": {
                "Problem": {
                    "description": "Refused. The label says why, the problems say where and what to do.",
                    "headers": {
                        "Request-Id": { "schema": { "type": "string" }, "description": "The request, as in the hub's log." },
                        "Retry-After": { "schema": { "type": "integer" }, "description": "Seconds; with 429 and 503." },
                    },
                    "content": {
                        "application/problem+json": { "schema": problem },
                        "application/problem+xml": { "schema": problem },
                    },
                },
            },
        },
    })
}

fn tags() -> Value {
    json!([
        { "name": "partner", "description": "Tenants: mutual TLS and a bound token." },
        { "name": "web", "description": "Everybody: TLS." },
    ])
}

/// Every label with its status and sentences.
fn labels() -> Value {
    let all: Vec<&str> = Label::ALL.iter().map(|l| l.as_str()).collect();
    let explained: Map<String, Value> = Label::ALL
        .iter()
        .map(|l| {
            let t = l.text();
            (
                t.label.to_owned(),
                json!({ "status": t.http_status, "vi": t.title_vi, "en": t.title_en }),
            )
        })
        .collect();
    json!({ "type": "string", "description": "Stable name of a refusal or a warning.", "enum": all, "x-labels": explained })
}

fn operation(route: &Route, shapes: &mut Shapes) -> Value {
    let mut operation = json!({
        "operationId": route.id,
        "summary": route.en,
        "x-summary-vi": route.vi,
        "tags": [if route.listener == Listener::Partner { "partner" } else { "web" }],
        "parameters": route.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "responses": responses(route, shapes),
    });
    if let Some(body) = body(route, shapes) {
        operation["requestBody"] = body;
    }
    operation["security"] = match route.act {
        Act::Verb(_, permission) => json!([{ "certificate": [], "token": [permission.word()] }]),
        Act::Token => json!([{ "certificate": [] }]),
        Act::Document(_) | Act::Page(_) => json!([]),
    };
    operation
}

fn parameter(parameter: &Parameter) -> Value {
    let schema = match parameter.values {
        Values::Number(min, max, default) => {
            let mut schema = json!({ "type": "integer", "format": "int64", "minimum": min, "maximum": max });
            if let Some(default) = default {
                schema["default"] = json!(default);
            }
            schema
        }
        Values::Pattern(pattern) => json!({ "type": "string", "pattern": pattern }),
        Values::Moment => json!({ "type": "string", "format": "date-time" }),
        Values::Truth => json!({ "type": "boolean" }),
        Values::Anything => json!({}),
        Values::Text(limit) => json!({
            "type": "string", "minLength": 1, "maxLength": limit, "pattern": r"^[^\u0000-\u001f\u007f-\u009f]*$",
        }),
    };
    let place = match parameter.place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Header => "header",
    };
    json!({
        "name": parameter.name, "in": place, "required": parameter.required,
        "description": parameter.about, "schema": schema,
    })
}

fn body(route: &Route, shapes: &mut Shapes) -> Option<Value> {
    Some(match route.takes {
        Takes::Nothing => return None,
        Takes::Document => json!({
            "required": true,
            "description": format!("A document in a format registered for the tenant, at most {} bytes.", limits::DOCUMENT_BYTES),
            "content": {
                "application/json": { "schema": { "type": "object" } },
                "application/xml": { "schema": { "type": "string" } },
            },
        }),
        Takes::Documents => json!({
            "required": true,
            "description": format!(
                "Documents, one a line (NDJSON): at most {} lines of at most {} bytes, at most {} bytes in all. Or one document \
                 that lists several, of at most {} bytes.",
                limits::BATCH_ITEMS, limits::DOCUMENT_BYTES, limits::BATCH_BYTES, limits::DOCUMENT_BYTES,
            ),
            "content": {
                (NDJSON): { "schema": { "type": "object", "description": "One line." } },
                "application/json": { "schema": { "type": "object" } },
                "application/xml": { "schema": { "type": "string" } },
            },
        }),
        Takes::Json(shape) => json!({
            "required": true,
            "description": format!("At most {} bytes.", limits::JSON_BYTES),
            "content": { "application/json": { "schema": shapes.request(shape.schema) } },
        }),
        Takes::File => json!({
            "required": false,
            "description": "The file, byte for byte, whatever it is; without a body, the empty file. `Content-Type` is not read. The \
                whole file is read and hashed before it is answered.",
            "content": { "application/octet-stream": {} },
        }),
        Takes::Form(fields) => {
            let properties: Map<String, Value> = fields
                .iter()
                .map(|(name, _)| ((*name).to_owned(), json!({ "type": "string" })))
                .collect();
            let required: Vec<&str> = fields
                .iter()
                .filter(|(_, must)| *must)
                .map(|(name, _)| *name)
                .collect();
            json!({
                "required": true,
                "content": { "application/x-www-form-urlencoded": {
                    "schema": { "type": "object", "properties": properties, "required": required },
                } },
            })
        }
    })
}

/// The statuses a route may refuse with, beside its success.
fn refusals(route: &Route) -> Vec<u16> {
    let mut refusals = vec![404, 405, 408, 500];
    match route.act {
        Act::Verb(..) => refusals.extend([400, 401, 403, 406, 429, 503]),
        Act::Token => refusals.extend([400, 401, 413]),
        Act::Page(_) => refusals.extend([400, 429, 503]),
        Act::Document(_) => refusals.push(503),
    }
    if matches!(route.act, Act::Verb(..)) && !matches!(route.takes, Takes::Nothing) {
        refusals.extend([409, 413, 415, 422]);
    }
    if matches!(route.act, Act::Page(_)) && !matches!(route.takes, Takes::Nothing) {
        refusals.extend([413, 415]);
    }
    // `Receiving-Point` is judged before anything else of a verb.
    if matches!(route.act, Act::Verb(..)) && matches!(route.takes, Takes::Nothing) {
        refusals.push(422);
    }
    if matches!(route.gives, Gives::File) {
        refusals.extend([409, 416]);
    }
    // As the file itself, while it has not come.
    if matches!(route.act, Act::Verb(Verb::AttachmentHead, _)) {
        refusals.push(409);
    }
    // A cursor of another history.
    if matches!(route.id, "events" | "alarms" | "irregularities" | "subscribe") {
        refusals.push(410);
    }
    refusals.sort_unstable();
    refusals
}

fn responses(route: &Route, shapes: &mut Shapes) -> Value {
    let (status, content) = match route.gives {
        Gives::Json(shape) => (
            200,
            json!({ "application/json": { "schema": shapes.answer(shape.schema) } }),
        ),
        Gives::Chosen(status, shape) => {
            let schema = shapes.answer(shape.schema);
            let both =
                json!({ "application/json": { "schema": schema }, "application/xml": { "schema": schema } });
            (status, both)
        }
        Gives::Lines(shape) => (
            200,
            json!({ (NDJSON): { "schema": shapes.answer(shape.schema) } }),
        ),
        Gives::Made(shape) => (
            201,
            json!({ "application/json": { "schema": shapes.answer(shape.schema) } }),
        ),
        Gives::File => (200, json!({ "*/*": {} })),
        Gives::Nothing => (200, json!({})),
        Gives::Object => (
            200,
            json!({ "application/json": { "schema": { "type": "object" } } }),
        ),
        Gives::Bytes(media) => (200, json!({ (media): {} })),
    };
    let mut headers = json!({
        "Request-Id": { "schema": { "type": "string" }, "description": "The request, as in the hub's log." },
        "traceparent": { "schema": { "type": "string" }, "description": "W3C trace context." },
    });
    if matches!(route.act, Act::Verb(Verb::Submit, _)) {
        headers["Idempotent-Replayed"] =
            json!({ "schema": { "const": "true" }, "description": "A stored answer, given again." });
    }
    let mut responses = Map::new();
    let success = json!({ "description": route.en, "headers": headers, "content": content });
    match route.gives {
        Gives::Made(_) => drop(responses.insert("200".to_owned(), success.clone())),
        Gives::File => drop(responses.insert("206".to_owned(), success.clone())),
        _ => {}
    }
    responses.insert(status.to_string(), success);
    for status in refusals(route) {
        let refusal = match (route.act, status) {
            (Act::Token, 400 | 401 | 500) => json!({
                "description": "Refused (RFC 6749, 5.2).",
                "content": { "application/json": { "schema": {
                    "type": "object",
                    "properties": { "error": { "type": "string" }, "error_description": { "type": "string" } },
                    "required": ["error"],
                } } },
            }),
            (Act::Document(_), 503) => json!({
                "description": "Something the hub needs is missing.",
                "content": { "application/json": { "schema": { "type": "object" } } },
            }),
            (Act::Page(_), 404) => json!({
                "description": "There is nothing: a page says so, or a problem document.",
                "content": {
                    "text/html": {},
                    "application/problem+json": { "schema": shapes.answer(|g| g.subschema_for::<ProblemDocument>()) },
                },
            }),
            _ => json!({ "$ref": "#/components/responses/Problem" }),
        };
        responses.insert(status.to_string(), refusal);
    }
    Value::Object(responses)
}

#[cfg(test)]
pub(super) mod tests {
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
}
