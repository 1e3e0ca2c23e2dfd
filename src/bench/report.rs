//! What was measured, as values: written to a file as JSON, told to people and drawn by others.

use std::collections::BTreeMap;

use serde::Serialize;

use super::machine::Machine;
use super::meter::Each;
use super::stats::{LatencyPercentiles, median};
use super::stock::DocumentSizes;
use crate::domain::time::Timestamp;

/// A look at whether what was measured is true.
#[derive(Clone, Debug, Serialize)]
pub struct BenchCheck {
    /// What was looked at.
    pub what: String,
    /// Whether it is as it must be.
    pub good: bool,
    /// What was found.
    pub found: String,
}

/// One round: its raw limits, then the scenario.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Round {
    /// Seconds from the first call to the last answer.
    pub seconds: f64,
    /// Pieces of work done: dossiers accepted, statuses taken, …
    pub done: u64,
    /// The same a second.
    pub per_second: f64,
    /// Calls by their HTTP status; 0 where the connection broke.
    pub answers: BTreeMap<u16, u64>,
    /// Latencies by what they are of, in milliseconds.
    pub latency: BTreeMap<&'static str, LatencyPercentiles>,
    /// Raw limits measured right before, each a second.
    pub raw: BTreeMap<&'static str, f64>,
    /// Seconds until everything was where it belongs, after the last answer.
    pub caught_up: f64,
    /// Processor seconds for a thousand pieces of work, until everything was where it belongs.
    pub cpu_per_1000: Each,
    /// Peaks of memory in bytes.
    pub peak_memory: Each,
}

impl Round {
    /// How much of each raw limit was reached.
    pub fn ratios(&self) -> BTreeMap<&'static str, f64> {
        let limits = self.raw.iter().filter(|(_, limit)| **limit > 0.0);
        limits
            .map(|(name, limit)| (*name, self.per_second / limit))
            .collect()
    }
}

/// What the rounds come to: the median of each figure.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Middle {
    /// Pieces of work a second.
    pub per_second: f64,
    /// Of each raw limit, how much was reached: the median of the rounds' ratios.
    pub ratios: BTreeMap<&'static str, f64>,
    /// Raw limits a second.
    pub raw: BTreeMap<&'static str, f64>,
    /// Latencies in milliseconds.
    pub latency: BTreeMap<&'static str, LatencyPercentiles>,
    /// Processor seconds for a thousand.
    pub cpu_per_1000: Each,
    /// The highest peak of any round, in bytes.
    pub peak_memory: Each,
}

impl Middle {
    /// Of these rounds.
    pub fn of(rounds: &[Round]) -> Self {
        let of = |figure: &dyn Fn(&Round) -> f64| median(rounds.iter().map(figure)).unwrap_or(0.0);
        let maybe = |figure: &dyn Fn(&Round) -> Option<f64>| median(rounds.iter().filter_map(figure));
        let by_name = |figure: &dyn Fn(&Round) -> BTreeMap<&'static str, f64>| {
            let names: Vec<&'static str> = rounds.iter().flat_map(|r| figure(r).into_keys()).collect();
            let of_name = |name| median(rounds.iter().filter_map(|r| figure(r).get(name).copied()));
            names
                .into_iter()
                .filter_map(|name| Some((name, of_name(name)?)))
                .collect::<BTreeMap<_, _>>()
        };
        let names: Vec<&'static str> = rounds.iter().flat_map(|r| r.latency.keys().copied()).collect();
        let latency = names.into_iter().map(|name| {
            let all: Vec<LatencyPercentiles> = rounds
                .iter()
                .filter_map(|r| r.latency.get(name).copied())
                .collect();
            let of =
                |figure: &dyn Fn(&LatencyPercentiles) -> f64| median(all.iter().map(figure)).unwrap_or(0.0);
            let middle = LatencyPercentiles {
                count: all.iter().map(|p| p.count).sum(),
                p50: of(&|p| p.p50),
                p90: of(&|p| p.p90),
                p99: of(&|p| p.p99),
                max: all.iter().map(|p| p.max).fold(0.0, f64::max),
            };
            (name, middle)
        });
        let highest = |figure: &dyn Fn(&Round) -> f64| rounds.iter().map(figure).fold(0.0, f64::max);
        Middle {
            per_second: of(&|r| r.per_second),
            ratios: by_name(&Round::ratios),
            raw: by_name(&|r| r.raw.clone()),
            latency: latency.collect(),
            cpu_per_1000: Each {
                hub: of(&|r| r.cpu_per_1000.hub),
                postgres: maybe(&|r| r.cpu_per_1000.postgres),
                rabbitmq: maybe(&|r| r.cpu_per_1000.rabbitmq),
                generator: of(&|r| r.cpu_per_1000.generator),
            },
            peak_memory: Each {
                hub: highest(&|r| r.peak_memory.hub),
                postgres: None,
                rabbitmq: rounds
                    .iter()
                    .filter_map(|r| r.peak_memory.rabbitmq)
                    .reduce(f64::max),
                generator: highest(&|r| r.peak_memory.generator),
            },
        }
    }
}

