//! `dvcqg-mc/v1`: one item of the National Public Service Portal's `DongBoHoSoMC`. Every value is a text.

use serde_json::{Value, json};

use crate::sim::filing::{Case, Way};
use crate::sim::report::seconds;

pub(super) fn value(case: &Case) -> Value {
    json!({})
}
