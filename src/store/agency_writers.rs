//! Which version of a format writes to an agency: what a message is pinned to as it is committed.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

/// Numbers of versions by the key of the agency; exchanged whole when the directory or the formats in use are others.
#[derive(Default)]
pub struct AgencyWriters(ArcSwap<HashMap<String, i64>>);

impl AgencyWriters {
    /// The number of the version that writes to an agency; none while that is not known.
    pub fn of(&self, agency: &str) -> Option<i64> {
        self.0.load().get(agency).copied()
    }

    /// From now on.
    pub fn replace(&self, writers: HashMap<String, i64>) {
        self.0.store(Arc::new(writers));
    }
}
