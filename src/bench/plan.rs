//! What is to be measured, and how much of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::clock::{Clock, Entropy};

macro_rules! scenarios {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $needs:literal, $says:literal;)*) => {
        /// Something that is measured.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Scenario {
            $($(#[$doc])* $name,)*
        }

        impl Scenario {
            /// All, in the order they are measured.
            pub const ALL: [Scenario; [$($word),*].len()] = [$(Scenario::$name),*];

            /// Its name on the command line.
            pub const fn word(self) -> &'static str {
                match self { $(Scenario::$name => $word,)* }
            }

            /// Whether it needs PostgreSQL and RabbitMQ.
            pub const fn needs_services(self) -> bool {
                match self { $(Scenario::$name => $needs,)* }
            }

            /// What it measures, in one line.
            pub const fn says(self) -> &'static str {
                match self { $(Scenario::$name => $says,)* }
            }
        }
    };
}

scenarios! {
    /// Filing, PostgreSQL and RabbitMQ.
    Accept = "accept", true, "dossiers accepted over mutual TLS, each committed and carried to the agency's queue";
    /// Filing, SQLite and the embedded broker.
    AcceptSqlite = "accept-sqlite", false, "the same on SQLite and the broker inside the hub; the agency pulls";
    /// The whole way and back.
    Loop = "loop", true, "filed, in the agency's own queue, answered with a status, told to the submitter's webhook";
    /// Statuses of an agency over HTTPS.
    Statuses = "statuses", true, "statuses an agency reports over HTTPS, one a call, on dossiers filed before";
    /// Many dossiers in one call.
    Batch = "batch", true, "one call with 10,000 dossiers";
    /// One tenant takes too much.
    Neighbours = "neighbours", true, "twelve tenants, one of them at a hundred times its share: what the others feel of it";
    /// More than there is room for.
    Overload = "overload", true, "twice what the hub can do is offered: what is taken, refused, and how fast";
    /// Two hubs, one database.
    TwoHubs = "two-hubs", true, "two hubs on one database, beside one";
    /// Committed deliveries, and the hub starts.
    Relay = "relay", true, "committed deliveries wait, the hub starts: how fast they are in the agency's queue";
    /// A feed from its beginning.
    Feed = "feed", true, "a submitter reads its feed from the beginning: 1,000,000 events, 20,000 in the short form";
    /// A start with much undelivered.
    Restart = "restart", true, "the hub starts with 1,000,000 dossiers undelivered, 5,000 in the short form, and takes new ones meanwhile";
    /// Many dossiers.
    Large = "large", true, "filing, statuses, search and feed with many dossiers in the tables, beside none";
    /// An old snapshot.
    Snapshot = "snapshot", true, "the whole loop while somebody reads in one snapshot for 30 minutes, beside without";
}

impl Scenario {
    /// What is measured when nothing is named.
    pub const USUAL: [Scenario; 3] = [Scenario::Accept, Scenario::AcceptSqlite, Scenario::Loop];

    /// The scenario of this name.
    pub fn parse(word: &str) -> Option<Scenario> {
        Scenario::ALL.into_iter().find(|scenario| scenario.word() == word)
    }
}

/// What is filed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Documents {
    /// Canonical JSON of about 1.9 KB.
    Canonical,
    /// Each tenant's formats in turn, all five of those shipped where there are a branch and an agent; of a hundred, 90 as above,
    /// 9 of about 8 KB, 1 of about 40 KB.
    Mix,
}

/// PostgreSQL and RabbitMQ.
#[derive(Clone)]
pub struct Services {
    /// `postgres://user:password@host:port/database`; the user may make databases.
    pub postgres: String,
    /// PEM file of the authorities of its certificate; with it TLS is required.
    pub postgres_ca: Option<PathBuf>,
    /// `amqp[s]://user:password@host:port/vhost`.
    pub amqp: String,
    /// The management interface; its user may make virtual hosts and users.
    pub amqp_admin: String,
    /// PEM file of the authorities of the broker's certificates.
    pub amqp_ca: Option<PathBuf>,
}

/// What is to be measured.
#[derive(Clone)]
pub struct BenchPlan {
    /// What.
    pub scenarios: Vec<Scenario>,
    /// Whether large stocks are made small: for a look, not for a figure.
    pub short: bool,
    /// How long the load of a round lasts.
    pub time: Duration,
    /// Rounds, each after its raw limits.
    pub rounds: usize,
    /// Connections of the load; in the whole loop, dossiers on their way at once.
    pub connections: usize,
    /// Tenants that file.
    pub tenants: usize,
    /// Calls a second whatever the hub does; none sends the next call when the last is answered.
    pub rate: Option<f64>,
    /// What is filed.
    pub documents: Documents,
    /// Dossiers in the tables of `large`; none: as many as fit a quarter of the disk, up to ten million.
    pub dossiers: Option<u64>,
    /// PostgreSQL and RabbitMQ, where there are any.
    pub services: Option<Services>,
    /// Folder for what is made; on the disk that is to be measured.
    pub dir: PathBuf,
    /// The executable that is measured.
    pub hub: PathBuf,
    /// Decides persons, papers and places.
    pub seed: u64,
    /// The directory's files, by their names.
    pub directory: BTreeMap<String, String>,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub entropy: Entropy,
}

impl BenchPlan {
    /// How long each raw limit is measured before a round.
    pub fn raw_time(&self) -> Duration {
        (self.time / 3).max(Duration::from_secs(1))
    }

    /// How long the load of a round lasts, in whole seconds: what stocks are reckoned by.
    pub fn seconds(&self) -> usize {
        usize::try_from(self.time.as_secs()).unwrap_or(usize::MAX)
    }

    /// The scenarios there are services for, and those that are left out.
    pub fn split(&self) -> (Vec<Scenario>, Vec<Scenario>) {
        let fits = |scenario: &Scenario| self.services.is_some() || !scenario.needs_services();
        self.scenarios.iter().copied().partition(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_is_found_by_its_name() {
        for scenario in Scenario::ALL {
            assert_eq!(Scenario::parse(scenario.word()), Some(scenario));
            assert!(!scenario.says().is_empty());
        }
        assert_eq!(Scenario::parse("everything"), None);
    }
}
