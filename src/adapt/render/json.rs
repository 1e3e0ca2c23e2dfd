//! Writes a document in JSON.

use serde_json::{Map, Value};

use super::layout::Layout;
use super::node::{Group, Node};
use super::plan::Written;

/// The document, or a part of it.
pub(super) fn value(group: Group, layout: &Layout) -> Value {
    match group.value {
        Some(Written::Text(text)) => return Value::String(text),
        Some(Written::Whole(number)) => return number.into(),
        Some(Written::Flag(flag)) => return Value::Bool(flag),
        None => {}
    }
    let mut map = Map::new();
    for (node, (name, inner)) in group.inside.into_iter().zip(&layout.names) {
        let written = match node {
            None => continue,
            Some(Node::Group(group)) => value(group, inner),
            Some(Node::Rows(rows)) => rows.into_iter().map(|row| value(row, inner)).collect(),
        };
        map.insert(name.local.to_string(), written);
    }
    Value::Object(map)
}
