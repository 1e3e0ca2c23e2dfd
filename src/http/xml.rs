//! An answer as XML, from its JSON: element names are field names, in the same order.
//!
//! A list becomes `<i>` elements in the element of its field (RFC 7807, appendix A). A null is left out. The writer can make
//! nothing but well-formed XML: what XML 1.0 cannot hold is dropped from texts, and a name that is no XML name becomes
//! `<entry name="…">`.

use std::borrow::Cow;
use std::fmt;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Namespace of problem documents.
pub(super) const PROBLEM: &str = "urn:ietf:rfc:7807";

/// Namespace of the hub's own answers.
pub(super) const ANSWER: &str = "urn:vn:lienthong:answer:v1";

type Xml = Writer<Vec<u8>>;

/// The XML of a JSON document; `None` when it is not JSON.
pub(super) fn from_json(json: &[u8], root: &'static str, namespace: &'static str) -> Option<Vec<u8>> {
    let mut xml = Writer::new(Vec::with_capacity(json.len() * 2));
    let declaration = BytesDecl::new("1.0", Some("UTF-8"), None);
    xml.write_event(Event::Decl(declaration)).ok()?;
    xml.get_mut().push(b'\n');
    let root = BytesStart::new(root).with_attributes([("xmlns", namespace)]);
    xml.write_event(Event::Start(root.borrow())).ok()?;
    let mut document = serde_json::Deserializer::from_slice(json);
    Value(&mut xml).deserialize(&mut document).ok()?;
    document.end().ok()?;
    xml.write_event(Event::End(root.to_end())).ok()?;
    Some(xml.into_inner())
}

/// Writes one JSON value as the content of the element that is open.
struct Value<'a>(&'a mut Xml);

impl Value<'_> {
    fn put<E: Error>(&mut self, event: Event<'_>) -> Result<(), E> {
        self.0.write_event(event).map_err(E::custom)
    }

    fn text<E: Error>(mut self, text: &str) -> Result<(), E> {
        self.put(Event::Text(BytesText::new(&storable(text))))
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.text(if value { "true" } else { "false" })
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.text(&value.to_string())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.text(&value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.text(&value.to_string())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.text(value)
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        loop {
            let before = self.0.get_ref().len();
            self.put(Event::Start(BytesStart::new("i")))?;
            if items.next_element_seed(Value(self.0))?.is_none() {
                self.0.get_mut().truncate(before);
                return Ok(());
            }
            self.put(Event::End(BytesEnd::new("i")))?;
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<(), A::Error> {
        while let Some(name) = fields.next_key::<String>()? {
            let before = self.0.get_ref().len();
            let element = element(&name);
            self.put(Event::Start(element.borrow()))?;
            let after = self.0.get_ref().len();
            fields.next_value_seed(Value(self.0))?;
            if self.0.get_ref().len() == after {
                self.0.get_mut().truncate(before);
                continue;
            }
            self.put(Event::End(element.to_end()))?;
        }
        Ok(())
    }
}

/// The element of a field.
fn element(name: &str) -> BytesStart<'_> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let is_name = name.bytes().all(plain) && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    match is_name {
        true => BytesStart::new(name),
        false => BytesStart::new("entry").with_attributes([("name", &*storable(name))]),
    }
}

/// A text without what XML 1.0 has no way to write.
fn storable(text: &str) -> Cow<'_, str> {
    let is_none = |c: char| matches!(c, '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    match text.contains(is_none) {
        true => Cow::Owned(text.replace(is_none, "")),
        false => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xml(json: &str) -> String {
        let whole = String::from_utf8(from_json(json.as_bytes(), "answer", ANSWER).unwrap()).unwrap();
        whole
            .split_once(":v1\">")
            .unwrap()
            .1
            .strip_suffix("</answer>")
            .unwrap()
            .to_owned()
    }

    #[test]
    fn fields_keep_their_names_and_order() {
        assert_eq!(
            xml(r#"{"z":1,"a":{"b":true,"c":null},"list":[{"x":"y"},"t"],"none":[]}"#),
            "<z>1</z><a><b>true</b></a><list><i><x>y</x></i><i>t</i></list>"
        );
    }

    #[test]
    fn nothing_breaks_out_of_its_element() {
        assert_eq!(
            xml(r#"{"a":"</a><b k=\"&\">"}"#),
            "<a>&lt;/a&gt;&lt;b k=&quot;&amp;&quot;&gt;</a>"
        );
        assert_eq!(xml(r#"{"a b>":"x"}"#), "<entry name=\"a b&gt;\">x</entry>");
        assert_eq!(xml("{\"a\":\"x\\u0000\\u0007y\"}"), "<a>xy</a>");
        assert_eq!(from_json(b"{\"a\":", "answer", ANSWER), None);
    }
}
