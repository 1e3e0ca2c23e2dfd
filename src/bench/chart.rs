//! The ratios as a picture: for each scenario, how much of each raw limit it reached. Readable on a light and on a dark ground.

use askama::Template;

use super::raw;
use super::report::BenchReport;
use super::stats;

/// The length of a whole limit, and the place right of it.
const WHOLE: u32 = 360;
const LEFT: u32 = 440;

/// Between two bars, and before the first of a scenario.
const STEP: u32 = 28;
const GAP: u32 = 36;
const TOP: u32 = 70;

struct Bar {
    /// The scenario, above its first bar.
    heading: String,
    limit: &'static str,
    y: u32,
    whole: u32,
    part: u32,
    end: u32,
    figure: String,
}

#[derive(Template)]
#[template(path = "chart.svg", config = "src/bench/askama.toml", escape = "html")]
struct Chart {
    width: u32,
    height: u32,
    left: u32,
    heading: String,
    says: String,
    bars: Vec<Bar>,
}

/// Draws a report as SVG.
///
/// # Errors
/// A template that cannot be filled, which it can.
pub fn draw(report: &BenchReport) -> Result<String, askama::Error> {
    let (mut bars, mut y) = (Vec::new(), TOP);
    for measured in &report.scenarios {
        if measured.median.ratios.is_empty() {
            continue;
        }
        y += GAP;
        for (n, (limit, ratio)) in measured.median.ratios.iter().enumerate() {
            let raw = measured.median.raw.get(limit).copied().unwrap_or(0.0);
            let part = stats::whole((f64::from(WHOLE) * ratio.clamp(0.0, 1.0)).round());
            bars.push(Bar {
                heading: if n == 0 {
                    format!(
                        "{}: {:.0} {} a second",
                        measured.scenario, measured.median.per_second, measured.counts
                    )
                } else {
                    String::new()
                },
                limit: raw::says(limit),
                y,
                whole: WHOLE,
                part: u32::try_from(part).unwrap_or(WHOLE),
                end: LEFT + WHOLE + 12,
                figure: format!("{:.1} % of {raw:.0}", ratio * 100.0),
            });
            y += STEP;
        }
    }
    let machine = &report.machine;
    let chart = Chart {
        width: LEFT + WHOLE + 170,
        height: y + 20,
        left: LEFT,
        heading: "How much of a raw limit is reached; each limit measured right before, with the same bytes"
            .to_owned(),
        says: format!(
            "{} × {}, {:.0} GiB, Linux {}{}{}; median of {} rounds of {:.0} s; {}",
            machine.cores,
            machine.cpu,
            machine.memory as f64 / f64::from(1 << 30),
            machine.kernel,
            version(", PostgreSQL", report.postgres.as_ref()),
            version(", RabbitMQ", report.rabbitmq.as_ref()),
            report.asked.rounds,
            report.asked.seconds,
            report.began_at.date()
        ),
        bars,
    };
    chart.render()
}

/// The number alone: a distribution's own name is longer than the line.
fn version(name: &str, version: Option<&String>) -> String {
    let number = version.and_then(|version| version.split(' ').next());
    number.map_or_else(String::new, |number| format!("{name} {number}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::bench::machine::Machine;
    use crate::bench::report::{BenchParameters, Measured, Middle};

    #[test]
    fn a_chart_has_a_bar_for_each_ratio_and_escapes_what_it_shows() {
        let report = BenchReport {
            version: "0",
            began_at: "2026-11-29T00:00:00Z".parse().unwrap(),
            took_seconds: 1.0,
            machine: Machine {
                cores: 2,
                cpu: "<cpu> & \"more\"".to_owned(),
                memory: 1 << 31,
                kernel: "6".to_owned(),
            },
            postgres: None,
            rabbitmq: None,
            local: BTreeMap::new(),
            asked: BenchParameters {
                short: true,
                seconds: 1.0,
                rounds: 1,
                connections: 1,
                tenants: 1,
                rate: None,
                documents: "canonical",
                seed: 1,
            },
            scenarios: vec![Measured {
                scenario: "accept",
                counts: "dossiers",
                median: Middle {
                    per_second: 500.0,
                    ratios: BTreeMap::from([(raw::ONE_BY_ONE, 0.5), (raw::CONFIRMS, 1.5)]),
                    raw: BTreeMap::from([(raw::ONE_BY_ONE, 1000.0)]),
                    ..Middle::default()
                },
                ..Measured::default()
            }],
            left_out: Vec::new(),
            faults: Vec::new(),
        };
        let svg = draw(&report).unwrap();
        assert_eq!(svg.matches("class=\"part\"").count(), 2);
        assert!(svg.contains("50.0 % of 1000") && !svg.contains("<cpu>"), "{svg}");
        assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
    }
}
