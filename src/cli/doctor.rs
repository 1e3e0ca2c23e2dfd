//! `lienthong doctor`: tries everything the settings name and says what is wrong and how to mend it.
//!
//! Each file of this room looks at one kind of thing. Nothing is changed, nothing is sent, but for a small file that is kept and
//! removed again; what could not be looked at is said too, so that silence means that all is well.

mod attachments;
mod broker;
mod certificates;
mod database;
mod files;
mod formats;
mod machine;
mod report;

use std::io::Write;

use clap::Args;

use self::broker::Planned;
use self::report::{Mark, Report, say};
use super::print::print_json;
use super::settings::ConfigArg;
use super::{CommandError, Exit};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::routing::{Directory, Severity};
use crate::material;

/// Try everything a hub depends on, and say what is wrong and how to mend it
///
/// Database, broker, file store, certificates, keys and who can read them, the directory, formats, the machine's limits and clock. ✔ is
/// good, ! is worth a look, ✘ must be mended (exit 1). Run it on the machine and as the user of the hub.
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    config: ConfigArg,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &DoctorArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let config = args.config.load()?;
    let clock = Clock::System;
    let mut report = Report::default();
    machine::look(&clock, &mut report);
    files::look(&config, &mut report);
    certificates::look(&config, clock.now(), &mut report);
    let directory = directory(&config, &mut report);
    let version = directory.as_ref().map(Directory::version);
    let submitters = database::look(&config, &clock, version, &mut report);
    attachments::look(&config, &clock, &mut report)?;
    formats::look(&config, &mut report);
    let plan = directory.as_ref().map(|directory| Planned {
        directory,
        submitters: submitters.as_deref(),
    });
    broker::look(&config, &clock, plan, &mut report)?;
    if args.json {
        print_json(out, &report.0)?;
    } else {
        report.print(out)?;
    }
    Ok(report.exit())
}

fn directory(config: &Config, report: &mut Report) -> Option<Directory> {
    let directory = match material::directory(&config.directory.folder) {
        Ok(directory) => directory,
        Err(error) => {
            let remedy = say(
                "chạy `lienthong directory check`",
                "run `lienthong directory check`",
            );
            report.bad("directory", say(error.to_string(), "cannot be used"), remedy);
            return None;
        }
    };
    for finding in directory.check(!config.directory.allow_provisional) {
        let mark = match finding.severity {
            Severity::Error => Mark::Bad,
            Severity::Warning => Mark::Look,
        };
        let remedy = say(
            "sửa tệp CSV rồi chạy `lienthong directory import`",
            "mend the CSV file, then run `lienthong directory import`",
        );
        let found = say(finding.message_vi, finding.message_en);
        report.note(mark, format!("directory ({})", finding.code), found, Some(remedy));
    }
    let version = directory.version();
    report.good(
        "directory",
        say(
            format!("đọc được, phiên bản {version}"),
            format!("readable, version {version}"),
        ),
    );
    Some(directory)
}
