//! Where two JSON values differ, place by place.

use serde::Serialize;
use serde_json::{Map, Value};

/// One place where two values differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ValueChange {
    /// Where: a JSON Pointer, empty for the whole.
    pub path: String,
    /// What was there; none where there was nothing.
    pub before: Option<Value>,
    /// What is there now; none where there is nothing.
    pub after: Option<Value>,
}

/// Every place where two values differ, in order; a place that only one of them has is one, with all it holds.
pub fn value_changes(before: &Value, after: &Value) -> Vec<ValueChange> {
    let mut changes = Vec::new();
    compare(String::new(), Some(before), Some(after), &mut changes);
    changes
}

fn compare(path: String, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<ValueChange>) {
    match (before, after) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            for name in names(old, new) {
                compare(step(&path, name), old.get(name), new.get(name), changes);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            for number in 0..old.len().max(new.len()) {
                compare(
                    format!("{path}/{number}"),
                    old.get(number),
                    new.get(number),
                    changes,
                );
            }
        }
        (before, after) if before == after => {}
        (before, after) => changes.push(ValueChange {
            path,
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
}

fn names<'v>(old: &'v Map<String, Value>, new: &'v Map<String, Value>) -> Vec<&'v str> {
    let mut names: Vec<&str> = old.keys().chain(new.keys()).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn step(path: &str, name: &str) -> String {
    let mut path = path.to_owned();
    super::tree::push_json(&mut path, name);
    path
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_place_that_differs_is_named_once() {
        let before = json!({"a": 1, "b": {"c/d": [1, 2]}, "gone": {"x": 1}});
        let after = json!({"a": 1, "b": {"c/d": [1, 3, 4]}, "new": null});
        let told: Vec<String> = value_changes(&before, &after)
            .iter()
            .map(|c| format!("{} {:?} {:?}", c.path, c.before, c.after))
            .collect();
        assert_eq!(
            told,
            [
                "/b/c~1d/1 Some(Number(2)) Some(Number(3))",
                "/b/c~1d/2 None Some(Number(4))",
                "/gone Some(Object {\"x\": Number(1)}) None",
                "/new None Some(Null)",
            ]
        );
        assert_eq!(value_changes(&before, &before), []);
    }
}
