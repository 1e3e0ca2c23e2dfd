//! A JSON body as a value of the contract, and what is wrong with it when it is none. What was sent is never repeated, only
//! where it is wrong: a value may be a person's.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;
use serde_path_to_error::Segment;

use super::shape;
use crate::domain::rejection::{Rejection, problems};
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
        return Err(problems::DocumentEmpty.into());
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

fn refusal<T: DeserializeOwned + JsonSchema>(text: &str, error: &serde_json::Error) -> Rejection {
    if error.classify() != Category::Data {
        return syntax::json(text, error).into();
    }
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        // What follows the value that is wrong is no JSON.
        Err(error) => return syntax::json(text, &error).into(),
    };
    let path = stopped::<T>(text, &value);
    // A name that comes twice is a fault of its object to the reader: which name it is, only its sentence says.
    let said = error.to_string();
    if let Some(name) = said
        .strip_prefix("duplicate field `")
        .and_then(|rest| rest.split_once('`'))
    {
        let problem = problems::DuplicateKey { field: &name.0 }.at(format!("{path}/{}", name.0));
        return problem.into();
    }
    let problems = shape::problems::<T>(&value, &path);
    Rejection::of(problems).unwrap_or_else(|| shape::not_an_object::<T>().into())
}

/// The JSON Pointer (RFC 6901) of the place where the reader of a body stops. The body is read once more for it: keeping the path
/// costs, and only a body that is refused needs it.
fn stopped<T: DeserializeOwned>(text: &str, value: &Value) -> String {
    let mut reader = serde_json::Deserializer::from_str(text);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut reader) else {
        return String::new();
    };
    let mut pointer = String::new();
    for segment in error.path() {
        let step = match segment {
            Segment::Seq { index } => index.to_string(),
            // A variant is a name of an object, or the text itself.
            Segment::Enum { .. } if !value.pointer(&pointer).is_some_and(Value::is_object) => break,
            Segment::Map { key } | Segment::Enum { variant: key } => {
                key.replace('~', "~0").replace('/', "~1")
            }
            Segment::Unknown => break,
        };
        pointer.push('/');
        pointer.push_str(&step);
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rejection::Label;
    use crate::domain::view::{PostponementRequest, ReasonRequest, SettleRequest, SupplementRequest};

    fn refused<T: DeserializeOwned + JsonSchema + 'static>(text: &[u8]) -> (Label, String) {
        let refusal = parse::<T>(text).err().unwrap();
        let problem = &refusal.problems()[0];
        let line = || {
            Some(format!(
                "{}:{}",
                problem.args().get("line")?,
                problem.args()["column"]
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
            .map(|p| (p.label, p.path.as_deref().unwrap(), p.args()["field"].as_str()))
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
        assert_eq!(bare.problems()[0].args()["expected"], "{\"messages\": […]}");
    }
}
