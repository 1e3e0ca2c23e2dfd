//! What is not there: a field that is left out, and one that is `null`, are the same, for values, lists and structures.

use serde::{Deserialize, Deserializer};

/// Reads a value; null is what it is when it is left out.
///
/// # Errors
/// Those of the value.
pub fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}
