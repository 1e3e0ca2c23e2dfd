//! How patiently something is tried.

use std::time::Duration;

use rand::{Rng, RngExt};

/// The longest a receiver's `Retry-After` is obeyed; a longer one counts as this.
pub const RETRY_AFTER_MOST: Duration = Duration::from_secs(3600);

/// How patiently something is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Pause after the first failure; doubles with each further one.
    pub first: Duration,
    /// Longest pause.
    pub last: Duration,
    /// Attempts in all before it is given up; `None` never gives up.
    pub most: Option<u32>,
}

/// A pause after so many failures: doubled each time, drawn between half and the whole.
pub(super) fn pause(policy: RetryPolicy, failures: u32, rng: &mut impl Rng) -> Duration {
    let factor = 1u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    policy
        .first
        .saturating_mul(factor)
        .min(policy.last)
        .mul_f64(rng.random_range(0.5..=1.0))
}
