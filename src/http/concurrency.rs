//! How much of the hub one caller may take at once: requests in flight of a tenant, connections of an address, look-ups.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use quick_cache::unsync::Cache;

use crate::domain::rejection::{Rejection, problems};
use crate::domain::time::Timestamp;

use super::limits;

/// Requests by tenant, or connections by address. An entry lives only as long as one of them.
pub(super) struct ConcurrencyLimiter<K: Hash + Eq> {
    taken: Mutex<HashMap<K, usize>>,
    each: usize,
}

/// A place; free again when dropped, whatever happened to what had it.
pub(super) struct Slot<K: Hash + Eq> {
    limiter: Arc<ConcurrencyLimiter<K>>,
    of: K,
}

impl<K: Hash + Eq + Clone> ConcurrencyLimiter<K> {
    /// So many places for each.
    pub(super) fn new(each: usize) -> Self {
        ConcurrencyLimiter {
            taken: Mutex::default(),
            each,
        }
    }

    /// Takes a place, if one is left.
    pub(super) fn take(self: &Arc<Self>, of: &K) -> Option<Slot<K>> {
        let mut taken = self.taken.lock();
        let count = taken.entry(of.clone()).or_default();
        if *count >= self.each {
            return None;
        }
        *count += 1;
        Some(Slot {
            limiter: Arc::clone(self),
            of: of.clone(),
        })
    }

    /// Takes a place for a request, or says when to come again.
    pub(super) fn request(self: &Arc<Self>, of: &K) -> Result<Slot<K>, Rejection> {
        self.take(of).ok_or_else(|| later(limits::RETRY_RATE))
    }
}

impl<K: Hash + Eq> Drop for Slot<K> {
    fn drop(&mut self) {
        let mut taken = self.limiter.taken.lock();
        if let Some(count) = taken.get_mut(&self.of) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.of);
            }
        }
    }
}

/// Wrong look-ups, within the minute they began. Right ones are not counted: behind one address may be a whole city, and behind one
/// dossier a family. What is counted is forgotten when there is too much of it, so that no number of strangers shuts anybody out;
/// what a look-up costs is bounded by itself.
pub(super) struct Attempts {
    counted: Mutex<Cache<Counted, Tries>>,
    keys: RandomState,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Counted {
    /// An IPv4 address, or an IPv6 /64.
    Address(IpAddr),
    /// An IPv6 /48: whoever has one has 65,536 of the others.
    Site(IpAddr),
    /// What was looked for.
    Key(u64),
}

#[derive(Clone, Copy)]
struct Tries {
    begun: Timestamp,
    number: u32,
}

const MINUTE: std::time::Duration = std::time::Duration::from_secs(60);

impl Default for Attempts {
    fn default() -> Self {
        Attempts {
            counted: Mutex::new(Cache::new(limits::LOOKUPS_COUNTED)),
            keys: RandomState::new(),
        }
    }
}

impl Attempts {
    /// Whether no more wrong look-ups are answered from this address, or for this key.
    pub(super) fn exhausted(&self, from: Option<IpAddr>, key: &str, now: Timestamp) -> bool {
        let counted = self.counted.lock();
        self.all(from, key).into_iter().flatten().any(|(what, most)| {
            let tries = counted.get(&what);
            tries.is_some_and(|t| t.number >= most && now.since(t.begun) < MINUTE)
        })
    }

    /// Counts a wrong look-up.
    ///
    /// # Errors
    /// `rate-limited`, when there were enough of them.
    pub(super) fn wrong(&self, from: Option<IpAddr>, key: &str, now: Timestamp) -> Result<(), Rejection> {
        if self.exhausted(from, key, now) {
            return Err(later(limits::RETRY_LOOKUP));
        }
        let mut counted = self.counted.lock();
        for (what, _) in self.all(from, key).into_iter().flatten() {
            let before = counted
                .get(&what)
                .copied()
                .filter(|t| now.since(t.begun) < MINUTE);
            let tries = before.map_or(
                Tries {
                    begun: now,
                    number: 1,
                },
                |t| Tries {
                    number: t.number + 1,
                    ..t
                },
            );
            counted.insert(what, tries);
        }
        Ok(())
    }

