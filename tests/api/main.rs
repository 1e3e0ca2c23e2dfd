//! The interface as partners meet it: a real hub in this process, spoken to over real TLS sockets with real certificates.
//!
//! Each module has a hub of its own, started once ([`house`]); tests of a module share it and use tenants, references and keys
//! of their own. Everything the hub logs is kept in memory, so that a test can look for what must never be there.
//!
//! `authz.txt` is the reviewed matrix of who gets what status where; `UPDATE=1` rewrites it.

#![expect(
    clippy::assigning_clones,
    clippy::cast_possible_truncation,
    clippy::float_cmp,
    clippy::large_stack_arrays,
    reason = "a test counts small things, and compares what it wrote itself"
)]

mod authentication;
mod authorisation;
mod bad_input;
mod batch;
mod connections;
mod documents;
mod field;
mod files;
mod house;
mod inline_files;
mod intake;
mod life;
mod limits;
mod look_up;
mod privacy;
mod published;
mod restart;
mod slow;
