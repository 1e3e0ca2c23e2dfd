//! `lienthong directory`

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ConfigArg, Exit, Failure, runtime};
use crate::clock::{Clock, Entropy};
use crate::domain::routing::{Directory, Finding, Severity};
use crate::domain::tenant::Actor;
use crate::material::{self, DirectoryError};
use crate::store::ledger::DirectoryImport;
use crate::store::{Store, read};

/// Agencies, points, communes, procedures and who is responsible for what
#[derive(Debug, Subcommand)]
pub(super) enum DirectoryCommand {
    /// Say everything that is wrong with the CSV files of a folder
    ///
    /// Exit 1 if there is an error; a warning alone (a gap or an overlap of competence) is none: such dossiers are parked for
    /// the operator.
    Check(CheckArgs),
    /// Put the CSV files of a folder into use, on every hub of the database
    ///
    /// Prints what changes against the directory in use and asks. Hubs take it up within seconds. Rows marked provisional are
    /// refused.
    Import(ImportArgs),
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Folder with the CSV files
    dir: PathBuf,

    /// Rows marked provisional are errors
    #[arg(long)]
    production: bool,
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// Folder with the CSV files
    dir: PathBuf,

    #[command(flatten)]
    config: ConfigArg,

    /// Do not ask
    #[arg(long)]
    yes: bool,

    /// Take rows marked provisional too, whatever the settings say; only for trials
    #[arg(long)]
    allow_provisional: bool,
}

pub(super) fn run(command: &DirectoryCommand, out: &mut dyn Write) -> Result<Exit, Failure> {
    match command {
        DirectoryCommand::Check(args) => match read_folder(&args.dir, out)? {
            Some((_, directory)) => sound(&directory, args.production, out),
            None => Ok(Exit::Findings),
        },
        DirectoryCommand::Import(args) => import(args, out),
    }
}

type Files = BTreeMap<String, String>;

/// The directory in a folder; when it cannot be read, its faults are printed.
fn read_folder(dir: &std::path::Path, out: &mut dyn Write) -> Result<Option<(Files, Directory)>, Failure> {
    let files = material::directory_files(dir)?;
    match Directory::read(&files) {
        Ok(directory) => Ok(Some((files, directory))),
        Err(faults) => {
            writeln!(out, "{}", DirectoryError::Faults(faults))?;
            Ok(None)
        }
    }
}

fn sound(directory: &Directory, production: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let findings = directory.check(production);
    for finding in &findings {
        writeln!(out, "{finding}")?;
    }
    writeln!(
        out,
        "version {}: {} agencies, {} branches, {} points, {} agents, {} procedures, {} rules",
        directory.version(),
        directory.agencies().count(),
        directory.branches().count(),
        directory.points().count(),
        directory.agents().count(),
        directory.procedures().count(),
        directory.rules().count(),
    )?;
    Ok(if findings.iter().any(is_error) {
        Exit::Findings
    } else {
        Exit::Good
    })
}

fn is_error(finding: &Finding) -> bool {
    finding.severity == Severity::Error
}

fn import(args: &ImportArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    let config = args.config.load()?;
    let Some((files, directory)) = read_folder(&args.dir, out)? else {
        return Ok(Exit::Findings);
    };
    let production = !(args.allow_provisional || config.directory.allow_provisional);
    if sound(&directory, production, out)? == Exit::Findings {
        return Ok(Exit::Findings);
    }
    let (backend, cipher) = (
        material::backend(&config.database)?,
        material::cipher(&config.keys)?,
    );
    let sizes = material::sizes(&config.limits);
    let store = Store::open(backend, cipher, sizes, false, &Clock::System, &Entropy::System)?;
    let runtime = runtime()?;
    let in_use = runtime.block_on(store.readers.run(|conn| read::directory(conn, "")))?;
    let changes = changes(&in_use.unwrap_or_default(), &files);
    if changes.is_empty() {
        writeln!(out, "không có gì thay đổi | nothing changes")?;
        return Ok(Exit::Good);
    }
    for line in &changes {
        writeln!(out, "{line}")?;
    }
    if !args.yes && !agreed(out)? {
        writeln!(out, "không nhập | not imported")?;
        return Ok(Exit::Findings);
    }
    let bytes = serde_json::to_vec(&files).map_err(|e| Failure::new("không ghi được JSON", e))?;
    let import = DirectoryImport {
        version: directory.version().to_owned(),
        files: bytes,
        reviewed_against: None,
        actor: Actor::hub(),
        reason: None,
    };
    runtime.block_on(store.ledger.import_directory(import))?;
    writeln!(out, "đã nhập | imported: version {}", directory.version())?;
    Ok(Exit::Good)
}

fn agreed(out: &mut dyn Write) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::new(
            "không có ai để hỏi: thêm --yes để nhập",
            "there is nobody to ask: add --yes to import",
        ));
    }
    write!(out, "Nhập? | Import? [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "c" | "có"))
}

/// Rows shown a file; the rest are counted.
const SHOWN: usize = 20;

/// What changes, file by file: rows that go (`-`) and rows that come (`+`), in the file's order.
fn changes(before: &Files, after: &Files) -> Vec<String> {
    let mut said = Vec::new();
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let rows = |files: &Files| -> Vec<String> {
            let text = files.get(name).map_or("", String::as_str);
            text.lines()
                .map(|line| line.trim_end_matches('\r').to_owned())
                .collect()
        };
        let (old, new) = (rows(before), rows(after));
        let missing = |from: &[String], of: &[String]| -> Vec<String> {
            let there: BTreeSet<&String> = of.iter().collect();
            from.iter().filter(|row| !there.contains(row)).cloned().collect()
        };
        let (gone, come) = (missing(&old, &new), missing(&new, &old));
        if gone.is_empty() && come.is_empty() {
            continue;
        }
        said.push(format!("{name}: -{} +{}", gone.len(), come.len()));
        let all = gone
            .iter()
            .map(|row| ('-', row))
            .chain(come.iter().map(|row| ('+', row)));
        said.extend(all.take(SHOWN).map(|(sign, row)| format!("  {sign} {row}")));
        if gone.len() + come.len() > SHOWN {
            said.push(format!("  … {} more", gone.len() + come.len() - SHOWN));
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_rows_that_go_and_rows_that_come() {
        let files = |rows: &[&str]| Files::from([("a.csv".to_owned(), rows.join("\n"))]);
        let (one, two) = (files(&["key", "a,1", "b,1"]), files(&["key", "b,1\r", "c,1"]));
        assert_eq!(changes(&one, &two), ["a.csv: -1 +1", "  - a,1", "  + c,1"]);
        assert!(changes(&one, &one).is_empty());
        let many: Vec<String> = (0..SHOWN + 3).map(|n| n.to_string()).collect();
        let said = changes(
            &Files::new(),
            &Files::from([("a.csv".to_owned(), many.join("\n"))]),
        );
        assert_eq!(said.len(), SHOWN + 2);
        assert_eq!(said.last().unwrap(), "  … 3 more");
    }
}
