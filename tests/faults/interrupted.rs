//! A demo that somebody stops, and what is checked before one begins.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use lienthong::sim::outcome::RunOutcome;

use crate::installation::until;
use crate::kill::Hub;
use crate::stack::folder;

fn sandbox(dir: &Path, more: &[&str]) -> Output {
    let mut line = vec!["sandbox", "--dir", dir.to_str().unwrap()];
    line.extend(["--partner-port", "0", "--web-port", "0", "--operations-port", "0"]);
    line.extend(more);
    Command::new(env!("CARGO_BIN_EXE_lienthong"))
        .args(line)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn what_would_spoil_a_demo_at_its_end_is_told_before_it_begins() {
    let dir = folder("interrupted-checks");
    let report = dir.join("no-such-folder/report.json");
    for (line, named) in [
        (
            vec!["--demo", "1", "--report", report.to_str().unwrap()],
            "no-such-folder",
        ),
        (vec!["--demo", "1", "--speed-up", "0"], "speed-up"),
        (vec!["--demo", "1", "--speed-up", "-1"], "speed-up"),
        (vec!["--demo", "1", "--speed-up", "nan"], "speed-up"),
    ] {
        let ended = sandbox(&dir, &line);
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(
            !ended.status.success() && said.contains(named),
            "{line:?}: {said}"
        );
        assert!(!dir.join("ca").exists(), "{line:?}: nothing was begun");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn heavy_a_demo_that_is_stopped_ends_in_order_with_its_report() {
    for signal in ["INT", "TERM"] {
        let dir = folder(&format!("interrupted-{signal}"));
        let report = dir.with_extension("json");
        let named = report.display().to_string();
        // Offices at a real one's pace: it would go on for days.
        let demo = ["--demo", "40", "--exit", "--speed-up", "1", "--report", &named];
        let mut hub = Hub::start(&dir, &demo.map(str::to_owned));
        hub.answers().await;
        let stopped = Command::new("kill")
            .args([&format!("-{signal}"), &hub.child.id().to_string()])
            .status()
            .unwrap();
        assert!(stopped.success());
        let ended = until("its end", async || hub.child.try_wait().unwrap());
        let status = tokio::time::timeout(Duration::from_secs(60), ended)
            .await
            .unwrap();
        assert_eq!(
            status.code(),
            Some(1),
            "{signal}: not everything has ended, and it ended by itself"
        );
        let outcome: RunOutcome = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
        assert!(outcome.interrupted && !outcome.is_clean());
        assert_eq!((outcome.planned, outcome.faults), (40, vec![]), "{signal}");
    }
}
