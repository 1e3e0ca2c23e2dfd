//! `lienthong`: the integration hub of a one-stop public service network.
//!
//! A dossier is filed at one office and decided at another. The hub takes it in the sender's own format, finds the agency that is
//! responsible and says why, carries it there, takes the agency's statuses back and gives them to whoever filed. It decides
//! nothing about the dossier itself. `README.md` says what it is for, `docs/GLOSSARY.md` what each word means.
//!
//! # The rooms
//!
//! Each top module is a room with one duty. Its first page says what it is, what it never does and where to start. They are named
//! here in the order in which they build on each other. `docs/ARCHITECTURE.md` has the table of who may import whom, and a test
//! (`tests/hub/imports.rs`) holds the code to it.
//!
//! **What is true, and who may ask.** Pure, but for the one place that reads the wall clock.
//!
//! * [`domain`]: ids, codes, the dossier, the ten statuses, routing, working time, every refusal, the shapes of all answers.
//! * [`clock`]: time and chance as values that are handed over, so that a test turns the one by hand and seeds the other.
//! * [`adapt`]: a partner's bytes to a canonical dossier and back, driven by the files under `adapters/`.
//! * [`identity`]: who calls and what they may do. An [`Access`](identity::Access) opens a [`Scope`](identity::Scope).
//!
//! **What the hub stands on.**
//!
//! * [`net`]: TLS material, the one maker of HTTP clients, and calls to partners, through a guard that judges each address.
//! * [`store`]: the memory, on PostgreSQL or SQLite. One thread writes, others read. The only room that knows diesel.
//! * [`broker`]: what carries messages to agencies, RabbitMQ or inside the process.
//! * [`blobs`]: the bytes of files, encrypted, in a folder or an S3 bucket.
//!
//! **What it does.**
//!
//! * [`service`]: the verbs of the [`Hub`](service::Hub): file, report, accept, read, follow, settle. Knows neither HTTP nor SQL.
//! * [`delivery`]: what moves by itself: outbox to broker, queues to inboxes, statuses home, events to submitters.
//! * [`http`]: the interface: three listeners, one table of routes, one dispatch.
//! * [`console`]: the pages for people. The same verbs, no powers of its own.
//!
//! **Who speaks to it.**
//!
//! * [`client`]: the partner's half of the conversation, as an engineer who integrates would write it.
//! * [`sim`]: a made-up city that files and decides, for the sandbox and the tests.
//! * [`bench`](mod@bench): measures a hub as it is installed, and looks whether what was accepted is where it belongs.
//!
//! **How it becomes a process.**
//!
//! * [`config`]: the settings. [`material`]: what they name, opened. [`telemetry`]: the log.
//! * [`app`]: puts the rooms together, starts and stops them.
//! * [`cli`]: the command line, one file a command.
//!
//! # Where to begin
//!
//! 1. [`domain::dossier::Filing`] is what a sender may say of a dossier; [`domain::lifecycle`] is what may happen to it.
//! 2. [`store::ledger::Request`] is everything that can be written, and [`store::read`] everything that can be asked.
//! 3. [`http::routes::TABLE`] is everything the interface offers.
//!
//! Then follow one dossier. [`http`] takes the call, [`adapt`] reads the bytes, [`domain::routing`] finds the agency, and
//! `service::intake` prepares one command, which [`store::ledger`] commits. `delivery::relay` hands the message to the [`broker`],
//! from which the agency has it. The agency's answer comes in by `service::statuses`, and the submitter reads it in its feed or is
//! told by [`delivery::outbound`]. `docs/ARCHITECTURE.md` walks this way slowly, `docs/decisions` says why it is as it is, and
//! `CONTRIBUTING.md` how to change it.

#![cfg_attr(
    test,
    expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::float_cmp,
        clippy::unnecessary_wraps,
        clippy::many_single_char_names,
        clippy::case_sensitive_file_extension_comparisons,
        reason = "a test counts small things, and compares what it wrote itself"
    )
)]

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
