//! The directory in a folder, for the commands that ask no hub.

use std::collections::BTreeMap;
use std::io::Write;

use crate::cli::CommandError;
use crate::domain::routing::Directory;
use crate::material::{self, DirectoryError};

/// Files by name.
type Files = BTreeMap<String, String>;

/// The directory in a folder; when it cannot be read, its faults are printed.
pub(super) fn read_folder(
    dir: &std::path::Path,
    out: &mut dyn Write,
) -> Result<Option<(Files, Directory)>, CommandError> {
    let files = material::directory_files(dir)?;
    match Directory::read(&files) {
        Ok(directory) => Ok(Some((files, directory))),
        Err(faults) => {
            writeln!(out, "{}", DirectoryError::Faults(faults))?;
            Ok(None)
        }
    }
}
