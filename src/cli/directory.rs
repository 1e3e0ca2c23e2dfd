//! `lienthong directory`

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::desk::{DeskArgs, agreed};
use super::print::print_json;
use super::{CommandError, Exit};
use crate::domain::routing::plan::RowFate;
use crate::domain::routing::{Directory, FileChange, Finding, Severity};
use crate::domain::view::{
    DirectoryImportRequest, DirectoryPlanRequest, DirectoryPlanView, FindingView, RouteChange,
};
use crate::material::{self, DirectoryError};

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
    /// Prints a plan (rows that come, go and change; open dossiers the rules would send elsewhere) and asks. What was shown is
    /// what is applied, or nothing is. Hubs take it up within seconds. Rows marked provisional are refused.
    Import(Box<ImportArgs>),
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

    /// Only print the plan; exit 1 if anything changes
    #[arg(long)]
    plan: bool,

    /// Print the plan as JSON
    #[arg(long)]
    json: bool,

    /// Why; kept in the audit
    #[arg(long, default_value = "nhập danh mục bằng dòng lệnh")]
    reason: String,

    #[command(flatten)]
    desk: DeskArgs,

    /// Do not ask
    #[arg(long)]
    yes: bool,

    /// With --config: take rows marked provisional too, whatever the settings say; only for trials
    #[arg(long)]
    allow_provisional: bool,
}

pub(super) fn run(command: &DirectoryCommand, out: &mut dyn Write) -> Result<Exit, CommandError> {
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
fn read_folder(
    dir: &std::path::Path,
    out: &mut dyn Write,
) -> Result<Option<(Files, Directory)>, CommandError> {
    let files = material::directory_files(dir)?;
    match Directory::read(&files) {
        Ok(directory) => Ok(Some((files, directory))),
        Err(faults) => {
            writeln!(out, "{}", DirectoryError::Faults(faults))?;
            Ok(None)
        }
    }
}

fn sound(directory: &Directory, production: bool, out: &mut dyn Write) -> Result<Exit, CommandError> {
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

fn import(args: &ImportArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let files = material::directory_files(&args.dir)?;
    let desk = args.desk.open_with(args.allow_provisional)?;
    let request = DirectoryPlanRequest { files: files.clone() };
    let plan = desk.ask(
        async |hub, access| hub.directory_plans.plan(access, request.clone()).await,
        async |partner| partner.plan_directory(&request).await,
    );
    let plan = match plan {
        Ok(plan) => plan,
        Err(refusal) => return refusal.print(out),
    };
    if args.json {
        print_json(out, &plan)?;
    } else {
        show(&plan, out)?;
    }
    if plan.files.is_empty() {
        writeln!(out, "không có gì thay đổi | nothing changes")?;
        return Ok(Exit::Good);
    }
    if args.plan {
        return Ok(Exit::Findings);
    }
    if !args.yes && !agreed(out, "Nhập? | Import?")? {
        writeln!(out, "không nhập | not imported")?;
        return Ok(Exit::Findings);
    }
    let request = DirectoryImportRequest {
        files,
        plan: plan.digest,
        reason: args.reason.clone(),
    };
    let done = desk.ask(
        async |hub, access| hub.directory_plans.replace(access, request.clone()).await,
        async |partner| partner.import_directory(&request).await,
    );
    match done {
        Ok(answer) => {
            writeln!(out, "đã nhập | imported: version {}", answer.version)?;
            Ok(Exit::Good)
        }
        Err(refusal) => refusal.print(out),
    }
}

/// Rows shown a file; the rest are counted.
const SHOWN: usize = 20;

/// A plan for people: files, rows and columns; then dossiers.
fn show(plan: &DirectoryPlanView, out: &mut dyn Write) -> Result<(), CommandError> {
    for FindingView { code, vi, en } in &plan.warnings {
        writeln!(out, "warning {code}: {vi} | {en}")?;
    }
    for change in &plan.files {
        for line in rows(change) {
            writeln!(out, "{line}")?;
        }
    }
    let more = if plan.more { "+" } else { "" };
    writeln!(out, "hồ sơ đang mở | open dossiers: {}{more}", plan.examined)?;
    for RouteChange {
        from,
        to,
        label,
        dossiers,
        examples,
    } in &plan.routes
    {
        let named = |key: &Option<crate::domain::codes::Key>| {
            key.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string)
        };
        let why = label.map_or_else(String::new, |label| format!(" ({label})"));
        let examples: Vec<String> = examples.iter().map(ToString::to_string).collect();
        writeln!(
            out,
            "  {dossiers}: {} → {}{why}  {}",
            named(from),
            named(to),
            examples.join(" ")
        )?;
    }
    Ok(())
}

/// One file's changes: rows that go (`-`), come (`+`) and change (`~`).
fn rows(change: &FileChange) -> Vec<String> {
    let mut said = vec![format!(
        "{}: -{} +{} ~{}",
        change.file, change.removed, change.added, change.changed
    )];
    said.extend(change.rows.iter().take(SHOWN).map(|row| {
        let sign = match row.fate {
            RowFate::Removed => '-',
            RowFate::Added => '+',
            RowFate::Changed => '~',
        };
        let columns: Vec<String> = row
            .columns
            .iter()
            .map(|c| format!("{}: {} → {}", c.column, c.before, c.after))
            .collect();
        format!("  {sign} {}  {}", row.key, columns.join("; "))
            .trim_end()
            .to_owned()
    }));
    let all = change.removed + change.added + change.changed;
    if all > SHOWN {
        said.push(format!("  … {} more", all - SHOWN));
    }
    said
}
