//! What a measurement says to people.

use crate::bench::plan::Scenario;
use crate::bench::raw;
use crate::bench::report::{BenchReport, Measured};

/// Where, what, how much, and whether it is true.
pub(super) fn told(report: &BenchReport) -> String {
    let mut text = String::from("\n");
    let machine = &report.machine;
    text += &format!(
        "  {} × {}, {:.0} GiB, Linux {}{}{}\n",
        machine.cores,
        machine.cpu,
        machine.memory as f64 / f64::from(1 << 30),
        machine.kernel,
        service(
            "PostgreSQL",
            report.postgres.as_ref(),
            report.local.get("postgres")
        ),
        service("RabbitMQ", report.rabbitmq.as_ref(), report.local.get("rabbitmq")),
    );
    let asked = &report.asked;
    text += &format!(
        "  {} rounds of {:.0} s, {} connections of {} tenants, {}, documents: {}{}\n",
        asked.rounds,
        asked.seconds,
        asked.connections,
        asked.tenants,
        asked.rate.map_or_else(
            || "closed loop".to_owned(),
            |rate| format!("{rate} a second (open loop)")
        ),
        asked.documents,
        if asked.short {
            "; SHORT: a look, not a figure"
        } else {
            ""
        },
    );
    for measured in &report.scenarios {
        text += &scenario(measured);
    }
    text += &truth(report);
    for word in &report.left_out {
        let says = Scenario::parse(word).map_or("", Scenario::says);
        text += &format!("  left out, no --postgres, --amqp, --amqp-admin: {word} ({says})\n");
    }
    for fault in &report.faults {
        text += &format!("  FAULT  {fault}\n");
    }
    text + &format!("  {:.0} s in all\n", report.took_seconds)
}

fn service(name: &str, version: Option<&String>, local: Option<&bool>) -> String {
    let place = if local == Some(&true) {
        ""
    } else {
        " (another machine)"
    };
    version.map_or_else(String::new, |version| format!(", {name} {version}{place}"))
}

fn scenario(measured: &Measured) -> String {
    let (middle, counts) = (&measured.median, measured.counts);
    let mut text = format!("\n{}: {}\n", measured.scenario, measured.says);
    if measured.documents.count > 0 {
        text += &format!(
            "  {:.0} bytes a document on average, {} at most\n",
            measured.documents.mean, measured.documents.largest
        );
    }
    if !measured.rounds.is_empty() {
        let each: Vec<String> = measured
            .rounds
            .iter()
            .map(|r| format!("{:.0}", r.per_second))
            .collect();
        text += &format!(
            "  {:>10.0} {counts} a second       (rounds: {})\n",
            middle.per_second,
            each.join(", ")
        );
    }
    for (limit, ratio) in &middle.ratios {
        let raw = middle.raw.get(limit).copied().unwrap_or(0.0);
        text += &format!(
            "  {:>9.1} % of {raw:>7.0} a second   {}\n",
            ratio * 100.0,
            raw::says(limit)
        );
    }
    if !middle.latency.is_empty() {
        text += &format!(
            "  {:<24} {:>9} {:>9} {:>9} {:>9}  ms\n",
            "", "p50", "p90", "p99", "max"
        );
    }
    for (name, p) in &middle.latency {
        text += &format!(
            "  {name:<24} {:>9.1} {:>9.1} {:>9.1} {:>9.1}\n",
            p.p50, p.p90, p.p99, p.max
        );
    }
    if !measured.rounds.is_empty() {
        text += &spent(measured);
    }
    for (name, figure) in &measured.figures {
        let digits = usize::from(figure.fract() != 0.0 && figure.abs() < 1000.0) * 2;
        text += &format!("  {name:<44} {figure:>12.digits$}\n");
    }
    let answers = answers(measured);
    if !answers.is_empty() {
        text += &format!("  other answers: {answers}\n");
    }
    for note in &measured.notes {
        text += &format!("  note: {note}\n");
    }
    text
}

fn spent(measured: &Measured) -> String {
    let (cpu, peak) = (measured.median.cpu_per_1000, measured.median.peak_memory);
    let other =
        |value: Option<f64>| value.map_or_else(|| "elsewhere".to_owned(), |value| format!("{value:.2}"));
    let mut text = format!("  CPU s for 1000   hub {:.2}", cpu.hub);
    let services = measured.median.raw.contains_key(raw::ONE_BY_ONE) || cpu.postgres.is_some();
    if services {
        text += &format!(
            "   PostgreSQL {}   RabbitMQ {}",
            other(cpu.postgres),
            other(cpu.rabbitmq)
        );
    }
    text += &format!("   generator {:.2}\n", cpu.generator);
    let mb = |bytes: f64| bytes / 1e6;
    text += &format!("  peak memory MB   hub {:.0}", mb(peak.hub));
    if let Some(rabbitmq) = peak.rabbitmq {
        text += &format!("   RabbitMQ {:.0}", mb(rabbitmq));
    }
    text + &format!("   generator {:.0}\n", mb(peak.generator))
}

/// What was answered beside 202 and 200.
fn answers(measured: &Measured) -> String {
    let mut all = std::collections::BTreeMap::new();
    for (status, count) in measured.rounds.iter().flat_map(|round| &round.answers) {
        if !(200..300).contains(status) {
            *all.entry(status).or_insert(0) += count;
        }
    }
    let words = all.iter().map(|(status, count)| match status {
        0 => format!("{count} without (connection broke)"),
        status => format!("{count} × {status}"),
    });
    words.collect::<Vec<_>>().join(", ")
}

fn truth(report: &BenchReport) -> String {
    let checks = report
        .scenarios
        .iter()
        .flat_map(|s| s.checks.iter().map(move |c| (s.scenario, c)));
    let (good, bad): (Vec<_>, Vec<_>) = checks.partition(|(_, check)| check.good);
    let mut text = format!("\n  {} looks whether it is true: ", good.len() + bad.len());
    if bad.is_empty() {
        text += "all is. Nothing accepted was lost.\n";
    } else {
        text += &format!("{} are NOT:\n", bad.len());
    }
    for (scenario, check) in bad {
        text += &format!("  NOT TRUE  {scenario}: {}: {}\n", check.what, check.found);
    }
    text
}
