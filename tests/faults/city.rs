//! The demo as anybody runs it: the executable, a whole city, everything a hub can do, on both stacks.

use std::path::Path;
use std::process::Command;

use lienthong::sim::outcome::RunOutcome;

use crate::stack::{Production, folder};

/// Enough that every way and every turn is taken.
const DOSSIERS: usize = 240;

fn demo(dir: &Path, more: &[String]) -> RunOutcome {
    let report = dir.with_extension("json");
    let ran = Command::new(env!("CARGO_BIN_EXE_lienthong"))
        .args([
            "sandbox",
            "--exit",
            "--demo",
            &DOSSIERS.to_string(),
            "--seed",
            "3",
        ])
        .args(["--partner-port", "0", "--web-port", "0", "--operations-port", "0"])
        .arg("--dir")
        .arg(dir)
        .arg("--report")
        .arg(&report)
        .args(more)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&ran.stdout);
    let complaints = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{told}\n{complaints}");
    assert!(told.contains("Nothing missing, nothing doubled"), "{told}");
    let outcome: RunOutcome = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    std::fs::remove_file(&report).unwrap();
    std::fs::remove_dir_all(dir).unwrap();
    assert!(outcome.is_clean(), "{:#?}", outcome.faults);
    assert_eq!(outcome.total.ended, DOSSIERS);
    outcome
}

/// Everything that is on both stacks was used.
fn at_full_width(outcome: &RunOutcome) {
    let used = &outcome.used;
    assert!(used.batches > 0 && used.in_batches >= used.batches, "{used:?}");
    assert!(used.former_addresses > DOSSIERS / 20, "{used:?}");
    assert!(
        used.supplements > DOSSIERS / 20 && used.withdrawals > 0,
        "{used:?}"
    );
    assert!(
        used.of_several > 0 && used.tasks_settled >= used.of_several,
        "{used:?}"
    );
    assert!(used.files_sent > DOSSIERS / 2, "{used:?}");
    assert!(used.files_fetched > DOSSIERS / 2, "{used:?}");
    assert!(
        used.ways_back["feed"] > DOSSIERS && used.ways_back["webhook"] > DOSSIERS,
        "{used:?}"
    );
    assert_eq!(used.ways_back.values().sum::<usize>(), outcome.total.events);
    let agencies = outcome.agencies.as_ref().unwrap();
    assert!(agencies.pulled > 0 && agencies.pushed > 0, "{agencies:?}");
    // Agencies wait for the files of what they decide, so that hardly one is missed.
    let half = DOSSIERS as u64 / 2;
    assert!(
        agencies.files_fetched > half && agencies.files_sent > half,
        "{agencies:?}"
    );
}

#[test]
fn heavy_whole_city_on_sqlite_and_the_embedded_broker() {
    let outcome = demo(&folder("city-sqlite"), &[]);
    at_full_width(&outcome);
    // Nobody outside can reach a broker inside the process.
    assert_eq!(outcome.agencies.unwrap().queued, 0);
    assert!(!outcome.used.ways_back.contains_key("queue"));
}

#[tokio::test(flavor = "multi_thread")]
async fn heavy_whole_city_on_postgres_and_rabbitmq() {
    let services = Production::fresh("city").await;
    let more = services.arguments();
    let outcome = tokio::task::spawn_blocking(move || demo(&folder("city-production"), &more))
        .await
        .unwrap();
    at_full_width(&outcome);
    assert!(outcome.agencies.unwrap().queued > 0);
    assert!(outcome.used.ways_back["queue"] > DOSSIERS);
    services.remove().await;
}
