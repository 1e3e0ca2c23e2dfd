//! `lienthong agent`: the partner's half, for engineers who integrate.

mod files;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};

use super::print::{answered, beside, print_line};
use super::runtime::runtime;
use super::speaker::Speaker;
use super::{CommandError, Exit};
use crate::client::{ClientError, FilingBatch, MAX_WAIT, Partner, Submission};
use crate::domain::seal::sha256;
use crate::domain::submission::IdempotencyKey;
use crate::domain::view::{Cursor, EndpointRequest, SubmissionAnswer};
use crate::material;

/// Speak to a hub as one of its tenants
///
/// What a partner's own program does: get a token, file a document and its files, follow the events. Answers are printed as JSON,
/// refusals too (exit 1).
#[derive(Debug, Subcommand)]
pub(super) enum AgentCommand {
    /// Get an access token and print it
    Token(TokenArgs),
    /// File a document, or a batch of them, and print the hub's answer: tracking id, agency and reason, receipt
    Submit(SubmitArgs),
    /// Upload files, each under its SHA-256, for documents that name them; prints one line for each
    ///
    /// Streamed, whatever their size. A file that is there already is sent all the same: the hub answers nobody by a digest alone.
    /// When the line breaks the file is sent again from its first byte; nothing half sent is kept.
    Upload(files::UploadArgs),
    /// List the files of a dossier: number, name, digest, size, and which are still missing
    Attachments(files::AttachmentsArgs),
    /// Download a file of a dossier; a broken line is taken up where it broke, and what comes is checked against the digest
    ///
    /// The hub keeps who downloaded what. Exit 0 only when the whole file is there and has its digest; with -o a file that is not
    /// whole is removed.
    Download(files::DownloadArgs),
    /// Print what happens to the tenant's dossiers, one event a line, as it happens
    Follow(FollowArgs),
    /// As an agency that is pushed to: show the endpoint, set it, or remove it
    Endpoint(EndpointArgs),
}

#[derive(Debug, Args)]
pub(super) struct TokenArgs {
    #[command(flatten)]
    speaker: Speaker,

    /// Scopes to ask for, separated by spaces [default: all the tenant has]
    #[arg(long, value_name = "SCOPES")]
    scope: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct SubmitArgs {
    #[command(flatten)]
    speaker: Speaker,

    /// The document
    #[arg(required_unless_present = "batch")]
    file: Option<PathBuf>,

    /// Many documents in JSON, one a line (NDJSON), each filed for itself: prints one line for each, and a summary
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "media_type"])]
    batch: Option<PathBuf>,

    /// A file the document names by its SHA-256; uploaded first, if it is not there yet. May be repeated
    #[arg(long, value_name = "FILE", conflicts_with = "batch")]
    attach: Vec<PathBuf>,

    /// Its format, name/version; needed where the tenant has several of one media type
    #[arg(long, value_name = "NAME/VERSION")]
    format: Option<String>,

    /// Its media type [default: by the file's ending, .json or .xml]
    #[arg(long, value_name = "TYPE")]
    media_type: Option<String>,

    /// One value per document, 1 to 128 visible characters [default: made of the document, so that filing it again gives the
    /// same answer]
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct FollowArgs {
    #[command(flatten)]
    speaker: Speaker,

    /// Begin after this cursor [default: 0, the beginning]
    #[arg(long, value_name = "CURSOR", conflicts_with = "cursor")]
    after: Option<Cursor>,

    /// File that keeps the cursor: read at the start, written after each page, so that the next run goes on there
    #[arg(long, value_name = "FILE")]
    cursor: Option<PathBuf>,

    /// End when everything up to now was printed, instead of waiting for more
    #[arg(long)]
    no_wait: bool,
}

#[derive(Debug, Args)]
pub(super) struct EndpointArgs {
    #[command(flatten)]
    speaker: Speaker,

    /// Have messages posted here; without this and --remove the endpoint is shown
    #[arg(long, value_name = "URL")]
    set: Option<String>,

    /// With --set: draw a new secret; the present one signs 24 hours more
    #[arg(long, requires = "set")]
    new_secret: bool,

    /// Have nothing posted any more
    #[arg(long, conflicts_with = "set")]
    remove: bool,
}

pub(super) fn run(command: &AgentCommand, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let runtime = runtime()?;
    match command {
        AgentCommand::Token(args) => {
            let partner = args.speaker.partner(args.scope.clone())?;
            answered(runtime.block_on(partner.token()), out)
        }
        AgentCommand::Submit(args) => {
            let partner = args.speaker.partner(None)?;
            if let Some(file) = &args.batch {
                return runtime.block_on(submit_batch(&partner, args, file, out));
            }
            let submission = args.submission()?;
            answered(
                runtime.block_on(submit(&partner, &submission, &args.attach))?,
                out,
            )
        }
        AgentCommand::Upload(args) => runtime.block_on(files::upload(args, out)),
        AgentCommand::Attachments(args) => runtime.block_on(files::attachments(args, out)),
        AgentCommand::Download(args) => runtime.block_on(files::download(args, out)),
        AgentCommand::Follow(args) => {
            let partner = args.speaker.partner(None)?;
            runtime.block_on(follow(&partner, args, out))
        }
        AgentCommand::Endpoint(args) => {
            let partner = args.speaker.partner(None)?;
            match &args.set {
                Some(url) => {
                    let request = EndpointRequest {
                        url: url.clone(),
                        new_secret: args.new_secret,
                    };
                    answered(runtime.block_on(partner.set_endpoint(&request)), out)
                }
                None if args.remove => answered(runtime.block_on(partner.remove_endpoint()), out),
                None => answered(runtime.block_on(partner.endpoint()), out),
            }
        }
    }
}

