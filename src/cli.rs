//! The command line: one file a command, the words of its help beside what it does.
//!
//! A command reads its arguments and the settings, asks the rooms, prints to the writer it is given and says with an [`Exit`]
//! how it went; it never ends the process and never prints by itself, so a test runs it like any function. What holds a hub
//! together is in [`crate::app`].
//!
//! Start with [`Cli`] and [`run`].

mod adapter;
mod agent;
mod audit;
mod bench;
mod broker;
mod cert;
mod config;
mod deliveries;
mod desk;
mod directory;
mod doctor;
mod dossier;
mod exit;
mod keys;
mod migrate;
mod permissions;
mod print;
pub mod progress;
mod runtime;
mod sandbox;
mod serve;
mod settings;
mod speaker;
mod tenant;

use std::ffi::OsString;
use std::io::Write;

use clap::{Parser, Subcommand};

pub use exit::{CommandError, Exit};
pub use sandbox::SandboxArgs;

/// The hub of a one-stop public service network: takes what agents and branches file, sends it to the agency that is
/// responsible, and brings back what the agency decides.
///
/// Exit codes: 0 good; 1 something was found or refused; 2 wrong use or settings.
#[derive(Debug, Parser)]
#[command(
    name = "lienthong",
    version,
    max_term_width = 110,
    disable_help_subcommand = false
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Sandbox(Box<SandboxArgs>),
    Bench(Box<bench::BenchArgs>),
    Serve(serve::ServeArgs),
    #[command(subcommand)]
    Config(config::ConfigCommand),
    Migrate(migrate::MigrateArgs),
    Doctor(doctor::DoctorArgs),
    #[command(subcommand)]
    Directory(directory::DirectoryCommand),
    #[command(subcommand)]
    Adapter(adapter::AdapterCommand),
    #[command(subcommand)]
    Broker(broker::BrokerCommand),
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    Permissions(permissions::PermissionsArgs),
    #[command(subcommand)]
    Cert(cert::CertCommand),
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    #[command(subcommand)]
    Dossier(dossier::DossierCommand),
    #[command(subcommand)]
    Tenant(Box<tenant::TenantCommand>),
    #[command(subcommand)]
    Agent(Box<agent::AgentCommand>),
    #[command(subcommand)]
    Deliveries(Box<deliveries::DeliveriesCommand>),
}

/// Runs one command line, the program's name first; what is printed goes to `out`, except help and complaints about the line
/// itself, which go where they belong.
///
/// # Errors
/// When the command could not do its work: the text is for people, and the exit code is 2.
pub fn run(line: impl IntoIterator<Item = OsString>, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let cli = match Cli::try_parse_from(line) {
        Ok(cli) => cli,
        Err(complaint) => {
            // A closed pipe is no reason to complain about a complaint.
            let _ = complaint.print();
            return Ok(if complaint.use_stderr() {
                Exit::Usage
            } else {
                Exit::Good
            });
        }
    };
    let exit = match cli.command {
        Command::Sandbox(args) => sandbox::run(*args),
        Command::Bench(args) => bench::run(*args, out),
        Command::Serve(args) => serve::run(&args),
        Command::Config(command) => config::run(&command, out),
        Command::Migrate(args) => migrate::run(&args, out),
        Command::Doctor(args) => doctor::run(&args, out),
        Command::Directory(command) => directory::run(&command, out),
        Command::Adapter(command) => adapter::run(&command, out),
        Command::Broker(command) => broker::run(&command, out),
        Command::Audit(command) => audit::run(&command, out),
        Command::Permissions(_) => permissions::run(out),
        Command::Cert(command) => cert::run(&command, out),
        Command::Keys(command) => keys::run(&command, out),
        Command::Dossier(command) => dossier::run(&command, out),
        Command::Tenant(command) => tenant::run(&command, out),
        Command::Agent(command) => agent::run(&command, out),
        Command::Deliveries(command) => deliveries::run(&command, out),
    };
    // Whoever reads may have read enough (`| head`).
    match exit.and_then(|exit| out.flush().map(|()| exit).map_err(CommandError::from)) {
        Err(CommandError::Closed) => Ok(Exit::Good),
        other => other,
    }
}

#[cfg(test)]
mod tests;
