//! Compares what lives in RabbitMQ with the plan. Pure: what lives there was fetched before.
//!
//! Finds what is missing, what is other than planned, and what was added by hand that would break a promise: a second queue
//! bound to an agency's key reads its dossiers, a policy can take the reject out of `reject-publish`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Value, json};

use super::topology::{AGENCY_PREFIX, NOTHING, Queue, STATUSES, TENANT_PREFIX, Topology};

/// One thing that is not as planned, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// What it is about: `queue agency.so-tu-phap`.
    pub object: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}. {}.", self.object, self.problem, self.remedy)
    }
}

/// What lives in RabbitMQ, as its management interface lists it.
#[derive(Clone, Debug)]
pub struct Live {
    /// `/api/exchanges/<vhost>`
    pub exchanges: Value,
    /// `/api/queues/<vhost>`
    pub queues: Value,
    /// `/api/bindings/<vhost>`
    pub bindings: Value,
    /// `/api/vhosts/<vhost>/permissions`
    pub permissions: Value,
    /// `/api/vhosts/<vhost>/topic-permissions`
    pub topic_permissions: Value,
    /// `/api/policies/<vhost>`
    pub policies: Value,
    /// `/api/operator-policies/<vhost>`
    pub operator_policies: Value,
    /// `/api/feature-flags`
    pub feature_flags: Value,
    /// `/api/permissions`: of all virtual hosts this user may see
    pub all_permissions: Value,
}

/// Every difference, in the order of the plan.
pub fn differences(topology: &Topology, live: &Live, vhost: &str) -> Vec<Difference> {
    let mut found = Found {
        all: Vec::new(),
        vhost,
    };
    found.feature_flags(live);
    found.exchanges(topology, live);
    found.queues(topology, live);
    found.bindings(topology, live);
    found.users(topology, live);
    found.all
}

/// Feature flags the plan needs.
const FLAGS: [(&str, &str); 2] = [
    ("quorum_queue", "there are no quorum queues"),
    (
        "stream_queue",
        "at-least-once dead-lettering quietly becomes at-most-once",
    ),
];

/// What a policy may say of our exchanges and queues without changing what they promise.
const HARMLESS: [&str; 4] = [
    "ha-mode",
    "queue-master-locator",
    "queue-leader-locator",
    "federation-upstream-set",
];

struct Found<'a> {
    all: Vec<Difference>,
    vhost: &'a str,
}

fn rows(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn by_name<'a>(list: &'a Value, field: &str) -> BTreeMap<&'a str, &'a Value> {
    rows(list)
        .filter_map(|row| Some((row[field].as_str()?, row)))
        .collect()
}

