//! Files that travel apart from the document that names them: who named which, under what name, and the key of their bytes.
//!
//! A dossier names a file by SHA-256 ([`FileRef`]); the bytes are uploaded under that digest. What a dossier names stays in the
//! order it was named: by the number of the event, then by the place within it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::details::ResultPaper;
use super::dossier::{Component, FileRef, Filing};
use super::rejection::{Problem, problems};
use super::sha256::Sha256;

/// Files one document may name by digest. Each is a row of the ledger's commit.
pub const NAMED_AT_MOST: usize = 500;

/// Days after which a file that was named and never came is overdue: the dossier lies at the agency without it.
pub const AWAITED_DAYS: u64 = 3;

/// Bytes of a file whose content stands in the document that files it.
pub const INLINE_BYTES: usize = 524_288;

/// Bytes of all files whose content stands in one document.
pub const INLINE_BYTES_OF_ALL: usize = 655_360;

/// Files of one document whose content stands in it.
pub const INLINE_FILES: usize = 20;

/// A file whose content stood in the document that names it. Its content is in no log: `Debug` shows its digest and its size.
#[derive(Clone, PartialEq, Eq)]
pub struct InlineFile {
    /// Digest of the content.
    pub sha256: Sha256,
    /// The content, decoded.
    pub bytes: Arc<Vec<u8>>,
}

impl std::fmt::Debug for InlineFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} bytes)", self.sha256, self.bytes.len())
    }
}

/// The key of one file's bytes, drawn by chance and used for that file alone. It has no `Debug`, and its memory is wiped when it goes.
#[derive(Clone, PartialEq, Eq, zeroize::ZeroizeOnDrop)]
pub struct DataKey([u8; 32]);

impl DataKey {
    /// Of 32 random bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        DataKey(bytes)
    }

    /// The bytes, for the cipher and for wrapping.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

/// What a file was named by.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// A filing or an amendment.
    Filing,
    /// A supplement.
    Supplement,
    /// A result of the agency.
    Result,
    /// What came of the task of one of several agencies.
    Task,
}

impl FileKind {
    /// The word it is stored and shown by.
    pub const fn word(self) -> &'static str {
        match self {
            FileKind::Filing => "filing",
            FileKind::Supplement => "supplement",
            FileKind::Result => "result",
            FileKind::Task => "task",
        }
    }

    /// The kind of this word.
    pub fn parse(word: &str) -> Option<Self> {
        [
            FileKind::Filing,
            FileKind::Supplement,
            FileKind::Result,
            FileKind::Task,
        ]
        .into_iter()
        .find(|kind| kind.word() == word)
    }
}

/// A file as its dossier names it. Kept encrypted: the name of a file is often the name of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedFile {
    /// Digest of its bytes.
    pub sha256: Sha256,
    /// File name.
    pub name: String,
    /// Media type, as the sender says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Where it stands in the sender's own document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Its size in bytes, as the sender says. Not kept: the bytes tell it.
    #[serde(skip)]
    pub size: Option<i64>,
}

impl NamedFile {
    /// The file of a reference, when it is named by digest; `path` is its place in the sender's document, where that is known.
    pub fn of(file: &FileRef, path: Option<String>) -> Option<Self> {
        let sha256 = file.sha256?;
        Some(NamedFile {
            sha256,
            name: file.name.as_str().to_owned(),
            media_type: file.media_type.as_ref().map(|m| m.as_str().to_owned()),
            path,
            size: file.size,
        })
    }

    /// A warning, where the sender says another size than the file has.
    pub fn other_size(&self, actual: i64) -> Option<Problem> {
        let said = self.size.filter(|said| *said != actual)?;
        let problem = problems::FileSizeDiffers {
            said: &said,
            size: &actual,
        };
        Some(match &self.path {
            Some(path) => problem.at(path.clone()),
            None => problem.into(),
        })
    }
}

/// The files results name by digest, in their order. `locate` finds a canonical pointer in the sender's own document.
pub fn of_results(results: &[ResultPaper], locate: impl Fn(&str) -> Option<String>) -> Vec<NamedFile> {
    in_list("results", results.iter().map(|result| &result.files), locate)
}

/// The files papers name by digest, in their order. `locate` finds a canonical pointer in the sender's own document.
pub fn of_papers(papers: &[Component], locate: impl Fn(&str) -> Option<String>) -> Vec<NamedFile> {
    in_list("papers", papers.iter().map(|paper| &paper.files), locate)
}

fn in_list<'f>(
    list: &str,
    items: impl Iterator<Item = &'f Vec<FileRef>>,
    locate: impl Fn(&str) -> Option<String>,
) -> Vec<NamedFile> {
    let mut named = Vec::new();
    for (i, files) in items.enumerate() {
        for (f, file) in files.iter().enumerate() {
            let path = locate(&format!("/{list}/{i}/files/{f}/sha256"));
            named.extend(NamedFile::of(file, path));
        }
    }
    named
}

/// The files a filing names by digest, in its order. `locate` finds a canonical pointer in the sender's own document.
///
/// # Errors
/// `too-many-items`.
pub fn named(filing: &Filing, locate: impl Fn(&str) -> String) -> Result<Vec<NamedFile>, Problem> {
    let papers = filing.components.iter().map(|component| &component.files);
    let files = in_list("components", papers, |pointer| Some(locate(pointer)));
    within_limit(&files, "files")?;
    Ok(files)
}

/// Holds the files of one document to [`NAMED_AT_MOST`].
///
/// # Errors
/// `too-many-items`.
pub fn within_limit(files: &[NamedFile], field: &str) -> Result<(), Problem> {
    let Some(first_too_many) = files.get(NAMED_AT_MOST) else {
        return Ok(());
    };
    let problem = problems::TooManyItems {
        field: &field,
        limit: &NAMED_AT_MOST,
    };
    Err(match &first_too_many.path {
        Some(path) => problem.at(path.clone()),
        None => problem.into(),
    })
}
