//! An answer as XML, from its JSON: element names are field names, in the same order.
//!
//! A list becomes `<i>` elements in the element of its field (RFC 7807, appendix A). A null is left out. The writer can make
//! nothing but well-formed XML: what XML 1.0 cannot hold is dropped from texts, and a name that is no XML name becomes
//! `<entry name="…">`.

use std::fmt::{self, Write as _};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// Namespace of problem documents.
pub(super) const PROBLEM: &str = "urn:ietf:rfc:7807";

/// Namespace of the hub's own answers.
pub(super) const ANSWER: &str = "urn:vn:lienthong:answer:v1";

/// The XML of a JSON document; `None` when it is not JSON.
pub(super) fn from_json(json: &[u8], root: &'static str, namespace: &'static str) -> Option<Vec<u8>> {
    let mut out = String::with_capacity(json.len() * 2);
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = write!(out, "<{root} xmlns=\"{namespace}\">");
    let mut document = serde_json::Deserializer::from_slice(json);
    Value(&mut out).deserialize(&mut document).ok()?;
    document.end().ok()?;
    let _ = write!(out, "</{root}>");
    Some(out.into_bytes())
}

/// Writes one JSON value as the content of the element that is open.
struct Value<'a>(&'a mut String);

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

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.0.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        write!(self.0, "{value}").map_err(E::custom)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        write!(self.0, "{value}").map_err(E::custom)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        write!(self.0, "{value}").map_err(E::custom)
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        escape(self.0, value);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        loop {
            let before = self.0.len();
            self.0.push_str("<i>");
            if items.next_element_seed(Value(self.0))?.is_none() {
                self.0.truncate(before);
                return Ok(());
            }
            self.0.push_str("</i>");
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(name) = fields.next_key::<String>()? {
            let before = self.0.len();
            let tag = open(self.0, &name).map_err(A::Error::custom)?;
            let after = self.0.len();
            fields.next_value_seed(Value(self.0))?;
            if self.0.len() == after {
                self.0.truncate(before);
                continue;
            }
            write!(self.0, "</{tag}>").map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

/// Opens the element of a field and says what closes it.
fn open<'a>(out: &mut String, name: &'a str) -> Result<&'a str, fmt::Error> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let is_name = name.bytes().all(plain) && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if is_name {
        write!(out, "<{name}>")?;
        return Ok(name);
    }
    out.push_str("<entry name=\"");
    escape(out, name);
    out.push_str("\">");
    Ok("entry")
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(c),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            c => out.push(c),
        }
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
