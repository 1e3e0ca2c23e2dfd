//! Open dossiers of agencies that were reorganised: looked for when a hub starts, when the directory changes, when a day begins, and
//! from time to time, for what another hub filed by the directory before.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::step::{REFRESH, REST};
use crate::service::Hub;

/// How often it is looked again although nothing has changed.
const LOOK_AGAIN: Duration = Duration::from_secs(600);

pub(super) async fn run(hub: Arc<Hub>) {
    let mut looked = None;
    loop {
        let now = (
            hub.directory.current().version().to_owned(),
            hub.directory.today(),
        );
        let due = looked
            .as_ref()
            .is_none_or(|(seen, at): &(_, Instant)| *seen != now || at.elapsed() >= LOOK_AGAIN);
        if due {
            match hub.successions.step().await {
                Ok(taken) => {
                    if taken.passed + taken.parked > 0 {
                        tracing::info!(
                            passed = taken.passed,
                            parked = taken.parked,
                            "open dossiers of agencies that were reorganised"
                        );
                    }
                    looked = Some((now, Instant::now()));
                }
                Err(error) => {
                    tracing::warn!(%error, "dossiers of reorganised agencies could not be looked at");
                    tokio::time::sleep(REST).await;
                }
            }
        }
        tokio::time::sleep(REFRESH).await;
    }
}
