//! What the interface counts, in Prometheus' text form. Label values are the hub's own words (routes, problem labels), never a
//! caller's, so their number is bounded and none is personal.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use parking_lot::Mutex;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::domain::rejection::Label;
use crate::domain::time::Timestamp;
use crate::domain::view::{Backlog, LimitCount};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    label: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Opened {
    listener: &'static str,
    certificate: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClosedBy {
    listener: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ending {
    days: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LimitStage {
    limit: &'static str,
    stage: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QueueName {
    queue: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LedgerCount {
    of: &'static str,
}

/// A key of the register, which is the operator's own word.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfTenant {
    tenant: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NoticeState {
    state: &'static str,
}

/// Upper bounds of the latency histogram, in seconds: from a cached answer to the longest wait of a feed.
const LATENCY: [f64; 13] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 31.0,
];

/// The hub's metrics. Other rooms' figures are set here by the composition root.
pub struct Metrics {
    registry: Mutex<Registry>,
    requests: Family<Answered, Counter>,
    latency: Family<Answered, Histogram>,
    refused: Family<Refused, Counter>,
    connections: Family<Opened, Counter>,
    closed: Family<ClosedBy, Counter>,
    running: Gauge,
    room: Gauge,
    capacity: Gauge,
    ledger: Family<LedgerCount, Gauge>,
    faults: Family<OfTenant, Gauge>,
    outbox: Gauge,
    ending: Family<Ending, Gauge>,
    limits: Family<LimitStage, Gauge>,
    irregular: Family<Refused, Gauge>,
    overdue_files: Gauge,
    format_drift: Gauge,
    parked: Gauge,
    failing: Gauge,
    queues: Family<QueueName, Gauge>,
    queues_room: Family<QueueName, Gauge>,
    spared: Gauge,
    disabled: Gauge,
    notices: Family<NoticeState, Gauge>,
    notices_age: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics::new()
    }
}

/// A request that runs; counted until dropped.
pub(super) struct Running(Gauge);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// All at zero.
    pub fn new() -> Self {
        let metrics = Metrics::unregistered();
        metrics.with_registry(|r| {
            metrics.register_answers(r);
            metrics.register_state(r);
            metrics.register_backlog(r);
        });
        metrics
    }

    fn unregistered() -> Self {
        Metrics {
            registry: Mutex::new(Registry::with_prefix("lienthong")),
            requests: Family::default(),
            latency: Family::new_with_constructor(|| Histogram::new(LATENCY)),
            refused: Family::default(),
            connections: Family::default(),
            closed: Family::default(),
            running: Gauge::default(),
            room: Gauge::default(),
            capacity: Gauge::default(),
            ledger: Family::default(),
            faults: Family::default(),
            outbox: Gauge::default(),
            ending: Family::default(),
            limits: Family::default(),
            irregular: Family::default(),
            overdue_files: Gauge::default(),
            format_drift: Gauge::default(),
            parked: Gauge::default(),
            failing: Gauge::default(),
            queues: Family::default(),
            queues_room: Family::default(),
            spared: Gauge::default(),
            disabled: Gauge::default(),
            notices: Family::default(),
            notices_age: Gauge::default(),
        }
    }

    /// What was asked and answered.
    fn register_answers(&self, r: &mut Registry) {
        r.register("http_requests", "Requests answered", self.requests.clone());
        r.register("http_request_seconds", "Time to answer", self.latency.clone());
        r.register(
            "http_refusals",
            "Requests refused, by problem label",
            self.refused.clone(),
        );
        r.register("tls_connections", "Connections opened", self.connections.clone());
        r.register(
            "connections_closed",
            "Connections that came to nothing: too many of an address, no handshake, no HTTP",
            self.closed.clone(),
        );
        r.register(
            "http_requests_running",
            "Requests being answered",
            self.running.clone(),
        );
    }

    /// How the hub and its dossiers stand.
    fn register_state(&self, r: &mut Registry) {
        r.register(
            "ledger_queue_room",
            "Free places in the ledger's queue",
            self.room.clone(),
        );
        r.register(
            "ledger_queue_capacity",
            "Places in the ledger's queue",
            self.capacity.clone(),
        );
        r.register(
            "outbox_waiting",
            "Committed messages not yet confirmed",
            self.outbox.clone(),
        );
        r.register(
            "certificates_ending",
            "Registered certificates that end within so many days",
            self.ending.clone(),
        );
        r.register(
            "dossiers_limit",
            "Dossiers with a time limit that is near or has passed",
            self.limits.clone(),
        );
        r.register(
            "irregular",
            "What was done within thirty days although a rule was broken, by its label",
            self.irregular.clone(),
        );
        r.register(
            "files_overdue",
            "Files that dossiers name and that have been missing for more than three days",
            self.overdue_files.clone(),
        );
        r.register(
            "format_drift",
            "Files of formats that a hub began with though another text is in use under their name and version",
            self.format_drift.clone(),
        );
    }

    fn register_backlog(&self, r: &mut Registry) {
        r.register(
            "ledger",
            "Commits, rollbacks and connections of the ledger since the hub started",
            self.ledger.clone(),
        );
        r.register(
            "ledger_faults",
            "Commands the database refused since the hub started, by the tenant that sent them",
            self.faults.clone(),
        );
        r.register(
            "deliveries_parked",
            "Messages to agencies that were given up",
            self.parked.clone(),
        );
        r.register(
            "deliveries_failing",
            "Messages to agencies that were tried in vain and are tried again",
            self.failing.clone(),
        );
        r.register(
            "broker_queue_messages",
            "Messages that wait in a queue of the hub's own on the broker",
            self.queues.clone(),
        );
        r.register(
            "broker_queue_capacity",
            "Messages such a queue holds; the next is refused",
            self.queues_room.clone(),
        );
        r.register(
            "endpoints_spared",
            "Endpoints of agencies that fail and are spared",
            self.spared.clone(),
        );
        r.register(
            "webhooks_disabled",
            "Webhooks whose receiver wants nothing more",
            self.disabled.clone(),
        );
        r.register(
            "notices",
            "Events to submitters that are on their way, were given up, or wait behind such",
            self.notices.clone(),
        );
        r.register(
            "notices_waiting_seconds",
            "Age of the oldest event on its way to a submitter",
            self.notices_age.clone(),
        );
    }

    /// Lets another room add what it counts.
    pub fn with_registry<T>(&self, add: impl FnOnce(&mut Registry) -> T) -> T {
        add(&mut self.registry.lock())
    }

    /// How many places the ledger's queue has.
    pub fn capacity(&self, places: usize) {
        self.capacity.set(as_gauge(places));
    }

    /// How many of them are free.
    pub fn room(&self, places: usize) {
        self.room.set(as_gauge(places));
    }

    /// What the ledger has counted since the hub started: commits, rollbacks, connections, and refused commands by tenant.
    pub fn ledger<'a>(
        &self,
        [commits, rollbacks, connections]: [u64; 3],
        faults: impl IntoIterator<Item = (&'a String, &'a u64)>,
    ) {
        let gauge = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        for (of, count) in [
            ("commits", commits),
            ("rollbacks", rollbacks),
            ("connections", connections),
        ] {
            self.ledger.get_or_create(&LedgerCount { of }).set(gauge(count));
        }
        for (tenant, count) in faults {
            let tenant = tenant.clone();
            self.faults.get_or_create(&OfTenant { tenant }).set(gauge(*count));
        }
    }

    /// How many committed messages the broker has not confirmed.
    pub fn outbox(&self, messages: i64) {
        self.outbox.set(messages);
    }

    /// How many registered certificates end within so many days.
    pub fn ending_certificates(&self, count: &BTreeMap<i16, i64>) {
        for (days, n) in count {
            let days = i64::from(*days);
            self.ending.get_or_create(&Ending { days }).set(*n);
        }
    }

    /// How many dossiers have a limit that is near, or that has passed.
    pub fn limits(&self, counts: &[LimitCount]) {
        for count in counts {
            for (stage, number) in [("near", count.near), ("passed", count.passed)] {
                let limit = count.limit.word();
                self.limits
                    .get_or_create(&LimitStage { limit, stage })
                    .set(number);
            }
        }
    }

    /// What lies in a queue of the hub's own, and what it holds.
    pub fn queue(&self, queue: &'static str, messages: u64, capacity: u32) {
        let name = QueueName { queue };
        self.queues
            .get_or_create(&name)
            .set(i64::try_from(messages).unwrap_or(i64::MAX));
        self.queues_room.get_or_create(&name).set(capacity.into());
    }

    /// How often each rule was broken within thirty days. A rule that no longer was stands at 0.
    pub fn irregular(&self, counts: &BTreeMap<Label, i64>) {
        for label in Label::IRREGULAR {
            let number = counts.get(&label).copied().unwrap_or(0);
            let label = label.as_str();
            self.irregular.get_or_create(&Refused { label }).set(number);
        }
    }

    /// What is on its way at `now`, and what has stopped there.
    pub fn backlog(&self, backlog: &Backlog, now: Timestamp) {
        self.parked.set(backlog.deliveries_parked);
        self.failing.set(backlog.deliveries_failing);
        self.spared.set(backlog.endpoints_spared);
        self.disabled.set(backlog.webhooks_disabled);
        for (state, number) in [
            ("waiting", backlog.notices_waiting),
            ("parked", backlog.notices_parked),
            ("held", backlog.notices_held),
        ] {
            self.notices.get_or_create(&NoticeState { state }).set(number);
        }
        let since = backlog.notices_waiting_since.unwrap_or(now).min(now);
        self.notices_age
            .set(i64::try_from(now.since(since).as_secs()).unwrap_or(i64::MAX));
    }

    /// How many files of formats are not what is in use.
    pub fn format_drift(&self, files: usize) {
        self.format_drift.set(i64::try_from(files).unwrap_or(i64::MAX));
    }

    /// How many files dossiers have awaited for too long.
    pub fn overdue_files(&self, files: i64) {
        self.overdue_files.set(files);
    }

    /// Everything, in Prometheus' own text form (0.0.4), for whoever does not read OpenMetrics: there a counter is named as its
    /// sample is, and the text has no end.
    pub fn plain_text(&self) -> String {
        let open = self.text();
        let counters: std::collections::BTreeSet<&str> = open
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"))
            .collect();
        let mut plain = String::with_capacity(open.len() + 512);
        for line in open.lines() {
            if line == "# EOF" || line.starts_with("# UNIT ") {
                continue;
            }
            let mut words = line.splitn(4, ' ');
            match (words.next(), words.next(), words.next(), words.next()) {
                (Some("#"), Some(what @ ("HELP" | "TYPE")), Some(name), Some(rest))
                    if counters.contains(name) =>
                {
                    // Writing to a string cannot fail.
                    let _ = writeln!(plain, "# {what} {name}_total {rest}");
                }
                _ => {
                    plain.push_str(line);
                    plain.push('\n');
                }
            }
        }
        plain
    }

    /// Everything, as OpenMetrics 1.0.0 writes it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.lock();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &registry);
        text
    }

    pub(super) fn running(&self) -> Running {
        self.running.inc();
        Running(self.running.clone())
    }

    pub(super) fn opened(&self, listener: &'static str, certificate: bool) {
        let certificate = if certificate { "shown" } else { "none" };
        self.connections
            .get_or_create(&Opened {
                listener,
                certificate,
            })
            .inc();
    }

    /// Counts a connection that came to nothing.
    pub(super) fn closed(&self, listener: &'static str, reason: &'static str) {
        self.closed.get_or_create(&ClosedBy { listener, reason }).inc();
    }

    pub(super) fn answered(&self, route: &'static str, status: u16, label: Option<Label>, took: Duration) {
        let status = match status / 100 {
            1 => "1xx",
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            _ => "5xx",
        };
        let answered = Answered { route, status };
        self.requests.get_or_create(&answered).inc();
        self.latency.get_or_create(&answered).observe(took.as_secs_f64());
        if let Some(label) = label {
            self.refused(label);
        }
    }

    /// Counts a refusal; an item of a batch is one as well.
    pub(super) fn refused(&self, label: Label) {
        let label = label.as_str();
        self.refused.get_or_create(&Refused { label }).inc();
    }
}

fn as_gauge(places: usize) -> i64 {
    i64::try_from(places).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
