//! `lienthong serve`

use clap::Args;

use super::runtime::run_hub;
use super::settings::ConfigArg;
use super::{CommandError, Exit};
use crate::config::LogSettings;

/// Run a hub with the settings of a file, until it is told to end (SIGTERM, SIGINT)
///
/// The database must be migrated (`lienthong migrate`). Any number of hubs may serve one PostgreSQL and one RabbitMQ.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    config: ConfigArg,
}

pub(super) fn run(args: &ServeArgs) -> Result<Exit, CommandError> {
    let config = args.config.load()?;
    begin_log(&config.log)?;
    run_hub(crate::app::serve::run(config)).map(|()| Exit::Good)
}

/// Begins the log, with what must never be in one.
pub(super) fn begin_log(log: &LogSettings) -> Result<(), CommandError> {
    let always = [
        crate::broker::LOG_DIRECTIVES.as_slice(),
        &crate::http::LOG_DIRECTIVES,
    ]
    .concat();
    crate::telemetry::init(log, &always)
        .map_err(|e| CommandError::new(format!("không ghi được nhật ký: {e}"), e))
}
