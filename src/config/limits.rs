//! `[limits]`

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::Faults;

/// How much of everything; what happens at each limit is in `docs/LIMITS.md`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Writes that may wait for the ledger; the next is answered 503 `queue-full`.
    pub ledger_queue: usize,
    /// Writes in one commit at most.
    pub batch: usize,
    /// Reader threads, each with a connection to the database.
    pub readers: usize,
    /// Reads that may wait for a reader; the next is answered 503.
    pub read_queue: usize,
    /// Requests of one tenant in work at once; the next is answered 429 before its body is read.
    pub tenant_in_flight: usize,
    /// Connections of one listener at once; further ones wait to be accepted.
    pub connections: usize,
    /// Threads that serve requests; 0 for as many as the machine has processors.
    pub workers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            ledger_queue: 1024,
            batch: 128,
            readers: 4,
            read_queue: 1024,
            tenant_in_flight: 64,
            connections: 8192,
            workers: 0,
        }
    }
}

pub(super) const EXAMPLE: &str = r#"[limits]
# Writes that may wait for the ledger; the next is answered 503 queue-full. 1 to 65536.
# ledger_queue = 1024
# Writes in one commit at most. 1 to 1024.
# batch = 128
# Reader threads, each with a connection to the database. 1 to 64; few are fastest.
# readers = 4
# Reads that may wait for a reader; the next is answered 503. 1 to 65536.
# read_queue = 1024
# Requests of one tenant in work at once; the next is answered 429 before its body is read. 1 to 10000.
# tenant_in_flight = 64
# Connections of one listener at once; further ones wait to be accepted. 16 to 100000.
# connections = 8192
# Threads that serve requests; 0 for as many as the machine has processors. 0 to 256.
# workers = 0
"#;

impl Limits {
    pub(super) fn check(&self, faults: &mut Faults) {
        for (name, value, least, most) in [
            ("ledger_queue", self.ledger_queue, 1, 65_536),
            ("batch", self.batch, 1, 1024),
            ("readers", self.readers, 1, 64),
            ("read_queue", self.read_queue, 1, 65_536),
            ("tenant_in_flight", self.tenant_in_flight, 1, 10_000),
            ("connections", self.connections, 16, 100_000),
            ("workers", self.workers, 0, 256),
        ] {
            faults.bounds(&format!("limits.{name}"), value as u64, least, most);
        }
    }
}
