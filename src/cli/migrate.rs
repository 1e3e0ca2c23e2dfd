//! `lienthong migrate`

use std::io::Write;

use clap::Args;

use super::settings::ConfigArg;
use super::{CommandError, Exit};
use crate::clock::Clock;
use crate::material;
use crate::store::conn::{Connector, Purpose};
use crate::store::{migrate, partitions};

/// Bring the database to the form this version needs
///
/// Prints what was applied. Safe to run again.
#[derive(Debug, Args)]
pub(super) struct MigrateArgs {
    #[command(flatten)]
    config: ConfigArg,

    /// Only print what would be applied; exit 1 if there is anything
    #[arg(long)]
    check: bool,
}

pub(super) fn run(args: &MigrateArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let config = args.config.load()?;
    let connector = Connector::new(material::backend(&config.database)?);
    let mut conn = connector.open(Purpose::Migration)?;
    if args.check {
        let pending = migrate::pending(&mut conn)?;
        for name in &pending {
            writeln!(out, "{name}")?;
        }
        return Ok(if pending.is_empty() {
            Exit::Good
        } else {
            Exit::Findings
        });
    }
    let applied = migrate::up(&mut conn)?;
    partitions::keep_on(&mut conn, Clock::System.now())?;
    for name in &applied {
        writeln!(out, "applied {name}")?;
    }
    if applied.is_empty() {
        writeln!(
            out,
            "cơ sở dữ liệu đã đúng phiên bản | the database is up to date"
        )?;
    }
    Ok(Exit::Good)
}