    /// What a look-up is counted under, and how often.
    fn all(&self, from: Option<IpAddr>, key: &str) -> [Option<(Counted, u32)>; 3] {
        let site = match from.map(|from| from.to_canonical()) {
            Some(IpAddr::V6(v6)) => Some(IpAddr::V6((v6.to_bits() & (u128::MAX << 80)).into())),
            _ => None,
        };
        [
            from.map(|from| (Counted::Address(neighbourhood(from)), limits::LOOKUPS_PER_MINUTE)),
            site.map(|site| (Counted::Site(site), limits::LOOKUPS_PER_SITE)),
            Some((Counted::Key(self.keys.hash_one(key)), limits::LOOKUPS_PER_KEY)),
        ]
    }
}

/// Too much now; in so many seconds again.
fn later(seconds: u32) -> Rejection {
    problems::RateLimited {
        retry_after: &seconds,
    }
    .into()
}

/// An IPv6 subscriber has a whole /64, so that is what is counted.
pub(super) fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rejection::Label;
    use crate::domain::tenant::TenantKey;

    #[test]
    fn a_tenant_has_its_places_and_no_more_and_another_is_not_touched() {
        let limiter = Arc::new(ConcurrencyLimiter::new(limits::IN_FLIGHT_PER_TENANT));
        let tenant: TenantKey = "branch.tay-ho".parse().unwrap();
        let mut held: Vec<Slot<TenantKey>> = (0..limits::IN_FLIGHT_PER_TENANT)
            .map(|_| limiter.take(&tenant).unwrap())
            .collect();
        assert_eq!(
            limiter.request(&tenant).err().unwrap().label(),
            Label::RateLimited
        );
        assert!(limiter.take(&"branch.ha-dong".parse().unwrap()).is_some());
        held.pop();
        held.push(limiter.take(&tenant).unwrap());
        assert!(limiter.take(&tenant).is_none());
        drop(held);
        assert!(limiter.taken.lock().is_empty());
    }

    fn start() -> Timestamp {
        Timestamp::from_micros(1_800_000_000_000_000)
    }

    /// A key nobody else looks for.
    fn key(n: u32) -> String {
        format!("dos_{n:032x}")
    }

    #[test]
    fn an_address_may_be_wrong_so_often_in_a_minute() {
        let (attempts, start) = (Attempts::default(), start());
        let from: IpAddr = "2001:db8::1".parse().unwrap();
        for n in 0..limits::LOOKUPS_PER_MINUTE {
            attempts.wrong(Some(from), &key(n), start).unwrap();
        }
        let (beside, neighbour): (IpAddr, IpAddr) =
            ("2001:db8::2".parse().unwrap(), "2001:db8:0:1::1".parse().unwrap());
        assert!(
            attempts.wrong(Some(beside), &key(900), start).is_err(),
            "the same /64"
        );
        assert!(attempts.wrong(Some(neighbour), &key(901), start).is_ok());
        assert!(
            attempts
                .wrong(Some("192.0.2.1".parse().unwrap()), &key(902), start)
                .is_ok()
        );
        assert!(attempts.wrong(Some(from), &key(903), start.plus(MINUTE)).is_ok());
    }

    #[test]
    fn one_key_may_be_tried_so_often_from_wherever() {
        let (attempts, start) = (Attempts::default(), start());
        let from = |n: u32| Some(IpAddr::V4(n.into()));
        for n in 0..limits::LOOKUPS_PER_KEY {
            attempts.wrong(from(n), "H26.15-261120-0001", start).unwrap();
        }
        assert!(attempts.wrong(from(900), "H26.15-261120-0001", start).is_err());
        assert!(attempts.exhausted(from(900), "H26.15-261120-0001", start));
        assert!(attempts.wrong(from(900), "H26.15-261120-0002", start).is_ok());
    }

    #[test]
    fn a_whole_site_is_one_stranger_and_shuts_nobody_out() {
        let (attempts, start) = (Attempts::default(), start());
        let of_site = |n: u128| IpAddr::V6(((0x2001_0db8_u128 << 96) | (n << 64) | 1).into());
        let mut taken = 0;
        for n in 0..65_536 {
            taken += u32::from(attempts.wrong(Some(of_site(n)), &key(n as u32), start).is_ok());
        }
        assert_eq!(taken, limits::LOOKUPS_PER_SITE);
        assert!(
            attempts
                .wrong(Some("2001:db8:1::1".parse().unwrap()), "x", start)
                .is_ok()
        );
    }

    #[test]
    fn more_addresses_than_are_counted_shut_nobody_out() {
        let (attempts, start) = (Attempts::default(), start());
        for n in 0..3 * limits::LOOKUPS_COUNTED as u32 {
            attempts
                .wrong(Some(IpAddr::V4(n.into())), &key(n), start)
                .unwrap();
        }
        let new = Some(IpAddr::V4(u32::MAX.into()));
        assert!(!attempts.exhausted(new, "another", start) && attempts.wrong(new, "another", start).is_ok());
        let counted = attempts.counted.lock();
        assert!(counted.len() <= limits::LOOKUPS_COUNTED, "{}", counted.len());
    }
}
