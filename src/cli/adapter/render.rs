//! `lienthong adapter render`

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::document::{self, chosen, print_problems, refused};
use crate::adapt::{Adapter, Rendered, Syntax, Unwritten};
use crate::cli::print::print_json;
use crate::cli::{CommandError, Exit};
use crate::domain::dossier::Filing;
use crate::domain::view::NoDocument;
use crate::material;

#[derive(Debug, Args)]
pub(in crate::cli) struct RenderArgs {
    /// The format that the document is in: name/version
    #[arg(value_name = "NAME/VERSION")]
    format: String,

    /// The document
    file: PathBuf,

    /// The format to write [default: the same]
    #[arg(long = "in", value_name = "NAME/VERSION")]
    written_in: Option<String>,

    /// The document reports statuses; write each as a submitter would be told of it
    #[arg(long)]
    progress: bool,

    /// The syntax to write, where the format has several [default: its first]
    #[arg(long, value_name = "SYNTAX")]
    syntax: Option<SyntaxWord>,

    /// The document's media type [default: by the file's ending, .json or .xml]
    #[arg(long, value_name = "TYPE")]
    media_type: Option<String>,

    /// Folder with further formats
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SyntaxWord {
    /// JSON
    Json,
    /// XML
    Xml,
}

impl From<SyntaxWord> for Syntax {
    fn from(word: SyntaxWord) -> Self {
        match word {
            SyntaxWord::Json => Syntax::Json,
            SyntaxWord::Xml => Syntax::Xml,
        }
    }
}

pub(super) fn run(args: &RenderArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let registry = material::adapters(args.dir.as_deref())?;
    let reading = chosen(&registry, &args.format)?;
    let writing = chosen(&registry, args.written_in.as_ref().unwrap_or(&args.format))?;
    let (bytes, media_type) = document::read(&args.file, args.media_type.as_deref())?;
    let syntax = args.syntax.map(Syntax::from);
    if args.progress {
        return progress(reading, writing, (&bytes, &media_type), syntax, out);
    }
    match reading.read(&bytes, &media_type) {
        Ok(adapted) => {
            show(dossier(writing, &adapted.filing, syntax)?, out)?;
            Ok(Exit::Good)
        }
        Err(rejection) => refused(rejection.problems(), false, out),
    }
}

/// A dossier as an agency would be sent it.
fn dossier(writing: &Adapter, filing: &Filing, syntax: Option<Syntax>) -> Result<Rendered, CommandError> {
    writing.trial_dossier(filing, syntax).map_err(|why| match why {
        Unwritten::Procedure => CommandError::new(
            "mã thủ tục của hồ sơ không phải mã quốc gia",
            "the dossier's procedure code is no national code",
        ),
        Unwritten::Form => unwritten(writing),
    })
}

/// Each report as a submitter would be told of it.
fn progress(
    reading: &Adapter,
    writing: &Adapter,
    (bytes, media_type): (&[u8], &str),
    syntax: Option<Syntax>,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let document = match reading.read_statuses(bytes, media_type) {
        Ok(document) => document,
        Err(rejection) => return refused(rejection.problems(), false, out),
    };
    let mut exit = Exit::Good;
    for item in document.items {
        let report = match &item.report {
            Ok(Some(report)) => report,
            Ok(None) => {
                print_problems(out, "!", &item.warnings)?;
                continue;
            }
            Err(problems) => {
                exit = refused(problems, false, out)?;
                continue;
            }
        };
        let rendered = writing.trial_progress(&[report], syntax);
        let rendered = rendered.ok_or_else(|| unwritten(writing))?;
        for document in rendered.documents {
            show(document, out)?;
        }
        for (_, why) in rendered.left_out {
            let said = NoDocument::from(why);
            writeln!(out, "! {}\n    {}\n    {}", item.path, said.text_vi, said.text_en)?;
        }
    }
    Ok(exit)
}

fn show(rendered: Rendered, out: &mut dyn Write) -> Result<(), CommandError> {
    if rendered.media_type.ends_with("xml") {
        return Ok(out.write_all(&rendered.bytes)?);
    }
    match rendered.into_document() {
        Some(document) => print_json(out, &document.value()),
        None => Ok(()),
    }
}

fn unwritten(writing: &Adapter) -> CommandError {
    let name = writing.name();
    CommandError::new(
        format!("{name} không ghi loại tài liệu này, hoặc không ghi bằng cú pháp này"),
        format!("{name} does not write this kind of document, or not in this syntax"),
    )
}
