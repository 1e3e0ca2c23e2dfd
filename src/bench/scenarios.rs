//! What is measured, one file a play.

mod backlog;
mod batch;
mod crowd;
mod feed;
mod filing;
mod large;
mod scene;
mod snapshot;
mod statuses;
mod two_hubs;

use super::error::Result;
use super::plan::Scenario;
use super::report::Measured;
use super::stage::Stage;

/// Plays a scenario to its end.
///
/// # Errors
/// What could not be measured; what is not true is in the checks.
pub async fn play(stage: &Stage, scenario: Scenario) -> Result<Measured> {
    match scenario {
        Scenario::Accept | Scenario::AcceptSqlite | Scenario::Loop => filing::play(stage, scenario).await,
        Scenario::Statuses => statuses::play(stage).await,
        Scenario::Batch => batch::play(stage).await,
        Scenario::Neighbours => crowd::neighbours(stage).await,
        Scenario::Overload => crowd::overload(stage).await,
        Scenario::TwoHubs => two_hubs::play(stage).await,
        Scenario::Relay => backlog::relay(stage).await,
        Scenario::Feed => feed::play(stage).await,
        Scenario::Restart => backlog::restart(stage).await,
        Scenario::Large => large::play(stage).await,
        Scenario::Snapshot => snapshot::play(stage).await,
    }
}
