//! `lienthong adapter`

mod attempt;
mod check;
mod coverage;
mod document;
mod render;

use std::io::Write;

use clap::Subcommand;

use super::{CommandError, Exit};
pub(super) use document::media_type_of;

/// Formats of partners
#[derive(Debug, Subcommand)]
pub(super) enum AdapterCommand {
    /// Compile the formats that come with the hub and those of a folder; say every fault with file, line and remedy
    ///
    /// Of a good format it says what it takes and gives, and, where it both reads and writes, the canonical fields that it reads and
    /// does not write: what a party that takes this format does not learn.
    Check(check::CheckArgs),
    /// Read a document as the hub would and show the canonical dossier, or every problem with its place
    ///
    /// Exit 1 if the document would be refused. Nothing is sent anywhere.
    Try(attempt::TryArgs),
    /// Count what documents have and the format's mapping does not read
    ///
    /// One line for each field of all files: how often it is there, in how many files, and why nobody reads it. Exit 1 if a field is
    /// neither read nor named as kept or ignored, or a file cannot be read. Values are never shown; nothing is sent anywhere.
    Coverage(coverage::CoverageArgs),
    /// Read a document and write it as a party would be sent it, in the same format or in another
    ///
    /// A dossier as an agency would be sent it; with --progress a report of statuses as a submitter would be told of each. What only
    /// the hub knows is made up: the tracking id, the agency's name, and the moment of receipt, which is that of filing. Exit 1 if
    /// the document would be refused. Nothing is sent anywhere.
    Render(render::RenderArgs),
}

pub(super) fn run(command: &AdapterCommand, out: &mut dyn Write) -> Result<Exit, CommandError> {
    match command {
        AdapterCommand::Check(args) => check::run(args, out),
        AdapterCommand::Try(args) => attempt::run(args, out),
        AdapterCommand::Coverage(args) => coverage::run(args, out),
        AdapterCommand::Render(args) => render::run(args, out),
    }
}
