//! How many refused documents of one tenant are kept in a minute.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;

use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;

/// Refused documents of one tenant that are kept, or counted again, in a minute: a whole batch, and some. Those beyond are refused all
/// the same, without a name to ask by.
pub const KEPT_PER_MINUTE: u32 = 12_000;

/// How many each tenant had kept, within the minute that began then.
#[derive(Default)]
pub(super) struct Rate(Mutex<HashMap<TenantKey, (Timestamp, u32)>>);

impl Rate {
    /// Counts one, if it may be kept. One entry for each tenant that ever was refused.
    pub(super) fn take(&self, tenant: &TenantKey, now: Timestamp) -> bool {
        let mut kept = self.0.lock();
        let (begun, number) = kept.entry(tenant.clone()).or_insert((now, 0));
        if now.since(*begun) >= MINUTE {
            (*begun, *number) = (now, 0);
        }
        let room = *number < KEPT_PER_MINUTE;
        *number += u32::from(room);
        room
    }
}

const MINUTE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tenant_s_refusals_are_kept_so_often_and_another_is_not_touched() {
        let rate = Rate::default();
        let (one, other): (TenantKey, TenantKey) =
            ("agent.a-001".parse().unwrap(), "agent.a-002".parse().unwrap());
        let start = Timestamp::from_micros(1_800_000_000_000_000);
        assert!((0..KEPT_PER_MINUTE).all(|_| rate.take(&one, start)));
        assert!(!rate.take(&one, start) && rate.take(&other, start));
        assert!(rate.take(&one, start.plus(MINUTE)));
    }
}
