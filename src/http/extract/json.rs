//! A JSON body as a value of the contract, and what is wrong with it when it is none. What was sent is never repeated, only
//! where it is wrong: a value may be a person's.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;

use super::shape;
use crate::domain::rejection::{Label, Problem, Rejection};
use crate::domain::{encoding, syntax};

/// Reads a value.
///
/// # Errors
/// `document-empty`, `encoding-invalid` and its like, `syntax-invalid`; `duplicate-key`; everything the schema of the contract says
/// is wrong, at once: `field-missing`, `field-unknown`, `type-wrong`, `number-fraction` and so on.
pub(super) fn parse<T: DeserializeOwned + JsonSchema + 'static>(bytes: &[u8]) -> Result<T, Rejection> {
    let decoded = encoding::decode(bytes, encoding::Kind::Json, None)?;
    let text = &*decoded.text;
    if text.trim_ascii().is_empty() {
        return Err(Label::DocumentEmpty.into());
    }
    // serde would take a list for a struct, field by field: here, and wherever a body has a list.
    if text.trim_ascii_start().starts_with('[') {
        return Err(shape::not_an_object::<T>().into());
    }
    let read: T = serde_json::from_str(text).map_err(|e| refusal::<T>(text, &e))?;
    if text.contains('[')
        && let Ok(value) = serde_json::from_str(text)
        && let Some(rejection) = Rejection::of(shape::lists_for_objects::<T>(&value))
    {
        return Err(rejection);
    }
    Ok(read)
}

fn refusal<T: JsonSchema>(text: &str, error: &serde_json::Error) -> Rejection {
    if error.classify() != Category::Data {
        return syntax::json(text, error).into();
    }
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        // What follows the value that is wrong is no JSON.
        Err(error) => return syntax::json(text, &error).into(),
    };
    let mut offset = syntax::json_offset(text, error);
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let said = error.to_string();
    // Where a field is missing the reader stopped at the end of its object, and nothing is wrong with what stands there.
    let path = if said.starts_with("missing field") {
        String::new()
    } else {
        pointer(&text[..offset])
    };
    if let Some(name) = said
        .strip_prefix("duplicate field `")
        .and_then(|rest| rest.split_once('`'))
    {
        let problem = Problem::new(Label::DuplicateKey)
            .at(format!("{}/{}", parent(&path), name.0))
            .with("field", name.0);
        return problem.into();
    }
    let problems = shape::problems::<T>(&value, &path);
    Rejection::of(problems).unwrap_or_else(|| shape::not_an_object::<T>().into())
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(above, _)| above)
}

