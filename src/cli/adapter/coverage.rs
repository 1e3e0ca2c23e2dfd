//! `lienthong adapter coverage`

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::document::{self, chosen, refused};
use crate::adapt::Unread;
use crate::cli::print::print_json;
use crate::cli::{CommandError, Exit};
use crate::material;

#[derive(Debug, Args)]
pub(in crate::cli) struct CoverageArgs {
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

/// How often a field is there that nobody reads.
#[derive(Debug, Default)]
struct Count {
    times: usize,
    files: usize,
    last_file: Option<usize>,
}

pub(super) fn run(args: &CoverageArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let registry = material::adapters(args.dir.as_deref())?;
    let adapter = chosen(&registry, &args.format)?;
    let mut counts: BTreeMap<(Unread, String), Count> = BTreeMap::new();
    let mut exit = Exit::Good;
    for (number, file) in args.files.iter().enumerate() {
        let (bytes, media_type) = document::read(file, args.media_type.as_deref())?;
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
