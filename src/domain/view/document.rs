//! A document inside a message.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// A document inside a message: JSON as it was written, or the text of another form as a JSON string. It is carried as it is, and only
/// read by whoever wants to know what it says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Document(Box<RawValue>);

impl Document {
    /// A document in JSON; none when it is no JSON.
    pub fn json(bytes: Vec<u8>) -> Option<Self> {
        let text = String::from_utf8(bytes).ok()?;
        RawValue::from_string(text).ok().map(Document)
    }

    /// A document in any other form; none when it is no UTF-8.
    pub fn text(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        serde_json::value::to_raw_value(text).ok().map(Document)
    }

    /// What it says.
    pub fn value(&self) -> Value {
        // It was read as JSON when it was made.
        serde_json::from_str(self.0.get()).unwrap_or_default()
    }
}

/// Whether they say the same, however it is written.
impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get() || self.value() == other.value()
    }
}

impl JsonSchema for Document {
    fn schema_name() -> Cow<'static, str> {
        Value::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Value::json_schema(generator)
    }

    fn inline_schema() -> bool {
        Value::inline_schema()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_is_carried_as_it_was_written() {
        let written = r#"{"b": 1.0, "a": "Đ"}"#;
        let document = Document::json(written.into()).unwrap();
        assert_eq!(serde_json::to_string(&document).unwrap(), written);
        assert_eq!(document.value(), json!({"a": "Đ", "b": 1.0}));
        let again: Document = serde_json::from_value(json!({"b": 1.0, "a": "Đ"})).unwrap();
        assert_eq!(again, document);
        assert!(Document::json(b"{} {}".to_vec()).is_none());
    }

    #[test]
    fn a_form_that_is_not_json_is_a_text() {
        let document = Document::text("<a b=\"c\"/>".as_bytes()).unwrap();
        assert_eq!(document.value(), json!("<a b=\"c\"/>"));
        assert!(Document::text(&[0xff]).is_none());
    }
}
