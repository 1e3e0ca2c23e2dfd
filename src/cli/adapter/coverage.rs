//! `lienthong adapter coverage`

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::document::{self, chosen, refused};
use crate::adapt::{CoveredDocument, Unread};
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

/// What was found in all files.
#[derive(Default)]
struct Sum {
    counts: BTreeMap<(Unread, String), Count>,
    filled: BTreeSet<String>,
    /// Files that could not be read at all, or not as a whole.
    unreadable: usize,
    /// Files that the hub would refuse.
    refused: usize,
}

impl Sum {
    fn add(&mut self, number: usize, covered: CoveredDocument) {
        for part in covered.unread {
            let count = self.counts.entry((part.why, part.place)).or_default();
            count.times += 1;
            if count.last_file.replace(number) != Some(number) {
                count.files += 1;
            }
        }
        self.filled.extend(covered.filled);
    }

    /// Whether a field is neither read nor named as kept or ignored.
    fn loses(&self) -> bool {
        self.counts.keys().any(|(why, _)| is_lost(*why))
    }
}

const fn is_lost(why: Unread) -> bool {
    matches!(why, Unread::Unknown | Unread::Unused)
}

pub(super) fn run(args: &CoverageArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let registry = material::adapters(args.dir.as_deref())?;
    let adapter = chosen(&registry, &args.format)?;
    let mut sum = Sum::default();
    for (number, file) in args.files.iter().enumerate() {
        let (bytes, media_type) = document::read(file, args.media_type.as_deref())?;
        let is_refused = if args.statuses {
            adapter.read_statuses(&bytes, &media_type).is_err()
        } else {
            adapter.read(&bytes, &media_type).is_err()
        };
        sum.refused += usize::from(is_refused);
        let problems = match adapter.coverage(&bytes, &media_type, args.statuses) {
            Ok(mut covered) => {
                let why = covered.refused.take();
                sum.add(number, covered);
                why
            }
            Err(rejection) => Some(rejection),
        };
        if let Some(rejection) = problems {
            sum.unreadable += 1;
            if !args.json {
                writeln!(out, "{}", file.display())?;
            }
            refused(rejection.problems(), args.json, out)?;
        }
    }
    let read = adapter.canonical_fields_read(args.statuses);
    let unreached: Vec<&String> = read.difference(&sum.filled).collect();
    let exit = if sum.loses() || sum.unreadable > 0 {
        Exit::Findings
    } else {
        Exit::Good
    };
    if args.json {
        let counts = sum.counts.iter();
        let fields: Vec<serde_json::Value> = counts
            .map(|((why, place), count)| {
                json!({ "place": place, "why": word(*why), "times": count.times, "files": count.files })
            })
            .collect();
        let told = json!({ "fields": fields, "unreached": unreached, "refused": sum.refused });
        print_json(out, &told)?;
    } else {
        told(&sum, &unreached, args.files.len(), out)?;
    }
    Ok(exit)
}

fn told(sum: &Sum, unreached: &[&String], files: usize, out: &mut dyn Write) -> Result<(), CommandError> {
    for ((why, place), count) in &sum.counts {
        let sign = if is_lost(*why) { "✘" } else { " " };
        let (times, files) = (count.times, count.files);
        writeln!(
            out,
            "{sign} {:<8} {times:>6} ×  {files:>4} files  {place}",
            word(*why)
        )?;
    }
    let fields = sum.counts.len();
    writeln!(
        out,
        "{files} tệp đã xem, {fields} trường không được đọc | {files} files read, {fields} fields that nobody reads"
    )?;
    if !unreached.is_empty() {
        let unreached: Vec<&str> = unreached.iter().map(|field| field.as_str()).collect();
        let unreached = unreached.join(", ");
        writeln!(
            out,
            "không tệp nào có giá trị cho | no file had a value for: {unreached}"
        )?;
    }
    let refused = sum.refused;
    if refused > 0 {
        writeln!(
            out,
            "{refused} tệp sẽ bị từ chối; `adapter try` nói vì sao | {refused} files would be refused; `adapter try` says why"
        )?;
    }
    Ok(())
}

const fn word(why: Unread) -> &'static str {
    match why {
        Unread::Unknown => "unknown",
        Unread::Unused => "unused",
        Unread::Kept => "kept",
        Unread::Ignored => "ignored",
    }
}
