//! Documents in XML.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesStart, BytesText, Event};
use serde_json::Value;

type Xml = Writer<Vec<u8>>;

/// A tree as a document: a member is an element of its name, an item of a list an element named by `item`.
pub(super) fn document(
    root: &str,
    namespace: Option<&str>,
    tree: &Value,
    item: &dyn Fn(&str) -> &str,
) -> String {
    let mut xml = Writer::new(Vec::new());
    let start = BytesStart::new(root).with_attributes(namespace.map(|space| ("xmlns", space)));
    let declaration = BytesDecl::new("1.0", Some("UTF-8"), None);
    let written = xml.write_event(Event::Decl(declaration)).and_then(|()| {
        xml.get_mut().push(b'\n');
        element(&mut xml, root, &start, tree, item)
    });
    debug_assert!(written.is_ok(), "writing to memory cannot fail");
    String::from_utf8(xml.into_inner()).unwrap_or_default()
}

fn element(
    xml: &mut Xml,
    name: &str,
    start: &BytesStart<'_>,
    value: &Value,
    item: &dyn Fn(&str) -> &str,
) -> std::io::Result<()> {
    xml.write_event(Event::Start(start.borrow()))?;
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                element(xml, name, &BytesStart::new(name), member, item)?;
            }
        }
        Value::Array(items) => {
            let name = item(name);
            for one in items {
                element(xml, name, &BytesStart::new(name), one, item)?;
            }
        }
        Value::String(text) => xml.write_event(Event::Text(BytesText::new(text)))?,
        Value::Null => {}
        other => xml.write_event(Event::Text(BytesText::new(&other.to_string())))?,
    }
    xml.write_event(Event::End(start.to_end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_is_escaped_and_lists_are_elements() {
        let tree = json!({ "a": "1 < 2 & \"3\"", "list": [1, true] });
        assert_eq!(
            document("r", Some("urn:x"), &tree, &|_| "item"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<r xmlns=\"urn:x\"><a>1 &lt; 2 &amp; &quot;3&quot;</a>\
             <list><item>1</item><item>true</item></list></r>"
        );
    }
}