impl SubmitArgs {
    fn submission(&self) -> Result<Submission, CommandError> {
        let file = self.file.as_deref().unwrap_or(Path::new(""));
        let body = material::file(file)?;
        let media_type = match &self.media_type {
            Some(media_type) => media_type.clone(),
            None => super::adapter::media_type_of(file)?,
        };
        let key = self.key(&body)?;
        Ok(Submission {
            body,
            media_type,
            format: self.format.clone(),
            key,
        })
    }

    fn key(&self, body: &[u8]) -> Result<IdempotencyKey, CommandError> {
        let key = match &self.idempotency_key {
            Some(key) => key.clone(),
            None => format!("sha256-{}", sha256(body)),
        };
        IdempotencyKey::parse(&key).ok_or_else(|| {
            CommandError::new(
                "--idempotency-key phải gồm 1 đến 128 ký tự nhìn thấy được",
                "--idempotency-key must be 1 to 128 visible ASCII characters",
            )
        })
    }
}

/// Files a document after its files, so that the agency has everything at once.
async fn submit(
    partner: &Partner,
    submission: &Submission,
    files: &[PathBuf],
) -> Result<Result<SubmissionAnswer, ClientError>, CommandError> {
    match files::attach(partner, &submission.body, files).await {
        Ok(()) => Ok(partner.submit(submission).await),
        Err(files::Refused::Here(failure)) => Err(failure),
        Err(files::Refused::There(error)) => Ok(Err(error)),
    }
}

/// Prints a line for each item as its result comes, then the numbers of the whole.
async fn submit_batch(
    partner: &Partner,
    args: &SubmitArgs,
    file: &Path,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let lines = std::fs::read(file)?;
    let key = args.key(&lines)?;
    let batch = FilingBatch {
        lines,
        format: args.format.clone(),
        key,
    };
    let begun = std::time::Instant::now();
    let mut printed = Ok(());
    let end = partner
        .submit_batch(&batch, |item| {
            if printed.is_ok() {
                printed = print_line(out, &item);
            }
        })
        .await;
    printed?;
    let end = match end {
        Ok(end) => end,
        Err(error) => return answered(Err::<(), _>(error), out),
    };
    let whole = end.refused == 0 && end.problem.is_none();
    let seconds = begun.elapsed().as_secs_f64();
    let summary = serde_json::json!({
        "end": end, "seconds": (seconds * 1000.0).round() / 1000.0, "per_second": (end.items as f64 / seconds).round(),
    });
    print_line(out, &summary)?;
    Ok(if whole { Exit::Good } else { Exit::Findings })
}

/// Events a page.
const PAGE: u32 = 200;

impl FollowArgs {
    fn start(&self) -> Result<Cursor, CommandError> {
        let Some(path) = self.cursor.as_ref().filter(|path| path.exists()) else {
            return Ok(self.after.unwrap_or(Cursor::START));
        };
        let text = std::fs::read_to_string(path)?;
        text.trim().parse().map_err(|_| {
            let path = path.display();
            CommandError::new(
                format!("{path} không chứa con trỏ"),
                format!("{path} holds no cursor"),
            )
        })
    }

    /// Written after what stands before it was printed: an event may come twice, none is lost.
    fn keep(&self, cursor: Cursor) -> Result<(), CommandError> {
        let Some(path) = &self.cursor else { return Ok(()) };
        let fresh = beside(path);
        std::fs::write(&fresh, format!("{cursor}\n"))?;
        Ok(std::fs::rename(fresh, path)?)
    }
}

async fn follow(partner: &Partner, args: &FollowArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let mut after = args.start()?;
    let wait = if args.no_wait { Duration::ZERO } else { MAX_WAIT };
    loop {
        let asked = tokio::time::Instant::now();
        let page = match partner.events(after, wait, PAGE).await {
            Ok(page) => page,
            Err(error) => return answered(Err::<(), _>(error), out),
        };
        for event in &page.events {
            print_line(out, event)?;
        }
        let is_new = page.next != after;
        if is_new {
            after = page.next;
            args.keep(after)?;
        } else if args.no_wait {
            return Ok(Exit::Good);
        } else {
            // A hub that is going down answers an open poll at once.
            tokio::time::sleep_until(asked + BREATH).await;
        }
    }
}

/// The least time between two questions when nothing is new.
const BREATH: Duration = Duration::from_millis(250);
