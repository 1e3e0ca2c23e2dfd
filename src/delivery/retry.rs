//! When a message that could not be carried is tried again, and when it is given up. Pure: moment and chance are arguments.
//!
//! Three parts. [`judge`] and [`refused_call`] turn an answer, or none, into a [`Failure`]. [`next`] turns failure and attempt
//! into a moment, or into parking. A [`Breaker`] stands before each receiver: after several failures in a row only a probe goes,
//! and the rest waits without using up attempts.

use std::time::Duration;

use rand::{Rng, RngExt};

use crate::domain::failure::{Failure, Hope};
use crate::domain::time::Timestamp;
use crate::net::outbound::CallError;
use crate::store::ledger::Carried;

/// The longest a receiver's `Retry-After` is obeyed; a longer one counts as this.
pub const RETRY_AFTER_MOST: Duration = Duration::from_secs(3600);

/// What comes after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Not before this moment.
    At(Timestamp),
    /// Given up; somebody must look.
    Park,
}

/// How patiently something is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Pause after the first failure; doubles with each further one.
    pub first: Duration,
    /// Longest pause.
    pub last: Duration,
    /// Attempts in all before it is given up; `None` never gives up.
    pub most: Option<u32>,
}

/// The broker: it comes back, and everything waits for it.
pub const ROAD: Pace = Pace {
    first: Duration::from_millis(500),
    last: Duration::from_secs(60),
    most: None,
};
/// What passes by itself: 100 attempts, about a day.
pub const PASSES: Pace = Pace {
    first: Duration::from_secs(1),
    last: Duration::from_secs(900),
    most: Some(100),
};
/// What somebody must mend: 24 attempts, about three hours.
pub const MENDED: Pace = Pace {
    first: Duration::from_secs(1),
    last: Duration::from_secs(900),
    most: Some(24),
};
/// What is missing on our own side: 20 attempts, about a quarter of an hour.
pub const MISSING: Pace = Pace {
    first: Duration::from_millis(500),
    last: Duration::from_secs(60),
    most: Some(20),
};
/// A message that is not wanted: 3 attempts within half a minute.
pub const WRONG: Pace = Pace {
    first: Duration::from_secs(5),
    last: Duration::from_secs(20),
    most: Some(3),
};
/// Ended on purpose: no further attempt.
pub const ENDED: Pace = Pace {
    first: Duration::ZERO,
    last: Duration::ZERO,
    most: Some(0),
};

/// How patiently this failure is met.
pub const fn pace(failure: Failure) -> Pace {
    match failure.hope() {
        Hope::Road => ROAD,
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
    let pace = pace(failure);
    let tried = u32::try_from(attempt).unwrap_or(0);
    if pace.most.is_some_and(|most| tried >= most) {
        return Next::Park;
    }
    let asked = asked.unwrap_or_default().min(RETRY_AFTER_MOST);
    Next::At(now.plus(pause(pace, tried, rng).max(asked)))
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
    match next(failure, attempt, asked, now, rng) {
        Next::At(not_before) => Carried::Retry {
            failure,
            reason,
            not_before,
        },
        Next::Park => Carried::Park { failure, reason },
    }
}

fn pause(pace: Pace, failures: u32, rng: &mut impl Rng) -> Duration {
    let factor = 1u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    pace.first
        .saturating_mul(factor)
        .min(pace.last)
        .mul_f64(rng.random_range(0.5..=1.0))
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

/// Failures in a row after which a receiver is spared.
pub const BREAKS_AFTER: u32 = 5;

/// Pause between two probes of a receiver that is spared: 5 s, doubled, at most 5 min.
pub const PROBE: Pace = Pace {
    first: Duration::from_secs(5),
    last: Duration::from_secs(300),
    most: None,
};

/// How much may go to a receiver now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// As much as its bounds allow.
    All,
    /// One message, to see whether it is back.
    Probe,
    /// Nothing before this moment.
    Nothing(Timestamp),
}

/// Stands before one receiver. What it holds back waits without using up attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    next_probe: Option<Timestamp>,
    is_probing: bool,
}

impl Breaker {
    /// Before a receiver that is known to be spared until its next probe.
    pub const fn sparing(next_probe: Timestamp) -> Self {
        Breaker {
            failures: BREAKS_AFTER,
            next_probe: Some(next_probe),
            is_probing: false,
        }
    }

    /// How much may go now. Whoever gets [`Leave::Probe`] has `patience` to come back with an outcome; until then nothing else
    /// goes, and afterwards the next one may probe.
    pub fn leave(&mut self, now: Timestamp, patience: Duration) -> Leave {
        match self.next_probe {
            None => Leave::All,
            Some(then) if then > now => Leave::Nothing(then),
            Some(_) => {
                self.next_probe = Some(now.plus(patience));
                self.is_probing = true;
                Leave::Probe
            }
        }
    }

    /// The receiver answered, be it to refuse a message: everything may go.
    pub fn answered(&mut self) {
        *self = Breaker::default();
    }

