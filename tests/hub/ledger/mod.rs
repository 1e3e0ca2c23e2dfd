//! The ledger and its readers, each promise on both databases.

mod filing;
