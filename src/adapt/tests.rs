//! Tests of the whole room; what concerns one file alone is tested beside it.

/// How the mapping of a made-up format begins; what follows may add to `[format]`.
macro_rules! made_up_format {
    ($rest:literal) => {
        concat!(
            "[format]\nname = \"thu\"\nversion = 1\ntitle_vi = \"Thử\"\ntitle_en = \"Trial\"\n",
            "unknown = \"warn\"\nempty = \"absent\"\n",
            $rest
        )
    };
}

mod checks;
mod documents;
mod drafting;
mod explaining;
mod faults;
mod foreign;
mod fuzz;
mod hostile;
mod keys;
mod language;
mod reading;
mod rendering;
mod round_trip;
mod samples;
mod schema;
mod writing;

use std::sync::LazyLock;

use super::Registry;

/// Compiled once: a property test asks for it hundreds of times.
static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::shipped);
