//! What is wrong with a JSON body, by the schema of the contract: every place, its field's own name, and what belongs there.
//!
//! Only a body that was refused already comes here, so that the schema can be made anew and walked at leisure. It says what it can
//! say; what only the parser of a value knows (a check digit, a day that does not exist) is told at the place where that stopped.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::LazyLock;

use parking_lot::RwLock;
use schemars::JsonSchema;
use serde_json::{Map, Value};

use crate::domain::codes::{
    CommuneCode, DistrictCode, DossierCode, Email, IdentityNumber, Key, Phone, TaxCode,
};
use crate::domain::endpoint::EndpointUrl;
use crate::domain::rejection::problems::{self, Fill};
use crate::domain::rejection::{Label, Problem};
use crate::domain::sha256::Sha256;
use crate::domain::tenant::TenantKey;
use crate::domain::view::Cursor;
use crate::domain::whole;

/// Problems told of one body.
const TOLD: usize = 100;

/// A body that is no object: what it would look like.
pub(super) fn not_an_object<T: JsonSchema>() -> Problem {
    let root = schema::<T>();
    problems::ObjectExpected {
        expected: &form(&root, &root),
    }
    .at("")
}

/// Everything that is wrong with a value. `stopped` is where its reader gave up.
pub(super) fn problems<T: JsonSchema>(value: &Value, stopped: &str) -> Vec<Problem> {
    let root = schema::<T>();
    if !value.is_object() {
        return vec![not_an_object::<T>()];
    }
    let mut walk = Walk {
        root: &root,
        path: String::new(),
        problems: Vec::new(),
    };
    walk.value(&root, value);
    let mut problems = walk.problems;
    let told = problems.iter().any(|p| p.path.as_deref() == Some(stopped));
    if !told && let Some(problem) = at_the_stop(&root, value, stopped, problems.is_empty()) {
        problems.push(problem);
    }
    problems.truncate(TOLD);
    problems
}

/// Where a value has a list and the contract an object. This is asked of bodies that were read, so the schema is made once.
pub(super) fn lists_for_objects<T: JsonSchema + 'static>(value: &Value) -> Vec<Problem> {
    let root = kept::<T>();
    let mut walk = Walk {
        root,
        path: String::new(),
        problems: Vec::new(),
    };
    walk.value(root, value);
    let is_list = |problem: &Problem| {
        let here = problem.path.as_deref().unwrap_or_default();
        problem.label == Label::TypeWrong
            && value.pointer(here).is_some_and(Value::is_array)
            && descend(root, value, here).is_some_and(|wanted| type_of(wanted) == "object")
    };
    walk.problems.into_iter().filter(is_list).collect()
}

/// The schema of a type, made once and kept: there are as many as the contract has bodies.
fn kept<T: JsonSchema + 'static>() -> &'static Value {
    static KEPT: LazyLock<RwLock<HashMap<TypeId, &'static Value>>> = LazyLock::new(RwLock::default);
    let of = TypeId::of::<T>();
    let found = KEPT.read().get(&of).copied();
    found.unwrap_or_else(|| {
        let made = Box::leak(Box::new(schema::<T>()));
        let mut kept = KEPT.write();
        kept.entry(of).or_insert(made)
    })
}

fn schema<T: JsonSchema>() -> Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_deserialize();
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// What stands where the reader stopped, and is none of what may stand there: a text that its own parser refuses. Where nothing
/// else was found, whatever it is.
fn at_the_stop(root: &Value, value: &Value, stopped: &str, alone: bool) -> Option<Problem> {
    let here = value.pointer(stopped)?;
    let wanted = descend(root, value, stopped)?;
    let (field, expected) = (&field(stopped), &sign(root, wanted));
    Some(match here {
        Value::String(_) => match wanted["format"].as_str() {
            Some("date-time" | "date") => problems::DateMalformed { field, expected }.at(stopped),
            _ => problems::CodeMalformed { field, expected }.at(stopped),
        },
        _ if alone => problems::TypeWrong { field, expected }.at(stopped),
        _ => return None,
    })
}

/// The schema of the place a pointer leads to.
fn descend<'s>(root: &'s Value, value: &Value, pointer: &str) -> Option<&'s Value> {
    let mut at = resolve(root, root);
    let mut value = value;
    for step in pointer.split('/').skip(1) {
        let name = step.replace("~1", "/").replace("~0", "~");
        let (next, inside) = match value {
            Value::Array(items) => (&at["items"], items.get(name.parse::<usize>().ok()?)?),
            other => (&at["properties"][&name], other.get(&name)?),
        };
        if next.is_null() {
            return None;
        }
        at = resolve(root, next);
        value = inside;
    }
    Some(at)
}

/// A schema itself, without the reference to it and without null.
fn resolve<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap_or_default();
        return resolve(root, &root["$defs"][name]);
    }
    let several = schema["anyOf"]
        .as_array()
        .filter(|_| schema["properties"].is_null());
    match several.and_then(|any| any.iter().find(|s| s["type"] != "null")) {
        Some(one) => resolve(root, one),
        None => schema,
    }
}