/// One scenario.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Measured {
    /// Its name on the command line.
    pub scenario: &'static str,
    /// What it measures.
    pub says: &'static str,
    /// What is counted: `dossiers`, `statuses`, …
    pub counts: &'static str,
    /// What was sent.
    pub documents: DocumentSizes,
    /// The rounds.
    pub rounds: Vec<Round>,
    /// What they come to.
    pub median: Middle,
    /// Further figures of this scenario, by what they are.
    pub figures: BTreeMap<String, f64>,
    /// Whether it is true.
    pub checks: Vec<BenchCheck>,
    /// What is to be known of it.
    pub notes: Vec<String>,
}

impl Measured {
    /// Notes a look.
    pub fn check(&mut self, what: impl Into<String>, good: bool, found: impl Into<String>) {
        self.checks.push(BenchCheck {
            what: what.into(),
            good,
            found: found.into(),
        });
    }

    /// Whether everything that was looked at is as it must be.
    pub fn is_true(&self) -> bool {
        self.checks.iter().all(|check| check.good)
    }
}

/// What was asked for.
#[derive(Clone, Debug, Serialize)]
pub struct BenchParameters {
    /// Large stocks were made small.
    pub short: bool,
    /// Seconds of load a round.
    pub seconds: f64,
    /// Rounds.
    pub rounds: usize,
    /// Connections.
    pub connections: usize,
    /// Tenants.
    pub tenants: usize,
    /// Calls a second in the open form; none in the closed.
    pub rate: Option<f64>,
    /// `canonical` or `mix`.
    pub documents: &'static str,
    /// The seed.
    pub seed: u64,
}

/// A whole run.
#[derive(Clone, Debug, Serialize)]
pub struct BenchReport {
    /// The version of the executable that measured.
    pub version: &'static str,
    /// When it began.
    pub began_at: Timestamp,
    /// How long it took.
    pub took_seconds: f64,
    /// On what.
    pub machine: Machine,
    /// PostgreSQL's version, where there was one.
    pub postgres: Option<String>,
    /// RabbitMQ's version, where there was one.
    pub rabbitmq: Option<String>,
    /// Whether each service runs on this machine, so that its processor time is known.
    pub local: BTreeMap<&'static str, bool>,
    /// What was asked for.
    pub asked: BenchParameters,
    /// What was measured.
    pub scenarios: Vec<Measured>,
    /// Scenarios that were left out, for want of services.
    pub left_out: Vec<&'static str>,
    /// What could not be measured, or removed afterwards.
    pub faults: Vec<String>,
}

impl BenchReport {
    /// Whether everything was measured and is true.
    pub fn is_good(&self) -> bool {
        self.faults.is_empty() && self.scenarios.iter().all(Measured::is_true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_the_median_of_the_rounds_own() {
        let round = |per_second: f64, limit: f64| Round {
            per_second,
            raw: BTreeMap::from([("l1", limit)]),
            ..Round::default()
        };
        // The machine was slow in the second round: raw and scenario alike.
        let middle = Middle::of(&[round(100.0, 200.0), round(30.0, 50.0), round(90.0, 180.0)]);
        assert_eq!(
            (middle.per_second, middle.ratios["l1"], middle.raw["l1"]),
            (90.0, 0.5, 180.0)
        );
        assert!(Middle::of(&[]).ratios.is_empty());
    }
}
