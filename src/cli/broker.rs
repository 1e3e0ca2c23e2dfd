//! `lienthong broker`

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::print::print_json;
use super::{CommandError, Exit};
use crate::clock::Clock;
use crate::domain::tenant::TenantKey;
use crate::material;

/// The broker that carries messages to the agencies
#[derive(Debug, Subcommand)]
pub(super) enum BrokerCommand {
    /// Print the definitions RabbitMQ needs, for `rabbitmqctl import_definitions`
    ///
    /// For an installation where the hub may not use the management interface. Users of agencies and submitters come without a password: give
    /// each one by `rabbitmqctl change_password` before it can log in. Users belong to the whole broker: where others use it, or users
    /// have passwords already, --without-users.
    Plan(PlanArgs),
}

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// Folder with the directory's CSV files
    #[arg(long, value_name = "DIR")]
    directory: PathBuf,

    /// A submitter with a queue of its own, `branch.tay-ho`; may be given several times
    #[arg(long = "submitter", value_name = "TENANT")]
    submitters: Vec<TenantKey>,

    /// Leave out users and their permissions: importing them takes the passwords of those that exist
    #[arg(long)]
    without_users: bool,

    /// Virtual host
    #[arg(long, value_name = "NAME", default_value = "lienthong")]
    vhost: String,
}

pub(super) fn run(command: &BrokerCommand, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let BrokerCommand::Plan(args) = command;
    let directory = material::directory(&args.directory)?;
    let topology = crate::delivery::topology(&directory, true, Clock::System.now().date())
        .with_tenants(&args.submitters);
    let mut plan = topology.plan(&args.vhost);
    if args.without_users
        && let Some(parts) = plan.as_object_mut()
    {
        parts.retain(|part, _| !matches!(part.as_str(), "users" | "permissions" | "topic_permissions"));
    }
    print_json(out, &plan)?;
    Ok(Exit::Good)
}
