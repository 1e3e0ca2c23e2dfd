//! What the broker must have, as data: exchanges, queues, bindings, and the users of agencies that consume by themselves.
//!
//! ```text
//! hub ──▶ dossiers (topic) ──agency.<key>──▶ queue agency.<key> ──▶ the agency, or the hub for it
//! agency ──▶ statuses (topic) ──agency.#──▶ queue hub.statuses ──▶ hub
//! hub ──▶ events (topic) ──tenant.<key>──▶ queue tenant.<key> ──▶ the submitter that asked for one
//! what no consumer could take ──▶ dead (topic) ──#──▶ queue dead.letters ──▶ the operator
//! ```
//!
//! Names are made of stable keys, never of official codes, which change. There is **one** dead-letter queue, not one per agency:
//! a dead letter is the operator's to look at, one queue is one place to look and one alarm, the routing key and RabbitMQ's
//! `x-death` header say where it came from, and no agency may read it.
//!
//! Every argument that RabbitMQ has a default for is explicit, because the defaults differ by version: since 4.0 a quorum queue
//! drops a message after 20 returns, before that never.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::codes::Key;
use crate::domain::tenant::TenantKey;

/// Exchange for what the hub sends.
pub const DOSSIERS: &str = "dossiers";
/// Exchange for what agencies report.
pub const STATUSES: &str = "statuses";
/// Queue of what agencies report.
pub const STATUS_QUEUE: &str = "hub.statuses";
/// Exchange for what submitters are told in queues of their own.
pub const EVENTS: &str = "events";
/// Exchange for what no consumer could take.
pub const DEAD: &str = "dead";
/// Queue of what no consumer could take.
pub const DEAD_QUEUE: &str = "dead.letters";
/// What the queue, the routing key and the user of an agency begin with.
pub const AGENCY_PREFIX: &str = "agency.";

/// Queue, routing key and user name of an agency; the same name, so that the broker's check of the user is a check of the key.
pub fn agency_name(key: &Key) -> String {
    format!("{AGENCY_PREFIX}{key}")
}

/// What the queue, the routing key and the user of a submitter begin with.
pub const TENANT_PREFIX: &str = "tenant.";

/// Queue, routing key and user name of a submitter with a queue of its own: `tenant.branch.tay-ho`.
pub fn tenant_name(key: &TenantKey) -> String {
    format!("{TENANT_PREFIX}{key}")
}

/// How an agency gets its dossiers; each has exactly one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueReader {
    /// It consumes its queue itself, as a user of its own.
    Amqp,
    /// The hub consumes the queue for it (it pulls, or is pushed to); it has no user.
    Hub,
}

/// The limits of the queues. Declared with a queue and then fixed: RabbitMQ does not change the arguments of a queue that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLimits {
    /// How many times a message may come back before it goes to the dead letters; it is handed out once more than this. High,
    /// because a lost connection counts as a return of everything prefetched.
    pub returns: u32,
    /// Messages a queue holds; the next is refused to the publisher.
    pub messages: u32,
    /// Bytes of bodies a queue holds; the next is refused to the publisher.
    pub bytes: u64,
    /// Age at which a message of an agency or a status goes to the dead letters. RabbitMQ's greatest is 49 days.
    pub age: Duration,
    /// Age at which a dead letter is deleted. The database still has what it was made of.
    pub dead_age: Duration,
}

impl Default for QueueLimits {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        QueueLimits {
            returns: 50,
            messages: 100_000,
            bytes: 1 << 30,
            age: DAY * 30,
            dead_age: DAY * 45,
        }
    }
}

/// The value of a queue's argument.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum Argument {
    /// A word.
    Word(&'static str),
    /// A number.
    Number(i64),
}

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// Its arguments, all of them.
    pub arguments: BTreeMap<&'static str, Argument>,
}

impl Queue {
    /// A numeric argument; none where the queue has no such limit.
    pub fn number(&self, argument: &str) -> Option<i64> {
        match self.arguments.get(argument) {
            Some(Argument::Number(n)) => Some(*n),
            _ => None,
        }
    }
}

/// A queue's interest in an exchange.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Binding {
    /// From this exchange.
    pub exchange: &'static str,
    /// Into this queue.
    pub queue: String,
    /// What matches this pattern.
    pub pattern: String,
}

/// The broker's user of a partner that consumes by itself, and what it may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// User name.
    pub name: String,
    /// What it may create: nothing.
    pub configure: &'static str,
    /// Where it may publish: an agency to the exchange of statuses, a submitter nowhere.
    pub write: String,
    /// What it may read: its own queue.
    pub read: String,
    /// With what routing key an agency may publish there: its own. None for who may publish nowhere.
    pub topic_write: Option<String>,
}

