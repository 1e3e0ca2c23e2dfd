//! `lienthong adapter render`

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::document::{self, chosen, print_problems, refused};
use crate::adapt::{Adapter, OutgoingDossier, OutgoingReport, Rendered, Syntax};
use crate::cli::print::print_json;
use crate::cli::{CommandError, Exit};
use crate::domain::dossier::{Filing, ProcedureKnown};
use crate::domain::ids::DossierId;
use crate::domain::status::Status;
use crate::domain::time::Timestamp;
use crate::domain::view::{Clocks, NoDocument, Progress};
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
    let code = filing.procedure.code.as_str();
    // The directory knows a city's own variant of a code (1.004873.000.00.00.H26) by the national code it begins with.
    let code = code.get(..8).unwrap_or(code).parse().map_err(|_| {
        CommandError::new(
            "mã thủ tục của hồ sơ không phải mã quốc gia",
            "the dossier's procedure code is no national code",
        )
    })?;
    let known = filing.procedure.name.as_ref();
    let procedure = ProcedureKnown {
        code,
        name: known.map_or_else(String::new, ToString::to_string),
    };
    let received_at = filing.received_at.unwrap_or(filing.filed_at);
    let clocks = Clocks {
        promised_due: filing.promised_due,
        ..Clocks::default()
    };
    let outgoing = OutgoingDossier {
        filing,
        tracking_id: made_up(filing.filed_at),
        dossier_code: filing.dossier_code.as_ref(),
        status: filing.reported_status.unwrap_or(Status::Registered),
        agency_name: "(cơ quan giải quyết)",
        procedure: &procedure,
        field: None,
        amended: false,
        received_at,
        accepted_at: None,
        clocks: &clocks,
        event: None,
        progress: &Progress::default(),
    };
    match syntax {
        None => Ok(writing.render(&outgoing)),
        Some(syntax) => writing
            .render_in(&outgoing, syntax)
            .ok_or_else(|| unwritten(writing)),
    }
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
        let outgoing = [OutgoingReport {
            report,
            tracking_id: report.dossier.parse().ok(),
            dossier_code: report.assigned_code.as_ref(),
        }];
        let rendered = match syntax {
            None => writing.render_progress(&outgoing),
            Some(syntax) => writing.render_progress_in(&outgoing, syntax),
        };
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

/// The same for the same dossier.
fn made_up(at: Timestamp) -> DossierId {
    DossierId::new(at, &mut StdRng::seed_from_u64(0))
}

fn unwritten(writing: &Adapter) -> CommandError {
    let name = writing.name();
    CommandError::new(
        format!("{name} không ghi loại tài liệu này, hoặc không ghi bằng cú pháp này"),
        format!("{name} does not write this kind of document, or not in this syntax"),
    )
}
