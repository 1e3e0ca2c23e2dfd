//! Whose commands the database refused. A fault costs the tenant that sent it: after the first its commands are played apart from
//! everybody else's for a while, and after a few it is slowed.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;

use super::requests::Sender;
use crate::domain::time::Timestamp;

/// A fault is remembered for so long after the last one.
pub const FAULTS_REMEMBERED: Duration = Duration::from_secs(600);

/// So many faults remembered of a tenant, and it is slowed.
pub const FAULTS_ALLOWED: u32 = 5;

/// How long a tenant is slowed the first time; each further fault doubles it …
pub const FIRST_PAUSE: Duration = Duration::from_secs(30);

/// … up to this.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// What is remembered of one tenant.
#[derive(Clone, Copy, Debug)]
struct Standing {
    faults: u32,
    /// Every fault since the hub started.
    total: u64,
    last: Timestamp,
    until: Option<Timestamp>,
}

/// The faults of all tenants. Only tenants of the register are in it, so it is as small as the register.
#[derive(Default)]
pub(super) struct Faults {
    of: Mutex<HashMap<String, Standing>>,
}

impl Faults {
    fn with<T>(&self, work: impl FnOnce(&mut HashMap<String, Standing>) -> T) -> T {
        work(&mut self.of.lock())
    }

    /// Notes a fault. Says for how long its tenant is slowed now, if it is.
    pub(super) fn note(&self, sender: &Sender<'_>, now: Timestamp) -> Option<Duration> {
        self.with(|of| {
            let standing = of.entry(sender.tenant.to_owned()).or_insert(Standing {
                faults: 0,
                total: 0,
                last: now,
                until: None,
            });
            if now.since(standing.last) > FAULTS_REMEMBERED {
                standing.faults = 0;
            }
            standing.faults += 1;
            standing.total += 1;
            standing.last = now;
            let over = standing.faults.checked_sub(FAULTS_ALLOWED)?;
            if !sender.may_be_slowed {
                return None;
            }
            let pause = FIRST_PAUSE.saturating_mul(1 << over.min(10)).min(LONGEST_PAUSE);
            standing.until = Some(now.plus(pause));
            Some(pause)
        })
    }

    /// For how long a tenant is still slowed.
    pub(super) fn slowed(&self, tenant: &str, now: Timestamp) -> Option<Duration> {
        self.with(|of| {
            let left = of.get(tenant)?.until?.since(now);
            (!left.is_zero()).then_some(left)
        })
    }

    /// Whether a tenant had a fault lately.
    pub(super) fn suspect(&self, tenant: &str, now: Timestamp) -> bool {
        self.with(|of| {
            of.get(tenant)
                .is_some_and(|standing| now.since(standing.last) <= FAULTS_REMEMBERED)
        })
    }

    /// Faults of each tenant since the hub started.
    pub(super) fn totals(&self) -> Vec<(String, u64)> {
        self.with(|of| {
            of.iter()
                .map(|(tenant, standing)| (tenant.clone(), standing.total))
                .collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tenant::Actor;

    #[test]
    fn five_faults_slow_a_tenant_each_more_for_longer_and_ten_quiet_minutes_forget_them() {
        let faults = Faults::default();
        let sender = Sender::named("branch.tay-ho");
        let mut now = Timestamp::from_micros(0);
        for _ in 1..FAULTS_ALLOWED {
            assert_eq!(faults.note(&sender, now), None);
        }
        assert!(faults.suspect("branch.tay-ho", now) && faults.slowed("branch.tay-ho", now).is_none());
        assert!(!faults.suspect("branch.ha-dong", now));
        assert_eq!(faults.note(&sender, now), Some(FIRST_PAUSE));
        assert_eq!(faults.slowed("branch.tay-ho", now), Some(FIRST_PAUSE));
        assert_eq!(faults.note(&sender, now), Some(FIRST_PAUSE * 2));
        for _ in 0..20 {
            faults.note(&sender, now);
        }
        assert_eq!(faults.slowed("branch.tay-ho", now), Some(LONGEST_PAUSE));
        now = now.plus(LONGEST_PAUSE);
        assert_eq!(faults.slowed("branch.tay-ho", now), None);
        now = now.plus(Duration::from_secs(1));
        assert!(!faults.suspect("branch.tay-ho", now));
        assert_eq!(faults.note(&sender, now), None);
        assert_eq!(faults.totals(), [("branch.tay-ho".to_owned(), 27)]);
    }

    #[test]
    fn an_operator_is_counted_and_not_slowed() {
        let faults = Faults::default();
        let sender = Sender::actor(&Actor::hub()).tenant.to_owned();
        for _ in 0..20 {
            assert_eq!(
                faults.note(&Sender::named(&sender), Timestamp::from_micros(0)),
                None
            );
        }
        assert_eq!(faults.slowed(&sender, Timestamp::from_micros(0)), None);
    }
}
