//! `lienthong config`

use std::io::Write;

use clap::{Args, Subcommand};

use super::settings::ConfigArg;
use super::{CommandError, Exit};
use crate::config;

/// Settings: print an example, check a file
#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Print a file with every setting, what it means, its unit and its default
    Example,
    /// Say everything that is wrong with a file, without opening what it names
    Check(CheckArgs),
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    config: ConfigArg,
}

pub(super) fn run(command: &ConfigCommand, out: &mut dyn Write) -> Result<Exit, CommandError> {
    match command {
        ConfigCommand::Example => out.write_all(config::example().as_bytes())?,
        ConfigCommand::Check(args) => {
            args.config.load()?;
            writeln!(out, "{}: tốt | good", args.config.config.display())?;
        }
    }
    Ok(Exit::Good)
}
