//! The bytes of attachments, encrypted: in a folder of this machine or in an S3 bucket, under one contract.
//!
//! An uploaded file is an object with a name of its own, written once and never changed; which tenant's which digest it is stands in
//! the database alone. Nothing here knows dossiers, tenants or HTTP, and nothing here decides what may go: `service` asks, after
//! the ledger has spoken. An upload that is dropped before it is finished leaves nothing.
//!
//! Start with [`Blobs`]; [`upload::Upload`] is the way in, [`segments`] how a file is encrypted, [`Blobs::try_out`] how a home is tried. `tests/hub/blobs.rs` holds both homes to
//! the contract.

mod error;
mod folder;
mod object;
mod s3;
mod segments;
mod trial;
mod upload;

use std::ops::Range;

pub use error::BlobError;
pub use folder::Folder;
pub use object::{PIECE, SHELVES};
pub use s3::{Bucket, PATIENCE, REQUEST, S3};
pub use segments::{Opener, SEGMENT, sealed_size};
pub use upload::{Arrived, Upload};

use crate::domain::attachment::DataKey;
use crate::domain::ids::BlobId;
use crate::domain::time::Timestamp;

/// Where objects are kept.
#[derive(Clone)]
pub enum Blobs {
    /// A folder, for one hub.
    Folder(Folder),
    /// A bucket, for any number of hubs.
    S3(S3),
}

impl Blobs {
    /// Begins an object. It is there once [`Upload::finish`] has returned, and not before.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`].
    pub async fn begin(&self, object: BlobId, key: DataKey) -> Result<Upload, BlobError> {
        let sink = match self {
            Blobs::Folder(folder) => upload::Sink::Folder(folder.begin(object).await?),
            Blobs::S3(s3) => upload::Sink::S3(s3.begin(object)),
        };
        Ok(Upload::new(object, key, sink))
    }

    /// Stored bytes of an object, at most [`PIECE`]; shorter than asked for where the object ends.
    ///
    /// # Errors
    /// [`BlobError::Absent`], [`BlobError::Unavailable`].
    pub async fn read(&self, object: BlobId, range: Range<u64>) -> Result<Vec<u8>, BlobError> {
        match self {
            Blobs::Folder(folder) => folder.read(object, range).await,
            Blobs::S3(s3) => s3.read(object, range).await,
        }
    }

    /// Removes an object; one that is not there is as good as removed.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`].
    pub async fn remove(&self, object: BlobId) -> Result<(), BlobError> {
        match self {
            Blobs::Folder(folder) => folder.remove(object).await,
            Blobs::S3(s3) => s3.remove(object).await,
        }
    }

    /// The objects of one shelf that were finished before a moment, by the store's own clock.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`].
    pub async fn finished_before(&self, shelf: u8, moment: Timestamp) -> Result<Vec<BlobId>, BlobError> {
        match self {
            Blobs::Folder(folder) => folder.finished_before(shelf, moment).await,
            Blobs::S3(s3) => s3.finished_before(shelf, moment).await,
        }
    }

    /// Removes what uploads left that a killed process had begun before a moment; says how many. A bucket does this by a rule of
    /// its own for unfinished multipart uploads.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`].
    pub async fn clear_unfinished(&self, moment: Timestamp) -> Result<usize, BlobError> {
        match self {
            Blobs::Folder(folder) => folder.clear_unfinished(moment).await,
            Blobs::S3(_) => Ok(0),
        }
    }
}
