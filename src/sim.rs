//! A city that answers: agencies that decide and submitters that file, for the sandbox, the demo and the benchmark.
//!
//! Everything here is a partner like any other: it speaks to the hub over [`crate::client`] (and, as an agency that consumes its
//! own queue, over [`crate::broker`]), writes its documents itself, and knows nothing of the hub's inside. So it is a second
//! reading of every format, written independently of the adapters.
//!
//! Persons, numbers and references are made up ([`person`]); every filing says that it is a test. Chance is a seed, the present
//! comes from a clock that is handed over; waiting is real time, because a demo is a program that runs.
//!
//! Start with [`demo::Demo`] and [`agency::run_agencies`].

pub mod agency;
pub mod catalogue;
pub mod demo;
pub mod desk;
pub mod file;
pub mod filing;
pub mod format;
mod ledger;
pub mod mailboxes;
mod office;
pub mod outcome;
pub mod person;
mod play;
mod pushed;
mod queue;
pub mod receiver;
pub mod report;
mod run;
pub mod script;
mod submitter;
mod told;
mod work;
