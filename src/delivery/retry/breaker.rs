//! What is known of one receiver: whether it fails, whether it takes anything, and how much may go to it.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::Rng;

use super::policy::{RETRY_AFTER_MOST, RetryPolicy, pause};
use crate::domain::time::Timestamp;

/// Failures in a row, or different messages refused with nothing taken between, after which a receiver is spared.
pub const BREAKS_AFTER: u32 = 5;

/// Pause between two probes of a receiver that is spared: 5 s, doubled, at most 5 min.
pub const PROBE: RetryPolicy = RetryPolicy {
    first: Duration::from_secs(5),
    last: Duration::from_secs(300),
    most: None,
};

/// A message that is refused again while the receiver takes nothing else: 5 s, doubled, at most 15 min, for as long as that lasts.
pub const REFUSED: RetryPolicy = RetryPolicy {
    first: Duration::from_secs(5),
    last: Duration::from_secs(900),
    most: None,
};

/// Refused messages that are remembered. While more than [`BREAKS_AFTER`] are refused only probes go, so the rest is not missed.
const REMEMBERED: usize = 64;

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

/// What a refusal says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusalMeaning {
    /// Whether it speaks of the message: the receiver has taken another one since it refused this one last.
    pub counts: bool,
    /// Whether the receiver refuses everything.
    pub of_everything: bool,
    /// How often the message has been refused since the receiver took anything.
    pub times: u32,
}

/// Stands before one receiver. What it holds back waits without using up attempts.
///
/// It remembers which messages were refused since the receiver took one. A message that is in there already has been refused
/// twice with nothing taken between, which says nothing of the message; when many are in there, the receiver refuses everything.
/// A hub that starts anew knows nothing of its receivers and blames no message before one was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    next_probe: Option<Timestamp>,
    is_probing: bool,
    has_taken: bool,
    refused: BTreeMap<String, u32>,
}

impl Breaker {
    /// Before a receiver that is known to be spared until its next probe.
    pub fn sparing(next_probe: Timestamp) -> Self {
        let mut breaker = Breaker::default();
        breaker.spare(next_probe);
        breaker
    }

    /// Somebody else found that the receiver fails; it is spared until then.
    pub fn spare(&mut self, next_probe: Timestamp) {
        self.failures = self.failures.max(BREAKS_AFTER);
        self.next_probe = Some(next_probe);
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

    /// The receiver took a message: everything may go.
    pub fn taken(&mut self) {
        *self = Breaker {
            has_taken: true,
            ..Breaker::default()
        };
    }

    /// The receiver answered and refused a message. That it answers ends what was known of failures; whether it refuses this one
    /// or everything is judged by what it takes beside.
    pub(super) fn refused(&mut self, message: &str, now: Timestamp, rng: &mut impl Rng) -> RefusalMeaning {
        let is_late = self.is_late();
        let before = self.refused.get(message).copied().unwrap_or_default();
        if before > 0 || self.refused.len() < REMEMBERED {
            self.refused.insert(message.to_owned(), before.saturating_add(1));
        }
        let of_everything = self.refuses_everything();
        if !is_late {
            if of_everything {
                self.failures = self.failures.max(BREAKS_AFTER - 1);
                self.failed(None, now, rng);
            } else {
                self.failures = 0;
                self.next_probe = None;
                self.is_probing = false;
            }
        }
        RefusalMeaning {
            counts: self.has_taken && before == 0 && !of_everything,
            of_everything,
            times: before.saturating_add(1),
        }
    }

    /// The receiver as a whole failed. A wait it `asked` for is kept at once, without waiting for further failures. Calls that
    /// were under way when it began to be spared say nothing new.
    pub fn failed(&mut self, asked: Option<Duration>, now: Timestamp, rng: &mut impl Rng) {
        let is_late = self.is_late();
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

    /// Whether it failed so often in a row that nothing is learnt of a message by trying it.
    pub const fn is_broken(&self) -> bool {
        self.failures >= BREAKS_AFTER
    }

    fn refuses_everything(&self) -> bool {
        self.refused.len() >= BREAKS_AFTER as usize
    }

    /// Whether an outcome that comes now is of a call that was under way when the receiver began to be spared.
    const fn is_late(&self) -> bool {
        self.next_probe.is_some() && !self.is_probing
    }
}

#[cfg(test)]
mod tests;
