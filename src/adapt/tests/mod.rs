//! Tests of the whole room; what concerns one file alone is tested beside it.

mod documents;
mod samples;
mod schema;
