//! A JSON body as a value of the contract, and what is wrong with it when it is none. What was sent is never repeated, only
//! where it is wrong: a value may be a person's.

use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::domain::rejection::{Label, Problem, Rejection};

/// Reads a value.
///
/// # Errors
/// `document-empty`, `encoding-invalid`, `syntax-invalid`, `duplicate-key`, `field-missing`, `field-unknown`, `type-wrong`.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Rejection> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Label::DocumentEmpty.into());
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|e| Problem::new(Label::EncodingInvalid).with("offset", e.valid_up_to()))?;
    // serde would take a list for a struct, field by field.
    if text.trim_ascii_start().starts_with('[') {
        return Err(Problem::new(Label::TypeWrong)
            .at("")
            .with("field", "/")
            .with("expected", "{…}")
            .into());
    }
    serde_json::from_str(text).map_err(|e| refusal(text, &e).into())
}

fn refusal(text: &str, error: &serde_json::Error) -> Problem {
    let offset = offset(text, error.line(), error.column());
    if error.classify() != Category::Data {
        return Problem::new(Label::SyntaxInvalid)
            .with("offset", offset)
            .with("expected", "JSON");
    }
    let path = pointer(&text[..offset.min(text.len())]);
    let said = error.to_string();
    let named = |prefix: &str| Some(said.strip_prefix(prefix)?.split_once('`')?.0.to_owned());
    let (label, field) = if let Some(field) = named("missing field `") {
        (Label::FieldMissing, format!("{}/{field}", parent(&path)))
    } else if let Some(field) = named("duplicate field `") {
        (Label::DuplicateKey, format!("{}/{field}", parent(&path)))
    } else if said.starts_with("unknown field") {
        (Label::FieldUnknown, path)
    } else {
        (Label::TypeWrong, path)
    };
    let shown = if field.is_empty() {
        "/".to_owned()
    } else {
        field.clone()
    };
    let problem = Problem::new(label).at(field).with("field", shown);
    if label == Label::TypeWrong {
        problem.with("expected", "/openapi.json")
    } else {
        problem
    }
}

/// Where a line and a column (both from 1, in bytes) are.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let mut at = (before + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
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
    use crate::domain::view::{ReasonRequest, SettleRequest, SupplementRequest};

    fn refused<T: DeserializeOwned>(text: &[u8]) -> (Label, String) {
        let refusal = parse::<T>(text).err().unwrap();
        let problem = &refusal.problems()[0];
        let place = problem
            .path
            .clone()
            .or_else(|| problem.args.get("offset").cloned())
            .unwrap_or_default();
        (problem.label, place)
    }

    #[test]
    fn a_malformed_body_says_where() {
        let of = refused::<SupplementRequest>;
        assert_eq!(of(b" \n"), (Label::DocumentEmpty, String::new()));
        assert_eq!(
            of(b"{\"text\":\"\xff\"}"),
            (Label::EncodingInvalid, "9".to_owned())
        );
        assert_eq!(of(b"{\n\"text\": nope}"), (Label::SyntaxInvalid, "11".to_owned()));
        assert_eq!(of(b"{\"text\":\"x\"").0, Label::SyntaxInvalid);
        assert_eq!(of(b"{\"text\":\"x\"} {}").0, Label::SyntaxInvalid);
        assert_eq!(
            refused::<ReasonRequest>(b"{}"),
            (Label::FieldMissing, "/reason".to_owned())
        );
        assert_eq!(
            of(b"{\"text\":\"x\",\"text\":\"y\"}"),
            (Label::DuplicateKey, "/text".to_owned())
        );
        assert_eq!(
            of(b"{\"text\":\"x\",\"more\":1}"),
            (Label::FieldUnknown, "/more".to_owned())
        );
        assert_eq!(of(b"{\"text\":12}"), (Label::TypeWrong, "/text".to_owned()));
        assert_eq!(of(b"[null, null, \"x\"]"), (Label::TypeWrong, String::new()));
        assert_eq!(of(b"12").0, Label::TypeWrong);
    }

    #[test]
    fn a_place_deep_inside_is_named_and_its_value_is_not() {
        let text = br#"{"messages":[{"delivery":"dlv_0190b1a0000070008000000000000001","outcome":"done"},{"delivery":"0000 secret"}]}"#;
        let refusal = parse::<SettleRequest>(text).err().unwrap();
        assert_eq!(
            refusal.problems()[0].path.as_deref(),
            Some("/messages/1/delivery")
        );
        assert!(!format!("{:?}", refusal.problems()).contains("secret"));
        let deep = "[".repeat(100_000);
        assert_eq!(refused::<SettleRequest>(deep.as_bytes()).0, Label::TypeWrong);
    }
}
