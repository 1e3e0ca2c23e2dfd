//! `lienthong directory`

mod folder;
mod report;
mod route;

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use self::folder::read_folder;
use self::report::ReportArgs;
use self::route::RouteArgs;
use super::desk::{Desk, DeskArgs, Refusal, agreed};
use super::print::print_json;
use super::{CommandError, Exit};
use crate::domain::routing::plan::RowFate;
use crate::domain::routing::{Directory, FileChange, Finding, Severity};
use crate::domain::time::Date;
use crate::domain::view::{
    DirectoryImportAnswer, DirectoryImportRequest, DirectoryPlanRequest, DirectoryPlanView,
    DirectoryRollbackRequest, FindingView, RouteChange,
};
use crate::material;

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
    /// Show which directory is in use, which were, and which waits for its day
    History(Box<HistoryArgs>),
    /// Go back to the directory before, or cancel the one that waits for its day
    ///
    /// Prints a plan, as an import does, and asks. A second rollback undoes the first.
    Rollback(Box<RollbackArgs>),
    /// Say whom a filing would go to, and why, without filing it
    ///
    /// Exit 1 when it would be refused or would wait for the operator.
    Route(Box<RouteArgs>),
    /// Look for gaps and overlaps of competence: every procedure in every commune
    ///
    /// Without `--at` every day is looked at on which anything changes. Exit 1 if there are any.
    Report(ReportArgs),
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

    /// Put it into use on this day (YYYY-MM-DD, in Vietnam) instead of now; the plan is told as of that day
    #[arg(long, value_name = "DAY")]
    effective: Option<Date>,

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

#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    #[command(flatten)]
    desk: DeskArgs,
}

#[derive(Debug, Args)]
pub(super) struct RollbackArgs {
    /// Only print the plan; exit 1 if anything changes
    #[arg(long)]
    plan: bool,

    /// Print the plan as JSON
    #[arg(long)]
    json: bool,

    /// Why; kept in the audit
    #[arg(long)]
    reason: String,

