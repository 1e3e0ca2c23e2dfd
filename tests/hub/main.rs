//! The hub as a whole, from the inside: the ledger and its readers on both databases, the verbs over a real store and a real
//! broker, and what holds the source to its documents. Whoever speaks HTTP is not here.
//!
//! Needs a PostgreSQL named by `LIENTHONG_TEST_POSTGRES` and a RabbitMQ named by `LIENTHONG_TEST_AMQP` and
//! `LIENTHONG_TEST_AMQP_ADMIN` (`tests/run` provides both) and fails without. [`backends`] says how one body runs on both
//! databases.

#![expect(
    clippy::assigning_clones,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::case_sensitive_file_extension_comparisons,
    clippy::large_stack_arrays,
    clippy::unnecessary_wraps,
    reason = "a test counts small things, and compares what it wrote itself"
)]

mod acts;
mod assignment;
mod backends;
mod blobs;

mod batch;
mod checks;
mod circles;
mod city;
mod codes;
mod cursors;
mod duplicates;
mod endpoint;
mod errors;
mod formats;
mod imports;
mod issued;
mod joint;
mod ledger;
mod lengths;
mod libraries;
mod limits;
mod log;
mod names;

mod papers;
mod parties;
mod pooled;
mod refusals;
mod reorganised;
mod round;
mod schema;
mod scopes;
mod sealed;
mod search;
mod standing;
mod told;
mod watching;
mod words;
