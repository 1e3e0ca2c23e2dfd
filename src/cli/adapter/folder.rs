//! The formats of a folder, and the samples beside them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::adapt::shipped_mappings;
use crate::cli::CommandError;
use crate::material;

/// The file of a format.
pub(super) const MAPPING: &str = "adapter.toml";

/// Formats that were found: the path by which the registry knows a mapping (`so-mau/v1/adapter.toml`), and the folder it is in.
pub(super) type Found = BTreeMap<String, PathBuf>;

/// The formats of a folder: the one whose folder it is, those of all versions of one name, or `<name>/v<number>` below it.
pub(super) fn formats(dir: &Path) -> Result<Found, CommandError> {
    let whole = std::fs::canonicalize(dir).map_err(|error| {
        let dir = dir.display();
        CommandError::new(
            format!("không mở được thư mục {dir}: {error}"),
            format!("the folder {dir} cannot be opened: {error}"),
        )
    })?;
    let mut found = Found::new();
    if whole.join(MAPPING).is_file() {
        add(&whole, &mut found);
    }
    for folder in folders(&whole)? {
        if folder.join(MAPPING).is_file() {
            add(&folder, &mut found);
        }
        for inner in folders(&folder)? {
            if inner.join(MAPPING).is_file() {
                add(&inner, &mut found);
            }
        }
    }
    Ok(found)
}

/// The mappings as texts, by the paths by which the registry knows them.
pub(super) fn texts(found: &Found) -> Result<BTreeMap<String, String>, CommandError> {
    let mut texts = BTreeMap::new();
    for (key, folder) in found {
        texts.insert(key.clone(), text(&folder.join(MAPPING))?);
    }
    Ok(texts)
}

/// A file of UTF-8.
pub(super) fn text(path: &Path) -> Result<String, CommandError> {
    String::from_utf8(material::file(path)?).map_err(|_| {
        let path = path.display();
        CommandError::new(
            format!("{path}: không phải UTF-8"),
            format!("{path}: is not UTF-8"),
        )
    })
}

/// The files of a folder by name, in order; none where there is no such folder.
pub(super) fn files(dir: &Path) -> Result<BTreeMap<String, PathBuf>, CommandError> {
    let mut files = BTreeMap::new();
    if !dir.is_dir() {
        return Ok(files);
    }
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if let (true, Some(name)) = (path.is_file(), path.file_name().and_then(|n| n.to_str())) {
            files.insert(name.to_owned(), path.clone());
        }
    }
    Ok(files)
}

/// Nothing was found where formats were looked for.
pub(super) fn nothing(dir: &Path) -> String {
    let dir = dir.display();
    format!(
        "✘ {dir}: không có định dạng nào; cần <tên>/v<số>/{MAPPING}\n  {dir}: there is no format; it takes <name>/v<number>/{MAPPING}"
    )
}

/// By the last two names of its folder.
fn add(folder: &Path, found: &mut Found) {
    let mut names = folder.components().rev().filter_map(|c| c.as_os_str().to_str());
    let (version, name) = (names.next().unwrap_or("v1"), names.next().unwrap_or("."));
    found.insert(format!("{name}/{version}/{MAPPING}"), folder.to_owned());
}

fn folders(dir: &Path) -> Result<Vec<PathBuf>, CommandError> {
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

/// A mapping that was found.
pub(super) struct Mapping {
    /// What it is called in a fault.
    pub file: String,
    pub text: String,
    /// Its folder; none for one that comes with the hub.
    pub folder: Option<PathBuf>,
}

/// The mapping that is meant by a name (of those of `dir`, else of those that come with the hub), by a format's folder or by its file.
pub(super) fn mapping(meant: &str, dir: Option<&Path>) -> Result<Mapping, CommandError> {
    let path = Path::new(meant);
    for file in [path.to_owned(), path.join(MAPPING)] {
        if file.is_file() {
            return Ok(Mapping {
                file: file.display().to_string(),
                text: text(&file)?,
                folder: file.parent().map(Path::to_owned),
            });
        }
    }
    let file = format!("{meant}/{MAPPING}");
    let found = dir.map(formats).transpose()?.unwrap_or_default();
    if let Some(folder) = found.get(&file) {
        return Ok(Mapping {
            text: text(&folder.join(MAPPING))?,
            folder: Some(folder.clone()),
            file,
        });
    }
    let mut shipped = shipped_mappings();
    if let Some(text) = shipped.remove(&file) {
        let folder = None;
        return Ok(Mapping { file, text, folder });
    }
    let names = found.keys().cloned().chain(shipped.into_keys());
    let mut names: Vec<String> = names
        .map(|key| key.trim_end_matches("/adapter.toml").to_owned())
        .collect();
    names.sort();
    names.dedup();
    let names = names.join(", ");
    Err(CommandError::new(
        format!("không có định dạng {meant}; có: {names}"),
        format!("no format {meant}; there are: {names}"),
    ))
}
