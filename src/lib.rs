//! `lienthong`: the integration hub of a one-stop public service network.
//!
//! The rooms, and who may import whom, are in `docs/ARCHITECTURE.md`; a test holds the code to that table. Begin with
//! [`domain`], which is what is true, then follow one dossier: `http` → `adapt` → `service::intake` → `store::ledger` →
//! `delivery::relay` → `broker` → the agency → `service::statuses` → the submitter's feed.

pub mod adapt;
pub mod app;
pub mod bench;
pub mod blobs;
pub mod broker;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod console;
pub mod delivery;
pub mod domain;
pub mod http;
pub mod identity;
pub mod material;
pub mod net;
pub mod service;
pub mod sim;
pub mod store;
pub mod telemetry;
