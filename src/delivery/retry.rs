//! When a message that could not be carried is tried again, and when it is given up. Pure: moment and chance are arguments.
//!
//! Three parts. [`judge`] and [`refused_call`] turn an answer, or none, into a [`Failure`]. [`next`] turns failure and attempt
//! into a moment, or into parking. A [`Breaker`] stands before each receiver and judges it by what it takes: what fails while
//! nothing is taken is the receiver's fault and ends no message; [`follows`] asks it before anything is given up.

mod breaker;
mod policy;

use std::time::Duration;

use rand::Rng;

use crate::domain::failure::{Failure, Hope};
use crate::domain::time::Timestamp;
use crate::net::outbound::CallError;
use crate::store::ledger::Carried;
use policy::pause;

pub use breaker::{BREAKS_AFTER, Breaker, Leave, PROBE, REFUSED};
pub use policy::{RETRY_AFTER_MOST, RetryPolicy};

/// What comes after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Not before this moment.
    At(Timestamp),
    /// Not before this moment, and the attempt does not count: it says nothing of the message.
    Uncounted(Timestamp),
    /// Given up; somebody must look.
    Park,
}

/// The broker: it comes back, and everything waits for it.
pub const BROKER: RetryPolicy = RetryPolicy {
    first: Duration::from_millis(500),
    last: Duration::from_secs(60),
    most: None,
};
/// What passes by itself: 100 attempts, about a day.
pub const PASSES: RetryPolicy = RetryPolicy {
    first: Duration::from_secs(1),
    last: Duration::from_secs(900),
    most: Some(100),
};
/// What somebody must mend: 24 attempts, about three hours.
pub const MENDED: RetryPolicy = RetryPolicy {
    first: Duration::from_secs(1),
    last: Duration::from_secs(900),
    most: Some(24),
};
/// What is missing on our own side: 20 attempts, about a quarter of an hour.
pub const MISSING: RetryPolicy = RetryPolicy {
    first: Duration::from_millis(500),
    last: Duration::from_secs(60),
    most: Some(20),
};
/// A message that is not wanted: 3 attempts within half a minute.
pub const WRONG: RetryPolicy = RetryPolicy {
    first: Duration::from_secs(5),
    last: Duration::from_secs(20),
    most: Some(3),
};
/// Ended on purpose: no further attempt.
pub const ENDED: RetryPolicy = RetryPolicy {
    first: Duration::ZERO,
    last: Duration::ZERO,
    most: Some(0),
};

/// How patiently this failure is met.
pub const fn policy(failure: Failure) -> RetryPolicy {
    match failure.hope() {
        Hope::Broker => BROKER,
        Hope::Passes => PASSES,
        Hope::Mended => MENDED,
        Hope::Missing => MISSING,
        Hope::Wrong => WRONG,
        Hope::None => ENDED,
    }
}

/// What follows on the `attempt`th attempt (from 1) that ended in `failure`.
///
/// The pause doubles and is drawn between half and the whole, so that messages which failed together do not come back together.
/// What the receiver asked for (`Retry-After`) is a lower bound of it, itself bounded by [`RETRY_AFTER_MOST`].
pub fn next(
    failure: Failure,
    attempt: i32,
    asked: Option<Duration>,
    now: Timestamp,
    rng: &mut impl Rng,
) -> Next {
    let policy = policy(failure);
    let tried = u32::try_from(attempt).unwrap_or(0);
    if policy.most.is_some_and(|most| tried >= most) {
        return Next::Park;
    }
    Next::At(now.plus(wait(policy, tried, asked, rng)))
}

/// The pause after so many failures, or what the receiver asked for where that is longer.
fn wait(policy: RetryPolicy, failures: u32, asked: Option<Duration>, rng: &mut impl Rng) -> Duration {
    pause(policy, failures, rng).max(asked.unwrap_or_default().min(RETRY_AFTER_MOST))
}

