//! A version of a format as a folder has it: its text, and samples with what is expected of them.

use std::collections::BTreeMap;
use std::path::Path;

use super::{MaterialError, bad, text};

/// A version of a format as its folder has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatFolder {
    /// Name and version: the last two folders.
    pub format: String,
    /// The `adapter.toml`.
    pub text: String,
    /// Files of `samples/`, by name.
    pub samples: BTreeMap<String, String>,
    /// Files of `expected/`, by name.
    pub expected: BTreeMap<String, String>,
}

/// The version of a format in `…/<name>/v<number>`.
///
/// # Errors
/// When the folder is none of a version, or a file in it cannot be read.
pub fn format_folder(folder: &Path) -> Result<FormatFolder, MaterialError> {
    let no_version = || {
        bad(
            folder,
            "phải là thư mục của một phiên bản, <tên>/v<số>, có tệp adapter.toml",
            "must be the folder of a version, <name>/v<number>, with adapter.toml in it",
        )
    };
    let whole = std::fs::canonicalize(folder).map_err(|_| no_version())?;
    let mut steps = whole.iter().rev().filter_map(|step| step.to_str());
    let (Some(version), Some(name)) = (steps.next(), steps.next()) else {
        return Err(no_version());
    };
    let file = whole.join("adapter.toml");
    if !version.starts_with('v') || !file.is_file() {
        return Err(no_version());
    }
    Ok(FormatFolder {
        format: format!("{name}/{version}"),
        text: text(&file)?,
        samples: texts(&whole.join("samples"))?,
        expected: texts(&whole.join("expected"))?,
    })
}

/// The files of a folder, by name; none where there is no such folder.
fn texts(folder: &Path) -> Result<BTreeMap<String, String>, MaterialError> {
    let mut found = BTreeMap::new();
    let unreadable = |e: std::io::Error| {
        bad(
            folder,
            format!("không đọc được: {e}"),
            format!("cannot be read: {e}"),
        )
    };
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if let (true, Some(name)) = (path.is_file(), path.file_name().and_then(|n| n.to_str())) {
            found.insert(name.to_owned(), text(&path)?);
        }
    }
    Ok(found)
}
