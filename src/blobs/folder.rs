//! Objects in a folder: written under `unfinished`, synced, renamed onto their shelf, and the shelf synced.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use super::error::BlobError;
use super::object::{PIECE, SHELVES, shelf_of};
use crate::domain::ids::BlobId;
use crate::domain::time::Timestamp;

/// A folder that holds objects.
#[derive(Clone, Debug)]
pub struct Folder {
    root: Arc<Path>,
}

impl Folder {
    /// Opens a folder, making it and its shelves where they are not there. Readable by its owner alone. Blocks.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(root: &Path) -> io::Result<Self> {
        let private = |path: &Path| {
            fs::create_dir_all(path)?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o700))
        };
        private(root)?;
        private(&root.join("unfinished"))?;
        for shelf in SHELVES {
            private(&root.join(format!("{shelf:02x}")))?;
        }
        sync(root)?;
        Ok(Folder { root: root.into() })
    }

    fn path(&self, object: BlobId) -> PathBuf {
        self.root.join(shelf_of(object)).join(object.to_string())
    }

    pub(super) async fn begin(&self, object: BlobId) -> Result<Part, BlobError> {
        let unfinished = self.root.join("unfinished").join(object.to_string());
        let (at, finished) = (unfinished.clone(), self.path(object));
        let file = blocking(move || {
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&at)
        })
        .await?;
        Ok(Part {
            file: Some(file),
            unfinished,
            finished,
        })
    }

    pub(super) async fn read(&self, object: BlobId, range: Range<u64>) -> Result<Vec<u8>, BlobError> {
        let path = self.path(object);
        let read = blocking(move || {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(range.start))?;
            let length = (range.end - range.start).min(PIECE);
            let mut bytes = Vec::with_capacity(length as usize);
            file.take(length).read_to_end(&mut bytes)?;
            Ok(bytes)
        });
        match read.await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(BlobError::Absent(object)),
            other => Ok(other?),
        }
    }

    pub(super) async fn remove(&self, object: BlobId) -> Result<(), BlobError> {
        let path = self.path(object);
        match blocking(move || fs::remove_file(path)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    pub(super) async fn finished_before(
        &self,
        shelf: u8,
        moment: Timestamp,
    ) -> Result<Vec<BlobId>, BlobError> {
        let shelf = self.root.join(format!("{shelf:02x}"));
        let names = blocking(move || older(&shelf, moment)).await?;
        Ok(names
            .iter()
            .filter_map(|path| path.file_name()?.to_str()?.parse().ok())
            .collect())
    }

    pub(super) async fn clear_unfinished(&self, moment: Timestamp) -> Result<usize, BlobError> {
        let unfinished = self.root.join("unfinished");
        let removed = blocking(move || {
            let old = older(&unfinished, moment)?;
            old.iter().try_for_each(fs::remove_file)?;
            Ok(old.len())
        });
        Ok(removed.await?)
    }
}

/// The files of a folder that were last written before a moment.
fn older(folder: &Path, moment: Timestamp) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let written = match entry.metadata().and_then(|m| m.modified()) {
            Ok(written) => written,
            // Removed between the two looks.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let micros = written
            .duration_since(UNIX_EPOCH)
            .map_or(0, |d| i64::try_from(d.as_micros()).unwrap_or(i64::MAX));
        if micros < moment.as_micros() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// A rename lasts once its folder is synced.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}

/// A file being written.
pub(super) struct Part {
    file: Option<File>,
    unfinished: PathBuf,
    finished: PathBuf,
}

impl Part {
    pub(super) async fn write(&mut self, bytes: Vec<u8>) -> Result<(), BlobError> {
        let Some(mut file) = self.file.take() else {
            return Err(BlobError::Unavailable("an earlier write failed".to_owned()));
        };
        let written = blocking(move || file.write_all(&bytes).map(|()| file)).await?;
        self.file = Some(written);
        Ok(())
    }

    pub(super) async fn finish(mut self) -> Result<(), BlobError> {
        let Some(file) = self.file.take() else {
            return Err(BlobError::Unavailable("an earlier write failed".to_owned()));
        };
        let (from, to) = (self.unfinished.clone(), self.finished.clone());
        blocking(move || {
            file.sync_all()?;
            fs::rename(&from, &to)?;
            to.parent().map_or(Ok(()), sync)
        })
        .await?;
        Ok(())
    }
}

impl Drop for Part {
    /// What was not finished goes; what was has moved away from here.
    fn drop(&mut self) {
        drop(fs::remove_file(&self.unfinished));
    }
}
