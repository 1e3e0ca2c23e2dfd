//! `lienthong adapter`

mod shadow;
mod versions;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use self::shadow::ShadowArgs;
use self::versions::{ActivateArgs, RollbackArgs, VersionsArgs};
use super::print::print_json;
use super::{CommandError, Exit};
use crate::adapt::{Adapter, Registry, Unread};
use crate::domain::rejection::{Language, Problem};
use crate::domain::view::ProblemView;
use crate::material::{self, AdapterError};

/// Formats of partners
#[derive(Debug, Subcommand)]
pub(super) enum AdapterCommand {
    /// Compile the formats that come with the hub and those of a folder; say every fault with file, line and remedy
    Check(CheckArgs),
    /// Read a document as the hub would and show the canonical dossier, or every problem with its place
    ///
    /// Exit 1 if the document would be refused. Nothing is sent anywhere.
    Try(TryArgs),
    /// Count what documents have and the format's mapping does not read
    ///
    /// One line for each field of all files: how often it is there, in how many files, and why nobody reads it. Exit 1 if a field is
    /// neither read nor named as kept or ignored, or a file cannot be read. Values are never shown; nothing is sent anywhere.
    Coverage(CoverageArgs),
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

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Folder with formats, each as `<name>/v<number>/adapter.toml`
    dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct TryArgs {
    /// The format: name/version
    #[arg(value_name = "NAME/VERSION")]
    format: String,

    /// The document
    file: PathBuf,

    /// Its media type [default: by the file's ending, .json or .xml]
    #[arg(long, value_name = "TYPE")]
    media_type: Option<String>,

    /// It reports statuses instead of filing a dossier
    #[arg(long)]
    statuses: bool,

    /// Folder with further formats
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    /// Print JSON, problems too
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct CoverageArgs {
    /// The format: name/version
    #[arg(value_name = "NAME/VERSION")]
    format: String,

    /// The documents
    #[arg(required = true)]
    files: Vec<PathBuf>,

    /// Their media type [default: by each file's ending, .json or .xml]
    #[arg(long, value_name = "TYPE")]
    media_type: Option<String>,

    /// They report statuses instead of filing dossiers
    #[arg(long)]
    statuses: bool,

    /// Folder with further formats
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &AdapterCommand, out: &mut dyn Write) -> Result<Exit, CommandError> {
    match command {
        AdapterCommand::Check(args) => check(args.dir.as_deref(), out),
        AdapterCommand::Try(args) => attempt(args, out),
        AdapterCommand::Coverage(args) => coverage(args, out),
        AdapterCommand::Shadow(args) => shadow::run(args, out),
        AdapterCommand::Activate(args) => versions::activate(args, out),
        AdapterCommand::Rollback(args) => versions::roll_back(args, out),
        AdapterCommand::Versions(args) => versions::versions(args, out),
    }
}

fn check(dir: Option<&Path>, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let registry = match material::adapters(dir) {
        Ok(registry) => registry,
        Err(error @ AdapterError::Faults(_)) => {
            writeln!(out, "{error}")?;
            return Ok(Exit::Findings);
        }
        Err(error) => return Err(error.into()),
    };
    for adapter in registry.names().filter_map(|name| registry.get(name)) {
        let (vi, en) = adapter.titles();
        let provisional = if adapter.is_provisional() {
            " (provisional)"
        } else {
            ""
        };
        let types: Vec<&str> = adapter.media_types().collect();
        writeln!(out, "{}{provisional}: {vi} | {en}", adapter.name())?;
        writeln!(out, "  {}: {}", types.join(", "), abilities(adapter).join(", "))?;
    }
    Ok(Exit::Good)
}

fn abilities(adapter: &Adapter) -> Vec<&'static str> {
    [
        (adapter.reads_dossiers(), "dossiers in"),
        (adapter.reads_statuses(), "statuses in"),
        (adapter.renders(), "dossiers out"),
    ]
    .into_iter()
    .filter_map(|(can, what)| can.then_some(what))
    .collect()
}

fn attempt(args: &TryArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let registry = material::adapters(args.dir.as_deref())?;
    let adapter = chosen(&registry, &args.format)?;
    let bytes = material::file(&args.file)?;
    let media_type = match &args.media_type {
        Some(media_type) => media_type.clone(),
        None => media_type_of(&args.file)?,
    };
    if args.statuses {
        return statuses(adapter, &bytes, &media_type, args.json, out);
    }
    match adapter.read(&bytes, &media_type) {
        Ok(adapted) if args.json => {
            print_json(
                out,
                &json!({ "dossier": adapted.filing, "warnings": views(&adapted.warnings) }),
            )?;
            Ok(Exit::Good)
        }
        Ok(adapted) => {
            print_json(out, &adapted.filing)?;
            print_problems(out, "!", &adapted.warnings)?;
            Ok(Exit::Good)
        }
        Err(rejection) => refused(rejection.problems(), args.json, out),
    }
}

fn statuses(
    adapter: &Adapter,
    bytes: &[u8],
    media_type: &str,
    json: bool,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let document = match adapter.read_statuses(bytes, media_type) {
        Ok(document) => document,
        Err(rejection) => return refused(rejection.problems(), json, out),
    };
    let mut exit = Exit::Good;
    for item in document.items {
        match &item.report {
            Ok(report) if json => print_json(
                out,
                &json!({ "report": report, "warnings": views(&item.warnings) }),
            )?,
            Ok(report) => print_json(out, report)?,
            Err(problems) if json => {
                let told = json!({ "problems": views(problems), "warnings": views(&item.warnings) });
                print_json(out, &told)?;
                exit = Exit::Findings;
            }
            Err(problems) => exit = refused(problems, json, out)?,
        }
        if !json {
            print_problems(out, "!", &item.warnings)?;
        }
    }
    // Of what stands around the items.
    if !json {
        print_problems(out, "!", &document.warnings)?;
    } else if !document.warnings.is_empty() {
        print_json(out, &json!({ "warnings": views(&document.warnings) }))?;
    }
    Ok(exit)
}

/// How often a field is there that nobody reads.
#[derive(Debug, Default)]
struct Count {
    times: usize,
    files: usize,
    last_file: Option<usize>,
}

fn coverage(args: &CoverageArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let registry = material::adapters(args.dir.as_deref())?;
    let adapter = chosen(&registry, &args.format)?;
    let mut counts: BTreeMap<(Unread, String), Count> = BTreeMap::new();
    let mut exit = Exit::Good;
    for (number, file) in args.files.iter().enumerate() {
        let bytes = material::file(file)?;
        let media_type = match &args.media_type {
            Some(media_type) => media_type.clone(),
            None => media_type_of(file)?,
        };
        match adapter.coverage(&bytes, &media_type, args.statuses) {
            Ok(parts) => {
                for part in parts {
                    let count = counts.entry((part.why, part.place)).or_default();
                    count.times += 1;
                    if count.last_file.replace(number) != Some(number) {
                        count.files += 1;
                    }
                }
            }
            Err(rejection) => {
                exit = Exit::Findings;
                if !args.json {
                    writeln!(out, "{}", file.display())?;
                }
                refused(rejection.problems(), args.json, out)?;
            }
        }
    }
    let is_lost = |why: Unread| matches!(why, Unread::Unknown | Unread::Unused);
    if counts.keys().any(|(why, _)| is_lost(*why)) {
        exit = Exit::Findings;
    }
    if args.json {
        let fields: Vec<serde_json::Value> = counts
            .iter()
            .map(|((why, place), count)| {
                json!({ "place": place, "why": word(*why), "times": count.times, "files": count.files })
            })
            .collect();
        print_json(out, &json!({ "fields": fields }))?;
        return Ok(exit);
    }
    for ((why, place), count) in &counts {
        let sign = if is_lost(*why) { "✘" } else { " " };
        let (times, files) = (count.times, count.files);
        writeln!(
            out,
            "{sign} {:<8} {times:>6} ×  {files:>4} files  {place}",
            word(*why)
        )?;
    }
    writeln!(
        out,
        "{} tệp đã xem, {} trường không được đọc | {} files read, {} fields that nobody reads",
        args.files.len(),
        counts.len(),
        args.files.len(),
        counts.len()
    )?;
    Ok(exit)
}

const fn word(why: Unread) -> &'static str {
    match why {
        Unread::Unknown => "unknown",
        Unread::Unused => "unused",
        Unread::Kept => "kept",
        Unread::Ignored => "ignored",
    }
}

