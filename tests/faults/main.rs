//! Faults as ordinary tests: the hub is killed in the middle of its work, and nothing is missing, nothing doubled.

mod away;
mod batch;
mod kill;
mod line;
mod stack;
