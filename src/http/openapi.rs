//! The interface as OpenAPI 3.1, written from the table of routes and the types of the contract.
//!
//! `schema/api/openapi.json` is this document, checked in; a test holds the two equal.

mod shapes;
#[cfg(test)]
pub(super) mod tests;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::{Map, Value, json};

use crate::domain::rejection::Label;
use crate::domain::view::ProblemDocument;
use crate::identity::Permission;

use super::limits;
use super::reply::NDJSON;
use super::routes::{
    Gives, HttpRoute, Listener, Operation, Parameter, ParameterLocation, ParameterType, TABLE, Takes,
};
pub(super) use shapes::Shapes;

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

fn operation(route: &HttpRoute, shapes: &mut Shapes) -> Value {
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
    operation["security"] = match route.operation {
        Operation::Verb(permission) => json!([{ "certificate": [], "token": [permission.word()] }]),
        Operation::Token => json!([{ "certificate": [] }]),
        Operation::Document(_) | Operation::Page(_) => json!([]),
    };
    operation
}

fn parameter(parameter: &Parameter) -> Value {
    let schema = match parameter.values {
        ParameterType::Number(min, max, default) => {
            let mut schema = json!({ "type": "integer", "format": "int64", "minimum": min, "maximum": max });
            if let Some(default) = default {
                schema["default"] = json!(default);
            }
            schema
        }
        ParameterType::Pattern(pattern) => json!({ "type": "string", "pattern": pattern }),
        ParameterType::Moment => json!({ "type": "string", "format": "date-time" }),
        ParameterType::Truth => json!({ "type": "boolean" }),
        ParameterType::Anything => json!({}),
        ParameterType::Text(limit) => json!({
            "type": "string", "minLength": 1, "maxLength": limit, "pattern": r"^[^\u0000-\u001f\u007f-\u009f]*$",
        }),
    };
    let location = match parameter.location {
        ParameterLocation::Path => "path",
        ParameterLocation::Query => "query",
        ParameterLocation::Header => "header",
    };
    json!({
        "name": parameter.name, "in": location, "required": parameter.required,
        "description": parameter.about, "schema": schema,
    })
}

fn body(route: &HttpRoute, shapes: &mut Shapes) -> Option<Value> {
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
fn refusals(route: &HttpRoute) -> Vec<u16> {
    let mut refusals = vec![404, 405, 408, 500];
    match route.operation {
        Operation::Verb(..) => refusals.extend([400, 401, 403, 406, 429, 503]),
        Operation::Token => refusals.extend([400, 401, 413]),
        Operation::Page(_) => refusals.extend([400, 429, 503]),
        Operation::Document(_) => refusals.push(503),
    }
    if matches!(route.operation, Operation::Verb(..)) && !matches!(route.takes, Takes::Nothing) {
        refusals.extend([409, 413, 415, 422]);
    }
    if matches!(route.operation, Operation::Page(_)) && !matches!(route.takes, Takes::Nothing) {
        refusals.extend([413, 415]);
    }
    // `Receiving-Point` is judged before anything else of a verb.
    if matches!(route.operation, Operation::Verb(..)) && matches!(route.takes, Takes::Nothing) {
        refusals.push(422);
    }
    if matches!(route.gives, Gives::File) {
        refusals.extend([409, 416]);
    }
    // As the file itself, while it has not come.
    if route.id == "attachmentHead" {
        refusals.push(409);
    }
    // A cursor of another history.
    if matches!(route.id, "events" | "alarms" | "irregularities" | "subscribe") {
        refusals.push(410);
    }
    refusals.sort_unstable();
    refusals
}

fn responses(route: &HttpRoute, shapes: &mut Shapes) -> Value {
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
    if route.id == "submit" {
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
        responses.insert(status.to_string(), refusal(route, status, shapes));
    }
    Value::Object(responses)
}

/// What a refusal looks like.
fn refusal(route: &HttpRoute, status: u16, shapes: &mut Shapes) -> Value {
    match (route.operation, status) {
        (Operation::Token, 400 | 401 | 500) => json!({
            "description": "Refused (RFC 6749, 5.2).",
            "content": { "application/json": { "schema": {
                "type": "object",
                "properties": { "error": { "type": "string" }, "error_description": { "type": "string" } },
                "required": ["error"],
            } } },
        }),
        (Operation::Document(_), 503) => json!({
            "description": "Something the hub needs is missing.",
            "content": { "application/json": { "schema": { "type": "object" } } },
        }),
        (Operation::Page(_), 404) => json!({
            "description": "There is nothing: a page says so, or a problem document.",
            "content": {
                "text/html": {},
                "application/problem+json": { "schema": shapes.answer(|g| g.subschema_for::<ProblemDocument>()) },
            },
        }),
        _ => json!({ "$ref": "#/components/responses/Problem" }),
    }
}
