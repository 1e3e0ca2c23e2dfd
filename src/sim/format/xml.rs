//! Just enough XML to write a document, escaped.

use std::fmt::Write;

use serde_json::Value;

/// A tree as a document: a member is an element of its name, an item of a list an element named by `item`.
pub(super) fn document(
    root: &str,
    namespace: Option<&str>,
    tree: &Value,
    item: &dyn Fn(&str) -> &str,
) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let namespace = namespace.map(|n| format!(" xmlns=\"{n}\"")).unwrap_or_default();
    element(&mut out, root, &namespace, tree, item);
    out
}

fn element(out: &mut String, name: &str, attributes: &str, value: &Value, item: &dyn Fn(&str) -> &str) {
    // Writing to a string cannot fail.
    let _ = write!(out, "<{name}{attributes}>");
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                element(out, name, "", member, item);
            }
        }
        Value::Array(items) => {
            for one in items {
                element(out, item(name), "", one, item);
            }
        }
        Value::String(text) => escape(out, text),
        Value::Null => {}
        other => out.push_str(&other.to_string()),
    }
    let _ = write!(out, "</{name}>");
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
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