fn type_of(schema: &Value) -> &str {
    match &schema["type"] {
        Value::Array(several) => several
            .iter()
            .filter_map(Value::as_str)
            .find(|word| *word != "null")
            .unwrap_or_default(),
        one => one.as_str().unwrap_or_default(),
    }
}

fn is_nullable(schema: &Value) -> bool {
    let null = |list: &Value, key: &str| {
        list.as_array().is_some_and(|list| {
            list.iter().any(|s| {
                if key.is_empty() {
                    s == "null"
                } else {
                    s[key] == "null"
                }
            })
        })
    };
    null(&schema["anyOf"], "type") || null(&schema["type"], "")
}

/// The words a value may be, where it is one of some.
fn words(schema: &Value) -> Option<Vec<&str>> {
    if let Some(list) = schema["enum"].as_array() {
        return Some(list.iter().filter_map(Value::as_str).collect());
    }
    let several = schema["oneOf"]
        .as_array()
        .filter(|_| schema["properties"].is_null())?;
    let mut words = Vec::new();
    for one in several {
        match one["enum"].as_array() {
            Some(list) => words.extend(list.iter().filter_map(Value::as_str)),
            None => words.push(one["const"].as_str()?),
        }
    }
    Some(words)
}

/// What belongs in a place, in signs that are the same in every language.
fn sign(root: &Value, schema: &Value) -> String {
    let schema = resolve(root, schema);
    if let Some(words) = words(schema) {
        return words.join(", ");
    }
    match type_of(schema) {
        "object" => "{…}".to_owned(),
        "array" => "[…]".to_owned(),
        "boolean" => "true, false".to_owned(),
        "integer" | "number" => "123".to_owned(),
        _ => match (schema["format"].as_str(), schema["pattern"].as_str()) {
            (Some("date-time"), _) => "2026-11-23T08:30:00+07:00".to_owned(),
            (Some("date"), _) => "2026-11-23".to_owned(),
            (Some("uri"), _) => "https://…".to_owned(),
            (_, Some(pattern)) => example(pattern),
            _ => "\"…\"".to_owned(),
        },
    }
}

/// A code of this pattern, never the pattern itself, which nobody at a counter reads.
fn example(pattern: &str) -> String {
    let known = [
        (DossierCode::PATTERN, "H26.12-261120-0001"),
        (Sha256::PATTERN, "64 × 0-9 a-f"),
        (CommuneCode::PATTERN, "00004"),
        (DistrictCode::PATTERN, "001"),
        (IdentityNumber::PATTERN, "000185000001"),
        (TaxCode::PATTERN, "0100233488, 0312687878-001"),
        (Phone::PATTERN, "0000000001, +84000000001"),
        (Email::PATTERN, "ten@vidu.vn"),
        (Key::PATTERN, "so-noi-vu"),
        (Cursor::PATTERN, "0, 48213-6449a1b2c3d4e"),
        (TenantKey::PATTERN, "branch.tay-ho"),
        (EndpointUrl::PATTERN, "https://…"),
    ];
    match known.iter().find(|(p, _)| *p == pattern) {
        Some((_, example)) => (*example).to_owned(),
        // An id begins with its kind.
        None => match pattern.trim_start_matches('^').split_once("_[0-9a-f]") {
            Some((kind, _)) => format!("{kind}_ + 32 × 0-9 a-f"),
            None => "\"…\"".to_owned(),
        },
    }
}

/// An object of this shape: the fields it needs, or those that are lists.
fn form(root: &Value, schema: &Value) -> String {
    let schema = resolve(root, schema);
    let none = Map::new();
    let fields = schema["properties"].as_object().unwrap_or(&none);
    let required = schema["required"].as_array();
    let needed = |name: &str| required.is_some_and(|list| list.iter().any(|n| n == name));
    let mut shown: Vec<&String> = fields.keys().filter(|name| needed(name)).collect();
    if shown.is_empty() {
        shown = fields.keys().take(3).collect();
    }
    let one = |name: &&String| {
        let inside = resolve(root, &fields[name.as_str()]);
        let value = match type_of(inside) {
            "object" => "{…}",
            "array" => "[…]",
            "boolean" => "true",
            "integer" => "123",
            _ => "\"…\"",
        };
        format!("\"{name}\": {value}")
    };
    format!("{{{}}}", shown.iter().map(one).collect::<Vec<_>>().join(", "))
}

/// The name of a field, of a list's item that of the list.
fn field(path: &str) -> String {
    let last = path
        .rsplit('/')
        .find(|step| !step.is_empty() && !step.bytes().all(|b| b.is_ascii_digit()));
    last.unwrap_or("/").replace("~1", "/").replace("~0", "~")
}

struct Walk<'s> {
    root: &'s Value,
    path: String,
    problems: Vec<Problem>,
}

impl<'s> Walk<'s> {
    fn say(&mut self, said: impl FnOnce(&dyn Fill) -> Problem) {
        if self.problems.len() < TOLD {
            let problem = said(&field(&self.path)).at(self.path.clone());
            self.problems.push(problem);
        }
    }

