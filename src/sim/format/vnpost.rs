//! `vnpost-hcc/v1`: VNPost's `MDocument`.

use serde_json::{Value, json};

use crate::sim::filing::Case;

pub(super) fn value(case: &Case) -> Value {
    json!({})
}

pub(super) fn xml(case: &Case) -> String {
    String::new()
}