/// A pattern that matches nothing; what RabbitMQ makes of an empty one.
pub(super) const NOTHING: &str = "^$";

impl User {
    /// The user of an agency.
    pub fn agency(key: &Key) -> Self {
        let only = only(&agency_name(key));
        User {
            name: agency_name(key),
            configure: NOTHING,
            write: format!("^{STATUSES}$"),
            read: only.clone(),
            topic_write: Some(only),
        }
    }

    /// The user of a submitter.
    pub fn tenant(key: &TenantKey) -> Self {
        User {
            name: tenant_name(key),
            configure: NOTHING,
            write: NOTHING.to_owned(),
            read: only(&tenant_name(key)),
            topic_write: None,
        }
    }
}

/// The pattern of one name. A key has no character with a meaning in a pattern but the dots between its parts.
fn only(name: &str) -> String {
    format!("^{}$", name.replace('.', "\\."))
}

/// Everything that must exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topology {
    /// Durable topic exchanges.
    pub exchanges: Vec<&'static str>,
    /// Durable quorum queues.
    pub queues: Vec<Queue>,
    /// Who gets what.
    pub bindings: Vec<Binding>,
    /// Users of agencies and submitters.
    pub users: Vec<User>,
}

impl Topology {
    /// What messages to these agencies need, with the usual limits.
    pub fn for_agencies(agencies: impl IntoIterator<Item = (Key, QueueReader)>) -> Self {
        Topology::with_limits(agencies, &QueueLimits::default())
    }

    /// What messages to these agencies need.
    pub fn with_limits(agencies: impl IntoIterator<Item = (Key, QueueReader)>, limits: &QueueLimits) -> Self {
        let bind = |exchange, queue: &str, pattern: &str| Binding {
            exchange,
            queue: queue.to_owned(),
            pattern: pattern.to_owned(),
        };
        let mut topology = Topology {
            exchanges: vec![DEAD, DOSSIERS, EVENTS, STATUSES],
            // What dead letters go to comes first, so that no queue ever stands without.
            queues: vec![dead_queue(limits), queue(STATUS_QUEUE.to_owned(), limits)],
            bindings: vec![
                bind(DEAD, DEAD_QUEUE, "#"),
                bind(STATUSES, STATUS_QUEUE, "agency.#"),
            ],
            users: Vec::new(),
        };
        for (key, channel) in agencies {
            let name = agency_name(&key);
            topology.bindings.push(bind(DOSSIERS, &name, &name));
            topology.queues.push(queue(name, limits));
            if channel == QueueReader::Amqp {
                topology.users.push(User::agency(&key));
            }
        }
        topology
    }

    /// Beside that, the queues of these submitters, with the usual limits.
    #[must_use]
    pub fn with_tenants<'a>(mut self, tenants: impl IntoIterator<Item = &'a TenantKey>) -> Self {
        for key in tenants {
            let name = tenant_name(key);
            self.bindings.push(Binding {
                exchange: EVENTS,
                queue: name.clone(),
                pattern: name.clone(),
            });
            self.queues.push(queue(name, &QueueLimits::default()));
            self.users.push(User::tenant(key));
        }
        self
    }

    /// Definitions for `rabbitmqctl import_definitions`, for an installation where the hub may not use the management
    /// interface. Users are created without a password, so nobody can log in as one before
    /// `rabbitmqctl change_password <user>` gave it one.
    pub fn plan(&self, vhost: &str) -> Value {
        let exchanges = self.exchanges.iter().map(|name| {
            json!({"name": name, "vhost": vhost, "type": "topic", "durable": true, "auto_delete": false,
                   "internal": false, "arguments": {}})
        });
        let queues = self.queues.iter().map(|queue| {
            json!({"name": queue.name, "vhost": vhost, "durable": true, "auto_delete": false, "arguments": queue.arguments})
        });
        let bindings = self.bindings.iter().map(|binding| {
            json!({"source": binding.exchange, "vhost": vhost, "destination": binding.queue, "destination_type": "queue",
                   "routing_key": binding.pattern, "arguments": {}})
        });
        let users = self.users.iter().map(|user| {
            json!({"name": user.name, "password_hash": "", "hashing_algorithm": "rabbit_password_hashing_sha256",
                   "tags": "", "limits": {}})
        });
        let permissions = self.users.iter().map(|user| {
            json!({"user": user.name, "vhost": vhost, "configure": user.configure, "write": user.write, "read": user.read})
        });
        let topic_permissions = self.users.iter().filter_map(|user| {
            let write = user.topic_write.as_ref()?;
            Some(json!({"user": user.name, "vhost": vhost, "exchange": STATUSES, "write": write, "read": NOTHING}))
        });
        json!({
            "vhosts": [{"name": vhost}],
            "users": users.collect::<Vec<_>>(),
            "permissions": permissions.collect::<Vec<_>>(),
            "topic_permissions": topic_permissions.collect::<Vec<_>>(),
            "exchanges": exchanges.collect::<Vec<_>>(),
            "queues": queues.collect::<Vec<_>>(),
            "bindings": bindings.collect::<Vec<_>>(),
        })
    }
}

