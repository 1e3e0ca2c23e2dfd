//! A full disk: every write fails, and whoever asks whether the hub is ready is told so.

use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::installation::{BRANCH, Installation, OPERATOR, until};

/// What the database may still grow by: some dozens of filings.
const ROOM: u64 = 512 * 1024;

async fn health(installation: &Installation, what: &str) -> (u16, Value) {
    let url = format!("http://127.0.0.1:{}/health/{what}", installation.ports[2]);
    let begun = Instant::now();
    let answer = installation.http(OPERATOR).get(url).send().await.unwrap();
    let status = answer.status().as_u16();
    let told = answer.json().await.unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "a probe waits for nothing"
    );
    (status, told)
}

async fn file(installation: &Installation, reference: &str) -> u16 {
    installation.file(reference).await.status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_is_over_when_there_is_room() {
    let installation = Installation::new("full", &[]);
    let size = std::fs::metadata(installation.dir.join("lienthong.db"))
        .unwrap()
        .len();
    let hub = installation.serve_within(size + ROOM).await;
    let mut taken = 0;
    let refused = loop {
        match file(&installation, &format!("R-{taken}")).await {
            202 => taken += 1,
            other => break other,
        }
        assert!(taken < 2000, "the disk is never full");
    };
    assert!(taken > 0 && refused >= 500, "{taken} were taken, then {refused}");
    let told = until("readiness says that nothing is kept", async || {
        let (status, told) = health(&installation, "ready").await;
        (status == 503).then_some(told)
    })
    .await;
    assert_eq!(told, json!({ "ready": false, "missing": ["writing"] }));
    assert_eq!(health(&installation, "delivery").await.0, 200);
    // What is there is still read.
    let list = installation.call(Method::GET, BRANCH, "/v1/dossiers").await;
    assert_eq!(list.send().await.unwrap().status(), 200);

    let process = hub.child.id().to_string();
    let raised = Command::new("prlimit")
        .args(["--pid", &process, "--fsize=unlimited"])
        .status();
    assert!(raised.unwrap().success());
    until("it is ready again", async || {
        (health(&installation, "ready").await.0 == 200).then_some(())
    })
    .await;
    assert_eq!(
        file(&installation, &format!("R-{taken}")).await,
        202,
        "under the key that was refused"
    );
    assert_eq!(hub.terminate(), Some(0));
    installation.remove();
}
