//! The watch over time limits: woken by time, it has the ledger tell of those that are near or have passed.

use std::sync::Arc;
use std::time::Duration;

use super::step::REST;
use crate::service::{Hub, LIMITS_AT_ONCE};
use crate::store::ledger::LimitFired;

/// How often it is asked whether a limit's time has come.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

pub(super) async fn run(hub: Arc<Hub>) {
    loop {
        match hub.limits.watch().await {
            Ok(outcome) => {
                outcome.fired.iter().for_each(say);
                let more = outcome.looked as i64 == LIMITS_AT_ONCE && !outcome.fired.is_empty();
                if !more {
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "time limits could not be looked at");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

/// One line for each cause: the hub whose ledger told it is the one that says so.
fn say(fired: &LimitFired) {
    let (limit, due_at) = (fired.limit, fired.due_at);
    match &fired.dossier {
        None => tracing::error!(%limit, %due_at, "the time of the chain is ahead of this machine's clock"),
        Some(dossier) if fired.passed => {
            tracing::warn!(%limit, dossier, %due_at, "a time limit has passed");
        }
        Some(dossier) => tracing::info!(%limit, dossier, %due_at, "a time limit is near"),
    }
}
