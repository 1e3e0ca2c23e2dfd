//! Limits and sizes of the store.

/// Limits and sizes of the store (docs/LIMITS.md).
#[derive(Clone, Copy, Debug)]
pub struct StoreSizes {
    /// Commands in one commit at most.
    pub batch: usize,
    /// Commands that may wait for the ledger.
    pub ledger_queue: usize,
    /// Reader threads.
    pub readers: usize,
    /// Reads that may wait.
    pub read_queue: usize,
}

impl Default for StoreSizes {
    fn default() -> Self {
        StoreSizes {
            batch: 128,
            ledger_queue: 1024,
            readers: 4,
            read_queue: 1024,
        }
    }
}