/// What becomes of a delivery whose attempt failed: tried again, or given up. See [`next`].
pub fn failed(
    failure: Failure,
    reason: String,
    attempt: i32,
    asked: Option<Duration>,
    now: Timestamp,
    rng: &mut impl Rng,
) -> Carried {
    carried(next(failure, attempt, asked, now, rng), failure, reason)
}

fn carried(next: Next, failure: Failure, reason: String) -> Carried {
    match next {
        Next::At(not_before) => Carried::Retry {
            failure,
            reason,
            not_before,
            counts: true,
        },
        Next::Uncounted(not_before) => Carried::Retry {
            failure,
            reason,
            not_before,
            counts: false,
        },
        Next::Park => Carried::Park { failure, reason },
    }
}

/// An attempt to call a receiver that did not succeed.
#[derive(Clone, Copy, Debug)]
pub struct Missed<'a> {
    /// The message, by a name that stays the same when it is tried again.
    pub message: &'a str,
    /// Which attempt this was, from 1; those that did not count are not counted.
    pub attempt: i32,
    /// What kind of failure it is, by this one answer.
    pub failure: Failure,
    /// The wait the receiver asked for.
    pub asked: Option<Duration>,
}

/// What follows on an attempt at a receiver of somebody else's, and what the failure is when all that is known of the receiver is
/// looked at. The breaker learns of the attempt.
///
/// An answer alone does not say whose fault it is: a proxy that refuses everything and an agency that refuses one document both
/// say 400. So a message is given up only for attempts that count, and these are the ones where the receiver takes other
/// messages meanwhile. What a receiver refuses or drops while it takes nothing is tried again for as long as that lasts.
pub fn follows(
    breaker: &mut Breaker,
    missed: Missed<'_>,
    now: Timestamp,
    rng: &mut impl Rng,
) -> (Next, Failure) {
    let Missed {
        message,
        attempt,
        failure,
        asked,
    } = missed;
    if failure.is_a_refusal() {
        let told = breaker.refused(message, now, rng);
        let judged = match told.of_everything {
            true => Failure::RefusesEverything,
            false => failure,
        };
        let next = match told.counts {
            true => next(failure, attempt, asked, now, rng),
            false => Next::Uncounted(now.plus(wait(REFUSED, told.times, asked, rng))),
        };
        return (next, judged);
    }
    let of_the_receiver = failure.is_of_the_endpoint() || failure == Failure::BrokerAway;
    if of_the_receiver {
        breaker.failed(asked, now, rng);
    }
    let next = if of_the_receiver && breaker.is_broken() {
        let tried = u32::try_from(attempt).unwrap_or(0);
        Next::Uncounted(now.plus(wait(policy(failure), tried, asked, rng)))
    } else {
        next(failure, attempt, asked, now, rng)
    };
    (next, failure)
}

/// What becomes of a delivery whose attempt at an endpoint failed. See [`follows`].
pub fn missed(
    breaker: &mut Breaker,
    missed: Missed<'_>,
    reason: String,
    now: Timestamp,
    rng: &mut impl Rng,
) -> Carried {
    let (next, failure) = follows(breaker, missed, now, rng);
    carried(next, failure, reason)
}

/// What a status says of the attempt. Only 2xx is taken as handed over.
///
/// # Errors
/// The failure of any other status.
pub const fn judge(status: u16) -> Result<(), Failure> {
    Err(match status {
        200..=299 => return Ok(()),
        300..=399 => Failure::Redirected,
        401 | 403 | 407 | 511 => Failure::Denied,
        404 | 405 | 410 => Failure::NotThere,
        408 | 504 => Failure::Slow,
        409 | 422 => Failure::DocumentRefused,
        425 | 429 | 503 => Failure::Busy,
        400..=499 => Failure::FormatRefused,
        _ => Failure::Failing,
    })
}

/// What a call says that got no answer.
pub const fn refused_call(error: &CallError) -> Failure {
    match error {
        CallError::NotAllowed(_) => Failure::AddressForbidden,
        CallError::Unresolved | CallError::Unreachable => Failure::Unreachable,
        CallError::Certificate(_) => Failure::CertificateRefused,
        CallError::Slow => Failure::Slow,
        CallError::Cut => Failure::Cut,
    }
}

