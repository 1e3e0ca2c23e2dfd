//! Where a file of the settings is.

use std::path::{Path, PathBuf};

/// A path of the file, relative to the file's folder.
pub(super) fn within(folder: &Path, path: &mut PathBuf) {
    if path.is_relative() {
        *path = folder.join(&*path);
    }
}
