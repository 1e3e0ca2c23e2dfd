//! How much may be uploaded, and what of it is on its way.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::domain::tenant::TenantKey;

/// How much may be uploaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadLimits {
    /// Bytes of one file.
    pub file: u64,
    /// Bytes of one tenant on their way at once.
    pub in_flight: u64,
    /// Bytes of one tenant that no dossier names, with those on their way.
    pub unused: u64,
    /// How long a file that no dossier names is kept.
    pub kept: Duration,
}

impl Default for UploadLimits {
    fn default() -> Self {
        const GIB: u64 = 1024 * 1024 * 1024;
        UploadLimits {
            file: 2 * GIB,
            in_flight: 8 * GIB,
            unused: 20 * GIB,
            kept: Duration::from_secs(72 * 3600),
        }
    }
}

/// Bytes on their way, by tenant.
#[derive(Default)]
pub(in crate::service) struct InFlight(Mutex<HashMap<TenantKey, u64>>);

/// Some bytes of the quota; given back when dropped.
pub(super) struct Share {
    pub(super) of: Arc<InFlight>,
    pub(super) tenant: TenantKey,
    pub(super) bytes: u64,
}

impl Share {
    /// Takes more; false, and nothing taken, when that is more than `limit` altogether.
    pub(super) fn grow(&mut self, bytes: u64, limit: u64) -> bool {
        let mut taken = self.of.0.lock();
        let all = taken.entry(self.tenant.clone()).or_default();
        if all.saturating_add(bytes) > limit {
            return false;
        }
        *all += bytes;
        self.bytes += bytes;
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.of.0.lock();
        if let Some(all) = taken.get_mut(&self.tenant) {
            *all -= self.bytes;
            if *all == 0 {
                taken.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_a_tenant_is_bounded_and_given_back() {
        let all = Arc::new(InFlight::default());
        let tenant: TenantKey = "branch.tay-ho".parse().unwrap();
        let share = |of: &Arc<InFlight>| Share {
            of: Arc::clone(of),
            tenant: tenant.clone(),
            bytes: 0,
        };
        let (mut one, mut two) = (share(&all), share(&all));
        assert!(one.grow(60, 100) && two.grow(40, 100) && !two.grow(1, 100));
        drop(one);
        assert_eq!(all.0.lock().get(&tenant), Some(&40));
        assert!(two.grow(60, 100));
        drop(two);
        assert!(all.0.lock().is_empty());
    }
}
