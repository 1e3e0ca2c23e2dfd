//! `[limits]`

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::Faults;

/// How much of everything; what happens at each limit is in `docs/LIMITS.md`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "Limits", deny_unknown_fields, default)]
pub struct LimitSettings {
    /// Writes that may wait for the ledger; the next is answered 503 `queue-full`.
    pub ledger_queue: usize,
    /// Writes in one commit at most.
    pub batch: usize,
    /// Reader threads, each with a connection to the database.
    pub readers: usize,
    /// Reads that may wait for a reader; the next is answered 503.
    pub read_queue: usize,
    /// Open connections of one address (IPv6: of a /64) to one listener; the next one is closed.
    pub connections_per_address: usize,
}

impl Default for LimitSettings {
    fn default() -> Self {
        LimitSettings {
            ledger_queue: 1024,
            batch: 128,
            readers: 4,
            read_queue: 1024,
            connections_per_address: 1024,
        }
    }
}

pub(super) const EXAMPLE: &str = r"[limits]
# Writes that may wait for the ledger; the next is answered 503 queue-full. 1 to 65536.
# ledger_queue = 1024
# Writes in one commit at most. 1 to 1024.
# batch = 128
# Reader threads, each with a connection to the database. 1 to 64; few are fastest.
# readers = 4
# Reads that may wait for a reader; the next is answered 503. 1 to 65536.
# read_queue = 1024
# Open connections of one address (IPv6: of a /64) to one listener; the next one is closed. 1 to 8192. A balancer that passes TCP on
# without a PROXY header is one address.
# connections_per_address = 1024
";

impl LimitSettings {
    pub(super) fn check(&self, faults: &mut Faults) {
        for (name, value, least, most) in [
            ("ledger_queue", self.ledger_queue, 1, 65_536),
            ("batch", self.batch, 1, 1024),
            ("readers", self.readers, 1, 64),
            ("read_queue", self.read_queue, 1, 65_536),
            ("connections_per_address", self.connections_per_address, 1, 8192),
        ] {
            faults.bounds(&format!("limits.{name}"), value as u64, least, most);
        }
    }
}
