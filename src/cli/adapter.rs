//! `lienthong adapter`

mod attempt;
mod check;
mod coverage;
mod document;
mod render;
mod shadow;
mod versions;

use std::io::Write;

use clap::Subcommand;

use self::shadow::ShadowArgs;
use self::versions::{ActivateArgs, RollbackArgs, VersionsArgs};
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
    /// Read what was filed by another version of a format, and say field by field what would differ
    ///
    /// Reads the newest submissions of the format by this version and by the one in use. Nothing is written but an entry of the audit.
    /// ✘ would be refused, ~ changes, + appears, - disappears, ! is a new warning. Exit 1 if anything differs.
    Shadow(Box<ShadowArgs>),
    /// Put a version of a format into use for all who have the format, on every hub of the database
    ///
    /// Prints a plan (who is read and written by it, what it cannot do any more) and asks. What was shown is what is put into use, or
    /// nothing is. Hubs take it up within seconds; what was filed before keeps the version that it was read with.
    Activate(Box<ActivateArgs>),
    /// Go back to the version of a format that was in use before, on every hub of the database
    Rollback(Box<RollbackArgs>),
    /// Say which versions of formats are in use, since when, by whom, and which files differ from them
    ///
    /// Exit 1 if a hub has another file than what is in use under its name and version.
    Versions(Box<VersionsArgs>),
}

pub(super) fn run(command: &AdapterCommand, out: &mut dyn Write) -> Result<Exit, CommandError> {
    match command {
        AdapterCommand::Check(args) => check::run(args, out),
        AdapterCommand::Try(args) => attempt::run(args, out),
        AdapterCommand::Coverage(args) => coverage::run(args, out),
        AdapterCommand::Render(args) => render::run(args, out),
        AdapterCommand::Shadow(args) => shadow::run(args, out),
        AdapterCommand::Activate(args) => versions::activate(args, out),
        AdapterCommand::Rollback(args) => versions::roll_back(args, out),
        AdapterCommand::Versions(args) => versions::versions(args, out),
    }
}