fn queue(name: String, limits: &QueueLimits) -> Queue {
    let mut arguments = kept(limits, limits.age);
    arguments.extend([
        ("x-dead-letter-exchange", Argument::Word(DEAD)),
        // Needs `reject-publish` below, and on RabbitMQ 3.10 the feature flag `stream_queue`; without either the broker quietly
        // falls back to `at-most-once`, so the check looks for both.
        ("x-dead-letter-strategy", Argument::Word("at-least-once")),
        ("x-delivery-limit", Argument::Number(limits.returns.into())),
    ]);
    Queue { name, arguments }
}

/// Where a message ends: no delivery limit would make sense, because there is nowhere further to go. Full, it holds dead letters
/// back in the queues they came from.
fn dead_queue(limits: &QueueLimits) -> Queue {
    let mut arguments = kept(limits, limits.dead_age);
    arguments.insert("x-delivery-limit", Argument::Number(i32::MAX.into()));
    Queue {
        name: DEAD_QUEUE.to_owned(),
        arguments,
    }
}

fn kept(limits: &QueueLimits, age: Duration) -> BTreeMap<&'static str, Argument> {
    BTreeMap::from([
        ("x-queue-type", Argument::Word("quorum")),
        ("x-overflow", Argument::Word("reject-publish")),
        ("x-max-length", Argument::Number(limits.messages.into())),
        (
            "x-max-length-bytes",
            Argument::Number(i64::try_from(limits.bytes).unwrap_or(i64::MAX)),
        ),
        // RabbitMQ holds this in 32 bits of milliseconds.
        (
            "x-message-ttl",
            Argument::Number(u32::try_from(age.as_millis()).unwrap_or(u32::MAX).into()),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(s: &str) -> Key {
        s.parse().unwrap()
    }

    #[test]
    fn only_an_agency_that_consumes_by_itself_has_a_user() {
        let topology = Topology::for_agencies([
            (key("so-tu-phap"), QueueReader::Amqp),
            (key("ubnd-00004"), QueueReader::Hub),
        ]);
        let users: Vec<_> = topology.users.iter().map(|u| u.name.as_str()).collect();
        assert_eq!(users, ["agency.so-tu-phap"]);
        assert_eq!(topology.queues.len(), 4);
    }

    #[test]
    fn every_queue_dead_letters_at_least_once_except_the_last() {
        let topology = Topology::for_agencies([(key("so-tu-phap"), QueueReader::Amqp)]);
        for queue in &topology.queues {
            assert_eq!(
                queue.arguments["x-overflow"],
                Argument::Word("reject-publish"),
                "{}",
                queue.name
            );
            let dead = queue.arguments.get("x-dead-letter-exchange");
            assert_eq!(dead.is_none(), queue.name == DEAD_QUEUE, "{}", queue.name);
            if dead.is_some() {
                assert_eq!(
                    queue.arguments["x-dead-letter-strategy"],
                    Argument::Word("at-least-once")
                );
            }
        }
    }

    #[test]
    fn a_submitter_reads_its_own_queue_and_writes_nowhere() {
        let user = User::tenant(&"agent.a-001".parse().unwrap());
        assert_eq!(user.read, "^tenant\\.agent\\.a-001$");
        assert_eq!(
            (user.write.as_str(), user.configure, user.topic_write),
            (NOTHING, NOTHING, None)
        );
    }

    #[test]
    fn the_plan_is_what_the_document_shows() {
        let tenant: TenantKey = "branch.tay-ho".parse().unwrap();
        let topology = Topology::for_agencies([
            (key("so-tu-phap"), QueueReader::Amqp),
            (key("ubnd-00004"), QueueReader::Hub),
        ])
        .with_tenants([&tenant]);
        insta::assert_json_snapshot!(topology.plan("lienthong"));
    }
}
