//! `lienthong adapter try`

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::document::{self, chosen, print_problems, refused, views};
use crate::adapt::Adapter;
use crate::cli::print::print_json;
use crate::cli::{CommandError, Exit};
use crate::material;

#[derive(Debug, Args)]
pub(in crate::cli) struct TryArgs {
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

pub(super) fn run(args: &TryArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let registry = material::adapters(args.dir.as_deref())?;
    let adapter = chosen(&registry, &args.format)?;
    let (bytes, media_type) = document::read(&args.file, args.media_type.as_deref())?;
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
            Ok(None) if json => {
                print_json(out, &json!({ "report": null, "warnings": views(&item.warnings) }))?;
            }
            Ok(None) => {}
            Ok(Some(report)) if json => print_json(
                out,
                &json!({ "report": report, "warnings": views(&item.warnings) }),
            )?,
            Ok(Some(report)) => print_json(out, report)?,
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