/// The wait a `Retry-After` header asks for, in either of its forms (RFC 9110, 10.2.3); `None` for anything else. A date that
/// has passed asks for nothing.
pub fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?;
    Some(Timestamp::from_jiff(date.timestamp()).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    fn now() -> Timestamp {
        "2026-11-24T08:00:00+07:00".parse().unwrap()
    }

    #[test]
    fn every_failure_ends_where_its_pace_says() {
        let mut rng = StdRng::seed_from_u64(1);
        for failure in Failure::ALL {
            let most = policy(*failure).most;
            for attempt in 1..200u32 {
                let next = next(*failure, attempt as i32, None, now(), &mut rng);
                let ended = most.is_some_and(|most| attempt >= most);
                assert_eq!(next == Next::Park, ended, "{failure} {attempt}");
            }
        }
    }

    #[test]
    fn a_refused_document_is_given_up_sooner_than_a_failing_receiver() {
        let most = |status| policy(judge(status).unwrap_err()).most.unwrap();
        assert!(most(422) < most(401) && most(400) < most(401));
        assert!(most(401) < most(500) && most(500) == most(503));
    }

    #[test]
    fn the_patience_is_what_the_constants_say() {
        let whole = |policy: RetryPolicy| -> Duration {
            (1..policy.most.unwrap())
                .map(|n| {
                    policy
                        .first
                        .saturating_mul(1u32.checked_shl(n - 1).unwrap_or(u32::MAX))
                        .min(policy.last)
                })
                .sum()
        };
        let hours = |policy| whole(policy).as_secs_f64() / 3600.0;
        assert!((20.0..25.0).contains(&hours(PASSES)), "{}", hours(PASSES));
        assert!((3.0..4.0).contains(&hours(MENDED)), "{}", hours(MENDED));
        assert!((0.2..0.25).contains(&hours(MISSING)), "{}", hours(MISSING));
        assert!(whole(WRONG) <= Duration::from_secs(30));
    }

    proptest! {
        #[test]
        fn a_pause_keeps_its_bounds(seed: u64, attempt in 0..500i32, asked in proptest::option::of(0..100_000u64)) {
            let mut rng = StdRng::seed_from_u64(seed);
            let asked = asked.map(Duration::from_secs);
            for failure in Failure::ALL {
                if let Next::At(at) = next(*failure, attempt, asked, now(), &mut rng) {
                    let (pause, policy) = (at.since(now()), policy(*failure));
                    let asked = asked.unwrap_or_default().min(RETRY_AFTER_MOST);
                    prop_assert!(pause >= asked && pause >= policy.first / 2);
                    prop_assert!(pause <= policy.last.max(asked));
                }
            }
        }
    }

    #[test]
    fn a_status_is_judged_by_whose_matter_it_is() {
        let of = |status| judge(status).map_err(Failure::word);
        for ok in [200, 202, 204, 299] {
            assert_eq!(of(ok), Ok(()));
        }
        for (status, word) in [
            (100, "failing"),
            (302, "redirected"),
            (400, "format-refused"),
            (401, "denied"),
            (403, "denied"),
            (404, "not-there"),
            (408, "slow"),
            (409, "document-refused"),
            (410, "not-there"),
            (415, "format-refused"),
            (422, "document-refused"),
            (429, "busy"),
            (500, "failing"),
            (503, "busy"),
            (504, "slow"),
            (999, "failing"),
        ] {
            assert_eq!(of(status), Err(word), "{status}");
        }
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let asked = |value| retry_after(value, now()).map(|d| d.as_secs());
        assert_eq!(asked(" 120 "), Some(120));
        assert_eq!(asked("Tue, 24 Nov 2026 01:02:00 GMT"), Some(120));
        assert_eq!(asked("Tue, 24 Nov 2026 00:00:00 GMT"), Some(0));
        assert_eq!((asked("soon"), asked("-1"), asked("")), (None, None, None));
    }
}
