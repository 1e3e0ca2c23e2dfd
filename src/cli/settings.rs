//! The settings a command is told.

use std::path::PathBuf;

use clap::Args;

use super::exit::CommandError;

/// Where the settings are.
#[derive(Debug, Args)]
pub(super) struct ConfigArg {
    /// File with the settings (see `lienthong config example`)
    #[arg(long, value_name = "FILE", env = "LIENTHONG_CONFIG", hide_env_values = true)]
    pub(super) config: PathBuf,
}

impl ConfigArg {
    pub(super) fn load(&self) -> Result<crate::config::Config, CommandError> {
        let environment = crate::config::Environment::of_process();
        Ok(crate::config::Config::load(&self.config, &environment)?)
    }
}
