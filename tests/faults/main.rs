//! Faults as ordinary tests: the hub is killed in the middle of its work, and nothing is missing, nothing doubled. And the whole city
//! once without any.

#![expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "a test counts small things, and compares what it wrote itself"
)]

mod away;
mod batch;
mod bench;
mod city;
mod files;
mod full;
mod installation;
mod interrupted;
mod keys;
mod kill;
mod line;
mod operator;
mod production;
mod renewed;
mod stack;
mod told;
