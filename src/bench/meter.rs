//! How much work each process did: processor time and memory of the hubs, PostgreSQL, RabbitMQ, and of whoever measures.

use serde::Serialize;

use super::machine;

/// Something of each process; none of what is on another machine or not used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Each {
    /// All hubs together.
    pub hub: f64,
    /// PostgreSQL, all of the server: what others do on it counts too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postgres: Option<f64>,
    /// RabbitMQ, all of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rabbitmq: Option<f64>,
    /// This process: load, agency and receiver.
    pub generator: f64,
}

impl Each {
    fn with(self, other: Each, f: impl Fn(f64, f64) -> f64) -> Each {
        let both = |a: Option<f64>, b: Option<f64>| Some(f(a?, b?));
        Each {
            hub: f(self.hub, other.hub),
            postgres: both(self.postgres, other.postgres),
            rabbitmq: both(self.rabbitmq, other.rabbitmq),
            generator: f(self.generator, other.generator),
        }
    }

    /// What was added since `before`.
    pub fn since(self, before: Each) -> Each {
        self.with(before, |now, before| (now - before).max(0.0))
    }

    /// Divided among a thousand pieces of work each; nothing where there was no work.
    pub fn per_thousand(self, pieces: u64) -> Each {
        if pieces == 0 {
            return Each::default();
        }
        self.with(self, |value, _| value * 1000.0 / pieces as f64)
    }
}

/// Which processes are looked at.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    /// The hubs.
    pub hubs: Vec<u32>,
    /// The postmaster, where it is on this machine.
    pub postgres: Option<u32>,
    /// RabbitMQ's virtual machine, where it is on this machine.
    pub rabbitmq: Option<u32>,
}

impl Meter {
    /// Processor time used so far, in seconds.
    pub fn cpu(&self) -> Each {
        Each {
            hub: self.hubs.iter().map(|pid| machine::cpu(*pid)).sum(),
            postgres: self.postgres.map(machine::cpu_of_family),
            rabbitmq: self.rabbitmq.map(machine::cpu),
            generator: machine::cpu(std::process::id()),
        }
    }

    /// Begins the peaks of memory anew.
    pub fn forget_peaks(&self) {
        let all = self.hubs.iter().chain(&self.rabbitmq);
        for pid in all.chain([&std::process::id()]) {
            machine::forget_peak(*pid);
        }
    }

    /// Peaks of memory, in bytes. PostgreSQL is many processes that share much: it has none.
    pub fn peaks(&self) -> Each {
        let peak = |pid: u32| machine::peak(pid).unwrap_or(0) as f64;
        Each {
            hub: self.hubs.iter().map(|pid| peak(*pid)).sum(),
            postgres: None,
            rabbitmq: self.rabbitmq.map(peak),
            generator: peak(std::process::id()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_another_machine_stays_unknown() {
        let before = Each {
            hub: 1.0,
            rabbitmq: Some(2.0),
            ..Each::default()
        };
        let now = Each {
            hub: 3.0,
            rabbitmq: Some(2.5),
            generator: 0.5,
            postgres: None,
        };
        let each = now.since(before).per_thousand(500);
        assert_eq!(
            (each.hub, each.postgres, each.rabbitmq, each.generator),
            (4.0, None, Some(1.0), 1.0)
        );
        assert_eq!(now.per_thousand(0), Each::default());
    }
}
