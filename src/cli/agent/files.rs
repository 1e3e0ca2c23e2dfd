//! Files, from the command line: up under their digest, listed, down with the digest checked. Memory does not grow with them.

use std::fs::{File, OpenOptions};
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use clap::Args;

use crate::cli::print::{answered, beside, print_json, print_line};
use crate::cli::progress::byte_bar;
use crate::cli::speaker::Speaker;
use crate::cli::{CommandError, Exit};
use crate::client::{ClientError, Contents, Download, Partner};
use crate::domain::ids::DossierId;
use crate::domain::sha256::Sha256;
use crate::domain::view::BlobView;

#[derive(Debug, Args)]
pub(in crate::cli) struct UploadArgs {
    #[command(flatten)]
    speaker: Speaker,

    /// Files
    #[arg(required = true)]
    file: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AttachmentsArgs {
    #[command(flatten)]
    speaker: Speaker,

    /// Its tracking id, dos_…
    dossier: DossierId,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DownloadArgs {
    #[command(flatten)]
    speaker: Speaker,

    /// The dossier's tracking id, dos_…
    dossier: DossierId,

    /// The file's number in the dossier, as `agent attachments` lists it
    #[arg(value_parser = clap::value_parser!(i32).range(1..))]
    number: i32,

    /// Write to this file, which is there only once it is whole and has its digest [default: standard output, unless that is a
    /// terminal]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// What was uploaded.
#[derive(serde::Serialize)]
struct Uploaded<'a> {
    file: &'a Path,
    #[serde(flatten)]
    kept: BlobView,
}

/// What was downloaded.
#[derive(serde::Serialize)]
struct Downloaded<'a> {
    file: &'a Path,
    sha256: Sha256,
    size: u64,
}

/// One line for each file; the first that is refused ends it.
pub(super) async fn upload(args: &UploadArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let partner = args.speaker.partner(None)?;
    for file in &args.file {
        let sha256 = digest(file)?;
        match send(&partner, sha256, file).await {
            Ok(kept) => print_line(out, &Uploaded { file, kept })?,
            Err(error) => return answered(Err::<(), _>(error), out),
        }
    }
    Ok(Exit::Good)
}

pub(super) async fn attachments(args: &AttachmentsArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let partner = args.speaker.partner(None)?;
    answered(partner.attachments(args.dossier).await, out)
}

/// Uploads the files a document names, those that are not there yet. A file it does not name would lie about and be removed: that is
/// a slip, and is said before anything is sent.
pub(super) async fn attach(partner: &Partner, document: &[u8], files: &[PathBuf]) -> Result<(), Refused> {
    let named = String::from_utf8_lossy(document).to_ascii_lowercase();
    let mut digests = Vec::with_capacity(files.len());
    for file in files {
        let sha256 = digest(file)?;
        if !named.contains(&sha256.to_string()) {
            let file = file.display();
            return Err(CommandError::new(
                format!("tài liệu không nêu {file}: thêm \"sha256\": \"{sha256}\" vào giấy tờ có tệp này"),
                format!(
                    "the document does not name {file}: give the paper it belongs to \"sha256\": \"{sha256}\""
                ),
            )
            .into());
        }
        digests.push(sha256);
    }
    for (file, sha256) in files.iter().zip(digests) {
        if !partner.is_uploaded(sha256).await? {
            send(partner, sha256, file).await?;
        }
    }
    Ok(())
}

/// Why a file did not go up.
pub(super) enum Refused {
    /// Before the hub was asked.
    Here(CommandError),
    /// By the hub, or on the way to it.
    There(ClientError),
}

impl From<CommandError> for Refused {
    fn from(failure: CommandError) -> Self {
        Refused::Here(failure)
    }
}

impl From<ClientError> for Refused {
    fn from(error: ClientError) -> Self {
        Refused::There(error)
    }
}

/// How often a person sees how far an upload is.
const LOOK: Duration = Duration::from_millis(100);

async fn send(partner: &Partner, sha256: Sha256, file: &Path) -> Result<BlobView, ClientError> {
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let (bar, sent) = (byte_bar(size, file), Arc::new(AtomicU64::new(0)));
    let contents = Contents::Watched(file.to_owned(), Arc::clone(&sent));
    let mut upload = std::pin::pin!(partner.upload(sha256, contents));
    let mut look = tokio::time::interval(LOOK);
    let kept = loop {
        tokio::select! {
            kept = &mut upload => break kept,
            _ = look.tick() => bar.set_position(sent.load(Ordering::Relaxed)),
        }
    };
    bar.finish_and_clear();
    kept
}

/// Bytes read at once.
const HASHED_AT_ONCE: usize = 256 * 1024;

fn digest(path: &Path) -> Result<Sha256, CommandError> {
    let unreadable = |e: std::io::Error| {
        let path = path.display();
        CommandError::new(
            format!("{path}: không đọc được: {e}"),
            format!("{path}: cannot be read: {e}"),
        )
    };
    let (mut file, mut digest) = (File::open(path).map_err(unreadable)?, Context::new(&SHA256));
    let mut piece = vec![0; HASHED_AT_ONCE];
    loop {
        match file.read(&mut piece).map_err(unreadable)? {
            0 => break,
            n => digest.update(&piece[..n]),
        }
    }
    Ok(Sha256::finished(digest))
}

pub(super) async fn download(args: &DownloadArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    if args.output.is_none() && std::io::stdout().is_terminal() {
        return Err(CommandError::new(
            "đầu ra là màn hình: thêm -o TỆP, hoặc chuyển hướng",
            "standard output is a terminal: add -o FILE, or redirect it",
        ));
    }
    let partner = args.speaker.partner(None)?;
    let mut coming = match partner.download(args.dossier, args.number).await {
        Ok(coming) => coming,
        Err(error) => return answered(Err::<(), _>(error), out),
    };
    let Some(target) = &args.output else {
        return match pour(&mut coming, out, Path::new("-")).await? {
            Ok(()) => Ok(out.flush().map(|()| Exit::Good)?),
            // What came is on its way already; the exit code says that it is not the file.
            Err(error) => Err(error.into()),
        };
    };
    let fresh = beside(target);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&fresh)?;
    let poured = pour(&mut coming, &mut file, target).await;
    let kept = match poured {
        Ok(Ok(())) => file.sync_all().and_then(|()| std::fs::rename(&fresh, target)),
        _ => std::fs::remove_file(&fresh),
    };
    match poured? {
        Ok(()) => {
            kept?;
            let told = Downloaded {
                file: target,
                sha256: coming.sha256(),
                size: coming.size(),
            };
            print_json(out, &told)?;
            Ok(Exit::Good)
        }
        Err(error) => answered(Err::<(), _>(error), out),
    }
}

/// Writes all of a download; the outer error is of writing, the inner one of reading.
async fn pour(
    coming: &mut Download<'_>,
    to: &mut dyn Write,
    shown: &Path,
) -> Result<Result<(), ClientError>, CommandError> {
    let bar = byte_bar(coming.size(), shown);
    let poured = loop {
        match coming.next().await {
            Ok(Some(piece)) => {
                to.write_all(&piece)?;
                bar.inc(piece.len() as u64);
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    bar.finish_and_clear();
    Ok(poured)
}
