//! The canonical side of a mapping, read off the model itself: the JSON Schema that schemars derives from the domain's types.
//!
//! So a mapping can never name a field the model does not have, and a field added to the model is known here at once.

use serde_json::Value;

use crate::domain::dossier::Filing;
use crate::domain::view::StatusReport;
use crate::domain::whole;

/// One place of the canonical tree.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Target {
    Object(Vec<Member>),
    List { max: Option<usize>, item: Box<Target> },
    Leaf(Kind),
}

/// One named place of an object.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    pub name: Box<str>,
    pub required: bool,
    /// Most characters of a text.
    pub longest: Option<usize>,
    pub target: Target,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Text,
    Whole {
        min: i64,
        max: i64,
        unit: Unit,
    },
    Flag,
    Instant,
    Day,
    Words(Vec<Box<str>>),
    /// The content of a file in base64. It is no field of the canonical dossier, which names the file by its digest.
    Content,
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    One,
    Dong,
}

impl Unit {
    /// As a message says it behind a number, in both languages.
    pub fn shown(self) -> &'static str {
        match self {
            Unit::One => "",
            Unit::Dong => " đồng",
        }
    }
}

impl Kind {
    /// The word of a message.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Whole { .. } => "whole number",
            Kind::Flag => "true/false",
            Kind::Instant => "date and time",
            Kind::Day => "date",
            Kind::Words(_) => "code word",
            Kind::Content => "content of a file",
        }
    }
}

/// The JSON Schema (2020-12) of the canonical dossier, derived from the model.
pub fn canonical_schema() -> serde_json::Value {
    schema_of_filing()
}

/// The members of a filing.
pub(super) fn filing() -> Vec<Member> {
    let mut members = members(&canonical_schema());
    if let Some(files) = list_in(&mut members, "components").and_then(|paper| list_in(paper, "files")) {
        files.push(Member {
            name: CONTENT.into(),
            required: false,
            longest: None,
            target: Target::Leaf(Kind::Content),
        });
    }
    members
}

/// What a mapping calls the content of a file.
pub(super) const CONTENT: &str = "content";

/// The members of an item of this list.
fn list_in<'m>(members: &'m mut [Member], name: &str) -> Option<&'m mut Vec<Member>> {
    let member = members.iter_mut().find(|member| *member.name == *name)?;
    match &mut member.target {
        Target::List { item, .. } => match item.as_mut() {
            Target::Object(members) => Some(members),
            _ => None,
        },
        _ => None,
    }
}

/// The members of a status report.
pub(super) fn status_report() -> Vec<Member> {
    members(schemars::schema_for!(StatusReport).as_value())
}

/// The members of an object, of its schema.
pub(super) fn members(schema: &Value) -> Vec<Member> {
    match target(schema, schema) {
        Target::Object(members) => members,
        _ => Vec::new(),
    }
}

pub(super) fn schema_of_filing() -> Value {
    let mut schema = schemars::schema_for!(Filing).to_value();
    if let Some(root) = schema.as_object_mut() {
        root.insert(
            "$id".to_owned(),
            Value::String("urn:vn:lienthong:dossier:v1:json-schema".to_owned()),
        );
    }
    schema
}

fn target(root: &Value, schema: &Value) -> Target {
    if let Some(name) = schema["$ref"].as_str() {
        return target(root, &root["$defs"][name.rsplit('/').next().unwrap_or_default()]);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let some = any.iter().find(|s| s["type"] != "null").unwrap_or(&Value::Null);
        return target(root, some);
    }
    if let Some(words) = words(schema) {
        return Target::Leaf(Kind::Words(words));
    }
    match type_of(schema) {
        "object" => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let members = schema["properties"].as_object().into_iter().flatten();
            Target::Object(
                members
                    .map(|(name, s)| Member {
                        name: name.as_str().into(),
                        required: required.iter().any(|r| r == name),
                        longest: longest(s),
                        target: in_unit(name, target(root, s)),
                    })
                    .collect(),
            )
        }
        "array" => Target::List {
            max: schema["maxItems"].as_u64().and_then(|n| usize::try_from(n).ok()),
            item: Box::new(target(root, &schema["items"])),
        },
        "integer" => Target::Leaf(Kind::Whole {
            min: schema["minimum"].as_i64().unwrap_or(-whole::MAX),
            max: schema["maximum"].as_i64().unwrap_or(whole::MAX),
            unit: Unit::One,
        }),
        "boolean" => Target::Leaf(Kind::Flag),
        _ => Target::Leaf(match schema["format"].as_str() {
            Some("date-time") => Kind::Instant,
            Some("date") => Kind::Day,
            _ => Kind::Text,
        }),
    }
}

/// The model names its unit in the name of the field.
fn in_unit(name: &str, target: Target) -> Target {
    match target {
        Target::Leaf(Kind::Whole { min, max, .. }) if name.ends_with("_vnd") => Target::Leaf(Kind::Whole {
            min,
            max,
            unit: Unit::Dong,
        }),
        other => other,
    }
}

/// Of a text, or of one that may be null.
fn longest(schema: &Value) -> Option<usize> {
    let any = schema["anyOf"].as_array().into_iter().flatten();
    let mut all = std::iter::once(schema).chain(any);
    all.find_map(|s| s["maxLength"].as_u64())
        .and_then(|n| usize::try_from(n).ok())
}

fn words(schema: &Value) -> Option<Vec<Box<str>>> {
    let word = |v: &Value| v.as_str().map(Box::from);
    if let Some(list) = schema["enum"].as_array() {
        return list.iter().map(word).collect();
    }
    let mut words = Vec::new();
    for one in schema["oneOf"].as_array()? {
        match one["enum"].as_array() {
            Some(list) => words.extend(list.iter().filter_map(word)),
            None => words.push(word(&one["const"])?),
        }
    }
    Some(words)
}

fn type_of(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(one) => one,
        Value::Array(several) => several
            .iter()
            .filter_map(Value::as_str)
            .find(|t| *t != "null")
            .unwrap_or_default(),
        _ => "",
    }
}