    /// The receiver as a whole failed. A wait it `asked` for is kept at once, without waiting for further failures. Calls that
    /// were under way when it began to be spared say nothing new.
    pub fn failed(&mut self, asked: Option<Duration>, now: Timestamp, rng: &mut impl Rng) {
        let is_late = self.next_probe.is_some() && !self.is_probing;
        self.is_probing = false;
        if !is_late {
            self.failures = self.failures.saturating_add(1);
        }
        let broken = self
            .failures
            .checked_sub(BREAKS_AFTER)
            .filter(|_| !is_late)
            .map(|beyond| pause(PROBE, beyond + 1, rng));
        let asked = asked.map(|wait| wait.min(RETRY_AFTER_MOST));
        if let Some(wait) = broken.max(asked) {
            let then = now.plus(wait);
            self.next_probe = Some(
                self.next_probe
                    .filter(|_| is_late)
                    .map_or(then, |probe| probe.max(then)),
            );
        }
    }

    /// When the next probe may go, while the receiver is spared.
    pub const fn spared_until(&self) -> Option<Timestamp> {
        self.next_probe
    }
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
            let most = pace(*failure).most;
            for attempt in 1..200u32 {
                let next = next(*failure, attempt as i32, None, now(), &mut rng);
                let ended = most.is_some_and(|most| attempt >= most);
                assert_eq!(next == Next::Park, ended, "{failure} {attempt}");
            }
        }
    }

    #[test]
    fn a_refused_document_is_given_up_sooner_than_a_failing_receiver() {
        let most = |status| pace(judge(status).unwrap_err()).most.unwrap();
        assert!(most(422) < most(401) && most(400) < most(401));
        assert!(most(401) < most(500) && most(500) == most(503));
    }

    #[test]
    fn the_patience_is_what_the_constants_say() {
        let whole = |pace: Pace| -> Duration {
            (1..pace.most.unwrap())
                .map(|n| {
                    pace.first
                        .saturating_mul(1u32.checked_shl(n - 1).unwrap_or(u32::MAX))
                        .min(pace.last)
                })
                .sum()
        };
        let hours = |pace| whole(pace).as_secs_f64() / 3600.0;
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
                    let (pause, pace) = (at.since(now()), pace(*failure));
                    let asked = asked.unwrap_or_default().min(RETRY_AFTER_MOST);
                    prop_assert!(pause >= asked && pause >= pace.first / 2);
                    prop_assert!(pause <= pace.last.max(asked));
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

    const PATIENCE: Duration = Duration::from_secs(30);

    #[test]
    fn a_breaker_opens_probes_and_closes() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut breaker = Breaker::default();
        for _ in 1..BREAKS_AFTER {
            breaker.failed(None, now(), &mut rng);
            assert_eq!(breaker.leave(now(), PATIENCE), Leave::All);
        }
        breaker.failed(None, now(), &mut rng);
        let Leave::Nothing(probe) = breaker.leave(now(), PATIENCE) else {
            panic!("{breaker:?}")
        };
        assert!(probe.since(now()) >= PROBE.first / 2 && probe.since(now()) <= PROBE.first);
        // One probe goes; whoever asks meanwhile gets nothing, until the probe is overdue.
        assert_eq!(breaker.leave(probe, PATIENCE), Leave::Probe);
        assert_eq!(
            breaker.leave(probe, PATIENCE),
            Leave::Nothing(probe.plus(PATIENCE))
        );
        assert_eq!(breaker.leave(probe.plus(PATIENCE), PATIENCE), Leave::Probe);
        // A failed probe makes the pause longer, never longer than its bound.
        let mut at = probe.plus(PATIENCE);
        for _ in 0..100 {
            breaker.failed(None, at, &mut rng);
            let next = breaker.spared_until().unwrap();
            assert!(next.since(at) <= PROBE.last);
            // One that was under way all the while changes nothing.
            breaker.failed(None, at, &mut rng);
            assert_eq!(breaker.spared_until(), Some(next));
            at = next;
            assert_eq!(breaker.leave(at, PATIENCE), Leave::Probe);
        }
        breaker.failed(None, at, &mut rng);
        assert!(breaker.spared_until().unwrap().since(at) >= PROBE.last / 2);
        breaker.answered();
        assert_eq!(breaker.leave(probe, PATIENCE), Leave::All);
    }

    #[test]
    fn a_receiver_that_asks_for_time_gets_it_at_once() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut breaker = Breaker::default();
        breaker.failed(Some(Duration::from_secs(60)), now(), &mut rng);
        let then = now().plus(Duration::from_secs(60));
        assert_eq!(breaker.leave(now(), PATIENCE), Leave::Nothing(then));
        assert_eq!(breaker.leave(then, PATIENCE), Leave::Probe);
        breaker.failed(Some(Duration::from_secs(1_000_000)), then, &mut rng);
        assert_eq!(breaker.spared_until(), Some(then.plus(RETRY_AFTER_MOST)));
    }
}
