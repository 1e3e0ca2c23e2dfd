//! What a demo or a benchmark found, as it is printed and written.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::desk::TallyView;
use crate::domain::time::Timestamp;

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunOutcome {
    /// The run, as in every reference.
    pub run: String,
    /// The seed.
    pub seed: u64,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How many dossiers were to be filed.
    pub planned: usize,
    /// Whether somebody stopped it before its end; what had not ended then is no fault.
    #[serde(default)]
    pub interrupted: bool,
    /// By format and kind of agency.
    pub rows: Vec<Row>,
    /// All rows together.
    pub total: Row,
    /// How many dossiers ended, or stand, in each status.
    pub statuses: BTreeMap<u8, usize>,
    /// What of the hub it used.
    pub used: Used,
    /// Everything that was missing, doubled or out of order. At most [`MOST_FAULTS`] are told.
    pub faults: Vec<Violation>,
    /// How many faults there were.
    pub fault_count: usize,
    /// What the agencies counted, where they ran beside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agencies: Option<TallyView>,
}

/// What of the hub a run used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// Calls that filed many at once.
    pub batches: usize,
    /// Dossiers filed by them.
    pub in_batches: usize,
    /// Dossiers whose applicant gave the address of before 2025-07-01.
    pub former_addresses: usize,
    /// Dossiers of several agencies.
    #[serde(default)]
    pub of_several: usize,
    /// Tasks that agencies settled in them.
    #[serde(default)]
    pub tasks_settled: usize,
    /// Supplements brought.
    pub supplements: usize,
    /// Dossiers withdrawn.
    pub withdrawals: usize,
    /// Files submitters sent.
    pub files_sent: usize,
    /// Their bytes.
    pub bytes_sent: u64,
    /// Files of results submitters fetched, each with its digest.
    pub files_fetched: usize,
    /// Events that reached submitters, by way: `feed`, `webhook`, `queue`.
    pub ways_back: BTreeMap<String, usize>,
    /// Events that were sent again under the same id, as a broken line makes them be; not counted above.
    pub sent_again: usize,
}

impl Used {
    /// An event of this kind reached a submitter by this way.
    pub(super) fn told(&mut self, kind: &str, way: &str) {
        *self.ways_back.entry(way.to_owned()).or_default() += 1;
        match kind {
            "tasks-given" => self.of_several += 1,
            "task-reported" => self.tasks_settled += 1,
            _ => {}
        }
    }
}

/// How many faults are told one by one.
pub const MOST_FAULTS: usize = 200;

impl RunOutcome {
    /// Whether everything planned was filed and ended, nothing was missing, doubled or out of order, and no agency was refused
    /// anything it had a right to.
    pub fn is_clean(&self) -> bool {
        self.fault_count == 0
            && !self.interrupted
            && self.total.ended == self.planned
            && self.agencies.as_ref().is_none_or(|a| a.faults.is_empty())
    }
}

/// One line of the table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Format and its syntax: `canonical/v1 xml`.
    pub format: String,
    /// Kind of the responsible agency.
    pub agency_kind: String,
    /// Dossiers the hub took.
    pub filed: usize,
    /// Dossiers whose agency has answered.
    pub delivered: usize,
    /// Dossiers that reached a final status.
    pub ended: usize,
    /// Events that reached the submitter.
    pub events: usize,
    /// From sending a filing to its answer, repetitions included, in milliseconds.
    pub accept_ms: RunPercentiles,
    /// From sending a filing until its submitter sees the final status, in milliseconds. Holds the agencies' own time,
    /// shortened by their speed-up.
    pub round_trip_ms: RunPercentiles,
}

/// Two points of a distribution. Zero where there is nothing to measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunPercentiles {
    /// Half are at most this.
    pub p50: f64,
    /// 99 of 100 are at most this.
    pub p99: f64,
}

impl RunPercentiles {
    /// Of these durations, in milliseconds with one decimal, by the nearest rank.
    pub fn of(durations: &mut [Duration]) -> Self {
        durations.sort_unstable();
        let rank = |percent: usize| {
            let rank = (durations.len() * percent).div_ceil(100);
            let at = rank.checked_sub(1).and_then(|i| durations.get(i));
            at.map_or(0.0, |d| (d.as_secs_f64() * 10_000.0).round() / 10.0)
        };
        RunPercentiles {
            p50: rank(50),
            p99: rank(99),
        }
    }
}

/// Something that must not happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Which promise was broken.
    pub kind: ViolationKind,
    /// The reference of the dossier; empty where it is about a whole feed.
    pub reference: String,
    /// What was seen. Codes, numbers and labels only.
    pub what: String,
}

/// Which promise was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ViolationKind {
    /// Something filed, an end or an event did not come.
    Missing,
    /// A dossier, an event or a number came twice.
    Doubled,
    /// An event came before an earlier one.
    OutOfOrder,
    /// The hub refused what it should take.
    Refused,
    /// A dossier, a file or an event reached somebody it does not concern.
    Foreign,
}

/// How far a run has come, one message a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunProgress {
    /// The hub took a filing.
    Filed,
    /// An agency has answered for the first time.
    Delivered,
    /// An event reached its submitter.
    Event,
    /// A dossier reached a final status.
    Ended,
    /// Something is wrong.
    Fault(Violation),
    /// Everything ended; histories are compared with what was seen.
    Auditing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_the_nearest_rank() {
        let mut hundred: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(
            RunPercentiles::of(&mut hundred),
            RunPercentiles { p50: 50.0, p99: 99.0 }
        );
        assert_eq!(
            RunPercentiles::of(&mut [Duration::from_micros(1_250)]),
            RunPercentiles { p50: 1.3, p99: 1.3 }
        );
        assert_eq!(RunPercentiles::of(&mut []), RunPercentiles::default());
    }
}
