//! `lienthong adapter`

mod attempt;
mod check;
mod coverage;
mod difference;
mod document;
mod draft;
mod explain;
mod folder;
mod render;
mod samples;
mod shadow;
mod test;
mod versions;

#[cfg(test)]
mod tests;

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
    /// does not write: what a party that takes this format does not learn. The samples of the folder's formats are read as `adapter
    /// test` reads them. Exit 1 if there is a fault, a sample that gives something else than expected, or no format at all.
    Check(check::CheckArgs),
    /// Read the samples of formats and say, field by field, what differs from their expected results
    ///
    /// Of each file in samples/ it compares what the hub reads (the filing and its warnings, each report, or all problems) with
    /// expected/FILE.json, and what the format writes of it with expected/FILE.out.json or FILE.out.xml; what is written is read
    /// again, and must say the same. A name that begins with refused is of a document that is to be refused, one that begins with
    /// statuses of a document that reports statuses. A sample without an expected result and an expected result without a sample
    /// are findings; which of the six samples are lacking is said. Exit 1 if anything was found.
    Test(test::TestArgs),
    /// Draft a format from documents that a partner really sends
    ///
    /// For each field of the documents the draft has a rule, or an entry under kept. The canonical field is guessed by the field's name,
    /// Vietnamese or English; forms of dates, numbers with separators and words by its values; lists, a list's element in XML and
    /// namespaces by the documents. Every guess is marked with "đoán | guess" on its line: look at each, for none of them is
    /// more than that. What was kept, and required fields without a source, are listed at the end. The file always parses, and compiles
    /// where no required field is without a source. No value of a document is written into it, but for short words of codes.
    New(draft::NewArgs),
    /// Say what each canonical field is made of, or with --by-source what becomes of each field of the partner
    ///
    /// Of a canonical field: the partner's paths, of which the first present one counts, conditions, code table, forms of dates,
    /// cleaning, default, and the line of the rule; several rules are tried in order. Of a partner's path: the canonical fields it is
    /// read into, the conditions that ask for it, whether it is kept, ignored (with the reason) or must not be sent. Paths begin at
    /// the dossier or the report. It is read off the file, and needs no document.
    Explain(explain::ExplainArgs),
    /// Read a document as the hub would and show the canonical dossier, or every problem with its place
    ///
    /// Exit 1 if the document would be refused. Nothing is sent anywhere.
    Try(attempt::TryArgs),
    /// Count what documents have and the format's mapping does not read
    ///
    /// One line for each field of all files: how often it is there, in how many files, and why nobody reads it; a document that would be
    /// refused is counted like any other, and of one whose outermost element or structure is another's every field is unknown. Then
    /// the canonical fields that the format reads and for which no file had a value, and how many files would be refused. Exit 1 if a
    /// field is neither read nor named as kept or ignored, or a file cannot be read. Values are never shown; nothing is sent anywhere.
    Coverage(coverage::CoverageArgs),
    /// Compare two formats, or two states of one: what the new one reads otherwise, and whether who sends the old one may go on
    ///
    /// Canonical fields whose paths, conditions, tables, dates or cleaning differ; paths of the partner of which something else is
    /// made; and, with the samples beside the old format, each document that the new one reads otherwise, field by field. Exit 1 if
    /// something that was read is lost, is newly required or forbidden, or is read otherwise: such a change is a new version.
    Diff(difference::DiffArgs),
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
        AdapterCommand::Test(args) => test::run(args, out),
        AdapterCommand::New(args) => draft::run(args, out),
        AdapterCommand::Explain(args) => explain::run(args, out),
        AdapterCommand::Try(args) => attempt::run(args, out),
        AdapterCommand::Coverage(args) => coverage::run(args, out),
        AdapterCommand::Diff(args) => difference::run(args, out),
        AdapterCommand::Render(args) => render::run(args, out),
        AdapterCommand::Shadow(args) => shadow::run(args, out),
        AdapterCommand::Activate(args) => versions::activate(args, out),
        AdapterCommand::Rollback(args) => versions::roll_back(args, out),
        AdapterCommand::Versions(args) => versions::versions(args, out),
    }
}