/// The JSON Pointer (RFC 6901) of the value or name at the end of a text that is well-formed up to there.
fn pointer(text: &str) -> String {
    enum Level {
        Object(String),
        Array(usize),
    }
    let (mut levels, mut word, mut in_string, mut escaped, mut key_next) =
        (Vec::new(), String::new(), false, false, false);
    for c in text.chars() {
        if in_string {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_string = false,
                _ => {}
            }
            if in_string {
                word.push(c);
            } else if key_next && let Some(Level::Object(key)) = levels.last_mut() {
                key.clone_from(&word);
            }
            continue;
        }
        match c {
            '"' => {
                in_string = true;
                word.clear();
            }
            '{' => {
                levels.push(Level::Object(String::new()));
                key_next = true;
            }
            '[' => {
                levels.push(Level::Array(0));
                key_next = false;
            }
            '}' | ']' => {
                levels.pop();
                key_next = false;
            }
            ':' => key_next = false,
            ',' => match levels.last_mut() {
                Some(Level::Array(n)) => *n += 1,
                _ => key_next = true,
            },
            _ => {}
        }
    }
    // A name that is being read when the text ends counts as read.
    if in_string
        && key_next
        && let Some(Level::Object(key)) = levels.last_mut()
    {
        *key = word;
    }
    levels.iter().fold(String::new(), |path, level| match level {
        Level::Object(key) => format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")),
        Level::Array(n) => format!("{path}/{n}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::view::{PostponementRequest, ReasonRequest, SettleRequest, SupplementRequest};

    fn refused<T: DeserializeOwned + JsonSchema + 'static>(text: &[u8]) -> (Label, String) {
        let refusal = parse::<T>(text).err().unwrap();
        let problem = &refusal.problems()[0];
        let line = || {
            Some(format!(
                "{}:{}",
                problem.args.get("line")?,
                problem.args["column"]
            ))
        };
        let place = problem.path.clone().or_else(line).unwrap_or_default();
        (problem.label, place)
    }

    #[test]
    fn a_malformed_body_says_where() {
        let of = refused::<SupplementRequest>;
        let at = |place: &str| place.to_owned();
        assert_eq!(of(b" \n"), (Label::DocumentEmpty, String::new()));
        assert_eq!(of(b"{\"text\":\"\xff\"}"), (Label::EncodingInvalid, at("1:10")));
        assert_eq!(of(b"{\n\"text\": nope}"), (Label::SyntaxInvalid, at("2:10")));
        assert_eq!(of(b"{\"text\":\"x\"").0, Label::SyntaxInvalid);
        assert_eq!(of(b"{\"text\":\"x\"} {}").0, Label::SyntaxInvalid);
        assert_eq!(
            refused::<ReasonRequest>(b"{}"),
            (Label::FieldMissing, at("/reason"))
        );
        assert_eq!(
            refused::<ReasonRequest>(b"{\"reason\":null}"),
            (Label::FieldMissing, at("/reason"))
        );
        assert_eq!(
            of(b"{\"text\":\"x\",\"text\":\"y\"}"),
            (Label::DuplicateKey, at("/text"))
        );
        assert_eq!(
            of(b"{\"text\":\"x\",\"more\":1}"),
            (Label::FieldUnknown, at("/more"))
        );
        assert_eq!(of(b"{\"text\":12}"), (Label::TypeWrong, at("/text")));
        // What is missing is said alone: nothing is wrong with what is there.
        let postponed = parse::<PostponementRequest>(br#"{"new_due":"2026-12-28T17:00:00+07:00"}"#);
        let told = postponed.err().unwrap();
        let told: Vec<_> = told
            .problems()
            .iter()
            .map(|p| (p.label, p.path.as_deref()))
            .collect();
        assert_eq!(told, [(Label::FieldMissing, Some("/reason"))]);
        assert_eq!(of(b"[null, null, \"x\"]"), (Label::ObjectExpected, String::new()));
        assert_eq!(of(b"12").0, Label::ObjectExpected);
    }

    #[test]
    fn a_place_deep_inside_is_named_and_its_value_is_not() {
        let text = br#"{"messages":[{"delivery":"dlv_0190b1a0000070008000000000000001","outcome":"done"},{"delivery":"0000 secret","outcome":"done"}]}"#;
        let refusal = parse::<SettleRequest>(text).err().unwrap();
        assert_eq!(
            refusal.problems()[0].path.as_deref(),
            Some("/messages/1/delivery")
        );
        assert!(!format!("{:?}", refusal.problems()).contains("secret"));
        let deep = "[".repeat(100_000);
        assert_eq!(refused::<SettleRequest>(deep.as_bytes()).0, Label::ObjectExpected);
        let deep = format!("{{\"messages\":{}", "[".repeat(100_000));
        assert_eq!(refused::<SettleRequest>(deep.as_bytes()).0, Label::TooDeep);
    }

    #[test]
    fn a_list_is_no_object_wherever_it_stands() {
        for (papers, path) in [
            (
                r#"[{ "name": "Tờ khai", "copies": [null, null] }]"#,
                "/papers/0/copies",
            ),
            (r#"[["000.00.00.G00-KQ0001", "Tờ khai"]]"#, "/papers/0"),
        ] {
            let text = format!(r#"{{ "text": "sửa", "papers": {papers} }}"#);
            let told = refused::<crate::domain::view::ChangeRequest>(text.as_bytes());
            assert_eq!(told, (Label::TypeWrong, path.to_owned()), "{text}");
        }
        let right = r#"{ "text": "sửa", "papers": [{ "name": "Tờ khai", "copies": { "photo": 1.0 } }] }"#;
        let read = parse::<crate::domain::view::ChangeRequest>(right.as_bytes()).unwrap();
        assert_eq!(read.papers[0].copies.photo, 1);
    }

    #[test]
    fn a_mark_before_a_body_is_passed_over() {
        let marked = b"\xef\xbb\xbf{\"reason\":\"x\"}";
        assert_eq!(parse::<ReasonRequest>(marked).unwrap().reason, "x");
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once_with_what_belongs_there() {
        let text = r#"{"occurred_at":"yesterday","more":1,"papers":[{"name":"A","files":[{"name":"f","size":1.5,"sha256":"x"}]},
            {"name":" ","copies":{"original":"2","photo":-1,"certified":true}}]}"#;
        let refusal = parse::<SupplementRequest>(text.as_bytes()).err().unwrap();
        let told: Vec<(Label, &str, &str)> = refusal
            .problems()
            .iter()
            .map(|p| (p.label, p.path.as_deref().unwrap(), p.args["field"].as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (Label::FieldUnknown, "/more", "more"),
                (Label::NumberFraction, "/papers/0/files/0/size", "size"),
                (Label::NumberMalformed, "/papers/1/copies/certified", "certified"),
                (Label::NumberQuoted, "/papers/1/copies/original", "original"),
                (Label::NumberRange, "/papers/1/copies/photo", "photo"),
                (Label::TextEmpty, "/papers/1/name", "name"),
                (Label::DateMalformed, "/occurred_at", "occurred_at"),
            ]
        );
        for problem in refusal.problems() {
            let said = problem.advice(crate::domain::rejection::Language::English);
            assert!(!said.contains('?') && !said.contains("openapi"), "{said}");
        }
        let bare = parse::<SettleRequest>(b"[{}]").err().unwrap();
        assert_eq!(bare.problems()[0].args["expected"], "{\"messages\": […]}");
    }
}