    fn inside(&mut self, step: &str, look: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        self.path.push('/');
        self.path.push_str(&step.replace('~', "~0").replace('/', "~1"));
        look(self);
        self.path.truncate(length);
    }

    fn value(&mut self, schema: &'s Value, value: &Value) {
        if value.is_null() && is_nullable(schema) {
            return;
        }
        let wanted = resolve(self.root, schema);
        if value.is_null() && is_nullable(wanted) {
            return;
        }
        if let Some(words) = words(wanted) {
            let expected = &words.join(", ");
            return match value {
                Value::String(word) if words.contains(&word.as_str()) => {}
                Value::String(_) => self.say(|field| problems::ValueUnknown { field, expected }.into()),
                _ => self.say(|field| problems::TypeWrong { field, expected }.into()),
            };
        }
        match (type_of(wanted), value) {
            ("object", Value::Object(fields)) => self.fields(wanted, fields),
            ("array", Value::Array(items)) => self.items(wanted, items),
            ("string", Value::String(text)) => self.text(wanted, text),
            ("integer", _) => self.number(wanted, value),
            ("boolean", Value::Bool(_)) | ("", _) => {}
            _ => {
                let expected = sign(self.root, wanted);
                let expected = if type_of(wanted) == "string" {
                    "\"…\"".to_owned()
                } else {
                    expected
                };
                let expected = &expected;
                self.say(|field| problems::TypeWrong { field, expected }.into());
            }
        }
    }

    fn fields(&mut self, schema: &'s Value, fields: &Map<String, Value>) {
        for needed in schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            if fields.get(needed).is_none_or(Value::is_null) {
                self.inside(needed, |walk| {
                    walk.say(|field| problems::FieldMissing { field }.into());
                });
            }
        }
        for (name, value) in fields {
            let needed = schema["required"]
                .as_array()
                .is_some_and(|list| list.iter().any(|n| n == name));
            match schema["properties"].get(name) {
                Some(_) if needed && value.is_null() => {}
                Some(inside) => self.inside(name, |walk| walk.value(inside, value)),
                None if schema["additionalProperties"] == false
                    || schema["unevaluatedProperties"] == false =>
                {
                    self.inside(name, |walk| {
                        walk.say(|field| problems::FieldUnknown { field }.into());
                    });
                }
                // A map: every value is of one kind.
                None if schema["additionalProperties"].is_object() => {
                    let inside = &schema["additionalProperties"];
                    self.inside(name, |walk| walk.value(inside, value));
                }
                None => {}
            }
        }
    }

    fn items(&mut self, schema: &'s Value, items: &[Value]) {
        let limit = schema["maxItems"].as_u64().and_then(|n| usize::try_from(n).ok());
        if let Some(limit) = limit.filter(|limit| items.len() > *limit) {
            let limit = &limit;
            return self.say(|field| problems::TooManyItems { field, limit }.into());
        }
        if items.is_empty() && schema["minItems"].as_u64().is_some_and(|n| n > 0) {
            return self.say(|field| problems::ListEmpty { field }.into());
        }
        for (number, item) in items.iter().enumerate() {
            self.inside(&number.to_string(), |walk| walk.value(&schema["items"], item));
        }
    }

    fn text(&mut self, schema: &Value, text: &str) {
        if text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        {
            return self.say(|_| problems::ControlCharacter.into());
        }
        if text.trim().is_empty() && schema["minLength"].as_u64().is_some_and(|n| n > 0) {
            return self.say(|field| problems::TextEmpty { field }.into());
        }
        let limit = schema["maxLength"].as_u64().and_then(|n| usize::try_from(n).ok());
        if let Some(limit) = limit.filter(|limit| text.chars().count() > *limit) {
            let limit = &limit;
            self.say(|field| problems::TextLength { field, limit }.into());
        }
    }

    fn number(&mut self, schema: &Value, value: &Value) {
        let number = match value {
            Value::Number(n) => match (n.as_i64(), n.as_f64()) {
                (Some(n), _) => whole::exact(n),
                (None, Some(n)) => whole::floating(n),
                (None, None) => Err(whole::NotWhole::Range),
            },
            Value::String(text) => match whole::parse(text) {
                Ok(_) => return self.say(|field| problems::NumberQuoted { field }.into()),
                Err(why) => Err(why),
            },
            _ => Err(whole::NotWhole::Form),
        };
        let bound = |key: &str, or: i64| schema[key].as_i64().unwrap_or(or);
        let (min, max) = (bound("minimum", -whole::MAX), bound("maximum", whole::MAX));
        let why = match number {
            Ok(n) if (min..=max).contains(&n) => return,
            Ok(_) => whole::NotWhole::Range,
            Err(why) => why,
        };
        let unit = if self.path.ends_with("_vnd") {
            " đồng"
        } else {
            ""
        };
        self.say(|field| why.problem(field, (min, max), unit));
    }
}
