//! How much of the hub one caller may take at once: requests in flight of a tenant, look-ups of an address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::rejection::{Label, Rejection};
use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;

use super::{limits, problem};

/// Requests in flight by tenant. An entry lives only as long as a request of it.
pub(super) struct Seats {
    taken: Mutex<HashMap<TenantKey, usize>>,
    each: usize,
}

/// A request's place; free again when dropped, whatever happened to the request.
pub(super) struct Seat {
    seats: Arc<Seats>,
    tenant: TenantKey,
}

impl Seats {
    /// So many places for each tenant.
    pub(super) fn new(each: usize) -> Self {
        Seats {
            taken: Mutex::default(),
            each,
        }
    }

    /// Takes a place for a request of this tenant.
    pub(super) fn take(self: &Arc<Self>, tenant: &TenantKey) -> Result<Seat, Rejection> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(tenant.clone()).or_default();
        if *count >= self.each {
            return Err(problem::retry(Label::RateLimited, limits::RETRY_RATE));
        }
        *count += 1;
        Ok(Seat {
            seats: Arc::clone(self),
            tenant: tenant.clone(),
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.tenant) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.tenant);
            }
        }
    }
}

/// Look-ups by address, within the minute they began.
#[derive(Default)]
pub(super) struct Attempts {
    counted: Mutex<HashMap<IpAddr, (Timestamp, u32)>>,
}

const MINUTE: std::time::Duration = std::time::Duration::from_secs(60);

impl Attempts {
    /// Counts one look-up of an address.
    pub(super) fn count(&self, from: IpAddr, now: Timestamp) -> Result<(), Rejection> {
        let refused = || problem::retry(Label::RateLimited, limits::RETRY_LOOKUP);
        let from = neighbourhood(from);
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.len() >= limits::LOOKUP_ADDRESSES && !counted.contains_key(&from) {
            counted.retain(|_, (begun, _)| now.since(*begun) < MINUTE);
            if counted.len() >= limits::LOOKUP_ADDRESSES {
                return Err(refused());
            }
        }
        let (begun, tries) = counted.entry(from).or_insert((now, 0));
        if now.since(*begun) >= MINUTE {
            (*begun, *tries) = (now, 0);
        }
        if *tries >= limits::LOOKUPS_PER_MINUTE {
            return Err(refused());
        }
        *tries += 1;
        Ok(())
    }
}

/// An IPv6 subscriber has a whole /64, so that is what is counted.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_has_its_places_and_no_more_and_another_is_not_touched() {
        let seats = Arc::new(Seats::new(limits::IN_FLIGHT_PER_TENANT));
        let tenant: TenantKey = "branch.tay-ho".parse().unwrap();
        let mut held: Vec<Seat> = (0..limits::IN_FLIGHT_PER_TENANT)
            .map(|_| seats.take(&tenant).unwrap())
            .collect();
        assert_eq!(seats.take(&tenant).err().unwrap().label(), Label::RateLimited);
        assert!(seats.take(&"branch.ha-dong".parse().unwrap()).is_ok());
        held.pop();
        held.push(seats.take(&tenant).unwrap());
        assert!(seats.take(&tenant).is_err());
        drop(held);
        assert!(seats.taken.lock().unwrap().is_empty());
    }

    #[test]
    fn an_address_may_try_so_often_in_a_minute() {
        let attempts = Attempts::default();
        let start = Timestamp::from_micros(1_800_000_000_000_000);
        let from: IpAddr = "2001:db8::1".parse().unwrap();
        for _ in 0..limits::LOOKUPS_PER_MINUTE {
            attempts.count(from, start).unwrap();
        }
        assert!(
            attempts.count("2001:db8::2".parse().unwrap(), start).is_err(),
            "the same /64"
        );
        assert!(attempts.count("2001:db8:0:1::1".parse().unwrap(), start).is_ok());
        assert!(attempts.count("192.0.2.1".parse().unwrap(), start).is_ok());
        assert!(attempts.count(from, start.plus(MINUTE)).is_ok());
    }

    #[test]
    fn a_full_table_makes_a_new_address_wait_until_old_ones_are_over() {
        let attempts = Attempts::default();
        let start = Timestamp::from_micros(1_800_000_000_000_000);
        for n in 0..limits::LOOKUP_ADDRESSES as u32 {
            attempts.count(IpAddr::V4(n.into()), start).unwrap();
        }
        let new = IpAddr::V4(u32::MAX.into());
        assert!(attempts.count(new, start).is_err());
        assert!(attempts.count(IpAddr::V4(0.into()), start).is_ok());
        assert!(attempts.count(new, start.plus(MINUTE)).is_ok());
    }
}
