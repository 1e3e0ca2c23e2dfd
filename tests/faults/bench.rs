//! The measurement itself, short and on both stacks: what it says is true, and what it writes can be read. No figure is judged.

use std::process::{Command, Output};

use serde_json::Value;

use crate::stack::{Production, folder};

/// Runs `lienthong bench` with few connections and one short round; its exit and what it wrote.
fn measured(name: &str, scenarios: &[&str], more: &[String]) -> (Output, Value, String) {
    let dir = folder(name);
    std::fs::create_dir_all(&dir).unwrap();
    let (json, svg) = (dir.join("bench.json"), dir.join("bench.svg"));
    let output = Command::new(env!("CARGO_BIN_EXE_lienthong"))
        .arg("bench")
        .args(scenarios)
        .args(["--short", "--seconds", "1", "--rounds", "1", "--connections", "4"])
        .args(["--tenants", "2", "--documents", "mix", "--dir"])
        .arg(dir.join("work"))
        .arg("--json")
        .arg(&json)
        .arg("--svg")
        .arg(&svg)
        .args(more)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap();
    let (report, chart) = (serde_json::from_str(&read(&json)).unwrap(), read(&svg));
    let left: Vec<_> = std::fs::read_dir(dir.join("work")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    std::fs::remove_dir_all(&dir).unwrap();
    (output, report, chart)
}

/// Of each scenario: its name, something done, nothing untrue, each ratio a number.
fn all_is_true(report: &Value, scenarios: &[&str]) {
    let all = report["scenarios"].as_array().unwrap();
    let names: Vec<&str> = all.iter().map(|s| s["scenario"].as_str().unwrap()).collect();
    assert_eq!(names, scenarios);
    assert_eq!(report["faults"], serde_json::json!([]));
    for scenario in all {
        let checks = scenario["checks"].as_array().unwrap();
        assert!(checks.len() > 3, "{checks:?}");
        assert!(checks.iter().all(|check| check["good"] == true), "{checks:?}");
        for round in scenario["rounds"].as_array().unwrap() {
            assert!(round["done"].as_u64().unwrap() > 0, "{round}");
        }
    }
}

fn ratios(report: &Value, scenario: usize) -> Vec<String> {
    let ratios = report["scenarios"][scenario]["median"]["ratios"]
        .as_object()
        .unwrap();
    assert!(
        ratios.values().all(|ratio| ratio.as_f64().unwrap() > 0.0),
        "{ratios:?}"
    );
    ratios.keys().cloned().collect()
}

/// Well-formed, and nothing in it that a browser would run or fetch.
fn is_a_chart(svg: &str) {
    let mut reader = quick_xml::Reader::from_str(svg);
    let mut bars = 0;
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Empty(tag) | quick_xml::events::Event::Start(tag) => {
                assert_ne!(tag.name().as_ref(), "script");
                bars += usize::from(tag.name().as_ref() == "rect");
            }
            _ => {}
        }
    }
    assert!(bars > 2, "{svg}");
}

#[test]
fn a_short_measurement_on_sqlite_is_true_and_says_what_it_left_out() {
    let (output, report, svg) = measured("bench-sqlite", &["accept", "accept-sqlite"], &[]);
    all_is_true(&report, &["accept-sqlite"]);
    assert_eq!(report["left_out"], serde_json::json!(["accept"]));
    assert_eq!(ratios(&report, 0), ["sqlite-batches"]);
    is_a_chart(&svg);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("left out, no --postgres"), "{said}");
    assert!(said.contains("Nothing accepted was lost"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn heavy_a_short_measurement_on_services_is_true_and_leaves_nothing_behind() {
    let services = Production::fresh("bench").await;
    let scenarios = ["accept", "loop", "statuses", "snapshot"];
    let more = services.arguments();
    let (_, report, svg) = tokio::task::block_in_place(|| measured("bench-services", &scenarios, &more));
    all_is_true(&report, &scenarios);
    let limits = ["postgres-batches", "postgres-one-by-one", "rabbitmq-confirms"];
    assert_eq!(ratios(&report, 0), limits);
    assert_eq!(ratios(&report, 1), limits);
    is_a_chart(&svg);
    services.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heavy_a_feed_and_an_archive_copied_by_sql_are_measured_and_true() {
    let services = Production::fresh("bench_archive").await;
    let scenarios = ["feed", "large"];
    let more = [
        services.arguments(),
        vec!["--dossiers".to_owned(), "500".to_owned()],
    ]
    .concat();
    let (_, report, _) = tokio::task::block_in_place(|| measured("bench-archive", &scenarios, &more));
    all_is_true(&report, &scenarios);
    services.remove().await;
}
