//! When to ask again, and how long to wait before it. Pure.

use std::time::Duration;

use rand::{Rng, RngExt};

/// How patiently a call is repeated. Whichever bound is reached first ends it.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// Calls in all, the first included.
    pub attempts: u32,
    /// Wait after the first failure; doubles with each further one.
    pub first: Duration,
    /// Longest wait between two calls, also where the hub asks for a longer one.
    pub longest: Duration,
    /// No further call begins later than this after the first.
    pub patience: Duration,
}

impl Retry {
    /// For a person or a program that wants an answer: at most five calls within 30 seconds.
    pub const BRIEF: Retry = Retry {
        attempts: 5,
        first: Duration::from_millis(200),
        longest: Duration::from_secs(5),
        patience: Duration::from_secs(30),
    };

    /// For a program that must get through while the hub restarts: up to three minutes.
    pub const PATIENT: Retry = Retry {
        attempts: 1_000,
        first: Duration::from_millis(100),
        longest: Duration::from_secs(2),
        patience: Duration::from_secs(180),
    };

    /// How long to wait after `failures` failed calls, `elapsed` after the first began; `None` to give up.
    ///
    /// The wait is drawn between half and the whole of the doubled delay, so that many partners that failed together do not
    /// come back together. The hub's `Retry-After` is a lower bound of it.
    pub fn pause(
        &self,
        failures: u32,
        elapsed: Duration,
        asked: Option<Duration>,
        rng: &mut impl Rng,
    ) -> Option<Duration> {
        if failures >= self.attempts {
            return None;
        }
        let doubled = self
            .first
            .saturating_mul(1u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX))
            .min(self.longest);
        let drawn = doubled.mul_f64(rng.random_range(0.5..=1.0));
        let pause = drawn.max(asked.unwrap_or_default().min(self.longest));
        (elapsed.saturating_add(pause) <= self.patience).then_some(pause)
    }
}

/// Statuses that speak of the moment, not of the call: too slow, too fast, busy, a proxy without its hub.
pub(super) fn is_passing_status(status: u16) -> bool {
    matches!(status, 408 | 429 | 502 | 503 | 504)
}

/// The wait a `Retry-After` header asks for. Only its form in seconds is read; a date would need the hub's clock.
pub(super) fn retry_after(value: Option<&str>) -> Option<Duration> {
    value?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn waits_grow_within_their_bounds_and_end() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(7);
        let policy = Retry::BRIEF;
        for failures in 1..policy.attempts {
            let pause = policy.pause(failures, Duration::ZERO, None, &mut rng).unwrap();
            let whole = policy.first * (1 << (failures - 1));
            assert!(
                pause >= whole.min(policy.longest) / 2 && pause <= whole.min(policy.longest),
                "{failures}"
            );
        }
        assert_eq!(
            policy.pause(policy.attempts, Duration::ZERO, None, &mut rng),
            None
        );
        assert_eq!(policy.pause(1, policy.patience, None, &mut rng), None);
        assert!(Retry::PATIENT.pause(900, Duration::ZERO, None, &mut rng).unwrap() <= Retry::PATIENT.longest);
    }

    #[test]
    fn what_the_hub_asks_for_is_kept_up_to_the_longest_wait() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(7);
        let asked = |s| Some(Duration::from_secs(s));
        assert_eq!(
            Retry::BRIEF.pause(1, Duration::ZERO, asked(3), &mut rng),
            asked(3)
        );
        assert_eq!(
            Retry::BRIEF.pause(1, Duration::ZERO, asked(3600), &mut rng),
            asked(5)
        );
        assert_eq!(retry_after(Some(" 2 ")), asked(2));
        assert_eq!(retry_after(Some("Mon, 23 Nov 2026 07:00:00 GMT")), None);
    }
}