fn refused(problems: &[Problem], json: bool, out: &mut dyn Write) -> Result<Exit, CommandError> {
    if json {
        print_json(out, &json!({ "problems": views(problems) }))?;
    } else {
        print_problems(out, "✘", problems)?;
    }
    Ok(Exit::Findings)
}

fn chosen<'r>(registry: &'r Registry, name: &str) -> Result<&'r Adapter, CommandError> {
    registry.get(name).ok_or_else(|| {
        let names: Vec<&str> = registry.names().collect();
        let names = names.join(", ");
        CommandError::new(
            format!("không có định dạng {name}; có: {names}"),
            format!("no format {name}; there are: {names}"),
        )
    })
}

/// By the ending of the file's name.
pub(super) fn media_type_of(file: &Path) -> Result<String, CommandError> {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("json") => Ok("application/json".to_owned()),
        Some("xml") => Ok("application/xml".to_owned()),
        _ => Err(CommandError::new(
            "không đoán được kiểu nội dung; thêm --media-type",
            "the media type cannot be told from the file's name; add --media-type",
        )),
    }
}

fn views(problems: &[Problem]) -> Vec<ProblemView> {
    problems
        .iter()
        .map(|problem| ProblemView::of(problem, Language::Vietnamese))
        .collect()
}

/// Each problem with its place and what to do, in both languages.
fn print_problems(out: &mut dyn Write, sign: &str, problems: &[Problem]) -> Result<(), CommandError> {
    for problem in problems {
        let place = problem
            .path
            .as_deref()
            .filter(|path| !path.is_empty())
            .unwrap_or("/");
        writeln!(out, "{sign} {} {place}", problem.label.as_str())?;
        for language in [Language::Vietnamese, Language::English] {
            writeln!(
                out,
                "    {}: {}",
                problem.title(language),
                problem.advice(language)
            )?;
        }
    }
    Ok(())
}