impl Found<'_> {
    fn add(&mut self, object: impl Into<String>, problem: impl Into<String>, remedy: impl Into<String>) {
        self.all.push(Difference {
            object: object.into(),
            problem: problem.into(),
            remedy: remedy.into(),
        });
    }

    fn feature_flags(&mut self, live: &Live) {
        let flags = by_name(&live.feature_flags, "name");
        for (name, otherwise) in FLAGS {
            // Later versions drop the flags that are always on.
            if flags.get(name).is_some_and(|flag| flag["state"] == "disabled") {
                self.add(
                    format!("feature flag {name}"),
                    format!("off: {otherwise}"),
                    format!("rabbitmqctl enable_feature_flag {name}"),
                );
            }
        }
    }

    fn exchanges(&mut self, topology: &Topology, live: &Live) {
        let exchanges = by_name(&live.exchanges, "name");
        for name in &topology.exchanges {
            let object = format!("exchange {name}");
            let Some(row) = exchanges.get(name) else {
                self.add(
                    object,
                    "missing",
                    "Start the hub, which declares it, or import the plan",
                );
                continue;
            };
            let remedy = "Delete it and start the hub, which declares it; until then publishing is refused, nothing is lost";
            if row["type"] != "topic" {
                self.add(&object, format!("of type {}, not topic", row["type"]), remedy);
            }
            if row["durable"] != true || row["auto_delete"] == true {
                self.add(&object, "not durable, or deleted when unused", remedy);
            }
            if row["arguments"]
                .as_object()
                .is_some_and(|arguments| !arguments.is_empty())
            {
                self.add(
                    &object,
                    format!("arguments {}, not none", row["arguments"]),
                    remedy,
                );
            }
            self.policies(&object, row, None, live);
        }
    }

    fn queues(&mut self, topology: &Topology, live: &Live) {
        let queues = by_name(&live.queues, "name");
        for queue in &topology.queues {
            let object = format!("queue {}", queue.name);
            let Some(row) = queues.get(queue.name.as_str()) else {
                self.add(
                    object,
                    "missing",
                    "Start the hub, which declares it, or import the plan",
                );
                continue;
            };
            let wanted = json!(queue.arguments);
            let empty = serde_json::Map::new();
            let (is, shall) = (
                row["arguments"].as_object().unwrap_or(&empty),
                wanted.as_object().unwrap_or(&empty),
            );
            let names: BTreeSet<&String> = is.keys().chain(shall.keys()).collect();
            for name in names {
                let (is, shall) = (is.get(name), shall.get(name));
                if is != shall {
                    let say = |value: Option<&Value>| value.map_or("absent".to_owned(), Value::to_string);
                    self.add(
                        &object,
                        format!("argument {name} is {}, not {}", say(is), say(shall)),
                        "Arguments cannot be changed: stop the hub, let consumers empty the queue, delete it, start the hub",
                    );
                }
            }
            if row["durable"] != true || row["auto_delete"] == true || row["exclusive"] == true {
                self.add(
                    &object,
                    "not durable, exclusive, or deleted when unused",
                    "Delete it and start the hub",
                );
            }
            self.policies(&object, row, Some(queue), live);
        }
    }

    /// A policy that says of a planned argument something else, or anything that is not known to be harmless.
    fn policies(&mut self, object: &str, row: &Value, queue: Option<&Queue>, live: &Live) {
        let kinds = [
            ("policy", &live.policies, "clear_policy"),
            (
                "operator_policy",
                &live.operator_policies,
                "clear_operator_policy",
            ),
        ];
        for (field, list, command) in kinds {
            let Some(name) = row[field].as_str().filter(|name| !name.is_empty()) else {
                continue;
            };
            let policies = by_name(list, "name");
            let Some(definition) = policies
                .get(name)
                .and_then(|policy| policy["definition"].as_object())
            else {
                continue;
            };
            for (key, value) in definition {
                let planned = queue.and_then(|queue| queue.arguments.get(format!("x-{key}").as_str()));
                let agrees = planned.is_some_and(|planned| json!(planned) == *value);
                if !agrees && !HARMLESS.contains(&key.as_str()) {
                    let vhost = self.vhost;
                    self.add(
                        object,
                        format!("{} {name} sets {key} to {value}", field.replace('_', " ")),
                        format!("rabbitmqctl {command} -p {vhost} {name}"),
                    );
                }
            }
        }
    }

    fn bindings(&mut self, topology: &Topology, live: &Live) {
        let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
        let live: BTreeSet<(String, String, String)> = rows(&live.bindings)
            .map(|row| (text(row, "source"), text(row, "destination"), text(row, "routing_key")))
            // Every queue is bound to the nameless exchange by its own name; nobody can change that.
            .filter(|(source, ..)| !source.is_empty())
            .collect();
        let planned: BTreeSet<(String, String, String)> = topology
            .bindings
            .iter()
            .map(|binding| {
                (
                    binding.exchange.to_owned(),
                    binding.queue.clone(),
                    binding.pattern.clone(),
                )
            })
            .collect();
        for (exchange, queue, pattern) in planned.difference(&live) {
            self.add(
                format!("binding {exchange} → {queue}"),
                format!("missing for {pattern}"),
                "Start the hub, which declares it, or import the plan",
            );
        }
        for (exchange, queue, pattern) in live.difference(&planned) {
            let ours = topology.exchanges.contains(&exchange.as_str())
                || topology.queues.iter().any(|planned| planned.name == *queue);
            if ours {
                self.add(
                    format!("binding {exchange} → {queue}"),
                    format!("not planned, for {pattern}: it carries messages to where they do not belong"),
                    "Remove it in the management pages, and find out who made it",
                );
            }
        }
    }

    fn users(&mut self, topology: &Topology, live: &Live) {
        let permissions = by_name(&live.permissions, "user");
        let remedy =
            "Register the user again (it gets its permissions with its password), or import the plan";
        for user in &topology.users {
            let object = format!("user {}", user.name);
            let is = permissions.get(user.name.as_str());
            match is {
                None => self.add(&object, "missing, or without permissions here", remedy),
                Some(row)
                    if row["configure"] != user.configure
                        || row["write"] != user.write
                        || row["read"] != user.read =>
                {
                    let is = format!(
                        "configure {}, write {}, read {}",
                        row["configure"], row["write"], row["read"]
                    );
                    self.add(&object, format!("other permissions than planned: {is}"), remedy);
                }
                Some(_) => {}
            }
            let elsewhere: Vec<&str> = rows(&live.all_permissions)
                .filter(|row| row["user"] == user.name && row["vhost"] != self.vhost)
                .filter_map(|row| row["vhost"].as_str())
                .collect();
            if !elsewhere.is_empty() {
                self.add(
                    &object,
                    format!(
                        "also has permissions in {}: users belong to the whole broker, and one password opens both",
                        elsewhere.join(", ")
                    ),
                    "Give each hub a broker of its own, or take the other permissions away (rabbitmqctl clear_permissions)",
                );
            }
            let Some(write) = &user.topic_write else { continue };
            let topic = rows(&live.topic_permissions)
                .find(|row| row["user"] == user.name && row["exchange"] == STATUSES);
            if !topic.is_some_and(|row| row["write"] == *write && row["read"] == NOTHING) && is.is_some() {
                let problem =
                    "no topic permission, or another than planned: it may report in other agencies' names";
                self.add(&object, problem, remedy);
            }
        }
        let partners = |name: &&&str| name.starts_with(AGENCY_PREFIX) || name.starts_with(TENANT_PREFIX);
        for name in permissions.keys().filter(partners) {
            if !topology.users.iter().any(|user| user.name == *name) {
                let vhost = self.vhost;
                self.add(
                    format!("user {name}"),
                    "has permissions, but nobody consumes by that name",
                    format!("rabbitmqctl clear_permissions -p {vhost} {name}"),
                );
            }
        }
    }
}