    #[command(flatten)]
    desk: DeskArgs,

    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(command: &DirectoryCommand, out: &mut dyn Write) -> Result<Exit, CommandError> {
    match command {
        DirectoryCommand::Check(args) => match read_folder(&args.dir, out)? {
            Some((_, directory)) => sound(&directory, args.production, out),
            None => Ok(Exit::Findings),
        },
        DirectoryCommand::Import(args) => import(args, out),
        DirectoryCommand::History(args) => args.desk.open()?.tell(
            out,
            async |hub, access| hub.directory_plans.history(access).await,
            async |partner| partner.directory_history().await,
        ),
        DirectoryCommand::Rollback(args) => rollback(args, out),
        DirectoryCommand::Route(args) => route::run(args, out),
        DirectoryCommand::Report(args) => report::run(args, out),
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
    let request = DirectoryPlanRequest {
        files: Some(files.clone()),
        version: None,
        effective: args.effective,
    };
    let plan = match planned(&desk, &request) {
        Ok(plan) => plan,
        Err(refusal) => return refusal.print(out),
    };
    let agreed = Agreement {
        json: args.json,
        plan: args.plan,
        yes: args.yes,
        question: "Nhập? | Import?",
    };
    if let Some(exit) = agreed.refused(&plan, out)? {
        return Ok(exit);
    }
    let request = DirectoryImportRequest {
        files: Some(files),
        version: None,
        effective: args.effective,
        plan: plan.digest,
        reason: args.reason.clone(),
    };
    let done = desk.ask(
        async |hub, access| hub.directory_plans.replace(access, request.clone()).await,
        async |partner| partner.import_directory(&request).await,
    );
    match done {
        Ok(answer) => told(&answer, out),
        Err(refusal) => refusal.print(out),
    }
}

fn planned(desk: &Desk, request: &DirectoryPlanRequest) -> Result<DirectoryPlanView, Refusal> {
    desk.ask(
        async |hub, access| hub.directory_plans.plan(access, request.clone()).await,
        async |partner| partner.plan_directory(request).await,
    )
}

fn told(answer: &DirectoryImportAnswer, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let version = &answer.version;
    match answer.effective {
        Some(day) => writeln!(
            out,
            "sẽ áp dụng từ {day} | takes effect on {day}: version {version}"
        )?,
        None => writeln!(out, "đang áp dụng | in use: version {version}")?,
    }
    Ok(Exit::Good)
}

/// How a plan is shown and agreed to.
struct Agreement {
    json: bool,
    plan: bool,
    yes: bool,
    question: &'static str,
}

impl Agreement {
    /// Shows a plan; the exit when that is all there is to do.
    fn refused(&self, plan: &DirectoryPlanView, out: &mut dyn Write) -> Result<Option<Exit>, CommandError> {
        if self.json {
            print_json(out, plan)?;
        } else {
            show(plan, out)?;
        }
        if plan.files.is_empty() {
            writeln!(out, "không có gì thay đổi | nothing changes")?;
            return Ok(Some(Exit::Good));
        }
        if self.plan {
            return Ok(Some(Exit::Findings));
        }
        if !self.yes && !agreed(out, self.question)? {
            writeln!(out, "không thay đổi gì | nothing was changed")?;
            return Ok(Some(Exit::Findings));
        }
        Ok(None)
    }
}

fn rollback(args: &RollbackArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let desk = args.desk.open()?;
    let history = desk.ask(
        async |hub, access| hub.directory_plans.history(access).await,
        async |partner| partner.directory_history().await,
    );
    let history = match history {
        Ok(history) => history,
        Err(refusal) => return refusal.print(out),
    };
    let plan = match history.scheduled {
        Some(next) => {
            let (version, day) = (next.version, next.effective);
            writeln!(
                out,
                "hủy danh mục {version} hẹn ngày {day} | cancels directory {version}, which would take effect on {day}"
            )?;
            let asked = args.yes || (!args.plan && agreed(out, "Hủy? | Cancel it?")?);
            if args.plan || !asked {
                return Ok(Exit::Findings);
            }
            None
        }
        None => {
            let request = DirectoryPlanRequest {
                files: None,
                version: Some(history.before.unwrap_or_default()),
                effective: None,
            };
            let plan = match planned(&desk, &request) {
                Ok(plan) => plan,
                Err(refusal) => return refusal.print(out),
            };
            let agreed = Agreement {
                json: args.json,
                plan: args.plan,
                yes: args.yes,
                question: "Quay lại? | Go back?",
            };
            if let Some(exit) = agreed.refused(&plan, out)? {
                return Ok(exit);
            }
            Some(plan.digest)
        }
    };
    let request = DirectoryRollbackRequest {
        plan,
        reason: args.reason.clone(),
    };
    let done = desk.ask(
        async |hub, access| hub.directory_plans.rollback(access, request.clone()).await,
        async |partner| partner.rollback_directory(&request).await,
    );
    match done {
        Ok(answer) => told(&answer, out),
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
    if plan.brought_total > 0 {
        writeln!(
            out,
            "khoảng trống, chồng thẩm quyền mới | gaps and overlaps that come with it: {}",
            plan.brought_total
        )?;
        for spot in plan.brought.iter().take(SHOWN) {
            writeln!(out, "  {}", report::line(spot))?;
        }
    }
    let more = if plan.more { "+" } else { "" };
    writeln!(out, "hồ sơ đang mở | open dossiers: {}{more}", plan.examined)?;
    for RouteChange {
        from,
        to,
        label,
        moves,
        dossiers,
        examples,
    } in &plan.routes
    {
        let named = |key: &Option<crate::domain::codes::Key>| {
            key.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string)
        };
        let why = label.map_or_else(String::new, |label| format!(" ({label})"));
        let how = if *moves {
            "cổng tự chuyển | moved by the hub"
        } else {
            "giữ nguyên | stay where they are"
        };
        let examples: Vec<String> = examples.iter().map(ToString::to_string).collect();
        writeln!(
            out,
            "  {dossiers}: {} → {}{why}  {how}  {}",
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
